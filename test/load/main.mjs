// main.mjs - which parts run; see test/load/run.
import { check, finish } from './lib.mjs';

const PARTS = ['slow', 'idle', 'overload', 'drain', 'full'];
const words = process.argv.slice(2);
for (const part of words.length ? words : PARTS) {
  if (!PARTS.includes(part)) {
    check(false, `no part ${part}`);
    continue;
  }
  try {
    await (await import(`./${part}.mjs`)).default();
  } catch (e) {
    check(false, `${part}: ${e.stack ?? e}`);
  }
}
finish();
