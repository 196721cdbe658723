/*
 * arena.c - a chain of blocks, bumped forward; the newest block is first in the chain.
 *
 * Blocks double in size up to 1 MiB so that a small request costs one malloc and a big job few. When malloc fails, a block comes from a
 * reserve in pages of the program itself; see arena.h for what follows.
 */
#include "base/arena.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define FIRST_BLOCK ((size_t)8192)
#define LAST_BLOCK ((size_t)1 << 20)
#define DEFAULT_MAX ((size_t)1 << 30)
#define PARDON ((size_t)1 << 20) /* for an answer that tells of the limit */
#define PAGE ((size_t)16384)
#define PAGES 256

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
    size_t max, pardon; /* pardon: room past the maximum, until it is reset */
    size_t total;
    size_t next_size;
    ArenaState state;
};

/* ---- the reserve: runs of pages, first fit ---- */

static struct {
    pthread_mutex_t lock;
    uint16_t run[PAGES]; /* pages of the run that begins here; 0: free, or inside a run */
    alignas(16) unsigned char pages[PAGES][PAGE];
} reserve = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *reserve_take(size_t size)
{
    size_t want = (size + PAGE - 1) / PAGE, at = 0, end;
    void *p = NULL;
    pthread_mutex_lock(&reserve.lock);
    while (p == NULL && at + want <= PAGES) {
        for (end = at; end < at + want && reserve.run[end] == 0; end++) {
        }
        if (end == at + want) {
            reserve.run[at] = (uint16_t)want;
            p = reserve.pages[at];
        } else {
            at = end + reserve.run[end];
        }
    }
    pthread_mutex_unlock(&reserve.lock);
    if (p == NULL) {
        log_fatal("out of memory: %zu bytes", size);
    }
    return p;
}

static void give_back(void *p)
{
    unsigned char *at = p;
    if (at < reserve.pages[0] || at >= reserve.pages[PAGES - 1] + PAGE) {
        free(p);
        return;
    }
    pthread_mutex_lock(&reserve.lock);
    reserve.run[(size_t)(at - reserve.pages[0]) / PAGE] = 0;
    pthread_mutex_unlock(&reserve.lock);
}

/* ---- arenas ---- */

#ifdef ARENA_FAULT /* a test build: test/fault/inject.c decides which allocation finds its arena full */
bool arena_fault(void);
#else
static bool arena_fault(void)
{
    return false;
}
#endif

static void became_short(Arena *a, ArenaState why)
{
    if (a->state == ARENA_WELL) {
        log_warn("memory: %s (%zu bytes in use)", why == ARENA_PAST_MAX ? "an arena passed its maximum" : "the system gives no more", a->total);
        a->state = why;
    }
}

static void add_block(Arena *a, size_t need)
{
    size_t size = MAX(a->next_size, need);
    Block *b = malloc(sizeof(Block) + size);
    if (b == NULL) {
        size = (MAX(need, FIRST_BLOCK) + sizeof(Block) + PAGE - 1) / PAGE * PAGE - sizeof(Block);
        b = reserve_take(sizeof(Block) + size);
        became_short(a, ARENA_NO_MEMORY);
    }
    b->next = a->head;
    b->size = size;
    b->used = 0;
    a->head = b;
    a->next_size = MIN(a->next_size * 2, LAST_BLOCK);
}

Arena *arena_new(size_t max_bytes)
{
    Arena *a = malloc(sizeof *a);
    if (a == NULL) {
        a = reserve_take(sizeof *a);
    }
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
        give_back(b);
    }
}

void arena_free(Arena *a)
{
    if (a == NULL) {
        return;
    }
    run_defers(a, NULL);
    drop_blocks(a, NULL);
    give_back(a);
}

void arena_reset(Arena *a)
{
    run_defers(a, NULL);
    while (a->head->next != NULL) {
        Block *b = a->head;
        a->head = b->next;
        give_back(b);
    }
    a->head->used = 0;
    a->total = a->pardon = 0;
    a->state = ARENA_WELL;
    a->next_size = MIN(a->head->size * 2, LAST_BLOCK);
}

/* `more` bytes count. Past the maximum the arena is short; twice that, or a size nobody can mean, is a bug. */
static void account(Arena *a, size_t more)
{
    a->total += more;
    CHECK(a->total <= 2 * (a->max + PARDON));
    if (a->total > a->max + a->pardon || arena_fault()) {
        became_short(a, ARENA_PAST_MAX);
    }
}

void *arena_alloc(Arena *a, size_t size)
{
    CHECK(size <= SIZE_MAX / 4);
    size_t n = (size + 15) & ~(size_t)15;
    if (n == 0) {
        n = 16;
    }
    account(a, n);
    if (a->head->size - a->head->used < n) {
        add_block(a, n);
    }
    void *p = a->head->data + a->head->used;
    a->head->used += n;
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
    CHECK(new_size >= old_size && new_size <= SIZE_MAX / 4);
    size_t old_n = (old_size + 15) & ~(size_t)15;
    size_t new_n = (new_size + 15) & ~(size_t)15;
    Block *b = a->head;
    if (old != NULL && old_n != 0 && (unsigned char *)old + old_n == b->data + b->used &&
        (unsigned char *)old >= b->data && b->size - b->used >= new_n - old_n) {
        account(a, new_n - old_n);
        memset((unsigned char *)old + old_size, 0, new_n - old_size);
        b->used += new_n - old_n;
        return old;
    }
    void *p = arena_alloc(a, new_size);
    if (old_size != 0) {
        memcpy(p, old, old_size);
    }
    return p;
}

void *arena_room(Arena *a, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) {
        return items;
    }
    size_t more = *cap != 0 ? *cap * 2 : 16;
    items = arena_grow(a, items, *cap * size, more * size);
    *cap = more;
    return items;
}

void arena_defer(Arena *a, void (*fn)(void *), void *arg)
{
    Defer *d = arena_alloc(a, sizeof *d);
    *d = (Defer){.next = a->defers, .fn = fn, .arg = arg};
    a->defers = d;
}

ArenaState arena_short(const Arena *a)
{
    return a->state;
}

void arena_pardon(Arena *a)
{
    a->state = ARENA_WELL;
    a->pardon = a->total + PARDON > a->max ? a->total + PARDON - a->max : 0;
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
