// Story 7: the auditor - every change of every record, and proof of the chain.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { as, assert, DATA, expect, newBrand, run, test } from './lib.mjs';

test('the history tells who, when, what before and after, and the step', async () => {
  const clerk = await as('aohan'), auditor = await as('auditor');
  const b = await newBrand(clerk);
  const tag = (await clerk.get(`/r/brand/${b.id}`)).headers.get('etag');
  expect(await clerk.send('PATCH', `/r/brand/${b.id}`, { traits: '高空作业' }, { 'if-match': tag }), 200, 'patch');
  expect(await clerk.act('brand', b.id, 'submit', { reason: '材料齐全' }), 200, 'submit');
  const e = expect(await auditor.get(`/r/brand/${b.id}/history`), 200, 'history').json.events;
  assert.deepEqual(e.map((x) => x.act), ['act', 'update', 'create']);
  assert.match(e[1].who, /敖汉/);
  assert.match(e[1].when, /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(e[1].changes.map((c) => [c.field, c.before, c.after]), [['traits', '', '高空作业']]);
  assert.equal(e[0].reason, '材料齐全');
  assert.match(e[0].hash, /^[0-9a-f]{64}$/);
});

test('an imported change names its job and row', async () => {
  const auditor = await as('auditor');
  const events = (await auditor.get('/journal')).json.events;
  assert.ok(events.length > 0);
  const hit = (await auditor.get('/r/brand?q=' + encodeURIComponent('敖汉测试抹灰工'))).json.items[0];
  const e = (await auditor.get(`/r/brand/${hit.id}/history`)).json.events;
  assert.match(e.at(-1).source, /\d+/);
  assert.match(e.at(-1).source, /行/);
});

test('the auditor changes nothing, and others have no journal', async () => {
  const auditor = await as('auditor'), clerk = await as('aohan');
  const b = await newBrand(clerk);
  const a = await auditor.send('PATCH', `/r/brand/${b.id}`, { traits: 'x' }, { 'if-match': '"1"' });
  assert.ok([403, 404, 409].includes(a.status), a.text);
  assert.equal((await clerk.get('/journal')).status, 404);
});

test('the journal can be paged to its beginning', async () => {
  const auditor = await as('auditor');
  let path = '/journal', n = 0, first;
  const seen = new Set();
  while (path && n++ < 100) {
    const a = expect(await auditor.get(path), 200, path).json;
    for (const e of a.events) seen.add(`${e.home}/${e.seq}`);
    first = a.events.at(-1);
    path = a.older;
  }
  const homes = {};
  for (const s of seen) {
    const [home, seq] = s.split('/');
    homes[home] = Math.max(homes[home] ?? 0, Number(seq));
  }
  const all = Object.values(homes).reduce((x, y) => x + y, 0);
  assert.equal(seen.size, all, 'every entry of every chain was on some page');
  assert.ok(first);
});

/** The same where the database is no file: changed behind the program's back, found, put back. */
async function onServer() {
  const psql = (sql) => execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', fs.readFileSync(`${DATA}/db`, 'utf8').trim(), '-c', sql]);
  const copy = `${DATA}-copy`;
  fs.rmSync(copy, { recursive: true, force: true });
  const saved = await run('backup', '--data', DATA, `${DATA}.backup`);
  assert.equal(saved.code, 0, saved.stdout + saved.stderr);
  const back = await run('restore', '--data', copy, `${DATA}.backup`); // a folder that needs no server
  assert.equal(back.code, 0, back.stdout + back.stderr);
  assert.ok(fs.existsSync(`${copy}/tamga.db`));
  assert.equal((await run('verify', '--data', copy)).code, 0);
  psql("create table kept as select home, seq, body from journal where body like '%高空作业%' limit 1");
  psql("update journal j set body = replace(j.body, '高空作业', '低空作业') from kept k where j.home = k.home and j.seq = k.seq");
  const bad = await run('verify', '--data', DATA);
  psql('update journal j set body = k.body from kept k where j.home = k.home and j.seq = k.seq');
  psql('drop table kept');
  assert.equal(bad.code, 8, bad.stdout + bad.stderr);
  assert.equal((await run('verify', '--data', DATA)).code, 0);
}

test('tamga verify proves the chain while the server runs, and finds a changed byte', async () => {
  const good = await run('verify', '--data', DATA);
  assert.equal(good.code, 0, good.stdout + good.stderr);
  if (process.env.TAMGA_TEST_DB) return onServer();
  const copy = `${DATA}-copy`;
  fs.rmSync(copy, { recursive: true, force: true });
  const saved = await run('backup', '--data', DATA, `${DATA}.backup`);
  assert.equal(saved.code, 0, saved.stdout + saved.stderr);
  const back = await run('restore', '--data', copy, `${DATA}.backup`);
  assert.equal(back.code, 0, back.stdout + back.stderr);
  assert.equal((await run('verify', '--data', copy)).code, 0);
  const db = `${copy}/tamga.db`;
  const bytes = fs.readFileSync(db);
  let at = 0, changed = 0;
  const from = Buffer.from('高空作业'), to = Buffer.from('低空作业');
  while ((at = bytes.indexOf(from, at)) >= 0) {
    to.copy(bytes, at);
    changed++;
    at += to.length;
  }
  assert.ok(changed > 0);
  fs.writeFileSync(db, bytes);
  const bad = await run('verify', '--data', copy);
  assert.equal(bad.code, 8, bad.stdout + bad.stderr);
});
