// Closed periods: the sample one of the demonstration, and one that is closed, met by a clerk, and reopened.
import { expect, go, open, shot, sound, test, WIDTHS } from "./lib.mjs";

const AT = "/closing/brand_figures";

for (const on of Object.keys(WIDTHS)) {
  test(`closing: periods are listed, and a closed one agrees with its records (${on})`, async () => {
    const page = await open({ as: "region", on });
    await go(page, "/r/brand_figures");
    await page.locator(`a[href="${AT}"]`).last().click();
    await page.waitForURL(`**${AT}`);
    await sound(page, `closing-list-${on}`);
    await page.locator("table a", { hasText: "2022年" }).click();
    await page.locator("h1 .pill", { hasText: "已关账" }).waitFor();
    const cells = await page.locator('td[data-l="与记录核对"]').allInnerTexts();
    expect(cells.length > 5 && cells.every((t) => t.trim() === "相差 0"), cells.join());
    await sound(page, `closing-closed-${on}`);
    const other = await open({ as: "chifeng", on });
    await go(other, `${AT}/2022`);
    expect(await other.locator('td.first[data-l="汇总单位"]').count() === 2, "a city sees its own row and the sum");
    expect(await other.locator('form[action$="/reopen"]').count() === 0, "a city is offered to reopen");
    await sound(other, `closing-city-${on}`);
  });

  test(`closing: a clerk is told why, a reason reopens the period (${on})`, async () => {
    const page = await open({ as: "region", on });
    page.expected = [422];
    await go(page, `${AT}/2023`);
    await page.locator(".note", { hasText: "未关账，数字仍会变" }).waitFor();
    await sound(page, `closing-open-${on}`);
    await page.locator('form[action$="/close"] button').click();
    const dialog = page.locator("dialog#confirm[open]");
    await dialog.waitFor();
    await shot(page, `closing-confirm-${on}`, false);
    await dialog.locator("[data-confirm-yes]").click();
    await page.locator("h1 .pill", { hasText: "已关账" }).waitFor();

    const clerk = await open({ as: "erlianhaote", on });
    await go(clerk, "/r/brand_figures?period=2023");
    await clerk.locator("small", { hasText: "已关账" }).first().waitFor();
    await clerk.locator("table.t tbody a").first().click();
    await clerk.locator(".note", { hasText: "2023年 已关账，不能再改" }).waitFor();
    expect(await clerk.locator('a[href$="/edit"]').count() === 0, "a button to edit");
    await sound(clerk, `closing-record-${on}`);

    await page.locator("#f-reason").fill("    ");
    await page.locator('form[action$="/reopen"]').evaluate((form) => { form.noValidate = true; });
    await page.locator('form[action$="/reopen"] button').click();
    await dialog.locator("[data-confirm-yes]").click();
    await page.locator("#errors", { hasText: "请写明重开的理由" }).waitFor();
    await sound(page, `closing-refused-${on}`);
    await page.locator("#f-reason").fill("演示：核对后更正");
    await page.locator('form[action$="/reopen"] button').click();
    await dialog.locator("[data-confirm-yes]").click();
    await page.locator("h2", { hasText: "与上次关账" }).waitFor();
    await sound(page, `closing-reopened-${on}`);
  });
}

test("closing: all of it works without scripts", async () => {
  const page = await open({ as: "region", scripts: false });
  await go(page, `${AT}/2023`);
  await page.locator('form[action$="/close"] button').click();
  await page.locator("h1 .pill", { hasText: "已关账" }).waitFor();
  await page.locator("#f-reason").fill("演示：核对后更正");
  await page.locator('form[action$="/reopen"] button').click();
  await page.locator("h1 .pill", { hasText: "未关账" }).waitFor();
});
