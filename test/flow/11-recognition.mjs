// Story 11: recognition from the call to the removal - one batch, all its people, on a server of its own whose days the story sets.
import { assert, brand, expect, test } from './lib.mjs';
import { made, Own, state, unmet, until } from './own.mjs';

const ENTERPRISE_CODE = '91350100M000100Y43';
let own, w;
const as = (login) => own.as(login);
const act = async (login, type, id, action, fields) => (await as(login)).act(type, id, action, fields);
const ok = async (login, type, id, action, fields) => expect(await act(login, type, id, action, fields), 200, `${login} ${action}`);
const no = async (login, type, id, action, fields) => {
  const a = await act(login, type, id, action, fields);
  assert.ok(a.status === 409 || a.status === 403 || a.status === 422, `${login} ${action} gave ${a.status}: ${a.text.slice(0, 300)}`);
  return a;
};
const is = async (type, id, want) => assert.equal(await state(await as('region'), type, id), want, `${type}`);
const show = async (login, type, id) => expect(await (await as(login)).get(`/r/${type}/${id}`), 200, type).json;
const all = async (type, query = '') => expect(await (await as('region')).get(`/r/${type}?size=100${query}`), 200, type).json.items;

/** A brand in the ledger, with figures of two years and, unless left out, a plan. */
async function ledger(clerk, over, { plan = true, workers = 400 } = {}) {
  const who = await as(clerk);
  const doc = brand(over);
  const b = { ...await made(who, 'brand', doc), name: doc.name };
  await ok(clerk, 'brand', b.id, 'submit');
  await ok('city', 'brand', b.id, 'pass');
  await ok('region', 'brand', b.id, 'confirm');
  b.figures = [];
  for (const [period, n] of [['2024', workers], ['2025', Math.round(workers * 1.1)]]) {
    b.figures.push(await made(who, 'brand_figures', { brand: b.id, period, workers: n, trained: 100, employed_after: 80, certified: Math.round(n / 2), output: 40, poor: 5, source: '测试用' }));
  }
  if (plan) await made(who, 'plan', { title: `${b.name}规划`, brand: b.id, approach: '测试用', from_date: '2025-01-01', to_date: '2028-12-31' });
  return b;
}
const form = (b, over = {}) => ({ title: b.name, batch: w.batch.id, brand: b.id, applicant_name: '测试单位', uscc: ENTERPRISE_CODE, contact: '保密联系人', phone: '13800002046',
  scale_text: '测试用', skill_text: '测试用', fame_text: '测试用', manage_text: '测试用', no_arrears: true, social_paid: true, no_violation: true, truthful: true, ...over });
/** A public brand applied for by its county, lying at the city. */
async function atCity(clerk, over, workers) {
  const b = await ledger(clerk, over, { workers });
  const a = await made(await as(clerk), 'application', form(b, { lead_unit: `${b.name}合作社` }));
  await ok(clerk, 'application', a.id, 'apply_public');
  return { ...a, brand: b, name: b.name };
}

test('people, a standard and a call: only what is ready is published, and what is published does not change', async () => {
  own = await new Own('pack/neimenggu', '2026-03-02').start();
  for (const [login, name, org, role] of [['region', '业务员', '150000', 'region_officer'], ['region2', '复核员', '150000', 'region_officer'], ['leader', '负责人', '150000', 'region_leader'],
    ['publisher', '发布员', '150000', 'region_publisher'], ['overseer', '监督员', '150000', 'supervisor'], ['city', '盟市审核', '150400', 'city_reviewer'], ['city2', '盟市审核二', '150400', 'city_reviewer'],
    ['clerk', '敖汉经办', '150430', 'county_clerk'], ['clerkb', '敖汉经办二', '150430', 'county_clerk'], ['clerk2', '宁城经办', '150429', 'county_clerk'], ['firm', '企业经办', '150430', 'enterprise'], ['firm2', '另一家企业', '150430', 'enterprise']]) own.user(login, name, org, role);
  const region = await as('region');
  const standard = await made(region, 'standard', { title: '认定办法', kind: 'rule', version: '第1版', valid_from: '2026-01-01', summary: '测试用', source: '样例' });
  w = {};
  w.batch = await made(region, 'batch', { title: '测试批次', kind: 'region', standard: standard.id, rubric: 'recognition_sample', honour_name: '测试称号', honour_level: 'region', honour_issuer: 'region_office',
    figures_period: '2025', prev_period: '2024', apply_from: '2026-03-03', apply_to: '2026-03-20', review_to: '2026-05-29', notice_days: 5, cert_until: '2029-12-31', conditions: '测试用', materials: '测试用',
    quotas: [{ city: '150400', places: 3 }] });
  assert.deepEqual(await unmet(region, 'batch', w.batch.id, 'call'), ['依据的办法已经公布']);
  await no('region', 'batch', w.batch.id, 'call');
  await no('region', 'standard', standard.id, 'publish');
  await ok('region2', 'standard', standard.id, 'publish');
  await ok('region', 'batch', w.batch.id, 'call');
  const now = await region.get(`/r/batch/${w.batch.id}`);
  const changed = await region.send('PATCH', `/r/batch/${w.batch.id}`, { conditions: '另外的条件' }, { 'if-match': now.headers.get('etag') });
  assert.ok(changed.status >= 400, 'a call that stands cannot be rewritten');
});

test('who applies sees each condition with its sentence; too early, without a plan, with unpaid wages: refused; sent many times at once: taken once', async () => {
  w.firm = await ledger('clerk', { owner_kind: 'enterprise', lead_name: '测试单位', uscc: ENTERPRISE_CODE, account: 'firm' }, { plan: false });
  const firm = await as('firm');
  const a = w.a = { ...await made(firm, 'application', form(w.firm, { no_arrears: false })), brand: w.firm, name: w.firm.name };
  assert.deepEqual(await unmet(firm, 'application', a.id, 'apply'), ['在申报时间内（补正的在补正期限内）', '有发展规划', '声明没有拖欠工资']);
  await no('firm', 'application', a.id, 'apply');
  await made(await as('clerk'), 'plan', { title: '企业规划', brand: w.firm.id, approach: '测试用', from_date: '2025-01-01', to_date: '2028-12-31' });
  await own.at('2026-03-04');
  const again = await as('firm');
  const now = expect(await again.get(`/r/application/${a.id}`), 200, 'draft');
  expect(await again.send('PATCH', `/r/application/${a.id}`, { no_arrears: true }, { 'if-match': now.headers.get('etag') }), 200, 'corrected');
  assert.deepEqual(await unmet(again, 'application', a.id, 'apply'), []);
  const etag = (await again.get(`/r/application/${a.id}`)).headers.get('etag');
  const many = await Promise.all(Array.from({ length: 6 }, () => again.send('POST', `/r/application/${a.id}/do/apply`, {}, { 'if-match': etag })));
  assert.deepEqual(many.map((x) => x.status).sort((x, y) => x - y), [200, ...Array(5).fill(many.find((x) => x.status !== 200).status)]);
  await is('application', a.id, 'at_county');
  const twice = await again.send('POST', '/r/application', form(w.firm));
  assert.equal(twice.status, 422, `a second one for the same brand gave ${twice.status}`);
  expect(await (await as('firm2')).get(`/r/application/${a.id}`), 404, 'another firm of the county does not see it');
});

test('no level is skipped, nobody passes on what they sent in, and a place of the quota is never given twice', async () => {
  for (const [login, action] of [['city', 'recommend_city'], ['region', 'accept'], ['firm', 'recommend_county'], ['region', 'propose']]) await no(login, 'application', w.a.id, action, { n_for: 1, n_against: 0, n_abstain: 0 });
  await ok('clerk', 'application', w.a.id, 'recommend_county');
  await no('firm', 'application', w.a.id, 'recall', { reason: '填报有误' });
  const theirs = await ledger('clerk', { owner_kind: 'enterprise', lead_name: '第三单位', uscc: ENTERPRISE_CODE });
  const entered = await made(await as('clerk'), 'application', form(theirs));
  await ok('clerk', 'application', entered.id, 'apply');
  assert.match((await no('clerk', 'application', entered.id, 'recommend_county')).text, /另一人/);
  await no('clerk', 'application', entered.id, 'reject', { reason: '不符合申报条件' });
  await ok('clerkb', 'application', entered.id, 'reject', { reason: '不符合申报条件' });
  w.entries = [w.a, await atCity('clerk', {}, 800), await atCity('clerk', {}, 1500), await atCity('clerk2', { name: '宁城甲架线工', county: '150429' }, 300), await atCity('clerk2', { name: '宁城乙架线工', county: '150429' }, 200)];
  await no('clerk', 'application', w.entries[1].id, 'recommend_city');
  const race = await Promise.all(w.entries.flatMap((e) => ['city', 'city2'].map((login) => act(login, 'application', e.id, 'recommend_city'))));
  assert.equal(race.filter((x) => x.status === 200).length, 3, `${race.map((x) => x.status)}`);
  const passed = [];
  for (const e of w.entries) if (await state(await as('region'), 'application', e.id) === 'at_region') passed.push(e);
  assert.equal(passed.length, 3);
  w.in = passed;
  w.out = w.entries.filter((e) => !passed.includes(e));
  assert.ok((await unmet(await as('city'), 'application', w.out[0].id, 'recommend_city')).includes('本盟市的推荐名额还有剩余'));
});

test('returned for correction with what, where and until when; corrected in time it takes the same way again', async () => {
  const e = w.in[0];
  const who = e === w.a ? 'firm' : e.brand.name.startsWith('宁城') ? 'clerk2' : 'clerk';
  await no('region', 'application', e.id, 'return', { concern: 'figure', where_field: '申报说明', until_date: '2026-03-11' });
  await ok('region', 'application', e.id, 'return', { concern: 'figure', where_field: '申报说明', until_date: '2026-03-11', reason: '数据与台账口径不一致，请说明' });
  const back = (await show(who, 'application', e.id)).values;
  assert.deepEqual([back.return_concern, back.return_field, back.return_due], ['figure', '申报说明', '2026-03-11']);
  await own.at('2026-03-12');
  await no(who, 'application', e.id, e === w.a ? 'apply' : 'apply_public');
  await ok('region', 'application', e.id, 'extend_correction', { until_date: '2026-03-13', reason: '材料需要外单位出具，酌情延长' });
  const person = await as(who);
  const now = await person.get(`/r/application/${e.id}`);
  expect(await person.send('PATCH', `/r/application/${e.id}`, { scale_text: '补正后的说明' }, { 'if-match': now.headers.get('etag') }), 200, 'corrected');
  await ok(who, 'application', e.id, e === w.a ? 'apply' : 'apply_public');
  if (e === w.a) await ok('clerk', 'application', e.id, 'recommend_county');
  await ok('city', 'application', e.id, 'recommend_city');
  await is('application', e.id, 'at_region');
});

test('a figure changed after the submission does not move what was submitted', async () => {
  const e = w.in[1], before = (await show('region', 'application', e.id)).values;
  const clerk = await as(e.brand.name.startsWith('宁城') ? 'clerk2' : 'clerk');
  const f = e.brand.figures[1];
  const now = expect(await clerk.get(`/r/brand_figures/${f.id}`), 200, 'figures');
  expect(await clerk.send('PATCH', `/r/brand_figures/${f.id}`, { workers: before.workers * 2 }, { 'if-match': now.headers.get('etag') }), 200, 'figure changed');
  const after = await show('region', 'application', e.id);
  assert.equal(after.values.workers, before.workers);
  assert.ok(after.snapshots.length >= 1, 'frozen with its verdicts');
});

test('the call closes by itself the day after; late ones are refused and the batch is not opened again', async () => {
  const late = await ledger('clerk', { owner_kind: 'enterprise', lead_name: '另一单位', uscc: ENTERPRISE_CODE, account: 'firm2' });
  const draft = await made(await as('firm2'), 'application', form(late));
  assert.deepEqual(await unmet(await as('firm2'), 'application', draft.id, 'apply'), []);
  await own.at('2026-03-21');
  await until('the call closes', async () => await state(await as('region'), 'batch', w.batch.id) === 'reviewing');
  await no('firm2', 'application', draft.id, 'apply');
  for (const [action, fields] of [['extend', { new_to: '2026-04-30', new_review_to: '2026-06-30', reason: '申报数量不足，延长征集' }], ['call', {}], ['close_call', {}], ['decide', {}]]) await no('region', 'batch', w.batch.id, action, fields);
  for (const e of w.in) await ok('region', 'application', e.id, 'accept');
  const left = w.out[0];
  await no('city', 'application', left.id, 'recommend_city');
  for (const e of w.out) await ok('city', 'application', e.id, 'reject', { reason: '不符合申报条件' });
});

const sheets = async (login) => expect(await (await as(login)).get('/score'), 200, 'own sheets').json.sheets;
async function panelStep(what, fields = {}) {
  const region = await as('region');
  const now = expect(await region.get(`/panel/panel/${w.panel.id}`), 200, 'panel').json;
  return region.form(`/panel/panel/${w.panel.id}/${what}`, { rev: now.rev, ...fields });
}
async function score(login, sheet, less) {
  const who = await as(login), rev = async () => (await who.get(`/score/${sheet.id}`)).json.rev;
  expect(await who.form(`/score/${sheet.id}/declare`, { rev: await rev(), conflict: '0' }), 303, 'declared');
  const page = (await who.get(`/score/${sheet.id}`)).json;
  const marks = Object.fromEntries(page.criteria.flatMap((c) => [[`points.${c.id}`, String(Math.max(0, Number(c.max) - less))], [`reason.${c.id}`, '材料齐全，评分有据']]));
  expect(await who.send('POST', `/score/${sheet.id}`, { ...marks, comment: '测试意见', do: 'submit' }, { 'if-match': `"${page.rev}"` }), 303, 'handed in');
}

test('experts drawn by lot score on sealed sheets; the ranking stands on them, and the meeting on the ranking', async () => {
  const region = await as('region');
  w.experts = Array.from({ length: 5 }, (_, i) => `pingshen${i}`);
  for (const login of w.experts) {
    own.user(login, `评审${login}`, '150000', 'expert');
    await made(region, 'expert', { name: `评审${login}（演示）`, unit: '测试大学', region: '150100', account: login, valid_from: '2025-01-01' });
  }
  w.panel = await made(region, 'panel', { title: '评审组', round: w.batch.id, size: 5, substitutes: 0, per_city: 0, city_rule: 'none', closes: '2026-04-10' });
  assert.ok((await unmet(region, 'batch', w.batch.id, 'deliberate')).includes('受理的申报都已评分（特事特办除外）'));
  await no('region', 'batch', w.batch.id, 'deliberate');
  expect(await panelStep('commit'), 303, 'commit');
  expect(await panelStep('draw', { word: '见证' }), 303, 'draw');
  for (const [k, login] of w.experts.entries()) {
    for (const sheet of await sheets(login)) await score(login, sheet, w.in.findIndex((e) => sheet.title === e.name) + (k % 2));
  }
  expect(await panelStep('close'), 303, 'close');
  const ranking = expect(await region.get(`/ranking/batch/${w.batch.id}`), 200, 'ranking').json;
  assert.deepEqual(ranking.rows.map((r) => Number(r.rank)), [1, 2, 3]);
  await ok('region', 'batch', w.batch.id, 'deliberate');
  const meeting = await made(region, 'meeting', { title: '评审会', batch: w.batch.id, held_on: '2026-03-21', members: [{ name: '甲', votes: true }, { name: '乙', votes: true }], minutes: '测试用' });
  const e = w.in[0];
  await no('region2', 'application', e.id, 'propose', { n_for: 2, n_against: 0, n_abstain: 0 });
  await no('region', 'meeting', meeting.id, 'confirm');
  await ok('region2', 'meeting', meeting.id, 'confirm');
  for (const x of w.in) await ok('region2', 'application', x.id, 'propose', { n_for: 2, n_against: 0, n_abstain: 0 });
  expect(await own.web.page(`/announcements`), 200, 'announcements');
  expect(await own.web.get(`/r/application/${e.id}`), 404, 'nothing is public before the notice');
});

test('a notice with its days by the calendar; no decision before it has ended, whatever the clock says', async () => {
  const region = await as('region');
  w.notice = await made(region, 'public_notice', { title: '拟认定公示', batch: w.batch.id, text: '测试用', contact_office: '业务处', contact_phone: '0471-0000000' });
  await no('region', 'public_notice', w.notice.id, 'open');
  await ok('publisher', 'public_notice', w.notice.id, 'open');
  const n = (await show('region', 'public_notice', w.notice.id)).values;
  assert.deepEqual([n.from, n.to], ['2026-03-21', '2026-03-27'], 'five working days after a Saturday');
  for (const e of w.in) await is('application', e.id, 'proposed');
  const seen = expect(await own.web.get(`/r/application/${w.in[0].id}`), 200, 'the public reads the entry').json;
  assert.ok(!('phone' in seen.values) && !('contact' in seen.values) && !('account' in seen.values), 'without contacts');
  w.decision = await made(region, 'decision', { title: '认定通知', batch: w.batch.id, doc_no: '内人社发〔2026〕3号', text: '测试用' });
  assert.ok((await unmet(await as('leader'), 'decision', w.decision.id, 'issue')).includes('公示期满，异议已处理完'));
  await no('leader', 'decision', w.decision.id, 'issue');
  assert.match(expect(await own.web.page('/announcements'), 200, 'announcements').text, /拟认定公示/);
});

test('anyone objects without an account; no decision while one is open; one that holds strikes the entry', async () => {
  const web = own.web;
  const page = expect(await web.page(`/f/objection?about=${w.notice.id}`), 200, 'form').text;
  const hidden = Object.fromEntries([...page.matchAll(/<input type="hidden" name="(token|idem|about)" value="([^"]*)"/g)].map((m) => [m[1], m[2]]));
  const body = new FormData();
  for (const [k, v] of Object.entries({ ...hidden, title: '对一份申报有异议', kind: 'fact', text: '测试用', name: '群众', contact: '13800002046' })) body.append(k, v);
  expect(await web.ask('POST', '/f/objection', { headers: { accept: 'text/html' }, body }), 200, 'sent in');
  const [o] = await all('objection');
  w.struck = w.in[2];
  await own.at('2026-03-30');
  await until('the notice ends', async () => await state(await as('region'), 'public_notice', w.notice.id) === 'ended');
  await no('leader', 'decision', w.decision.id, 'issue');
  await ok('region', 'objection', o.id, 'take', { which: w.struck.id });
  await no('region', 'objection', o.id, 'uphold', { say: '测试用' });
  await ok('leader', 'objection', o.id, 'uphold', { say: '经核实，取消拟认定' });
  await is('application', w.struck.id, 'declined');
  await own.at('2026-03-31');
  await until('all objections are answered', async () => await state(await as('region'), 'public_notice', w.notice.id) === 'cleared');
});

test('a clock set back undoes nothing and gives no number twice', async () => {
  await own.at('2026-03-20');
  await is('public_notice', w.notice.id, 'cleared');
  await is('batch', w.batch.id, 'noticed');
  const before = new Set((await all('brand')).map((b) => b.id));
  const b = await made(await as('clerk'), 'brand', brand());
  assert.ok(!before.has(b.id));
  await no('region', 'batch', w.batch.id, 'extend', { new_to: '2026-04-30', new_review_to: '2026-06-30', reason: '因节假日顺延' });
  await own.at('2026-04-01');
});

test('the decision is the leader’s; with it certificate, honour and award record stand, once each', async () => {
  await no('region', 'decision', w.decision.id, 'issue');
  const etag = (await (await as('leader')).get(`/r/decision/${w.decision.id}`)).headers.get('etag');
  const leader = await as('leader');
  const twice = await Promise.all([0, 1, 2].map(() => leader.send('POST', `/r/decision/${w.decision.id}/do/issue`, {}, { 'if-match': etag })));
  assert.equal(twice.filter((a) => a.status === 200).length, 1, `${twice.map((a) => a.status)}`);
  await is('batch', w.batch.id, 'decided');
  w.won = w.in.slice(0, 2);
  for (const e of w.won) await is('application', e.id, 'recognised');
  const certificates = await all('certificate'), rewards = await all('reward');
  assert.deepEqual([certificates.length, (await all('honour')).length, rewards.length], [2, 2, 2]);
  const reward = await show('region', 'reward', rewards[0].id);
  assert.equal(reward.values.amount, null, 'no amount is published, so none stands there');
  await no('leader', 'reward', reward.id, 'approve');
  w.certificate = Object.fromEntries(certificates.map((c) => [c.title, c]));
  const c = await show('region', 'certificate', w.certificate[w.won[0].name].id);
  assert.match(c.no, /^ZS-1504\d\d-2026-\d{4}$/);
});

test('a figure changed after the decision moves nothing that was decided', async () => {
  const e = w.won[1], c = w.certificate[e.name].id, f = e.brand.figures[1];
  const was = (await show('region', 'certificate', c)).values.workers, score = (await show('region', 'application', e.id)).values.score;
  const clerk = await as(e.brand.name.startsWith('宁城') ? 'clerk2' : 'clerk');
  const now = expect(await clerk.get(`/r/brand_figures/${f.id}`), 200, 'figures');
  expect(await clerk.send('PATCH', `/r/brand_figures/${f.id}`, { workers: 7, certified: 3, poor: 1, output: 2 }, { 'if-match': now.headers.get('etag') }), 200, 'figure changed');
  assert.deepEqual([(await show('region', 'certificate', c)).values.workers, (await show('region', 'application', e.id)).values.score], [was, score]);
  await is('application', e.id, 'recognised');
});

test('the next year each is looked at again: no report is a warning, and what no longer holds is removed, for everyone to see', async () => {
  await own.at('2027-03-01');
  const round = await made(await as('region'), 'review_round', { title: '年度复评', level: 'region', year: 2026, period: '2025', prev_period: '2024', due: '2027-03-10' });
  await ok('region', 'review_round', round.id, 'open');
  const reviews = await all('review');
  assert.equal(reviews.length, 2);
  const bad = w.won[0], worker = bad === w.a ? 'firm' : bad.brand.name.startsWith('宁城') ? 'clerk2' : 'clerk';
  const review = reviews.find((r) => r.title === bad.name), silent = reviews.find((r) => r.title !== bad.name);
  const person = await as(worker);
  const now = await person.get(`/r/review/${review.id}`);
  expect(await person.send('PATCH', `/r/review/${review.id}`, { report: '测试用', honest: false }, { 'if-match': now.headers.get('etag') }), 200, 'report');
  await ok(worker, 'review', review.id, 'submit');
  await ok('city', 'review', review.id, 'check');
  await no('region2', 'review', review.id, 'keep');
  await no('region2', 'review', review.id, 'remove', { reason: '已不再符合认定条件' });
  await ok('leader', 'review', review.id, 'remove', { reason: '已不再符合认定条件' });
  await is('certificate', w.certificate[bad.name].id, 'revoked');
  await is('application', bad.id, 'removed');
  assert.equal(expect(await own.web.get(`/r/certificate/${w.certificate[bad.name].id}`), 200, 'for everyone').json.state, 'revoked');
  for (const h of await all('honour', `&brand=${bad.brand.id}`)) assert.equal((await show('region', 'honour', h.id)).values.result, 'revoked');
  await own.at('2027-03-11');
  await until('the silent one is warned', async () => await state(await as('region'), 'certificate', w.certificate[w.won[1].name].id) === 'warned');
  assert.equal(await state(await as('region'), 'review', silent.id), 'overdue');
});

test('at the end every entry of the journal holds', async () => {
  await own.stop();
  assert.match(own.run(['verify', '--data', own.data]), /全部相符/);
  await own.end();
});
