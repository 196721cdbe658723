/*
 * map.h - a hash map from text to a pointer, in an arena; keys are not copied and must outlive the map.
 *
 * Open addressing, insertion order kept for iteration (map_at). No removal: maps here are built once and read.
 */
#pragma once

#include "base/str.h"

typedef struct {
    Arena *mem;
    struct MapEntry {
        Str key;
        void *value;
    } *entries;
    uint32_t *slots; /* index + 1 into entries, 0 = free */
    size_t n, cap, nslots;
} Map;

Map map_new(Arena *mem);
bool map_put(Map *m, Str key, void *value); /* false: the key was there, nothing changed */
void *map_get(const Map *m, Str key);       /* NULL when absent */
bool map_has(const Map *m, Str key);
