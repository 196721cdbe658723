/*
 * closing_digest.c - the figures as the store itself needs them: added up from records with the hashes over them, and read from closings.
 *
 * Closing and verifying read every record of the period, because the hash is over each.
 */
#include "store/closing_int.h"

#define DIGEST_MAX ((size_t)256 << 20)

ClosedFields closed_fields(Str fields)
{
    ClosedFields f = {0};
    Str rest = fields;
    (void)str_cut(rest, ',', &f.by, &rest);
    while (rest.n != 0 && f.n < CLOSING_SUMS_MAX) {
        (void)str_cut(rest, ',', &f.sums[f.n++], &rest);
    }
    return f;
}

Str closed_fields_text(Arena *mem, const RecordType *t)
{
    Buf b = buf_new(mem, 4096);
    buf_add(&b, t->closing->by->id);
    for (size_t i = 0; i < t->closing->n_sums; i++) {
        buf_addc(&b, ',');
        buf_add(&b, t->closing->sums[i]->id);
    }
    return buf_str(&b);
}

void sums_value(HomeSums *to, size_t i, int64_t given, int64_t total, bool over)
{
    to->given[i] += given;
    to->over[i] = to->over[i] || over || __builtin_add_overflow(to->total[i], total, &to->total[i]);
    to->total[i] = to->over[i] ? 0 : to->total[i];
}

void sums_add(HomeSums *to, const HomeSums *one, size_t n_fields)
{
    to->n += one->n;
    for (size_t i = 0; i < n_fields; i++) {
        sums_value(to, i, one->given[i], one->total[i], one->over[i]);
    }
}

/* ---- from records ---- */

HomeSums *home_new(Cx *cx, Homes *l, int64_t home)
{
    ARRAY_ROOM(cx->mem, l->items, l->n, l->cap);
    l->items[l->n] = (HomeSums){.home = home, .hash = S("")};
    return &l->items[l->n++];
}

static void hash_begin(Buf *b, Str type, Str period, Str fields)
{
    b->n = 0;
    buf_printf(b, "%.*s\t%.*s\t%.*s\n", STRF(type), STRF(period), STRF(fields));
}

static bool hash_end(Cx *cx, const Buf *b, HomeSums *h)
{
    uint8_t out[32];
    if (b->full) {
        return fail(cx, E_TOO_LARGE, "单位 %lld 的记录太多，不能一次算出指纹", (long long)h->home);
    }
    sha256(b->p, b->n, out);
    h->hash = hex(cx->mem, out, sizeof out);
    return true;
}

static Sql *select_records(Cx *cx, Str type, Str period, const ClosedFields *f)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id, home");
    for (size_t i = 0; i < f->n; i++) {
        sql_lit(q, ", ");
        sql_ident2(q, S("f_"), f->sums[i]);
    }
    sql_lit(q, " from ");
    sql_ident2(q, S("r_"), type);
    sql_lit(q, " where deleted is null and ");
    sql_ident2(q, S("f_"), f->by);
    sql_lit(q, " = ");
    sql_text(q, period);
    sql_lit(q, " order by home, id");
    return q;
}

static void add_record(Stmt *st, const ClosedFields *f, HomeSums *h, Buf *b)
{
    h->n++;
    buf_int(b, stmt_col_int(st, 0));
    for (size_t i = 0; i < f->n; i++) {
        buf_addc(b, '\t');
        if (!stmt_col_null(st, (int)i + 2)) {
            int64_t v = stmt_col_int(st, (int)i + 2);
            buf_int(b, v);
            sums_value(h, i, 1, v, false);
        }
    }
    buf_addc(b, '\n');
}

bool closing_digest(Cx *cx, Str type, Str period, Str fields, HomeSums **ret, size_t *ret_n)
{
    const ClosedFields f = closed_fields(fields);
    Homes l = {0};
    HomeSums *h = NULL;
    Arena *scratch = arena_new(0);
    Buf b = buf_new(scratch, DIGEST_MAX);
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, select_records(cx, type, period, &f));
    bool ok = st != NULL;
    while (ok && stmt_next(cx, st)) {
        if (h == NULL || h->home != stmt_col_int(st, 1)) {
            ok = h == NULL || hash_end(cx, &b, h);
            h = home_new(cx, &l, stmt_col_int(st, 1));
            hash_begin(&b, type, period, fields);
        }
        add_record(st, &f, h, &b);
    }
    ok = st != NULL && stmt_end(st) && ok && (h == NULL || hash_end(cx, &b, h));
    arena_free(scratch);
    *ret = l.items;
    *ret_n = l.n;
    return ok;
}

Str closing_root(Arena *mem, Str type, Str period, int64_t version, Str fields, const HomeSums *homes, size_t n)
{
    uint8_t out[32];
    Buf b = buf_new(mem, (size_t)4 << 20); /* 8191 homes at most */
    buf_printf(&b, "%.*s\t%.*s\t%lld\t%.*s\n", STRF(type), STRF(period), (long long)version, STRF(fields));
    for (size_t i = 0; i < n; i++) {
        buf_printf(&b, "%lld\t%lld\t%.*s\n", (long long)homes[i].home, (long long)homes[i].n, STRF(homes[i].hash));
    }
    CHECK(!b.full);
    sha256(b.p, b.n, out);
    return hex(mem, out, sizeof out);
}

/* ---- from closings ---- */

static void of_closing(Sql *q, Str type, const Closed *c, const Scope *scope)
{
    sql_lit(q, " where type = ");
    sql_text(q, type);
    sql_lit(q, " and period = ");
    sql_text(q, c->period);
    sql_lit(q, " and version = ");
    sql_int(q, c->version);
    if (!scope->all) {
        sql_lit(q, " and home");
        sql_in_ints(q, scope->homes, scope->n);
    }
}

HomeSums *home_at(HomeSums *items, size_t n, int64_t home)
{
    size_t from = 0, to = n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (items[mid].home == home) {
            return &items[mid];
        }
        if (items[mid].home < home) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return NULL;
}

bool closed_rows(Cx *cx, Str type, const Closed *c, const ClosedFields *f, const Scope *scope, HomeSums **ret, size_t *ret_n)
{
    Homes l = {0};
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select home, n, hash from closing_home");
    of_closing(q, type, c, scope);
    sql_lit(q, " order by home");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        HomeSums *h = home_new(cx, &l, stmt_col_int(st, 0));
        h->n = stmt_col_int(st, 1);
        h->hash = stmt_col_dup(cx->mem, st, 2);
    }
    if (!stmt_end(st)) {
        return false;
    }
    q = sql_new(cx->mem);
    sql_lit(q, "select home, field, n, total from closing_sum");
    of_closing(q, type, c, scope);
    if ((st = sql_stmt(cx, cx->db, SQL_ROLLUP, q)) == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        HomeSums *h = home_at(l.items, l.n, stmt_col_int(st, 0));
        Str field = stmt_col_text(st, 1);
        for (size_t i = 0; h != NULL && i < f->n; i++) {
            if (str_eq(f->sums[i], field)) {
                h->given[i] = stmt_col_int(st, 2);
                h->total[i] = stmt_col_int(st, 3);
            }
        }
    }
    *ret = l.items;
    *ret_n = l.n;
    return stmt_end(st);
}
