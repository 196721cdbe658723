// run.mjs - is there a second line? See test/keys/run. What a clerk is shown by the right server is the measure: what the broken one shows
// besides, of offices out of the clerk's reach, is foreign.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { put } from '../../tool/evidence.mjs';

const { BIN, BROKEN, BARE, TAMGA_TEST_DB: PG, TAMGA_TEST_SUPER: SUPER } = process.env;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-keys-'));
const orgs = fs.readFileSync('pack/neimenggu/orgs.csv', 'utf8').trim().split('\n').slice(1).map((l) => l.split(','));
const homeOf = (id) => Number((BigInt(id) >> 12n) & 8191n);
const types = fs.readdirSync('pack/neimenggu/types').map((f) => /^type:\s*(\w+)/m.exec(fs.readFileSync(`pack/neimenggu/types/${f}`, 'utf8'))[1]).sort();
const servers = [];
let passed = 0, failed = 0;
const check = (ok, what) => { ok ? passed++ : (failed++, console.log(`not ok: ${what}`)); };

async function serve(bin, data, env = {}) {
  const log = fs.openSync(path.join(dir, 'log'), 'a');
  const child = spawn(bin, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--assets', 'build/assets'], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', log] });
  servers.push(child);
  let out = '';
  const base = await new Promise((done, no) => {
    child.stdout.on('data', (d) => { out += d; const at = /http:\/\/127\.0\.0\.1:\d+/.exec(out); if (at) done(at[0]); });
    child.on('exit', (code) => no(new Error(`${bin} ended with ${code}: ${out} ${fs.readFileSync(path.join(dir, 'log'), 'utf8').slice(-800)}`)));
  });
  child.removeAllListeners('exit');
  return { base, stop: () => new Promise((done) => { child.on('exit', done); child.kill(); }) };
}

class Clerk {
  constructor(base) { this.base = base; this.cookies = new Map(); }
  async ask(method, where, accept, body) {
    const cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
    const r = await fetch(this.base + where, { method, body, redirect: 'manual', headers: { accept, ...(cookie ? { cookie } : {}) } });
    for (const c of r.headers.getSetCookie()) { const p = c.split(';')[0]; this.cookies.set(p.slice(0, p.indexOf('=')), p.slice(p.indexOf('=') + 1)); }
    return { status: r.status, text: await r.text() };
  }
  async login(login, word) {
    const csrf = /name="csrf" value="([^"]+)"/.exec((await this.ask('GET', '/login', 'text/html')).text)[1];
    const a = await this.ask('POST', '/login', 'text/html', new URLSearchParams({ login, password: word, csrf }));
    if (a.status !== 303) throw new Error(`sign-in of ${login}: ${a.status}`);
  }
  async list(type) { // ids over all pages
    const ids = [];
    for (let where = `/r/${type}?limit=200`, n = 0; where && n < 40; n++) {
      const a = await this.ask('GET', where, 'application/json');
      if (a.status !== 200) return ids;
      const doc = JSON.parse(a.text);
      const items = doc.items ?? doc.records ?? [];
      ids.push(...items.map((x) => String(x.id)));
      const next = doc.next ?? doc.page?.next ?? '';
      where = next && items.length ? (String(next).startsWith('/') ? String(next) : `/r/${type}?limit=200&cursor=${encodeURIComponent(next)}`) : '';
    }
    return ids;
  }
}

function below(code) { // homes of an office and of those that report to it
  const mine = new Set([code]);
  for (let more = true; more;) { more = false; for (const o of orgs) if (mine.has(o[4]) && !mine.has(o[0])) { mine.add(o[0]); more = true; } }
  return new Set(orgs.filter((o) => mine.has(o[0])).map((o) => Number(o[6])));
}

/** What each person is shown: lists by type, and the status of one record of each id. */
async function look(server, logins, word, ids) {
  const shown = {};
  for (const login of logins) {
    const c = new Clerk(server.base);
    await c.login(login, word);
    shown[login] = { lists: {}, gets: {} };
    for (const type of types) {
      shown[login].lists[type] = new Set(await c.list(type));
      for (const id of ids[type] ?? []) shown[login].gets[`${type}/${id}`] = (await c.ask('GET', `/r/${type}/${id}`, 'application/json')).status;
    }
  }
  return shown;
}

/** whole: the broken server must show what the right one does; a list whose statement is refused is no leak. */
function foreign(right, broken, reach, whole = true) {
  let lists = 0, gets = 0, listed = 0, asked = 0, rights = 0;
  for (const [login, homes] of Object.entries(reach)) {
    for (const type of types) {
      for (const id of broken[login].lists[type]) { listed++; if (!right[login].lists[type].has(id) && !homes.has(homeOf(id))) lists++; }
      for (const id of right[login].lists[type]) { rights++; if (whole && !broken[login].lists[type].has(id)) check(false, `${login} lost ${type} ${id}`); }
    }
    for (const [key, status] of Object.entries(broken[login].gets)) {
      asked++;
      if (status === 200 && right[login].gets[key] !== 200 && !homes.has(homeOf(key.split('/')[1]))) gets++;
    }
  }
  return { lists, gets, listed, asked, rights };
}

try {
  const pgData = path.join(dir, 'pg'), superData = path.join(dir, 'super'), fileData = path.join(dir, 'file');
  execFileSync('psql', ['-q', PG, '-c', 'drop schema if exists keys cascade', '-c', 'create schema keys'], { stdio: 'ignore' });
  const at = (address) => `${address}&options=-csearch_path%3Dkeys`;
  execFileSync(BIN, ['init', '--demo', '--data', pgData, '--db', at(PG), '--pack', 'pack/neimenggu'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const psql = (sql) => execFileSync('psql', ['-qAt', at(SUPER), '-c', sql]).toString().trim().split('\n').filter(Boolean);
  const word = (data) => fs.readFileSync(`${data}/demo-accounts.txt`, 'utf8').trim().split(/\s+/)[1];
  // one person of each of these roles
  const clerks = ['county_clerk', 'city_clerk', 'city_reviewer'].flatMap((role) => psql(`select login || ' ' || org from account where disabled = 0 and org <> ''`
    + ` and roles like '%${role}%' order by login limit 1`)).map((l) => l.split(' '));
  const reach = Object.fromEntries(clerks.map(([login, org]) => [login, below(org)]));
  const logins = Object.keys(reach);
  const ids = Object.fromEntries(types.map((t) => [t, psql(`select id from r_${t} where deleted is null order by id % 97, id limit 6`)]));

  // the keys themselves
  const unkeyed = psql("select c.relname from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'keys'::regnamespace and i.indisunique"
    + " and c.relkind = 'p' and not exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attnum = any (i.indkey) and a.attname = 'home')");
  const parted = psql("select relname from pg_class where relkind = 'p' and relnamespace = 'keys'::regnamespace");
  const plain = psql("select relname from pg_class where relkind = 'r' and not relispartition and relnamespace = 'keys'::regnamespace");
  const guarded = psql("select relname from pg_class where relname like 'r\\_%' and relforcerowsecurity and relnamespace = 'keys'::regnamespace");
  const records = [...parted, ...plain].filter((t) => t.startsWith('r_'));
  check(unkeyed.length === 0 && parted.length > 40, `unique keys without home: ${unkeyed}; cut by home: ${parted.length}`);
  check(guarded.length === records.length, `of ${records.length} record tables ${guarded.length} are guarded`);
  const closed = execFileSync('psql', ['-qAt', at(PG), '-c', 'select count(*) from r_brand']).toString().trim();
  check(closed === '0', `a connection that set nothing sees ${closed} brands`);

  const right = await serve(BIN, pgData);
  const measure = await look(right, logins, word(pgData), ids);
  await right.stop();
  const broken = await serve(BROKEN, pgData);
  const held = foreign(measure, await look(broken, logins, word(pgData), ids), reach);
  await broken.stop();
  check(held.lists === 0 && held.gets === 0, `foreign on PostgreSQL: ${held.lists} in lists, ${held.gets} single`);
  check(held.rights > 0 && held.asked > 100, `too little was looked at: ${JSON.stringify(held)}`);

  // the same database, by a role that row-level security does not hold
  fs.cpSync(pgData, superData, { recursive: true });
  fs.writeFileSync(`${superData}/db`, at(SUPER) + '\n');
  const unheld = await serve(BROKEN, superData);
  const free = foreign(measure, await look(unheld, logins, word(pgData), ids), reach);
  await unheld.stop();
  check(free.lists > 0 && free.gets > 0, `without row-level security: ${free.lists} in lists, ${free.gets} single`);

  console.log(`${logins.length} clerks (${logins.join(', ')}), ${types.length} record types; keys: ${parted.length} tables cut by home, ${unkeyed.length} unique keys without home, ${guarded.length} record tables guarded`);
  console.log(`broken server, held by row-level security: ${held.listed} rows listed, ${held.asked} records asked, foreign ${held.lists} + ${held.gets}`);
  console.log(`not held (superuser): foreign ${free.lists} + ${free.gets}`);
  const command = 'test/keys/run';
  put('keys.partitions', { goal: 'tables kept by home cut by home, every unique key holds it', figure: `${parted.length} tables in ${process.env.TAMGA_PG_PARTITIONS} parts each, ${unkeyed.length} unique keys without home`, command });
  put('keys.second-line', { goal: '0 foreign rows although the query forgets the reach', figure: `${logins.length} clerks, ${types.length} types: ${held.listed} rows listed and ${held.asked} records asked by id, foreign ${held.lists} and ${held.gets}`, command });
  put('keys.second-line-off', { goal: 'foreign rows without row-level security', figure: `the same server as superuser: ${free.lists} rows in lists, ${free.gets} records by id`, command, control: true });

  // SQLite: the driver leaves foreign rows out, and refuses what asks nothing of whose the rows are; a build without that shows them
  execFileSync(BIN, ['init', '--demo', '--data', fileData, '--pack', 'pack/neimenggu'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const turn = async (bin, at) => {
    const server = await serve(bin, fileData);
    const shown = await look(server, logins, word(fileData), at);
    await server.stop();
    return shown;
  };
  const every = await turn(BIN, {});
  const known = Object.fromEntries(types.map((t) => [t, [...new Set(logins.flatMap((l) => [...every[l].lists[t]]))].slice(0, 6)]));
  const fileRight = await turn(BIN, known);
  const fileHeld = foreign(fileRight, await turn(BROKEN, known), reach, false);
  const fileFree = foreign(fileRight, await turn(BARE, known), reach, false);
  check(fileHeld.lists === 0 && fileHeld.gets === 0 && fileHeld.asked > 50, `foreign on SQLite: ${JSON.stringify(fileHeld)}`);
  check(fileFree.lists > 0 && fileFree.gets > 0, `without the driver's line: ${JSON.stringify(fileFree)}`);
  console.log(`SQLite: ${fileHeld.listed} rows listed, ${fileHeld.asked} records asked, foreign ${fileHeld.lists} + ${fileHeld.gets}; without the line ${fileFree.lists} + ${fileFree.gets}`);
  put('keys.second-line-sqlite', { goal: '0 foreign rows although the query forgets the reach', figure: `the same build on SQLite: ${fileHeld.listed} rows listed, ${fileHeld.asked} records asked by id, foreign ${fileHeld.lists} and ${fileHeld.gets}`, command });
  put('keys.second-line-sqlite-off', { goal: 'foreign rows without the driver’s line', figure: `a build without it: ${fileFree.lists} rows in lists, ${fileFree.gets} records by id`, command, control: true });
} catch (e) {
  failed++;
  console.log(`not ok: ${e.stack}`);
  try { console.log(fs.readFileSync(path.join(dir, 'log'), 'utf8').slice(-1500)); } catch { /* no log yet */ }
} finally {
  for (const s of servers) if (s.exitCode === null && s.signalCode === null) s.kill();
  fs.rmSync(dir, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
