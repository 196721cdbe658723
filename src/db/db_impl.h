/*
 * db_impl.h - what db.c, stmt.c and tx.c share: the connection itself. Not for anybody else.
 */
#pragma once

#include "db/cache.h"
#include "db/driver.h"

struct Db {
    Arena *mem;
    const DbDriver *drv;
    DriverConn *conn;
    DbMode mode;
    int level; /* open savepoints */
    bool begun;   /* db_begin until db_commit or db_rollback */
    bool undoing; /* rolling back goes on without memory to spare */
    ErrCode lost; /* why the engine gave the transaction up before that; E_OK: it has not */
    const DbReach *reach; /* what the statements may see; sent with the next of them */
    bool reach_sent;
    bool lent; /* inside a transaction that was only begun for the reach */
    StmtCache cache;
};

/* tx.c */
/* tx_lost - whether the engine has given the open transaction up; then the failure, the same each time, is in cx.
 * tx_note_loss - after a failure: if it made the engine do so, its reason is kept.
 * reach_send - see that the engine knows what the next statement may see. False: it failed.
 * reach_end_lent - end the transaction that was begun for that only, if there is one. */
bool tx_lost(Cx *cx, Db *db);
void tx_note_loss(const Cx *cx, Db *db);
bool reach_send(Cx *cx, Db *db);
void reach_end_lent(Db *db);
