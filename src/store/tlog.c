/*
 * tlog.c - see tlog.h. Tables: tlog_entry (the entries), tlog_node (hashes of full subtrees, level 1 and up), tlog_checkpoint (notes by size) and
 * tlog_head (one row: the size). The body stands inside the entry and is read out of it.
 */
#include "store/tlog_int.h"

#include "base/date.h"
#include "fmt/doc.h"

#define BODY_MAX ((size_t)64 << 10)
#define WORD_MAX 100
#define OF_MAX 1000

static const char TABLES[] =
    "create table if not exists tlog_entry (idx integer not null primary key, at integer not null, kind text not null,"
    " subject text not null, entry text not null, leaf blob not null){strict};"
    "create index if not exists tlog_subject on tlog_entry (subject, idx);"
    "create table if not exists tlog_node (level integer not null, idx integer not null, hash blob not null,"
    " primary key (level, idx)){strict};"
    "create table if not exists tlog_checkpoint (size integer not null primary key, root blob not null, at integer not null,"
    " note text not null){strict};"
    "create table if not exists tlog_head (one integer not null primary key, size integer not null){strict};";

bool tlog_tables(Cx *cx, Db *db)
{
    return db_script(cx, db, TABLES);
}

/* ---- nodes ---- */

static bool read_hash(Cx *cx, Stmt *st, uint8_t ret[32], bool *ret_found)
{
    bool row = false;
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    Str h = row ? stmt_col_text(st, 0) : S("");
    *ret_found = h.n == 32;
    if (*ret_found) {
        memcpy(ret, h.p, 32);
    }
    stmt_done(st);
    return true;
}

static bool stored_node(Cx *cx, void *ctx, int level, int64_t index, uint8_t ret[32])
{
    Stmt *st;
    bool found;
    (void)ctx;
    if (level == 0) {
        st = db_stmt(cx, cx->db, SQL_ROLLUP, S("select leaf from tlog_entry where idx = ?1"));
    } else {
        st = db_stmt(cx, cx->db, SQL_ROLLUP, S("select hash from tlog_node where idx = ?1 and level = ?2"));
    }
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, index);
    if (level != 0) {
        stmt_int(st, 2, level);
    }
    if (!read_hash(cx, st, ret, &found)) {
        return false;
    }
    return found ? true : fail(cx, E_DATA, "公开日志缺少一个节点（第 %d 层第 %lld 个），请运行 tamga verify", level, (long long)index);
}

static const MerkleTree TREE = {stored_node, NULL};

static bool add_node(Cx *cx, int level, int64_t index, const uint8_t h[32])
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S("insert into tlog_node (level, idx, hash) values (?1, ?2, ?3)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, level);
    stmt_int(st, 2, index);
    stmt_blob(st, 3, str_n((const char *)h, 32));
    return stmt_run(cx, st);
}

/* Leaf `index` completes a subtree at each level while the bits below are all ones. */
static bool add_nodes(Cx *cx, int64_t index, const uint8_t leaf[32])
{
    uint8_t h[32], left[32];
    memcpy(h, leaf, 32);
    for (int level = 0; ((index >> level) & 1) != 0; level++) {
        if (!stored_node(cx, NULL, level, (index >> level) - 1, left)) {
            return false;
        }
        merkle_join(left, h, h);
        if (!add_node(cx, level + 1, index >> (level + 1), h)) {
            return false;
        }
    }
    return true;
}

/* ---- entries ---- */

bool entry_text(Cx *cx, Str kind, Str subject, int64_t at_ms, Str body, Str *ret)
{
    Str why;
    Doc *d = json_read(cx->mem, body, &why);
    if (d == NULL || body.n > BODY_MAX) {
        return fail(cx, E_INVALID, "公开日志的内容应是不超过 64 KiB 的 JSON");
    }
    Doc *o = doc_obj(cx->mem);
    doc_set_str(o, "kind", kind);
    doc_set_str(o, "subject", subject);
    doc_set_str(o, "time", instant_iso(cx->mem, at_ms));
    doc_set_doc(o, "body", d);
    *ret = json_canonical(cx->mem, o);
    return true;
}

static bool write_size(Cx *cx, int64_t size)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S("insert into tlog_head (one, size) values (1, ?1)"
                                                 " on conflict (one) do update set size = excluded.size"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, size);
    return stmt_run(cx, st);
}

bool tlog_add(Cx *cx, Store *s, Str kind, Str subject, Str body, int64_t *ret_index)
{
    CHECK(on_writer(s));
    Str entry;
    int64_t n;
    uint8_t leaf[32];
    if (kind.n == 0 || kind.n > WORD_MAX || subject.n == 0 || subject.n > WORD_MAX) {
        return fail(cx, E_INVALID, "公开日志的类别和对象不能为空，也不能超过 %d 字节", WORD_MAX);
    }
    if (!entry_text(cx, kind, subject, cx->now_ms, body, &entry) || !tlog_size(cx, s, &n)) {
        return false;
    }
    merkle_leaf(entry, leaf);
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP,
                       S("insert into tlog_entry (idx, at, kind, subject, entry, leaf) values (?1, ?2, ?3, ?4, ?5, ?6)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, n);
    stmt_int(st, 2, cx->now_ms);
    stmt_text(st, 3, kind);
    stmt_text(st, 4, subject);
    stmt_text(st, 5, entry);
    stmt_blob(st, 6, str_n((const char *)leaf, 32));
    if (!stmt_run(cx, st) || !add_nodes(cx, n, leaf) || !write_size(cx, n + 1)) {
        return false;
    }
    *ret_index = n;
    return true;
}

bool tlog_size(Cx *cx, Store *s, int64_t *ret)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S("select size from tlog_head where one = 1"));
    return st != NULL && stmt_one_int(cx, st, 0, ret);
}

void tlog_row(Cx *cx, Stmt *st, LogEntry *e)
{
    *e = (LogEntry){.index = stmt_col_int(st, 0), .at_ms = stmt_col_int(st, 1), .kind = stmt_col_dup(cx->mem, st, 2),
                    .subject = stmt_col_dup(cx->mem, st, 3), .entry = stmt_col_dup(cx->mem, st, 4), .body = S("")};
    Str leaf = stmt_col_text(st, 5);
    memcpy(e->leaf, leaf.p, MIN(leaf.n, sizeof e->leaf));
}

static bool read_entries(Cx *cx, Stmt *st, size_t max, LogEntry **ret, size_t *ret_n)
{
    LogEntry *items = NULL;
    size_t n = 0, cap = 0;
    while (n != max && stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, items, n, cap);
        LogEntry *e = &items[n++];
        Str why;
        tlog_row(cx, st, e);
        const Doc *d = json_read(cx->mem, e->entry, &why), *body = d != NULL ? doc_get(d, S("body")) : NULL;
        e->body = body != NULL ? json_canonical(cx->mem, body) : S("null");
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = items;
    *ret_n = n;
    return true;
}

bool tlog_get(Cx *cx, Store *s, int64_t index, LogEntry *ret)
{
    LogEntry *one;
    size_t n;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S(TLOG_COLUMNS " where idx = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, index);
    if (!read_entries(cx, st, 1, &one, &n)) {
        return false;
    }
    if (n == 0) {
        return fail(cx, E_NOT_FOUND, "公开日志里没有第 %lld 条", (long long)index);
    }
    *ret = one[0];
    return true;
}

bool tlog_of(Cx *cx, Store *s, Str subject, LogEntry **ret, size_t *ret_n)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S(TLOG_COLUMNS " where subject = ?1 order by idx limit 1000"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, subject);
    return read_entries(cx, st, OF_MAX, ret, ret_n);
}

bool tlog_list(Cx *cx, Store *s, int64_t before, size_t limit, LogEntry **ret, size_t *ret_n)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S(TLOG_COLUMNS " where idx < ?1 order by idx desc limit ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, before < 0 ? INT64_MAX : before);
    stmt_int(st, 2, (int64_t)MIN(limit, (size_t)500));
    return read_entries(cx, st, 500, ret, ret_n);
}

/* ---- roots, proofs ---- */

static bool within(Cx *cx, Store *s, int64_t size)
{
    int64_t now;
    if (!tlog_size(cx, s, &now)) {
        return false;
    }
    return size >= 0 && size <= now ? true : fail(cx, E_INVALID, "公开日志现有 %lld 条，没有 %lld 条时的样子", (long long)now, (long long)size);
}

bool tlog_root(Cx *cx, Store *s, int64_t size, uint8_t root[32])
{
    if (size < 0 && !tlog_size(cx, s, &size)) {
        return false;
    }
    return within(cx, s, size) && merkle_root(cx, &TREE, size, root);
}

static void give(Cx *cx, const MerklePath *p, uint8_t (**ret)[32], size_t *ret_n)
{
    *ret = arena_alloc(cx->mem, (p->n + 1) * 32);
    memcpy(*ret, p->h, p->n * 32);
    *ret_n = p->n;
}

bool tlog_proof(Cx *cx, Store *s, int64_t index, int64_t size, uint8_t (**ret)[32], size_t *ret_n)
{
    MerklePath p;
    if (!within(cx, s, size)) {
        return false;
    }
    if (index < 0 || index >= size) {
        return fail(cx, E_INVALID, "前 %lld 条里没有第 %lld 条", (long long)size, (long long)index);
    }
    if (!merkle_path(cx, &TREE, index, size, &p)) {
        return false;
    }
    give(cx, &p, ret, ret_n);
    return true;
}

bool tlog_consistency(Cx *cx, Store *s, int64_t from, int64_t to, uint8_t (**ret)[32], size_t *ret_n)
{
    MerklePath p;
    if (!within(cx, s, to)) {
        return false;
    }
    if (from < 0 || from > to) {
        return fail(cx, E_INVALID, "起点 %lld 应在 0 和终点 %lld 之间", (long long)from, (long long)to);
    }
    if (!merkle_consistency(cx, &TREE, from, to, &p)) {
        return false;
    }
    give(cx, &p, ret, ret_n);
    return true;
}
