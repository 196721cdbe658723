// requests.mjs - forty requests (and a few more) that stand for all: what torture.mjs asks while memory or the disk fails.
//
// A row: name; make(w): what to send, anew each time ({method, path, …}; w.* prepares with a server that works); `done(w, r, a)`: for a write, whether
// it has happened, asked afterwards; `job`: the answer names a job that is waited for, `done` sees its end. Rows without `done` only read.
import crypto from 'node:crypto';

const J = { accept: 'application/json' };
const get = (who, path, html = false) => () => ({ who, method: 'GET', path: typeof path === 'function' ? path() : path, headers: html ? { accept: 'text/html' } : J });
let serial = 0;
const letters = '甲乙丙丁戊己庚辛壬癸';
export const word = () => [...String(serial++).padStart(6, '0')].map((d) => letters[d]).join('');
const fields = () => ({ name: `敖汉${word()}工`, maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public',
  county: '150430', intro: '测试用，不是真实品牌。', phone: '13800002046' });
const pdf = () => Buffer.from(`%PDF-1.7\n% ${word()} ${crypto.randomUUID()}\n${'x'.repeat(3000)}`);

function multipart(parts) {
  const mark = `----tamga${crypto.randomUUID()}`, out = [];
  for (const [name, value, file] of parts) {
    out.push(Buffer.from(`--${mark}\r\ncontent-disposition: form-data; name="${name}"${file ? `; filename="${file}"` : ''}\r\n\r\n`), Buffer.from(value), Buffer.from('\r\n'));
  }
  out.push(Buffer.from(`--${mark}--\r\n`));
  return { body: Buffer.concat(out), type: `multipart/form-data; boundary=${mark}` };
}
const send = (who, method, path, doc, headers = {}) => ({ who, method, path, body: JSON.stringify(doc), headers: { ...J, 'content-type': 'application/json', ...headers } });
const form = (w, path, doc) => ({ who: 'session', method: 'POST', path, body: new URLSearchParams({ csrf: w.csrf, ...doc }).toString(),
  headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' } });

/** How many brands bear this name: 0 or 1; anything else is half a write. */
const named = async (w, name) => (await w.ask('clerk', 'GET', `/r/brand?q=${encodeURIComponent(name)}`)).json.items.length;
const read = async (w, id, type = 'brand', who = 'clerk') => (await w.ask(who, 'GET', `/r/${type}/${id}`));
const text = (v) => v?.value ?? v;

const create = {
  make: () => { const f = fields(); return { ...send('clerk', 'POST', '/r/brand', f), f }; },
  done: async (w, r) => (await named(w, r.f.name)) === 1,
};
const csv = (rows) => '\ufeff' + [['品牌名称', '所属旗县', '成熟程度', '领域', '产业行业', '品牌归属', '联系电话', '品牌简介'],
  ...rows.map((n) => [n, '敖汉旗', '零散', '民生保障型', '建筑业', '区域公用', '13800002046', '测试用，不是真实品牌。'])].map((r) => r.join(',')).join('\r\n') + '\r\n';
const importing = (mode) => ({
  job: true,
  make: () => {
    const names = [1, 2, 3].map(() => `敖汉${word()}工`), m = multipart([['mode', mode], ['file', csv(names), '摸底.csv']]);
    return { who: 'clerk', method: 'POST', path: '/r/brand/import', body: m.body, headers: { ...J, 'content-type': m.type }, names };
  },
  done: async (w, r) => {
    const n = await Promise.all(r.names.map((x) => named(w, x)));
    const sum = n.reduce((a, b) => a + b, 0);
    if (mode === 'dry') return sum === 0 ? 'either' : 'half';
    return sum === 3 ? true : sum === 0 ? false : 'half';
  },
});

export const REQUESTS = [
  { name: 'sign in', make: (w) => ({ who: 'nobody', method: 'POST', path: '/login', body: new URLSearchParams({ login: 'ningcheng', password: w.password, csrf: w.loginCsrf }).toString(),
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', cookie: w.loginCookie } }) },
  { name: 'desk', make: get('session', '/desk', true) },
  { name: 'list', make: get('clerk', () => `/r/brand?domain=livelihood&q=${encodeURIComponent('敖汉')}`) },
  { name: 'list with filters as a page', make: get('session', '/r/brand?state=draft&domain=livelihood&sort=name', true) },
  { name: 'record', make: (w) => get('clerk', `/r/brand/${w.brand}`)() },
  { name: 'record as a page', make: (w) => get('session', `/r/brand/${w.brand}`, true)() },
  { name: 'form of a new record', make: get('session', '/r/brand/new', true) },
  { name: 'form to edit', make: (w) => get('session', `/r/brand/${w.draft}/edit`, true)() },
  { name: 'create', ...create },
  { name: 'create, once only', make: () => { const r = create.make(); r.headers['idempotency-key'] = crypto.randomUUID(); return r; }, done: create.done },
  { name: 'create by form', make: (w) => { const f = fields(); return { ...form(w, '/r/brand', f), f }; }, done: create.done },
  { name: 'edit', make: async (w) => { const now = await read(w, w.draft); const intro = `测试 ${crypto.randomUUID()}`;
    return { ...send('clerk', 'PATCH', `/r/brand/${w.draft}`, { intro }, { 'if-match': now.etag }), intro, rev: now.json.rev }; },
    done: async (w, r) => { const b = (await read(w, w.draft)).json, same = text(b.values.intro) === r.intro;
      return same && b.rev === r.rev + 1 ? true : !same && b.rev === r.rev ? false : 'half'; } },
  { name: 'edit by form', make: async (w) => { const b = (await read(w, w.draft)).json, f = fields(); return { ...form(w, `/r/brand/${w.draft}`, { ...f, rev: b.rev }), f, rev: b.rev }; },
    done: async (w, r) => { const b = (await read(w, w.draft)).json, same = text(b.values.name) === r.f.name; return same && b.rev === r.rev + 1 ? true : !same && b.rev === r.rev ? false : 'half'; } },
  { name: 'edit that is refused', make: (w) => send('clerk', 'PATCH', `/r/brand/${w.draft}`, { domain: 'no such code', founded: '不是日期' }, { 'if-match': '"1"' }) },
  { name: 'act: submit', make: async (w) => { const b = (await w.ask('clerk', 'POST', '/r/brand', fields())).json;
    return { ...send('clerk', 'POST', `/r/brand/${b.id}/do/submit`, {}, { 'if-match': `"${b.rev}"` }), id: b.id, rev: b.rev }; },
    done: async (w, r) => { const b = (await read(w, r.id)).json, s = text(b.state); return s !== 'draft' && b.rev > r.rev ? true : s === 'draft' && b.rev === r.rev ? false : 'half'; } },
  { name: 'act: open a review of every certificate', make: async (w) => {
    const b = (await w.ask('region', 'POST', '/r/review_round', { title: `测试复评${word()}`, level: 'autonomous', year: 2027, period: '2026H1', prev_period: '2025H2', due: '2099-12-31', ...w.round })).json;
    return { ...send('region', 'POST', `/r/review_round/${b.id}/do/open`, {}, { 'if-match': `"${b.rev}"` }), id: b.id, rev: b.rev }; },
    done: async (w, r) => { const s = text((await read(w, r.id, 'review_round', 'region')).json.state);
      const n = (await w.ask('region', 'GET', `/r/review?round=${r.id}`)).json.total;
      w.reviews ??= n || undefined; return s === 'open' && n === w.reviews && n > 0 ? true : s === 'draft' && n === 0 ? false : 'half'; } },
  { name: 'act: name a certificate', make: async (w) => { const now = await read(w, w.certificate, 'certificate', 'region');
    return { ...send('region', 'POST', `/r/certificate/${w.certificate}/do/name`, { mn: `ᠮᠣᠩᠭᠣᠯ ${word()}` }, { 'if-match': now.etag }), rev: now.json.rev }; },
    done: async (w, r) => { const n = (await read(w, w.certificate, 'certificate', 'region')).json.rev - r.rev; return n === 1 ? true : n === 0 ? false : 'half'; } },
  { name: 'delete a record', make: async (w) => { const b = (await w.ask('clerk', 'POST', '/r/brand', fields())).json;
    return { who: 'clerk', method: 'DELETE', path: `/r/brand/${b.id}`, headers: { ...J, 'if-match': `"${b.rev}"`, 'content-type': 'application/json' }, body: '{"reason":"测试"}', id: b.id }; },
    done: async (w, r) => (await read(w, r.id)).status === 404 },
  { name: 'attach a file', make: (w) => { const bytes = pdf(), m = multipart([['kind', '样例'], ['file', bytes, '样例.pdf']]);
    return { who: 'clerk', method: 'POST', path: `/r/brand/${w.heap()}/files`, body: m.body, headers: { ...J, 'content-type': m.type }, bytes }; },
    done: async (w, r, a) => { if (!a?.json?.id || a.status >= 300) return 'either'; const f = await w.ask('clerk', 'GET', `/files/${a.json.id}`); return f.status === 200 && f.bytes.equals(r.bytes); } },
  { name: 'attach a large file', make: (w) => { const bytes = Buffer.concat([pdf(), Buffer.alloc(400000, 'y')]), m = multipart([['kind', '样例'], ['file', bytes, '样例.pdf']]);
    return { who: 'clerk', method: 'POST', path: `/r/brand/${w.heap()}/files`, body: m.body, headers: { ...J, 'content-type': m.type }, bytes }; },
    done: async (w, r, a) => { if (!a?.json?.id || a.status >= 300) return 'either'; const f = await w.ask('clerk', 'GET', `/files/${a.json.id}`); return f.status === 200 && f.bytes.equals(r.bytes); } },
  { name: 'fetch a file', make: (w) => get('clerk', `/files/${w.file}`)(), whole: (w, a) => a.bytes.equals(w.fileBytes) },
  { name: 'drop a file', make: async (w) => { const b = w.heap(), m = multipart([['kind', '样例'], ['file', pdf(), '样例.pdf']]);
    const f = (await w.raw({ who: 'clerk', method: 'POST', path: `/r/brand/${b}/files`, body: m.body, headers: { ...J, 'content-type': m.type } })).json;
    return { ...send('clerk', 'DELETE', `/files/${f.id}`, { reason: '测试' }), id: f.id }; }, done: async (w, r) => (await w.ask('clerk', 'GET', `/files/${r.id}`)).status === 404 },
  { name: 'unmask', make: (w) => send('clerk', 'POST', `/r/brand/${w.brand}/unmask`, { reason: '电话核实情况' }), whole: (w, a) => text(a.json.values.phone) === w.phone },
  { name: 'history', make: (w) => get('session', `/r/brand/${w.brand}/history`, true)() },
  { name: 'import, dry', ...importing('dry') },
  { name: 'import for real', ...importing('real') },
  { name: 'export csv', make: get('clerk', '/r/brand/export.csv?domain=livelihood'), same: true },
  { name: 'export xlsx', make: get('region', '/r/certificate/export.xlsx'), zip: true },
  { name: 'template xlsx', make: get('session', '/r/brand/template.xlsx'), zip: true },
  { name: 'bundle', job: true, make: (w) => send('region', 'POST', `/bundle/batch/${w.batch}`, {}), done: async () => 'either' },
  { name: 'document pdf', make: (w) => get('region', `/r/batch/${w.batch}/documents/decision.pdf`)(), pdf: true },
  { name: 'catalogue', make: () => get('nobody', `/catalogue?q=${encodeURIComponent(word())}`, true)() },
  { name: 'entry of the catalogue', make: (w) => get('nobody', `/catalogue/${w.entry}?x=${encodeURIComponent(word())}`, true)() },
  { name: 'search', make: get('session', `/search?q=${encodeURIComponent('敖汉')}`, true) },
  { name: 'verify: page', make: () => get('nobody', `/verify?x=${encodeURIComponent(word())}`, true)() },
  { name: 'verify: a number', make: (w) => get('nobody', `/verify/${w.certNo}`, true)() },
  { name: 'verify: text', make: () => ({ who: 'nobody', method: 'POST', path: '/verify', body: 'q=TAMGA1.x.y', headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' } }) },
  { name: 'ledger', make: get('session', '/ledger', true) },
  { name: 'overview', make: get('region', '/overview') },
  { name: 'ranking', make: (w) => get('region', `/ranking/batch/${w.batch}`)() },
  { name: 'journal', make: get('auditor', '/journal') },
  { name: 'name while it is typed', make: () => get('clerk', `/naming?name=${encodeURIComponent(`敖汉${word()}工`)}`)() },
  { name: 'public log', make: () => get('nobody', `/log?x=${encodeURIComponent(word())}`, true)() },
  { name: 'proof of a log entry', make: () => get('nobody', '/log/entry/0')() },
  { name: 'openapi', make: () => get('nobody', `/openapi.json?x=${encodeURIComponent(word())}`)() },
  { name: 'make a token', make: () => send('session', 'POST', '/tokens', { name: word(), scope: 'read' }),
    done: async (w, r, a) => { if (a?.json?.token === undefined) return 'either'; return (await w.raw({ who: 'nobody', method: 'GET', path: '/desk', headers: { ...J, authorization: `Bearer ${a.json.token}` } })).status === 200; } },
  { name: 'hand on to a colleague', make: async (w) => { const b = (await w.ask('clerk', 'POST', '/r/brand', fields())).json;
    return { ...send('clerk', 'POST', `/r/brand/${b.id}/tasks`, { kind: 'copy', to: 'aohan', text: '请看' }), id: b.id }; } },
];
