// own.mjs - a server of its own for one story: another pack, a clock that the story sets (libfaketime), people with passwords of their own.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { assert, expect, Person, TAMGA, tryLogin } from './lib.mjs';

const FAKE = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const FIRST = 'given-by-the-office';
/** What everybody's password is once they have signed in. */
export const WORD = 'chosen-by-themselves';

export class Own {
  /** `date`: the day at which the clock begins, e.g. '2026-11-30'; it runs on from nine in the morning, China time; `serve`: further words for serve. */
  constructor(pack, date, { demo = false, serve = [] } = {}) {
    this.words = serve;
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-own-'));
    this.data = path.join(this.dir, 'data');
    this.people = new Map();
    this.clock(date);
    this.run(['init', '--data', this.data, '--pack', pack, ...(demo ? ['--demo'] : [])]);
  }
  clock(date) { this.shift = ((Date.parse(`${date}T01:00:00Z`) - Date.now()) / 1000).toFixed(1); }
  env() { // without the "fix" a wait on the monotonic clock, which is not faked, ends at once, and the timers of the server spin
    return { ...process.env, LD_PRELOAD: FAKE, FAKETIME: `${this.shift < 0 ? '' : '+'}${this.shift}`, TZ: 'UTC', DONT_FAKE_MONOTONIC: '1',
      FAKETIME_FORCE_MONOTONIC_FIX: '0',
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` };
  }
  run(args, input) { return execFileSync(TAMGA, args, { input, env: this.env(), stdio: ['pipe', 'pipe', 'pipe'] }).toString(); }
  async start() {
    this.log = fs.openSync(path.join(this.dir, 'log'), 'a');
    this.server = spawn(TAMGA, ['serve', '--data', this.data, '--listen', '127.0.0.1:0', '--strict', '--assets', 'build/assets', ...this.words],
      { env: this.env(), stdio: ['ignore', 'pipe', this.log] });
    let out = '';
    await new Promise((done, no) => {
      this.server.stdout.on('data', (d) => {
        out += d;
        const at = /http:\/\/127\.0\.0\.1:\d+/.exec(out);
        if (at) { this.base = at[0]; done(); }
      });
      this.server.on('exit', (code) => no(new Error(`the server ended with ${code}: ${out}`)));
    });
    return this;
  }
  stop() {
    const server = this.server;
    if (!server) return undefined;
    this.server = null;
    return new Promise((done) => { server.removeAllListeners('exit'); server.on('exit', done); server.kill('SIGTERM'); });
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
