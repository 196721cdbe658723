// grow.mjs - how pages behave as records grow, on SQLite and on PostgreSQL, each against the bare engine in the same run.
//
//   node test/bench/grow.mjs [sqlite|postgresql]… [10000 100000 1000000 10000000]
//
// A demonstration is filled up to so many brands by one SQL statement of the engine (copies of the demonstration's brands spread over all counties, without
// personal fields, journal or search twins), the program makes its indexes at the next start, and pages are asked for over HTTP: one after the other (median of
// 15) and by wrk. The floor is the page's own row statement, run by bench_floor (SQLite) or pgbench (PostgreSQL). Results: artifacts/bench/grow-ENGINE.json.
// TAMGA: the program (build-release/src/app/tamga), FLOOR: bench_floor. Everything listens on 127.0.0.1 or a socket and ends with this program.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, statSync, existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TAMGA = process.env.TAMGA ?? 'build-release/src/app/tamga';
const FLOOR = process.env.FLOOR ?? 'build-release/test/bench/bench_floor';
const words = process.argv.slice(2);
const engines = words.filter((w) => /^[a-z]/.test(w));
const sizes = words.filter((w) => /^\d+$/.test(w)).map(Number).sort((a, b) => a - b);
if (engines.length === 0) engines.push('sqlite', 'postgresql');
if (sizes.length === 0) sizes.push(10000, 100000, 1000000, 10000000);
const BYTES_PER_BRAND = 2200; // with its indexes; only to stop before the disk is full
const SECONDS = 3;
const dir = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'tamga-grow-'));
chmodSync(dir, 0o711); // the server of tool/pg.sh runs as another user
const children = new Set();
const say = (text) => console.error(`grow: ${text}`);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const run = (command, args, options = {}) => execFileSync(command, args, { maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'inherit'], ...options }).toString();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  if (existsSync(join(dir, 'pg'))) execFileSync('tool/pg.sh', ['stop', join(dir, 'pg')], { stdio: 'ignore' });
  rmSync(dir, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

function start(command, args, pattern, ms = 1800e3) {
  return new Promise((done, no) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.add(child);
    const timer = setTimeout(() => no(new Error(`${command} did not start in ${ms} ms`)), ms);
    let out = '';
    child.stdout.on('data', (d) => {
      out += d;
      const at = pattern.exec(out);
      if (at) { clearTimeout(timer); done({ child, at: at[0] }); }
    });
    child.on('exit', (code) => { children.delete(child); clearTimeout(timer); no(new Error(`${command} ended with ${code}: ${out.slice(0, 400)}`)); });
  });
}
const stop = (child) => new Promise((done) => { child.on('exit', done); child.kill('SIGTERM'); });

/** The two engines: how a statement of their own is run, how brands are copied. */
const ENGINES = {
  sqlite: {
    init(data) { run(TAMGA, ['init', '--demo', '--quiet', '--data', data, '--pack', 'pack/neimenggu']); },
    sql(data, text) { return run('sqlite3', ['-bail', '-batch', join(data, 'tamga.db')], { input: `.timeout 60000\npragma cache_size=-400000;\n${text}` }).trim(); },
    columns: "select name from pragma_table_info('r_brand')",
    indexes: "select name from sqlite_master where type = 'index' and tbl_name = 'r_brand' and sql is not null",
    numbers: (n, from) => `with recursive g(i) as (select ${from} union all select i + 1 from g where i + 1 < ${n})`,
    settle: 'pragma wal_checkpoint(truncate)',
    bytes: (data) => statSync(join(data, 'tamga.db')).size,
  },
  postgresql: {
    init(data) {
      this.url = run('tool/pg.sh', ['start', join(dir, 'pg')]).trim();
      this.free = this.url.replace('user=clerk', 'user=tamga'); // what row-level security does not hold: fills, and is the bare engine
      run(TAMGA, ['init', '--demo', '--quiet', '--data', data, '--pack', 'pack/neimenggu', '--db', this.url]);
    },
    sql(data, text) { return run('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', this.free], { input: text }).trim(); },
    columns: "select column_name from information_schema.columns where table_name = 'r_brand' order by ordinal_position",
    indexes: "select indexname from pg_indexes where tablename = 'r_brand' and indexname like 'i\\_%'",
    numbers: (n, from) => `with g(i) as (select * from generate_series(${from}, ${n - 1}))`,
    settle: 'vacuum analyze r_brand; checkpoint',
    bytes() { return Number(this.sql(null, 'select pg_database_size(current_database())')); },
  },
};

const counties = readFileSync('pack/neimenggu/orgs.csv', 'utf8').trim().split('\n').slice(1).map((l) => l.split(',')).filter((c) => c[3] === 'county');
const personal = new Set([...readFileSync('pack/neimenggu/types/brand.yaml', 'utf8').matchAll(/id: (\w+),[^\n]*personal: true/g)].map((m) => `f_${m[1]}`));

/** fill - until there are n brands. The indexes go first and come back when the program starts. */
function fill(engine, data, n) {
  const columns = engine.sql(data, `${engine.columns};`).split('\n').map((c) => c.trim()).filter(Boolean);
  const have = Number(engine.sql(data, 'select count(*) from r_brand;'));
  if (have >= n) return;
  const free = statfsSync(dir);
  if ((n - have) * BYTES_PER_BRAND > free.bavail * free.bsize * 0.8) throw new Error(`not enough disk for ${n} brands`);
  const value = (c) => {
    if (c === 'id') return '((1000000000 + cast(g.i as bigint)) << 25) | (c.home << 12)';
    if (c === 'home' || c === 'holder') return 'c.home';
    if (c === 'no') return "'BZ-' || c.code || '-2025-' || (100000000 + g.i)";
    if (c === 'f_name') return "s.f_name || g.i";
    if (c === 'f_county') return 'c.code';
    if (c === 'search') return "s.search || g.i";
    if (c === 'updated' || c === 'created') return 's.created - cast(g.i as bigint) * 1000';
    if (personal.has(c)) return 'null';
    return `s.${c}`;
  };
  const drops = engine.sql(data, `${engine.indexes};`).split('\n').filter(Boolean).map((name) => `drop index ${name};`).join('\n');
  engine.sql(data, `${drops}
create table if not exists grow_source as select r_brand.*, row_number() over (order by id) - 1 as k from r_brand where deleted is null;
create table if not exists grow_county (k integer, home bigint, code text);
delete from grow_county;
insert into grow_county values ${counties.map((c, k) => `(${k}, ${c[6]}, '${c[0]}')`).join(', ')};
insert into r_brand (${columns.join(', ')})
${engine.numbers(n, have)} select ${columns.map(value).join(', ')} from g join grow_source s on s.k = g.i % (select count(*) from grow_source)
 join grow_county c on c.k = g.i % ${counties.length};`);
  engine.sql(data, `${engine.settle};`);
}

async function person(base, login, password) {
  const cookies = {};
  const ask = async (path, options = {}) => {
    const r = await fetch(base + path, { redirect: 'manual', ...options, headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin', cookie: Object.entries(cookies).map(([k, v]) => `${k}=${v}`).join('; '), ...options.headers } });
    for (const c of r.headers.getSetCookie()) { const [k, v] = c.split(';')[0].split(/=(.*)/s); cookies[k] = v; }
    return { status: r.status, text: await r.text(), cookies, headers: r.headers };
  };
  const csrf = /name="csrf" value="([^"]+)"/.exec((await ask('/login')).text)[1];
  const r = await ask('/login', { method: 'POST', body: new URLSearchParams({ login, password, csrf }) });
  if (r.status !== 303) throw new Error(`${login} cannot sign in: ${r.status}`);
  ask.cookie = () => Object.entries(cookies).map(([k, v]) => `${k}=${v}`).join('; ');
  ask.csrf = async () => /name="csrf" value="([^"]+)"/.exec((await ask('/account')).text)[1];
  return ask;
}

async function timed(ask, path, times = 15) {
  const list = [];
  for (let i = 0; i < times; i++) {
    const from = performance.now();
    const r = await ask(path);
    if (r.status !== 200) throw new Error(`${path}: ${r.status}`);
    list.push(performance.now() - from);
  }
  return median(list);
}

const wrk = (url, cookie) => Number(/Requests\/sec:\s+([\d.]+)/.exec(run('wrk', ['-t1', '-c8', `-d${SECONDS}s`, ...(cookie ? ['-H', `Cookie: ${cookie}`] : []), url]))?.[1] ?? 0);

async function floorRate(engine, name, data, bytes) {
  if (name === 'sqlite') {
    if (!existsSync(FLOOR)) return null;
    const { child } = await start('bash', ['-c', `exec ${FLOOR} ${join(data, 'tamga.db')} 127.0.0.1:18995 ${bytes} list & p=$!; sleep 0.7; echo up; trap "kill $p" TERM; wait $p`], /up/);
    const rate = wrk('http://127.0.0.1:18995/');
    await stop(child);
    return rate;
  }
  const script = join(dir, 'floor.sql');
  writeFileSync(script, 'select * from r_brand where deleted is null order by updated desc, id desc limit 50;\n');
  const out = run('pgbench', ['-n', '-f', script, '-c', '8', '-j', '2', '-T', String(SECONDS), '-M', 'prepared', engine.free], { stdio: ['pipe', 'pipe', 'ignore'] });
  return Number(/tps = ([\d.]+)/.exec(out)?.[1] ?? 0);
}

for (const name of engines) {
  const engine = ENGINES[name];
  const data = join(dir, name);
  const rows = [];
  engine.init(data);
  const password = readFileSync(join(data, 'demo-accounts.txt'), 'utf8').split('\n').map((l) => l.trim().split(/\s+/)).find((c) => c[0] === 'region')[1];
  for (const n of sizes) {
    const row = { n };
    let from = performance.now();
    say(`${name}: filling up to ${n}`);
    fill(engine, data, n);
    row.fill_s = (performance.now() - from) / 1000;
    from = performance.now();
    const { child, at: base } = await start(TAMGA, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'warn', '--assets', 'build/assets'], /http:\/\/127\.0\.0\.1:\d+/);
    row.start_s = (performance.now() - from) / 1000;
    if (name === 'postgresql') engine.sql(data, 'analyze r_brand;');
    row.bytes = engine.bytes(data);
    say(`${name}: ${n} brands, filled in ${row.fill_s.toFixed(0)} s, indexes and start ${row.start_s.toFixed(1)} s, ${(row.bytes / 1e6).toFixed(0)} MB`);
    const region = await person(base, 'region', password), clerk = await person(base, 'aohan', password);
    from = performance.now();
    const first = await region('/r/brand?size=50');
    row.first_ms = performance.now() - from; // everything is counted
    if (first.status !== 200) throw new Error(`list: ${first.status}`);
    row.list_ms = await timed(region, '/r/brand?size=50');
    row.clerk_list_ms = await timed(clerk, '/r/brand?size=50');
    row.desk_ms = await timed(clerk, '/desk');
    const fresh = []; // the first page after a write: total and counts are counted anew, from 200,000 records on every few seconds only
    const csrf = await clerk.csrf();
    for (let i = 0; i < (n > 2e6 ? 3 : 5); i++) {
      const word = String(i + 10 * sizes.indexOf(n)).split('').map((d) => '甲乙丙丁戊己庚辛壬癸'[d]).join('');
      const made = await clerk('/r/brand', { method: 'POST', body: new URLSearchParams({ csrf, name: `敖汉${word}架线工`, maturity: 'scattered', domain: 'livelihood',
        industry: 'construction', owner_kind: 'public', county: '150430', intro: '测试用，不是真实品牌。', phone: '13800002046' }) });
      if (made.status !== 303) throw new Error(`a brand was not taken: ${made.status} ${/class="[^"]*error[^"]*">([^<]+)/.exec(made.text)?.[1] ?? ''}`);
      const t = performance.now();
      await region('/r/brand?size=50');
      fresh.push(performance.now() - t);
    }
    row.counts_ms = median(fresh);
    const o = performance.now();
    const over = await region('/overview');
    row.overview_first_ms = over.status === 200 ? performance.now() - o : null;
    row.overview_ms = over.status === 200 ? await timed(region, '/overview', 5) : null;
    row.search_ms = await timed(region, `/search?q=${encodeURIComponent('敖汉')}`, 3);
    row.catalogue_ms = await timed((path) => fetch(base + path).then(async (r) => ({ status: r.status, text: await r.text() })), '/catalogue');
    row.page_rate = wrk(`${base}/r/brand?size=50`, region.cookie());
    row.floor_rate = await floorRate(engine, name, data, first.text.length);
    row.rss_mb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
    await stop(child);
    rows.push(row);
    say(JSON.stringify(row));
    mkdirSync('artifacts/bench', { recursive: true });
    writeFileSync(`artifacts/bench/grow-${name}.json`, JSON.stringify({ date: new Date().toISOString().slice(0, 10), commit: run('git', ['rev-parse', '--short', 'HEAD']).trim(), load: readFileSync('/proc/loadavg', 'utf8').split(' ')[0], rows }, null, 1) + '\n');
  }
  rmSync(data, { recursive: true, force: true });
}
process.exit(0);
