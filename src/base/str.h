/*
 * str.h - text to read: a pointer and a length, passed by value, never owned, not always NUL-terminated.
 *
 * All text inside Tamga is valid UTF-8, checked once at the door (utf8_valid). Functions that make new text take an
 * arena; what they return is NUL-terminated one past its end, so that `.p` may be given to C libraries.
 */
#pragma once

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"

typedef struct {
    const char *p;
    size_t n;
} Str;

/* S("literal") as an expression, STR_INIT for static initialisers; use printf("%.*s", STRF(s)) to print. */
#define S(lit) ((Str){"" lit, sizeof(lit) - 1})
#define STR_INIT(lit) {"" lit, sizeof(lit) - 1}
#define STRF(s) (int)(s).n, (s).p

static inline Str str_n(const char *p, size_t n) { return (Str){p, n}; }
static inline Str str_c(const char *p) { return p != NULL ? (Str){p, strlen(p)} : (Str){"", 0}; }
static inline bool str_eq(Str a, Str b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }
static inline bool str_empty(Str s) { return s.n == 0; }

int str_cmp(Str a, Str b);                 /* bytewise order; <0, 0, >0 */
bool str_ieq(Str a, Str b);                /* equal, ASCII letters folded */
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
bool str_find(Str s, Str needle, size_t *ret_at); /* first place of needle; an empty needle is found at 0 */
bool str_contains(Str s, Str needle);
Str str_sub(Str s, size_t from, size_t n); /* clipped to s */
Str str_trim(Str s);                       /* without ASCII white space, NBSP and U+3000 at both ends */
bool str_cut(Str s, char sep, Str *ret_before, Str *ret_after); /* false: no sep, before = s, after empty */

Str str_dup(Arena *mem, Str s);            /* copy, NUL-terminated */
const char *str_z(Arena *mem, Str s);      /* the same as a C string */
Str str_lower(Arena *mem, Str s);          /* ASCII only */
Str str_printf(Arena *mem, const char *fmt, ...) PRINTF(2, 3);
Str str_vprintf(Arena *mem, const char *fmt, va_list ap) PRINTF(2, 0);
Str str_join(Arena *mem, const Str *parts, size_t n, Str sep);
Str str_replace(Arena *mem, Str s, Str from, Str to); /* every place; from must not be empty */

/* str_int - a whole decimal int64 (optional '-'), nothing around it. False (and *ret untouched) on anything else or overflow. */
bool str_int(Str s, int64_t *ret);

/* UTF-8. utf8_next reads one code point from valid text at *at and moves it; at the end it returns 0. */
bool utf8_valid(Str s);                    /* strict: no surrogates, no overlong, <= U+10FFFF, no NUL */
uint32_t utf8_next(Str s, size_t *at);
size_t utf8_len(Str s);                    /* code points */
size_t utf8_put(char out[4], uint32_t cp); /* bytes written */
Str utf8_cut(Str s, size_t max_chars);     /* the first max_chars code points */
bool utf8_is_han(uint32_t cp);             /* CJK ideographs incl. extensions */

/* str_narrow - full-width ASCII (U+FF01..FF5E) to ASCII, U+3000 and NBSP to a space, the rest unchanged; then trimmed.
 * What a person typed with a Chinese input method, as a machine wants it. */
Str str_narrow(Arena *mem, Str s);
