// run.mjs - runs every story in its order and counts.
import fs from 'node:fs';
import { BASE, sent, tests } from './lib.mjs';

const only = process.argv[2];
const here = new URL('.', import.meta.url).pathname;
let passed = 0, failed = 0;
for (const file of fs.readdirSync(here).filter((f) => /^\d.*\.mjs$/.test(f) && (!only || f.includes(only))).sort()) {
  tests.length = 0;
  await import(here + file);
  for (const t of [...tests]) {
    try {
      await t.fn();
      passed++;
    } catch (e) {
      failed++;
      console.log(`not ok ${file}: ${t.title}\n    ${String(e.stack ?? e).split('\n').slice(0, 12).join('\n    ')}`);
    }
  }
}
if (BASE.length > 1) console.log(`${sent.all} requests by turns to two processes, ${sent.across} readings right after a write at the other, ${sent.twice} answers of both compared`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
