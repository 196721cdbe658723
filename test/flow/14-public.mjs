// The public without an account: sends in a nomination, asks what became of it, is held back when it floods.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, assert, expect, ask, web, as, Person, DATA } from './lib.mjs';

const EICAR = 'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-' + 'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';
const pdf = (text) => Buffer.from(`%PDF-1.4\n% ${text}\n%%EOF\n`);

async function publishedBrand() {
  const list = expect(await web.json('/catalogue'), 200).json;
  return list.items[0];
}

/** A visitor with the form open, as a browser without scripts. */
class Visitor extends Person {
  async open(at) {
    const a = expect(await this.page(at), 200, at);
    this.hidden = Object.fromEntries([...a.text.matchAll(/<input type="hidden" name="(token|idem|about)" value="([^"]*)"/g)].map((m) => [m[1], m[2]]));
    return a;
  }
  send(at, fields, files = []) {
    const body = new FormData();
    for (const [k, v] of Object.entries({ ...this.hidden, ...fields })) body.append(k, v);
    for (const [name, bytes] of files) body.append('file', new Blob([bytes]), name);
    return this.ask('POST', at, { headers: { accept: 'text/html' }, body });
  }
}
const number = (a) => /<dt>编号<\/dt><dd class="num">([^<]+)</.exec(a.text)[1];
const code = (a) => /<dt>查询码<\/dt><dd class="num">([A-Z]{10})</.exec(a.text)[1];
const person = { name: '样例人', kind: 'founder', deeds: '样例：带领乡亲外出务工多年。', consent: 'true', nominator: '样例推荐人', contact: '13800002046' };
let brand, sent;

test('a form of the public needs no account and names who takes care of it', async () => {
  brand = await publishedBrand();
  const v = new Visitor();
  const a = await v.open(`/f/typical_person?about=${brand.id}`);
  assert.match(a.text, /由[^<]+受理/);
  assert.ok(a.text.includes(brand.name));
  assert.ok(v.hidden.token && v.hidden.idem && v.hidden.about === String(brand.id));
  expect(await web.page('/f/typical_person'), 404, 'without the record it is about');
  expect(await web.page('/f/typical_person?about=12345'), 404);
  expect(await web.page('/f/brand'), 404, 'a type without a public form');
});

test('what is wrong is said beside the field, and nothing typed is lost', async () => {
  const v = new Visitor();
  await v.open(`/f/typical_person?about=${brand.id}`);
  const codes = expect(await v.open(`/f/typical_person?about=${brand.id}`), 200).text;
  person.kind = /<select[^>]*name="kind"[\s\S]*?<option value="([^"]+)"/.exec(codes.replace('<option value="">', ''))[1];
  const a = expect(await v.send('/f/typical_person', { ...person, deeds: '', contact: '123' }), 422);
  assert.match(a.text, /主要事迹/);
  assert.match(a.text, /href="#f-deeds"/);
  assert.match(a.text, /value="样例推荐人"/);
  const trap = expect(await v.send('/f/typical_person', { ...person, homepage: 'http://spam.example' }), 422, 'the field that is not for people');
  assert.ok(trap.text.includes('样例推荐人') && !trap.text.includes('spam.example'));
  const stranger = new Visitor();
  stranger.hidden = v.hidden;
  expect(await stranger.send('/f/typical_person', person), 403, 'a page somebody else opened');
});

test('sent in: a number and a code; the same page sent twice makes one record', async () => {
  const v = new Visitor();
  await v.open(`/f/typical_person?about=${brand.id}`);
  const a = expect(await v.send('/f/typical_person', person, [['证明.pdf', pdf('样例')]]), 200);
  sent = { number: number(a), code: code(a) };
  const again = expect(await v.send('/f/typical_person', person, [['证明.pdf', pdf('样例')]]), 200);
  assert.deepEqual({ number: number(again), code: code(again) }, sent);
  const clerk = await as('region');
  const list = expect(await clerk.get('/r/typical_person?size=200'), 200).json;
  const own = list.items.filter((r) => r.no === sent.number);
  assert.equal(own.length, 1);
  const r = expect(await clerk.get(`/r/typical_person/${own[0].id}`), 200).json;
  assert.match(r.values?.contact ?? r.contact, /\*/, 'the telephone number is masked for the office');
});

test('number and code together show the state; nothing else does, and always in the same words', async () => {
  const v = new Visitor();
  await v.open('/f/typical_person/status');
  const look = async (n, c) => v.ask('POST', '/f/typical_person/status', { headers: { accept: 'text/html' }, body: new URLSearchParams({ token: v.hidden.token, number: n, code: c }) });
  const a = expect(await look(sent.number, sent.code.toLowerCase()), 200);
  assert.match(a.text, /待核实/);
  assert.ok(!a.text.includes('13800002046') && !a.text.includes('样例推荐人'));
  const wrong = expect(await look(sent.number, 'AAAAAAAAAA'), 404), none = expect(await look('RW-1-1', 'AAAAAAAAAA'), 404);
  assert.match(wrong.text, /对不上/);
  assert.equal(wrong.text.replace(/value="[^"]*"/g, ''), none.text.replace(/value="[^"]*"/g, ''));
  expect(await look('RW-1-1', sent.code), 404, 'the code of another number');
  let last;
  for (let i = 0; i < 25; i++) last = await look(sent.number, 'BBBBBBBBBB');
  expect(last, 429, 'guessing');
  assert.ok(Number(last.headers.get('retry-after')) > 0);
});

test('an attachment is checked by the scanner, when there is one', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'scan-'));
  const tool = path.join(dir, 'scan.sh'), conf = path.join(DATA, 'scan.conf');
  fs.writeFileSync(tool, '#!/bin/sh\nif grep -q EICAR-STANDARD-ANTIVIRUS-TEST-FILE; then exit 1; fi\n[ -e "$(dirname "$0")/broken" ] && exit 2\nexit 0\n', { mode: 0o755 });
  fs.writeFileSync(conf, `# 样例\n${tool}\n`);
  try {
    const v = new Visitor();
    await v.open(`/f/typical_person?about=${brand.id}`);
    const bad = expect(await v.send('/f/typical_person', person, [['a.pdf', pdf(EICAR)]]), 422, 'infected');
    assert.match(bad.text, /病毒检查没有通过/);
    assert.match(bad.text, /value="样例推荐人"/);
    fs.writeFileSync(path.join(dir, 'broken'), '');
    const busy = expect(await v.send('/f/typical_person', person, [['a.pdf', pdf('x')]]), 503, 'the scanner is broken');
    assert.match(busy.text, /暂时不能检查附件/);
    fs.rmSync(path.join(dir, 'broken'));
    expect(await v.send('/f/typical_person', person, [['a.pdf', pdf('x')]]), 200, 'clean');
    const odd = await v.open(`/f/typical_person?about=${brand.id}`) && expect(await v.send('/f/typical_person', person, [['a.pdf', Buffer.from('MZ nothing')]]), 415);
    assert.match(odd.text, /附件只收/);
  } finally {
    fs.rmSync(conf);
    fs.rmSync(dir, { recursive: true });
  }
});

test('a flood is answered with a sentence and a time, and takes nothing away', async () => {
  let ok = 0, last;
  for (let i = 0; i < 7; i++) {
    last = await ask('POST', '/f/typical_person', { headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ ...person, consent: true, about: brand.id }) });
    ok += last.status === 201;
  }
  expect(last, 429);
  assert.match(last.json.detail ?? last.text, /已经提交了 5 次/);
  assert.ok(Number(last.headers.get('retry-after')) > 3000);
  assert.equal(ok, 3, 'two were sent before');
  const v = new Visitor();
  await v.open(`/f/typical_person?about=${brand.id}`);
  const page = expect(await v.send('/f/typical_person', person), 429);
  assert.match(page.text, /value="样例推荐人"/, 'what was typed is still there');
});

// ---- the portal ----
const day = (n = 0) => new Date(Date.now() + 8 * 3600e3 + n * 86400e3).toISOString().slice(0, 10);
const made = async (who, type, doc) => expect(await who.send('POST', `/r/${type}`, doc), 201, `creating ${type}`).json;
let batch;

test('a call is public once it is issued: conditions, calendar, places, and the way to apply', async () => {
  const region = await as('region'), second = await as('region2');
  const standard = await made(region, 'standard', { title: `公众测试办法${Date.now()}`, kind: 'rule', version: '第1版', valid_from: '2024-01-01', summary: '测试用', source: '样例' });
  expect(await second.act('standard', standard.id, 'publish'), 200, 'publish');
  batch = await made(region, 'batch', { title: `公众测试批次${Date.now()}`, kind: 'region', standard: standard.id, rubric: 'recognition_sample', honour_name: '测试称号',
    honour_level: 'region', honour_issuer: 'region_office', figures_period: '2024', prev_period: '2023', apply_from: day(), apply_to: day(14), review_to: day(30),
    notice_days: 5, cert_until: day(1000), conditions: '第一条件。\n第二条件。', materials: '测试用', quotas: [{ city: '150400', places: 3 }] });
  const before = expect(await web.page('/calls'), 200);
  assert.ok(!before.text.includes(batch.title), 'a draft is nobody’s business');
  expect(await web.page(`/calls/${batch.id}`), 404);
  expect(await region.act('batch', batch.id, 'call'), 200, 'call');
  const list = expect(await web.json('/calls'), 200).json;
  const mine = list.open.find((c) => c.id === batch.id);
  assert.ok(mine && Number(mine.left) > 0);
  const page = expect(await web.page(`/calls/${batch.id}`), 200);
  for (const word of ['第二条件', '赤峰市', '3', '申报截止', `/apply/${batch.id}`, '剩 ']) assert.ok(page.text.includes(word), word);
  assert.ok(page.text.includes('href="/announcements"'), 'in the menu');
  const again = expect(await web.page(`/calls/${batch.id}`), 200);
  assert.equal(again.text, page.text);
});

test('announcements list notices and decisions; what is not published is not there', async () => {
  const a = expect(await web.json('/announcements'), 200).json;
  assert.deepEqual(a.kinds.map((k) => k.type), ['public_notice', 'decision']);
  const region = await as('region');
  const n = await made(region, 'public_notice', { title: '测试公示', batch: batch.id, text: '测试用', contact_office: '测试单位', contact_phone: '测试电话' });
  expect(await web.page(`/announcements/public_notice/${n.id}`), 404);
  expect(await web.page(`/f/objection?about=${n.id}`), 404, 'no objection to what nobody can read');
  expect(await web.page('/announcements/brand/1'), 404);
  expect(await web.page('/announcements'), 200);
});

// ---- a draft filled in part by part ----
async function readyBrand() {
  const clerk = await as('aohan'), city = await as('chifeng'), region = await as('region');
  const b = expect(await clerk.send('POST', '/r/brand', (await import('./lib.mjs')).brand()), 201).json;
  expect(await clerk.act('brand', b.id, 'submit'), 200);
  expect(await city.act('brand', b.id, 'pass'), 200);
  expect(await region.act('brand', b.id, 'confirm'), 200);
  for (const period of ['2023', '2024']) await made(clerk, 'brand_figures', { brand: b.id, period, workers: 500, trained: 100, employed_after: 80, certified: 300, output: 10, poor: 5, source: '测试用' });
  await made(clerk, 'plan', { title: `${b.title}规划`, brand: b.id, approach: '测试用', from_date: '2024-01-01', to_date: '2027-12-31' });
  return b;
}
const states = (a) => Object.fromEntries(a.json.sections.map((s) => [s.label, s.state?.value ?? s.state]));
let draft, subject;

test('an entry begins at the call, with what the ledger knows already in it', async () => {
  const clerk = await as('aohan');
  subject = await readyBrand();
  const to = expect(await clerk.page(`/apply/${batch.id}`), 303);
  assert.equal(to.location, `/r/application/start?batch=${batch.id}`);
  const start = expect(await clerk.page(to.location), 200);
  assert.match(start.text, new RegExp(`value="${batch.id}" selected`));
  assert.match(start.text, /申报说明/);
  expect(await clerk.form('/r/application/start', { batch: batch.id, brand: '' }), 422, 'without the brand');
  const made = expect(await clerk.form('/r/application/start', { batch: batch.id, brand: subject.id }), 303);
  assert.match(made.location, /\/r\/application\/\d+\/fill$/);
  draft = /application\/(\d+)/.exec(made.location)[1];
  const r = expect(await clerk.get(`/r/application/${draft}`), 200).json;
  assert.equal(r.values.title, subject.title);
  assert.equal(r.values.city.value ?? r.values.city, '150400');
  expect(await (await as('auditor')).page(`/r/application/${draft}/fill`), 403, 'who only reads');
  expect(await (await as('ningcheng')).page(`/r/application/${draft}/fill`), 404, 'another county');
  expect(await web.page(`/apply/${batch.id}`), 303, 'sign in first');
});

test('each part is kept finished or not; the list says how far it is', async () => {
  const clerk = await as('aohan');
  const list = expect(await clerk.get(`/r/application/${draft}/fill`), 200);
  assert.equal(states(list)['申报什么'], 'done');
  assert.equal(states(list)['申报说明'], 'empty');
  assert.ok(!('评审结果' in states(list)), 'nothing to fill in there');
  const part = list.json.sections.find((s) => s.label === '申报说明');
  const page = expect(await clerk.page(`/r/application/${draft}/fill/${part.number}`), 200);
  const rev = /name="rev" value="(\d+)"/.exec(page.text)[1];
  const next = expect(await clerk.form(`/r/application/${draft}/fill/${part.number}`, { rev, scale_text: '测试用规模', skill_text: '' }), 303);
  assert.match(next.location, new RegExp(`/fill/${part.number + 1}$`));
  const after = expect(await clerk.get(`/r/application/${draft}/fill`), 200);
  assert.equal(states(after)['申报说明'], 'problems');
  const stale = expect(await clerk.form(`/r/application/${draft}/fill/${part.number}`, { rev, scale_text: '另一份' }), 412);
  assert.ok(stale.text.includes('另一份') && stale.text.includes('刚刚被别人修改过'));
  const bad = list.json.sections.find((s) => s.label === '联系人');
  const rev2 = /name="rev" value="(\d+)"/.exec(stale.text)[1];
  const wrong = expect(await clerk.form(`/r/application/${draft}/fill/${bad.number}`, { rev: rev2, contact: '张三', phone: '12' }), 422);
  assert.ok(wrong.text.includes('张三'));
  const told = expect(await clerk.page(`/r/application/${draft}/fill/${part.number}?check=1`), 200);
  assert.match(told.text, /href="#f-skill_text"/);
});

test('an unfinished draft is not handed in; the check page names what is missing and each condition with its figure and clause', async () => {
  const clerk = await as('aohan');
  const page = expect(await clerk.page(`/r/application/${draft}/fill/check`), 200);
  assert.match(page.text, /还没有填完：/);
  assert.match(page.text, /fill\/\d+\?check=1#f-skill_text/);
  assert.match(page.text, /从业人数达到门槛/);
  assert.match(page.text, /需人工核验/);
  const refused = await clerk.act('application', draft, 'apply_public');
  assert.ok(refused.status >= 400 && /还没有填完/.test(refused.text), refused.text.slice(0, 300));
  expect(await clerk.act('application', draft, 'withdraw', { reason: '测试' }), 200, 'an unfinished draft may be given up');
  expect(await clerk.act('application', draft, 'reopen'), 200, 'and taken up again');
  const file = expect(await clerk.upload(`/r/application/${draft}/files`, '证明.pdf', pdf('样例'), { kind: '样例材料', back: `/r/application/${draft}/fill/check#files` }, 'text/html'), 303);
  assert.equal(file.location, `/r/application/${draft}/fill/check#files`);
  assert.match(expect(await clerk.page(`/r/application/${draft}/fill/check`), 200).text, /上传材料<\/span><span class="hash small">SHA-256 [0-9a-f]{64}/);
});

test('filled in, it goes the way of every other entry', async () => {
  const clerk = await as('aohan');
  const rest = { applicant_name: '敖汉旗人社局', uscc: '91350100M000100Y43', lead_unit: '测试合作社', contact: '测试联系人', phone: '13800002046', scale_text: '测试用', skill_text: '测试用',
    fame_text: '测试用', manage_text: '测试用', no_arrears: 'true', social_paid: 'true', no_violation: 'true', truthful: 'true' };
  const list = expect(await clerk.get(`/r/application/${draft}/fill`), 200).json;
  for (const s of list.sections) {
    const page = expect(await clerk.page(`/r/application/${draft}/fill/${s.number}`), 200);
    const names = new Set([...page.text.matchAll(/ name="([a-z_]+)"/g)].map((m) => m[1]));
    const fields = Object.fromEntries(Object.entries(rest).filter(([k]) => names.has(k)));
    expect(await clerk.form(`/r/application/${draft}/fill/${s.number}`, { rev: /name="rev" value="(\d+)"/.exec(page.text)[1], ...fields, then: 'list' }), 303, s.label);
  }
  const done = expect(await clerk.get(`/r/application/${draft}/fill`), 200).json;
  assert.equal(done.complete, true, JSON.stringify(done.sections));
  expect(await clerk.act('application', draft, 'apply_public'), 200, 'handed in');
  expect(await clerk.page(`/r/application/${draft}/fill`), 403, 'then it is closed');
});
