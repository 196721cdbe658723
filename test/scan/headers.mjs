// headers.mjs - every route, asked by the public and by a signed-in person: what the security headers of each answer must be, pages, files, refusals and errors alike.
import https from 'node:https';
import http from 'node:http';

const WANT = {
  'content-security-policy': /^default-src 'none'; (script-src 'self'( 'nonce-[A-Za-z0-9_-]{16,}')?; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'|sandbox; frame-ancestors 'self')/,
  'x-content-type-options': /^nosniff$/, 'x-frame-options': /^(DENY|SAMEORIGIN)$/, 'referrer-policy': /^same-origin$/, 'cross-origin-opener-policy': /^same-origin$/, 'cross-origin-resource-policy': /^same-origin$/,
  'permissions-policy': /camera=\(\)/, 'strict-transport-security': /^max-age=31536000$/, 'cache-control': /no-store|private|no-cache|public|max-age/,
};

export function fetchRaw(base, method, path, headers = {}, body) {
  return new Promise((done, broken) => {
    const r = (base.startsWith('https') ? https : http).request(base + path, { method, headers, rejectUnauthorized: false, timeout: 20000 }, (a) => {
      const parts = [];
      a.on('data', (x) => parts.push(x));
      a.on('end', () => done({ status: a.statusCode, headers: a.headers, raw: a.rawHeaders, text: Buffer.concat(parts).toString('utf8') }));
    });
    r.on('error', broken);
    r.on('timeout', () => r.destroy(new Error(`${path}: no answer`)));
    r.end(body);
  });
}

/** A session through the sign-in form; keeps what the cookies said of themselves. */
export async function signIn(base, login, password) {
  const jar = new Map(), flags = [];
  const keep = (a) => { for (const c of a.headers['set-cookie'] ?? []) { const [k, v] = c.split(';')[0].split(/=(.*)/s); jar.set(k, v); flags.push(c); } };
  const cookie = () => [...jar].map(([k, v]) => `${k}=${v}`).join('; ');
  const form = await fetchRaw(base, 'GET', '/login');
  keep(form);
  const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)[1];
  const a = await fetchRaw(base, 'POST', '/login', { cookie: cookie(), origin: base, 'content-type': 'application/x-www-form-urlencoded' }, String(new URLSearchParams({ login, password, csrf })));
  keep(a);
  if (a.status !== 303) throw new Error(`sign-in of ${login}: ${a.status} ${a.text.slice(0, 200)}`);
  return { cookie: cookie(), flags };
}

/** Every path of /openapi.json by every method, and what is no route. */
export async function headerTable(base, sessions, sample = {}) {
  const doc = JSON.parse((await fetchRaw(base, 'GET', '/openapi.json')).text), bad = [];
  const fill = (p) => p.replace(/\{([a-z_]+)\}/g, (_, k) => encodeURIComponent(sample[k] ?? '1'));
  let answers = 0, cells = 0;
  const check = async (who, method, path) => {
    const headers = { ...(sessions[who] ? { cookie: sessions[who] } : {}), ...(method === 'POST' || method === 'PUT' || method === 'PATCH' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) };
    const a = await fetchRaw(base, method, path, headers, ['POST', 'PUT', 'PATCH'].includes(method) ? 'a=b' : undefined).catch((e) => ({ status: 0, headers: {}, raw: [], text: e.message }));
    answers++;
    for (const [h, re] of Object.entries(WANT)) {
      cells++;
      const n = a.raw.filter((x, i) => i % 2 === 0 && x.toLowerCase() === h).length;
      if (n !== 1 || !re.test(a.headers[h] ?? '')) bad.push(`${who} ${method} ${path} (${a.status}): ${h}: ${n ? `${n} × ${a.headers[h]}` : 'missing'}`);
    }
    cells++;
    if (a.headers.server && /\d/.test(a.headers.server)) bad.push(`${method} ${path}: server ${a.headers.server}`);
    for (const c of a.headers['set-cookie'] ?? []) {
      cells++;
      const secret = !/^(__Host-)?tamga_view=/.test(c);
      if (!/; Path=\//.test(c) || !/SameSite=(Lax|Strict)/.test(c) || (base.startsWith('https') && !/; Secure/.test(c)) || (secret && !/; HttpOnly/.test(c))) bad.push(`${method} ${path}: cookie ${c}`);
    }
    if (a.status >= 500 && a.status !== 501) bad.push(`${who} ${method} ${path}: ${a.status}`);
  };
  const jobs = [];
  for (const who of Object.keys(sessions)) {
    for (const [p, methods] of Object.entries(doc.paths)) {
      for (const m of Object.keys(methods)) if (['get', 'post', 'put', 'patch', 'delete'].includes(m) && !(p === '/logout' && sessions[who])) jobs.push([who, m.toUpperCase(), fill(p)]);
    }
    for (const p of ['/', '/nothing', '/r/nothing', '/assets/nothing.css', '/%e4%b8%ad', '/r/brand?nothing=1', '/favicon.ico', '/r/brand?order=nothing']) jobs.push([who, 'GET', p], [who, 'HEAD', p]);
    jobs.push([who, 'OPTIONS', '/login'], [who, 'DELETE', '/login'], [who, 'PUT', '/nothing']);
  }
  let next = 0;
  await Promise.all([0, 1, 2, 3].map(async () => { while (next < jobs.length) await check(...jobs[next++]); }));
  return { answers, cells, bad, routes: Object.keys(doc.paths).length };
}
