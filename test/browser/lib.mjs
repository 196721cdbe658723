// What the browser tests share: a small runner, pages that remember every fault of theirs, the check that each page must pass.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--lang=zh-CN"];

export const URL_BASE = process.env.TAMGA_URL;
export const PATIENCE = Number(process.env.TAMGA_PATIENCE ?? 1); // how much longer to wait, on a machine that has other things to do
export const TEMP = process.env.TAMGA_TEMP;
export const SHOTS = process.env.TAMGA_SHOTS || "artifacts/browser";
export const WIDTHS = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const accounts = new Map(readFileSync(process.env.TAMGA_ACCOUNTS, "utf8").split("\n").filter(Boolean)
  .map((line) => line.trim().split(/\s+/).slice(0, 2)));
const tests = [];
const ends = [];
const states = new Map(); // cookies of who has signed in already
let browser;

export const password = (login) => accounts.get(login);
export const test = (title, body) => tests.push({ title, body });
/** Done once all tests are over, however they ended. */
export const last = (body) => ends.push(body);

export function expect(ok, text) {
  if (!ok) throw new Error(text);
}

export async function signIn(page, login, secret = password(login)) {
  await page.goto("/desk");
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[type=password]").fill(secret);
  await page.locator("main button[type=submit]").first().click();
  await page.waitForLoadState();
}

// A page in a context of its own. as: login, or none; on: desktop or phone; scripts: false turns them off; view: cookie tamga_view;
// base and secret: another server than the one of all tests, and the password there.
export async function open({ as, on = "desktop", scripts = true, view, base = URL_BASE, secret } = {}) {
  const key = as && `${base} ${as}`;
  const context = await browser.newContext({
    viewport: WIDTHS[on], javaScriptEnabled: scripts, locale: "zh-CN", timezoneId: "Asia/Shanghai", acceptDownloads: true,
    storageState: key && states.get(key), reducedMotion: "reduce", baseURL: base, hasTouch: on === "phone",
  });
  if (view) await context.addCookies([{ name: "tamga_view", value: view, url: base }]);
  const page = await context.newPage();
  page.setDefaultTimeout(8000 * PATIENCE);
  page.faults = [];
  page.expected = []; // answers the test itself asks for, such as 422: Chromium prints them as errors
  page.on("console", (m) => {
    if (m.type() !== "error" && m.type() !== "warning") return;
    const status = /status of (\d+)/.exec(m.text());
    if (!status || !page.expected.includes(Number(status[1]))) page.faults.push(`console: ${m.text()} (${m.location().url})`);
  });
  page.on("pageerror", (e) => page.faults.push(`script: ${e.message}`));
  page.on("requestfailed", (r) => {
    if (!/ERR_ABORTED/.test(r.failure()?.errorText ?? "")) page.faults.push(`request: ${r.url()} ${r.failure()?.errorText}`);
  });
  page.on("response", (r) => {
    if (r.status() >= 400 && !page.expected.includes(r.status())) page.faults.push(`answer: ${r.status()} ${r.url()}`);
  });
  if (scripts) {
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
    });
  }
  if (as && !states.has(key)) {
    await signIn(page, as, secret);
    states.set(key, await context.storageState());
  }
  return page;
}

export async function go(page, path) {
  const answer = await page.goto(path, { waitUntil: "load" });
  expect(answer.ok(), `${path}: ${answer.status()}`);
}

export async function shot(page, name, full = true) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: full, animations: "disabled" });
}

// Open the <details> that something stands in.
export async function unfold(page, selector) {
  const summary = page.locator(`details:not([open]):has(${selector}) > summary`);
  if (await summary.count()) await summary.first().click();
}

// Every page, in every state a test brings it to: nothing in the console, no policy broken, no axe violation, no sideways scrolling.
export async function sound(page, name) {
  const scripts = page.context()._options?.javaScriptEnabled !== false;
  await shot(page, name);
  expect(page.faults.length === 0, page.faults.join("\n     "));
  expect(!/\{\{|\}\}/.test(await page.locator("body").innerText()), `${name}: a piece of the template stands in the page`);
  if (!scripts) return;
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], preload: false, resultTypes: ["violations"],
  }).then((r) => r.violations.map((v) => `${v.id} (${v.nodes.length}): ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)}`
    + (n.any[0]?.message ? ` [${n.any[0].message}]` : "")).join(" | ")}`)));
  expect(found.length === 0, `axe ${name}: ${found.join("\n     ")}`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over <= 0, `${name}: ${over} px wider than the window`);
  expect(page.faults.length === 0, page.faults.join("\n     "));
}

export async function run(words) {
  let passed = 0;
  let failed = 0;
  browser = await chromium.launch({ executablePath: ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync), headless: true,
    args: FLAGS });
  for (const { title, body } of tests) {
    if (words && !title.includes(words)) continue;
    const start = Date.now();
    try {
      await body();
      passed++;
      console.log(`ok   ${title} (${Date.now() - start} ms)`);
    } catch (e) {
      failed++;
      console.log(`FAIL ${title}\n     ${e.message.split("\n").slice(0, 12).join("\n     ")}`);
      let n = 0;
      for (const context of browser.contexts()) for (const page of context.pages()) {
        await page.screenshot({ path: `${SHOTS}/FAIL-${failed}-${n++}.png` }).catch(() => {});
      }
    }
    for (const context of browser.contexts()) await context.close();
  }
  await browser.close();
  for (const end of ends) await end();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
