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
    CHECK(month >= 1 && month <= 12);
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
    for (size_t i = 0; i < 10; i++) {
        if (i != 4 && i != 7 && (t.p[i] < '0' || t.p[i] > '9')) {
            return false;
        }
    }
    int64_t y, m, d;
    if (!str_int(str_n(t.p, 4), &y) || !str_int(str_n(t.p + 5, 2), &m) ||
        !str_int(str_n(t.p + 8, 2), &d) || !date_valid((int)y, (int)m, (int)d)) {
        return false;
    }
    *ret_days = date_from_civil((int)y, (int)m, (int)d);
    return true;
}

/* Takes 1..max digits from the front of *t; false when there is none or a further one follows. */
static bool take_digits(Str *t, size_t max, int *ret, size_t *ret_digits)
{
    size_t k = 0;
    int v = 0;
    while (k < t->n && k < max && t->p[k] >= '0' && t->p[k] <= '9') {
        v = v * 10 + (t->p[k++] - '0');
    }
    if (k == 0 || (k < t->n && t->p[k] >= '0' && t->p[k] <= '9')) {
        return false;
    }
    *t = str_sub(*t, k, t->n);
    *ret = v;
    *ret_digits = k;
    return true;
}

static bool take_spaces(Str *t)
{
    size_t k = 0;
    while (k < t->n && t->p[k] == ' ') {
        k++;
    }
    *t = str_sub(*t, k, t->n);
    return k != 0;
}

static bool take(Str *t, Str word)
{
    if (!str_starts(*t, word)) {
        return false;
    }
    *t = str_sub(*t, word.n, t->n);
    take_spaces(t);
    return true;
}

/* The sign between two numbers, '-', '/', '.' or ' '; the Chinese `unit` counts as itself ('u'); 0: none. */
static char take_sign(Str *t, Str unit)
{
    bool space = take_spaces(t);
    if (take(t, unit)) {
        return 'u';
    }
    static const char SIGNS[] = "-/.";
    for (const char *s = SIGNS; *s != 0; s++) {
        if (take(t, str_n(s, 1))) {
            return *s;
        }
    }
    return space && t->n != 0 ? ' ' : 0;
}

/* 2024, 2024年, 2024年5月, 2024-05, 2024年5月1日, 2024-05-01 … : the number of parts read, 0 when it is none of them. */
static int read_parts(Str t, int part[3])
{
    size_t digits;
    if (!take_digits(&t, 8, &part[0], &digits) || (digits != 4 && digits != 8)) {
        return 0;
    }
    if (digits == 8) {
        part[2] = part[0] % 100;
        part[1] = part[0] / 100 % 100;
        part[0] /= 10000;
        return t.n == 0 ? 3 : 0;
    }
    char sign = take_sign(&t, S("年"));
    if (t.n == 0) {
        return sign == 0 || sign == 'u' ? 1 : 0;
    }
    if (sign == 0 || !take_digits(&t, 2, &part[1], &digits)) {
        return 0;
    }
    char second = take_sign(&t, S("月"));
    if (t.n == 0) {
        return second == (sign == 'u' ? 'u' : 0) ? 2 : 0;
    }
    if (second != sign || !take_digits(&t, 2, &part[2], &digits)) {
        return 0;
    }
    take_spaces(&t);
    if (sign == 'u' && !take(&t, S("日"))) {
        take(&t, S("号"));
    }
    return t.n == 0 ? 3 : 0;
}

bool date_parse(Arena *mem, Str text, int32_t *ret_days, char *ret_precision)
{
    Str t = str_narrow(mem, text);
    if (str_ends(t, S(" 00:00:00"))) { /* as spreadsheets print a date */
        t = str_trim(str_sub(t, 0, t.n - 9));
    } else if (str_ends(t, S(" 00:00"))) {
        t = str_trim(str_sub(t, 0, t.n - 6));
    }
    int part[3] = {0, 1, 1};
    int n = read_parts(t, part);
    if (n == 0 || !date_valid(part[0], part[1], part[2])) {
        return false;
    }
    *ret_days = date_from_civil(part[0], part[1], part[2]);
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
