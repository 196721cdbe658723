/*
 * driver.h - what a database engine must give; db.c, stmt.c and tx.c build everything else on it. One file per engine fills one table.
 *
 * A connection and a statement are opaque here; a driver casts its own types. All functions are called by one thread at
 * a time per connection, except interrupt(). Failures are mapped to ErrCodes by the driver: the user's text is Chinese,
 * the engine's own words go to the log only.
 */
#pragma once

#include "base/buf.h"
#include "db/db.h"

typedef struct DriverConn DriverConn;
typedef struct DriverStmt DriverStmt;

typedef struct DbDriver {
    Str scheme;                /* "sqlite:" */
    const char *begin_read;    /* starts a transaction that only reads */
    const char *pin_read;      /* a statement that takes the snapshot, where begin_read alone does not; or NULL */
    const char *begin_write;   /* takes the write lock at once */
    const char *pin_write;     /* a statement that takes it, where begin_write alone does not; or NULL */
    const char *count_anew;    /* see db_count_anew; NULL: nothing to do */
    const char *columns;       /* names of the columns of table ?1, in order */

    const char *tables;        /* names of the tables, in order */
    const char *describe;      /* of table ?1, in order: name, 'i' 't' or 'b', place in the primary key from 1 (0: not in it) */
    const char *indexes;       /* names of the indexes that are no part of a table's definition */

    /* hook - write what {word} or {word:arg} means on this engine; false: unknown. */
    bool (*hook)(Buf *out, Str word, Str arg);

    /* open - NULL with the failure in cx. close must be given no live statement. */
    DriverConn *(*open)(Cx *cx, const char *path, DbMode mode);
    void (*close)(DriverConn *c);

    /* prepare - exactly one statement, hooks expanded; must_read: refuse one that could write. NULL with the failure in cx. */
    DriverStmt *(*prepare)(Cx *cx, DriverConn *c, Str sql, bool must_read);
    void (*finalize)(DriverStmt *s);
    void (*reset)(DriverStmt *s);                        /* ends the run; drops the bindings */
    bool (*bind_int)(DriverStmt *s, int i, int64_t v);   /* each false: no such parameter, or too long */
    bool (*bind_bytes)(DriverStmt *s, int i, Str v, bool is_text);
    bool (*bind_null)(DriverStmt *s, int i);
    bool (*step)(Cx *cx, DriverConn *c, DriverStmt *s, bool *ret_row);
    /* queue - send it, inside a transaction, without waiting; the bindings are taken. *ret_queued false: to be stepped instead. Its failure is that
     * of whatever waits next. settle - wait now. Both NULL: every statement answers at once. */
    bool (*queue)(Cx *cx, DriverConn *c, DriverStmt *s, bool *ret_queued);
    bool (*settle)(Cx *cx, DriverConn *c);
    int (*n_cols)(DriverStmt *s);                        /* of the current row; 0 when there is none */
    bool (*col_null)(DriverStmt *s, int col);
    int64_t (*col_int)(DriverStmt *s, int col);
    Str (*col_bytes)(DriverStmt *s, int col);            /* text and blob; NUL-terminated; empty for NULL */

    /* Rows in bulk; all NULL: the engine has no faster way than inserting. Between begin and end nothing else may run. put takes
     * whole lines as COPY reads them; end without keep gives up. */
    bool (*bulk_begin)(Cx *cx, DriverConn *c, const char *sql);
    bool (*bulk_put)(Cx *cx, DriverConn *c, Str lines);
    bool (*bulk_end)(Cx *cx, DriverConn *c, bool keep);
    bool (*homes)(Cx *cx, DriverConn *c, Str table, Str key); /* see db_homes; NULL: nothing to do on this engine */
    bool (*copied)(Cx *cx, DriverConn *c, Str table);         /* see db_copied; NULL: nothing to do */

    bool (*guard)(Cx *cx, DriverConn *c, const DbGuard *g);   /* see db_guard; NULL with the next two: the engine has no such thing */
    bool (*reach)(Cx *cx, DriverConn *c, const DbReach *r, bool begin); /* set it in the present transaction, together with the next statement; begin: in a new one that reads */
    void (*reach_over)(DriverConn *c);                        /* end that one */
    /* For an engine without row security, else NULL. allow: before a statement runs; false: refused. shows: a row of its answer; false: it is as if
     * it were not there. */
    bool (*watch)(Cx *cx, DriverConn *c, const DbGuard *g);
    bool (*allow)(Cx *cx, DriverConn *c, DriverStmt *s, const DbReach *r);
    bool (*shows)(DriverStmt *s, const DbReach *r);

    bool (*lock)(Cx *cx, DriverConn *c, Str name, bool wait, bool *ret_got); /* of the connection, among all users of the database */
    void (*unlock)(DriverConn *c, Str name);
    unsigned (*generation)(DriverConn *c);               /* grows when the connection is made anew */
    bool (*in_transaction)(DriverConn *c);
    bool (*script)(Cx *cx, DriverConn *c, const char *sql);
    bool (*backup)(Cx *cx, DriverConn *c, const char *to_path, void (*progress)(void *ctx, int done, int total), void *ctx);
    bool (*check)(Cx *cx, DriverConn *c, Buf *report);   /* a line a fault; nothing when sound */
    void (*interrupt)(DriverConn *c);                    /* any thread */
    void (*shrink)(DriverConn *c);
} DbDriver;

/* For the other files of this module. */
const DbDriver *db_driver(const Db *db);
DriverConn *db_conn(const Db *db);

extern const DbDriver DB_SQLITE, DB_POSTGRESQL;
