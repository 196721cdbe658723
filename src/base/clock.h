/*
 * clock.h - the time, from one place, so that tests can set it.
 */
#pragma once

#include "base/base.h"

int64_t clock_now_ms(void);                       /* UTC, ms since 1970; the set time when clock_set was called */
int64_t clock_mono_ms(void);                      /* monotonic, for durations and deadlines; never faked */
int64_t clock_mono_us(void);
void clock_set(int64_t now_ms);                   /* tests: freeze the clock; 0 gives the real one back */
void clock_iso(int64_t ms, char *out, size_t max); /* "2026-11-23T08:15:30.123Z"; max >= 25 */
