// The page that checks certificates without the site: saved as a file, opened from the disk.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { expect, open, sound, TEMP, test, URL_BASE } from "./lib.mjs";

test("离线核对页：从磁盘打开，认得真的、认得被改动的", async () => {
  const made = generateKeyPairSync("ed25519");
  const raw = Buffer.from(made.publicKey.export({ format: "jwk" }).x, "base64url");
  const id = createHash("sha256").update(raw).digest("hex").slice(0, 16);
  const payload = { brand: "样例品牌", holder: "样例单位", issued: "2020-01-02", issuer: "样例发证单位", level: "样例级", log: null, no: "样例1", until: "2199-01-01", v: 1 };
  const head = `TAMGA1.ed.${id}.${Buffer.from(JSON.stringify(payload)).toString("base64url")}`;
  const token = `${head}.${sign(null, Buffer.from(head), made.privateKey).toString("base64url")}`;
  const keys = JSON.stringify({ keys: [{ alg: "ed", id, key: `ed:${raw.toString("base64url")}` }] });
  const answer = await fetch(`${URL_BASE}/verify/offline`);
  expect(answer.ok, `/verify/offline: ${answer.status}`);
  const html = await answer.text();
  const withKeys = html.replace(/data-keys="[^"]*"/, `data-keys="${Buffer.from(keys).toString("base64url")}"`);
  writeFileSync(`${TEMP}/verify.html`, withKeys);
  const page = await open();
  await page.goto(`file://${TEMP}/verify.html#${token}`);
  await page.locator("#verdict.good").waitFor();
  expect((await page.locator("#verdict").textContent()).startsWith("有效。"), "有效");
  expect((await page.locator("#facts").textContent()).includes("样例品牌"), "名称");
  await sound(page, "offline-valid");
  await page.locator("#token").fill(`${token.slice(0, -3)}${token.at(-3) === "A" ? "B" : "A"}${token.slice(-2)}`);
  await page.locator("button").click();
  await page.locator("#verdict.bad").waitFor();
  expect((await page.locator("#verdict").textContent()).startsWith("签名不符。"), "签名不符");
  expect((await page.locator("#facts").textContent()) === "", "nothing of a forged certificate is shown");
  await sound(page, "offline-forged");
  await page.locator("summary").first().click();
  await page.locator("#keys").fill("不是公钥");
  await page.locator("button").click();
  await page.locator("text=没有可用的公钥").waitFor();
});

test("离线核对页：浏览器没有 Ed25519 时用自带的算法", async () => {
  const made = generateKeyPairSync("ed25519");
  const raw = Buffer.from(made.publicKey.export({ format: "jwk" }).x, "base64url");
  const payload = { brand: "样例品牌", holder: "样例单位", issued: "2020-01-02", issuer: "样例发证单位", level: "样例级", log: null, no: "样例1", until: "2199-01-01", v: 1 };
  const head = `TAMGA1.ed.0123456789abcdef.${Buffer.from(JSON.stringify(payload)).toString("base64url")}`;
  const token = `${head}.${sign(null, Buffer.from(head), made.privateKey).toString("base64url")}`;
  writeFileSync(`${TEMP}/verify.html`, await (await fetch(`${URL_BASE}/verify/offline`)).text());
  const page = await open({ on: "phone" });
  await page.addInitScript(() => { crypto.subtle.importKey = () => Promise.reject(new Error("NotSupportedError")); });
  await page.goto(`file://${TEMP}/verify.html`);
  await page.locator("#token").fill(token);
  await page.locator("summary").first().click();
  await page.locator("#keys").fill(`ed:${raw.toString("base64url")}`);
  await page.locator("button").click();
  await page.locator("#verdict.good").waitFor();
  await sound(page, "offline-phone");
});

test("公开日志：页面完好", async () => {
  for (const on of ["desktop", "phone"]) {
    const page = await open({ on });
    await page.goto("/log");
    await sound(page, `log-${on}`);
  }
});
