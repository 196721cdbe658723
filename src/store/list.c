/*
 * list.c - the records of a query, a page at a time or one after another.
 *
 * Pages are cut by keyset: the cursor is the order value and id of the last row.
 */
#include "base/date.h"
#include "fmt/codes.h"
#include "store/internal.h"

static void order_column(Sql *q, const Query *query)
{
    const Field *f = query->order;
    if (f == NULL) {
        sql_lit(q, "updated");
        return;
    }
    sql_lit(q, "coalesce(");
    sql_ident2(q, S("f_"), f->id);
    if (field_is_text(f) || f->kind == FT_DATE) {
        sql_lit(q, ", '')");
    } else {
        sql_lit(q, ", -1)");
    }
}

/* Cursor text: order value, a vertical bar, id; base64url, so that nobody builds one by hand. */
static Str cursor_make(Cx *cx, const Query *query, const Rec *last)
{
    Str key;
    const Field *f = query->order;
    if (f == NULL) {
        key = id_text(cx->mem, last->updated_ms);
    } else if (f->kind == FT_DATE) {
        key = last->v[f->index].has ? date_iso(cx->mem, (int32_t)last->v[f->index].i) : S("");
    } else if (field_is_text(f)) {
        key = last->v[f->index].s;
    } else {
        key = id_text(cx->mem, last->v[f->index].has ? last->v[f->index].i : -1);
    }
    return base64url(cx->mem, str_printf(cx->mem, "%lld|%.*s", (long long)last->id, STRF(key)));
}

static bool add_cursor(Cx *cx, Sql *q, const Query *query)
{
    Str plain, id_part, key;
    int64_t id, number = 0;
    if (!base64url_read(cx->mem, query->after, &plain) || !utf8_valid(plain) || !str_cut(plain, '|', &id_part, &key) ||
        !id_read(id_part, &id)) {
        return fail(cx, E_BAD_REQUEST, "分页位置 cursor 无效，请从第一页开始");
    }
    const Field *f = query->order;
    bool text = f != NULL && (field_is_text(f) || f->kind == FT_DATE);
    if (!text && !str_int(key, &number)) {
        return fail(cx, E_BAD_REQUEST, "分页位置 cursor 无效，请从第一页开始");
    }
    sql_lit(q, " and (");
    order_column(q, query);
    if (query->ascending) {
        sql_lit(q, ", id) > (");
    } else {
        sql_lit(q, ", id) < (");
    }
    if (text) {
        sql_text(q, key);
    } else {
        sql_int(q, number);
    }
    sql_lit(q, ", ");
    sql_int(q, id);
    sql_lit(q, ")");
    return true;
}

static bool read_rows(Cx *cx, Store *s, const Query *query, Stmt *st, size_t limit, RecPage *ret)
{
    ret->items = NEW_ARRAY(cx->mem, Rec, limit);
    while (stmt_next(cx, st)) {
        if (ret->n == limit) { /* one more than asked was read: there is a next page */
            ret->next = cursor_make(cx, query, &ret->items[limit - 1]);
            return true;
        }
        if (!row_read(cx, s, query->type, st, query->leave_personal ? PERSONAL_LEFT : PERSONAL_MASKED, &ret->items[ret->n])) {
            return false;
        }
        ret->n++;
    }
    return stmt_end(st);
}

static bool rec_list_held(Cx *cx, Store *s, const Actor *a, const Query *query, bool want_total, RecPage *ret)
{
    *ret = (RecPage){.total = want_total ? 0 : -1};
    size_t limit = query->limit == 0 ? 50 : MIN(query->limit, (size_t)200);
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    buf_add(&q->text, s->types[query->type->index].columns);
    sql_lit(q, " from ");
    sql_ident(q, s->types[query->type->index].table);
    if (!query_where(cx, s, a, query, NULL, q)) {
        return cx->err == E_OK;
    }
    if (query->after.n != 0 && !add_cursor(cx, q, query)) {
        return false;
    }
    sql_lit(q, " order by ");
    order_column(q, query);
    if (query->ascending) {
        sql_lit(q, " asc, id asc limit ");
    } else {
        sql_lit(q, " desc, id desc limit ");
    }
    sql_int(q, (int64_t)limit + 1);
    sql_lit(q, " offset ");
    sql_int(q, query->after.n != 0 ? 0 : (int64_t)query->offset);
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    bool ok = read_rows(cx, s, query, st, limit, ret);
    stmt_done(st);
    Scope scope = access_scope(cx->mem, s->pack, a, query->type);
    for (size_t i = 0; ok && i < ret->n; i++) {
        rec_redact(a, &ret->items[i], scope.published_only);
    }
    return ok && (!want_total || count_total(cx, s, a, query, &ret->total));
}

bool rec_list(Cx *cx, Store *s, const Actor *a, const Query *query, bool want_total, RecPage *ret)
{
    ReachHold h;
    reach_list(cx, s, a, query->type, &h);
    bool ok = rec_list_held(cx, s, a, query, want_total, ret);
    reach_end(cx, &h);
    return ok;
}

static bool rec_each_held(Cx *cx, Store *s, const Actor *a, const Query *query, RecEachFn *fn, void *ctx)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    buf_add(&q->text, s->types[query->type->index].columns);
    sql_lit(q, " from ");
    sql_ident(q, s->types[query->type->index].table);
    if (!query_where(cx, s, a, query, NULL, q)) {
        return cx->err == E_OK;
    }
    sql_lit(q, " order by ");
    order_column(q, query);
    if (query->ascending) {
        sql_lit(q, " asc, id asc");
    } else {
        sql_lit(q, " desc, id desc");
    }
    Scope scope = access_scope(cx->mem, s->pack, a, query->type);
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    bool ok = st != NULL;
    while (ok && stmt_next(cx, st)) {
        Rec r;
        ArenaMark mark = arena_mark(cx->mem);
        ok = row_read(cx, s, query->type, st, query->leave_personal ? PERSONAL_LEFT : PERSONAL_MASKED, &r);
        if (ok) {
            rec_redact(a, &r, scope.published_only);
            ok = fn(ctx, &r);
        }
        if (ok) { /* a failure's text stays */
            arena_release(cx->mem, mark);
        }
    }
    return st != NULL && stmt_end(st) && ok;
}

bool rec_each(Cx *cx, Store *s, const Actor *a, const Query *query, RecEachFn *fn, void *ctx)
{
    ReachHold h;
    reach_list(cx, s, a, query->type, &h);
    bool ok = rec_each_held(cx, s, a, query, fn, ctx);
    reach_end(cx, &h);
    return ok;
}
