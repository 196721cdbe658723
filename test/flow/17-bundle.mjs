// Story 17: years later - a finished round as one file, proved without the server; whatever was changed in it is found and named.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { as, assert, DATA, expect, job, run, test, unzip, web } from './lib.mjs';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-bundle-'));
const at = (name) => path.join(dir, name);
const sha = (b) => crypto.createHash('sha256').update(b).digest('hex');
let round, good;

/** Where each member's bytes lie in a zip whose members are stored as they are. */
function places(buf) {
  const list = [];
  const end = buf.length - 22;
  for (let p = buf.readUInt32LE(end + 16); p < end;) {
    const size = buf.readUInt32LE(p + 20), names = buf.readUInt16LE(p + 28), head = buf.readUInt32LE(p + 42);
    list.push({ name: buf.toString('latin1', p + 46, p + 46 + names), from: head + 30 + names, size });
    p += 46 + names;
  }
  return list;
}
async function verify(bytes, ...more) {
  fs.writeFileSync(at('try.zip'), bytes);
  return run('verify-bundle', at('try.zip'), '--keys', at('keys.json'), ...more);
}

test('who runs the round finds the bundle on its page and gets it as a job', async () => {
  const region = await as('region');
  const list = expect(await region.get('/r/batch?size=50'), 200, 'rounds').json.items;
  round = list.find((b) => ['archived', 'decided'].includes(b.state?.value ?? b.state));
  assert.ok(round, 'the demonstration has a finished round');
  assert.match(expect(await region.page(`/r/batch/${round.id}`), 200, 'round').text, new RegExp(`href="/bundle/batch/${round.id}"`));
  assert.match(expect(await region.page(`/bundle/batch/${round.id}`), 200, 'asking').text, /证据包里有什么/);
  const queued = expect(await region.send('POST', `/bundle/batch/${round.id}`, {}), 202, 'queued').json;
  const done = await job(region, queued.id);
  assert.equal(done.state, 'done', done.text);
  good = expect(await region.ask('GET', `/jobs/${queued.id}/output`), 200, 'zip').bytes;
  fs.writeFileSync(at('keys.json'), expect(await web.json('/keys.json'), 200, 'keys').text);
});

test('verify-bundle proves it with the published keys, and says each check', async () => {
  const r = await verify(good);
  assert.equal(r.code, 0, r.stdout + r.stderr);
  for (const what of ['压缩包', '清单签名', '文件清单', '操作记录', '公开日志', '抽签', '评分']) assert.match(r.stdout, new RegExp(`^相符  ${what}：`, 'm'));
  assert.match(r.stdout, /抽签：重抽 [1-9]/);
  assert.match(r.stdout, /评分：重算 [1-9]/);
  assert.match(r.stdout, /公开日志：[1-9]/);
  const own = await run('verify-bundle', at('try.zip'));
  assert.match(own.stdout, /只能证明包没有被改动/);
});

test('another program reads it: hashes, page, draw, printed documents', () => {
  const files = unzip(good), manifest = JSON.parse(files['manifest.json']), map = places(good);
  assert.equal(manifest.files.length + 2, map.length);
  for (const f of manifest.files) {
    const m = map.find((x) => x.name === f.path);
    assert.equal(sha(good.subarray(m.from, m.from + m.size)), f.sha256, f.path);
  }
  assert.doesNotMatch(files['index.html'], /<script|https?:\/\//);
  for (const [, href] of files['index.html'].matchAll(/href="([^"]+)"/g)) assert.ok(href in files, href);
  const draws = Object.keys(files).filter((n) => n.startsWith('draws/'));
  assert.ok(draws.length > 0);
  for (const n of draws) {
    const drawn = execFileSync('node', ['test/draw.mjs'], { input: files[n] }).toString().trim().split('\n');
    const index = JSON.parse(files['index.json']), line = index.draws.find((d) => d.input === n);
    assert.deepEqual(drawn, JSON.parse(files[line.draw]).order.filter((o) => o.drawn).map((o) => o.key));
  }
  const pdf = map.filter((x) => x.name.endsWith('.pdf'));
  assert.ok(pdf.length > 0);
  for (const x of pdf) assert.equal(good.toString('latin1', x.from, x.from + 5), '%PDF-');
});

test('personal fields are masked, whatever the role; with a reason they stand there and the reason in the journal', async () => {
  const files = unzip(good);
  const phones = Object.entries(files).filter(([n, text]) => n.startsWith('records/') && /"1\d{2}\*{4}\d{4}"/.test(text));
  assert.ok(phones.length > 0, 'there are masked numbers');
  for (const [n, text] of Object.entries(files)) if (/^(records|snapshots)\//.test(n)) assert.doesNotMatch(text, /"1[3-9]\d{9}"/, n);
  const region = await as('region');
  expect(await region.send('POST', `/bundle/batch/${round.id}`, { reason: '短' }), 422, 'no reason');
  const queued = expect(await region.send('POST', `/bundle/batch/${round.id}`, { reason: '核对举报反映的联系人' }), 202, 'queued').json;
  assert.equal((await job(region, queued.id)).state, 'done');
  const open = expect(await region.ask('GET', `/jobs/${queued.id}/output`), 200, 'zip').bytes, clear = unzip(open);
  const name = phones.map(([n]) => n).find((n) => /records\/application\//.test(n));
  assert.match(clear[name], /"1[3-9]\d{9}"/);
  assert.match(clear[name.replace('records/', 'history/')], /核对举报反映的联系人/);
  assert.equal((await verify(open)).code, 0);
});

test('a city gets what it may see, and the part proves itself', async () => {
  const r = await run('bundle', 'batch', round.no, at('city.zip'), '--data', DATA, '--as', 'chifeng');
  assert.equal(r.code, 0, r.stderr);
  const v = await run('verify-bundle', at('city.zip'), '--keys', at('keys.json'));
  assert.equal(v.code, 0, v.stdout);
  assert.match(v.stdout, /只核对先后/);
  assert.match(v.stdout, /未收入 .*管辖范围之外，只收入公开的内容/);
  const files = unzip(fs.readFileSync(at('city.zip')));
  const own = Object.keys(files).filter((n) => /^history\/application\//.test(n));
  assert.ok(own.length > 0 && own.every((n) => /RD-1504/.test(n)), own.join());
});

test('who may not export the round gets none', async () => {
  for (const login of ['aohan', 'publisher', 'supervisor']) {
    const who = await as(login);
    expect(await who.page(`/bundle/batch/${round.id}`), 403, login);
    expect(await who.send('POST', `/bundle/batch/${round.id}`, {}), 403, login);
    assert.doesNotMatch((await who.page(`/r/batch/${round.id}`)).text, /\/bundle\/batch\//);
  }
  assert.ok([303, 401].includes((await web.page(`/bundle/batch/${round.id}`)).status));
  expect(await (await as('region')).page(`/bundle/brand/1`), 404, 'no bundle of this type');
});

test('200 random bytes changed, one at a time: all found, the file named', async () => {
  const map = places(good);
  let seed = 20261123;
  const next = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor((seed / 2147483648) * n); };
  const missed = [];
  for (let i = 0; i < 200; i++) {
    const member = map[next(map.length)], bad = Buffer.from(good);
    if (member.size === 0) continue;
    const where = member.from + next(member.size);
    bad[where] ^= 1 + next(255);
    const r = await verify(bad);
    if (r.code !== 8 || !r.stdout.includes(`✗ ${member.name}：`)) missed.push(`${member.name} +${where - member.from}: ${r.code}`);
  }
  assert.deepEqual(missed, []);
});

test('a file taken out, a file put in, a bundle cut short, another site’s key: found', async () => {
  const map = places(good);
  const inside = (n) => map.some((x) => n >= x.from && n < x.from + x.size);
  const rename = (from, to) => { // in the headers, not in what other files say of it
    const bytes = Buffer.from(good);
    for (let n = bytes.indexOf(from); n >= 0; n = bytes.indexOf(from, n + 1)) if (!inside(n)) bytes.write(to, n, 'latin1');
    return bytes;
  };
  const victim = map.find((x) => x.name.startsWith('records/')).name, other = victim.replace(/.json$/, '.jsoN');
  const gone = await verify(rename(victim, other));
  assert.equal(gone.code, 8);
  assert.ok(gone.stdout.includes(`✗ ${other}：包里有，清单里没有`), gone.stdout);
  assert.ok(gone.stdout.includes(`✗ ${victim}：清单里有，包里缺少`), gone.stdout);
  assert.equal((await verify(good.subarray(0, good.length - 1000))).code, 8);
  assert.equal((await verify(Buffer.concat([good, Buffer.from('x')]))).code, 8);
  assert.equal((await verify(Buffer.alloc(0))).code, 8);
  const foreign = JSON.parse(fs.readFileSync(at('keys.json'), 'utf8'));
  const { publicKey } = crypto.generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  foreign.keys = [{ ...foreign.keys[0], id: sha(raw).slice(0, 16), key: `ed:${raw.toString('base64url')}` }];
  fs.writeFileSync(at('foreign.json'), JSON.stringify(foreign));
  fs.writeFileSync(at('try.zip'), good);
  const r = await run('verify-bundle', at('try.zip'), '--keys', at('foreign.json'));
  assert.equal(r.code, 8, r.stdout + r.stderr);
  assert.match(r.stdout, /✗ manifest\.sig：/);
});

test('the command line makes the same bundle, but for time and asker', async () => {
  const r = await run('bundle', 'batch', round.no, at('cli.zip'), '--data', DATA, '--as', 'auditor');
  assert.equal(r.code, 0, r.stderr);
  const a = unzip(fs.readFileSync(at('cli.zip'))), mine = unzip(good);
  assert.equal((await run('verify-bundle', at('cli.zip'), '--data', DATA)).code, 0);
  const rounds = (files) => Object.keys(files).filter((n) => /^records\/(application|certificate|decision)\//.test(n)).sort();
  assert.deepEqual(rounds(a), rounds(mine));
  for (const n of rounds(a).filter((x) => /certificate|decision/.test(x))) assert.equal(a[n], mine[n], n);
  const again = await run('bundle', 'batch', round.no, at('cli.zip'), '--data', DATA, '--as', 'auditor');
  assert.equal(again.code, 5, 'an existing file is not touched');
  assert.equal((await run('bundle', 'batch', round.no, at('no.zip'), '--data', DATA, '--as', 'aohan')).code, 3);
  assert.equal(fs.existsSync(at('no.zip')), false);
});

test('verify and doctor tell what is kept', async () => {
  const v = await run('verify', '--data', DATA);
  assert.equal(v.code, 0, v.stdout);
  assert.match(v.stdout, /[1-9]\d* 份封存的快照、公开日志 [1-9]\d* 条：全部相符/);
  const d = await run('doctor', '--data', DATA);
  assert.match(d.stdout, /留存：操作记录 [1-9]\d* 条，快照 [1-9]\d* 份，公开日志 [1-9]\d* 条/);
  fs.rmSync(dir, { recursive: true });
});
