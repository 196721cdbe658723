// Large print and high contrast: chosen by a button, kept by a cookie, sound everywhere.
import { expect, go, open, sound, test, WIDTHS } from "./lib.mjs";

const PAGES = [["desk", "/desk", "aohan"], ["list", "/r/brand", "region"], ["form", "/r/brand/new", "aohan"], ["overview", "/overview", "region"],
  ["ledger", "/ledger", "region"], ["catalogue", "/catalogue"]];

for (const view of ["big", "contrast", "big.contrast"]) for (const [name, path, as] of PAGES) for (const on of Object.keys(WIDTHS)) {
  if (view === "big.contrast" && name !== "catalogue" && name !== "list") continue;
  test(`${name} in ${view} is sound (${on})`, async () => {
    const page = await open({ as, on, view });
    await go(page, path);
    for (const word of view.split(".")) expect(await page.locator(`html.${word}`).count() === 1, `html has no class ${word}`);
    await sound(page, `${name}-${view}-${on}`);
  });
}

test("the button for large print changes the page at once and stays on the next", async () => {
  const page = await open({ as: "region" });
  await go(page, "/desk");
  const size = () => page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize));
  const before = await size();
  await page.getByRole("button", { name: "大字版" }).click();
  await page.locator("html.big").waitFor();
  expect(await size() > before, "the letters are not larger");
  await go(page, "/ledger");
  expect(await page.locator("html.big").count() === 1, "forgotten on the next page");
  expect(page.faults.length === 0, page.faults.join("\n"));
});
