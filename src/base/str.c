/*
 * str.c - see str.h. Plain loops; nothing here is on a hot path but str_eq, which is in the header.
 */
#include "base/str.h"

#include <stdio.h>

int str_cmp(Str a, Str b)
{
    size_t n = MIN(a.n, b.n);
    int d = n != 0 ? memcmp(a.p, b.p, n) : 0;
    if (d != 0) {
        return d;
    }
    return a.n < b.n ? -1 : a.n > b.n ? 1 : 0;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_ieq(Str a, Str b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (fold(a.p[i]) != fold(b.p[i])) {
            return false;
        }
    }
    return true;
}

bool str_starts(Str s, Str prefix)
{
    return s.n >= prefix.n && str_eq(str_n(s.p, prefix.n), prefix);
}

bool str_ends(Str s, Str suffix)
{
    return s.n >= suffix.n && str_eq(str_n(s.p + s.n - suffix.n, suffix.n), suffix);
}

bool str_find(Str s, Str needle, size_t *ret_at)
{
    if (needle.n == 0) {
        *ret_at = 0;
        return true;
    }
    if (s.n < needle.n) {
        return false;
    }
    const char *hit = memmem(s.p, s.n, needle.p, needle.n);
    if (hit == NULL) {
        return false;
    }
    *ret_at = (size_t)(hit - s.p);
    return true;
}

bool str_contains(Str s, Str needle)
{
    size_t at;
    return str_find(s, needle, &at);
}

Str str_sub(Str s, size_t from, size_t n)
{
    if (from >= s.n) {
        return str_n(s.n != 0 ? s.p + s.n : s.p, 0); /* no arithmetic on the null pointer of an empty Str */
    }
    return str_n(s.p + from, MIN(n, s.n - from));
}

/* Bytes of white space at p (ASCII, NBSP C2 A0, ideographic space E3 80 80), 0 when none. */
static size_t space_at(const char *p, size_t n)
{
    if (n >= 1 && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) {
        return 1;
    }
    if (n >= 2 && memcmp(p, "\xC2\xA0", 2) == 0) {
        return 2;
    }
    if (n >= 3 && memcmp(p, "\xE3\x80\x80", 3) == 0) {
        return 3;
    }
    return 0;
}

Str str_trim(Str s)
{
    for (size_t k; s.n != 0 && (k = space_at(s.p, s.n)) != 0;) {
        s = str_n(s.p + k, s.n - k);
    }
    for (;;) {
        size_t k = 0;
        for (size_t w = 1; w <= 3 && w <= s.n && k == 0; w++) {
            if (space_at(s.p + s.n - w, w) == w) {
                k = w;
            }
        }
        if (k == 0) {
            return s;
        }
        s.n -= k;
    }
}

bool str_cut(Str s, char sep, Str *ret_before, Str *ret_after)
{
    const char *hit = s.n != 0 ? memchr(s.p, sep, s.n) : NULL;
    if (hit == NULL) {
        *ret_before = s;
        *ret_after = str_sub(s, s.n, 0);
        return false;
    }
    size_t at = (size_t)(hit - s.p);
    *ret_before = str_n(s.p, at);
    *ret_after = str_n(hit + 1, s.n - at - 1);
    return true;
}

Str str_dup(Arena *mem, Str s)
{
    char *p = arena_alloc(mem, s.n + 1);
    if (s.n != 0) {
        memcpy(p, s.p, s.n);
    }
    return str_n(p, s.n);
}

const char *str_z(Arena *mem, Str s)
{
    return str_dup(mem, s).p;
}

Str str_lower(Arena *mem, Str s)
{
    char *p = arena_alloc(mem, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        p[i] = fold(s.p[i]);
    }
    return str_n(p, s.n);
}

Str str_vprintf(Arena *mem, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    CHECK(n >= 0);
    char *p = arena_alloc(mem, (size_t)n + 1);
    if ((size_t)n < sizeof small) {
        memcpy(p, small, (size_t)n);
    } else {
        vsnprintf(p, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    return str_n(p, (size_t)n);
}

Str str_printf(Arena *mem, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    Str s = str_vprintf(mem, fmt, ap);
    va_end(ap);
    return s;
}

Str str_join(Arena *mem, const Str *parts, size_t n, Str sep)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += parts[i].n + (i != 0 ? sep.n : 0);
    }
    char *p = arena_alloc(mem, total + 1);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (i != 0 && sep.n != 0) {
            memcpy(p + at, sep.p, sep.n);
            at += sep.n;
        }
        if (parts[i].n != 0) {
            memcpy(p + at, parts[i].p, parts[i].n);
            at += parts[i].n;
        }
    }
    return str_n(p, total);
}

Str str_replace(Arena *mem, Str s, Str from, Str to)
{
    CHECK(from.n != 0);
    size_t hits = 0, at;
    for (Str rest = s; str_find(rest, from, &at); hits++) {
        rest = str_sub(rest, at + from.n, rest.n);
    }
    size_t total = s.n - hits * from.n + hits * to.n;
    char *p = arena_alloc(mem, total + 1), *w = p;
    Str rest = s;
    while (str_find(rest, from, &at)) {
        memcpy(w, rest.p, at);
        w += at;
        if (to.n != 0) {
            memcpy(w, to.p, to.n);
            w += to.n;
        }
        rest = str_sub(rest, at + from.n, rest.n);
    }
    if (rest.n != 0) {
        memcpy(w, rest.p, rest.n);
    }
    return str_n(p, total);
}

bool str_int(Str s, int64_t *ret)
{
    bool neg = s.n != 0 && s.p[0] == '-';
    size_t i = neg ? 1 : 0;
    if (i == s.n || s.n - i > 19) {
        return false;
    }
    int64_t v = 0;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
        int digit = s.p[i] - '0';
        if (__builtin_mul_overflow(v, (int64_t)10, &v) ||
            (neg ? __builtin_sub_overflow(v, (int64_t)digit, &v) : __builtin_add_overflow(v, (int64_t)digit, &v))) {
            return false;
        }
    }
    *ret = v;
    return true;
}

bool utf8_valid(Str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    while (i < s.n) {
        unsigned c = p[i];
        size_t more;
        uint32_t cp, least;
        if (c == 0) {
            return false;
        }
        if (c < 0x80) {
            i++;
            continue;
        }
        if (c >= 0xC2 && c <= 0xDF) {
            more = 1, cp = c & 0x1F, least = 0x80;
        } else if ((c & 0xF0) == 0xE0) {
            more = 2, cp = c & 0x0F, least = 0x800;
        } else if (c >= 0xF0 && c <= 0xF4) {
            more = 3, cp = c & 0x07, least = 0x10000;
        } else {
            return false;
        }
        if (s.n - i <= more) {
            return false;
        }
        for (size_t k = 1; k <= more; k++) {
            if ((p[i + k] & 0xC0) != 0x80) {
                return false;
            }
            cp = (cp << 6) | (p[i + k] & 0x3FU);
        }
        if (cp < least || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

uint32_t utf8_next(Str s, size_t *at)
{
    if (*at >= s.n) {
        return 0;
    }
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t left = s.n - *at;
    if (p[0] < 0x80) {
        *at += 1;
        return p[0];
    }
    if (p[0] < 0xE0 && left >= 2) {
        *at += 2;
        return ((p[0] & 0x1FU) << 6) | (p[1] & 0x3FU);
    }
    if (p[0] < 0xF0 && left >= 3) {
        *at += 3;
        return ((p[0] & 0x0FU) << 12) | ((p[1] & 0x3FU) << 6) | (p[2] & 0x3FU);
    }
    if (left >= 4) {
        *at += 4;
        return ((p[0] & 0x07U) << 18) | ((p[1] & 0x3FU) << 12) | ((p[2] & 0x3FU) << 6) | (p[3] & 0x3FU);
    }
    *at = s.n;
    return 0xFFFD;
}

size_t utf8_len(Str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    }
    return n;
}

size_t utf8_put(char out[4], uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | (cp >> 6));
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | (cp >> 12));
        out[1] = (char)(0x80 | ((cp >> 6) & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (cp >> 18));
    out[1] = (char)(0x80 | ((cp >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((cp >> 6) & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

Str utf8_cut(Str s, size_t max_chars)
{
    size_t at = 0;
    for (size_t k = 0; k < max_chars && at < s.n; k++) {
        utf8_next(s, &at);
    }
    return str_n(s.p, at);
}

bool utf8_is_han(uint32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF) || (cp >= 0x20000 && cp <= 0x323AF) ||
           (cp >= 0xF900 && cp <= 0xFAFF) || cp == 0x3007;
}

Str str_narrow(Arena *mem, Str s)
{
    char *p = arena_alloc(mem, s.n + 4); /* a character cut off at the end becomes U+FFFD, which may be two bytes longer */
    size_t w = 0;
    for (size_t at = 0; at < s.n;) {
        uint32_t cp = utf8_next(s, &at);
        if (cp >= 0xFF01 && cp <= 0xFF5E) {
            cp = cp - 0xFF01 + 0x21;
        } else if (cp == 0x3000 || cp == 0xA0) {
            cp = ' ';
        }
        w += utf8_put(p + w, cp); /* else never longer than what was read */
    }
    return str_dup(mem, str_trim(str_n(p, w)));
}
