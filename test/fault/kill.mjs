// kill.mjs - the server is killed with SIGKILL while clients write, again and again; whatever it had acknowledged must be there.
//
// Six clients make, change and submit records and attach files, one signs. A write is noted once its answer was read whole. At a random moment the
// server is killed (sometimes while it is still starting), started again, and asked for every noted write. Every tenth time and at the end
// `tamga verify` recomputes journal, snapshots and public log. KILLS: how many (60), SEED: where chance begins, TAMGA: the program.
// A control notes writes when they are sent: there a loss must be reported.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { chance } from './ctl.mjs';

const TAMGA = process.env.TAMGA ?? 'build/src/app/tamga';
const KILLS = Number(process.env.KILLS ?? 60);
const SEED = Number(process.env.SEED ?? 1) >>> 0;
const RESTART_MS = 2000;
const LONGEST_MS = 30000; // for a start or an answer; then it counts as hanging
const VERIFY_EACH = 10;
const CLIENTS = 6;
const MEMORY = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(); // a killed process loses nothing by the disk's slowness; cuts of power are main.c's
const CONTROL = process.env.CONTROL !== '0';

const dice = chance(SEED);
const pause = (ms) => new Promise((f) => setTimeout(f, ms));

const dir = fs.mkdtempSync(path.join(MEMORY, 'tamga-kill-'));
const data = path.join(dir, 'data');
const log = fs.openSync(path.join(dir, 'log'), 'a');
let child = null, base = '';
const faults = [];
const wrong = (text) => { faults.push(text); if (faults.length <= 20) console.log(`  wrong: ${text}`); };

function run(...args) { return execFileSync(TAMGA, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString(); }

/** Starts the server and waits for its first answer; the time that took. With `dieAt` it is killed after so many ms instead. */
async function start(dieAt) {
  const began = performance.now();
  const server = spawn(TAMGA, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--assets', 'build/assets'], { stdio: ['ignore', 'pipe', log] });
  child = server;
  let out = '';
  const ready = new Promise((done, no) => {
    server.stdout.on('data', (d) => {
      out += d;
      const at = /http:\/\/127\.0\.0\.1:\d+/.exec(out);
      if (at) done(at[0]);
    });
    setTimeout(() => no(new Error(`no answer of the server in ${LONGEST_MS} ms`)), LONGEST_MS).unref();
    server.on('exit', (code, signal) => no(new Error(`the server ended by itself (${code ?? signal}): ${out.slice(0, 300)}`)));
  });
  if (dieAt !== undefined) {
    ready.catch(() => {});
    await pause(dieAt);
    await kill();
    return 0;
  }
  base = await ready;
  await (await fetch(`${base}/login`)).text();
  return performance.now() - began;
}
function kill() {
  const server = child;
  child = null;
  return new Promise((done) => {
    if (server.exitCode !== null || server.signalCode !== null) {
      wrong(`the server ended by itself (${server.exitCode ?? server.signalCode})`);
      done();
      return;
    }
    server.removeAllListeners('exit');
    server.on('exit', done);
    server.kill('SIGKILL');
  });
}

/** One request; null when the server died before its answer was whole. */
async function ask(who, method, at, { body, headers = {}, form } = {}) {
  const json = body !== undefined && !form;
  try {
    const r = await fetch(base + at, { method, signal: AbortSignal.timeout(LONGEST_MS), redirect: 'manual', body: json ? JSON.stringify(body) : body,
      headers: { accept: 'application/json', authorization: `Bearer ${who}`, ...(json ? { 'content-type': 'application/json' } : {}), ...headers } });
    const bytes = Buffer.from(await r.arrayBuffer());
    const a = { status: r.status, bytes, etag: r.headers.get('etag') };
    if (/json/.test(r.headers.get('content-type') ?? '') && bytes.length) a.json = JSON.parse(bytes.toString());
    return a;
  } catch (e) {
    if (child) wrong(`no answer from a server that lives: ${method} ${at}: ${e.cause?.code ?? e.name}`);
    return null;
  }
}

// What was acknowledged: records by id, files by id, signatures by certificate.
const known = { brands: new Map(), files: new Map(), signs: new Map() };
const fresh = { brands: new Set(), files: new Set(), signs: new Set() }; // noted since the last look
const unanswered = [], again = { done: 0, told: 0 }; // creations whose answer never came: asked once more under the same key, there must be one record
const counts = { create: 0, update: 0, submit: 0, upload: 0, sign: 0, other: 0, refused: 0 };
let early = false, serial = 0, busy = 0;
const tokens = {};
function note(kind, id, what) {
  known[kind].set(id, what);
  fresh[kind].add(id);
}
/** Counts an answer; false when it was none or not a yes. */
function yes(a, kind) {
  if (a === null) return false;
  if (a.status >= 200 && a.status < 300) { counts[kind]++; return true; }
  counts.refused++;
  if (![409, 412, 503].includes(a.status)) wrong(`${kind} was answered with ${a.status}: ${a.bytes.toString().slice(0, 200)}`);
  return false;
}
const letters = '甲乙丙丁戊己庚辛壬癸';
const word = () => [...String(serial++).padStart(5, '0')].map((d) => letters[d]).join('');

async function create(own) {
  const body = { name: `敖汉${word()}工`, maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public', county: '150430', intro: '测试用，不是真实品牌。', phone: '13800002046' };
  const headers = { 'idempotency-key': crypto.randomUUID() }, a = await ask(tokens.clerk, 'POST', '/r/brand', { body, headers });
  if (a === null) unanswered.push({ body, headers });
  if (!yes(a, 'create')) return a !== null;
  own.push(a.json.id);
  note('brands', a.json.id, { rev: a.json.rev, intro: a.json.values.intro, state: 'draft' });
  return true;
}
async function update(id, k) {
  const intro = `测试用，不是真实品牌：${dice(1e9)}`;
  if (early) note('brands', id, { rev: k.rev + 1, intro, state: k.state });
  const a = await ask(tokens.clerk, 'PATCH', `/r/brand/${id}`, { body: { intro }, headers: { 'if-match': `"${k.rev}"` } });
  if (!yes(a, 'update')) return a !== null;
  note('brands', id, { rev: a.json.rev, intro, state: k.state });
  return true;
}
async function submit(id, k) {
  const a = await ask(tokens.clerk, 'POST', `/r/brand/${id}/do/submit`, { body: {}, headers: { 'if-match': `"${k.rev}"` } });
  if (!yes(a, 'submit')) return a !== null;
  note('brands', id, { rev: a.json.rev, intro: k.intro, state: a.json.state });
  return true;
}
async function upload(id) {
  const bytes = Buffer.from(`%PDF-1.7\n% 测试 ${dice(1e9)} ${serial++}\n${'x'.repeat(dice(40000))}`);
  const body = new FormData();
  body.append('kind', '样例');
  body.append('file', new Blob([bytes]), '样例.pdf');
  const a = await ask(tokens.clerk, 'POST', `/r/brand/${id}/files`, { body, form: true });
  if (!yes(a, 'upload')) return a !== null;
  note('files', a.json.id, crypto.createHash('sha256').update(bytes).digest('hex'));
  return true;
}

/** A client goes on until the server dies. Drafts are its own; a submitted one is let go. */
async function client(own) {
  for (let alive = true; alive && child;) {
    const id = own.length ? own[dice(own.length)] : null;
    const k = id && known.brands.get(id);
    const d = dice(100);
    if (!k || own.length < 3 || d < 25) alive = await create(own);
    else if (d < 70) alive = await update(id, k);
    else if (d < 85) alive = await upload(id);
    else { alive = await submit(id, k); own.splice(own.indexOf(id), 1); }
  }
}
/** A certificate is given another name, which makes older signatures void, and a withdrawal of it is signed by one of the two who must. */
async function signer(certificates) {
  for (let alive = true; alive && child; await pause(5)) {
    const id = certificates[dice(certificates.length)];
    known.signs.delete(id); // a rename under way makes it void
    const now = await ask(tokens.region, 'GET', `/r/certificate/${id}`);
    if (now === null) return;
    const named = await ask(tokens.region, 'POST', `/r/certificate/${id}/do/name`, { body: { mn: `ᠮᠣᠩᠭᠣᠯ ${dice(1e6)}` }, headers: { 'if-match': now.etag } });
    if (!yes(named, 'other')) { alive = named !== null; continue; }
    const reason = `测试 ${dice(1e9)}`;
    const a = await ask(tokens.region, 'POST', `/r/certificate/${id}/do/revoke`, { body: { reason }, headers: { 'if-match': named.etag ?? `"${named.json.rev}"` } });
    if (yes(a, 'sign')) note('signs', id, reason);
    else alive = a !== null;
  }
}

/** Reads what was acknowledged. A server under load may refuse a reading for the moment (503, Retry-After): that is asked again, for LONGEST_MS at most. */
async function read(who, at) {
  for (const until = performance.now() + LONGEST_MS; ; await pause(250)) {
    const a = await ask(who, 'GET', at);
    if (a?.status !== 503 || performance.now() > until) return a;
    busy++;
  }
}
async function checkBrand(id) {
  const k = known.brands.get(id), a = await read(tokens.clerk, `/r/brand/${id}`);
  if (a?.status !== 200) { wrong(`record ${id} is gone (${a?.status})`); known.brands.delete(id); return; }
  const r = a.json, state = r.state?.value ?? r.state, intro = r.values.intro?.value ?? r.values.intro;
  if (r.rev < k.rev) wrong(`record ${id} has revision ${r.rev}, acknowledged was ${k.rev}`);
  else if (r.rev === k.rev && (intro !== k.intro || state !== k.state)) wrong(`record ${id} is not what was acknowledged: ${state} ${intro}`);
  else if (r.rev > k.rev + 1) wrong(`record ${id} was changed more often than asked`);
  known.brands.set(id, { rev: r.rev, intro, state });
}
async function checkFile(id) {
  const a = await read(tokens.clerk, `/files/${id}`);
  if (a?.status !== 200 || crypto.createHash('sha256').update(a.bytes).digest('hex') !== known.files.get(id)) wrong(`attachment ${id} is gone or other (${a?.status})`);
}
async function checkSign(id) {
  const a = await read(tokens.region, `/r/certificate/${id}`);
  const got = (a?.json?.signs ?? []).flatMap((s) => s.got ?? []);
  if (!got.some((g) => g.opinion === known.signs.get(id))) wrong(`the signature on certificate ${id} is gone`);
}
const CHECKS = { brands: checkBrand, files: checkFile, signs: checkSign };
/** Whether the server died before or after it wrote: asked again under its key there is one record, and one only. */
async function askAgain({ body, headers }) {
  let a = null;
  for (const until = performance.now() + LONGEST_MS; a === null || (a.status === 503 && performance.now() < until); await pause(50)) a = await ask(tokens.clerk, 'POST', '/r/brand', { body, headers });
  if (a.status === 201) again.done++;
  else if (a.status === 409 && /已经办成/.test(a.json?.detail ?? '')) again.told++;
  else wrong(`a creation asked again under its key was answered with ${a.status}: ${a.bytes.toString().slice(0, 200)}`);
  const list = await read(tokens.clerk, `/r/brand?q=${encodeURIComponent(body.name)}`);
  if (list?.json?.total !== 1) wrong(`${body.name} stands ${list?.json?.total} times after it was asked again under its key`);
}
/** Looks at what was noted since the last look, or at everything. */
async function look(all) {
  await Promise.all(unanswered.splice(0).map(askAgain));
  const todo = Object.keys(CHECKS).flatMap((kind) => [...(all ? known[kind].keys() : fresh[kind])].filter((id) => known[kind].has(id)).map((id) => [kind, id]));
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let next; (next = todo.pop());) await CHECKS[next[0]](next[1]);
  }));
  for (const set of Object.values(fresh)) set.clear();
}
function verify() {
  try { run('verify', '--data', data); } catch (e) { wrong(`tamga verify: ${e.stdout}${e.stderr}`); }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => { // told to stop: no server is left behind
    child?.kill('SIGKILL');
    fs.rmSync(dir, { recursive: true, force: true });
    process.exit(1);
  });
}

/** A backup taken while clients write; killed together with the server or left to end. What it left under its name must restore and verify. */
function backup(n) {
  const file = path.join(dir, 'copy.zip');
  const proc = spawn(TAMGA, ['backup', '--data', data, file], { stdio: 'ignore' });
  const ended = new Promise((done) => proc.on('exit', (code) => done(code)));
  return async (killIt) => {
    if (killIt) proc.kill('SIGKILL');
    const code = await ended;
    if (code === 0) backups.whole++;
    else if (code === null) backups.killed++;
    else wrong(`backup ended with ${code}`);
    if (!fs.existsSync(file)) return;
    const again = path.join(dir, `restored-${n}`);
    try {
      run('restore', '--data', again, file);
      run('verify', '--data', again);
    } catch (e) { wrong(`the backup is not whole: ${e.stdout}${e.stderr}`); }
    fs.rmSync(again, { recursive: true, force: true });
    fs.rmSync(file);
  };
}

const restarts = [], backups = { whole: 0, killed: 0 };
let kills = 0, verified = 0;
async function rounds(n, stopAtFault) {
  const owns = Array.from({ length: CLIENTS }, () => []);
  const list = await ask(tokens.region, 'GET', '/r/certificate');
  const certificates = list.json.items.filter((c) => c.state === 'valid').map((c) => c.id);
  for (let i = 0; i < n && !(stopAtFault && faults.length); i++) {
    const work = Promise.all([...owns.map(client), signer(certificates)]);
    await pause(dice(150));
    const judge = dice(8) === 0 ? backup(i) : null;
    const both = judge !== null && dice(2) === 0; // the backup dies too
    await pause(both ? dice(40) : 30 + dice(150));
    await kill();
    kills++;
    if (judge) await judge(both);
    await work;
    if (dice(7) === 0 && kills < KILLS) { await start(dice(250)); kills++; i++; } // in the middle of recovering
    if (Math.floor(kills / VERIFY_EACH) > verified) { verified++; verify(); }
    restarts.push(await start());
    await look(kills % 50 === 0);
  }
}

let passed = 0, failed = 0;
function result(ok, text) {
  if (ok) passed++; else failed++;
  console.log(`${ok ? 'ok    ' : 'not ok'} ${text}`);
}
try {
  run('init', '--demo', '--data', data, '--pack', 'pack/neimenggu');
  for (const [key, login] of [['clerk', 'aohan'], ['region', 'region']]) tokens[key] = /tmg_\S+/.exec(run('user', 'token', login, '--scope', 'write', '--data', data))[0];
  await start();
  await rounds(KILLS, false);
  await look(true);
  await kill();
  verify();
  const sum = counts.create + counts.update + counts.submit + counts.upload + counts.sign + counts.other;
  restarts.sort((a, b) => a - b);
  const most = Math.round(restarts.at(-1)), half = Math.round(restarts[restarts.length >> 1]);
  result(faults.length === 0, `${kills} kills, ${sum} acknowledged writes (${Object.entries(counts).map(([k, v]) => `${k} ${v}`).join(', ')}): ${faults.length} lost or wrong (seed ${SEED})`);
  console.log(`       asked again under their key: ${again.done} done or answered as before, ${again.told} told that it was done; backups meanwhile: ${backups.whole} restored and verified, ${backups.killed} killed; ${busy} readings refused for the moment and asked again`);
  result(most <= RESTART_MS, `restart to the first answer: median ${half} ms, longest ${most} ms`);
  result(sum > kills * 3, 'the load was a load');
  // the control: who notes too early must see losses
  const real = faults.length;
  if (!CONTROL) throw null;
  faults.length = 0;
  const say = console.log;
  console.log = () => {};
  early = true;
  await start();
  await rounds(20, true);
  console.log = say;
  result(faults.length > 0, `control: noting before the answer reports a loss (${faults.length ? faults[0] : 'none found'})`);
  if (real) failed = Math.max(failed, 1);
} catch (e) {
  if (e !== null) { failed++; console.log(`not ok ${e.stack}`); }
} finally {
  if (child) await kill();
  if (failed) console.log(fs.readFileSync(path.join(dir, 'log'), 'utf8').split('\n').slice(-15).join('\n'));
  fs.rmSync(dir, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
