// The main path with scripts off: sign in, filter, create, submit, search the catalogue.
import { expect, go, open, password, signIn, sound, test, unfold, WIDTHS } from "./lib.mjs";

for (const on of Object.keys(WIDTHS)) {
  test(`without scripts: sign in, filter, create, submit, search (${on})`, async () => {
    const page = await open({ on, scripts: false });
    await signIn(page, "ningcheng", password("ningcheng"));
    expect(page.url().endsWith("/desk"), page.url());
    await go(page, "/r/brand");
    await unfold(page, "form.filters select[name=domain]");
    await page.locator("form.filters select[name=domain]").selectOption("livelihood");
    await page.locator("form.filters button[type=submit]").click();
    await page.waitForURL(/domain=livelihood/);
    await sound(page, `noscript-list-${on}`);

    await go(page, "/r/brand/new");
    const name = on === "phone" ? "宁城采摘工" : "宁城种植工";
    page.expected = [422];
    await page.locator("#f-name").fill(name);
    await page.locator(".form-acts button[type=submit]").first().click();
    await page.locator("#errors:not([hidden])").waitFor();
    expect(await page.locator("#f-name").inputValue() === name, "what was typed is gone");
    await sound(page, `noscript-errors-${on}`);
    for (const [field, value] of [["maturity", "scattered"], ["domain", "livelihood"], ["industry", "farming"], ["owner_kind", "public"],
      ["county", "150429"]]) await page.locator(`#f-${field}`).selectOption(value);
    await page.locator(".form-acts button[type=submit]").first().click();
    await page.waitForURL(/\/r\/brand\/\d+/);
    await page.locator('form[action$="/do/submit"] button[type=submit]').last().click();
    await page.locator(".pill", { hasText: "盟市审核中" }).first().waitFor();
    await sound(page, `noscript-submitted-${on}`);

    await go(page, "/catalogue");
    await page.locator(".sbox input[name=q]").fill("工");
    await page.locator(".sbox button").click();
    await page.waitForURL(/q=/);
    expect(await page.locator("a.bc").count() > 0, "nothing found");
    await sound(page, `noscript-catalogue-${on}`);
  });
}
