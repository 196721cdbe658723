// plant.mjs - all payloads into every text column of every record type and of what stands beside records, before the server starts: past every check of the
// way in, so that only the way out is between them and the browser. What goes in through forms and the API is inject.mjs's.
//   node plant.mjs       TAMGA_FACTS: the database file
import { fileURLToPath } from 'node:url';
import { exec, sql } from '../rights/facts.mjs';
import * as oracle from '../rights/oracle.mjs';
import { HTMX, SCRIPTS } from './payloads.mjs';

export const ALL = [...SCRIPTS, ...HTMX].map((p) => p.text);
export const EVERY = ALL.join(' ');
const PACK = 'pack/neimenggu', OFFICES = ['150000', '150400', '150430'];
const TICK = 1n << 25n, HOME = 1n << 12n;
const KINDS = ['text', 'long', 'docno', 'uscc', 'phone'];
export const isText = (f) => KINDS.includes(f.kind) && !f.personal;
const quote = (x) => `'${String(x).replaceAll("'", "''").replaceAll('\u0000', '')}'`;

export function plan() {
  const pack = oracle.load(PACK), home = (o) => BigInt(pack.orgs.get(o).home);
  const id = (tick, o) => String(BigInt(tick) * TICK + home(o) * HOME + 14n * 256n);
  const people = OFFICES.flatMap((o, k) => pack.roles.map((r, i) => ({ login: `i_${i}_${k}`, office: o, roles: [r], id: id(1 + i * 3 + k, o) })));
  let n = 2000;
  const types = pack.types.map((t) => {
    const states = oracle.states(t), first = states.find((s) => s.initial) ?? states[0];
    const worth = (who) => {
      const r = { owner: who.office, holder: who.office, state: first.id, whose: t.person ? 5 : 1 };
      return oracle.read(pack, t, first, who, r) + 4 * oracle.edit(pack, t, first, who, r) + 2 * oracle.create(pack, t, who, who.office) + oracle.history(t, who, 2);
    };
    const who = people.reduce((a, b) => (worth(b) > worth(a) ? b : a));
    const records = states.map((s) => ({ id: id(++n, who.office), state: s.id, published: Boolean(s.published && !s.sealed && t.public?.length) }));
    return { t, who, records, first: records.find((r) => r.state === first.id) };
  });
  return { pack, people, types, home };
}

function* rows({ people, types, home }) {
  const [like] = sql("select password from account where login = 'aohan'");
  for (const [i, p] of people.entries()) {
    const name = ALL.slice(i * 10, i * 10 + 10).join('');
    yield `insert into account (id, home, login, name, org, roles, password, disabled, must_change, created, last) values (${p.id}, ${home(p.office)}, '${p.login}', ${quote(name)}, '${p.office}', '${p.roles}', ${quote(like.password)}, 0, 0, 0, 0)`;
    yield `insert into notice (id, home, user_id, at, read, n, text, href) values (${BigInt(p.id) + 1n}, ${home(p.office)}, ${p.id}, 1700000000000, 0, 1, ${quote(EVERY)}, '/desk')`;
    yield `insert into notice (id, home, user_id, at, read, n, text, href) values (${BigInt(p.id) + 2n}, ${home(p.office)}, ${p.id}, 1700000000001, 0, 1, ${quote(EVERY)}, 'javascript:__x(1)')`;
    yield `insert into outbox (id, home, notice, at, channel, user_id, type, record, head, text, href, state, attempts, next, ended) values (${BigInt(p.id) + 3n}, ${home(p.office)}, ${BigInt(p.id) + 1n}, 1700000000000, 1, ${p.id}, 'brand', 0, ${quote(EVERY)}, ${quote(EVERY)}, 'javascript:__x(1)', 'failed', 1, 0, 1700000000000)`;
    yield `insert into token (id, hash, user_id, name, scope, expires, last) values (${BigInt(p.id) + 4n}, 'x${p.id}', ${p.id}, ${quote(EVERY)}, 'read', 4000000000000, 0)`;
    yield `insert into job (id, user_id, kind, state, title, type, input_name, params, actor, dry_run, done, total, n_new, n_changed, n_same, n_wrong, n_warn, has_report, has_output, text, created, started, ended)
      values (${BigInt(p.id) + 5n}, ${p.id}, 'import', 'failed', ${quote(EVERY)}, 'brand', ${quote(EVERY)}, '{}', '{}', 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, ${quote(EVERY)}, 1700000000000, 1700000000000, 1700000000000)`;
  }
  for (const { t, who, records } of types) {
    const cols = t.fields.filter(isText), child = t.fields.filter((f) => f.kind === 'list');
    const warnings = JSON.stringify([{ field: t.fields[0].id, code: 'rule', text: EVERY, clause: '1' }]);
    const h = home(who.office);
    for (const r of records) {
      const values = cols.map((f) => (f.id === t.person ? quote(who.login) : quote(EVERY)));
      yield `insert into "r_${t.type}" (id, home, rev, state, holder, created, updated, created_by, updated_by, deleted, no, search, warnings, form${cols.map((f) => `, "f_${f.id}"`).join('')})
        values (${r.id}, ${h}, 1, '${r.state}', ${h}, 1700000000000, 1900000000000, ${who.id}, ${who.id}, null, ${quote(`I${r.id}${ALL[Number(BigInt(r.id) / TICK) % ALL.length]}`)}, 'script', ${quote(warnings)}, 1${values.map((v) => `, ${v}`).join('')})`;
      for (const f of child) {
        const sub = f.fields.filter(isText);
        if (sub.length) yield `insert into "r_${t.type}__${f.id}" (home, parent, pos${sub.map((x) => `, "f_${x.id}"`).join('')}) values (${h}, ${r.id}, 0${sub.map(() => `, ${quote(EVERY)}`).join('')})`;
      }
      yield `insert into file (id, home, type, record, name, kind, trust, mime, size, sha256, created, created_by, by_name, deleted) values (${BigInt(r.id) + 1n}, ${h}, '${t.type}', ${r.id}, ${quote(EVERY)}, '', 'C', 'application/pdf', 9, 'x', 1700000000000, ${who.id}, ${quote(EVERY)}, null)`;
      for (const [k, kind] of ['consult', 'sign', 'copy', 'handle'].entries()) {
        yield `insert into task (id, home, type, record, kind, state, by_user, by_name, by_org, to_user, to_name, to_org, to_home, text, at, answered, answer, answer_text, answer_by)
          values (${BigInt(r.id) + 10n + BigInt(k)}, ${h}, '${t.type}', ${r.id}, '${kind}', '${r.state}', ${who.id}, ${quote(EVERY)}, ${quote(EVERY)}, ${who.id}, ${quote(EVERY)}, ${quote(EVERY)}, ${h}, ${quote(EVERY)}, 1700000000000, ${k === 3 ? 0 : 1700000000001}, ${k === 3 ? "''" : "'opinion'"}, ${quote(EVERY)}, ${quote(EVERY)})`;
      }
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const p = plan(), list = [...rows(p)];
  exec(list);
  const cols = p.types.reduce((a, { t }) => a + t.fields.filter(isText).length + t.fields.filter((f) => f.kind === 'list').flatMap((f) => f.fields.filter(isText)).length, 0);
  console.log(`${ALL.length} payloads in ${cols} text columns of ${p.types.length} types and beside them: ${list.length} rows`);
}
