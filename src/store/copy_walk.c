/*
 * copy_walk.c - a walk over a table, a piece of a thousand rows at a time, each piece begun behind the key of the last row: no long statement
 * that a server would cut off, and a place to go on from. A table without a key is read in one statement.
 */
#include "db/sql.h"
#include "store/copy_int.h"

#define PIECE 1000

/* Keys of meta that belong to one database and not to what it holds: whose keys it is bound to, and that it is being filled. */
static const Str OWN[] = {STR_INIT("keys"), STR_INIT("moving")};

/* Which processes serve a database, and what they told each other (shared.h). */
static bool of_processes(Str table)
{
    return str_eq(table, S("node")) || str_eq(table, S("version"));
}

bool copy_table(Cx *cx, Db *db, Str name, CopyTable *ret, bool *ret_there)
{
    *ret = (CopyTable){.name = name, .is_meta = str_eq(name, S("meta"))};
    if (!db_describe(cx, db, cx->mem, name, &ret->cols, &ret->n)) {
        return false;
    }
    *ret_there = ret->n != 0;
    if (ret->n > COPY_MAX_COLS) {
        return fail(cx, E_DATA, "表 %.*s 的列太多", STRF(name));
    }
    for (size_t i = 0; i < ret->n; i++) {
        size_t at = (size_t)ret->cols[i].key;
        if (at > COPY_MAX_KEY || (at != 0 && ret->cols[i].kind == DB_BLOB)) {
            return fail(cx, E_DATA, "表 %.*s 的主键不能搬迁", STRF(name));
        }
        if (at != 0) {
            ret->key[at - 1] = i;
            ret->n_key = MAX(ret->n_key, at);
        }
    }
    return true;
}

bool copy_tables(Cx *cx, Db *db, CopyTable **ret, size_t *ret_n)
{
    Str *names;
    size_t n;
    bool there;
    if (!db_tables(cx, db, cx->mem, &names, &n)) {
        return false;
    }
    CopyTable *all = NEW_ARRAY(cx->mem, CopyTable, n + 1);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (of_processes(names[i])) {
            continue;
        }
        if (!copy_table(cx, db, names[i], &all[kept], &there)) {
            return false;
        }
        kept++;
    }
    *ret = all;
    *ret_n = kept;
    return true;
}

void walk_begin(Walk *w, Cx *cx, Db *db, const CopyTable *t)
{
    CopyPlace at = w->at;
    *w = (Walk){.cx = cx, .db = db, .t = t, .mem = arena_new(0), .at = at};
}

void walk_end(Walk *w)
{
    stmt_done(w->st);
    w->st = NULL;
    if (w->mem != NULL) {
        arena_free(w->mem);
    }
    w->mem = NULL;
}

static void key_list(Sql *q, const CopyTable *t)
{
    for (size_t i = 0; i < t->n_key; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_ident(q, t->cols[t->key[i]].name);
    }
}

static void behind(Sql *q, const Walk *w)
{
    sql_lit(q, " where (");
    key_list(q, w->t);
    sql_lit(q, ") > (");
    for (size_t i = 0; i < w->t->n_key; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        if (w->t->cols[w->t->key[i]].kind == DB_INT) {
            sql_int(q, w->at.i[i]);
        } else {
            sql_text(q, str_n(w->at.text[i], w->at.len[i]));
        }
    }
    sql_lit(q, ")");
}

static bool next_piece(Walk *w)
{
    arena_reset(w->mem);
    Sql *q = sql_new(w->mem);
    sql_lit(q, "select ");
    for (size_t i = 0; i < w->t->n; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_ident(q, w->t->cols[i].name);
    }
    sql_lit(q, " from ");
    sql_ident(q, w->t->name);
    if (w->at.set) {
        behind(q, w);
    }
    if (w->t->n_key != 0) {
        sql_lit(q, " order by ");
        key_list(q, w->t);
        sql_lit(q, " limit ");
        sql_int(q, PIECE);
    }
    w->in_piece = 0;
    w->st = sql_stmt(w->cx, w->db, SQL_ADMIN, q);
    return w->st != NULL;
}

static bool keep_place(Walk *w)
{
    for (size_t i = 0; i < w->t->n_key; i++) {
        const DbValue *v = &w->row[w->t->key[i]];
        w->at.i[i] = v->i;
        w->at.len[i] = v->s.n;
        if (v->is_null || v->s.n > sizeof w->at.text[i]) {
            return fail(w->cx, E_DATA, "表 %.*s 有一行的主键太长或没有", STRF(w->t->name));
        }
        if (v->kind != DB_INT && v->s.n != 0) {
            memcpy(w->at.text[i], v->s.p, v->s.n);
        }
    }
    w->at.set = w->t->n_key != 0;
    return true;
}

static bool is_own(const Walk *w)
{
    for (size_t i = 0; w->t->is_meta && i < ARRAY_LEN(OWN); i++) {
        if (str_eq(w->row[w->t->key[0]].s, OWN[i])) {
            return true;
        }
    }
    return false;
}

static bool step(Walk *w, bool *ret_row)
{
    *ret_row = false;
    while (!w->over) {
        bool row = false;
        if ((w->st == NULL && !next_piece(w)) || !stmt_step(w->cx, w->st, &row)) {
            w->st = NULL; /* a failed step has given it back */
            return false;
        }
        if (row) {
            *ret_row = true;
            w->in_piece++;
            return true;
        }
        stmt_done(w->st);
        w->st = NULL;
        w->over = w->t->n_key == 0 || w->in_piece < PIECE;
    }
    return true;
}

bool walk_next(Walk *w, bool *ret_row)
{
    do {
        if (!step(w, ret_row)) {
            return false;
        }
        if (!*ret_row) {
            return true;
        }
        for (size_t i = 0; i < w->t->n; i++) {
            DbKind kind = w->t->cols[i].kind;
            DbValue *v = &w->row[i];
            *v = (DbValue){.kind = kind, .is_null = stmt_col_null(w->st, (int)i), .s = S("")};
            if (!v->is_null && kind == DB_INT) {
                v->i = stmt_col_int(w->st, (int)i);
            } else if (!v->is_null) {
                v->s = stmt_col_text(w->st, (int)i);
            }
        }
        if (!keep_place(w)) {
            return false;
        }
    } while (is_own(w));
    return true;
}

bool copy_count(Cx *cx, Db *db, const CopyTable *t, int64_t *ret)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select count(*) from ");
    sql_ident(q, t->name);
    Stmt *st = sql_stmt(cx, db, SQL_ADMIN, q);
    return st != NULL && stmt_one_int(cx, st, 0, ret);
}
