/*
 * held.h - what the open write transaction holds in memory instead of asking the database each time: the ends of the journal's chains, the
 * counters of record numbers, and which periods are open. Chains and counters are read at their first use and written once, before whatever must
 * find them in the database.
 *
 * Sound because one transaction writes at a time, on either engine (db_begin), and because nothing held outlives a rollback: before each savepoint
 * what changed is written (held_write), after undoing one, and at the end of the transaction, all is forgotten (held_forget). The writer sees to both
 * (writer.c). Whoever reads journal_head or counter inside a write calls held_write before. Writer thread only.
 */
#pragma once

#include "store/internal.h"

/* The end of a home's chain: the last entry's number and hash; 0 and zeros: there is none. */
typedef struct {
    int64_t seq;
    uint8_t hash[32];
} ChainEnd;

/* held_chain - where the chain of `home` ends now. held_chain_set - one entry was written behind it. */
MUST_USE bool held_chain(Cx *cx, Store *s, int64_t home, ChainEnd *ret);
void held_chain_set(Store *s, int64_t home, const ChainEnd *end);

/* held_count - the next number of the counter `name` of `home`, from 1. */
MUST_USE bool held_count(Cx *cx, Store *s, int64_t home, Str name, int64_t *ret);

/* held_open - this transaction has seen that a period of the type is open (held_open_note). A closing forgets it (held_open_forget). Writer thread or
 * not: on others nothing is known. */
bool held_open(const Store *s, const RecordType *t, Str period);
void held_open_note(Store *s, const RecordType *t, Str period);
void held_open_forget(Store *s);

/* On another thread than the writer it has nothing to do. */
MUST_USE bool held_write(Cx *cx, Store *s);
void held_forget(Store *s); /* with what recent.h and absent.h know */
void held_start(Store *s);
