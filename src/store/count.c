/*
 * count.c - totals, facets and cross counts of a query. What was counted is kept by statement and version of the type
 * (cache.c), as counting is what a list waits for longest.
 */
#include "base/clock.h"
#include "store/internal.h"

bool count_total(Cx *cx, Store *s, const Actor *a, const Query *query, int64_t *ret)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select count(*) from ");
    sql_ident(q, s->types[query->type->index].table);
    if (!query_where(cx, s, a, query, NULL, q)) {
        *ret = 0;
        return true;
    }
    uint64_t version = store_version(s, query->type->index);
    void *kept;
    size_t bytes;
    if (count_cache_get(s->counts, q, version, clock_mono_ms(), cx->mem, &kept, &bytes) && bytes == sizeof *ret) {
        memcpy(ret, kept, sizeof *ret);
        return true;
    }
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL || !stmt_one_int(cx, st, 0, ret)) {
        return false;
    }
    count_cache_put(s->counts, q, version, clock_mono_ms(), *ret, ret, sizeof *ret);
    return true;
}

/* What the cache keeps of a cross count: texts in a row, with their lengths. */
static Str pack_counts(Cx *cx, const CrossCount *items, size_t n, size_t n_fields)
{
    Buf b = buf_new(cx->mem, 8 << 20);
    for (size_t i = 0; i < n; i++) {
        buf_add_bytes(&b, &items[i].n, sizeof items[i].n);
        for (size_t k = 0; k < n_fields; k++) {
            uint32_t len = (uint32_t)items[i].keys[k].n;
            buf_add_bytes(&b, &len, sizeof len);
            buf_add(&b, items[i].keys[k]);
        }
    }
    return buf_str(&b);
}

static void unpack_counts(Cx *cx, Str bytes, size_t n_fields, CrossCount **ret, size_t *ret_n)
{
    size_t cap = 0, n = 0;
    CrossCount *items = NULL;
    for (const char *p = bytes.p, *end = p + bytes.n; p < end;) {
        ARRAY_ROOM(cx->mem, items, n, cap);
        CrossCount *c = &items[n++];
        memcpy(&c->n, p, sizeof c->n);
        p += sizeof c->n;
        for (size_t k = 0; k < n_fields; k++) {
            uint32_t len;
            memcpy(&len, p, sizeof len);
            c->keys[k] = str_n(p + sizeof len, len);
            p += sizeof len + len;
        }
    }
    *ret = items;
    *ret_n = n;
}

static bool read_counts(Cx *cx, Stmt *st, size_t n_fields, CrossCount **ret, size_t *ret_n)
{
    size_t cap = 0, n = 0;
    CrossCount *items = NULL;
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, items, n, cap);
        CrossCount *c = &items[n++];
        for (size_t k = 0; k < n_fields; k++) {
            c->keys[k] = stmt_col_dup(cx->mem, st, (int)k);
        }
        c->n = stmt_col_int(st, (int)n_fields);
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = items;
    *ret_n = n;
    return true;
}

static void count_columns(Sql *q, const Field *const *fields, size_t n_fields)
{
    for (size_t k = 0; k < n_fields; k++) {
        if (k != 0) {
            sql_lit(q, ", ");
        }
        if (fields[k] == NULL) {
            sql_lit(q, "state");
        } else {
            sql_ident2(q, S("f_"), fields[k]->id);
        }
    }
}

static bool cross_held(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *const *fields, size_t n_fields,
                  const Field *skip, CrossCount **ret, size_t *ret_n)
{
    *ret_n = 0;
    bool public_only = access_scope(cx->mem, s->pack, a, query->type).published_only;
    for (size_t k = 0; k < n_fields; k++) {
        if (fields[k] != NULL && !access_field_in(a, query->type, NULL, fields[k], public_only)) {
            return true; /* no counting by what may not be seen */
        }
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    count_columns(q, fields, n_fields);
    sql_lit(q, ", count(*) from ");
    sql_ident(q, s->types[query->type->index].table);
    if (!query_where(cx, s, a, query, skip, q)) {
        return cx->err == E_OK;
    }
    sql_lit(q, " group by ");
    count_columns(q, fields, n_fields);
    uint64_t version = store_version(s, query->type->index);
    void *kept;
    size_t bytes;
    if (count_cache_get(s->counts, q, version, clock_mono_ms(), cx->mem, &kept, &bytes)) {
        unpack_counts(cx, str_n(kept, bytes), n_fields, ret, ret_n);
        return true;
    }
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    bool ok = read_counts(cx, st, n_fields, ret, ret_n);
    stmt_done(st);
    if (ok) {
        int64_t counted = 0;
        for (size_t i = 0; i < *ret_n; i++) {
            counted += (*ret)[i].n;
        }
        Str packed = pack_counts(cx, *ret, *ret_n, n_fields);
        count_cache_put(s->counts, q, version, clock_mono_ms(), counted, packed.p, packed.n);
    }
    return ok;
}

static bool cross(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *const *fields, size_t n_fields,
                  const Field *skip, CrossCount **ret, size_t *ret_n)
{
    ReachHold h;
    reach_list(cx, s, a, query->type, &h);
    bool ok = cross_held(cx, s, a, query, fields, n_fields, skip, ret, ret_n);
    reach_end(cx, &h);
    return ok;
}

bool rec_cross(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *const *fields, size_t n_fields,
               CrossCount **ret, size_t *ret_n)
{
    CHECK(n_fields >= 1 && n_fields <= 6);
    return cross(cx, s, a, query, fields, n_fields, NULL, ret, ret_n);
}

bool rec_facet(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *f, FacetCount **ret, size_t *ret_n)
{
    CrossCount *items;
    size_t n;
    if (!cross(cx, s, a, query, &f, 1, f != NULL ? f : &WHERE_STATE, &items, &n)) {
        return false;
    }
    *ret = NEW_ARRAY(cx->mem, FacetCount, n);
    for (size_t i = 0; i < n; i++) {
        (*ret)[i] = (FacetCount){.key = items[i].keys[0], .n = items[i].n};
    }
    *ret_n = n;
    return true;
}
