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

static bool one(Cx *cx, Store *s, const Compliance *c, const FirstAdmin *w, AdminKind kind, NewUser *u, Findings *found)
{
    const Role *role = pack_admin_role(s->pack, kind);
    const Org *top = &s->pack->orgs[0];
    *u = (NewUser){.login = str_lower(cx->mem, str_trim(w->login)), .name = str_trim(w->name), .org = top, .must_change = true};
    Str field = str_c(ADMIN_WORDS[kind]);
    if (u->name.n == 0 || u->name.n > 120) {
        finding_add(found, false, str_printf(cx->mem, "%.*s_name", STRF(field)), S("required"), S(""), str_printf(cx->mem, "%.*s：请填写姓名", STRF(role->label)));
    }
    if (!login_ok(cx, u->login) || !role_set(cx, s, role->id, top, &u->set) || !password_fits(cx, s, c, u->login, w->password)) {
        if (cx->err != E_INVALID) {
            return false;
        }
        bool login = str_starts(cx_text(cx), S("登录名"));
        finding_add(found, false, str_printf(cx->mem, "%.*s_%s", STRF(field), login ? "login" : "password"), S("invalid"), S(""),
                    str_printf(cx->mem, "%.*s：%.*s", STRF(role->label), STRF(cx_text(cx))));
        cx_clear(cx);
    }
    return true;
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
        bool same_person = false, same_word = false; /* as one of those before: told once */
        for (int k = 0; k < i; k++) {
            same_person = same_person || str_eq(x.who[i].login, x.who[k].login) || str_eq(x.who[i].name, x.who[k].name);
            same_word = same_word || str_eq(who[i].password, who[k].password);
        }
        if (same_person) {
            finding_add(found, false, str_printf(cx->mem, "%s_login", ADMIN_WORDS[i + 1]), S("same"), S(""), S("三个管理员须是三个人：登录名和姓名不能相同"));
        }
        if (same_word) {
            finding_add(found, false, str_printf(cx->mem, "%s_password", ADMIN_WORDS[i + 1]), S("same"), S(""), S("三个管理员的口令不能相同"));
        }
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
