// Bad input: each gets a clear answer, nothing half-written, no crash.
import { as, ask, assert, brand, expect, job, newBrand, ONE, Person, test, tryLogin } from './lib.mjs';
import net from 'node:net';

test('a form with a forged or missing token is refused', async () => {
  const clerk = await as('aohan');
  const before = (await clerk.get('/r/brand')).json.total;
  for (const csrf of ['', 'x'.repeat(32)]) {
    const a = await clerk.ask('POST', '/r/brand', { headers: { accept: 'text/html' }, body: new URLSearchParams({ ...brand(), csrf }) });
    expect(a, 403, 'forged');
    assert.match(a.text, /过期/);
  }
  const cross = await clerk.ask('POST', '/r/brand', { headers: { origin: 'https://evil.example', accept: 'text/html' },
    body: new URLSearchParams({ ...brand(), csrf: clerk.csrf }) });
  expect(cross, 403, 'another origin');
  assert.equal((await clerk.get('/r/brand')).json.total, before);
});

test('another county\'s record is not found, whatever is tried', async () => {
  const b = await newBrand(await as('aohan'));
  const other = await as('ningcheng');
  for (const [method, path] of [['GET', ''], ['GET', '/edit'], ['GET', '/history'], ['PATCH', ''], ['DELETE', ''], ['POST', '/do/submit'], ['POST', '/unmask']]) {
    const a = await other.send(method, `/r/brand/${b.id}${path}`, method === 'GET' ? undefined : { reason: '试试看行不行' }, { 'if-match': '"1"' });
    assert.equal(a.status, 404, `${method} ${path} gave ${a.status}: ${a.text.slice(0, 200)}`);
  }
});

test('wrong types of body get 415, broken ones 400', async () => {
  const clerk = await as('aohan');
  const post = (type, body) => clerk.ask('POST', '/r/brand', { headers: { accept: 'application/json', 'content-type': type, 'x-csrf-token': clerk.csrf }, body });
  expect(await post('application/xml', '<a/>'), 415, 'xml');
  expect(await post('application/json', '{"name": '), 400, 'cut JSON');
  expect(await post('application/json', Buffer.from([0x22, 0xff, 0x22])), 400, 'not UTF-8');
  expect(await post('application/json', '['.repeat(5000)), 400, 'deep');
});

test('uploads that are no workbook are refused with what to do', async () => {
  const clerk = await as('aohan');
  const xls = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(4096)]);
  const bad = [['摸底.xls', xls, /xls/], ['摸底.xlsx', xls, /加密|密码|xls/], ['摸底.xlsx', Buffer.from('PK\x03\x04 not really a zip'), /损坏|打不开|不是/],
    ['摸底.xlsx', Buffer.from('hello'), /xlsx|表格|文件/]];
  for (const [name, bytes, says] of bad) {
    const a = await clerk.upload('/r/brand/import', name, bytes, { mode: 'real' });
    let status = a.status, text = a.text;
    if (status === 202) {
      const j = await job(clerk, a.json.id);
      assert.equal(j.state, 'failed', JSON.stringify(j));
      text = j.text;
    } else {
      assert.ok([400, 413, 415, 422].includes(status), `${name}: ${status} ${text}`);
    }
    assert.match(text, says, name);
  }
  const page = await clerk.upload('/r/brand/import', '摸底.xls', xls, { mode: 'dry' }, 'text/html');
  assert.ok([415, 422].includes(page.status), String(page.status));
  assert.match(page.text, /xls/);
});

test('a CSV of the wrong template says which columns are missing', async () => {
  const clerk = await as('aohan');
  const a = await clerk.upload('/r/brand/import', '别的表.csv', '姓名,年龄\r\n张三,5\r\n', { mode: 'real' });
  const text = a.status === 202 ? (await job(clerk, a.json.id)).text : a.text;
  assert.match(text, /品牌名称|模板|列/);
});

test('an attachment is taken for what it is, not for its name', async () => {
  const clerk = await as('aohan');
  const b = await newBrand(clerk);
  const no = await clerk.upload(`/r/brand/${b.id}/files`, 'a.pdf', Buffer.from('<script>alert(1)</script>'));
  expect(no, 415, 'html as pdf');
  const ok = await clerk.upload(`/r/brand/${b.id}/files`, '证书.pdf', Buffer.from('%PDF-1.7\n1 0 obj\n'));
  assert.ok([200, 201, 303].includes(ok.status), ok.text);
  const html = (await clerk.page(`/r/brand/${b.id}`)).text;
  const href = /href="(\/files\/\d+)"/.exec(html)[1];
  const file = expect(await clerk.ask('GET', href), 200, 'file');
  assert.match(file.headers.get('content-type'), /application\/pdf/);
  assert.match(file.headers.get('content-security-policy'), /sandbox/);
  assert.equal((await (await as('ningcheng')).ask('GET', href, { headers: { accept: 'application/json' } })).status, 404);
  assert.ok([401, 404].includes((await ask('GET', href, { headers: { accept: 'application/json' } })).status));
});

test('text of a person never becomes markup', async () => {
  const clerk = await as('aohan');
  const b = await newBrand(clerk, { traits: '"><script>alert(1)</script>', intro: "<img src=x onerror=alert(2)> ' {{name}} {{{x}}}" });
  for (const path of [`/r/brand/${b.id}`, `/r/brand/${b.id}/edit`, `/r/brand/${b.id}/history`, '/search?q=%22%3E%3Cscript%3Ealert(3)%3C/script%3E']) {
    const html = expect(await clerk.page(path), 200, path).text;
    assert.ok(!html.includes('<script>alert') && !html.includes('<img src=x'), path);
  }
});

test('two people editing one record: the second sees both versions and nothing is lost', async () => {
  const clerk = await as('aohan');
  const b = await newBrand(clerk);
  const form = (traits) => clerk.form(`/r/brand/${b.id}`, { ...brand(), name: b.title, traits, rev: '1' });
  expect(await form('第一个人的改动'), 303, 'first');
  const second = await form('第二个人的改动');
  assert.ok([409, 412].includes(second.status), String(second.status));
  assert.ok(second.text.includes('第一个人的改动') && second.text.includes('第二个人的改动'));
  assert.equal((await clerk.get(`/r/brand/${b.id}`)).json.values.traits, '第一个人的改动');
});

test('addresses that lead nowhere, wrong methods and strange paths', async () => {
  const clerk = await as('aohan');
  for (const path of ['/nowhere', '/r/no_such_type', '/r/brand/0', '/r/brand/99999999999999999999', '/files/1', '/jobs/1', '/assets/..%2f..%2fetc%2fpasswd',
    '/assets/%2e%2e/x', '/catalogue/LW-0-0-0', '/overview/none']) {
    const a = await clerk.page(path);
    assert.ok([400, 404].includes(a.status), `${path} gave ${a.status}`);
    assert.ok(!a.text.includes('root:'));
  }
  const a = expect(await clerk.ask('DELETE', '/desk', { headers: { accept: 'application/json', 'x-csrf-token': clerk.csrf } }), 405, 'method');
  assert.match(a.headers.get('allow'), /GET/);
});

test('a body above the limit is refused', async () => {
  const clerk = await as('aohan');
  const a = await clerk.send('POST', '/r/brand', { ...brand(), intro: 'x'.repeat(9 << 20) }).catch((e) => ({ status: 413, closed: e }));
  assert.equal(a.status, 413);
});

test('bytes that are not HTTP are answered 400 and the server lives on', async () => {
  const { port } = new URL(ONE);
  const said = await new Promise((done) => {
    const s = net.connect(Number(port), '127.0.0.1', () => s.write('\x16\x03\x01 nonsense\r\n\r\n'));
    let text = '';
    s.on('data', (d) => { text += d; });
    s.on('close', () => done(text));
    s.on('error', () => done(text));
    setTimeout(() => s.destroy(), 3000);
  });
  assert.match(said, /400|^$/);
  expect(await ask('GET', '/healthz', { base: ONE }), 200, 'health');
});

test('five wrong passwords lock the login, and the page says so', async () => {
  const p = new Person();
  for (let i = 0; i < 5; i++) expect(await tryLogin(p, 'kulun', 'wrong wrong wrong'), 401, `try ${i + 1}`);
  const a = expect(await tryLogin(p, 'kulun', 'wrong wrong wrong'), 423, 'locked');
  assert.match(a.text, /15 分钟|稍后/);
});

test('signing out ends the session at once', async () => {
  const p = await as('tongliao');
  const old = new Person();
  old.cookies = new Map(p.cookies);
  expect(await p.form('/logout', {}), 303, 'sign out');
  expect(await old.page('/desk'), 303, 'the old cookie');
});

test('who was given a password by somebody else may do nothing before changing it', async () => {
  const admin = await as('admin');
  const made = await admin.form('/users', { login: 'newcomer', name: '新来（演示）', org: '150430', roles: 'county_clerk', role: 'county_clerk', password: 'first words given 2026' });
  assert.ok(made.status === 303 || made.status === 200 || made.status === 201, `${made.status} ${made.text.slice(0, 300)}`);
  const p = new Person();
  expect(await tryLogin(p, 'newcomer', 'first words given 2026'), 303, 'sign-in');
  expect(await p.get('/desk'), 403, 'desk');
  expect(await p.get('/r/brand/new'), 403, 'form');
  expect(await p.page('/account'), 200, 'own account');
});
