// Story 15: from a decision to a certificate that anyone can check - printed, signed, logged, revoked - and the documents printed from records.
import crypto from 'node:crypto';
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

test('end', async () => { await own.end(); });
