// The public log, the keys, and checking certificates on the command line.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assert, DATA, expect, run, test, web } from './lib.mjs';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-log-'));
const key = (k) => Buffer.from(k.key.slice(3), 'base64url');

test('the keys are published with their day and nothing secret', async () => {
  const a = expect(await web.json('/keys.json'), 200, 'keys');
  assert.equal(a.headers.get('access-control-allow-origin'), '*');
  assert.deepEqual(a.json.keys.map((k) => k.alg), ['ed', 'sm']);
  for (const k of a.json.keys) {
    assert.equal(k.id, crypto.createHash('sha256').update(key(k)).digest('hex').slice(0, 16));
    assert.match(k.from, /^\d{4}-\d\d-\d\d$/);
    assert.equal(k.until, null);
  }
  assert.equal(key(a.json.keys[0]).length, 32);
  assert.equal(key(a.json.keys[1]).length, 65);
  for (const name of ['ed25519.key', 'sm2.key']) {
    const secret = fs.readFileSync(`${DATA}/keys/${name}`, 'utf8').trim().split(' ')[3];
    assert.ok(secret.length > 40 && !a.text.includes(secret));
    assert.equal(fs.statSync(`${DATA}/keys/${name}`).mode & 0o777, 0o600);
  }
});

test('the checkpoint is a note that another program checks with the published key', async () => {
  const note = expect(await web.page('/log/checkpoint'), 200, 'checkpoint').text;
  const keys = (await web.json('/keys.json')).json;
  const [text, line] = [note.slice(0, note.indexOf('\n\n') + 1), note.slice(note.indexOf('\n\n') + 2)];
  const [origin, size, root] = text.split('\n');
  const [dash, name, sig] = line.trim().split(' ');
  assert.equal(dash, '—');
  assert.equal(name, origin);
  assert.equal(name, keys.log.name);
  assert.match(size, /^\d+$/);
  assert.equal(Buffer.from(root, 'base64').length, 32);
  const pub = crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key(keys.keys[0]).toString('base64url') }, format: 'jwk' });
  const raw = Buffer.from(sig, 'base64');
  const hash = crypto.createHash('sha256').update(name + '\n').update(Buffer.from([1])).update(key(keys.keys[0])).digest().subarray(0, 4);
  assert.deepEqual(raw.subarray(0, 4), hash);
  assert.ok(crypto.verify(null, Buffer.from(text), pub, raw.subarray(4)));
  assert.ok(!crypto.verify(null, Buffer.from(text.replace(size, size + '1')), pub, raw.subarray(4)));
  assert.equal((await web.page('/log/checkpoint')).text, note, 'the same size has the same checkpoint');
});

test('the page of the log names its size and root, for people and programs alike', async () => {
  const json = expect(await web.json('/log'), 200, 'log').json;
  const html = expect(await web.page('/log'), 200, 'log').text;
  assert.ok(html.includes('公开日志') && html.includes(`共 ${json.size} 条`));
  assert.equal(json.checkpoint.split('\n')[1], String(json.size));
  assert.equal(json.checkpoint.split('\n')[2], json.root);
});

test('every entry proves itself against the root, and the log continues every smaller one', async () => {
  const sha = (...parts) => parts.reduce((h, p) => h.update(p), crypto.createHash('sha256')).digest();
  const { size } = (await web.json('/log')).json;
  for (let n = 0; n < Math.min(size, 40); n++) {
    const e = expect(await web.json(`/log/entry/${n}`), 200, `entry ${n}`).json;
    let h = sha(Buffer.from([0]), Buffer.from(e.entry)), fn = n, sn = e.size - 1;
    assert.equal(h.toString('base64'), e.leaf);
    for (const p of e.proof.map((x) => Buffer.from(x, 'base64'))) {
      if (fn % 2 === 1 || fn === sn) {
        h = sha(Buffer.from([1]), p, h);
        while (fn % 2 === 0 && fn !== 0) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
      } else h = sha(Buffer.from([1]), h, p);
      fn = Math.floor(fn / 2);
      sn = Math.floor(sn / 2);
    }
    assert.equal(sn, 0);
    assert.equal(h.toString('base64'), e.root);
    expect(await web.page(`/log/entry/${n}`), 200, `page of entry ${n}`);
    assert.equal(expect(await web.page(`/log/entry/${n}.json`), 200, 'by its ending').json.leaf, e.leaf);
  }
  const same = expect(await web.json(`/log/consistency?from=${size}&to=${size}`), 200, 'consistency').json;
  assert.equal(same.from_root, same.to_root);
  expect(await web.json('/log/consistency?from=0'), 200, 'from nothing');
});

test('places that are not there are refused in words', async () => {
  const { size } = (await web.json('/log')).json;
  expect(await web.json(`/log/entry/${size}`), 404);
  expect(await web.json('/log/entry/x'), 400);
  expect(await web.json('/log/entry/-1'), 400);
  expect(await web.json(`/log/consistency?from=0&to=${size + 1}`), 422);
  expect(await web.json('/log/consistency'), 400);
  expect(await web.json('/log?before=x'), 400);
});

test('tamga verify covers the log', async () => {
  const a = await run('verify', '--data', DATA);
  assert.equal(a.code, 0, a.stderr);
  assert.match(a.stdout, /公开日志 \d+ 条：全部相符/);
});

/** A certificate signed by keys made here: what `tamga verify-certificate` needs is the text and keys.json only. */
const payload = { brand: '样例品牌', holder: '样例单位', issued: '2026-01-02', issuer: '样例发证单位', level: '样例级', log: null, no: '样例1', until: '2029-01-01', v: 1 };
const made = crypto.generateKeyPairSync('ed25519');
const raw = Buffer.from(made.publicKey.export({ format: 'jwk' }).x, 'base64url');
const id = crypto.createHash('sha256').update(raw).digest('hex').slice(0, 16);
const sign = (text) => {
  const head = `TAMGA1.ed.${id}.${Buffer.from(text).toString('base64url')}`;
  return `${head}.${crypto.sign(null, Buffer.from(head), made.privateKey).toString('base64url')}`;
};
const token = sign(JSON.stringify(payload));
const keys = path.join(dir, 'keys.json');
fs.writeFileSync(keys, JSON.stringify({ keys: [{ alg: 'ed', id, key: `ed:${raw.toString('base64url')}`, from: '2026-01-01', until: null }] }));
const check = (what, ...more) => run('verify-certificate', what, '--keys', keys, ...more);

test('a certificate verifies from a text, an address, a file and a PDF, without a server', async () => {
  const pdf = path.join(dir, 'a.pdf'), txt = path.join(dir, 'a.txt');
  fs.writeFileSync(pdf, Buffer.concat([Buffer.from('%PDF-1.7\n\xff\xfe\0/Keywords (', 'latin1'), Buffer.from(`${token})\n%%EOF`)]));
  fs.writeFileSync(txt, `请扫码：https://example.org/verify#${token}\n`);
  for (const what of [token, `https://example.org/verify#${token}`, pdf, txt]) {
    const a = await check(what, '--at', '2027-05-01');
    assert.equal(a.code, 0, a.stderr);
    assert.match(a.stdout, /编号 样例1\n[\s\S]*结论：有效\n$/);
  }
});

test('expired, not begun, revoked and forged are told apart, and none is status 0', async () => {
  const list = path.join(dir, 'revoked.txt');
  fs.writeFileSync(list, sign(JSON.stringify({ at: '2027-01-01T00:00:00.000Z', revoked: [{ no: '样例1', on: '2026-12-30' }], v: 1 })));
  const forged = token.slice(0, -3) + (token.at(-3) === 'A' ? 'B' : 'A') + token.slice(-2);
  for (const [want, what, ...more] of [['有效', token, '--at', '2029-01-01'], ['有效', token, '--at', '2026-01-02'], ['已过期', token, '--at', '2029-01-02'],
    ['尚未生效', token, '--at', '2026-01-01'], ['已撤销', token, '--at', '2027-05-01', '--revoked', list], ['签名不符', forged, '--at', '2027-05-01']]) {
    const a = await check(what, ...more);
    assert.ok(a.stdout.includes(`结论：${want}\n`), `${want}: ${a.stdout}${a.stderr}`);
    assert.equal(a.code === 0, want === '有效', `${want}: status ${a.code}`);
  }
  assert.notEqual((await check(token, '--revoked', keys)).code, 0, 'a list that is none is no reason to say valid');
  const foreign = await run('verify-certificate', token, '--data', DATA);
  assert.notEqual(foreign.code, 0);
  assert.match(foreign.stdout, /签名不符/, 'signed by a key of somebody else');
  fs.rmSync(dir, { recursive: true });
});
