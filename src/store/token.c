/*
 * token.c - tokens for programs.
 */
#include "store/internal.h"
#include "store/user.h"

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
