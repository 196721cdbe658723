/*
 * metrics.h - inside page: what was answered, counted by class and status, and how long it took. Atomics; any thread may note.
 */
#pragma once

#include <stdatomic.h>

#include "base/buf.h"
#include "net/net.h"

#define METRIC_CLASSES (NET_CLASSES + 1)   /* and one: answered from memory, without a handler */
#define METRIC_MEMORY  NET_CLASSES
#define METRIC_BUCKETS 14
extern const int64_t METRIC_US[METRIC_BUCKETS]; /* upper bounds; the last is INT64_MAX */

typedef struct {
    _Atomic int64_t status[METRIC_CLASSES][6];             /* [1] 1xx … [5] 5xx */
    _Atomic int64_t us[METRIC_CLASSES][METRIC_BUCKETS], us_sum[METRIC_CLASSES];
    _Atomic int64_t shed[METRIC_CLASSES];                  /* refused with 503 because of overload; not in the others */
    _Atomic int64_t kept_hits, kept_misses;                /* page cache */
    _Atomic int64_t in_flight;
} Metrics;

/* metrics_note - a request was answered; `us` from its arrival at this machine. */
void metrics_note(Metrics *m, unsigned cls, int status, int64_t us);

/* A histogram in the text form of Prometheus; `labels` as "class=\"read\"" or empty; bounds in units of `scale` to one. */
typedef struct {
    const char *name, *labels;
    const int64_t *bounds, *counts;
    size_t n;
    int64_t sum, scale;
} Histogram;
void metrics_histogram(Buf *out, const Histogram *h);
/* metrics_decimal - v / scale as "12.345", without floating point; scale is a power of ten. */
void metrics_decimal(Buf *out, int64_t v, int64_t scale);
void metrics_head(Buf *out, const char *name, const char *type, const char *help);
