/*
 * db.h - one small SQL interface over two engines, SQLite and PostgreSQL.
 *
 * SQL is the common subset (doc: ARCHITECTURE.md "SQL"): placeholders ?1 ?2 …, int64 / text / blob, dates as text
 * YYYY-MM-DD, instants as epoch ms, no functions of one engine, and hooks in braces: {list:1} (the ?1 is a JSON array of
 * integers: "in {list:1}"), {pk} (primary key form: "create table t (id {pk}, …) {strict}"), {strict}, {lock} (row lock
 * suffix), {lock_skip} (the same, passing over what others hold). Text is valid UTF-8. What only one engine understands (pragma, ifnull, datetime, insert or replace …) is
 * refused with E_DB when it is prepared, except with SQL_ADMIN and in db_script.
 *
 * A Db belongs to one thread at a time. Every statement is prepared once per connection and cached by its text.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

typedef enum { DB_READ, DB_WRITE } DbMode;

/* Class of a named statement; a lint reads these. HOME: bound to one home; REFERENCE: reference tables only; ROLLUP:
 * reads across homes; ADMIN: schema and maintenance. */
typedef enum { SQL_HOME, SQL_REFERENCE, SQL_ROLLUP, SQL_ADMIN } SqlClass;

typedef struct Stmt Stmt;

/* db_open - open `url`: "sqlite:/path/file.db", a path that begins with / or ., or "postgresql://…" as libpq reads it (with
 * "prepare=never" among its parameters: no named statements). SQLite: WAL, synchronous=FULL, foreign_keys on, defensive,
 * query_only for DB_READ, double-quoted strings off. PostgreSQL: a UTF-8 database, whatever its locale. NULL with E_DB in cx.
 * Close with db_close. */
MUST_USE Db *db_open(Cx *cx, const char *url, DbMode mode);
void db_close(Db *db);

/* db_is_file - whether the whole database is one file of this machine: db_backup works, and a copy of the folder holds it. */
bool db_is_file(const Db *db);

/*
 * db_stmt - the cached statement for `sql`, reset and without bindings. `sql` must outlive the call only.
 * NULL with E_DB in cx when it does not compile. One use at a time per statement text and connection.
 */
MUST_USE Stmt *db_stmt(Cx *cx, Db *db, SqlClass cls, Str sql);

/* Bindings, 1-based. Text and blobs must stay valid until the statement is done. */
void stmt_int(Stmt *st, int i, int64_t v);
void stmt_text(Stmt *st, int i, Str v);
void stmt_blob(Stmt *st, int i, Str v);
void stmt_null(Stmt *st, int i);
void stmt_int_or_null(Stmt *st, int i, bool has, int64_t v);

/* stmt_step - the next row: *ret_row false at the end. Constraint violations fail with E_CONFLICT, a full disk with E_FULL, a lost
 * connection with E_BUSY. Once it ended, another step is a bug; one that failed is done. Inside a transaction a failure may leave only
 * rolling back, whole or to a savepoint (PostgreSQL): whoever means to go on takes a savepoint before. */
MUST_USE bool stmt_step(Cx *cx, Stmt *st, bool *ret_row);
/* stmt_next - true while there is another row; stmt_end - done with it, and whether every step went well. Leaving the loop early is no failure:
 *     while (stmt_next(cx, st)) { … }
 *     return stmt_end(st); */
MUST_USE bool stmt_next(Cx *cx, Stmt *st);
MUST_USE bool stmt_end(Stmt *st);
int64_t stmt_col_int(Stmt *st, int col);
Str stmt_col_text(Stmt *st, int col);               /* valid until the next step or done; empty for NULL */
Str stmt_col_dup(Arena *mem, Stmt *st, int col);    /* a copy in mem */
bool stmt_col_null(Stmt *st, int col);
void stmt_done(Stmt *st);                           /* reset; cheap; always call it, errors included */

/* stmt_run - step to the end and done; for statements without rows. */
MUST_USE bool stmt_run(Cx *cx, Stmt *st);
/* stmt_one_int - first column of the first row, then done; `none` when there is no row or NULL. */
MUST_USE bool stmt_one_int(Cx *cx, Stmt *st, int64_t none, int64_t *ret);

/* Transactions. db_begin takes the write lock at once (BEGIN IMMEDIATE) on DB_WRITE, a read snapshot on DB_READ.
 * Waits up to 10 s for the lock, then E_BUSY. A commit that fails has rolled back. Where the engine gives a transaction up by itself (full or
 * failing disk), every statement until the rollback fails with the same code. */
MUST_USE bool db_begin(Cx *cx, Db *db);
MUST_USE bool db_commit(Cx *cx, Db *db);
void db_rollback(Db *db);
/* Nested, inside a transaction only: a failure inside rolls back to the savepoint only. Levels nest up to 8. */
MUST_USE bool db_savepoint(Cx *cx, Db *db);
MUST_USE bool db_release(Cx *cx, Db *db);
void db_rollback_to(Db *db);                        /* undo and drop the newest savepoint */

/*
 * Locks by name, among everything that uses this database, held by the connection `db` until db_unlock or until the connection ends, however it ends;
 * taken twice they must be given back twice. db_lock: wait - up to 10 s, then E_BUSY; else *ret_got tells. On SQLite one process has the database and
 * the lock is always had. A connection that broke and was made anew holds none: db_generation counts connections.
 */
MUST_USE bool db_lock(Cx *cx, Db *db, Str name, bool wait, bool *ret_got);
void db_unlock(Db *db, Str name);
unsigned db_generation(const Db *db);

/* db_script - run several statements separated by ';' (schema, pragmas); SQL_ADMIN. */
MUST_USE bool db_script(Cx *cx, Db *db, const char *sql);

/* db_columns - names of a table's columns in order, for migrations; *ret_n 0 when there is no such table. */
MUST_USE bool db_columns(Cx *cx, Db *db, Arena *mem, Str table, Str **ret_names, size_t *ret_n);

/* db_backup - a consistent copy of the whole database into a new file while others write. Not inside a transaction.
 * `to_path` must not exist (E_IO); a failed or interrupted backup leaves no file. E_NOT_IMPLEMENTED where !db_is_file. progress may be NULL; units are pages. */
MUST_USE bool db_backup(Cx *cx, Db *db, const char *to_path, void (*progress)(void *ctx, int done, int total), void *ctx);

/* db_check - the engine's own integrity check; *ret_report is empty when sound. */
MUST_USE bool db_check(Cx *cx, Db *db, Str *ret_report);

/* db_interrupt - make a statement running on another thread fail soon with E_CANCELLED. Thread-safe. */
void db_interrupt(Db *db);

/* db_cache - memory and cache sizes may be set small (tools) or normal (server). */
void db_shrink(Db *db);                             /* give back what memory it can */
