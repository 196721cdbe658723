/*
 * closing.h - closed periods: the figures of a period, summed home by home at one instant and then frozen, so that a report cites what stays.
 *
 * A closing is of one record type (pack: `closing`) and one period, over all homes, those without a record too. While it stands, no record of
 * that type and period is made, changed, deleted, or moved into or out of the period, by whichever way: form, import, program, a step that
 * sets fields. Steps that change no field stay open, and personal fields may be erased: neither is summed. Files may be attached.
 *
 * Race-free: the closing is one write, and writes of all processes are one after another (store_write; on PostgreSQL the lock of the schema
 * is held to the commit). A write that began before is in the sums; one that begins after reads the row and is refused. Nothing is locked
 * besides; what is written for homes is written in ascending order of home.
 *
 * Append-only: each closing and reopening is a further row of table `closing` (seq 1, 2, 3 …: odd closes, even reopens; version
 * (seq + 1) / 2), a closing with a row of `closing_home` for each home that had records, and one of `closing_sum` for each of its figures.
 * In the journal: `close` or `reopen` in the chain of the office that did it, `closed` with figures and hash in that of each home.
 *
 * Hash of a home: SHA-256 of "type TAB period TAB fields LF", then of each live record in the order of ids "id TAB figure TAB figure … LF";
 * fields joined by commas, figures as they are stored (fen, scaled decimals), empty when not given. Hash of the closing: SHA-256 of "type TAB
 * period TAB version TAB fields LF", then of each home "home TAB records TAB hash LF", hashes in hex. The revision is not in it: steps
 * that change nothing raise it. Personal fields are never in it.
 */
#pragma once

#include "store/record.h"

typedef struct {
    Str period;
    int64_t seq;                 /* closings and reopenings so far: its revision; 0: none */
    bool closed;
    int64_t version;             /* of the last closing; 0: never closed */
    int64_t n, homes, at_ms;     /* records and homes in it (of a reopening: 0); when */
    Str who, org, reason, hash;  /* who closed or reopened it; hex */
    Str fields;                  /* ids of what was summed, joined by commas */
} Closed;

/* closing_state - how it stands; closing_history - every closing and reopening, newest first. No rights inside: it tells no figures but
 * how many records there are; for those who read the type. */
MUST_USE bool closing_state(Cx *cx, Store *s, const RecordType *t, Str period, Closed *ret);
MUST_USE bool closing_history(Cx *cx, Store *s, const RecordType *t, Str period, Closed **ret, size_t *ret_n);

/* closing_refuses - is the period of these values closed? *ret_why: a sentence for whoever wanted to write; empty: open. */
MUST_USE bool closing_refuses(Cx *cx, Store *s, const RecordType *t, const Value *values, Str *ret_why);

/* closing_may - one of the roles that the pack names; the program may both. */
bool closing_may(const Actor *a, const RecordType *t, bool reopen);

/* closing_close / closing_reopen - seq: as it was seen; E_STALE when somebody was quicker. E_WRONG_STATE: it is as wanted already, has no
 * records, or a sum does not fit 64 bits. A reopening wants a reason of at least 4 characters. *ret: how it stands then. */
MUST_USE bool closing_close(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str period, int64_t seq, Closed *ret);
MUST_USE bool closing_reopen(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str period, int64_t seq, Str reason, Closed *ret);

/* Figures of one home, by the fields of the table they stand in. */
typedef struct {
    int64_t home, n;
    int64_t given[CLOSING_SUMS_MAX], total[CLOSING_SUMS_MAX]; /* records that state the field; their sum */
    bool over[CLOSING_SUMS_MAX];                              /* the sum does not fit: total is 0 */
    Str hash;                                                 /* closed ones: hex */
} HomeSums;
typedef struct {
    const Field *fields[CLOSING_SUMS_MAX];
    size_t n_fields;
    HomeSums *homes;             /* ascending */
    size_t n;
} Sums;

/* closing_sums - what a version of a closing holds; closing_live - the same of the records as they are now. Of the homes whose records the
 * actor reads (own, below, all), and fields they see; E_NOT_FOUND for who reads none. Fields that left the pack are left out. */
MUST_USE bool closing_sums(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str period, int64_t version, Sums *ret);
MUST_USE bool closing_live(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str period, Sums *ret);
/* sums_add - one more home into a sum of homes with the same fields. */
void sums_add(HomeSums *to, const HomeSums *one, size_t n_fields);

/* closing_periods - the periods that have records the actor reads, or were ever closed; latest first, at most 200. n: live records. */
typedef struct {
    Closed state;
    int64_t n;
} PeriodRow;
MUST_USE bool closing_periods(Cx *cx, Store *s, const Actor *a, const RecordType *t, PeriodRow **ret, size_t *ret_n);
