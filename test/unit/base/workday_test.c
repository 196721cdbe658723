/* workday_test.c - terms in working days, over the National Day holidays of 2025 as the State Council announced them. */
#include "unit.h"

#include "base/date.h"
#include "base/workday.h"

/* 1 to 8 October 2025 free; Sunday 28 September and Saturday 11 October worked; 1 January 2026 free. */
static DayMark marks[11];
static const int32_t YEARS[] = {2025};
static Workdays cal = {.marks = marks, .years = YEARS, .n_years = 1};

static int32_t day(int y, int m, int d)
{
    return date_from_civil(y, m, d);
}

static int up(void **state)
{
    (void)state;
    cal.n = 0;
    marks[cal.n++] = (DayMark){day(2025, 9, 28), true};
    for (int d = 1; d <= 8; d++) {
        marks[cal.n++] = (DayMark){day(2025, 10, d), false};
    }
    marks[cal.n++] = (DayMark){day(2025, 10, 11), true};
    marks[cal.n++] = (DayMark){day(2026, 1, 1), false};
    assert_int_equal(cal.n, ARRAY_LEN(marks));
    return 0;
}

static void a_holiday_week_is_free_and_its_make_up_days_are_worked(void **state)
{
    (void)state;
    assert_true(workday_is(&cal, day(2025, 9, 28)));
    assert_false(workday_is(&cal, day(2025, 9, 27)));
    for (int d = 1; d <= 8; d++) {
        assert_false(workday_is(&cal, day(2025, 10, d)));
    }
    assert_true(workday_is(&cal, day(2025, 10, 9)));
    assert_true(workday_is(&cal, day(2025, 10, 11)));
    assert_false(workday_is(&cal, day(2025, 10, 12)));
    assert_true(workday_known(&cal, 2025));
    assert_false(workday_known(&cal, 2026));
}

static void a_term_ends_with_its_nth_working_day(void **state)
{
    (void)state;
    int32_t friday = day(2025, 9, 26);
    const int32_t want[] = {friday,           day(2025, 9, 28), day(2025, 9, 29), day(2025, 9, 30),
                            day(2025, 10, 9), day(2025, 10, 10), day(2025, 10, 11), day(2025, 10, 13)};
    for (int32_t n = 0; n < (int32_t)ARRAY_LEN(want); n++) {
        assert_int_equal(workday_after(&cal, friday, n), want[n]);
    }
    assert_int_equal(workday_after(&cal, day(2025, 9, 27), 1), day(2025, 9, 28));
}

static void zero_days_are_the_day_itself_or_the_next_working_day(void **state)
{
    (void)state;
    assert_int_equal(workday_after(&cal, day(2025, 10, 9), 0), day(2025, 10, 9));
    assert_int_equal(workday_after(&cal, day(2025, 10, 1), 0), day(2025, 10, 9));
    assert_int_equal(workday_after(&cal, day(2025, 10, 18), 0), day(2025, 10, 20));
}

static void a_negative_number_counts_backwards(void **state)
{
    (void)state;
    assert_int_equal(workday_after(&cal, day(2025, 10, 9), -1), day(2025, 9, 30));
    assert_int_equal(workday_after(&cal, day(2025, 10, 5), -1), day(2025, 9, 30));
    assert_int_equal(workday_after(&cal, day(2025, 10, 9), -4), day(2025, 9, 26));
}

static void a_year_ends_and_an_unknown_one_has_plain_weeks(void **state)
{
    (void)state;
    assert_int_equal(workday_after(&cal, day(2025, 12, 31), 1), day(2026, 1, 2));
    assert_int_equal(workday_between(&cal, day(2025, 12, 30), day(2026, 1, 5)), 3); /* 31, 2, 5 */
    const Workdays none = {0};
    assert_int_equal(workday_after(&none, day(2030, 9, 30), 1), day(2030, 10, 1));
    assert_int_equal(workday_after(&none, day(1969, 12, 31), 2), day(1970, 1, 2));
    assert_int_equal(workday_after(&none, day(1970, 1, 1), -1), day(1969, 12, 31));
    assert_int_equal(workday_after(&none, day(2030, 9, 30), 10000000), workday_after(&none, day(2030, 9, 30), 10000));
}

static void between_counts_the_end_and_not_the_start(void **state)
{
    (void)state;
    int32_t a = day(2025, 9, 26), b = day(2025, 10, 13);
    assert_int_equal(workday_between(&cal, a, b), 7);
    assert_int_equal(workday_between(&cal, b, a), -7);
    assert_int_equal(workday_between(&cal, a, a), 0);
    assert_int_equal(workday_between(&cal, day(2025, 9, 30), day(2025, 10, 8)), 0);
}

/* The closed form against walking day by day, from every day of two years. */
static void counting_agrees_with_walking(void **state)
{
    (void)state;
    for (int32_t from = day(2024, 12, 1); from < day(2026, 3, 1); from++) {
        int32_t n = 0;
        for (int32_t at = from + 1; n < 30; at++) {
            n += workday_is(&cal, at);
            assert_int_equal(workday_between(&cal, from, at), n);
            if (workday_is(&cal, at)) {
                assert_int_equal(workday_after(&cal, from, n), at);
            }
        }
        n = 0;
        for (int32_t at = from - 1; n < 30; at--) {
            if (workday_is(&cal, at)) {
                n++;
                assert_int_equal(workday_after(&cal, from, -n), at);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_holiday_week_is_free_and_its_make_up_days_are_worked),
        cmocka_unit_test(a_term_ends_with_its_nth_working_day),
        cmocka_unit_test(zero_days_are_the_day_itself_or_the_next_working_day),
        cmocka_unit_test(a_negative_number_counts_backwards),
        cmocka_unit_test(a_year_ends_and_an_unknown_one_has_plain_weeks),
        cmocka_unit_test(between_counts_the_end_and_not_the_start),
        cmocka_unit_test(counting_agrees_with_walking),
    };
    return cmocka_run_group_tests(tests, up, NULL);
}
