/*
 * shared_int.h - shared.h for the files of the store: store.c, writer.c and schema.c.
 */
#pragma once

#include "store/internal.h"
#include "store/shared.h"

#define BEAT_MS 5000 /* a process says so often that it lives … */
#define DEAD_MS 15000 /* … and is dead when it has not for so long and its lock is free */

MUST_USE bool shared_tables(Cx *cx, Db *db);
/* shared_join - inside a transaction of s->writer: take a node number; E_BUSY when all are taken. Also sets the newest id tick. */
MUST_USE bool shared_join(Cx *cx, Store *s);
void shared_leave(Store *s); /* at the end; s->writer outside a transaction */

/* Around each write, inside its transaction. shared_mine: *ret_mine false when the number had been lost: another was taken, this transaction must
 * be committed without any write of a caller. shared_raise: the versions of the touched types grow; shared_publish: after the commit, before anybody
 * is told. */
MUST_USE bool shared_mine(Cx *cx, Store *s, bool *ret_mine);
MUST_USE bool shared_raise(Cx *cx, Store *s, uint64_t touched);
void shared_publish(Store *s);

/* shared_beat - a sign of life, and a look for the dead; in its own transaction. */
void shared_beat(Store *s);

/* shared_fresh - learn of what others wrote; cx->db is this thread's reading connection. */
MUST_USE bool shared_fresh(Cx *cx, Store *s);

bool bit_touched(uint64_t touched, size_t i);
MUST_USE bool read_last_tick(Cx *cx, Store *s); /* store.c */
