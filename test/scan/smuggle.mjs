// smuggle.mjs - hostile requests, over plain sockets: what two programs in a row could read differently must be refused by the first with one answer and a
// closed connection. After each stands the request that would be smuggled; a second answer means that it was.
import net from 'node:net';

const SECOND = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const list = [];
const add = (family, head, body = 'hello') => list.push({ n: list.length + 1, family, bytes: Buffer.from(head, 'latin1'), body: Buffer.from(body, 'latin1') });
const post = (lines, body, host = 'Host: a\r\n') => add(post.family, `POST /login HTTP/1.1\r\n${host}${lines}\r\n\r\n`, body);

post.family = 'Content-Length';
for (const v of ['+5', '-5', '0x5', '5abc', '5 5', '5,5', '5, 5', '5;', '5.0', '1e1', '"5"', '18446744073709551616', '99999999999999999999', '', ' ', '\t', '5\x0b', '5\x0c', '--5', '5\r\n 5', '5\r\n\t', '\xb2', '5\xa0', '0b1', '5 ,', ', 5', '0,5', '5-', "'5'", '5%00']) post(`Content-Length: ${v}`);
for (const [a, b] of [[5, 6], [6, 5], [0, 5], [5, 5], [5, '+5'], ['', 5], [5, ''], ['abc', 5]]) post(`Content-Length: ${a}\r\nContent-Length: ${b}`);
for (const name of ['content-length', 'CONTENT-LENGTH', 'Content-length']) post(`Content-Length: 5\r\n${name}: 0`);

post.family = 'Transfer-Encoding';
const codings = ['chunked', 'Chunked', 'CHUNKED', 'xchunked', 'chunkedx', 'chunked, identity', 'identity', 'gzip, chunked', 'chunked, gzip', '"chunked"', "'chunked'", 'chunked;a=b', 'chunked\t', '\x0bchunked', '\x0cchunked', 'chun\tked', 'chunked,', ',chunked', '', 'cow',
  'chunked, chunked', 'trailers', 'deflate', 'chunked\r\n x', 'chunked\r\n\tidentity', 'chunked\xa0', 'null', '[chunked]', 'chunk', 'identity, chunked'];
for (const c of codings) {
  post(`Transfer-Encoding: ${c}\r\nContent-Length: 5`, '0\r\n\r\n');
  post(`Content-Length: 5\r\nTransfer-Encoding: ${c}`, '0\r\n\r\n');
  if (!/^chunked\t?$/i.test(c)) post(`Transfer-Encoding: ${c}`, '0\r\n\r\n');
}
for (const c of codings.slice(0, 12)) post(`Transfer-Encoding: chunked\r\nTransfer-Encoding: ${c}`, '0\r\n\r\n');
for (const c of ['identity', 'cow', '']) post(`Transfer-Encoding: ${c}\r\nTransfer-Encoding: chunked`, '0\r\n\r\n');
add(post.family, 'POST /login HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', '0\r\n\r\n');
add(post.family, 'POST /login HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n', '0\r\n\r\n');

post.family = 'names of headers';
for (const [name, value, body] of [['Content-Length', '5', 'hello'], ['Content-Length', '0', ''], ['Transfer-Encoding', 'chunked', '0\r\n\r\n'], ['Host', 'b', '']]) {
  for (const f of [(n, v) => `${n} : ${v}`, (n, v) => `${n}\t: ${v}`, (n, v) => ` ${n}: ${v}`, (n, v) => `\t${n}: ${v}`, (n, v) => `${n}\x00: ${v}`, (n, v) => `${n}\r: ${v}`, (n, v) => `X: y\n${n}: ${v}`, (n, v) => `X: y\r${n}: ${v}`, (n, v) => `${n}\x0b: ${v}`,
    (n, v) => `${n}: ${v}\x00`, (n, v) => `${n.replace('-', '-\r\n ')}: ${v}`, (n, v) => `${n.replace('-', ' ')} ${n}: ${v}`, (n) => `${n}`, (n, v) => `X: y\r\n\x00${n}: ${v}`, (n, v) => `(${n}): ${v}`, (n, v) => `"${n}": ${v}`, (n, v) => `${n}=x: ${v}`, (n, v) => `${n}\xa0: ${v}`]) {
    post(f(name, value), body);
    post(`A: b\r\n${f(name, value)}\r\nC: d`, body);
  }
}
for (const l of [': 5', ':', '=', 'X', ' ', 'X: y\x00z', 'X: y\n z', 'X\x7f: y', 'X@y: z', 'X/y: z', 'X[y]: z', '\x80X: y']) post(`${l}\r\nContent-Length: 0`, '');

const get = (family, line, headers = 'Host: a\r\n') => add(family, `${line}${line.endsWith('\n') || line.endsWith('\r') ? '' : '\r\n'}${headers}\r\n`, '');
for (const h of ['', 'Host: a\r\nHost: a\r\n', 'Host: a\r\nHost: b\r\n', 'Host:\r\n', 'Host: \r\n', 'Host: a, b\r\n', 'Host: u@a\r\n', 'Host: a/b\r\n', 'Host: a b\r\n', 'Host: a\x00\r\n', 'Host: a\r\nhost: b\r\n', 'Host: a?b\r\n', 'Host: a#b\r\n', 'Host: a\\b\r\n', 'Host: [::1\r\n',
  'Host: a\r\n b\r\n', 'Host: http://a\r\n', 'Host: a;b\r\n', 'Host: <a>\r\n', 'Host: a"b\r\n']) get('Host', 'GET /login HTTP/1.1', h);
for (const l of ['get /login HTTP/1.1', 'FOO /login HTTP/1.1', 'GE T /login HTTP/1.1', 'GET  /login HTTP/1.1', ' GET /login HTTP/1.1', 'GET /login\tHTTP/1.1', 'GET\t/login HTTP/1.1', 'GET /login HTTP/1.1 x', 'GET /login HTTP/1.2', 'GET /login HTTP/2.0', 'GET /login HTTP/3', 'GET /login HTTP/0.9', 'GET /login HTTP/1.',
  'GET /login HTTP/11', 'GET /login http/1.1', 'GET /login HTTP/1.1\x00', 'GET /login', 'GET', 'GET /login HTTP /1.1', 'GET /login HTTPS/1.1', 'GET /%00 HTTP/1.1', 'GET /%zz HTTP/1.1', 'GET /% HTTP/1.1', 'GET /%2 HTTP/1.1', 'GET /../etc/passwd HTTP/1.1', 'GET /%2e%2e/etc/passwd HTTP/1.1',
  'GET /..%2fetc/passwd HTTP/1.1', 'GET /a/../../b HTTP/1.1', 'GET /a/%2e./../../b HTTP/1.1', 'GET /\x80 HTTP/1.1', 'GET /%c0%af HTTP/1.1', 'GET /%ff HTTP/1.1', 'GET /%ed%a0%80 HTTP/1.1', 'GET /a b HTTP/1.1', 'GET login HTTP/1.1', 'GET ?a HTTP/1.1', 'GET #a HTTP/1.1', 'PRI * HTTP/2.0', 'CONNECT a:1 HTTP/1.1',
  'GET /login\x00 HTTP/1.1', 'GET /login\x01 HTTP/1.1', 'GET /login\x7f HTTP/1.1', 'GET /login HTTP/1.1\n', 'GET /login HTTP/1.1\r', 'GET /login HTTP/1.1\r\r\n', 'GET /a#b HTTP/1.1', `GET /${'a'.repeat(20000)} HTTP/1.1`, `GET /?${'a'.repeat(20000)} HTTP/1.1`, 'G\x00T /login HTTP/1.1', '\x16\x03\x01\x02\x00\x01', 'TRACK /login HTTP/1.1',
  'GET ftp://a/ HTTP/1.1', 'GET http://u@a/ HTTP/1.1', 'GET http:/// HTTP/1.1', 'GET //../x HTTP/1.1', 'GET http://b/login HTTP/1.1']) get('request line', l);
get('request line', 'GET /login HTTP/1.1', `Host: a\r\nX: ${'y'.repeat(20000)}\r\n`);
get('request line', 'GET /login HTTP/1.1', `Host: a\r\n${Array.from({ length: 500 }, (_, i) => `X${i}: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n`).join('')}`);

post.family = 'chunks';
const chunked = (body) => post('Transfer-Encoding: chunked', body);
for (const size of ['0x5', '+5', '-1', ' 5', 'g', '', 'FFFFFFFFFFFFFFFFF', '10000000000000005', '5\x00', '5 5', '5,', '5\x0b', '"5"', '5\t5', '\xb5', '５'.slice(0, 0) + '5_']) chunked(`${size}\r\nhello\r\n0\r\n\r\n`);
for (const b of ['5\nhello\r\n0\r\n\r\n', '5\rhello\r\n0\r\n\r\n', '5\r\nhello\n0\r\n\r\n', '5\r\nhello0\r\n\r\n', '5\r\nhelloX\r\n0\r\n\r\n', '5\r\nhell\r\n0\r\n\r\n', '5;a\nb\r\nhello\r\n0\r\n\r\n', '5;\x00\r\nhello\r\n0\r\n\r\n', `5;${'a'.repeat(20000)}\r\nhello\r\n0\r\n\r\n`, '5;a\rb\r\nhello\r\n0\r\n\r\n',
  '0\n\r\n', '0\r\nX\r\n\r\n', '0\r\nX : y\r\n\r\n', '0\r\nX: y\n\r\n', '0\r\n X: y\r\n\r\n', `0\r\nX: ${'y'.repeat(20000)}\r\n\r\n`, '5\r\nhello\r\r\n0\r\n\r\n', '\r\n5\r\nhello\r\n0\r\n\r\n', '7fffffffffffffff\r\nhello\r\n0\r\n\r\n', '80000000\r\nhello']) chunked(b);

for (const method of ['PUT', 'PATCH', 'DELETE', 'GET', 'HEAD', 'OPTIONS']) {
  for (const l of ['Content-Length: 5\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 5', 'Content-Length: 5\r\nContent-Length: 0', 'Transfer-Encoding: chunked, identity', 'Content-Length : 5', 'Content-Length: 5\r\n Transfer-Encoding: chunked']) add('methods', `${method} /login HTTP/1.1\r\nHost: a\r\n${l}\r\n\r\n`, '0\r\n\r\n');
}
export const HOSTILE = list;

/** Sends bytes, waits until the other side closes or for `patience` ms of silence. */
export function send(port, bytes, patience = 1500) {
  return new Promise((done) => {
    const s = net.connect(port, '127.0.0.1'), parts = [];
    let closed = false;
    const end = () => { s.destroy(); const text = Buffer.concat(parts).toString('latin1'); done({ text, closed, statuses: [...text.matchAll(/HTTP\/1\.[01] (\d{3}) [A-Z]/g)].map((m) => Number(m[1])) }); };
    s.setTimeout(patience, end);
    s.on('data', (x) => parts.push(x));
    s.on('close', () => { closed = true; end(); });
    s.on('error', () => { closed = true; });
    s.write(bytes);
  });
}

/** Every hostile request at this port; `probe`: between them another connection must get its own answer (a proxy in front). Returns those not refused. */
export async function table(port, { probe, patience } = {}) {
  const bad = [], statuses = {};
  let next = 0;
  const worker = async () => {
    while (next < list.length) {
      const h = list[next++];
      const a = await send(port, Buffer.concat([h.bytes, h.body, Buffer.from(SECOND)]), patience);
      const st = a.statuses[0] ?? 0;
      statuses[st] = (statuses[st] ?? 0) + 1;
      let why = '';
      if (probe) {
        const p = await send(port, Buffer.from('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), 5000);
        if (p.statuses.length !== 1 || p.statuses[0] !== 200 || /smuggled/.test(p.text)) why = `afterwards /healthz gave ${p.statuses}`;
      } else if (a.statuses.length > 1) why = `${a.statuses.length} answers: ${a.statuses}`;
      else if (!a.closed) why = `not closed (${st})`;
      else if (st !== 0 && ![400, 408, 413, 414, 431, 501, 505].includes(st)) why = `${st}`;
      if (why) bad.push(`${h.family} ${h.n}: ${JSON.stringify(h.bytes.toString('latin1').slice(0, 130))}: ${why}`);
    }
  };
  await Promise.all(probe ? [worker()] : [worker(), worker(), worker(), worker()]);
  return { n: list.length, bad, statuses };
}
