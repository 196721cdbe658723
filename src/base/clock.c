/*
 * clock.c - see clock.h.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t frozen_ms;

int64_t clock_now_ms(void)
{
    int64_t fixed = atomic_load(&frozen_ms);
    if (fixed != 0) {
        return fixed;
    }
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

void clock_set(int64_t now_ms)
{
    atomic_store(&frozen_ms, now_ms);
}

void clock_iso(int64_t ms, char *out, size_t max)
{
    CHECK(max >= 25);
    int part = (int)(ms % 1000);
    time_t s = (time_t)(ms / 1000);
    if (part < 0) { /* before 1970: the second below */
        part += 1000;
        s--;
    }
    struct tm tm;
    gmtime_r(&s, &tm);
    snprintf(out, max, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, part);
}
