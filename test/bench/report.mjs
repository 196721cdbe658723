// report.mjs - the tables of PostgreSQL and of growth, and their charts, from artifacts/bench.
//   node test/bench/report.mjs             Markdown to standard output; doc/chart/grow-*.svg are written beside
//   node test/bench/report.mjs --write     into doc/performance.md, between its marks; what was not measured since stays as it was
// A chart is log-log: brands against milliseconds, a line a page. Flat is good. No program draws them but this one.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const read = (name) => (existsSync(`artifacts/bench/${name}.json`) ? JSON.parse(readFileSync(`artifacts/bench/${name}.json`, 'utf8')) : null);
const nice = (v) => (v === null || v === undefined ? '–' : v >= 100 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v.toFixed(2));
const count = (n) => n.toLocaleString('en-US');
const LINES = [
  ['list_ms', 'first page of the list (region)', '#0b6e69'], ['clerk_list_ms', 'first page of the list (county)', '#3a9d6e'], ['counts_ms', 'the same after a write', '#c2571a'], ['first_ms', 'the same after the start, all counted', '#7a5c2e'],
  ['search_ms', 'search', '#8a5fb0'], ['overview_first_ms', 'overview, first time', '#a33'], ['overview_ms', 'overview again', '#d08770'], ['desk_ms', 'desk of a county', '#4c6fb1'],
  ['catalogue_ms', 'public catalogue', '#777'],
];

function chart(title, rows) {
  const W = 760, H = 420, L = 70, R = 250, T = 44, B = 52;
  const xs = rows.map((r) => Math.log10(r.n)), x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1);
  const values = rows.flatMap((r) => LINES.map(([k]) => r[k]).filter((v) => v > 0));
  const y0 = Math.floor(Math.log10(Math.min(...values))), y1 = Math.ceil(Math.log10(Math.max(...values)));
  const x = (n) => L + ((Math.log10(n) - x0) / (x1 - x0)) * (W - L - R), y = (ms) => H - B - ((Math.log10(ms) - y0) / (y1 - y0)) * (H - T - B);
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${W} ${H}" font-family="sans-serif" font-size="12" role="img" aria-label="${title}"><title>${title}</title>`,
    `<rect width="${W}" height="${H}" fill="#fff"/><text x="${L}" y="24" font-size="15" font-weight="bold">${title}</text>`];
  for (let e = y0; e <= y1; e++) out.push(`<line x1="${L}" x2="${W - R}" y1="${y(10 ** e).toFixed(1)}" y2="${y(10 ** e).toFixed(1)}" stroke="#ddd"/><text x="${L - 8}" y="${(y(10 ** e) + 4).toFixed(1)}" text-anchor="end">${e >= 3 ? `${10 ** (e - 3)} s` : `${10 ** e} ms`}</text>`);
  for (const r of rows) out.push(`<text x="${x(r.n).toFixed(1)}" y="${H - B + 20}" text-anchor="middle">${count(r.n)}</text>`);
  out.push(`<text x="${(L + W - R) / 2}" y="${H - 10}" text-anchor="middle">brands</text>`);
  const labels = LINES.map(([key, name, colour]) => ({ key, name, colour, at: rows.at(-1)[key] })).filter((l) => l.at > 0).sort((a, b) => b.at - a.at);
  let last = -Infinity;
  for (const l of labels) {
    const points = rows.filter((r) => r[l.key] > 0).map((r) => `${x(r.n).toFixed(1)},${y(r[l.key]).toFixed(1)}`);
    last = Math.max(y(l.at) + 4, last + 15);
    out.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${l.colour}" stroke-width="2"/>`,
      ...points.map((p) => `<circle cx="${p.split(',')[0]}" cy="${p.split(',')[1]}" r="3" fill="${l.colour}"/>`),
      `<text x="${W - R + 12}" y="${last.toFixed(1)}" fill="${l.colour}">${l.name}: ${nice(l.at)} ms</text>`);
  }
  return out.join('\n') + '\n</svg>\n';
}

const parts = {}; // by heading
let part = '';
const print = (text) => {
  const heading = /^## (.*)/.exec(text);
  if (heading) part = heading[1];
  parts[part] = (parts[part] ?? '') + text + '\n';
};
const pg = read('speed-pg');
if (pg) {
  const ratio = (a, b) => (a / b).toFixed(2);
  print(`## The same on PostgreSQL 15\n\nOne private server on the same two cores; ${count(pg.rows)} imported brands; in turns with pgbench, 16 connections; load average at the end ${pg.load}.\n
| what | measured | against | ratio |
| --- | --- | --- | --- |
| list page of 50 rows, total, counts | ${nice(pg.page)}/s | pgbench, the page's three statements: ${nice(pg.pgbench_page)}/s | ${ratio(pg.page, pg.pgbench_page)} |
| the same | ${nice(pg.page)}/s | pgbench -S, one row by key: ${nice(pg.pgbench_select)}/s | ${ratio(pg.page, pg.pgbench_select)} |
| catalogue from the page cache | ${nice(pg.catalogue)}/s | | |
| import of xlsx | ${nice(pg.rows / pg.import_s)} rows/s | | |
| export to xlsx, csv | ${nice(pg.rows / pg.xlsx_s)}, ${nice(pg.rows / pg.csv_s)} rows/s | | |
| from exec to the first page | ${nice(pg.cold_ms)} ms | | |
| resident memory of the program | ${nice(pg.rss_mb)} MB | | |\n`);
}
for (const [engine, label] of [['sqlite', 'SQLite'], ['postgresql', 'PostgreSQL']]) {
  const grown = read(`grow-${engine}`);
  if (!grown) continue;
  mkdirSync('doc/chart', { recursive: true });
  writeFileSync(`doc/chart/grow-${engine}.svg`, chart(`Growth on ${label}`, grown.rows));
  const rows = grown.rows;
  print(`## Growth on ${label}\n\n\`node test/bench/grow.mjs ${engine} ${rows.map((r) => r.n).join(' ')}\` on ${grown.date} at ${grown.commit}; load average at the end ${grown.load}. Median milliseconds of a request, one after the other.\n
![Milliseconds of pages against the number of brands](chart/grow-${engine}.svg)\n
| page | ${rows.map((r) => count(r.n)).join(' | ')} | last ÷ first |\n|---|${rows.map(() => '---:|').join('')}---:|`);
  for (const [key, name] of LINES) print(`| ${name} | ${rows.map((r) => nice(r[key])).join(' | ')} | ${rows.at(-1)[key] && rows[0][key] ? nice(rows.at(-1)[key] / rows[0][key]) : '–'} |`);
  print(`| first page, requests/s (8 connections) | ${rows.map((r) => nice(r.page_rate)).join(' | ')} | ${nice(rows.at(-1).page_rate / rows[0].page_rate)} |`);
  if (rows.some((r) => r.floor_rate)) print(`| its row statement alone, ${engine === 'sqlite' ? 'bench_floor' : 'pgbench'}, /s | ${rows.map((r) => nice(r.floor_rate)).join(' | ')} | ${nice(rows.at(-1).floor_rate / rows[0].floor_rate)} |`);
  const [flat, grows] = [true, false].map((yes) => LINES.filter(([k]) => (rows.at(-1)[k] / rows[0][k] <= 2) === yes).map(([, name]) => name).join(', '));
  print(`| database, MB | ${rows.map((r) => nice(r.bytes / 1e6)).join(' | ')} | |\n| start with making the indexes, s | ${rows.map((r) => nice(r.start_s)).join(' | ')} | |\n| resident memory, MB | ${rows.map((r) => nice(r.rss_mb)).join(' | ')} | |\n
Flat (at most twice from the first to the last): ${flat || 'none'}. **Not flat**: ${grows || 'none'}.\n`);
}

const MARK = '<!-- PostgreSQL and growth: made by test/bench/report.mjs -->', END = '<!-- end -->';
if (process.argv[2] === '--write') {
  const page = readFileSync('doc/performance.md', 'utf8');
  const from = page.indexOf(MARK), to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error('report: doc/performance.md has no marks');
  const kept = page.slice(from + MARK.length, to).split(/^(?=## )/m).filter((text) => text.startsWith('## ')).map((text) => [/^## (.*)/.exec(text)[1], text.trim() + '\n']);
  const all = { ...Object.fromEntries(kept), ...parts };
  writeFileSync('doc/performance.md', `${page.slice(0, from)}${MARK}\n\n${Object.values(all).map((text) => text.trim()).join('\n\n')}\n\n${page.slice(to)}`);
} else {
  process.stdout.write(Object.values(parts).join('\n'));
}
