// drain.mjs - SIGTERM while people write: each request that had reached the server gets a whole answer, what was acknowledged is there afterwards, and
// the process ends within ten seconds.
import net from 'node:net';
import path from 'node:path';
import { put } from '../../tool/evidence.mjs';
import { BRAND, check, folder, init, pause, SEED, serve, session } from './lib.mjs';

const ROUNDS = Number(process.env.DRAINS ?? 3), N = 150;
const LETTERS = '甲乙丙丁戊己庚辛壬癸';
const word = (n) => [...String(n).padStart(5, '0')].map((d) => LETTERS[d]).join('');

/** One request on a connection of its own. {sent: when the kernel has it, answer: {status, whole, id}} */
function request(port, head, body) {
  const text = `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const socket = net.connect(port, '127.0.0.1');
  let out = Buffer.alloc(0);
  const sent = new Promise((f, no) => { socket.on('connect', () => socket.write(text, () => f())); socket.on('error', no); });
  sent.catch(() => {});
  const answer = new Promise((f) => {
    const end = () => {
      const s = out.toString('latin1'), at = s.indexOf('\r\n\r\n'), length = /content-length: (\d+)/i.exec(s);
      f({ status: Number(s.slice(9, 12)) || 0, whole: at > 0 && length && out.length === at + 4 + Number(length[1]), retry: /retry-after/i.test(s.slice(0, at)),
        id: /"id":"(\d+)"/.exec(s)?.[1] });
      socket.destroy();
    };
    socket.on('data', (d) => {
      out = Buffer.concat([out, d]);
      const s = out.toString('latin1'), at = s.indexOf('\r\n\r\n'), length = /content-length: (\d+)/i.exec(s);
      if (at > 0 && length && out.length >= at + 4 + Number(length[1])) end();
    });
    socket.on('close', end);
    socket.on('error', () => {});
    setTimeout(end, 20000).unref();
  });
  return { sent, answer };
}

export default async function drain() {
  const dir = folder(), data = path.join(dir, 'data');
  init(data);
  let asked = 0, unanswered = 0, made = 0, refused = 0, missing = 0, slowest = 0;
  let serial = SEED * 1000 % 90000;
  for (let i = 0; i < ROUNDS; i++) {
    let server = await serve(data);
    const who = await session(server.base, data, 'aohan');
    const head = `POST /r/brand HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-type: application/json\r\ncookie: ${who.cookie}\r\nx-csrf-token: ${who.csrf}\r\n`;
    const all = Array.from({ length: N }, () => request(server.port, head, JSON.stringify({ name: `敖汉${word(serial++)}架线工`, ...BRAND })));
    await Promise.all(all.map((r) => r.sent));
    const began = performance.now();
    server.child.kill('SIGTERM');
    const answers = await Promise.all(all.map((r) => r.answer));
    const code = await server.ended;
    slowest = Math.max(slowest, performance.now() - began);
    check(code === 0, `round ${i + 1}: exit status ${code}`);
    const ids = answers.filter((a) => a.status === 201).map((a) => a.id);
    asked += N;
    unanswered += answers.filter((a) => !a.whole || !(a.status === 201 || (a.status === 503 && a.retry))).length;
    made += ids.length;
    refused += answers.filter((a) => a.status === 503).length;
    server = await serve(data);
    const again = await session(server.base, data, 'aohan');
    for (const id of ids) {
      const r = await fetch(`${server.base}/r/brand/${id}`, { headers: { accept: 'application/json', cookie: again.cookie } });
      if (r.status !== 200) missing++;
      await r.arrayBuffer();
    }
    await server.stop();
    await pause(10);
  }
  check(unanswered === 0, `${asked} writes on the way when the server was told to stop: ${made} done, ${refused} refused with Retry-After, ${unanswered} without a whole answer`);
  check(made > 0, `${made} of them done`);
  check(missing === 0, `${missing} acknowledged writes are not there afterwards`);
  check(slowest <= 10000, `the longest stop took ${slowest.toFixed(0)} ms`);
  put('load.drain', { goal: 'SIGTERM under load: every request that had arrived is answered, nothing acknowledged is lost, gone within 10 s', figure: `${ROUNDS} stops with ${N} writes on the way: ${made} done, `
    + `${refused} refused with Retry-After, ${unanswered} without a whole answer, ${missing} acknowledged and missing; the longest stop ${slowest.toFixed(0)} ms`, command: 'test/load/run drain', seed: SEED });
}
