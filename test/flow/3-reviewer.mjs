// Story 3: the city's reviewer - queue, return with reason, pass one and many; scope follows the organisation tree; four eyes.
import { as, assert, expect, newBrand, test } from './lib.mjs';

async function submitted(clerk, over) {
  const b = await newBrand(clerk, over);
  expect(await clerk.act('brand', b.id, 'submit'), 200, 'submit');
  return b.id;
}

test('a submitted record lies at the city\'s desk and can no longer be edited', async () => {
  const clerk = await as('aohan'), city = await as('chifeng');
  const id = await submitted(clerk);
  const queue = expect(await city.get('/r/brand?todo=1&state=at_city&limit=200'), 200, 'queue').json;
  assert.ok(queue.items.some((r) => r.id === id));
  const now = await clerk.get(`/r/brand/${id}`);
  assert.equal(now.json.may.edit, false);
  const a = await clerk.send('PATCH', `/r/brand/${id}`, { intro: '改' }, { 'if-match': now.headers.get('etag') });
  assert.ok([403, 409].includes(a.status), a.text);
  assert.equal((await (await as('tongliao')).get(`/r/brand/${id}`)).status, 404, 'another city');
});

test('a return needs a reason, lands on the clerk\'s desk, and may be passed by the same reviewer after correction', async () => {
  const clerk = await as('aohan'), city = await as('chifeng');
  const id = await submitted(clerk);
  expect(await city.act('brand', id, 'return', { reason: '' }), 422, 'return without reason');
  expect(await city.act('brand', id, 'return', { reason: '名称不规范，请修改' }), 200, 'return');
  const desk = (await clerk.get('/desk')).json;
  assert.ok(desk.items.some((x) => x.record === id && x.state === 'returned'), 'among the returned ones');
  const seen = await clerk.get(`/r/brand/${id}`);
  assert.equal(seen.json.state, 'returned');
  expect(await clerk.send('PATCH', `/r/brand/${id}`, { traits: '架线' }, { 'if-match': seen.headers.get('etag') }), 200, 'correct');
  expect(await clerk.act('brand', id, 'submit'), 200, 'submit again');
  const passed = expect(await city.act('brand', id, 'pass', { reason: '审核通过' }), 200, 'pass');
  assert.equal(passed.json.state, 'at_region');
});

test('many are passed at once, with a result for each', async () => {
  const clerk = await as('aohan'), city = await as('chifeng');
  const ids = [await submitted(clerk), await submitted(clerk)];
  const a = await city.form('/r/brand/do/pass', { ids, reason: '审核通过', confirm: '1' });
  assert.ok([200, 303].includes(a.status), a.text.slice(0, 500));
  for (const id of ids) assert.equal((await city.get(`/r/brand/${id}`)).json.state, 'at_region');
});

test('a record on the page shows sections, steps, checks and history', async () => {
  const clerk = await as('aohan'), city = await as('chifeng');
  const id = await submitted(clerk);
  const html = expect(await city.page(`/r/brand/${id}`), 200, 'page').text;
  for (const word of ['基本情况', '审核通过', '退回修改', '提交上报', '138****2046']) assert.ok(html.includes(word), word);
});

test('Manzhouli and Erlianhaote report straight to the region', async () => {
  for (const [login, county, word] of [['manzhouli', '150781', '满洲里'], ['erlianhaote', '152501', '二连浩特']]) {
    const clerk = await as(login);
    const id = await submitted(clerk, { name: `${word}测试导购员`, county, domain: 'quality_service', industry: 'household' });
    const seen = (await (await as('region')).get(`/r/brand/${id}`)).json;
    assert.equal(seen.state, 'at_region');
    assert.equal(seen.holder, '150000');
    if (login === 'manzhouli') assert.equal((await (await as('hulunbeier')).get(`/r/brand/${id}`)).status, 404, 'not below Hulunbeier');
  }
});

test('nobody reviews what they entered: another officer of the same office must', async () => {
  const one = await as('region'), two = await as('region2');
  const b = await newBrand(one, { county: null, name: '内蒙古测试架线工' });
  expect(await one.act('brand', b.id, 'register'), 200, 'register');
  const refused = expect(await one.act('brand', b.id, 'confirm'), 409, 'confirm own');
  assert.match(refused.text, /另一人/);
  assert.match(refused.headers.get('content-type'), /problem\+json/);
  expect(await two.act('brand', b.id, 'confirm'), 200, 'confirm by another');
});

test('a clerk does not see a reviewer\'s step and cannot take it', async () => {
  const clerk = await as('aohan');
  const id = await submitted(clerk);
  const seen = (await clerk.get(`/r/brand/${id}`)).json;
  assert.ok(!seen.actions.some((x) => x.id === 'pass' && x.can));
  const a = await clerk.act('brand', id, 'pass');
  assert.ok([403, 409].includes(a.status), a.text);
});

test('progress of each county of the city, by state, in numbers that open their list', async () => {
  const city = await as('chifeng');
  const r = expect(await city.get('/ledger'), 200, 'ledger');
  assert.equal(r.json.progress.length, 12, 'the counties of the city');
  const aohan = r.json.progress.find((x) => x.label === '敖汉旗');
  const total = aohan.cells.at(-1);
  assert.equal(total.n, aohan.cells.slice(0, -1).reduce((a, c) => a + c.n, 0));
  assert.equal((await city.get(total.href)).json.total, total.n, 'the list behind the number');
  expect(await city.page('/ledger'), 200, 'page');
});

test('a step with many records asks for what it needs once, before anything is done', async () => {
  const city = await as('chifeng');
  const some = expect(await city.get('/r/brand?state=published&size=2'), 200).json.items.map((r) => r.id);
  const refused = expect(await city.send('POST', '/r/brand/do/admit_city', { ids: some }), 422, 'nothing given').json;
  assert.ok(refused.errors.some((e) => e.field === 'basis'), JSON.stringify(refused.errors));
  const page = expect(await city.form('/r/brand/do/admit_city', { ids: some }), 200, 'asked on a page').text;
  assert.match(page, /入库理由/);
});
