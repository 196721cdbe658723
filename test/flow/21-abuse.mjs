// Story 21: people who want what is not theirs - every page of recognition from the wrong side of the desk, as a table; each cell is a test.
import { as, assert, expect, Person, test, web } from './lib.mjs';

const id = {};
const PUBLIC = new Person();
const who = async (login) => (login === 'public' ? PUBLIC : as(login));

/** One request without a body that could succeed; programs and browsers get the same answer, but that a browser is led to the sign-in. */
async function status(login, method, path) {
  const p = await who(login);
  if (method === 'GET') return (await p.get(path)).status;
  if (login === 'public') return (await p.ask(method, path, { headers: { accept: 'application/json', 'content-type': 'application/json' }, body: '{}' })).status;
  return (await p.send(method, path, {}, { 'if-match': '"0"' })).status;
}

test('the demonstration has what the table asks about', async () => {
  const region = await as('region');
  const first = async (type, query, fits = () => true) => {
    const found = expect(await region.get(`/r/${type}?size=200&${query}`), 200, type).json.items.find(fits);
    assert.ok(found, `${type} ${query}`);
    return found.id;
  };
  id.old = await first('batch', 'state=archived');
  id.open = await first('batch', 'state=open', (x) => x.title.includes('演示'));
  id.fresh = await first('application', 'state=at_county');
  id.won = await first('application', 'state=recognised', (x) => x.org === '150821');
  id.panel = await first('panel', 'state=scoring', (x) => x.title.includes('演示'));
  id.notice = await first('public_notice', 'state=cleared', (x) => x.title.includes('演示'));
  id.objection = await first('objection', '', (x) => x.title.includes('鄂伦春'));
  id.expert = await first('expert', '', (x) => x.values.name.includes('演示'));
  id.contest = await first('contest', 'state=done');
  id.sheet = expect(await (await as('expert1')).get('/score'), 200, 'own sheets').json.sheets[0].id;
});

// path, then who gets what; every name and number is one test
const TABLE = [
  ['GET', '/outbox', { public: 401, aohan: 403, expert1: 403, region: 403, leader: 403, supervisor: 403, auditor: 200, admin: 200 }],
  ['POST', '/outbox/retry', { public: 401, aohan: 403, region: 403, auditor: 403, expert1: 403 }],
  ['GET', '/bundle/batch/:open', { public: 401, aohan: 403, wuyuan_qy: 403, expert1: 403, supervisor: 403, publisher: 403, region: 200, auditor: 200 }],
  ['POST', '/bundle/batch/:open', { public: 401, aohan: 403, wuyuan_qy: 403, expert1: 403, supervisor: 403 }],
  ['GET', '/bundle/application/:fresh', { region: 404, auditor: 404 }],
  ['GET', '/r/application/:fresh', { public: 404, aohan: 404, wuyuan_qy: 404, hulunbeier: 404, expert1: 404, admin: 404, supervisor: 200, region: 200 }],
  ['GET', '/r/application/:fresh/fill', { public: 401, aohan: 404, wuyuan_qy: 404, expert1: 404, region: 403 }],
  ['GET', '/r/application/:won/snapshots/1', { public: 401, aohan: 404, chifeng: 404, expert1: 404, wuyuan_qy: 200, region: 200 }],
  ['POST', '/certificates/batch/:old', { public: 401, aohan: 403, wuyuan_qy: 403, expert1: 403, supervisor: 403 }],
  ['GET', '/round/batch/:open', { public: 401, aohan: 403, wuyuan_qy: 403, expert1: 403, admin: 403, chifeng: 200, supervisor: 200 }],
  ['GET', '/round/application/:fresh', { region: 404, auditor: 404 }],
  ['GET', '/panels', { public: 401, aohan: 403, wuyuan_qy: 403, expert1: 403, publisher: 403, region: 200 }],
  ['GET', '/panel/panel/:panel', { public: 401, aohan: 403, chifeng: 403, expert1: 403, publisher: 403, region: 200, supervisor: 200 }],
  ['POST', '/panel/panel/:panel/close', { public: 401, aohan: 403, chifeng: 403, expert1: 403, leader: 403, supervisor: 403, auditor: 403 }],
  ['POST', '/panel/panel/:panel/draw', { public: 401, aohan: 403, expert1: 403, leader: 403, region: 409 }],
  ['GET', '/score/:sheet', { public: 401, aohan: 404, expert2: 404, region: 404, leader: 404, supervisor: 404, auditor: 404, admin: 404, expert1: 200 }],
  ['POST', '/score/:sheet', { public: 401, expert2: 404, region: 404, auditor: 404 }],
  ['POST', '/score/:sheet/declare', { public: 401, expert2: 404, region: 404, expert1: 422 }],
  ['GET', '/r/score_sheet/:sheet', { public: 404, expert2: 404, region: 404, leader: 404, supervisor: 404, auditor: 404, admin: 404, expert1: 200 }],
  ['GET', '/r/score_sheet/:sheet/history', { public: 404, expert2: 404, region: 404, auditor: 404, expert1: 200 }],
  ['GET', '/ranking/batch/:old', { public: 401, aohan: 403, wuyuan_qy: 403, expert1: 403, publisher: 403, region: 200 }],
  ['GET', '/ranking/batch/:old/entry/:won', { public: 401, aohan: 403, wuyuan_qy: 403, expert1: 403, chifeng: 404, hulunbeier: 404, region: 200, auditor: 200 }],
  ['GET', '/ranking/batch/:open/entry/:won', { region: 404 }],
  ['GET', '/r/expert/:expert', { public: 404, aohan: 404, wuyuan_qy: 404, publisher: 404, admin: 404, region: 200 }],
  ['GET', '/r/objection/:objection', { public: 404, aohan: 404, chifeng: 404, wuyuan_qy: 404, expert1: 404, publisher: 404, region: 200 }],
  ['GET', '/f/application', { public: 404, aohan: 404 }],
  ['GET', '/f/objection', { public: 404 }],
  ['GET', '/f/objection?about=:notice', { public: 409 }],
  ['GET', '/calls/:fresh', { public: 404, region: 404 }],
  ['GET', '/announcements/application/:fresh', { public: 404, region: 404 }],
  ['GET', '/d/application/:fresh/application.pdf', { public: 404, region: 404 }],
  ['GET', '/lot/batch/:open', { public: 401, region: 404 }],
  ['GET', '/journal', { public: 401, aohan: 404, region: 404, admin: 404, expert1: 404, auditor: 200 }],
  ['POST', '/tasks/1/answer', { public: 401, aohan: 404, region: 404 }],
  ['POST', '/notices/1/read', { public: 401, aohan: 404, admin: 404 }],
  ['POST', '/users/1/contact', { public: 401, region: 404, expert1: 404 }],
];
for (const [method, path, cells] of TABLE) {
  for (const [login, want] of Object.entries(cells)) {
    test(`${method} ${path} by ${login}: ${want}`, async () => {
      const at = path.replace(/:(\w+)/g, (_, name) => id[name]);
      assert.equal(await status(login, method, at), want);
    });
  }
}

test('another session’s token, or none, moves nothing', async () => {
  const region = await as('region'), other = await as('region2');
  for (const csrf of ['', other.csrf]) {
    const a = await region.send('POST', `/r/batch/${id.open}/do/cancel`, { reason: '测试用' }, { 'x-csrf-token': csrf });
    assert.equal(a.status, 403, a.text.slice(0, 200));
  }
});

test('the title behind a number in an address is for those who may read the record', async () => {
  const expert = await as('expert1'), region = await as('region');
  const name = (await region.get(`/r/expert/${id.expert}`)).json.values.name, title = (await region.get(`/r/application/${id.fresh}`)).json.title;
  assert.ok((await region.page(`/r/score_sheet?judge=${id.expert}`)).text.includes(name), 'who may read it sees it');
  assert.ok(!(await expert.page(`/r/score_sheet?judge=${id.expert}`)).text.includes(name));
  for (const type of ['reward', 'appeal', 'certificate']) assert.ok(!(await expert.page(`/r/${type}?entry=${id.fresh}`)).text.includes(title), type);
});

test('a reference to somebody else’s draft, to a record of another type or to none is refused and tells nothing', async () => {
  const firm = await as('keyouzhong_qy'), region = await as('region');
  const draft = (await region.get('/r/brand?size=200&state=draft&owner_kind=enterprise')).json.items.find((b) => b.org !== '152222' && b.values.lead_name);
  for (const path of [`/r/application/new?brand=${draft.id}`, `/r/application/start?brand=${draft.id}`]) {
    const page = expect(await firm.page(path), 200, path).text;
    assert.ok(!page.includes(draft.title) && !page.includes(draft.values.lead_name) && !page.includes(draft.values.uscc), path);
  }
  for (const brand of [draft.id, id.open, '12345']) {
    const a = expect(await firm.send('POST', '/r/application', { batch: id.open, brand, contact: '某人', phone: '13800002046' }), 422, brand);
    assert.equal(a.json.errors[0].field, 'brand');
    assert.ok(!a.text.includes(draft.values.lead_name));
  }
});

test('nobody takes up the place of another county’s brand: its catalogue entry is public, applying is its own county’s', async () => {
  const firm = await as('keyouzhong_qy'), region = await as('region');
  const brand = (await region.get(`/r/application/${id.won}`)).json.values.brand;
  const a = expect(await firm.send('POST', '/r/application', { title: '占位', batch: id.open, brand, applicant_name: '占位', uscc: '91350100M000100Y43', contact: '某人', phone: '13800002046',
    scale_text: '测', skill_text: '测', fame_text: '测', manage_text: '测' }), 422, 'a brand of another county');
  assert.match(a.text, /登记在别的旗县/);
});

test('a judge who says nothing has declared nothing', async () => {
  const judge = await as('expert1'), now = expect(await judge.get(`/score/${id.sheet}`), 200, 'sheet').json;
  for (const fields of [{}, { conflict: '' }, { conflict: 'no' }]) {
    expect(await judge.send('POST', `/score/${id.sheet}/declare`, fields, { 'if-match': `"${now.rev}"` }), 422, 'silence');
  }
  const after = (await judge.get(`/score/${id.sheet}`)).json;
  assert.deepEqual([after.rev, after.declare], [now.rev, true]);
});

test('odd numbers, odd texts and odd bodies at every page end in words, never in a fault of the program', async () => {
  const region = await as('region'), paths = Object.entries(expect(await web.json('/openapi.json'), 200, 'routes').json.paths);
  const odd = [{ rev: 'x', conflict: '1', text: '😀'.repeat(300), word: '|', q: `TAMGA1.${'A'.repeat(9000)}` },
    { reason: '<script>', n_for: '9999999999999999999', until_date: '9999-12-31', entries: [{ entry: 'x' }], about: '1', do: 'submit', number: 'a'.repeat(5000) },
    { values: { a: { b: [[]] } }, title: ['a', 'b'], which: '1', to: 'b', person: 'x', kind: 'assign', who: '0', from: null }];
  const queries = ['?before=-9223372036854775808&from=-1&to=-1&size=0&about=-1', '?from=9223372036854775807&to=9223372036854775807&before=9223372036854775807&page=100000&cursor=AAAA&after=zzz&q=%25'];
  let asked = 0;
  const many = [];
  for (const [path, methods] of paths) {
    if (/login|sign-|logout|password|users|tokens|imports|retry/.test(path) || /^\/r\/(?!application|panel|score_sheet|objection|certificate|\{)/.test(path)) continue;
    const at = path.replace('{type}', 'application').replace('{id}', path.startsWith('/score') ? id.sheet : id.fresh).replace('{n}', '1').replace(/\{\w+\}/g, 'x');
    if (methods.get) for (const q of queries) many.push(['GET', at + q]);
    if (methods.post) for (const doc of odd) many.push(['POST', at, doc]);
  }
  for (const [method, at, doc] of many) {
    const a = await region.send(method, at, doc, { 'if-match': '"0"' });
    assert.ok(a.status < 500, `${method} ${at} ${JSON.stringify(doc ?? null).slice(0, 60)} gave ${a.status}: ${a.text.slice(0, 200)}`);
    asked++;
  }
  assert.ok(asked > 200, `${asked} requests`);
  expect(await web.json('/healthz'), 200, 'still there');
});

test('signed out, the old session reads and moves nothing', async () => {
  const gone = await web.json('/desk', { cookie: '__Host-tamga=none; tamga=none' });
  assert.equal(gone.status, 401);
});
