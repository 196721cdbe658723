// Story 22: accounts - the first start, three administrators kept apart, second factor, proof once more before what is sensitive.
import crypto from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { as, ask, assert, BASE, expect, newBrand, Person, TAMGA, test, tryLogin, web } from './lib.mjs';
import { Own } from './own.mjs';

/** A code of an authenticator app, written from RFC 6238 and sharing nothing with the program. `ahead`: steps of 30 seconds. */
export function totp(secret, ahead = 0, now = Date.now()) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(Math.floor(now / 30000) + ahead));
  const mac = crypto.createHmac('sha1', key).update(at).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}
const csrfOf = (text) => /name="csrf" value="([^"]+)"/.exec(text)[1];
async function signIn(login, word, base = BASE) {
  const p = new Person(base);
  const a = await tryLogin(p, login, word);
  expect(a, 303, `sign-in of ${login}`);
  if (!a.location.startsWith('/login')) p.csrf = csrfOf((await p.page('/account')).text);
  return [p, a];
}
const WORDS = { sys: 'Quiet9 marble window', sec: 'River3 candle forest', aud: 'Yellow5 stone bridge', sec2: 'Winter8 copper saddle', jia: 'Meadow4 silver anchor' };
const OWN = Object.fromEntries(Object.entries(WORDS).map(([k, w]) => [k, `${w} own`]));

/** A region of its own without accounts, as after `tamga init`. */
async function region(profile) {
  const own = new Own('pack/neimenggu', new Date().toISOString().slice(0, 10));
  own.env = () => ({ ...process.env }); // the true time: codes belong to it
  if (profile) own.run(['settings', '--data', own.data, '--profile', profile]);
  await own.start();
  return own;
}
const fields = (token) => ({ token, system_name: '王一', system_login: 'sys', system_password: WORDS.sys, security_name: '李二', security_login: 'sec',
  security_password: WORDS.sec, audit_name: '赵三', audit_login: 'aud', audit_password: WORDS.aud });
async function first(own, doc) {
  const p = new Person(own.base);
  p.csrf = csrfOf(expect(await p.page('/first'), 200, 'the page of the first start').text);
  return p.form('/first', doc);
}
/** Signs in with the first password and takes an own one. */
async function settle(own, login) {
  const [p] = await signIn(login, WORDS[login], own.base);
  expect(await p.get('/users'), 403, 'before the own password');
  expect(await p.form('/account/password', { old: WORDS[login], password: OWN[login], again: OWN[login] }), 303, 'own password');
  p.csrf = csrfOf((await p.page('/account')).text);
  return p;
}
async function enrol(p) {
  expect(await p.form('/account/factor', {}), 303, 'begin');
  const secret = expect(await p.get('/account/factor'), 200, 'secret').json.setup.secret;
  const page = (await p.page('/account/factor')).text;
  assert.match(page, /<path class="qr-fg" d="M4 4h7v1h-7z/);
  expect(await p.form('/account/factor/confirm', { code: '000000' }), 422, 'a wrong first code');
  const code = totp(secret), done = expect(await p.form('/account/factor/confirm', { code }), 200, 'confirm');
  const codes = [...done.text.matchAll(/<code class="code">([A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4})<\/code>/g)].map((m) => m[1]);
  assert.equal(codes.length, 10);
  return { secret, codes, code };
}

let own;
test('a folder without accounts shows a token, and the page takes it once for three persons', async () => {
  own = await region();
  const sent = new Person(own.base);
  assert.match(expect(await sent.page('/login'), 200, 'sign-in').text, /href="\/first"/);
  const token = /^ {2}([\w-]{24})$/m.exec(own.run(['first', '--data', own.data]))[1];
  expect(await first(own, fields('not-the-token')), 422, 'a guess');
  assert.match(expect(await first(own, { ...fields(token), audit_login: 'sys' }), 422, 'one person twice').text, /审计管理员：登录名或姓名和系统管理员的相同/);
  assert.match(expect(await first(own, { ...fields(token), system_password: 'password1234' }), 422, 'a weak password').text, /太容易猜/);
  assert.equal(expect(await first(own, fields(token)), 303, 'three persons').location, '/login');
  expect(await sent.page('/first'), 404, 'afterwards');
  const form = new URLSearchParams({ csrf: 'x', ...fields(token) });
  expect(await sent.ask('POST', '/first', { headers: { accept: 'text/html' }, body: form }), 404, 'and for posts');
});

const people = {};
test('the system administrator makes accounts without roles, the security administrator gives roles, the audit administrator reads of both', async () => {
  for (const k of ['sys', 'sec', 'aud']) people[k] = await settle(own, k);
  const { sys, sec, aud } = people;
  expect(await sys.send('POST', '/users', { login: 'jia', name: '甲', org: '150430', roles: 'county_clerk', password: WORDS.jia }), 403, 'roles with the account');
  const jia = expect(await sys.send('POST', '/users', { login: 'jia', name: '甲', org: '150430', password: WORDS.jia }), 201, 'an account').json.id;
  expect(await sec.send('POST', '/users', { login: 'yi', name: '乙', org: '150430', password: WORDS.jia }), 403, 'security adds');
  expect(await aud.send('POST', '/users', { login: 'yi', name: '乙', org: '150430', password: WORDS.jia }), 404, 'audit adds');
  const give = (p, id, roles) => p.send('POST', `/users/${id}/roles`, { roles, reason: '到岗上任' });
  expect(await give(sys, jia, 'county_clerk'), 403, 'system gives roles');
  expect(await give(aud, jia, 'county_clerk'), 404, 'audit gives roles');
  expect(await give(sec, jia, 'county_clerk,security_admin'), 422, 'both');
  expect(await sec.form(`/users/${jia}/roles`, { roles: ['county_clerk', 'audit_admin'], reason: '到岗上任' }), 422, 'both, by form');
  const secId = (await sec.get('/users')).json.users.find((u) => u.login === 'sec').id;
  expect(await give(sec, secId, 'region_officer'), 403, 'to oneself');
  assert.equal(expect(await give(sec, jia, 'county_clerk'), 200, 'roles').json.waits, false);
  const seen = expect(await aud.get('/journal'), 200, 'journal').json.events;
  assert.ok(seen.some((e) => e.act.value === 'user_roles' || e.act === 'user_roles'), JSON.stringify(seen[0]));
  expect(await sys.get('/journal'), 404, 'the journal is not for others');
  for (const [k, p] of Object.entries(people)) {
    expect(await p.page('/security'), 200, `${k} reads the rules`);
    assert.equal((await p.get('/security')).json.profile, 'default');
    for (const type of ['brand', 'application', 'certificate', 'enterprise']) {
      assert.equal(expect(await p.get(`/r/${type}`), 200, type).json.items.length, 0, `${k} ${type}`);
      expect(await p.get(`/r/${type}/export.csv`), 403, `${k} exports ${type}`);
      expect(await p.get(`/r/${type}/new`), 403, `${k} new ${type}`);
    }
  }
});

test('stopping an account ends its session with the next request; the last administrator of a kind stays', async () => {
  const jia = await settle(own, 'jia');
  expect(await jia.page('/desk'), 200, 'before');
  const users = (await people.sys.get('/users')).json.users;
  const id = (login) => users.find((u) => u.login === login).id;
  expect(await people.sys.form(`/users/${id('jia')}/disable`, { disabled: '1' }), 303, 'stop');
  expect(await jia.get('/desk'), 401, 'the next request');
  expect(await people.sys.send('POST', `/users/${id('sec')}/disable`, { disabled: '1' }), 409, 'the last of its kind');
  expect(await people.sys.send('POST', `/users/${id('sec')}/password`, { password: WORDS.sec2 }), 403, 'another kind\'s password');
  assert.match(own.run(['doctor', '--data', own.data]), /三个管理员：都在[\s\S]*不少于 180 天/);
  const less = spawnSync(TAMGA, ['settings', '--data', own.data, '--days', '179'], { env: process.env });
  assert.equal(less.status, 2);
  await own.end();
});

test('under cn-mlps3 everybody enrols first, and roles wait for a second security administrator', async () => {
  own = await region('cn-mlps3');
  const token = /^ {2}([\w-]{24})$/m.exec(own.run(['first', '--data', own.data]))[1];
  expect(await first(own, fields(token)), 303, 'three persons');
  own.run(['user', 'add', 'sec2', '--data', own.data, '--name', '孙四', '--org', '150000', '--role', 'security_admin'], `${WORDS.sec2}\n`);
  const sec = await settle(own, 'sec'), sec2 = await settle(own, 'sec2'), sys = await settle(own, 'sys');
  for (const p of [sec, sec2, sys]) {
    expect(await p.get('/users'), 403, 'before a second factor');
    await enrol(p);
    expect(await p.get('/users'), 200, 'afterwards');
  }
  const jia = expect(await sys.send('POST', '/users', { login: 'jia', name: '甲', org: '150430', password: WORDS.jia }), 201, 'an account').json.id;
  expect(await sec.send('POST', `/users/${jia}/roles`, { roles: 'county_clerk', reason: '到岗上任' }), 202, 'asked for');
  const [q] = (await sec2.get('/users')).json.requests;
  expect(await sec.form(`/role-requests/${q.id}/agree`, {}), 403, 'the one who asked');
  expect(await sys.send('POST', `/role-requests/${q.id}/agree`, {}), 403, 'another administrator');
  expect(await sec2.form(`/role-requests/${q.id}/agree`, {}), 303, 'a second one');
  assert.equal((await sec2.get('/users')).json.users.find((u) => u.login === 'jia').roles, 'county_clerk');
  await own.end();
});

test('with a second factor the password alone opens nothing; a code counts once; recovery codes and resets work', async () => {
  const word = 'first words given 2026';
  const admin = await as('admin');
  expect(await admin.form('/users', { login: 'factor1', name: '动态码（演示）', org: '150430', roles: 'county_clerk', password: word }), 303, 'adding');
  const [fresh] = await signIn('factor1', word);
  expect(await fresh.form('/account/password', { old: word, password: `${word} own`, again: `${word} own` }), 303, 'own password');
  fresh.csrf = csrfOf((await fresh.page('/account')).text);
  const { secret, codes, code: used } = await enrol(fresh), next = totp(secret, 1); // each once: a step of 30 s may end in between
  const [p, a] = await signIn('factor1', `${word} own`);
  assert.match(a.location, /^\/login\/code/);
  const half = p.cookies.get('tamga_s');
  expect(await p.get('/desk'), 401, 'half signed in');
  expect(await p.get('/r/brand/new'), 401, 'half signed in');
  const csrf = csrfOf(expect(await p.page('/login/code'), 200, 'the page of the code').text);
  const code = (value) => p.ask('POST', '/login/code', { headers: { accept: 'text/html' }, body: new URLSearchParams({ csrf, code: value }) });
  expect(await code(used), 401, 'the code that confirmed is used up');
  expect(await code(next), 303, 'the next one');
  assert.notEqual(p.cookies.get('tamga_s'), half, 'a new session id');
  expect(await p.page('/desk'), 200, 'desk');
  const [other] = await signIn('factor1', `${word} own`);
  const again = csrfOf((await other.page('/login/code')).text);
  const second = (value) => other.ask('POST', '/login/code', { headers: { accept: 'text/html' }, body: new URLSearchParams({ csrf: again, code: value }) });
  expect(await second(next), 401, 'the same code twice');
  expect(await second(codes[0]), 303, 'a recovery code');
  p.csrf = csrfOf((await p.page('/account')).text);
  expect(await p.form('/confirm/end', {}), 303, 'leave');
  assert.match(expect(await p.page('/r/brand/export.csv'), 403, 'asks').text, /动态码/);
  expect(await p.send('POST', '/confirm', { proof: `${word} own` }), 403, 'the password is no code');
  expect(await p.send('POST', '/confirm', { proof: codes[1] }), 204, 'a code');
  expect(await p.page('/r/brand/export.csv'), 200, 'exported');
  const id = (await admin.get('/users')).json.users.find((u) => u.login === 'factor1').id;
  expect(await admin.form(`/users/${id}/factor`, { reason: '手机丢失了' }), 303, 'reset');
  expect(await p.get('/desk'), 401, 'signed out');
  assert.equal((await signIn('factor1', `${word} own`))[1].location, '/desk');
});

test('export, unmasking, grants and tokens ask once more; what was typed is not lost; the session id changes', async () => {
  const clerk = await as('ningcheng');
  const b = await newBrand(clerk, { county: '150429' });
  const end = async () => expect(await clerk.form('/confirm/end', {}), 303, 'leave');
  await end();
  const unmask = `/r/brand/${b.id}/unmask`;
  const problem = expect(await clerk.send('POST', unmask, { reason: '电话核实情况' }), 403, 'unmask, program');
  assert.equal(problem.json.code, 'step_up_required');
  for (const path of ['/r/brand/export.csv', '/r/brand/export.xlsx']) assert.match(expect(await clerk.page(path), 403, path).text, /name="next" value="\/r\/brand\/export/);
  expect(await clerk.send('POST', '/tokens', { name: '测试', scope: 'read', days: '1' }), 403, 'token');
  const asked = expect(await clerk.form(unmask, { reason: '电话核实 <情况> & "引号"' }), 403, 'unmask, page').text;
  assert.match(asked, new RegExp(`action="${unmask}"`));
  assert.match(asked, /name="reason" value="电话核实 &lt;情况&gt; &amp; &quot;引号&quot;"/);
  assert.doesNotMatch(asked, /13800002046/);
  const word = process.env.TAMGA_WORD ?? (await import('node:fs')).readFileSync(`${process.env.TAMGA_DATA}/demo-accounts.txt`, 'utf8').trim().split(/\s+/)[1];
  expect(await clerk.form(unmask, { reason: '电话核实情况', proof: 'wrong wrong wrong' }), 403, 'a wrong password');
  const before = clerk.cookies.get('tamga_s');
  assert.match(expect(await clerk.form(unmask, { reason: '电话核实情况', proof: word }), 200, 'unmasked').text, /13800002046/);
  assert.notEqual(clerk.cookies.get('tamga_s'), before, 'a new session id');
  const stale = new Person();
  stale.cookies = new Map([['tamga_s', before]]);
  expect(await stale.get('/desk'), 401, 'the old id');
  expect(await clerk.page('/r/brand/export.csv'), 200, 'within the five minutes');
  await end();
  assert.equal(expect(await clerk.form('/confirm', { proof: word, next: '/r/brand/export.csv' }), 303, 'confirm').location, '/r/brand/export.csv');
  assert.equal(expect(await clerk.form('/confirm', { proof: word, next: 'https://elsewhere.example/' }), 303, 'elsewhere').location, '/account');
});

test('a token may not unmask, grant or make tokens, and exports only with the scope of its own', async () => {
  const clerk = await as('aohan');
  const make = async (scope) => expect(await clerk.send('POST', '/tokens', { name: `测试${scope}`, scope, days: '1' }), 201, scope).json.token;
  const by = (token) => (method, path, doc) => ask(method, path, { headers: { authorization: `Bearer ${token}`, ...(doc && { 'content-type': 'application/json' }) },
    body: doc && JSON.stringify(doc) });
  const write = by(await make('write')), exporting = by(await make('export'));
  const b = await newBrand(clerk);
  assert.equal(expect(await write('GET', '/r/brand/export.csv'), 403, 'write').json.code, 'step_up_required');
  expect(await exporting('GET', '/r/brand/export.csv'), 200, 'export');
  expect(await exporting('POST', '/r/brand', {}), 403, 'it only reads');
  for (const [path, doc] of [[`/r/brand/${b.id}/unmask`, { reason: '电话核实情况' }], ['/tokens', { name: '又一个', scope: 'write', days: '1' }], ['/account/factor', {}],
    ['/confirm', { proof: 'x' }]]) {
    expect(await write('POST', path, doc), 403, path);
  }
  expect(await web.page('/account/factor'), 303, 'the public');
});
