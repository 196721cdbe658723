// Story 5: the public - catalogue, search, entry; nothing private; without scripts.
import { as, ask, assert, expect, newBrand, test, web } from './lib.mjs';

test('the front door leads to the catalogue', async () => {
  const a = await web.page('/');
  assert.equal(a.status, 303);
  assert.equal(a.location, '/catalogue');
});

test('search takes substrings and pinyin initials', async () => {
  const by = async (q) => (await web.json('/catalogue?q=' + encodeURIComponent(q))).json.items.map((i) => i.name);
  assert.ok((await by('小米')).some((n) => n.startsWith('敖汉小米')));
  assert.ok((await by('ahxm')).some((n) => n.startsWith('敖汉小米')));
  assert.deepEqual(await by('没有这样的品牌'), []);
});

test('filters have counts that agree with what they lead to', async () => {
  const html = expect(await web.page('/catalogue'), 200, 'catalogue').text;
  const links = [...html.matchAll(/<a[^>]*href="(\/catalogue\?[a-z_]+=[^"&]+)"[^>]*>[^<]*<span>(\d+)<\/span>/g)];
  assert.ok(links.length >= 4, 'facets with counts');
  for (const [, href, n] of links.slice(0, 6)) assert.equal((await web.json(href)).json.total, Number(n), href);
});

test('an entry shows public facts and never a private one', async () => {
  const list = (await web.json('/catalogue?q=ahxm')).json.items[0];
  for (const a of [await web.page(list.href), await web.json(list.href), await web.json(`/r/brand/${list.id}`)]) {
    expect(a, 200, list.href);
    assert.ok(a.text.includes('敖汉小米'));
    for (const secret of ['演示联系人', '130****', '13000000', 'phone":"', 'warnings":[{']) assert.ok(!a.text.includes(secret), secret);
  }
});

test('what is not published is not there, by page, API, list or search', async () => {
  const clerk = await as('aohan');
  const b = await newBrand(clerk, { name: '敖汉秘密架线工' });
  for (const path of [`/catalogue/${b.no}`, `/r/brand/${b.id}`, `/r/brand/${b.id}/history`]) {
    assert.ok([404, 401].includes((await web.json(path)).status), path);
  }
  assert.equal((await web.json('/catalogue?q=' + encodeURIComponent('秘密'))).json.total, 0);
  const list = await web.json('/r/brand?q=' + encodeURIComponent('秘密'));
  assert.ok(list.status === 401 || list.json.total === 0);
  const probe = await web.json('/r/brand?contact=' + encodeURIComponent('演示联系人'));
  assert.ok(probe.status >= 400 || probe.json.total === 0, 'no filtering by a private field');
  assert.equal((await web.json('/catalogue?q=' + encodeURIComponent('演示联系人'))).json.total, 0, 'no searching in it');
});

test('public pages carry a strict policy, no inline script or style, and set no cookie', async () => {
  const a = await web.page('/catalogue');
  assert.match(a.headers.get('content-security-policy'), /default-src 'none'/);
  assert.ok(!/unsafe-inline|unsafe-eval/.test(a.headers.get('content-security-policy')));
  assert.equal(a.headers.getSetCookie().length, 0);
  assert.ok(!/<script(?![^>]*src=)/.test(a.text) && !/ on[a-z]+="/.test(a.text) && !/ style="/.test(a.text));
  assert.equal(a.headers.get('x-content-type-options'), 'nosniff');
});

test('a page that has not changed is answered 304', async () => {
  const a = await web.page('/catalogue');
  const tag = a.headers.get('etag');
  assert.ok(tag);
  assert.equal((await web.page('/catalogue', { 'if-none-match': tag })).status, 304);
});

test('large print and high contrast are kept in a cookie and change the page', async () => {
  const page = await web.page('/catalogue', { cookie: 'tamga_view=big.contrast' });
  const plain = await web.page('/catalogue');
  assert.notEqual(/<html[^>]*>|<body[^>]*>/.exec(page.text)?.[0] + page.text.length, /<html[^>]*>|<body[^>]*>/.exec(plain.text)?.[0] + plain.text.length);
});

test('security.txt names the contact of this installation and when it ends', async () => {
  const a = expect(await ask('GET', '/.well-known/security.txt'), 200);
  assert.match(a.headers.get('content-type'), /^text\/plain/);
  assert.match(a.text, /^Contact: mailto:security@example\.org$/m);
  const until = Date.parse(/^Expires: (.+)$/m.exec(a.text)[1]) - Date.now();
  assert.ok(until > 170 * 86400e3 && until < 366 * 86400e3, `${until} ms`);
});
