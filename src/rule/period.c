/*
 * period.c - reporting periods: years, half years, quarters and months, in one normal form each.
 */
#include "rule/validate.h"

static bool year_of(Str s, int64_t *ret)
{
    return s.n == 4 && str_int(s, ret) && *ret >= 1900 && *ret <= 2100;
}

/* 一 to 四, 1 to 4. */
static int quarter_word(Str s)
{
    static const Str WORDS[] = {STR_INIT("一"), STR_INIT("二"), STR_INIT("三"), STR_INIT("四")};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (str_eq(s, WORDS[i]) || (s.n == 1 && s.p[0] == (char)('1' + (int)i))) {
            return (int)i + 1;
        }
    }
    return 0;
}

/* What follows the year in Chinese: 第1季度, 一季度, 上半年, 5月, 全年. */
static bool chinese_rest(Arena *mem, int64_t year, Str s, Str *ret)
{
    int64_t month;
    if (s.n == 0 || str_eq(s, S("度")) || str_eq(s, S("全年"))) {
        *ret = str_printf(mem, "%lld", (long long)year);
        return true;
    }
    if (str_eq(s, S("上半年")) || str_eq(s, S("下半年"))) {
        *ret = str_printf(mem, "%lldH%d", (long long)year, str_eq(s, S("上半年")) ? 1 : 2);
        return true;
    }
    Str season = S("季度"), moon = S("月"), nth = S("第");
    if (str_ends(s, season)) {
        Str q = str_sub(s, 0, s.n - season.n);
        q = str_starts(q, nth) ? str_sub(q, nth.n, q.n) : q;
        int n = quarter_word(q);
        *ret = n != 0 ? str_printf(mem, "%lldQ%d", (long long)year, n) : *ret;
        return n != 0;
    }
    moon = str_ends(s, S("月份")) ? S("月份") : moon;
    if (str_ends(s, moon) && str_int(str_sub(s, 0, s.n - moon.n), &month) && s.n - moon.n <= 2 && month >= 1 && month <= 12) {
        *ret = str_printf(mem, "%lld-%02d", (long long)year, (int)month);
        return true;
    }
    return false;
}

static bool latin_rest(Arena *mem, int64_t year, Str s, Str *ret)
{
    int64_t month;
    if (s.n >= 2 && (s.p[0] == '-' || s.p[0] == '/' || s.p[0] == '.' || s.p[0] == ' ')) {
        s = str_sub(s, 1, s.n);
    }
    char c = s.n == 2 ? s.p[0] : '\0';
    if ((c == 'Q' || c == 'q') && s.p[1] >= '1' && s.p[1] <= '4') {
        *ret = str_printf(mem, "%lldQ%c", (long long)year, s.p[1]);
        return true;
    }
    if ((c == 'H' || c == 'h') && s.p[1] >= '1' && s.p[1] <= '2') {
        *ret = str_printf(mem, "%lldH%c", (long long)year, s.p[1]);
        return true;
    }
    if (s.n >= 1 && s.n <= 2 && str_int(s, &month) && month >= 1 && month <= 12) {
        *ret = str_printf(mem, "%lld-%02d", (long long)year, (int)month);
        return true;
    }
    return false;
}

bool period_parse(Arena *mem, Str text, Str *ret)
{
    Str s = str_replace(mem, str_narrow(mem, text), S(" "), S(""));
    int64_t year;
    if (s.n < 4 || s.n > 30 || !year_of(str_sub(s, 0, 4), &year)) {
        return false;
    }
    Str rest = str_sub(s, 4, s.n), nian = S("年");
    if (rest.n == 0) {
        *ret = str_dup(mem, s);
        return true;
    }
    if (str_starts(rest, nian)) {
        return chinese_rest(mem, year, str_sub(rest, nian.n, rest.n), ret);
    }
    bool bare = rest.p[0] >= '0' && rest.p[0] <= '9';
    return (!bare || rest.n == 2) && latin_rest(mem, year, rest, ret);
}

Str period_zh(Arena *mem, Str period)
{
    int64_t year, month;
    if (!year_of(str_sub(period, 0, 4), &year)) {
        return period;
    }
    if (period.n == 4) {
        return str_printf(mem, "%lld年", (long long)year);
    }
    char kind = period.p[4], digit = period.n > 5 ? period.p[5] : '\0';
    if (period.n == 6 && kind == 'Q') {
        return str_printf(mem, "%lld年第%c季度", (long long)year, digit);
    }
    if (period.n == 6 && kind == 'H') {
        return str_printf(mem, "%lld年%s", (long long)year, digit == '1' ? "上半年" : "下半年");
    }
    if (period.n == 7 && str_int(str_sub(period, 5, 2), &month)) {
        return str_printf(mem, "%lld年%d月", (long long)year, (int)month);
    }
    return period;
}
