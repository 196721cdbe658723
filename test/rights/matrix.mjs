// matrix.mjs - the oracle's answers against the program's, cell by cell, and the negative control: a rule of the pack changed for the
// oracle alone must show. One test a type and pack, one a kind of rule and pack.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { put } from '../../tool/evidence.mjs';
import { answer, load, states } from './oracle.mjs';
import { line, questions } from './questions.mjs';
import { flips } from './flips.mjs';

const MATRIX = process.env.TAMGA_MATRIX;
const PACKS = ['pack/neimenggu', 'test/fixture/pack-two', 'test/fixture/pack-flow', 'test/fixture/pack-jury'];
let passed = 0, failed = 0, cells = 0, wrong = 0, changed = 0, idle = 0, unseen = 0;
const kinds = {};

function verdict(title, faults) {
  if (faults.length === 0) { passed++; return; }
  failed++;
  console.log(`not ok ${title}`);
  for (const f of faults.slice(0, 8)) console.log(`  ${f}`);
  if (faults.length > 8) console.log(`  and ${faults.length - 8} more`);
}

/** The program's answers to `asked`, and the model it told first. */
function program(pack, asked) {
  const run = spawnSync(MATRIX, [pack.dir], { input: asked.map(line).join('\n') + '\n', maxBuffer: 1 << 30 });
  if (run.status !== 0) throw new Error(`${MATRIX} ${pack.dir}: status ${run.status} ${run.stderr}`);
  const text = run.stdout.toString(), end = text.indexOf('\n\n');
  return { model: text.slice(0, end).split('\n'), answers: text.slice(end + 2).trimEnd().split('\n') };
}

const modelOf = (t) => `T ${t.type} ${t.fields.map((f) => f.id).join(',')} ${states(t).map((s) => s.id).join(',')} ${(t.actions ?? []).map((a) => a.id).join(',') || '-'}`;
const size = (a) => a.replaceAll('|', '').length;
const KIND = { R: 'record', C: 'create', F: 'flag', S: 'scope' };

function compare(pack, asked, answers) {
  const faults = new Map(pack.types.map((t) => [t.type, []]));
  asked.forEach((q, i) => {
    const mine = answer(pack, q), theirs = answers[i];
    cells += size(mine);
    kinds[KIND[q.kind]] = (kinds[KIND[q.kind]] ?? 0) + size(mine);
    if (mine === theirs) return;
    let n = Math.abs(mine.length - theirs.length);
    for (let k = 0; k < Math.min(mine.length, theirs.length); k++) n += mine[k] !== theirs[k];
    wrong += n;
    faults.get(q.type).push(`${line(q)}: oracle ${mine}, program ${theirs}`);
  });
  return faults;
}

/** A changed rule is looked for only in the rows that it can touch, given by the flip. */
function noticed(pack, flip, rows, answers) {
  const other = flip.apply(pack);
  return rows.some((i) => flip.touches(asked[i]) && answer(other, asked[i]) !== answers[i]);
}

let asked = [];
for (const dir of PACKS) {
  const pack = load(path.resolve(dir)), name = path.basename(dir);
  asked = pack.types.flatMap((t) => [...questions(pack, t)]);
  const { model, answers } = program(pack, asked);
  verdict(`${name}: the program knows the same types, fields, states and steps`,
    pack.types.map(modelOf).filter((m) => !model.includes(m)).concat(model.length === pack.types.length ? [] : [`${model.length} types, not ${pack.types.length}`]));
  verdict(`${name}: one answer a question`, answers.length === asked.length ? [] : [`${answers.length} answers to ${asked.length} questions`]);
  for (const [type, list] of compare(pack, asked, answers)) verdict(`${name}: ${type}`, list);
  const rows = new Map(pack.types.map((t) => [t.type, []]));
  asked.forEach((q, i) => {
    if (q.who.roles.length < 2) rows.get(q.type).push(i);
  });
  const missed = new Map();
  for (const flip of flips(pack)) {
    if (!missed.has(flip.kind)) missed.set(flip.kind, []);
    if (noticed(pack, flip, rows.get(flip.type), answers)) changed++;
    else if (flip.idle) idle++;
    else { unseen++; missed.get(flip.kind).push(flip.title); }
  }
  for (const [kind, list] of missed) verdict(`${name}: changed ${kind} is noticed`, list);
}
console.log(`${cells} cells (${Object.entries(kinds).map(([k, n]) => `${k} ${n}`).join(', ')}), ${wrong} wrong`);
console.log(`${changed} rules changed once and noticed, ${unseen} not noticed, ${idle} without effect in their pack`);
if (cells < 150000) { console.log('not ok at least 150,000 cells'); failed++; }
if (failed === 0) {
  const command = 'test/rights/run matrix', packs = PACKS.map((d) => path.basename(d)).join(', '), count = (n) => n.toLocaleString('en');
  put('rights.matrix', { goal: `rights: all cells of packs ${packs}: ≥ 150,000 cells, 0 wrong either way`, command,
    figure: `${count(cells)} cells (${Object.entries(kinds).map(([k, n]) => `${k} ${count(n)}`).join(', ')}), ${wrong} wrong` });
  put('rights.mutants', { goal: 'control: each rule of a pack changed once for the oracle alone is noticed', command, control: true,
    figure: `${count(changed)} changed and noticed, ${unseen} missed; ${count(idle)} more need not show, as they can mean nothing in their pack (edit where no state is editable, steps of the program, public fields where nothing is published), and did not` });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
