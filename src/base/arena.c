/*
 * arena.c - a chain of blocks, bumped forward; the newest block is first in the chain.
 *
 * Blocks double in size up to 1 MiB so that a small request costs one malloc and a big job few.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define FIRST_BLOCK ((size_t)8192)
#define LAST_BLOCK ((size_t)1 << 20)
#define DEFAULT_MAX ((size_t)1 << 30)

typedef struct Block {
    struct Block *next;
    size_t size;
    size_t used;
    alignas(16) unsigned char data[];
} Block;

typedef struct Defer {
    struct Defer *next;
    void (*fn)(void *);
    void *arg;
} Defer;

struct Arena {
    Block *head;
    Defer *defers;
    size_t max;
    size_t total;
    size_t next_size;
};

static void *must_malloc(size_t size)
{
    void *p = malloc(size);
    if (p == NULL) {
        log_fatal("out of memory: %zu bytes", size);
    }
    return p;
}

static void add_block(Arena *a, size_t need)
{
    size_t size = MAX(a->next_size, need);
    Block *b = must_malloc(sizeof(Block) + size);
    b->next = a->head;
    b->size = size;
    b->used = 0;
    a->head = b;
    a->next_size = MIN(a->next_size * 2, LAST_BLOCK);
}

Arena *arena_new(size_t max_bytes)
{
    Arena *a = must_malloc(sizeof *a);
    *a = (Arena){.max = max_bytes != 0 ? max_bytes : DEFAULT_MAX, .next_size = FIRST_BLOCK};
    add_block(a, 0);
    return a;
}

static void run_defers(Arena *a, const Defer *until)
{
    while (a->defers != until) {
        Defer *d = a->defers;
        a->defers = d->next;
        d->fn(d->arg);
    }
}

static void drop_blocks(Arena *a, const Block *until)
{
    while (a->head != until) {
        Block *b = a->head;
        a->head = b->next;
        free(b);
    }
}

void arena_free(Arena *a)
{
    if (a == NULL) {
        return;
    }
    run_defers(a, NULL);
    drop_blocks(a, NULL);
    free(a);
}

void arena_reset(Arena *a)
{
    run_defers(a, NULL);
    while (a->head->next != NULL) {
        Block *b = a->head;
        a->head = b->next;
        free(b);
    }
    a->head->used = 0;
    a->total = 0;
    a->next_size = MIN(a->head->size * 2, LAST_BLOCK);
}

void *arena_alloc(Arena *a, size_t size)
{
    CHECK(size <= a->max);
    size_t n = (size + 15) & ~(size_t)15;
    if (n == 0) {
        n = 16;
    }
    CHECK(a->total + n <= a->max);
    if (a->head->size - a->head->used < n) {
        add_block(a, n);
    }
    void *p = a->head->data + a->head->used;
    a->head->used += n;
    a->total += n;
    memset(p, 0, n);
    return p;
}

void *arena_alloc_array(Arena *a, size_t size, size_t n)
{
    size_t bytes;
    CHECK(!__builtin_mul_overflow(size, n, &bytes));
    return arena_alloc(a, bytes);
}

void *arena_grow(Arena *a, void *old, size_t old_size, size_t new_size)
{
    CHECK(new_size >= old_size && new_size <= a->max);
    size_t old_n = (old_size + 15) & ~(size_t)15;
    size_t new_n = (new_size + 15) & ~(size_t)15;
    Block *b = a->head;
    if (old != NULL && old_n != 0 && (unsigned char *)old + old_n == b->data + b->used &&
        (unsigned char *)old >= b->data && b->size - b->used >= new_n - old_n) {
        CHECK(a->total + (new_n - old_n) <= a->max);
        memset((unsigned char *)old + old_size, 0, new_n - old_size);
        b->used += new_n - old_n;
        a->total += new_n - old_n;
        return old;
    }
    void *p = arena_alloc(a, new_size);
    if (old_size != 0) {
        memcpy(p, old, old_size);
    }
    return p;
}

void arena_defer(Arena *a, void (*fn)(void *), void *arg)
{
    Defer *d = arena_alloc(a, sizeof *d);
    *d = (Defer){.next = a->defers, .fn = fn, .arg = arg};
    a->defers = d;
}

size_t arena_used(const Arena *a)
{
    return a->total;
}

ArenaMark arena_mark(Arena *a)
{
    return (ArenaMark){.block = a->head, .used = a->head->used, .defers = a->defers, .total = a->total};
}

void arena_release(Arena *a, ArenaMark mark)
{
    run_defers(a, mark.defers);
    drop_blocks(a, mark.block);
    a->head->used = mark.used;
    a->total = mark.total;
}
