/*
 * pulse.h - how the store does: is the writer alive, what waits for it, is there space. For /readyz, /metrics and whoever must not write now.
 *
 * Space: a file `ballast` (64 MiB, less on a small disk) lies in the data folder. When a write finds the disk full, it is given up at once, so
 * that signing in and out, the checkpoint and an administrator's tidying up have room; and from then until there is room for a new one
 * the service only shows (store_space_low). Where the database stands elsewhere (PostgreSQL), one that says it is full is left alone
 * for five seconds at a time.
 */
#pragma once

#include "store/store.h"

#define PULSE_BUCKETS 12
extern const int64_t PULSE_COMMIT_MS[PULSE_BUCKETS]; /* upper bounds of commit_ms; the last is INT64_MAX */
extern const int64_t PULSE_GROUP[PULSE_BUCKETS];     /* of group */

typedef struct {
    int64_t waiting;             /* writes in the writer's queue */
    int64_t busy_ms;             /* the transaction under way has lasted so long; 0: none */
    int64_t groups, writes, failed; /* transactions; writes in them; of these undone */
    int64_t commit_us;           /* spent in commits, all together */
    int64_t commit_ms[PULSE_BUCKETS], group[PULSE_BUCKETS]; /* how many commits took, and how many writes were together, up to the bound */
    int64_t free_bytes;          /* of the disk of the data folder */
    int64_t database_bytes, wal_bytes; /* -1: the database stands elsewhere */
    bool low;
} StorePulse;

void store_pulse(Store *s, StorePulse *ret);

/* store_space_watch - from now on look after the disk of the data folder and lay the ballast down; for the server. */
void store_space_watch(Store *s);
bool store_space_low(Store *s);  /* only show, do not take anything in */
void store_space_full(Store *s); /* a write outside the database met a full disk */

/* store_counts - jobs by state and messages in the outbox by state, as (what, state, n); journal entries too. For /metrics. */
typedef bool StoreCountFn(void *ctx, Str what, Str state, int64_t n);
MUST_USE bool store_counts(Cx *cx, StoreCountFn *fn, void *ctx);
