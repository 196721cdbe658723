/*
 * json_write.c - documents as JSON text (RFC 8259): for programs and pages, where it may stand in HTML, and in the one
 * canonical form that is hashed and signed.
 */
#include <stdlib.h>

#include "fmt/doc.h"

/* ---- leaves ---- */

typedef enum { FOR_HTML, CANONICAL } Escape;

static void put_u(Buf *out, unsigned c)
{
    static const char HEX[] = "0123456789abcdef";
    char e[6] = {'\\', 'u', HEX[(c >> 12) & 15], HEX[(c >> 8) & 15], HEX[(c >> 4) & 15], HEX[c & 15]};
    buf_add_bytes(out, e, sizeof e);
}

/* Length of the run at s.p[i] that needs no escape. */
static size_t plain_run(Str s, size_t i, Escape how)
{
    size_t from = i;
    for (; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            break;
        }
        if (how == FOR_HTML && (c == '<' || c == '>' || c == '&' || c == 0x7F)) {
            break;
        }
        if (how == FOR_HTML && c == 0xE2 && s.n - i >= 3 && (unsigned char)s.p[i + 1] == 0x80 &&
            ((unsigned char)s.p[i + 2] | 1) == 0xA9) {
            break;
        }
    }
    return i - from;
}

static void put_string(Buf *out, Str s, Escape how)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t run = plain_run(s, i, how);
        buf_add_bytes(out, s.p + i, run);
        i += run;
        if (i == s.n) {
            break;
        }
        unsigned char c = (unsigned char)s.p[i++];
        switch (c) {
        case '"': buf_add(out, S("\\\"")); break;
        case '\\': buf_add(out, S("\\\\")); break;
        case '\b': buf_add(out, S("\\b")); break;
        case '\f': buf_add(out, S("\\f")); break;
        case '\n': buf_add(out, S("\\n")); break;
        case '\r': buf_add(out, S("\\r")); break;
        case '\t': buf_add(out, S("\\t")); break;
        case 0xE2: /* U+2028, U+2029 */
            put_u(out, (unsigned char)s.p[i + 1] == 0xA8 ? 0x2028 : 0x2029);
            i += 2;
            break;
        default: put_u(out, c);
        }
    }
    buf_addc(out, '"');
}

static void put_leaf(Buf *out, const Doc *d, Escape how)
{
    switch (d->kind) {
    case DOC_NULL: buf_add(out, S("null")); break;
    case DOC_BOOL: buf_add(out, d->b ? S("true") : S("false")); break;
    case DOC_STR: put_string(out, d->s, how); break;
    case DOC_INT:
        if (d->as_string) {
            buf_addc(out, '"');
        }
        buf_int(out, d->i);
        if (d->as_string) {
            buf_addc(out, '"');
        }
        break;
    case DOC_LIST:
    case DOC_OBJ: break;
    }
}

/* ---- documents ---- */

static void line(Buf *out, bool pretty, size_t depth)
{
    if (pretty) {
        buf_addc(out, '\n');
        for (size_t i = 0; i < depth; i++) {
            buf_add(out, S("  "));
        }
    }
}

static void write_node(Buf *out, const Doc *d, bool pretty, size_t depth)
{
    if (d->kind != DOC_LIST && d->kind != DOC_OBJ) {
        put_leaf(out, d, FOR_HTML);
        return;
    }
    bool obj = d->kind == DOC_OBJ, any = false;
    buf_addc(out, obj ? '{' : '[');
    for (const Doc *c = d->first; c != NULL; c = c->next) {
        if (c->html_only) {
            continue;
        }
        if (any) {
            buf_addc(out, ',');
        }
        any = true;
        line(out, pretty, depth + 1);
        if (obj) {
            put_string(out, c->name, FOR_HTML);
            buf_add(out, pretty ? S(": ") : S(":"));
        }
        write_node(out, c, pretty, depth + 1);
    }
    if (any) {
        line(out, pretty, depth);
    }
    buf_addc(out, obj ? '}' : ']');
}

void json_write(Buf *out, const Doc *d, bool pretty)
{
    write_node(out, d, pretty, 0);
    if (pretty) {
        buf_addc(out, '\n');
    }
}

Str json_text(Arena *mem, const Doc *d)
{
    Buf b = buf_new(mem, (size_t)64 << 20);
    json_write(&b, d, false);
    CHECK(!b.full);
    return buf_str(&b);
}

/* ---- the canonical form ---- */

static int by_name(const void *a, const void *b)
{
    const Doc *const *x = a, *const *y = b;
    return str_cmp((*x)->name, (*y)->name);
}

static void canon_node(Arena *mem, Buf *out, const Doc *d)
{
    if (d->kind != DOC_LIST && d->kind != DOC_OBJ) {
        put_leaf(out, d, CANONICAL);
        return;
    }
    const Doc **all = NEW_ARRAY(mem, const Doc *, d->n + 1);
    size_t n = 0;
    for (const Doc *c = d->first; c != NULL; c = c->next) {
        if (!c->html_only) {
            all[n++] = c;
        }
    }
    bool obj = d->kind == DOC_OBJ;
    if (obj) {
        qsort(all, n, sizeof *all, by_name);
    }
    buf_addc(out, obj ? '{' : '[');
    for (size_t i = 0; i < n; i++) {
        if (i != 0) {
            buf_addc(out, ',');
        }
        if (obj) {
            put_string(out, all[i]->name, CANONICAL);
            buf_addc(out, ':');
        }
        canon_node(mem, out, all[i]);
    }
    buf_addc(out, obj ? '}' : ']');
}

Str json_canonical(Arena *mem, const Doc *d)
{
    Buf b = buf_new(mem, (size_t)64 << 20);
    canon_node(mem, &b, d);
    CHECK(!b.full);
    return buf_str(&b);
}
