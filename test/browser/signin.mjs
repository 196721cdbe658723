// Signing in and out.
import { expect, go, open, password, signIn, sound, test, WIDTHS } from "./lib.mjs";

for (const on of Object.keys(WIDTHS)) {
  test(`the sign-in page is sound (${on})`, async () => {
    const page = await open({ on });
    await go(page, "/login");
    await sound(page, `signin-${on}`);
  });
}

test("a wrong password is refused with a message, the name stays", async () => {
  const page = await open();
  page.expected = [401, 422, 403];
  await signIn(page, "aohan", "not the password");
  expect(await page.locator("input[name=login]").inputValue() === "aohan", "the name typed is gone");
  expect(/密码|口令/.test(await page.locator("[role=alert], .errs, .note, .flash").first().innerText()), "no message");
  await sound(page, "signin-refused");
});

test("the right password opens the desk, signing out closes it", async () => {
  const page = await open();
  await signIn(page, "auditor", password("auditor"));
  expect(page.url().endsWith("/desk"), page.url());
  await page.locator("details.menu > summary").click();
  await page.getByRole("button", { name: "退出登录" }).click();
  await page.waitForLoadState();
  await page.goto("/desk");
  expect(await page.locator("input[type=password]").count() === 1, "the desk is still open");
  expect(page.faults.length === 0, page.faults.join("\n"));
});
