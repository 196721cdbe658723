/*
 * copy_int.h - a walk over a table in the order of its key, for copy.c and copy_compare.c.
 */
#pragma once

#include "store/copy.h"

#define COPY_MAX_COLS 128 /* SQL_MAX_ARGS */
#define COPY_MAX_KEY 5

typedef struct {
    Str name;
    DbColumn *cols;
    size_t n;
    size_t key[COPY_MAX_KEY]; /* columns of the primary key, in its order; n_key 0: a table without one */
    size_t n_key;
    bool is_meta;
} CopyTable;

/* copy_tables - as `db` itself tells, in cx->mem. */
MUST_USE bool copy_tables(Cx *cx, Db *db, CopyTable **ret, size_t *ret_n);
/* copy_table - one of them; *ret_there false when there is none. */
MUST_USE bool copy_table(Cx *cx, Db *db, Str name, CopyTable *ret, bool *ret_there);

/* A place in the order of the key. */
typedef struct {
    bool set;
    int64_t i[COPY_MAX_KEY];
    char text[COPY_MAX_KEY][520];
    size_t len[COPY_MAX_KEY];
} CopyPlace;

typedef struct {
    Cx *cx;
    Db *db;
    const CopyTable *t;
    Arena *mem; /* of the present piece */
    Stmt *st;
    CopyPlace at; /* of the present row */
    int in_piece;
    bool over;
    DbValue row[COPY_MAX_COLS]; /* valid until the next step */
} Walk;

/* walk_begin - before the first row behind w->at (set it to go on from there). walk_next: *ret_row false at the end. walk_end: always. */
void walk_begin(Walk *w, Cx *cx, Db *db, const CopyTable *t);
MUST_USE bool walk_next(Walk *w, bool *ret_row);
void walk_end(Walk *w);

/* copy_count - rows of a table, as fast as the engine can. */
MUST_USE bool copy_count(Cx *cx, Db *db, const CopyTable *t, int64_t *ret);
