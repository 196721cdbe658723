// http.mjs - a sample of the matrix over HTTP: real people, real records of the demonstration, every operation tried in a way that changes nothing (a
// revision the record does not have, an empty reason, an empty body); what comes back must be what the oracle allows.
import { as, expect, Person, tryLogin } from '../flow/lib.mjs';
import * as oracle from './oracle.mjs';
import { sql } from './facts.mjs';
import { put } from '../../tool/evidence.mjs';
import { FIRST, MORE } from './people.mjs';

const PAIRS = 600, LISTS = 150;
const seed = Number(process.env.TAMGA_SEED ?? 20221);
let state = seed;
/** Park and Miller. */
const random = (n) => { state = (state * 48271) % 2147483647; return state % n; };
const one = (list) => list[random(list.length)];

const pack = oracle.load('pack/neimenggu');
const byHome = new Map([...pack.orgs.values()].map((o) => [Number(o.home), o.code]));
const people = sql('select cast(id as text) id, login, org, roles from account where disabled = 0 order by login')
  .map((a) => ({ id: a.id, login: a.login, office: a.org, roles: a.roles.split(',') }));
/* past: what plant.mjs wrote past the program. It has no history to be shown or kept back, and is asked for in lists only. */
const records = pack.types.flatMap((t) => {
  const named = t.person ? `"f_${t.person}"` : 'null';
  return sql(`select cast(id as text) id, cast(created_by as text) author, home, holder, state, form, ${named} named,
    not exists (select 1 from journal where journal.record = "r_${t.type}".id) past from "r_${t.type}" where deleted is null order by no, home, state, id`)
    .map((r) => ({ ...r, past: Boolean(r.past), t, owner: byHome.get(r.home), holder: byHome.get(r.holder) }));
});

/** Those of the demonstration prove themselves anew in as(). */
async function session(who) {
  const p = new Person();
  const csrf = async () => { p.csrf = /name="csrf" value="([^"]+)"/.exec((await p.page('/account')).text)[1]; };
  expect(await tryLogin(p, who.login, FIRST), 303, `sign-in of ${who.login}`);
  await csrf();
  expect(await p.form('/account/password', { old: FIRST, password: 'chosen-by-themselves', again: 'chosen-by-themselves' }), 303, 'own password');
  await csrf();
  return p;
}

/** Whose the record is, seen by this person, in the oracle's words. */
function facts(who, r) {
  const named = r.named ? (r.named === who.login ? 'actor' : 'other') : null, entered = r.author === who.id;
  return { ...r, whose: oracle.WHOSE.findIndex((w) => w.entered === entered && w.named === named) };
}

const tally = new Map();
let cells = 0, wrong = 0;
function cell(op, allowed, ok, say) {
  cells++;
  const t = tally.get(op) ?? { n: 0, allowed: 0, bad: [] };
  tally.set(op, t);
  t.n++;
  t.allowed += Boolean(allowed);
  if (!ok) { wrong++; t.bad.push(say()); }
}
/** Refused with one of these, or let through to another answer that is no failure of the server. */
const answered = (a, allowed, refusals) => a.status < 500 && a.status !== 401 && allowed !== refusals.includes(a.status);

async function shown(p, who, r, readable) {
  const a = await p.get(`/r/${r.t.type}/${r.id}`), at = `${who.login} ${r.t.type} ${r.id} (${r.state})`;
  cell('read', readable, a.status === (readable ? 200 : 404), () => `${at}: ${a.status}, readable ${readable}`);
  if (a.status !== 200 || !readable) return '"1"';
  const st = oracle.states(r.t).find((s) => s.id === r.state), f = one(r.t.fields);
  for (const x of [f, one(r.t.fields)]) {
    const seen = oracle.field(r.t, st, who, x, readable);
    cell('field', seen, Object.hasOwn(a.json.values, x.id) === seen, () => `${at}: field ${x.id}`);
  }
  const open = (r.t.actions ?? []).filter((x) => oracle.step(r.t, st, who, r, x, readable)).map((x) => x.id).join();
  cell('steps offered', open, a.json.actions.map((x) => x.id).join() === open, () => `${at}: ${a.json.actions.map((x) => x.id)}, oracle ${open}`);
  const offered = (what, may) => cell(`${what} offered`, may, a.json.may[what] === may, () => `${at}: may.${what} ${a.json.may[what]}`);
  offered('history', oracle.history(r.t, who, readable));
  offered('edit', oracle.edit(pack, r.t, st, who, r));
  offered('delete', oracle.remove(pack, r.t, st, who, r));
  return a.headers.get('etag');
}

async function tried(p, who, r, readable, etag) {
  const at = `/r/${r.t.type}/${r.id}`, st = oracle.states(r.t).find((s) => s.id === r.state), stale = { 'if-match': '"999999"' };
  const say = (a, may) => () => `${who.login} ${at} (${r.state}): ${a.status}, allowed ${may}: ${a.text.slice(0, 120)}`;
  let may = readable === 2 && oracle.edit(pack, r.t, st, who, r);
  let a = await p.send('PATCH', at, {}, stale);
  cell('edit', may, answered(a, may, [403, 404, 409]), say(a, may));
  may = readable === 2 && oracle.remove(pack, r.t, st, who, r);
  a = await p.send('DELETE', at, undefined, stale);
  cell('delete', may, answered(a, may, [403, 404, 409]), say(a, may));
  const events = await p.get(`${at}/history`), full = oracle.history(r.t, who, readable);
  cell('history', full, readable ? events.status === 200 && (events.json.items ?? events.json.events).some((e) => e.hash) === full : events.status === 404, say(events, full));
  may = readable > 0 && oracle.flag(r.t, who, 'unmask');
  a = await p.send('POST', `${at}/unmask`, { reason: '' });
  cell('unmask', may, answered(a, may, [403, 404]), say(a, may));
  if (!r.t.actions?.length) return;
  const act = one(r.t.actions);
  may = readable === 2 && oracle.step(r.t, st, who, r, act, readable);
  if (may) return; /* a step that is open would be taken; that it is offered is counted above */
  a = await p.send('POST', `${at}/do/${act.id}`, {}, { 'if-match': etag });
  cell('step refused', false, [403, 404, 409].includes(a.status), say(a, may));
}

async function ofType(p, who, t) {
  let may = oracle.flag(t, who, 'export');
  const say = (a, what) => () => `${who.login} ${what} ${t.type}: ${a.status}, allowed ${may}: ${a.text.slice(0, 120)}`;
  let a = await p.get(`/r/${t.type}/export.csv?q=zzzz`);
  cell('export', may, answered(a, may, [403]), say(a, 'export'));
  may = oracle.flag(t, who, 'import') && Boolean(t.sheet);
  a = await p.get(`/r/${t.type}/import`);
  cell('import', may, answered(a, may, [403, 404]), say(a, 'import'));
  may = oracle.create(pack, t, who, who.office);
  a = await p.send('POST', `/r/${t.type}?dry_run=1`, { org: who.office });
  cell('create', may, answered(a, may, [403]), say(a, 'create'));
  a = await p.get(`/r/${t.type}?limit=1`);
  const states = new Map(oracle.states(t).map((s) => [s.id, s])), mine = records.filter((r) => r.t === t).map((r) => oracle.read(pack, t, states.get(r.state), who, facts(who, r)));
  const scoped = Math.max(0, ...who.roles.map((r) => ['none', 'mine', 'own', 'below', 'all'].indexOf(t.rights?.[r]?.read ?? 'none'))) > 0;
  const n = mine.filter((x) => (scoped ? x === 2 : x === 1)).length;
  cell('list', n, a.status === 200 && a.json.total === n, () => `${who.login} list ${t.type}: ${a.status}, ${a.json?.total} records, oracle ${n}`);
}

const written = records.filter((r) => !r.past);
console.log(`seed ${seed}: ${people.length} people, ${written.length} records`);
const known = new Map();
const here = async (who) => {
  const own = MORE.some(([login]) => login === who.login), k = known.get(who.login) ?? { p: await (own ? session(who) : as(who.login)), at: Date.now() };
  known.set(who.login, k);
  if (!own) return as(who.login);
  if (Date.now() - k.at > 120_000) {
    k.at = Date.now();
    expect(await k.p.send('POST', '/confirm', { proof: 'chosen-by-themselves' }), 204, `proof of ${who.login}`);
  }
  return k.p;
};
const roles = [...new Set(people.map((x) => x.roles.join()))]; /* each set of roles as often as another */
const anybody = () => { const r = one(roles); return one(people.filter((x) => x.roles.join() === r)); };
for (let i = 0; i < PAIRS; i++) {
  const t = one(pack.types.filter((x) => written.some((r) => r.t === x))), list = written.filter((r) => r.t === t);
  const at = [...new Set(list.map((r) => r.state))], work = at.filter((x) => oracle.states(t).find((s) => s.id === x).editable);
  const st = one(i % 2 && work.length ? work : at), found = one(list.filter((r) => r.state === st));
  if (i % 12 === 0) {
    const web = new Person(), nobody = { roles: [], office: null, login: '', id: '-' };
    await shown(web, { ...nobody, login: 'the public' }, facts(nobody, found), oracle.read(pack, t, oracle.states(t).find((s) => s.id === st), nobody, facts(nobody, found)));
    continue;
  }
  const close = people.filter((x) => x.office === found.owner || x.id === found.author || x.login === found.named);
  const who = i % 3 < 2 && close.length ? one(close) : anybody(), p = await here(who), r = facts(who, found);
  const readable = oracle.read(pack, t, oracle.states(t).find((s) => s.id === r.state), who, r);
  const etag = await shown(p, who, r, readable);
  await tried(p, who, r, readable, etag);
}
for (let i = 0; i < LISTS; i++) {
  const who = anybody();
  await ofType(await here(who), who, one(pack.types));
}

let passed = 0, failed = 0;
for (const [op, t] of tally) {
  if (t.allowed === t.n || (t.allowed === 0 && op !== 'step refused')) t.bad.push(`${t.allowed} of ${t.n} allowed: the sample says nothing`);
  if (t.bad.length === 0) { passed++; continue; }
  failed++;
  console.log(`not ok ${op} over HTTP: ${t.bad.length} of ${t.n}`);
  for (const b of t.bad.slice(0, 8)) console.log(`  ${b}`);
}
console.log(`${cells} cells over HTTP (${[...tally].map(([k, t]) => `${k} ${t.allowed}/${t.n}`).join(', ')}; allowed/all), ${wrong} wrong, ${known.size} people of ${roles.length} sets of roles`);
if (failed === 0) put(`rights.http${process.env.TAMGA_TEST_DB ? '-postgresql' : ''}`, { goal: `the same over HTTP${process.env.TAMGA_TEST_DB ? ' on PostgreSQL' : ''}: people of every role and the records of the demonstration`,
  figure: `${cells} cells (records of equal number and state change places between runs), ${wrong} wrong; ${known.size} people of ${roles.length} sets of roles, ${records.length} records`,
  command: process.env.TAMGA_TEST_DB ? 'tool/pg.sh run test/rights/run http' : 'test/rights/run http', seed });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
