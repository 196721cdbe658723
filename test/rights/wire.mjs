// wire.mjs - many requests over few kept connections, which fetch is too slow for; and sessions as a browser keeps them.
import fs from 'node:fs';
import http from 'node:http';

const base = new URL(process.env.TAMGA_URL);
const agent = new http.Agent({ keepAlive: true, maxSockets: 6 });
const password = fs.readFileSync(`${process.env.TAMGA_DATA}/demo-accounts.txt`, 'utf8').trim().split(/\s+/)[1];
export let requests = 0, busy = 0;

/** A server that says it is busy (503) has decided nothing: asked again, a second later, at most 20 times. */
export async function ask(method, path, o) {
  for (let tries = 1; ; tries++) {
    const a = await once(method, path, o);
    if (a.status !== 503 || tries > 20) return a;
    busy++;
    await new Promise((done) => { setTimeout(done, 1000); });
  }
}
function once(method, path, { headers = {}, body } = {}) {
  requests++;
  return new Promise((done, broken) => {
    const r = http.request({ host: base.hostname, port: base.port, method, path, agent, headers: { ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) } }, (a) => {
      const parts = [];
      a.on('data', (x) => parts.push(x));
      a.on('error', broken);
      a.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        done({ status: a.statusCode, headers: a.headers, text, json: /json/.test(a.headers['content-type'] ?? '') && text ? JSON.parse(text) : null });
      });
    });
    r.on('error', (e) => (r.reusedSocket && e.code === 'ECONNRESET' ? once(method, path, { headers, body }).then(done, broken) : broken(e))); /* the server closed it while it was idle */
    r.setTimeout(60000, () => r.destroy(new Error(`${method} ${path}: no answer in a minute`)));
    r.end(body);
  });
}

/** Somebody who asks: the public without a name, a person with a session, a program with a token. */
export class Asker {
  headers = { accept: 'application/json' };
  async signIn(login) {
    this.login = login;
    const jar = {}, keep = (a) => { for (const c of a.headers['set-cookie'] ?? []) { const [k, v] = c.split(';')[0].split('='); jar[k] = v; } };
    const cookie = () => Object.entries(jar).map(([k, v]) => `${k}=${v}`).join('; ');
    const form = await ask('GET', '/login', { headers: { accept: 'text/html' } });
    keep(form);
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)[1];
    const a = await ask('POST', '/login', { headers: { accept: 'text/html', cookie: cookie(), 'content-type': 'application/x-www-form-urlencoded' }, body: String(new URLSearchParams({ login, password, csrf })) });
    if (a.status !== 303) throw new Error(`sign-in of ${login}: ${a.status}`);
    keep(a);
    const page = await ask('GET', '/account', { headers: { accept: 'text/html', cookie: cookie() } });
    this.headers = { ...this.headers, cookie: cookie(), 'x-csrf-token': /name="csrf" value="([^"]+)"/.exec(page.text)[1] };
    return this;
  }
  /** A program of this person. */
  async token(scope) {
    const a = await this.send('POST', '/tokens', { name: 'cells', scope });
    if (!a.json?.token) throw new Error(`token: ${a.status} ${a.text.slice(0, 200)}`);
    const p = new Asker();
    p.headers = { ...p.headers, authorization: `Bearer ${a.json.token}` };
    return p;
  }
  /** What is sensitive wants a proof of the last five minutes: who is asked for one signs in once more (the older session goes on). */
  async proven(call) {
    const headers = this.headers, a = await call(headers);
    if (!this.login || a.status !== 403 || a.json?.code !== 'step_up_required') return a;
    if (this.headers === headers) this.again ??= this.signIn(this.login).finally(() => { this.again = undefined; });
    await this.again;
    return call(this.headers);
  }
  get(path) { return this.proven((headers) => ask('GET', path, { headers })); }
  send(method, path, doc, more = {}) {
    return this.proven((headers) => ask(method, path, { headers: { ...headers, ...(doc ? { 'content-type': 'application/json' } : {}), ...more }, body: doc && JSON.stringify(doc) }));
  }
}
