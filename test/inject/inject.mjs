// inject.mjs - the pages of a Tamga full of payloads, in Chromium: nothing may run, nothing be requested that the page itself does not, no policy be broken
// (then the payload was markup, and only the policy stopped it), and no injected element stand in the page.
import { writeFileSync } from 'node:fs';
import { put } from '../../tool/evidence.mjs';
import { unzip } from '../flow/lib.mjs';
import { sql } from '../rights/facts.mjs';
import * as oracle from '../rights/oracle.mjs';
import { Asker } from '../rights/wire.mjs';
import { control } from './control.mjs';
import { launch, POKE, watched } from './lib.mjs';
import { HTMX, SCRIPTS } from './payloads.mjs';
import { ALL, EVERY, isText, plan } from './plant.mjs';

const BASE = process.env.TAMGA_URL, FULL = Boolean(process.env.INJECT_FULL);
const { pack, people, types } = plan();
let passed = 0, failed = 0;
function verdict(title, faults) {
  if (faults.length === 0) { passed++; return; }
  failed++;
  console.log(`not ok ${title}`);
  for (const f of faults.slice(0, 12)) console.log(`  ${String(f).slice(0, 300)}`);
  if (faults.length > 12) console.log(`  and ${faults.length - 12} more`);
}
const begun = Date.now(), lap = () => `${((Date.now() - begun) / 1000).toFixed(0)} s`;

/* through the way in: the API takes what fits into each text field, and gives it back as it was */
const sessions = new Map();
const here = (who) => { if (!sessions.has(who.login)) sessions.set(who.login, new Asker().signIn(who.login)); return sessions.get(who.login); };
const wrote = { sent: 0, taken: 0, placed: 0 }, changed = [], through = new Map();
function fitting(f, from) {
  let text = '', used = 0;
  for (let i = 0; i < ALL.length; i++) {
    const next = ALL[(from + i) % ALL.length];
    if ([...text, ...next].length + 1 > (f.max ?? 60)) { if (used) break; continue; }
    text += (text && ' ') + next;
    used++;
    if (used === 12) break;
  }
  return [text, used];
}
const refused = new Map();
/** Records of the demonstration that somebody of it may change: what is filled in is complete there, so that only the field at hand can be refused. */
const home = new Map([...pack.orgs.values()].map((o) => [Number(o.home), o.code]));
const demo = sql('select cast(id as text) id, login, org, roles from account where must_change = 0').filter((x) => !x.login.startsWith('i_')).map((x) => ({ id: x.id, login: x.login, office: x.org, roles: x.roles.split(',') }));
function changeable(t) {
  const rows = sql(`select cast(id as text) id, cast(created_by as text) author, home, holder, state, ${t.person ? `"f_${t.person}"` : 'null'} named from "r_${t.type}" where deleted is null and no not like 'I%' and no not like 'C%' limit 400`);
  for (const r of rows) {
    for (const who of demo) {
      const named = r.named ? (r.named === who.login ? 'actor' : 'other') : null, entered = r.author === who.id;
      const rec = { ...r, owner: home.get(Number(r.home)), holder: home.get(Number(r.holder)), whose: oracle.WHOSE.findIndex((w) => w.entered === entered && w.named === named) };
      if (oracle.edit(pack, t, oracle.states(t).find((s) => s.id === r.state), who, rec)) return [who, r];
    }
  }
  return null;
}
const looked = [];
async function throughApi({ t }) {
  const free = t.fields.filter((f) => ['text', 'long'].includes(f.kind) && !f.personal && !f.read_only && !f.computed && f.id !== t.person && !f.pattern), found = changeable(t);
  if (!free.length || !found) return;
  const [who, r] = found, p = await here(who), at = `/r/${t.type}/${r.id}`;
  let etag = (await p.get(at)).headers.etag, any = false;
  for (let round = 0; round < (FULL ? 60 : 5); round++) {
    for (const f of free) {
      const [text, used] = fitting(f, (round * 12 + f.id.length * 31) % ALL.length);
      wrote.sent++;
      const a = await p.send('PATCH', at, { [f.id]: text }, { 'if-match': etag });
      if (a.status !== 200) {
        const why = `${a.status} ${(a.json?.errors ?? [])[0]?.text ?? a.json?.detail ?? ''}`;
        refused.set(why, (refused.get(why) ?? 0) + 1);
        continue;
      }
      any = true;
      wrote.taken++;
      wrote.placed += used;
      through.set(`${t.type}.${f.id}`, true);
      etag = a.headers.etag;
      const back = a.json.values[f.id], plain = (x) => String(x ?? '').normalize('NFC').replace(/[\s\u0000-\u001f\u200b-\u200f\u2028\u2029\u202a-\u202e\ufeff]+/g, '');
      if (plain(back) !== plain(text)) changed.push(`${t.type}.${f.id}: ${JSON.stringify(text).slice(0, 80)} came back as ${JSON.stringify(back).slice(0, 80)}`);
    }
  }
  if (any) looked.push([who, at, `${at}/history`]);
}
for (const t of types) await throughApi(t);
const clerk = people.find((w) => w.roles[0] === 'county_clerk' && w.office === '150430');
const pc = await here(clerk);
/* a spreadsheet whose cells are payloads, whose name is one; checked, it comes back with a message beside each cell */
const csv = '\ufeff编号（新增不填）,品牌名称,所属旗县,成熟程度,领域,产业行业,品牌归属\n' + ALL.map((x) => [x, x, x, x, x, x].map((v) => `"${v.replaceAll('"', '""')}"`).join()).map((l) => `,${l}`).join('\n') + '\n';
const form = new FormData();
form.append('csrf', pc.headers['x-csrf-token']);
form.append('dry_run', '1');
form.append('file', new Blob([csv]), '"><img src=x: onerror=__x(1)>.csv');
const imported = await fetch(`${BASE}/r/brand/import`, { method: 'POST', headers: { accept: 'application/json', cookie: pc.headers.cookie }, body: form, redirect: 'manual' }).then((r) => r.json()).catch((e) => ({ error: e.message }));
const fileForm = new FormData(), brand = types.find((x) => x.t.type === 'brand'), pb = await here(brand.who);
fileForm.append('csrf', pb.headers['x-csrf-token']);
fileForm.append('file', new Blob(['%PDF-1.4\n%%EOF\n']), '"><svg onload=__x(37)>.pdf');
await fetch(`${BASE}/r/brand/${brand.first.id}/files`, { method: 'POST', headers: { accept: 'application/json', cookie: pb.headers.cookie }, body: fileForm, redirect: 'manual' });
/* an evidence bundle of what stands in the demonstration's round and the planted ones */
const batch = types.find((x) => x.t.type === 'batch'), region = people.find((w) => w.roles[0] === 'region_officer' && w.office === '150000'), pr = await here(region);
const asked = await pr.send('POST', `/bundle/batch/${batch.records.at(-1).id}`, { reason: EVERY.slice(0, 190) });
console.log(`${wrote.taken} of ${wrote.sent} writes taken, ${wrote.placed} payloads through ${through.size} fields of the API (${lap()})`);
if (wrote.taken < wrote.sent / 2) console.log([...refused].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([k, n]) => `  ${n} × ${k}`).join('\n'));
verdict('what the API takes it keeps as it was', changed);

const browser = await launch();
const c = await control(browser);
console.log(`control: ${c.ran} of ${c.live} payloads run on a raw page, ${c.fired} of ${c.fires} requests of htmx payloads go out (${lap()})`);
verdict('the list: 300 for scripts and 40 for htmx', SCRIPTS.length >= 300 && HTMX.length >= 40 ? [] : [`${SCRIPTS.length} and ${HTMX.length}`]);
verdict('control: at least 90 % of the payloads said to run do, on a raw page', c.ran >= 0.9 * c.live ? [] : c.dead.map((p) => p.text));
verdict('control: at least 90 % of the htmx payloads said to fire do, on a page with htmx and no nonce', c.fired >= 0.9 * c.fires ? [] : c.mute.map((p) => p.text));

/* the pages, per person */
const q = encodeURIComponent(EVERY.slice(0, 1200)), short = encodeURIComponent('"><img src=/x onerror=__x(11)>');
const visits = new Map([[null, []]]);
const see = (who, ...paths) => { if (!visits.has(who)) visits.set(who, []); visits.get(who).push(...paths); };
for (const [who, ...paths] of looked) see(who, ...paths);
for (const { t, who, records, first } of types) {
  const some = FULL ? records : [...new Set([first, records.at(-1)])];
  see(who, `/r/${t.type}?size=200`, `/r/${t.type}?q=${q}&order=${short}&state=${short}`, `/r/${t.type}/new`, `/r/${t.type}/${first.id}/edit`, `/r/${t.type}/${first.id}/history`);
  for (const r of some) see(who, `/r/${t.type}/${r.id}`);
  const filters = t.list?.filters ?? [];
  if (filters.length) see(who, `/r/${t.type}?${filters.map((f) => `${f}=${short}&${f}.has=${short}`).join('&')}`);
  const shown = records.find((r) => r.published);
  if (shown) see(null, `/r/${t.type}/${shown.id}`, `/r/${t.type}?q=${q}`);
  if (t.sections?.length > 2 && t.actions) see(who, `/r/${t.type}/${first.id}/fill`, `/r/${t.type}/${first.id}/fill/0`, `/r/${t.type}/${first.id}/fill/check`);
  if (t.public_form) see(null, `/f/${t.type}`, `/f/${t.type}?about=${short}`, `/f/${t.type}/status`);
}
const of = (type) => types.find((x) => x.t.type === type), idOf = (type) => of(type)?.records.at(-1).id;
for (const role of ['county_clerk', 'city_reviewer', 'region_officer', 'auditor', 'org_admin', 'expert']) {
  const who = people.find((w) => w.roles[0] === role && w.office === (role === 'county_clerk' ? '150430' : role === 'city_reviewer' ? '150400' : '150000'));
  see(who, '/desk', `/search?q=${q}`, '/notices', '/account', '/tokens', '/jobs', `/jobs/${BigInt(who.id) + 5n}`, '/outbox', `/journal`, `/journal?q=${short}&type=${short}`, '/score', '/ledger', `/ledger?region=${short}`, '/overview', '/rounds', '/panels', '/clauses');
  if (role === 'org_admin') see(who, '/users');
}
see(region, `/round/batch/${idOf('batch')}`, `/ranking/batch/${idOf('batch')}`, `/bundle/batch/${idOf('batch')}`, `/panel/panel/${idOf('panel')}`, `/certificates/batch/${idOf('batch')}`, `/lot/inspection_draw/${idOf('inspection_draw')}`, `/profile/brand/${idOf('brand')}`,
  `/r/brand/${brand.first.id}`, `/r/brand?size=200&view=print`, `/check/brand/name?name=${q}`, `/naming?name=${short}`);
if (imported.id) see(clerk, `/jobs/${imported.id}`, '/r/brand/import');
see(null, `/catalogue?q=${q}`, '/catalogue', '/calls', '/announcements', `/verify?number=${short}`, `/verify/${short}`, '/log', `/log?before=${short}`, `/draw/panel/${idOf('panel')}`, `/lottery/inspection_draw/${idOf('inspection_draw')}`, `/nothing/${short}?a=${short}`, `/catalogue/${short}`,
  ...of('batch').records.map((r) => `/calls/${r.id}`), ...of('public_notice').records.map((r) => `/announcements/public_notice/${r.id}`), ...of('decision').records.map((r) => `/announcements/decision/${r.id}`),
  ...of('brand').records.filter((r) => r.published).map((r) => `/catalogue/${encodeURIComponent(`I${r.id}`)}`), '/login', `/login?next=${short}`, '/accessibility');

const ran = [], forged = [], broken = [], found = [], bad = [], statuses = {};
let pages = 0, echoes = 0;
const own = (x) => x.startsWith(`GET ${BASE}/assets/`) || x.startsWith(`GET ${BASE}/favicon.ico`) || / data:/.test(x) || / blob:/.test(x);
async function look(w, path, how) {
  const { page, seen } = w;
  let a = null;
  for (let times = 0; times < 6; times++) { // a server that has too much to do is asked again when it says
    seen.requests.length = seen.ran.length = seen.dialogs.length = seen.broken.length = 0;
    a = await how().catch((e) => { bad.push(`${path}: ${e.message.split('\n')[0]}`); return null; });
    const later = a?.status?.() === 503 ? Number((await a.allHeaders())['retry-after']) : 0;
    if (!later) break;
    await page.waitForTimeout(1000 * later);
  }
  const status = a?.status?.() ?? 0;
  statuses[status] = (statuses[status] ?? 0) + 1;
  if (status >= 500) bad.push(`${path}: ${status}`);
  const marks = await page.evaluate(POKE).catch((e) => [`poke: ${e.message}`]);
  await page.waitForTimeout(40);
  pages++;
  const at = decodeURIComponent(path).slice(0, 70);
  for (const n of seen.ran) ran.push(`${at}: payload ${n}`);
  for (const d of seen.dialogs) ran.push(`${at}: dialog ${d}`);
  for (const b of seen.broken) broken.push(`${at}: ${b}`);
  for (const m of marks) found.push(`${at}: ${m}`);
  for (const r of seen.requests) if (!own(r) && !/ document$/.test(r)) forged.push(`${at}: ${r}`);
  const documents = seen.requests.filter((r) => / document$/.test(r));
  if (documents.length > 3) forged.push(`${at}: ${documents.length} documents, as ${documents.at(-1)}`);
}
async function visit(who) {
  const storage = who ? { extraHTTPHeaders: {}, storageState: { cookies: (await here(who)).headers.cookie.split('; ').map((x) => { const [name, value] = x.split('='); return { name, value, domain: '127.0.0.1', path: '/', expires: -1, httpOnly: true, secure: false, sameSite: 'Lax' }; }), origins: [] } } : {};
  const w = await watched(browser, storage);
  for (const path of visits.get(who)) {
    await look(w, path, () => w.page.goto(BASE + path, { waitUntil: 'load' }));
    const form = /\/(new|edit)$|^\/f\/[a-z_]+(\?|$)|\/status$|^\/verify|^\/login$|^\/account$/.test(path) && await w.page.locator('main form').count();
    if (!form) continue;
    /* typed in by a person, sent, and shown again with what is wrong */
    const sent = await w.page.evaluate((text) => {
      const form = [...document.querySelectorAll('main form')].find((f) => f.method === 'post');
      if (!form) return false;
      for (const e of form.querySelectorAll('input:not([type]), input[type=text], input[type=search], input[type=tel], input[type=email], input[type=password], textarea')) { e.type && e.setAttribute('type', 'text'); e.value = text; }
      for (const e of form.querySelectorAll('select')) { const o = document.createElement('option'); o.value = text.slice(0, 800); o.textContent = 'o'; e.append(o); e.value = o.value; }
      window.__form = form;
      return true;
    }, EVERY.slice(0, 6000));
    if (!sent) continue;
    echoes++;
    await look(w, `${path} sent`, async () => { const [a] = await Promise.all([w.page.waitForNavigation({ waitUntil: 'load' }), w.page.evaluate(() => { setTimeout(() => HTMLFormElement.prototype.submit.call(window.__form), 0); })]); return a; });
  }
  await w.context.close();
}
const queue = [...visits.keys()].sort((a, b) => visits.get(b).length - visits.get(a).length);
await Promise.all([0, 1, 2].map(async () => { while (queue.length) await visit(queue.shift()); }));

/* the page inside the bundle, from the disk */
let offline = 'no bundle was made';
if (asked.json?.id) {
  for (let i = 0; i < 100; i++) {
    const j = await pr.get(`/jobs/${asked.json.id}`), state = j.json?.state?.value ?? j.json?.state;
    if (state === 'waiting' || state === 'running') { await new Promise((f) => setTimeout(f, 100)); continue; }
    if (state === 'done') {
      const zip = Buffer.from(await (await fetch(`${BASE}/jobs/${asked.json.id}/output`, { headers: { cookie: pr.headers.cookie } })).arrayBuffer());
      const html = unzip(zip)['index.html'] ?? Object.entries(unzip(zip)).find(([n]) => n.endsWith('.html'))?.[1];
      if (html) {
        writeFileSync(`${process.env.TAMGA_TEMP}/bundle.html`, html);
        const w = await watched(browser);
        await look(w, '/bundle.html', () => w.page.goto(`file://${process.env.TAMGA_TEMP}/bundle.html`));
        offline = 'its page opened from the disk';
        await w.context.close();
      }
    } else offline = `bundle: ${state} ${j.json?.text ?? ''}`;
    break;
  }
} else offline = `bundle: ${asked.status} ${asked.text.slice(0, 100)}`;
const w = await watched(browser);
await look(w, '/verify/offline', async () => { writeFileSync(`${process.env.TAMGA_TEMP}/verify.html`, await (await fetch(`${BASE}/verify/offline`)).text()); return w.page.goto(`file://${process.env.TAMGA_TEMP}/verify.html#${q.slice(0, 900)}`); });
await browser.close();

verdict('nothing runs', ran);
verdict('nothing is requested but by the pages themselves', forged);
verdict('no policy is broken', broken);
verdict('no injected element stands in a page', found);
verdict('every page is answered', bad);
console.log(`${ALL.length} payloads, ${pages} pages by ${visits.size} persons, ${echoes} forms sent in and shown again (answers: ${Object.entries(statuses).map(([k, n]) => `${k} ${n}`).join(', ')}), ${offline}; ${ran.length} executed, ${forged.length} forged requests, ${broken.length} policies broken, ${found.length} elements (${lap()})`);
if (!failed) {
  put('inject.control', { control: true, goal: 'control: the payloads run on a page that prints them raw', figure: `${c.ran} of ${c.live} marked as running in Chromium ran (${SCRIPTS.length - c.live} more are for other programs); ${c.fired} of ${c.fires} htmx payloads sent their request where no nonce is asked for`, command: 'test/inject/run' });
  put('inject.pages', { goal: '300 script and 40 htmx payloads through every text field: 0 executed, 0 forged requests, 0 CSP violations',
    figure: `${SCRIPTS.length} and ${HTMX.length} payloads, in every text column of ${types.length} record types and beside them, ${wrote.placed} more through the API; ${pages} pages in Chromium, ${echoes} forms shown again: 0 executed, 0 forged, 0 violations, 0 injected elements`, command: 'test/inject/run' });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
