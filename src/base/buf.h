/*
 * buf.h - text or bytes being built, in an arena, with a maximum given when it is made.
 *
 * Writing past the maximum does not write: the buffer becomes `full` and stays so, and the maker checks once at the end.
 */
#pragma once

#include "base/str.h"

typedef struct {
    Arena *mem;
    char *p;
    size_t n, cap, max;
    bool full;
} Buf;

Buf buf_new(Arena *mem, size_t max_bytes);
void buf_add(Buf *b, Str s);
void buf_addc(Buf *b, char c);
void buf_add_bytes(Buf *b, const void *p, size_t n);
void buf_printf(Buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_int(Buf *b, int64_t v);
Str buf_str(Buf *b);                     /* what was built, NUL-terminated; valid until the next write */
static inline void buf_clear(Buf *b) { b->n = 0, b->full = false; }
