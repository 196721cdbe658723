// speed-pg.mjs - the speed table of script/bench on PostgreSQL: Tamga on a private server beside pgbench on the same server, in turns.
//   node test/bench/speed-pg.mjs WORKBOOK ROWS ROUNDS SECONDS PACK      writes artifacts/bench/speed-pg.json
// pgbench runs, prepared, what the list page asks of the database: the rows, the total, the count by state; and its own select-only script as a floor.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [workbook, rows, rounds, seconds, pack] = process.argv.slice(2);
const TAMGA = process.env.TAMGA ?? 'build-release/src/app/tamga';
const dir = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'tamga-speed-'));
chmodSync(dir, 0o711); // the server of tool/pg.sh runs as another user
let server = null;
const run = (command, args) => execFileSync(command, args, { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
process.on('exit', () => {
  if (server) server.kill('SIGKILL');
  try { execFileSync('tool/pg.sh', ['stop', join(dir, 'pg')], { stdio: 'ignore' }); } catch { /* was not started */ }
  rmSync(dir, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const url = run('tool/pg.sh', ['start', join(dir, 'pg')]).trim();
const data = join(dir, 'data');
run(TAMGA, ['init', '--demo', '--quiet', '--data', data, '--pack', pack, '--db', url]);
const timed = (args) => { const from = performance.now(); run(TAMGA, args); return (performance.now() - from) / 1000; };
const result = { rows: Number(rows) };
result.import_s = timed(['import', '--data', data, '--type', 'brand', '--as', 'region', workbook]);
result.xlsx_s = timed(['export', '--data', data, '--type', 'brand', '--as', 'region', '-o', join(dir, 'out.xlsx')]);
result.csv_s = timed(['export', '--data', data, '--type', 'brand', '--as', 'region', '-o', join(dir, 'out.csv')]);
run('psql', ['-qX', url, '-c', 'vacuum analyze']);

const started = performance.now();
server = spawn(TAMGA, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--workers', '4', '--log-level', 'warn', '--assets', 'build/assets'], { stdio: ['ignore', 'pipe', 'inherit'] });
const base = await new Promise((done, no) => {
  let out = '';
  server.stdout.on('data', (d) => { out += d; const at = /http:\/\/127\.0\.0\.1:\d+/.exec(out); if (at) done(at[0]); });
  server.on('exit', () => no(new Error(out)));
});
await (await fetch(`${base}/login`)).text();
result.cold_ms = performance.now() - started;
const password = readFileSync(join(data, 'demo-accounts.txt'), 'utf8').split('\n').map((l) => l.trim().split(/\s+/)).find((c) => c[0] === 'region')[1];
const form = await fetch(`${base}/login`);
let cookie = form.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
const csrf = /name="csrf" value="([^"]+)"/.exec(await form.text())[1];
const signed = await fetch(`${base}/login`, { method: 'POST', redirect: 'manual', headers: { cookie, 'sec-fetch-site': 'same-origin', accept: 'text/html' }, body: new URLSearchParams({ login: 'region', password, csrf }) });
cookie = [cookie, ...signed.headers.getSetCookie().map((c) => c.split(';')[0])].join('; ');

const wrk = (path, header) => Number(/Requests\/sec:\s+([\d.]+)/.exec(run('wrk', ['-t1', '-c16', `-d${seconds}s`, ...(header ? ['-H', `Cookie: ${header}`] : []), base + path]))[1]);
const script = join(dir, 'page.sql');
writeFileSync(script, `select * from r_brand where deleted is null order by updated desc, id desc limit 50;
select count(*) from r_brand where deleted is null;
select state, count(*) from r_brand where deleted is null group by state;
`);
const pgbench = (...args) => Number(/tps = ([\d.]+)/.exec(run('pgbench', ['-n', '-c', '16', '-j', '2', '-T', seconds, '-M', 'prepared', ...args, url]))[1]);
run('pgbench', ['-i', '-q', '-s', '1', url]);
const runs = { page: [], catalogue: [], pgbench_page: [], pgbench_select: [] };
for (let i = 0; i < Number(rounds); i++) {
  runs.page.push(wrk('/r/brand?size=50', cookie));
  runs.pgbench_page.push(pgbench('-f', script));
  runs.catalogue.push(wrk('/catalogue'));
  runs.pgbench_select.push(pgbench('-S'));
}
for (const [name, list] of Object.entries(runs)) result[name] = median(list);
result.rss_mb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
result.load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
await new Promise((done) => { server.on('exit', done); server.kill('SIGTERM'); });
server = null;
mkdirSync('artifacts/bench', { recursive: true });
writeFileSync('artifacts/bench/speed-pg.json', JSON.stringify(result, null, 1) + '\n');
console.log(JSON.stringify(result));
process.exit(0);
