/*
 * parse.c - the head of a request, and net_parse, the pure function under the server.
 *
 * Two readers must agree. A strict layer walks the lines of the complete head first and gives each refusal its status;
 * then llhttp reads the same bytes and yields the headers. What only one of them would accept is refused.
 * The head is copied into the arena once; every text of the request points into that copy.
 */
#include "net/parse.h"

#include "base/buf.h"

#define MAX_HEADERS 128

enum { TOKEN = 1, VALUE = 2, TARGET = 4, HOST = 8 };

/* The classes of each byte: header names and methods, header values, request targets, host names. */
static const uint8_t CLASS[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['!'] = TOKEN | VALUE | TARGET,
    ['"'] = VALUE | TARGET,
    ['#'] = TOKEN | VALUE,
    ['$'] = TOKEN | VALUE | TARGET,
    ['%'] = TOKEN | VALUE | TARGET,
    ['&'] = TOKEN | VALUE | TARGET,
    ['\''] = TOKEN | VALUE | TARGET,
    ['('... ')'] = VALUE | TARGET,
    ['*'... '+'] = TOKEN | VALUE | TARGET,
    [','] = VALUE | TARGET,
    ['-'... '.'] = TOKEN | VALUE | TARGET | HOST,
    ['/'] = VALUE | TARGET,
    ['0'... '9'] = TOKEN | VALUE | TARGET | HOST,
    [':'] = VALUE | TARGET | HOST,
    [';'... '@'] = VALUE | TARGET,
    ['A'... 'Z'] = TOKEN | VALUE | TARGET | HOST,
    ['['] = VALUE | TARGET | HOST,
    ['\\'] = VALUE | TARGET,
    [']'] = VALUE | TARGET | HOST,
    ['^'] = TOKEN | VALUE | TARGET,
    ['_'] = TOKEN | VALUE | TARGET | HOST,
    ['`'] = TOKEN | VALUE | TARGET,
    ['a'... 'z'] = TOKEN | VALUE | TARGET | HOST,
    ['{'] = VALUE | TARGET,
    ['|'] = TOKEN | VALUE | TARGET,
    ['}'] = VALUE | TARGET,
    ['~'] = TOKEN | VALUE | TARGET,
    [0x80 ... 0xff] = VALUE,
};

/* Whole text of one class, and not empty. */
static bool all(Str s, uint8_t class)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((CLASS[(unsigned char)s.p[i]] & class) == 0) {
            return false;
        }
    }
    return s.n > 0;
}

static Str trim_ows(Str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++, s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

/* Where the head starts (behind empty lines) and ends. Returns its end, 0 when incomplete, or -(status). */
static int64_t find_head(Str s, size_t max, size_t *ret_start)
{
    size_t at = 0;
    while (s.n - at >= 2 && s.p[at] == '\r' && s.p[at + 1] == '\n' && at < 8) {
        at += 2;
    }
    *ret_start = at;
    bool half_line = s.n - at == 1 && s.p[at] == '\r';
    if (at < s.n && !half_line && (CLASS[(unsigned char)s.p[at]] & TOKEN) == 0) {
        return -400;
    }
    while (at < s.n) {
        const char *lf = memchr(s.p + at, '\n', MIN(s.n, max) - MIN(at, max));
        if (lf == NULL) {
            break;
        }
        size_t end = (size_t)(lf - s.p);
        if (end == at || s.p[end - 1] != '\r') {
            return -400;
        }
        if (end == at + 1) {
            return (int64_t)end + 1;
        }
        at = end + 1;
    }
    return s.n >= max ? -431 : 0;
}

/* METHOD SP target SP HTTP/d.d. Returns 0 or the status. */
static int read_request_line(Arena *mem, Str line, NetHead *h, Str *ret_authority)
{
    static const Str known[] = {STR_INIT("GET"), STR_INIT("HEAD"), STR_INIT("POST"), STR_INIT("PUT"),
                                STR_INIT("DELETE"), STR_INIT("PATCH"), STR_INIT("OPTIONS")};
    Str method, rest, target, version;
    if (!str_cut(line, ' ', &method, &rest) || !str_cut(rest, ' ', &target, &version) || !all(method, TOKEN) ||
        !all(target, TARGET)) {
        return 400;
    }
    if (version.n != 8 || !str_starts(version, S("HTTP/")) || version.p[6] != '.' || version.p[5] < '0' ||
        version.p[5] > '9' || version.p[7] < '0' || version.p[7] > '9') {
        return 400;
    }
    if (version.p[5] != '1' || version.p[7] > '1') {
        return 505;
    }
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(known) && !found; i++) {
        found = str_eq(method, known[i]);
    }
    if (!found) {
        return 501;
    }
    h->http10 = version.p[7] == '0';
    h->req.method = method;
    return net_target(mem, target, &h->req, ret_authority) ? 0 : 400;
}

/* Each header line: a token, a colon, a value without control characters. Returns 0 or the status. */
static int check_lines(Str s, size_t *ret_n)
{
    size_t n = 0;
    while (s.n > 2) {
        const char *lf = memchr(s.p, '\n', s.n);
        CHECK(lf != NULL);
        size_t len = (size_t)(lf - s.p);
        Str name, value;
        if (!str_cut(str_n(s.p, len - 1), ':', &name, &value) || !all(name, TOKEN) ||
            (value.n > 0 && !all(value, VALUE))) {
            return 400;
        }
        if (++n > MAX_HEADERS) {
            return 431;
        }
        s = str_n(s.p + len + 1, s.n - len - 1);
    }
    *ret_n = n;
    return 0;
}

/* What llhttp's callbacks collect. */
typedef struct {
    NetHeader *headers;
    size_t n, cap;
    char *base;       /* writable copy of the head, for names in lower case */
    const char *text; /* the same, as llhttp sees it */
    bool in_value, complete, keep_alive;
} Collect;

static int on_field(llhttp_t *p, const char *at, size_t n)
{
    Collect *c = p->data;
    if (c->n == 0 || c->in_value) {
        if (c->n == c->cap) {
            return HPE_USER;
        }
        c->headers[c->n++] = (NetHeader){{at, 0}, {"", 0}};
        c->in_value = false;
    }
    NetHeader *h = &c->headers[c->n - 1];
    char *name = c->base + (at - c->text);
    for (size_t i = 0; i < n; i++) {
        if (name[i] >= 'A' && name[i] <= 'Z') {
            name[i] = (char)(name[i] | 0x20);
        }
    }
    h->name.n += n;
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    Collect *c = p->data;
    NetHeader *h = &c->headers[c->n - 1];
    if (h->value.n == 0) {
        h->value.p = at;
    }
    h->value.n += n;
    c->in_value = true;
    return 0;
}

static int on_value_complete(llhttp_t *p)
{
    Collect *c = p->data;
    c->headers[c->n - 1].value = trim_ows(c->headers[c->n - 1].value);
    c->in_value = true;
    return 0;
}

static int on_headers_complete(llhttp_t *p)
{
    Collect *c = p->data;
    c->complete = true;
    c->keep_alive = llhttp_should_keep_alive(p) != 0;
    p->upgrade = 0; /* no other protocol is spoken here; the request is answered as HTTP/1.1 */
    return 0;
}

static llhttp_settings_t settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
};

/* llhttp over the copy of the head. It must find the `n_lines` headers that the strict layer counted. */
static bool run_llhttp(Arena *mem, char *copy, size_t n, size_t n_lines, NetHead *h)
{
    Collect c = {.headers = NEW_ARRAY(mem, NetHeader, n_lines), .cap = n_lines, .base = copy, .text = copy};
    llhttp_init(&h->parser, HTTP_REQUEST, &settings);
    h->parser.data = &c;
    if (llhttp_execute(&h->parser, copy, n) != HPE_OK || !c.complete || c.n != n_lines) {
        return false;
    }
    h->parser.data = NULL;
    h->keep_alive = c.keep_alive;
    h->req.headers = c.headers;
    h->req.n_headers = c.n;
    return true;
}

/* Digits only, fits int64. */
static bool read_length(Str s, int64_t *ret)
{
    return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9' && str_int(s, ret);
}

/* A name or address, with a port perhaps; brackets only around an IPv6 address. */
static bool host_ok(Str s)
{
    size_t end = 0;
    bool v6 = s.n > 0 && s.p[0] == '[';
    while (v6 && end < s.n && s.p[end] != ']') {
        end++;
    }
    Str rest = str_sub(s, v6 ? end + 1 : 0, s.n);
    return all(s, HOST) && (!v6 || (end > 1 && end < s.n && (rest.n == 0 || rest.p[0] == ':'))) && !str_contains(rest, S("[")) && !str_contains(rest, S("]"));
}

/* The headers that frame the message. Returns 0 or the status. */
static int check_framing(NetHead *h, Str authority)
{
    size_t hosts = 0, lengths = 0, codings = 0;
    for (size_t i = 0; i < h->req.n_headers; i++) {
        Str name = h->req.headers[i].name, value = h->req.headers[i].value;
        if (str_eq(name, S("host"))) {
            if (hosts++ > 0 || !host_ok(value) || (authority.n > 0 && !str_ieq(authority, value))) {
                return 400;
            }
        } else if (str_eq(name, S("content-length"))) {
            if (lengths++ > 0 || !read_length(value, &h->length)) {
                return 400;
            }
        } else if (str_eq(name, S("transfer-encoding"))) {
            if (codings++ > 0 || h->http10) {
                return 400;
            }
            if (!str_ieq(value, S("chunked"))) {
                return 501;
            }
            h->chunked = true;
        } else if (str_eq(name, S("expect"))) {
            h->expect_continue = !h->http10 && str_ieq(value, S("100-continue"));
        }
    }
    return (hosts == 0 && !h->http10) || (lengths > 0 && codings > 0) ? 400 : 0;
}

/* Framing is judged on the strict layer's own reading first, so that each refusal has its status. */
static int scan_framing(Arena *mem, Str lines, size_t n, NetHead *h, Str authority)
{
    NetHead scan = {.http10 = h->http10};
    NetHeader *headers = NEW_ARRAY(mem, NetHeader, n);
    for (size_t i = 0; i < n; i++) {
        Str line, name, value;
        str_cut(lines, '\n', &line, &lines);
        str_cut(str_n(line.p, line.n - 1), ':', &name, &value);
        headers[i] = (NetHeader){str_lower(mem, name), trim_ows(value)};
    }
    scan.req.headers = headers;
    scan.req.n_headers = n;
    return check_framing(&scan, authority);
}

int64_t net_head(Arena *mem, Str bytes, const NetConf *conf, NetHead *ret)
{
    size_t start;
    int64_t end = find_head(bytes, conf->head_bytes, &start);
    if (end <= 0) {
        return end;
    }
    size_t n = (size_t)end - start;
    char *copy = arena_alloc(mem, n);
    memcpy(copy, bytes.p + start, n);
    *ret = (NetHead){.req = {.mem = mem}};

    Str line, rest, authority;
    str_cut(str_n(copy, n), '\n', &line, &rest);
    int status = read_request_line(mem, str_n(line.p, line.n - 1), ret, &authority);
    size_t n_lines = 0;
    if (status == 0) {
        status = check_lines(rest, &n_lines);
    }
    if (status != 0) {
        return -status;
    }
    if (!run_llhttp(mem, copy, n, n_lines, ret)) {
        status = scan_framing(mem, rest, n_lines, ret, authority);
        return status != 0 ? -status : -400;
    }
    status = check_framing(ret, authority);
    if (status != 0) {
        return -status;
    }
    bool upload = conf->upload_path != NULL && conf->upload_path(ret->req.method, ret->req.path);
    ret->limit = (int64_t)(upload ? MAX(conf->upload_bytes, conf->body_bytes) : conf->body_bytes);
    return ret->length <= ret->limit ? end : -413;
}

static int add_to_buf(void *ctx, const char *p, size_t n)
{
    Buf *b = ctx;
    buf_add_bytes(b, p, n);
    return b->full ? 413 : 0;
}

int64_t net_parse(Arena *mem, Str bytes, const NetConf *conf, NetReq *ret_req)
{
    NetConf resolved = net_conf_resolved(conf);
    NetHead head;
    int64_t n = net_head(mem, bytes, &resolved, &head);
    if (n <= 0) {
        return n;
    }
    Str rest = str_n(bytes.p + n, bytes.n - (size_t)n);
    if (head.chunked) {
        Buf body = buf_new(mem, (size_t)head.limit);
        NetChunks chunks;
        net_chunks_init(&chunks, &head, &resolved, add_to_buf, &body);
        int64_t used = net_chunks_feed(&chunks, rest);
        if (used < 0 || !net_chunks_done(&chunks)) {
            return MIN(used, 0);
        }
        head.req.body = buf_str(&body);
        n += used;
    } else {
        if ((int64_t)rest.n < head.length) {
            return 0;
        }
        head.req.body = str_dup(mem, str_n(rest.p, (size_t)head.length));
        n += head.length;
    }
    head.req.peer = S("");
    *ret_req = head.req;
    return n;
}
