// Story 4: the region's office - confirm, library, publish; ledger; overview.
import { as, assert, expect, newBrand, test, web } from './lib.mjs';

async function confirmed() {
  const clerk = await as('aohan');
  const b = await newBrand(clerk);
  expect(await clerk.act('brand', b.id, 'submit'), 200, 'submit');
  expect(await (await as('chifeng')).act('brand', b.id, 'pass'), 200, 'pass');
  expect(await (await as('region')).act('brand', b.id, 'confirm'), 200, 'confirm');
  return b;
}

test('confirmed, admitted to the library with reason and date, published: then in the public catalogue at once', async () => {
  const b = await confirmed();
  const region = await as('region'), publisher = await as('publisher');
  assert.equal((await web.json(`/catalogue/${b.no}`)).status, 404, 'not yet public');
  const missing = expect(await region.act('brand', b.id, 'admit_region', {}), 422, 'no reason');
  assert.ok(missing.json.errors.some((e) => e.field === 'basis'), missing.text);
  expect(await region.act('brand', b.id, 'admit_region', { basis: '技能特色明显', admitted_on: '2026-11-01' }), 200, 'admit');
  const again = expect(await region.act('brand', b.id, 'admit_region', { basis: '再来一次', admitted_on: '2026-11-01' }), 409, 'twice');
  assert.match(again.json.detail + JSON.stringify(again.json.errors), /资源库|条件/);
  assert.equal(again.json.clause, '3.2');
  const before = (await web.json('/catalogue')).json.total;
  expect(await publisher.act('brand', b.id, 'publish', { reason: '带动就业明显' }), 200, 'publish');
  assert.equal((await web.json('/catalogue')).json.total, before + 1, 'never stale');
  expect(await web.page(`/catalogue/${b.no}`), 200, 'entry');
  expect(await region.act('brand', b.id, 'withdraw', { reason: '名称发生变化' }), 200, 'withdraw');
  assert.equal((await web.json('/catalogue')).json.total, before, 'gone at once');
  assert.equal((await web.page(`/catalogue/${b.no}`)).status, 404);
});

test('a condition that does not hold is told with its verdict and stops the step', async () => {
  const b = await confirmed();
  const region = await as('region');
  const seen = (await region.get(`/r/brand/${b.id}`)).json;
  const step = seen.actions.find((x) => x.id === 'to_cultivate');
  assert.equal(step.can, false);
  assert.ok(step.conditions.length >= 3, JSON.stringify(step));
  expect(await region.act('brand', b.id, 'to_cultivate'), 409, 'stage');
});

test('the ledger counts by class and domain and each number opens its list', async () => {
  const region = await as('region');
  const l = expect(await region.get('/ledger'), 200, 'ledger').json;
  assert.equal(l.heads.length, 4);
  for (const r of l.rows) for (const c of r.cells.slice(0, 2)) {
    assert.equal((await region.get(c.href + (c.href.includes('?') ? '&' : '?') + 'limit=1')).json.total, c.n, c.href);
  }
  const city = l.regions.find((r) => /赤峰/.test(r.label));
  const total = city.cells.at(-1);
  assert.equal((await region.get(total.href)).json.total, total.n, total.href);
});

test('the overview shows the target with both denominators, the counts of honours, and an unknown baseline as unknown', async () => {
  const o = expect(await (await as('region')).get('/overview'), 200, 'overview').json;
  const t = Object.fromEntries(o.targets.map((x) => [x.id, x]));
  assert.equal(t.one_county_all.denominator, 103);
  assert.equal(t.one_county_rural.denominator, 80);
  assert.equal(t.region_level.goal, 30);
  assert.equal(t.national_stock.goal, 15);
  assert.equal(t.national_new.baseline, null);
  assert.equal(t.national_new.verdict, '基数未知');
});

test('the map has a cell with number and link for each of the 103 counties', async () => {
  const html = expect(await (await as('region')).page('/overview'), 200, 'overview').text;
  const svg = /<svg[^>]*class="hex[\s\S]*?<\/svg>/.exec(html)[0];
  assert.equal((svg.match(/<a [^>]*href="/g) ?? []).length, 103);
  assert.ok((svg.match(/<text class="num"/g) ?? []).length >= 103);
});

test('every page of the menu opens for the region\'s officer, as a page and as JSON', async () => {
  const region = await as('region');
  const html = (await region.page('/desk')).text;
  const links = [...new Set([...html.matchAll(/href="(\/[a-z][^"#]*)"/g)].map((m) => m[1].replaceAll('&amp;', '&')))]
    .filter((h) => !h.startsWith('/assets') && !h.includes('.xlsx') && !h.includes('.csv'));
  assert.ok(links.length > 8, links.join(' '));
  for (const h of links) {
    const a = await region.page(h);
    assert.ok([200, 303].includes(a.status), `${h} gave ${a.status}: ${a.text.slice(0, 300)}`);
  }
});

test('a record is seen along the six dimensions, with recorded figures only', async () => {
  const region = await as('region');
  const id = (await region.get('/r/brand?q=' + encodeURIComponent('赛罕养老护理员'))).json.items[0].id;
  const r = expect(await region.get(`/profile/brand/${id}`), 200, 'profile');
  assert.equal(r.json.dimensions.length, 6);
  const figures = r.json.dimensions.flatMap((d) => d.figures);
  assert.equal(figures.find((f) => f.label === '发展规划份数').text, '1');
  assert.ok(figures.some((f) => f.text === null), 'what is not recorded stays empty');
  expect(await region.page(`/profile/brand/${id}`), 200, 'page');
});
