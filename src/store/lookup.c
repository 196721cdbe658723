/*
 * lookup.c - personal fields as the database holds them: columns of blind indexes, and sealing a row anew.
 *
 * A blind index (column b_<field>, of fields with `lookup` or in `unique` and sheet keys) is HMAC-SHA-256 of the value under a key outside the
 * database, cut to 16 bytes, another key word for each type and field: equal values of one field have equal tokens, so twins and exact matches
 * are found without decrypting, and nothing else can be asked. It tells whoever holds the database which records share a value.
 */
#include "store/recent.h"
#include "store/subject.h"

static bool has_column(const Str *names, size_t n, Str field)
{
    for (size_t i = 0; i < n; i++) {
        if (names[i].n == field.n + 2 && str_starts(names[i], S("b_")) && str_ends(names[i], field)) {
            return true;
        }
    }
    return false;
}

static bool fill_column(Cx *cx, Store *s, Db *db, const RecordType *t)
{
    Cx on = *cx;
    on.db = db;
    Sql *q = sql_new(cx->mem);
    size_t n = 0, cap = 0;
    int64_t *ids = NULL;
    sql_lit(q, "select id from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where deleted is null order by id");
    Stmt *st = sql_stmt(&on, db, SQL_ADMIN, q);
    while (st != NULL && stmt_next(&on, st)) {
        ARRAY_ROOM(cx->mem, ids, n, cap);
        ids[n++] = stmt_col_int(st, 0);
    }
    bool ok = st != NULL && stmt_end(st);
    for (size_t i = 0; ok && i < n; i++) {
        Rec r;
        ArenaMark mark = arena_mark(cx->mem);
        ok = rec_load(&on, s, t, ids[i], true, &r) && row_tokens_again(&on, s, &r);
        if (ok) {
            arena_release(cx->mem, mark);
        }
    }
    return ok ? true : fail(cx, on.err, "%.*s", STRF(cx_text(&on)));
}

bool blind_columns(Cx *cx, Store *s, Db *db, const RecordType *t)
{
    Str *names, table = s->types[t->index].table;
    size_t n;
    bool made = false;
    if (!db_columns(cx, db, cx->mem, table, &names, &n)) {
        return false;
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        if (!f->lookup) {
            continue;
        }
        Sql *q = sql_new(cx->mem);
        if (!has_column(names, n, f->id)) {
            made = true;
            sql_lit(q, "alter table ");
            sql_ident(q, table);
            sql_lit(q, " add column ");
            sql_ident2(q, S("b_"), f->id);
            sql_lit(q, " text");
            if (!run_ddl(cx, db, q)) {
                return false;
            }
            q = sql_new(cx->mem);
        }
        sql_lit(q, "create index if not exists ");
        sql_ident(q, str_printf(cx->mem, "i_%.*s_b_%.*s", STRF(t->id), STRF(f->id)));
        sql_lit(q, " on ");
        sql_ident(q, table);
        sql_lit(q, " (");
        sql_ident2(q, S("b_"), f->id);
        sql_lit(q, ", home) where deleted is null");
        if (!run_ddl(cx, db, q)) {
            return false;
        }
    }
    return !made || fill_column(cx, s, db, t);
}

bool row_sealed(Cx *cx, Store *s, const RecordType *t, int64_t id, Str **ret)
{
    Sql *q = sql_new(cx->mem);
    *ret = NEW_ARRAY(cx->mem, Str, t->n_fields);
    sql_lit(q, "select id");
    for (size_t i = 0; i < t->n_fields; i++) {
        if (t->fields[i].personal) {
            sql_lit(q, ", ");
            sql_ident2(q, S("f_"), t->fields[i].id);
        }
    }
    sql_lit(q, " from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where home = ");
    sql_int(q, id_home(id));
    sql_lit(q, " and id = ");
    sql_int(q, id);
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    bool row = false;
    if (st == NULL || !stmt_step(cx, st, &row)) {
        return false;
    }
    for (size_t i = 0, col = 1; row && i < t->n_fields; i++) {
        if (t->fields[i].personal) {
            (*ret)[i] = stmt_col_dup(cx->mem, st, (int)col++);
        }
    }
    stmt_done(st);
    return true;
}

bool row_token_kept(Cx *cx, Store *s, const RecordType *t, const Field *f, int64_t id)
{
    Sql *q = sql_new(cx->mem);
    int64_t n = 0;
    sql_lit(q, "select count(*) from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where ");
    sql_ident2(q, S("b_"), f->id);
    sql_lit(q, " is not null and home = ");
    sql_int(q, id_home(id));
    sql_lit(q, " and id = ");
    sql_int(q, id);
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    return st != NULL && stmt_one_int(cx, st, 0, &n) && n == 1;
}

/* Sets the tokens, and the sealed texts too, of one row. */
static bool write_again(Cx *cx, Store *s, const Rec *r, bool sealed)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "update ");
    sql_ident(q, s->types[r->type->index].table);
    sql_lit(q, " set rev = rev");
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        bool broken = r->v[i].has && str_eq(r->v[i].s, PERSONAL_BROKEN);
        if (!f->personal || broken) {
            continue;
        }
        if (sealed) {
            row_set_value(cx, s, q, r, f);
        }
        row_set_token(cx, s, q, r, f);
    }
    row_here(q, r);
    if (on_writer(s)) {
        recent_drop(s, r->id);
    }
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    return st != NULL && stmt_run(cx, st);
}

bool row_seal_again(Cx *cx, Store *s, const Rec *r)
{
    return write_again(cx, s, r, true);
}

bool row_tokens_again(Cx *cx, Store *s, const Rec *r)
{
    return write_again(cx, s, r, false);
}
