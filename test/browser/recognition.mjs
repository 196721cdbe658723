// Recognition from the call to the removal, by clicks and typing, as the people who do it. Nobody types an address: each begins at the front page or
// the desk and goes on by links. The days are set by the story, on a server of its own.
import { writeFileSync } from "node:fs";
import { expect, last, sound, TEMP, test } from "./lib.mjs";
import { add, both, follow, made, menu, press, put, save, state, step, Town, until } from "./town.mjs";

const CODE = "91350100M000100Y43";
const SAID = "演示用：仅用于检验流程，不是真实情况。";
let town;
const w = {};
last(() => town?.end());

/** One part of the story; after one that failed the rest would only say so again. */
function part(title, body) {
  test(`认定：${title}`, async () => {
    expect(!w.broken, "an earlier part failed");
    w.broken = true;
    await body();
    w.broken = false;
  });
}

/** A brand in the ledger with figures of two years and a plan, as the offices have kept it. */
async function ledger(over) {
  const clerk = await town.person("clerk");
  const doc = { maturity: "scattered", domain: "livelihood", industry: "construction", county: "150430", intro: SAID, phone: "13800002046", ...over };
  const b = { ...await made(clerk, "brand", doc), name: doc.name };
  await town.act("clerk", "brand", b.id, "submit");
  await town.act("city", "brand", b.id, "pass");
  await town.act("region", "brand", b.id, "confirm");
  for (const [period, n] of [["2024", 1200], ["2025", 1320]]) {
    await made(clerk, "brand_figures", { brand: b.id, period, workers: n, trained: 300, employed_after: 240, certified: n / 2, output: 400, poor: 25, source: "演示用" });
  }
  await made(clerk, "plan", { title: `${b.name}规划`, brand: b.id, approach: SAID, from_date: "2025-01-01", to_date: "2028-12-31" });
  return b;
}

part("准备（台账、办法、专家）", async () => {
  town = new Town();
  await town.begin("2026-03-02");
  w.firm = await ledger({ name: "敖汉架线工", owner_kind: "enterprise", lead_name: "敖汉演示劳务公司", uscc: CODE, account: "firm" });
  w.other = await ledger({ name: "敖汉养殖工", owner_kind: "public" });
  const region = await town.person("region");
  const standard = await made(region, "standard", { title: "劳务品牌认定办法（样例）", kind: "rule", version: "第1版", valid_from: "2026-01-01", summary: SAID, source: "样例" });
  await town.act("region2", "standard", standard.id, "publish");
  for (const [login, name] of [["expert1", "专家甲（演示）"], ["expert2", "专家乙（演示）"], ["expert3", "专家丙（演示）"]]) {
    await made(region, "expert", { name, unit: "演示大学", region: "150100", account: login, valid_from: "2025-01-01" });
  }
});

part("自治区业务发布申报通知，访客看得到", async () => {
  const page = await town.page("region");
  await both(page, "rec-desk-region");
  await menu(page, "认定批次");
  await follow(page, /新增/);
  await put(page, { title: "2026年认定批次（演示）", kind: "自治区", standard: "劳务品牌认定办法", rubric: "样例", honour_name: "自治区级劳务品牌（演示）", honour_level: "region", honour_issuer: "region_office",
    figures_period: "2025", prev_period: "2024", apply_from: "2026-03-02", apply_to: "2026-03-20", review_to: "2026-05-29", notice_days: "5", cert_until: "2029-12-31", conditions: SAID, materials: SAID });
  await both(page, "rec-batch-form");
  await save(page);
  await state(page, "草稿");
  await both(page, "rec-batch-draft");
  await step(page, "call");
  await state(page, "申报中");
  await both(page, "rec-batch-open");
  const visitor = await town.page();
  await both(visitor, "rec-home");
  await follow(visitor, /征集/, { within: "body" });
  await both(visitor, "rec-calls");
  await follow(visitor, "2026年认定批次（演示）");
  await both(visitor, "rec-call");
});

part("企业在手机上逐项申报，看到资格条件，传附件，提交", async () => {
  const page = await town.page("firm", "phone");
  await both(page, "rec-desk-firm");
  await menu(page, "征集");
  await follow(page, "2026年认定批次（演示）");
  await follow(page, "我要申报");
  await put(page, { brand: "敖汉架线工" });
  await both(page, "rec-apply-start");
  await press(page, page.getByRole("button", { name: "开始填写" }));
  await both(page, "rec-apply-parts");
  const text = { contact: "演示联系人", phone: "13800002046", scale_text: SAID, skill_text: SAID, fame_text: SAID, manage_text: SAID, no_arrears: "是", social_paid: "是", no_violation: "是" };
  await page.locator(".parts a").first().click();
  for (let n = 1; ; n++) {
    await page.locator("form.one").waitFor();
    const here = {};
    for (const [k, v] of Object.entries(text)) if (await page.locator(`main [name="${k}"]:not([type=hidden])`).count()) here[k] = v;
    await put(page, here);
    await both(page, `rec-apply-part-${n}`);
    await press(page, page.locator(".form-acts button").first());
    if (!await page.locator("form.one").count()) break;
  }
  await both(page, "rec-apply-done");
  if (await page.getByRole("link", { name: /先检查一遍|检查并提交/ }).count()) await follow(page, /先检查一遍|检查并提交/);
  const unmet = await page.locator("#act-apply .chk li", { has: page.locator(".no, .wa") }).allTextContents();
  expect(unmet.length === 1 && unmet[0].includes("承诺内容真实"), `not met: ${unmet}`);
  await both(page, "rec-apply-check-unmet");
  await page.locator("section.card", { has: page.locator("h2", { hasText: "声明" }) }).locator("header a").click();
  await put(page, { truthful: "是" });
  await press(page, page.getByRole("button", { name: "保存，回到清单" }));
  await follow(page, "检查并提交");
  writeFileSync(`${TEMP}/plan.pdf`, "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
  await page.locator("#f-upload").setInputFiles(`${TEMP}/plan.pdf`);
  await page.locator("#f-kind").fill("佐证材料（演示）");
  await press(page, page.getByRole("button", { name: "上传" }));
  await page.locator(".files", { hasText: "佐证材料" }).waitFor();
  expect(/SHA-256 [0-9a-f]{64}/.test(await page.locator(".files").innerText()), "the file has its fingerprint");
  await both(page, "rec-apply-check");
  await step(page, "apply");
  await state(page, "旗县审核中");
  await both(page, "rec-applied");
});

part("旗县推荐，盟市退回补正，企业补正，再逐级推荐，自治区受理", async () => {
  const clerk = await town.page("clerk");
  await both(clerk, "rec-desk-clerk");
  await follow(clerk, "敖汉架线工");
  await both(clerk, "rec-county");
  await step(clerk, "recommend_county");
  await state(clerk, "盟市审核中");

  const city = await town.page("city");
  await both(city, "rec-desk-city");
  await follow(city, "敖汉架线工");
  await step(city, "return", { concern: "figure", where_field: "就业规模与带动情况", reason: "数据与台账口径不一致，请说明" });
  await state(city, "退回补正");
  await both(city, "rec-returned");

  const firm = await town.page("firm", "phone");
  await both(firm, "rec-desk-firm-returned");
  await follow(firm, "敖汉架线工");
  await both(firm, "rec-firm-returned");
  await follow(firm, "逐项填写");
  await follow(firm, /申报说明/);
  await put(firm, { scale_text: `${SAID}补正后的说明。` });
  await press(firm, firm.getByRole("button", { name: "保存，回到清单" }));
  await follow(firm, "检查并提交");
  await step(firm, "apply");
  await state(firm, "旗县审核中");

  await clerk.goto("/desk");
  await follow(clerk, "敖汉架线工");
  await step(clerk, "recommend_county");
  await city.goto("/desk");
  await follow(city, "敖汉架线工");
  await step(city, "recommend_city");
  await state(city, "自治区资格审查");

  const region = await town.page("region");
  await follow(region, "敖汉架线工");
  await both(region, "rec-region");
  await step(region, "accept");
  await state(region, "评审中");
  w.entry = new URL(region.url()).pathname;

  // The other entry takes the same way, told to the program.
  const person = await town.person("clerk");
  const batch = (await (await town.person("region")).get("/r/batch?size=10")).json.items[0];
  w.batch = batch.id;
  const a = await made(person, "application", { title: "敖汉养殖工", batch: batch.id, brand: w.other.id, applicant_name: "敖汉旗演示服务中心", uscc: CODE, lead_unit: "敖汉演示合作社", contact: "演示联系人", phone: "13800002046",
    scale_text: SAID, skill_text: SAID, fame_text: SAID, manage_text: SAID, no_arrears: true, social_paid: true, no_violation: true, truthful: true });
  await town.act("clerk", "application", a.id, "apply_public");
  await town.act("city", "application", a.id, "recommend_city");
  await town.act("region", "application", a.id, "accept");
  w.second = a.id;
});

const sheets = async (login) => (await (await town.person(login)).get("/score")).json.sheets;
/** A sheet filled in by a program: the others of the panel. */
async function score(login, sheet, less) {
  const who = await town.person(login), read = async () => (await who.get(`/score/${sheet.id}`)).json;
  await who.form(`/score/${sheet.id}/declare`, { rev: (await read()).rev, conflict: "0" });
  const page = await read();
  const marks = Object.fromEntries(page.criteria.flatMap((c) => [[`points.${c.id}`, String(Math.max(0, Number(c.max) - less))], [`reason.${c.id}`, "材料齐全，评分有据"]]));
  const a = await who.send("POST", `/score/${sheet.id}`, { ...marks, do: "submit" }, { "if-match": `"${page.rev}"` });
  expect(a.status === 303, `sheet of ${login}: ${a.status} ${a.text.slice(0, 200)}`);
}

part("抽取专家，专家申明、打分（自动保存）、交表，开封，名次和计算过程", async () => {
  await town.at("2026-03-21");
  await until("the call closes", async () => (await (await town.person("region")).get(`/r/batch/${w.batch}`)).json.state !== "open");
  const page = await town.page("region");
  await menu(page, "进行中的批次");
  await both(page, "rec-rounds");
  await follow(page, "2026年认定批次（演示）");
  await both(page, "rec-round");
  await add(page, "评审组");
  await put(page, { title: "评审组（演示）", size: "3", substitutes: "0", per_city: "0", city_rule: "none", closes: "2026-04-10" });
  await both(page, "rec-panel-form");
  await save(page);
  await both(page, "rec-panel-record");
  await page.locator(".ph .act a").first().click();
  await page.waitForURL(/\/panel\/panel\//);
  await both(page, "rec-panel");
  await press(page, page.getByRole("button", { name: "封存并公布" }));
  await page.locator("#f-word").fill("见证");
  await both(page, "rec-panel-committed");
  await press(page, page.getByRole("button", { name: "抽取", exact: true }));
  await both(page, "rec-panel-drawn");
  await follow(page, "公开的抽取页");
  await both(page, "rec-draw");

  const expert = await town.page("expert1");
  await both(expert, "rec-desk-expert");
  await menu(expert, "我的评分");
  await both(expert, "rec-score-list");
  await expert.locator("main table a").first().click();
  await expert.getByRole("button", { name: "没有利害关系，开始评分" }).waitFor();
  await both(expert, "rec-declare");
  await press(expert, expert.getByRole("button", { name: "没有利害关系，开始评分" }));
  const points = expert.locator('#marks input[name^="points."]');
  const n = await points.count();
  for (let i = 0; i < n; i++) {
    await points.nth(i).fill("4");
    const kept = expert.waitForResponse((r) => r.request().method() === "POST" && /\/score\/\d+$/.test(r.url()));
    await expert.locator('#marks textarea[name^="reason."]').nth(i).fill("材料齐全，评分有据");
    await expert.keyboard.press("Tab");
    await kept;
  }
  await expert.locator("#saved", { hasText: `已打 ${n}/${n} 项` }).waitFor();
  await both(expert, "rec-sheet");
  await expert.reload();
  expect(await points.first().inputValue() !== "", "what was typed was saved by itself");
  await press(expert, expert.getByRole("button", { name: "交评分表" }));
  await both(expert, "rec-sheet-sent");
  for (const [i, login] of ["expert1", "expert2", "expert3"].entries()) {
    for (const s of await sheets(login)) if (!/已交|submitted/.test(JSON.stringify(s))) await score(login, s, i + (s.title === "敖汉养殖工" ? 2 : 0));
  }
  await page.goBack();
  await page.reload();
  await both(page, "rec-panel-all-in");
  await press(page, page.getByRole("button", { name: "开封并计算名次" }));
  await both(page, "rec-panel-closed");
  await follow(page, "评审名次");
  await both(page, "rec-ranking");
  await follow(page, "敖汉架线工");
  await both(page, "rec-computation");
  await follow(page, "评审名次");
  await follow(page, "批次");
  await step(page, "deliberate");
  await state(page, "会议研究");
});

part("会议纪要，拟认定，公示", async () => {
  const page = await town.page("region");
  await menu(page, "进行中的批次");
  await follow(page, "2026年认定批次（演示）");
  await both(page, "rec-round-meeting");
  await add(page, "评审会议");
  await put(page, { title: "评审会（演示）", held_on: "2026-03-21", minutes: SAID });
  await put(page, { "members.0.name": "与会者甲（演示）", "members.0.votes": "是" });
  await both(page, "rec-meeting-form");
  await save(page);
  const second = await town.page("region2");
  await both(second, "rec-desk-second");
  await menu(second, "评审会议");
  await follow(second, "评审会（演示）");
  await step(second, "confirm");
  for (const name of ["敖汉架线工", "敖汉养殖工"]) {
    await menu(second, "进行中的批次");
    await follow(second, "2026年认定批次（演示）");
    await follow(second, "逐份列为拟认定或不予认定");
    await follow(second, name);
    await step(second, "propose", { n_for: "1", n_against: "0", n_abstain: "0" });
    await state(second, "拟认定，待公示");
  }
  await both(second, "rec-proposed");

  await menu(page, "进行中的批次");
  await follow(page, "2026年认定批次（演示）");
  await add(page, "公示");
  await put(page, { title: "拟认定公示（演示）", text: SAID, contact_office: "业务处（演示）", contact_phone: "0471-0000000" });
  await both(page, "rec-notice-form");
  await save(page);
  const publisher = await town.page("publisher");
  await both(publisher, "rec-desk-publisher");
  await menu(publisher, "公示");
  await follow(publisher, "拟认定公示（演示）");
  await step(publisher, "open");
  await state(publisher, "公示中");
  await both(publisher, "rec-notice-open");
});

part("访客在手机上提出异议，凭查询码看到答复", async () => {
  const visitor = await town.page(undefined, "phone");
  await both(visitor, "rec-front");
  await follow(visitor, /公示公告/, { within: "body" });
  await both(visitor, "rec-announcements");
  await follow(visitor, "拟认定公示（演示）");
  await both(visitor, "rec-notice");
  await follow(visitor, /异议/);
  await put(visitor, { title: "从业人数有疑问", kind: "fact", text: SAID });
  await both(visitor, "rec-objection-form");
  await press(visitor, visitor.getByRole("button", { name: "提交" }));
  await visitor.getByRole("heading", { name: "已经收到" }).waitFor();
  await both(visitor, "rec-objection-sent");
  const told = await visitor.locator("dd.num").allInnerTexts();
  const page = await town.page("region");
  await both(page, "rec-desk-objection");
  await menu(page, "异议");
  await follow(page, "从业人数有疑问");
  await both(page, "rec-objection");
  await step(page, "take", { which: "敖汉架线工" });
  await step(page, "refuse", { say: "经核对，台账数据与原始凭证一致（演示）。" });
  await state(page, "已答复");
  await follow(visitor, "查询办理情况");
  await put(visitor, { number: told[0], code: told[1] });
  await press(visitor, visitor.getByRole("button", { name: "查询" }));
  await visitor.getByText("经核对，台账数据与原始凭证一致").waitFor();
  await both(visitor, "rec-objection-answered");
});

part("不用脚本也能提出异议、查询办理情况", async () => {
  const visitor = await town.page(undefined, "desktop", { scripts: false });
  await follow(visitor, /公示公告/, { within: "body" });
  await follow(visitor, "拟认定公示（演示）");
  await follow(visitor, /异议/);
  await visitor.locator("#f-title").fill("评审程序有疑问");
  await visitor.locator("#f-kind").selectOption("procedure");
  await visitor.locator("#f-text").fill(SAID);
  await press(visitor, visitor.getByRole("button", { name: "提交" }));
  await visitor.getByRole("heading", { name: "已经收到" }).waitFor();
  await sound(visitor, "rec-noscript-objection");
  const [number, code] = await visitor.locator("dd.num").allInnerTexts();
  await follow(visitor, "查询办理情况");
  await visitor.locator("main [name=number]").fill(number);
  await visitor.locator("main [name=code]").fill(code);
  await press(visitor, visitor.getByRole("button", { name: "查询" }));
  await visitor.locator("main", { hasText: number }).filter({ hasText: "待受理" }).waitFor();
  await sound(visitor, "rec-noscript-objection-status");
  const [o] = (await (await town.person("region")).get("/r/objection?state=received&size=10")).json.items;
  await town.act("region", "objection", o.id, "take", { which: w.second });
  await town.act("region", "objection", o.id, "refuse", { say: "经核对，评审程序符合办法（演示）。" });
});

const verify = async (visitor, what) => {
  await menu(visitor, "核验证书");
  await visitor.locator("#f-q").fill(what);
  await press(visitor, visitor.getByRole("button", { name: "核验" }));
  return (await visitor.locator("section[aria-label=核验结果]").innerText()).replace(/\s+/g, " ");
};

part("公示期满，负责人印发决定，企业拿到证书，谁都能核验", async () => {
  const of = async (type) => (await (await town.person("region")).get(`/r/${type}?size=10`)).json.items;
  await town.at("2026-03-30");
  await until("the notice ends", async () => (await of("public_notice"))[0].state !== "open");
  await town.at("2026-03-31");
  await until("all objections are answered", async () => (await of("public_notice"))[0].state === "cleared");
  const page = await town.page("region");
  await menu(page, "进行中的批次");
  await follow(page, "2026年认定批次（演示）");
  await both(page, "rec-round-decide");
  await add(page, "认定决定");
  await put(page, { title: "关于公布认定名单的通知（演示）", doc_no: "内人社发〔2026〕3号", text: SAID });
  await both(page, "rec-decision-form");
  await save(page);
  const leader = await town.page("leader");
  await both(leader, "rec-desk-leader");
  await menu(leader, "认定决定");
  await follow(leader, "关于公布认定名单的通知（演示）");
  await both(leader, "rec-decision");
  await step(leader, "issue");
  await state(leader, "已印发");
  await both(leader, "rec-decision-issued");

  const firm = await town.page("firm", "phone");
  await both(firm, "rec-desk-firm-recognised");
  await menu(firm, "认定证书");
  await follow(firm, "敖汉架线工");
  await both(firm, "rec-certificate");
  w.number = /ZS-\d+-\d+-\d+/.exec(await firm.locator("main").innerText())[0];
  const link = firm.locator("main").getByRole("link", { name: /证书.*PDF/ }).first();
  const pdf = await (await firm.request.get(await link.getAttribute("href"))).body();
  expect(pdf.subarray(0, 5).toString() === "%PDF-", "the certificate is a PDF");
  w.token = /TAMGA1\.[\w.-]+/.exec(pdf.toString("latin1"))[0];

  const visitor = await town.page(undefined, "phone");
  await menu(visitor, "核验证书");
  await both(visitor, "rec-verify");
  expect(/有效/.test(await verify(visitor, w.number)), "valid by its number");
  await both(visitor, "rec-verify-number");
  expect(/有效.*签名/.test(await verify(visitor, w.token)), "valid by what the code says");
  await both(visitor, "rec-verify-token");
  writeFileSync(`${TEMP}/check.html`, await (await visitor.request.get("/verify/offline")).text());
  const offline = await town.page();
  await offline.clock.setFixedTime(new Date("2026-04-01T02:00:00Z"));
  await offline.goto(`file://${TEMP}/check.html#${w.token}`);
  await offline.locator("#verdict.good").waitFor();
  expect((await offline.locator("#facts").textContent()).includes("敖汉架线工"), "the offline page names the brand");

  const auditor = await town.page("auditor");
  await both(auditor, "rec-desk-auditor");
  await menu(auditor, "认定批次");
  await follow(auditor, "2026年认定批次（演示）");
  await both(auditor, "rec-batch-decided");
  await follow(auditor, "证据包");
  await both(auditor, "rec-bundle");
  const overseer = await town.page("overseer");
  await menu(overseer, "评审组");
  await follow(overseer, "评审组（演示）");
  await both(overseer, "rec-overseer");
});

part("次年复评，撤销认定，核验和目录都看得到", async () => {
  await town.at("2027-03-01");
  const page = await town.page("region");
  await menu(page, "年度复评批次");
  await follow(page, /新增/);
  await put(page, { title: "2026年度复评（演示）", level: "region", year: "2026", period: "2025", prev_period: "2024", due: "2027-03-10" });
  await save(page);
  await step(page, "open");
  await both(page, "rec-review-round");
  const firm = await town.page("firm", "phone");
  await both(firm, "rec-desk-review");
  await follow(firm, "敖汉架线工");
  await both(firm, "rec-review");
  await follow(firm, "修改");
  await put(firm, { report: SAID, honest: "否" });
  await both(firm, "rec-review-form");
  await save(firm);
  await step(firm, "submit");
  const city = await town.page("city");
  await follow(city, "敖汉架线工");
  await step(city, "check");
  const leader = await town.page("leader");
  await both(leader, "rec-desk-leader-review");
  await follow(leader, "敖汉架线工");
  await step(leader, "remove", { reason: "已不再符合认定条件" });
  await state(leader, "已有结论");
  await both(leader, "rec-removed");
  const visitor = await town.page(undefined, "phone");
  expect(/已撤销|撤销/.test(await verify(visitor, w.number)), "revoked by its number");
  await both(visitor, "rec-verify-revoked");
  await menu(visitor, "公开目录");
  expect(await visitor.locator("a.bc", { hasText: "敖汉架线工" }).count() === 0, "what was removed is no more in the catalogue");
  expect(await visitor.locator("a.bc", { hasText: "敖汉养殖工" }).count() === 1, "the other is still there");
  await both(visitor, "rec-catalogue-removed");
  const plain = await town.page(undefined, "desktop", { scripts: false });
  await follow(plain, "核验证书", { within: "nav" });
  await plain.locator("#f-q").fill(w.number);
  await press(plain, plain.getByRole("button", { name: "核验" }));
  expect(/已撤销/.test(await plain.locator("section[aria-label=核验结果]").innerText()), "revoked, without scripts too");
  await sound(plain, "rec-noscript-verify");
});
