// Story 16: another province - two levels, no experts, no scores; members vote by signing. The same program, another pack, not a line of C.
import fs from 'node:fs';
import path from 'node:path';
import { assert, expect, job, Person, run, test, unzip } from './lib.mjs';
import { made, Own, state, unmet, until } from './own.mjs';

const PACK = 'test/fixture/pack-two';
let own, world;
const act = async (login, type, id, action, fields) => (await own.as(login)).act(type, id, action, fields);
const count = async (login, type) => expect(await (await own.as(login)).get(`/r/${type}`), 200, type).json.total;

async function listed(writer, county, name, people) {
  const who = await own.as(writer);
  const team = await made(who, 'team', { name, place: county, trade: 'farm', people });
  expect(await who.act('team', team.id, 'ask'), 200, 'ask');
  expect(await act('head', 'team', team.id, 'approve'), 200, 'approve');
  return { ...team, name };
}
async function bid(writer, team) {
  return made(await own.as(writer), 'bid', { title: team.name, choice: world.choice.id, team: team.id, why: '测试用' });
}

test('a province of two levels: people, teams and a call that the public reads', async () => {
  own = await new Own(PACK, '2026-11-30').start();
  own.user('writer1', '甲县填报', 'C1', 'writer');
  own.user('writer2', '乙县填报', 'C2', 'writer');
  for (const n of [1, 2, 3, 4]) own.user(`member${n}`, `评议员${n}`, 'P', 'member');
  own.user('head', '省负责人', 'P', 'head');
  own.user('head2', '另一位省负责人', 'P', 'head');
  world = { teams: [await listed('writer1', '990101', '甲县采收队', 30), await listed('writer2', '990102', '乙县采收队', 20)] };
  world.small = { ...await made(await own.as('writer2'), 'team', { name: '乙县施工队', place: '990102', trade: 'farm', people: 12 }), name: '乙县施工队' };
  const head = await own.as('head');
  world.choice = await made(head, 'choice', { title: '示范队评选', honour: '示范队', issuer: '示例省劳务办公室', grade: 'gold', enter_to: '2026-12-10', held_to: '2028-12-31', conditions: '列名，人数够' });
  expect(await (await own.as('writer1')).get(`/r/choice/${world.choice.id}`), 200, 'the counties see it');
  expect(await act('writer1', 'choice', world.choice.id, 'call'), 409, 'the call is the province’s');
  expect(await act('head', 'choice', world.choice.id, 'call'), 200, 'call');
});

test('what is not listed cannot enter; what entered goes straight to the province, with the figures of that day', async () => {
  const early = await bid('writer2', world.small);
  expect(await act('writer2', 'bid', early.id, 'enter'), 409, 'not listed');
  assert.deepEqual(await unmet(await own.as('writer2'), 'bid', early.id, 'enter'), ['队伍已经列名']);
  world.early = early;
  expect(await (await own.as('writer2')).send('POST', '/r/bid', { title: '又一次', choice: world.choice.id, team: world.small.id, why: '测试用' }), 422, 'one bid a team');
  world.bids = [await bid('writer1', world.teams[0]), await bid('writer2', world.teams[1])];
  const both = await Promise.all([0, 1, 2].map(() => act('writer1', 'bid', world.bids[0].id, 'enter')));
  assert.equal(both.filter((a) => a.status === 200).length, 1, `${both.map((a) => a.status)}`);
  expect(await act('writer2', 'bid', world.bids[1].id, 'enter'), 200, 'enter');
  const doc = (await (await own.as('member1')).get(`/r/bid/${world.bids[0].id}`)).json;
  assert.equal(await state(await own.as('member1'), 'bid', world.bids[0].id), 'entered');
  assert.equal(doc.values.people, 30, 'the figure is frozen');
  const other = expect(await (await own.as('writer2')).get(`/r/bid/${world.bids[0].id}`), 200, 'the other county').json;
  assert.deepEqual([other.actions, 'why' in other.values], [[], false], 'what anyone may read, and no step');
});

async function voice(id, good) {
  const p = new Person(own.base);
  const form = expect(await p.page(`/f/voice?about=${id}`), 200, 'form').text;
  const body = new FormData();
  for (const m of form.matchAll(/<input type="hidden" name="(token|idem|about)" value="([^"]*)"/g)) body.append(m[1], m[2]);
  body.append('good', good);
  return p.ask('POST', '/f/voice', { headers: { accept: 'text/html' }, body });
}

test('the public speaks without an account, twice an hour, and members need one good voice', async () => {
  expect(await voice(world.bids[1].id, 'false'), 200, 'a bad one');
  const asked = await unmet(await own.as('member1'), 'bid', world.bids[0].id, 'elect');
  assert.deepEqual(asked, ['报名已经截止', '群众说好的够数']);
  expect(await voice(world.bids[0].id, 'true'), 200, 'a good one');
  expect(await voice(world.bids[0].id, 'true'), 429, 'the third from one address');
  assert.equal(expect(await own.web.get('/r/voice'), 200, 'voices').json.total, 0, 'not for everyone to read');
});

test('nobody votes before the entries are closed, and the program closes them when the day has passed', async () => {
  expect(await act('member1', 'bid', world.bids[0].id, 'elect'), 409, 'too early');
  assert.deepEqual(await unmet(await own.as('member1'), 'bid', world.bids[0].id, 'elect'), ['报名已经截止']);
  await own.at('2026-12-11');
  await until('the entries close', async () => await state(await own.as('head'), 'choice', world.choice.id) === 'voting');
  expect(await act('writer2', 'bid', world.early.id, 'enter'), 409, 'late');
  assert.ok((await unmet(await own.as('writer2'), 'bid', world.early.id, 'enter')).includes('评选正在报名'));
});

test('three different members elect; two do not, one person counts once, and others have no vote', async () => {
  const id = world.bids[0].id;
  expect(await act('head', 'bid', id, 'elect'), 409, 'no member');
  expect(await act('writer1', 'bid', id, 'elect'), 409, 'its own county');
  expect(await act('member1', 'bid', id, 'elect'), 200, 'first');
  assert.equal((await act('member1', 'bid', id, 'elect')).status >= 400, true, 'the same person again');
  expect(await act('member2', 'bid', id, 'elect'), 200, 'second');
  assert.equal(await state(await own.as('head'), 'bid', id), 'entered');
  assert.equal(await count('head', 'badge'), 0);
  const rest = await Promise.all(['member3', 'member4'].map((m) => act(m, 'bid', id, 'elect')));
  assert.equal(await state(await own.as('head'), 'bid', id), 'elected', rest.map((r) => r.text).join());
  assert.equal(await count('head', 'badge'), 1, 'made once, though two signed at the same time');
  for (const m of ['member1', 'member2', 'member3']) expect(await act(m, 'bid', world.bids[1].id, 'lose', { reason: '没有特点' }), 200, m);
  assert.equal(await state(await own.as('head'), 'bid', world.bids[1].id), 'lost');
});

/** The working day `n` after `from`, from the pack's calendar, counted a second time. */
function workday(from, n) {
  const marks = new Map(fs.readFileSync(`${PACK}/calendar.csv`, 'utf8').split('\n').slice(1).map((l) => l.split(',').slice(0, 2)));
  const d = new Date(from);
  while (n > 0) {
    d.setUTCDate(d.getUTCDate() + 1);
    const day = d.toISOString().slice(0, 10);
    if (marks.get(day) !== 'holiday' && (marks.get(day) === 'workday' || ![0, 6].includes(d.getUTCDay()))) n--;
  }
  return d.toISOString().slice(0, 10);
}

test('the certificate carries a number of its own and a day by the province’s own calendar; anyone may read it', async () => {
  const head = await own.as('head');
  const page = expect(await head.get('/r/badge'), 200, 'badges').json;
  world.badge = page.items[0].id;
  const doc = expect(await head.get(`/r/badge/${world.badge}`), 200, 'badge').json;
  assert.equal(doc.values.handed_on, workday('2026-12-11', 3));
  assert.match(doc.no, /^SF-990101-2026-\d{4}$/);
  assert.equal(await count('head', 'award'), 1);
  assert.equal((await head.get(`/r/bid/${world.bids[0].id}`)).json.values.voices, 1);
  expect(await act('head', 'choice', world.choice.id, 'finish'), 200, 'finish');
});

test('the certificate is printed, signed, and holds without the server; checked on the page it is in force', async () => {
  const doc = (await (await own.as('head')).get(`/r/badge/${world.badge}`)).json;
  world.no = doc.no;
  const pdf = expect(await own.web.ask('GET', `/d/badge/${world.badge}/badge.pdf`), 200, 'for anyone').bytes;
  assert.equal(pdf.toString('latin1', 0, 5), '%PDF-');
  world.token = /TAMGA1\.[\w.-]+/.exec(pdf.toString('latin1'))[0];
  world.keys = path.join(own.dir, 'keys.json');
  fs.writeFileSync(world.keys, (await own.web.get('/keys.json')).text);
  const good = await run('verify-certificate', world.token, '--keys', world.keys, '--at', '2026-12-20');
  assert.equal(good.code, 0, good.stdout + good.stderr);
  assert.equal(expect(await own.web.get(`/verify/${doc.no}`), 200, 'verify').json.verdict, '有效');
});

test('an elected team is removed by two persons of different office, and loses the certificate with it', async () => {
  const id = world.badge;
  expect(await act('head', 'badge', id, 'revoke', { reason: '' }), 422, 'without a reason');
  expect(await act('head', 'badge', id, 'revoke', { reason: '冒用别人的业绩' }), 200, 'one');
  assert.match(expect(await act('head2', 'badge', id, 'revoke', { reason: '冒用别人的业绩' }), 409, 'a second head').text, /还差 1 人（评议员）/);
  assert.equal(await state(await own.as('head'), 'badge', id), 'held', 'two of one role are not one of each');
  expect(await act('member4', 'badge', id, 'revoke', { reason: '冒用别人的业绩' }), 200, 'a member');
  assert.equal(await state(await own.as('head'), 'badge', id), 'revoked');
  assert.equal(await state(await own.as('head'), 'bid', world.bids[0].id), 'taken');
  assert.notEqual(expect(await own.web.get(`/verify/${world.no}`), 200, 'verify').json.verdict, '有效');
  const list = path.join(own.dir, 'revoked.txt');
  fs.writeFileSync(list, expect(await own.web.page('/revoked.txt'), 200, 'list').text);
  const gone = await run('verify-certificate', world.token, '--keys', world.keys, '--at', '2026-12-20', '--revoked', list);
  assert.notEqual(gone.code, 0, 'refused without the server too');
  expect(await own.web.ask('GET', `/d/badge/${id}/badge.pdf`), 404, 'and not printed again');
  assert.match(expect(await (await own.as('head')).page(`/r/badge/${id}/history`), 200, 'history').text, /取消示范队/);
});

test('monthly returns of two counties are closed by the province: another type, another level, the same promise', async () => {
  const writer = await own.as('writer1'), head = await own.as('head'), at = '/closing/tally/2026-11';
  const mine = await made(writer, 'tally', { team: world.teams[0].id, month: '2026-11', days: 400, pay: 6000000 });
  await made(await own.as('writer2'), 'tally', { team: world.teams[1].id, month: '2026-11', days: 7, pay: 123456 });
  expect(await writer.send('POST', `${at}/close`, { rev: '0' }), 403, 'a county');
  const closed = expect(await head.send('POST', `${at}/close`, { rev: '0' }), 200, 'close').json;
  const figures = (row) => [row.label, row.n, ...row.cells.map((c) => c.total)];
  assert.deepEqual(closed.rows.map(figures), [['甲县劳务办公室', 1, 400, 6000000], ['乙县劳务办公室', 1, 7, 123456]]);
  assert.deepEqual(figures(closed.total), ['合计', 2, 407, 6123456]);
  const why = /2026年11月 已关账，不能再改；要更正，请省负责人先重开该期/;
  const table = await writer.upload('/r/tally/import', '表.csv', `队伍,月份,出勤工日\r\n${world.teams[0].name},2026-11,401\r\n${world.teams[0].name},2026-10,3\r\n`, { mode: 'real' });
  const done = await job(writer, expect(table, 202, 'import').json.id);
  assert.deepEqual([done.counts.created, done.counts.wrong], [1, 1], JSON.stringify(done));
  assert.match(Object.values(unzip((await writer.ask('GET', `/jobs/${done.id}/report`)).bytes)).join(''), why);
  const nil = expect(await writer.act('tally', mine.id, 'nil'), 409, 'a step that sets figures').text;
  assert.match(nil, why);
  expect(await act('head', 'tally', mine.id, 'show'), 200, 'a step that does not');
  expect(await head.send('POST', `${at}/reopen`, { rev: '1', reason: '甲县少报了一队' }), 200, 'reopen');
  expect(await act('head', 'tally', mine.id, 'hide'), 200, 'hide');
  expect(await writer.act('tally', mine.id, 'nil'), 200, 'the same step, reopened');
  const again = expect(await head.send('POST', `${at}/close`, { rev: '2' }), 200, 'close again').json;
  assert.deepEqual([again.version, ...figures(again.total)], [2, '合计', 2, 7, 123456]);
});

test('its books are in order, and its public catalogue opens', async () => {
  expect(await own.web.page('/catalogue'), 200, 'catalogue');
  await own.stop();
  assert.match(own.run(['verify', '--data', own.data]), /\S/);
  await own.end();
});
