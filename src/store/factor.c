/*
 * factor.c - see factor.h.
 */
#include "store/factor.h"

#include "fmt/totp.h"
#include "store/user_int.h"

typedef struct {
    const Actor *a;
    int64_t user;
    Str secret, code, *codes, recovery;
    int64_t step;
    bool used;
} FactorArg;

/* Bound to the person: a sealed secret moved to another account does not open. */
static Str place(Arena *mem, int64_t user)
{
    return str_printf(mem, "factor|secret|%lld", (long long)user);
}

static Str recovery_hash(Cx *cx, const Store *s, int64_t user, Str code)
{
    uint8_t h[32];
    Str bare = str_replace(cx->mem, str_replace(cx->mem, str_trim(code), S("-"), S("")), S(" "), S(""));
    char *upper = arena_alloc(cx->mem, bare.n + 1);
    for (size_t i = 0; i < bare.n; i++) {
        upper[i] = bare.p[i] >= 'a' && bare.p[i] <= 'z' ? (char)(bare.p[i] - 'a' + 'A') : bare.p[i];
    }
    hmac_sha256(store_secret(s, cx->mem, "recovery code"), str_printf(cx->mem, "%lld|%.*s", (long long)user, STRF(str_n(upper, bare.n))), h);
    return hex(cx->mem, h, 32);
}

static bool read_factor(Cx *cx, const Store *s, int64_t user, bool *ret_row, Str *ret_secret, bool *ret_on, int64_t *ret_step, int64_t *ret_since)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select secret, confirmed, last_step, created from factor where user_id = ?1"));
    bool row = false;
    *ret_row = *ret_on = false;
    *ret_step = *ret_since = 0;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    bool ok = stmt_step(cx, st, &row);
    Str sealed = ok && row ? stmt_col_dup(cx->mem, st, 0) : S("");
    if (ok && row) {
        *ret_row = true;
        *ret_on = stmt_col_int(st, 1) != 0;
        *ret_step = stmt_col_int(st, 2);
        *ret_since = stmt_col_int(st, 3);
    }
    stmt_done(st);
    if (ok && row && ret_secret != NULL && !field_open(cx->mem, &s->keys->field, place(cx->mem, user), sealed, ret_secret)) {
        return fail(cx, E_DATA, "动态码的密钥打不开，请安全管理员重置");
    }
    return ok;
}

bool factor_state(Cx *cx, Store *s, int64_t user, FactorState *ret)
{
    bool row, on;
    int64_t step, left = 0;
    *ret = (FactorState){0};
    if (!read_factor(cx, s, user, &row, NULL, &on, &step, &ret->since_ms)) {
        return false;
    }
    ret->on = row && on;
    if (ret->on) {
        Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select count(*) from recovery where user_id = ?1 and used = 0"));
        if (st == NULL) {
            return false;
        }
        stmt_int(st, 1, user);
        if (!stmt_one_int(cx, st, 0, &left)) {
            return false;
        }
        ret->recovery_left = (int)left;
    }
    return true;
}

static bool do_begin(Cx *cx, Store *s, void *arg)
{
    FactorArg *x = arg;
    bool row, on;
    int64_t step, since;
    if (!read_factor(cx, s, x->user, &row, NULL, &on, &step, &since)) {
        return false;
    }
    if (row && on) {
        return fail(cx, E_WRONG_STATE, "动态码已经启用；要换手机，请先停用，或请安全管理员重置");
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into factor (user_id, secret, confirmed, last_step, created) values (?1, ?2, 0, 0, ?3)"
                         " on conflict (user_id) do update set secret = excluded.secret, created = excluded.created"));
    if (st == NULL) {
        return false;
    }
    Str sealed = field_seal(cx->mem, &s->keys->field, place(cx->mem, x->user), x->secret);
    stmt_int(st, 1, x->user);
    stmt_text(st, 2, sealed);
    stmt_int(st, 3, cx->now_ms);
    return stmt_run(cx, st);
}

bool factor_begin(Cx *cx, Store *s, const Actor *a, Str *ret_secret)
{
    uint8_t bytes[TOTP_SECRET_BYTES];
    if (a->user == 0 || a->read_only) {
        return fail(cx, E_FORBIDDEN, "请先登录");
    }
    random_bytes(bytes, sizeof bytes);
    FactorArg x = {.a = a, .user = a->user, .secret = str_dup(cx->mem, str_n((const char *)bytes, sizeof bytes))};
    *ret_secret = x.secret;
    return store_write(cx, s, do_begin, &x);
}

bool factor_pending(Cx *cx, Store *s, const Actor *a, Str *ret_secret)
{
    bool row, on;
    int64_t step, since;
    if (!read_factor(cx, s, a->user, &row, ret_secret, &on, &step, &since)) {
        return false;
    }
    return (row && !on) || fail(cx, E_WRONG_STATE, "没有正在启用的动态码，请重新开始");
}

static bool add_recovery(Cx *cx, const Store *s, const FactorArg *x)
{
    for (int i = 0; i < RECOVERY_CODES; i++) {
        Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("insert into recovery (user_id, hash, used) values (?1, ?2, 0)"));
        if (st == NULL) {
            return false;
        }
        Str hash = recovery_hash(cx, s, x->user, x->codes[i]);
        stmt_int(st, 1, x->user);
        stmt_text(st, 2, hash);
        if (!stmt_run(cx, st)) {
            return false;
        }
    }
    return true;
}

static bool clear_recovery(Cx *cx, int64_t user)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from recovery where user_id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    return stmt_run(cx, st);
}

/* Twice at the same moment: the second must not put other recovery codes in the place of those the first was shown. */
static bool do_confirm(Cx *cx, Store *s, void *arg)
{
    FactorArg *x = arg;
    int64_t user = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("update factor set confirmed = 1, last_step = ?2, created = ?3 where user_id = ?1 and confirmed = 0 returning user_id"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->user);
    stmt_int(st, 2, x->step);
    stmt_int(st, 3, cx->now_ms);
    if (!stmt_one_int(cx, st, 0, &user)) {
        return false;
    }
    if (user == 0) {
        return fail(cx, E_WRONG_STATE, "没有正在启用的动态码，请重新开始");
    }
    return clear_recovery(cx, x->user) && add_recovery(cx, s, x) &&
           account_note(cx, s, x->a, x->a->org->home, S("factor_on"), x->user, S(""), S("{}"));
}

/* Twelve letters, 60 bits. */
static Str recovery_code(Cx *cx)
{
    uint8_t bytes[10];
    random_bytes(bytes, sizeof bytes);
    Str t = base32(cx->mem, str_n((const char *)bytes, sizeof bytes));
    return str_printf(cx->mem, "%.4s-%.4s-%.4s", t.p, t.p + 4, t.p + 8);
}

bool factor_confirm(Cx *cx, Store *s, const Actor *a, Str code, Str **ret_codes)
{
    FactorArg x = {.a = a, .user = a->user};
    Str secret, key = str_printf(cx->mem, "t:%lld", (long long)a->user);
    Settings now;
    int64_t left;
    if (!settings_now(cx, s, &now) || !tries_left(cx, now.profile, key, &left) || !factor_pending(cx, s, a, &secret)) {
        return false;
    }
    if (!totp_match(secret, str_trim(code), cx->now_ms, 0, &x.step)) {
        if (!tries_note(cx, s, key, S(""))) {
            return false;
        }
        return fail(cx, E_INVALID, "动态码不对；请核对手机时间，等下一个码再试");
    }
    x.codes = NEW_ARRAY(cx->mem, Str, RECOVERY_CODES);
    for (int i = 0; i < RECOVERY_CODES; i++) {
        x.codes[i] = recovery_code(cx);
    }
    *ret_codes = x.codes;
    return store_write(cx, s, do_confirm, &x);
}

/* Twice the same code at the same moment: the writer is one, and the row says whether it was the first. */
static bool do_use(Cx *cx, Store *s, void *arg)
{
    FactorArg *x = arg;
    int64_t user = 0;
    (void)s;
    Stmt *st = x->step != 0 ? db_stmt(cx, cx->db, SQL_REFERENCE,
                                      S("update factor set last_step = ?2 where user_id = ?1 and confirmed = 1 and last_step < ?2 returning user_id"))
                            : db_stmt(cx, cx->db, SQL_REFERENCE,
                                      S("update recovery set used = ?2 where user_id = ?1 and used = 0 and hash = ?3 returning user_id"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->user);
    stmt_int(st, 2, x->step != 0 ? x->step : cx->now_ms);
    if (x->step == 0) {
        stmt_text(st, 3, x->recovery);
    }
    if (!stmt_one_int(cx, st, 0, &user)) {
        return false;
    }
    x->used = user != 0;
    return true;
}

bool factor_check(Cx *cx, Store *s, int64_t user, Str code)
{
    FactorArg x = {.user = user};
    bool row, on;
    int64_t last, since, left;
    Str secret, key = str_printf(cx->mem, "t:%lld", (long long)user);
    Settings now;
    if (!settings_now(cx, s, &now) || !tries_left(cx, now.profile, key, &left) || !read_factor(cx, s, user, &row, &secret, &on, &last, &since)) {
        return false;
    }
    if (!row || !on) {
        return fail(cx, E_WRONG_STATE, "没有启用动态码");
    }
    code = str_trim(code);
    bool app = code.n == TOTP_DIGITS;
    if (!app) {
        x.recovery = recovery_hash(cx, s, user, code);
    }
    if ((!app || totp_match(secret, code, cx->now_ms, last, &x.step)) && !store_write(cx, s, do_use, &x)) {
        return false;
    }
    if (!x.used) {
        if (!tries_note(cx, s, key, S(""))) {
            return false;
        }
        return fail(cx, E_UNAUTHENTICATED, "动态码不对，或者已经用过；请等下一个码");
    }
    return true;
}

static bool do_drop(Cx *cx, Store *s, void *arg)
{
    FactorArg *x = arg;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from factor where user_id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->user);
    return stmt_run(cx, st) && clear_recovery(cx, x->user) &&
           account_note(cx, s, x->a, x->a->org->home, S("factor_off"), x->user, S(""), S("{}"));
}

bool factor_drop(Cx *cx, Store *s, const Actor *a)
{
    Actor without;
    FactorArg x = {.a = a, .user = a->user};
    if (a->read_only || !user_actor(cx, s, a->user, &without)) {
        return cx->err != E_OK ? false : fail(cx, E_FORBIDDEN, "这个令牌只能读，不能写");
    }
    if (user_needs_factor(cx, s, &without)) {
        return fail(cx, E_FORBIDDEN, "合规档案要求您使用动态码，不能停用");
    }
    return cx->err == E_OK && store_write(cx, s, do_drop, &x);
}
