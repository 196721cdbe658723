/*
 * tlog_verify.c - proving the log: every entry hashed again, every node compared, every checkpoint ever given out made again.
 *
 * One pass over the entries with the open right edge of the tree (`edge`: at most one full subtree a level). What is stored is compared with what
 * comes out; checkpoints are met in the order of their sizes. A checkpoint signs the same bytes each time, so its whole text is compared.
 */
#include "store/tlog_int.h"

#include "base/date.h"
#include "fmt/doc.h"

#define FAULTS_SHOWN 100
#define LEVELS 48

typedef struct {
    Store *s;
    Buf text;
    int64_t entries, faults, nodes;
    uint8_t edge[LEVELS][32]; /* full subtrees of the entries so far; level k is used when bit k of their number is set */
    int64_t *sizes;           /* of the checkpoints, ascending */
    size_t n_sizes, at;
} Audit;

static void fault(Audit *c, const char *fmt, ...) PRINTF(2, 3);
static void fault(Audit *c, const char *fmt, ...)
{
    c->faults++;
    if (c->faults > FAULTS_SHOWN) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    buf_add(&c->text, str_vprintf(c->text.mem, fmt, ap));
    va_end(ap);
    buf_addc(&c->text, '\n');
}

static bool node_same(Cx *cx, Audit *c, int level, int64_t index, const uint8_t hash[32])
{
    int64_t n;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from tlog_node where level = ?1 and idx = ?2 and hash = ?3"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, level);
    stmt_int(st, 2, index);
    stmt_blob(st, 3, str_n((const char *)hash, 32));
    if (!stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    if (n != 1) {
        fault(c, "公开日志：第 %d 层第 %lld 个节点被改动或不见了", level, (long long)index);
    }
    c->nodes++;
    return true;
}

/* The entry's own text against the columns beside it and its stored hash. */
static void entry_same(Cx *cx, Audit *c, const LogEntry *e, const uint8_t leaf[32])
{
    Str why;
    const Doc *d = json_read(cx->mem, e->entry, &why);
    if (memcmp(leaf, e->leaf, 32) != 0) {
        fault(c, "公开日志：第 %lld 条被改动过，内容与指纹不符", (long long)e->index);
    }
    if (d == NULL || !str_eq(doc_get_str(d, "kind"), e->kind) || !str_eq(doc_get_str(d, "subject"), e->subject) ||
        !str_eq(doc_get_str(d, "time"), instant_iso(cx->mem, e->at_ms))) {
        fault(c, "公开日志：第 %lld 条的类别、对象或时间与原文不符", (long long)e->index);
    }
}

static bool take_leaf(Cx *cx, Audit *c, const uint8_t leaf[32])
{
    uint8_t h[32];
    memcpy(h, leaf, 32);
    int level = 0;
    for (; ((c->entries >> level) & 1) != 0; level++) {
        merkle_join(c->edge[level], h, h);
        if (!node_same(cx, c, level + 1, c->entries >> (level + 1), h)) {
            return false;
        }
    }
    CHECK(level < LEVELS);
    memcpy(c->edge[level], h, 32);
    c->entries++;
    return true;
}

static void root_now(const Audit *c, uint8_t ret[32])
{
    bool any = false;
    sha256("", 0, ret);
    for (int level = 0; level < LEVELS; level++) {
        if (((c->entries >> level) & 1) == 0) {
            continue;
        }
        if (any) {
            merkle_join(c->edge[level], ret, ret);
        } else {
            memcpy(ret, c->edge[level], 32);
        }
        any = true;
    }
}

/* The checkpoint of the size reached, if one was ever given out. */
static bool checkpoint_same(Cx *cx, Audit *c)
{
    if (c->at == c->n_sizes || c->sizes[c->at] != c->entries) {
        return true;
    }
    c->at++;
    uint8_t root[32];
    int64_t n;
    root_now(c, root);
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from tlog_checkpoint where size = ?1 and root = ?2 and note = ?3"));
    if (st == NULL) {
        return false;
    }
    Str note = note_signed(c->s, cx->mem, c->entries, root);
    stmt_int(st, 1, c->entries);
    stmt_blob(st, 2, str_n((const char *)root, 32));
    stmt_text(st, 3, note);
    if (!stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    if (n != 1) {
        fault(c, "公开日志：发布过的检查点（%lld 条）与现在的日志不符", (long long)c->entries);
    }
    return true;
}

static bool read_sizes(Cx *cx, Audit *c)
{
    int64_t n;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from tlog_checkpoint"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    c->sizes = NEW_ARRAY(cx->mem, int64_t, n + 1);
    st = db_stmt(cx, cx->db, SQL_ADMIN, S("select size from tlog_checkpoint order by size"));
    if (st == NULL) {
        return false;
    }
    while (c->n_sizes != (size_t)n && stmt_next(cx, st)) {
        c->sizes[c->n_sizes++] = stmt_col_int(st, 0);
    }
    return stmt_end(st);
}

static bool pass(Cx *cx, Audit *c)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S(TLOG_COLUMNS " order by idx"));
    Arena *mem = arena_new(0);
    Cx sub = *cx;
    sub.mem = mem;
    bool ok = st != NULL && checkpoint_same(&sub, c), row = false;
    int64_t expected = 0;
    while (ok && (ok = stmt_step(&sub, st, &row)) && row) {
        LogEntry e;
        uint8_t leaf[32];
        tlog_row(&sub, st, &e);
        if (e.index != expected) {
            fault(c, "公开日志：第 %lld 条不见了，接着是第 %lld 条", (long long)expected, (long long)e.index);
        }
        expected = e.index + 1;
        merkle_leaf(e.entry, leaf);
        entry_same(&sub, c, &e, leaf);
        ok = take_leaf(&sub, c, leaf) && checkpoint_same(&sub, c);
        arena_reset(mem);
    }
    if (st != NULL) {
        stmt_done(st);
    }
    if (!ok) {
        (void)fail(cx, sub.err, "%.*s", STRF(cx_text(&sub)));
    }
    arena_free(mem);
    return ok;
}

bool tlog_verify(Cx *cx, Store *s, int64_t *ret_entries, int64_t *ret_faults, Str *ret_report)
{
    Audit *c = NEW(cx->mem, Audit);
    int64_t size, nodes;
    c->s = s;
    c->text = buf_new(cx->mem, 1 << 20);
    if (!read_sizes(cx, c) || !pass(cx, c) || !tlog_size(cx, s, &size)) {
        return false;
    }
    if (size != c->entries) {
        fault(c, "公开日志：记载有 %lld 条，实有 %lld 条", (long long)size, (long long)c->entries);
    }
    for (; c->at < c->n_sizes; c->at++) {
        fault(c, "公开日志：发布过 %lld 条时的检查点，现在只有 %lld 条", (long long)c->sizes[c->at], (long long)c->entries);
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from tlog_node"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &nodes)) {
        return false;
    }
    if (nodes > c->nodes) {
        fault(c, "公开日志：多出 %lld 个节点，末尾的条目可能被删去", (long long)(nodes - c->nodes));
    }
    *ret_entries = c->entries;
    *ret_faults = c->faults;
    Buf all = buf_new(cx->mem, 4 << 20);
    buf_add(&all, *ret_report);
    buf_add(&all, buf_str(&c->text));
    *ret_report = buf_str(&all);
    return true;
}
