// lib.mjs - running the scanners: each bounded in time, none with a way out of this machine, their findings read from their own reports.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** SCAN_PATIENCE: by how much every time limit is longer, on a machine that has other things to do. */
const PATIENCE = Number(process.env.SCAN_PATIENCE ?? 1);

/** A command with its own time limit; everything it says. A proxy that is not there takes whatever would leave 127.0.0.1. */
export function run(words, { seconds = 120, cwd = process.env.SCAN_DIR, proxy = true, more = {} } = {}) {
  const env = { ...process.env, ...more, HOME: process.env.SCAN_DIR, LC_ALL: 'C.UTF-8' };
  if (proxy) Object.assign(env, { http_proxy: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1', no_proxy: '127.0.0.1,localhost', HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1,localhost' });
  return new Promise((done) => {
    const began = Date.now(), p = spawn('timeout', ['-k', '5', String(seconds * PATIENCE), ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const s of [p.stdout, p.stderr]) s.on('data', (x) => { text += x.toString('utf8'); if (text.length > 4e6) text = text.slice(-2e6); });
    p.on('error', (e) => done({ code: 127, text: e.message, seconds: 0 }));
    p.on('close', (code) => done({ code, text, seconds: (Date.now() - began) / 1000, cut: code === 124 || code === 137 }));
  });
}

/* Not among them: ssrf, xxe (call a server of their makers), wapp, nikto (fetch their lists from outside), buster, brute_login_form (guess names and words),
 * blindsql (waits by the clock: sqlmap's part). redirect and crlf name outside addresses in a parameter, which they never call. */
const WAPITI = 'backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,xss';
let serial = 0;
/* wapiti 3.0.4 puts the flags of an expression at its end, which Python 3.11 refuses: read at every start of Python from PYTHONPATH. */
const MENDED = `import re
_compile = re.compile
re.compile = lambda p, flags=0: _compile('(?ms)' + p.replace('(?ms)', ''), flags) if isinstance(p, str) and '(?ms)' in p else _compile(p, flags)
`;

export async function wapiti(url, { cookie, seconds = 60, depth = 2, files = 12, links = 30, starts = [], exclude = [], attack = 15 } = {}) {
  const dir = `${process.env.SCAN_DIR}/w${++serial}`;
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${dir}/sitecustomize.py`, MENDED);
  const r = await run(['wapiti', '-u', `${url}/`, ...starts.flatMap((s) => ['-s', url + s]), ...exclude.flatMap((x) => ['-x', url + x]), '--scope', 'folder', '-m', WAPITI, '-d', String(depth), '--max-links-per-page', String(links), '--max-files-per-dir', String(files),
    '--max-scan-time', String(Math.round(seconds * 0.35 * PATIENCE)), '--max-attack-time', String(attack * PATIENCE), '-S', 'normal', '-t', '6', '--verify-ssl', '0', '--no-bugreport', '--flush-session', '--store-session', dir, '--store-config', `${dir}/config`, '-v', '0', '-f', 'json', '-o', `${dir}/out.json`,
    ...(cookie ? ['-H', `Cookie: ${cookie}`] : [])], { seconds: seconds * 3, more: { PYTHONPATH: dir } });
  if (!existsSync(`${dir}/out.json`)) return { findings: [], error: `no report: ${r.text.slice(-400)}`, seconds: r.seconds, pages: 0 };
  const out = JSON.parse(readFileSync(`${dir}/out.json`, 'utf8')), findings = [];
  for (const part of ['vulnerabilities', 'anomalies']) for (const [kind, list] of Object.entries(out[part] ?? {})) for (const f of list) findings.push({ kind, path: f.path, parameter: f.parameter, info: f.info, request: f.http_request });
  return { findings, seconds: r.seconds, pages: out.infos?.crawled_pages ?? out.infos?.crawled_pages_nbr ?? 0, error: '' };
}

export async function sqlmap(name, words, seconds = 90) {
  const dir = `${process.env.SCAN_DIR}/s${++serial}`;
  mkdirSync(dir, { recursive: true });
  const r = await run(['sqlmap', '--batch', '--flush-session', '--disable-coloring', `--output-dir=${dir}`, '--technique=BEU', '--level=1', '--risk=1', '--threads=2', '--timeout=10', '--retries=0', '--union-cols=1-6', '--skip-waf', '--ignore-proxy', '--ignore-code=*', ...words], { seconds, proxy: false }); /* sqlmap asks nobody else, and would send everything to that proxy */
  const found = [...r.text.matchAll(/^Parameter: (.+)$/gm)].map((m) => m[1]), tested = /all tested parameters do not appear to be injectable|sqlmap identified the following injection|sqlmap resumed the following/.test(r.text);
  return { name, found, tested, seconds: r.seconds, cut: r.cut, error: tested ? '' : r.text.split('\n').filter((l) => /CRITICAL|ERROR/.test(l)).slice(-2).join(' ') || r.text.slice(-300) };
}

/** testssl's findings that are worse than information. */
export async function testssl(port, words = [], seconds = 200) {
  const file = `${process.env.SCAN_DIR}/t${++serial}.json`;
  const r = await run(['testssl', '--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '--sneaky', '--jsonfile', file, ...words, `https://127.0.0.1:${port}/login`], { seconds });
  const list = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  return { all: list, bad: list.filter((x) => ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'WARN', 'FATAL'].includes(x.severity)), seconds: r.seconds, error: list.length > 20 ? '' : r.text.slice(-400) };
}
