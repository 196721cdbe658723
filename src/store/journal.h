/*
 * journal.h - the append-only, hash-chained history: one chain a home, every change of every record in the same transaction.
 *
 * hash = SHA-256(previous hash | seq | home | time | actor | act | type | record | rev | action | reason | source | body), each part
 * preceded by its length. body: JSON {"field":[before,after],…}; personal fields appear as sealed text.
 */
#pragma once

#include "store/record.h"

typedef struct {
    int64_t home, seq, at_ms, user, record, rev;
    Str user_name, org_name, act, type, action, reason, source, body, state_from, state_to, hash;
    const RecordType *rtype;
} Event;

/* journal_add - append inside a store_write. act: create update act delete unmask file login … */
MUST_USE bool journal_add(Cx *cx, Store *s, int64_t home, const Actor *a, Str act, const RecordType *t, int64_t record, int64_t rev,
                          Str action, Str state_from, Str state_to, Str reason, Str source, Str body);
/* journal_of - the events of one record, oldest first. No rights inside: call after rec_get and access_flag 'h'. */
MUST_USE bool journal_of(Cx *cx, Store *s, const RecordType *t, int64_t record, Event **ret, size_t *ret_n);
/* journal_hash_at - the hash of entry `seq` of a chain; of entry 0: 32 zero bytes. E_DATA when it is not there. No rights inside. */
MUST_USE bool journal_hash_at(Cx *cx, Store *s, int64_t home, int64_t seq, uint8_t ret[32]);
/* Where a page of the journal ended; many events may share an instant. All 0: from the newest. */
typedef struct {
    int64_t at_ms, home, seq;
} EventPlace;
/* journal_list - newest first, for auditors: the events before a place; at most 500. */
MUST_USE bool journal_list(Cx *cx, Store *s, const Actor *a, EventPlace before, size_t limit, Event **ret, size_t *ret_n);
/* journal_verify - recompute every chain and compare the records with what the journal says. *ret_report lists faults, empty: sound.
 * journal_verify_with: with one thread everything is read over cx->db, inside its transaction if it is in one; journal_verify takes two. */
typedef struct {
    int64_t events, homes, records, snapshots, faults;
    int64_t chain_ms;            /* what recomputing the chains took */
} VerifyCounts;
typedef struct {
    bool chains_only;
    int threads;
} VerifyOpts;
MUST_USE bool journal_verify_with(Cx *cx, Store *s, const VerifyOpts *o, VerifyCounts *ret, Str *ret_report);
MUST_USE bool journal_verify(Cx *cx, Store *s, VerifyCounts *ret, Str *ret_report);
