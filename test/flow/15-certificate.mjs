// Story 15: from a decision to a certificate that anyone can check - printed, signed, logged, revoked - and the documents printed from records.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { assert, expect, run, test, unzip } from './lib.mjs';
import { made, Own, state, until } from './own.mjs';

let own, world;
const act = async (login, type, id, action, fields) => (await own.as(login)).act(type, id, action, fields);
const text = (pdf) => execFileSync('pdftotext', ['-layout', '-', '-'], { input: pdf }).toString();
const read = async (login, type, id) => expect(await (await own.as(login)).get(`/r/${type}/${id}`), 200, type).json;
const keep = (name, bytes) => process.env.TAMGA_KEEP && fs.writeFileSync(path.join(process.env.TAMGA_KEEP, name), bytes);
async function pdf(who, url) {
  const a = expect(await who.ask('GET', url), 200, url);
  assert.equal(a.headers.get('content-type'), 'application/pdf');
  assert.equal(a.bytes.subarray(0, 5).toString(), '%PDF-');
  keep(url.replaceAll('/', '_'), a.bytes);
  return a;
}

async function entry(batch, name, workers) {
  const b = await made(await own.as('county'), 'brand', { name, maturity: 'scattered', domain: 'livelihood', industry: 'construction', owner_kind: 'public', county: '150430',
    intro: '测试用，不是真实品牌。', phone: '13800002046' });
  const step = async (login, type, id, action, fields) => expect(await act(login, type, id, action, fields), 200, `${type} ${action}`);
  await step('county', 'brand', b.id, 'submit');
  await step('city', 'brand', b.id, 'pass');
  await step('officer', 'brand', b.id, 'confirm');
  for (const [period, n] of [['2023', workers], ['2024', workers + 50]]) {
    await made(await own.as('county'), 'brand_figures', { brand: b.id, period, workers: n, trained: 100, employed_after: 80, certified: Math.round(n / 2), output: 10, poor: 5, source: '测试用' });
  }
  await made(await own.as('county'), 'plan', { title: `${name}规划`, brand: b.id, approach: '测试用', from_date: '2024-01-01', to_date: '2027-12-31' });
  const a = await made(await own.as('county'), 'application', { title: name, batch: batch.id, brand: b.id, city: '150400', applicant_name: '敖汉旗人社局', uscc: '91350100M000100Y43',
    lead_unit: `${name}合作社`, contact: '测试联系人', phone: '13800002046', scale_text: '测试用', skill_text: '测试用', fame_text: '测试用', manage_text: '测试用',
    no_arrears: true, social_paid: true, no_violation: true, truthful: true });
  await step('county', 'application', a.id, 'apply_public');
  expect(await act('officer', 'application', a.id, 'fast_track', { reason: '测试用的特事特办' }), 200, 'first signature');
  await step('leader', 'application', a.id, 'fast_track', { reason: '同意' });
  return { ...a, name, brand: b };
}

test('a batch comes to the day of its decision', async () => {
  own = await new Own('pack/neimenggu', '2026-03-02').start();
  own.user('county', '旗县经办', '150430', 'county_clerk');
  own.user('city', '盟市审核', '150400', 'city_reviewer');
  own.user('officer', '自治区经办', '150000', 'region_officer');
  own.user('officer2', '自治区另一经办', '150000', 'region_officer');
  own.user('leader', '自治区负责人', '150000', 'region_leader');
  const standard = await made(await own.as('officer'), 'standard', { title: '测试办法', kind: 'rule', version: '第1版', valid_from: '2024-01-01', summary: '测试用', source: '样例' });
  expect(await act('officer2', 'standard', standard.id, 'publish'), 200, 'publish');
  const batch = await made(await own.as('officer'), 'batch', { title: '测试批次', kind: 'region', standard: standard.id, rubric: 'recognition_sample', honour_name: '测试称号',
    honour_level: 'region', honour_issuer: 'region_office', figures_period: '2024', prev_period: '2023', apply_from: '2026-03-02', apply_to: '2026-03-03', review_to: '2026-03-20',
    notice_days: 3, cert_until: '2028-12-31', conditions: '测试用', materials: '测试用' });
  expect(await act('officer', 'batch', batch.id, 'call'), 200, 'call');
  world = { batch };
  world.entries = [await entry(batch, '敖汉甲架线工', 400), await entry(batch, '敖汉乙架线工', 300)];
});

test('the form of an application is printed as its reader sees it', async () => {
  const county = await own.as('county'), id = world.entries[0].id;
  const shown = (await county.get(`/r/application/${id}`)).json.documents;
  assert.deepEqual(shown.map((d) => d.id), ['application_form']);
  const form = text((await pdf(county, shown[0].href)).bytes);
  for (const word of ['劳务品牌认定申报表', '敖汉甲架线工', '敖汉甲架线工合作社', '从业人数', '450 人']) assert.ok(form.includes(word), `${word}\n${form}`);
  assert.ok(!form.includes('13800002046') && form.includes('138****2046'), 'personal data stay masked');
  const docx = expect(await county.ask('GET', shown[0].docx), 200, 'docx');
  assert.match(unzip(docx.bytes)['word/document.xml'], /敖汉甲架线工合作社/);
  const a = await pdf(county, shown[0].href), b = await pdf(county, shown[0].href);
  assert.deepEqual(a.bytes, b.bytes, 'the same record prints the same bytes');
  expect(await county.ask('GET', `/r/application/${id}/documents/application_form.exe`), 406);
  expect(await county.ask('GET', `/r/application/${id}/documents/nothing.pdf`), 404);
  expect(await county.ask('GET', `/r/application/${id}/documents/certificate.pdf`), 404, 'of another type');
  expect(await county.ask('GET', `/r/batch/${world.batch.id}/documents/decision.pdf`), 404, 'not decided yet');
  expect(await own.web.ask('GET', `/d/application/${id}/application_form.pdf`), 404, 'not for the public');
  expect(await own.web.ask('GET', `/r/application/${id}/documents/application_form.pdf`), 303, 'nor without signing in');
});

test('the decision is signed by the leader and printed with its list', async () => {
  await own.at('2026-03-04');
  await until('the call ends', async () => await state(await own.as('officer'), 'batch', world.batch.id) === 'reviewing');
  const id = world.batch.id;
  expect(await act('officer', 'batch', id, 'deliberate'), 200, 'deliberate');
  const m = await made(await own.as('officer'), 'meeting', { title: '测试会议', batch: id, held_on: '2026-03-04', members: [{ name: '测试委员', votes: true }], minutes: '同意' });
  expect(await act('officer2', 'meeting', m.id, 'confirm'), 200, 'minutes');
  for (const e of world.entries) expect(await act('officer2', 'application', e.id, 'propose', { n_for: 5, n_against: 0, n_abstain: 0 }), 200, 'propose');
  const n = await made(await own.as('officer'), 'public_notice', { title: '关于测试批次的公示', batch: id, text: '现予公示。', contact_office: '测试处', contact_phone: '0000-0000' });
  expect(await act('officer2', 'public_notice', n.id, 'open'), 200, 'notice');
  const notice = text((await pdf(own.web, `/d/batch/${id}/notice.pdf`)).bytes);
  for (const word of ['关于测试批次的公示', '敖汉乙架线工', '2026年3月9日']) assert.ok(notice.replace(/\s/g, '').includes(word), `${word}\n${notice}`);
  await own.at('2026-03-10');
  await until('the notice is cleared', async () => (await read('officer', 'public_notice', n.id)).state === 'cleared' || (await state(await own.as('officer'), 'public_notice', n.id)) === 'cleared');
  world.decision = await made(await own.as('officer'), 'decision', { title: '关于公布测试批次认定结果的通知', batch: id, doc_no: '内人社发[2026]7号', addressee: '各盟市人力资源和社会保障局',
    text: '经评审和公示，现予公布。\n请加强动态管理。' });
  expect(await act('leader', 'decision', world.decision.id, 'issue'), 200, 'issue');
  const flat = text((await pdf(own.web, `/d/batch/${id}/decision.pdf`)).bytes).replace(/\s/g, '');
  for (const word of ['内人社发〔2026〕7号', '关于公布测试批次认定结果的通知', '各盟市人力资源和社会保障局：', '敖汉甲架线工', '敖汉乙架线工', '2026年3月10日']) {
    assert.ok(flat.includes(word), `${word}\n${flat}`);
  }
  const docx = expect(await (await own.as('officer')).ask('GET', `/r/batch/${id}/documents/decision.docx`), 200, 'docx');
  assert.match(unzip(docx.bytes)['word/document.xml'], /敖汉乙架线工/);
});

test('with the decision each certificate is signed and stands in the public log', async () => {
  world.certs = [];
  for (const e of world.entries) {
    const links = (await read('officer', 'application', e.id)).links.find((l) => l.id === 'certificates');
    assert.equal(links.total, 1);
  }
  const list = expect(await (await own.as('officer')).get(`/r/certificate?batch=${world.batch.id}&order=title`), 200, 'certificates').json;
  world.certs = list.items.sort((a, b) => (a.no < b.no ? -1 : 1));
  assert.equal(world.certs.length, 2);
  const [one] = world.certs;
  assert.match(one.no, /^ZS-150430-2026-\d{4}$/);
  const page = expect(await own.web.get(`/verify/${one.no}`), 200, 'verify').json;
  assert.deepEqual([page.verdict, page.found, page.log.length], ['有效', true, 1]);
  const log = expect(await own.web.get(page.log[0].href), 200, 'log entry').json;
  const said = JSON.parse(log.entry);
  assert.equal(said.kind, 'certificate_issued');
  assert.equal(said.subject, one.no);
  assert.equal((said.body.brand ?? JSON.parse(said.body).brand), '敖汉甲架线工');
  const published = (await own.web.get('/log')).json.entries.map((e) => e.kind);
  for (const kind of ['decision_issue', 'public_notice_open', 'certificate_issued']) assert.ok(published.includes(kind), `${kind} in ${published}`);
  const seen = await read('officer', 'certificate', one.id);
  assert.ok(!('token' in seen.values), 'the signed text stands on no form');
});

const keysFile = () => path.join(own.dir, 'keys.json');
const verify = (what, ...more) => run('verify-certificate', what, '--keys', keysFile(), ...more);
const tokenOf = (bytes) => /TAMGA1\.[\w.-]+/.exec(bytes.toString('latin1'))[0];

test('the certificate on paper: what it says, and the signed text in it that holds without the server', async () => {
  const [one] = world.certs;
  fs.writeFileSync(keysFile(), (await own.web.get('/keys.json')).text);
  const a = await pdf(own.web, `/d/certificate/${one.id}/certificate.pdf`);
  const flat = text(a.bytes).replace(/\s/g, '');
  for (const word of ['测试称号', one.no, '敖汉甲架线工', '内人社发〔2026〕7号', '有效期至2028年12月31日', '扫码核验真伪']) assert.ok(flat.includes(word), `${word}\n${flat}`);
  world.token = tokenOf(a.bytes);
  const file = path.join(own.dir, 'cert.pdf');
  fs.writeFileSync(file, a.bytes);
  world.file = file;
  for (const [want, ...at] of [['有效'], ['有效', '--at', '2028-12-31'], ['已过期', '--at', '2029-01-01'], ['尚未生效', '--at', '2026-03-09']]) {
    const v = await verify(file, ...(at.length ? at : ['--at', '2026-03-11']));
    assert.ok(v.stdout.includes(`编号 ${one.no}`) && v.stdout.includes(`结论：${want}`), `${want}: ${v.stdout}${v.stderr}`);
    assert.equal(v.code === 0, want === '有效');
  }
  assert.deepEqual((await pdf(own.web, `/d/certificate/${one.id}/certificate.pdf`)).bytes, a.bytes);
  const log = Number(JSON.parse(Buffer.from(world.token.split('.')[3], 'base64url')).log);
  assert.equal(JSON.parse((await own.web.get(`/log/entry/${log}`)).json.entry).subject, one.no, 'its place in the log');
});

test('no flipped byte of the signed text is taken', async () => {
  const bytes = Buffer.from(world.token);
  for (let i = 'TAMGA1.'.length; i < bytes.length; i += 7) {
    const bad = Buffer.from(bytes);
    bad[i] ^= 1;
    const v = await verify(bad.toString('latin1'), '--at', '2026-03-11');
    assert.notEqual(v.code, 0, `byte ${i}: ${v.stdout}`);
  }
});

test('the page that checks: by number, by text, by file; unknown and forged are told', async () => {
  const [one] = world.certs;
  const anyone = own.web;
  const form = expect(await anyone.page('/verify'), 200, 'form');
  assert.ok(form.text.includes('/verify/offline') && !form.text.includes('<script>'));
  const post = (body) => anyone.ask('POST', '/verify', { headers: { accept: 'application/json' }, body });
  const by = await post(new URLSearchParams({ q: ` ${one.no} ` }));
  assert.equal(by.location ?? by.json?.location, `/verify/${one.no}`);
  const good = expect(await post(new URLSearchParams({ q: `https://example.org/verify/x#${world.token}` })), 200, 'token').json;
  assert.deepEqual([good.verdict, good.signature.ok, good.number], ['有效', true, one.no]);
  const form2 = new FormData();
  form2.append('q', '');
  form2.append('file', new Blob([fs.readFileSync(world.file)]), 'cert.pdf');
  const file = expect(await post(form2), 200, 'file').json;
  assert.deepEqual([file.verdict, file.signature.ok], ['有效', true]);
  const parts = world.token.split('.');
  const said = Buffer.from(parts[3], 'base64url').toString().replace('敖汉甲', '敖汉乙');
  const forged = [...parts.slice(0, 3), Buffer.from(said).toString('base64url'), parts[4]].join('.');
  const bad = expect(await post(new URLSearchParams({ q: forged })), 200, 'forged').json;
  assert.deepEqual([bad.verdict, bad.found, bad.signature.ok], ['签名不符', false, false]);
  const unknown = expect(await anyone.get('/verify/ZS-150430-2026-9999'), 200, 'unknown').json;
  assert.equal(unknown.verdict, '查无此证');
  assert.deepEqual(Object.keys(unknown), Object.keys((await anyone.get(`/verify/${one.no}`)).json), 'the same shape');
  const html = expect(await anyone.page(`/verify/${one.no}`), 200, 'page').text;
  for (const word of ['有效', '敖汉甲架线工', '颁发证书', '/log/entry/']) assert.ok(html.includes(word), word);
  keep('verify.html', html);
});

test('all certificates of the round come in one package, made in the background', async () => {
  const officer = await own.as('officer');
  expect(await officer.page(`/certificates/batch/${world.batch.id}`), 200, 'page');
  expect(await (await own.as('county')).send('POST', `/certificates/batch/${world.batch.id}`), 403, 'who may not export');
  const queued = expect(await officer.send('POST', `/certificates/batch/${world.batch.id}`), 202, 'queue');
  let done;
  await until('the package is ready', async () => { done = (await officer.get(queued.location)).json; return (done.state?.value ?? done.state) === 'done'; });
  const zip = expect(await officer.ask('GET', `${queued.location}/output`), 200, 'package').bytes;
  const names = Object.keys(unzip(zip));
  assert.deepEqual(names, world.certs.map((c) => `${c.no}.pdf`));
  const list = text((await pdf(officer, `/r/batch/${world.batch.id}/documents/plaque_list.pdf`)).bytes).replace(/\s/g, '');
  for (const c of world.certs) assert.ok(list.includes(c.no), `${c.no} in ${list}`);
  const book = unzip(expect(await officer.ask('GET', `/r/batch/${world.batch.id}/documents/plaque_list.xlsx`), 200, 'workbook').bytes);
  const cells = Object.entries(book).filter(([name]) => /sheet1|sharedStrings/.test(name)).map(([, x]) => x).join('');
  for (const c of world.certs) assert.ok(cells.includes(c.no), `${c.no} in the workbook`);
  expect(await officer.ask('GET', `/r/application/${world.entries[0].id}/documents/application_form.xlsx`), 406, 'a form is no table');
});

test('a revoked certificate is revoked everywhere: page, list, log, and without the server', async () => {
  const [one, two] = world.certs;
  expect(await act('officer', 'certificate', one.id, 'revoke', { reason: '经核实申报材料弄虚作假，涉及张三' }), 200, 'first signature');
  assert.equal((await own.web.get(`/verify/${one.no}`)).json.verdict, '有效', 'not before the second');
  expect(await act('leader', 'certificate', one.id, 'revoke', { reason: '同意撤销' }), 200, 'second signature');
  const page = (await own.web.get(`/verify/${one.no}`)).json;
  assert.deepEqual([page.verdict, page.pdf, page.log.map((e) => e.kind)], ['已撤销', null, ['certificate_issued', 'certificate_revoked']]);
  assert.deepEqual(page.history.map((h) => h.text), ['颁发证书', '认定被撤销，证书作废']);
  const said = (await own.web.get(page.log[1].href)).json.entry;
  assert.ok(said.includes('2026-03-10') && !said.includes('张三'), 'the typed reason is not for the public');
  expect(await own.web.ask('GET', `/d/certificate/${one.id}/certificate.pdf`), 404, 'no more printed');
  const list = path.join(own.dir, 'revoked.txt');
  fs.writeFileSync(list, (await own.web.page('/revoked.txt')).text);
  const off = await verify(world.file, '--at', '2026-03-11', '--revoked', list);
  assert.ok(off.code !== 0 && off.stdout.includes('结论：已撤销'), off.stdout);
  const data = await run('verify-certificate', world.file, '--data', own.data, '--at', '2026-03-11');
  assert.ok(data.code !== 0 && data.stdout.includes('已撤销'), data.stdout + data.stderr);
  const still = tokenOf((await pdf(own.web, `/d/certificate/${two.id}/certificate.pdf`)).bytes);
  assert.equal((await verify(still, '--at', '2026-03-11', '--revoked', list)).code, 0, 'the other one holds');
});

test('after its last day a certificate is expired; the log and the journal hold', async () => {
  const [, two] = world.certs;
  await own.at('2029-01-02');
  await until('it expires', async () => await state(await own.as('officer'), 'certificate', two.id) === 'expired');
  const page = (await own.web.get(`/verify/${two.no}`)).json;
  assert.deepEqual([page.verdict, page.log.at(-1).kind], ['已过期', 'certificate_state']);
  await own.stop();
  const v = await run('verify', '--data', own.data);
  assert.equal(v.code, 0, v.stdout + v.stderr);
});

test('who asks too often waits', async () => {
  await own.start();
  let last;
  for (let i = 0; i < 70 && last?.status !== 429; i++) last = await own.web.get(`/verify/ZS-150430-2026-${9000 + i}`);
  assert.equal(last.status, 429);
  assert.ok(Number(last.headers.get('retry-after')) > 0);
  await own.end();
});
