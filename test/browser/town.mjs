// town.mjs - the people of one story and a server of its own for them, whose days the story sets; and how a person works with a page.
import { made, Own, until, WORD } from "../flow/own.mjs";
import { expect as answered } from "../flow/lib.mjs";
import { expect, open, shot, sound, WIDTHS } from "./lib.mjs";

export { made, until };

/** login: name, office, role. Everything here is made up and says so. */
const PEOPLE = {
  region: ["自治区业务（演示）", "150000", "region_officer"], region2: ["自治区复核（演示）", "150000", "region_officer"],
  leader: ["自治区负责人（演示）", "150000", "region_leader"], publisher: ["自治区发布（演示）", "150000", "region_publisher"],
  overseer: ["自治区监督（演示）", "150000", "supervisor"], auditor: ["自治区审计（演示）", "150000", "auditor"],
  city: ["赤峰市审核（演示）", "150400", "city_reviewer"], clerk: ["敖汉旗经办（演示）", "150430", "county_clerk"],
  clerk2: ["敖汉旗经办乙（演示）", "150430", "county_clerk"], firm: ["企业经办（演示）", "150430", "enterprise"],
  expert1: ["专家甲（演示）", "150000", "expert"], expert2: ["专家乙（演示）", "150000", "expert"], expert3: ["专家丙（演示）", "150000", "expert"],
};

export class Town {
  async begin(date) {
    this.own = await new Own("pack/neimenggu", date).start();
    for (const [login, who] of Object.entries(PEOPLE)) this.own.user(login, ...who);
    await Promise.all(Object.keys(PEOPLE).map((login) => this.own.as(login)));
    return this;
  }
  end() { return this.own.end(); }
  /** Another day, on a server started anew; pages opened before it are of no use any more. */
  at(date) { return this.own.at(date); }
  /** A page of somebody, signed in where they begin; without a login: a visitor. */
  async page(login, on = "desktop", more = {}) {
    const page = await open({ as: login, on, base: this.own.base[0], secret: WORD, ...more });
    page.setDefaultTimeout(20000);
    await page.goto(login ? "/desk" : "/");
    return page;
  }
  /** What a program of this person is told. */
  person(login) { return this.own.as(login); }
  async act(login, type, id, action, fields) {
    return answered(await (await this.person(login)).act(type, id, action, fields), 200, `${login} ${action}`);
  }
}

/** Sound as it stands; and seen, without sideways scrolling, on the other kind of screen. */
export async function both(page, name) {
  const own = page.viewportSize();
  const [here, there] = own.width === WIDTHS.phone.width ? ["phone", "desktop"] : ["desktop", "phone"];
  await sound(page, `${name}-${here}`);
  await page.setViewportSize(WIDTHS[there]);
  await shot(page, `${name}-${there}`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over <= 0, `${name}-${there}: ${over} px wider than the window`);
  await page.setViewportSize(own);
}

/** A link of the page, followed as a hand does it: it must be there and in view. */
export async function follow(page, name, { within = "main", exact = false } = {}) {
  const link = page.locator(within).getByRole("link", { name, exact }).first();
  const from = page.url();
  await link.click();
  await page.waitForURL((u) => u.href !== from);
  await page.waitForLoadState();
}

/** A line of the menu, with or without a count beside it; on a phone the menu is opened first. */
export async function menu(page, name) {
  const link = page.locator("nav").getByRole("link", { name: new RegExp(`^${name}(\\s*\\d+)?$`) }).first();
  // On a wide window it always stands there; the click itself waits for a page that is just coming.
  if (page.viewportSize().width === WIDTHS.phone.width && !await link.isVisible()) await page.getByRole("button", { name: /菜单/ }).first().click();
  await link.click();
  await page.waitForLoadState();
}

/** Values into the fields of a form; a list of choices takes the value or a part of what is shown. */
export async function put(page, values, form = "main") {
  for (const [name, value] of Object.entries(values)) {
    const at = page.locator(`${form} [name="${name}"]:not([type=hidden])`).first();
    const kind = await at.evaluate((e) => (e.tagName === "SELECT" ? "select" : e.type));
    if (kind === "select") {
      await at.evaluate((e, v) => {
        // Tom Select hides the select it replaces; what it would do is set its value.
        const all = e.tomselect ? Object.values(e.tomselect.options).map((o) => [o.value, o.text]) : [...e.options].map((o) => [o.value, o.text]);
        const found = all.find(([k]) => k === v) ?? all.find(([, t]) => v && t.includes(v));
        if (!found) throw new Error(`${e.name}: no choice ${v} of ${all.map((x) => x[1]).join(", ")}`);
        if (e.tomselect) e.tomselect.setValue(found[0]);
        else e.value = found[0];
        e.dispatchEvent(new Event("change", { bubbles: true }));
      }, value);
    } else if (kind === "checkbox") await at.setChecked(value);
    else await at.fill(value);
  }
}

/** A press of a button, the question before it answered with yes. */
export async function press(page, button) {
  const asks = await button.getAttribute("data-confirm");
  const came = page.waitForResponse((r) => r.request().isNavigationRequest() && r.status() < 300);
  await button.click();
  if (asks) await page.locator("dialog#confirm[open] [data-confirm-yes]").click();
  await came;
  await page.waitForLoadState();
}

/** A step of a record, from its own page: what it asks for is filled in, and it is done afterwards. */
export async function step(page, action, values = {}) {
  const box = `#act-${action}`;
  await page.locator(box).waitFor();
  if (await page.locator(`${box}:not([open])`).count()) await page.locator(`${box} > summary`).click();
  await put(page, values, box);
  await press(page, page.locator(`${box} form button[type=submit]`).last());
}

export async function save(page) {
  await press(page, page.locator(".form-acts button[type=submit]").first());
}

/** A new record of the box with this heading on the page of a round. */
export async function add(page, heading) {
  const box = page.locator("section.card", { has: page.locator("h2", { hasText: new RegExp(`^${heading}$`) }) });
  await box.getByRole("link", { name: "新增" }).click();
  await page.locator("#f-title").waitFor();
}

/** The state the record says it is in. */
export async function state(page, label) {
  const pill = page.locator("h1 .pill").first();
  const text = (await pill.innerText()).trim();
  expect(text === label, `the state is ${text}, not ${label}`);
}
