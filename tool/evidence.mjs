// evidence.mjs - the figures of tests, and the page that shows them.
//
//   node tool/evidence.mjs put ID --goal TEXT --figure TEXT --command TEXT [--seed TEXT] [--below WHY | --control]
//   node tool/evidence.mjs write      take the rows of this run into doc/evidence/rows and make doc/evidence.md anew
//
// A row is one claim: ID is SECTION.NAME, SECTION the name of a file doc/evidence/NN-SECTION.md, whose prose stands around the line {{rows}}. A test
// puts a row when it has counted, not before (artifacts/evidence, not in git). With TAMGA_LONG set (script/soak) the row is of a long form, and stands
// beside that of the short one. `--below` is a goal that was missed, with the reason; `--control`
// a negative control, whose figure says that it failed as it must. Rows of parts that did not run this time keep their date and commit.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const fresh = join(root, 'artifacts/evidence');
const kept = join(root, 'doc/evidence/rows');
const page = join(root, 'doc/evidence.md');

const git = (...words) => {
  try {
    return execFileSync('git', ['-C', root, ...words], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  } catch {
    return '';
  }
};

const LONG = process.env.TAMGA_LONG ? { id: '-long', goal: 'long form: ' } : { id: '', goal: '' };

/** put - keep one row. {goal, figure, command, seed?, below?, control?}; texts are Markdown without line breaks. */
export function put(id, { goal, figure, command, seed = '', below = '', control = false }) {
  if (!/^[a-z]+\.[a-z0-9-]+$/.test(id)) throw new Error(`evidence: ${id} is no SECTION.NAME`);
  for (const [name, text] of Object.entries({ goal, figure, command })) {
    if (!text || /[\n\r]/.test(text)) throw new Error(`evidence: ${id} needs one line of ${name}`);
  }
  mkdirSync(fresh, { recursive: true });
  const row = { goal: LONG.goal + goal, figure, command, seed: String(seed), below, control, date: new Date().toISOString().slice(0, 10), commit: git('rev-parse', '--short', 'HEAD') };
  writeFileSync(join(fresh, `${id}${LONG.id}.json`), JSON.stringify(row, null, 1) + '\n');
}

const rowsOf = (dir) => (existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.json')).sort() : []);
const cell = (text) => String(text).replaceAll('|', '\\|');
const verdict = (row) => (row.control ? 'control failed, as it must' : row.below ? `**below**: ${row.below}` : 'met');

function table(section) {
  const rows = rowsOf(kept).filter((name) => name.startsWith(`${section}.`)).map((name) => JSON.parse(readFileSync(join(kept, name), 'utf8')));
  if (rows.length === 0) return 'Nothing has been measured yet.';
  const lines = rows.map((row) =>
    `| ${[row.goal, row.figure, verdict(row), `\`${row.command}\``, row.seed || '–', `${row.date} ${row.commit}`].map(cell).join(' | ')} |`);
  return ['| goal | figure | | command | seed | run |', '|---|---|---|---|---|---|', ...lines].join('\n');
}

export function write() {
  mkdirSync(kept, { recursive: true });
  for (const name of rowsOf(fresh)) writeFileSync(join(kept, name), readFileSync(join(fresh, name)));
  const parts = readdirSync(join(root, 'doc/evidence')).filter((name) => /^\d\d-[a-z]+\.md$/.test(name)).sort();
  const known = new Set(parts.map((name) => name.slice(3, -3)));
  for (const name of rowsOf(kept)) {
    if (!known.has(name.split('.')[0])) throw new Error(`evidence: ${name} has no section doc/evidence/NN-${name.split('.')[0]}.md`);
  }
  const text = parts.map((name) => readFileSync(join(root, 'doc/evidence', name), 'utf8').trim().replace('{{rows}}', () => table(name.slice(3, -3))));
  writeFileSync(page, text.join('\n\n') + '\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [verb, id, ...words] = process.argv.slice(2);
  if (verb === 'write') {
    write();
  } else if (verb === 'put' && id) {
    const row = {};
    while (words.length > 0) {
      const name = words.shift().replace(/^--/, '');
      row[name] = name === 'control' ? true : words.shift();
    }
    put(id, row);
  } else {
    console.error('usage: evidence.mjs put ID --goal … --figure … --command … [--seed …] [--below … | --control]  |  evidence.mjs write');
    process.exit(2);
  }
}
