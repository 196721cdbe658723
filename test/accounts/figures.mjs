// figures.mjs - three claims about accounts, each with its negative control; rows for doc/evidence.md.
import fs from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { put } from '../../tool/evidence.mjs';
import { FIRST, THREE } from './people.mjs';
import { as, Person, tryLogin } from '../flow/lib.mjs';

const { TAMGA_MATRIX: MATRIX, TAMGA_BIN: BIN, TAMGA_DATA: DATA, TAMGA_URL: BASE } = process.env;
const COMMAND = 'test/accounts/run';
// Between two requests a process may run for longer than the server keeps an idle connection.
const { fetch: plain } = globalThis;
globalThis.fetch = (url, o = {}) => plain(url, { ...o, headers: { ...o.headers, connection: 'close' } });
let passed = 0, failed = 0;
function verdict(ok, title) {
  if (ok) { passed++; return; }
  failed++;
  console.log(`not ok ${title}`);
}

// ---- 1. cells of the three administrators: what the program lets them beyond what it lets anybody
const oracle = await import('../rights/oracle.mjs').catch(() => null);
const { line, owners, around } = await import('../rights/questions.mjs');
/** One question of every type, state, owner, office and belonging for `role`, and the same for a stranger without roles. */
function beyond(dir, roles) {
  const pack = oracle.load(path.resolve(dir)), asked = [], cut = (a) => a.replaceAll('|', '');
  for (const role of roles) if (!pack.roles.includes(role)) throw new Error(`${dir} has no role ${role}`);
  for (const t of pack.types) {
    for (const role of roles) {
      for (const owner of owners(pack)) {
        for (const office of around(pack, owner).keys()) {
          for (const state of oracle.states(t)) {
            for (const whose of t.person ? [0, 1, 2, 3, 4, 5] : [0, 1]) {
              const q = { kind: 'R', type: t.type, state: state.id, owner, holder: owner, whose };
              asked.push({ ...q, who: { roles: [role], office } }, { ...q, whose: 0, who: { roles: [], office: null } });
            }
          }
          asked.push({ kind: 'C', type: t.type, who: { roles: [role], office }, owner }, { kind: 'C', type: t.type, who: { roles: [], office: null }, owner });
        }
        asked.push({ kind: 'F', type: t.type, who: { roles: [role], office: owner } }, { kind: 'F', type: t.type, who: { roles: [], office: null } });
      }
    }
  }
  const run = spawnSync(MATRIX, [path.resolve(dir)], { input: asked.map(line).join('\n') + '\n', maxBuffer: 1 << 30 });
  if (run.status !== 0) throw new Error(`matrix: ${run.stderr}`);
  const text = run.stdout.toString(), answers = text.slice(text.indexOf('\n\n') + 2).trimEnd().split('\n');
  let cells = 0, more = 0;
  for (let i = 0; i < asked.length; i += 2) {
    const a = cut(answers[i]), b = cut(answers[i + 1]);
    cells += a.length;
    for (let k = 0; k < a.length; k++) more += Number(a[k]) > Number(b[k]);
  }
  return { cells, more };
}
{
  const sets = [['pack/neimenggu', ['system_admin', 'security_admin', 'audit_admin']], ['test/fixture/pack-two', ['keeper', 'grantor', 'watcher']]];
  let cells = 0, more = 0;
  for (const [dir, roles] of sets) {
    const a = beyond(dir, roles);
    cells += a.cells;
    more += a.more;
  }
  const control = beyond('test/fixture/pack-two', ['writer']).more;
  console.log(`${cells} cells of the three administrators, ${more} beyond what anybody may; control (a writer): ${control}`);
  verdict(more === 0 && cells > 10000, 'the three administrators have no business cell');
  verdict(control > 0, 'control: a writer has some');
  put('accounts.cells', { goal: 'the three administrators (system, security, audit) may nothing with records that the public may not', figure: `${more} of ${cells} cells, two packs`, command: COMMAND });
  put('accounts.cells-control', { goal: 'a writer of records asked the same way', figure: `${control} cells beyond the public`, command: COMMAND, control: true });
}

// ---- 2. two of the exclusive roles in one account: by page, by API, at the server, by SQL
{
  const roles = [...fs.readFileSync('pack/neimenggu/roles.yaml', 'utf8').matchAll(/\{id: (\w+),/g)].map((m) => m[1]);
  const three = THREE.map(([, r]) => r);
  const pairs = three.flatMap((a) => roles.filter((b) => b !== a && !(three.includes(b) && three.indexOf(b) < three.indexOf(a))).map((b) => [a, b]));
  const sec = new Person();
  await tryLogin(sec, 'sec1', FIRST);
  sec.csrf = /name="csrf" value="([^"]+)"/.exec((await sec.page('/account')).text)[1];
  const own = 'River3 candle forest';
  await sec.form('/account/password', { old: FIRST, password: own, again: own });
  sec.csrf = /name="csrf" value="([^"]+)"/.exec((await sec.page('/account')).text)[1];
  const admin = await as('admin');
  const users = (await sec.get('/users')).json.users;
  const id = (login) => users.find((u) => u.login === login).id;
  const sql = (text) => spawnSync('sqlite3', [`${DATA}/tamga.db`, text]).status === 0;
  const tried = { page: 0, api: 0, server: 0, sql: 0 }, taken = { page: 0, api: 0, server: 0, sql: 0 };
  const note = (way, accepted) => { tried[way]++; taken[way] += accepted ? 1 : 0; };
  const kinds = { system_admin: 'system', security_admin: 'security', audit_admin: 'audit' };
  for (const [a, b] of pairs) {
    note('page', (await sec.form(`/users/${id('clerk9')}/roles`, { roles: [a, b], reason: '两种角色' })).status === 303);
    note('page', (await admin.form('/users', { login: `x${tried.page}`, name: '两种', org: '150000', roles: [a, b], password: FIRST })).status === 303);
    note('api', [200, 202].includes((await sec.send('POST', `/users/${id('clerk9')}/roles`, { roles: `${a},${b}`, reason: '两种角色' })).status));
    if (!three.includes(b)) {
      note('sql', sql(`update account set admin_kind = '${kinds[a]}', roles = '${b}' where login = 'clerk9'`));
      note('sql', sql(`update account set roles = '${b}' where admin_kind = '${kinds[a]}'`));
      note('sql', sql(`insert into account (id, home, login, name, org, roles, password, disabled, must_change, created, last, admin_kind)`
        + ` values (${tried.sql}, 1, 'y${tried.sql}', 'y', '150000', '${b}', '', 0, 0, 0, 0, '${kinds[a]}')`));
    } else {
      note('sql', sql(`update account set admin_kind = '${kinds[a]},${kinds[b]}' where login = 'aud1'`));
    }
  }
  for (const [a, b] of pairs.filter(([, y]) => three.includes(y) || y === 'region_officer')) {
    note('server', spawnSync(BIN, ['user', 'add', 'z9', '--data', DATA, '--name', '两种', '--org', '150000', '--role', `${a},${b}`], { input: `${FIRST}\n` }).status === 0);
  }
  const all = Object.values(tried).reduce((x, y) => x + y), got = Object.values(taken).reduce((x, y) => x + y);
  const ways = Object.entries(tried).map(([k, n]) => `${k} ${n}`).join(', ');
  // control: the same doors open for one role alone, and the same statement on a table without the constraint
  const alone = (await sec.send('POST', `/users/${id('clerk9')}/roles`, { roles: 'enterprise', reason: '一种角色' })).status;
  const text = execFileSync('sqlite3', [':memory:', "create table account (roles text, admin_kind text); insert into account values ('a', ''); update account set admin_kind = 'system'; select count(*) from account where admin_kind <> '' and roles <> '';"]).toString().trim();
  console.log(`${all} attempts at two exclusive roles (${ways}), ${got} accepted; control: one role alone ${alone}, without the constraint ${text}`);
  verdict(got === 0 && all > 100, 'no account holds two exclusive roles');
  verdict(alone === 200 && text === '1', 'control: one role is granted, and an unconstrained table takes two');
  put('accounts.exclusive', { goal: 'no account is one of the three administrators and anything else, whoever tries', figure: `${got} of ${all} attempts accepted (${ways})`, command: COMMAND });
  put('accounts.exclusive-control', { goal: 'one role alone is granted; a table without the constraint takes both', figure: `granted (${alone}), ${text} row with both`, command: COMMAND, control: true });
}

// ---- 3. timing: a wrong password of somebody and of nobody
{
  const logins = fs.readFileSync(`${DATA}/demo-accounts.txt`, 'utf8').trim().split('\n').map((l) => l.split(/\s+/)[0]).slice(0, 26);
  const times = { known: [], unknown: [] };
  let peer = 0;
  const p = new Person();
  const csrf = /name="csrf" value="([^"]+)"/.exec((await p.page('/login')).text)[1];
  const attempt = async (login) => {
    const headers = { accept: 'text/html', 'x-forwarded-for': `192.0.2.${1 + (peer++ % 250)}` };
    const body = new URLSearchParams({ login, password: 'wrong wrong wrong', csrf });
    const start = process.hrtime.bigint();
    const a = await p.ask('POST', '/login', { headers, body });
    if (a.status !== 401) throw new Error(`sign-in gave ${a.status}`);
    return Number(process.hrtime.bigint() - start) / 1e6;
  };
  for (const l of ['nobody1', 'nobody2']) await attempt(l); // warm
  for (let round = 0; round < 4; round++) {
    for (const [i, login] of logins.entries()) {
      const other = `nobody-${round}-${i}`;
      const first = (round + i) % 2 === 0;
      if (first) times.known.push(await attempt(login));
      times.unknown.push(await attempt(other));
      if (!first) times.known.push(await attempt(login));
    }
  }
  const median = (l) => [...l].sort((a, b) => a - b)[l.length >> 1];
  const k = median(times.known), u = median(times.unknown), off = Math.abs(k - u) / Math.max(k, u) * 100;
  // control: how far apart the two would be if unknown logins cost no hashing: the page alone
  const cheap = [];
  for (let i = 0; i < 40; i++) { const s = process.hrtime.bigint(); await p.page('/login'); cheap.push(Number(process.hrtime.bigint() - s) / 1e6); }
  const control = (k - median(cheap)) / k * 100;
  console.log(`sign-in with a wrong password, ${times.known.length} each: known ${k.toFixed(2)} ms, unknown ${u.toFixed(2)} ms, ${off.toFixed(1)} % apart; an answer without hashing is ${control.toFixed(0)} % off`);
  verdict(off < 5, 'known and unknown logins take the same time');
  verdict(control > 5, 'control: an answer without hashing would show');
  put('accounts.timing', { goal: 'a wrong password of a known and of an unknown login differ by less than 5 % (medians, alternating)', command: COMMAND,
    figure: `${off.toFixed(1)} % (${k.toFixed(1)} and ${u.toFixed(1)} ms, ${times.known.length} each)`, below: off < 5 ? '' : 'on a machine busy with other work' });
  put('accounts.timing-control', { goal: 'an answer without hashing', figure: `${control.toFixed(0)} % apart`, command: COMMAND, control: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
