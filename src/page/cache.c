/*
 * cache.c - rendered public pages in memory, each with its gzip, keyed by address and variant.
 *
 * An entry notes which record types it was made from and their version counters as they stood BEFORE the handler read anything. The
 * store raises a counter before it acknowledges a commit, so a page found valid is never older than an acknowledged write. Where other processes
 * write too, what they did is asked for before an entry is judged (store_attach); without an answer nothing kept is served.
 * Entries are counted references: net may still be sending one that has been replaced. Each owns an arena.
 */
#include "base/clock.h"
#include "page/internal.h"
#include "store/shared.h"

#define SLOTS 4096
#define KEEP_MS (5 * 60 * 1000) /* pages may show today's date */

typedef struct Entry {
    struct Entry *next;
    Arena *mem;
    Str key, body, gzip, type, etag;
    int64_t made_ms, used_ms;
    size_t bytes, n_deps;
    struct {
        size_t index;
        uint64_t version;
    } *deps;
    _Atomic int refs;
} Entry;

struct PageCache {
    Arena *mem;
    pthread_rwlock_t lock;
    Entry *slots[SLOTS];
    size_t bytes, max_bytes;
};

PageCache *page_cache_new(size_t max_bytes)
{
    Arena *mem = arena_new(sizeof(PageCache) + (64 << 10));
    PageCache *c = NEW(mem, PageCache);
    c->mem = mem;
    pthread_rwlock_init(&c->lock, NULL);
    c->max_bytes = max_bytes;
    return c;
}

static void entry_drop(const void *ref)
{
    Entry *e = (Entry *)(uintptr_t)ref;
    if (atomic_fetch_sub(&e->refs, 1) == 1) {
        arena_free(e->mem);
    }
}

static void clear(PageCache *c)
{
    for (size_t i = 0; i < SLOTS; i++) {
        for (Entry *e = c->slots[i], *next; e != NULL; e = next) {
            next = e->next;
            entry_drop(e);
        }
        c->slots[i] = NULL;
    }
    c->bytes = 0;
}

void page_cache_free(PageCache *c)
{
    if (c != NULL) {
        clear(c);
        pthread_rwlock_destroy(&c->lock);
        arena_free(c->mem);
    }
}

static size_t slot_of(Str key)
{
    uint64_t h = 1469598103934665603u;
    for (size_t i = 0; i < key.n; i++) {
        h = (h ^ (unsigned char)key.p[i]) * 1099511628211u;
    }
    return (size_t)(h % SLOTS);
}

static Str key_of(const Exchange *x)
{
    return str_printf(x->rq.mem, "%c%c%c%.*s?%.*s", x->rq.wants_json ? 'j' : 'h', x->big ? 'b' : '-', x->contrast ? 'c' : '-',
                      STRF(x->rq.net->path), STRF(x->rq.net->query));
}

static bool valid(const Exchange *x, const Entry *e)
{
    if (clock_mono_ms() - e->made_ms > KEEP_MS) {
        return false;
    }
    for (size_t i = 0; i < e->n_deps; i++) {
        if (store_version(x->rq.store, (int32_t)e->deps[i].index) != e->deps[i].version) {
            return false;
        }
    }
    return true;
}

static void send(Exchange *x, Entry *e)
{
    Req *rq = &x->rq;
    req_header(rq, S("etag"), e->etag);
    req_header(rq, S("cache-control"), S("no-cache"));
    req_header(rq, S("vary"), S("accept, accept-encoding, cookie"));
    req_header(rq, S("content-type"), e->type);
    Str none = net_header(rq->net, S("if-none-match"));
    if (none.n != 0 && str_contains(none, e->etag)) {
        rq->status = 304;
        entry_drop(e);
        return;
    }
    bool zip = e->gzip.n != 0 && str_contains(net_header(rq->net, S("accept-encoding")), S("gzip"));
    if (zip) {
        req_header(rq, S("content-encoding"), S("gzip"));
    }
    rq->status = 200;
    x->resp->body = zip ? e->gzip : e->body;
    x->resp->body_ref = e;
    x->resp->body_release = entry_drop;
}

bool page_cache_answer(Exchange *x)
{
    PageCache *c = x->rq.site->cache;
    Str key = key_of(x);
    pthread_rwlock_rdlock(&c->lock);
    Entry *e = c->slots[slot_of(key)];
    while (e != NULL && !str_eq(e->key, key)) {
        e = e->next;
    }
    if (e != NULL) {
        atomic_fetch_add(&e->refs, 1);
    }
    pthread_rwlock_unlock(&c->lock);
    if (e == NULL) {
        return false;
    }
    if (store_shared(x->rq.store) && !store_attach(&x->rq.cx, x->rq.store)) {
        cx_clear(&x->rq.cx); /* the way without the cache will say so */
    } else if (valid(x, e)) {
        atomic_fetch_add_explicit(&x->rq.site->metrics.kept_hits, 1, memory_order_relaxed);
        send(x, e);
        return true;
    }
    entry_drop(e);
    return false;
}

static Entry *entry_make(Exchange *x, Str key, Str body, Str type)
{
    Arena *mem = arena_new(0);
    Entry *e = NEW(mem, Entry);
    e->mem = mem;
    e->key = str_dup(mem, key);
    e->body = str_dup(mem, body);
    e->gzip = gzip_bytes(mem, e->body, 6);
    e->type = str_dup(mem, type);
    e->made_ms = clock_mono_ms();
    atomic_store(&e->refs, 2); /* the cache's and the answer's */
    uint8_t sum[32];
    sha256(body.p, body.n, sum);
    e->etag = str_printf(mem, "\"%.*s\"", STRF(hex(mem, sum, 12)));
    size_t n = site_versions(x->rq.site);
    e->deps = arena_alloc_array(mem, sizeof *e->deps, n);
    for (size_t i = 0; i < n; i++) {
        if (x->reads[i]) {
            e->deps[e->n_deps].index = i;
            e->deps[e->n_deps++].version = x->seen[i];
        }
    }
    e->bytes = arena_used(mem);
    return e;
}

void page_cache_keep(Exchange *x, Str html, Str type)
{
    PageCache *c = x->rq.site->cache;
    atomic_fetch_add_explicit(&x->rq.site->metrics.kept_misses, 1, memory_order_relaxed);
    Entry *e = entry_make(x, key_of(x), html, type);
    pthread_rwlock_wrlock(&c->lock);
    Entry **at = &c->slots[slot_of(e->key)];
    while (*at != NULL && !str_eq((*at)->key, e->key)) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        Entry *old = *at;
        *at = old->next;
        c->bytes -= old->bytes;
        entry_drop(old);
    }
    if (c->bytes + e->bytes > c->max_bytes) { /* many odd addresses: start over rather than track ages */
        clear(c);
    }
    e->next = c->slots[slot_of(e->key)];
    c->slots[slot_of(e->key)] = e;
    c->bytes += e->bytes;
    pthread_rwlock_unlock(&c->lock);
    send(x, e);
}
