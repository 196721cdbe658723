// Story 20: a contest as the public sees it - called, candidates with a way to vote, one press a vote, floods from many addresses, counts only
// after the end, results. The server stands behind a proxy, so that each voter has an address.
import { assert, brand, expect, Person, test } from './lib.mjs';
import { made, Own, state, until } from './own.mjs';

let own, w;
const as = (login) => own.as(login);
const ok = async (login, type, id, action, fields) => expect(await (await as(login)).act(type, id, action, fields), 200, `${login} ${action}`);
const LONG = '测试用。'.repeat(60);
const call = async () => expect(await own.web.get(`/calls/${w.contest.id}`), 200, 'the page as data').json;
const html = async () => expect(await own.web.page(`/calls/${w.contest.id}`), 200, 'the page').text;
const hops = (address) => ({ 'x-forwarded-for': address });

async function entry(work) {
  const clerk = await as('clerk'), doc = brand();
  const b = await made(clerk, 'brand', doc);
  await ok('clerk', 'brand', b.id, 'submit');
  await ok('city', 'brand', b.id, 'pass');
  await ok('region', 'brand', b.id, 'confirm');
  const e = await made(clerk, 'contest_entry', { title: doc.name, contest: w.contest.id, brand: b.id, applicant_name: '测试单位', work, phone: '13800002046' });
  await ok('clerk', 'contest_entry', e.id, 'enter');
  await ok('region', 'contest_entry', e.id, 'accept');
  return { ...e, name: doc.name };
}
/** From the button on the card to the answer, as a browser without scripts does it; nothing is typed. */
async function press(e, address) {
  const p = new Person(own.base), at = (await call()).cards.items.find((x) => x.id === e.id).vote;
  if (!at) return { status: 0, text: '' };
  const form = await p.page(at), body = new FormData();
  for (const m of form.text.matchAll(/<input type="hidden" name="(token|idem|about|back)" value="([^"]*)"/g)) body.append(m[1], m[2]);
  body.append('words', '');
  return { form, sent: await p.ask('POST', '/f/contest_vote', { headers: { accept: 'text/html', ...hops(address) }, body }) };
}
/** As a program sends it. */
const vote = (e, address) => own.web.ask('POST', '/f/contest_vote', {
  headers: { accept: 'application/json', 'content-type': 'application/json', ...hops(address) }, body: JSON.stringify({ about: e.id }) });

test('a contest stands among the calls with its calendar, conditions, prizes and the way to enter', async () => {
  own = await new Own('pack/neimenggu', '2026-03-02', { serve: ['--behind-proxy'] }).start();
  for (const [login, org, role] of [['region', '150000', 'region_officer'], ['region2', '150000', 'region_officer'], ['leader', '150000', 'region_leader'],
    ['city', '150400', 'city_reviewer'], ['clerk', '150430', 'county_clerk']]) own.user(login, `用户${login}`, org, role);
  w = {};
  w.contest = await made(await as('region'), 'contest', { title: '测试赛事', organiser: '测试主办单位', rubric: 'contest_sample', enter_from: '2026-03-02',
    enter_to: '2026-03-10', vote_to: '2026-03-12', final_to: '2026-04-30', places: 2, conditions: '测试条件', prizes: '测试奖项' });
  expect(await own.web.get(`/calls/${w.contest.id}`), 404, 'a draft');
  assert.equal(expect(await own.web.get('/calls'), 200).json.open.length, 0);
  await ok('region', 'contest', w.contest.id, 'call');
  const listed = expect(await own.web.get('/calls'), 200).json.open;
  assert.deepEqual(listed.map((x) => [x.title, x.kind, x.verb, x.until, x.vote.until]), [['测试赛事', '赛事', '报名', '2026-03-10', '2026-03-12']]);
  const text = await html();
  for (const part of ['测试条件', '测试奖项', '报名截止日期', '投票截止日期', '2026年3月12日', '怎样报名', '我要报名']) assert.ok(text.includes(part), part);
  const clerk = await as('clerk');
  assert.equal((await clerk.page(`/apply/${w.contest.id}`)).location, `/r/contest_entry/start?contest=${w.contest.id}`);
  expect(await clerk.page(`/r/contest_entry/start?contest=${w.contest.id}`), 200, 'begin an entry');
  const pages = expect(await (await as('region')).get(`/r/contest/${w.contest.id}`), 200).json.pages;
  assert.ok(pages.some((x) => x.href === `/calls/${w.contest.id}`), 'linked from the record');
});

test('candidates are those taken in, on a page without scripts; no contact, no count', async () => {
  w.a = await entry(LONG);
  w.b = await entry('短的');
  await made(await as('clerk'), 'contest_entry', { title: '还没报名的', contest: w.contest.id, brand: (await made(await as('clerk'), 'brand', brand())).id,
    applicant_name: '测试单位', work: '测试用' });
  const doc = await call(), text = await html();
  assert.deepEqual(doc.cards.items.map((x) => x.id).sort(), [w.a.id, w.b.id].sort());
  assert.deepEqual([doc.cards.counted, doc.cards.items[0].count, doc.results], [false, null, null]);
  assert.doesNotMatch(text, /138(\d{8}|\*)|<script(?![^>]*src=)|onclick/);
  assert.equal(text.split('<details>').length, 2, 'only the long text is folded');
  assert.ok(text.includes(LONG), 'and stands there whole');
  const again = expect(await own.web.page(`/calls/${w.contest.id}`), 200);
  const same = await own.web.ask('GET', `/calls/${w.contest.id}`, { headers: { accept: 'text/html', 'if-none-match': again.headers.get('etag') } });
  expect(same, 304, 'kept in the cache');
});

test('a vote is one press: the name stands there already, nothing is asked, and the page leads back', async () => {
  const { form, sent } = await press(w.a, '203.0.113.1');
  expect(form, 200);
  assert.ok(form.text.includes(w.a.name) && form.text.includes('>投票</button>'));
  assert.doesNotMatch(form.text, /class="req"|type="tel"|联系方式<\/label>/);
  expect(sent, 200, 'voted');
  assert.ok(sent.text.includes('已投票') && sent.text.includes(`href="/calls/${w.contest.id}"`));
  assert.doesNotMatch(sent.text, /查询码/);
  const elsewhere = await own.web.page(`/f/contest_vote?about=${w.a.id}&back=//example.org/`);
  assert.doesNotMatch(elsewhere.text, /(href|name="back" value)="\/\/example/);
});

test('a few an hour from one address, whatever it writes into the header; others are not hindered', async () => {
  for (let i = 0; i < 2; i++) expect(await vote(w.b, `198.51.100.${i}, 203.0.113.1`), 201, 'within the limit');
  const more = expect(await vote(w.b, '198.51.100.77, 203.0.113.1'), 429, 'the fourth');
  assert.ok(Number(more.headers.get('retry-after')) > 0);
  expect(await vote(w.b, '203.0.113.2'), 201, 'a neighbour');
});

test('a flood from many addresses loses none that was taken', async () => {
  /* a server that has too much to do says so (503) before it looks at the vote: whoever is told presses again */
  const press_on = async (from) => {
    for (let tries = 1; ; tries++) {
      const x = await vote(w.a, from);
      if (x.status !== 503 || tries > 30) return x;
      await new Promise((done) => { setTimeout(done, 1000); });
    }
  };
  const flood = [];
  for (let i = 0; i < 400; i++) flood.push(press_on(`10.1.${Math.floor(i / 5 / 200)}.${Math.floor(i / 5) % 200 + 1}`));
  const answers = await Promise.all(flood);
  const taken = answers.filter((x) => x.status === 201).length;
  assert.equal(taken, 240, 'three from each of eighty addresses');
  assert.ok(answers.every((x) => x.status === 201 || x.status === 429), 'the others were told');
  w.votes = { a: 1 + taken, b: 3 };
  assert.equal((await (await as('region')).get('/r/contest_vote?size=1')).json.total, w.votes.a + w.votes.b);
  assert.equal((await call()).cards.items[0].count, null, 'no count while votes are taken');
});

test('when voting is over the counts are shown and nobody votes any more', async () => {
  await own.at('2026-03-13');
  await until('the entries close', async () => await state(await as('region'), 'contest', w.contest.id) === 'voting');
  const doc = await call();
  assert.equal(doc.cards.counted, true);
  assert.deepEqual([w.a, w.b].map((e) => doc.cards.items.find((x) => x.id === e.id).count), [w.votes.a, w.votes.b]);
  assert.ok(doc.cards.items.every((x) => x.vote === ''));
  assert.ok((await html()).includes(`<b>${w.votes.a}</b> 票`));
  const lists = expect(await own.web.get('/calls'), 200).json;
  assert.deepEqual([lists.open.length, lists.voting.length, lists.closed.length], [0, 0, 1]);
  expect(await (await as('clerk')).get(`/apply/${w.contest.id}`), 409, 'no more entries');
});

test('whoever is left out leaves the page, and everybody when the contest is called off', async () => {
  await ok('region2', 'contest_entry', w.a.id, 'shortlist');
  await ok('region', 'contest', w.contest.id, 'to_final');
  const doc = await call();
  assert.deepEqual(doc.cards.items.map((x) => [x.id, x.state, x.count]), [[w.a.id, 'finalist', w.votes.a]]);
  assert.equal(doc.results, null);
  await ok('leader', 'contest', w.contest.id, 'cancel', { reason: '报名数量不足' });
  assert.equal((await call()).cards.total, 0);
  await own.stop();
  assert.match(own.run(['verify', '--data', own.data]), /全部相符/);
  await own.end();
});

test('results of the demonstration: places in their order, with the prize and the votes', async () => {
  const web = new Person();
  const over = expect(await web.get('/calls'), 200).json.closed.find((x) => x.kind === '赛事');
  const doc = expect(await web.get(over.href), 200).json;
  assert.deepEqual(doc.results.heads, ['名次', '奖项', '获奖名称']);
  assert.deepEqual(doc.results.rows.map((r) => r.cells[0].text), ['1', '2']);
  assert.ok(doc.results.rows.every((r) => r.count > 0 && r.cells[1].text.endsWith('奖')));
  assert.match(expect(await web.page(over.href), 200).text, /id="results"/);
});
