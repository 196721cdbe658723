// The screenshots of the README, at both widths, of the same pages.
import { expect, go, open, run, shot, test, WIDTHS } from "./lib.mjs";

// name, address, who; then how to go on from the first record of that list
const PAGES = [["desk", "/desk", "aohan"], ["ledger", "/ledger", "region"], ["list", "/r/brand", "region"],
  ["brand", "/r/brand?state=at_city", "chifeng", (href) => href], ["overview", "/overview", "region"], ["catalogue", "/catalogue"],
  ["round", "/r/batch?state=open", "region", (href) => href.replace("/r/", "/round/")],
  ["application", "/r/application?state=at_region", "region", (href) => href],
  ["ranking", "/r/batch?state=archived", "region", (href) => href.replace("/r/", "/ranking/")],
  ["draw", "/r/panel?state=closed", "region", (href) => href.replace("/r/", "/draw/")],
  ["calls", "/calls"], ["verify", "/verify/ZS-150821-2026-0001"]];

for (const [name, path, as, then] of PAGES) for (const on of Object.keys(WIDTHS)) {
  test(`${name} ${on}`, async () => {
    const page = await open({ as, on });
    await go(page, path);
    if (then) await go(page, then(await page.locator("table.t td.first a").first().getAttribute("href")));
    if (on === "desktop" && ["overview", "round", "draw"].includes(name)) await page.setViewportSize({ width: 1440, height: 1400 });
    await shot(page, `${name}-${on}`, false);
    expect(page.faults.length === 0, page.faults.join("\n"));
  });
}

await run();
