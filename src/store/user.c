/*
 * user.c - accounts: adding, listing, passwords, and who an account stands for when it acts.
 */
#include "store/user.h"

#include "store/delegate.h"
#include "store/factor.h"
#include "store/user_int.h"

bool login_ok(Cx *cx, Str login)
{
    bool ok = login.n >= 2 && login.n <= 40;
    for (size_t i = 0; ok && i < login.n; i++) {
        char c = login.p[i];
        ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    }
    return ok || fail(cx, E_INVALID, "登录名用 2 至 40 个小写字母、数字、点、横线或下划线");
}

/* The constraint is the database's: who is one of the three has no business role, whoever writes the row (SQL included), and one column holds one kind. */
bool account_tables(Cx *cx, Db *db)
{
    Str *names;
    size_t n;
    if (!db_columns(cx, db, cx->mem, S("account"), &names, &n)) {
        return false;
    }
    bool there = false;
    for (size_t i = 0; i < n; i++) {
        there = there || str_eq(names[i], S("admin_kind"));
    }
    if (!there && !db_script(cx, db,
                             "alter table account add column admin_kind text not null default ''"
                             " check (admin_kind in ('', 'system', 'security', 'audit') and (admin_kind = '' or roles = ''));"
                             "alter table account add column password_at integer not null default 0;"
                             "alter table session add column proven integer not null default 0;"
                             "alter table session add column pending integer not null default 0;")) {
        return false;
    }
    return db_script(cx, db,
                     "create table if not exists factor (user_id integer not null primary key, secret text not null, confirmed integer not null,"
                     " last_step integer not null, created integer not null){strict};"
                     "create table if not exists recovery (user_id integer not null, hash text not null, used integer not null,"
                     " primary key (user_id, hash)){strict};"
                     "create table if not exists role_request (id {pk}, home integer not null, user_id integer not null, was text not null,"
                     " roles text not null, reason text not null, at integer not null, by_user integer not null, by_name text not null,"
                     " state text not null, decided integer not null, decided_by integer not null,"
                     " check (by_user <> user_id and decided_by <> user_id and decided_by <> by_user)){strict};"
                     "create index if not exists role_request_state on role_request (state, id);"
                     "create index if not exists session_of on session (user_id, created);");
}

/* May `by` manage the technical side of accounts of this office? */
static bool may_manage(const Store *s, const Actor *by, const Org *org)
{
    bool office = by->kind == ADMIN_SYSTEM || (by->kind == ADMIN_NONE && actor_is_admin(s->pack, by));
    return by->is_system || (!by->read_only && office && by->org != NULL && org_within(org, by->org));
}

bool role_set(Cx *cx, const Store *s, Str roles, const Org *org, RoleSet *ret)
{
    size_t n = 0;
    *ret = (RoleSet){.roles = roles};
    for (Str rest = roles, one; rest.n != 0; n++) {
        str_cut(rest, ',', &one, &rest);
        const Role *r = pack_role(s->pack, one);
        if (r == NULL) {
            return fail(cx, E_INVALID, "没有“%.*s”这个角色", STRF(one));
        }
        if (r->level_index >= 0 && r->level_index != org->level_index) {
            return fail(cx, E_INVALID, "“%.*s”只能设在%.*s一级的单位", STRF(r->label), STRF(s->pack->levels[r->level_index]));
        }
        if (r->kind != ADMIN_NONE && (n != 0 || rest.n != 0)) {
            return fail(cx, E_INVALID, "“%.*s”不能兼任别的角色：三个管理员须是三个人，也不办理业务", STRF(r->label));
        }
        ret->kind = r->kind;
    }
    if (ret->kind != ADMIN_NONE) {
        ret->roles = S("");
    }
    return n <= 8 ? true : fail(cx, E_INVALID, "一个账户最多 8 个角色");
}

bool account_note(Cx *cx, Store *s, const Actor *by, int64_t home, Str act, int64_t user, Str reason, Str body)
{
    return journal_add(cx, s, home, by, act, NULL, user, 0, S(""), S(""), S(""), reason, S(""), body);
}

bool account_insert(Cx *cx, Store *s, const Actor *by, NewUser *u)
{
    u->id = store_new_id(s, u->org->home);
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into account (id, home, login, name, org, roles, password, disabled, must_change, created, last, admin_kind, password_at)"
                         " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, 0, ?10, ?9)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u->id);
    stmt_int(st, 2, u->org->home);
    stmt_text(st, 3, u->login);
    stmt_text(st, 4, u->name);
    stmt_text(st, 5, u->org->code);
    stmt_text(st, 6, u->set.roles);
    stmt_text(st, 7, u->hash);
    stmt_int(st, 8, u->must_change ? 1 : 0);
    stmt_int(st, 9, cx->now_ms);
    stmt_text(st, 10, str_c(ADMIN_WORDS[u->set.kind]));
    if (!stmt_run(cx, st)) {
        if (cx->err == E_CONFLICT) {
            cx_clear(cx);
            return fail(cx, E_CONFLICT, "登录名 %.*s 已有人使用", STRF(u->login));
        }
        return false;
    }
    store_touch(s, (int32_t)s->pack->n_types);
    return journal_add(cx, s, u->org->home, by, S("user_add"), NULL, u->id, 1, S(""), S(""), S(""), S(""), S(""),
                       str_printf(cx->mem, "{\"login\":\"%.*s\",\"roles\":\"%.*s\",\"admin\":\"%s\"}", STRF(u->login), STRF(u->set.roles), ADMIN_WORDS[u->set.kind]));
}

typedef struct {
    const Actor *by;
    NewUser u;
} AddArg;

static bool do_add(Cx *cx, Store *s, void *arg)
{
    AddArg *x = arg;
    return account_insert(cx, s, x->by, &x->u);
}

/* Whoever makes accounts gives roles only where the profile lets one person do both, and never makes one of the three. */
static bool roles_given(Cx *cx, const Compliance *c, const Actor *by, const RoleSet *set)
{
    if (by->is_system) {
        return true;
    }
    bool apart = by->kind == ADMIN_SYSTEM || c->grants_apart;
    if (apart && (set->roles.n != 0 || set->kind != ADMIN_NONE)) {
        return fail(cx, E_FORBIDDEN, "新建账户时不给角色；角色由安全管理员授予");
    }
    if (set->kind != ADMIN_NONE) {
        return fail(cx, E_FORBIDDEN, "三个管理员的角色由安全管理员授予");
    }
    return apart || set->roles.n != 0 ? true : fail(cx, E_INVALID, "请至少选择一个角色");
}

bool user_add(Cx *cx, Store *s, const Actor *by, Str login, Str name, const Org *org, Str roles, Str password, bool must_change,
              int64_t *ret_id)
{
    Settings now;
    login = str_lower(cx->mem, str_trim(login));
    if (!may_manage(s, by, org)) {
        return fail(cx, E_FORBIDDEN, "您不能管理%.*s的用户", STRF(org->name));
    }
    if (!login_ok(cx, login)) {
        return false;
    }
    if (str_trim(name).n == 0 || name.n > 120) {
        return fail(cx, E_INVALID, "请填写姓名");
    }
    AddArg x = {.by = by, .u = {.login = login, .name = str_trim(name), .org = org, .must_change = must_change}};
    if (!settings_now(cx, s, &now) || !role_set(cx, s, roles, org, &x.u.set) || !roles_given(cx, now.profile, by, &x.u.set) ||
        (!by->is_system && !password_fits(cx, s, now.profile, login, password)) || !password_hash(cx, password, &x.u.hash) ||
        !store_write(cx, s, do_add, &x)) {
        return false;
    }
    *ret_id = x.u.id;
    return true;
}

static AdminKind kind_of(Str word)
{
    for (int k = 1; k < ADMIN_KINDS; k++) {
        if (str_eq(word, str_c(ADMIN_WORDS[k]))) {
            return (AdminKind)k;
        }
    }
    return ADMIN_NONE;
}

static void read_user(Cx *cx, const Store *s, Stmt *st, User *u)
{
    *u = (User){.id = stmt_col_int(st, 0), .login = stmt_col_dup(cx->mem, st, 1), .name = stmt_col_dup(cx->mem, st, 2),
                .org = stmt_col_dup(cx->mem, st, 3), .roles = stmt_col_dup(cx->mem, st, 4), .disabled = stmt_col_int(st, 5) != 0,
                .must_change = stmt_col_int(st, 6) != 0, .created_ms = stmt_col_int(st, 7), .last_ms = stmt_col_int(st, 8),
                .kind = kind_of(stmt_col_text(st, 9)), .password_ms = stmt_col_int(st, 10)};
    const Role *r = pack_admin_role(s->pack, u->kind);
    if (u->kind != ADMIN_NONE) {
        u->roles = r != NULL ? r->id : S("");
    }
    u->password_ms = u->password_ms != 0 ? u->password_ms : u->created_ms;
}

#define USER_COLUMNS "select id, login, name, org, roles, disabled, must_change, created, last, admin_kind, password_at from account"

static bool one_user(Cx *cx, const Store *s, Stmt *st, User *ret)
{
    bool row = false;
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    if (row) {
        read_user(cx, s, st, ret);
    }
    stmt_done(st);
    return row ? true : fail(cx, E_NOT_FOUND, "没有这个用户");
}

bool user_by_login(Cx *cx, Store *s, Str login, User *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(USER_COLUMNS " where login = ?1"));
    if (st == NULL) {
        return false;
    }
    Str low = str_lower(cx->mem, str_trim(login));
    stmt_text(st, 1, low);
    return one_user(cx, s, st, ret);
}

bool user_by_id(Cx *cx, Store *s, int64_t id, User *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(USER_COLUMNS " where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    return one_user(cx, s, st, ret);
}

bool user_sees_accounts(const Store *s, const Actor *a)
{
    return a->kind == ADMIN_SYSTEM || a->kind == ADMIN_SECURITY || (a->kind == ADMIN_NONE && actor_is_admin(s->pack, a));
}

bool user_manages(const Store *s, const Actor *a)
{
    return a->kind == ADMIN_SYSTEM || (a->kind == ADMIN_NONE && actor_is_admin(s->pack, a));
}

bool user_list(Cx *cx, Store *s, const Actor *by, User **ret, size_t *ret_n)
{
    if (!user_sees_accounts(s, by)) {
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
        read_user(cx, s, st, &u);
        const Org *o = pack_org(s->pack, u.org);
        if (o == NULL || !(by->is_system || (by->org != NULL && org_within(o, by->org)))) {
            continue;
        }
        ARRAY_ROOM(cx->mem, items, n, cap);
        items[n++] = u;
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = items;
    *ret_n = n;
    return true;
}

/* Does the profile want a second factor of this person? */
static bool wants_factor(const Store *s, const Compliance *c, const Actor *a)
{
    if (c->factor == FACTOR_FREE) {
        return false;
    }
    bool powerful = c->factor == FACTOR_ALL || a->kind != ADMIN_NONE || actor_is_admin(s->pack, a) || actor_is_auditor(s->pack, a);
    for (size_t i = 0; !powerful && i < s->pack->n_types; i++) {
        powerful = access_flag(a, &s->pack->types[i], 'x') || access_flag(a, &s->pack->types[i], 'u');
    }
    return powerful;
}

static bool profile_rules(Cx *cx, Store *s, const User *u, Actor *a)
{
    Settings now;
    FactorState f;
    if (!settings_now(cx, s, &now)) {
        return false;
    }
    const Compliance *c = now.profile;
    a->must_change = u->must_change || (c->password_days != 0 && u->password_ms < cx->now_ms - c->password_days * 86400000LL);
    if (wants_factor(s, c, a)) {
        if (!factor_state(cx, s, a->user, &f)) {
            return false;
        }
        a->must_enrol = !f.on;
    }
    return true;
}

bool user_needs_factor(Cx *cx, Store *s, const Actor *a)
{
    Settings now;
    return settings_now(cx, s, &now) && wants_factor(s, now.profile, a);
}

bool user_actor(Cx *cx, Store *s, int64_t id, Actor *ret)
{
    User u;
    if (!user_by_id(cx, s, id, &u)) {
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
    Actor a = {.user = u.id, .login = u.login, .name = u.name, .org = o, .via = S("web"), .kind = u.kind};
    for (Str rest = u.roles, one; rest.n != 0 && a.n_roles < 8;) {
        str_cut(rest, ',', &one, &rest);
        const Role *r = pack_role(s->pack, one);
        if (r == NULL || r->kind == u.kind) { /* only admin_kind makes one of the three: such a role written among the others counts for nothing */
            a.roles[a.n_roles++] = one;
        }
    }
    a.n_own_roles = a.n_roles;
    if ((u.kind == ADMIN_NONE && !delegate_join(cx, s, &a)) || !profile_rules(cx, s, &u, &a)) {
        return false;
    }
    *ret = a;
    return true;
}

/* Changing an account ends its sessions at once. */
bool end_sessions(Cx *cx, int64_t user)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from session where user_id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    return stmt_run(cx, st);
}

typedef struct {
    const Actor *by;
    Str hash;
    bool must_change, disabled;
    int64_t id;
} UserArg;

/* One's own password, or that of somebody whose account one manages. The three are no subject of office administrators; and whoever could set the
 * password of another kind could become it, so that is done at the server or by one's like. */
static bool manageable(Cx *cx, Store *s, const UserArg *u, User *ret, const Org **ret_org)
{
    if (!user_by_id(cx, s, u->id, ret)) {
        return false;
    }
    const Actor *by = u->by;
    *ret_org = pack_org(s->pack, ret->org);
    if (*ret_org != NULL && by->user == ret->id && !by->read_only && u->hash.n != 0) {
        return true;
    }
    if (*ret_org == NULL || !may_manage(s, by, *ret_org) || (ret->kind != ADMIN_NONE && !by->is_system && by->kind != ADMIN_SYSTEM)) {
        return fail(cx, E_FORBIDDEN, "您不能管理这个用户");
    }
    if (u->hash.n != 0 && ret->kind != ADMIN_NONE && ret->kind != by->kind && !by->is_system) {
        return fail(cx, E_FORBIDDEN, "另一类管理员的口令只能在服务器上用 tamga user passwd 重设");
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
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update account set password = ?2, must_change = ?3, password_at = ?4 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u->id);
    stmt_text(st, 2, u->hash);
    stmt_int(st, 3, u->must_change ? 1 : 0);
    stmt_int(st, 4, cx->now_ms);
    return stmt_run(cx, st) && end_sessions(cx, u->id) && account_note(cx, s, u->by, o->home, S("user_password"), u->id, S(""), S("{}"));
}

bool user_password(Cx *cx, Store *s, const Actor *by, int64_t id, Str password, bool must_change)
{
    UserArg u = {.by = by, .id = id, .must_change = must_change};
    User user;
    Settings now;
    if (!user_by_id(cx, s, id, &user) || !settings_now(cx, s, &now) || (!by->is_system && !password_fits(cx, s, now.profile, user.login, password)) ||
        !password_hash(cx, password, &u.hash)) {
        return false;
    }
    return store_write(cx, s, do_password, &u);
}

bool user_last_of_kind(Cx *cx, Store *s, const User *u, bool *ret)
{
    int64_t others = 1;
    (void)s;
    if (u->kind != ADMIN_NONE) {
        Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select count(*) from account where admin_kind = ?1 and disabled = 0 and id <> ?2"));
        if (st == NULL) {
            return false;
        }
        stmt_text(st, 1, str_c(ADMIN_WORDS[u->kind]));
        stmt_int(st, 2, u->id);
        if (!stmt_one_int(cx, st, 0, &others)) {
            return false;
        }
    }
    *ret = others == 0;
    return true;
}

static bool do_disable(Cx *cx, Store *s, void *arg)
{
    UserArg *u = arg;
    User user;
    const Org *o;
    bool last;
    if (!manageable(cx, s, u, &user, &o) || !user_last_of_kind(cx, s, &user, &last)) {
        return false;
    }
    if (u->disabled && last) {
        return fail(cx, E_WRONG_STATE, "这是最后一名这类管理员，不能停用");
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update account set disabled = ?2 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, u->id);
    stmt_int(st, 2, u->disabled ? 1 : 0);
    return stmt_run(cx, st) && end_sessions(cx, u->id) &&
           account_note(cx, s, u->by, o->home, u->disabled ? S("user_disable") : S("user_enable"), u->id, S(""), S("{}"));
}

bool user_disable(Cx *cx, Store *s, const Actor *by, int64_t id, bool disabled)
{
    if (by->user == id) {
        return fail(cx, E_WRONG_STATE, "不能停用自己的账户");
    }
    UserArg u = {.by = by, .id = id, .disabled = disabled};
    return store_write(cx, s, do_disable, &u);
}
