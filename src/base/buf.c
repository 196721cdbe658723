/*
 * buf.c - see buf.h. Doubles its space inside the arena; grows in place while it is the arena's last allocation.
 */
#include "base/buf.h"

#include <stdio.h>

Buf buf_new(Arena *mem, size_t max_bytes)
{
    return (Buf){.mem = mem, .max = max_bytes};
}

/* Room for `more` bytes and a NUL; false when the maximum forbids it. */
static bool room(Buf *b, size_t more)
{
    if (b->full || more > b->max - b->n) {
        b->full = true;
        return false;
    }
    if (b->n + more + 1 > b->cap) {
        size_t cap = MAX(b->cap * 2, (size_t)256);
        cap = MAX(cap, b->n + more + 1);
        cap = MIN(cap, b->max + 1);
        b->p = arena_grow(b->mem, b->p, b->cap, cap);
        b->cap = cap;
    }
    return true;
}

void buf_add_bytes(Buf *b, const void *p, size_t n)
{
    if (n != 0 && room(b, n)) {
        memcpy(b->p + b->n, p, n);
        b->n += n;
    }
}

void buf_add(Buf *b, Str s)
{
    buf_add_bytes(b, s.p, s.n);
}

void buf_addc(Buf *b, char c)
{
    if (room(b, 1)) {
        b->p[b->n++] = c;
    }
}

void buf_printf(Buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    char small[128];
    int n = vsnprintf(small, sizeof small, fmt, ap);
    CHECK(n >= 0);
    if (room(b, (size_t)n)) {
        if ((size_t)n < sizeof small) {
            memcpy(b->p + b->n, small, (size_t)n);
        } else {
            vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        }
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(ap);
}

void buf_int(Buf *b, int64_t v)
{
    char tmp[24];
    size_t at = sizeof tmp;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        tmp[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u != 0);
    if (v < 0) {
        tmp[--at] = '-';
    }
    buf_add_bytes(b, tmp + at, sizeof tmp - at);
}

Str buf_str(Buf *b)
{
    if (b->p == NULL) {
        return S("");
    }
    b->p[b->n] = '\0';
    return str_n(b->p, b->n);
}
