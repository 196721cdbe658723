// Story 22: who looks after the machine - is it there, may it be sent requests, its figures, the id of a request, and the refusal that says when to come again.
import fs from 'node:fs';
import path from 'node:path';
import { as, ask, assert, DATA, expect, ONE, one, test, web } from './lib.mjs';
import { Own } from './own.mjs';

const figures = async () => {
  const a = expect(await ask('GET', '/metrics', { base: ONE }), 200, 'figures'), out = new Map();
  for (const line of a.text.split('\n').filter((l) => l && !l.startsWith('#'))) {
    const at = line.lastIndexOf(' ');
    out.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return out;
};

test('/healthz says that the process is there, /readyz that it may be sent requests', async () => {
  assert.equal(expect(await web.json('/healthz'), 200, 'health').json.status, 'ok');
  const ready = expect(await web.json('/readyz'), 200, 'ready').json;
  assert.deepEqual([ready.status, ready.reasons, ready.database, ready.writer, ready.disk, ready.stopping], ['ready', [], 'ok', 'ok', 'ok', 'no']);
});

test('/metrics is text that Prometheus reads: every figure is explained, histograms add up', async () => {
  const a = expect(await ask('GET', '/metrics'), 200, 'figures');
  assert.match(a.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const seen = new Map();
  for (const line of a.text.trim().split('\n')) {
    const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line);
    if (type) { assert.ok(!seen.has(type[1]), `${type[1]} twice`); seen.set(type[1], type[2]); continue; }
    if (line.startsWith('# HELP ')) continue;
    const row = /^([a-z_]+)(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? (\d+(\.\d+)?)$/.exec(line);
    assert.ok(row, line);
    assert.ok(seen.has(row[1]) || seen.get(row[1].replace(/_(bucket|sum|count)$/, '')) === 'histogram', `${row[1]} is not explained`);
  }
  for (const name of ['tamga_info', 'process_start_time_seconds', 'process_resident_memory_bytes', 'process_open_fds', 'tamga_requests_total', 'tamga_request_seconds',
    'tamga_requests_in_flight', 'tamga_shed_total', 'tamga_connections', 'tamga_writer_queue', 'tamga_write_group', 'tamga_commit_seconds', 'tamga_journal_entries',
    'tamga_page_cache_hits_total', 'tamga_disk_free_bytes']) assert.ok(seen.has(name), name);
  const f = await figures();
  assert.equal(f.get('tamga_commit_seconds_bucket{le="+Inf"}'), f.get('tamga_commit_seconds_count'));
  assert.ok(f.get('process_resident_memory_bytes') > 1e6 && f.get('process_open_fds') > 5);
});

test('what is done is counted: a page by its class, a kept page as a hit, a write as a journal entry', async () => {
  const clerk = one(await as('aohan')), all = one(), before = await figures();
  expect(await clerk.page('/r/brand'), 200, 'a list');
  expect(await clerk.page('/nothing-here'), 404, 'none');
  expect(await all.page('/catalogue'), 200, 'made or kept');
  expect(await all.page('/catalogue'), 200, 'kept');
  const after = await figures();
  const more = (name) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  assert.ok(more('tamga_requests_total{class="read",status="2xx"}') >= 1);
  assert.ok(more('tamga_requests_total{class="read",status="4xx"}') >= 1);
  if (!process.env.TAMGA_TEST_DB) { // where other processes may write, what is kept is looked after by a handler
    assert.ok(more('tamga_requests_total{class="memory",status="2xx"}') >= 1);
  }
  assert.ok(more('tamga_page_cache_hits_total') >= 1);
});

test('the public sees no figures, however it asks: what a proxy passed on, or a wrong word, is told that there is no such page', async () => {
  for (const headers of [{ 'x-forwarded-for': '203.0.113.9' }, { forwarded: 'for=203.0.113.9' }, { via: '1.1 proxy' }, { 'x-real-ip': '203.0.113.9' },
    { 'x-forwarded-for': '127.0.0.1', authorization: 'Bearer guess-guess-guess' }]) {
    assert.equal((await ask('GET', '/metrics', { headers })).status, 404, JSON.stringify(headers));
  }
});

test('who has the word of the data folder sees them from anywhere; a short word is none', async () => {
  const file = path.join(DATA, 'metrics.token'), word = 'a-word-of-sixteen-or-more', from = { 'x-forwarded-for': '203.0.113.9' };
  fs.writeFileSync(file, `${word}\n`, { mode: 0o600 });
  expect(await ask('GET', '/metrics', { headers: { ...from, authorization: `Bearer ${word}` } }), 200, 'with the word');
  expect(await ask('GET', '/metrics', { headers: { ...from, authorization: `Bearer ${word}x` } }), 404, 'with another');
  fs.writeFileSync(file, 'short');
  expect(await ask('GET', '/metrics', { headers: { ...from, authorization: 'Bearer short' } }), 404, 'with a short one');
  fs.rmSync(file);
  expect(await ask('GET', '/metrics', { headers: { ...from, authorization: `Bearer ${word}` } }), 404, 'without the file');
});

test('the id of a request is the caller’s own when it is a plain word, stands on the page of an error, and else is a new one', async () => {
  const mine = await ask('GET', '/nothing-here', { headers: { accept: 'text/html', 'x-request-id': 'proxy-1234.abcd_5' } });
  assert.equal(mine.headers.get('x-request-id'), 'proxy-1234.abcd_5');
  assert.ok(mine.status === 404 && mine.text.includes('编号 proxy-1234.abcd_5'), mine.text.slice(-400));
  const problem = await ask('GET', '/nothing-here', { headers: { accept: 'application/json', 'x-request-id': 'proxy-1234.abcd_5' } });
  assert.equal(problem.json.request_id, 'proxy-1234.abcd_5');
  for (const odd of ['short', 'a b c d e f g h', '<script>alert(1)</script>', '"},{"level":"x"', 'x'.repeat(65)]) {
    const got = (await ask('GET', '/healthz', { headers: { 'x-request-id': odd } })).headers.get('x-request-id');
    assert.match(got, /^[0-9a-f]{16}$/, odd);
  }
});

test('a master key kept outside the folder: lost it is not replaced, a backup is proved without holding it, a restored folder asks for it, a folder is moved with it', async () => {
  const own = new Own('pack/neimenggu', '2026-11-30', { demo: true, file: true });
  const key = path.join(own.dir, 'k'), file = path.join(own.dir, 'backup'), copy = path.join(own.dir, 'copy'), moved = path.join(own.dir, 'moved');
  const verify = (data) => own.run(['verify', '--data', data, '--quiet']);
  try {
    fs.renameSync(path.join(own.data, 'master.key'), key);
    assert.throws(() => verify(own.data), /没有密钥文件/);
    assert.ok(!fs.existsSync(path.join(own.data, 'master.key')));
    fs.writeFileSync(path.join(own.data, 'key_file'), `${key}\n`);
    assert.match(own.run(['backup', '--data', own.data, file]), /不含主密钥[^]*全部相符/);
    assert.match(own.run(['restore', '--data', copy, file]), /没有主密钥/);
    assert.throws(() => verify(copy), /没有密钥文件/);
    fs.writeFileSync(path.join(copy, 'key_file'), key);
    assert.match(verify(copy), /全部相符/);
    const from = ['move', '--quiet', '--from', `sqlite:${own.data}`, '--to', `sqlite:${moved}`];
    assert.match(own.run(from), /逐行核对相同/);
    assert.match(own.run([...from, '--check']), /两边相同/);
    assert.match(verify(moved), /全部相符/);
    fs.symlinkSync('/nowhere', path.join(own.data, 'files', 'ab')); // attachments on another disk, say
    assert.throws(() => own.run(['move', '--quiet', '--from', `sqlite:${own.data}`, '--to', `sqlite:${moved}2`]), /files\/ab 是链接/);
  } finally {
    await own.end();
  }
});

test('a backup holds the settings of the folder; what is no backup leaves no folder behind when it is restored', async () => {
  const own = new Own('pack/neimenggu', '2026-11-30', { demo: true, file: true });
  const file = path.join(own.dir, 'backup'), copy = path.join(own.dir, 'copy'), said = { cipher: 'sm4-gcm\n', 'metrics.token': 'a token of the test\n' };
  try {
    for (const [name, text] of Object.entries(said)) fs.writeFileSync(path.join(own.data, name), text);
    assert.match(own.run(['backup', '--data', own.data, file]), /全部相符/);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    own.run(['restore', '--data', copy, file]);
    for (const [name, text] of Object.entries(said)) assert.equal(fs.readFileSync(path.join(copy, name), 'utf8'), text);
    fs.rmSync(copy, { recursive: true });
    fs.truncateSync(file, 20000);
    assert.throws(() => own.run(['restore', '--data', copy, file]), /不是塔木嘎的备份文件/);
    assert.ok(!fs.existsSync(copy));
  } finally {
    await own.end();
  }
});
