/*
 * url.c - addresses of this site: the same query with something changed, and the address of a record.
 */
#include "page/internal.h"

static void add_pair(Buf *b, bool *first, Str name, Str value)
{
    buf_addc(b, *first ? '?' : '&');
    *first = false;
    url_encode(b, name);
    buf_addc(b, '=');
    url_encode(b, value);
}

Str url_with(Arena *mem, Str path, const Params *p, const UrlSet *set, size_t n_set)
{
    Buf b = buf_new(mem, 64 << 10);
    bool first = true;
    buf_add(&b, path);
    for (size_t i = 0; p != NULL && i < p->n; i++) {
        bool over = p->items[i].value.n == 0;
        for (size_t k = 0; k < n_set; k++) {
            over = over || str_eq(set[k].name, p->items[i].name);
        }
        if (!over) {
            add_pair(&b, &first, p->items[i].name, p->items[i].value);
        }
    }
    for (size_t k = 0; k < n_set; k++) {
        if (set[k].value.n != 0) {
            add_pair(&b, &first, set[k].name, set[k].value);
        }
    }
    return buf_str(&b);
}

Str url_record(Arena *mem, const RecordType *t, int64_t id, const char *tail)
{
    return str_printf(mem, "/r/%.*s/%.*s%s", STRF(t->id), STRF(id_text(mem, id)), tail);
}

bool url_local(Str url)
{
    if (url.n == 0 || url.p[0] != '/' || (url.n > 1 && (url.p[1] == '/' || url.p[1] == '\\'))) {
        return false;
    }
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] < 0x20 || url.p[i] == '\\' || url.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}
