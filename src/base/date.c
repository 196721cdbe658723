/*
 * date.c - see date.h. Day counting after the days-from-civil method: years begin in March, so that leap days come last.
 */
#include "base/date.h"

#include "base/clock.h"

#define ZONE_MS (8 * 3600 * 1000LL)

int date_month_days(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : DAYS[month - 1];
}

bool date_valid(int year, int month, int day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= date_month_days(year, month);
}

int32_t date_from_civil(int year, int month, int day)
{
    CHECK(month >= 1 && month <= 12 && day >= 1 && day <= 31);
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

Civil date_to_civil(int32_t days)
{
    int z = days + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    int month = mp < 10 ? mp + 3 : mp - 9;
    return (Civil){.year = yoe + era * 400 + (month <= 2), .month = month, .day = doy - (153 * mp + 2) / 5 + 1};
}

bool date_iso_parse(Str t, int32_t *ret_days)
{
    if (t.n != 10 || t.p[4] != '-' || t.p[7] != '-') {
        return false;
    }
    int64_t y, m, d;
    if (t.p[0] == '-' || !str_int(str_n(t.p, 4), &y) || !str_int(str_n(t.p + 5, 2), &m) ||
        !str_int(str_n(t.p + 8, 2), &d) || !date_valid((int)y, (int)m, (int)d)) {
        return false;
    }
    *ret_days = date_from_civil((int)y, (int)m, (int)d);
    return true;
}

/* Up to three digit groups and what stands between them. */
static size_t digit_groups(Str t, int64_t num[3], size_t digits[3])
{
    static const Str SEPS[] = {STR_INIT("年"), STR_INIT("月"), STR_INIT("日"), STR_INIT("号"), STR_INIT("-"),
                               STR_INIT("/"),  STR_INIT("."),  STR_INIT(" ")};
    size_t n = 0;
    while (t.n != 0) {
        size_t k = 0;
        while (k < t.n && t.p[k] >= '0' && t.p[k] <= '9') {
            k++;
        }
        if (k != 0) {
            if (n == 3 || k > 8 || !str_int(str_n(t.p, k), &num[n])) {
                return 0;
            }
            digits[n++] = k;
            t = str_sub(t, k, t.n);
            continue;
        }
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(SEPS) && !known; i++) {
            if (str_starts(t, SEPS[i])) {
                t = str_sub(t, SEPS[i].n, t.n);
                known = true;
            }
        }
        if (!known || n == 0) {
            return 0;
        }
    }
    return n;
}

bool date_parse(Arena *mem, Str text, int32_t *ret_days, char *ret_precision)
{
    Str t = str_narrow(mem, text);
    size_t clock_at; /* "2024-05-01 00:00:00" as spreadsheets print it */
    if (str_find(t, S(" 00:00"), &clock_at)) {
        t = str_sub(t, 0, clock_at);
    }
    int64_t num[3] = {0};
    size_t digits[3] = {0};
    size_t n = digit_groups(t, num, digits);
    if (n == 1 && digits[0] == 8) {
        num[2] = num[0] % 100;
        num[1] = num[0] / 100 % 100;
        num[0] /= 10000;
        n = 3;
    } else if (n == 0 || digits[0] != 4 || (n > 1 && digits[1] > 2) || (n > 2 && digits[2] > 2)) {
        return false;
    }
    int64_t month = n >= 2 ? num[1] : 1, day = n >= 3 ? num[2] : 1;
    if (!date_valid((int)num[0], (int)month, (int)day)) {
        return false;
    }
    *ret_days = date_from_civil((int)num[0], (int)month, (int)day);
    *ret_precision = n == 3 ? 'd' : n == 2 ? 'm' : 'y';
    return true;
}

Str date_iso(Arena *mem, int32_t days)
{
    Civil c = date_to_civil(days);
    return str_printf(mem, "%04d-%02d-%02d", c.year, c.month, c.day);
}

Str date_zh(Arena *mem, int32_t days)
{
    Civil c = date_to_civil(days);
    return str_printf(mem, "%d年%d月%d日", c.year, c.month, c.day);
}

int32_t instant_date(int64_t ms)
{
    int64_t local = ms + ZONE_MS;
    int64_t day = local / 86400000;
    return (int32_t)(local % 86400000 < 0 ? day - 1 : day);
}

Str instant_zh(Arena *mem, int64_t ms)
{
    Civil c = date_to_civil(instant_date(ms));
    int64_t minute = ((ms + ZONE_MS) % 86400000 + 86400000) % 86400000 / 60000;
    return str_printf(mem, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, (int)(minute / 60), (int)(minute % 60));
}

Str instant_iso(Arena *mem, int64_t ms)
{
    char out[40];
    clock_iso(ms, out, sizeof out);
    return str_dup(mem, str_c(out));
}
