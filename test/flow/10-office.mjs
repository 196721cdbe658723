// Story 10: the work of an office - handing on, opinions, countersigning, copies, urging, acting for a colleague, the desk.
import { as, assert, expect, newBrand, test } from './lib.mjs';

let serial = 0;
/** A record of a county that reports straight to the region, at the region's desk. */
async function atRegion() {
  const clerk = await as('manzhouli');
  const b = await newBrand(clerk, { name: `满洲里${'甲乙丙丁戊己庚辛壬癸'[serial++]}协办导购员`, county: '150781', domain: 'quality_service', industry: 'household' });
  expect(await clerk.act('brand', b.id, 'submit'), 200, 'submit');
  return b.id;
}
const show = async (person, id) => expect(await person.get(`/r/brand/${id}`), 200, 'record').json;
const forms = (doc, kind) => doc.ask.find((x) => x.kind === kind);
const who = (doc, kind, name) => forms(doc, kind).people.find((p) => p.label.includes(name)).value;
const desk = async (person, box = '') => expect(await person.get(`/desk${box && `?box=${box}`}`), 200, 'desk').json;
const add = (person, id, doc) => person.send('POST', `/r/brand/${id}/tasks`, doc);

test('what was handed to a colleague is shown to the others, who cannot move it on until they take it back', async () => {
  const one = await as('region'), two = await as('region2');
  const id = await atRegion();
  const to = who(await show(one, id), 'handle', '复核');
  const made = expect(await add(one, id, { kind: 'handle', to, text: '请您办' }), 201, 'hand on').json;
  const refused = expect(await one.act('brand', id, 'confirm', { reason: '审核无误，确认入台账' }), 409, 'confirm');
  assert.match(refused.text, /已转给 自治区复核（演示） 办理/);
  assert.ok((await desk(two)).items.some((x) => x.record === id && x.task?.kind === 'handle'), 'on the desk of who was asked');
  assert.match((await desk(one)).items.find((x) => x.record === id).note, /已转给/);
  expect(await one.form(`/tasks/${made.id}/back`, {}), 303, 'take back');
  expect(await one.act('brand', id, 'confirm', { reason: '审核无误，确认入台账' }), 200, 'confirm');
});

test('nothing moves on while a countersignature is open; a refusal with its reason is an answer and is shown', async () => {
  const one = await as('region'), two = await as('region2');
  const id = await atRegion();
  const { id: task } = expect(await add(one, id, { kind: 'sign', to: who(await show(one, id), 'sign', '复核') }), 201, 'sign').json;
  assert.ok((await show(one, id)).actions.every((a) => a.id === 'admit_region' || !a.can), 'no step is offered');
  expect(await one.act('brand', id, 'return', { reason: '名称不规范' }), 409, 'return');
  expect(await two.send('POST', `/tasks/${task}/answer`, { answer: 'disagree', text: '' }), 422, 'no reason');
  expect(await one.send('POST', `/tasks/${task}/answer`, { answer: 'agree' }), 404, 'not the one asked');
  expect(await two.form(`/tasks/${task}/answer`, { answer: 'disagree', text: '人数要核实' }), 303, 'refusal');
  assert.match((await one.page(`/r/brand/${id}`)).text, /人数要核实/);
  expect(await one.act('brand', id, 'return', { reason: '人数要核实' }), 200, 'return');
  assert.match((await one.page(`/r/brand/${id}/history`)).text, /答复加签/);
});

test('only people in reach who may read it can be asked, and never oneself', async () => {
  const one = await as('region'), clerk = await as('aohan'), publisher = await as('publisher');
  const id = await atRegion();
  const people = forms(await show(one, id), 'copy').people.map((p) => p.label).join();
  assert.ok(/满洲里/.test(people) && /发布/.test(people), people);
  assert.ok(!/自治区业务|敖汉|赤峰/.test(people), people);
  expect(await add(clerk, id, { kind: 'copy', to: '1' }), 404, 'not in reach');
  expect(await add(publisher, id, { kind: 'copy', to: who(await show(one, id), 'copy', '复核') }), 403, 'without the right');
  expect(await add(one, id, { kind: 'handle', to: who(await show(one, id), 'copy', '满洲里') }), 403, 'another office');
  expect(await add(one, id, { kind: 'gift', to: '1' }), 400, 'unknown kind');
});

test('the county urges once a working day, and the office above sees it', async () => {
  const clerk = await as('manzhouli'), one = await as('region');
  const id = await atRegion();
  const mine = (await desk(clerk, 'begun')).items.find((x) => x.record === id);
  assert.ok(mine.may_urge && mine.holder === '150000' && mine.since, JSON.stringify(mine));
  expect(await clerk.form(`/r/brand/${id}/tasks`, { kind: 'urge', back: '/desk?box=begun' }), 303, 'urge');
  assert.match(expect(await clerk.form(`/r/brand/${id}/tasks`, { kind: 'urge' }), 409, 'again').text, /一个工作日只能催办一次/);
  assert.ok((await desk(one)).items.some((x) => x.record === id && x.task?.kind === 'urge'));
});

test('a copy lies in its own box until it is read', async () => {
  const one = await as('region'), clerk = await as('manzhouli');
  const id = await atRegion();
  const { id: task } = expect(await add(one, id, { kind: 'copy', to: who(await show(one, id), 'copy', '满洲里'), text: '供参考' }), 201, 'copy').json;
  const unread = (await desk(clerk, 'copies')).tabs.find((t) => t.id === 'copies').count;
  expect(await clerk.form(`/tasks/${task}/answer`, { answer: 'seen', back: '/desk?box=copies' }), 303, 'seen');
  const after = await desk(clerk, 'copies');
  assert.equal(after.tabs.find((t) => t.id === 'copies').count, unread - 1);
  assert.equal(after.items.find((x) => x.record === id).task.answer, 'seen');
});

test('each box of the desk opens as a page; what one did is listed newest first; filters narrow', async () => {
  const one = await as('region');
  for (const box of ['todo', 'done', 'begun', 'copies']) expect(await one.page(`/desk?box=${box}`), 200, box);
  const done = (await desk(one, 'done')).events;
  assert.ok(done.length > 3 && done.every((e, i) => i === 0 || e.when <= done[i - 1].when));
  const all = await desk(await as('aohan'));
  const lit = all.items.find((x) => x.due);
  assert.ok(['red', 'gold', 'grass'].includes(lit.light) && /剩\d+个工作日|已超期\d+个工作日|今天到期/.test(lit.pill), JSON.stringify(lit));
  const only = expect(await (await as('aohan')).get(`/desk?light=${lit.light}&type=${lit.type}`), 200, 'filter').json;
  assert.ok(only.items.length > 0 && only.items.every((x) => x.light === lit.light && x.type === lit.type));
});

test('what is long overdue at an office directly below appears on the desk above, with a word', async () => {
  const late = (await desk(await as('region'))).items.find((x) => x.escalated);
  assert.ok(late && late.light === 'red' && late.workdays_left < -3, JSON.stringify(late));
  assert.match(late.note, /^超期督办：/);
  assert.notEqual(late.holder, '150000');
  assert.ok(!(await desk(await as('manzhouli'))).items.some((x) => x.escalated), 'nobody is below a county');
});

test('a desk with 60 pending files opens as fast as their list', async () => {
  const clerk = await as('manzhouli'), one = await as('region');
  const ids = [];
  for (let i = 0; i < 60; i++) {
    const n = [...String(i).padStart(2, '0')].map((d) => '甲乙丙丁戊己庚辛壬癸'[d]).join('');
    ids.push((await newBrand(clerk, { name: `满洲里${n}多件导购员`, county: '150781', domain: 'quality_service', industry: 'household' })).id);
  }
  expect(await clerk.form('/r/brand/do/submit', { ids, asked: '1' }), 303, 'submit all');
  const paths = ['/r/brand?todo=1&size=100', '/desk'], best = [Infinity, Infinity];
  const fast = () => best[1] < 3 * best[0] + 5;
  for (let i = 0; i < 8 || (i < 80 && !fast()); i++) { // by turns at the same time of a machine that others use too, and each at every process
    for (const k of i % 2 ? [0, 1] : [1, 0]) {
      const start = performance.now();
      expect(await one.page(paths[k]), 200, paths[k]);
      best[k] = Math.min(best[k], performance.now() - start);
    }
  }
  const [list, open] = best;
  assert.ok(fast(), `desk ${open.toFixed(1)} ms, list ${list.toFixed(1)} ms`);
  if (process.env.TAMGA_SHOW) console.log(`desk ${open.toFixed(1)} ms, list ${list.toFixed(1)} ms`);
});

test('a colleague acts for somebody, says so, and the two are one where two are asked for', async () => {
  const one = await as('region'), two = await as('region2');
  const day = (n) => new Date(Date.now() + 8 * 3600e3 + n * 86400e3).toISOString().slice(0, 10);
  const b = await newBrand(one, { county: null, name: '内蒙古协办架线工' });
  expect(await one.act('brand', b.id, 'register'), 200, 'register');
  const account = expect(await one.page('/account'), 200, 'account').text;
  const deputy = /<option value="(\d+)">自治区复核/.exec(account)[1];
  expect(await one.send('POST', '/account/delegations', { deputy, from: day(0), until: day(90) }), 422, 'too long');
  const { id } = expect(await one.send('POST', '/account/delegations', { deputy, from: day(0), until: day(1) }), 201, 'delegate').json;
  assert.match((await two.page('/desk')).text, /正在代 自治区业务（演示） 办理/);
  assert.match(expect(await two.act('brand', b.id, 'confirm'), 409, 'own work of the other').text, /另一人/);
  expect(await (await as('publisher')).form(`/account/delegations/${id}/end`, {}), 404, 'not theirs');
  expect(await two.form(`/account/delegations/${id}/end`, {}), 303, 'end');
  expect(await two.act('brand', b.id, 'confirm'), 200, 'confirm');
});

test('the sheets of a judge are on the judge’s desk, and on nobody else’s of the same office', async () => {
  const sheets = (d) => d.items.filter((i) => i.type === 'score_sheet');
  const judge = sheets(expect(await (await as('expert1')).get('/desk'), 200).json);
  assert.ok(judge.length > 0);
  assert.equal(sheets(expect(await (await as('region')).get('/desk'), 200).json).length, 0);
});
