/*
 * verify_chain.c - recomputing the chains, as fast as the rows can be read.
 *
 * An entry is checked against the *stored* hash of the one before it, so entries can be checked in any order: the chains are cut into two halves
 * of as many entries, each read by a thread over its own connection. Rows are hashed from where the driver holds them; nothing is parsed or kept.
 * First the heads are read in one statement, with the end of each chain: entries that are added meanwhile lie behind them and are left alone.
 */
#include <pthread.h>

#include "store/chain.h"
#include "store/internal.h"

#define FAULTS_SHOWN 100
#define WORTH_A_THREAD 20000

void verify_fault(Report *r, const char *fmt, ...)
{
    r->counts.faults++;
    if (r->counts.faults > FAULTS_SHOWN) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    buf_add(&r->text, str_vprintf(r->text.mem, fmt, ap));
    va_end(ap);
    buf_addc(&r->text, '\n');
}

typedef struct {
    int64_t home, seq;           /* of the head */
    uint8_t hash[32];
    int64_t first, last;         /* of the entries; 0: none */
} Head;

typedef struct {
    Head *items;
    size_t n;
    int64_t entries;
} Heads;

static bool read_heads(Cx *cx, Heads *ret)
{
    *ret = (Heads){0};
    size_t cap = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S("select h.home, h.seq, h.hash, (select max(j.seq) from journal j where j.home = h.home),"
                         " (select min(j.seq) from journal j where j.home = h.home) from journal_head h order by h.home"));
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, ret->items, ret->n, cap);
        Head *h = &ret->items[ret->n++];
        Str hash = stmt_col_text(st, 2);
        *h = (Head){.home = stmt_col_int(st, 0), .seq = stmt_col_int(st, 1), .last = stmt_col_int(st, 3), .first = stmt_col_int(st, 4)};
        memcpy(h->hash, hash.p, MIN(hash.n, sizeof h->hash));
        ret->entries += MAX(h->seq, 0);
    }
    return stmt_end(st);
}

/* ---- a stretch of one chain ---- */

#define ROW_SELECT                                                                                                        \
    "select home, seq, at, user_id, record, rev, user_name, org, act, type, action, state_from, state_to, reason, source," \
    " body, hash from journal where home = ?1 and seq >= ?2 and seq <= ?3 order by seq"

typedef struct {
    Cx *cx;
    Buf scratch;
    Report *r;
} Reader;

/* One that is missing counts as zeros: what is behind it then does not fit, and is told. */
static bool hash_before(Cx *cx, int64_t home, int64_t seq, uint8_t ret[32])
{
    bool there;
    return journal_hash_stored(cx, home, seq, ret, &there);
}

/* One entry; `last` becomes its stored hash. */
static void check_row(Reader *x, Stmt *st, int64_t *seq, uint8_t last[32])
{
    int64_t ints[CHAIN_INTS];
    Str texts[CHAIN_TEXTS];
    uint8_t hash[32];
    for (int i = 0; i < CHAIN_INTS; i++) {
        ints[i] = stmt_col_int(st, i);
    }
    for (int i = 0; i < CHAIN_TEXTS; i++) {
        texts[i] = stmt_col_text(st, CHAIN_INTS + i);
    }
    if (ints[1] != *seq + 1) {
        verify_fault(x->r, "单位 %lld：第 %lld 条之后缺少记录，接着是第 %lld 条", (long long)ints[0], (long long)*seq, (long long)ints[1]);
    }
    chain_hash_parts(&x->scratch, last, ints, texts, hash);
    Str kept = stmt_col_text(st, CHAIN_INTS + CHAIN_TEXTS);
    if (kept.n != 32 || memcmp(hash, kept.p, 32) != 0) {
        verify_fault(x->r, "单位 %lld：第 %lld 条被改动过，内容与指纹不符", (long long)ints[0], (long long)ints[1]);
    }
    memset(last, 0, 32);
    memcpy(last, kept.p, MIN(kept.n, (size_t)32));
    *seq = ints[1];
    x->r->counts.events++;
}

static bool check_stretch(Reader *x, const Head *h, int64_t from, int64_t to)
{
    uint8_t last[32];
    int64_t seq = from - 1;
    if (!hash_before(x->cx, h->home, seq, last)) {
        return false;
    }
    Stmt *st = db_stmt(x->cx, x->cx->db, SQL_ADMIN, S(ROW_SELECT));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, h->home);
    stmt_int(st, 2, from);
    stmt_int(st, 3, to);
    while (stmt_next(x->cx, st)) {
        check_row(x, st, &seq, last);
    }
    if (!stmt_end(st)) {
        return false;
    }
    if (to < h->seq && seq != to) {
        verify_fault(x->r, "单位 %lld：第 %lld 条之后缺少记录", (long long)h->home, (long long)seq);
    }
    if (to == h->seq && (seq != to || memcmp(last, h->hash, 32) != 0 || h->last > h->seq || h->first != 1)) { /* of the moment the heads were read */
        verify_fault(x->r, "单位 %lld：链尾与记载不符（最后一条是第 %lld 条）", (long long)h->home, (long long)MAX(h->last, seq));
    }
    return true;
}

/* The entries number `from` up to `to` (not it), counted over all chains in their order. */
static bool check_part(Reader *x, const Heads *heads, int64_t from, int64_t to)
{
    int64_t at = 0;
    for (size_t i = 0; i < heads->n; i++) {
        const Head *h = &heads->items[i];
        int64_t n = MAX(h->seq, 0), lo = MAX(from - at, 0), hi = MIN(to - at, n);
        bool mine = lo < hi || (n == 0 && at >= from && at < to);
        if (mine && h->last != 0 && !check_stretch(x, h, lo + 1, n == 0 ? h->seq : hi)) {
            return false;
        }
        at += n;
    }
    return true;
}

/* ---- two threads ---- */

typedef struct {
    Cx cx;
    Report r;
    const Heads *heads;
    const char *url;
    int64_t from, to;
    bool ok;
} Half;

static void *second_half(void *arg)
{
    Half *h = arg;
    h->cx.db = db_open(&h->cx, h->url, DB_READ);
    Reader x = {.cx = &h->cx, .scratch = chain_scratch(h->cx.mem), .r = &h->r};
    h->ok = h->cx.db != NULL && check_part(&x, h->heads, h->from, h->to);
    db_close(h->cx.db);
    return NULL;
}

static bool check_all(Cx *cx, Store *s, int threads, const Heads *heads, Report *r)
{
    Reader x = {.cx = cx, .scratch = chain_scratch(cx->mem), .r = r};
    int64_t middle = heads->entries / 2;
    pthread_t thread;
    if (threads < 2 || heads->entries < WORTH_A_THREAD) {
        return check_part(&x, heads, 0, INT64_MAX);
    }
    Arena *mem = arena_new(0);
    Half half = {.heads = heads, .url = s->url.p, .from = middle, .to = INT64_MAX};
    cx_init(&half.cx, mem);
    half.r.text = buf_new(mem, 1 << 20);
    bool started = pthread_create(&thread, NULL, second_half, &half) == 0;
    bool ok = check_part(&x, heads, 0, started ? middle : INT64_MAX);
    if (started) {
        pthread_join(thread, NULL);
        r->counts.events += half.r.counts.events;
        r->counts.faults += half.r.counts.faults;
        buf_add(&r->text, buf_str(&half.r.text));
        ok = ok && (half.ok || fail(cx, half.cx.err, "%.*s", STRF(cx_text(&half.cx))));
    }
    arena_free(mem);
    return ok;
}

/* ---- one pass in the order of the file ---- */

/*
 * In a file the chains of many homes are interleaved; following one after the other reads every page once a chain. So the table is read as it
 * lies, in two halves, with the last entry of every chain at hand. This only sorts out what is sound: a chain that is not as it must be in any
 * way is left to check_stretch, which says what is wrong with it.
 */
typedef struct {
    int64_t first, last, n;      /* entries of the head's chain met in this half */
    uint8_t hash[32];            /* of the last one */
    bool odd;
} Met;

typedef struct {
    Cx cx;
    const Heads *heads;
    const char *url;
    int64_t from, to;
    Met *met;                    /* one a head */
    bool ok;
} Scan;

static const Head *head_of(const Heads *heads, int64_t home)
{
    size_t lo = 0, hi = heads->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (heads->items[mid].home < home) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < heads->n && heads->items[lo].home == home ? &heads->items[lo] : NULL;
}

static bool scan_row(Scan *x, Buf *scratch, Stmt *st)
{
    int64_t ints[CHAIN_INTS];
    Str texts[CHAIN_TEXTS];
    uint8_t hash[32];
    const Head *h = head_of(x->heads, stmt_col_int(st, 0));
    int64_t seq = stmt_col_int(st, 1);
    if (h == NULL || seq > h->seq) {
        return true; /* of a chain without a head, or newer than our look at the heads */
    }
    Met *m = &x->met[h - x->heads->items];
    if (m->n == 0) {
        m->first = seq;
        if (!hash_before(&x->cx, h->home, seq - 1, m->hash)) {
            return false;
        }
    } else if (seq != m->last + 1) {
        m->odd = true;
    }
    for (int i = 0; i < CHAIN_INTS; i++) {
        ints[i] = stmt_col_int(st, i);
    }
    for (int i = 0; i < CHAIN_TEXTS; i++) {
        texts[i] = stmt_col_text(st, CHAIN_INTS + i);
    }
    chain_hash_parts(scratch, m->hash, ints, texts, hash);
    Str kept = stmt_col_text(st, CHAIN_INTS + CHAIN_TEXTS);
    m->odd = m->odd || kept.n != 32 || memcmp(hash, kept.p, 32) != 0;
    memcpy(m->hash, kept.p, MIN(kept.n, (size_t)32));
    m->last = seq;
    m->n++;
    return true;
}

static bool scan(Scan *x)
{
    Buf scratch = chain_scratch(x->cx.mem);
    Stmt *st = db_stmt(&x->cx, x->cx.db, SQL_ADMIN,
                       S("select home, seq, at, user_id, record, rev, user_name, org, act, type, action, state_from, state_to, reason, source, body,"
                         " hash from journal where rowid >= ?1 and rowid < ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->from);
    stmt_int(st, 2, x->to);
    while (stmt_next(&x->cx, st)) {
        if (!scan_row(x, &scratch, st)) {
            stmt_done(st);
            return false;
        }
    }
    return stmt_end(st);
}

static void *scan_thread(void *arg)
{
    Scan *x = arg;
    x->cx.db = db_open(&x->cx, x->url, DB_READ);
    x->ok = x->cx.db != NULL && scan(x);
    db_close(x->cx.db);
    return NULL;
}

static bool is_sound(const Head *h, const Met *a, const Met *b)
{
    const Met *end = b->n != 0 ? b : a;
    bool joined = a->n == 0 ? b->first == 1 : a->first == 1 && (b->n == 0 || b->first == a->last + 1);
    return h->last != 0 && !a->odd && !b->odd && a->n + b->n == h->seq && joined && end->last == h->seq && memcmp(end->hash, h->hash, 32) == 0 &&
           h->first == 1 && h->last == h->seq;
}

static bool middle_of(Cx *cx, int64_t *ret)
{
    int64_t lo = 0, hi = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select min(rowid) from journal"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &lo) || (st = db_stmt(cx, cx->db, SQL_ADMIN, S("select max(rowid) from journal"))) == NULL ||
        !stmt_one_int(cx, st, 0, &hi)) {
        return false;
    }
    *ret = lo + (hi - lo) / 2 + 1;
    return true;
}

static bool check_file(Cx *cx, Store *s, int threads, const Heads *heads, Report *r)
{
    Reader x = {.cx = cx, .scratch = chain_scratch(cx->mem), .r = r};
    int64_t middle;
    pthread_t thread;
    if (!middle_of(cx, &middle)) {
        return false;
    }
    Arena *mem = arena_new(0);
    Scan one = {.cx = *cx, .heads = heads, .from = INT64_MIN, .to = INT64_MAX, .met = NEW_ARRAY(cx->mem, Met, heads->n + 1)};
    Scan two = {.heads = heads, .url = s->url.p, .from = middle, .to = INT64_MAX, .met = NEW_ARRAY(mem, Met, heads->n + 1)};
    cx_init(&two.cx, mem);
    bool started = threads > 1 && heads->entries >= WORTH_A_THREAD && pthread_create(&thread, NULL, scan_thread, &two) == 0;
    one.to = started ? middle : INT64_MAX;
    bool ok = scan(&one) || fail(cx, one.cx.err, "%.*s", STRF(cx_text(&one.cx)));
    if (started) {
        pthread_join(thread, NULL);
        ok = ok && (two.ok || fail(cx, two.cx.err, "%.*s", STRF(cx_text(&two.cx))));
    }
    for (size_t i = 0; ok && i < heads->n; i++) {
        const Head *h = &heads->items[i];
        if (is_sound(h, &one.met[i], &two.met[i])) {
            r->counts.events += h->seq;
        } else if (h->last != 0) {
            ok = check_stretch(&x, h, 1, h->seq);
        }
    }
    arena_free(mem);
    return ok;
}

/* Chains that have no head. */
static bool headless(Cx *cx, const Heads *heads, Report *r)
{
    for (int64_t home = INT64_MIN;;) {
        Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select home from journal where home > ?1 order by home limit 1"));
        if (st == NULL) {
            return false;
        }
        stmt_int(st, 1, home);
        if (!stmt_one_int(cx, st, INT64_MIN, &home)) {
            return false;
        }
        if (home == INT64_MIN) {
            return true;
        }
        bool has = false;
        for (size_t i = 0; i < heads->n && !has; i++) {
            has = heads->items[i].home == home;
        }
        int64_t now = 1; /* its first entry may have come while we read */
        st = has ? NULL : db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from journal_head where home = ?1"));
        if (!has) {
            if (st == NULL) {
                return false;
            }
            stmt_int(st, 1, home);
            if (!stmt_one_int(cx, st, 0, &now)) {
                return false;
            }
        }
        if (now == 0) {
            verify_fault(r, "单位 %lld：链尾与记载不符（没有链尾的记载）", (long long)home);
        }
    }
}

bool verify_chains(Cx *cx, Store *s, int threads, Report *r)
{
    Heads heads;
    int64_t lost = 0;
    if (!read_heads(cx, &heads) || !(db_is_file(cx->db) ? check_file : check_all)(cx, s, threads, &heads, r) || !headless(cx, &heads, r)) {
        return false;
    }
    for (size_t i = 0; i < heads.n; i++) {
        lost += heads.items[i].last == 0;
    }
    r->counts.homes = (int64_t)heads.n - lost;
    if (lost != 0) {
        verify_fault(r, "有 %lld 个单位的记录整条链都不见了", (long long)lost);
    }
    return true;
}
