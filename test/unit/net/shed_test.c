/* shed_test.c - who may wait and how long, with a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail

#include "net/shed.h"

static const NetClass CLASS = {"any", 4, 100, 200, 30};

#define MS 1000

/* `n` requests leave one after another, `gap_us` apart, each after it waited `waited_us`, with others behind it. */
static int64_t run(Shed *s, int64_t now, int n, int64_t gap_us, int64_t waited_us)
{
    for (int i = 0; i < n; i++) {
        now += gap_us;
        shed_left(s, now, waited_us, 5);
    }
    return now;
}

static Shed fresh(void) { return (Shed){.least_us = -1}; }

static void a_burst_may_wait_long(void **state)
{
    (void)state;
    Shed s = fresh();
    (void)run(&s, 1000 * MS, 50, 4 * MS, 80 * MS); /* 80 ms, but not for 250 ms on end */
    assert_false(s.overloaded);
    assert_int_equal(shed_patience(&s, &CLASS), 200 * MS);
}

static void a_queue_that_stands_for_an_interval_is_overload(void **state)
{
    (void)state;
    Shed s = fresh();
    int64_t now = run(&s, 1000 * MS, 1, MS, 0);
    now = run(&s, now, 140, 4 * MS, 20 * MS);
    assert_true(s.overloaded);
    assert_int_equal(shed_patience(&s, &CLASS), 30 * MS);
    (void)run(&s, now, 140, 4 * MS, 2 * MS); /* two intervals in which nobody waited or was refused */
    assert_false(s.overloaded);
}

static void a_lucky_one_does_not_end_an_overload_in_which_many_are_refused(void **state)
{
    (void)state;
    Shed s = fresh();
    int64_t now = run(&s, 1000 * MS, 200, 4 * MS, 40 * MS);
    assert_true(s.overloaded);
    for (int i = 0; i < 300; i++) {
        now += 4 * MS;
        shed_refused(&s, now);
        if (i % 20 == 0) {
            shed_left(&s, now, 1 * MS, 0);
        }
        assert_true(s.overloaded);
    }
    for (int i = 0; i < 140; i++) { /* two refusals in half a second, among many served: over */
        now += 4 * MS;
        shed_left(&s, now, 1 * MS, 0);
        if (i % 70 == 0) {
            shed_refused(&s, now);
        }
    }
    assert_false(s.overloaded);
}

static void one_alone_is_no_queue_however_late_its_thread_woke(void **state)
{
    (void)state;
    Shed s = fresh();
    for (int i = 1; i < 20; i++) {
        shed_left(&s, i * 400 * MS, 60 * MS, 0);
        assert_false(s.overloaded);
    }
}

static void one_lucky_request_in_an_interval_means_the_queue_moves(void **state)
{
    (void)state;
    Shed s = fresh();
    int64_t now = 1000 * MS;
    for (int i = 0; i < 10; i++) {
        now = run(&s, now, 20, 4 * MS, 60 * MS);
        now = run(&s, now, 1, 4 * MS, 3 * MS);
        assert_false(s.overloaded);
    }
}

static void a_queue_that_does_not_move_at_all_is_overload_too(void **state)
{
    (void)state;
    Shed s = fresh();
    shed_tick(&s, &CLASS, 190 * MS);
    assert_false(s.overloaded);
    shed_tick(&s, &CLASS, 201 * MS);
    assert_true(s.overloaded);
    assert_int_equal(shed_patience(&s, &CLASS), 30 * MS);
}

static void a_few_slow_pages_beside_each_other_are_no_overload(void **state)
{
    (void)state;
    Shed s = fresh();
    (void)run(&s, 1000 * MS, 60, 75 * MS, 90 * MS); /* one leaves each 75 ms, so the next has to wait that long */
    assert_false(s.overloaded);
    (void)run(&s, 9000 * MS, 60, 75 * MS, 190 * MS);
    assert_true(s.overloaded);
    assert_in_range(shed_patience(&s, &CLASS), 140 * MS, 200 * MS);
}

static void who_would_wait_too_long_by_the_pace_of_the_queue_is_not_let_in(void **state)
{
    (void)state;
    Shed s = fresh();
    assert_true(shed_admits(&s, &CLASS, 50, false, 0)); /* nothing is known of the pace yet */
    int64_t now = run(&s, 1000 * MS, 100, 10 * MS, 5 * MS); /* one each 10 ms */
    assert_true(shed_admits(&s, &CLASS, 15, false, now));
    assert_false(shed_admits(&s, &CLASS, 25, false, now)); /* 250 ms, and 200 are allowed */
    now = run(&s, 3000 * MS, 90, 10 * MS, 40 * MS);
    assert_true(s.overloaded);
    assert_true(shed_admits(&s, &CLASS, 2, false, now));
    assert_false(shed_admits(&s, &CLASS, 4, false, now));
}

static void a_full_queue_is_full_however_fast_it_moves(void **state)
{
    (void)state;
    Shed s = fresh();
    int64_t now = run(&s, 1000 * MS, 100, 10, 10);
    assert_true(shed_admits(&s, &CLASS, 99, false, now));
    assert_false(shed_admits(&s, &CLASS, 100, false, now));
}

static void quiet_hours_do_not_count_as_a_slow_pace(void **state)
{
    (void)state;
    Shed s = fresh();
    int64_t now = run(&s, 1000 * MS, 50, MS, MS);
    for (int i = 0; i < 20; i++) {
        now += 3600 * 1000 * (int64_t)MS;
        shed_left(&s, now, 10, 0); /* alone, an hour after the last */
    }
    assert_true(s.pace_us < 3600 * 1000 * (int64_t)MS / 4);
    now = run(&s, now, 40, MS, MS);
    assert_true(shed_admits(&s, &CLASS, 90, false, now));
}

static void a_queue_that_stands_still_takes_fewer_the_longer_it_stands(void **state)
{
    (void)state;
    Shed s = fresh();
    int64_t now = run(&s, 1000 * MS, 100, MS, MS); /* one each ms */
    assert_true(shed_admits(&s, &CLASS, 90, false, now));
    assert_true(shed_admits(&s, &CLASS, 90, false, now + 100 * MS)); /* a hiccup */
    assert_false(shed_admits(&s, &CLASS, 90, false, now + 120 * MS)); /* whoever stands before it in turn takes all there is */
    assert_true(shed_admits(&s, &CLASS, 0, false, now + 9000 * MS)); /* nobody waits: nothing stands still */
    shed_came(&s, now + 9000 * MS);
    assert_true(shed_admits(&s, &CLASS, 1, false, now + 9100 * MS));
    assert_false(shed_admits(&s, &CLASS, 1, false, now + 9201 * MS));
}

static void a_class_that_hardly_has_its_turn_takes_only_whom_a_handler_takes_at_once(void **state)
{
    (void)state;
    Shed s = fresh();
    int64_t now = run(&s, 1000 * MS, 20, 60 * MS, 190 * MS); /* one each 60 ms, all after a long wait */
    assert_true(s.overloaded);
    assert_false(shed_admits(&s, &CLASS, 0, false, now));
    assert_true(shed_admits(&s, &CLASS, 0, true, now));
    s = fresh();
    now = run(&s, 1000 * MS, 200, 4 * MS, 40 * MS);
    assert_true(s.overloaded);
    assert_true(shed_admits(&s, &CLASS, 2, false, now)); /* its turn comes often enough */
    assert_false(shed_admits(&s, &CLASS, 0, false, now + 51 * MS)); /* not any more */
    assert_true(shed_admits(&s, &CLASS, 0, true, now + 51 * MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_may_wait_long),
        cmocka_unit_test(a_queue_that_stands_for_an_interval_is_overload),
        cmocka_unit_test(a_lucky_one_does_not_end_an_overload_in_which_many_are_refused),
        cmocka_unit_test(one_alone_is_no_queue_however_late_its_thread_woke),
        cmocka_unit_test(one_lucky_request_in_an_interval_means_the_queue_moves),
        cmocka_unit_test(a_queue_that_does_not_move_at_all_is_overload_too),
        cmocka_unit_test(a_few_slow_pages_beside_each_other_are_no_overload),
        cmocka_unit_test(who_would_wait_too_long_by_the_pace_of_the_queue_is_not_let_in),
        cmocka_unit_test(a_full_queue_is_full_however_fast_it_moves),
        cmocka_unit_test(quiet_hours_do_not_count_as_a_slow_pace),
        cmocka_unit_test(a_queue_that_stands_still_takes_fewer_the_longer_it_stands),
        cmocka_unit_test(a_class_that_hardly_has_its_turn_takes_only_whom_a_handler_takes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
