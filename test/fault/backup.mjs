// backup.mjs - a backup of a big database while clients write: how long, what the writers feel, and whether it can be restored.
//
// The demonstration is filled with rows up to SIZE MB (600), written by the sqlite3 program. A client changes records, first undisturbed, then while
// `tamga backup` runs; the backup proves itself by restoring (that part is counted apart). Then backups are killed with SIGKILL at random moments (KILLS, 5): the earlier one must stay
// as it is and the next must succeed. Control: a byte of a backup changed is found by restoring. LIMIT: seconds for the backup (5), RATIO: of the p99 of a write (3).
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { put } from '../../tool/evidence.mjs';

const TAMGA = process.env.TAMGA ?? 'build/src/app/tamga';
const SIZE = Number(process.env.SIZE ?? 600), KILLS = Number(process.env.KILLS ?? 5), LIMIT = Number(process.env.LIMIT ?? 5), RATIO = Number(process.env.RATIO ?? 3);
const SEED = Number(process.env.SEED ?? 1) >>> 0;
let random = (SEED * 2654435761 + 1) >>> 0;
function dice(n) {
  random = (random + 0x6D2B79F5) >>> 0;
  let t = Math.imul(random ^ (random >>> 15), random | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pause = (ms) => new Promise((f) => setTimeout(f, ms));
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-backup-'));
const data = path.join(dir, 'data');
let passed = 0, failed = 0, server = null;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { server?.kill('SIGKILL'); fs.rmSync(dir, { recursive: true, force: true }); process.exit(1); });
function result(ok, text) {
  if (ok) passed++; else failed++;
  console.log(`${ok ? 'ok    ' : 'not ok'} ${text}`);
}
const run = (...args) => execFileSync(TAMGA, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const p99 = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.99)] ?? 0;
const hash = (file) => { const h = crypto.createHash('sha256'), fd = fs.openSync(file), b = Buffer.alloc(1 << 20); for (let n; (n = fs.readSync(fd, b)) > 0;) h.update(b.subarray(0, n)); fs.closeSync(fd); return h.digest('hex'); };
const below = []; // goals of speed that were missed: said in the evidence, no failure of the test

try {
  run('init', '--demo', '--quiet', '--data', data, '--pack', 'pack/neimenggu');
  const token = /tmg_\S+/.exec(run('user', 'token', 'aohan', '--scope', 'write', '--data', data))[0];
  const db = path.join(data, 'tamga.db');
  execFileSync('sqlite3', ['-bail', db], { input: `pragma synchronous=off; begin;
    with recursive n (i) as (select 1 union all select i + 1 from n where i < ${Math.round(SIZE * 1e6 / 4100)})
      insert into idempotency (key, request, status, body, at) select printf('%012d', i), '', 200, hex(randomblob(1950)), i from n; commit; pragma wal_checkpoint(truncate);` });
  const mb = fs.statSync(db).size / 1e6;
  server = spawn(TAMGA, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--assets', 'build/assets'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const base = await new Promise((done, no) => {
    let out = '';
    server.stdout.on('data', (d) => { out += d; const m = /http:\/\/127\.0\.0\.1:\d+/.exec(out); if (m) done(m[0]); });
    server.on('exit', () => no(new Error(`the server ended: ${out}`)));
    setTimeout(() => no(new Error('no server')), 60000).unref();
  });
  const headers = { accept: 'application/json', authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  let record = await (await fetch(`${base}/r/brand`, { method: 'POST', headers, body: JSON.stringify({ name: '敖汉备份测试工', maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public', county: '150430', intro: '测试用，不是真实品牌。', phone: '13800002046' }) })).json();
  let writing = true, times = [], wrong = 0;
  const writer = (async () => {
    while (writing) {
      const began = performance.now();
      const a = await fetch(`${base}/r/brand/${record.id}`, { method: 'PATCH', headers: { ...headers, 'if-match': `"${record.rev}"` }, body: JSON.stringify({ intro: `测试 ${dice(1e9)}` }) });
      const json = await a.json();
      if (a.ok) record = json; else wrong++;
      times.push(performance.now() - began);
      await pause(5);
    }
  })();
  await pause(500);
  times = [];
  await pause(4000);
  const calm = times;
  times = [];
  const first = path.join(dir, 'first.zip');
  const began = performance.now();
  let said = '', during = null, seconds = 0;
  const p = spawn(TAMGA, ['backup', '--data', data, first], { stdio: ['ignore', 'pipe', 'pipe'] });
  p.stdout.on('data', (d) => { said += d; if (during === null && /已备份到/.test(said)) { seconds = (performance.now() - began) / 1000; during = times; times = []; } });
  p.stderr.on('data', (d) => { said += d; });
  const code = await new Promise((done) => p.on('exit', done));
  const proof = Number(/核对：[^\n]*（(\d+) ms）/.exec(said)?.[1] ?? NaN);
  result(code === 0 && Number.isFinite(proof), `a backup of ${Math.round(mb)} MB in ${seconds.toFixed(1)} s while ${during?.length ?? 0} writes went on; restored and verified in another ${(proof / 1000).toFixed(1)} s${code ? said : ''}`);
  const before = p99(calm), then = p99(during ?? []), ratio = then / before;
  console.log(`       p99 of a write: ${before.toFixed(1)} ms before (${calm.length}), ${then.toFixed(1)} ms during: ratio ${ratio.toFixed(1)}`);
  if (seconds > LIMIT) below.push(`${seconds.toFixed(1)} s`);
  if (ratio > RATIO) below.push(`p99 ratio ${ratio.toFixed(1)}`);
  result(wrong === 0, `no write was refused meanwhile (${calm.length + (during?.length ?? 0)})`);
  const sum = hash(first), second = path.join(dir, 'second.zip');
  let killed = 0, bad = 0;
  for (let i = 0; i < KILLS; i++) {
    const k = spawn(TAMGA, ['backup', '--data', data, second], { stdio: 'ignore' });
    await pause(dice(Math.ceil(seconds * 1000 + proof)));
    k.kill('SIGKILL');
    await new Promise((done) => (k.exitCode !== null || k.signalCode !== null ? done() : k.on('exit', done)));
    killed++;
    if (hash(first) !== sum) bad++;
    if (fs.existsSync(second)) { // it has its name: then it is whole
      const r = spawnSync(TAMGA, ['restore', '--data', path.join(dir, 'r'), second]);
      if (r.status !== 0) bad++;
      fs.rmSync(path.join(dir, 'r'), { recursive: true, force: true });
      fs.rmSync(second);
    }
  }
  writing = false;
  await writer;
  const last = spawnSync(TAMGA, ['backup', '--data', data, second]);
  const left = fs.readdirSync(dir).filter((n) => n.startsWith('second.zip') && n !== 'second.zip');
  result(bad === 0 && hash(first) === sum && last.status === 0 && left.length === 0, `${killed} kills inside backup: the earlier one is as it was, what had its name restores, the next succeeds${last.status ? last.stderr : ''}${left}`);
  const fd = fs.openSync(second, 'r+'), spoil = Buffer.alloc(64, 7);
  fs.writeSync(fd, spoil, 0, 64, Math.floor(fs.statSync(second).size / 3));
  fs.closeSync(fd);
  const r = spawnSync(TAMGA, ['restore', '--data', path.join(dir, 'spoilt'), second]);
  result(r.status !== 0, `control: 64 bytes changed inside a backup are found when it is restored (exit status ${r.status})`);
  if (failed === 0) {
    const command = `SIZE=${SIZE} node test/fault/backup.mjs`;
    put('backup.load', { goal: `${SIZE} MB backed up in ${LIMIT} s under load, p99 of a write at most ${RATIO} × the usual meanwhile`, figure: `${Math.round(mb)} MB in ${seconds.toFixed(1)} s; p99 ${before.toFixed(1)} → ${then.toFixed(1)} ms (${ratio.toFixed(1)} ×), ${during.length} writes, 0 refused`, command, seed: SEED,
      below: below.length ? `${below.join(', ')}: writing and syncing the archive is bound by the disk of the machine` : '' });
    put('backup.restore', { goal: 'restore proven every time', figure: `each backup restored beside itself, integrity, journal and public log verified: ${(proof / 1000).toFixed(1)} s more for ${Math.round(mb)} MB`, command, seed: SEED });
    put('backup.kill', { goal: 'a backup that is killed leaves the earlier one as it was', figure: `${killed} kills at random moments: 0 earlier backups changed, the next succeeds`, command, seed: SEED });
    put('backup.control', { goal: 'a spoilt backup is found', figure: `64 bytes changed: restoring ends with status ${r.status}`, command, control: true });
  }
} catch (e) {
  failed++;
  console.log(`not ok ${e.stack}${e.stderr ?? ''}`);
} finally {
  server?.kill('SIGKILL');
  fs.rmSync(dir, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
