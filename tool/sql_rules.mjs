// The rules for statements that may run on a database spread by home (doc/postgresql.md, "Keys and rules"), checked on every statement that a
// run prepared. The program writes them with their class to the file that TAMGA_SQL_LOG names (src/db/stmt.c); the runs are those of the unit and
// flow tests, so a statement that no test prepares is not seen.
//
//   node tool/sql_rules.mjs check FILE…     one line a fault; what tool/sql_rules.txt allows is counted apart. Ends with N passed, N failed
//   node tool/sql_rules.mjs selftest        deliberately wrong statements: each must be found, each right one must pass
//
// It knows the words of a statement and no grammar: where in doubt it complains, and the list of exceptions says why one stands.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FIXED = ['journal_head', 'journal', 'task', 'counter', 'file', 'sign', 'snapshot', 'closing_home', 'closing_sum'];
const REFERENCE = new Set(); // record types whose placement is not home
const here = path.dirname(fileURLToPath(import.meta.url));
const packs = ['pack', 'test/fixture'].flatMap((d) => fs.readdirSync(path.join(here, '..', d)).map((n) => path.join(here, '..', d, n, 'types')));
for (const dir of packs.filter((d) => fs.existsSync(d))) {
  for (const name of fs.readdirSync(dir)) {
    const text = fs.readFileSync(path.join(dir, name), 'utf8');
    const id = /^type:\s*(\w+)/m.exec(text), place = /^placement:\s*(\w+)/m.exec(text);
    if (id && place && place[1] !== 'home') REFERENCE.add(id[1]);
  }
}

export function byHome(table) {
  return FIXED.includes(table) || (table.startsWith('r_') && !REFERENCE.has(table.slice(2).split('__')[0]));
}

const strip = (sql) => sql.replace(/'(?:[^']|'')*'/g, "'x'").replace(/\s+/g, ' ').trim();
const count = (s, re) => (s.match(re) || []).length;

/** Faults of one statement: [rule, words]. */
export function faults(cls, sql) {
  const s = strip(sql).toLowerCase(), out = [];
  const tables = [...s.matchAll(/\b(?:from|join|into|update)\s+([a-z_][a-z0-9_]*)/g)].map((m) => m[1]).filter((t) => t !== 'set');
  const homed = tables.filter(byHome);
  const where = s.includes(' where ') ? s.slice(s.indexOf(' where ')) : '';
  // home compared with a value or a list, or one table's home with another's
  const bound = /\bhome (=|in\b)|\bhome in\{|\(home, [a-z_, ]+\) [<>]|\bhome\s*=/.test(where);
  const pinned = /\b(?:\w+\.)?home = (\?\d|\d)/.test(where) || /\b(?:\w+\.)?home in/.test(where);
  const writes = /^(insert|update|delete)/.test(s);
  if (cls === 'admin') return out; // schema and maintenance, on the coordinator
  if (cls === 'reference' && homed.length) out.push(['class', `reference, but ${homed[0]} is kept by home`]);
  // the code of records serves types of both placements
  if (cls === 'home' && tables.length && !homed.length && !tables.every((t) => t.startsWith('r_'))) out.push(['class', `home, but ${tables[0]} is not kept by home`]);
  if (homed.length) {
    if (cls === 'home' && !/^insert/.test(s) && !pinned) out.push(['4', 'class home without home = ?']);
    if (/^insert/.test(s) && !/\(([^)]*\b)?home\b/.test(s)) out.push(['3', 'insert without home']);
    if (/^update/.test(s) && /\bset [^]*?\bhome = /.test(s.split(' where ')[0])) out.push(['3', 'home is changed']);
    if (/do update set [^]*\bhome = /.test(s)) out.push(['3', 'home is changed']);
    const conflict = /on conflict \(([^)]*)\)/.exec(s);
    if (conflict && !/^home\b/.test(conflict[1])) out.push(['1', 'conflict target without home']);
    if (/\bfor update\b|\{lock\}/.test(s) && !pinned) out.push(['5', 'row lock without home = ?']);
    if (homed.length > 1 && cls !== 'rollup' && count(s, /\bselect\b/g) < homed.length && !/\w+\.home = \w+\.home/.test(s)) out.push(['4', 'join not on home']);
    if (homed.length > 1 && /\bexists\b|\bjoin\b/.test(s) && !/\w+\.home = \w+\.home/.test(s)) out.push(['4', 'join or exists not on home']);
    if (writes && cls === 'rollup' && !/^insert/.test(s) && !bound) out.push(['rollup', 'a roll-up that writes']);
    if (/\bwith recursive\b/.test(s)) out.push(['6', 'recursion over tables by home']);
  }
  if (/\b(rollup|cube|grouping sets)\s*\(/.test(s)) out.push(['6', 'rollup, cube or grouping sets']);
  if (/\b(random|now|current_timestamp|clock_timestamp|nextval|gen_random_uuid)\b\s*(\(|\b)/.test(s) && /\b(random|now|clock_timestamp|nextval|gen_random_uuid)\s*\(|current_timestamp/.test(s)) out.push(['7', 'a value from SQL, not from C']);
  if (/values\s*\([^)]*\(\s*select\b/.test(s)) out.push(['7', 'subquery in values']);
  if (/^merge\b/.test(s)) out.push(['7', 'merge']);
  if (/pg_advisory|\bnotify\b|\blisten\b|prepare transaction|create trigger/.test(s)) out.push(['8', 'lock, notification or trigger of one machine']);
  return out;
}

function allowed() {
  const file = path.join(here, 'sql_rules.txt');
  return fs.readFileSync(file, 'utf8').split('\n').filter((l) => l.trim() && !l.startsWith('#')).map((line) => {
    const [rule, words, ...why] = line.split(' | ');
    if (!why.length) throw new Error(`${file}: rule | beginning of the statement | reason: ${line}`);
    return { rule: rule.trim(), words: words.trim(), why: why.join(' | '), used: 0 };
  });
}

function check(files) {
  const seen = new Map();
  for (const file of files) {
    for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
      const at = line.indexOf('\t');
      if (at > 0) seen.set(line, [line.slice(0, at), line.slice(at + 1)]);
    }
  }
  const list = allowed(), classes = {}, left = {};
  let failed = 0, passed = 0, excused = 0;
  for (const [cls, sql] of seen.values()) {
    classes[cls] = (classes[cls] || 0) + 1;
    const bad = faults(cls, sql).filter(([rule]) => {
      const a = list.find((x) => x.rule === rule && new RegExp(`^${x.words.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')}`).test(strip(sql)));
      if (a) { a.used++; return false; }
      return true;
    });
    excused += faults(cls, sql).length - bad.length;
    for (const [rule, words] of bad) { console.log(`rule ${rule}: ${words}: [${cls}] ${strip(sql).slice(0, 300)}`); left[rule] = (left[rule] || 0) + 1; }
    bad.length ? failed++ : passed++;
  }
  for (const a of list.filter((x) => !x.used)) console.log(`note: no statement of this run needed the exception: ${a.rule} | ${a.words}`);
  console.log(`statements by class: ${Object.entries(classes).map(([k, v]) => `${k} ${v}`).join(', ')}; ${excused} faults on the list of ${list.length} exceptions`);
  console.log(`${passed} passed, ${failed} failed`);
  return { failed, passed, classes, excused, exceptions: list.length };
}

const WRONG = [
  ['4', 'home', 'select id from r_brand where id = ?1'],
  ['4', 'home', 'update task set answered = ?2 where id = ?1'],
  ['4', 'home', 'delete from r_brand__members where parent = ?1'],
  ['3', 'home', "insert into task (id, text) values (?1, ?2)"],
  ['3', 'home', 'update r_brand set home = ?2 where home = ?1 and id = ?3'],
  ['3', 'home', 'insert into counter (home, name, n) values (?1, ?2, 1) on conflict (home, name) do update set home = excluded.home'],
  ['1', 'home', 'insert into counter (home, name, n) values (?1, ?2, 1) on conflict (name) do nothing'],
  ['5', 'rollup', 'select id from r_brand where state = ?1 {lock}'],
  ['4', 'rollup', 'select a.id from r_brand a join r_enterprise b on b.f_brand = a.id'],
  ['4', 'rollup', 'select id from r_brand b where exists (select 1 from journal j where j.record = b.id)'],
  ['6', 'rollup', 'select home, state, count(*) from r_brand group by rollup (home, state)'],
  ['6', 'rollup', 'with recursive t(x) as (select 1) select id from r_brand, t'],
  ['7', 'home', 'update r_brand set updated = random() where home = ?1 and id = ?2'],
  ['7', 'home', 'insert into counter (home, name, n) values (?1, ?2, (select 1))'],
  ['8', 'rollup', 'select pg_advisory_xact_lock(1)'],
  ['class', 'reference', 'select home from r_brand where home = ?1'],
  ['class', 'home', 'select name from account where id = ?1'],
  ['rollup', 'rollup', "update task set answered = 1 where kind = 'urge'"],
];
const RIGHT = [
  ['home', 'select id from r_brand where home = ?1 and id = ?2'],
  ['home', 'insert into task (id, home, text) values (?1, ?2, ?3)'],
  ['home', 'insert into counter (home, name, n) values (?1, ?2, 1) on conflict (home, name) do update set n = counter.n + 1'],
  ['rollup', 'select state, count(*) from r_brand where deleted is null group by state'],
  ['rollup', 'select a.id from r_brand a join journal j on j.home = a.home and j.record = a.id'],
  ['reference', 'select name from account where id = ?1'],
  ['home', 'update r_brand set rev = ?3 where home = ?1 and id = ?2 and rev = ?4'],
];

function selftest() {
  let passed = 0, failed = 0;
  for (const [rule, cls, sql] of WRONG) {
    if (faults(cls, sql).some(([r]) => r === rule)) passed++;
    else { failed++; console.log(`not found (rule ${rule}): [${cls}] ${sql}`); }
  }
  for (const [cls, sql] of RIGHT) {
    const f = faults(cls, sql);
    if (!f.length) passed++;
    else { failed++; console.log(`refused (${f.join('; ')}): [${cls}] ${sql}`); }
  }
  console.log(`${WRONG.length} wrong statements, ${RIGHT.length} right ones`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , what, ...files] = process.argv;
  if (what === 'selftest') process.exit(selftest() ? 1 : 0);
  else if (what === 'check' && files.length) process.exit(check(files).failed ? 1 : 0);
  else { console.error('node tool/sql_rules.mjs check FILE… | selftest'); process.exit(2); }
}
