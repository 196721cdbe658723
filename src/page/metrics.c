/*
 * metrics.c - see metrics.h.
 */
#include "page/metrics.h"

const int64_t METRIC_US[METRIC_BUCKETS] = {1000, 2500, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2500000, 5000000, 10000000, INT64_MAX};

void metrics_note(Metrics *m, unsigned cls, int status, int64_t us)
{
    size_t i = 0;
    while (us > METRIC_US[i]) {
        i++;
    }
    atomic_fetch_add_explicit(&m->us[cls][i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->us_sum[cls], us, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->status[cls][status >= 100 && status < 600 ? status / 100 : 0], 1, memory_order_relaxed);
}

void metrics_head(Buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_decimal(Buf *out, int64_t v, int64_t scale)
{
    int digits = 0;
    for (int64_t s = scale; s > 1; s /= 10) {
        digits++;
    }
    if (digits == 0) {
        buf_int(out, v);
    } else {
        buf_printf(out, "%lld.%0*lld", (long long)(v / scale), digits, (long long)(v % scale));
    }
}

void metrics_histogram(Buf *out, const Histogram *h)
{
    int64_t total = 0;
    const char *comma = h->labels[0] != '\0' ? "," : "";
    for (size_t i = 0; i < h->n; i++) {
        total += h->counts[i];
        if (h->bounds[i] == INT64_MAX) {
            continue; /* said as +Inf below */
        }
        buf_printf(out, "%s_bucket{%s%sle=\"", h->name, h->labels, comma);
        metrics_decimal(out, h->bounds[i], h->scale);
        buf_printf(out, "\"} %lld\n", (long long)total);
    }
    buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", h->name, h->labels, comma, (long long)total);
    const char *open = h->labels[0] != '\0' ? "{" : "", *shut = h->labels[0] != '\0' ? "}" : "";
    buf_printf(out, "%s_sum%s%s%s ", h->name, open, h->labels, shut);
    metrics_decimal(out, h->sum, h->scale);
    buf_printf(out, "\n%s_count%s%s%s %lld\n", h->name, open, h->labels, shut, (long long)total);
}
