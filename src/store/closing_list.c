/*
 * closing_list.c - the periods of a type: those that have records, and those that were closed.
 */
#include "store/closing_int.h"

#define PERIODS_MAX 200

typedef struct {
    PeriodRow *items;
    size_t n, cap;
} Rows;

static PeriodRow *row_of(Cx *cx, Rows *l, Str period)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].state.period, period)) {
            return &l->items[i];
        }
    }
    ARRAY_ROOM(cx->mem, l->items, l->n, l->cap);
    l->items[l->n] = (PeriodRow){.state = {.period = str_dup(cx->mem, period)}};
    return &l->items[l->n++];
}

/* By home too, so that each row of the answer shows whose it is. */
static bool live_periods(Cx *cx, Store *s, const Actor *a, const RecordType *t, const Scope *scope, Rows *l)
{
    ReachHold hold;
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    sql_ident2(q, S("f_"), t->closing->by->id);
    sql_lit(q, ", home, count(*) from ");
    sql_ident2(q, S("r_"), t->id);
    sql_lit(q, " where deleted is null and ");
    sql_ident2(q, S("f_"), t->closing->by->id);
    sql_lit(q, " is not null");
    if (!scope->all) {
        sql_lit(q, " and home");
        sql_in_ints(q, scope->homes, scope->n);
    }
    sql_lit(q, " group by ");
    sql_ident2(q, S("f_"), t->closing->by->id);
    sql_lit(q, ", home");
    reach_list(cx, s, a, t, &hold);
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    while (st != NULL && stmt_next(cx, st)) {
        row_of(cx, l, stmt_col_text(st, 0))->n += stmt_col_int(st, 2);
    }
    bool ok = st != NULL && stmt_end(st);
    reach_end(cx, &hold);
    return ok;
}

static bool closed_periods(Cx *cx, const RecordType *t, Rows *l)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select distinct period from closing where type = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, t->id);
    while (stmt_next(cx, st)) {
        (void)row_of(cx, l, stmt_col_text(st, 0));
    }
    return stmt_end(st);
}

static int latest_first(const void *a, const void *b)
{
    return str_cmp(((const PeriodRow *)b)->state.period, ((const PeriodRow *)a)->state.period);
}

bool closing_periods(Cx *cx, Store *s, const Actor *a, const RecordType *t, PeriodRow **ret, size_t *ret_n)
{
    Scope scope;
    Rows l = {0};
    if (!closing_scope(cx, s, a, t, &scope) || !live_periods(cx, s, a, t, &scope, &l) || !closed_periods(cx, t, &l)) {
        return false;
    }
    if (l.n != 0) {
        qsort(l.items, l.n, sizeof *l.items, latest_first);
    }
    l.n = MIN(l.n, (size_t)PERIODS_MAX);
    for (size_t i = 0; i < l.n; i++) {
        if (!closing_state(cx, s, t, l.items[i].state.period, &l.items[i].state)) {
            return false;
        }
    }
    *ret = l.items;
    *ret_n = l.n;
    return true;
}
