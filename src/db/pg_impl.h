/*
 * pg_impl.h - what the files of the PostgreSQL driver share. Not for anybody else.
 */
#pragma once

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

#include "db/driver.h"

#define PG_PENDING 32
#define PG_REPLAN 256       /* changes after which plans are made anew the first time; then at twice as many, and so on */
#define PG_REACH_MAX 6    /* commands a reach takes, and one more */
#define PG_TRIP 64        /* commands of one trip before its statement */
#define PG_TRIP_SQL 120   /* of each, so much is kept for the log */
#define PG_COMMIT_MS 30000 /* a commit without an answer for so long is given up; its outcome is then unknown */

typedef struct {
    Arena *mem;
    PGconn *h;                 /* never NULL once open; may be broken */
    const char **keys, **vals; /* of the connection, ended by NULL */
    DbMode mode;
    bool named;          /* prepared statements have names (the default) */
    unsigned generation; /* counts connections: a statement prepared on an earlier one is unknown to this */
    bool in_tx;
    bool stale;           /* it leads to a server that may no longer write: left at the next chance */
    bool committing, unsure; /* a commit is under way; the server warned that it may not be as safe as asked for */
    bool lost_tx;         /* the connection broke inside a transaction: nothing runs until the next begin */
    pthread_mutex_t lock; /* over cancel and running, for interrupt */
    PGcancel *cancel;
    bool running;
    atomic_uint interrupts;
    unsigned step_interrupts;     /* the count when the present statement began */
    struct PgRows *flowing;       /* whose answer is still coming */
    const DbReach *ahead;         /* what the next statement may see: goes to the server with it, in one trip (pg_reach.c) */
    bool ahead_begins;            /* … and begins the transaction that it stands in */
    bool piped;                   /* commands of a trip were sent; their answers are not taken yet (pg_trip.c) */
    bool closing;                 /* the end of a reading transaction was sent; its answer is taken before the next command */
    int n_ahead;                  /* how many commands went before the statement in it */
    char ahead_sql[PG_TRIP][PG_TRIP_SQL];
    const char *failed_sql;       /* which of them the last failure was of; NULL: of the statement itself */
    unsigned n_written, replan_at; /* changes over this connection; at how many of them its plans are made anew */
    char pending[PG_PENDING][40]; /* names to deallocate when the transaction allows */
    int n_pending;
} PgConn;

typedef enum { PG_QUERY, PG_WRITE, PG_BEGIN, PG_COMMIT, PG_UNDO, PG_PLAIN } PgKind;

/* The answer of a statement, row by row (pg_rows.c). While it flows, the connection is its own. */
typedef struct PgRows {
    PgConn *c;
    PGresult *res;  /* holds the present row; NULL: not run, or over */
    PGresult *past; /* rows that columns were read from may lie here until the next step */
    PGresult *bad;  /* what ended it before its end; the next step tells */
    int row, n;     /* the present one in res, and how many res has */
    bool flows;     /* more may come from the server */
} PgRows;

/* One value of a statement, as it was bound. */
typedef struct {
    enum { PG_NULL, PG_INT, PG_TEXT, PG_BLOB } kind;
    int64_t i;
    Str s;
} PgVal;

/* A prepared statement (pg_stmt.c) and its values (pg_value.c). */
typedef struct {
    PgConn *c;
    Arena *mem; /* of the statement */
    Arena *run; /* of one run and one row: what was decoded; made when first needed */
    Str sql;
    char name[40];
    PgKind kind;
    unsigned generation; /* of the connection it is prepared on; 0: on none */
    int n_params;
    Oid *types;
    PgVal *vals;
    const char **sent;
    char (*num)[24];
    int *lens, *formats;
    bool flows; /* its answer may be long: it is taken row by row */
    bool ran;
    PgRows rows;
} PgStmt;

static inline PgConn *pg_conn(DriverConn *c)
{
    return (PgConn *)(void *)c;
}

static inline PgStmt *pg_stmt(DriverStmt *s)
{
    return (PgStmt *)(void *)s;
}

/* pg_stmt.c: see driver.h.
 * pg_simple - one statement without values, sent as it is; the caller clears the answer.
 * pg_drop_pending - forget on the server the names that were given up while a failed transaction took no command. */
PGresult *pg_simple(PgConn *c, const char *sql);
void pg_drop_pending(PgConn *c);
DriverStmt *pg_prepare(Cx *cx, DriverConn *conn, Str sql, bool must_read);
void pg_finalize(DriverStmt *st);
void pg_reset(DriverStmt *st);
bool pg_step(Cx *cx, DriverConn *conn, DriverStmt *st, bool *ret_row);
bool pg_queue(Cx *cx, DriverConn *conn, DriverStmt *st, bool *ret_queued);

/* pg_value.c: see driver.h.
 * pg_put_values - what is bound, in the form it is sent in: `sent`, `lens`, `formats` of the statement. */
void pg_put_values(PgStmt *s);
bool pg_bind_int(DriverStmt *st, int i, int64_t v);
bool pg_bind_bytes(DriverStmt *st, int i, Str v, bool is_text);
bool pg_bind_null(DriverStmt *st, int i);
int pg_n_cols(DriverStmt *st);
bool pg_col_null(DriverStmt *st, int col);
int64_t pg_col_int(DriverStmt *st, int col);
Str pg_col_bytes(DriverStmt *st, int col);

/* pg_conn.c */
bool pg_connect(Cx *cx, PgConn *c,
                bool first); /* (re)connect; first: fail as an address that does not work, else as a break */
/* pg_ready - a live connection to run something of `kind` on, reconnecting when that is safe; what was queued is over, and went well.
 * pg_joins - the same for what may go with what is queued. */
bool pg_ready(Cx *cx, PgConn *c, PgKind kind);
bool pg_joins(Cx *cx, PgConn *c, PgKind kind);
DriverConn *pg_open(Cx *cx, const char *path, DbMode mode);
void pg_close(DriverConn *conn);
void pg_interrupt(DriverConn *conn);
void pg_run_begins(PgConn *c); /* around each call that waits for the server */
void pg_run_ends(PgConn *c);   /* also notes whether a transaction is open */

/* pg_await - until the answer of what was sent begins to come; after `ms` the connection is cut, and the answer is that it broke. */
void pg_await(PgConn *c, int ms);

/* pg_lock.c */
bool pg_lock(Cx *cx, DriverConn *conn, Str name, bool wait, bool *ret_got);
void pg_unlock(DriverConn *conn, Str name);
unsigned pg_generation(DriverConn *conn);

/* pg_err.c - the failure of `r` (may be NULL: the connection broke) in cx; the server's words go to the log. Returns
 * false. */
bool pg_fail(Cx *cx, PgConn *c, const PGresult *r, const char *sql);
bool pg_broken(Cx *cx); /* fails with: the connection is gone */

/* pg_rows.c */
/* rows_begin - after a query was sent: take its first row. flowing: hold only a row at a time. False: it failed, the reason is in
 * rows->bad (NULL: no answer at all). */
bool rows_begin(PgRows *rows, PgConn *c, bool flowing);
bool rows_next(PgRows *rows, bool *ret_row); /* false: as above */
void rows_settle(PgConn *c);                 /* take in what still comes, so that the connection is free */
void rows_end(PgRows *rows);                 /* forget all of it */

/* pg_sql.c */
/* pg_sql - one statement as PostgreSQL writes it: $N for ?N, bigint and bytea for integer and blob, C order for text.
 * False: `sql` is not exactly one statement. *ret_params: the highest N. */
bool pg_sql(Arena *mem, Str sql, Str *ret, int *ret_params, PgKind *ret_kind);
/* pg_split - the first statement of *rest, which moves behind it; false when only space and comments are left. */
bool pg_split(Str *rest, Str *ret);
bool pg_hook(Buf *out, Str word, Str arg);

/* pg_bulk.c */
bool pg_bulk_begin(Cx *cx, DriverConn *conn, const char *sql);
bool pg_bulk_put(Cx *cx, DriverConn *conn, Str lines);
bool pg_bulk_end(Cx *cx, DriverConn *conn, bool keep);
/* pg_homes.c */
/* pg_partitions - how many parts a table by home is cut into (TAMGA_PG_PARTITIONS, for tests); 0: none. */
int pg_partitions(void);
bool pg_homes(Cx *cx, DriverConn *conn, Str table, Str key);
bool pg_copied(Cx *cx, DriverConn *conn, Str table);

/* pg_reach.c */
bool pg_guard(Cx *cx, DriverConn *conn, const DbGuard *g);
bool pg_reach(Cx *cx, DriverConn *conn, const DbReach *r, bool begin);
void pg_reach_over(DriverConn *conn);
/* ahead_send - put what pg_reach left to be sent into the trip. False: the connection is not to be used again. */
bool ahead_send(Cx *cx, PgConn *c);

/* pg_trip.c */
/* trip_open - the next commands make a trip, or join the one under way. trip_note - one was sent; `sql` for the log. trip_put - send a command
 * without answer. False: the connection is not to be used again.
 * trip_taken - after PQpipelineSync, the answers up to the statement's own. False: it failed; *ret_bad says why (NULL: the connection broke), nothing more comes.
 * trip_over - after the last answer: the connection takes single commands again.
 * trip_cut - half a trip is never mended: the connection is given up.
 * trip_settle - take the answers of what is queued, if anything is; false: one of it failed. trip_drop - the same, before undoing it: how it went is not asked. */
bool trip_open(PgConn *c);
void trip_note(PgConn *c, const char *sql);
bool trip_put(PgConn *c, const char *sql);
bool trip_taken(PgConn *c, PGresult **ret_bad);
void trip_over(PgConn *c);
void trip_cut(PgConn *c);
bool trip_settle(Cx *cx, PgConn *c);
void trip_drop(PgConn *c);
bool pg_settle(Cx *cx, DriverConn *conn);
