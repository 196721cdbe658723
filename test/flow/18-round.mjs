// Story 18: the one page a round is run from, from the call to the rewards; and who is inspected afterwards, drawn by lot.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { assert, brand, expect, test } from './lib.mjs';
import { made, Own, state, until } from './own.mjs';

let own, world;
const act = async (login, type, id, action, fields, status = 200) =>
  expect(await (await own.as(login)).act(type, id, action, fields), status, `${action} by ${login}`).json;
const overview = async (login, type = 'batch', id = world.batch.id) => expect(await (await own.as(login)).get(`/round/${type}/${id}`), 200, 'round').json;
const row = (page, code) => page.rows.find((r) => r.code === code);
const cell = (r, label) => r.cells.find((c) => c.label === label).n;
const box = (page, type) => page.boxes.find((b) => b.type === type);
const raw = (v) => v?.value ?? v;

async function entry(n) {
  const b = await made(await own.as('clerk'), 'brand', { ...brand(), owner_kind: 'enterprise', lead_name: '测试企业', account: 'firm' });
  await act('clerk', 'brand', b.id, 'submit');
  await act('city', 'brand', b.id, 'pass');
  await act('officer', 'brand', b.id, 'confirm');
  const who = await own.as('clerk');
  for (const [period, workers] of [['2024', 300], ['2025', 320 + n]]) {
    await made(who, 'brand_figures', { brand: b.id, period, workers, trained: 100, employed_after: 80, certified: 150, output: 10, poor: 5, source: '测试用' });
  }
  await made(who, 'plan', { title: `${b.title}规划`, brand: b.id, approach: '测试用', from_date: '2025-01-01', to_date: '2028-12-31' });
  const a = await made(await own.as('firm'), 'application', { title: b.title, batch: world.batch.id, brand: b.id, city: '150500', applicant_name: '测试企业',
    uscc: '91350100M000100Y43', contact: '联系人', phone: '13800002046', scale_text: '测试用', skill_text: '测试用', fame_text: '测试用', manage_text: '测试用',
    no_arrears: true, social_paid: true, no_violation: true, truthful: true });
  return { ...a, brand: b };
}

test('a call: the page shows dates with working days, places by city, and what is missing before the next step', async () => {
  own = await new Own('pack/neimenggu', '2026-11-23').start();
  for (const [login, org, role] of [['clerk', '150430', 'county_clerk'], ['firm', '150430', 'enterprise'], ['city', '150400', 'city_reviewer'], ['city2', '150500', 'city_reviewer'],
    ['officer', '150000', 'region_officer'], ['officer2', '150000', 'region_officer'], ['head', '150000', 'region_leader'], ['guard', '150000', 'supervisor']]) {
    own.user(login, `测试${login}`, org, role);
  }
  const officer = await own.as('officer');
  const standard = await made(officer, 'standard', { title: '测试评审办法', kind: 'rule', version: '第1版', valid_from: '2026-01-01', summary: '测试用', source: '样例' });
  await act('officer2', 'standard', standard.id, 'publish');
  world = {};
  world.batch = await made(officer, 'batch', { title: '测试认定批次', kind: 'region', standard: standard.id, rubric: 'recognition_sample', honour_name: '测试称号',
    honour_level: 'region', honour_issuer: 'region_office', figures_period: '2025', prev_period: '2024', apply_from: '2026-11-23', apply_to: '2026-12-04', review_to: '2027-01-29',
    notice_days: 5, notice_unit: 'calendar', cert_until: '2029-12-31', conditions: '测试用', materials: '测试用', quotas: [{ city: '150400', places: 2 }, { city: '150500', places: 1 }] });
  assert.deepEqual((await overview('officer')).actions.map((a) => [a.id, a.can]), [['call', true]]);
  await act('officer', 'batch', world.batch.id, 'call');
  const page = await overview('officer');
  assert.equal(raw(page.state), 'open');
  assert.deepEqual(page.steps.filter((s) => s.cur).map((s) => s.label), ['申报中']);
  const until_ = page.calendar.find((c) => c.label === '申报截止');
  assert.deepEqual([until_.on, until_.left, until_.coming], ['2026-12-04', '还剩 9 个工作日', false], 'the day itself counts');
  assert.deepEqual(page.rows.map((r) => [r.code, r.places]), [['150400', 2], ['150500', 1]]);
  assert.deepEqual(page.actions.map((a) => [a.id, a.by_program, a.why]), [['close_call', true, '到日子由系统自动办理']]);
  const rounds = expect(await officer.get('/rounds'), 200, 'rounds').json.rounds;
  assert.deepEqual(rounds.map((r) => [r.title, r.entries, r.next_label]), [['测试认定批次', 0, '申报开始']]);
});

test('the city follows from the office, the account from who writes; nobody can set them otherwise', async () => {
  world.entries = [await entry(1), await entry(2)];
  const firm = await own.as('firm');
  const a = expect(await firm.get(`/r/application/${world.entries[0].id}`), 200, 'entry').json;
  assert.deepEqual([raw(a.values.city), raw(a.values.account)], ['150400', 'firm'], 'not the 150500 that was sent');
});

test('counts by city move with the entries; each sees its own city only, and who has no business there nothing', async () => {
  for (const e of world.entries) await act('firm', 'application', e.id, 'apply');
  let page = await overview('officer');
  assert.deepEqual([cell(row(page, '150400'), '旗县审核'), cell(row(page, '150500'), '全部'), cell(page.total, '全部')], [2, 0, 2]);
  await act('clerk', 'application', world.entries[0].id, 'recommend_county');
  await act('city', 'application', world.entries[0].id, 'recommend_city');
  page = await overview('city');
  assert.deepEqual(page.rows.map((r) => [r.code, cell(r, '旗县审核'), cell(r, '自治区审查')]), [['150400', 1, 1]]);
  assert.deepEqual([(await overview('city2')).rows.map((r) => r.code), cell((await overview('city2')).total, '全部')], [['150500'], 0]);
  for (const login of ['clerk', 'firm']) expect(await (await own.as(login)).get(`/round/batch/${world.batch.id}`), 403, login);
  expect(await own.web.get(`/round/batch/${world.batch.id}`), 401, 'nobody');
  expect(await (await own.as('officer')).get(`/round/brand/${world.entries[0].brand.id}`), 404, 'not a round');
  assert.equal(box(await overview('city'), 'reward').total, 0);
});

test('without scripts: the page of a round is linked from its record and shows why the next step cannot be taken', async () => {
  const officer = await own.as('officer');
  const record = expect(await officer.page(`/r/batch/${world.batch.id}`), 200, 'record').text;
  assert.match(record, new RegExp(`href="/round/batch/${world.batch.id}"[^>]*>.*?批次总览`, 's'));
  await own.at('2026-12-07');
  await until('the call closes', async () => raw((await overview('officer')).state) === 'reviewing');
  const page = await overview('officer'), go = page.actions.find((a) => a.id === 'deliberate');
  assert.deepEqual([go.can, go.checks.filter((c) => c.bad).map((c) => c.text)], [false, ['没有还在逐级推荐的申报', '有可以研究的申报']]);
  const text = expect(await (await own.as('officer')).page(`/round/batch/${world.batch.id}`), 200, 'html').text;
  assert.match(text, /还差 2 个条件/);
  assert.match(text, /没有还在逐级推荐的申报/);
  assert.match(text, /href="\/r\/panel\/new\?round=\d+"/);
});

test('proposed names are nobody’s business until the notice opens; the days of the notice are calendar days', async () => {
  await act('clerk', 'application', world.entries[1].id, 'reject', { reason: '不符合申报条件' });
  const [first] = world.entries;
  await act('officer', 'application', first.id, 'fast_track', { reason: '测试：须尽快认定' });
  await act('head', 'application', first.id, 'fast_track', { reason: '测试：须尽快认定' });
  await act('officer', 'batch', world.batch.id, 'deliberate');
  const meeting = await made(await own.as('officer'), 'meeting', { title: '评审会议', batch: world.batch.id, held_on: '2026-12-07', minutes: '测试用', members: [{ name: '与会者', votes: true }] });
  await act('officer2', 'meeting', meeting.id, 'confirm');
  await act('officer2', 'application', first.id, 'propose', { n_for: 5, n_against: 0, n_abstain: 1 });
  assert.equal(await state(await own.as('officer'), 'application', first.id), 'shortlisted');
  expect(await own.web.get(`/r/application/${first.id}`), 404, 'not public yet');
  world.notice = await made(await own.as('officer'), 'public_notice', { title: '测试公示', batch: world.batch.id, text: '测试用', contact_office: '测试处室', contact_phone: '0471-0000000' });
  await act('officer2', 'public_notice', world.notice.id, 'open');
  assert.equal(await state(await own.as('officer'), 'application', first.id), 'proposed');
  expect(await own.web.get(`/r/application/${first.id}`), 200, 'public now');
  const page = await overview('officer');
  assert.equal(raw(page.state), 'noticed');
  assert.deepEqual(page.calendar.filter((c) => /公示/.test(c.label)).map((c) => c.on), ['2026-12-07', '2026-12-12'], 'Saturday: calendar days');
  const text = (await (await own.as('officer')).page(`/round/batch/${world.batch.id}`)).text;
  assert.match(text, /等公示期满/);
});

test('what an objector sent in stays as it was sent; the page counts objections through their notice', async () => {
  const sent = expect(await own.web.ask('POST', `/f/objection?about=${world.notice.id}`, { headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ about: world.notice.id, title: '对名单有异议', kind: 'fact', text: '测试用的异议内容' }) }), 201, 'objection').json;
  const officer = await own.as('officer');
  const list = expect(await officer.get('/r/objection'), 200, 'objections').json.items;
  assert.equal(list.length, 1, JSON.stringify(sent));
  const id = list[0].id, now = await officer.get(`/r/objection/${id}`);
  const changed = await officer.send('PATCH', `/r/objection/${id}`, { text: '改掉' }, { 'if-match': now.headers.get('etag') });
  assert.ok(changed.status >= 400, `an officer changed it: ${changed.status}`);
  assert.deepEqual(box(await overview('officer'), 'objection').counts.map((c) => [raw(c.state), c.n]), [['received', 1]]);
  await act('officer', 'objection', id, 'take', {});
  await act('head', 'objection', id, 'uphold', { say: '测试' }, 409);
  await act('officer', 'objection', id, 'point', { which: world.entries[0].id });
  await act('officer', 'objection', id, 'refuse', { say: '经核查，不成立' });
  assert.deepEqual(box(await overview('officer'), 'objection').counts.map((c) => raw(c.state)), ['answered']);
});

test('decision, certificate and reward stand on the page; an amount that no rule knows stays empty, one by head keeps to its cap', async () => {
  await own.at('2026-12-14');
  await until('the notice is over', async () => (await state(await own.as('officer'), 'public_notice', world.notice.id)) === 'cleared');
  const d = await made(await own.as('officer'), 'decision', { title: '测试认定决定', batch: world.batch.id, doc_no: '测人社发〔2026〕1号', text: '测试用' });
  await act('head', 'decision', d.id, 'issue');
  const page = await overview('officer');
  assert.equal(raw(page.state), 'decided');
  assert.deepEqual(['certificate', 'reward', 'decision'].map((t) => box(page, t).total), [1, 1, 1]);
  assert.equal(cell(row(page, '150400'), '已认定'), 1);
  const reward = box(page, 'reward').rows[0].id;
  const read = async () => { const r = expect(await (await own.as('officer')).get(`/r/reward/${reward}`), 200, 'reward').json; return r.values; };
  assert.equal(raw((await read()).amount) ?? null, null, 'no published amount');
  await act('head', 'reward', reward, 'approve', {}, 409);
  await act('officer', 'reward', reward, 'by_head', { each: '10.00', most: '' });
  assert.equal(Number(raw((await read()).amount)), 321 * 1000, '321 heads at 10 yuan, in fen');
  await act('officer', 'reward', reward, 'by_head', { each: '10.00', most: '2000.00' });
  assert.equal(Number(raw((await read()).amount)), 200000, 'the cap');
  world.certificate = box(page, 'certificate').rows[0].id;
});

test('the yearly re-evaluation has the same page', async () => {
  const round = await made(await own.as('officer'), 'review_round', { title: '测试复评', level: 'region', year: 2026, period: '2026', prev_period: '2025', due: '2027-03-31' });
  await act('officer', 'review_round', round.id, 'open');
  const page = await overview('officer', 'review_round', round.id);
  assert.deepEqual(page.rows.map((r) => [r.code, cell(r, '待报告')]), [['150400', 1]]);
  assert.deepEqual([box(page, 'review').total, page.actions.map((a) => [a.id, a.can])], [1, [['close', false]]]);
  const rounds = expect(await (await own.as('officer')).get('/rounds'), 200, 'rounds').json.rounds;
  assert.deepEqual(rounds.map((r) => [r.title, r.entries]).sort(), [['测试复评', 1], ['测试认定批次', 2]].sort());
});

test('whom to inspect is drawn by lot: commitment first, nothing that warns anybody before the visits, then anyone repeats the draw', async () => {
  const officer = await own.as('officer');
  const step = async (login, what, fields = {}) => {
    const who = await own.as(login), now = await who.get(`/lot/inspection_draw/${world.lots.id}`);
    return who.form(`/lot/inspection_draw/${world.lots.id}/${what}`, { rev: now.json?.rev ?? 1, ...fields });
  };
  const open = (tail = '') => own.web.get(`/lottery/inspection_draw/${world.lots.id}${tail}`);
  world.lots = await made(officer, 'inspection_draw', { title: '测试核查抽签', size: 2, planned_on: '2026-12-21' });
  expect(await open(), 404, 'nothing is public yet');
  expect(await step('officer', 'commit'), 409, 'more than there are');
  const now = await officer.get(`/r/inspection_draw/${world.lots.id}`);
  expect(await officer.send('PATCH', `/r/inspection_draw/${world.lots.id}`, { size: 1 }, { 'if-match': now.headers.get('etag') }), 200, 'fewer');
  for (const login of ['city', 'guard', 'head', 'firm']) assert.ok((await step(login, 'commit')).status >= 403, login);
  expect(await officer.act('inspection_draw', world.lots.id, 'commit', { commitment: 'x', sealed_seed: 'x', list_hash: 'x' }), 409, 'by hand');
  expect(await step('officer', 'draw'), 409, 'not before the commitment');
  expect(await step('officer', 'commit'), 303, 'commit');
  const promised = expect(await open(), 200, 'public').json;
  assert.match(promised.commitment, /^[0-9a-f]{64}$/);
  assert.deepEqual([promised.candidates.length, promised.order, promised.seed], [1, [], '']);
  expect(await step('officer', 'draw', { word: '坏|口令' }), 422, 'a word with the separator');
  expect(await step('officer', 'draw', { word: '见证' }), 303, 'draw');
  expect(await step('officer', 'draw', { word: '再抽' }), 409, 'only once');
  const list = expect(await officer.get(`/r/inspection?draw=${world.lots.id}`), 200, 'inspections').json.items;
  assert.equal(list.length, 1);
  const silent = expect(await open(), 200, 'public after the draw').json;
  assert.deepEqual([silent.drawn, silent.revealed, silent.seed, silent.word, silent.order], [true, false, '', '', []]);
  expect(await open('/input'), 404, 'no seed either');
  assert.doesNotMatch((await own.web.page(`/r/inspection_draw/${world.lots.id}`)).text, /见证/);
  expect(await (await own.as('firm')).get(`/r/inspection/${list[0].id}`), 404, 'whoever is inspected is not warned');
  await act('officer', 'inspection_draw', world.lots.id, 'reveal', {}, 409);
});

test('the contradictory stage: findings, a statement, then a conclusion; and the same is not drawn again soon', async () => {
  const officer = await own.as('officer');
  const { id } = (await officer.get(`/r/inspection?draw=${world.lots.id}`)).json.items[0];
  const now = await officer.get(`/r/inspection/${id}`);
  expect(await officer.send('PATCH', `/r/inspection/${id}`, { inspectors: [{ name: '甲' }, { name: '乙' }] }, { 'if-match': now.headers.get('etag') }), 200, 'inspectors');
  await act('officer', 'inspection', id, 'visit', { on_day: '2026-12-14', found: '测试用' });
  await act('officer2', 'inspection', id, 'pass', { answer: '测试' }, 409);
  await act('firm', 'inspection', id, 'state_case', { say: '情况属实' });
  await act('officer2', 'inspection', id, 'pass', { answer: '采纳' });
  await act('officer', 'inspection_draw', world.lots.id, 'reveal');
  const shown = expect(await own.web.get(`/lottery/inspection_draw/${world.lots.id}`), 200, 'revealed').json;
  assert.equal(createHash('sha256').update(shown.seed).digest('hex'), shown.commitment);
  const input = expect(await own.web.get(`/lottery/inspection_draw/${world.lots.id}/input`), 200, 'input').text;
  assert.deepEqual(execFileSync('node', ['test/draw.mjs'], { input }).toString().trim().split('\n'), shown.order.filter((o) => o.drawn).map((o) => o.key));
  const again = await made(officer, 'inspection_draw', { title: '再抽一次', size: 1, planned_on: '2026-12-28' });
  const page = expect(await officer.get(`/lot/inspection_draw/${again.id}`), 200, 'again').json;
  assert.deepEqual([page.fit, page.exclusions.map((x) => x.reasons)], [0, [['近期已经现场核查过（样例参数）']]]);
});

test('the server of this story ends', async () => { await own.end(); });
