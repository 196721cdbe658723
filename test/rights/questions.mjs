// questions.mjs - every question put to the oracle and to the program about one pack.
import { states, within } from './oracle.mjs';

/** Offices standing for each relation to an owner: the same, above (one and more), below, aside (sister, cousin, aunt). */
export function around(pack, owner) {
  const parent = (o) => pack.orgs.get(o)?.parent || null;
  const children = (o) => [...pack.orgs.keys()].filter((x) => parent(x) === o);
  const found = new Map([[owner, 'same']]);
  for (let at = parent(owner); at; at = parent(at)) found.set(at, 'above');
  const below = children(owner)[0];
  if (below) {
    found.set(below, 'below');
    if (children(below)[0]) found.set(children(below)[0], 'below');
  }
  const aside = (list) => {
    const one = list.filter((x) => !found.has(x) && !within(pack, x, owner) && !within(pack, owner, x)).at(-1);
    if (one) found.set(one, 'aside');
    return one;
  };
  if (parent(owner)) {
    aside(children(parent(owner)));
    const aunt = parent(parent(owner)) && aside(children(parent(parent(owner))));
    if (aunt) aside(children(aunt));
  }
  return found;
}

/** One owner of every depth of the tree, from its middle. */
export function owners(pack) {
  const depth = (o) => { let n = 0; for (let at = pack.orgs.get(o).parent; at; at = pack.orgs.get(at).parent) n++; return n; };
  const by = new Map();
  for (const o of pack.orgs.keys()) by.set(depth(o), [...(by.get(depth(o)) ?? []), o]);
  return [...by.values()].map((l) => l[l.length >> 1]);
}

/** `persons`: with every way in which the record may be the actor's. */
function* records(pack, t, who, owner, { persons = true, desks = true } = {}) {
  const elsewhere = [...pack.orgs.keys()].find((o) => o !== owner && o !== who.office);
  const holders = [...new Set([owner, who.office, elsewhere].filter(Boolean))];
  const whose = !persons ? [0] : t.person ? [0, 1, 2, 3, 4, 5] : [0, 1];
  for (const s of states(t)) {
    for (const w of whose) {
      for (const holder of w === 0 && desks ? holders : holders.slice(0, 1)) yield { kind: 'R', type: t.type, state: s.id, who, owner, holder, whose: w };
    }
  }
}

const pairs = (list) => list.flatMap((a, i) => list.slice(i + 1).map((b) => [a, b]));

export function* questions(pack, t) {
  const nobody = { roles: [], office: null };
  const tops = owners(pack);
  for (const roles of [...pack.roles.map((r) => [r]), ...pairs(pack.roles), []]) {
    yield { kind: 'F', type: t.type, who: { roles, office: tops[0] } };
  }
  for (const owner of tops) {
    yield* records(pack, t, nobody, owner, { persons: false });
    yield { kind: 'C', type: t.type, who: nobody, owner };
    for (const office of around(pack, owner).keys()) {
      for (const roles of [...pack.roles.map((r) => [r]), []]) {
        const who = { roles, office };
        yield* records(pack, t, who, owner);
        yield* records(pack, t, { ...who, token: true }, owner, { persons: false, desks: false });
        yield { kind: 'C', type: t.type, who, owner };
        yield { kind: 'C', type: t.type, who: { ...who, token: true }, owner };
      }
    }
  }
  const owner = tops.at(-1); /* several roles of one person, where reaches differ most */
  for (const office of [...around(pack, owner).keys()].slice(0, 3)) {
    for (const roles of pairs(pack.roles)) {
      yield* records(pack, t, { roles, office }, owner, { persons: false, desks: false });
      yield { kind: 'C', type: t.type, who: { roles, office }, owner };
    }
  }
  for (const office of tops) {
    for (const role of pack.roles) yield { kind: 'S', type: t.type, who: { roles: [role], office } };
  }
}

/** As matrix.c reads it. */
export function line(q) {
  const roles = q.who.roles.join(',') || '-', office = q.who.office ?? '-', token = q.who.token ? 1 : 0;
  if (q.kind === 'F') return `F ${q.type} ${roles}`;
  if (q.kind === 'S') return `S ${q.type} ${roles} ${office}`;
  if (q.kind === 'C') return `C ${q.type} ${roles} ${office} ${q.owner} ${token}`;
  return `R ${q.type} ${q.state} ${roles} ${office} ${q.owner} ${q.holder} ${q.whose} ${token}`;
}
