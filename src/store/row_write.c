/*
 * row_write.c - a record into its table: the row, its blind indexes and the rows of its lists. Nothing else of a record
 * (rights, checks, number, journal) is known here.
 */
#include "store/absent.h"
#include "store/internal.h"
#include "store/recent.h"

static bool write_lists(Cx *cx, Store *s, const Rec *r)
{
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (f->kind != FT_LIST) {
            continue;
        }
        Str table = str_printf(cx->mem, "r_%.*s__%.*s", STRF(r->type->id), STRF(f->id));
        Sql *q = sql_new(cx->mem);
        sql_lit(q, "delete from ");
        sql_ident(q, table);
        sql_lit(q, " where home = ");
        sql_int(q, r->home);
        sql_lit(q, " and parent = ");
        sql_int(q, r->id);
        Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
        if (st == NULL || !stmt_queue(cx, st)) {
            return false;
        }
        for (size_t n = 0; n < r->v[i].n_rows; n++) {
            q = sql_new(cx->mem);
            sql_lit(q, "insert into ");
            sql_ident(q, table);
            sql_lit(q, " (home, parent, pos");
            for (size_t k = 0; k < f->n_fields; k++) {
                sql_lit(q, ", ");
                sql_ident2(q, S("f_"), f->fields[k].id);
            }
            sql_lit(q, ") values (");
            sql_int(q, r->home);
            sql_lit(q, ", ");
            sql_int(q, r->id);
            sql_lit(q, ", ");
            sql_int(q, (int64_t)n);
            for (size_t k = 0; k < f->n_fields; k++) {
                sql_lit(q, ", ");
                row_bind_value(cx, s, q, r, &f->fields[k], &r->v[i].rows[n].v[k]);
            }
            sql_lit(q, ")");
            st = sql_stmt(cx, cx->db, SQL_HOME, q);
            if (st == NULL || !stmt_queue(cx, st)) {
                return false;
            }
        }
    }
    return true;
}

/* The statement of the row, its lists, and what is remembered of it. */
static bool put_row(Cx *cx, Store *s, Stmt *st, const Rec *r)
{
    if (st == NULL || !stmt_queue(cx, st) || !write_lists(cx, s, r)) {
        return false;
    }
    recent_put(s, r);
    absent_put(s, r);
    return true;
}

bool row_insert(Cx *cx, Store *s, const Rec *r)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "insert into ");
    sql_ident(q, s->types[r->type->index].table);
    sql_lit(q, " (id, home, rev, state, holder, created, updated, created_by, updated_by, no, search, warnings, form");
    for (size_t i = 0; i < r->type->n_fields; i++) {
        if (field_has_column(&r->type->fields[i])) {
            sql_lit(q, ", ");
            sql_ident2(q, S("f_"), r->type->fields[i].id);
        }
        if (r->type->fields[i].lookup) {
            sql_lit(q, ", ");
            sql_ident2(q, S("b_"), r->type->fields[i].id);
        }
    }
    sql_lit(q, ") values (");
    sql_int(q, r->id);
    const int64_t head[] = {r->home, r->rev};
    for (size_t i = 0; i < ARRAY_LEN(head); i++) {
        sql_lit(q, ", ");
        sql_int(q, head[i]);
    }
    sql_lit(q, ", ");
    sql_text(q, r->state->id);
    const int64_t mid[] = {r->holder, r->created_ms, r->updated_ms, r->created_by, r->updated_by};
    for (size_t i = 0; i < ARRAY_LEN(mid); i++) {
        sql_lit(q, ", ");
        sql_int(q, mid[i]);
    }
    const Str texts[] = {r->no, search_text(cx->mem, r->type, r), r->warnings};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        sql_lit(q, ", ");
        sql_text(q, texts[i]);
    }
    sql_lit(q, ", ");
    sql_int(q, r->form);
    for (size_t i = 0; i < r->type->n_fields; i++) {
        if (field_has_column(&r->type->fields[i])) {
            sql_lit(q, ", ");
            row_bind_value(cx, s, q, r, &r->type->fields[i], &r->v[i]);
        }
        if (r->type->fields[i].lookup) {
            sql_lit(q, ", ");
            row_bind_token(cx, s, q, r->type, &r->type->fields[i], &r->v[i]);
        }
    }
    sql_lit(q, ")");
    return put_row(cx, s, sql_stmt(cx, cx->db, SQL_HOME, q), r);
}

bool row_update(Cx *cx, Store *s, const Rec *before, const Rec *r)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "update ");
    sql_ident(q, s->types[r->type->index].table);
    sql_lit(q, " set rev = ");
    sql_int(q, r->rev);
    sql_lit(q, ", state = ");
    sql_text(q, r->state->id);
    sql_lit(q, ", holder = ");
    sql_int(q, r->holder);
    sql_lit(q, ", updated = ");
    sql_int(q, r->updated_ms);
    sql_lit(q, ", updated_by = ");
    sql_int(q, r->updated_by);
    sql_lit(q, ", search = ");
    sql_text(q, search_text(cx->mem, r->type, r));
    sql_lit(q, ", warnings = ");
    sql_text(q, r->warnings);
    sql_lit(q, ", form = ");
    sql_int(q, r->form);
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (field_has_column(f) && !value_eq(f, &before->v[i], &r->v[i])) {
            row_set_value(cx, s, q, r, f);
            row_set_token(cx, s, q, r, f);
        }
    }
    row_here(q, r);
    return put_row(cx, s, sql_stmt(cx, cx->db, SQL_HOME, q), r);
}
