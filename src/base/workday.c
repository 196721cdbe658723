/*
 * workday.c - see workday.h. Days before a day are counted in closed form (five a week), then corrected by the marks before it; the n-th
 * day is found by halving that rising count.
 */
#include "base/workday.h"

#include "base/date.h"

#define COUNT_MAX 10000

/* Monday 0 … Sunday 6; 1970-01-01 was a Thursday. */
static int64_t weekday(int64_t day)
{
    int64_t d = (day + 3) % 7;
    return d < 0 ? d + 7 : d;
}

/* Weekdays in [1969-12-29, day), that Monday being before the first Thursday; negative before it. */
static int64_t weekdays_before(int64_t day)
{
    int64_t wd = weekday(day);
    return (day + 3 - wd) / 7 * 5 + (wd < 5 ? wd : 5);
}

/* The first mark on or after `day`. */
static size_t mark_at(const Workdays *w, int64_t day)
{
    size_t lo = 0, hi = w->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (w->marks[mid].day < day) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* What these marks change in the count of weekdays. */
static int64_t marked(const Workdays *w, size_t from, size_t to)
{
    int64_t sum = 0;
    for (size_t i = from; i < to; i++) {
        bool plain = weekday(w->marks[i].day) < 5;
        sum += (int64_t)w->marks[i].work - (int64_t)plain;
    }
    return sum;
}

bool workday_is(const Workdays *w, int32_t day)
{
    size_t i = mark_at(w, day);
    return i < w->n && w->marks[i].day == day ? w->marks[i].work : weekday(day) < 5;
}

bool workday_known(const Workdays *w, int32_t year)
{
    for (size_t i = 0; i < w->n_years; i++) {
        if (w->years[i] == year) {
            return true;
        }
    }
    return false;
}

/* Working days in (from, to], from <= to. */
static int64_t count(const Workdays *w, int64_t from, int64_t to)
{
    return weekdays_before(to + 1) - weekdays_before(from + 1) + marked(w, mark_at(w, from + 1), mark_at(w, to + 1));
}

int32_t workday_between(const Workdays *w, int32_t from, int32_t to)
{
    return (int32_t)(from <= to ? count(w, from, to) : -count(w, to, from));
}

int32_t workday_after(const Workdays *w, int32_t day, int32_t n)
{
    int64_t want = n > COUNT_MAX ? COUNT_MAX : n < -COUNT_MAX ? -COUNT_MAX : n;
    bool back = want < 0;
    if (want == 0) {
        if (workday_is(w, day)) {
            return day;
        }
        want = 1;
    }
    int64_t need = back ? -want : want;
    int64_t lo = 1, hi = need * 2 + (int64_t)w->n + 14;   /* distance: at most 2 idle days a week, and each mark takes one more */
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        int64_t got = back ? count(w, (int64_t)day - mid - 1, (int64_t)day - 1) : count(w, day, (int64_t)day + mid);
        if (got >= need) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return (int32_t)(back ? (int64_t)day - lo : (int64_t)day + lo);
}
