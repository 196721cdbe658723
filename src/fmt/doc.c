/*
 * doc.c - see doc.h. Children are a singly linked list in order; an object with more than LINEAR members also has a Map,
 * kept up to date as members are added (a scan of few neighbours in an arena is faster than hashing).
 */
#include "fmt/doc.h"

#include <inttypes.h>

#include "base/date.h"
#include "base/map.h"

#define LINEAR 16

static Doc *new_node(Arena *mem, DocKind kind)
{
    Doc *d = NEW(mem, Doc);
    d->kind = kind;
    d->mem = mem;
    return d;
}

Doc *doc_obj(Arena *mem) { return new_node(mem, DOC_OBJ); }
Doc *doc_list(Arena *mem) { return new_node(mem, DOC_LIST); }
Doc *doc_null(Arena *mem) { return new_node(mem, DOC_NULL); }

Doc *doc_str(Arena *mem, Str v)
{
    Doc *d = new_node(mem, DOC_STR);
    d->s = v;
    return d;
}

Doc *doc_int(Arena *mem, int64_t v)
{
    Doc *d = new_node(mem, DOC_INT);
    d->i = v;
    return d;
}

Doc *doc_bool(Arena *mem, bool v)
{
    Doc *d = new_node(mem, DOC_BOOL);
    d->b = v;
    return d;
}

Doc *doc_shown(Arena *mem, Str raw, Str show)
{
    Doc *d = doc_str(mem, raw);
    d->show = show;
    return d;
}

/* ---- containers ---- */

static void append(Doc *o, Doc *v)
{
    CHECK(v != o && v->next == NULL && o->last != v);
    if (o->last != NULL) {
        o->last->next = v;
    } else {
        o->first = v;
    }
    o->last = v;
    o->n++;
}

static void index_all(Doc *o)
{
    Map *m = NEW(o->mem, Map);
    *m = map_new(o->mem);
    for (Doc *c = o->first; c != NULL; c = c->next) {
        CHECK(map_put(m, c->name, c));
    }
    o->index = m;
}

/* Of an object without an index. The busiest loop of a page: length and first byte tell most names apart before a call. */
static Doc *member(const Doc *o, Str name)
{
    char first = name.n != 0 ? name.p[0] : 0;
    for (Doc *c = o->first; c != NULL; c = c->next) {
        if (c->name.n == name.n && (name.n == 0 || (c->name.p[0] == first && memcmp(c->name.p, name.p, name.n) == 0))) {
            return c;
        }
    }
    return NULL;
}

Doc *doc_set_doc_n(Doc *o, Str name, Doc *v)
{
    CHECK(o->kind == DOC_OBJ);
    v->name = name;
    if (o->index != NULL) {
        append(o, v);
        CHECK(map_put(o->index, name, v)); /* a name is set once */
        return v;
    }
    CHECK(member(o, name) == NULL);
    append(o, v);
    if (o->n > LINEAR) {
        index_all(o);
    }
    return v;
}

Doc *doc_set_doc(Doc *o, const char *name, Doc *v) { return doc_set_doc_n(o, str_c(name), v); }
Doc *doc_set_str_n(Doc *o, Str name, Str v) { return doc_set_doc_n(o, name, doc_str(o->mem, v)); }
Doc *doc_set_str(Doc *o, const char *name, Str v) { return doc_set_doc(o, name, doc_str(o->mem, v)); }
Doc *doc_set_int(Doc *o, const char *name, int64_t v) { return doc_set_doc(o, name, doc_int(o->mem, v)); }
Doc *doc_set_bool(Doc *o, const char *name, bool v) { return doc_set_doc(o, name, doc_bool(o->mem, v)); }
Doc *doc_set_null(Doc *o, const char *name) { return doc_set_doc(o, name, doc_null(o->mem)); }
Doc *doc_set_obj(Doc *o, const char *name) { return doc_set_doc(o, name, doc_obj(o->mem)); }
Doc *doc_set_list(Doc *o, const char *name) { return doc_set_doc(o, name, doc_list(o->mem)); }

Doc *doc_set_strc(Doc *o, const char *name, const char *v)
{
    return v != NULL ? doc_set_str(o, name, str_c(v)) : doc_set_null(o, name);
}

Doc *doc_set_id(Doc *o, const char *name, int64_t id)
{
    Doc *d = doc_set_int(o, name, id);
    d->as_string = true;
    return d;
}

Doc *doc_set_date(Doc *o, const char *name, int32_t days)
{
    return doc_set_doc(o, name, doc_shown(o->mem, date_iso(o->mem, days), date_zh(o->mem, days)));
}

Doc *doc_set_instant(Doc *o, const char *name, int64_t ms)
{
    return doc_set_doc(o, name, doc_shown(o->mem, instant_iso(o->mem, ms), instant_zh(o->mem, ms)));
}

/* "-¥1,234,567.89" from fen. */
static Str money_text(Arena *mem, int64_t fen)
{
    uint64_t u = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
    char tmp[48];
    size_t at = sizeof tmp;
    uint64_t cents = u % 100, yuan = u / 100;
    tmp[--at] = (char)('0' + cents % 10);
    tmp[--at] = (char)('0' + cents / 10);
    tmp[--at] = '.';
    size_t digits = 0;
    do {
        if (digits != 0 && digits % 3 == 0) {
            tmp[--at] = ',';
        }
        tmp[--at] = (char)('0' + yuan % 10);
        yuan /= 10;
        digits++;
    } while (yuan != 0);
    at -= 2;
    memcpy(tmp + at, "\xC2\xA5", 2); /* U+00A5 */
    if (fen < 0) {
        tmp[--at] = '-';
    }
    return str_dup(mem, str_n(tmp + at, sizeof tmp - at));
}

Doc *doc_set_money(Doc *o, const char *name, int64_t fen)
{
    Doc *d = doc_set_int(o, name, fen);
    d->show = money_text(o->mem, fen);
    return d;
}

Doc *doc_set_shown(Doc *o, const char *name, Str raw, Str show)
{
    return doc_set_doc(o, name, doc_shown(o->mem, raw, show));
}

Doc *doc_html_only(Doc *d)
{
    d->html_only = true;
    return d;
}

Doc *doc_add_doc(Doc *l, Doc *v)
{
    CHECK(l->kind == DOC_LIST);
    append(l, v);
    return v;
}

Doc *doc_add_obj(Doc *l) { return doc_add_doc(l, doc_obj(l->mem)); }
Doc *doc_add_str(Doc *l, Str v) { return doc_add_doc(l, doc_str(l->mem, v)); }
Doc *doc_add_int(Doc *l, int64_t v) { return doc_add_doc(l, doc_int(l->mem, v)); }

/* ---- reading ---- */

static Doc *known_null(const Str *names, Str name)
{
    static Doc none = {.kind = DOC_NULL}; /* a leaf without a name: nobody has anything to write into it */
    for (; names->n != 0; names++) {
        if (str_eq(*names, name)) {
            return &none;
        }
    }
    return NULL;
}

Doc *doc_get(const Doc *o, Str name)
{
    if (o == NULL || o->kind != DOC_OBJ) {
        return NULL;
    }
    Doc *got = o->index != NULL ? map_get(o->index, name) : member(o, name);
    return got != NULL || o->known == NULL ? got : known_null(o->known, name);
}

void doc_known(Doc *o, const Str *names)
{
    CHECK(o->kind == DOC_OBJ);
    o->known = names;
}

Doc *doc_at(const Doc *l, size_t i)
{
    if (l == NULL || l->kind != DOC_LIST) {
        return NULL;
    }
    Doc *c = l->first;
    while (c != NULL && i != 0) {
        c = c->next;
        i--;
    }
    return c;
}

Str doc_get_str(const Doc *o, const char *name)
{
    const Doc *d = doc_get(o, str_c(name));
    return d != NULL && d->kind == DOC_STR ? d->s : S("");
}

int64_t doc_get_int(const Doc *o, const char *name, int64_t none)
{
    const Doc *d = doc_get(o, str_c(name));
    int64_t v;
    if (d != NULL && d->kind == DOC_INT) {
        return d->i;
    }
    return d != NULL && d->kind == DOC_STR && str_int(d->s, &v) ? v : none;
}

bool doc_get_bool(const Doc *o, const char *name)
{
    const Doc *d = doc_get(o, str_c(name));
    return d != NULL && d->kind == DOC_BOOL && d->b;
}

bool doc_truthy(const Doc *d)
{
    if (d == NULL) {
        return false;
    }
    switch (d->kind) {
    case DOC_NULL: return false;
    case DOC_BOOL: return d->b;
    case DOC_STR: return d->s.n != 0;
    case DOC_LIST: return d->n != 0;
    case DOC_INT:
    case DOC_OBJ: break;
    }
    return true;
}

Str doc_shown_text(Arena *mem, const Doc *d)
{
    if (d == NULL) {
        return S("");
    }
    if (d->show.n != 0) {
        return d->show;
    }
    switch (d->kind) {
    case DOC_STR: return d->s;
    case DOC_INT: return str_printf(mem, "%" PRId64, d->i);
    case DOC_BOOL: return d->b ? S("true") : S("false");
    case DOC_NULL:
    case DOC_LIST:
    case DOC_OBJ: break;
    }
    return S("");
}
