/*
 * cache.c - a chained hash table over a fixed array of places, and a list of them from newest to oldest use.
 */
#include "db/cache.h"

/* Eight bytes at a time: statements are a kilobyte long, and looked for each time they are run. */
static uint64_t hash_of(Str s)
{
    uint64_t h = 0xcbf29ce484222325ULL ^ s.n;
    for (size_t i = 0; i < s.n; i += 8) {
        uint64_t w = 0;
        memcpy(&w, s.p + i, MIN(s.n - i, (size_t)8));
        h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
        h ^= h >> 29;
    }
    return h ^ (h >> 32);
}

void cache_init(StmtCache *c, Arena *mem, Db *db, const DbDriver *drv)
{
    *c = (StmtCache){.mem = mem, .db = db, .drv = drv, .places = NEW_ARRAY(mem, Stmt, CACHE_MAX)};
}

Stmt *cache_find(const StmtCache *c, Str sql)
{
    uint64_t h = hash_of(sql);
    for (Stmt *st = c->heads[h % CACHE_HEADS]; st != NULL; st = st->chain) {
        if (st->hash == h && str_eq(str_n(st->text, st->n), sql)) {
            return st;
        }
    }
    return NULL;
}

static void unlist(StmtCache *c, Stmt *st)
{
    *(st->newer != NULL ? &st->newer->older : &c->newest) = st->older;
    *(st->older != NULL ? &st->older->newer : &c->oldest) = st->newer;
    st->newer = st->older = NULL;
}

static void list_newest(StmtCache *c, Stmt *st)
{
    st->newer = NULL;
    st->older = c->newest;
    *(c->newest != NULL ? &c->newest->newer : &c->oldest) = st;
    c->newest = st;
}

static void drop(StmtCache *c, Stmt *st)
{
    Stmt **at = &c->heads[st->hash % CACHE_HEADS];
    while (*at != st) {
        at = &(*at)->chain;
    }
    *at = st->chain;
    unlist(c, st);
    c->drv->finalize(st->raw);
    st->raw = NULL;
    c->n--;
    c->n_busy -= st->busy;
    st->busy = false;
}

/* A free place: an unused one, or the oldest idle statement's. */
static Stmt *place(StmtCache *c)
{
    if (c->n == CACHE_MAX) {
        Stmt *st = c->oldest;
        while (st != NULL && st->busy) {
            st = st->newer;
        }
        CHECK(st != NULL); /* 256 statements in use at once: somebody forgets stmt_done */
        drop(c, st);
        return st;
    }
    for (int i = 0; i < CACHE_MAX; i++) {
        if (c->places[i].raw == NULL) {
            return &c->places[i];
        }
    }
    CHECK(false);
    return NULL;
}

Stmt *cache_put(StmtCache *c, Str sql, DriverStmt *raw)
{
    Stmt *st = place(c);
    if (sql.n > st->cap) {
        size_t cap = 256;
        while (cap < sql.n) {
            cap *= 2;
        }
        st->text = arena_alloc(c->mem, cap);
        st->cap = cap;
    }
    if (sql.n != 0) {
        memcpy(st->text, sql.p, sql.n);
    }
    st->db = c->db;
    st->drv = c->drv;
    st->raw = raw;
    st->n = sql.n;
    st->hash = hash_of(sql);
    st->chain = c->heads[st->hash % CACHE_HEADS];
    c->heads[st->hash % CACHE_HEADS] = st;
    list_newest(c, st);
    c->n++;
    return st;
}

void cache_take(StmtCache *c, Stmt *st)
{
    if (c->newest != st) {
        unlist(c, st);
        list_newest(c, st);
    }
    st->busy = true;
    st->ended = st->failed = st->stepped = false;
    c->n_busy++;
}

void cache_give_back(StmtCache *c, Stmt *st)
{
    st->busy = false;
    c->n_busy--;
}

Stmt *cache_busy(const StmtCache *c)
{
    for (int i = 0; i < CACHE_MAX && c->n_busy != 0; i++) {
        if (c->places[i].raw != NULL && c->places[i].busy) {
            return &c->places[i];
        }
    }
    return NULL;
}

void cache_clear(StmtCache *c, bool busy_too)
{
    for (int i = 0; i < CACHE_MAX; i++) {
        if (c->places[i].raw != NULL && (busy_too || !c->places[i].busy)) {
            drop(c, &c->places[i]);
        }
    }
}
