/*
 * tables.c - what a database holds: tables, their columns and keys, indexes; as the engine itself tells it.
 */
#include "db/driver.h"
#include "db/sql.h"

/* The first column of what `st` (NULL: it did not compile) answers. */
static bool names(Cx *cx, Arena *mem, Stmt *st, Str **ret, size_t *ret_n)
{
    Str *all = NULL;
    size_t n = 0, cap = 0;
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(mem, all, n, cap);
        all[n++] = stmt_col_dup(mem, st, 0);
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = all;
    *ret_n = n;
    return true;
}

bool db_tables(Cx *cx, Db *db, Arena *mem, Str **ret_names, size_t *ret_n)
{
    return names(cx, mem, db_stmt(cx, db, SQL_ADMIN, str_c(db_driver(db)->tables)), ret_names, ret_n);
}

bool db_columns(Cx *cx, Db *db, Arena *mem, Str table, Str **ret_names, size_t *ret_n)
{
    Stmt *st = db_stmt(cx, db, SQL_ADMIN, str_c(db_driver(db)->columns));
    if (st != NULL) {
        stmt_text(st, 1, table);
    }
    return names(cx, mem, st, ret_names, ret_n);
}

bool db_describe(Cx *cx, Db *db, Arena *mem, Str table, DbColumn **ret, size_t *ret_n)
{
    Stmt *st = db_stmt(cx, db, SQL_ADMIN, str_c(db_driver(db)->describe));
    DbColumn *cols = NULL;
    size_t n = 0, cap = 0;
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, table);
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(mem, cols, n, cap);
        char kind = stmt_col_text(st, 1).p[0];
        cols[n++] = (DbColumn){.name = stmt_col_dup(mem, st, 0), .kind = kind == 'i' ? DB_INT : kind == 'b' ? DB_BLOB : DB_TEXT,
                               .key = (int)stmt_col_int(st, 2)};
    }
    *ret = cols;
    *ret_n = n;
    return stmt_end(st);
}

bool db_drop_indexes(Cx *cx, Db *db)
{
    Str *all;
    size_t n;
    if (!names(cx, cx->mem, db_stmt(cx, db, SQL_ADMIN, str_c(db_driver(db)->indexes)), &all, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        Sql *q = sql_new(cx->mem);
        sql_lit(q, "drop index ");
        sql_ident(q, all[i]);
        Stmt *st = sql_stmt(cx, db, SQL_ADMIN, q);
        if (st == NULL || !stmt_run(cx, st)) {
            return false;
        }
    }
    return true;
}
