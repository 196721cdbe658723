/*
 * user.c - accounts: adding, listing, passwords, and who an account stands for when it acts.
 */
#include "store/user.h"

#include "store/delegate.h"
#include "store/internal.h"

static bool login_ok(Str login)
{
    if (login.n < 2 || login.n > 40) {
        return false;
    }
    for (size_t i = 0; i < login.n; i++) {
        char c = login.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.')) {
            return false;
        }
    }
    return true;
}

static bool password_ok(Cx *cx, Str login, Str password)
{
    if (utf8_len(password) < 12) {
        return fail(cx, E_INVALID, "密码至少 12 个字符，建议用几个不相关的词连起来");
    }
    if (password.n > 200 || str_contains(password, login)) {
        return fail(cx, E_INVALID, "密码不能包含登录名，且不超过 200 字节");
    }
    return true;
}

/* May `by` manage an account of this office? */
static bool may_manage(const Store *s, const Actor *by, const Org *org)
{
    return by->is_system || (!by->read_only && actor_is_admin(s->pack, by) && by->org != NULL && org_within(org, by->org));
}

static bool roles_ok(Cx *cx, const Store *s, Str roles, const Org *org)
{
    size_t n = 0;
    for (Str rest = roles, one; rest.n != 0; n++) {
        str_cut(rest, ',', &one, &rest);
        const Role *r = pack_role(s->pack, one);
        if (r == NULL) {
            return fail(cx, E_INVALID, "没有“%.*s”这个角色", STRF(one));
        }
        if (r->level_index >= 0 && r->level_index != org->level_index) {
            return fail(cx, E_INVALID, "“%.*s”只能设在%.*s一级的单位", STRF(r->label), STRF(s->pack->levels[r->level_index]));
        }
    }
    return n >= 1 && n <= 8 ? true : fail(cx, E_INVALID, "请至少选择一个角色");
}

typedef struct {
    const Actor *by;
    Str login, name, roles, hash;
    const Org *org;
    bool must_change, disabled;
    int64_t id;
} UserArg;

static bool do_add(Cx *cx, Store *s, void *arg)
{
    UserArg *u = arg;
    u->id = store_new_id(s, u->org->home);
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into account (id, home, login, name, org, roles, password, disabled, must_change, created, last)"
                         " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, 0)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u->id);
    stmt_int(st, 2, u->org->home);
    stmt_text(st, 3, u->login);
    stmt_text(st, 4, u->name);
    stmt_text(st, 5, u->org->code);
    stmt_text(st, 6, u->roles);
    stmt_text(st, 7, u->hash);
    stmt_int(st, 8, u->must_change ? 1 : 0);
    stmt_int(st, 9, cx->now_ms);
    if (!stmt_run(cx, st)) {
        if (cx->err == E_CONFLICT) {
            cx_clear(cx);
            return fail(cx, E_CONFLICT, "登录名 %.*s 已有人使用", STRF(u->login));
        }
        return false;
    }
    store_touch(s, (int32_t)s->pack->n_types);
    return journal_add(cx, s, u->org->home, u->by, S("user_add"), NULL, u->id, 1, S(""), S(""), S(""), S(""), S(""),
                       str_printf(cx->mem, "{\"login\":\"%.*s\",\"roles\":\"%.*s\"}", STRF(u->login), STRF(u->roles)));
}

bool user_add(Cx *cx, Store *s, const Actor *by, Str login, Str name, const Org *org, Str roles, Str password, bool must_change,
              int64_t *ret_id)
{
    login = str_lower(cx->mem, str_trim(login));
    if (!may_manage(s, by, org)) {
        return fail(cx, E_FORBIDDEN, "您不能管理%.*s的用户", STRF(org->name));
    }
    if (!login_ok(login)) {
        return fail(cx, E_INVALID, "登录名用 2 至 40 个小写字母、数字、点、横线或下划线");
    }
    if (str_trim(name).n == 0 || name.n > 120) {
        return fail(cx, E_INVALID, "请填写姓名");
    }
    UserArg u = {.by = by, .login = login, .name = str_trim(name), .org = org, .roles = roles, .must_change = must_change};
    if (!roles_ok(cx, s, roles, org) || (!by->is_system && !password_ok(cx, login, password)) || !password_hash(cx, password, &u.hash) ||
        !store_write(cx, s, do_add, &u)) {
        return false;
    }
    *ret_id = u.id;
    return true;
}

static void read_user(Cx *cx, Stmt *st, User *u)
{
    *u = (User){.id = stmt_col_int(st, 0), .login = stmt_col_dup(cx->mem, st, 1), .name = stmt_col_dup(cx->mem, st, 2),
                .org = stmt_col_dup(cx->mem, st, 3), .roles = stmt_col_dup(cx->mem, st, 4), .disabled = stmt_col_int(st, 5) != 0,
                .must_change = stmt_col_int(st, 6) != 0, .created_ms = stmt_col_int(st, 7), .last_ms = stmt_col_int(st, 8)};
}

#define USER_COLUMNS "select id, login, name, org, roles, disabled, must_change, created, last from account"

static bool one_user(Cx *cx, Stmt *st, User *ret)
{
    bool row = false;
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    if (row) {
        read_user(cx, st, ret);
    }
    stmt_done(st);
    return row ? true : fail(cx, E_NOT_FOUND, "没有这个用户");
}

bool user_by_login(Cx *cx, Store *s, Str login, User *ret)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(USER_COLUMNS " where login = ?1"));
    if (st == NULL) {
        return false;
    }
    Str low = str_lower(cx->mem, str_trim(login));
    stmt_text(st, 1, low);
    return one_user(cx, st, ret);
}

static bool user_by_id(Cx *cx, int64_t id, User *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(USER_COLUMNS " where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    return one_user(cx, st, ret);
}

bool user_list(Cx *cx, Store *s, const Actor *by, User **ret, size_t *ret_n)
{
    if (!actor_is_admin(s->pack, by)) {
        return fail(cx, E_FORBIDDEN, "您没有管理用户的权限");
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(USER_COLUMNS " order by home, login limit 5000"));
    if (st == NULL) {
        return false;
    }
    size_t cap = 0, n = 0;
    User *items = NULL;
    while (stmt_next(cx, st)) {
        User u;
        read_user(cx, st, &u);
        const Org *o = pack_org(s->pack, u.org);
        if (o == NULL || !may_manage(s, by, o)) {
            continue;
        }
        if (n == cap) {
            size_t more = cap != 0 ? cap * 2 : 16;
            items = arena_grow(cx->mem, items, cap * sizeof *items, more * sizeof *items);
            cap = more;
        }
        items[n++] = u;
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = items;
    *ret_n = n;
    return true;
}

bool user_actor(Cx *cx, Store *s, int64_t id, Actor *ret)
{
    User u;
    if (!user_by_id(cx, id, &u)) {
        if (cx->err == E_NOT_FOUND) {
            cx_clear(cx);
            return fail(cx, E_UNAUTHENTICATED, "请先登录");
        }
        return false;
    }
    const Org *o = pack_org(s->pack, u.org);
    if (u.disabled || o == NULL) {
        return fail(cx, E_UNAUTHENTICATED, "这个账户已停用");
    }
    Actor a = {.user = u.id, .login = u.login, .name = u.name, .org = o, .via = S("web"), .must_change = u.must_change};
    for (Str rest = u.roles; rest.n != 0 && a.n_roles < 8;) {
        str_cut(rest, ',', &a.roles[a.n_roles++], &rest);
    }
    if (!delegate_join(cx, s, &a)) {
        return false;
    }
    *ret = a;
    return true;
}

/* Changing an account ends its sessions at once. */
static bool end_sessions(Cx *cx, int64_t user)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from session where user_id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    return stmt_run(cx, st);
}

static bool manageable(Cx *cx, Store *s, const UserArg *u, User *ret, const Org **ret_org)
{
    if (!user_by_id(cx, u->id, ret)) {
        return false;
    }
    *ret_org = pack_org(s->pack, ret->org);
    if (*ret_org == NULL || !(may_manage(s, u->by, *ret_org) || (u->by->user == ret->id && !u->by->read_only && u->hash.n != 0))) {
        return fail(cx, E_FORBIDDEN, "您不能管理这个用户");
    }
    return true;
}

static bool do_password(Cx *cx, Store *s, void *arg)
{
    UserArg *u = arg;
    User user;
    const Org *o;
    if (!manageable(cx, s, u, &user, &o)) {
        return false;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update account set password = ?2, must_change = ?3 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u->id);
    stmt_text(st, 2, u->hash);
    stmt_int(st, 3, u->must_change ? 1 : 0);
    return stmt_run(cx, st) && end_sessions(cx, u->id) &&
           journal_add(cx, s, o->home, u->by, S("user_password"), NULL, u->id, 0, S(""), S(""), S(""), S(""), S(""), S("{}"));
}

bool user_password(Cx *cx, Store *s, const Actor *by, int64_t id, Str password, bool must_change)
{
    UserArg u = {.by = by, .id = id, .must_change = must_change};
    User user;
    if (!user_by_id(cx, id, &user) || (!by->is_system && !password_ok(cx, user.login, password)) ||
        !password_hash(cx, password, &u.hash)) {
        return false;
    }
    return store_write(cx, s, do_password, &u);
}

static bool do_disable(Cx *cx, Store *s, void *arg)
{
    UserArg *u = arg;
    User user;
    const Org *o;
    if (!manageable(cx, s, u, &user, &o)) {
        return false;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update account set disabled = ?2 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u->id);
    stmt_int(st, 2, u->disabled ? 1 : 0);
    return stmt_run(cx, st) && end_sessions(cx, u->id) &&
           journal_add(cx, s, o->home, u->by, u->disabled ? S("user_disable") : S("user_enable"), NULL, u->id, 0, S(""), S(""), S(""),
                       S(""), S(""), S("{}"));
}

bool user_disable(Cx *cx, Store *s, const Actor *by, int64_t id, bool disabled)
{
    if (by->user == id) {
        return fail(cx, E_WRONG_STATE, "不能停用自己的账户");
    }
    UserArg u = {.by = by, .id = id, .disabled = disabled};
    return store_write(cx, s, do_disable, &u);
}
