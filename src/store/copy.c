/*
 * copy.c - see copy.h. A table is a sequence in the order of its key; the target holds a beginning of it, and each transaction makes that
 * beginning longer. A table without a key (two logs of attempts) is copied as a whole.
 */
#include "db/sql.h"
#include "store/copy_int.h"

#define BATCH_ROWS 20000
#define BATCH_BYTES ((int64_t)32 << 20)

/* The last row of the target's beginning; place.set false: it has none. */
static bool last_place(Cx *cx, Db *to, const CopyTable *t, CopyPlace *ret)
{
    *ret = (CopyPlace){0};
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    for (size_t i = 0; i < t->n_key; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_ident(q, t->cols[t->key[i]].name);
    }
    sql_lit(q, " from ");
    sql_ident(q, t->name);
    sql_lit(q, " order by ");
    for (size_t i = 0; i < t->n_key; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_ident(q, t->cols[t->key[i]].name);
        sql_lit(q, " desc");
    }
    sql_lit(q, " limit 1");
    Stmt *st = sql_stmt(cx, to, SQL_ADMIN, q);
    if (st == NULL) {
        return false;
    }
    if (stmt_next(cx, st)) {
        ret->set = true;
        for (size_t i = 0; i < t->n_key; i++) {
            if (t->cols[t->key[i]].kind == DB_INT) {
                ret->i[i] = stmt_col_int(st, (int)i);
            } else {
                Str v = stmt_col_text(st, (int)i);
                ret->len[i] = MIN(v.n, sizeof ret->text[i]);
                memcpy(ret->text[i], v.p, ret->len[i]);
            }
        }
    }
    return stmt_end(st);
}

/* What the target's meta says already is replaced, its own keys stay. */
static bool put_meta(Cx *cx, Db *to, Walk *w, CopyCounts *n)
{
    bool row;
    while (walk_next(w, &row) && row) {
        Stmt *st = db_stmt(cx, to, SQL_ADMIN, S("insert into meta (key, value) values (?1, ?2)"
                                                " on conflict (key) do update set value = excluded.value"));
        if (st == NULL) {
            return false;
        }
        stmt_text(st, 1, w->row[0].s);
        stmt_text(st, 2, w->row[1].s);
        if (!stmt_run(cx, st)) {
            return false;
        }
        n->rows++;
    }
    return cx->err == E_OK;
}

/* One transaction: rows of the walk until there are many. */
static bool put_batch(Cx *cx, Db *to, Walk *w, CopyCounts *n, bool *ret_more)
{
    ArenaMark mark = arena_mark(cx->mem);
    int64_t rows = 0, bytes = 0;
    bool row = true, whole = w->t->n_key == 0;
    if (!db_begin(cx, to) || (whole && !copy_clear(cx, to, w->t->name))) {
        db_rollback(to);
        return false;
    }
    DbBulk *b = db_bulk_begin(cx, to, cx->mem, w->t->name, w->t->cols, w->t->n);
    bool ok = b != NULL;
    while (ok && row && (whole || (rows < BATCH_ROWS && bytes < BATCH_BYTES))) {
        ok = walk_next(w, &row);
        if (ok && row) {
            ok = db_bulk_row(cx, b, w->row);
            rows++;
            for (size_t i = 0; i < w->t->n; i++) {
                bytes += 8 + (int64_t)w->row[i].s.n;
            }
        }
    }
    if (!ok) {
        db_bulk_drop(b);
    }
    ok = ok && db_bulk_end(cx, b) && db_commit(cx, to);
    if (!ok) {
        db_rollback(to);
        return false;
    }
    arena_release(cx->mem, mark);
    n->rows += rows;
    *ret_more = row;
    return true;
}

static bool columns_known(Cx *cx, Db *to, const CopyTable *t)
{
    Str *names;
    size_t n;
    if (!db_columns(cx, to, cx->mem, t->name, &names, &n)) {
        return false;
    }
    for (size_t i = 0; i < t->n; i++) {
        bool known = false;
        for (size_t k = 0; k < n; k++) {
            known = known || str_eq(names[k], t->cols[i].name);
        }
        if (!known) {
            return fail(cx, E_DATA, "目标数据库没有 %.*s 的 %.*s 列", STRF(t->name), STRF(t->cols[i].name));
        }
    }
    return true;
}

/* Where to go on. In a transaction: a writing connection to a server is shown rows only there. */
static bool begun_before(Cx *cx, Db *to, const CopyTable *t, CopyPlace *ret, int64_t *ret_rows)
{
    bool ok = db_begin(cx, to) && last_place(cx, to, t, ret) && (!ret->set || copy_count(cx, to, t, ret_rows));
    db_rollback(to);
    return ok;
}

static bool put_table(Cx *cx, Db *from, Db *to, const CopyTable *t, CopyTell *tell, void *ctx, CopyCounts *n)
{
    int64_t total, there = 0, begun = n->rows;
    Walk w = {0};
    if (!columns_known(cx, to, t) || !copy_count(cx, from, t, &total) ||
        (t->n_key != 0 && !t->is_meta && !begun_before(cx, to, t, &w.at, &there))) {
        return false;
    }
    n->tables += total != 0;
    n->found += there;
    walk_begin(&w, cx, from, t);
    bool more = true, ok = true;
    if (tell != NULL && total != 0) {
        tell(ctx, S("复制"), t->name, there, total);
    }
    if (t->is_meta) {
        ok = db_begin(cx, to) && put_meta(cx, to, &w, n) && db_commit(cx, to);
        if (!ok) {
            db_rollback(to);
        }
        more = false;
    }
    while (ok && more) {
        ok = put_batch(cx, to, &w, n, &more);
        if (tell != NULL && total != 0) {
            tell(ctx, S("复制"), t->name, there + n->rows - begun, total);
        }
    }
    walk_end(&w);
    return ok;
}

bool copy_rows(Cx *cx, Db *from, Db *to, CopyTell *tell, void *ctx, CopyCounts *ret)
{
    CopyTable *all;
    size_t n;
    *ret = (CopyCounts){0};
    if (!copy_tables(cx, from, &all, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        ArenaMark mark = arena_mark(cx->mem);
        if (!put_table(cx, from, to, &all[i], tell, ctx, ret)) {
            return false;
        }
        arena_release(cx->mem, mark);
    }
    return true;
}

bool copy_clear(Cx *cx, Db *to, Str table)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "delete from ");
    sql_ident(q, table);
    Stmt *st = sql_stmt(cx, to, SQL_ADMIN, q);
    return st != NULL && stmt_run(cx, st);
}
