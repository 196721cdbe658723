/*
 * grant.c - who gives whom which roles. A change is one row of the journal with before, after and reason, and ends the sessions of the account, so that
 * the old roles end with the next request.
 */
#include "store/user_int.h"

#include "store/factor.h"

bool user_grants(Cx *cx, Store *s, const Actor *a, bool *ret)
{
    Settings now;
    if (!settings_now(cx, s, &now)) {
        return false;
    }
    bool office = a->kind == ADMIN_NONE && actor_is_admin(s->pack, a) && !now.profile->grants_apart;
    *ret = !a->read_only && (a->is_system || a->kind == ADMIN_SECURITY || office);
    return true;
}

typedef struct {
    const Actor *by;
    const Compliance *profile;
    int64_t user, id;
    Str roles, reason;
    bool waits, yes;
} GrantArg;

/* May `by` change the roles of this account, or reset its second factor? */
static bool may_touch(Cx *cx, Store *s, const Actor *by, const User *u)
{
    bool grants;
    const Org *o = pack_org(s->pack, u->org);
    if (!user_grants(cx, s, by, &grants)) {
        return false;
    }
    if (!grants || o == NULL || !(by->is_system || (by->org != NULL && org_within(o, by->org))) ||
        (u->kind != ADMIN_NONE && by->kind == ADMIN_NONE && !by->is_system)) {
        return fail(cx, E_FORBIDDEN, "授权由安全管理员办理");
    }
    return by->user != u->id || fail(cx, E_FORBIDDEN, "不能给自己授权，请由另一名安全管理员办理");
}

static bool put_roles(Cx *cx, Store *s, const Actor *by, const User *u, Str roles, Str reason)
{
    RoleSet set;
    bool last;
    const Org *o = pack_org(s->pack, u->org);
    if (!role_set(cx, s, roles, o, &set) || !user_last_of_kind(cx, s, u, &last)) {
        return false;
    }
    if (last && !u->disabled && set.kind != u->kind) {
        return fail(cx, E_WRONG_STATE, "这是最后一名这类管理员，请先有人接任");
    }
    if (set.kind != ADMIN_NONE && by->kind == ADMIN_NONE && !by->is_system) {
        return fail(cx, E_FORBIDDEN, "三个管理员的角色由安全管理员授予");
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update account set roles = ?2, admin_kind = ?3 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u->id);
    stmt_text(st, 2, set.roles);
    stmt_text(st, 3, str_c(ADMIN_WORDS[set.kind]));
    store_touch(s, (int32_t)s->pack->n_types);
    return stmt_run(cx, st) && end_sessions(cx, u->id) &&
           account_note(cx, s, by, o->home, S("user_roles"), u->id, reason,
                        str_printf(cx->mem, "{\"roles\":[\"%.*s\",\"%.*s\"]}", STRF(u->roles), STRF(roles)));
}

static bool ask_second(Cx *cx, Store *s, const GrantArg *x, const User *u)
{
    const Org *o = pack_org(s->pack, u->org);
    RoleSet set;
    int64_t waiting = 0;
    if (!role_set(cx, s, x->roles, o, &set)) {
        return false;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select count(*) from role_request where user_id = ?1 and state = 'open'"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u->id);
    if (!stmt_one_int(cx, st, 0, &waiting)) {
        return false;
    }
    if (waiting != 0) {
        return fail(cx, E_CONFLICT, "这个账户已有一项授权等待复核");
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE,
                 S("insert into role_request (id, home, user_id, was, roles, reason, at, by_user, by_name, state, decided, decided_by)"
                   " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open', 0, 0)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, store_new_id(s, o->home));
    stmt_int(st, 2, o->home);
    stmt_int(st, 3, u->id);
    stmt_text(st, 4, u->roles);
    stmt_text(st, 5, x->roles);
    stmt_text(st, 6, x->reason);
    stmt_int(st, 7, cx->now_ms);
    stmt_int(st, 8, x->by->user);
    stmt_text(st, 9, x->by->name);
    return stmt_run(cx, st) && account_note(cx, s, x->by, o->home, S("user_roles_ask"), u->id, x->reason,
                                            str_printf(cx->mem, "{\"roles\":[\"%.*s\",\"%.*s\"]}", STRF(u->roles), STRF(x->roles)));
}

static bool do_grant(Cx *cx, Store *s, void *arg)
{
    GrantArg *x = arg;
    User u;
    if (!user_by_id(cx, s, x->user, &u) || !may_touch(cx, s, x->by, &u)) {
        return false;
    }
    if (str_eq(u.roles, x->roles)) {
        return fail(cx, E_INVALID, "角色没有变化");
    }
    x->waits = x->profile->grants_apart && !x->by->is_system;
    return x->waits ? ask_second(cx, s, x, &u) : put_roles(cx, s, x->by, &u, x->roles, x->reason);
}

bool user_grant(Cx *cx, Store *s, const Actor *by, int64_t id, Str roles, Str reason, bool *ret_waits)
{
    Settings now;
    GrantArg x = {.by = by, .user = id, .roles = roles, .reason = str_trim(reason)};
    if (!settings_now(cx, s, &now)) {
        return false;
    }
    if (utf8_len(x.reason) < 4 || utf8_len(x.reason) > 200) {
        return fail(cx, E_INVALID, "请写明授权的理由（4 到 200 个字）");
    }
    x.profile = now.profile;
    bool ok = store_write(cx, s, do_grant, &x);
    *ret_waits = x.waits;
    return ok;
}

bool role_requests(Cx *cx, Store *s, const Actor *by, RoleRequest **ret, size_t *ret_n)
{
    *ret_n = 0;
    *ret = NEW_ARRAY(cx->mem, RoleRequest, 200);
    if (by->kind != ADMIN_SECURITY) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("select q.id, q.user_id, q.at, a.name, a.login, q.was, q.roles, q.reason, q.by_name, q.by_user, a.org from role_request q"
                         " join account a on a.id = q.user_id where q.state = 'open' order by q.id limit 200"));
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        const Org *o = pack_org(s->pack, stmt_col_text(st, 10));
        if (o == NULL || by->org == NULL || !org_within(o, by->org)) {
            continue;
        }
        int64_t user = stmt_col_int(st, 1), asked_by = stmt_col_int(st, 9);
        (*ret)[(*ret_n)++] = (RoleRequest){.id = stmt_col_int(st, 0), .user = user, .at_ms = stmt_col_int(st, 2), .user_name = stmt_col_dup(cx->mem, st, 3),
                                           .login = stmt_col_dup(cx->mem, st, 4), .was = stmt_col_dup(cx->mem, st, 5), .roles = stmt_col_dup(cx->mem, st, 6),
                                           .reason = stmt_col_dup(cx->mem, st, 7), .by_name = stmt_col_dup(cx->mem, st, 8),
                                           .may_decide = by->user != user && by->user != asked_by};
    }
    return stmt_end(st);
}

typedef struct {
    int64_t user, by;
    Str was, roles, reason;
} Asked;

static bool read_asked(Cx *cx, int64_t id, Asked *ret)
{
    bool row = false;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select user_id, by_user, was, roles, reason from role_request where id = ?1 and state = 'open'"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    bool ok = stmt_step(cx, st, &row);
    if (ok && row) {
        *ret = (Asked){.user = stmt_col_int(st, 0), .by = stmt_col_int(st, 1), .was = stmt_col_dup(cx->mem, st, 2), .roles = stmt_col_dup(cx->mem, st, 3),
                       .reason = stmt_col_dup(cx->mem, st, 4)};
    }
    stmt_done(st);
    return ok && (row || fail(cx, E_NOT_FOUND, "没有这项等待复核的授权"));
}

static bool do_decide(Cx *cx, Store *s, void *arg)
{
    GrantArg *x = arg;
    Asked q = {0};
    User u, asker;
    if (!read_asked(cx, x->id, &q) || !user_by_id(cx, s, q.user, &u)) {
        return false;
    }
    if (x->by->kind != ADMIN_SECURITY || !may_touch(cx, s, x->by, &u)) {
        return cx->err != E_OK ? false : fail(cx, E_FORBIDDEN, "授权由安全管理员复核");
    }
    if (x->by->user == q.by) {
        return fail(cx, E_FORBIDDEN, "须由另一名安全管理员复核");
    }
    if (x->yes) {
        if (!user_by_id(cx, s, q.by, &asker)) {
            return false;
        }
        if (!str_eq(u.roles, q.was) || asker.disabled || asker.kind != ADMIN_SECURITY) {
            return fail(cx, E_CONFLICT, "提出以后情况变了（账户的角色，或提出人的身份），请退回后重新提出");
        }
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update role_request set state = ?2, decided = ?3, decided_by = ?4 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->id);
    stmt_text(st, 2, x->yes ? S("agreed") : S("refused"));
    stmt_int(st, 3, cx->now_ms);
    stmt_int(st, 4, x->by->user);
    if (!stmt_run(cx, st)) {
        return false;
    }
    return x->yes ? put_roles(cx, s, x->by, &u, q.roles, q.reason)
                  : account_note(cx, s, x->by, pack_org(s->pack, u.org)->home, S("user_roles_refuse"), u.id, q.reason, S("{}"));
}

bool role_decide(Cx *cx, Store *s, const Actor *by, int64_t request, bool yes)
{
    GrantArg x = {.by = by, .id = request, .yes = yes};
    return store_write(cx, s, do_decide, &x);
}

/* ---- the second factor of somebody who lost it ---- */

static bool do_reset(Cx *cx, Store *s, void *arg)
{
    GrantArg *x = arg;
    User u;
    if (!user_by_id(cx, s, x->user, &u) || !may_touch(cx, s, x->by, &u)) {
        return false;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from factor where user_id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u.id);
    if (!stmt_run(cx, st) || (st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from recovery where user_id = ?1"))) == NULL) {
        return false;
    }
    stmt_int(st, 1, u.id);
    return stmt_run(cx, st) && end_sessions(cx, u.id) &&
           account_note(cx, s, x->by, pack_org(s->pack, u.org)->home, S("factor_reset"), u.id, x->reason, S("{}"));
}

bool factor_reset(Cx *cx, Store *s, const Actor *by, int64_t user, Str reason)
{
    GrantArg x = {.by = by, .user = user, .reason = str_trim(reason)};
    if (utf8_len(x.reason) < 4 || utf8_len(x.reason) > 200) {
        return fail(cx, E_INVALID, "请写明重置动态码的理由（4 到 200 个字）");
    }
    return store_write(cx, s, do_reset, &x);
}
