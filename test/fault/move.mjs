// move.mjs - `tamga move` from SQLite to PostgreSQL and back, killed with SIGKILL at random moments and run again, must end equal.
//
//   TAMGA_TEST_DB=… node test/fault/move.mjs        (tool/pg.sh run gives the server; test/fault/run move does)
//
// The demonstration with attachments and with tables of tens of thousands of rows (several transactions each) goes to PostgreSQL, from there to a new
// SQLite folder; both SQLite files are dumped by the sqlite3 program and must hold the same rows, the folders the same files. KILLS: kills inside move (8),
// half of them a way; SEED: where chance begins (1); ROWS: rows of the long table (25000). Between runs a half-moved folder must be refused.
// Controls: a row changed, taken away or added on the target is told by --check; an attachment changed is told too.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { put } from '../../tool/evidence.mjs';

const TAMGA = process.env.TAMGA ?? 'build/src/app/tamga';
const DB = process.env.TAMGA_TEST_DB;
const KILLS = Number(process.env.KILLS ?? 8);
const ROWS = Number(process.env.ROWS ?? 25000);
const SEED = Number(process.env.SEED ?? 1) >>> 0;
if (!DB) { console.log('TAMGA_TEST_DB is not set: tool/pg.sh run node test/fault/move.mjs\n0 passed, 1 failed'); process.exit(1); }

let random = (SEED * 2654435761 + 1) >>> 0;
function dice(n) {
  random = (random + 0x6D2B79F5) >>> 0;
  let t = Math.imul(random ^ (random >>> 15), random | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pause = (ms) => new Promise((f) => setTimeout(f, ms));
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-move-'));
const at = (name) => path.join(dir, name);
let live = null;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { live?.kill('SIGKILL'); fs.rmSync(dir, { recursive: true, force: true }); process.exit(1); });

let passed = 0, failed = 0;
function result(ok, text) {
  if (ok) passed++; else failed++;
  console.log(`${ok ? 'ok    ' : 'not ok'} ${text}`);
}
function run(...args) { return execFileSync(TAMGA, args, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 }).toString(); }
function tries(...args) {
  const r = spawnSync(TAMGA, args, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
  return { status: r.status, out: `${r.stdout}${r.stderr}` };
}
function sqlite(file, sql) { return execFileSync('sqlite3', ['-bail', file], { input: sql, maxBuffer: 1 << 30 }).toString(); }
const psql = (sql) => execFileSync('psql', ['-q', '-At', '-v', 'ON_ERROR_STOP=1', DB, '-c', sql], { env: { ...process.env, PGOPTIONS: '-c client_min_messages=warning -c tamga.homes=*' }, stdio: ['ignore', 'pipe', 'pipe'] }).toString().trim();
const schemas = [];
function schema() {
  const name = `move_${process.pid}_${schemas.length}`;
  psql(`create schema ${name}`);
  schemas.push(name);
  return { name, url: `${DB}${DB.includes('?') ? '&' : '?'}options=-csearch_path%3D${name}` };
}

/** All rows of a SQLite database, written by the sqlite3 program, sorted; meta without what belongs to the file alone. */
function dump(file) {
  const tables = new Map();
  const list = sqlite(file, "select m.name, c.name from sqlite_schema m, pragma_table_info(m.name) c where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' order by 1, 2");
  for (const line of list.trim().split('\n')) { const [t, c] = line.split('|'); tables.set(t, [...(tables.get(t) ?? []), c]); }
  let script = '.mode quote\n';
  for (const [t, names] of tables) script += `select '${t}', '${names.join(' ')}';\nselect '${t}', ${names.join(', ')} from ${t}${t === 'meta' ? " where key not in ('keys', 'moving')" : ''};\n`;
  return sqlite(file, script).split('\n').sort().join('\n');
}
function files(folder) {
  const out = [];
  const walk = (at) => {
    for (const e of fs.readdirSync(path.join(folder, at), { withFileTypes: true })) {
      const name = path.join(at, e.name);
      if (/^(tamga\.db.*|db|lock|folder\.id|spool|jobs|ballast)$/.test(name)) continue;
      if (e.isDirectory()) walk(name);
      else out.push(`${name} ${crypto.createHash('sha256').update(fs.readFileSync(path.join(folder, name))).digest('hex')}`);
    }
  };
  walk('');
  return out.sort().join('\n');
}

async function prepare(folder) {
  run('init', '--demo', '--quiet', '--data', folder, '--pack', 'pack/neimenggu');
  const token = /tmg_\S+/.exec(run('user', 'token', 'aohan', '--scope', 'write', '--data', folder))[0];
  const server = spawn(TAMGA, ['serve', '--data', folder, '--listen', '127.0.0.1:0', '--assets', 'build/assets'], { stdio: ['ignore', 'pipe', 'ignore'] });
  live = server;
  const base = await new Promise((done, no) => {
    let out = '';
    server.stdout.on('data', (d) => { out += d; const m = /http:\/\/127\.0\.0\.1:\d+/.exec(out); if (m) done(m[0]); });
    server.on('exit', () => no(new Error(`the server ended: ${out}`)));
    setTimeout(() => no(new Error('no server')), 60000).unref();
  });
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  let n = 0;
  for (const letter of '甲乙丙丁戊己庚辛') {
    const item = await (await fetch(`${base}/r/brand`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ name: `敖汉${letter}搬迁工`,
      maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public', county: '150430', intro: '测试用，不是真实品牌。', phone: '13800002046' }) })).json();
    const body = new FormData();
    body.append('kind', '样例');
    body.append('file', new Blob([Buffer.from(`%PDF-1.7\n% 测试 ${n}\n${'x'.repeat(dice(60000))}`)]), `样例 ${n}.pdf`);
    const r = await fetch(`${base}/r/brand/${item.id}/files`, { method: 'POST', headers, body });
    if (r.ok) n++;
  }
  const busy = tries('move', '--from', `sqlite:${folder}`, '--to', `sqlite:${at('never')}`);
  result(busy.status === 6 && /正在使用/.test(busy.out), `a folder that is served is not moved (exit status ${busy.status})`);
  fs.rmSync(at('never'), { recursive: true, force: true });
  server.removeAllListeners('exit');
  await new Promise((done) => { server.on('exit', done); server.kill('SIGTERM'); });
  live = null;
  // Long tables: a key of text over several transactions, rows that COPY must write with care, a table without a key.
  sqlite(path.join(folder, 'tamga.db'), `begin;
    with recursive n (i) as (select 1 union all select i + 1 from n where i < ${ROWS}) insert into idempotency (key, request, status, body, at)
      select printf('%08x', (i * 2654435761) % 4294967296), 'x' || i, 200, 'a' || char(9) || '\\N\\.' || char(10) || '蒙古 ' || i, i from n;
    with recursive n (i) as (select 1 union all select i + 1 from n where i < 3000) insert into open_try (key, at) select 'k' || (i % 7), i % 11 from n;
    commit; pragma wal_checkpoint(truncate);`);
  return n;
}

/** One run, killed when it has shown `line` lines and some ms more; then the rest until it ends by itself. */
function killed(args, line, ms) {
  return new Promise((done) => {
    const p = spawn(TAMGA, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let seen = '', hit = false;
    p.stderr.on('data', async (d) => {
      seen += d;
      if (!hit && seen.split('\n').length > line) { hit = true; await pause(ms); p.kill('SIGKILL'); }
    });
    p.on('exit', (code, signal) => done({ killed: signal === 'SIGKILL', code, stage: /核对/.test(seen) ? (/核对 tlog_node/.test(seen) ? 'after' : 'compare') : /复制/.test(seen) ? 'copy' : 'begin', seen }));
  });
}

const stages = { begin: 0, copy: 0, compare: 0, after: 0 };
/** Moves with kills until it ends, and says whether half-moved folders were refused. */
async function moved(args, folder, kills, between) {
  let refused = 0, open = 0;
  for (let i = 0; i < kills;) {
    const r = await killed(args, dice(112), dice(30));
    if (!r.killed) {
      if (r.code !== 0) throw new Error(`move ended with ${r.code}: ${r.seen.slice(-600)}`);
      return { done: true, kills: i, refused, open };
    }
    i++;
    stages[r.stage]++;
    const t = tries('verify', '--data', folder);
    if (t.status === 0) open++; else refused++;
    between?.(i);
  }
  run(...args);
  return { done: true, kills, refused, open };
}

try {
  const a = at('a'), attachments = await prepare(a);
  const source = dump(path.join(a, 'tamga.db')), rowsOfSource = source.split('\n').length, filesOfSource = files(a);
  // without kills
  const s0 = schema();
  const out = spawnSync(TAMGA, ['move', '--from', `sqlite:${a}`, '--to', s0.url, '--data', at('b0')], { maxBuffer: 1 << 26 });
  result(out.status === 0 && /复制 idempotency .*100% \d+ 行\/秒/.test(out.stderr) && /逐行核对相同/.test(out.stdout), `SQLite to PostgreSQL: ${/复制 (\d+) 行/.exec(out.stdout)?.[1]} rows${out.status ? out.stderr : ''}`);
  run('move', '--from', s0.url, '--data', at('b0'), '--to', `sqlite:${at('c0')}`);
  result(dump(path.join(at('c0'), 'tamga.db')) === source, `and back: ${rowsOfSource} lines of the dumps are equal`);
  result(files(at('b0')) === filesOfSource && files(at('c0')) === filesOfSource && attachments === 8, `${filesOfSource.split('\n').length} files, ${attachments} of them attachments, are equal`);
  result(dump(path.join(a, 'tamga.db')) === source, 'the source is as it was');
  for (const [what, folder] of [['PostgreSQL', 'b0'], ['SQLite', 'c0']]) result(/全部相符/.test(run('verify', '--data', at(folder))), `the folder on ${what} verifies`);
  const check = (to, data) => tries('move', '--check', '--from', `sqlite:${a}`, '--to', to, '--data', data);
  result(check(s0.url, at('b0')).status === 0, '--check: both sides are equal');
  const again = tries('move', '--from', `sqlite:${a}`, '--to', s0.url, '--data', at('b0'));
  result(again.status === 5, `a target with data is not moved into (exit status ${again.status})`);
  // controls
  const wrongs = { changed: `update ${s0.name}.r_brand set f_intro = 'x' where id = (select min(id) from ${s0.name}.r_brand)`,
    gone: `delete from ${s0.name}.notice where id = (select max(id) from ${s0.name}.notice)`,
    added: `insert into ${s0.name}.open_try (key, at) values ('k1', 1)` };
  let told = 0;
  for (const [what, sql] of Object.entries(wrongs)) {
    psql(sql);
    const r = check(s0.url, at('b0'));
    const names = { changed: /r_brand[\s\S]*内容不同： id=\d+/, gone: /notice[\s\S]*目标缺少： id=\d+/, added: /open_try/ }[what];
    if (r.status === 8 && names.test(r.out)) told++; else console.log(what, r.status, r.out.slice(-1500));
  }
  result(told === 3, `control: a row changed, taken away, added on the target: ${told} of 3 told by --check`);
  const file = filesOfSource.split('\n').find((f) => f.startsWith('files/')).split(' ')[0];
  fs.appendFileSync(path.join(at('c0'), file), 'x');
  result(tries('move', '--check', '--from', `sqlite:${a}`, '--to', `sqlite:${at('c0')}`).status === 8, 'control: an attachment changed on the target is told');
  // kills on both ways
  let kills = 0, open = 0, refused = 0, equal = 0, moves = 0;
  for (let round = 0; kills < KILLS; round++) {
    const s = schema(), b = at(`b${round + 1}`), c = at(`c${round + 1}`), each = Math.max(1, Math.min(4, (KILLS - kills) >> 1));
    // once, what was moved already changes between two runs: the source was served meanwhile
    const touch = round === 0 ? (i) => i === 2 && sqlite(path.join(a, 'tamga.db'), "update idempotency set body = 'served meanwhile' where key = (select min(key) from idempotency)") : null;
    const r = await moved(['move', '--from', `sqlite:${a}`, '--to', s.url, '--data', b], b, each, touch);
    const q = await moved(['move', '--from', s.url, '--data', b, '--to', `sqlite:${c}`], c, each);
    kills += r.kills + q.kills;
    open += r.open + q.open;
    refused += r.refused + q.refused;
    moves += 2;
    if (dump(path.join(c, 'tamga.db')) === dump(path.join(a, 'tamga.db')) && files(c) === filesOfSource && tries('verify', '--data', c).status === 0 && tries('verify', '--data', b).status === 0) equal++;
    psql(`drop schema ${s.name} cascade`);
    fs.rmSync(b, { recursive: true });
    fs.rmSync(c, { recursive: true });
    if (r.kills + q.kills === 0) break;
  }
  const where = Object.entries(stages).map(([k, v]) => `${k} ${v}`).join(', ');
  result(equal * 2 === moves && kills >= KILLS - 1, `${kills} kills inside ${moves} moves (${where}): ${equal * 2} ended equal and verify (seed ${SEED})`);
  result(refused > 0 && open <= stages.after, `a half-moved folder was refused ${refused} times; ${open} were killed when all was done`);
  // the same folder: only the records move
  const s1 = schema();
  const before = dump(path.join(a, 'tamga.db'));
  run('move', '--from', `sqlite:${a}`, '--to', s1.url);
  const onServer = fs.existsSync(path.join(a, 'db')) && tries('verify', '--data', a).status === 0;
  run('move', '--from', s1.url, '--to', `sqlite:${a}`);
  result(onServer && !fs.existsSync(path.join(a, 'db')) && tries('verify', '--data', a).status === 0 && dump(path.join(a, 'tamga.db')) === before, 'in one folder: to PostgreSQL and back, equal');
  if (failed === 0) {
    const command = `KILLS=${KILLS} tool/pg.sh run node test/fault/move.mjs`;
    put('backup.move', { goal: 'a folder moved from SQLite to PostgreSQL and back is equal, row by row and file by file', figure: `${rowsOfSource} lines of two independent dumps and ${filesOfSource.split('\n').length} files equal; journal and public log verify on both`, command, seed: SEED });
    put('backup.move-kill', { goal: 'move killed at any point, run again, ends equal; half-moved folders are refused', figure: `${kills} kills in ${moves} moves (${where}): ${equal * 2} equal; refused ${refused} times in between`, command, seed: SEED });
    put('backup.move-control', { goal: 'a target that differs is told by `move --check`', figure: '1 row changed, 1 gone, 1 added, 1 attachment changed: 4 of 4 told, with table and key', command, control: true });
  }
} catch (e) {
  failed++;
  console.log(`not ok ${e.stack}\n${e.stdout ?? ''}${e.stderr ?? ''}`);
} finally {
  for (const name of schemas) { try { psql(`drop schema if exists ${name} cascade`); } catch { /* the server may be gone */ } }
  fs.rmSync(dir, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
