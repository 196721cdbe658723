// lib.mjs - a server of its own for each part, the generator beside it, and what is looked at while they run.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';

const BUILD = process.env.BUILD ?? 'build';
export const TAMGA = path.resolve(BUILD, 'src/app/tamga');
const GEN = path.resolve(BUILD, 'test/load/load');
export const SEED = Number(process.env.SEED ?? 1);
export const pause = (ms) => new Promise((f) => setTimeout(f, ms));

let passed = 0, failed = 0;
export function check(ok, what) {
  if (ok) passed++;
  else failed++;
  console.log(`${ok ? 'ok    ' : 'not ok'} ${what}`);
  return ok;
}
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

const left = [];
process.on('exit', () => { for (const end of left) end(); });

export function folder() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-load-'));
  left.push(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function onExit(fn) { left.push(fn); }

/** A demonstration region in `data`. */
export function init(data) {
  execFileSync(TAMGA, ['init', '--demo', '--data', data, '--pack', 'pack/neimenggu'], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A server on it; {base, port, pid, stop(), ended, log}. */
export async function serve(data, { env = {}, args = [] } = {}) {
  const log = path.join(path.dirname(data), `log-${Date.now()}`);
  const fd = fs.openSync(log, 'a');
  const child = spawn(TAMGA, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--assets', 'build/assets', ...args],
    { stdio: ['ignore', 'pipe', fd], env: { ...process.env, ...env } });
  fs.closeSync(fd);
  const end = () => { if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL'); };
  left.unshift(end);
  const ended = new Promise((f) => child.on('exit', (code, signal) => f(code ?? signal)));
  const base = await new Promise((f, no) => {
    let out = '';
    child.stdout.on('data', (d) => {
      out += d;
      const at = /http:\/\/127\.0\.0\.1:\d+/.exec(out);
      if (at) f(at[0]);
    });
    child.on('exit', () => no(new Error(`the server did not start: ${fs.readFileSync(log, 'utf8').slice(-500)}`)));
    setTimeout(() => no(new Error('the server did not start in 60 s')), 60000).unref();
  });
  return { base, port: Number(base.split(':')[2]), pid: child.pid, ended, log, child,
    stop: async () => { child.kill('SIGTERM'); return ended; } };
}

export function rss(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
export function descriptors(pid) { return fs.readdirSync(`/proc/${pid}/fd`).length; }

/** One run of the generator; its JSON. `up` is called when it says that all its connections stand. */
export function gen(words, up) {
  const child = spawn(GEN, words.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
  left.push(() => { if (child.exitCode === null) child.kill('SIGKILL'); });
  return new Promise((f, no) => {
    let out = '', err = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => {
      err += d;
      if (up && err.includes('up\n')) { up(); up = null; }
    });
    child.on('exit', (code) => (code === 0 ? f(JSON.parse(out)) : no(new Error(`gen ${words.join(' ')}: ${code} ${err}`))));
  });
}

/** A file of requests for the generator: [[name, weight, method, path, headers, body]]. */
export function spec(file, rows) {
  const parts = [];
  for (const [name, weight, method, target, headers = {}, body = ''] of rows) {
    const bytes = Buffer.from(body);
    const all = { host: '127.0.0.1', ...headers, ...(bytes.length ? { 'content-length': bytes.length } : {}) };
    const head = `${method} ${target} HTTP/1.1\r\n${Object.entries(all).map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`;
    const request = Buffer.concat([Buffer.from(head), bytes]);
    parts.push(Buffer.from(`${name} ${weight} ${request.length}\n`), request);
  }
  fs.writeFileSync(file, Buffer.concat(parts));
  return file;
}

export function password(data) { return fs.readFileSync(path.join(data, 'demo-accounts.txt'), 'utf8').trim().split(/\s+/)[1]; }

async function loginForm(base) {
  const r = await fetch(`${base}/login`, { headers: { accept: 'text/html' } });
  const text = await r.text();
  const cookie = r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(text)[1] };
}

/** The request of a sign-in that works again and again, as a row of a spec. */
export async function signInRow(base, data, login, weight) {
  const { cookie, csrf } = await loginForm(base);
  return ['sign_in', weight, 'POST', '/login', { accept: 'text/html', cookie, 'content-type': 'application/x-www-form-urlencoded' },
    new URLSearchParams({ login, password: password(data), csrf }).toString()];
}

/** {cookie, csrf} of a session. */
export async function session(base, data, login) {
  const form = await loginForm(base);
  const r = await fetch(`${base}/login`, { method: 'POST', redirect: 'manual', headers: { accept: 'text/html', cookie: form.cookie },
    body: new URLSearchParams({ login, password: password(data), csrf: form.csrf }) });
  if (r.status !== 303) throw new Error(`sign-in of ${login} gave ${r.status}`);
  const cookie = r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  const desk = await (await fetch(`${base}/desk`, { headers: { accept: 'text/html', cookie } })).text();
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(desk)[1] };
}

export const BRAND = { maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public', county: '150430', intro: '测试用，不是真实品牌。',
  phone: '13800002046' };
const MARK = '@'.repeat(18);
export function submitRow(who, weight) {
  return ['submit', weight, 'POST', '/r/brand', { accept: 'application/json', 'content-type': 'application/json', cookie: who.cookie, 'x-csrf-token': who.csrf },
    JSON.stringify({ name: `敖汉${MARK}架线工`, ...BRAND })];
}
export function readRows(who, weight) {
  const headers = { accept: 'text/html', cookie: who.cookie };
  return [['read', weight * 0.5, 'GET', '/r/brand', headers], ['read_desk', weight * 0.5, 'GET', '/desk', headers]];
}
export function publicRow(weight) { return ['public', weight, 'GET', `/catalogue?q=${MARK}`, { accept: 'text/html' }]; }
