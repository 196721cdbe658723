/*
 * chain.h - the hash of one journal entry, used when it is written and when it is verified.
 */
#pragma once

#include "base/buf.h"
#include "db/db.h"
#include "store/journal.h"

/* chain_hash - SHA-256 over the previous hash and every part of the entry, each preceded by its length, so that no two different
 * entries have the same bytes. */
void chain_hash(const uint8_t prev[32], const Event *e, uint8_t out[32]);

/* The same of an entry in parts, without copying them anywhere but into the scratch buffer: for reading a million of them. ints: home, seq, at,
 * user, record, rev; texts: user_name, org, act, type, action, state_from, state_to, reason, source, body. */
enum { CHAIN_INTS = 6, CHAIN_TEXTS = 10 };
void chain_hash_parts(Buf *scratch, const uint8_t prev[32], const int64_t ints[CHAIN_INTS], const Str texts[CHAIN_TEXTS], uint8_t out[32]);
Buf chain_scratch(Arena *mem);

/* Entries of the journal: event_read takes a row of EVENT_SELECT, events_read all of them, and is done with the statement. */
#define EVENT_SELECT                                                                                                   \
    "select home, seq, at, user_id, user_name, org, act, type, record, rev, action, state_from, state_to, reason, source," \
    " body, hash from journal"
void event_read(Cx *cx, Store *s, Stmt *st, Event *e);
MUST_USE bool events_read(Cx *cx, Store *s, Stmt *st, Event **ret, size_t *ret_n);

/* What verifying found: lines of text, at most a hundred, and counts. */
typedef struct {
    Buf text;
    VerifyCounts counts;
} Report;
void verify_fault(Report *r, const char *fmt, ...) PRINTF(2, 3);
/* verify_chains - every entry hashed and compared, every chain's end with its head (verify_chain.c). */
MUST_USE bool verify_chains(Cx *cx, Store *s, int threads, Report *r);
