// flips.mjs - each rule of a pack changed once, for the negative control. A flip names the questions it can touch, so that only those are asked.
// `idle`: by the rules of doc/pack.md the change can mean nothing here (a reach of `edit` where no state is editable); it need not show.
import { states } from './oracle.mjs';

const OTHER = { none: 'own', mine: 'none', own: 'below', below: 'own', all: 'below' };

/** The pack with one type changed; everything else is shared: a change replaces lists, it does not alter them. */
function swap(pack, t, change) {
  const copy = { ...t, rights: Object.fromEntries(Object.entries(t.rights ?? {}).map(([r, g]) => [r, { ...g }])),
    ...(t.states ? { states: t.states.map((s) => ({ ...s })) } : {}), ...(t.actions ? { actions: t.actions.map((a) => ({ ...a })) } : {}) };
  change(copy);
  return { ...pack, byType: new Map([...pack.byType, [t.type, copy]]) };
}
const toggle = (list, x) => (list.includes(x) ? list.filter((y) => y !== x) : [...list, x]);

export function* flips(pack) {
  for (const t of pack.types) {
    yield* grantFlips(pack, t);
    yield* stepFlips(t);
    yield* stateFlips(t);
  }
}

function* grantFlips(pack, t) {
  const editable = states(t).filter((s) => s.editable);
  const sealed = editable.every((s) => s.sealed); /* there reaches other than none are all the same */
  for (const role of pack.roles) {
    const g = t.rights?.[role];
    const touches = (q) => q.who.roles.includes(role);
    const one = (kind, what, change, idle = false) => ({ kind, type: t.type, title: `${t.type}: ${role} ${what}`, idle, touches,
      apply: (p) => swap(p, t, (c) => { c.rights ??= {}; c.rights[role] ??= {}; change(c.rights[role]); }) });
    for (const what of ['read', 'create', 'edit']) {
      const now = g?.[what] ?? 'none';
      yield one(`reach of ${what}`, `${what} ${now} → ${OTHER[now]}`, (x) => { x[what] = OTHER[now]; }, what === 'edit' && (editable.length === 0 || (sealed && now !== 'none' && now !== 'mine')));
    }
    for (const what of ['export', 'history', 'import', 'unmask']) yield one('flag', what, (x) => { x[what] = !x[what]; });
    if ((g?.read ?? 'none') === 'none') continue;
    for (const what of ['states', 'fields']) {
      for (const x of g.hide_in?.[what] ?? []) {
        yield one('hide_in', `hide_in ${what} ${x}`, (c) => { c.hide_in = { ...c.hide_in, [what]: toggle(c.hide_in[what], x) }; });
      }
    }
    for (const f of t.fields) yield one('hide', `hide ${f.id}`, (x) => { x.hide = toggle(x.hide ?? [], f.id); });
  }
}

function* stepFlips(t) {
  const readers = Object.entries(t.rights ?? {}).filter(([, g]) => (g.read ?? 'none') !== 'none').map(([r]) => r);
  for (const [i, a] of (t.actions ?? []).entries()) {
    const one = (kind, what, touches, change, idle) => ({ kind, type: t.type, title: `${t.type}: ${a.id} ${what}`, touches,
      idle, apply: (p) => swap(p, t, (c) => change(c.actions[i])) });
    const record = (q) => q.kind === 'R';
    const by = a.system || !(a.roles ?? []).some((r) => readers.includes(r));
    for (const r of readers) {
      yield one('roles of a step', `roles ${r}`, (q) => record(q) && q.who.roles.includes(r), (x) => { x.roles = toggle(x.roles ?? [], r); }, Boolean(a.system));
    }
    for (const r of (a.roles ?? []).filter((x) => !readers.includes(x))) { /* named without reading: must be told */
      yield one('roles of a step', `roles ${r} reads nothing`, (q) => record(q) && q.who.roles.includes(r), (x) => { x.roles = toggle(x.roles, r); }, Boolean(a.system));
    }
    for (const s of states(t)) {
      yield one('from of a step', `from ${s.id}`, (q) => record(q) && q.state === s.id, (x) => { x.from = toggle([x.from].flat(), s.id); }, by);
    }
    yield one('at_holder', 'at_holder', record, (x) => { x.at_holder = x.at_holder === false; }, by);
    yield one('system', 'system', record, (x) => { x.system = !x.system; }, !(a.roles ?? []).some((r) => readers.includes(r)));
  }
}

function* stateFlips(t) {
  const edits = Object.values(t.rights ?? {}).some((g) => (g.edit ?? 'none') !== 'none');
  for (const [i, s] of (t.states ?? []).entries()) {
    const one = (what, idle, change) => ({ kind: 'states', type: t.type, title: `${t.type}: state ${s.id} ${what}`, idle,
      touches: (q) => q.kind === 'R' && q.state === s.id, apply: (p) => swap(p, t, (c) => change(c.states[i])) });
    yield one('editable', !edits, (x) => { x.editable = !x.editable; });
    yield one('initial', !s.editable || !edits, (x) => { x.initial = !x.initial; });
    yield one('published', !t.public?.length || s.sealed, (x) => { x.published = !x.published; });
    if (t.person) yield one('sealed', false, (x) => { x.sealed = !x.sealed; });
  }
  const shown = states(t).some((s) => s.published && !s.sealed);
  for (const f of t.fields) {
    yield { kind: 'public', type: t.type, title: `${t.type}: public ${f.id}`, idle: !shown, touches: (q) => q.kind === 'R' && q.who.office === null,
      apply: (p) => swap(p, t, (c) => { c.public = toggle(c.public ?? [], f.id); }) };
  }
  if (t.person) {
    yield { kind: 'person', type: t.type, title: `${t.type}: person`, idle: false, touches: (q) => q.kind === 'R' && q.whose > 0,
      apply: (p) => swap(p, t, (c) => { delete c.person; }) };
  }
}
