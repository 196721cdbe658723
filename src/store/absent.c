/*
 * absent.c - see absent.h. One field of one type at a time: the one by which an import finds its rows.
 */
#include "store/absent.h"

#include "base/map.h"

#define AT_ONCE 100 /* values a statement asks for */

struct Absent {
    Arena *mem; /* NULL: nothing was learnt */
    const Field *field;
    const RecordType *type;
    Map values; /* text → bool: whether a row has it */
};

static bool *find(const Store *s, const RecordType *t, const Field *f, const Value *v)
{
    const struct Absent *a = s->absent;
    return on_writer(s) && a->mem != NULL && a->type == t && a->field == f && v->has ? map_get(&a->values, v->s) : NULL;
}

bool absent_known(const Store *s, const RecordType *t, const Field *f, const Value *v)
{
    const bool *there = find(s, t, f, v);
    return there != NULL && !*there;
}

void absent_put(Store *s, const Rec *r)
{
    const struct Absent *a = s->absent;
    bool *there = a->type == r->type ? find(s, r->type, a->field, &r->v[a->field->index]) : NULL;
    if (there != NULL) {
        *there = true;
    }
}

static bool ask(Cx *cx, Store *s, const Value *values, size_t n)
{
    struct Absent *a = s->absent;
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    sql_ident2(q, S("f_"), a->field->id);
    sql_lit(q, " from ");
    sql_ident(q, s->types[a->type->index].table);
    sql_lit(q, " where deleted is null and ");
    sql_ident2(q, S("f_"), a->field->id);
    sql_lit(q, " in (");
    for (size_t i = 0; i < AT_ONCE; i++) { /* always as many: one statement */
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_text(q, values[MIN(i, n - 1)].s);
    }
    sql_lit(q, ")");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        bool *there = map_get(&a->values, stmt_col_text(st, 0));
        if (there != NULL) {
            *there = true;
        }
    }
    return stmt_end(st);
}

static bool learn(Cx *cx, Store *s, const Value *values, size_t n)
{
    struct Absent *a = s->absent;
    Value *texts = NEW_ARRAY(cx->mem, Value, n);
    size_t n_texts = 0;
    for (size_t i = 0; i < n; i++) {
        if (values[i].has && map_get(&a->values, values[i].s) == NULL) {
            texts[n_texts] = values[i];
            texts[n_texts].s = str_dup(a->mem, values[i].s);
            (void)map_put(&a->values, texts[n_texts++].s, NEW(a->mem, bool));
        }
    }
    for (size_t i = 0; i < n_texts; i += AT_ONCE) {
        if (!ask(cx, s, texts + i, MIN(n_texts - i, (size_t)AT_ONCE))) {
            return false;
        }
    }
    return true;
}

bool rec_look_ahead(Cx *cx, Store *s, const RecordType *t, const Field *f, const Value *values, size_t n)
{
    if (!on_writer(s) || n == 0 || f->personal || f->lookup || !field_is_text(f)) {
        return true;
    }
    absent_forget(s);
    struct Absent *a = s->absent;
    Arena *mem = arena_new(0);
    *a = (struct Absent){.mem = mem, .type = t, .field = f, .values = map_new(mem)};
    ReachHold h;
    reach_program(cx, &h);
    bool ok = learn(cx, s, values, n);
    reach_end(cx, &h);
    if (!ok) {
        absent_forget(s);
    }
    return ok;
}

void absent_forget(Store *s)
{
    if (s->absent->mem != NULL) {
        arena_free(s->absent->mem);
        *s->absent = (struct Absent){0};
    }
}

void absent_start(Store *s)
{
    s->absent = NEW(s->mem, struct Absent);
}
