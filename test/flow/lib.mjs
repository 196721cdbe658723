// lib.mjs - what the flow tests speak: sessions as a browser keeps them, programs with a token, unzipping, waiting for jobs.
import fs from 'node:fs';
import zlib from 'node:zlib';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';

export { assert };
/** The server, or all processes of it: by turns each request goes to the next one, as behind a proxy. */
export const BASE = (process.env.TAMGA_URL ?? '').split(' ');
/**
 * One process. For what each has of its own: its figures (/metrics) with the requests they count, and connections it must outlive. Nothing else: whatever
 * people see is the same at all.
 */
export const ONE = BASE[0];
export const DATA = process.env.TAMGA_DATA;
export const TAMGA = process.env.TAMGA_BIN;
const password = fs.readFileSync(`${DATA}/demo-accounts.txt`, 'utf8').trim().split(/\s+/)[1];

export const tests = [];
export function test(title, fn) { tests.push({ title, fn }); }

async function answer(r) {
  const bytes = Buffer.from(await r.arrayBuffer());
  const text = bytes.toString('utf8');
  const a = { status: r.status, headers: r.headers, bytes, text, location: r.headers.get('location') };
  if (/json/.test(r.headers.get('content-type') ?? '') && text) a.json = JSON.parse(text);
  return a;
}

/** Requests sent; of them readings sent to another process than the write just before; readings asked of each to compare. */
export const sent = { all: 0, across: 0, twice: 0 };
let wrote = {};
let turn = Number(process.env.TAMGA_TURN ?? 0); // 1: the second process gets the first request
function next(method, base) {
  const to = Array.isArray(base) ? base[turn++ % base.length] : base;
  sent.all++;
  if (method === 'GET' && wrote.base === base && wrote.to !== to) sent.across++;
  wrote = method === 'GET' ? {} : { base, to };
  return to;
}

async function once(at, method, path, headers, body) {
  for (let times = 0; ; times++) {
    const a = await answer(await fetch(at() + path, { method, headers, body, redirect: 'manual' }));
    if (method !== 'GET' || a.status !== 503 || !a.headers.has('retry-after') || times === 9) return a;
    await pause(1000 * Number(a.headers.get('retry-after'))); // a busy machine: it is asked again, as browsers of people are
  }
}
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** What each process must say in the same words: data, and pages kept for the public. Not what goes on meanwhile or is counted. */
const alike = (path, headers) => !/^\/(verify|jobs|metrics|readyz)/.test(path) && (/json/.test(headers.accept ?? '') || !headers.cookie) && !headers['if-none-match'];
const words = (a) => `${a.status} ${a.headers.get('etag') ?? ''} ${a.status < 400 && a.json ? a.text.replaceAll(/"idem":"[\w-]*"/g, '') : ''}`; // a form's own key
/** Asks all the same, once more where something happened in between. The story goes on with the first answer, right or not. */
async function agree(base, path, headers) {
  for (let times = 0; ; times++) {
    const told = [];
    for (const at of base) told.push(words(await once(() => at, 'GET', path, headers)));
    if (told.every((b) => b === told[0])) break;
    assert.ok(times < 5, `the processes differ about ${path}: ${told.map((b) => b.slice(0, 1500)).join('\n    ')}`);
    await pause(100);
  }
  sent.twice++;
}

export async function ask(method, path, { headers = {}, body, base = BASE } = {}) {
  const a = await once(() => next(method, base), method, path, headers, body);
  if (method === 'GET' && Array.isArray(base) && base.length > 1 && alike(path, headers)) await agree(base, path, headers);
  return a;
}

export function expect(a, status, what = '') {
  assert.equal(a.status, status, `${what} gave ${a.status}, not ${status}: ${a.text.slice(0, 700)}`);
  return a;
}

/** The public, without cookies. */
export const web = {
  page: (path, headers = {}) => ask('GET', path, { headers: { accept: 'text/html', ...headers } }),
  json: (path, headers = {}) => ask('GET', path, { headers: { accept: 'application/json', ...headers } }),
};

export class Person {
  constructor(base = BASE) { this.cookies = new Map(); this.base = base; }
  keep(a) {
    for (const c of a.headers.getSetCookie()) {
      const [pair, ...rest] = c.split(';');
      const at = pair.indexOf('=');
      if (rest.some((x) => /max-age=0$/i.test(x.trim()))) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return a;
  }
  async ask(method, path, { headers = {}, body } = {}) {
    const cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
    return this.keep(await ask(method, path, { headers: cookie ? { cookie, ...headers } : headers, body, base: this.base }));
  }
  page(path) { return this.ask('GET', path, { headers: { accept: 'text/html' } }); }
  get(path) { return this.ask('GET', path, { headers: { accept: 'application/json' } }); }
  /** A form as a browser without scripts sends it. */
  form(path, fields) {
    const body = new URLSearchParams({ csrf: this.csrf });
    for (const [k, v] of Object.entries(fields)) for (const one of [v].flat()) body.append(k, one);
    return this.ask('POST', path, { headers: { accept: 'text/html' }, body });
  }
  /** A write as a program in the same session does it. */
  send(method, path, doc, headers = {}) {
    return this.ask(method, path, {
      headers: { accept: 'application/json', 'content-type': 'application/json', 'x-csrf-token': this.csrf, ...headers },
      body: doc === undefined ? undefined : JSON.stringify(doc),
    });
  }
  upload(path, name, bytes, fields = {}, accept = 'application/json') {
    const body = new FormData();
    body.append('csrf', this.csrf);
    for (const [k, v] of Object.entries(fields)) body.append(k, v);
    body.append('file', new Blob([bytes]), name);
    return this.ask('POST', path, { headers: { accept }, body });
  }
  /** A step of the flow, on the revision the record has now. */
  async act(type, id, action, fields = {}) {
    const now = expect(await this.get(`/r/${type}/${id}`), 200, 'reading before a step');
    return this.send('POST', `/r/${type}/${id}/do/${action}`, fields, { 'if-match': now.headers.get('etag') });
  }
}

/** The same person, or one without cookies, at one process only (see ONE). */
export const one = (person = new Person()) => Object.assign(new Person(ONE), { cookies: person.cookies, csrf: person.csrf });

/** Tells how it went. Too many at once are told to come back in a few seconds, and do. */
export async function tryLogin(person, login, word) {
  for (let times = 0; ; times++) {
    const form = expect(await person.page('/login'), 200, 'sign-in form');
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)[1];
    const a = await person.ask('POST', '/login', { headers: { accept: 'text/html' }, body: new URLSearchParams({ login, password: word, csrf }) });
    if (a.status !== 503 || times === 9) return a;
    await new Promise((done) => { setTimeout(done, 1000 * Number(a.headers.get('retry-after') ?? 1)); });
  }
}

const known = new Map(), PROOF_MS = 120_000;
/**
 * A signed-in person; the same session for the same login. What is sensitive wants a proof of the last five minutes, and on a busy machine the stories
 * take longer: an older session proves itself anew.
 */
export async function as(login) {
  const k = known.get(login);
  if (k) {
    if (Date.now() - k.at > PROOF_MS) {
      k.at = Date.now();
      k.ready = k.p.send('POST', '/confirm', { proof: password });
    }
    await k.ready; // proving gives the session a new id
    return k.p;
  }
  const p = new Person();
  expect(await tryLogin(p, login, password), 303, `sign-in of ${login}`);
  p.csrf = /name="csrf" value="([^"]+)"/.exec((await p.page('/desk')).text)[1];
  known.set(login, { p, at: Date.now() });
  return p;
}

let serial = 0;
const letters = '甲乙丙丁戊己庚辛壬癸';
/** A brand that passes every check, with a name of its own. */
export function brand(over = {}) {
  serial++;
  const word = [...String(serial).padStart(3, '0')].map((d) => letters[d]).join('');
  return { name: `敖汉${word}架线工`, maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public',
    county: '150430', intro: '测试用，不是真实品牌。', phone: '13800002046', ...over };
}
export async function newBrand(person, over = {}) {
  return expect(await person.send('POST', '/r/brand', brand(over)), 201, 'creating').json;
}

export async function job(person, id) {
  for (let i = 0; i < 300; i++) {
    const a = expect(await person.get(`/jobs/${id}`), 200, 'job');
    const state = a.json.state?.value ?? a.json.state;
    if (state !== 'waiting' && state !== 'running') return { ...a.json, state };
    await new Promise((f) => setTimeout(f, 50));
  }
  throw new Error('the job does not end');
}

export function run(...args) {
  return new Promise((done) => execFile(TAMGA, args, (err, stdout, stderr) => done({ code: err ? err.code : 0, stdout, stderr })));
}

/** The members of a zip file by name, as text. */
export function unzip(buf) {
  const out = {};
  const end = buf.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = buf.readUInt32LE(end + 16);
  for (let n = buf.readUInt16LE(end + 10); n > 0; n--) {
    const method = buf.readUInt16LE(at + 10), size = buf.readUInt32LE(at + 20), names = buf.readUInt16LE(at + 28);
    const extra = buf.readUInt16LE(at + 30), note = buf.readUInt16LE(at + 32), head = buf.readUInt32LE(at + 42);
    const name = buf.toString('utf8', at + 46, at + 46 + names);
    const from = head + 30 + buf.readUInt16LE(head + 26) + buf.readUInt16LE(head + 28);
    const raw = buf.subarray(from, from + size);
    out[name] = (method === 8 ? zlib.inflateRawSync(raw) : raw).toString('utf8');
    at += 46 + names + extra + note;
  }
  return out;
}
