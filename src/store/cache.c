/*
 * cache.c - results of counting statements, kept until the record type changes.
 *
 * A list page asks for the same total and facet counts again and again; counting 100,000 rows costs more than the page.
 * An entry is valid for one version of its type, so it is never stale after a commit was acknowledged; where very many were counted it stands for
 * some seconds besides (count_kept_ms), or every page after every commit would count them all. Bounded: when full, it is emptied; entries are small.
 */
#include "store/internal.h"

#define SLOTS 1024
#define MAX_BYTES ((size_t)4 << 20)

typedef struct Slot {
    struct Slot *next;
    uint8_t key[32];
    uint64_t version;
    int64_t rows, counted_ms; /* how many records were counted, and when (monotonic) */
    int64_t recount_ms;       /* when somebody last set out to count them anew */
    size_t bytes;
    void *data;
} Slot;

struct CountCache {
    pthread_mutex_t lock;
    Arena *mem;
    Slot *slots[SLOTS];
};

struct CountCache *count_cache_new(Arena *mem)
{
    struct CountCache *c = NEW(mem, struct CountCache);
    pthread_mutex_init(&c->lock, NULL);
    c->mem = arena_new(2 * MAX_BYTES);
    return c;
}

void count_cache_free(struct CountCache *c)
{
    pthread_mutex_destroy(&c->lock);
    arena_free(c->mem);
}

static void key_of(const Sql *q, uint8_t key[32])
{
    Arena *mem = arena_new(1 << 20);
    Buf b = buf_new(mem, 1 << 19);
    buf_add(&b, str_n(q->text.p, q->text.n));
    for (int i = 0; i < q->n_args; i++) {
        buf_printf(&b, "|%d:%lld:%zu:", (int)q->args[i].kind, (long long)q->args[i].i, q->args[i].s.n);
        buf_add(&b, q->args[i].s);
    }
    sha256(b.p, b.n, key);
    arena_free(mem);
}

static Slot **find(struct CountCache *c, const uint8_t key[32])
{
    Slot **at = &c->slots[(key[0] | (unsigned)key[1] << 8) % SLOTS];
    while (*at != NULL && memcmp((*at)->key, key, 32) != 0) {
        at = &(*at)->next;
    }
    return at;
}

int64_t count_kept_ms(int64_t rows)
{
    return rows < COUNT_MANY ? 0 : MIN(rows / 100, (int64_t)60000);
}

bool count_cache_get(struct CountCache *c, const Sql *q, uint64_t version, int64_t now_ms, Arena *mem, void **ret, size_t *ret_bytes)
{
    uint8_t key[32];
    key_of(q, key);
    bool hit = false;
    pthread_mutex_lock(&c->lock);
    Slot *s = *find(c, key);
    int64_t stands = s != NULL ? count_kept_ms(s->rows) : 0;
    /* when its time is over one counts anew, and the others go on with it meanwhile */
    if (s != NULL && (s->version == version || now_ms - s->counted_ms < stands || (s->recount_ms != 0 && now_ms - s->recount_ms < stands))) {
        *ret = arena_alloc(mem, s->bytes);
        memcpy(*ret, s->data, s->bytes);
        *ret_bytes = s->bytes;
        hit = true;
    } else if (s != NULL) {
        s->recount_ms = now_ms;
    }
    pthread_mutex_unlock(&c->lock);
    return hit;
}

void count_cache_put(struct CountCache *c, const Sql *q, uint64_t version, int64_t now_ms, int64_t rows, const void *data, size_t bytes)
{
    uint8_t key[32];
    key_of(q, key);
    pthread_mutex_lock(&c->lock);
    if (arena_used(c->mem) + bytes + sizeof(Slot) > MAX_BYTES) {
        arena_reset(c->mem);
        memset(c->slots, 0, sizeof c->slots);
    }
    if (bytes < MAX_BYTES / 4) {
        Slot **at = find(c, key);
        if (*at == NULL) {
            *at = NEW(c->mem, Slot);
            memcpy((*at)->key, key, 32);
        }
        Slot *s = *at;
        if (s->bytes < bytes || s->data == NULL) {
            s->data = arena_alloc(c->mem, bytes);
        }
        memcpy(s->data, data, bytes);
        s->bytes = bytes;
        s->version = version;
        s->rows = rows;
        s->counted_ms = now_ms;
        s->recount_ms = 0;
    }
    pthread_mutex_unlock(&c->lock);
}
