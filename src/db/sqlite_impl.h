/*
 * sqlite_impl.h - what the files of the SQLite driver share. Not for anybody else.
 */
#pragma once

#include <sqlite3.h>
#include <stdatomic.h>

#include "db/driver.h"

typedef struct SqliteStmt SqliteStmt;

typedef struct {
    sqlite3 *h;
    Arena *mem;                /* of what is watched; made with the first table */
    DbGuard *watched;          /* the tables whose rows belong to somebody (sqlite_reach.c) */
    size_t n_watched, cap_watched;
    SqliteStmt *preparing;     /* what the authorizer is asked about */
    atomic_uint interrupts;    /* counted by db_interrupt; a wait or a backup compares */
    unsigned wait_interrupts;  /* the count when the present wait for the lock began */
    int64_t wait_until_ms;
    uint32_t jitter;
    bool wait_cancelled;
    bool broken;               /* an fsync failed: what is on the disk is unknown, so nothing more is written */
} SqliteConn;

/* What a statement was seen to read of a watched table while it was prepared. Columns are of its answer; -1: not there. */
struct SqliteStmt {
    sqlite3_stmt *s;
    const DbGuard *of; /* the watched table; NULL: it reads none */
    bool by_home, by_parent, by_person, by_login, by_state;
    int home, person, login, state;
};

/* sqlite_reach.c: see db_watch. note_columns - once prepared: where the answer holds what tells whose row it is. */
bool sqlite_watch(Cx *cx, DriverConn *conn, const DbGuard *g);
void sqlite_note_columns(SqliteConn *c, SqliteStmt *st);
bool sqlite_allow(Cx *cx, DriverConn *conn, DriverStmt *st, const DbReach *r);
bool sqlite_shows(DriverStmt *st, const DbReach *r);

/* sqlite_fail - map a result code to an ErrCode in cx; the engine's message goes to the log. Returns false. */
bool sqlite_fail(Cx *cx, SqliteConn *c, int rc, const char *sql);

bool sqlite_backup_to(Cx *cx, DriverConn *conn, const char *to_path, void (*progress)(void *ctx, int done, int total),
                      void *ctx);
