// Story 2: the county clerk - desk, template, import, form.
import { as, assert, brand, expect, job, newBrand, Person, test, tryLogin, unzip } from './lib.mjs';

/** A CSV with the labels the template has; cells by label. */
function csv(rows) {
  const labels = Object.keys(rows[0]);
  return '\ufeff' + [labels, ...rows.map((r) => labels.map((l) => r[l] ?? ''))].map((r) => r.join(',')).join('\r\n') + '\r\n';
}
const row = (name, over = {}) => ({ 品牌名称: name, 所属旗县: '敖汉旗', 成熟程度: '零散', 领域: '民生保障型', 产业行业: '建筑业',
  品牌归属: '区域公用', 联系电话: '13800002046', 品牌简介: '测试用，不是真实品牌。', ...over });

async function imported(clerk, rows, mode) {
  const a = await clerk.upload('/r/brand/import', '摸底.csv', csv(rows), { mode });
  assert.ok([200, 201, 202].includes(a.status), `upload gave ${a.status}: ${a.text.slice(0, 500)}`);
  return job(clerk, a.json.id);
}

test('a wrong password keeps the login that was typed and says so', async () => {
  const p = new Person();
  const a = expect(await tryLogin(p, 'erlianhaote', 'not the password'), 401, 'wrong password');
  assert.match(a.text, /不对/);
  assert.match(a.text, /value="erlianhaote"/);
});

test('a page asked for without signing in leads to the form and back', async () => {
  const a = expect(await new Person().page('/r/brand?state=draft'), 303, 'unsigned');
  assert.match(a.location, /^\/login\?next=%2Fr%2Fbrand/);
});

test('the desk shows the survey task with its due date', async () => {
  const clerk = await as('aohan');
  const d = expect(await clerk.get('/desk'), 200, 'desk').json;
  const task = d.items.find((t) => /本年度/.test(t.label));
  assert.ok(task, 'the task of this round');
  assert.match(task.due, /^\d{4}-\d\d-\d\d$/);
  const html = expect(await clerk.page('/desk'), 200, 'desk page').text;
  assert.match(html, /摸底/);
});

test('the template has drop-downs, a frozen header, text columns, region lists and notes', async () => {
  const clerk = await as('aohan');
  const a = expect(await clerk.ask('GET', '/r/brand/template.xlsx'), 200, 'template');
  assert.match(a.headers.get('content-type'), /spreadsheetml/);
  const files = unzip(a.bytes);
  const sheets = Object.entries(files).filter(([n]) => n.startsWith('xl/worksheets/')).map(([, t]) => t);
  assert.ok(sheets.length >= 2, 'a notes sheet beside the table');
  assert.ok(sheets.some((t) => t.includes('<dataValidation ')), 'drop-downs');
  assert.ok(sheets.some((t) => t.includes('state="frozen"')), 'frozen header');
  assert.match(files['xl/styles.xml'], /formatCode="@"|numFmtId="49"/);
  const all = Object.values(files).join('');
  for (const word of ['品牌名称', '敖汉旗', '统一社会信用代码', '从业人数']) assert.ok(all.includes(word), word);
});

test('a dry run counts and writes nothing; the run takes the rows; a second upload updates and doubles nothing', async () => {
  const clerk = await as('aohan');
  const rows = ['敖汉测试抹灰工', '敖汉测试油漆工'].map((n) => row(n));
  const before = (await clerk.get('/r/brand')).json.total;
  const dry = await imported(clerk, rows, 'dry');
  assert.equal(dry.state, 'done', JSON.stringify(dry));
  assert.equal(dry.dry_run, true);
  assert.equal(dry.counts.created, 2, JSON.stringify(dry));
  assert.equal((await clerk.get('/r/brand')).json.total, before);
  const started = await clerk.send('POST', `/jobs/${dry.id}/run`, {});
  assert.ok([200, 202].includes(started.status), started.text);
  const real = await job(clerk, started.json.id);
  assert.equal(real.counts.created, 2, JSON.stringify(real));
  assert.equal((await clerk.get('/r/brand')).json.total, before + 2);
  const again = await imported(clerk, [rows[0], { ...rows[1], 品牌简介: '改过的简介，不是真实品牌。' }], 'real');
  assert.deepEqual([again.counts.created, again.counts.changed, again.counts.same], [0, 1, 1], JSON.stringify(again));
  assert.equal((await clerk.get('/r/brand')).json.total, before + 2);
  const list = (await clerk.get('/jobs')).json.items;
  assert.ok(list.some((j) => j.id === real.id), 'found again among one\'s own jobs');
  assert.equal((await (await as('ningcheng')).get(`/jobs/${real.id}`)).status, 404, 'another\'s job');
});

test('wrong rows come back in the report with their reason, right ones are taken', async () => {
  const clerk = await as('aohan');
  const done = await imported(clerk, [row('敖汉测试钢筋工'), row('敖汉测试木工', { 成熟程度: '不存在的程度' }),
    row('')], 'real');
  assert.equal(done.counts.wrong, 2, JSON.stringify(done));
  assert.equal(done.counts.created, 1, JSON.stringify(done));
  const report = expect(await clerk.ask('GET', `/jobs/${done.id}/report`), 200, 'report');
  const text = report.bytes.subarray(0, 2).toString() === 'PK' ? Object.values(unzip(report.bytes)).join('') : report.text;
  assert.ok(text.includes('敖汉测试木工') && text.includes('成熟程度'), text.slice(0, 500));
});

test('a form with errors keeps what was typed and says what is wrong beside the field', async () => {
  const clerk = await as('aohan');
  const a = expect(await clerk.form('/r/brand', { ...brand(), name: '敖汉没选领域工', domain: '', founded: '不是日期', intro: '这段不能丢' }), 422, 'form');
  for (const word of ['敖汉没选领域工', '这段不能丢', '不是日期']) assert.ok(a.text.includes(word), word);
  assert.match(a.text, /aria-invalid="true"/);
});

test('a form posted twice is one record', async () => {
  const clerk = await as('aohan');
  const page = await clerk.page('/r/brand/new');
  const idem = /name="idem" value="([^"]+)"/.exec(page.text)[1];
  const fields = { ...brand(), idem };
  const one = expect(await clerk.form('/r/brand', fields), 303, 'first');
  const two = expect(await clerk.form('/r/brand', fields), 303, 'second');
  assert.equal(one.location, two.location);
});

test('the name is checked while it is typed', async () => {
  const clerk = await as('aohan');
  const equal = expect(await clerk.get('/naming?name=' + encodeURIComponent('敖汉小米种植工（演示）')), 200, 'naming');
  assert.equal(equal.json.ok, false);
  assert.equal(equal.json.same[0].name, '敖汉小米种植工（演示）');
  assert.ok(equal.json.proposals.length > 0);
  const reserved = expect(await clerk.get('/naming?name=' + encodeURIComponent('国家级敖汉架线工')), 200, 'naming');
  assert.match(reserved.text, /国家级/);
});

test('the personal number is masked, and clear only for a reason', async () => {
  const clerk = await as('aohan');
  const b = await newBrand(clerk);
  assert.equal(b.values.phone, '138****2046');
  assert.ok(!(await clerk.page(`/r/brand/${b.id}`)).text.includes('13800002046'));
  expect(await clerk.send('POST', `/r/brand/${b.id}/unmask`, { reason: '' }), 422, 'no reason');
  const clear = expect(await clerk.send('POST', `/r/brand/${b.id}/unmask`, { reason: '电话核实情况' }), 200, 'unmask');
  assert.ok(clear.text.includes('13800002046'));
  assert.ok((await clerk.get(`/r/brand/${b.id}/history`)).text.includes('电话核实情况'));
});
