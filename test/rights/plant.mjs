// plant.mjs - what the demonstration has not: a person of every role in offices of every relation, some of two roles, and empty records of every type in
// every state, owned, held and entered in every way the rules tell apart. They are written into the database before the server starts, because no honest
// way leads an empty record into each state; what is planned here is also what the cells are counted over.
//   node plant.mjs
import { fileURLToPath } from 'node:url';
import { exec, sql } from './facts.mjs';
import { load, states, WHOSE } from './oracle.mjs';

export const PACK = 'pack/neimenggu';
/** 敖汉旗, its sister, its city, the region, another city and a county of that. */
const OFFICES = { home: '150430', sister: '150429', city: '150400', top: '150000', city2: '150500', cousin: '150502' };
const OWNERS = [OFFICES.home, OFFICES.city, OFFICES.top];
const TICK = 1n << 25n, HOME = 1n << 12n;

/** Everybody planted: {login, id, office, roles}. */
export function crowd(pack) {
  const list = [], add = (login, office, roles) => {
    const home = BigInt(pack.orgs.get(office).home);
    list.push({ login, office, roles, home, id: String(BigInt(list.length + 1) * TICK + home * HOME + 15n * 256n) });
  };
  pack.roles.forEach((r, i) => Object.values(OFFICES).forEach((o, k) => add(`m_${i}_${k}`, o, [r])));
  pack.roles.forEach((a, i) => pack.roles.forEach((b, k) => { if (k > i && (i + k) % 3 === 0) add(`m_${i}and${k}`, [OFFICES.home, OFFICES.city][(i + k) % 2], [a, b]); }));
  add('m_else', OFFICES.top, ['auditor']); /* enters what is nobody's; never asks */
  return list;
}

/** Every record planted: {t, state, owner, holder, author, named, id, whose?, actor?}; the last two where it is made for one person. */
export function* records(pack, people) {
  const other = people.at(-1), at = people.filter((p) => p.office === OFFICES.home && p.roles.length === 1);
  let n = 0n;
  const row = (t, s, owner, holder, more = {}) => {
    n += 1n;
    const home = BigInt(pack.orgs.get(owner).home);
    return { t, state: s.id, owner, holder, author: other.id, named: null, form: 1, id: String((1000n + n) * TICK + home * HOME + 15n * 256n), ...more };
  };
  for (const t of pack.types) {
    for (const s of states(t)) {
      for (const owner of OWNERS) yield row(t, s, owner, owner);
      yield row(t, s, OFFICES.home, OFFICES.city);
      yield row(t, s, OFFICES.home, OFFICES.top);
      yield row(t, s, OFFICES.city, OFFICES.top);
      for (const actor of at) {
        for (let w = 1; w < (t.person ? WHOSE.length : 2); w++) {
          const { entered, named } = WHOSE[w];
          yield row(t, s, OFFICES.cousin, w === 2 ? OFFICES.home : OFFICES.cousin, { whose: w, actor, author: entered ? actor.id : other.id,
            named: named === 'actor' ? actor.login : named && other.login });
        }
      }
    }
  }
}

export function plant() {
  const pack = load(PACK), people = crowd(pack);
  const [like] = sql("select password from account where login = 'aohan'");
  const quote = (x) => (x === null ? 'null' : `'${String(x).replaceAll("'", "''")}'`);
  const home = (o) => pack.orgs.get(o).home;
  const lines = people.map((p) => `insert into account (id, home, login, name, org, roles, password, disabled, must_change, created, last) values (${p.id}, ${p.home},
    '${p.login}', '演示', '${p.office}', '${p.roles.join()}', ${quote(like.password)}, 0, 0, 0, 0)`);
  for (const r of records(pack, people)) {
    const person = r.t.person ? `, "f_${r.t.person}"` : '';
    lines.push(`insert into "r_${r.t.type}" (id, home, rev, state, holder, created, updated, created_by, updated_by, deleted, no, search, warnings, form${person})
      values (${r.id}, ${home(r.owner)}, 1, '${r.state}', ${home(r.holder)}, 1700000000000, 1700000000000, ${r.author}, ${r.author}, null, 'm${r.id}', '', '', 1${person && `, ${quote(r.named)}`})`);
  }
  exec(lines);
  console.log(`${people.length} people and ${lines.length - people.length} records planted`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) plant();
