// lib.mjs - a browser whose pages tell what ran, what was requested, which policy was broken and what injected markup stands in the page.
import { existsSync } from 'node:fs';
import { chromium } from '../browser/node_modules/playwright-core/index.mjs';

export const launch = () => chromium.launch({ executablePath: ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync), headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-http-cache', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'] });

/** A page that remembers: ran (numbers of payloads), dialogs, requests, broken (policies). */
export async function watched(browser, storage = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN', ...storage });
  const seen = { ran: [], dialogs: [], requests: [], broken: [], errors: [] };
  await context.exposeBinding('__ran', (_, n) => seen.ran.push(n));
  await context.exposeBinding('__broken', (_, t) => seen.broken.push(t));
  await context.addInitScript(() => {
    window.__x = (n) => { window.__ran(Array.isArray(n) ? Number(n[0]) : n); return 0; };
    document.addEventListener('securitypolicyviolation', (e) => window.__broken(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  page.on('dialog', (d) => { if (d.type() === 'beforeunload') return d.accept().catch(() => {}); /* Tamga's own question about what was typed and not saved: leave */ seen.dialogs.push(d.message()); d.dismiss().catch(() => {}); });
  page.on('request', (r) => seen.requests.push(`${r.method()} ${r.url()} ${r.resourceType()}`));
  page.on('console', (m) => { if (/content security policy|refused to/i.test(m.text())) seen.broken.push(m.text()); });
  page.on('pageerror', (e) => seen.errors.push(e.message));
  return { context, page, seen };
}

/** In the page: whatever listens by attribute is poked, whatever leads to a script by address is followed; what was found is told. */
export function poke(doc = document) {
  const found = [];
  for (const e of doc.querySelectorAll('*')) {
    const name = e.nodeName.toLowerCase();
    for (const a of e.attributes) {
      const value = a.value.replace(/[\u0000-\u0020]/g, '').toLowerCase();
      if (a.name.startsWith('on')) {
        found.push(`<${name} ${a.name}>`);
        e.dispatchEvent(new Event(a.name.slice(2), { bubbles: false }));
      } else if (/^(href|xlink:href|src|action|formaction|data|srcdoc|values|to|from)$/.test(a.name) && /^(javascript|vbscript|data:text|livescript)/.test(value)) found.push(`<${name} ${a.name}=${a.value.slice(0, 40)}>`);
      else if (/^(data-)?(hx|sse|ws)-/.test(a.name) && /forged|__x/.test(a.value) && !(a.name === 'hx-nonce' && /^[\w-]{16,}$/.test(a.value))) found.push(`<${name} ${a.name}>`); // our own nonce may hold __x by chance
    }
    if (/^(iframe|object|embed|base|frame|template|math|foreignobject|animate|set)$/.test(name) || (name === 'script' && /__x/.test(e.textContent))) found.push(`<${name}>`);
  }
  for (const e of doc.querySelectorAll('a, area')) {
    if (/^[\u0000-\u0020]*j[\s]*a[\s]*v[\s]*a[\s]*s/i.test(e.getAttribute('href') ?? e.getAttribute('xlink:href') ?? '') || e.querySelector('animate')) e.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
  }
  return found;
}
export const POKE = `(${poke})(document)`;
