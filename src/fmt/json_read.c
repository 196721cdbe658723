/*
 * json_read.c - JSON text to documents (RFC 8259): a strict recursive-descent reader with its limits in one place.
 *
 * Documents have no floating point: a number that is a whole int64 becomes DOC_INT; any other valid number ("12.50",
 * "1e3", more than 64 bits) becomes DOC_STR with the digits exactly as they were sent, for the field's own parser to judge.
 */
#include "fmt/doc.h"

#define MAX_DEPTH 32
#define MAX_NODES 100000
#define MAX_BYTES ((size_t)1 << 20)
#define LARGE_BYTES ((size_t)64 << 20)
#define LARGE_NODES 2000000

typedef struct {
    Arena *mem;
    Str text;
    size_t at;
    size_t nodes, max_nodes;
    const char *why; /* Chinese; NULL: no error */
    size_t why_at;
} Reader;

static Doc *bad_at(Reader *r, size_t at, const char *why)
{
    if (r->why == NULL) {
        r->why = why;
        r->why_at = at;
    }
    return NULL;
}

static Doc *bad(Reader *r, const char *why)
{
    return bad_at(r, r->at, why);
}

static int peek(const Reader *r)
{
    return r->at < r->text.n ? (unsigned char)r->text.p[r->at] : -1;
}

static void skip_space(Reader *r)
{
    while (r->at < r->text.n) {
        char c = r->text.p[r->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            return;
        }
        r->at++;
    }
}

/* ---- strings ---- */

static bool hex4(Reader *r, uint32_t *ret)
{
    if (r->text.n - r->at < 4) {
        return false;
    }
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = r->text.p[r->at + i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 99;
        if (digit == 99) {
            return false;
        }
        v = v << 4 | digit;
    }
    r->at += 4;
    *ret = v;
    return true;
}

/* After "\u": one code point, surrogate pairs joined. */
static bool unicode_escape(Reader *r, uint32_t *ret)
{
    uint32_t cp, low;
    if (!hex4(r, &cp) || cp == 0 || (cp >= 0xDC00 && cp <= 0xDFFF)) {
        return false;
    }
    if (cp >= 0xD800 && cp <= 0xDBFF) {
        if (r->text.n - r->at < 6 || r->text.p[r->at] != '\\' || r->text.p[r->at + 1] != 'u') {
            return false;
        }
        r->at += 2;
        if (!hex4(r, &low) || low < 0xDC00 || low > 0xDFFF) {
            return false;
        }
        cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
    }
    *ret = cp;
    return true;
}

/* At a backslash: the escaped character into w; bytes written, 0 when it is wrong. */
static size_t read_escape(Reader *r, char *w)
{
    size_t from = r->at++;
    int c = peek(r);
    uint32_t cp;
    r->at++;
    switch (c) {
    case '"':
    case '\\':
    case '/': *w = (char)c; return 1;
    case 'b': *w = '\b'; return 1;
    case 'f': *w = '\f'; return 1;
    case 'n': *w = '\n'; return 1;
    case 'r': *w = '\r'; return 1;
    case 't': *w = '\t'; return 1;
    case 'u':
        if (unicode_escape(r, &cp)) {
            return utf8_put(w, cp);
        }
        break;
    default: break;
    }
    bad_at(r, from, "转义写法不对");
    return 0;
}

/* At the opening quote. Text without escapes is not copied. */
static bool read_string(Reader *r, Str *ret)
{
    size_t from = ++r->at, end = from;
    bool escaped = false;
    for (;; end++) {
        if (end >= r->text.n) {
            bad_at(r, from - 1, "字符串没有结束");
            return false;
        }
        unsigned char c = (unsigned char)r->text.p[end];
        if (c == '"') {
            break;
        }
        if (c < 0x20) {
            bad_at(r, end, "字符串里有控制字符");
            return false;
        }
        if (c == '\\') {
            escaped = true;
            end++;
        }
    }
    if (!escaped) {
        *ret = str_n(r->text.p + from, end - from);
        r->at = end + 1;
        return true;
    }
    char *p = arena_alloc(r->mem, end - from + 1); /* an escape is never shorter than its character */
    size_t n = 0;
    while (r->at < end) {
        if (r->text.p[r->at] != '\\') {
            p[n++] = r->text.p[r->at++];
            continue;
        }
        size_t k = read_escape(r, p + n);
        if (k == 0) {
            return false;
        }
        n += k;
    }
    if (r->at != end) {
        bad_at(r, end, "转义写法不对");
        return false;
    }
    r->at = end + 1;
    *ret = str_n(p, n);
    return true;
}

/* ---- numbers ---- */

static size_t digits(Reader *r)
{
    size_t from = r->at;
    for (int c = peek(r); c >= '0' && c <= '9'; c = peek(r)) {
        r->at++;
    }
    return r->at - from;
}

static Doc *read_number(Reader *r)
{
    size_t from = r->at;
    bool whole = true;
    if (peek(r) == '-') {
        r->at++;
    }
    size_t first = r->at, n = digits(r);
    if (n == 0 || (n > 1 && r->text.p[first] == '0')) {
        return bad_at(r, from, "数字写法不对");
    }
    if (peek(r) == '.') {
        whole = false;
        r->at++;
        if (digits(r) == 0) {
            return bad_at(r, from, "数字写法不对");
        }
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        whole = false;
        r->at++;
        if (peek(r) == '+' || peek(r) == '-') {
            r->at++;
        }
        if (digits(r) == 0) {
            return bad_at(r, from, "数字写法不对");
        }
    }
    Str text = str_n(r->text.p + from, r->at - from);
    int64_t v;
    return whole && str_int(text, &v) ? doc_int(r->mem, v) : doc_str(r->mem, text);
}

/* ---- values ---- */

static Doc *read_value(Reader *r, size_t depth);

static Doc *read_list(Reader *r, size_t depth)
{
    Doc *l = doc_list(r->mem);
    r->at++;
    skip_space(r);
    if (peek(r) == ']') {
        r->at++;
        return l;
    }
    for (;;) {
        Doc *v = read_value(r, depth);
        if (v == NULL) {
            return NULL;
        }
        doc_add_doc(l, v);
        skip_space(r);
        int c = peek(r);
        if (c != ',' && c != ']') {
            return bad(r, "列表里缺少逗号或右方括号");
        }
        r->at++;
        if (c == ']') {
            return l;
        }
    }
}

static Doc *read_obj(Reader *r, size_t depth)
{
    Doc *o = doc_obj(r->mem);
    r->at++;
    skip_space(r);
    if (peek(r) == '}') {
        r->at++;
        return o;
    }
    for (;;) {
        skip_space(r);
        size_t from = r->at;
        Str name;
        if (peek(r) != '"') {
            return bad(r, "对象的成员名须是字符串");
        }
        if (!read_string(r, &name)) {
            return NULL;
        }
        if (doc_get(o, name) != NULL) {
            return bad_at(r, from, "对象里成员名重复");
        }
        skip_space(r);
        if (peek(r) != ':') {
            return bad(r, "成员名后缺少冒号");
        }
        r->at++;
        Doc *v = read_value(r, depth);
        if (v == NULL) {
            return NULL;
        }
        doc_set_doc_n(o, name, v);
        skip_space(r);
        int c = peek(r);
        if (c != ',' && c != '}') {
            return bad(r, "对象里缺少逗号或右花括号");
        }
        r->at++;
        if (c == '}') {
            return o;
        }
    }
}

static bool take_word(Reader *r, Str word)
{
    if (!str_eq(str_sub(r->text, r->at, word.n), word)) {
        return false;
    }
    r->at += word.n;
    return true;
}

static Doc *read_value(Reader *r, size_t depth)
{
    skip_space(r);
    if (++r->nodes > r->max_nodes) {
        return bad(r, str_printf(r->mem, "内容项太多（至多 %zu 项）", r->max_nodes).p);
    }
    Str s;
    int c = peek(r);
    switch (c) {
    case '{':
    case '[':
        if (depth >= MAX_DEPTH) {
            return bad(r, "嵌套太深（至多 32 层）");
        }
        return c == '{' ? read_obj(r, depth + 1) : read_list(r, depth + 1);
    case '"': return read_string(r, &s) ? doc_str(r->mem, s) : NULL;
    case 't':
        if (take_word(r, S("true"))) {
            return doc_bool(r->mem, true);
        }
        break;
    case 'f':
        if (take_word(r, S("false"))) {
            return doc_bool(r->mem, false);
        }
        break;
    case 'n':
        if (take_word(r, S("null"))) {
            return doc_null(r->mem);
        }
        break;
    case -1: return bad(r, "内容提前结束");
    default:
        if (c == '-' || (c >= '0' && c <= '9')) {
            return read_number(r);
        }
    }
    return bad(r, "这里应当是一个值");
}

/* ---- the whole ---- */

static Doc *read_within(Arena *mem, Str text, size_t max_bytes, size_t max_nodes, Str *ret_error)
{
    Reader r = {.mem = mem, .text = text, .max_nodes = max_nodes};
    Doc *d = NULL;
    if (text.n > max_bytes) {
        bad_at(&r, max_bytes, str_printf(mem, "内容太大（至多 %zu MiB）", max_bytes >> 20).p);
    } else if (!utf8_valid(text)) {
        bad_at(&r, 0, "不是有效的 UTF-8 文本");
    } else {
        d = read_value(&r, 0);
        skip_space(&r);
        if (d != NULL && r.at != text.n) {
            d = bad(&r, "内容结束后还有多余的文字");
        }
    }
    if (d == NULL) {
        *ret_error = str_printf(mem, "JSON 第 %zu 字节处：%s", r.why_at, r.why);
    }
    return d;
}

Doc *json_read(Arena *mem, Str text, Str *ret_error)
{
    return read_within(mem, text, MAX_BYTES, MAX_NODES, ret_error);
}

Doc *json_read_large(Arena *mem, Str text, Str *ret_error)
{
    return read_within(mem, text, LARGE_BYTES, LARGE_NODES, ret_error);
}
