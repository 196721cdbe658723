// oracle.mjs - who may do what, decided from a pack's own YAML and CSV by the rules of doc/pack.md ("How rights are decided"; the numbers
// below are its numbers). It shares nothing with the program.
import fs from 'node:fs';
import path from 'node:path';
import YAML from 'yaml';

/** The person a record is of, by the number the questions carry: did the actor enter it, whom does the person field name? */
export const WHOSE = [
  { entered: false, named: null }, { entered: true, named: null }, { entered: false, named: 'actor' },
  { entered: true, named: 'other' }, { entered: false, named: 'other' }, { entered: true, named: 'actor' },
];
const REACH = ['none', 'mine', 'own', 'below', 'all'];
const width = (grant, what) => REACH.indexOf(grant?.[what] ?? 'none');

export function load(dir) {
  const yaml = (name) => YAML.parse(fs.readFileSync(path.join(dir, name), 'utf8')) ?? [];
  const [head, ...rows] = fs.readFileSync(path.join(dir, 'orgs.csv'), 'utf8').replace(/^\ufeff/, '').trim().split(/\r?\n/).map((l) => l.split(','));
  const orgs = new Map(rows.map((r) => [r[0], Object.fromEntries(head.map((h, i) => [h, r[i] ?? '']))]));
  const types = fs.readdirSync(path.join(dir, 'types')).filter((n) => n.endsWith('.yaml')).sort().map((n) => yaml(`types/${n}`));
  return { dir, orgs, types, roles: yaml('roles.yaml').map((r) => r.id), byType: new Map(types.map((t) => [t.type, t])) };
}

export const states = (t) => (t.states?.length ? t.states : [{ id: 'active', initial: true, editable: true }]);

/** Is the office `code` the office `over`, or under it in the reporting tree? */
export function within(pack, code, over) {
  for (let at = code; at; at = pack.orgs.get(at)?.parent) if (at === over) return true;
  return false;
}

const grants = (t, who) => who.roles.map((r) => t.rights?.[r]).filter(Boolean);
const widest = (t, who, what) => Math.max(0, ...grants(t, who).map((g) => width(g, what)));

function covers(pack, reach, who, owner) {
  if (reach === 4) return true;
  if (reach < 2) return false;
  return who.office === owner || (reach === 3 && within(pack, owner, who.office));
}

/** Rules 2 to 4. */
function reached(pack, t, state, who, rec, what) {
  const reach = widest(t, who, what);
  if (reach === 0 || !who.office) return false;
  const whose = WHOSE[rec.whose];
  const named = t.person ? whose.named : null;
  if (state.sealed) return named ? named === 'actor' : whose.entered;
  if ((reach === 1 || t.person) && (whose.entered || named === 'actor')) return true;
  return covers(pack, reach, who, rec.owner);
}

/** 2: through a reach, 1: public fields, 0: not at all. */
export function read(pack, t, state, who, rec) {
  if (reached(pack, t, state, who, rec, 'read')) return 2;
  return state.published && !state.sealed && t.public?.length ? 1 : 0;
}
export function edit(pack, t, state, who, rec) {
  return !who.token && Boolean(state.editable) && reached(pack, t, state, who, rec, 'edit');
}
export function remove(pack, t, state, who, rec) {
  return Boolean(state.initial) && edit(pack, t, state, who, rec);
}
export function create(pack, t, who, owner) {
  return !who.token && Boolean(who.office) && covers(pack, widest(t, who, 'create') === 1 ? 2 : widest(t, who, 'create'), who, owner);
}
/** Rule 7, given what `read` said. */
export function field(t, state, who, f, readable) {
  if (readable === 0) return false;
  if (readable === 1) return t.public.includes(f.id);
  const hidden = (g) => (g.hide ?? []).includes(f.id) || (g.hide_in?.states.includes(state.id) && g.hide_in.fields.includes(f.id));
  return grants(t, who).some((g) => width(g, 'read') > 0 && !hidden(g));
}
/** Rule 8. */
export function step(t, state, who, rec, act, readable) {
  return !who.token && !act.system && readable === 2 && [act.from].flat().includes(state.id) &&
    (act.roles ?? []).some((r) => who.roles.includes(r)) && (act.at_holder === false || rec.holder === who.office);
}
/** Rule 9. */
export function flag(t, who, what) { return grants(t, who).some((g) => g[what] === true); }

/** Rules 9 and 1: every change of a record is for those who read it through a reach. */
export function history(t, who, readable) { return readable === 2 && flag(t, who, 'history'); }

/** Answers in the words of matrix.c. A question: [kind, type, …]. */
export function answer(pack, q) {
  const t = pack.byType.get(q.type);
  const d = (x) => (x ? '1' : '0');
  if (q.kind === 'C') return d(create(pack, t, q.who, q.owner));
  if (q.kind === 'F') return ['export', 'history', 'import', 'unmask'].map((f) => d(flag(t, q.who, f))).join('');
  if (q.kind === 'S') {
    const reach = widest(t, q.who, 'read');
    return `${[...pack.orgs.keys()].map((o) => d(covers(pack, reach, q.who, o))).join('')}|${d(reach === 1 || (reach > 1 && reach < 4 && t.person))}`;
  }
  const state = states(t).find((s) => s.id === q.state);
  const readable = read(pack, t, state, q.who, q);
  let out = readable + d(edit(pack, t, state, q.who, q)) + d(remove(pack, t, state, q.who, q)) + d(history(t, q.who, readable)) + '|';
  for (const f of t.fields) out += d(field(t, state, q.who, f, readable));
  out += '|';
  for (const a of t.actions ?? []) out += d(step(t, state, q.who, q, a, readable));
  return out;
}
