// Story 13: what people are told - in the program, by mail through a real SMTP server, by SMS and webhook through a gateway that first refuses.
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { assert, expect, test } from './lib.mjs';
import { made, Own, until } from './own.mjs';

const SECRET = 'only-for-this-test-0123';
let own, smtp, gateway, mailPort, gatePort, teams = 0;
const mails = [], posts = [], signedIn = [];
let refuse = 0;

const words = (s) => s.replace(/\?=\r\n =\?/g, '?==?').replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, b) => `\u0000${b}\u0000`)
  .replace(/(?:\u0000[^\u0000]*\u0000)+/g, (run) => Buffer.concat(run.split('\u0000').filter(Boolean).map((b) => Buffer.from(b, 'base64'))).toString());
function parsed(raw) {
  const [head, body] = [raw.slice(0, raw.indexOf('\r\n\r\n')), raw.slice(raw.indexOf('\r\n\r\n') + 4)];
  const h = (name) => words(new RegExp(`^${name}: ((?:.*)(?:\r\n .*)*)`, 'mi').exec(head)?.[1] ?? '');
  return { from: h('From'), to: h('To'), subject: h('Subject'), id: h('Message-ID'), body: Buffer.from(body, 'base64').toString() };
}
function listenMail(port = 0) {
  smtp = new SMTPServer({ authMethods: ['PLAIN'], allowInsecureAuth: true, disabledCommands: ['STARTTLS'], logger: false,
    onAuth(auth, session, done) { signedIn.push(auth.username); done(auth.password === 'mail-word' ? null : new Error('no'), { user: auth.username }); },
    onData(stream, session, done) {
      let raw = '';
      stream.on('data', (d) => { raw += d; });
      stream.on('end', () => { mails.push({ ...parsed(raw), rcpt: session.envelope.rcptTo.map((r) => r.address), raw }); done(); });
    } });
  smtp.on('error', () => {});
  return new Promise((done) => smtp.listen(port, '127.0.0.1', () => done(smtp.server.address().port)));
}
function listenGateway() {
  gateway = http.createServer((req, res) => {
    let body = '';
    req.on('data', (d) => { body += d; });
    req.on('end', () => {
      posts.push({ path: req.url, headers: req.headers, body, refused: refuse > 0 });
      res.writeHead(refuse-- > 0 ? 503 : 200).end('{}');
    });
  });
  return new Promise((done) => gateway.listen(0, '127.0.0.1', () => done(gateway.address().port)));
}
const send = async () => {
  const clerk = await own.as('dong1');
  const p = await made(clerk, 'team', { name: `甲县采收${'一二三四五六'[teams++]}队`, place: '990101', trade: 'farm', people: 30 });
  expect(await clerk.act('team', p.id, 'ask'), 200, 'ask');
  return p;
};
const box = async (state) => expect(await (await own.as('zhu1')).get(`/outbox?state=${state}`), 200, 'outbox').json;

test('a county and the office of the province; an address is checked, masked for others, and the channels are read from a file of the folder', async () => {
  own = new Own('test/fixture/pack-two', '2026-11-30');
  mailPort = await listenMail();
  gatePort = await listenGateway();
  fs.writeFileSync(path.join(own.data, 'channels.yaml'), `mail: {server: '127.0.0.1:${mailPort}', tls: none, from: tamga@example.org, from_name: 示例系统, user: tamga, password: mail-word}
sms: {url: 'http://127.0.0.1:${gatePort}/sms', token: gate-word, prefix: 【样例】}
hook: {url: 'http://127.0.0.1:${gatePort}/hook', secret: ${SECRET}}\n`, { mode: 0o600 });
  await own.start();
  own.user('dong1', '甲县填报', 'C1', 'writer');
  own.user('shi1', '省经办甲', 'P', 'head');
  own.user('shi2', '省经办乙', 'P', 'head');
  own.user('zhu1', '省负责人', 'P', 'head');
  const one = await own.as('shi1');
  expect(await one.form('/account/contact', { email: 'shi@', by_mail: '1' }), 422, 'not an address');
  expect(await one.form('/account/contact', { email: 'shi1@example.org', by_mail: '1', mobile: '13800002046' }), 303, 'mail');
  assert.match((await one.page('/account')).text, /value="shi1@example\.org"/);
  expect(await (await own.as('shi2')).send('POST', '/account/contact', { mobile: '13900002046', by_sms: true }), 204, 'sms');
  const admin = await own.as('zhu1');
  const users = (await admin.page('/users')).text;
  assert.ok(users.includes('s***@example.org') && users.includes('139****2046') && !users.includes('shi1@example.org'), 'masked');
  expect(await (await own.as('dong1')).page('/users'), 404, 'no administrator');
});

test('what is sent up rings the bell of the office, and leaves by mail with a Chinese subject', async () => {
  refuse = 2; /* of the gateway; see the next test */
  const p = await send();
  const one = await own.as('shi1');
  const desk = (await one.page('/desk')).text;
  assert.match(desk, /aria-label="消息 1 条未读"/);
  const list = expect(await one.get('/notices'), 200, 'notices').json;
  assert.equal(list.unread, 1);
  assert.match(list.items[0].text, /^收到一支队伍，请审核：甲县采收一队/);
  assert.equal(list.items[0].href, `/r/team/${p.id}`);
  assert.equal(expect(await (await own.as('dong1')).get('/notices'), 200, 'sender').json.unread, 0);
  await until('a mail', () => mails.length === 1);
  assert.equal(mails[0].subject, list.items[0].text);
  assert.equal(mails[0].from, '示例系统\r\n <tamga@example.org>');
  assert.deepEqual(mails[0].rcpt, ['shi1@example.org']);
  assert.ok(mails[0].body.includes(list.items[0].text) && mails[0].id.endsWith('@example.org>'), mails[0].body);
  assert.deepEqual(signedIn, ['tamga']);
  assert.ok([...mails[0].raw].every((c) => c.charCodeAt(0) < 128), 'ASCII on the wire');
});

test('a notice is opened and read, one or all, without script; another’s cannot be', async () => {
  const one = await own.as('shi1'), two = await own.as('shi2');
  const { items } = (await one.get('/notices')).json;
  expect(await two.form(`/notices/${items[0].id}/read`, {}), 404, 'another’s');
  const a = expect(await one.form(`/notices/${items[0].id}/read`, { go: items[0].href }), 303, 'open');
  assert.equal(a.location, items[0].href);
  expect(await one.form(`/notices/${items[0].id}/read`, { go: 'https://example.org/' }), 303, 'open');
  assert.match((await one.page('/desk')).text, /aria-label="消息\s+条未读"/);
  assert.match((await two.page('/desk')).text, /aria-label="消息 1 条未读"/, 'the other bell is left alone');
  expect(await two.form('/notices/read', {}), 303, 'all');
  assert.equal((await two.get('/notices')).json.unread, 0);
});

test('a gateway that refuses is tried again with the same key, on the next day or when an administrator asks, and then has accepted', async () => {
  await until('two refusals', async () => posts.filter((p) => p.refused).length === 2);
  await until('kept', async () => (await box('waiting')).items.filter((i) => i.attempts === 1).length === 2);
  const waiting = (await box('waiting')).items;
  assert.ok(waiting.every((i) => i.result === '对方没有接受（503）' && i.next_at), JSON.stringify(waiting));
  const refused = posts.filter((p) => p.refused);
  expect(await (await own.as('dong1')).page('/outbox'), 403, 'not for everybody');
  expect(await (await own.as('zhu1')).form(`/outbox/${waiting[0].id}/retry`, {}), 303, 'retry');
  await until('accepted', async () => (await box('waiting')).items.length === 1);
  await own.at('2026-12-01');
  await until('accepted too', async () => (await box('waiting')).items.length === 0);
  for (const r of refused) {
    const later = posts.filter((p) => !p.refused && p.headers['idempotency-key'] === r.headers['idempotency-key']);
    assert.equal(later.length, 1, 'once more, and then no more');
    assert.equal(later[0].body, r.body);
  }
  const sms = posts.find((p) => p.path === '/sms' && !p.refused), hook = posts.find((p) => p.path === '/hook' && !p.refused);
  assert.equal(sms.headers.authorization, 'Bearer gate-word');
  assert.equal(JSON.parse(sms.body).to, '13900002046');
  assert.match(JSON.parse(sms.body).text, /^【样例】收到一支队伍，请审核：甲县采收一队/);
  assert.equal(hook.headers['x-tamga-signature'], `sha256=${crypto.createHmac('sha256', SECRET).update(hook.body).digest('hex')}`);
  assert.deepEqual(Object.keys(JSON.parse(hook.body)), ['id', 'at', 'text', 'href', 'type', 'record']);
  assert.ok(!posts.some((p) => p.path === '/hook' && /13900002046|example\.org/.test(p.body)), 'no addresses');
});

test('while the mail server is down rows wait, the work goes on, and a restart loses and doubles nothing', async () => {
  const before = mails.length;
  await new Promise((done) => smtp.close(done));
  const sent = [await send(), await send(), await send()];
  await until('tried', async () => (await box('waiting')).items.some((i) => i.attempts === 1 && i.channel === 'mail'));
  assert.equal((await (await own.as('shi1')).get('/notices')).json.unread, 3, 'in the program at once');
  assert.ok((await box('waiting')).items.filter((i) => i.channel === 'mail').every((i) => i.address === 's***@example.org' && !/采收/.test(i.text)), 'masked, fixed words');
  await own.stop();
  assert.equal(await listenMail(mailPort), mailPort);
  await own.at('2026-12-02');
  await until('all mails', () => mails.length === before + sent.length);
  await until('nothing waits', async () => (await box('waiting')).items.length === 0);
  assert.equal(mails.length, before + sent.length);
  assert.equal(new Set(mails.map((m) => m.id)).size, mails.length, 'each its own id');
});

test('settings that are wrong stop the start and name the line', async () => {
  await own.stop();
  fs.writeFileSync(path.join(own.data, 'channels.yaml'), 'mail:\n  server: nowhere\n  from: a@example.org\n', { mode: 0o600 });
  assert.throws(() => own.run(['serve', '--data', own.data, '--listen', '127.0.0.1:0', '--assets', 'build/assets']), /channels\.yaml:2:11/);
  await own.end();
  gateway.close();
  await new Promise((done) => smtp.close(done));
});
