// torture.mjs - the running server, with memory or the disk failing under it at one point after another (inject.c).
//
//   node test/fault/torture.mjs memory|limit|disk     POINTS: of each request and way (200; 0: all), SEED, ONLY: part of a request's name, TRACE: 1,
//                                                      LIE: 1 (the control: refused writes count as acknowledged, and must be missed)
//
// For each request of requests.mjs the points are counted first (a request that works); then it is sent again and again, and at each point an
// allocation (memory), the limit of an arena (limit), or a write, sync, truncate, open or rename of a file (disk) fails, once or from then on. A point
// is well when the answer is clean (what it would have been, a problem of status 4xx or 5xx, or the connection closed), when what was acknowledged is there
// and what was refused is not, when nothing is there by half, and when the server lives or ended in the one documented way (status 70, out
// of memory). At the end `tamga verify` recomputes everything.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { put } from '../../tool/evidence.mjs';
import { chance, chosen, control, EIO, ENOSPC, KIND } from './ctl.mjs';
import { REQUESTS } from './requests.mjs';

const [what = 'memory'] = process.argv.slice(2);
const BUILD = process.env.BUILD ?? 'build';
const TAMGA = `${BUILD}/src/app/tamga`;
const SERVER = what === 'limit' ? `${BUILD}/test/fault/tamga-limits` : TAMGA;
const POINTS = Number(process.env.POINTS ?? 200);
const SEED = Number(process.env.SEED ?? 1) >>> 0;
const LIE = process.env.LIE === '1'; // the control: every write counts as acknowledged, so that refused ones must be missed
const OUT_OF_MEMORY = 70;
const WAYS = {
  memory: [{ kinds: KIND.ALLOC, errno: 12, sticky: false }, { kinds: KIND.ALLOC, errno: 12, sticky: true }],
  limit: [{ kinds: KIND.LIMIT, errno: 12, sticky: false }, { kinds: KIND.LIMIT, errno: 12, sticky: true }],
  disk: ['WRITE', 'SYNC', 'TRUNCATE', 'OPEN', 'NAME'].flatMap((k) => [EIO, ENOSPC].flatMap((errno) => [false, true].map((sticky) => ({ kinds: KIND[k], errno, sticky, word: k.toLowerCase() })))),
}[what];
if (!WAYS) { console.log('torture: memory, limit or disk'); process.exit(2); }

const shm = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
const dir = fs.mkdtempSync(path.join(shm, 'tamga-torture-'));
const data = path.join(dir, 'data'), ctlFile = path.join(dir, 'ctl');
const { arm, disarm } = control(ctlFile), dice = chance(SEED);
const pause = (ms) => new Promise((f) => setTimeout(f, ms));
const run = (...args) => execFileSync(TAMGA, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

// ---- the server ----
const log = fs.openSync(path.join(dir, 'log'), 'a');
let child = null, base = null, ended = null, restarts = 0;
async function start(dieIsFine = false) {
  ended = null;
  child = spawn(SERVER, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--assets', 'build/assets', '--workers', '1'], { stdio: ['ignore', 'pipe', log],
    env: { ...process.env, LD_PRELOAD: `${BUILD}/test/fault/libinject.so`, TAMGA_FAULT_CTL: ctlFile, TAMGA_FAULT_DIR: dir, MALLOC_ARENA_MAX: '2' } });
  const server = child;
  let out = '';
  const up = await new Promise((done, no) => {
    server.stdout.on('data', (d) => { out += d; const at = /http:\/\/127\.0\.0\.1:(\d+)/.exec(out); if (at) done(Number(at[1])); });
    server.on('exit', (code, signal) => { ended = code ?? signal; done(null); });
    setTimeout(() => no(new Error('the server does not start')), 30000).unref();
  });
  if (up === null && !dieIsFine) throw new Error(`the server ended with ${ended} while starting: ${out}`);
  base = up;
  agent.destroy();
  agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  return up !== null;
}
let agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const who = { nobody: {}, clerk: {}, region: {}, auditor: {}, session: {} };
let strangers = 0;
/** Everybody of the public comes from an address of their own: what the program allows of one in a minute is not what is tried here. */
const fromElsewhere = () => { strangers++; return { agent: false, localAddress: `127.9.${(strangers >> 8) & 255}.${(strangers & 255) || 1}` }; };
/** One request; null when the connection was closed before the answer was whole. */
function raw(r) {
  return new Promise((done) => {
    const body = r.body === undefined ? undefined : Buffer.from(r.body);
    const q = http.request({ host: '127.0.0.1', port: base, method: r.method, path: r.path, timeout: 20000, ...(r.who === 'nobody' ? fromElsewhere() : { agent }),
      headers: { ...who[r.who], ...r.headers, ...(body ? { 'content-length': body.length } : {}) } }, (m) => {
      const parts = [];
      m.on('data', (d) => parts.push(d));
      m.on('end', () => {
        const bytes = Buffer.concat(parts), type = m.headers['content-type'] ?? '';
        const a = { status: m.statusCode, headers: m.headers, bytes, etag: m.headers.etag, type };
        if (!m.complete) { done(null); return; }
        if (/json/.test(type) && bytes.length) try { a.json = JSON.parse(bytes.toString()); } catch { a.broken = true; }
        done(a);
      });
      m.on('error', () => done(null));
      m.on('aborted', () => done(null));
    });
    q.on('timeout', () => { q.destroy(); done({ status: 0, hung: true, bytes: Buffer.alloc(0), headers: {}, type: '' }); });
    q.on('error', () => done(null));
    q.end(body);
  });
}
const ask = (whom, method, at, doc, headers = {}) => raw({ who: whom, method, path: at, body: doc === undefined ? undefined : JSON.stringify(doc),
  headers: { accept: 'application/json', ...(doc === undefined ? {} : { 'content-type': 'application/json' }), ...headers } });
async function sure(...words) {
  let a = null;
  for (let i = 0; i < 3 && a === null; i++) a = await ask(...words); // a kept connection may have been closed by a point before
  if (a === null || a.status >= 400) throw new Error(`preparing: ${words[1]} ${words[2]} gave ${a?.status}: ${a?.bytes.toString().slice(0, 300)}`);
  return a;
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => { // told to stop: no server and no folder is left behind
    child?.kill('SIGKILL');
    fs.rmSync(dir, { recursive: true, force: true });
    process.exit(1);
  });
}

// ---- the world ----
const w = { raw, ask: (...words) => sure(...words), heap: () => w.files[w.filesAt++ % w.files.length] };
w.ask = async (...words) => {
  for (let i = 0; i < 80; i++) { // what a point before has closed, or ended, is not this question's affair
    const a = await ask(...words);
    if (a !== null) return a;
    await pause(25);
    await revive();
  }
  throw new Error(`no answer to ${words[1]} ${words[2]}`);
};
async function prepare() {
  run('init', '--demo', '--data', data, '--pack', 'pack/neimenggu');
  w.password = fs.readFileSync(path.join(data, 'demo-accounts.txt'), 'utf8').trim().split(/\s+/)[1];
  for (const [key, login] of [['clerk', 'aohan'], ['region', 'region'], ['auditor', 'auditor']]) {
    who[key] = { authorization: `Bearer ${/tmg_\S+/.exec(run('user', 'token', login, '--scope', 'write', '--data', data))[0]}` };
  }
  await start();
  const page = await sure('nobody', 'GET', '/login', undefined, { accept: 'text/html' });
  w.loginCsrf = /name="csrf" value="([^"]+)"/.exec(page.bytes)[1];
  w.loginCookie = page.headers['set-cookie'].map((c) => c.split(';')[0]).join('; ');
  const signed = await raw({ who: 'nobody', method: 'POST', path: '/login', body: new URLSearchParams({ login: 'aohan', password: w.password, csrf: w.loginCsrf }).toString(),
    headers: { accept: 'text/html', cookie: w.loginCookie, 'content-type': 'application/x-www-form-urlencoded' } });
  who.session = { cookie: signed.headers['set-cookie'].map((c) => c.split(';')[0]).join('; ') };
  w.csrf = /name="csrf" value="([^"]+)"/.exec((await sure('session', 'GET', '/desk', undefined, { accept: 'text/html' })).bytes)[1];
  who.session['x-csrf-token'] = w.csrf;
  const phone = '13800002046';
  const make = async (name) => (await sure('clerk', 'POST', '/r/brand', { name, maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public', county: '150430', intro: '测试用，不是真实品牌。', phone })).json.id;
  w.phone = phone;
  w.brand = await make('敖汉看守工');
  w.draft = await make('敖汉改动工');
  w.files = [];
  w.filesAt = 0;
  for (let i = 0; i < 60; i++) w.files.push(await make(`敖汉附件${'甲乙丙丁戊己庚辛壬癸'[i % 10]}${'甲乙丙丁戊己庚辛壬癸'[(i / 10) | 0]}工`));
  w.fileBytes = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(50000, 'z')]);
  const mark = 'tamga', body = Buffer.concat([Buffer.from(`--${mark}\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n`), w.fileBytes, Buffer.from(`\r\n--${mark}--\r\n`)]);
  w.file = (await raw({ who: 'clerk', method: 'POST', path: `/r/brand/${w.brand}/files`, body, headers: { accept: 'application/json', 'content-type': `multipart/form-data; boundary=${mark}` } })).json.id;
  const certs = (await sure('region', 'GET', '/r/certificate')).json.items.filter((c) => (c.state?.value ?? c.state) === 'valid');
  w.certificate = certs[0].id;
  const cert = (await sure('region', 'GET', `/r/certificate/${w.certificate}`)).json;
  w.certNo = encodeURIComponent(cert.no ?? cert.number);
  w.round = { level: cert.values.level?.value ?? cert.values.level };
  w.batch = (await sure('region', 'GET', '/r/batch')).json.items.at(-1).id;
  const found = /href="\/catalogue\/([^"?]+)"/.exec((await sure('nobody', 'GET', '/catalogue', undefined, { accept: 'text/html' })).bytes);
  w.entry = found?.[1] ?? '1';
}

// ---- judging ----
const faults = [];
let passedPoints = 0, closed = 0, refused = 0, fine = 0, ends = 0, crashes = 0, hit = 0, acknowledged = 0;
const wrong = (text) => { faults.push(text); if (faults.length <= 60) console.log(`  wrong: ${text}`); };

let last = { name: 'preparing' };
/** When the server has ended: was that the documented way? Then it is started again, as the service manager does. */
async function revive() {
  if (ended === null) return;
  const inside = disarm().unchecked > 0 && ['SIGSEGV', 'SIGABRT'].includes(ended); // libxlsxwriter does not look at what it gets
  if (ended === OUT_OF_MEMORY) ends++;
  else if (inside) crashes++;
  if (what === 'disk' || (ended !== OUT_OF_MEMORY && !inside)) wrong(`${last.name}: the server ended with ${ended}`);
  restarts++;
  await start();
}
async function jobEnd(who, id, tries) {
  for (let i = 0; i < tries && ended === null; i++) {
    const a = await ask(who, 'GET', `/jobs/${id}`);
    const state = a?.json?.state?.value ?? a?.json?.state;
    if (a?.status === 200 && state !== 'waiting' && state !== 'running') return state === 'failed' && /写入的( \d+ )?行保留/.test(JSON.stringify(a.json)) ? 'kept' : state; // failed, and says what it wrote before
    await pause(i < 20 ? 5 : 25);
  }
  return ended === null ? 'hangs' : null;
}
async function noJobRuns(who) {
  for (let i = 0; i < 400; i++) {
    await revive(); // it may end only now: of what failed before, or of the job
    const list = (await ask(who, 'GET', '/jobs'))?.json?.items;
    if (list && !list.some((j) => j.state === 'waiting' || j.state === 'running')) return;
    await pause(25);
  }
  wrong(`${last.name}: jobs do not end`);
}
function zipWhole(bytes) {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) return false;
  for (let at = bytes.readUInt32LE(end + 16), n = bytes.readUInt16LE(end + 10); n > 0; n--) {
    const method = bytes.readUInt16LE(at + 10), size = bytes.readUInt32LE(at + 20), full = bytes.readUInt32LE(at + 24), head = bytes.readUInt32LE(at + 42);
    const from = head + 30 + bytes.readUInt16LE(head + 26) + bytes.readUInt16LE(head + 28), part = bytes.subarray(from, from + size);
    try { if ((method === 8 ? zlib.inflateRawSync(part) : part).length !== full) return false; } catch { return false; }
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return true;
}
const ok = (a) => a !== null && a.status >= 200 && a.status < 400;
/** Is a yes a whole one? */
function whole(row, a, usual) {
  if (a.broken) return 'its JSON is cut';
  if (a.status !== usual.status) return `status ${a.status} instead of ${usual.status}`;
  if (row.zip && !zipWhole(a.bytes)) return 'its zip is not whole';
  if (row.pdf && !(a.bytes.subarray(0, 5).equals(Buffer.from('%PDF-')) && a.bytes.includes('%%EOF'))) return 'its PDF is not whole';
  if (row.whole && !row.whole(w, a)) return 'it holds something else';
  if (/html/.test(a.type) && !/<\/html>\s*$/.test(a.bytes.toString())) return 'its page is cut';
  return null;
}

/** One point: prepares, fails the nth, judges. Returns how many operations there were. */
async function point(row, way, nth, usual) {
  let r, a, end = null, pre = null;
  for (let times = 0; times < 40; times++) { // five jobs of one person may wait: those that crashed servers left are let through first
    r = await row.make(w);
    arm(way.kinds, nth, way.sticky, way.errno);
    a = await raw(r);
    if (!row.job || a?.status !== 429) break;
    disarm();
    await pause(250);
  }
  if (row.job && ok(a)) {
    end = await jobEnd(r.who, a.json.id, nth > 0 && (way.sticky || way.kinds === KIND.SYNC) ? 60 : 400);
    if (end === 'hangs') {
      pre = disarm();
      if (what === 'disk') await alive(row); // after a failed sync nothing is written, the end of a job neither, until the service is started again
      end = await jobEnd(r.who, a.json.id, 600);
      if (end === 'hangs') wrong(`${row.name}, ${way.word ?? ''} ${nth}${way.sticky ? ' sticky' : ''}: its job does not end`);
    }
  }
  if (a === null && ended === null) await pause(20); // has the process ended, or was it a clean close?
  const { count, hits } = pre ?? disarm();
  const name = `${row.name}, ${way.word ?? what} ${nth}${way.sticky ? ' and all after' : ''}${way.errno === ENOSPC ? ' ENOSPC' : way.errno === EIO ? ' EIO' : ''}`;
  passedPoints++;
  if (hits > 0) hit++;
  last = { name };
  await revive();
  if (row.job && !ok(a)) await noJobRuns(r.who); // its answer was lost, but it may be under way
  if (a === null) closed++;
  else if (a.hung) wrong(`${name}: no answer in 20 s`);
  else if (ok(a)) {
    const why = usual ? whole(row, a, usual) : null;
    if (why) wrong(`${name}: answered ${a.status}, but ${why}`);
    fine++;
  } else {
    refused++;
    const stated = usual === null || a.status === usual.status || [413, 500, 503, 507].includes(a.status);
    if (!stated) wrong(`${name}: refused with ${a.status}: ${a.bytes.toString().slice(0, 200)}`);
  }
  if (row.done) {
    const did = await row.done(w, r, a);
    if (did === 'half') wrong(`${name}: half of it is there`);
    const said = LIE || (row.job ? end === 'done' : ok(a));
    if (said && did === false) wrong(`${name}: acknowledged, but it is not there`);
    else if (!said && did === true && (row.job ? end === 'failed' : a !== null)) wrong(`${name}: refused (${a.status} ${a.json?.code ?? ''}), but it was done`);
    if (said && did === true) acknowledged++;
  }
  return { count, a, hits };
}

async function alive(row) {
  const a = await w.ask('clerk', 'GET', `/r/brand/${w.brand}`);
  if (a?.status !== 200) wrong(`after ${row.name}: reading gives ${a?.status}`);
  const write = async () => raw({ ...(await REQUESTS.find((r) => r.name === 'create').make()) });
  let b = await write();
  for (let i = 0; what === 'disk' && b?.status === 507 && i < 100; i++) { await pause(50); b = await write(); } // read-only until it has looked again: within 5 s
  if (b?.status !== 201) {
    if (what === 'disk' && b && b.status === 500) { // a failed sync: closed for writing until it is opened anew, which is the promise
      restarts++;
      const gone = new Promise((f) => child.on('exit', f));
      child.kill('SIGTERM');
      await gone;
      await start();
      return 'restarted';
    }
    wrong(`after ${row.name}: writing gives ${b?.status}`);
  }
  return 'well';
}

let failed = 0, passed = 0;
try {
  await prepare();
  for (const row of REQUESTS.filter((r) => !process.env.ONLY || r.name.includes(process.env.ONLY))) {
    const before = passedPoints, seen = faults.length, began = performance.now(), counts = [];
    await raw(await row.make(w)); // once to warm caches
    const usual = await raw(await row.make(w));
    for (const way of WAYS) {
      const { count, a } = await point(row, way, 0, null); // counts only
      if (a === null || a.status >= 500 || (row.status ?? a.status) !== a.status) wrong(`${row.name} does not work by itself: ${a?.status} ${a?.bytes.toString().slice(0, 300)}`);
      counts.push(count);
      for (const nth of chosen(count, POINTS === 0 ? 0 : Math.max(1, Math.round(POINTS / (what === 'disk' ? 1 : WAYS.length))), dice)) {
        const { hits } = await point(row, way, nth, usual);
        if (what === 'disk' && hits > 0) await alive(row);
      }
    }
    if ((await alive(row)) === 'well') { /* it works again */ }
    console.log(`  ${row.name}: ${counts.join(' ')} operations, ${passedPoints - before} points, ${faults.length - seen} wrong, ${Math.round(performance.now() - began)} ms`);
  }
  child.removeAllListeners('exit');
  const gone = new Promise((f) => child.on('exit', f));
  child.kill('SIGTERM');
  await gone;
  try { run('verify', '--data', data); } catch (e) { wrong(`tamga verify: ${e.stdout}${e.stderr}`); }
} catch (e) {
  wrong(e.stack);
} finally {
  child?.kill('SIGKILL');
  if (faults.length && process.env.KEEP) fs.copyFileSync(path.join(dir, 'log'), process.env.KEEP);
  fs.rmSync(dir, { recursive: true, force: true });
}
const figure = `${REQUESTS.length} requests, ${passedPoints} points, ${hit} struck: ${fine} answered, ${refused} refused, ${closed} closed, ${ends} ended out of memory (status 70), ${crashes} inside libxlsxwriter; ${acknowledged} acknowledged writes looked up, ${faults.length} wrong`;
if (!process.env.ONLY && !LIE && faults.length === 0) {
  const few = what === 'disk' ? POINTS !== 0 : POINTS !== 0 && POINTS < 200;
  put(`fault.${what}`, { goal: { memory: `${POINTS === 0 ? 'all' : 200} allocations of each of 40 requests fail, once or from then on: clean error, nothing half-written`,
    limit: `${POINTS === 0 ? 'all' : 200} limits of arenas of each of 40 requests are reached, once or from then on: clean error, nothing half-written`,
    disk: 'EIO and ENOSPC at every write, sync, truncate, open and rename of 40 requests, once and for good: no wrong acknowledgement, writable again' }[what],
  figure, command: `POINTS=${POINTS} node test/fault/torture.mjs ${what}`, seed: SEED, below: few ? `${POINTS} points of each request and way in this run, not all that the goal names` : '' });
}
console.log(`${what}: ${figure} (seed ${SEED})`);
if (faults.length) failed = 1; else passed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed);
