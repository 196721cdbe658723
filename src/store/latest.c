/*
 * latest.c - computed fields: the value of a field in the newest record (by its period or date) that refers to a record.
 *
 * Kept in the referred record's own column, so that lists, filters and the public pages read it without a join; refreshed in the
 * transaction that wrote the newer record, through the journal like any change.
 */
#include "base/date.h"
#include "store/internal.h"

static bool newest(Cx *cx, Store *s, const Field *f, int64_t parent, Value *ret)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    sql_ident2(q, S("f_"), f->latest_field->id);
    sql_lit(q, " from ");
    sql_ident(q, s->types[f->latest_of->index].table);
    sql_lit(q, " where ");
    sql_ident2(q, S("f_"), f->latest_via->id);
    sql_lit(q, " = ");
    sql_int(q, parent);
    sql_lit(q, " and deleted is null and ");
    sql_ident2(q, S("f_"), f->latest_field->id);
    sql_lit(q, " is not null order by ");
    sql_ident2(q, S("f_"), f->latest_by->id);
    sql_lit(q, " desc, id desc limit 1");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    bool row = false;
    if (st == NULL || !stmt_step(cx, st, &row)) {
        return false;
    }
    *ret = (Value){.has = row};
    if (row && f->kind == FT_DATE) {
        int32_t days = 0;
        ret->has = date_iso_parse(stmt_col_text(st, 0), &days);
        ret->i = days;
    } else if (row && field_is_text(f)) {
        ret->s = stmt_col_dup(cx->mem, st, 0);
    } else if (row) {
        ret->i = stmt_col_int(st, 0);
    }
    stmt_done(st);
    return true;
}

static bool refresh_parent(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t parent, const RecordType *from)
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
    for (size_t i = 0; i < t->n_fields; i++) {
        if (t->fields[i].latest_of == from && !newest(cx, s, &t->fields[i], parent, &after.v[i])) {
            return false;
        }
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
                if (link->has && !refresh_parent(cx, s, a, t, link->i, written->type)) {
                    return false;
                }
                break; /* one refresh covers every computed field of the type */
            }
        }
    }
    return true;
}
