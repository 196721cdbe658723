/* date_test.c - the calendar, day by day, and dates as people write them; instants. */
#include "unit.h"

#include <time.h>

#include "base/clock.h"
#include "base/date.h"

static void every_day_of_the_years_1_to_9999_goes_there_and_back(void **state)
{
    (void)state;
    int y = 1, m = 1, d = 1;
    for (int32_t day = DATE_MIN; day <= DATE_MAX; day++) {
        Civil c = date_to_civil(day);
        if (c.year != y || c.month != m || c.day != d || date_from_civil(y, m, d) != day || !date_valid(y, m, d)) {
            print_error("day %d is %d-%d-%d, got %d-%d-%d\n", day, y, m, d, c.year, c.month, c.day);
            assert_true(false);
        }
        if (++d > date_month_days(y, m)) {
            assert_false(date_valid(y, m, d));
            d = 1;
            if (++m > 12) {
                m = 1;
                y++;
            }
        }
    }
    assert_int_equal(y, 10000);
    assert_int_equal(date_from_civil(1970, 1, 1), 0);
    assert_int_equal(date_from_civil(2000, 3, 1), 11017);
}

static void the_system_calendar_agrees(void **state)
{
    (void)state;
    for (int32_t day = DATE_MIN; day <= DATE_MAX; day += 97) {
        time_t t = (time_t)day * 86400;
        struct tm tm;
        gmtime_r(&t, &tm);
        Civil c = date_to_civil(day);
        assert_true(c.year == tm.tm_year + 1900 && c.month == tm.tm_mon + 1 && c.day == tm.tm_mday);
    }
}

static void impossible_dates_are_not_valid(void **state)
{
    (void)state;
    assert_true(date_valid(2000, 2, 29) && date_valid(2024, 2, 29));
    assert_false(date_valid(1900, 2, 29) || date_valid(2023, 2, 29));
    assert_false(date_valid(0, 1, 1) || date_valid(10000, 1, 1) || date_valid(2024, 0, 1) || date_valid(2024, 13, 1) ||
                 date_valid(2024, 4, 31) || date_valid(2024, 1, 0) || date_valid(2024, -1, -1));
}

static void dates_as_people_write_them_are_read(void **state)
{
    Arena *mem = *state;
    static const struct {
        const char *text, *iso;
        char precision;
    } GOOD[] = {
        {"2024-05-01", "2024-05-01", 'd'}, {"2024/5/1", "2024-05-01", 'd'},       {"2024.5.1", "2024-05-01", 'd'},
        {"20240501", "2024-05-01", 'd'},   {"2024年5月1日", "2024-05-01", 'd'},   {"2024年5月1号", "2024-05-01", 'd'},
        {"2024年05月01", "2024-05-01", 'd'}, {"2024 年 5 月 1 日", "2024-05-01", 'd'}, {"2024 5 1", "2024-05-01", 'd'},
        {"2024. 5. 1", "2024-05-01", 'd'}, {"　２０２４－０５－０１ ", "2024-05-01", 'd'}, {"２０２４年５月１日", "2024-05-01", 'd'},
        {"2024年5月", "2024-05-01", 'm'},  {"2024-05", "2024-05-01", 'm'},        {"2024.12", "2024-12-01", 'm'},
        {"2024年", "2024-01-01", 'y'},     {"2024", "2024-01-01", 'y'},           {"2024-05-01 00:00:00", "2024-05-01", 'd'},
        {"2024/5/1 00:00", "2024-05-01", 'd'}, {"0001-01-01", "0001-01-01", 'd'}, {"9999-12-31", "9999-12-31", 'd'},
        {"2024-02-29", "2024-02-29", 'd'},
    };
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        int32_t day = -1;
        char precision = 0;
        if (!date_parse(mem, str_c(GOOD[i].text), &day, &precision)) {
            print_error("not read: %s\n", GOOD[i].text);
            assert_true(false);
        }
        assert_str(date_iso(mem, day), str_c(GOOD[i].iso));
        assert_int_equal(precision, GOOD[i].precision);
    }
}

static void what_is_not_a_date_is_not_guessed(void **state)
{
    Arena *mem = *state;
    static const char *const BAD[] = {
        "",           "今天",        "2023-02-29", "2024-13-01", "2024-00-10",  "2024-5-32",   "24-5-1",      "5/1/2024",
        "202405",     "2024-05-",    "2024-",      "2024/5-1",   "2024--05-01", "2024-05-01x", "x2024-05-01", "2024-05-01-02",
        "2024日5月1年", "2024月5年",  "2024年5",    "2024年5-1",  "2024-5月1日", "0000-01-01",  "20240532",    "-2024-05-01",
        "2024-05-01 09:30", "2024-05-01 00:00x", "45413.5", "123456789", "2024-123", "2024年5月1日2", "1.5E+17", "2024-05-1a"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        int32_t day = 4711;
        char precision = 'x';
        if (date_parse(mem, str_c(BAD[i]), &day, &precision)) {
            print_error("read as a date: %s\n", BAD[i]);
            assert_true(false);
        }
        assert_true(day == 4711 && precision == 'x');
    }
}

static void iso_is_exactly_iso(void **state)
{
    (void)state;
    int32_t day = 0;
    assert_true(date_iso_parse(S("2024-05-01"), &day) && day == date_from_civil(2024, 5, 1));
    static const char *const BAD[] = {"2024-5-1", "2024/05/01", "2024-05-01 ", "-024-05-01", "2024--5-01", "2024-05--1",
                                      "2024-02-30", "0000-01-01", "2O24-05-01", ""};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_false(date_iso_parse(str_c(BAD[i]), &day));
    }
}

static void instants_are_shown_in_china_standard_time(void **state)
{
    Arena *mem = *state;
    int64_t ms = (int64_t)date_from_civil(2024, 5, 1) * 86400000 + 16 * 3600000LL - 1; /* 23:59:59.999 in Beijing */
    assert_str(instant_zh(mem, ms), S("2024-05-01 23:59"));
    assert_int_equal(instant_date(ms), date_from_civil(2024, 5, 1));
    assert_str(instant_zh(mem, ms + 1), S("2024-05-02 00:00"));
    assert_int_equal(instant_date(ms + 1), date_from_civil(2024, 5, 2));
    assert_str(instant_iso(mem, ms), S("2024-05-01T15:59:59.999Z"));
    assert_str(date_zh(mem, date_from_civil(2024, 5, 1)), S("2024年5月1日"));
}

static void instants_before_1970_are_whole_too(void **state)
{
    Arena *mem = *state;
    assert_str(instant_iso(mem, -1), S("1969-12-31T23:59:59.999Z"));
    assert_str(instant_iso(mem, -1000), S("1969-12-31T23:59:59.000Z"));
    assert_str(instant_zh(mem, -8 * 3600000LL - 1), S("1969-12-31 23:59"));
    assert_int_equal(instant_date(-8 * 3600000LL - 1), -1);
}

static void the_clock_can_be_frozen(void **state)
{
    (void)state;
    clock_set(1234567890123);
    assert_true(clock_now_ms() == 1234567890123);
    int64_t mono = clock_mono_us();
    clock_set(0);
    assert_true(clock_now_ms() > 1700000000000);
    assert_true(clock_mono_us() >= mono);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_day_of_the_years_1_to_9999_goes_there_and_back),
        T(the_system_calendar_agrees),
        T(impossible_dates_are_not_valid),
        T(dates_as_people_write_them_are_read),
        T(what_is_not_a_date_is_not_guessed),
        T(iso_is_exactly_iso),
        T(instants_are_shown_in_china_standard_time),
        T(instants_before_1970_are_whole_too),
        T(the_clock_can_be_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
