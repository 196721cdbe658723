/*
 * arena.h - memory with a lifetime: everything allocated from an arena is released at once.
 *
 * Four lifetimes are used: process, worker thread, request/job, scratch. An arena belongs to one thread at a time.
 * Allocation never returns NULL: out of memory ends the process, and limits at the doors (body size, rows, nodes)
 * keep input from causing it. An arena made with a maximum aborts as a bug when it is passed: check before.
 */
#pragma once

#include "base/base.h"

typedef struct Arena Arena;

/* arena_new - a new arena; `max_bytes` bounds what it may hold (0: 1 GiB). Release with arena_free. */
Arena *arena_new(size_t max_bytes);

/* arena_free - runs the deferred functions, last first, then releases all memory. NULL is allowed. */
void arena_free(Arena *a);

/* arena_reset - as arena_free, but the arena stays usable and keeps its first block. */
void arena_reset(Arena *a);

/* arena_alloc - `size` zeroed bytes aligned to 16. O(1). Lives as long as the arena. */
void *arena_alloc(Arena *a, size_t size);

/* arena_grow - a bigger copy of `old` (old_size bytes); in place when it was the last allocation. New bytes are zero. */
void *arena_grow(Arena *a, void *old, size_t old_size, size_t new_size);

/* arena_defer - call fn(arg) when the arena is reset or freed; for statements, files, sockets. */
void arena_defer(Arena *a, void (*fn)(void *), void *arg);

/* arena_used - bytes handed out since the last reset. */
size_t arena_used(const Arena *a);

/* A mark and a return to it, for scratch use inside a longer lifetime: what was allocated since is released.
 * Deferred functions registered since the mark run. */
typedef struct {
    void *block;
    size_t used;
    void *defers;
    size_t total;
} ArenaMark;
ArenaMark arena_mark(Arena *a);
void arena_release(Arena *a, ArenaMark mark);

#define NEW(arena, Type) ((Type *)arena_alloc((arena), sizeof(Type)))
#define NEW_ARRAY(arena, Type, n) ((Type *)arena_alloc_array((arena), sizeof(Type), (size_t)(n)))
void *arena_alloc_array(Arena *a, size_t size, size_t n);
