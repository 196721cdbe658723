/*
 * letter_table.c - tables of a document: a row for each record of a link, or for each row of a list, for which `where`
 * holds. The ids of records are read first, so that the order (of making) and the running number do not depend on what
 * happened to the records since.
 */
#include "job/letter_int.h"

#include <stdlib.h>

#include "store/env.h"

static bool holds(Letter *x, const Rec *row, const Expr *e, bool *ret)
{
    Rec whole, outer;
    if (!letter_whole(x->cx, x->s, row, &whole) || !letter_whole(x->cx, x->s, x->rec, &outer)) {
        return false;
    }
    EvalEnv *env = env_make(x->cx, x->s, &whole);
    env->outer = env_make(x->cx, x->s, &outer);
    *ret = rule_test(env, e) == TRI_TRUE;
    return x->cx->err == E_OK;
}

static bool one_row(Letter *x, const DocBlock *b, PaperBlock *t, const Place *at)
{
    Str *cells = paper_row(x->p, t);
    for (size_t i = 0; i < b->n_cols; i++) {
        if (!letter_fill(x, at, b->cols[i].text, &cells[i])) {
            return false;
        }
    }
    return true;
}

/* ---- records of a link ---- */

typedef struct {
    Letter *x;
    const DocBlock *b;
    int64_t *ids;
    size_t n, cap;
} Picked;

static bool pick(void *ctx, const Rec *r)
{
    Picked *l = ctx;
    bool in = true;
    if (l->b->where != NULL && !holds(l->x, r, l->b->where, &in)) {
        return false;
    }
    if (!in) {
        return true;
    }
    if (l->n == LETTER_ROWS_MAX) {
        return fail(l->x->cx, E_TOO_LARGE, "“%.*s”超过 %d 行，不能打印在一份文件里", STRF(l->b->each->label),
                    LETTER_ROWS_MAX);
    }
    ARRAY_ROOM(l->x->mem, l->ids, l->n, l->cap);
    l->ids[l->n++] = r->id;
    return true;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool link_rows(Letter *x, const DocBlock *b, PaperBlock *t)
{
    Query q = {.type = b->each->type, .n_filters = 1};
    q.filters[0] = (Filter){.field = b->each->via, .op = OP_EQ, .value = {.has = true, .i = x->rec->id}};
    Picked l = {.x = x, .b = b};
    if (!rec_each(x->cx, x->s, x->a, &q, pick, &l)) {
        return false;
    }
    if (l.n != 0) {
        qsort(l.ids, l.n, sizeof *l.ids, by_id);
    }
    for (size_t i = 0; i < l.n; i++) {
        ArenaMark m = arena_mark(x->cx->mem);
        Rec r;
        if (!rec_get(x->cx, x->s, x->a, b->each->type, l.ids[i], &r) ||
            !one_row(x, b, t, &(Place){.rec = &r, .number = i + 1})) {
            return false;
        }
        arena_release(x->cx->mem, m);
    }
    return true;
}

/* ---- rows of a list ---- */

static bool list_rows(Letter *x, const DocBlock *b, PaperBlock *t)
{
    const Value *v = &x->rec->v[b->list->index];
    size_t number = 0;
    Rec whole;
    if (b->where != NULL && !letter_whole(x->cx, x->s, x->rec, &whole)) {
        return false;
    }
    for (size_t i = 0; v->has && i < v->n_rows; i++) {
        if (b->where != NULL) {
            EvalEnv *env = env_make(x->cx, x->s, &whole);
            env->extra = b->list->fields;
            env->extra_values = v->rows[i].v;
            env->n_extra = b->list->n_fields;
            if (rule_test(env, b->where) != TRI_TRUE) {
                continue;
            }
        }
        if (!one_row(x, b, t, &(Place){.rec = x->rec, .list = b->list, .cells = v->rows[i].v, .number = ++number})) {
            return false;
        }
    }
    return x->cx->err == E_OK;
}

/* ---- the table ---- */

bool letter_table(Letter *x, const DocBlock *b, const Place *at)
{
    Str title;
    if (!letter_fill(x, at, b->text, &title)) {
        return false;
    }
    PaperBlock *t = paper_table(x->p, title);
    for (size_t i = 0; i < b->n_cols; i++) {
        bool narrow = str_eq(str_trim(b->cols[i].text), S("{{row}}"));
        paper_col(x->p, t, b->cols[i].label, b->cols[i].width != 0 ? b->cols[i].width : 1,
                  narrow ? PAPER_CENTER : PAPER_LEFT);
    }
    Arena *rows = arena_new(0);
    x->cx->mem = rows;
    bool ok = b->each != NULL ? link_rows(x, b, t) : list_rows(x, b, t);
    x->cx->mem = x->mem;
    x->cx->err_text = str_dup(x->mem, x->cx->err_text);
    x->cx->err_at = str_dup(x->mem, x->cx->err_at);
    arena_free(rows);
    return ok;
}
