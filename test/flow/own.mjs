// own.mjs - a server of its own for one story: another pack, a clock that the story sets (libfaketime), people with passwords of their own. On
// PostgreSQL (TAMGA_TEST_DB) its records stand in a schema of their own, and with TAMGA_PAIR two processes serve them.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { assert, expect, Person, TAMGA, tryLogin } from './lib.mjs';

const FAKE = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const FIRST = 'given-by-the-office';
/** What everybody's password is once they have signed in. */
export const WORD = 'chosen-by-themselves';

const DB = process.env.TAMGA_TEST_DB, PROCESSES = DB && process.env.TAMGA_PAIR ? 2 : 1;
/** Behind one address, as a proxy gives it: what is printed holds it. */
const PAIR = PROCESSES > 1 ? ['--workers', '4', '--url', 'http://tamga.test'] : [];
let schemas = 0;
const alive = new Set();
process.on('exit', () => { for (const server of alive) server.kill('SIGKILL'); }); // those of stories that failed

export class Own {
  /**
   * `date`: the day at which the clock begins, e.g. '2026-11-30'; it runs on from nine in the morning, China time; `serve`: further words for serve;
   * `file`: the records stand in a file of the folder in any case.
   */
  constructor(pack, date, { demo = false, serve = [], file = false } = {}) {
    this.words = serve;
    this.servers = [];
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-own-'));
    this.data = path.join(this.dir, 'data');
    this.people = new Map();
    this.clock(date);
    this.schema = DB && !file ? `own_${process.pid}_${++schemas}` : null;
    this.sql(`drop schema if exists ${this.schema} cascade; create schema ${this.schema}`);
    this.run(['init', '--data', this.data, '--pack', pack, ...(demo ? ['--demo'] : []), ...(this.schema ? ['--db', `${DB}&options=-csearch_path%3D${this.schema}`] : [])]);
  }
  sql(text) { if (this.schema) execFileSync('psql', ['-q', DB, '-c', 'set client_min_messages = warning', '-c', text], { stdio: ['ignore', 'pipe', 'pipe'] }); }
  clock(date) { this.shift = ((Date.parse(`${date}T01:00:00Z`) - Date.now()) / 1000).toFixed(1); }
  env() { // without the "fix" a wait on the monotonic clock, which is not faked, ends at once, and the timers of the server spin
    return { ...process.env, LD_PRELOAD: FAKE, FAKETIME: `${this.shift < 0 ? '' : '+'}${this.shift}`, TZ: 'UTC', DONT_FAKE_MONOTONIC: '1',
      FAKETIME_FORCE_MONOTONIC_FIX: '0',
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` };
  }
  run(args, input) { return execFileSync(TAMGA, args, { input, env: this.env(), stdio: ['pipe', 'pipe', 'pipe'] }).toString(); }
  async start() {
    const log = fs.openSync(path.join(this.dir, 'log'), 'a');
    this.base = [];
    for (let i = 0; i < PROCESSES; i++) this.base.push(await this.serve(log));
    fs.closeSync(log);
    return this;
  }
  serve(log) {
    const server = spawn(TAMGA, ['serve', '--data', this.data, '--listen', '127.0.0.1:0', '--strict', '--assets', 'build/assets', ...PAIR, ...this.words],
      { env: this.env(), stdio: ['ignore', 'pipe', log] });
    let out = '';
    this.servers.push(server);
    alive.add(server);
    server.on('close', () => alive.delete(server));
    return new Promise((done, no) => {
      server.stdout.on('data', (d) => {
        out += d;
        const at = /http:\/\/127\.0\.0\.1:\d+/.exec(out);
        if (at) done(at[0]);
      });
      server.on('exit', (code) => no(new Error(`the server ended with ${code}: ${out}`)));
    });
  }
  stop() {
    return Promise.all(this.servers.splice(0).map((server) =>
      new Promise((done) => { server.removeAllListeners('exit'); server.on('exit', done); server.kill('SIGTERM'); })));
  }
  /** Another day: the server is stopped and started again, as after a power cut; everybody signs in anew, what is due by then is done. */
  async at(date) {
    await this.stop();
    this.clock(date);
    for (const p of this.people.values()) p.session = null;
    await this.start();
  }
  async end() {
    await this.stop();
    fs.rmSync(this.dir, { recursive: true });
    this.sql(`drop schema ${this.schema} cascade`);
  }
  user(login, name, org, role) {
    this.run(['user', 'add', login, '--data', this.data, '--name', name, '--org', org, '--role', role], `${FIRST}\n`);
    this.people.set(login, { fresh: true, session: null });
  }
  /** A person signed in; the same session until the next day that the story sets. */
  as(login) {
    const known = this.people.get(login);
    assert.ok(known, `nobody is called ${login}`);
    known.session ??= this.signIn(login, known);
    return known.session;
  }
  async signIn(login, known) {
    const p = new Person(this.base);
    const csrf = async (page) => { p.csrf = /name="csrf" value="([^"]+)"/.exec((await p.page(page)).text)[1]; };
    expect(await tryLogin(p, login, known.fresh ? FIRST : WORD), 303, `sign-in of ${login}`);
    await csrf('/account');
    if (known.fresh) {
      known.fresh = false;
      expect(await p.form('/account/password', { old: FIRST, password: WORD, again: WORD }), 303, 'own password');
      await csrf('/account');
    }
    return p;
  }
  /** The public. */
  get web() { return new Person(this.base); }
}
export const made = async (who, type, doc) => expect(await who.send('POST', `/r/${type}`, doc), 201, `creating ${type}`).json;
export const state = async (who, type, id) => {
  const doc = expect(await who.get(`/r/${type}/${id}`), 200, type).json;
  return doc.state?.value ?? doc.state;
};
/** Until something the program does by itself has happened. */
export async function until(what, fn) {
  for (let i = 0; i < 100; i++) {
    if (await fn()) return;
    await new Promise((f) => setTimeout(f, 50));
  }
  assert.fail(`it did not happen: ${what}`);
}
/** The sentences of the conditions that do not hold, as this person sees them beside the button; null when the step is not offered at all. */
export const unmet = async (who, type, id, action) => {
  const doc = expect(await who.get(`/r/${type}/${id}`), 200, type).json;
  const a = doc.actions.find((x) => x.id === action);
  return a ? a.conditions.filter((c) => c.verdict === 'no' || c.verdict === 'unknown').map((c) => c.text) : null;
};
