/*
 * held.c - see held.h. A list of 256 places, searched from its end: a transaction touches few homes, and mostly the one of before. When it is full, all of
 * it is written and forgotten.
 */
#include "store/held.h"

#include "store/absent.h"
#include "store/recent.h"

#define HELD_MAX 256
#define HELD_NAME 80
#define OPEN_MAX 8
#define OPEN_NAME 16

typedef struct {
    int64_t home;
    char name[HELD_NAME];
    size_t name_n; /* 0: a chain; else a counter, whose number is in end.seq */
    ChainEnd end;
    bool changed;
} Held;

/* A period that is open; type NULL: none. */
typedef struct {
    const RecordType *type;
    char period[OPEN_NAME];
    size_t n;
} Open;

struct HeldAll {
    Held items[HELD_MAX];
    size_t n;
    Open open[OPEN_MAX]; /* a ring: an import writes few periods, row after row */
    size_t next_open;
};

static bool read_chain(Cx *cx, Store *s, int64_t home, ChainEnd *ret)
{
    Stmt *st = db_stmt(cx, s->writer, SQL_HOME, S("select seq, hash from journal_head where home = ?1"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, home);
    if (!stmt_step(cx, st, &row)) {
        return false;
    }
    *ret = (ChainEnd){0};
    if (row) {
        ret->seq = stmt_col_int(st, 0);
        Str h = stmt_col_text(st, 1);
        memcpy(ret->hash, h.p, MIN(h.n, sizeof ret->hash));
    }
    stmt_done(st);
    return true;
}

static bool write_chain(Cx *cx, Store *s, int64_t home, const ChainEnd *end)
{
    Stmt *st = db_stmt(cx, s->writer, SQL_HOME,
                       S("insert into journal_head (home, seq, hash) values (?1, ?2, ?3)"
                         " on conflict (home) do update set seq = excluded.seq, hash = excluded.hash"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, home);
    stmt_int(st, 2, end->seq);
    stmt_blob(st, 3, str_n((const char *)end->hash, sizeof end->hash));
    return stmt_queue(cx, st);
}

static bool read_count(Cx *cx, Store *s, int64_t home, Str name, int64_t *ret)
{
    Stmt *st = db_stmt(cx, s->writer, SQL_HOME, S("select n from counter where home = ?1 and name = ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, home);
    stmt_text(st, 2, name);
    return stmt_one_int(cx, st, 0, ret);
}

static bool write_count(Cx *cx, Store *s, int64_t home, Str name, int64_t n)
{
    Stmt *st = db_stmt(cx, s->writer, SQL_HOME,
                       S("insert into counter (home, name, n) values (?1, ?2, ?3) on conflict (home, name) do update set n = excluded.n"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, home);
    stmt_text(st, 2, name);
    stmt_int(st, 3, n);
    return stmt_queue(cx, st);
}

/* The place of a chain (name empty) or a counter; NULL: not held. */
static Held *find(Store *s, int64_t home, Str name)
{
    struct HeldAll *all = s->held;
    CHECK(on_writer(s));
    for (size_t i = all->n; i > 0; i--) {
        Held *h = &all->items[i - 1];
        if (h->home == home && str_eq(str_n(h->name, h->name_n), name)) {
            return h;
        }
    }
    return NULL;
}

/* A new place, which counts once `n` is raised. */
static bool place(Cx *cx, Store *s, int64_t home, Str name, Held **ret)
{
    struct HeldAll *all = s->held;
    CHECK(name.n <= HELD_NAME);
    if (all->n == HELD_MAX) {
        if (!held_write(cx, s)) {
            return false;
        }
        all->n = 0;
    }
    Held *h = &all->items[all->n];
    *h = (Held){.home = home, .name_n = name.n};
    memcpy(h->name, name.p, name.n);
    *ret = h;
    return true;
}

bool held_chain(Cx *cx, Store *s, int64_t home, ChainEnd *ret)
{
    Held *h = find(s, home, S(""));
    if (h == NULL) {
        if (!place(cx, s, home, S(""), &h) || !read_chain(cx, s, home, &h->end)) {
            return false;
        }
        s->held->n++;
    }
    *ret = h->end;
    return true;
}

void held_chain_set(Store *s, int64_t home, const ChainEnd *end)
{
    Held *h = find(s, home, S(""));
    CHECK(h != NULL && end->seq == h->end.seq + 1);
    h->end = *end;
    h->changed = true;
}

bool held_count(Cx *cx, Store *s, int64_t home, Str name, int64_t *ret)
{
    Held *h = find(s, home, name);
    CHECK(name.n != 0);
    if (h == NULL) {
        if (!place(cx, s, home, name, &h) || !read_count(cx, s, home, name, &h->end.seq)) {
            return false;
        }
        s->held->n++;
    }
    h->changed = true;
    *ret = ++h->end.seq;
    return true;
}

bool held_open(const Store *s, const RecordType *t, Str period)
{
    for (size_t i = 0; on_writer(s) && i < OPEN_MAX; i++) {
        const Open *o = &s->held->open[i];
        if (o->type == t && str_eq(str_n(o->period, o->n), period)) {
            return true;
        }
    }
    return false;
}

void held_open_note(Store *s, const RecordType *t, Str period)
{
    if (on_writer(s) && period.n <= OPEN_NAME) {
        Open *o = &s->held->open[s->held->next_open++ % OPEN_MAX];
        *o = (Open){.type = t, .n = period.n};
        memcpy(o->period, period.p, period.n);
    }
}

void held_open_forget(Store *s)
{
    memset(s->held->open, 0, sizeof s->held->open);
}

bool held_write(Cx *cx, Store *s)
{
    for (size_t i = 0; on_writer(s) && i < s->held->n; i++) {
        Held *h = &s->held->items[i];
        bool ok = !h->changed || (h->name_n == 0 ? write_chain(cx, s, h->home, &h->end) : write_count(cx, s, h->home, str_n(h->name, h->name_n), h->end.seq));
        if (!ok) {
            return false;
        }
        h->changed = false;
    }
    return true;
}

void held_forget(Store *s)
{
    s->held->n = 0;
    held_open_forget(s);
    recent_forget(s);
    absent_forget(s);
}

void held_start(Store *s)
{
    s->held = NEW(s->mem, struct HeldAll);
    recent_start(s);
    absent_start(s);
}
