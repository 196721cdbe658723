// Story 12: experts - drawn by lot so that anyone can repeat it, recused, scoring blind on sealed sheets; every point of the result traced.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { as, assert, expect, newBrand, Person, test, tryLogin, web } from './lib.mjs';

const day = (n = 0) => new Date(Date.now() + 8 * 3600e3 + n * 86400e3).toISOString().slice(0, 10);
const made = async (who, type, doc) => expect(await who.send('POST', `/r/${type}`, doc), 201, `creating ${type}`).json;
const EXPERTS = 8, SIZE = 5;
let world;

/** A person who signed in and changed the password given by the administrator. */
async function expertUser(login) {
  const word = "erste-loesung-77", own = "zweite-loesung-88";
  const users = await as('admin');
  expect(await users.form('/users', { login, name: `专家${login}`, org: '150000', roles: 'expert', password: word }), 303, 'adding a user');
  const p = new Person();
  expect(await tryLogin(p, login, word), 303, 'first sign-in');
  p.csrf = /name="csrf" value="([^"]+)"/.exec((await p.page('/account')).text)[1];
  expect(await p.form('/account/password', { old: word, password: own, again: own }), 303, 'own password');
  p.csrf = /name="csrf" value="([^"]+)"/.exec((await p.page('/account')).text)[1];
  return p;
}

async function entry(batch, workers) {
  const clerk = await as('aohan'), city = await as('chifeng'), region = await as('region');
  const b = await newBrand(clerk);
  expect(await clerk.act('brand', b.id, 'submit'), 200, 'submit');
  expect(await city.act('brand', b.id, 'pass'), 200, 'pass');
  expect(await region.act('brand', b.id, 'confirm'), 200, 'confirm');
  for (const [period, n] of [['2023', workers], ['2024', Math.round(workers * 1.1)]]) {
    await made(clerk, 'brand_figures', { brand: b.id, period, workers: n, trained: 100, employed_after: 80, certified: Math.round(n / 2), output: 10, poor: 5, source: '测试用' });
  }
  await made(clerk, 'plan', { title: `${b.title}规划`, brand: b.id, approach: '测试用', from_date: '2024-01-01', to_date: '2027-12-31' });
  const a = await made(clerk, 'application', { title: b.title, batch: batch.id, brand: b.id, city: '150400', applicant_name: '敖汉旗人社局', uscc: '91350100M000100Y43',
    lead_unit: `${b.title}合作社`, contact: '保密联系人', phone: '13800002046', scale_text: '测试用', skill_text: '测试用', fame_text: '测试用', manage_text: '测试用',
    no_arrears: true, social_paid: true, no_violation: true, truthful: true });
  expect(await clerk.act('application', a.id, 'apply_public'), 200, 'apply');
  expect(await city.act('application', a.id, 'recommend_city'), 200, 'recommend');
  expect(await region.act('application', a.id, 'accept'), 200, 'accept');
  return { ...a, brand: b };
}

async function panelOf(title, over = {}) {
  return made(await as('region'), 'panel', { title, round: world.batch.id, size: SIZE, substitutes: 2, per_city: 0, city_rule: 'none', closes: day(7), ...over });
}
/** A step on the panel's own page, as its form sends it. */
async function step(who, panel, what, fields = {}) {
  const now = expect(await who.get(`/panel/panel/${panel.id}`), 200, 'panel').json;
  return who.form(`/panel/panel/${panel.id}/${what}`, { rev: now.rev, ...fields });
}
const sheets = async (who) => expect(await who.get('/score'), 200, 'own sheets').json.sheets;
const marks = (list, n) => Object.fromEntries(list.flatMap((c) => [[`points.${c.id}`, String(Math.max(0, Number(c.max) - n))], [`reason.${c.id}`, '材料齐全，评分有据']]));
async function save(who, sheet, fields) {
  const now = expect(await who.get(`/score/${sheet.id}`), 200, 'sheet').json;
  return who.send('POST', `/score/${sheet.id}`, fields, { 'if-match': `"${now.rev}"` });
}
const declare = async (who, sheet, fields) => who.form(`/score/${sheet.id}/declare`, { rev: (await who.get(`/score/${sheet.id}`)).json.rev, ...fields });

test('a batch with two entries under review, and a pool of experts', async () => {
  const region = await as('region'), second = await as('region2');
  const standard = await made(region, 'standard', { title: `评审办法${Date.now()}`, kind: 'rule', version: '第1版', valid_from: '2024-01-01', summary: '测试用', source: '样例' });
  expect(await second.act('standard', standard.id, 'publish'), 200, 'publish');
  const batch = await made(region, 'batch', { title: `评审批次${Date.now()}`, kind: 'region', standard: standard.id, rubric: 'recognition_sample', honour_name: '测试称号',
    honour_level: 'region', honour_issuer: 'region_office', figures_period: '2024', prev_period: '2023', apply_from: day(), apply_to: day(10), review_to: day(30),
    notice_days: 5, cert_until: day(1000), conditions: '测试用', materials: '测试用' });
  expect(await region.act('batch', batch.id, 'call'), 200, 'call');
  for (const e of expect(await region.get('/r/expert'), 200, 'the pool of the demonstration').json.items) {
    if (e.state !== 'suspended') expect(await region.act('expert', e.id, 'suspend', { reason: '测试用' }), 200, 'suspend');
  }
  world = { batch, people: new Map() };
  world.entries = [await entry(batch, 400), await entry(batch, 1200)];
  for (let i = 0; i < EXPERTS; i++) {
    const login = `pingwei${i}`;
    world.people.set(login, await expertUser(login));
    const doc = { name: `评审专家${i}（演示）`, unit: '测试大学', region: '150100', account: login, valid_from: '2024-01-01' };
    if (i === 0) doc.unit = `${world.entries[0].brand.title}合作社`;
    if (i === 1) doc.relations = [{ subject: world.entries[1].brand.id, relation: '亲属在该品牌任职' }];
    await made(region, 'expert', doc);
  }
});

test('the list of the panel says in words who may not be drawn, and only the office that runs it takes steps', async () => {
  const region = await as('region');
  world.panel = await panelOf('第一评审组');
  const page = expect(await region.get(`/panel/panel/${world.panel.id}`), 200, 'panel').json;
  const out = page.candidates.filter((c) => !c.fit);
  assert.deepEqual([page.fit, page.n_entries], [EXPERTS - 2, 2]);
  assert.match(out.map((c) => c.reasons.join()).join('|'), /申报或引领单位.*\|.*亲属在该品牌任职/);
  expect(await web.page(`/draw/panel/${world.panel.id}`), 404, 'nothing is public yet');
  for (const [login, status] of [['chifeng', 404], ['auditor', 403]]) {
    const who = await as(login);
    assert.equal((await who.form(`/panel/panel/${world.panel.id}/commit`, { rev: 1 })).status >= 403, true, `${login} ${status}`);
  }
  const direct = await region.act('panel', world.panel.id, 'commit', { commitment: 'x', sealed_seed: 'x', list_hash: 'x', rubric_hash: 'x' });
  assert.ok(direct.status >= 400, 'the step belongs to the program');
});

test('commitment first, seed afterwards; an independent script draws the same', async () => {
  const region = await as('region');
  expect(await step(region, world.panel, 'commit'), 303, 'commit');
  const promised = expect(await web.json(`/draw/panel/${world.panel.id}`), 200, 'public').json;
  assert.match(promised.commitment, /^[0-9a-f]{64}$/);
  assert.deepEqual([promised.seed, promised.drawn, promised.candidates.length], ['', false, EXPERTS - 2]);
  assert.doesNotMatch((await region.page(`/r/panel/${world.panel.id}`)).text, /封存的种子/);
  expect(await step(region, world.panel, 'draw', { word: '坏|口令' }), 422, 'a word with the separator');
  expect(await step(region, world.panel, 'draw', { word: '见证' }), 303, 'draw');
  expect(await step(region, world.panel, 'draw', { word: '再抽' }), 409, 'only once');
  const drawn = expect(await web.json(`/draw/panel/${world.panel.id}`), 200, 'public').json;
  assert.equal(createHash('sha256').update(drawn.seed).digest('hex'), promised.commitment);
  const input = expect(await web.json(`/draw/panel/${world.panel.id}/input`), 200, 'input').text;
  const again = execFileSync('node', ['test/draw.mjs'], { input }).toString().trim().split('\n');
  assert.deepEqual(again, drawn.order.filter((o) => o.drawn).map((o) => o.key));
  const log = JSON.stringify((await web.json('/log')).json);
  assert.ok(log.includes('lot-commitment') && log.includes('lot-draw'), 'both stand in the public log');
  assert.ok(drawn.order.every((o) => o.name === ''), 'names only after the close');
  const text = expect(await web.page(`/draw/panel/${world.panel.id}`), 200, 'page').text;
  assert.doesNotMatch(text, /评审专家\d/);
});

test('a sheet is its judge’s alone, shows no contact, and asks for the declaration first', async () => {
  world.drawn = [];
  for (const [login, who] of world.people) if ((await sheets(who)).length !== 0) world.drawn.push(login);
  assert.equal(world.drawn.length, SIZE);
  const me = world.people.get(world.drawn[0]), other = world.people.get(world.drawn[1]);
  const [sheet] = await sheets(me);
  assert.deepEqual((await me.get(`/score/${sheet.id}`)).json.criteria, [], 'nothing before the declaration');
  for (const who of [other, await as('region'), await as('auditor')]) {
    assert.equal((await who.get(`/score/${sheet.id}`)).status, 404);
    assert.equal((await who.get(`/r/score_sheet/${sheet.id}`)).status, 404);
  }
  assert.equal((await as('region').then((r) => r.get('/r/score_sheet?panel=' + world.panel.id))).json.total, 0);
  assert.ok((await save(me, sheet, { 'points.skill': '5' })).status >= 400, 'undeclared');
  expect(await declare(me, sheet, { conflict: '0' }), 303, 'declared');
  const page = expect(await me.page(`/score/${sheet.id}`), 200, 'sheet page').text;
  assert.doesNotMatch(page, /保密联系人|13800002046/);
  assert.match(page, /系统计算的部分/);
});

test('points outside the range, a lost revision, another’s sheet and an unfinished one are refused', async () => {
  const me = world.people.get(world.drawn[0]), other = world.people.get(world.drawn[1]);
  const [sheet] = await sheets(me);
  const now = (await me.get(`/score/${sheet.id}`)).json, c = now.criteria[0];
  for (const bad of [String(Number(c.max) + 0.01), '-1', '8.001', '八分', '1e1']) {
    const a = expect(await save(me, sheet, { [`points.${c.id}`]: bad }), 422, bad);
    assert.equal(a.json.errors[0].field, `points.${c.id}`, a.text);
  }
  expect(await save(me, sheet, { [`points.${c.id}`]: c.max }), 200, 'a good one');
  expect(await me.send('POST', `/score/${sheet.id}`, { [`points.${c.id}`]: '1' }, { 'if-match': `"${now.rev}"` }), 412, 'old revision');
  assert.equal((await other.send('POST', `/score/${sheet.id}`, { [`points.${c.id}`]: '1' }, { 'if-match': `"${now.rev}"` })).status, 404);
  assert.ok((await save(me, sheet, { do: 'submit' })).json.errors.length >= now.criteria.length, 'incomplete');
  const raw = await me.send('PATCH', `/r/score_sheet/${sheet.id}`, { marks: [{ criterion: c.id, points: '99' }] }, { 'if-match': (await me.get(`/r/score_sheet/${sheet.id}`)).headers.get('etag') });
  assert.ok(raw.status >= 400, `round the workbench: ${raw.status}`);
});

test('who steps back is replaced by the next substitute', async () => {
  const me = world.people.get(world.drawn[1]);
  const [sheet] = await sheets(me);
  const before = (await (await as('region')).get(`/panel/panel/${world.panel.id}`)).json.progress.entries.map((e) => e.total);
  expect(await declare(me, sheet, { conflict: '1', text: '' }), 422, 'no reason');
  expect(await declare(me, sheet, { conflict: '1', text: '我的学生' }), 303, 'recused');
  const after = (await (await as('region')).get(`/panel/panel/${world.panel.id}`)).json.progress.entries.map((e) => e.total);
  assert.deepEqual(after, before, 'as many sheets as before');
  const left = expect(await me.get(`/score/${sheet.id}`), 200, 'the sheet as it is left').json;
  assert.deepEqual([left.marking, left.shown], [false, false]);
  assert.deepEqual([left.sections, left.files, left.auto, left.criteria], [[], [], [], []], 'what the entry says is not theirs to know');
});

test('sealed until the close: only how many are in; then ranks with every point traced', async () => {
  const region = await as('region');
  let k = 0;
  for (const who of world.people.values()) {
    for (const sheet of (await sheets(who)).filter((s) => s.open)) {
      if (sheet.new) expect(await declare(who, sheet, { conflict: '0' }), 303, 'declared');
      const list = (await who.get(`/score/${sheet.id}`)).json.criteria;
      const a = await save(who, sheet, { ...marks(list, k++ % 3), comment: '测试意见', do: 'submit' });
      assert.ok(a.status < 400, a.text);
      assert.ok((await save(who, sheet, marks(list, 1))).status >= 400, 'no change after handing in');
      if (k === 1) expect(await step(region, world.panel, 'close'), 409, 'sheets are missing');
    }
  }
  const progress = (await region.get(`/panel/panel/${world.panel.id}`)).json.progress;
  assert.equal(progress.waiting, 0);
  expect(await step(region, world.panel, 'close'), 303, 'close');
  const ranking = expect(await region.get(`/ranking/batch/${world.batch.id}`), 200, 'ranking').json;
  assert.deepEqual(ranking.rows.map((r) => r.rank).sort(), [1, 2]);
  for (const row of ranking.rows) {
    const c = expect(await region.get(row.href), 200, 'computation').json;
    assert.equal(c.by_program, c.program.reduce((n, p) => n + p.points, 0));
    for (const s of c.sheets) assert.equal(s.sum, s.marks.reduce((n, m) => n + m.points, 0));
    const kept = c.sheets.map((s) => s.sum).sort((a, b) => a - b).slice(1, -1);
    assert.equal(c.by_persons, Math.floor(kept.reduce((a, b) => a + b, 0) / kept.length + 0.5));
    assert.equal(c.result, c.by_program + c.by_persons);
    assert.ok(c.sheets.every((s) => s.name !== ''), 'the region knows who');
    const seen = (await region.get(`/r/application/${row.id}`)).json;
    assert.equal(seen.state?.value ?? seen.state, 'scored');
    expect(await region.page(row.href), 200, 'page');
  }
  const city = expect(await (await as('chifeng')).get(ranking.rows[0].href), 200, 'the city sees it').json;
  assert.ok(city.sheets.every((s) => s.name === ''), 'without names');
  assert.equal((await as('aohan').then((p) => p.get(`/ranking/batch/${world.batch.id}`))).status, 403);
  assert.match((await web.page(`/draw/panel/${world.panel.id}`)).text, /评审专家\d/, 'names after the close');
  expect(await region.page(`/panel/panel/${world.panel.id}`), 200, 'panel page');
  expect(await region.page(`/ranking/batch/${world.batch.id}`), 200, 'ranking page');
  assert.match(expect(await region.page('/panels'), 200, 'panels').text, /第一评审组/);
  expect(await world.people.get(world.drawn[0]).page('/panels'), 403, 'not for judges');
  const me = world.people.get(world.drawn[0]);
  expect(await me.page('/score'), 200, 'bench page');
});

test('who applied sees no points, no rank and no computation before the decision, and cannot guess them by filters or order', async () => {
  const region = await as('region'), clerk = await as('aohan'), row = (await region.get(`/ranking/batch/${world.batch.id}`)).json.rows[0];
  const seen = async (who) => expect(await who.get(`/r/application/${row.id}`), 200, 'entry').json;
  const officer = await seen(region), applicant = await seen(clerk);
  assert.ok(Number(officer.values.score) > 0 && officer.values.rank >= 1, 'the region sees both');
  assert.deepEqual([applicant.values.score ?? null, applicant.values.rank ?? null, applicant.values.score_note ?? null], [null, null, null]);
  assert.ok(officer.snapshots.some((s) => s.name === 'computation') && !applicant.snapshots.some((s) => s.name === 'computation'));
  for (const s of officer.snapshots.filter((x) => x.name === 'computation')) assert.equal((await clerk.get(`/r/application/${row.id}/snapshots/${s.n}`)).status, 404);
  const history = expect(await clerk.get(`/r/application/${row.id}/history`), 200, 'history').json.events;
  assert.ok(!history.flatMap((e) => e.changes).some((c) => ['score', 'rank', 'score_note'].includes(c.field)));
  assert.ok((await region.get(`/r/application?batch=${world.batch.id}&order=rank`)).json.items.length > 0);
  for (const q of ['score.gte=1', 'rank=1', 'order=rank', 'order=-score']) {
    const a = await clerk.get(`/r/application?batch=${world.batch.id}&${q}`);
    assert.ok((a.status >= 400 && a.status < 500) || a.json.items.length === 0, `${q}: ${a.status}`);
  }
});

test('the script of the draw is the one the page names', () => {
  assert.match(readFileSync('test/draw.mjs', 'utf8'), /\$\{seed\}\|\$\{word\}\|\$\{purpose\}\|\$\{c\.key\}/);
});
