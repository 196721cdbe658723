// The page that checks certificates anywhere: its function, with WebCrypto and with its fallback, and the file that is handed out.
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { checkEnvelope, readKeys, verify } from '../../web/verify/verify.mjs';
import { assert, expect, test, web } from './lib.mjs';

const nacl = createRequire(new URL('../../web/package.json', import.meta.url))('tweetnacl');
const subtle = crypto.webcrypto.subtle;
const fallback = (bytes, sig, key) => nacl.sign.detached.verify(bytes, sig, key);
const WAYS = [{ subtle }, { fallback }];
const made = crypto.generateKeyPairSync('ed25519');
const raw = Buffer.from(made.publicKey.export({ format: 'jwk' }).x, 'base64url');
const id = crypto.createHash('sha256').update(raw).digest('hex').slice(0, 16);
const keys = readKeys(JSON.stringify({ keys: [{ alg: 'ed', id, key: `ed:${raw.toString('base64url')}` }] }));
const sign = (text) => {
  const head = `TAMGA1.ed.${id}.${Buffer.from(text).toString('base64url')}`;
  return `${head}.${crypto.sign(null, Buffer.from(head), made.privateKey).toString('base64url')}`;
};
const payload = { brand: '样例品牌', holder: '样例单位', issued: '2026-01-02', issuer: '样例发证单位', level: '样例级', log: 3, no: '样例1', until: '2029-01-01', v: 1 };
const token = sign(JSON.stringify(payload));
const day = (today, more = {}) => verify(more.text ?? token, { keys, today, ...WAYS[0], ...more });

test('a certificate is valid on its days, with WebCrypto and with the fallback', async () => {
  for (const way of WAYS) {
    for (const [today, want] of [['2026-01-01', 'early'], ['2026-01-02', 'valid'], ['2029-01-01', 'valid'], ['2029-01-02', 'expired']]) {
      const r = await verify(`https://example.org/verify#${token}`, { keys, today, ...way });
      assert.equal(r.verdict, want, today);
      assert.equal(r.certificate.no, '样例1');
    }
  }
});

test('every byte flipped is refused, both ways', async () => {
  for (const way of WAYS) {
    for (let at = 0; at < token.length; at++) {
      for (const bit of way.subtle ? [1, 2, 4, 8, 16, 32, 64] : [1]) {
        const bad = token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) ^ bit) + token.slice(at + 1);
        await assert.rejects(checkEnvelope(bad, keys, way), undefined, `byte ${at}, bit ${bit}`);
        if (bit === 1) assert.equal((await verify(bad, { keys, today: '2027-01-01', ...way })).verdict, 'forged');
      }
    }
    for (const bad of ['', token.slice(1), token.slice(0, -1), `${token}A`, `${token}=`, `${token}.`]) await assert.rejects(checkEnvelope(bad, keys, way));
  }
});

test('the second form of a signature is refused, though the fallback alone would take it', async () => {
  const L = (1n << 252n) + 27742317777372353535851937790883648493n;
  const at = token.lastIndexOf('.');
  const sig = Buffer.from(token.slice(at + 1), 'base64url');
  let s = BigInt('0x' + Buffer.from(sig.subarray(32)).reverse().toString('hex')) + L;
  for (let i = 32; i < 64; i++, s >>= 8n) sig[i] = Number(s & 255n);
  assert.ok(fallback(Buffer.from(token.slice(0, at)), sig, raw), 'this is what must be caught before');
  for (const way of WAYS) assert.equal((await day('2027-01-01', { text: `${token.slice(0, at)}.${sig.toString('base64url')}`, ...way })).verdict, 'forged');
});

test('revoked shows, and a list that is none is not taken', async () => {
  const list = sign(JSON.stringify({ at: '2027-01-01T00:00:00.000Z', revoked: [{ no: '样例1', on: '2026-12-30' }], v: 1 }));
  const other = sign(JSON.stringify({ at: '2027-01-01T00:00:00.000Z', revoked: [{ no: '样例2', on: '2026-12-30' }], v: 1 }));
  assert.equal((await day('2027-01-02', { revoked: list })).verdict, 'revoked');
  assert.equal((await day('2027-01-02', { revoked: other })).verdict, 'valid');
  assert.equal((await day('2027-01-02', { revoked: token })).verdict, 'forged');
  assert.equal((await day('2027-01-02', { revoked: 'x' })).verdict, 'forged');
});

test('rightly signed texts that are no certificate are refused', async () => {
  const text = JSON.stringify(payload);
  for (const [from, to] of [['"v":1', '"v":2'], ['"v":1', '"v":1,"x":1'], ['2029-01-01', '2029-02-30'], ['2029-01-01', '2025-01-01'], ['"log":3', '"log":-1'],
    ['{"brand"', '{ "brand"'], ['样例品牌', ''], ['"no":"样例1"', '"no":1'], ['"brand"', '"brand":"x","brand"']]) {
    assert.notEqual(text.replace(from, to), text);
    assert.equal((await day('2027-01-01', { text: sign(text.replace(from, to)) })).verdict, 'forged', to);
  }
  assert.equal((await day('2027-01-01', { text: sign('null') })).verdict, 'forged');
  assert.match((await day('2027-01-01', { text: token.replace('.ed.', '.sm.') })).why, /SM2/);
});

test('the page handed out is one file with the keys of the site inside and asks nobody', async () => {
  const a = expect(await web.page('/verify/offline'), 200, 'offline page');
  assert.match(a.headers.get('content-disposition'), /^attachment/);
  const inside = Buffer.from(/data-keys="([A-Za-z0-9_-]+)"/.exec(a.text)[1], 'base64url').toString();
  assert.deepEqual(JSON.parse(inside), (await web.json('/keys.json')).json);
  assert.ok(!/src=|href="(?!data:)|https?:\/\//.test(a.text.replace(/<script>[\s\S]*<\/script>/, '')));
  const code = /<script>([\s\S]*)<\/script>/.exec(a.text)[1];
  assert.ok(a.text.includes(`script-src 'sha256-${crypto.createHash('sha256').update(code).digest('base64')}'`));
});
