// Story 23: a period is closed - figures stay, whoever writes is told, a reason reopens it, the next closing is the next version.
import { as, assert, DATA, expect, job, newBrand, run, test, unzip, web } from './lib.mjs';
import { made } from './own.mjs';

const PERIOD = '2019Q3', AT = `/closing/brand_figures/${PERIOD}`, SAID = /2019年第3季度 已关账，不能再改；要更正，请[^<"]*先重开该期/;
let world;
const figures = (brand, over = {}) => ({ brand: brand.id, period: PERIOD, workers: 100, trained: 30, certified: 20, output: 5, poor: 1, income_total: 123456, caliber: '期末实有人数', source: '测试用', ...over });
const sum = (row, field) => row.cells.find((c) => c.field === field).total;
const csv = (name, workers, period) => `品牌名称,所属旗县,成熟程度,领域,产业行业,品牌归属,品牌简介,期别,从业人数\r\n${name},敖汉旗,零散,民生保障型,建筑业,区域公用,测试用,${period},${workers}\r\n`;

test('an open period shows the records as they are, and says that they change; each sees its own offices', async () => {
  const aohan = await as('aohan'), ningcheng = await as('ningcheng');
  const a = await newBrand(aohan), b = await newBrand(ningcheng, { name: '宁城测试架子工', county: '150429' }), empty = await newBrand(aohan);
  world = { a, b, empty, fa: await made(aohan, 'brand_figures', figures(a)), fb: await made(ningcheng, 'brand_figures', figures(b, { workers: 50, trained: null })) };
  const region = await as('region2'), doc = expect(await region.get(AT), 200, 'page').json;
  assert.deepEqual([doc.closed, doc.version, doc.rev, doc.may_close, doc.total.n], [false, 0, 0, true, 2]);
  assert.deepEqual(doc.rows.map((r) => [r.label, sum(r, 'workers'), sum(r, 'trained'), sum(r, 'income_total')]), [['赤峰市人力资源和社会保障局', 150, 30, 246912]]);
  assert.match((await region.page(AT)).text, /未关账，数字仍会变/);
  const own = expect(await aohan.get(AT), 200, 'a county').json;
  assert.deepEqual([own.rows.map((r) => r.label), sum(own.total, 'workers'), own.may_close], [['敖汉旗人力资源和社会保障局'], 100, false]);
  assert.equal(sum((await (await as('chifeng')).get(AT)).json.total, 'workers'), 150, 'the city has both counties');
  assert.equal((await (await as('tongliao')).get(AT)).json.rows.length, 0, 'another city has none of them');
  const list = expect(await region.get('/closing/brand_figures'), 200, 'list').json;
  assert.deepEqual(list.periods.filter((p) => p.period === PERIOD).map((p) => [p.closed, p.n]), [[false, 2]]);
  expect(await web.json(AT), 401, 'the public');
  expect(await region.get('/closing/brand/2019Q3'), 404, 'a type that is not closed');
  expect(await region.get('/closing/brand_figures/2019-Q3'), 404, 'not in its one form');
  expect(await region.get(`${AT}/sums.csv`), 409, 'nothing to cite yet');
});

test('who may not close is refused; who may does it once', async () => {
  for (const login of ['aohan', 'chifeng', 'publisher', 'leader', 'auditor']) expect(await (await as(login)).send('POST', `${AT}/close`, { rev: '0' }), 403, login);
  const region = await as('region2');
  expect(await region.send('POST', `${AT}/close`, {}), 428, 'without having seen it');
  expect(await region.send('POST', '/closing/brand_figures/2018Q1/close', { rev: '0' }), 409, 'no records');
  expect(await region.form(`${AT}/close`, { rev: '0' }), 303, 'close');
  expect(await region.form(`${AT}/close`, { rev: '0' }), 412, 'somebody was quicker');
  const doc = expect(await region.get(AT), 200, 'page').json;
  assert.deepEqual([doc.closed, doc.version, doc.rev, doc.agrees, doc.may_close, doc.may_reopen], [true, 1, 1, true, false, true]);
  assert.match(doc.hash, /^[0-9a-f]{64}$/);
  assert.equal(sum(doc.total, 'workers'), 150);
  const page = (await region.page(AT)).text;
  assert.match(page, /关账时的合计/);
  assert.match(page, /相差 0/);
  assert.doesNotMatch(page, /未关账/);
  world.hash = doc.hash;
});

test('the form keeps what was typed and says why; programs get a finding; nothing is deleted', async () => {
  const aohan = await as('aohan'), id = world.fa.id;
  const now = expect(await aohan.get(`/r/brand_figures/${id}`), 200, 'record');
  assert.match(now.json.closed, SAID);
  assert.deepEqual([now.json.may.edit, now.json.may.delete], [false, false]);
  const page = (await aohan.page(`/r/brand_figures/${id}`)).text;
  assert.match(page, SAID);
  assert.doesNotMatch(page, new RegExp(`/r/brand_figures/${id}/edit`));
  expect(await aohan.page(`/r/brand_figures/${id}/edit`), 409, 'no form');
  const rev = now.headers.get('etag').replace(/"/g, '');
  const typed = await aohan.form(`/r/brand_figures/${id}`, { rev, brand: world.a.id, period: PERIOD, workers: '4711', caliber: '期末实有人数', source: '别的来源' });
  expect(typed, 422, 'form');
  assert.match(typed.text, SAID);
  assert.match(typed.text, /value="4711"/);
  assert.match(typed.text, /别的来源/);
  const patch = expect(await aohan.send('PATCH', `/r/brand_figures/${id}`, { workers: 101 }, { 'if-match': `"${rev}"` }), 422, 'program').json;
  assert.deepEqual(patch.errors.map((e) => [e.field, e.code]), [['period', 'closed']]);
  expect(await aohan.send('PATCH', `/r/brand_figures/${id}`, { period: '2019Q4' }, { 'if-match': `"${rev}"` }), 422, 'out of the period');
  const fresh = expect(await aohan.send('POST', '/r/brand_figures', figures(world.empty)), 422, 'new').json;
  assert.deepEqual(fresh.errors.map((e) => e.code), ['closed']);
  const other = await (await as('manzhouli')).send('POST', '/r/brand_figures', figures(world.empty));
  assert.ok([404, 422].includes(other.status), `an office without a record: ${other.status}`);
  expect(await aohan.send('DELETE', `/r/brand_figures/${id}`, {}, { 'if-match': `"${rev}"` }), 409, 'delete');
  expect(await aohan.send('POST', '/r/brand_figures', figures(world.empty, { period: '2019Q4' })), 201, 'another period');
  assert.match((await aohan.page(`/r/brand_figures?period=${PERIOD}`)).text, /已关账/);
});

test('an import row of the period is refused beside its cell, others of the table are taken', async () => {
  const aohan = await as('aohan'), send = async (text, mode) => job(aohan, expect(await aohan.upload('/r/brand/import', '表.csv', text, { mode }), 202, 'import').json.id);
  for (const mode of ['dry', 'real']) {
    const j = await send(csv('敖汉测试钳工', 12, '2019年第3季度') + csv('敖汉测试车工', 12, '2019Q2').split('\r\n')[1] + '\r\n', mode);
    const cells = Object.values(unzip(expect(await aohan.ask('GET', `/jobs/${j.id}/report`), 200, 'report').bytes)).join('');
    assert.deepEqual([j.counts.created, j.counts.wrong], [1, 1], `${mode}: ${JSON.stringify(j)} ${[...cells.matchAll(/<t[^>]*>([^<]*)/g)].map((m) => m[1]).join(' | ').slice(0, 3000)}`);
    assert.match(cells, SAID);
  }
  assert.equal((await aohan.get('/r/brand?q=' + encodeURIComponent('测试钳工'))).json.total, 0, 'nothing of the row was written');
  const same = await send(csv(world.a.title, 100, PERIOD), 'real');
  assert.equal(same.counts.wrong, 0, `the figures as they are: ${JSON.stringify(same)}`);
});

test('publishing changes no figure and stays open; the closing still agrees', async () => {
  const publisher = await as('publisher');
  expect(await publisher.act('brand_figures', world.fa.id, 'publish'), 200, 'publish');
  expect(await publisher.act('brand_figures', world.fa.id, 'unpublish', { reason: '口径需要核实' }), 200, 'unpublish');
  const doc = (await publisher.get(AT)).json;
  assert.deepEqual([doc.agrees, doc.hash], [true, world.hash]);
});

test('the closed figures as a file, with version and hashes', async () => {
  const file = expect(await (await as('region2')).ask('GET', `${AT}/sums.csv`), 200, 'file');
  const lines = file.text.replace(/^\ufeff/, '').trim().split(/\r?\n/).map((l) => l.split(','));
  assert.deepEqual(lines[0].slice(0, 7), ['期别', '版次', '单位代码', '单位', '汇总单位', '记录数', '从业人数（人）']);
  assert.deepEqual(lines.slice(1).map((l) => [l[0], l[1], l[2], l[5], l[6]]).sort(), [[PERIOD, '1', '150429', '1', '50'], [PERIOD, '1', '150430', '1', '100']]);
  assert.ok(lines[1].includes('1234.56'), lines[1].join());
  expect(await (await as('leader')).ask('GET', `${AT}/sums.csv`), 403, 'without the right to export');
});

test('reopening wants a reason, keeps the former figures, and the next closing is version 2', async () => {
  const region = await as('region2'), aohan = await as('aohan');
  expect(await aohan.send('POST', `${AT}/reopen`, { rev: '1', reason: '少报了人' }), 403, 'the county');
  const short = expect(await region.form(`${AT}/reopen`, { rev: '1', reason: '改吧' }), 422, 'reason');
  assert.match(short.text, /请写明重开的理由/);
  assert.match(short.text, /value="改吧"/);
  expect(await region.form(`${AT}/reopen`, { rev: '1', reason: '敖汉旗少报了三人' }), 303, 'reopen');
  const etag = (await aohan.get(`/r/brand_figures/${world.fa.id}`)).headers.get('etag');
  expect(await aohan.send('PATCH', `/r/brand_figures/${world.fa.id}`, { workers: 103 }, { 'if-match': etag }), 200, 'mended');
  const open = (await region.get(AT)).json;
  assert.deepEqual([open.closed, open.version, sum(open.total, 'workers'), open.since.version], [false, 1, 153, 1]);
  assert.deepEqual(open.since.changes.filter((c) => c.diff !== 0).map((c) => [c.field, c.closed, c.diff]), [['workers', 150, 3]]);
  assert.match((await region.page(AT)).text, /与上次关账（第 1 版）相比/);
  const again = expect(await region.send('POST', `${AT}/close`, { rev: '2' }), 200, 'close').json;
  assert.deepEqual([again.closed, again.version, sum(again.total, 'workers')], [true, 2, 153]);
  assert.notEqual(again.hash, world.hash);
  assert.deepEqual(again.acts.map((a) => [a.closed, a.version, a.reason]), [[true, 2, ''], [false, 1, '敖汉旗少报了三人'], [true, 1, '']]);
  assert.equal(again.acts[2].hash, world.hash);
});

test('the journal tells of it, verify agrees, the description has it', async () => {
  const page = (await (await as('auditor')).page('/journal')).text;
  assert.match(page, /关账：2019年第3季度/);
  assert.match(page, /重开：2019年第3季度/);
  assert.match(page, /敖汉旗少报了三人/);
  const v = await run('verify', '--data', DATA);
  assert.equal(v.code, 0, v.stdout + v.stderr);
  const paths = Object.keys(expect(await web.json('/openapi.json'), 200, 'openapi').json.paths).filter((p) => p.startsWith('/closing/'));
  assert.ok(paths.some((p) => p.endsWith('/reopen')) && paths.some((p) => p.endsWith('/sums.csv')), paths.join());
});
