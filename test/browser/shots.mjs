// The screenshots of the README, at both widths, of the same six pages.
import { expect, go, open, run, shot, test, WIDTHS } from "./lib.mjs";

const PAGES = [["desk", "/desk", "aohan"], ["ledger", "/ledger", "region"], ["list", "/r/brand", "region"],
  ["brand", "/r/brand?state=at_city", "chifeng"], ["overview", "/overview", "region"], ["catalogue", "/catalogue"]];

for (const [name, path, as] of PAGES) for (const on of Object.keys(WIDTHS)) {
  test(`${name} ${on}`, async () => {
    const page = await open({ as, on });
    await go(page, path);
    if (name === "brand") {
      await page.locator("table.t td.first a").first().click();
      await page.waitForURL(/\/r\/brand\/\d+/);
    }
    if (name === "overview" && on === "desktop") await page.setViewportSize({ width: 1440, height: 1400 });
    await shot(page, `${name}-${on}`, false);
    expect(page.faults.length === 0, page.faults.join("\n"));
  });
}

await run();
