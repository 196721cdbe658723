/*
 * workday.h - working days: weekdays, but for the public holidays and the make-up workdays of a calendar.
 *
 * Days are counted since 1970-01-01. A calendar knows some years only; outside of them every Monday to Friday is a working day, and
 * workday_known tells, so that a page can say that the holidays of that year are not entered yet. Pure; O(log n + marks in between) for each.
 */
#pragma once

#include "base/base.h"

typedef struct {
    int32_t day;
    bool work;                   /* a make-up workday; else a holiday */
} DayMark;

typedef struct {
    const DayMark *marks;        /* rising days */
    size_t n;
    const int32_t *years;        /* rising: years whose holidays are complete */
    size_t n_years;
} Workdays;

bool workday_is(const Workdays *w, int32_t day);
bool workday_known(const Workdays *w, int32_t year);
/* workday_after - the n-th working day after `day` (n 0: `day` itself, or the next working day). A term that begins the day after an
 * event and ends with its n-th working day ends there. n < 0: backwards. |n| is cut at 10,000. */
int32_t workday_after(const Workdays *w, int32_t day, int32_t n);
/* workday_between - how many working days lie in (from, to]; negative when to < from. */
int32_t workday_between(const Workdays *w, int32_t from, int32_t to);
