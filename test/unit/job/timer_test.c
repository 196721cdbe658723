/* timer_test.c - the thread that takes what is due: at start, again and again, and stopped at once. */
#include <time.h>

#include "../store/flow.h"
#include "job/timer.h"

static void wait_rounds(const Timer *t, int64_t n)
{
    for (int i = 0; i < 1000 && timer_rounds(t) < n; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_true(timer_rounds(t) >= n);
}

static void what_is_due_at_start_is_taken_and_stopping_does_not_wait_for_the_minute(void **state)
{
    Fixture *f = *state;
    Rec r = a_round(f, "2020-01-01");
    Timer *t = timer_start(&f->cx, f->s, 60000);
    assert_non_null(t);
    wait_rounds(t, 1);
    SAME(again(f, &r).state->id, "judging");
    int64_t before = clock_mono_ms();
    timer_stop(t);
    assert_true(clock_mono_ms() - before < 2000);
}

static void what_becomes_due_is_taken_in_a_later_round(void **state)
{
    Fixture *f = *state;
    Timer *t = timer_start(&f->cx, f->s, 20);
    assert_non_null(t);
    wait_rounds(t, 1);
    Rec r = a_round(f, "2020-01-01");
    wait_rounds(t, timer_rounds(t) + 2);
    timer_stop(t);
    SAME(again(f, &r).state->id, "judging");
    assert_int_equal(raw(f, "select count(*) from journal where action = 'close'"), 1);
}

static void the_wall_clock_set_back_neither_stops_nor_hurries_it(void **state)
{
    Fixture *f = *state;
    Timer *t = timer_start(&f->cx, f->s, 50);
    assert_non_null(t);
    clock_set(86400000);
    wait_rounds(t, timer_rounds(t) + 2);
    int64_t rounds = timer_rounds(t);
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    assert_true(timer_rounds(t) - rounds <= 8);
    timer_stop(t);
    timer_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FT(what_is_due_at_start_is_taken_and_stopping_does_not_wait_for_the_minute),
        FT(what_becomes_due_is_taken_in_a_later_round),
        FT(the_wall_clock_set_back_neither_stops_nor_hurries_it),
    };
    return cmocka_run_group_tests_name("job/timer", tests, NULL, NULL);
}
