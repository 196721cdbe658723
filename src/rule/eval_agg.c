/*
 * eval_agg.c - aggregates over the rows of a link or list: each row for which the `where` holds, the record at hand being
 * its outer one.
 */
#include "rule/eval_int.h"

/* The rows counted: of a link through the store, or of a list field. */
typedef struct {
    RelatedRows related;
    const Value *list;
    size_t n;
} Rows;

static bool rows_of(const EvalEnv *env, const Expr *e, Rows *ret)
{
    *ret = (Rows){0};
    Subject t = subject_of(env, e);
    if (t.env == NULL) {
        return false;
    }
    if (e->link == NULL) {
        ret->list = subject_value(&t, e, e->list);
        ret->n = ret->list != NULL ? ret->list->n_rows : 0;
        return true;
    }
    if (env->related == NULL || t.id == 0) {
        return true;
    }
    if (!env->related(env->ctx, env->cx, e->link, t.id, &ret->related)) {
        return false;
    }
    ret->n = ret->related.n;
    return true;
}

static const Value *row_values(const Expr *e, const Rows *rows, size_t i)
{
    return e->link != NULL ? rows->related.rows[i] : rows->list->rows[i].v;
}

/* Does the `where` condition hold for row i? */
static Tri row_holds(const EvalEnv *env, const Expr *e, const Rows *rows, size_t i)
{
    if (e->a == NULL) {
        return TRI_TRUE;
    }
    EvalEnv in = *env;
    in.outer = env;
    in.self = 0;
    in.number = S("");
    in.org = NULL;
    if (e->link != NULL) {
        in.self = rows->related.ids != NULL ? rows->related.ids[i] : 0;
        in.type = e->link->type;
        in.values = rows->related.rows[i];
        in.state = rows->related.states != NULL ? rows->related.states[i] : S("");
        in.extra = NULL;
        in.extra_values = NULL;
        in.n_extra = 0;
    } else {
        in.type = NULL;
        in.extra = e->list->fields;
        in.n_extra = e->list->n_fields;
        in.extra_values = rows->list->rows[i].v;
    }
    return val_tri(eval_expr(&in, e->a));
}

static Val any_of(const EvalEnv *env, const Expr *e, const Rows *rows)
{
    bool unknown = false;
    for (size_t i = 0; i < rows->n; i++) {
        Tri t = row_holds(env, e, rows, i);
        if (t == TRI_TRUE) {
            return val_bool(true);
        }
        unknown = unknown || t == TRI_UNKNOWN;
    }
    return unknown ? UNKNOWN : val_bool(false);
}

/* The newest record has the greatest period, else date; without either, the last row. */
static Val latest(const EvalEnv *env, const Expr *e, const Rows *rows)
{
    const Field *by = NULL;
    const RecordType *t = e->link != NULL ? e->link->type : NULL;
    for (int pass = 0; t != NULL && pass < 2 && by == NULL; pass++) {
        for (size_t i = 0; i < t->n_fields && by == NULL; i++) {
            by = t->fields[i].kind == (pass == 0 ? FT_PERIOD : FT_DATE) ? &t->fields[i] : NULL;
        }
    }
    const Value *best = NULL;
    for (size_t i = 0; i < rows->n; i++) {
        const Value *row = row_values(e, rows, i);
        if (row_holds(env, e, rows, i) != TRI_TRUE) {
            continue;
        }
        bool newer = best == NULL || by == NULL;
        if (!newer && row[by->index].has) {
            const Value *x = &row[by->index], *y = &best[by->index];
            newer = !y->has || (by->kind == FT_PERIOD ? str_cmp(x->s, y->s) >= 0 : x->i >= y->i);
        }
        best = newer ? row : best;
    }
    return best != NULL ? val_field(e->field, &best[e->field->index]) : UNKNOWN;
}

/* Thousands of records are counted without being read. */
static Val count_all(const EvalEnv *env, const Expr *e)
{
    Subject t = subject_of(env, e);
    int64_t n = 0;
    if (t.env == NULL || (t.id != 0 && !env->tally(env->ctx, env->cx, e->link, t.id, &n))) {
        return UNKNOWN;
    }
    return (Val){.has = true, .i = n};
}

Val eval_aggregate(const EvalEnv *env, const Expr *e)
{
    Rows rows;
    if (e->kind == EX_COUNT && e->a == NULL && e->link != NULL && env->tally != NULL) {
        return count_all(env, e);
    }
    if (!rows_of(env, e, &rows)) {
        return UNKNOWN;
    }
    if (e->kind == EX_ANY) {
        return any_of(env, e, &rows);
    }
    if (e->kind == EX_LATEST) {
        return latest(env, e, &rows);
    }
    Val out = {.has = e->kind == EX_COUNT || e->kind == EX_SUM};
    for (size_t i = 0; i < rows.n; i++) {
        if (row_holds(env, e, &rows, i) != TRI_TRUE) {
            continue;
        }
        if (e->kind == EX_COUNT) {
            out.i++;
            continue;
        }
        Val v = val_field(e->field, &row_values(e, &rows, i)[e->field->index]);
        if (!v.has) {
            continue;
        }
        if (e->kind == EX_SUM) {
            if (__builtin_add_overflow(out.i, v.i, &out.i)) {
                return UNKNOWN;
            }
        } else if (!out.has || (e->kind == EX_MIN ? v.i < out.i : v.i > out.i)) {
            out = v;
        }
    }
    return out;
}
