/*
 * openform.c - what the public sends in: limits, record, attachments and query code in one transaction.
 */
#include "store/openform.h"

#include <arpa/inet.h>

#include "store/internal.h"

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)
#define TRY_MS (15 * 60 * 1000LL)
#define TRIES 20
#define CODE_LETTERS 10

/* Acts for a person nobody knows: the pack's public_form gave the right, for this one record. */
static const Actor SENDER = {.is_system = true, .name = STR_INIT("公众"), .via = STR_INIT("public")};

/* A keyed hash: useless without the folder's key. */
static Str keyed(Cx *cx, const Store *s, const char *purpose, Str text)
{
    uint8_t h[32];
    hmac_sha256(store_secret(s, cx->mem, purpose), text, h);
    return hex(cx->mem, h, 16);
}

/* One person easily has 2^64 addresses of the newer kind: they count as one. */
static Str peer_key(Cx *cx, const Store *s, Str what, Str peer)
{
    struct in6_addr a;
    Str net = inet_pton(AF_INET6, str_z(cx->mem, peer), &a) == 1 ? hex(cx->mem, &a, 8) : peer;
    return keyed(cx, s, "public sender", str_printf(cx->mem, "%.*s|%.*s", STRF(what), STRF(net)));
}

static Str code_letters(Cx *cx, const uint8_t *bytes)
{
    static const char LETTERS[] = "ABCDEFGHJKMNPQRSTUVWXYZ"; /* none that look alike */
    char *text = arena_alloc(cx->mem, CODE_LETTERS + 1);
    for (int i = 0; i < CODE_LETTERS; i++) {
        text[i] = LETTERS[bytes[i] * (sizeof LETTERS - 1) >> 8];
    }
    return str_n(text, CODE_LETTERS);
}

static Str code_key(Cx *cx, const Store *s, const RecordType *t, Str code)
{
    char *norm = arena_alloc(cx->mem, code.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < code.n; i++) {
        char c = code.p[i];
        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
            norm[n++] = (char)(c & ~0x20);
        }
    }
    return keyed(cx, s, "public code", str_printf(cx->mem, "%.*s|%.*s", STRF(t->id), STRF(str_n(norm, n))));
}

/* Seconds until fewer than `max` of the last `window` stand under this key; 0: now. */
static bool wait_for(Cx *cx, Stmt *st, Str key, int64_t max, int64_t window, int64_t *ret)
{
    int64_t at;
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, key);
    stmt_int(st, 2, cx->now_ms - window);
    stmt_int(st, 3, max - 1);
    if (!stmt_one_int(cx, st, 0, &at)) { /* the one that must grow old first */
        return false;
    }
    *ret = at == 0 ? 0 : MAX((at + window - cx->now_ms) / 1000, (int64_t)1);
    return true;
}

bool open_allowed(Cx *cx, Store *s, const RecordType *t, Str peer, int64_t *ret_wait)
{
    *ret_wait = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("select at from open_sent where peer = ?1 and at > ?2 order by at desc limit 1 offset ?3"));
    if (!wait_for(cx, st, peer_key(cx, s, t->id, peer), t->open->per_hour, HOUR_MS, ret_wait)) {
        return false;
    }
    if (*ret_wait != 0) {
        return fail(cx, E_TOO_MANY, "从您的网络地址一小时内已经提交了 %d 次，请过 %lld 分钟再提交；您填写的内容请先自己保存", t->open->per_hour,
                    (long long)((*ret_wait + 59) / 60));
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select at from open_sent where type = ?1 and at > ?2 order by at desc limit 1 offset ?3"));
    if (!wait_for(cx, st, t->id, t->open->total_per_hour, HOUR_MS, ret_wait)) {
        return false;
    }
    return *ret_wait == 0 || fail(cx, E_TOO_MANY, "现在提交的人太多，请过 %lld 分钟再提交；已经收到的不会丢失", (long long)((*ret_wait + 59) / 60));
}

/* ---- sending ---- */

typedef struct {
    const OpenForm *f;
    Findings *found;
    Rec *ret;
    Str code, peer, once;
    int64_t *ret_wait;
} SendArg;

/* The same page sent twice: its record, by the mark it left. */
static bool sent_before(Cx *cx, Store *s, const SendArg *x, bool *ret)
{
    int64_t id = 0;
    *ret = false;
    if (x->once.n == 0) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select record from open_sent where once = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x->once);
    if (!stmt_one_int(cx, st, 0, &id)) {
        return false;
    }
    *ret = id != 0;
    return id == 0 || rec_get(cx, s, &SENDER, x->f->t, id, x->ret);
}

static bool keep_mark(Cx *cx, const SendArg *x, const Store *s)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into open_sent (record, type, at, peer, code, once) values (?1, ?2, ?3, ?4, ?5, ?6)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->ret->id);
    stmt_text(st, 2, x->f->t->id);
    stmt_int(st, 3, cx->now_ms);
    stmt_text(st, 4, x->peer);
    stmt_text(st, 5, code_key(cx, s, x->f->t, x->code));
    stmt_text(st, 6, x->once);
    if (!stmt_run(cx, st)) {
        return false;
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update open_sent set peer = '' where at < ?1 and peer <> ''"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - DAY_MS);
    return stmt_run(cx, st);
}

static bool do_send(Cx *cx, Store *s, void *arg)
{
    SendArg *x = arg;
    const OpenForm *f = x->f;
    bool before;
    if (!sent_before(cx, s, x, &before)) {
        return false;
    }
    if (before) {
        return true;
    }
    WriteOpts o = {.undone_by_caller = true, .source = S("public form")};
    if (!open_allowed(cx, s, f->t, f->peer, x->ret_wait) ||
        !rec_create(cx, s, &SENDER, f->t, f->owner, f->values, f->set, &o, x->found, x->ret)) {
        return false;
    }
    for (size_t i = 0; i < f->n_files; i++) {
        if (!file_attach_new(cx, s, &SENDER, f->t, x->ret->id, &f->files[i])) {
            return false;
        }
    }
    return keep_mark(cx, x, s);
}

bool open_send(Cx *cx, Store *s, const OpenForm *f, Findings *found, Rec *ret, Str *ret_code, int64_t *ret_wait)
{
    CHECK(f->t->open != NULL);
    uint8_t bytes[32];
    SendArg x = {.f = f, .found = found, .ret = ret, .peer = peer_key(cx, s, f->t->id, f->peer), .once = S(""), .ret_wait = ret_wait};
    *ret_wait = 0;
    if (f->once.n != 0) { /* so that a second answer to the same page can name the code again */
        hmac_sha256(store_secret(s, cx->mem, "public code of a page"), f->once, bytes);
        x.once = keyed(cx, s, "public page", f->once);
    } else {
        random_bytes(bytes, sizeof bytes);
    }
    x.code = code_letters(cx, bytes);
    *ret_code = x.code;
    return store_write(cx, s, do_send, &x);
}

void open_check(Cx *cx, Store *s, const OpenForm *f, Findings *found)
{
    WriteOpts o = {.dry_run = true};
    Rec r;
    if (!rec_create(cx, s, &SENDER, f->t, f->owner, f->values, f->set, &o, found, &r)) {
        cx_clear(cx);
    }
}

/* ---- looking up ---- */

typedef struct {
    Str key;
    int n;
    int64_t max, window, *ret_wait;
} TryArg;

static bool do_try(Cx *cx, Store *s, void *arg)
{
    TryArg *x = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select at from open_try where key = ?1 and at > ?2 order by at desc limit 1 offset ?3"));
    if (!wait_for(cx, st, x->key, x->max, x->window, x->ret_wait)) {
        return false;
    }
    if (*x->ret_wait != 0) {
        return fail(cx, E_TOO_MANY, "查询次数太多，请过 %lld 分钟再查", (long long)((*x->ret_wait + 59) / 60));
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from open_try where at < ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - TRY_MS);
    if (!stmt_run(cx, st)) {
        return false;
    }
    for (int i = 0; i < x->n; i++) {
        st = db_stmt(cx, cx->db, SQL_REFERENCE, S("insert into open_try (key, at) values (?1, ?2)"));
        if (st == NULL) {
            return false;
        }
        stmt_text(st, 1, x->key);
        stmt_int(st, 2, cx->now_ms);
        if (!stmt_run(cx, st)) {
            return false;
        }
    }
    return true;
}

bool open_tries(Cx *cx, Store *s, Str what, Str peer, int n, int64_t max, int64_t window_ms, int64_t *ret_wait)
{
    CHECK(window_ms <= TRY_MS);
    TryArg x = {.key = peer_key(cx, s, what, peer), .n = n, .max = max, .window = window_ms, .ret_wait = ret_wait};
    *ret_wait = 0;
    return store_write(cx, s, do_try, &x);
}

bool open_find(Cx *cx, Store *s, const RecordType *t, Str no, Str code, Str peer, Rec *ret, bool *ret_found, int64_t *ret_wait)
{
    int64_t id;
    *ret_found = false;
    if (!open_tries(cx, s, t->id, peer, 1, TRIES, TRY_MS, ret_wait)) {
        return false;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select record from open_sent where type = ?1 and code = ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, t->id);
    stmt_text(st, 2, code_key(cx, s, t, code));
    if (!stmt_one_int(cx, st, 0, &id)) {
        return false;
    }
    if (id == 0) {
        return true;
    }
    if (!rec_get(cx, s, &SENDER, t, id, ret)) {
        bool gone = cx->err == E_NOT_FOUND; /* deleted by the office: as if never sent */
        if (gone) {
            cx_clear(cx);
        }
        return gone;
    }
    *ret_found = str_ieq(open_no(cx->mem, ret), str_narrow(cx->mem, no));
    return true;
}

Str open_no(Arena *mem, const Rec *r)
{
    return r->no.n != 0 ? r->no : id_text(mem, r->id);
}
