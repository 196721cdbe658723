// pg.mjs - what Tamga on PostgreSQL survives, and several Tamga processes on one database.
//
//   node test/fault/pg.mjs [kills] [failover] [two] …      without words: all three
//
// kills: the server is killed (SIGKILL, by turns the postmaster alone and every process of the cluster) and started again under HTTP load; whatever was
// acknowledged must be there, and writes must go through soon after the database takes connections again. failover: the same with the primary
// of a pair that Debian's pg_auto_failover keeps, reached through an address of two hosts. two: two processes on one database: what one
// acknowledged the other must show at once, on pages kept for the public too; jobs run once; sessions begin and end everywhere; one is killed.
// Each part has a control that must find losses or old answers. KILLS (8), FAILOVERS (1), SECONDS of part two (12), SEED, TAMGA: the program.
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { put } from '../../tool/evidence.mjs';
import { Pair } from './pgpair.mjs';

const TAMGA = process.env.TAMGA ?? 'build/src/app/tamga';
const KILLS = Number(process.env.KILLS ?? 8);
const FAILOVERS = Number(process.env.FAILOVERS ?? 1);
const SECONDS = Number(process.env.SECONDS ?? 12);
const SEED = Number(process.env.SEED ?? 1) >>> 0;
const PARTS = process.argv.length > 2 ? process.argv.slice(2) : ['kills', 'failover', 'two'];
const CLIENTS = 4;
const BACK_MS = 5000; // writable again after the database is
const LONGEST_MS = 60000;

let random = (SEED * 2654435761 + 1) >>> 0;
/** 0 … n-1; the same row for the same seed (mulberry32). */
function dice(n) {
  random = (random + 0x6D2B79F5) >>> 0;
  let t = Math.imul(random ^ (random >>> 15), random | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pause = (ms) => new Promise((f) => setTimeout(f, ms));
const now = () => performance.now();
const middle = (list) => Math.round([...list].sort((a, b) => a - b)[list.length >> 1] ?? 0);

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-pgf-'));
fs.chmodSync(dir, 0o711); // the servers run as another user
const command = `test/fault/run pg`;
let passed = 0, failed = 0, faults = [], quiet = false;
const wrong = (text) => { faults.push(text); if (!quiet && faults.length <= 15) console.log(`  wrong: ${text}`); };
function result(ok, text) {
  if (ok) passed++; else failed++;
  console.log(`${ok ? 'ok    ' : 'not ok'} ${text}`);
  return ok;
}
const sh = (...words) => execFileSync(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const tamga = (...words) => sh(TAMGA, ...words);

// ---- servers of Tamga ----
const servers = new Set();
class Server {
  async start(data, ...more) {
    this.log = path.join(dir, `log-${crypto.randomBytes(3).toString('hex')}`);
    const out = fs.openSync(this.log, 'a');
    this.proc = spawn(TAMGA, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--assets', 'build/assets', ...more], { stdio: ['ignore', 'pipe', out] });
    fs.closeSync(out);
    servers.add(this);
    let said = '';
    this.base = await new Promise((done, no) => {
      this.proc.stdout.on('data', (d) => { said += d; const at = /http:\/\/127\.0\.0\.1:\d+/.exec(said); if (at) done(at[0]); });
      this.proc.on('exit', (code) => no(new Error(`tamga ended (${code}): ${said}${this.said()}`)));
      setTimeout(() => no(new Error(`tamga does not start: ${this.said()}`)), LONGEST_MS).unref();
    });
    return this;
  }
  said() { return fs.readFileSync(this.log, 'utf8').split('\n').slice(-12).join('\n'); }
  async end(signal = 'SIGTERM') {
    servers.delete(this);
    if (this.proc.exitCode !== null || this.proc.signalCode !== null) { wrong(`tamga had ended by itself (${this.proc.exitCode ?? this.proc.signalCode}): ${this.said()}`); return; }
    const gone = new Promise((f) => this.proc.on('exit', f));
    this.proc.kill(signal);
    const hard = setTimeout(() => { wrong('tamga did not stop in 30 s'); this.proc.kill('SIGKILL'); }, 30000);
    await gone;
    clearTimeout(hard);
  }
}

/** One request; null when no whole answer came. */
async function ask(base, who, method, at, { body, headers = {} } = {}) {
  try {
    const r = await fetch(base + at, { method, redirect: 'manual', signal: AbortSignal.timeout(LONGEST_MS), body: body === undefined ? undefined : JSON.stringify(body),
      headers: { accept: 'application/json', ...(who ? { authorization: `Bearer ${who}` } : {}), ...(body !== undefined ? { 'content-type': 'application/json' } : {}), ...headers } });
    const text = await r.text();
    const a = { status: r.status, text, etag: r.headers.get('etag'), headers: r.headers };
    if (/json/.test(r.headers.get('content-type') ?? '') && text) a.json = JSON.parse(text);
    return a;
  } catch { return null; }
}

/** The same, asked again when there was no room for it: who is told to come back has been told nothing old. */
async function answer(...words) {
  for (let i = 0; ; i++) {
    const a = await ask(...words);
    if (a?.status !== 503 || i === 20) return a;
    await pause(1000 * Number(a.headers.get('retry-after') ?? 1));
  }
}

// ---- the load: records made, changed and submitted; noted when acknowledged (a control: when sent) ----
const tokens = {};
let serial = 0;
const letters = '甲乙丙丁戊己庚辛壬癸';
const word = () => [...String(serial++).padStart(5, '0')].map((d) => letters[d]).join('');
const brand = () => ({ name: `敖汉${word()}工`, maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public', county: '150430',
  intro: '测试用，不是真实品牌。', phone: '13800002046' });

class Load {
  constructor(bases, early = false) { Object.assign(this, { bases, early, known: new Map(), done: 0, refused: 0, acks: [], alive: true, clients: [] }); }
  base() { return this.bases[dice(this.bases.length)]; }
  ack() { this.done++; this.acks.push(now()); }
  go() { this.clients = Array.from({ length: CLIENTS }, () => this.client()); }
  async stop() { this.alive = false; await Promise.all(this.clients); }
  async client() {
    const own = [];
    while (this.alive) {
      const id = own.length ? own[dice(own.length)] : null, k = id && this.known.get(id), d = dice(100);
      let a;
      if (!k || own.length < 3 || d < 25) {
        a = await ask(this.base(), tokens.clerk, 'POST', '/r/brand', { body: brand() });
        if (a?.status === 201) { own.push(a.json.id); this.known.set(a.json.id, { rev: a.json.rev, intro: a.json.values.intro?.value ?? a.json.values.intro, state: 'draft' }); }
      } else if (d < 85) {
        const intro = `测试用，不是真实品牌：${dice(1e9)}`;
        if (this.early) this.known.set(id, { rev: k.rev + 1, intro, state: k.state });
        a = await ask(this.base(), tokens.clerk, 'PATCH', `/r/brand/${id}`, { body: { intro }, headers: { 'if-match': `"${k.rev}"` } });
        if (a?.status === 200) this.known.set(id, { rev: a.json.rev, intro, state: k.state });
      } else {
        a = await ask(this.base(), tokens.clerk, 'POST', `/r/brand/${id}/do/submit`, { body: {}, headers: { 'if-match': `"${k.rev}"` } });
        own.splice(own.indexOf(id), 1);
        if (a?.status === 200) this.known.set(id, { rev: a.json.rev, intro: k.intro, state: a.json.state?.value ?? a.json.state });
      }
      if (a && a.status < 300) { this.ack(); continue; }
      this.refused++;
      if (a && ![409, 412, 500, 503].includes(a.status)) wrong(`a write was answered with ${a.status}: ${a.text.slice(0, 200)}`);
      if (id && own.includes(id)) own.splice(own.indexOf(id), 1); // its state is not known now
      await pause(20 + dice(60));
    }
  }
  async look() {
    const todo = [...this.known.keys()];
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let id; (id = todo.pop());) {
        const k = this.known.get(id);
        let a = null;
        for (let i = 0; i < 20 && a?.status !== 200 && a?.status !== 404; i++) { if (i) await pause(200); a = await ask(this.base(), tokens.clerk, 'GET', `/r/brand/${id}`); }
        if (a?.status !== 200) { wrong(`record ${id} is gone (${a?.status})`); continue; }
        const intro = a.json.values.intro?.value ?? a.json.values.intro, state = a.json.state?.value ?? a.json.state;
        if (a.json.rev < k.rev) wrong(`record ${id} has revision ${a.json.rev}, acknowledged was ${k.rev}`);
        else if (a.json.rev === k.rev && (intro !== k.intro || state !== k.state)) wrong(`record ${id} is not what was acknowledged`);
        else if (a.json.rev > k.rev + 1) wrong(`record ${id} was changed more often than asked`);
      }
    }));
  }
  /** ms from `at` to the first write acknowledged after it. */
  async back(at) {
    for (;;) {
      const first = this.acks.find((t) => t > at);
      if (first !== undefined) return first - at;
      if (now() - at > LONGEST_MS) { wrong('no write went through any more'); return LONGEST_MS; }
      await pause(5);
    }
  }
}

function verify(data) {
  try { return tamga('verify', '--data', data).trim().split('\n').pop(); } catch (e) { wrong(`tamga verify: ${e.stdout}${e.stderr}`); return ''; }
}
/** A demonstration region in a schema of its own. */
function fill(data, address, schema) {
  sh('psql', '-q', address, '-c', `create schema ${schema}`);
  const at = `${address}&options=-csearch_path%3D${schema}`;
  tamga('init', '--demo', '--data', data, '--pack', 'pack/neimenggu', '--db', `${at}%20-csynchronous_commit%3Doff`); // quick, and only for this
  fs.writeFileSync(path.join(data, 'db'), `${at}\n`);
  for (const [key, login] of [['clerk', 'aohan'], ['region', 'region']]) tokens[key] = /tmg_\S+/.exec(tamga('user', 'token', login, '--scope', 'write', '--data', data))[0];
}
const below = (goal, ms) => (ms <= goal ? {} : { below: `${(ms / 1000).toFixed(1)} s` });

// ---- part one ----
async function kills(cluster) {
  const data = path.join(dir, 'kills');
  fill(data, cluster.address, 'kills');
  const server = await new Server().start(data);
  const load = new Load([server.base]);
  const back = [], down = [];
  load.go();
  for (let i = 0; i < KILLS; i++) {
    await pause(300 + dice(500));
    await cluster.kill(i % 2 === 1);
    const t = now();
    await pause(dice(300));
    cluster.again();
    const up = now();
    down.push(up - t);
    back.push(await load.back(up));
  }
  await load.stop();
  await load.look();
  const chain = verify(data);
  const most = Math.max(...back);
  const bad = faults.length;
  result(bad === 0, `${KILLS} kills of PostgreSQL (half the postmaster, half all its processes) under load: ${load.done} acknowledged writes, ${load.refused} refused or without answer, ${bad} lost or wrong; ${chain} (seed ${SEED})`);
  result(most <= BACK_MS, `writable again after the database is: median ${middle(back)} ms, longest ${Math.round(most)} ms (the database itself was away ${middle(down)} ms)`);
  result(load.done > KILLS * 10, 'the load was a load');
  if (bad === 0) put('postgres.kills', { goal: '0 acknowledged writes lost when the server is killed under load, journal valid', figure: `${KILLS} kills, ${load.done} acknowledged, 0 lost, journal valid`, command, seed: SEED });
  put('postgres.back', { goal: 'writable again ≤ 5 s after the database is', figure: `median ${middle(back)} ms, longest ${Math.round(most)} ms over ${KILLS} kills`, command, seed: SEED, ...below(BACK_MS, most) });
  // the control: who notes before the answer must see losses
  faults = [];
  quiet = true;
  const early = new Load([server.base], true);
  for (let i = 0; i < 8 && !faults.length; i++) {
    early.alive = true;
    early.go();
    for (const end = now() + 15000, enough = early.done + 30; early.done < enough && now() < end;) await pause(20); // changes, not only new records
    await cluster.kill(true);
    await early.stop();
    cluster.again();
    await early.look();
  }
  quiet = false;
  if (result(faults.length > 0, `control: noting a write when it is sent reports a loss (${faults[0] ?? 'none found'})`))
    put('postgres.control', { goal: 'control: noting writes before the answer must show losses', figure: faults[0].replace(/\d{10,}/, 'N'), command, seed: SEED, control: true });
  faults = [];
  await server.end();
}

// ---- part two ----
async function failover() {
  pair = new Pair(path.join(dir, 'pair'));
  try {
    const formed = await pair.up();
    const data = path.join(dir, 'failover');
    fill(data, pair.address, 'failover');
    const server = await new Server().start(data);
    const load = new Load([server.base]);
    const back = [], whole = [];
    load.go();
    for (let i = 0; i < FAILOVERS; i++) {
      await pause(2000 + dice(1000));
      if (i) await pair.settled();
      await pair.kill();
      const t = now();
      await pair.writable();
      const up = now();
      back.push(await load.back(up));
      whole.push(now() - t);
      if (i + 1 < FAILOVERS) pair.revive();
    }
    await load.stop();
    await load.look();
    const chain = verify(data);
    if (faults.length) console.log(`  pair: ${pair.say()}`);
    const most = Math.max(...back), bad = faults.length;
    result(bad === 0, `${FAILOVERS} failovers to the synchronous standby (pair formed in ${Math.round(formed / 1000)} s): ${load.done} acknowledged writes, ${load.refused} refused or without answer, ${bad} lost or wrong; ${chain} (seed ${SEED})`);
    result(most <= BACK_MS, `writable again after the database is: longest ${Math.round(most)} ms; after the kill: ${whole.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ')}`);
    if (bad === 0) put('postgres.failover', { goal: '0 acknowledged writes lost when failed over to a synchronous standby (pg_auto_failover)', figure: `${FAILOVERS} failovers, ${load.done} acknowledged, 0 lost; written again ${whole.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ')} after the kill`, command, seed: SEED });
    put('postgres.failover-back', { goal: 'writable again ≤ 5 s after the new primary is', figure: `longest ${Math.round(most)} ms`, command, seed: SEED, ...below(BACK_MS, most) });
    faults = [];
    await server.end();
  } finally { await pair.down(); pair = null; }
}

// ---- part three ----
const total = (a) => a?.json?.total?.value ?? a?.json?.total;
async function signIn(base) {
  const password = fs.readFileSync(path.join(dir, 'two/demo-accounts.txt'), 'utf8').trim().split(/\s+/)[1];
  const jar = new Map();
  const go = async (at, init = {}, where = base) => {
    const r = await fetch(where + at, { redirect: 'manual', ...init, headers: { accept: 'text/html', cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; '), ...init.headers } });
    for (const c of r.headers.getSetCookie()) { const [k, ...v] = c.split(';')[0].split('='); jar.set(k, v.join('=')); }
    return { status: r.status, text: await r.text() };
  };
  const csrf = /name="csrf" value="([^"]+)"/.exec((await go('/login')).text)[1];
  const a = await go('/login', { method: 'POST', body: new URLSearchParams({ login: 'aohan', password, csrf }) });
  return { status: a.status, go };
}

/** One writes through one process and at once reads through the other: the record, the count of its list, the public catalogue. */
async function readYourWrites(bases, until, seen) {
  const list = await answer(bases[0], tokens.region, 'GET', '/r/brand?state=published');
  const items = list.json.items.filter((b) => b.no).slice(0, 4);
  const toggler = async (b) => {
    let shown = true;
    for (let i = 0; now() < until; i++) {
      const [w, r] = i % 2 ? bases : [bases[1], bases[0]];
      await answer(r, null, 'GET', `/catalogue/${b.no}`); // so that it is kept there
      const have = await answer(w, tokens.region, 'GET', `/r/brand/${b.id}`);
      const a = await answer(w, tokens.region, 'POST', `/r/brand/${b.id}/do/${shown ? 'withdraw' : 'publish'}`, { body: { reason: '测试' }, headers: { 'if-match': have?.etag ?? '' } });
      if (a?.status !== 200) { wrong(`toggling was answered with ${a?.status}: ${a?.text.slice(0, 200)}`); return; }
      shown = !shown;
      const page = await answer(r, null, 'GET', `/catalogue/${b.no}`), rec = await answer(r, tokens.region, 'GET', `/r/brand/${b.id}`);
      seen.pages++;
      if (page?.status !== (shown ? 200 : 404)) { seen.old++; wrong(`the other process shows a public page as it was (${page?.status})`); }
      if (rec?.json?.rev !== a.json.rev) { seen.old++; wrong(`the other process shows revision ${rec?.json?.rev}, acknowledged was ${a.json.rev}`); }
    }
  };
  const counter = async () => {
    let made = total(await answer(bases[0], tokens.clerk, 'GET', '/r/brand?state=draft'));
    for (let i = 0; now() < until; i++) {
      const [w, r] = i % 2 ? bases : [bases[1], bases[0]];
      const a = await answer(w, tokens.clerk, 'POST', '/r/brand', { body: brand() });
      if (a?.status !== 201) { wrong(`a write was answered with ${a?.status}: ${a?.text.slice(0, 200)}`); return; }
      made++;
      const n = total(await answer(r, tokens.clerk, 'GET', '/r/brand?state=draft'));
      seen.counts++;
      if (!(n >= made)) { seen.old++; wrong(`the other process counts ${n}, ${made} were acknowledged`); }
    }
  };
  await Promise.all([...items.map(toggler), counter()]);
}

/** Imports queued at both, looked at and fetched at the other: each is run by one process, once. */
async function jobsOnce(bases, address) {
  const ids = [];
  for (let i = 0; i < 12; i++) {
    const body = new FormData();
    body.append('mode', 'real');
    body.append('file', new Blob([`品牌名称,所属旗县,成熟程度,领域,产业行业,品牌归属,统一社会信用代码,联系电话,品牌简介\r\n敖汉${word()}工,敖汉旗,零散,民生保障型,建筑业,区域公用,,,测试用。\r\n`]), '表.csv');
    let r = null, a;
    for (let k = 0; k < 5 && !r; k++) { // cut off on the way: asked again under the same key
      try {
        r = await fetch(`${bases[i % 2]}/r/brand/import`, { method: 'POST', body, headers: { accept: 'application/json', authorization: `Bearer ${tokens.clerk}`, 'idempotency-key': `import-${serial}` } });
        a = await r.json();
      } catch { r = null; }
    }
    if (!r) { wrong('an import was not answered'); continue; }
    if (r.status === 202) ids.push(a.id);
    else if (r.status === 429) { await pause(300); i--; } // five may wait
    else wrong(`an import was answered with ${r.status}: ${JSON.stringify(a).slice(0, 200)}`);
  }
  for (const id of ids) {
    let a, state;
    for (let i = 0; i < 400; i++) {
      a = await ask(bases[1], tokens.clerk, 'GET', `/jobs/${id}`);
      state = a?.json?.state?.value ?? a?.json?.state;
      if (state !== 'waiting' && state !== 'running') break;
      await pause(50);
    }
    if (state !== 'done' || a.json.counts?.created !== 1) wrong(`job ${id} is ${a?.text.slice(0, 300)}`);
    const file = await ask(bases[0], tokens.clerk, 'GET', `/jobs/${id}/input`);
    if (file?.status !== 200) wrong(`the file of job ${id} is not served by the other process (${file?.status})`);
  }
  const [n, tries, by] = sh('psql', '-qAt', address, '-c', 'set search_path to two', '-c', "select count(*), sum(tries), count(distinct owner) from job where kind = 'import' and state = 'done'").trim().split('|').map(Number);
  if (n !== ids.length || tries !== ids.length) wrong(`${ids.length} jobs, ${n} done, ${tries} runs`);
  return { n: ids.length, by };
}

/** The same key at both at once: one record. */
async function once(bases) {
  let doubles = 0;
  for (let i = 0; i < 12; i++) {
    const body = brand(), headers = { 'idempotency-key': `two-${SEED}-${i}` };
    const [a, b] = await Promise.all(bases.map((at) => ask(at, tokens.clerk, 'POST', '/r/brand', { body, headers })));
    if (a?.status !== 201 || b?.status !== 201) wrong(`with a key: ${a?.status}, ${b?.status}: ${a?.text.slice(0, 100)}`);
    else if (a.json.id !== b.json.id) { doubles++; wrong('one key made two records'); }
  }
  return doubles;
}

async function throughput(bases, seconds) {
  const load = new Load(bases);
  load.go();
  await pause(seconds * 1000);
  await load.stop();
  return load.done / seconds;
}

async function two(cluster) {
  const data = path.join(dir, 'two');
  fill(data, cluster.address, 'two');
  const a = await new Server().start(data, '--workers', '3');
  const one = await throughput([a.base], 3);
  const b = await new Server().start(data, '--workers', '3');
  const bases = [a.base, b.base];
  const both = await throughput(bases, 3);
  console.log(`       four clients, writes a second: one process ${one.toFixed(0)}, two ${both.toFixed(0)} (one lock for all writers; the machine is shared)`);
  const seen = { pages: 0, counts: 0, old: 0 };
  await readYourWrites(bases, now() + SECONDS * 1000, seen);
  const jobs = await jobsOnce(bases, cluster.address);
  const doubles = await once(bases);
  const session = await signIn(a.base);
  const at = async (base) => (await session.go('/desk', {}, base)).status;
  const page = await session.go('/desk', {}, b.base);
  if (page.status !== 200) wrong(`a session made at one is not known at the other (${page.status})`);
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  await session.go('/logout', { method: 'POST', body: new URLSearchParams({ csrf }) }, a.base);
  if (await at(b.base) === 200) wrong('a session ended at one goes on at the other');
  const conns = Number(sh('psql', '-qAt', cluster.address, '-c', "select count(*) from pg_stat_activity where application_name = 'tamga'").trim());
  if (conns > 2 * (3 + 5)) wrong(`${conns} connections, ${2 * (3 + 5)} is the most`);
  const noted = faults.length;
  result(noted === 0 && seen.pages > 20, `two processes: ${seen.pages} public pages and ${seen.counts} counts read at the other right after the write, ${seen.old} old; ${jobs.n} jobs by ${jobs.by} processes, each once; 12 keys at both, ${doubles} doubles; sessions begin and end at both; ${conns} connections (seed ${SEED})`);
  if (noted === 0) {
    put('postgres.two', { goal: 'two processes on one database: what one acknowledged the other never shows older; jobs and keys once', figure: `${seen.pages} public pages, ${seen.counts} counts, ${jobs.n} jobs, 12 keys: 0 old, 0 doubled`, command, seed: SEED });
    put('postgres.writers', { goal: 'two processes write at least as much as one (no number was set)', figure: `${one.toFixed(0)} → ${both.toFixed(0)} writes/s, four clients, one machine, other work beside it`, command, seed: SEED, below: both < one ? 'fewer with two in this run' : '' });
  }
  faults = [];
  // killed: nothing lost, its job is taken up, the other goes on
  const load = new Load(bases);
  load.go();
  await pause(600);
  await b.end('SIGKILL');
  await pause(600);
  await load.stop();
  load.bases = [a.base];
  await load.look();
  const chain = verify(data);
  result(faults.length === 0, `one of two processes killed: ${load.done} acknowledged writes, ${faults.length} lost; ${chain}`);
  // the control: the rows of versions are held back by a trigger, so that nobody hears of anybody's writes
  faults = [];
  quiet = true;
  const c = await new Server().start(data, '--workers', '3');
  const psql = (...lines) => sh('psql', '-q', cluster.address, '-c', 'set search_path to two', ...lines.flatMap((l) => ['-c', l]));
  psql('create function deaf() returns trigger language plpgsql as $$begin return null; end$$', 'create trigger deaf before update on version for each row execute function deaf()');
  const deaf = { pages: 0, counts: 0, old: 0 };
  await readYourWrites([a.base, c.base], now() + 3000, deaf);
  psql('drop trigger deaf on version');
  quiet = false;
  if (result(deaf.old > 0, `control: without the row of versions ${deaf.old} of ${deaf.pages + deaf.counts} answers were old`))
    put('postgres.two-control', { goal: 'control: with versions held back the other process must be seen to show old answers', figure: `${deaf.old} of ${deaf.pages + deaf.counts} old`, command, seed: SEED, control: true });
  faults = [];
  await c.end();
  await a.end();
}

// ---- the cluster of parts one and three ----
class Cluster {
  constructor(at) { this.dir = at; this.address = sh('tool/pg.sh', 'start', at).trim(); }
  /** Looking for the processes holds this program up, and with it the clients: they get going again before the blow, or nothing would be under way. */
  async kill(all) {
    const head = Number(fs.readFileSync(path.join(this.dir, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
    const kids = all ? sh('ps', '-o', 'pid=', '--ppid', String(head)).trim().split(/\s+/).map(Number) : [];
    await pause(20 + dice(40));
    for (const pid of [head, ...kids]) try { process.kill(pid, 'SIGKILL'); } catch { /* just gone */ }
  }
  again() { sh('tool/pg.sh', 'again', this.dir); }
  stop() { sh('tool/pg.sh', 'stop', this.dir); }
}

let cluster = null, pair = null;
async function clear() {
  for (const s of servers) s.proc.kill('SIGKILL');
  if (cluster) cluster.stop();
  cluster = null;
  if (pair) await pair.down();
  pair = null;
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, async () => { await clear(); fs.rmSync(dir, { recursive: true, force: true }); process.exit(1); });
try {
  for (const part of PARTS) {
    const began = now();
    if (part !== 'failover' && !cluster) cluster = new Cluster(path.join(dir, 'pg'));
    if (part === 'kills') await kills(cluster);
    else if (part === 'failover') await failover();
    else if (part === 'two') await two(cluster);
    else throw new Error(`unknown part ${part}`);
    console.log(`       ${part}: ${Math.round((now() - began) / 1000)} s`);
  }
} catch (e) {
  failed++;
  console.log(`not ok ${e.stack}${e.stdout ?? ''}${e.stderr ?? ''}`);
} finally {
  if (failed) for (const s of servers) console.log(s.said());
  await clear();
  fs.rmSync(dir, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
