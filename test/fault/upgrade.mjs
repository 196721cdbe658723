// upgrade.mjs - data folders of earlier schemas (test/fixture/schema) open with today's program; killed inside the upgrade they open all the same.
//
// Each kept schema is opened without trouble once; its rows, dumped by the sqlite3 program, are the measure. Then the upgrade is killed with SIGKILL at a
// random moment after it said that it begins, the program is started again, and the dump must be the same, the history verify, the copy from before be there.
// KILLS: kills inside in all (50), SEED: where chance begins (1), TAMGA: the program. Control: a number from the future is refused, and nothing is changed.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { put } from '../../tool/evidence.mjs';

const TAMGA = process.env.TAMGA ?? 'build/src/app/tamga';
const KILLS = Number(process.env.KILLS ?? 50);
const SEED = Number(process.env.SEED ?? 1) >>> 0;
const NOW = 4; // SCHEMA_NUMBER of src/store/upgrade_int.h

let random = (SEED * 2654435761 + 1) >>> 0;
function dice(n) {
  random = (random + 0x6D2B79F5) >>> 0;
  let t = Math.imul(random ^ (random >>> 15), random | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-upgrade-'));
let passed = 0, failed = 0, live = null;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { live?.kill('SIGKILL'); fs.rmSync(dir, { recursive: true, force: true }); process.exit(1); });
function result(ok, text) {
  if (ok) passed++; else failed++;
  console.log(`${ok ? 'ok    ' : 'not ok'} ${text}`);
}
const sqlite = (file, sql) => execFileSync('sqlite3', ['-bail', file], { input: sql, maxBuffer: 1 << 30 }).toString();
/** Every row of every table, and what the tables are, in an order of its own. */
const dump = (file) => sqlite(file, '.dump').split('\n').sort().join('\n');

/** The folder of a kept schema as it was when it was kept, in the work folder. */
function folderOf(number, name) {
  const kept = path.join('test/fixture/schema', number), to = path.join(dir, name);
  fs.rmSync(to, { recursive: true, force: true });
  fs.mkdirSync(to, { mode: 0o700 });
  fs.cpSync(path.join(kept, 'master.key'), path.join(to, 'master.key'));
  fs.chmodSync(path.join(to, 'master.key'), 0o600); // git does not keep the mode, and the program insists on it
  if (fs.existsSync(path.join(kept, 'keys'))) fs.cpSync(path.join(kept, 'keys'), path.join(to, 'keys'), { recursive: true });
  fs.writeFileSync(path.join(to, 'pack'), `${path.resolve('pack/neimenggu')}\n`);
  const ready = path.join(dir, `${number}.db`);
  if (!fs.existsSync(ready)) sqlite(ready, zlib.gunzipSync(fs.readFileSync(path.join(kept, 'dump.sql.gz'))).toString() + '\npragma journal_mode=wal;');
  fs.cpSync(ready, path.join(to, 'tamga.db'));
  return to;
}
/** Opens the folder (export of the list of brands touches nothing else); kill: ms after the upgrade began. */
function open(folder, kill) {
  return new Promise((done) => {
    const p = spawn(TAMGA, ['export', '--data', folder, '--type', 'brand', '-o', path.join(dir, 'out.csv')], { stdio: ['ignore', 'ignore', 'pipe'] });
    live = p;
    let err = '', began = 0, took = 0;
    p.stderr.on('data', (d) => {
      err += d;
      if (!began && /upgrade from schema \d+ to \d+ begins/.test(err)) {
        began = performance.now();
        if (kill !== undefined) setTimeout(() => p.kill('SIGKILL'), kill);
      }
      if (began && !took && /upgrade to schema \d+ is done/.test(err)) took = performance.now() - began;
    });
    p.on('exit', (code, signal) => done({ code, inside: signal === 'SIGKILL' && !took, took, began: began !== 0, err }));
  });
}
function verifies(folder) {
  const r = spawnSync(TAMGA, ['verify', '--data', folder]);
  return r.status === 0 ? '' : `${r.stdout}${r.stderr}`;
}

try {
  const kept = fs.readdirSync('test/fixture/schema').filter((n) => /^\d{4}$/.test(n)).sort();
  const old = kept.filter((n) => Number(n) < NOW);
  const told = [];
  let inside = 0, tried = 0, same = 0;
  for (const number of kept) {
    const folder = folderOf(number, 'calm'), file = path.join(folder, 'tamga.db');
    const r = await open(folder);
    const why = verifies(folder);
    const want = dump(file), copy = `${file}.before-${NOW}`;
    const number3 = sqlite(file, "select value from meta where key = 'schema'").trim();
    const original = dump(path.join(dir, `${number}.db`));
    const copied = Number(number) < NOW ? fs.existsSync(copy) && dump(copy) === original : !fs.existsSync(copy);
    result(r.code === 0 && why === '' && number3 === String(NOW) && copied && r.began === Number(number) < NOW,
      `schema ${number}: opens, has number ${number3}, ${Number(number) < NOW ? `upgraded in ${Math.round(r.took)} ms, the copy from before is equal` : 'nothing to do'}${why || (r.code ? r.err : '')}`);
    if (Number(number) >= NOW || r.code !== 0) continue; // what does not open undisturbed needs no kills
    const part = Math.ceil(KILLS / old.length);
    let span = Math.max(2, r.took); // shrinks while the kill comes too late: a busy machine was slow the first time
    for (let hit = 0, tries = 0; hit < part && tries < part * 4; tries++) {
      const again = folderOf(number, 'killed'), at = path.join(again, 'tamga.db');
      const k = await open(again, dice(Math.ceil(span)));
      tried++;
      if (!k.inside) { span = Math.max(2, span * 0.7); continue; }
      hit++;
      inside++;
      const second = await open(again);
      const bad = second.code !== 0 ? second.err : dump(at) !== want ? 'the dump differs' : !fs.existsSync(`${at}.before-${NOW}`) ? 'no copy' : hit % 5 === 0 ? verifies(again) : '';
      if (bad) { if (told.length < 5) told.push(`${number}: ${bad}`); } else same++;
    }
  }
  for (const t of told) console.log(t);
  result(same === inside && inside >= KILLS, `${inside} kills inside the upgrade (${tried} tries): ${same} started again and ended equal (seed ${SEED})`);
  const folder = folderOf('0004', 'future'), file = path.join(folder, 'tamga.db');
  sqlite(file, "update meta set value = '5' where key = 'schema'");
  const before = dump(file), r = await open(folder);
  result(r.code === 8 && /更新版本的 tamga/.test(r.err) && dump(file) === before, `control: schema 5 is refused by a program that knows ${NOW}, nothing changed (exit status ${r.code})`);
  if (failed === 0) {
    const command = `KILLS=${KILLS} node test/fault/upgrade.mjs`;
    put('backup.upgrade', { goal: `each kept schema opens with today's program; ${KILLS} kills inside the upgrade, each started again and equal to an undisturbed one`, figure: `${kept.length} kept schemas; ${inside} kills inside, ${same} equal, ${inside - same} lost`, command, seed: SEED });
    put('backup.upgrade-control', { goal: 'data of a newer program is refused', figure: 'schema 5 refused with exit status 8, no byte of the rows changed', command, control: true });
  }
} catch (e) {
  failed++;
  console.log(`not ok ${e.stack}`);
} finally {
  fs.rmSync(dir, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
