/*
 * move.h - a data folder's database into another one, of the same or the other engine, and the proof that nothing was lost.
 *
 * A side is a database and the folder with its keys and files. Both sides may be the same folder: then only the records move, and at the end
 * the folder's file `db` says where they are. The target bears a mark until it was verified; no store opens while it does. Cut off
 * at any point, the same call goes on where it stopped. The source is only read; its folder must not be in use (E_BUSY), and on
 * PostgreSQL the lock of the writer is held, so that a server elsewhere cannot write meanwhile.
 */
#pragma once

#include "store/copy.h"
#include "store/store.h"

typedef struct {
    const char *url; /* of the database: "sqlite:DIR/tamga.db" or "postgresql://…" */
    const char *dir;
} MoveSide;

typedef struct {
    CopyCounts rows;
    int64_t tables, compared;  /* tables and rows that were found equal */
    int64_t files;             /* copied by this run */
    int64_t events, log;       /* journal entries and log entries verified */
} MoveCounts;

/* store_move - E_CONFLICT when the target holds other data, E_DATA when the two sides or the journal of the target do not verify. */
MUST_USE bool store_move(Cx *cx, const Pack *p, const MoveSide *from, const MoveSide *to, CopyTell *tell, void *ctx, MoveCounts *ret);

/* store_move_check - compare only; nothing is written. *ret_report: a line a difference, empty: the same. */
MUST_USE bool store_move_check(Cx *cx, const MoveSide *from, const MoveSide *to, CopyTell *tell, void *ctx, MoveCounts *ret, Str *ret_report);

/* store_copy_file - the records of `url` as they are at one instant, as a new SQLite file, verified to be equal; others may write meanwhile. */
MUST_USE bool store_copy_file(Cx *cx, const Pack *p, const char *url, const char *file, CopyTell *tell, void *ctx);
