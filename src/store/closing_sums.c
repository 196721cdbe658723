/*
 * closing_sums.c - the figures for people, within their reach: of a closing, and of the records as they are.
 *
 * Of the records the database is asked for sums by home; so that a sum is never too large for it, each value is split at 10^9 and the halves are put
 * together here, where overflow is seen.
 */
#include "rule/validate.h"
#include "store/closing_int.h"

#define SPLIT INT64_C(1000000000)

bool closing_scope(Cx *cx, Store *s, const Actor *a, const RecordType *t, Scope *ret)
{
    *ret = access_scope(cx->mem, s->pack, a, t);
    bool none = t->closing == NULL || ret->published_only || (!ret->all && ret->n == 0);
    return !none || fail(cx, E_NOT_FOUND, "没有%.*s的分期合计，或者不在您的管辖范围内", STRF(t->label));
}

bool closing_sums(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str period, int64_t version, Sums *ret)
{
    Scope scope;
    Closed *acts, c = {0};
    size_t n;
    *ret = (Sums){0};
    if (!closing_scope(cx, s, a, t, &scope) || !closing_history(cx, s, t, period, &acts, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        c = acts[i].closed && acts[i].version == version ? acts[i] : c;
    }
    if (c.seq == 0) {
        return fail(cx, E_NOT_FOUND, "%.*s 没有第 %lld 次关账", STRF(period), (long long)version);
    }
    ClosedFields all = closed_fields(c.fields), seen = {.by = all.by};
    for (size_t i = 0; i < all.n; i++) {
        const Field *f = type_field(t, all.sums[i]);
        if (f != NULL && access_field_in(a, t, NULL, f, false)) {
            ret->fields[seen.n] = f;
            seen.sums[seen.n++] = all.sums[i];
        }
    }
    ret->n_fields = seen.n;
    return closed_rows(cx, t->id, &c, &seen, &scope, &ret->homes, &ret->n);
}

static Sql *select_sums(Cx *cx, const RecordType *t, Str period, const Sums *sums, const Scope *scope)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select home, count(*)");
    for (size_t i = 0; i < sums->n_fields; i++) {
        sql_lit(q, ", count(");
        sql_ident2(q, S("f_"), sums->fields[i]->id);
        sql_lit(q, "), cast(sum(");
        sql_ident2(q, S("f_"), sums->fields[i]->id);
        sql_lit(q, " / 1000000000) as bigint), cast(sum(");
        sql_ident2(q, S("f_"), sums->fields[i]->id);
        sql_lit(q, " % 1000000000) as bigint)");
    }
    sql_lit(q, " from ");
    sql_ident2(q, S("r_"), t->id);
    sql_lit(q, " where deleted is null and ");
    sql_ident2(q, S("f_"), t->closing->by->id);
    sql_lit(q, " = ");
    sql_text(q, period);
    if (!scope->all) {
        sql_lit(q, " and home");
        sql_in_ints(q, scope->homes, scope->n);
    }
    sql_lit(q, " group by home order by home");
    return q;
}

bool closing_live(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str period, Sums *ret)
{
    Scope scope;
    Homes l = {0};
    ReachHold hold;
    *ret = (Sums){0};
    if (!closing_scope(cx, s, a, t, &scope)) {
        return false;
    }
    for (size_t i = 0; i < t->closing->n_sums; i++) {
        if (access_field_in(a, t, NULL, t->closing->sums[i], false)) {
            ret->fields[ret->n_fields++] = t->closing->sums[i];
        }
    }
    reach_list(cx, s, a, t, &hold);
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, select_sums(cx, t, period, ret, &scope));
    while (st != NULL && stmt_next(cx, st)) {
        HomeSums *h = home_new(cx, &l, stmt_col_int(st, 0));
        h->n = stmt_col_int(st, 1);
        for (size_t i = 0; i < ret->n_fields; i++) {
            int col = 2 + 3 * (int)i;
            int64_t total;
            bool over = __builtin_mul_overflow(stmt_col_int(st, col + 1), SPLIT, &total) ||
                        __builtin_add_overflow(total, stmt_col_int(st, col + 2), &total);
            sums_value(h, i, stmt_col_int(st, col), over ? 0 : total, over);
        }
    }
    bool ok = st != NULL && stmt_end(st);
    reach_end(cx, &hold);
    ret->homes = l.items;
    ret->n = l.n;
    return ok;
}
