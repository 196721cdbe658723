// Story 19: a contest - entries, votes of the public with limits, a jury drawn by lot on another rubric, prizes as honours; and a nomination for the nation.
import { assert, brand, expect, Person, test } from './lib.mjs';
import { made, Own, state, unmet, until } from './own.mjs';

let own, w;
const as = (login) => own.as(login);
const act = async (login, type, id, action, fields) => (await as(login)).act(type, id, action, fields);
const ok = async (login, type, id, action, fields) => expect(await act(login, type, id, action, fields), 200, `${login} ${action}`);
const no = async (login, type, id, action, fields) => {
  const a = await act(login, type, id, action, fields);
  assert.ok(a.status === 409 || a.status === 422, `${login} ${action} gave ${a.status}: ${a.text.slice(0, 300)}`);
};
const all = async (type, query = '') => expect(await (await as('region')).get(`/r/${type}?size=100${query}`), 200, type).json.items;

async function entry(over) {
  const clerk = await as('clerk'), doc = brand(over);
  const b = await made(clerk, 'brand', doc);
  await ok('clerk', 'brand', b.id, 'submit');
  await ok('city', 'brand', b.id, 'pass');
  await ok('region', 'brand', b.id, 'confirm');
  const e = await made(clerk, 'contest_entry', { title: doc.name, contest: w.contest.id, brand: b.id, applicant_name: '测试单位', work: '测试用', phone: '13800002046' });
  return { ...e, name: doc.name, brand: b.id };
}
/** A vote as a browser without scripts sends it. */
async function vote(id) {
  const p = new Person(own.base), at = '/f/contest_vote';
  const form = await p.page(`${at}?about=${id}`);
  if (form.status !== 200) return form;
  const body = new FormData();
  for (const m of form.text.matchAll(/<input type="hidden" name="(token|idem|about)" value="([^"]*)"/g)) body.append(m[1], m[2]);
  body.append('words', '加油');
  return p.ask('POST', at, { headers: { accept: 'text/html' }, body });
}

test('a contest is called; counties enter in time, once each, and the region takes the entries in', async () => {
  own = await new Own('pack/neimenggu', '2026-03-02').start();
  for (const [login, org, role] of [['region', '150000', 'region_officer'], ['region2', '150000', 'region_officer'], ['leader', '150000', 'region_leader'], ['city', '150400', 'city_reviewer'], ['clerk', '150430', 'county_clerk']]) own.user(login, `用户${login}`, org, role);
  w = {};
  w.contest = await made(await as('region'), 'contest', { title: '测试赛事', organiser: '测试主办单位', rubric: 'contest_sample', enter_from: '2026-03-02', enter_to: '2026-03-10', vote_to: '2026-03-12', final_to: '2026-04-30', places: 2, conditions: '测试用' });
  w.entries = [];
  for (let i = 0; i < 3; i++) w.entries.push(await entry());
  assert.deepEqual(await unmet(await as('clerk'), 'contest_entry', w.entries[0].id, 'enter'), ['赛事正在报名']);
  await ok('region', 'contest', w.contest.id, 'call');
  for (const e of w.entries) await ok('clerk', 'contest_entry', e.id, 'enter');
  const twice = await (await as('clerk')).send('POST', '/r/contest_entry', { title: '又一次', contest: w.contest.id, brand: w.entries[0].brand, applicant_name: '测试单位', work: '测试用' });
  assert.equal(twice.status, 422);
  for (const e of w.entries) await ok('region', 'contest_entry', e.id, 'accept');
  const seen = expect(await own.web.get(`/r/contest_entry/${w.entries[0].id}`), 200, 'the public').json.values;
  assert.deepEqual(['phone' in seen, 'account' in seen, seen.votes], [false, false, null], 'no contacts, and no count before the end');
});

test('anyone votes without an account, a few times an hour; a flood is refused and loses nothing that was taken', async () => {
  for (const k of [1, 1, 0]) expect(await vote(w.entries[k].id), 200, 'a vote');
  expect(await vote(w.entries[1].id), 429, 'the fourth from one address');
  assert.equal((await all('contest_vote')).length, 3);
  await own.at('2026-03-13');
  await until('the entries close', async () => await state(await as('region'), 'contest', w.contest.id) === 'voting');
  assert.notEqual((await vote(w.entries[0].id)).status, 200, 'after the end');
});

test('no more in the final than there are places; whoever is left out ends there, with the count', async () => {
  await no('region', 'contest', w.contest.id, 'to_final');
  const race = await Promise.all(w.entries.map((e) => act('region2', 'contest_entry', e.id, 'shortlist')));
  assert.equal(race.filter((a) => a.status === 200).length, 2, `${race.map((a) => a.status)}`);
  await ok('region', 'contest', w.contest.id, 'to_final');
  w.in = [];
  for (const e of w.entries) {
    const s = await state(await as('region'), 'contest_entry', e.id);
    if (s === 'finalist') w.in.push(e);
    else assert.equal(s, 'finished');
  }
  const votes = await Promise.all(w.entries.map(async (e) => (await (await as('region')).get(`/r/contest_entry/${e.id}`)).json.values.votes));
  assert.deepEqual(votes, [1, 2, 0]);
});

test('a jury drawn by lot scores on the rubric of contests, sealed, and the rank follows', async () => {
  const region = await as('region');
  const logins = ['pingwei1', 'pingwei2', 'pingwei3'];
  for (const login of logins) {
    own.user(login, `评委${login}`, '150000', 'expert');
    await made(region, 'expert', { name: `评委${login}（演示）`, unit: '测试大学', region: '150100', account: login, valid_from: '2025-01-01' });
  }
  const panel = await made(region, 'contest_panel', { title: '评委组', round: w.contest.id, size: 3, substitutes: 0, per_city: 0, city_rule: 'none', closes: '2026-03-31' });
  const step = async (what, fields = {}) => region.form(`/panel/contest_panel/${panel.id}/${what}`, { rev: (await region.get(`/panel/contest_panel/${panel.id}`)).json.rev, ...fields });
  expect(await step('commit'), 303, 'commit');
  expect(await step('draw', { word: '骏马' }), 303, 'draw');
  for (const login of logins) {
    const who = await as(login);
    const list = expect(await who.get('/score'), 200, 'own sheets').json.sheets;
    assert.equal(list.length, 2);
    for (const sheet of list) {
      const at = `/score/${sheet.id}`;
      expect(await who.form(`${at}/declare`, { rev: (await who.get(at)).json.rev, conflict: '0' }), 303, 'declared');
      const page = (await who.get(at)).json;
      assert.deepEqual(page.criteria.map((c) => c.id), ['skill', 'story', 'service']);
      const less = sheet.title === w.in[0].name ? 2 : 6;
      const marks = Object.fromEntries(page.criteria.flatMap((c) => [[`points.${c.id}`, String(Number(c.max) - less)], [`reason.${c.id}`, '展示完整，评分有据']]));
      expect(await who.send('POST', at, { ...marks, do: 'submit' }, { 'if-match': `"${page.rev}"` }), 303, 'handed in');
    }
    expect(await region.get(`/r/contest_sheet?panel=${panel.id}`), 200, 'sheets');
    assert.equal((await region.get(`/r/contest_sheet?panel=${panel.id}`)).json.total, 0, 'sealed');
  }
  expect(await step('close'), 303, 'close');
  const rows = expect(await region.get(`/ranking/contest/${w.contest.id}`), 200, 'ranking').json.rows;
  assert.deepEqual(rows.map((r) => Number(r.rank)), [1, 2]);
  assert.equal(rows[0].id, w.in[0].id);
});

test('prizes are the leader’s to give; each becomes an honour of the brand that counts for no target', async () => {
  await no('leader', 'contest', w.contest.id, 'finish');
  await no('region', 'contest_entry', w.in[0].id, 'award', { which: 'first', full_name: '测试赛事一等奖' });
  await ok('leader', 'contest_entry', w.in[0].id, 'award', { which: 'first', full_name: '测试赛事一等奖' });
  await ok('leader', 'contest_entry', w.in[1].id, 'no_award');
  const honours = await all('honour');
  assert.equal(honours.length, 1);
  const h = expect(await (await as('region')).get(`/r/honour/${honours[0].id}`), 200, 'honour').json.values;
  assert.deepEqual([h.name, h.level, h.issuer, h.result, h.counts, h.brand], ['测试赛事一等奖', 'other', 'contest', 'granted', false, w.in[0].brand]);
  await ok('leader', 'contest', w.contest.id, 'finish');
  assert.equal(expect(await own.web.get(`/r/contest_entry/${w.in[0].id}`), 200, 'for everyone').json.values.prize, 'first');
});

test('a nomination for the nation needs the region’s title first; the answer from above becomes an honour', async () => {
  const region = await as('region'), id = w.in[0].brand;
  const n = await made(region, 'nomination', { title: w.in[0].name, brand: id, name: '测试国家级称号', issuer: 'mohrss', basis: '测试用', reasons: '测试用' });
  assert.deepEqual(await unmet(await as('leader'), 'nomination', n.id, 'send'), ['已获得自治区级称号']);
  await no('leader', 'nomination', n.id, 'send');
  await made(await as('clerk'), 'honour', { brand: id, name: '测试自治区级称号', level: 'region', issuer: 'region_office', year: 2026, result: 'granted', source: '测试用' });
  await no('region', 'nomination', n.id, 'send');
  await ok('leader', 'nomination', n.id, 'send');
  await ok('region', 'nomination', n.id, 'grant', { no: '人社部发〔2026〕1号', on_day: '2026-03-13', target: true });
  const won = (await Promise.all((await all('honour')).map(async (x) => (await region.get(`/r/honour/${x.id}`)).json.values))).find((h) => h.level === 'national');
  assert.deepEqual([won.brand, won.result, won.counts, won.doc_no], [id, 'granted', true, '人社部发〔2026〕1号']);
  await own.stop();
  assert.match(own.run(['verify', '--data', own.data]), /全部相符/);
  await own.end();
});
