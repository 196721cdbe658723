// restart.mjs - a server is killed with writes in its log, and the start after that meets a disk that fails (inject.c).
//
//   node test/fault/restart.mjs      POINTS: of each kind and way (3; 0: every operation), SEED, BUILD, ONLY: read, look, write, sync, truncate, open or name,
//                                    FORGET: 1 (the control: whoever could not start removes the log, which must be missed), KEEP: file for the server's log
//
// Every point starts from the same folder: the n-th read, look (access, stat), write, sync, truncate, open or rename of the start fails, EIO or ENOSPC, once or from then on.
// The start either serves everything that was acknowledged once the disk works again, or ends with a status other than 0 and says why, without
// advice that would do harm. The next start, on a disk that works, serves everything, writes, and `tamga verify` finds nothing.
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { put } from '../../tool/evidence.mjs';
import { chance, chosen, control, EIO, ENOSPC, KIND } from './ctl.mjs';

const BUILD = process.env.BUILD ?? 'build', TAMGA = `${BUILD}/src/app/tamga`;
const POINTS = Number(process.env.POINTS ?? 3), SEED = Number(process.env.SEED ?? 1) >>> 0;
const FORGET = process.env.FORGET === '1';
const LONGEST_MS = 30000; // for a start or an end; then it counts as hanging
const WAYS = ['READ', 'LOOK', 'WRITE', 'SYNC', 'TRUNCATE', 'OPEN', 'NAME'].flatMap((word) => [EIO, ENOSPC].flatMap((errno) => [false, true].map((sticky) => ({ word, errno, sticky }))))
  .filter((w) => (!['READ', 'LOOK'].includes(w.word) || w.errno === EIO) && (!process.env.ONLY || w.word === process.env.ONLY.toUpperCase()));
/** What one must not be told because a disk failed: it would be followed. */
const HARMFUL = /tamga init|没有密钥文件|从备份恢复|密钥文件 \S+ 已损坏/;

const dir = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'tamga-restart-'));
const data = path.join(dir, 'data'), kept = path.join(dir, 'kept');
const { arm, disarm } = control(path.join(dir, 'ctl')), dice = chance(SEED);
const pause = (ms) => new Promise((f) => setTimeout(f, ms));
const run = (...args) => execFileSync(TAMGA, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const faults = [];
let where = 'preparing';
const wrong = (text) => { faults.push(text); if (faults.length <= 40) console.log(`  wrong: ${where}: ${text}`); };

// ---- the server ----
let child = null, base = '';
/** Starts it; once it serves: null. When it ends instead: how, and its last words. */
async function start(faulty) {
  const server = spawn(TAMGA, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--assets', 'build/assets', '--workers', '2'], { stdio: ['ignore', 'pipe', 'pipe'],
    env: faulty ? { ...process.env, LD_PRELOAD: `${BUILD}/test/fault/libinject.so`, TAMGA_FAULT_CTL: path.join(dir, 'ctl'), TAMGA_FAULT_DIR: data } : process.env });
  child = server;
  let out = '', said = '';
  server.stderr.on('data', (d) => { said += d; if (process.env.KEEP) fs.appendFileSync(process.env.KEEP, d); });
  return new Promise((done) => {
    const timer = setTimeout(() => { server.kill('SIGKILL'); done({ how: 'hangs', said }); }, LONGEST_MS);
    server.stdout.on('data', (d) => {
      out += d;
      const at = /http:\/\/127\.0\.0\.1:\d+/.exec(out);
      if (at && /Ctrl-C/.test(out)) { base = at[0]; clearTimeout(timer); done(null); }
    });
    server.on('close', (code, signal) => { clearTimeout(timer); if (child === server) child = null; done({ how: code ?? signal, said }); });
  });
}
function stop(signal) {
  const server = child;
  if (server === null) return Promise.resolve(0);
  return new Promise((done) => { server.on('close', (code, by) => { child = null; done(code ?? by); }); server.kill(signal); });
}
async function ask(who, method, at, doc, headers = {}) {
  const form = doc instanceof FormData;
  try {
    const r = await fetch(base + at, { method, redirect: 'manual', signal: AbortSignal.timeout(LONGEST_MS), body: doc === undefined || form ? doc : JSON.stringify(doc),
      headers: { accept: 'application/json', authorization: `Bearer ${tokens[who]}`, ...(doc === undefined || form ? {} : { 'content-type': 'application/json' }), ...headers } });
    const bytes = Buffer.from(await r.arrayBuffer());
    return { status: r.status, bytes, json: /json/.test(r.headers.get('content-type') ?? '') && bytes.length ? JSON.parse(bytes.toString()) : null };
  } catch (e) {
    return { status: 0, bytes: Buffer.from(String(e.cause?.code ?? e.name)), json: null };
  }
}

// ---- what was acknowledged ----
const tokens = {}, brands = new Map(), files = new Map();
let job = null, serial = 0;
const letters = '甲乙丙丁戊己庚辛壬癸';
const word = () => [...String(serial++).padStart(5, '0')].map((d) => letters[d]).join('');
const fields = () => ({ name: `敖汉${word()}工`, maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public', county: '150430', intro: '测试用，不是真实品牌。', phone: '13800002046' });
const value = (v) => v?.value ?? v;
async function sure(...words) {
  const a = await ask(...words);
  if (a.status < 200 || a.status >= 300) throw new Error(`preparing: ${words[1]} ${words[2]} gave ${a.status}: ${a.bytes.toString().slice(0, 200)}`);
  return a;
}
const note = (a) => brands.set(a.json.id, { rev: a.json.rev, intro: value(a.json.values.intro), state: value(a.json.state) });
async function attach(id, bytes) {
  const body = new FormData();
  body.append('kind', '样例');
  body.append('file', new Blob([bytes]), '样例.pdf');
  const a = await sure('clerk', 'POST', `/r/brand/${id}/files`, body);
  files.set(a.json.id, crypto.createHash('sha256').update(bytes).digest('hex'));
}
async function prepare() {
  run('init', '--demo', '--data', data, '--pack', 'pack/neimenggu');
  for (const [key, login] of [['clerk', 'aohan'], ['region', 'region']]) tokens[key] = /tmg_\S+/.exec(run('user', 'token', login, '--scope', 'write', '--data', data))[0];
  const end = await start(false);
  if (end) throw new Error(`the server ended with ${end.how}: ${end.said}`);
  for (let i = 0; i < 24; i++) {
    const a = await sure('clerk', 'POST', '/r/brand', fields());
    note(a);
    if (i % 3 === 1) note(await sure('clerk', 'PATCH', `/r/brand/${a.json.id}`, { intro: `测试用：${dice(1e9)}` }, { 'if-match': `"${a.json.rev}"` }));
    if (i % 3 === 2) await attach(a.json.id, Buffer.from(`%PDF-1.7\n% ${dice(1e9)}\n${'x'.repeat(dice(60000))}`));
    if (i % 8 === 0) note(await sure('clerk', 'POST', `/r/brand/${a.json.id}/do/submit`, {}, { 'if-match': `"${brands.get(a.json.id).rev}"` }));
  }
  const rows = Array.from({ length: 40 }, () => [`敖汉${word()}工`, '敖汉旗', '零散', '民生保障型', '建筑业', '区域公用', '13800002046', '测试用，不是真实品牌。'].join(','));
  const body = new FormData();
  body.append('mode', 'real');
  body.append('file', new Blob([`\ufeff${['品牌名称,所属旗县,成熟程度,领域,产业行业,品牌归属,联系电话,品牌简介', ...rows].join('\r\n')}\r\n`]), '摸底.csv');
  job = (await sure('clerk', 'POST', '/r/brand/import', body)).json.id;
  await stop('SIGKILL'); // the import waits or is under way
  const log = fs.statSync(path.join(data, 'tamga.db-wal'), { throwIfNoEntry: false })?.size ?? 0;
  if (log < 100000) throw new Error(`the log holds ${log} bytes: nothing to recover`);
  fs.cpSync(data, kept, { recursive: true, preserveTimestamps: true });
}

// ---- judging ----
async function jobEnds() {
  for (let i = 0; i < 400; i++) {
    const state = value((await ask('clerk', 'GET', `/jobs/${job}`)).json?.state);
    if (state !== 'waiting' && state !== 'running') return state;
    await pause(25);
  }
  return 'no end';
}
/** Everything is served; `closed`: a sync failed, and until the next start nothing is written, which is the promise. */
async function look(closed) {
  for (const [id, k] of brands) {
    const a = await ask('clerk', 'GET', `/r/brand/${id}`), r = a.json;
    if (a.status !== 200) wrong(`record ${id} is answered with ${a.status} ${a.bytes.toString().slice(0, 120)}`);
    else if (r.rev !== k.rev || value(r.values.intro) !== k.intro || value(r.state) !== k.state) wrong(`record ${id} is not what was acknowledged`);
  }
  for (const [id, sha] of files) {
    const a = await ask('clerk', 'GET', `/files/${id}`);
    if (a.status !== 200 || crypto.createHash('sha256').update(a.bytes).digest('hex') !== sha) wrong(`attachment ${id} is gone or other (${a.status})`);
  }
  let a = await ask('clerk', 'POST', '/r/brand', fields());
  for (let i = 0; a.status === 507 && i < 120; i++) { await pause(50); a = await ask('clerk', 'POST', '/r/brand', fields()); } // read-only until it has looked again
  if (a.status !== 201 && !(closed && a.status === 500)) wrong(`a write is answered with ${a.status} ${a.bytes.toString().slice(0, 120)}`);
  if (closed) return;
  const end = await jobEnds();
  if (!['done', 'failed'].includes(end)) wrong(`the import that was under way: ${end}`);
}
async function afterwards() {
  const end = await start(false);
  if (end) { wrong(`the start on a disk that works ended with ${end.how}: ${end.said.split('\n').slice(-3).join(' ')}`); return; }
  await look(false);
  const status = await stop('SIGTERM');
  if (status !== 0) wrong(`told to stop it ended with ${status}`);
  try { run('verify', '--data', data); } catch (e) { wrong(`tamga verify: ${e.stdout}${e.stderr}`); }
}

const counts = { points: 0, struck: 0, served: 0, refused: 0 }, words = new Map();
function restore() {
  fs.rmSync(data, { recursive: true, force: true });
  fs.cpSync(kept, data, { recursive: true, preserveTimestamps: true });
}
/** One start. nth 0: only counts. */
async function point(way, nth) {
  where = `${way.word.toLowerCase()} ${nth} ${way.errno === EIO ? 'EIO' : 'ENOSPC'}${way.sticky ? ' and all after' : ''}`;
  restore();
  arm(KIND[way.word], nth, way.sticky, way.errno);
  const end = await start(true), { count, hits } = disarm();
  if (nth !== 0) counts.points++;
  if (hits > 0) counts.struck++;
  if (end === null) {
    if (nth !== 0) counts.served++;
    await look(hits > 0 && way.word === 'SYNC');
    await stop(dice(2) === 0 ? 'SIGKILL' : 'SIGTERM');
  } else {
    const line = end.said.trim().split('\n').filter((l) => !l.startsWith('{')).join(' ');
    counts.refused++;
    words.set(line.replaceAll(data, 'DIR'), (words.get(line.replaceAll(data, 'DIR')) ?? 0) + 1);
    if (hits === 0) wrong(`ended with ${end.how} although nothing failed: ${line}`);
    if (!Number.isInteger(end.how) || end.how === 0) wrong(`ended with ${end.how}: ${end.said.slice(-300)}`);
    else if (!line.startsWith('tamga serve：')) wrong(`ended with ${end.how} and no word: ${end.said.slice(-300)}`);
    if (way.word === 'WRITE' && way.errno === ENOSPC && !line.includes('空间不足')) wrong(`a full disk is told as "${line}"`);
    if (HARMFUL.test(line)) wrong(`a failing disk is told as "${line}"`);
    if (FORGET) fs.rmSync(path.join(data, 'tamga.db-wal'), { force: true });
  }
  if (nth !== 0) await afterwards();
  return { count, hits };
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => { // told to stop: no server and no folder is left behind
    child?.kill('SIGKILL');
    fs.rmSync(dir, { recursive: true, force: true });
    process.exit(1);
  });
}
try {
  await prepare();
  for (const way of WAYS) {
    let count = Infinity; // the least of three: the import goes on at its own pace as soon as it can, and is not the start
    for (let i = 0; i < 3; i++) count = Math.min(count, (await point(way, 0)).count);
    const before = { ...counts }, seen = faults.length;
    for (const nth of chosen(count, POINTS, dice)) await point(way, nth);
    console.log(`  ${way.word.toLowerCase()} ${way.errno === EIO ? 'EIO' : 'ENOSPC'}${way.sticky ? ' and all after' : ''}: ${count} operations, ${counts.points - before.points} points, ${counts.refused - before.refused} refused, ${faults.length - seen} wrong`);
  }
} catch (e) {
  wrong(e.stack);
} finally {
  child?.kill('SIGKILL');
  fs.rmSync(dir, { recursive: true, force: true });
}
for (const [line, n] of words) console.log(`  ${n} × ${line}`);
if (!process.env.ONLY && (counts.struck === 0 || counts.refused === 0 || counts.served === 0)) wrong('nothing was tried');
const figure = `${counts.points} starts, ${counts.struck} struck: ${counts.served} served everything, ${counts.refused} ended with a word; ${brands.size} records, ${files.size} attachments and an import under way looked up after each, ${faults.length} wrong`;
if (!FORGET && !process.env.ONLY && faults.length === 0) {
  put('fault.restart', { goal: 'a start after a kill whose n-th read, look (stat), write, sync, truncate, open or rename fails, EIO and ENOSPC, once and for good: it serves everything or ends with a word, the next one serves everything',
    figure: `${figure}${POINTS === 0 ? '; every operation' : `; ${POINTS} of each kind and way`}`, command: `POINTS=${POINTS} node test/fault/restart.mjs`, seed: SEED });
}
console.log(`restart: ${figure} (seed ${SEED})`);
console.log(faults.length ? '0 passed, 1 failed' : '1 passed, 0 failed');
process.exit(faults.length ? 1 : 0);
