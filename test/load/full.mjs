// full.mjs - the disk fills up under a running server: it refuses to take anything in, in clear words, still shows and lets people in, and comes back by itself.
// The disk is a tmpfs of 160 MB, which only root can make; without that right the part says so and counts nothing.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { put } from '../../tool/evidence.mjs';
import { BRAND, check, folder, init, onExit, pause, SEED, serve, session, TAMGA } from './lib.mjs';

function fill(file, keep) {
  const fd = fs.openSync(file, 'w'), block = Buffer.alloc(1 << 20);
  try {
    for (;;) fs.writeSync(fd, block);
  } catch (e) {
    if (e.code !== 'ENOSPC') throw e;
  }
  fs.closeSync(fd);
  if (keep) fs.truncateSync(file, Math.max(0, fs.statSync(file).size - keep));
}

export default async function full() {
  const dir = folder(), disk = path.join(dir, 'disk');
  fs.mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=700', 'tmpfs', disk], { stdio: 'pipe' });
  } catch {
    console.log('full: this user may not mount a small disk; not run');
    return;
  }
  let server = null;
  onExit(() => { try { execFileSync('umount', ['-l', disk], { stdio: 'ignore' }); } catch { /* already gone */ } });
  const data = path.join(disk, 'data');
  init(data);
  server = await serve(data);
  const who = await session(server.base, data, 'aohan');
  let n = 0;
  const write = async () => {
    const r = await fetch(`${server.base}/r/brand`, { method: 'POST', headers: { accept: 'application/json', 'content-type': 'application/json', cookie: who.cookie, 'x-csrf-token': who.csrf },
      body: JSON.stringify({ ...BRAND, name: `敖汉${'甲乙丙丁戊己庚辛壬癸'[n % 10]}${'甲乙丙丁戊己庚辛壬癸'[Math.floor(n++ / 10) % 10]}满架线工` }) });
    return { status: r.status, retry: r.headers.get('retry-after'), json: await r.json() };
  };
  const see = async (p) => { const r = await fetch(server.base + p, { headers: { accept: 'text/html', cookie: who.cookie } }); return { status: r.status, text: await r.text() }; };
  check(fs.statSync(path.join(data, 'ballast')).size > 1 << 20, 'the ballast lies there');
  const first = await write();
  check(first.status === 201, `a write before: ${first.status}`);
  check((await see('/readyz')).status === 200, 'ready before');
  fill(path.join(disk, 'filler'));
  let refused = 0, wrong = 0;
  const acked = [first.json.id];
  for (let i = 0; i < 30; i++) {
    const a = await write();
    if (a.status === 507 && a.retry) refused++;
    else if (a.status === 201) acked.push(a.json.id);
    else wrong++;
  }
  check(refused >= 25 && wrong === 0, `on the full disk: ${refused} of 30 writes refused with 507 and Retry-After, ${wrong} otherwise`);
  const words = await write();
  check(/只能查看/.test(words.json.detail ?? ''), `in clear words: ${words.json.detail}`);
  const ready = await see('/readyz'), shown = await see('/r/brand');
  check(ready.status === 503 && /disk/.test(ready.text), `/readyz says so: ${ready.status} ${ready.text.slice(0, 120)}`);
  check(shown.status === 200, `reading goes on: ${shown.status}`);
  let signed = false;
  try { signed = Boolean((await session(server.base, data, 'chifeng')).cookie); } catch { /* checked below */ }
  check(signed, 'signing in works, in the room that the ballast left');
  fs.rmSync(path.join(disk, 'filler'));
  const began = performance.now();
  let back = { status: 0 };
  while (back.status !== 201 && performance.now() - began < 10000) {
    back = await write();
    if (back.status !== 201) await pause(100);
  }
  const took = performance.now() - began;
  check(back.status === 201 && took <= 5000, `writable again ${took.toFixed(0)} ms after there was room`);
  await pause(1200);
  check((await see('/readyz')).status === 200 && fs.existsSync(path.join(data, 'ballast')), 'ready again, with a new ballast');
  fill(path.join(disk, 'filler'), 12 << 20); // more than half a ballast, less than a new one would ask for
  await pause(1200);
  const tight = await write();
  check(await server.stop() === 0, 'the server ends');
  server = await serve(data);
  const again = await write();
  check(tight.status === 201 && again.status === 201, `started again where the ballast lies and little else is free: writes ${tight.status} before, ${again.status} after`);
  fs.rmSync(path.join(disk, 'filler'));
  let missing = 0;
  for (const id of [...acked, back.json?.id, tight.json?.id, again.json?.id].filter(Boolean)) missing += (await see(`/r/brand/${id}`)).status !== 200;
  check(missing === 0, `${missing} acknowledged writes missing`);
  check(await server.stop() === 0, 'the server ends well');
  let verified = '';
  try { execFileSync(TAMGA, ['verify', '--data', data], { stdio: 'pipe' }); } catch (e) { verified = String(e.stdout) + String(e.stderr); }
  check(verified === '', `tamga verify afterwards: ${verified || 'sound'}`);
  execFileSync('umount', ['-l', disk]);
  put('load.full', { goal: 'a full disk: writes are refused in clear words, reading and signing in go on, /readyz says so, and it comes back by itself', figure: `${refused} of 30 writes refused with 507, `
    + `${wrong} answered otherwise, 0 acknowledged lost (${missing} missing), writable ${took.toFixed(0)} ms after there was room; verified`, command: 'test/load/run full', seed: SEED });
}
