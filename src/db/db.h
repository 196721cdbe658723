/*
 * db.h - one small SQL interface over two engines, SQLite and PostgreSQL.
 *
 * SQL is the common subset (doc: ARCHITECTURE.md "SQL"): placeholders ?1 ?2 …, int64 / text / blob, dates as text
 * YYYY-MM-DD, instants as epoch ms, no functions of one engine, and hooks in braces: {list:1} (the ?1 is a JSON array of
 * integers: "in {list:1}"), {pk} (primary key form: "create table t (id {pk}, …) {strict}"), {strict}, {lock} (row lock
 * suffix), {lock_skip} (the same, passing over what others hold). A table kept by home: "create table t (id {id}, home integer not null, … {key:id}) {homes}", whose key is (home, id) where the
 * engine may spread it over several machines, or with a key of its own that begins with home; then db_homes. Text is valid UTF-8. What only one engine understands (pragma, ifnull, datetime, insert or replace …) is
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
/* stmt_queue - as stmt_run, for a change whose outcome is not needed yet, inside a transaction. Where each statement is a trip to a server it is sent
 * without waiting, after all that was queued before it and before all that is run later. If it fails, so does the next statement that waits, or the
 * db_settle, db_savepoint, db_release or db_commit before which none did, with its failure; nothing after it is done. Values need to live for the call only. */
MUST_USE bool stmt_queue(Cx *cx, Stmt *st);
/* db_settle - whether all that was queued went well: where a failure must be known as this caller's. Without anything queued it costs nothing. */
MUST_USE bool db_settle(Cx *cx, Db *db);
/* stmt_one_int - first column of the first row, then done; `none` when there is no row or NULL. */
MUST_USE bool stmt_one_int(Cx *cx, Stmt *st, int64_t none, int64_t *ret);

/* Transactions. db_begin takes the write lock at once (BEGIN IMMEDIATE) on DB_WRITE, a read snapshot on DB_READ.
 * Waits up to 10 s for the lock, then E_BUSY. A commit that fails has rolled back. Where the engine gives a transaction up by itself (full or
 * failing disk), every statement until the rollback fails with the same code. */
MUST_USE bool db_begin(Cx *cx, Db *db);
MUST_USE bool db_commit(Cx *cx, Db *db);
void db_rollback(Db *db);
/* db_rest - whoever used the connection is done with it: statements and a transaction that were left open by mistake are ended and told in the log, as
 * the next who reads there would read what stood then, for as long as the process lives. */
void db_rest(Db *db);
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

/* db_homes - a table made with {homes}: see that the key holds home (an older table's key is changed in place), make its parts, or spread
 * it. key: what follows home in its key. Inside the transaction that made the table. db_copied - a table that every machine keeps whole. */
MUST_USE bool db_homes(Cx *cx, Db *db, Str table, Str key);
MUST_USE bool db_copied(Cx *cx, Db *db, Str table);

/* Row-level security, where the engine has it (PostgreSQL): which rows of guarded tables the statements of a connection see at all,
 * whatever they ask for. Nothing set: none. */
typedef struct {
    bool all;             /* every row */
    const int64_t *homes; /* else the rows of these homes */
    size_t n;
    int64_t person; /* besides: rows this person entered; 0: nobody */
    Str login;      /* besides: rows that name this login; empty: none */
    bool open;      /* besides: rows in open states */
} DbReach;

typedef struct {
    Str table, parent; /* parent: the table whose rows these belong to, by (home, parent) */
    Str login;         /* the column that names a login; or empty */
    const Str *open;   /* the open states */
    size_t n_open;
} DbGuard;

/* db_guard - put the table under it. Inside a transaction that makes tables. */
MUST_USE bool db_guard(Cx *cx, Db *db, const DbGuard *g);
/* db_watch - the same, as far as it goes, for a reading connection of an engine without row security (SQLite). A row of an answer that shows itself
 * to lie outside is left out. Refused as a fault of the program (E_DB, the log has the statement) is one that reads the table while nothing is set,
 * and one that asks nothing of whose its rows are while less than everything is. */
MUST_USE bool db_watch(Cx *cx, Db *db, const DbGuard *g);
/* db_reach - from the next statement on; `reach` must live until the next call; NULL: nothing. Returns what stood before, to be put back.
 * Outside a transaction a reading connection opens one for what follows and ends it when nothing stands again. */
const DbReach *db_reach(Db *db, const DbReach *reach);

/* db_count_anew - after many rows were written, over a connection without a transaction, also a reading one: what the engine believes of its tables when it
 * plans is made true at once (PostgreSQL: analyze, which would else come by itself within minutes; SQLite: nothing). Seconds at most; nobody waits for it. */
MUST_USE bool db_count_anew(Cx *cx, Db *db);

/* db_columns - names of a table's columns in order, for migrations; *ret_n 0 when there is no such table. */
MUST_USE bool db_columns(Cx *cx, Db *db, Arena *mem, Str table, Str **ret_names, size_t *ret_n);

/* What a database holds, in the order of names or of definition. */
typedef enum { DB_INT, DB_TEXT, DB_BLOB } DbKind;
typedef struct {
    Str name;
    DbKind kind;
    int key; /* place in the primary key, from 1; 0: not in it */
} DbColumn;
MUST_USE bool db_tables(Cx *cx, Db *db, Arena *mem, Str **ret_names, size_t *ret_n);
MUST_USE bool db_describe(Cx *cx, Db *db, Arena *mem, Str table, DbColumn **ret, size_t *ret_n);
/* db_drop_indexes - all that were made by "create index", before a bulk load; whoever knows the schema makes them again. */
MUST_USE bool db_drop_indexes(Cx *cx, Db *db);

/*
 * Many new rows of one table: COPY on PostgreSQL, one prepared insert on SQLite; inside a transaction the caller began and commits.
 * While it lasts nothing else may run on the connection. Values need to live for the call only. A failure (E_CONFLICT …) has ended the bulk
 * and leaves only rolling back; on PostgreSQL it may come as late as db_bulk_end.
 */
typedef struct {
    bool is_null;
    DbKind kind;
    int64_t i;
    Str s;
} DbValue;
typedef struct DbBulk DbBulk;
MUST_USE DbBulk *db_bulk_begin(Cx *cx, Db *db, Arena *mem, Str table, const DbColumn *cols, size_t n); /* lives in mem */
MUST_USE bool db_bulk_row(Cx *cx, DbBulk *b, const DbValue *row); /* n values */
MUST_USE bool db_bulk_end(Cx *cx, DbBulk *b);
void db_bulk_drop(DbBulk *b);                       /* instead of end, before a rollback; NULL and ended ones are fine */

/* db_backup - a consistent copy of the whole database into a new file while others write. Not inside a transaction.
 * It is not on the disk yet: whoever keeps the file itself syncs it and its folder.
 * `to_path` must not exist (E_IO); a failed or interrupted backup leaves no file. E_NOT_IMPLEMENTED where !db_is_file. progress may be NULL; units are pages. */
MUST_USE bool db_backup(Cx *cx, Db *db, const char *to_path, void (*progress)(void *ctx, int done, int total), void *ctx);

/* db_check - the engine's own integrity check; *ret_report is empty when sound. */
MUST_USE bool db_check(Cx *cx, Db *db, Str *ret_report);

/* db_interrupt - make a statement running on another thread fail soon with E_CANCELLED. Thread-safe. */
void db_interrupt(Db *db);

/* db_shrink - give back what memory it can. */
void db_shrink(Db *db);
