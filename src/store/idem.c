/*
 * idem.c - see idem.h. A row without a status is of a write whose answer was not kept.
 */
#include "store/idem.h"

#include "store/internal.h"

#define KEEP_MS (24 * 3600 * 1000LL)

static Str key_of(Arena *mem, const Actor *a, Str key)
{
    return str_printf(mem, "%lld:%.*s", (long long)a->user, STRF(key));
}

/* An answer may hold personal data in clear (that of an unmasking does), and a bare hash of a request could be guessed at: both are kept keyed. */
static Str aad(Arena *mem, Str key)
{
    return str_printf(mem, "idempotency|body|%.*s", STRF(key));
}

static Str request_of(Arena *mem, const Store *s, Str hash)
{
    return blind_index(mem, store_key(s), S("idempotency"), hash);
}

const IdemOnce *idem_once(Cx *cx, const Store *s, const Actor *a, Str key, Str request_hash)
{
    IdemOnce *o = NEW(cx->mem, IdemOnce);
    *o = (IdemOnce){.key = key_of(cx->mem, a, key), .request = request_of(cx->mem, s, request_hash)};
    return o;
}

bool idem_get(Cx *cx, Store *s, const Actor *a, Str key, Str request_hash, bool *ret_known, int *ret_status, Str *ret_body)
{
    *ret_known = false;
    if (key.n > 200) {
        return fail(cx, E_BAD_REQUEST, "Idempotency-Key 太长");
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select request, status, body from idempotency where key = ?1 and at > ?2"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    Str k = key_of(cx->mem, a, key), request = S("");
    stmt_text(st, 1, k);
    stmt_int(st, 2, cx->now_ms - KEEP_MS);
    bool ok = stmt_step(cx, st, &row);
    if (ok && row) {
        request = stmt_col_dup(cx->mem, st, 0);
        *ret_status = (int)stmt_col_int(st, 1);
        *ret_body = stmt_col_dup(cx->mem, st, 2);
    }
    stmt_done(st);
    if (!ok || !row) {
        return ok;
    }
    bool done = *ret_status == 0;
    if (!done && !field_open(cx->mem, store_key(s), aad(cx->mem, k), *ret_body, ret_body)) {
        return true; /* kept by the program of before, in clear: as if it were not there */
    }
    if (!str_eq(request, request_of(cx->mem, s, request_hash))) {
        return fail(cx, E_INVALID, "同一个 Idempotency-Key 用在了不同的请求上");
    }
    *ret_known = !done;
    return !done || fail(cx, E_CONFLICT, "这次提交已经办成，只是答复没有送到；请刷新查看，不要再提交一次");
}

static bool insert(Cx *cx, Str key, Str request, int status, Str body)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into idempotency (key, request, status, body, at) values (?1, ?2, ?3, ?4, ?5)"
                         " on conflict (key) do update set status = excluded.status, body = excluded.body where idempotency.status = 0"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, key);
    stmt_text(st, 2, request);
    stmt_int(st, 3, status);
    stmt_text(st, 4, body);
    stmt_int(st, 5, cx->now_ms);
    return stmt_run(cx, st);
}

static bool do_drop(Cx *cx, Store *s, void *arg)
{
    const Str *key = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from idempotency where key = ?1 and status = 0"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, *key);
    return stmt_run(cx, st);
}

bool idem_drop(Cx *cx, Store *s, const Actor *a, Str key)
{
    Str k = key_of(cx->mem, a, key);
    return store_write(cx, s, do_drop, &k);
}

bool idem_note(Cx *cx)
{
    return cx->once == NULL || insert(cx, cx->once->key, cx->once->request, 0, S(""));
}

typedef struct {
    Str key, request, body;
    int status;
} PutArg;

static bool do_put(Cx *cx, Store *s, void *arg)
{
    const PutArg *x = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from idempotency where at < ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - KEEP_MS);
    return stmt_run(cx, st) && insert(cx, x->key, x->request, x->status, x->body);
}

bool idem_put(Cx *cx, Store *s, const Actor *a, Str key, Str request_hash, int status, Str body)
{
    Str k = key_of(cx->mem, a, key);
    PutArg x = {.key = k, .request = request_of(cx->mem, s, request_hash), .status = status,
                .body = field_seal(cx->mem, store_key(s), aad(cx->mem, k), body)};
    return store_write(cx, s, do_put, &x);
}
