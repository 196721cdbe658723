// slow.mjs - 4,000 clients that drip the head of a request, 500 that drip a body, 500 that drip an answer, all at once; and ordinary people beside them.
import fs from 'node:fs';
import path from 'node:path';
import { put } from '../../tool/evidence.mjs';
import { check, descriptors, folder, gen, init, pause, readRows, rss, SEED, serve, session, spec } from './lib.mjs';

const HOLD = Number(process.env.HOLD ?? 0);
const KINDS = [['head', 4000], ['body', 500], ['read', 500]];
const LONGEST_MS = 15000;
const COMMAND = 'test/load/run slow';

export default async function slow() {
  const dir = folder(), data = path.join(dir, 'data');
  init(data);
  const server = await serve(data);
  const reader = await session(server.base, data, 'region');
  const people = spec(path.join(dir, 'people'), [...readRows(reader, 50), ['public', 50, 'GET', '/catalogue', { accept: 'text/html' }]]);
  const big = spec(path.join(dir, 'big'), [['big', 1, 'GET', '/openapi.json', { accept: 'application/json' }]]);
  await gen(['closed', server.port, 4, 1, people, SEED]); // warm
  const alone = await gen(['open', server.port, 30, 4, people, SEED, 200]);
  const fds = descriptors(server.pid), rounds = Math.max(1, Math.round(HOLD / 20)), sampled = [];
  const worst = Object.fromEntries(KINDS.map(([kind]) => [kind, { up: 0, cut: 0, failed: 0, life: 0 }]));
  let p99 = 0, lost = 0;
  for (let i = 0; i < rounds; i++) {
    const all = KINDS.map(([kind, n]) => gen(['slow', server.port, kind, n, 20, big]));
    const [seen, ...ends] = await Promise.all([gen(['open', server.port, 30, 14, people, SEED + 1 + i, 200]), ...all]);
    p99 = Math.max(p99, seen.ok_p99);
    lost += Object.values(seen.classes).reduce((n, k) => n + k.lost + k.wrong + k.shed, 0);
    for (const e of ends) {
      const w = worst[e.kind];
      w.up += e.up, w.cut += e.cut, w.failed += e.failed, w.life = Math.max(w.life, e.life_max);
    }
    await pause(1000);
    sampled.push([rss(server.pid), descriptors(server.pid)]);
  }
  const words = KINDS.map(([kind]) => `${worst[kind].cut} of ${worst[kind].up} slow ${kind}, the longest after ${(worst[kind].life / 1000).toFixed(1)} s`).join('; ');
  for (const [kind, n] of KINDS) {
    const w = worst[kind];
    check(w.up === n * rounds && w.cut === w.up && w.life <= LONGEST_MS, `slow ${kind}: ${w.cut} of ${n * rounds} cut, the longest lived ${(w.life / 1000).toFixed(1)} s`);
  }
  check(lost === 0, `ordinary people meanwhile: ${lost} without a good answer, p99 ${p99.toFixed(0)} ms (${alone.ok_p99.toFixed(0)} ms alone)`);
  const [mem, open] = sampled.at(-1);
  check(open <= fds + 50, `descriptors afterwards ${open}, before ${fds}`);
  if (rounds > 3) check(mem <= sampled[2][0] * 1.1 + 5, `memory is flat: ${sampled[2][0].toFixed(0)} MB after three rounds, ${mem.toFixed(0)} MB at the end`);
  put('load.slow', { goal: '4,000 slow heads, 500 slow bodies and 500 slow readers are cut within 15 s', figure: `${rounds} round(s): ${words}; p99 of ordinary requests meanwhile ${p99.toFixed(0)} ms `
    + `(${alone.ok_p99.toFixed(0)} ms alone), ${lost} of them without a good answer; ${mem.toFixed(0)} MB and ${open} descriptors afterwards`, command: COMMAND, seed: SEED });
  check(await server.stop() === 0, 'the server ends well');
  fs.rmSync(dir, { recursive: true, force: true });
}
