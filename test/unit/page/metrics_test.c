/* metrics_test.c - figures as Prometheus reads them, without floating point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail

#include "page/metrics.h"

static Str rendered(Arena *mem, const Histogram *h)
{
    Buf b = buf_new(mem, 10000);
    metrics_histogram(&b, h);
    return buf_str(&b);
}

static void buckets_are_cumulative_and_the_last_is_infinite(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    static const int64_t bounds[] = {1000, 20000, INT64_MAX}, counts[] = {2, 3, 1};
    Str text = rendered(mem, &(Histogram){"t", "class=\"a\"", bounds, counts, 3, 1234567, 1000000});
    assert_true(str_eq(text, S("t_bucket{class=\"a\",le=\"0.001000\"} 2\n"
                               "t_bucket{class=\"a\",le=\"0.020000\"} 5\n"
                               "t_bucket{class=\"a\",le=\"+Inf\"} 6\n"
                               "t_sum{class=\"a\"} 1.234567\n"
                               "t_count{class=\"a\"} 6\n")));
    text = rendered(mem, &(Histogram){"g", "", bounds, counts, 2, 7, 1});
    assert_true(str_eq(text, S("g_bucket{le=\"1000\"} 2\ng_bucket{le=\"20000\"} 5\ng_bucket{le=\"+Inf\"} 5\ng_sum 7\ng_count 5\n")));
    arena_free(mem);
}

static void a_request_is_counted_once_by_class_status_and_time(void **state)
{
    (void)state;
    static Metrics m;
    metrics_note(&m, 2, 200, 900);
    metrics_note(&m, 2, 303, 1000); /* a bound belongs to its bucket */
    metrics_note(&m, 2, 503, 1001);
    metrics_note(&m, METRIC_MEMORY, 304, 99999999);
    metrics_note(&m, 3, 999, 1);
    assert_int_equal(m.status[2][2], 1);
    assert_int_equal(m.status[2][3], 1);
    assert_int_equal(m.status[2][5], 1);
    assert_int_equal(m.us[2][0], 2);
    assert_int_equal(m.us[2][1], 1);
    assert_int_equal(m.us_sum[2], 2901);
    assert_int_equal(m.us[METRIC_MEMORY][METRIC_BUCKETS - 1], 1);
    assert_int_equal(m.status[3][0], 1); /* no such status: nowhere that is shown */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_are_cumulative_and_the_last_is_infinite),
        cmocka_unit_test(a_request_is_counted_once_by_class_status_and_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
