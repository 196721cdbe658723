#!/usr/bin/env python3
# twin.py - Tamga's broken twin: the same addresses, everything wrong that the scanners should find. It exists so that "0 findings" means something.
#   twin.py FOLDER      listens on two free ports of 127.0.0.1 and prints them: the site, and a lenient HTTP parser for the smuggling table
# Planted holes, each with the tool that must find it (test/scan/run counts them):
#   sqlmap: 1 list filter, 2 search, 3 order, 4 sign-in, 5 public form, 6 JSON
#   wapiti: 7 reflected script, 8 stored script, 9 open redirect, 10 path traversal, 11 injected header line, 12 shell command, 13 missing headers, 14 no policy, 15 cookie flags, 16 forms without token
#   header table: 17 every page; smuggling table: 18 the lenient parser; testssl: 19.. old protocols and suites of twin-nginx.conf
import html, os, re, socket, sqlite3, subprocess, sys, threading, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
lock = threading.Lock()
db = sqlite3.connect(':memory:', check_same_thread=False)
db.executescript("create table brand (id integer, name text, county text); create table account (login text, password text);"
                 "insert into account values ('admin', 'secret');")
for i in range(40):
    db.execute('insert into brand values (?, ?, ?)', (i, 'brand%d' % i, '1504%02d' % (i % 5)))
opinions = ['好']

def query(text):
    with lock:
        return db.execute(text).fetchall()

class Twin(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *a): pass
    def answer(self, body, status=200, headers=(), kind='text/html; charset=utf-8'):
        data = body.encode('utf-8', 'replace') if isinstance(body, str) else body
        self.send_response_only(status)
        for k, v in headers:
            self._headers_buffer.append(('%s: %s\r\n' % (k, v)).encode('latin-1', 'replace'))   # whatever stands in it
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def page(self, text, **more):
        self.answer('<!DOCTYPE html><html lang="zh"><title>塔木嘎</title><body><h1>劳务品牌</h1>%s</body></html>' % text, **more)
    def rows(self, sql):
        try:
            found = query(sql)
        except sqlite3.Error:
            return self.page('<p>出错了</p>', status=500)
        self.page('<table>%s</table><p>共 %d 条</p>' % (''.join('<tr><td>%s</td></tr>' % html.escape(str(r)) for r in found), len(found)))
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        q = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        if url.path == '/':
            return self.page('<a href="/r/brand?county=150400">旗县</a> <a href="/search?q=a">找</a> <a href="/go?url=/">去</a> <a href="/files?name=a.txt">附件</a> <a href="/lang?to=zh">语言</a> <a href="/ping?host=a">连通</a> '
                             '<a href="/opinions">意见</a> <a href="/login">登录</a> <a href="/f/objection">异议</a> <a href="/r/brand2?order=id">排序</a>', headers=[('Set-Cookie', 'tamga_s=1; Path=/')])
        if url.path == '/healthz': return self.answer('ok', kind='text/plain')
        if url.path == '/r/brand': return self.rows("select id, name from brand where county = '%s' limit 50" % q.get('county', ''))
        if url.path == '/r/brand2': return self.rows("select id, name from brand where id < 6 order by %s desc limit 5" % q.get('order', 'id'))
        if url.path == '/r/search': return self.rows("select id, name from brand where name like '%%%s%%' limit 50" % q.get('q', ''))
        if url.path == '/search': return self.page('<p>没有找到 %s</p>' % q.get('q', ''))
        if url.path == '/go': return self.answer('', 302, [('Location', q.get('url', '/'))])
        if url.path == '/lang': return self.page('', headers=[('X-Language', urllib.parse.unquote(q.get('to', 'zh')))])  # wapiti's line break comes encoded twice
        if url.path == '/files':
            try:
                with open(os.path.join(folder, q.get('name', '')), 'rb') as f: return self.answer(f.read(100000), kind='text/plain')
            except OSError: return self.page('没有', status=404)
        if url.path == '/ping':
            try: out = subprocess.run('echo ' + q.get('host', ''), shell=True, capture_output=True, timeout=3, cwd=folder).stdout
            except subprocess.TimeoutExpired: out = b''
            return self.page('<pre>%s</pre>' % html.escape(out.decode('utf-8', 'replace')))
        if url.path == '/opinions': return self.page('<form method=post action=/opinions><input name=text value=a></form>' + ''.join('<p>%s</p>' % o for o in opinions[-40:]))
        if url.path == '/login': return self.page('<form method=post action=/login><input name=login value=a><input type=password name=password value=b></form>')
        if url.path == '/f/objection': return self.page('<form method=post action=/f/objection><input name=name value=brand1></form>')
        self.page('没有', status=404)
    do_HEAD = do_GET
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode('utf-8', 'replace')
        path = urllib.parse.urlsplit(self.path).path
        q = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        if path == '/login': return self.rows("select login from account where login = '%s' and password = '%s'" % (q.get('login', ''), q.get('password', '')))
        if path == '/f/objection': return self.rows("select id, name from brand where name = '%s'" % q.get('name', ''))
        if path == '/api/search':
            m = re.search(r'"q"\s*:\s*"((?:[^"\\]|\\.)*)"', body)
            return self.rows("select id, name from brand where name = '%s'" % (m.group(1).replace('\\"', '"') if m else ''))
        if path == '/opinions':
            opinions.append(q.get('text', ''))
            return self.answer('', 302, [('Location', '/opinions')])
        self.page('没有', status=404)

def lenient(s):
    """Reads as the most trusting program would: bare LF, spaces anywhere, the last length or none, chunked only if it understands it, and goes on."""
    data = b''
    s.settimeout(1)
    try:
        while True:
            while b'\n\n' not in data.replace(b'\r', b''):
                more = s.recv(65536)
                if not more: return
                data += more
            head, _, rest = re.split(rb'\r*\n\r*\n', data, maxsplit=1)[0], None, None
            rest = data[len(head):].lstrip(b'\r\n')
            n = 0
            for line in head.replace(b'\r', b'').split(b'\n')[1:]:
                k, _, v = line.partition(b':')
                if k.strip().lower() == b'content-length':
                    m = re.search(rb'\d+', v)
                    n = int(m.group()) if m else 0
            chunk = re.match(rb'0\r?\n\r?\n', rest)
            rest = rest[chunk.end():] if chunk else rest[min(n, 1 << 20):]
            path = head.split()[1] if len(head.split()) > 1 else b'/'
            body = b'smuggled' if path == b'/smuggled' else b'ok'
            s.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body))
            data = rest
    except OSError: pass
    finally: s.close()

def lenient_server(listener):
    while True:
        s, _ = listener.accept()
        threading.Thread(target=lenient, args=(s,), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0), backlog=64)
threading.Thread(target=lenient_server, args=(listener,), daemon=True).start()
with open(os.path.join(folder, 'a.txt'), 'w') as f: f.write('附件\n')
site = ThreadingHTTPServer(('127.0.0.1', 0), Twin)
site.daemon_threads = True
print(site.server_address[1], listener.getsockname()[1], flush=True)
site.serve_forever()
