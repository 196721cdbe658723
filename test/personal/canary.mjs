// canary.mjs - a thousand personal values go in by every door; none of them may lie anywhere in clear afterwards.
//
// 250 names, telephone numbers, identity numbers and bank accounts, made from SEED, are entered through forms, the API and a spreadsheet (with rows
// that are wrong), changed, looked up, unmasked, exported, backed up, refused. Then the server is killed, and every byte of the database, its log,
// the data folder, the server's log, the temporary folder, what the server held open without a name, the backup and what it restores to, and the
// answers that refused something are searched for each value as UTF-8, UTF-16, hexadecimal and base64 (all three alignments). On PostgreSQL
// (TAMGA_TEST_DB) the whole folder of the cluster as well, with its write-ahead log. Control: one value written into a file by hand is found.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { execFileSync, spawn } from 'node:child_process';

const TAMGA = process.env.TAMGA ?? 'build/src/app/tamga';
const SEED = Number(process.env.SEED ?? 1) >>> 0;
const N = 250;
const DSN = process.env.TAMGA_TEST_DB;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-canary-'));
const data = path.join(dir, 'data'), tmp = path.join(dir, 'tmp'), log = path.join(dir, 'log');
let passed = 0, failed = 0;
const claim = (ok, text) => { console.log(`${ok ? 'ok    ' : 'not ok'} ${text}`); if (ok) passed++; else failed++; return ok; };

let random = (SEED * 2654435761 + 1) >>> 0;
function dice(n) {
  random = (random + 0x6D2B79F5) >>> 0;
  let t = Math.imul(random ^ (random >>> 15), random | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const digits = (n) => Array.from({ length: n }, () => dice(10)).join('');
const han = () => String.fromCharCode(0x8c00 + dice(0x100) * 16 + 3 + dice(6));
function idNumber() {
  const head = `110105${1950 + dice(50)}${String(1 + dice(12)).padStart(2, '0')}${String(1 + dice(28)).padStart(2, '0')}${digits(3)}`;
  const w = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return head + '10X98765432'[[...head].reduce((a, c, i) => a + Number(c) * w[i], 0) % 11];
}
const people = Array.from({ length: N }, () => ({ leader_name: [han(), han(), han(), han()].join(''), leader_phone: `1${3 + dice(7)}${digits(9)}`, leader_id: idNumber(), leader_bank: `62${digits(17)}` }));
const canaries = people.flatMap((p) => Object.values(p));

// ---- searching ----

const table = new Map(); // the first four bytes as a number -> patterns
function pattern(value, how, bytes) {
  if (bytes.length < 8) throw new Error(`${how} of a value is too short`);
  const key = bytes.readUInt32LE(0);
  if (!table.has(key)) table.set(key, []);
  table.get(key).push({ value, how, bytes });
}
for (const v of canaries) {
  const u = Buffer.from(v, 'utf8'), le = Buffer.from(v, 'utf16le'), be = Buffer.from(le).swap16();
  pattern(v, 'UTF-8', u);
  pattern(v, 'UTF-16LE', le);
  pattern(v, 'UTF-16BE', be);
  pattern(v, 'hex', Buffer.from(u.toString('hex')));
  pattern(v, 'HEX', Buffer.from(u.toString('hex').toUpperCase()));
  pattern(v, 'percent', Buffer.from(u.toString('hex').toUpperCase().replace(/../g, '%$&')));
  if (/[^\x00-\x7f]/.test(v)) pattern(v, '\\u', Buffer.from([...v].map((c) => `\\u${c.charCodeAt(0).toString(16)}`).join('')));
  for (let k = 0; k < 3; k++) { // what stands before shifts the alphabet; the edges depend on the neighbours
    const b = Buffer.concat([Buffer.alloc(k), u]).toString('base64').replace(/=+$/, '');
    const core = b.slice(k === 0 ? 0 : k + 1, Math.floor((k + u.length) / 3) * 4);
    if (core.length >= 8) pattern(v, 'base64', Buffer.from(core));
    if (core.length >= 8 && /[+/]/.test(core)) pattern(v, 'base64url', Buffer.from(core.replaceAll('+', '-').replaceAll('/', '_')));
  }
}
let bytesSearched = 0, filesSearched = 0;
const hits = [];
function search(buf, where) {
  filesSearched++;
  bytesSearched += buf.length;
  for (let i = 0; i + 8 <= buf.length; i++) {
    const list = table.get((buf[i] | (buf[i + 1] << 8) | (buf[i + 2] << 16) | (buf[i + 3] << 24)) >>> 0);
    if (list === undefined) continue;
    for (const p of list) {
      if (buf.compare(p.bytes, 0, p.bytes.length, i, Math.min(i + p.bytes.length, buf.length)) === 0) hits.push({ where, at: i, ...p });
    }
  }
  unpack(buf, where);
}
/** Members of zip files (workbooks, backups) are searched unpacked. */
function unpack(buf, where) {
  const end = buf.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (buf.length < 30 || buf.readUInt32LE(0) !== 0x04034b50 || end < 0) return;
  let at = buf.readUInt32LE(end + 16);
  for (let n = buf.readUInt16LE(end + 10); n > 0; n--) {
    const method = buf.readUInt16LE(at + 10), size = buf.readUInt32LE(at + 20), names = buf.readUInt16LE(at + 28);
    const head = buf.readUInt32LE(at + 42), name = buf.toString('utf8', at + 46, at + 46 + names);
    const from = head + 30 + buf.readUInt16LE(head + 26) + buf.readUInt16LE(head + 28);
    const raw = buf.subarray(from, from + size);
    search(method === 8 ? zlib.inflateRawSync(raw) : raw, `${where}!${name}`);
    at += 46 + names + buf.readUInt16LE(at + 30) + buf.readUInt16LE(at + 32);
  }
}
function searchTree(at) {
  for (const e of fs.readdirSync(at, { withFileTypes: true })) {
    const p = path.join(at, e.name);
    if (e.isDirectory()) searchTree(p);
    else if (e.isFile()) search(fs.readFileSync(p), p);
  }
}
const found = () => { const n = hits.length; const where = [...new Set(hits.map((h) => `${h.where} (${h.how})`))].slice(0, 8); return { n, where }; };

// ---- a pack with the four kinds ----

const pack = path.join(dir, 'pack');
fs.cpSync('test/fixture/pack-two', pack, { recursive: true });
const team = path.join(pack, 'types/team.yaml');
let yaml = fs.readFileSync(team, 'utf8');
const change = (from, to) => { if (!yaml.includes(from)) throw new Error(`pack-two has changed: ${from}`); yaml = yaml.replace(from, to); };
change('  - {id: about,', '  - {id: leader_name, kind: text, label: 队长姓名, max: 20, personal: true, lookup: true}\n  - {id: leader_bank, kind: text, label: 队长账号, max: 30, personal: true}\n  - {id: about,');
change('fields: [leader_id, leader_phone]', 'fields: [leader_id, leader_phone, leader_name, leader_bank]');
change('wage, leader_phone, about]', 'wage, leader_id, leader_phone, leader_name, leader_bank, about]');
fs.writeFileSync(team, yaml);
fs.mkdirSync(tmp);
const env = { ...process.env, TMPDIR: tmp };
const run = (args, input) => {
  try {
    return execFileSync(TAMGA, args, { input, env, stdio: ['pipe', 'pipe', 'pipe'] }).toString();
  } catch (e) {
    throw new Error(`tamga ${args[0]}: ${e.stdout}${e.stderr}`);
  }
};
let db = [];
let cluster = null;
if (DSN) {
  cluster = path.join(decodeURIComponent(/host=([^&]+)/.exec(DSN)[1]), 'data');
  execFileSync('psql', ['-q', DSN, '-c', 'drop schema if exists canary cascade', '-c', 'create schema canary'], { stdio: 'ignore' });
  db = ['--db', `${DSN}&options=-csearch_path%3Dcanary`];
}
run(['init', '--data', data, ...db, '--pack', pack]);
const FIRST = 'given-by-the-office', WORD = 'chosen-by-themselves';
run(['user', 'add', 'writer', '--data', data, '--name', '经办', '--org', 'C1', '--role', 'writer'], `${FIRST}\n`);

// ---- the server and a person ----

let server, base;
async function serve() {
  server = spawn(TAMGA, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--assets', 'build/assets'], { env, stdio: ['ignore', 'pipe', fs.openSync(log, 'a')] });
  base = await new Promise((done, no) => {
    let out = '';
    server.stdout.on('data', (d) => { out += d; fs.appendFileSync(log, d); const at = /http:\/\/127\.0\.0\.1:\d+/.exec(out); if (at) done(at[0]); });
    server.on('exit', (c) => no(new Error(`the server ended: ${c}`)));
    setTimeout(() => no(new Error('no start in 60 s')), 60000).unref();
  });
}
const cookies = new Map();
let csrf = '';
const refusals = [];
async function ask(method, at, { headers = {}, body } = {}) {
  const r = await fetch(base + at, { method, redirect: 'manual', body, signal: AbortSignal.timeout(60000), headers: { cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; '), ...headers } });
  for (const c of r.headers.getSetCookie()) { const [p] = c.split(';'), i = p.indexOf('='); cookies.set(p.slice(0, i), p.slice(i + 1)); }
  const bytes = Buffer.from(await r.arrayBuffer());
  return { status: r.status, bytes, text: bytes.toString(), etag: r.headers.get('etag'), location: r.headers.get('location') };
}
const page = async (at) => { const a = await ask('GET', at, { headers: { accept: 'text/html' } }); csrf = /name="csrf" value="([^"]+)"/.exec(a.text)?.[1] ?? csrf; return a; };
const form = (at, fields) => ask('POST', at, { headers: { accept: 'text/html' }, body: new URLSearchParams({ csrf, ...fields }) });
const send = (method, at, doc, headers = {}) => ask(method, at, { headers: { accept: 'application/json', 'content-type': 'application/json', 'x-csrf-token': csrf, ...headers }, body: JSON.stringify(doc) });
const must = (a, ...status) => { if (!status.includes(a.status)) throw new Error(`status ${a.status}, not ${status}: ${a.text.slice(0, 400)}`); return a; };
const place = '甲县';
let serial = 0;
const letters = '子丑寅卯辰巳午未申酉';
const teamName = () => `甲县${[...String(serial++)].map((d) => letters[d]).join('')}采收队`;

try {
  await serve();
  await page('/login');
  must(await form('/login', { login: 'writer', password: FIRST }), 303);
  await page('/account');
  must(await form('/account/password', { old: FIRST, password: WORD, again: WORD }), 303);
  await page('/desk');
  const entered = [];
  const doc = (p) => ({ name: teamName(), trade: 'farm', people: '20', ...p });
  for (let i = 0; i < 60; i++) { // forms
    const a = must(await form('/r/team', doc(people[i])), 303);
    entered.push(/\/r\/team\/(\d+)/.exec(a.location)[1]);
  }
  for (let i = 60; i < 130; i++) { // programs, some with a key that makes the answer be kept
    const a = must(await send('POST', '/r/team', doc(people[i]), i % 2 ? { 'idempotency-key': `canary-${SEED}-${i}-0123456789` } : {}), 201);
    entered.push(JSON.parse(a.text).id);
  }
  // the sheet: 110 rows, 10 of them wrong with the values in them, dry and for real, then what came back
  const columns = ['name', 'place', 'trade', 'people', 'wage', 'leader_id', 'leader_phone', 'leader_name', 'leader_bank', 'about'];
  const labels = ['队名', '所在县', '工种', '人数', '日工资', '队长身份证号', '队长电话', '队长姓名', '队长账号', '简介'];
  const rows = people.slice(130, 240).map((p, i) => ({ ...doc(p), place, trade: '农业', people: i % 11 === 10 ? '许多' : '20', wage: '', about: '' }));
  const csv = `\ufeff${labels.join(',')}\r\n${rows.map((r) => columns.map((c) => r[c]).join(',')).join('\r\n')}\r\n`;
  await page('/r/team/import');
  const ids = [];
  for (const mode of ['dry', 'real']) {
    const body = new FormData();
    body.append('csrf', csrf);
    body.append('mode', mode);
    body.append('file', new Blob([csv]), '表.csv');
    const a = must(await ask('POST', '/r/team/import', { headers: { accept: 'application/json' }, body }), 200, 201, 202, 303);
    const id = /(\d{10,})/.exec(a.location ?? a.text)[1];
    for (let i = 0; i < 400; i++) {
      const j = JSON.parse((await ask('GET', `/jobs/${id}`, { headers: { accept: 'application/json' } })).text);
      if (!['waiting', 'running'].includes(j.state?.value ?? j.state)) { ids.push({ id, j }); break; }
      await new Promise((f) => setTimeout(f, 50));
    }
  }
  const real = ids[1].j;
  claim(ids.length === 2 && /新增 [1-9]/.test(JSON.stringify(real)), `import by sheet: ${real.text ?? JSON.stringify(real).slice(0, 200)}`);
  const report = must(await ask('GET', `/jobs/${ids[1].id}/report`), 200);
  const sizeOfReport = hits.length;
  search(report.bytes, 'what its owner is given back');
  claim(hits.length > sizeOfReport, 'the annotated workbook that its owner downloads holds the values (so there was something to hide)');
  hits.length = sizeOfReport;
  must(await ask('GET', `/jobs/${ids[1].id}/input`), 200);
  // changed, looked up, unmasked, exported, refused
  for (let i = 240; i < 250; i++) {
    const at = `/r/team/${entered[i - 240]}`;
    const now = must(await ask('GET', at, { headers: { accept: 'application/json' } }), 200);
    must(await send('PATCH', at, people[i], { 'if-match': now.etag, 'idempotency-key': `canary-change-${SEED}-${i}-012345` }), 200);
    must(await send('POST', `${at}/unmask`, { reason: '核对联系方式' }, { 'idempotency-key': `canary-unmask-${SEED}-${i}-012345` }), 200);
  }
  must(await form('/r/team/find', { field: 'leader_id', value: people[100].leader_id }), 303);
  refusals.push(await send('POST', '/r/team', { ...doc(people[0]), leader_phone: `${people[0].leader_phone}9`, leader_id: `${people[0].leader_id}9` }));
  refusals.push(await send('POST', '/r/team', { ...doc(people[1]), people: 'x' }), await send('POST', '/r/team', { ...doc(people[6]), nothing: people[2].leader_phone }));
  // what stands in an address or in a form comes back to who sent it; here for what the server writes down of it
  await send('POST', `/r/team?leader_phone=${people[2].leader_phone}`, {});
  void (await ask('GET', `/r/team?leader_phone=${people[3].leader_phone}`, { headers: { accept: 'application/json' } }));
  void (await ask('GET', `/r/team/${people[4].leader_phone}`, { headers: { accept: 'application/json' } }));
  void (await form('/login', { login: people[5].leader_name, password: people[5].leader_bank }));
  await page('/desk');
  must(await ask('GET', '/r/team/export.xlsx'), 200, 303);
  must(await ask('GET', '/r/team/export.csv'), 200, 303);
  await page('/desk');
  // what the server holds open, with and without a name
  for (const fd of fs.readdirSync(`/proc/${server.pid}/fd`)) {
    const at = `/proc/${server.pid}/fd/${fd}`;
    try { if (fs.statSync(at).isFile() && /deleted/.test(fs.readlinkSync(at))) search(fs.readFileSync(at), `open without a name: ${fs.readlinkSync(at)}`); } catch { /* closed meanwhile */ }
  }
  const before = DSN ? null : run(['backup', '--data', data, path.join(dir, 'backup.zip')]);
  server.removeAllListeners('exit');
  server.on('exit', () => {});
  const gone = new Promise((f) => server.once('exit', f));
  server.kill('SIGKILL'); // the write-ahead log stays as it is
  await gone;
  void before;
  if (!DSN) run(['restore', '--data', path.join(dir, 'restored'), path.join(dir, 'backup.zip')]);
  searchTree(dir);
  const files = filesSearched;
  if (cluster) searchTree(cluster);
  for (const r of refusals) search(r.bytes, `answer ${r.status}`);
  const all = found();
  const mb = (bytesSearched / 1048576).toFixed(1);
  claim(entered.length === 130 && files > 3, `${canaries.length} values entered, ${filesSearched} files and answers (${mb} MB) searched in 10 encodings`);
  claim(all.n === 0, `${all.n} values in clear on ${DSN ? 'PostgreSQL' : 'SQLite'}${all.n ? `: ${all.where.join('; ')}` : ''}, seed ${SEED}`);
  const clear = run(['verify', '--data', data]);
  claim(/全部相符/.test(clear), 'tamga verify holds afterwards');
  // control
  for (const [how, text] of [['UTF-8', canaries[17]], ['UTF-16LE', canaries[18]], ['base64', canaries[19]]]) {
    hits.length = 0;
    const bytes = how === 'base64' ? Buffer.from(Buffer.from(`xy${text}z`).toString('base64')) : Buffer.from(text, how === 'UTF-8' ? 'utf8' : 'utf16le');
    const at = path.join(dir, 'planted');
    fs.writeFileSync(at, Buffer.concat([crypto.randomBytes(5000), bytes, crypto.randomBytes(50)]));
    search(fs.readFileSync(at), at);
    claim(hits.some((h) => h.value === text), `control: a value planted as ${how} is found`);
  }
  if (failed === 0 && !process.env.NO_EVIDENCE) {
    const { put } = await import('../../tool/evidence.mjs');
    put(`personal.canary-${DSN ? 'postgresql' : 'sqlite'}`, { goal: '1,000 canaries, 0 in clear in database files, WAL, logs, temporary files, job files, backups, errors',
      figure: `${canaries.length} values by form, API and sheet; ${filesSearched} files and answers (${mb} MB) in 10 encodings: 0 in clear`, command: `${DSN ? 'tool/pg.sh run ' : ''}test/personal/run canary`, seed: SEED });
    put('personal.canary-control', { goal: 'control: planted values (UTF-8, UTF-16, base64) are found', figure: '3 of 3 found', command: 'test/personal/run canary', seed: SEED, control: true });
  }
} catch (e) {
  claim(false, e.stack);
  if (fs.existsSync(log)) console.log(fs.readFileSync(log, 'utf8').slice(-1500));
} finally {
  if (server && server.exitCode === null && server.signalCode === null) server.kill('SIGKILL');
  if (process.env.KEEP) console.log(dir); else fs.rmSync(dir, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
