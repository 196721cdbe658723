/*
 * multipart.c - multipart/form-data bodies (RFC 7578), already in memory. One forward pass: a delimiter is CR LF "--"
 * boundary followed by "--" or by blanks and CR LF; the same text anywhere else is data.
 */
#include "fmt/url.h"

#define MAX_PARTS 200
#define MAX_HEADERS 4096
#define MAX_BOUNDARY 70

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * next_attr - cut `; name=value` or `; name="value"` off *rest. Inside quotes only \" is an escape: browsers send
 * backslashes of Windows paths as they are. False at the end or when it is malformed (*ret_bad).
 */
static bool next_attr(Arena *mem, Str *rest, Str *ret_name, Str *ret_value, bool *ret_bad)
{
    const char *p = rest->p, *end = p + rest->n;
    while (p < end && (blank(*p) || *p == ';')) {
        p++;
    }
    const char *name = p;
    while (p < end && *p != '=' && *p != ';') {
        p++;
    }
    if (p == name) {
        return false;
    }
    *ret_name = str_trim(str_n(name, (size_t)(p - name)));
    *ret_value = S("");
    if (p < end && *p == '=') {
        p++;
        if (p < end && *p == '"') {
            char *w = arena_alloc(mem, (size_t)(end - p) + 1);
            size_t n = 0;
            for (p++; p < end && *p != '"'; p++) {
                if (*p == '\\' && end - p > 1 && p[1] == '"') {
                    p++;
                }
                w[n++] = *p;
            }
            if (p == end) {
                *ret_bad = true;
                return false;
            }
            p++;
            *ret_value = str_n(w, n);
        } else {
            const char *value = p;
            while (p < end && *p != ';') {
                p++;
            }
            *ret_value = str_trim(str_n(value, (size_t)(p - value)));
        }
    }
    *rest = str_n(p, (size_t)(end - p));
    return true;
}

static bool boundary_of(Cx *cx, Str content_type, Str *ret)
{
    Str type, rest, name, value;
    bool wrong = false;
    str_cut(content_type, ';', &type, &rest);
    if (!str_ieq(str_trim(type), S("multipart/form-data"))) {
        return fail(cx, E_MEDIA_TYPE, "这里只接受 multipart/form-data");
    }
    while (next_attr(cx->mem, &rest, &name, &value, &wrong)) {
        if (str_ieq(name, S("boundary")) && value.n >= 1 && value.n <= MAX_BOUNDARY) {
            *ret = value;
            return true;
        }
    }
    return fail(cx, E_BAD_REQUEST, "上传内容缺少分界线");
}

typedef struct {
    Str delim;       /* CR LF -- boundary */
    Str body;
    size_t at;       /* of the delimiter's CR LF */
    size_t after;    /* behind the whole delimiter line */
    bool last;
} Delimiter;

/* What follows "--boundary" at i: is it really a delimiter? */
static bool delimiter_tail(Delimiter *d, size_t i)
{
    Str b = d->body;
    if (b.n - i >= 2 && b.p[i] == '-' && b.p[i + 1] == '-') {
        d->last = true;
        d->after = i + 2;
        return true;
    }
    while (i < b.n && blank(b.p[i])) {
        i++;
    }
    if (b.n - i >= 2 && b.p[i] == '\r' && b.p[i + 1] == '\n') {
        d->last = false;
        d->after = i + 2;
        return true;
    }
    return false;
}

static bool next_delimiter(Delimiter *d, size_t from)
{
    Str first = str_sub(d->delim, 2, d->delim.n);
    if (from == 0 && str_starts(d->body, first) && delimiter_tail(d, first.n)) {
        d->at = 0;
        return true;
    }
    for (size_t i = from, hit; str_find(str_sub(d->body, i, d->body.n), d->delim, &hit); i += hit + 2) {
        if (delimiter_tail(d, i + hit + d->delim.n)) {
            d->at = i + hit;
            return true;
        }
    }
    return false;
}

/* The last path component, no control characters, %22 (how browsers send a quote) turned back. */
static Str base_name(Arena *mem, Str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '/' || s.p[i] == '\\') {
            from = i + 1;
        }
    }
    s = str_replace(mem, str_sub(s, from, s.n), S("%22"), S("\""));
    char *p = arena_alloc(mem, s.n + 1);
    size_t w = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool c1 = c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0; /* U+0080..9F */
        if (c1) {
            i++;
        } else if (c >= 0x20 && c != 0x7F) {
            p[w++] = (char)c;
        }
    }
    Str name = str_n(p, w);
    return str_eq(name, S(".")) || str_eq(name, S("..")) ? S("") : name;
}

static bool disposition(Cx *cx, Str value, Part *part)
{
    Str kind, rest, name, v, star = S("");
    bool wrong = false, named = false;
    str_cut(value, ';', &kind, &rest);
    if (!str_ieq(str_trim(kind), S("form-data"))) {
        return fail(cx, E_BAD_REQUEST, "上传内容的某一部分不是表单数据");
    }
    while (next_attr(cx->mem, &rest, &name, &v, &wrong)) {
        if (str_ieq(name, S("name"))) {
            part->name = v;
            named = true;
        } else if (str_ieq(name, S("filename"))) {
            part->filename = v;
            part->is_file = true;
        } else if (str_ieq(name, S("filename*")) && v.n > 7 && str_ieq(str_sub(v, 0, 7), S("UTF-8''"))) {
            if (url_decode(cx->mem, str_sub(v, 7, v.n), false, &star)) {
                part->is_file = true;
            }
        }
    }
    if (star.n != 0) {
        part->filename = star;
    }
    if (wrong || !named || !utf8_valid(part->name) || !utf8_valid(part->filename)) {
        return fail(cx, E_BAD_REQUEST, "上传内容的名称写法不对");
    }
    part->filename = base_name(cx->mem, part->filename);
    return true;
}

/* Header lines of one part; *ret_data: where its data starts. */
static bool part_headers(Cx *cx, Str body, size_t from, Part *part, size_t *ret_data)
{
    size_t at = from;
    bool disposed = false;
    for (;;) {
        Str window = str_sub(body, at, MAX_HEADERS + 2 - (at - from));
        size_t eol;
        if (!str_find(window, S("\r\n"), &eol)) {
            return fail(cx, E_BAD_REQUEST, "上传内容的头部太长或者没有结束");
        }
        Str line = str_sub(body, at, eol), name, value;
        at += eol + 2;
        if (line.n == 0) {
            break;
        }
        if (at - from > MAX_HEADERS) {
            return fail(cx, E_BAD_REQUEST, "上传内容的头部太长");
        }
        if (!str_cut(line, ':', &name, &value)) {
            return fail(cx, E_BAD_REQUEST, "上传内容的头部写法不对");
        }
        name = str_trim(name);
        if (str_ieq(name, S("Content-Disposition"))) {
            if (disposed || !disposition(cx, value, part)) {
                return fail(cx, E_BAD_REQUEST, "上传内容的头部写法不对");
            }
            disposed = true;
        } else if (str_ieq(name, S("Content-Type"))) {
            part->type = str_trim(value);
        }
    }
    *ret_data = at;
    return disposed || fail(cx, E_BAD_REQUEST, "上传内容的某一部分没有名称");
}

/* A plain field is text like that of any other form: UTF-8, line ends as LF. */
static bool plain_field(Cx *cx, Part *part)
{
    if (!utf8_valid(part->data)) {
        return fail(cx, E_BAD_REQUEST, "表单内容不是有效的 UTF-8 文本");
    }
    if (str_contains(part->data, S("\r\n"))) {
        part->data = str_replace(cx->mem, part->data, S("\r\n"), S("\n"));
    }
    return true;
}

bool multipart_read(Cx *cx, Str content_type, Str body, Part **ret_parts, size_t *ret_n)
{
    Str boundary = S("");
    if (!boundary_of(cx, content_type, &boundary)) {
        return false;
    }
    Delimiter d = {.body = body, .delim = str_printf(cx->mem, "\r\n--%.*s", STRF(boundary))};
    if (!next_delimiter(&d, 0)) {
        return fail(cx, E_BAD_REQUEST, "上传内容里找不到分界线");
    }
    Part *parts = NEW_ARRAY(cx->mem, Part, MAX_PARTS);
    size_t n = 0;
    while (!d.last) {
        if (n == MAX_PARTS) {
            return fail(cx, E_BAD_REQUEST, "上传内容的部分太多（至多 %d 个）", MAX_PARTS);
        }
        Part *part = &parts[n++];
        size_t data = 0;
        if (!part_headers(cx, body, d.after, part, &data)) {
            return false;
        }
        if (!next_delimiter(&d, data)) {
            return fail(cx, E_BAD_REQUEST, "上传内容不完整，请重新上传");
        }
        part->data = str_sub(body, data, d.at - data);
        if (!part->is_file && !plain_field(cx, part)) {
            return false;
        }
    }
    *ret_parts = parts;
    *ret_n = n;
    return true;
}
