/*
 * sqlite_impl.h - what the files of the SQLite driver share. Not for anybody else.
 */
#pragma once

#include <sqlite3.h>
#include <stdatomic.h>

#include "db/driver.h"

typedef struct {
    sqlite3 *h;
    atomic_uint interrupts;    /* counted by db_interrupt; a wait or a backup compares */
    unsigned wait_interrupts;  /* the count when the present wait for the lock began */
    int64_t wait_until_ms;
    uint32_t jitter;
    bool wait_cancelled;
    bool broken;               /* an fsync failed: what is on the disk is unknown, so nothing more is written */
} SqliteConn;

/* sqlite_fail - map a result code to an ErrCode in cx; the engine's message goes to the log. Returns false. */
bool sqlite_fail(Cx *cx, SqliteConn *c, int rc, const char *sql);

bool sqlite_backup_to(Cx *cx, DriverConn *conn, const char *to_path, void (*progress)(void *ctx, int done, int total),
                      void *ctx);
