/*
 * latest.c - computed fields: the value of a field in the newest record (by its period or date) that refers to a record.
 *
 * Kept in the referred record's own column, so that lists, filters and the public pages read it without a join; refreshed in the
 * transaction that wrote the newer record, through the journal like any change.
 */
#include "base/date.h"
#include "store/recent.h"

static void read_latest(Cx *cx, const Field *f, Stmt *st, int col, Value *ret)
{
    *ret = (Value){.has = true};
    if (f->kind == FT_DATE) {
        int32_t days = 0;
        ret->has = date_iso_parse(stmt_col_text(st, col), &days);
        ret->i = days;
    } else if (field_is_text(f)) {
        ret->s = stmt_col_dup(cx->mem, st, col);
    } else {
        ret->i = stmt_col_int(st, col);
    }
}

/* The n fields of one record, all computed from the same type, in one reading of its rows, newest first: each takes the first value that is there. */
static bool newest_held(Cx *cx, Store *s, const Field *const *fields, size_t n, int64_t parent, Value *values)
{
    const Field *one = fields[0];
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    for (size_t i = 0; i < n; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_ident2(q, S("f_"), fields[i]->latest_field->id);
    }
    sql_lit(q, " from ");
    sql_ident(q, s->types[one->latest_of->index].table);
    sql_lit(q, " where ");
    sql_ident2(q, S("f_"), one->latest_via->id);
    sql_lit(q, " = ");
    sql_int(q, parent);
    sql_lit(q, " and deleted is null order by ");
    sql_ident2(q, S("f_"), one->latest_by->id);
    sql_lit(q, " desc, id desc");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    size_t open = n;
    for (size_t i = 0; i < n; i++) {
        values[fields[i]->index] = (Value){0};
    }
    while (open != 0 && stmt_next(cx, st)) {
        for (size_t i = 0; i < n; i++) {
            Value *v = &values[fields[i]->index];
            if (!v->has && !stmt_col_null(st, (int)i)) {
                read_latest(cx, fields[i], st, (int)i, v);
                open -= v->has;
            }
        }
    }
    return stmt_end(st);
}

/* The same from the only record there is; false: it is to be read. */
static bool of_the_only(Store *s, const Field *const *fields, size_t n, int64_t parent, const Rec *written, Value *values)
{
    const Value *link = &written->v[fields[0]->latest_via->index];
    if (!link->has || link->i != parent || !recent_sole(s, parent, written->id)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (fields[i]->latest_field->personal) {
            return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        const Value *v = &written->v[fields[i]->latest_field->index];
        values[fields[i]->index] = v->has ? *v : (Value){0};
    }
    return true;
}

static bool newest(Cx *cx, Store *s, const Field *const *fields, size_t n, int64_t parent, const Rec *written, Value *values)
{
    ReachHold h;
    if (of_the_only(s, fields, n, parent, written, values)) {
        return true;
    }
    reach_program(cx, &h);
    bool ok = newest_held(cx, s, fields, n, parent, values);
    reach_end(cx, &h);
    return ok;
}

static bool all_newest(Cx *cx, Store *s, const RecordType *t, const Rec *written, int64_t parent, Value *values)
{
    const Field **group = NEW_ARRAY(cx->mem, const Field *, t->n_fields);
    bool *taken = NEW_ARRAY(cx->mem, bool, t->n_fields);
    for (size_t i = 0; i < t->n_fields; i++) {
        size_t n = 0;
        for (size_t k = i; k < t->n_fields; k++) {
            const Field *f = &t->fields[k];
            if (!taken[k] && f->latest_of == written->type && (n == 0 || (f->latest_via == group[0]->latest_via && f->latest_by == group[0]->latest_by))) {
                group[n++] = f;
                taken[k] = true;
            }
        }
        if (n != 0 && !newest(cx, s, group, n, parent, written, values)) {
            return false;
        }
    }
    return true;
}

static bool refresh_parent(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t parent, const Rec *written)
{
    Rec before;
    if (!rec_load(cx, s, t, parent, true, &before)) {
        if (cx->err == E_NOT_FOUND) { /* deleted meanwhile: nothing to keep up to date */
            cx_clear(cx);
            return true;
        }
        return false;
    }
    Rec after = before;
    bool changed;
    after.v = NEW_ARRAY(cx->mem, Value, t->n_fields);
    memcpy(after.v, before.v, t->n_fields * sizeof(Value));
    if (!all_newest(cx, s, t, written, parent, after.v)) {
        return false;
    }
    return rec_store_change(cx, s, a, &before, &after, S("compute"), S(""), S(""), S(""), &changed);
}

bool rec_refresh_latest(Cx *cx, Store *s, const Actor *a, const Rec *written)
{
    for (size_t i = 0; i < s->pack->n_types; i++) {
        const RecordType *t = &s->pack->types[i];
        for (size_t k = 0; k < t->n_fields; k++) {
            const Field *f = &t->fields[k];
            if (f->latest_of == written->type) {
                const Value *link = &written->v[f->latest_via->index];
                if (link->has && !refresh_parent(cx, s, a, t, link->i, written)) {
                    return false;
                }
                break; /* one refresh covers every computed field of the type */
            }
        }
    }
    return true;
}
