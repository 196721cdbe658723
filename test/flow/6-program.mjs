// Story 6: a program - the same URLs as JSON, tokens, preconditions, once-only, cursors, CSV, OpenAPI.
import { as, ask, assert, brand, expect, newBrand, test } from './lib.mjs';

async function token(login, scope) {
  const p = await as(login);
  const expires = new Date(Date.now() + 30 * 86400e3).toISOString().slice(0, 10);
  const a = await p.send('POST', '/tokens', { name: `测试${scope}`, scope, expires, days: '30' });
  assert.ok([200, 201].includes(a.status), `token: ${a.status} ${a.text}`);
  const text = /tmg_[\w-]+/.exec(a.text)[0];
  return (method, path, { doc, headers = {} } = {}) => ask(method, path, {
    headers: { authorization: `Bearer ${text}`, ...(doc ? { 'content-type': 'application/json' } : {}), ...headers },
    body: doc ? JSON.stringify(doc) : undefined,
  });
}

test('a token of scope write reads and writes; one of scope read only reads', async () => {
  const w = await token('aohan', 'write'), r = await token('aohan', 'read');
  const made = expect(await w('POST', '/r/brand', { doc: brand() }), 201, 'create').json;
  assert.equal((await r('GET', `/r/brand/${made.id}`)).json.id, made.id);
  const no = expect(await r('POST', '/r/brand', { doc: brand() }), 403, 'read token writes');
  assert.match(no.headers.get('content-type'), /problem\+json/);
  assert.equal(expect(await ask('GET', '/desk', { headers: { authorization: 'Bearer tmg_wrong' } }), 401, 'wrong token').json.code, 'unauthenticated');
});

test('every write of a record needs If-Match: 428 without, 412 when stale, and the new ETag afterwards', async () => {
  const clerk = await as('aohan');
  const b = await newBrand(clerk);
  expect(await clerk.send('PATCH', `/r/brand/${b.id}`, { traits: '一' }), 428, 'no If-Match');
  const tag = (await clerk.get(`/r/brand/${b.id}`)).headers.get('etag');
  const ok = expect(await clerk.send('PATCH', `/r/brand/${b.id}`, { traits: '一' }, { 'if-match': tag }), 200, 'patch');
  assert.notEqual(ok.headers.get('etag'), tag);
  assert.equal(ok.json.values.traits, '一');
  assert.equal(ok.json.values.intro, '测试用，不是真实品牌。');
  const stale = expect(await clerk.send('PATCH', `/r/brand/${b.id}`, { traits: '二' }, { 'if-match': tag }), 412, 'stale');
  assert.equal(stale.json.code, 'stale');
  expect(await clerk.send('POST', `/r/brand/${b.id}/do/submit`, {}), 428, 'a step without If-Match');
});

test('money is whole fen both ways', async () => {
  const clerk = await as('aohan');
  const b = await newBrand(clerk);
  const a = await clerk.send('POST', '/r/brand_figures', { brand: b.id, period: '2025', workers: 12, income_avg: 6650050, caliber: '期末实有人数' });
  expect(a, 201, 'figures');
  assert.equal(a.json.values.income_avg, 6650050);
  assert.equal((await clerk.get(`/r/brand/${b.id}`)).json.values.latest_income_avg, 6650050);
  assert.match((await clerk.get(`/r/brand/${b.id}/history`)).text, /66,500\.50/);
});

test('findings come as problem+json with field, code, text and clause', async () => {
  const a = expect(await (await as('aohan')).send('POST', '/r/brand', { name: '敖汉缺项架线工', founded: '2999-01-01' }), 422, 'invalid');
  assert.match(a.headers.get('content-type'), /problem\+json/);
  assert.equal(a.json.status, 422);
  const maturity = a.json.errors.find((e) => e.field === 'maturity');
  assert.equal(maturity.code, 'required');
  assert.equal(maturity.clause, '1.2');
});

test('an Idempotency-Key makes a POST happen once; another request under it is refused', async () => {
  const clerk = await as('aohan');
  const doc = brand(), key = { 'idempotency-key': `k-${Date.now()}` };
  const one = expect(await clerk.send('POST', '/r/brand', doc, key), 201, 'first');
  const two = expect(await clerk.send('POST', '/r/brand', doc, key), 201, 'second');
  assert.equal(two.json.id, one.json.id);
  assert.equal(two.headers.get('idempotency-replayed'), 'true');
  expect(await clerk.send('POST', '/r/brand', brand(), key), 422, 'other request');
  const key2 = { 'idempotency-key': `p-${Date.now()}` }, doc2 = brand();
  const many = await Promise.all([1, 2, 3, 4].map(() => clerk.send('POST', '/r/brand', doc2, key2)));
  assert.equal(new Set(many.map((a) => a.json.id)).size, 1, 'even at the same time');
});

test('cursor pages give every record once', async () => {
  const region = await as('region');
  const seen = new Set();
  let next = '', total, pages = 0;
  do {
    const a = expect(await region.get(`/r/brand?limit=7&order=name${next ? `&cursor=${encodeURIComponent(next)}` : ''}`), 200, 'page').json;
    total ??= a.total;
    for (const r of a.items) {
      assert.ok(!seen.has(r.id));
      seen.add(r.id);
    }
    next = a.next;
  } while (next && ++pages < 100);
  assert.equal(seen.size, total);
  expect(await region.get('/r/brand?cursor=made-up'), 400, 'made-up cursor');
});

test('unknown filters and orders are refused by name', async () => {
  const region = await as('region');
  for (const q of ['nope=1', 'order=phone', 'phone=13800002046', 'limit=abc', 'domain=no_such_code']) {
    const a = await region.get(`/r/brand?${q}`);
    assert.equal(a.status, 400, `${q} gave ${a.status}`);
  }
});

test('a list as CSV has a BOM, is filtered as seen, and starts no cell with a formula', async () => {
  const clerk = await as('aohan');
  await newBrand(clerk, { traits: '=1+1', output_places: '@SUM(A1)' });
  const a = expect(await clerk.ask('GET', '/r/brand/export.csv?domain=livelihood'), 200, 'csv');
  assert.deepEqual([...a.bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  assert.match(a.headers.get('content-type'), /text\/csv/);
  const lines = a.text.trim().split('\r\n').length - 1;
  assert.equal(lines, (await clerk.get('/r/brand?domain=livelihood')).json.total);
  assert.ok(!/(^|,)"?[=@]/m.test(a.text), 'formula');
  assert.ok(!a.text.includes('13800002046'), 'masked');
  const x = expect(await clerk.ask('GET', '/r/brand/export.xlsx'), 200, 'xlsx');
  assert.equal(x.bytes.subarray(0, 2).toString(), 'PK');
});

test('the OpenAPI document is version 3.1 and names the routes', async () => {
  const o = expect(await ask('GET', '/openapi.json'), 200, 'openapi').json;
  assert.match(o.openapi, /^3\.1/);
  for (const p of ['/catalogue', '/r/brand', '/r/brand/{id}', '/jobs/{id}']) assert.ok(o.paths[p], `${p} of ${Object.keys(o.paths).length}`);
});

test('HEAD is GET without a body, and a path ending in .json is JSON', async () => {
  const clerk = await as('aohan');
  const h = expect(await clerk.ask('HEAD', '/r/brand', { headers: { accept: 'application/json' } }), 200, 'HEAD');
  assert.equal(h.bytes.length, 0);
  assert.ok(expect(await clerk.ask('GET', '/r/brand.json'), 200, '.json').json.items);
});
