/*
 * reach.h - the second line: what the database itself shows while something is read (db.h, DbReach). On PostgreSQL a row of a record table
 * outside it does not exist, whatever the statement asks; on SQLite nothing happens.
 *
 * Nothing held shows nothing, so whoever reads record tables holds one of these around it:
 *     ReachHold h; reach_list(cx, s, a, t, &h); … reach_end(cx, &h);
 * They nest; an inner one replaces the outer until its end.
 */
#pragma once

#include "store/access.h"

typedef struct {
    DbReach now;
    const DbReach *before;
} ReachHold;

/* reach_list - the rows that lists of `t` may show the actor; reach_record - one record, whose open states anybody may see in part. */
void reach_list(Cx *cx, const Store *s, const Actor *a, const RecordType *t, ReachHold *ret);
void reach_record(Cx *cx, const Store *s, const Actor *a, const RecordType *t, ReachHold *ret);
/* reach_program - every row: what the program itself looks up (conditions, counts, labels, verifying), to be shown to nobody as it is. */
void reach_program(Cx *cx, ReachHold *ret);
void reach_end(Cx *cx, const ReachHold *h);
/* reach_writer - every row, for good: the connection of the one writer, whose functions decide rights by themselves. */
void reach_writer(Db *writer);
