/*
 * first.c - the first start: no default password, but a token shown on the server, with which three persons become the three administrators.
 */
#include "store/user_int.h"

#define KEPT_MS (24 * 3600 * 1000LL)

static bool no_account(Cx *cx, bool *ret)
{
    int64_t n;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select count(*) from (select id from account limit 1) a"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    *ret = n == 0;
    return true;
}

bool first_needed(Cx *cx, Store *s, bool *ret)
{
    *ret = false;
    for (int k = 1; k < ADMIN_KINDS; k++) {
        if (pack_admin_role(s->pack, (AdminKind)k) == NULL) {
            return true;
        }
    }
    return no_account(cx, ret);
}

typedef struct {
    Str value, hash, peer;
    NewUser who[3];
} FirstArg;

static bool do_token(Cx *cx, Store *s, void *arg)
{
    const FirstArg *x = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("insert into meta (key, value) values ('first', ?1) on conflict (key) do update set value = excluded.value"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x->value);
    return stmt_run(cx, st);
}

static Str hash_of(Cx *cx, Str token)
{
    uint8_t h[32];
    sha256(token.p, token.n, h);
    return hex(cx->mem, h, 32);
}

bool first_token(Cx *cx, Store *s, Str *ret_token)
{
    *ret_token = random_token(cx->mem, 18);
    FirstArg x = {.value = str_printf(cx->mem, "%.*s %lld", STRF(hash_of(cx, *ret_token)), (long long)(cx->now_ms + KEPT_MS))};
    return store_write(cx, s, do_token, &x);
}

static bool token_holds(Cx *cx, Str hash, bool *ret)
{
    bool row = false;
    Str want = S(""), until = S("");
    int64_t until_ms = 0;
    *ret = false;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select value from meta where key = 'first'"));
    if (st == NULL) {
        return false;
    }
    bool ok = stmt_step(cx, st, &row);
    if (ok && row && str_cut(stmt_col_dup(cx->mem, st, 0), ' ', &want, &until) && str_int(until, &until_ms)) {
        *ret = same_secret(want, hash) && until_ms > cx->now_ms;
    }
    stmt_done(st);
    return ok;
}

static bool do_first(Cx *cx, Store *s, void *arg)
{
    FirstArg *x = arg;
    bool empty, holds;
    if (!no_account(cx, &empty) || !token_holds(cx, x->hash, &holds)) {
        return false;
    }
    if (!empty || !holds) { /* again, inside the writing transaction: two at once make three accounts, not six */
        return fail(cx, E_CONFLICT, "管理员已经建立，或者令牌已经失效");
    }
    static const Actor FIRST = {.is_system = true, .name = STR_INIT("首次启动"), .via = STR_INIT("first")};
    for (size_t i = 0; i < 3; i++) {
        if (!account_insert(cx, s, &FIRST, &x->who[i])) {
            return false;
        }
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("delete from meta where key = 'first'"));
    return st != NULL && stmt_run(cx, st);
}

/* What is wrong with a field becomes a finding that names the person; false: something else failed. */
static bool told(Cx *cx, Findings *found, const Role *role, AdminKind kind, const char *field, bool ok)
{
    if (ok || cx->err != E_INVALID) {
        return ok;
    }
    finding_add(found, false, str_printf(cx->mem, "%s_%s", ADMIN_WORDS[kind], field), S("invalid"), S(""),
                str_printf(cx->mem, "%.*s：%.*s", STRF(role->label), STRF(cx_text(cx))));
    cx_clear(cx);
    return true;
}

static bool one(Cx *cx, Store *s, const Compliance *c, const FirstAdmin *w, AdminKind kind, NewUser *u, Findings *found)
{
    const Role *role = pack_admin_role(s->pack, kind);
    const Org *top = &s->pack->orgs[0];
    *u = (NewUser){.login = str_lower(cx->mem, str_trim(w->login)), .name = str_trim(w->name), .org = top, .must_change = true};
    if (u->name.n == 0 || u->name.n > 120) {
        finding_add(found, false, str_printf(cx->mem, "%s_name", ADMIN_WORDS[kind]), S("required"), S(""), str_printf(cx->mem, "%.*s：请填写姓名", STRF(role->label)));
    }
    return role_set(cx, s, role->id, top, &u->set) && told(cx, found, role, kind, "login", login_ok(cx, u->login)) &&
           told(cx, found, role, kind, "password", password_fits(cx, s, c, u->login, w->password));
}

/* Three persons: says which two share what. */
static void same_as(Cx *cx, Findings *found, AdminKind kind, const char *field, const char *what, const Role *role, const Role *other)
{
    if (other != NULL) {
        finding_add(found, false, str_printf(cx->mem, "%s_%s", ADMIN_WORDS[kind], field), S("same"), S(""),
                    str_printf(cx->mem, "%.*s：%s和%.*s的相同；三个管理员须是三个人", STRF(role->label), what, STRF(other->label)));
    }
}

bool first_admins(Cx *cx, Store *s, Str token, Str peer, const FirstAdmin who[3], Findings *found)
{
    FirstArg x = {.hash = hash_of(cx, str_trim(token))};
    Settings now;
    bool holds;
    int64_t left;
    Str key = str_printf(cx->mem, "f:%.*s", STRF(peer));
    if (!settings_now(cx, s, &now) || !tries_left(cx, now.profile, key, &left) || !token_holds(cx, x.hash, &holds)) {
        return false;
    }
    if (!holds) {
        if (!tries_note(cx, s, key, S(""))) {
            return false;
        }
        finding_add(found, false, S("token"), S("wrong"), S(""), S("令牌不对或已过期；在服务器上运行 tamga first 可以得到新的令牌"));
        return fail(cx, E_INVALID, "令牌不对或已过期");
    }
    for (int i = 0; i < 3; i++) {
        if (!one(cx, s, now.profile, &who[i], (AdminKind)(i + 1), &x.who[i], found)) {
            return false;
        }
        const Role *own = pack_admin_role(s->pack, (AdminKind)(i + 1)), *person = NULL, *word = NULL; /* of those before, who has the same: told once */
        for (int k = 0; k < i; k++) {
            const Role *other = pack_admin_role(s->pack, (AdminKind)(k + 1));
            bool same = str_eq(x.who[i].login, x.who[k].login) || str_eq(x.who[i].name, x.who[k].name);
            person = person == NULL && same ? other : person;
            word = word == NULL && str_eq(who[i].password, who[k].password) ? other : word;
        }
        same_as(cx, found, (AdminKind)(i + 1), "login", "登录名或姓名", own, person);
        same_as(cx, found, (AdminKind)(i + 1), "password", "口令", own, word);
    }
    if (found->errors != 0) {
        return fail(cx, E_INVALID, "有 %zu 处需要修改", found->errors);
    }
    for (size_t i = 0; i < 3; i++) {
        if (!password_hash(cx, who[i].password, &x.who[i].hash)) {
            return false;
        }
    }
    return store_write(cx, s, do_first, &x);
}
