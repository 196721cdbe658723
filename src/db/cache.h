/*
 * cache.h - the prepared statements of one connection, found by their text. For db_impl.h only.
 *
 * An array of statements found by a hash of their text, in order of last use. A statement handed out is busy until it is
 * given back and is never thrown away; the least recently used idle one gives up its place. Texts are kept in buffers that
 * stay with the place, so that the memory has a bound.
 */
#pragma once

#include "db/driver.h"

#define CACHE_MAX 256
#define CACHE_HEADS 512

struct Stmt {
    Db *db;
    const DbDriver *drv;
    DriverStmt *raw;    /* NULL: the place is free */
    bool busy;
    bool failed;        /* a step failed since it was taken */
    bool stepped;       /* the first step was made, or needs no reach */
    bool ended;         /* stepped to the end or failed: another step would begin again */
    uint64_t hash;
    char *text;         /* as given to db_stmt, hooks unexpanded */
    size_t n, cap;
    Stmt *chain;        /* same head of the hash table */
    Stmt *newer, *older;
};

typedef struct {
    Arena *mem;
    Db *db;
    const DbDriver *drv;
    Stmt *places;       /* CACHE_MAX of them */
    Stmt *heads[CACHE_HEADS];
    Stmt *newest, *oldest;
    int n, n_busy;
} StmtCache;

void cache_init(StmtCache *c, Arena *mem, Db *db, const DbDriver *drv);
Stmt *cache_find(const StmtCache *c, Str sql);               /* NULL when absent */
Stmt *cache_put(StmtCache *c, Str sql, DriverStmt *raw);     /* takes raw; CHECKs that not every statement is in use */
void cache_take(StmtCache *c, Stmt *st);                     /* now busy, and the newest */
void cache_give_back(StmtCache *c, Stmt *st);
Stmt *cache_busy(const StmtCache *c);                        /* one that is in use; NULL: none */
void cache_clear(StmtCache *c, bool busy_too);               /* finalise the idle ones, or all */
