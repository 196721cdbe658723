// main.mjs - the scanners against a Tamga behind nginx with deploy/nginx.conf and against its broken twin: nothing may be found on the one, every planted
// hole must be found on the other by the tool that is responsible for it. Two tools at a time.
//   SCAN_TLS (https port of Tamga's nginx), SCAN_PLAIN (Tamga itself), SCAN_TWIN, SCAN_LENIENT, SCAN_TWIN_TLS, SCAN_ACCOUNTS, SCAN_DIR; SCAN_LONG=1: signed in
//   as every role, more pages and more time (script/soak)
import { readFileSync } from 'node:fs';
import { put } from '../../tool/evidence.mjs';
import { headerTable, fetchRaw, signIn } from './headers.mjs';
import { sqlmap, testssl, wapiti } from './lib.mjs';
import { HOSTILE, send, table } from './smuggle.mjs';

const { SCAN_TLS, SCAN_PLAIN, SCAN_TWIN, SCAN_LENIENT, SCAN_TWIN_TLS } = process.env, LONG = Boolean(process.env.SCAN_LONG);
const only = process.argv.slice(2), wanted = (part) => !only.length || only.includes(part);
const tls = `https://127.0.0.1:${SCAN_TLS}`, plain = `http://127.0.0.1:${SCAN_PLAIN}`, twin = `http://127.0.0.1:${SCAN_TWIN}`;
const accounts = readFileSync(process.env.SCAN_ACCOUNTS, 'utf8').trim().split('\n').map((l) => l.trim().split(/\s+/)), word = accounts[0][1];
let passed = 0, failed = 0;
const faulty = new Set();
const begun = Date.now(), holes = new Map(), figures = {};
function verdict(title, faults) {
  if (!faults.length) { passed++; console.log(`ok     ${title}`); return; }
  failed++;
  faulty.add(title.split(/[ ,:]/)[0].replace('smuggling', 'smuggle'));
  console.log(`not ok ${title}`);
  for (const f of faults.slice(0, 25)) console.log(`  ${f}`);
  if (faults.length > 25) console.log(`  and ${faults.length - 25} more`);
}
/** Hole n of the twin and who found it. */
const hole = (n, name, tool, found) => holes.set(n, { name, tool, found });

const session = new Map();
const as = async (login) => { if (!session.has(login)) session.set(login, await signIn(tls, login, word)); return session.get(login); };
const tasks = [];
const task = (part, title, weight, body) => { if (wanted(part)) tasks.push({ title, weight, body }); };

task('headers', 'headers', 20, async () => {
  const one = JSON.parse((await fetchRaw(tls, 'GET', '/r/brand?limit=1', { cookie: (await as('region')).cookie, accept: 'application/json' })).text).items[0];
  const sample = { type: 'brand', id: String(one.id), no: one.no ?? '1', file: 'tamga.css', number: 'ZS-1', target: 'x', section: '0', action: 'submit', field: 'name', doc: 'notice', which: 'input', n: '0', entry: '1' };
  const r = await headerTable(tls, { public: '', region: (await as('region')).cookie, aohan: (await as('aohan')).cookie }, sample);
  const cookies = (await as('region')).flags.filter((c) => !(/; Secure/.test(c) && /; HttpOnly/.test(c) && /SameSite=Lax/.test(c) && /; Path=\//.test(c)));
  verdict(`headers: ${r.routes} paths, ${r.answers} answers, ${r.cells} cells`, [...r.bad, ...cookies.map((c) => `cookie ${c}`), ...((await as('region')).cookie.includes('__Host-tamga=') ? [] : ['the session cookie has no __Host- prefix'])]);
  figures.headers = `${r.answers} answers of ${r.routes} paths, ${r.cells} cells`;
  const t = await fetchRaw(twin, 'GET', '/');
  hole(17, 'no security headers on any page', 'header table', !t.headers['content-security-policy'] && !t.headers['x-content-type-options']);
});

task('smuggle', 'smuggling', 20, async () => {
  const direct = await table(SCAN_PLAIN);
  verdict(`smuggling, directly: ${direct.n} hostile requests ${JSON.stringify(direct.statuses)}`, [...direct.bad, ...(direct.n >= 400 ? [] : ['fewer than 400'])]);
  const fine = await send(SCAN_PLAIN, Buffer.from('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'));
  verdict('control: two good requests in a row get two answers', fine.statuses.join() === '200,200' ? [] : [fine.text.slice(0, 200)]);
  const proxied = await table(await plainNginx(), { probe: true, patience: 400 });
  verdict(`smuggling, through nginx: ${proxied.n} hostile requests, after each another connection gets its own answer ${JSON.stringify(proxied.statuses)}`, proxied.bad);
  const t = await table(SCAN_LENIENT, { patience: 90 });
  hole(18, 'a lenient parser of requests', 'smuggling table', t.bad.length > 0.9 * t.n);
  figures.smuggle = `${direct.n} hostile requests directly and through nginx`;
  figures.smuggleTwin = `${t.bad.length} of ${t.n}`;
});
const plainNginx = async () => Number(process.env.SCAN_NGINX_PLAIN);

/* findings that are the test's doing or no findings, each with its reason */
const TLS_ALLOWED = {
  'cert_chain_of_trust': 'the throw-away certificate is self-signed', 'cert_trust': 'as above', 'cert_revocation': 'no CRL or OCSP for it', 'cert_crlDistributionPoints': 'as above', 'cert_ocspURL': 'as above', 'OCSP_stapling': 'as above', 'DNS_CAArecord': 'no DNS for 127.0.0.1',
  'certificate_transparency': 'self-signed', 'cert_subjectAltName': 'made for the test', 'cert_extlifeSpan': 'made for the test', 'cert_expirationStatus': 'made for a few days', 'cert_validityPeriod': 'made for a few days', 'cert_commonName_wo_SNI': 'one name', 'HPKP': 'nobody pins keys any more',
  'BREACH': 'pages are compressed; every secret in them (csrf, nonce) changes with the session or the page and cookies are SameSite, so that no other site can make the browser ask with a guess beside it', 'HSTS_preload': 'a choice of the operator',
  'overall_grade': 'capped by the self-signed certificate', 'grade_cap_reason_1': 'as above', 'grade_cap_reason_2': 'as above', 'final_score': 'as above', 'key_exchange_score': 'as above', 'banner_reverseproxy': 'none', 'scanProblem': '', 'engine_problem': '',
  'LUCKY13': 'asked of suites that are not offered', 'service': '', 'optimal_proto': '', 'cert_mustStapleExtension': '', 'ipv6': '',
};
task('testssl', 'testssl', 70, async () => {
  const ask = () => testssl(SCAN_TLS, LONG ? [] : ['-p', '-s', '-f', '-S', '-h', '-U', '-P'], LONG ? 400 : 200);
  let r = await ask();
  if (r.bad.some((x) => x.severity === 'WARN')) r = await ask(); /* a check that could not be done says nothing either way: once more */
  const bad = r.bad.filter((x) => !Object.hasOwn(TLS_ALLOWED, x.id.replace(/ .*/, '')));
  verdict(`testssl on deploy/nginx.conf: ${r.all.length} answers, ${r.seconds.toFixed(0)} s, ${r.bad.length - bad.length} allow-listed`, r.error ? [r.error] : bad.map((x) => `${x.severity} ${x.id}: ${x.finding}`));
  figures.testssl = `${r.all.length} answers, ${r.bad.length - bad.length} of the throw-away certificate and BREACH allow-listed with their reasons`;
});
task('testssl', 'testssl on the twin', 30, async () => {
  const r = await testssl(SCAN_TWIN_TLS, ['-p', '-s', '-h'], 150), says = (id) => r.bad.some((x) => x.id.startsWith(id));
  hole(19, 'TLS 1.0', 'testssl', says('TLS1') && r.bad.some((x) => x.id === 'TLS1'));
  hole(20, 'TLS 1.1', 'testssl', r.bad.some((x) => x.id === 'TLS1_1'));
  hole(21, 'suites of CBC or without authentication', 'testssl', r.bad.some((x) => /^cipherlist_/.test(x.id)));
  hole(22, 'no HSTS', 'testssl', says('HSTS'));
  figures.testsslTwin = `${r.bad.length} findings`;
});

/* wapiti: what it says of a page that is as it should be */
const WAPITI_ALLOWED = [(f) => f.kind === 'HTTP Secure Headers' && /X-XSS-Protection/.test(f.info), /* gone from browsers; the policy stands instead */
  (f) => /Fingerprint|Potentially dangerous file/.test(f.kind),
  (f) => /HttpOnly Flag/.test(f.kind) && /tamga_view/.test(f.info), /* says "large text", and the script sets it as well */
  (f) => /Request Forgery/.test(f.kind) && ['/verify', '/view'].includes(f.path)]; /* open to everybody without a session; what another site sends is refused by its Origin (test/unit/page/site_test.c) */
async function clean(title, options) {
  const r = await wapiti(tls, options), bad = r.findings.filter((f) => !WAPITI_ALLOWED.some((ok) => ok(f)));
  verdict(`wapiti, ${title}: ${r.seconds.toFixed(0)} s`, r.error ? [r.error] : bad.map((f) => `${f.kind}: ${f.path} ${f.parameter ?? ''}: ${f.info}`));
  return r;
}
const away = ['/logout', '/account/password', '/assets/*', '/tokens*'];
const starts = ['/catalogue?q=a', '/search?q=a', '/r/brand?q=a&state=draft', '/f/objection', '/verify?number=a', '/login', '/calls', '/announcements'];
const bound = LONG ? { seconds: 240, depth: 3, files: 40, links: 60, attack: 60 } : { seconds: 45, depth: 1, files: 6, links: 12, attack: 7 };
const roles = LONG ? accounts.map((a) => a[0]).filter((x, i, l) => l.indexOf(x) === i) : ['aohan'];
if (wanted('wapiti')) for (const login of roles) await as(login); /* before failed sign-ins lock the address out */
task('wapiti', 'wapiti public', 50, async () => { await clean('the public', { ...bound, starts, exclude: away }); });
for (const login of roles) task('wapiti', `wapiti ${login}`, 50, async () => { await clean(`signed in as ${login}`, { ...bound, starts, exclude: away, cookie: (await as(login)).cookie }); });
task('wapiti', 'wapiti on the twin', 60, async () => {
  const r = await wapiti(twin, { seconds: LONG ? 300 : 100, depth: 2, files: 30, links: 30, attack: 40 }), has = (kind, path) => r.findings.some((f) => kind.test(f.kind) && (!path || f.path.startsWith(path)));
  hole(7, 'reflected script', 'wapiti', has(/Cross Site Scripting/, '/search'));
  hole(8, 'stored script', 'wapiti', has(/Cross Site Scripting/, '/opinions') || has(/Stored|Permanent/i));
  hole(9, 'open redirect', 'wapiti', has(/Open Redirect/));
  hole(10, 'path traversal', 'wapiti', has(/Path Traversal/));
  hole(11, 'injected header line', 'wapiti', has(/CRLF/));
  hole(12, 'shell command', 'wapiti', has(/Command execution/));
  hole(13, 'missing headers', 'wapiti', has(/HTTP Secure Headers/));
  hole(14, 'no content security policy', 'wapiti', has(/Content Security Policy/));
  hole(15, 'cookie without flags', 'wapiti', has(/HttpOnly Flag cookie|Secure Flag cookie/));
  hole(16, 'forms without token', 'wapiti', has(/Cross Site Request Forgery/));
  if (r.error) console.log(`  twin: ${r.error}`);
  figures.wapitiTwin = `${r.findings.length} findings in ${r.seconds.toFixed(0)} s`;
});

/* sqlmap: what each kind of input of Tamga has on the twin too */
async function sql(name, words, seconds) {
  const r = await sqlmap(name, words, LONG ? seconds * 3 : seconds);
  verdict(`sqlmap, ${name}: ${r.seconds.toFixed(0)} s`, r.found.length ? r.found : r.tested ? [] : [`did not test: ${r.error}${r.cut ? ' (out of time)' : ''}`]);
}
const S = 75;
/* before failed sign-ins lock the address out */
const early = wanted('sqlmap') ? { region: await plainSession('region'), aohan: await token('aohan') } : {};
task('sqlmap', 'sqlmap filters', 40, async () => sql('filters, order and search of a list, signed in', ['-u', `${plain}/r/brand?q=a&domain=livelihood&county=150400&state=draft&name.has=a&order=name`, '-p', 'q,domain,county,name.has,order', '--cookie', `tamga_s=${early.region}`, '--fresh-queries'], S));
task('sqlmap', 'sqlmap catalogue', 30, async () => sql('the public catalogue', ['-u', `${plain}/catalogue?q=a&county=150400`, '-p', 'q,county'], S));
task('sqlmap', 'sqlmap sign-in', 30, async () => sql('sign-in', ['-u', `${plain}/login`, '--data', `login=nobody&password=x&csrf=x`, '-p', 'login,password', '--csrf-token=csrf', `--csrf-url=${plain}/login`, '--threads=1'], S));
task('sqlmap', 'sqlmap public form', 30, async () => sql('a public form: what became of it', ['-u', `${plain}/f/objection/status`, '--data', 'no=YY-1&code=ABCD', '-p', 'no,code'], S));
task('sqlmap', 'sqlmap JSON', 30, async () => sql('JSON of a new record', ['-u', `${plain}/r/brand?dry_run=1`, '--data', '{"name":"敖汉试验工","county":"150430","domain":"livelihood","org":"150430"}', '--headers', `Content-Type: application/json\nAccept: application/json\nAuthorization: Bearer ${early.aohan}`], S));
for (const [n, name, words] of [[1, 'a list filter', ['-u', `${twin}/r/brand?county=150400`]], [2, 'search', ['-u', `${twin}/r/search?q=brand`, '--level=3']], [3, 'order', ['-u', `${twin}/r/brand2?order=id`, '--string=brand5']], [4, 'sign-in', ['-u', `${twin}/login`, '--data', 'login=admin&password=secret', '-p', 'login']],
  [5, 'public form', ['-u', `${twin}/f/objection`, '--data', 'name=brand1']], [6, 'JSON', ['-u', `${twin}/api/search`, '--data', '{"q":"brand1"}', '--headers', 'Content-Type: application/json']]]) {
  task('sqlmap', `sqlmap twin ${name}`, 20, async () => { const r = await sqlmap(name, words, 90); hole(n, `SQL put together: ${name}`, 'sqlmap', r.found.length > 0); if (!r.found.length) console.log(`  twin ${name}: ${r.error || 'nothing found'}`); });
}
async function plainSession(login) { return /tamga_s=([^;]+)/.exec((await signIn(plain, login, word)).cookie)[1]; }
async function token(login) {
  const cookie = (await signIn(plain, login, word)).cookie, page = await fetchRaw(plain, 'GET', '/account', { cookie });
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)[1];
  return JSON.parse((await fetchRaw(plain, 'POST', '/tokens', { cookie, 'x-csrf-token': csrf, accept: 'application/json', 'content-type': 'application/json' }, JSON.stringify({ name: 'scan', scope: 'write' }))).text).token;
}

tasks.sort((a, b) => b.weight - a.weight);
let next = 0;
await Promise.all([0, 1].map(async () => {
  while (next < tasks.length) {
    const t = tasks[next++];
    try { await t.body(); } catch (e) { verdict(t.title, [e.stack?.split('\n').slice(0, 3).join(' ') ?? String(e)]); }
  }
}));
const alive = await fetchRaw(plain, 'GET', '/healthz').catch((e) => ({ status: e.message }));
verdict('the server lives', alive.status === 200 ? [] : [alive.status]);
const list = [...holes].sort((a, b) => a[0] - b[0]), missed = list.filter(([, h]) => !h.found);
for (const [n, h] of list) console.log(`  planted ${n}: ${h.name}: ${h.found ? 'found' : 'MISSED'} by ${h.tool}`);
verdict(`control: every planted hole of the twin is found (${list.length - missed.length} of ${list.length})`, missed.map(([n, h]) => `${n} ${h.name}: ${h.tool}`));
const spent = ((Date.now() - begun) / 1000).toFixed(0);
/* a row for each part that ran and found nothing; the twin's when all of it ran */
const command = `${LONG ? 'SCAN_LONG=1 ' : ''}test/scan/run`;
const row = (part, goal, figure) => { if (wanted(part) && figure && !faulty.has(part)) put(`scan.${part}`, { goal, figure, command: `${command} ${part}` }); };
row('headers', 'headers: every route × the security headers and the flags of cookies, behind nginx with https', figures.headers && `${figures.headers}: 0 missing or wrong`);
row('smuggle', 'smuggling: ≥ 400 hostile requests are refused with one answer and a closed connection; through nginx nobody gets another\'s answer', figures.smuggle && `${figures.smuggle}: 0 let through`);
row('testssl', 'testssl: 0 findings on deploy/nginx.conf', figures.testssl && `0 findings in ${figures.testssl}`);
row('wapiti', `wapiti: 0 findings on Tamga${LONG ? ', signed in as every role' : ''}`, `the public and ${roles.length} signed in, 15 modules, bounded to ${bound.seconds} s each: 0 findings`);
row('sqlmap', 'sqlmap: 0 injectable parameters', 'filters, order and search of a list, the catalogue, sign-in, a public form, JSON: 0');
if (!missed.length && !only.length) put('scan.twin', { control: true, goal: 'control: every planted hole of the broken twin is found by the tool responsible for it', figure: `${list.length} of ${list.length}; wapiti ${figures.wapitiTwin}, testssl ${figures.testsslTwin}, smuggling ${figures.smuggleTwin}`, command });
console.log(`${tasks.length} scans, ${HOSTILE.length} hostile requests, ${list.length} planted holes, ${spent} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
