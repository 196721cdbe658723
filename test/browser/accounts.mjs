// Accounts: the second factor from the QR code to signing in with it, the proof before an export, and the first start in a region of its own.
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { expect, go, last, open, password, PATIENCE, signIn, sound, TEMP, test, WIDTHS } from "./lib.mjs";

const TAMGA = process.env.TAMGA_BIN;

// RFC 6238, as an authenticator app computes it.
function totp(secret, ahead = 0) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + ahead));
  const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(at).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}
const press = async (page, name) => {
  await page.getByRole("button", { name }).first().click();
  await page.waitForLoadState();
};

// Each in an account of its own, so that no other test meets a second factor.
for (const [on, login] of [["desktop", "expert1"], ["phone", "expert2"]]) {
  test(`a second factor: QR code, first code, recovery codes, then signing in with it (${on})`, async () => {
    const page = await open({ on });
    page.expected = [401, 422];
    await signIn(page, login, password(login));
    await go(page, "/account");
    await sound(page, `account-${on}`);
    await press(page, "启用动态码");
    expect(page.url().endsWith("/account/factor"), page.url());
    await sound(page, `factor-${on}`);
    const secret = (await page.locator("code.code").first().innerText()).replaceAll(" ", "");
    expect(/^[A-Z2-7]{32}$/.test(secret), secret);
    await page.locator("#f-code").fill("000000");
    await press(page, "启用");
    await sound(page, `factor-wrong-${on}`);
    await page.locator("#f-code").fill(totp(secret));
    await press(page, "启用");
    expect(await page.locator(".codes li").count() === 10, "no ten recovery codes");
    const recovery = await page.locator(".codes code").allInnerTexts();
    await sound(page, `factor-codes-${on}`);
    await page.getByRole("link", { name: "我已保存" }).click();
    await page.waitForLoadState();
    const fresh = await open({ on, scripts: on === "desktop" });
    fresh.expected = [401];
    await signIn(fresh, login, password(login));
    expect(fresh.url().includes("/login/code"), fresh.url());
    await sound(fresh, `signin-code-${on}`);
    await fresh.locator("#f-code").fill(recovery[0].slice(0, -1) + (recovery[0].endsWith("A") ? "B" : "A"));
    await press(fresh, "登录");
    expect(/不对/.test(await fresh.locator("[role=alert]").innerText()), "no message");
    await fresh.locator("#f-code").fill(totp(secret, 1));
    await press(fresh, "登录");
    expect(fresh.url().endsWith("/desk"), fresh.url());
    expect(fresh.faults.length === 0, fresh.faults.join("\n"));
  });
}

for (const on of Object.keys(WIDTHS)) {
  test(`an export asks who one is and then comes; what was typed for unmasking stays (${on})`, async () => {
    const page = await open({ on, scripts: on === "desktop" });
    page.expected = [403];
    await signIn(page, "region2", password("region2"));
    await go(page, "/account");
    await press(page, "离开座位：下次重新验证");
    await page.goto("/r/brand/export.csv");
    await sound(page, `proof-${on}`);
    await page.locator("#f-proof").fill("not the password");
    await press(page, "继续");
    await sound(page, `proof-wrong-${on}`);
    await page.locator("#f-proof").fill(password("region2"));
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "继续" }).click()]);
    expect(/\.csv$/.test(file.suggestedFilename()), file.suggestedFilename());
    await go(page, "/account");
    await press(page, "离开座位：下次重新验证");
    await go(page, "/r/brand?domain=livelihood");
    await page.locator("table.t tbody a").first().click();
    await page.waitForLoadState();
    await page.locator("#f-unmask").fill("电话核实“情况”");
    await press(page, "查看全文");
    await page.locator("#f-proof").fill(password("region2"));
    await press(page, "继续");
    expect(await page.locator("h1").count() === 1 && /\/unmask$/.test(page.url()), page.url());
    expect(page.faults.length === 0, page.faults.join("\n"));
  });
}

let region;
const WORDS = { system: "Quiet9 marble window", security: "River3 candle forest", audit: "Yellow5 stone bridge" };
const NAMES = { system: ["王一", "sys"], security: ["李二", "sec"], audit: ["赵三", "aud"] };
async function start() {
  const data = join(mkdtempSync(join(TEMP, "first-")), "data");
  execFileSync(TAMGA, ["init", "--data", data, "--pack", "pack/neimenggu", "--profile", "asvs-l2"]);
  const child = spawn(TAMGA, ["serve", "--data", data, "--listen", "127.0.0.1:0", "--strict"], { stdio: ["ignore", "pipe", "ignore"] });
  let out = "";
  const found = await new Promise((done, no) => {
    const timer = setTimeout(() => no(new Error(`no token: ${out}`)), 15000 * PATIENCE);
    child.stdout.on("data", (d) => {
      out += d;
      const token = /^ {2}([\w-]{24})$/m.exec(out), url = /请打开 (http:\/\/127\.0\.0\.1:\d+)\/first/.exec(out);
      if (token && url) { clearTimeout(timer); done({ token: token[1], base: url[1] }); }
    });
  });
  return { ...found, data, child };
}
last(async () => region?.child.kill());

test("the first start: a token from the server's window makes three administrators, on a phone without scripts", async () => {
  region = await start();
  for (const on of Object.keys(WIDTHS)) {
    const look = await open({ on, base: region.base });
    await go(look, "/login");
    await look.getByRole("link", { name: "建立三个管理员" }).click();
    await look.waitForLoadState();
    await sound(look, `first-${on}`);
  }
  const page = await open({ on: "phone", scripts: false, base: region.base });
  page.expected = [422];
  await go(page, "/first");
  const fill = async (same) => {
    await page.locator("#f-token").fill(region.token);
    for (const [kind, [name, login]] of Object.entries(NAMES)) {
      await page.locator(`#f-${kind}_name`).fill(same ? "王一" : name);
      await page.locator(`#f-${kind}_login`).fill(login);
      await page.locator(`#f-${kind}_password`).fill(WORDS[kind]);
    }
    await press(page, "建立三个管理员");
  };
  await fill(true);
  expect(/安全管理员：登录名或姓名和系统管理员的相同/.test(await page.locator("main").innerText()), "one person for three was taken");
  await sound(page, "first-refused-phone");
  await fill(false);
  expect(page.url().endsWith("/login"), page.url());
});

test("the security administrator changes the password, enrols, and gives a role; the rules are shown", async () => {
  const page = await open({ base: region.base });
  page.expected = [403];
  await signIn(page, "sec", WORDS.security);
  await page.locator("#f-old").fill(WORDS.security);
  await page.locator("#f-password").fill("Winter8 copper saddle");
  await page.locator("#f-again").fill("Winter8 copper saddle");
  await press(page, "修改");
  await press(page, "启用动态码");
  const secret = (await page.locator("code.code").first().innerText()).replaceAll(" ", "");
  await page.locator("#f-code").fill(totp(secret));
  await press(page, "启用");
  execFileSync(TAMGA, ["user", "add", "jia", "--data", region.data, "--name", "甲经办", "--org", "150430", "--role", "county_clerk"], { input: "Meadow4 silver anchor\n" });
  await go(page, "/users");
  await sound(page, "users-security-desktop");
  await page.getByRole("link", { name: "甲经办的角色" }).click();
  await page.waitForLoadState();
  const roles = page.url();
  await sound(page, "roles-desktop");
  await page.getByLabel("企业经办").check();
  await page.locator("#f-reason").fill("兼任企业联络");
  await press(page, "授予");
  expect(/角色已修改/.test(await page.locator("main").innerText()), "not granted");
  await go(page, "/security");
  await sound(page, "security-desktop");
  await page.setViewportSize(WIDTHS.phone);
  for (const [path, name] of [["/security", "security-phone"], ["/users", "users-security-phone"], [roles, "roles-phone"]]) {
    await go(page, path);
    await sound(page, name);
  }
});
