// The screenshots of the README, at both widths, of the same pages.
import { expect, go, open, run, shot, test, WIDTHS } from "./lib.mjs";
import { first, SHOWN } from "./shown.mjs";

for (const [name, path, as, then] of SHOWN) for (const on of Object.keys(WIDTHS)) {
  test(`${name} ${on}`, async () => {
    const page = await open({ as, on });
    await go(page, path);
    if (then) await go(page, then(await first(page)));
    if (on === "desktop" && ["overview", "round", "draw"].includes(name)) await page.setViewportSize({ width: 1440, height: 1400 });
    await shot(page, `${name}-${on}`, false);
    expect(page.faults.length === 0, page.faults.join("\n"));
  });
}

await run();
