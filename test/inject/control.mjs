// control.mjs - is the list alive? Every payload on a page that prints it raw must run where it says so, and those for htmx must send their request where
// htmx is and no nonce is asked for. What does not run here proves nothing on Tamga.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { HTMX, RAW, SCRIPTS } from './payloads.mjs';
import { POKE, watched } from './lib.mjs';

const FRAMES = 45;
const htmxFile = new URL('../../web/node_modules/htmx.org/dist/htmx.min.js', import.meta.url);

export async function control(browser) {
  const forged = new Set();
  const server = createServer((q, a) => {
    const url = new URL(q.url, 'http://x'), n = Number(url.searchParams.get('n'));
    q.resume();
    if (url.pathname === '/raw') {
      a.setHeader('content-type', 'text/html; charset=utf-8');
      const p = SCRIPTS[n - 1];
      return a.end(`<!DOCTYPE html><meta charset=utf-8><body>${RAW[p.at](p.text)}`);
    }
    if (url.pathname === '/hx') {
      a.setHeader('content-type', 'text/html; charset=utf-8');
      const p = HTMX[n - 1];
      return a.end(`<!DOCTYPE html><meta charset=utf-8><script src=/htmx.js></script><body><input name=csrf value=1><div>${/^['"]/.test(p.text) ? `<input value=${p.text[0]}${p.text}` : p.text}</div>`);
    }
    if (url.pathname === '/frames') {
      a.setHeader('content-type', 'text/html; charset=utf-8');
      return a.end(`<!DOCTYPE html><body>${url.searchParams.get('n').split(',').map((p) => `<iframe width=60 height=40 src="/${url.searchParams.get('of')}?n=${p}"></iframe>`).join('')}`);
    }
    if (url.pathname === '/htmx.js') { a.setHeader('content-type', 'text/javascript'); return a.end(readFileSync(htmxFile)); }
    if (url.pathname === '/forged') forged.add(Number(url.searchParams.get('h')));
    a.statusCode = url.pathname === '/forged' ? 200 : 404;
    a.end('');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${server.address().port}`;
  const { context, page, seen } = await watched(browser);
  for (const [of, every, wait] of [['raw', SCRIPTS, 1], ['hx', HTMX, 1], ['raw', SCRIPTS, 3], ['hx', HTMX, 3]]) { /* a second time, with patience, what did not run on a busy machine */
    const list = wait === 1 ? every : every.filter((p) => (of === 'raw' ? p.runs && !seen.ran.includes(p.n) : p.fires && !forged.has(p.n)));
    for (let from = 0; from < list.length; from += FRAMES / wait) {
      await page.goto(`${base}/frames?of=${of}&n=${list.slice(from, from + FRAMES / wait).map((p) => p.n)}`, { waitUntil: 'load' }).catch(() => {});
      for (let round = 0; round < 2; round++) {
        await Promise.all(page.frames().slice(1).map((f) => Promise.race([f.evaluate(POKE).catch(() => {}), page.waitForTimeout(1500)])));
        if (of === 'raw') { /* forms last: a frame that was sent away tells no more */
          await Promise.all(page.frames().slice(1).map((f) => Promise.race([f.evaluate(`document.querySelectorAll('button, [type=submit]').forEach((b) => { if (/javascript/.test(document.body.innerHTML)) b.click(); })`).catch(() => {}), page.waitForTimeout(1500)])));
        }
        await page.waitForTimeout((of === 'hx' ? 400 : 250) * wait);
      }
    }
  }
  await context.close();
  server.closeAllConnections();
  server.close();
  const ran = new Set(seen.ran), live = SCRIPTS.filter((p) => p.runs), dead = live.filter((p) => !ran.has(p.n)), fires = HTMX.filter((p) => p.fires), mute = fires.filter((p) => !forged.has(p.n));
  return { live: live.length, ran: live.length - dead.length, dead, more: SCRIPTS.filter((p) => !p.runs && ran.has(p.n)), fires: fires.length, fired: fires.length - mute.length, mute };
}
