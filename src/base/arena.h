/*
 * arena.h - memory with a lifetime: everything allocated from an arena is released at once.
 *
 * Four lifetimes are used: process, worker thread, request/job, scratch. An arena belongs to one thread at a time.
 * Allocation never returns NULL, so that no caller has to ask. Limits at the doors (body size, rows, nodes) keep input from
 * reaching the end of memory; who reaches it all the same is refused cleanly: the arena is then "short" (the system gave no more, so that a
 * small reserve of the process stepped in; or its maximum was passed), allocation goes on, and the next statement to the database, the
 * next write and the commit are refused (arena_short). Only when the reserve is used up, or twice the maximum, the process ends (status 70):
 * what was acknowledged is on the disk by then, and nothing of an open transaction is.
 */
#pragma once

#include "base/base.h"

typedef struct Arena Arena;

/* arena_new - a new arena; past `max_bytes` (0: 1 GiB) it is short. Release with arena_free. */
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

/* arena_short - is it short, and why? It stays so until it is reset or pardoned. */
typedef enum { ARENA_WELL, ARENA_NO_MEMORY, ARENA_PAST_MAX } ArenaState;
ArenaState arena_short(const Arena *a);

/* arena_pardon - as if nothing had happened, with a little room past the maximum: for the answer that tells of it. */
void arena_pardon(Arena *a);

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

/* ARRAY_ROOM - sees to it that items[n] exists: an array that is full is made twice as long. `items` (NULL at first) and `cap` (a size_t, 0 at
 * first) are variables, and are set. */
#define ARRAY_ROOM(arena, items, n, cap) ((items) = arena_room((arena), (items), (n), &(cap), sizeof *(items)))
void *arena_room(Arena *a, void *items, size_t n, size_t *cap, size_t size);
