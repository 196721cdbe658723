// The everyday pages, each at both widths.
import { expect, go, open, sound, test, unfold, WIDTHS } from "./lib.mjs";

const PAGES = [
  ["desk", "/desk", "aohan"],
  ["desk-city", "/desk", "chifeng"],
  ["list", "/r/brand", "region"],
  ["list-city", "/r/brand?state=at_city", "chifeng"],
  ["list-figures", "/r/brand_figures", "region"],
  ["tasks", "/r/survey_task", "aohan"],
  ["overview", "/overview", "region"],
  ["ledger", "/ledger", "region"],
  ["import", "/r/brand/import", "aohan"],
  ["jobs", "/jobs", "aohan"],
  ["clauses", "/clauses", "region"],
  ["users", "/users", "admin"],
  ["account", "/account", "aohan"],
  ["search", "/search?q=%E6%95%96%E6%B1%89", "region"],
  ["catalogue", "/catalogue"],
  ["verify", "/verify"],
  ["verify-unknown", "/verify/ZS-1"],
];

for (const [name, path, as] of PAGES) for (const on of Object.keys(WIDTHS)) {
  test(`${name} is sound (${on})`, async () => {
    const page = await open({ as, on });
    await go(page, path);
    expect(await page.locator("h1").count() === 1, "a page has one h1");
    await sound(page, `${name}-${on}`);
  });
}

test("on a phone what is done to many comes to the foot of the screen when something is ticked", async () => {
  const page = await open({ as: "region", on: "phone" });
  await go(page, "/r/brand");
  const bar = page.locator(".bulk");
  expect(!(await bar.isVisible()), "it is there with nothing ticked");
  await page.locator("input[name=ids]").nth(30).check();
  expect(await bar.isVisible(), "it is not there");
  const box = await bar.boundingBox(), height = page.viewportSize().height;
  expect(Math.abs(box.y + box.height - height) < 2, `its foot is at ${box.y + box.height} of ${height}`);
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  const last = await page.locator(".pg nav").boundingBox();
  expect(last.y + last.height <= box.y, "it covers the pages");
  await sound(page, "list-ticked-phone");
  await page.locator("input[name=ids]").nth(30).uncheck();
  expect(!(await bar.isVisible()), "it stays when nothing is ticked any more");
});

for (const on of Object.keys(WIDTHS)) {
  test(`a filter narrows the list and can be removed (${on})`, async () => {
    const page = await open({ as: "region", on });
    await go(page, "/r/brand");
    const total = Number(await page.locator(".pg b.num").innerText());
    await unfold(page, "form.filters select[name=domain]");
    await page.evaluate(() => { window.sameDocument = true; });
    await page.locator("form.filters select[name=domain]").selectOption("quality_service");
    await page.locator("form.filters button[type=submit]").click();
    await page.waitForURL(/domain=quality_service/);
    await page.locator(".chip", { hasText: "高品质服务型" }).waitFor();
    expect(await page.evaluate(() => window.sameDocument), "the whole page was loaded again");
    expect(await page.locator("[data-needs-checked]:not([disabled])").count() === 0, "a step for ticked rows is offered with none ticked");
    const found = Number(await page.locator(".pg b.num").innerText());
    expect(found > 0 && found < total, `${found} of ${total}`);
    for (const text of await page.locator('td[data-l="领域"]').allInnerTexts()) expect(text.includes("高品质服务型"), text);
    await sound(page, `list-filtered-${on}`);
    await page.locator(".chip a").first().click();
    await page.waitForURL((url) => !url.search.includes("quality_service"));
    expect(Number(await page.locator(".pg b.num").innerText()) === total, "the filter stays");
  });

  test(`a number of the ledger opens the list behind it (${on})`, async () => {
    const page = await open({ as: "region", on });
    await go(page, "/ledger");
    const link = page.locator("table.t td.n a").first();
    const n = Number(await link.innerText());
    await link.click();
    await page.waitForURL(/\/r\/brand/);
    expect(Number(await page.locator(".pg b.num").innerText()) === n, `not ${n} rows behind the number ${n}`);
  });

  test(`a cell of the map opens its county's list (${on})`, async () => {
    const page = await open({ as: "region", on });
    await go(page, "/overview");
    expect(await page.locator("svg.hex a").count() === 103, "not 103 cells");
    expect(await page.locator(".kpi").count() >= 5, "targets are missing");
    const cell = page.locator('svg.hex a[aria-label*="敖汉旗"]');
    await cell.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/county=150430/);
  });

  test(`the catalogue is searched by a part of a name and opens an entry (${on})`, async () => {
    const page = await open({ on });
    await go(page, "/catalogue");
    const name = (await page.locator("a.bc h3").first().innerText()).trim();
    await page.locator(".sbox input[name=q]").fill(name.slice(0, 2));
    await page.locator(".sbox button").click();
    await page.waitForURL(/q=/);
    await sound(page, `catalogue-search-${on}`);
    await page.locator("a.bc", { hasText: name }).first().click();
    await page.waitForURL(/\/catalogue\/.+/);
    expect((await page.locator("h1").innerText()).includes(name), "another entry");
    await sound(page, `entry-${on}`);
  });
}

test("a page that is not there says so", async () => {
  const page = await open();
  page.expected = [404];
  await page.goto("/catalogue/nothing");
  await sound(page, "not-found");
});
