// The shapes in which people send their tables, and the shapes that must be refused; the same through the command line.
import fs from 'node:fs';
import { as, assert, DATA, expect, job, run, test } from './lib.mjs';

const HEAD = ['品牌名称', '所属旗县', '成熟程度', '领域', '产业行业', '品牌归属', '统一社会信用代码', '联系电话', '品牌简介'];
const line = (name, over = {}) => HEAD.map((l) => ({ 品牌名称: name, 所属旗县: '敖汉旗', 成熟程度: '零散', 领域: '民生保障型', 产业行业: '建筑业',
  品牌归属: '区域公用', 品牌简介: '测试用。', ...over })[l] ?? '').join(',');
const text = (...lines) => [HEAD.join(','), ...lines].join('\r\n') + '\r\n';

async function send(clerk, bytes, mode = 'real', name = '表.csv') {
  const a = await clerk.upload('/r/brand/import', name, bytes, { mode });
  if (a.status !== 202) return { refused: a.status, text: a.text };
  return job(clerk, a.json.id);
}

test('a CSV in GBK is read as well as one in UTF-8', async () => {
  const clerk = await as('aohan');
  // 品牌名称,所属旗县,… in GBK cannot be written by Node itself: take the bytes of a table of what is needed
  const gbk = new Map();
  const decoder = new TextDecoder('gbk');
  for (let hi = 0x81; hi <= 0xfe; hi++) for (let lo = 0x40; lo <= 0xfe; lo++) {
    const c = decoder.decode(new Uint8Array([hi, lo]));
    if ([...c].length === 1 && !gbk.has(c)) gbk.set(c, [hi, lo]);
  }
  const bytes = Buffer.from([...text(line('敖汉测试焊工'))].flatMap((c) => (c.charCodeAt(0) < 128 ? [c.charCodeAt(0)] : gbk.get(c))));
  const j = await send(clerk, bytes);
  assert.equal(j.counts?.created, 1, JSON.stringify(j));
  assert.equal((await clerk.get('/r/brand?q=' + encodeURIComponent('敖汉测试焊工'))).json.total, 1);
});

test('columns may be reordered and further ones stand beside; empty lines are no rows', async () => {
  const clerk = await as('aohan');
  const order = [...HEAD].reverse();
  const cells = Object.fromEntries(HEAD.map((l, i) => [l, line('敖汉测试瓦工').split(',')[i]]));
  const j = await send(clerk, [order.concat('备注').join(','), order.map((l) => cells[l]).concat('自己看的').join(','), ',,,,,,,,,', ''].join('\r\n'));
  assert.equal(j.counts?.created, 1, JSON.stringify(j));
  assert.equal(j.counts.wrong, 0, JSON.stringify(j));
});

test('a dry run of a new record with figures beside it finds nothing that the real one would not', async () => {
  const clerk = await as('aohan');
  const with_figures = [HEAD.concat('期别', '从业人数').join(','), line('敖汉测试护林员') + ',2019,12', ''].join('\r\n');
  for (const mode of ['dry', 'real']) {
    const j = await send(clerk, with_figures, mode);
    assert.deepEqual([j.counts?.created, j.counts?.wrong], [1, 0], `${mode}: ${JSON.stringify(j)}`);
  }
});

test('a code that a spreadsheet turned into 1.5E+17 is refused with a reason', async () => {
  const clerk = await as('aohan');
  const j = await send(clerk, text(line('敖汉测试电工', { 统一社会信用代码: '1.50430E+17' })));
  assert.equal(j.counts?.wrong, 1, JSON.stringify(j));
  const report = expect(await clerk.ask('GET', `/jobs/${j.id}/report`), 200, 'report');
  assert.match(report.text, /文本|科学|E\+|18/);
});

test('the same name twice in one table is told, not taken twice', async () => {
  const clerk = await as('aohan');
  const before = (await clerk.get('/r/brand')).json.total;
  const j = await send(clerk, text(line('敖汉测试架子工'), line('敖汉测试架子工')));
  assert.ok(j.state === 'done', JSON.stringify(j));
  assert.equal((await clerk.get('/r/brand')).json.total, before + 1);
});

test('a table for another county is not taken', async () => {
  const other = await as('ningcheng');
  const j = await send(other, text(line('敖汉测试越界工')));
  assert.equal(j.counts.wrong, 1, JSON.stringify(j));
  assert.equal((await (await as('region')).get('/r/brand?q=' + encodeURIComponent('越界'))).json.total, 0);
});

test('a NUL, an empty file, a file of a head alone', async () => {
  const clerk = await as('aohan');
  for (const bytes of [Buffer.from('品牌名称\0,x\r\n'), Buffer.alloc(0), Buffer.from(text())]) {
    const j = await send(clerk, bytes);
    assert.ok(j.refused >= 400 || j.state === 'failed' || j.counts.created === 0, JSON.stringify(j));
    assert.ok((j.text ?? '').length > 0);
  }
});

test('10 MB in one cell is refused and the server lives on', async () => {
  const clerk = await as('aohan');
  const j = await send(clerk, text(line('敖汉测试长文工', { 品牌简介: '长'.repeat(3_400_000) })));
  assert.ok(j.refused >= 400 || j.state === 'failed' || j.counts.wrong === 1, JSON.stringify(j).slice(0, 300));
  expect(await clerk.get('/desk'), 200, 'desk');
});

test('the template comes back with its rows: nothing changes', async () => {
  const clerk = await as('aohan');
  const t = expect(await clerk.ask('GET', '/r/brand/template.xlsx?rows=1'), 200, 'template with rows');
  const j = await send(clerk, t.bytes, 'dry', '填好的.xlsx');
  assert.equal(j.state, 'done', JSON.stringify(j));
  assert.equal(j.counts.created, 0, JSON.stringify(j));
  assert.equal(j.counts.changed, 0, JSON.stringify(j));
  assert.ok(j.counts.same > 0, JSON.stringify(j));
});

test('the command line imports, exports and reports with its exit codes', async () => {
  const file = `${DATA}.csv`, out = `${DATA}-out.csv`;
  fs.writeFileSync(file, text(line('敖汉测试命令工'), line('敖汉测试命令二', { 成熟程度: '乱写' })));
  const dry = await run('import', '--data', DATA, '--type', 'brand', '--as', 'aohan', file, '--dry-run');
  assert.equal(dry.code, 2, dry.stdout + dry.stderr);
  assert.match(dry.stdout, /新增 1/);
  const real = await run('import', '--data', DATA, '--type', 'brand', '--as', 'aohan', file);
  assert.equal(real.code, 2, real.stdout + real.stderr);
  const exported = await run('export', '--data', DATA, '--type', 'brand', '--where', 'county=150430', '-o', out);
  assert.equal(exported.code, 0, exported.stdout + exported.stderr);
  assert.match(fs.readFileSync(out, 'utf8'), /敖汉测试命令工/);
  assert.notEqual((await run('import', '--data', DATA, '--type', 'nothing', '--as', 'aohan', file)).code, 0);
  assert.notEqual((await run('import', '--data', '/nonexistent', '--type', 'brand', '--as', 'aohan', file)).code, 0);
  assert.notEqual((await run('no-such-command')).code, 0);
  assert.equal((await run('verify', '--data', DATA)).code, 0);
});
