/*
 * map.c - see map.h. FNV-1a with a final mix; load factor at most 1/2.
 */
#include "base/map.h"

static uint64_t hash_of(Str key)
{
    uint64_t h = 1469598103934665603ULL;
    for (size_t i = 0; i < key.n; i++) {
        h = (h ^ (unsigned char)key.p[i]) * 1099511628211ULL;
    }
    return h ^ (h >> 29);
}

Map map_new(Arena *mem)
{
    return (Map){.mem = mem};
}

static uint32_t *find_slot(const Map *m, Str key)
{
    size_t mask = m->nslots - 1;
    for (size_t i = hash_of(key) & mask;; i = (i + 1) & mask) {
        uint32_t *s = &m->slots[i];
        if (*s == 0 || str_eq(m->entries[*s - 1].key, key)) {
            return s;
        }
    }
}

static void grow(Map *m)
{
    size_t cap = m->cap != 0 ? m->cap * 2 : 8;
    m->entries = arena_grow(m->mem, m->entries, m->cap * sizeof *m->entries, cap * sizeof *m->entries);
    m->cap = cap;
    m->nslots = cap * 2;
    m->slots = NEW_ARRAY(m->mem, uint32_t, m->nslots);
    for (size_t i = 0; i < m->n; i++) {
        *find_slot(m, m->entries[i].key) = (uint32_t)(i + 1);
    }
}

bool map_put(Map *m, Str key, void *value)
{
    if (m->n == m->cap) {
        grow(m);
    }
    uint32_t *s = find_slot(m, key);
    if (*s != 0) {
        return false;
    }
    m->entries[m->n].key = key;
    m->entries[m->n].value = value;
    *s = (uint32_t)(++m->n);
    return true;
}

void *map_get(const Map *m, Str key)
{
    if (m->n == 0) {
        return NULL;
    }
    uint32_t s = *find_slot(m, key);
    return s != 0 ? m->entries[s - 1].value : NULL;
}

bool map_has(const Map *m, Str key)
{
    return m->n != 0 && *find_slot(m, key) != 0;
}
