// A spreadsheet goes up, is checked as a job, and comes back with its mistakes marked.
import { writeFileSync } from "node:fs";
import { expect, go, open, PATIENCE, sound, TEMP, test, WIDTHS } from "./lib.mjs";

const HEAD = "编号（新增不填）,品牌名称,所属旗县,成熟程度,领域,产业行业,品牌归属";

for (const on of Object.keys(WIDTHS)) {
  test(`a sheet is checked, its mistakes come back in a workbook, its good rows are taken (${on})`, async () => {
    const [a, b] = on === "phone" ? ["敖汉挤奶工", "敖汉护林员"] : ["敖汉剪毛工", "敖汉治沙工"];
    const file = `${TEMP}/${on}.csv`;
    writeFileSync(file, `\ufeff${HEAD}\n,${a},敖汉旗,零散,民生保障型,农牧业,区域公用\n,${b},敖汉旗,零散,民生保障型,农牧业,区域公用\n`
      + ",敖汉造林工,敖汉旗,不知道,民生保障型,农牧业,区域公用\n");
    const page = await open({ as: "aohan", on });
    await go(page, "/r/brand/import");
    await page.locator("input[type=file]").setInputFiles(file);
    await page.locator("main form.form button[type=submit]").click();
    await page.waitForURL(/\/jobs\/\d+/);
    await page.getByRole("button", { name: /正式导入/ }).waitFor({ timeout: 15000 * PATIENCE });
    await sound(page, `job-checked-${on}`);
    const tally = await page.locator("ul.tally").innerText();
    expect(/2/.test(tally) && /1/.test(tally), tally);
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".acts a[href*='/report']").first().click()]);
    expect(/\.(xlsx|csv)$/.test(download.suggestedFilename()), download.suggestedFilename());
    await page.getByRole("button", { name: /正式导入/ }).click();
    await page.waitForURL(/\/jobs\/\d+/);
    await page.locator("main .pill.good, main .pill.warn").first().waitFor({ timeout: 15000 * PATIENCE });
    await sound(page, `job-done-${on}`);
    await go(page, `/r/brand?name=${encodeURIComponent(a)}`);
    expect(await page.locator("table.t td.first a").count() === 1, "the row was not taken");
  });
}

test("a file that is no spreadsheet is refused with a message", async () => {
  const page = await open({ as: "aohan" });
  page.expected = [400, 413, 415, 422];
  writeFileSync(`${TEMP}/old.xls`, Buffer.from("d0cf11e0a1b11ae100000000", "hex"));
  await go(page, "/r/brand/import");
  await page.locator("input[type=file]").setInputFiles(`${TEMP}/old.xls`);
  await page.locator("main form.form button[type=submit]").click();
  await page.getByText(/xlsx/).first().waitFor();
  await page.getByText(/另存为|不是|不能|无法|失败|有密码|旧格式/).first().waitFor({ timeout: 15000 * PATIENCE });
  await sound(page, "import-refused");
});
