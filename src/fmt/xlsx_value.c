/*
 * xlsx_value.c - numbers of a sheet as the text a person sees: in full, without exponent; dates and times from serial numbers.
 *
 * Most numbers are short plain integers and are taken as they stand. The rest are printed with 15 significant digits, which is
 * what spreadsheet programs keep and show: 0.30000000000000004 is 0.3. A whole number of 16 or more digits has lost digits.
 */
#include "fmt/xlsx_int.h"

#include <math.h>

#include "base/date.h"

#define MAX_SERIAL 2958465.0    /* 9999-12-31 */
#define DAY_SECONDS 86400
#define LOSSY_FROM 1e15

static bool plain_integer(Str raw)
{
    size_t i = raw.n > 0 && raw.p[0] == '-';
    if (raw.n == i || raw.n - i > 15 || (raw.p[i] == '0' && raw.n > 1)) {
        return false;
    }
    for (; i < raw.n; i++) {
        if (raw.p[i] < '0' || raw.p[i] > '9') {
            return false;
        }
    }
    return true;
}

static bool to_double(Str raw, double *ret)
{
    char text[64];
    if (raw.n == 0 || raw.n >= sizeof text) {
        return false;
    }
    for (size_t i = 0; i < raw.n; i++) {
        if (strchr("0123456789+-.eE", raw.p[i]) == NULL || raw.p[i] == '\0') {
            return false;
        }
    }
    memcpy(text, raw.p, raw.n);
    text[raw.n] = '\0';
    char *end;
    *ret = strtod(text, &end);
    return *end == '\0' && isfinite(*ret);
}

static size_t put(char *out, const char *format, ...) PRINTF(2, 3);
static size_t put(char *out, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(out, VALUE_MAX, format, ap);
    va_end(ap);
    CHECK(n >= 0 && n < VALUE_MAX);
    return (size_t)n;
}

/* A finite number in full: whole ones exactly, others with 15 significant digits and no trailing zeros. */
static size_t print_full(double d, char *out)
{
    if (d == 0) {
        return put(out, "0");
    }
    if (d == trunc(d)) {
        return put(out, "%.0f", d);
    }
    int exponent = (int)floor(log10(fabs(d)));
    int decimals = MIN(MAX(14 - exponent, 0), 340);
    size_t n = put(out, "%.*f", decimals, d);
    if (memchr(out, '.', n) != NULL) {
        while (out[n - 1] == '0') {
            n--;
        }
        n -= out[n - 1] == '.';
    }
    return n;
}

static size_t print_time(int seconds, char *out)
{
    int h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;
    return s != 0 ? put(out, "%02d:%02d:%02d", h, m, s) : put(out, "%02d:%02d", h, m);
}

/* A date, or a date with time. The 1900 system counts a 29 February 1900 that never was: it is shown as it is there. */
static size_t print_date(double serial, bool date1904, char *out)
{
    int day = (int)floor(serial);
    int seconds = (int)lround((serial - day) * DAY_SECONDS);
    if (seconds == DAY_SECONDS) {
        day++;
        seconds = 0;
    }
    size_t n;
    if (!date1904 && day == 60) {
        n = put(out, "1900-02-29");
    } else {
        int32_t base = date1904 ? date_from_civil(1904, 1, 1) : date_from_civil(1899, 12, day < 60 ? 31 : 30);
        Civil c = date_to_civil(base + day);
        n = put(out, "%04d-%02d-%02d", c.year, c.month, c.day);
    }
    if (seconds != 0) {
        out[n++] = ' ';
        n += print_time(seconds, out + n);
    }
    return n;
}

static CellKind print_as_date(double d, FormatKind format, bool date1904, char *out, size_t *ret_n)
{
    if (format == FORMAT_ELAPSED || (d < 1 && (format == FORMAT_TIME || (d != trunc(d) && !date1904)))) {
        int64_t seconds = llround(d * DAY_SECONDS);
        if (seconds < DAY_SECONDS) {
            *ret_n = print_time((int)seconds, out);
        } else {
            *ret_n = put(out, "%lld:%02d:%02d", (long long)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
        }
        return CELL_TEXT;
    }
    *ret_n = print_date(d, date1904, out);
    return CELL_DATE;
}

CellKind value_number(Str raw, FormatKind format, bool date1904, char *out, size_t *ret_n, bool *ret_lossy)
{
    *ret_lossy = false;
    if (format == FORMAT_NUMBER && plain_integer(raw)) {
        memcpy(out, raw.p, raw.n);
        *ret_n = raw.n;
        return CELL_NUMBER;
    }
    double d;
    if (!to_double(raw, &d)) {
        *ret_n = MIN(raw.n, (size_t)VALUE_MAX);
        memcpy(out, raw.p, *ret_n);
        return CELL_TEXT;
    }
    double last = MAX_SERIAL + 1 - (date1904 ? 1462 : 0);
    bool has_day = d >= (date1904 ? 0.0 : 1.0);
    if (format != FORMAT_NUMBER && d >= 0 && d < last - 1e-5 && (has_day || format != FORMAT_DATE || d != trunc(d))) {
        return print_as_date(d, format, date1904, out, ret_n);
    }
    *ret_lossy = fabs(d) >= LOSSY_FROM;
    *ret_n = print_full(d, out);
    return CELL_NUMBER;
}

/* "2024-05-01T08:30:00Z" -> "2024-05-01 08:30"; midnight is left out. Anything else stays text. */
CellKind value_iso_date(Str raw, char *out, size_t *ret_n)
{
    int32_t days;
    *ret_n = MIN(raw.n, (size_t)VALUE_MAX);
    memcpy(out, raw.p, *ret_n);
    if (!date_iso_parse(str_sub(raw, 0, 10), &days)) {
        return CELL_TEXT;
    }
    if (raw.n == 10) {
        return CELL_DATE;
    }
    int64_t h, m, s = 0;
    if (raw.n < 16 || raw.p[10] != 'T' || raw.p[13] != ':' || !str_int(str_sub(raw, 11, 2), &h) ||
        !str_int(str_sub(raw, 14, 2), &m) || (raw.n >= 19 && !str_int(str_sub(raw, 17, 2), &s)) || h < 0 || h > 23 ||
        m < 0 || m > 59 || s < 0 || s > 59) {
        return CELL_TEXT;
    }
    *ret_n = 10;
    int seconds = (int)(h * 3600 + m * 60 + s);
    if (seconds != 0) {
        out[10] = ' ';
        *ret_n = 11 + print_time(seconds, out + 11);
    }
    return CELL_DATE;
}

bool value_ref(const char *ref, size_t *ret_row, size_t *ret_col)
{
    size_t col = 0, row = 0, letters = 0, digits = 0;
    for (; *ref >= 'A' && *ref <= 'Z' && letters < 4; ref++, letters++) {
        col = col * 26 + (size_t)(*ref - 'A' + 1);
    }
    for (; *ref >= '0' && *ref <= '9' && digits < 8; ref++, digits++) {
        row = row * 10 + (size_t)(*ref - '0');
    }
    if (*ref != '\0' || letters == 0 || letters > 3 || digits == 0 || row == 0 || row > 1048576 || col > 16384) {
        return false;
    }
    *ret_row = row;
    *ret_col = col - 1;
    return true;
}
