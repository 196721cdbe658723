/*
 * url.c - see url.h. Percent-encoding, form bodies and cookies. Decoding writes into fresh arena memory, which is never
 * longer than the text that was sent.
 */
#include "fmt/url.h"

#define MAX_PAIRS 4000

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool url_decode(Arena *mem, Str s, bool plus_is_space, Str *ret)
{
    char *p = arena_alloc(mem, s.n + 1);
    size_t w = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            int high = s.n - i > 2 ? hex_digit(s.p[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
            if (low < 0) {
                return false;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        p[w++] = c;
    }
    *ret = str_n(p, w);
    return true;
}

static bool unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void url_encode(Buf *out, Str s)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (unreserved(c)) {
            buf_addc(out, (char)c);
        } else {
            char e[3] = {'%', HEX[c >> 4], HEX[c & 15]};
            buf_add_bytes(out, e, sizeof e);
        }
    }
}

Str url_enc(Arena *mem, Str s)
{
    Buf b = buf_new(mem, s.n * 3 + 1);
    url_encode(&b, s);
    return buf_str(&b);
}

/* CR LF becomes LF. */
static Str lf_only(Arena *mem, Str s)
{
    return str_contains(s, S("\r\n")) ? str_replace(mem, s, S("\r\n"), S("\n")) : s;
}

static bool decode_field(Cx *cx, Str raw, Str *ret)
{
    Str s;
    if (!url_decode(cx->mem, raw, true, &s)) {
        return fail(cx, E_BAD_REQUEST, "表单内容里的百分号编码不对");
    }
    if (!utf8_valid(s)) {
        return fail(cx, E_BAD_REQUEST, "表单内容不是有效的 UTF-8 文本");
    }
    *ret = s;
    return true;
}

bool url_params(Cx *cx, Str text, Params *ret)
{
    size_t pairs = text.n != 0;
    for (size_t i = 0; i < text.n; i++) {
        pairs += text.p[i] == '&';
    }
    if (pairs > MAX_PAIRS) {
        return fail(cx, E_BAD_REQUEST, "表单的项太多（至多 %d 项）", MAX_PAIRS);
    }
    Params p = {.items = NEW_ARRAY(cx->mem, Param, pairs + 1)};
    for (Str rest = text; rest.n != 0;) {
        Str pair, name, value;
        str_cut(rest, '&', &pair, &rest);
        if (pair.n == 0) {
            continue;
        }
        str_cut(pair, '=', &name, &value);
        Param *to = &p.items[p.n];
        if (!decode_field(cx, name, &to->name) || !decode_field(cx, value, &to->value)) {
            return false;
        }
        to->value = lf_only(cx->mem, to->value);
        p.n++;
    }
    *ret = p;
    return true;
}

Str param_get(const Params *p, Str name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (str_eq(p->items[i].name, name)) {
            return p->items[i].value;
        }
    }
    return S("");
}

bool param_has(const Params *p, Str name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (str_eq(p->items[i].name, name)) {
            return true;
        }
    }
    return false;
}

size_t param_all(const Params *p, Str name, Str *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n && n < max; i++) {
        if (str_eq(p->items[i].name, name)) {
            out[n++] = p->items[i].value;
        }
    }
    return n;
}

Str cookie_get(Str header, Str name)
{
    for (Str rest = header; rest.n != 0;) {
        Str pair, key, value;
        str_cut(rest, ';', &pair, &rest);
        if (!str_cut(pair, '=', &key, &value) || !str_eq(str_trim(key), name)) {
            continue;
        }
        value = str_trim(value);
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"') {
            value = str_n(value.p + 1, value.n - 2);
        }
        return value;
    }
    return S("");
}
