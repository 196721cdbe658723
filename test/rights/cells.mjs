// cells.mjs - the cross of roles, relations of offices, record types, states and operations over real HTTP, against the oracle.
//
// A cell is one decision seen from outside: somebody (roles, session or token) × relation of their office to the owner's × record type × state × whose the
// record is × whose desk it lies at × one operation: that the record is read; that one field is in the answer; that one step, or the history, a change, a
// deletion is offered; that a write which must be refused is refused; that a record stands in a list; that a list is filtered or ordered by one field; that
// a flag of a type holds. Only differing ones count towards the goal. One role × relation × type × state is asked at least once, the rest is drawn.
//   TAMGA_CELLS: how many draws besides (short: 3000); TAMGA_SEED
import * as oracle from './oracle.mjs';
import { put } from '../../tool/evidence.mjs';
import { sql } from './facts.mjs';
import { crowd, PACK, records } from './plant.mjs';
import { Asker, busy, requests } from './wire.mjs';

const seed = Number(process.env.TAMGA_SEED ?? 20221), EXTRA = Number(process.env.TAMGA_CELLS ?? 3000), TAKES = 900, GOAL = 150000;
const database = process.env.TAMGA_TEST_DB ? 'PostgreSQL' : 'SQLite';
let chance = seed;
/** Park and Miller. */
const random = (n) => { chance = (chance * 48271) % 2147483647; return chance % n; };
const one = (list) => list[random(list.length)];

const pack = oracle.load(PACK), people = crowd(pack), rows = [...records(pack, people)];
const asking = people.slice(0, -1), nobody = { roles: [], office: null, login: '', id: '-' };
const relation = (who, r) => (!who.office ? 'public' : who.office === r.owner ? 'same' : oracle.within(pack, r.owner, who.office) ? 'above' : oracle.within(pack, who.office, r.owner) ? 'below' : 'aside');
const stateOf = (r) => oracle.states(r.t).find((s) => s.id === r.state);
const facts = (who, r) => {
  const named = r.named ? (r.named === who.login ? 'actor' : 'other') : null, entered = r.author === who.id;
  return { ...r, whose: oracle.WHOSE.findIndex((w) => w.entered === entered && w.named === named) };
};

let cells = 0, wrong = 0;
const tally = new Map(), distinct = new Set(), met = new Map();
function cell(op, key, allowed, ok, say) {
  cells++;
  distinct.add(`${key}|${op}`);
  const kind = op.split(' ')[0], t = tally.get(kind) ?? { n: 0, allowed: 0, bad: [] };
  tally.set(kind, t);
  t.n++;
  t.allowed += Boolean(allowed);
  if (!ok) { wrong++; t.bad.push(say()); }
}
const keyOf = (who, r) => [who.roles.join('+') || 'nobody', who.token ? 'reads' : who.program ? 'writes' : '', relation(who, r), r.t.type, r.state, r.whose, r.holder === r.owner ? 'owner' : r.holder === who.office ? 'own' : 'else'].join('|');

const sessions = new Map();
async function here(who) {
  if (!who.login) return new Asker();
  const scope = who.token === 'export' ? 'export' : who.token ? 'read' : who.program ? 'write' : '', key = `${who.login} ${scope}`;
  if (!sessions.has(key)) {
    sessions.set(key, scope ? here({ ...who, token: undefined, program: undefined }).then((p) => p.token(scope)) : new Asker().signIn(who.login));
  }
  return sessions.get(key);
}

/** The record as this person reads it: every field and every step is a cell. */
async function seen(p, who, r) {
  const st = stateOf(r), readable = oracle.read(pack, r.t, st, who, r), key = keyOf(who, r);
  const a = await p.get(`/r/${r.t.type}/${r.id}`), at = `${who.login || 'the public'} (${who.roles}${who.token ? ', token' : ''}) ${key} ${r.id}`;
  cell('read', key, readable, a.status === (readable ? 200 : 404), () => `${at}: ${a.status}, readable ${readable}`);
  if (relation(who, r) !== 'public' && who.roles.length === 1) {
    const place = `${who.roles[0]} ${relation(who, r)}`;
    if (!met.has(place)) met.set(place, new Set());
    met.get(place).add(`${r.t.type} ${r.state}`);
  }
  if (a.status !== 200 || !readable) return { readable, etag: '"1"' };
  for (const f of r.t.fields) {
    const may = oracle.field(r.t, st, who, f, readable);
    cell(`field ${f.id}`, key, may, Object.hasOwn(a.json.values, f.id) === may, () => `${at}: field ${f.id}, oracle ${may}`);
  }
  for (const x of r.t.actions ?? []) {
    const may = oracle.step(r.t, st, who, r, x, readable);
    cell(`step ${x.id}`, key, may, a.json.actions.some((y) => y.id === x.id) === may, () => `${at}: step ${x.id}, oracle ${may}`);
  }
  const offered = (what, may) => cell(`${what}-offered`, key, may, a.json.may[what] === may, () => `${at}: may.${what} ${a.json.may[what]}`);
  offered('history', oracle.history(r.t, who, readable));
  offered('edit', oracle.edit(pack, r.t, st, who, r));
  offered('delete', oracle.remove(pack, r.t, st, who, r));
  return { readable, etag: a.headers.etag };
}

const NO = [403, 404, 409];
/** A write that must be refused is sent as one that could succeed; one that is open with a revision that the record never had. */
async function tried(p, who, r, { readable, etag }, which) {
  const at = `/r/${r.t.type}/${r.id}`, st = stateOf(r), key = keyOf(who, r);
  const match = (may) => ({ 'if-match': may ? '"999999"' : etag });
  const judge = (op, may, a, refusals = NO) => cell(op, key, may, a.status < 500 && a.status !== 401 + (who.login ? 0 : 1000) && (may ? !refusals.includes(a.status) : refusals.includes(a.status) || (!who.login && a.status === 401)),
    () => `${who.login} ${key} ${r.id} ${op}: ${a.status}, allowed ${may}: ${a.text.slice(0, 140)}`);
  if (which === 0) {
    const may = oracle.edit(pack, r.t, st, who, r), f = r.t.fields.find((x) => x.kind === 'text' || x.type === 'text') ?? r.t.fields[0];
    judge('edit', may, await p.send('PATCH', at, { [f.id]: '不该写进去' }, match(may)));
  } else if (which === 1) {
    const may = oracle.remove(pack, r.t, st, who, r);
    judge('delete', may, await p.send('DELETE', at, undefined, match(may)));
  } else if (which === 2) {
    const full = oracle.history(r.t, who, readable), a = await p.get(`${at}/history`);
    cell('history', key, full, a.status === (readable ? 200 : 404), () => `${who.login} ${key} ${r.id} history: ${a.status}`);
  } else if (which === 3) {
    const may = readable > 0 && !who.token && !who.program && oracle.flag(r.t, who, 'unmask'); /* no program unmasks */
    judge('unmask', may, await p.send('POST', `${at}/unmask`, { reason: '' }), [403, 404]);
  } else {
    const acts = (r.t.actions ?? []).filter((x) => !oracle.step(r.t, st, who, r, x, readable));
    if (!acts.length) return;
    const act = one(acts);
    judge(`refused ${act.id}`, false, await p.send('POST', `${at}/do/${act.id}`, { reason: '越权尝试' }, match(false)));
  }
}

/** Lists: each planted record of the type is in or not; filters and orders by what is hidden tell nothing. */
async function listed(p, who, t) {
  const mine = rows.filter((r) => r.t === t), ids = new Set();
  const reads = Math.max(0, ...who.roles.map((r) => ['none', 'mine', 'own', 'below', 'all'].indexOf(t.rights?.[r]?.read ?? 'none'))) > 0;
  let cursor = '', pages = 0;
  do {
    const a = await p.get(`/r/${t.type}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    if (a.status !== 200) { cell('list', `${who.roles}|${t.type}`, reads, false, () => `${who.login} list ${t.type}: ${a.status}`); return; }
    for (const x of a.json.items) ids.add(String(x.id));
    cursor = a.json.next ?? a.json.cursor ?? a.json.pager?.next ?? '';
    if (/[?&]cursor=/.test(cursor)) cursor = decodeURIComponent(/[?&]cursor=([^&]*)/.exec(cursor)[1]);
    if (a.json.total <= 200) cursor = '';
  } while (cursor && ++pages < 30);
  for (const x of mine) {
    const r = facts(who, x), got = oracle.read(pack, t, stateOf(r), who, r), may = reads ? got === 2 : got === 1;
    cell('listed', keyOf(who, r), may, ids.has(x.id) === may, () => `${who.login} (${who.roles}) list ${t.type} ${keyOf(who, r)} ${x.id}: listed ${ids.has(x.id)}, oracle ${may}`);
  }
}

const hides = (g, f) => (g.hide ?? []).includes(f) || (g.hide_in?.fields ?? []).includes(f);
/** Of a list that one reads through a role: by which fields may it be narrowed and put in order? Those no state hides. */
async function asOracle(p, who, t) {
  const reading = who.roles.map((r) => t.rights?.[r]).filter((g) => g && (g.read ?? 'none') !== 'none');
  if (!reading.length) return;
  const key = `${who.roles.join('+')}|${t.type}`, whole = (await p.get(`/r/${t.type}?limit=1`)).json;
  const some = new Set(reading.flatMap((g) => [...(g.hide ?? []), ...(g.hide_in?.fields ?? [])]));
  for (const f of t.fields.filter((x) => some.has(x.id) || x.id === t.fields[0].id)) {
    const may = reading.some((g) => !hides(g, f.id));
    for (const [op, query] of [['filter', `${f.id}=~`], ['filter', `${f.id}.has=a`], ['order', `order=${f.id}`]]) {
      const a = await p.get(`/r/${t.type}?limit=1&${query}`);
      if (may && a.status >= 400) continue; /* no filter of this list at all */
      const told = a.status === 200 && a.json.items.length > 0;
      if (may && !told) continue;
      cell(`${op} ${query}`, key, may, may === told, () => `${who.login} (${who.roles}) ${t.type}?${query}: ${a.status} ${a.json?.total} of ${whole?.total}, may ${may}`);
    }
  }
}

async function flags(p, who, t) {
  const key = `${who.roles.join('+')}|${who.token ? `token ${who.token}` : ''}|${t.type}|${who.office}`;
  const judge = (op, may, a, refusals) => cell(op, key, may, a.status < 500 && a.status !== 401 && may !== refusals.includes(a.status), () => `${who.login} (${who.roles}${who.token ? ', token' : ''}) ${op} ${t.type}: ${a.status}, allowed ${may}: ${a.text.slice(0, 140)}`);
  judge('export', oracle.flag(t, who, 'export') && (!who.token || who.token === 'export'), await p.get(`/r/${t.type}/export.csv?q=zzzz`), [403]);
  if (!who.token) judge('import', oracle.flag(t, who, 'import') && Boolean(t.sheet), await p.get(`/r/${t.type}/import`), [403, 404]);
  judge('create', oracle.create(pack, t, who, who.office), await p.send('POST', `/r/${t.type}?dry_run=1`, { org: who.office }), [403]);
  const elsewhere = one(asking).office;
  cell('create', `${key}|${elsewhere}`, oracle.create(pack, t, who, elsewhere), await p.send('POST', `/r/${t.type}?dry_run=1`, { org: elsewhere }).then((a) => oracle.create(pack, t, who, elsewhere) !== [403, 404].includes(a.status) || a.status === 422),
    () => `${who.login} create ${t.type} for ${elsewhere}`);
}

async function all(tasks, body) {
  let next = 0;
  await Promise.all(Array.from({ length: 6 }, async () => { while (next < tasks.length) { const i = next++; await body(tasks[i], i); } }));
}
const clock = () => Number(process.hrtime.bigint() / 1000000n);
const begun = clock();

/* who asks about what */
const tasks = [], base = new Map(), own = rows.filter((r) => r.actor);
for (const r of rows.filter((x) => !x.actor)) { const k = `${r.t.type} ${r.state}`; base.set(k, [...(base.get(k) ?? []), r]); }
const single = asking.filter((w) => w.roles.length === 1), double = asking.filter((w) => w.roles.length === 2);
for (const list of base.values()) {
  for (const role of pack.roles) {
    const by = { same: [], above: [], below: [], aside: [] };
    for (const who of single.filter((w) => w.roles[0] === role)) for (const r of list) by[relation(who, r)].push([who, r]);
    for (const pairs of Object.values(by)) tasks.push(one(pairs));
    const [who, r] = one(Object.values(by)[random(4)]);
    tasks.push([{ ...who, ...(random(2) ? { token: true } : { program: true }) }, r]);
  }
  tasks.push([one(double), one(list)], [one(double), one(list)], [nobody, one(list)]);
}
const all_bases = [...base.values()];
for (const r of own) if (r.actor.roles.some((x) => r.t.rights?.[x]) || random(4) === 0) tasks.push([r.actor, r]);
for (let i = 0; i < EXTRA; i++) tasks.push([one(asking), one(one(all_bases))]);
for (const t of tasks) t.push(random(5));

console.log(`seed ${seed}, ${database}: ${asking.length} people, ${rows.length} planted records, ${base.size} pairs of type and state, ${tasks.length} readings`);
await all(asking, (who) => here(who)); /* sign-in of all */
const signed = clock();
await all(tasks, async ([who, x, which]) => {
  const p = await here(who), r = facts(who, x);
  await tried(p, who, r, await seen(p, who, r), which);
});
const read = clock();
const lists = [...single.map((who) => [who, pack.types]), ...double.map((who) => [who, pack.types.filter(() => random(4) === 0)]), [nobody, pack.types]].flatMap(([who, list]) => list.map((t) => [who, t]));
await all(lists.filter(([who]) => !who.login || who.roles.length > 1 || random(3) < 2), async ([who, t]) => listed(await here(who), who, t));
await all(single.filter((w) => w.login.endsWith('_0')).flatMap((who) => pack.types.map((t) => [who, t])), async ([who, t]) => {
  await asOracle(await here(who), who, t);
  await flags(await here(who), who, t);
  for (const token of ['read', 'export']) await flags(await here({ ...who, token }), { ...who, token }, t);
});

/* nothing of all that may have written */
for (const t of pack.types) {
  const bad = sql(`select cast(id as text) id, rev from "r_${t.type}" where updated_by in (${people.map((x) => x.id).join()}) and (rev <> 1 or deleted is not null) and created_by in (${people.map((x) => x.id).join()})`);
  cell('untouched', t.type, true, bad.length === 0, () => `${t.type}: ${bad.length} planted records were written by requests that had to be refused, as ${bad[0]?.id}`);
}

/* what is open is really done: on each record at most one thing, by somebody the oracle lets */
const used = new Set(), took = { edit: [0, 0], delete: [0, 0], step: [0, 0] };
const byHome = new Map([...pack.orgs.values()].map((o) => [Number(o.home), o.code]));
const demo = sql('select cast(id as text) id, login, org, roles from account where disabled = 0 and must_change = 0 order by login').filter((a) => !/^[mt]_/.test(a.login)).map((a) => ({ id: String(a.id), login: a.login, office: a.org, roles: a.roles.split(',') }));
const demoRows = pack.types.flatMap((t) => sql(`select cast(id as text) id, cast(created_by as text) author, home, holder, state, form, ${t.person ? `"f_${t.person}"` : 'null'} named from "r_${t.type}" where deleted is null and created_by not in (${people.map((x) => x.id).join()}) order by id`)
  .map((r) => ({ ...r, t, owner: byHome.get(Number(r.home)), holder: byHome.get(Number(r.holder)) })));
async function take(who, x) {
  if (used.has(x.id)) return;
  const r = facts(who, x), st = stateOf(r), readable = oracle.read(pack, r.t, st, who, r), key = keyOf(who, r), at = `/r/${r.t.type}/${r.id}`;
  const steps = (r.t.actions ?? []).filter((a) => oracle.step(r.t, st, who, r, a, readable));
  const open = [...steps, ...(oracle.edit(pack, r.t, st, who, r) && readable === 2 ? ['edit'] : []), ...(oracle.remove(pack, r.t, st, who, r) && readable === 2 && random(3) === 0 ? ['delete'] : [])];
  if (!open.length) return;
  used.add(x.id);
  const p = await here(who), now = await p.get(at), what = one(open);
  if (now.status !== 200 || (now.json.state?.value ?? now.json.state) !== r.state) return; /* moved by a step before it */
  const match = { 'if-match': now.headers.etag }, n = took[what.id ? 'step' : what];
  let a, fine;
  if (what === 'edit') {
    const f = r.t.fields.find((y) => ['text', 'long'].includes(y.kind ?? y.type) && Object.hasOwn(now.json.values, y.id));
    a = await p.send('PATCH', at, f ? { [f.id]: '越线试验' } : {}, match);
    fine = [200, 422].includes(a.status);
  } else if (what === 'delete') {
    a = await p.send('DELETE', at, undefined, match);
    fine = [200, 204, 303].includes(a.status) || (a.status === 409 && !/现在不能/.test(a.text));
    if (a.status < 300) fine = (await p.get(at)).status === 404;
  } else {
    a = await p.send('POST', `${at}/do/${what.id}`, { reason: '试办' }, match);
    const to = [what.to ?? []].flat(), after = a.json?.state?.value ?? a.json?.state;
    fine = a.status === 200 ? to.length === 0 || to.includes(after) || (what.to && typeof what.to === 'object' && Object.values(what.to).flat().includes(after)) || after === r.state || after === undefined
      : [409, 422].includes(a.status) && !/您现在不能办理这一步/.test(a.text);
  }
  n[0]++;
  n[1] += a.status < 300;
  cell(`taken ${what.id ?? what}`, key, true, fine, () => `${who.login} (${who.roles}) ${key} ${r.id} really ${what.id ?? what}: ${a.status} ${a.text.slice(0, 160)}`);
}
for (let i = 0; i < TAKES; i++) await take(...(i % 3 ? [one(single), one(one(all_bases))] : (() => { const x = one(demoRows), near = demo.filter((w) => w.office === x.holder || w.id === x.author); return [one(near.length ? near : demo), x]; })()));

let passed = 0, failed = 0;
for (const [op, t] of tally) {
  if (!['untouched', 'taken', 'refused'].includes(op) && (t.allowed === t.n || t.allowed === 0)) t.bad.push(`${t.allowed} of ${t.n} allowed: says nothing`);
  if (t.bad.length === 0) { passed++; continue; }
  failed++;
  console.log(`not ok ${op} over HTTP: ${t.bad.length} of ${t.n}`);
  for (const b of t.bad.slice(0, 8)) console.log(`  ${b}`);
}
/* coverage, and what is empty */
const want = base.size, empty = [];
console.log(`role × relation: types and states asked about, of ${want}`);
for (const role of pack.roles) {
  const line = ['same', 'above', 'below', 'aside'].map((x) => { const n = met.get(`${role} ${x}`)?.size ?? 0; if (n < want) empty.push(`${role} ${x} ${n}`); return `${x} ${n}`; });
  console.log(`  ${role}: ${line.join(', ')}`);
}
if (empty.length) { failed++; console.log(`not ok every role × relation × type × state: short at ${empty.join('; ')}`); } else passed++;
if (distinct.size < GOAL) { failed++; console.log(`not ok ${distinct.size} differing cells, fewer than ${GOAL}`); } else passed++;
const spent = ((clock() - begun) / 1000).toFixed(0), say = [...tally].map(([k, t]) => `${k} ${t.allowed}/${t.n}`).join(', ');
console.log(`${cells} cells over HTTP, ${distinct.size} of them differing (${say}; allowed/all), ${wrong} wrong, ${requests} requests, ${busy} answered busy and asked again, ${spent} s (sign-in ${((signed - begun) / 1000).toFixed(0)} s, records ${((read - signed) / 1000).toFixed(0)} s)`);
console.log(`really done: ${Object.entries(took).map(([k, [n, ok]]) => `${k} ${ok} of ${n}`).join(', ')}; the others lacked what a condition asks`);
if (!failed && !process.env.TAMGA_NO_EVIDENCE) {
  put(`rights.${database === 'SQLite' ? 'cells' : 'cells-postgresql'}`, {
    goal: `rights over HTTP on ${database}: every role × organisation relation × record type × state, fields, steps, lists, refused writes: ≥ 150,000 differing cells, 0 wrong either way`,
    figure: `${distinct.size.toLocaleString('en')} differing cells (${cells.toLocaleString('en')} decided in ${requests.toLocaleString('en')} requests), 0 wrong; ${pack.roles.length} roles × 4 relations × ${want} pairs of type and state all asked; open steps really taken ${took.step[1]} of ${took.step[0]}, changes ${took.edit[1]} of ${took.edit[0]}, deletions ${took.delete[1]} of ${took.delete[0]}`,
    command: database === 'SQLite' ? 'test/rights/run http' : 'tool/pg.sh run test/rights/run http', seed,
  });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
