// One record: typed, corrected, submitted, returned with a reason.
import { expect, go, open, shot, sound, test, unfold, WIDTHS } from "./lib.mjs";

export async function fillBrand(page, name) {
  const checked = page.waitForResponse(/\/(check|naming)/); // leaving before it answered would abort it
  await page.locator("#f-name").fill(name);
  await checked;
  for (const [field, value] of [["maturity", "scattered"], ["domain", "livelihood"], ["industry", "farming"], ["owner_kind", "public"],
    ["county", "150430"]]) {
    // Tom Select hides the select it replaces; what it would do is set its value.
    await page.locator(`#f-${field}`).evaluate((e, v) => {
      if (e.tomselect) e.tomselect.setValue(v);
      else e.value = v;
      e.dispatchEvent(new Event("change", { bubbles: true }));
    }, value);
  }
}

for (const on of Object.keys(WIDTHS)) {
  const name = on === "phone" ? "敖汉养殖工" : "敖汉采摘工";

  test(`a form with mistakes names them on top and beside the fields, and keeps what was typed (${on})`, async () => {
    const page = await open({ as: "aohan", on });
    page.expected = [422];
    await go(page, "/r/brand/new");
    await sound(page, `form-${on}`);
    const checked = page.waitForResponse(/\/(check|naming)/);
    await page.locator("#f-name").fill(name);
    await checked;
    await page.locator("#f-founded").fill("2999-01-01");
    await page.locator("#f-uscc").fill("123");
    await page.locator(".form-acts button[type=submit]").first().click();
    await page.locator("#errors:not([hidden])").waitFor();
    expect(await page.locator("#errors li").count() >= 3, "not all mistakes are listed");
    expect(await page.locator("#f-uscc").inputValue() === "123", "what was typed is gone");
    expect(await page.locator("#f-uscc[aria-invalid=true]").count() === 1, "the field is not marked");
    await sound(page, `form-errors-${on}`);
  });

  test(`a brand is typed, submitted by the county and returned with a reason by the city (${on})`, async () => {
    const county = await open({ as: "aohan", on });
    await go(county, "/r/brand/new");
    await fillBrand(county, name);
    await county.locator(".form-acts button[type=submit]").first().click();
    await county.waitForURL(/\/r\/brand\/\d+/);
    const at = new URL(county.url()).pathname;
    await sound(county, `record-draft-${on}`);
    await county.locator('form[action$="/do/submit"] button[type=submit]').last().click();
    const dialog = county.locator("dialog#confirm[open]");
    await dialog.waitFor();
    await shot(county, `confirm-${on}`, false);
    await dialog.locator("[data-confirm-yes]").click();
    await county.locator(".pill", { hasText: "盟市审核中" }).first().waitFor();
    await sound(county, `record-submitted-${on}`);

    const city = await open({ as: "chifeng", on });
    city.expected = [422];
    await go(city, at);
    await sound(city, `record-city-${on}`);
    const back = city.locator('form[action$="/do/return"]');
    await unfold(city, 'form[action$="/do/return"]');
    await back.locator("button[type=submit]").last().click();
    if (await city.locator("dialog#confirm[open]").count()) await city.locator("[data-confirm-yes]").click();
    await city.locator("[aria-invalid=true], .errs:not([hidden])").first().waitFor();
    await sound(city, `record-no-reason-${on}`);
    await unfold(city, 'form[action$="/do/return"]');
    await back.locator("textarea[name=reason], input[name=reason]").first().fill("从业人数缺少口径说明，请补充");
    await back.locator("button[type=submit]").last().click();
    await city.locator(".pill", { hasText: "退回修改" }).first().waitFor();
    await go(city, `${at}/history`);
    expect((await city.locator("main").innerText()).includes("从业人数缺少口径说明"), "the history lacks the reason");
    await sound(city, `history-${on}`);
  });

  test(`a name that exists is reported while it is typed (${on})`, async () => {
    const page = await open({ as: "aohan", on });
    await go(page, "/r/brand/new");
    await page.locator("#f-name").pressSequentially("敖汉架线工", { delay: 20 });
    await page.locator("#f-name-live :text-matches('同名|已存在|已有|重名')").first().waitFor();
    await sound(page, `form-live-${on}`);
  });

  test(`a published brand's page is sound (${on})`, async () => {
    const page = await open({ as: "region", on });
    await go(page, "/r/brand?state=published");
    await page.locator("table.t td.first a").first().click();
    await page.waitForURL(/\/r\/brand\/\d+/);
    await sound(page, `brand-${on}`);
  });
}
