/*
 * token.c - tokens for programs, and the answers kept for Idempotency-Key.
 */
#include "store/internal.h"
#include "store/user.h"

#define IDEM_KEEP_MS (24 * 3600 * 1000LL)

static Str secret_hash(Arena *mem, Str token)
{
    uint8_t h[32];
    sha256(token.p, token.n, h);
    return hex(mem, h, sizeof h);
}

typedef struct {
    const Actor *by;
    int64_t user, id, expires_ms;
    Str name, scope, hash;
} TokenArg;

static bool do_token_add(Cx *cx, Store *s, void *arg)
{
    TokenArg *t = arg;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into token (id, hash, user_id, name, scope, expires, last) values (?1, ?2, ?3, ?4, ?5, ?6, 0)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, t->id);
    stmt_text(st, 2, t->hash);
    stmt_int(st, 3, t->user);
    stmt_text(st, 4, t->name);
    stmt_text(st, 5, t->scope);
    stmt_int(st, 6, t->expires_ms);
    Actor owner;
    return stmt_run(cx, st) && user_actor(cx, s, t->user, &owner) &&
           journal_add(cx, s, owner.org->home, t->by, S("token_add"), NULL, t->id, 0, S(""), S(""), S(""), t->name, S(""), S("{}"));
}

bool token_add(Cx *cx, Store *s, const Actor *by, int64_t user, Str name, Str scope, int64_t expires_ms, Str *ret_token)
{
    Actor owner;
    if (!user_actor(cx, s, user, &owner)) {
        return false;
    }
    bool own = by->user == user && !by->read_only;
    if (!by->is_system && !own && !(actor_is_admin(s->pack, by) && by->org != NULL && org_within(owner.org, by->org))) {
        return fail(cx, E_FORBIDDEN, "您不能为这个用户建立访问令牌");
    }
    if (!str_eq(scope, S("read")) && !str_eq(scope, S("write")) && !str_eq(scope, S("export"))) {
        return fail(cx, E_INVALID, "令牌范围只能是 read、write 或 export");
    }
    if (str_trim(name).n == 0 || name.n > 100 || expires_ms <= cx->now_ms) {
        return fail(cx, E_INVALID, "请填写令牌用途和今后的到期日");
    }
    Str token = str_printf(cx->mem, "tmg_%.*s", STRF(random_token(cx->mem, 32)));
    TokenArg t = {.by = by, .user = user, .id = store_new_id(s, owner.org->home), .expires_ms = expires_ms, .name = str_trim(name),
                  .scope = scope, .hash = secret_hash(cx->mem, token)};
    if (!store_write(cx, s, do_token_add, &t)) {
        return false;
    }
    *ret_token = token;
    return true;
}

bool token_actor(Cx *cx, Store *s, Str token, Actor *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select user_id, name, scope, expires from token where hash = ?1"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    Str hash = secret_hash(cx->mem, token);
    stmt_text(st, 1, hash);
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    int64_t user = row ? stmt_col_int(st, 0) : 0, expires = row ? stmt_col_int(st, 3) : 0;
    Str name = row ? stmt_col_dup(cx->mem, st, 1) : S(""), scope = row ? stmt_col_dup(cx->mem, st, 2) : S("");
    stmt_done(st);
    if (!row || expires <= cx->now_ms) {
        return fail(cx, E_UNAUTHENTICATED, "访问令牌无效或已过期");
    }
    if (!user_actor(cx, s, user, ret)) {
        return false;
    }
    ret->read_only = !str_eq(scope, S("write"));
    ret->may_export = str_eq(scope, S("export"));
    ret->via = str_printf(cx->mem, "token:%.*s", STRF(name));
    return true;
}

bool token_list(Cx *cx, Store *s, const Actor *by, int64_t user, TokenRow **ret, size_t *ret_n)
{
    (void)s;
    *ret_n = 0;
    if (by->user != user) {
        return fail(cx, E_FORBIDDEN, "只能查看自己的访问令牌");
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select id, name, scope, expires, last from token where user_id = ?1 order by id limit 100"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    *ret = NEW_ARRAY(cx->mem, TokenRow, 100);
    while (stmt_next(cx, st)) {
        (*ret)[(*ret_n)++] = (TokenRow){.id = stmt_col_int(st, 0), .name = stmt_col_dup(cx->mem, st, 1),
                                        .scope = stmt_col_dup(cx->mem, st, 2), .expires_ms = stmt_col_int(st, 3),
                                        .last_ms = stmt_col_int(st, 4)};
    }
    return stmt_end(st);
}

static bool do_token_drop(Cx *cx, Store *s, void *arg)
{
    TokenArg *t = arg;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from token where id = ?1 and user_id = ?2 returning id"));
    int64_t gone;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, t->id);
    stmt_int(st, 2, t->by->user);
    if (!stmt_one_int(cx, st, 0, &gone)) {
        return false;
    }
    if (gone == 0) {
        return fail(cx, E_NOT_FOUND, "没有这个令牌");
    }
    return journal_add(cx, s, id_home(t->id), t->by, S("token_drop"), NULL, t->id, 0, S(""), S(""), S(""), S(""), S(""), S("{}"));
}

bool token_drop(Cx *cx, Store *s, const Actor *by, int64_t id)
{
    TokenArg t = {.by = by, .id = id};
    return store_write(cx, s, do_token_drop, &t);
}

/* ---- Idempotency-Key ---- */

typedef struct {
    Str key, request, body;
    int status;
} IdemArg;

static Str idem_key(Arena *mem, const Actor *a, Str key)
{
    return str_printf(mem, "%lld:%.*s", (long long)a->user, STRF(key));
}

/* An answer may hold personal data in clear (that of an unmasking does), and a bare hash of a request could be guessed at: both are kept keyed. */
static Str idem_aad(Arena *mem, Str key)
{
    return str_printf(mem, "idempotency|body|%.*s", STRF(key));
}

static Str idem_request(Arena *mem, const Store *s, Str hash)
{
    return blind_index(mem, store_key(s), S("idempotency"), hash);
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
    Str k = idem_key(cx->mem, a, key);
    stmt_text(st, 1, k);
    stmt_int(st, 2, cx->now_ms - IDEM_KEEP_MS);
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    Str request = row ? stmt_col_dup(cx->mem, st, 0) : S("");
    if (row) {
        *ret_status = (int)stmt_col_int(st, 1);
        *ret_body = stmt_col_dup(cx->mem, st, 2);
    }
    stmt_done(st);
    if (row && !field_open(cx->mem, store_key(s), idem_aad(cx->mem, k), *ret_body, ret_body)) {
        row = false; /* kept by the program of before, in clear: as if it were not there */
    }
    *ret_known = row;
    return !row || str_eq(request, idem_request(cx->mem, s, request_hash)) ? true : fail(cx, E_INVALID, "同一个 Idempotency-Key 用在了不同的请求上");
}

static bool do_idem(Cx *cx, Store *s, void *arg)
{
    IdemArg *i = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from idempotency where at < ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - IDEM_KEEP_MS);
    if (!stmt_run(cx, st)) {
        return false;
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE,
                 S("insert into idempotency (key, request, status, body, at) values (?1, ?2, ?3, ?4, ?5) on conflict (key) do nothing"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, i->key);
    stmt_text(st, 2, i->request);
    stmt_int(st, 3, i->status);
    stmt_text(st, 4, i->body);
    stmt_int(st, 5, cx->now_ms);
    return stmt_run(cx, st);
}

bool idem_put(Cx *cx, Store *s, const Actor *a, Str key, Str request_hash, int status, Str body)
{
    Str k = idem_key(cx->mem, a, key);
    IdemArg i = {.key = k, .request = idem_request(cx->mem, s, request_hash), .status = status,
                 .body = field_seal(cx->mem, store_key(s), idem_aad(cx->mem, k), body)};
    return store_write(cx, s, do_idem, &i);
}
