/*
 * session.c - signing in and staying signed in. The database keeps hashes of what the browser holds, never the thing itself.
 */
#include "store/factor.h"
#include "store/user_int.h"

#define MINUTE_MS 60000LL
#define PEER_WINDOW_MS (15 * MINUTE_MS)
#define PEER_TRIES 50
#define CODE_WAIT_MS (5 * MINUTE_MS)
#define TOUCH_MS 60000
#define LOGIN_KEPT 40 /* characters of a login that was tried */

static Str token_hash(Arena *mem, Str token)
{
    uint8_t h[32];
    sha256(token.p, token.n, h);
    return hex(mem, h, sizeof h);
}

/* ---- failures ---- */

static bool failures(Cx *cx, Str key, int64_t window_ms, int64_t *ret, int64_t *ret_last)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select count(*), max(at) from login_failure where key = ?1 and at > ?2"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, key);
    stmt_int(st, 2, cx->now_ms - window_ms);
    bool ok = stmt_step(cx, st, &row) && row;
    if (ok) {
        *ret = stmt_col_int(st, 0);
        *ret_last = *ret != 0 ? stmt_col_int(st, 1) : 0;
    }
    stmt_done(st);
    return ok;
}

bool tries_left(Cx *cx, const Compliance *c, Str key, int64_t *ret_left)
{
    int64_t n, last;
    if (!failures(cx, key, c->lock_min * MINUTE_MS, &n, &last)) {
        return false;
    }
    *ret_left = MAX(c->tries - n, 1);
    if (n < c->tries) {
        return true;
    }
    if (!c->delays) {
        return fail(cx, E_LOCKED, "尝试次数过多，请 %d 分钟后再试，或请管理员重置密码", c->lock_min);
    }
    int64_t wait = 30000LL << MIN(n - c->tries, 10), open_at = last + MIN(wait, c->lock_min * MINUTE_MS);
    return cx->now_ms >= open_at ||
           fail(cx, E_LOCKED, "错了 %lld 次，请 %lld 秒后再试", (long long)n, (long long)((open_at - cx->now_ms + 999) / 1000));
}

typedef struct {
    Str keys[2];
    Str token, csrf;
    int64_t user;
    bool pending;
    Str tone, text;
    Str fresh;       /* the new id of a session */
    Settings now;
} SessionArg;

static bool do_failure(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    (void)s;
    for (int i = 0; i < 2 && x->keys[i].n != 0; i++) {
        Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("insert into login_failure (key, at) values (?1, ?2)"));
        if (st == NULL) {
            return false;
        }
        stmt_text(st, 1, x->keys[i]);
        stmt_int(st, 2, cx->now_ms);
        if (!stmt_run(cx, st)) {
            return false;
        }
    }
    /* A log as well: kept for as long as logs must be, never for less than the floor. */
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from login_failure where at < ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - MAX(x->now.retention_days, RETENTION_FLOOR_DAYS) * 86400000LL);
    return stmt_run(cx, st);
}

bool tries_note(Cx *cx, Store *s, Str key, Str key2)
{
    SessionArg x = {.keys = {key, key2}};
    const struct IdemOnce *once = cx->once; /* a try that failed is not what was asked for */
    cx->once = NULL;
    bool ok = settings_now(cx, s, &x.now) && store_write(cx, s, do_failure, &x);
    cx->once = once;
    return ok;
}

static bool delete_old(Cx *cx, const Compliance *c)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from session where created < ?1 or seen < ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - c->longest_min * MINUTE_MS);
    stmt_int(st, 2, cx->now_ms - MAX(c->idle_min, c->idle_admin_min) * MINUTE_MS);
    return stmt_run(cx, st);
}

/* Room for one more: the oldest beyond the profile's number end. */
static bool make_room(Cx *cx, const Compliance *c, int64_t user)
{
    if (c->sessions == 0) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("delete from session where user_id = ?1 and hash not in"
                         " (select hash from session where user_id = ?1 order by created desc, hash limit ?2)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    stmt_int(st, 2, c->sessions - 1);
    return stmt_run(cx, st);
}

static bool note_login(Cx *cx, Store *s, int64_t user)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update account set last = ?2 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    stmt_int(st, 2, cx->now_ms);
    Actor a;
    return stmt_run(cx, st) && user_actor(cx, s, user, &a) &&
           journal_add(cx, s, a.org->home, &a, S("login"), NULL, user, 0, S(""), S(""), S(""), S(""), S(""), S("{}"));
}

static bool do_open(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    if (!delete_old(cx, x->now.profile) || !make_room(cx, x->now.profile, x->user)) {
        return false;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into session (hash, user_id, csrf, created, seen, tone, flash, proven, pending)"
                         " values (?1, ?2, ?3, ?4, ?4, '', '', ?5, ?6)"));
    if (st == NULL) {
        return false;
    }
    Str hash = token_hash(cx->mem, x->token);
    stmt_text(st, 1, hash);
    stmt_int(st, 2, x->user);
    stmt_text(st, 3, x->csrf);
    stmt_int(st, 4, cx->now_ms);
    stmt_int(st, 5, x->pending ? 0 : cx->now_ms);
    stmt_int(st, 6, x->pending ? 1 : 0);
    return stmt_run(cx, st) && (x->pending || note_login(cx, s, x->user));
}

static bool stored_password(Cx *cx, Str login, int64_t *ret_user, Str *ret_hash)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select id, password from account where login = ?1 and disabled = 0"));
    bool row = false;
    *ret_user = 0;
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, login);
    bool ok = stmt_step(cx, st, &row);
    if (ok && row) {
        *ret_user = stmt_col_int(st, 0);
        *ret_hash = stmt_col_dup(cx->mem, st, 1);
    }
    stmt_done(st);
    return ok;
}

static bool make_decoy(Cx *cx, char *out, size_t max)
{
    Str h;
    if (!password_hash(cx, S("no such account here"), &h)) {
        return false;
    }
    CHECK(h.n < max);
    memcpy(out, h.p, h.n);
    out[h.n] = '\0';
    return true;
}

bool password_right(Cx *cx, Store *s, Str login, Str password, Str peer, int64_t *ret_user)
{
    static pthread_mutex_t decoy_lock = PTHREAD_MUTEX_INITIALIZER;
    static char decoy[256]; /* a hash to verify against when the login is unknown: the same work either way */
    int64_t left, by_peer, last, user;
    Str hash = S("");
    Settings now;
    Str keys[2] = {str_printf(cx->mem, "l:%.*s", STRF(utf8_cut(login, LOGIN_KEPT))), str_printf(cx->mem, "p:%.*s", STRF(peer))};
    if (!settings_now(cx, s, &now) || !tries_left(cx, now.profile, keys[0], &left) || !failures(cx, keys[1], PEER_WINDOW_MS, &by_peer, &last)) {
        return false;
    }
    if (by_peer >= PEER_TRIES) {
        return fail(cx, E_LOCKED, "尝试次数过多，请 15 分钟后再试，或请管理员重置密码");
    }
    if (!stored_password(cx, login, &user, &hash)) {
        return false;
    }
    if (user == 0) {
        pthread_mutex_lock(&decoy_lock);
        bool made = decoy[0] != '\0' || make_decoy(cx, decoy, sizeof decoy);
        pthread_mutex_unlock(&decoy_lock);
        if (!made) {
            return false;
        }
        hash = str_c(decoy);
    }
    bool right;
    if (!password_check(cx, hash, password, &right)) {
        return false;
    }
    if (!right || user == 0) {
        if (!tries_note(cx, s, keys[0], keys[1])) {
            return false;
        }
        return fail(cx, E_UNAUTHENTICATED, "登录名或密码不对，还可以再试 %lld 次", (long long)(left - 1));
    }
    *ret_user = user;
    return true;
}

static bool open_for(Cx *cx, Store *s, SessionArg *x, int64_t user)
{
    x->user = user;
    x->token = random_token(cx->mem, 32);
    x->csrf = random_token(cx->mem, 24);
    return settings_now(cx, s, &x->now) && store_write(cx, s, do_open, x);
}

bool session_open(Cx *cx, Store *s, Str login, Str password, Str peer, Str *ret_token, bool *ret_code, Actor *ret)
{
    int64_t user;
    FactorState f;
    SessionArg x = {0};
    login = str_lower(cx->mem, str_trim(login));
    if (!password_right(cx, s, login, password, peer, &user) || !factor_state(cx, s, user, &f)) {
        return false;
    }
    x.pending = f.on;
    if (!open_for(cx, s, &x, user)) {
        return false;
    }
    *ret_token = x.token;
    *ret_code = x.pending;
    return x.pending || user_actor(cx, s, user, ret);
}

bool session_again(Cx *cx, Store *s, const Actor *a, Str *ret_token)
{
    SessionArg x = {0};
    bool ok = open_for(cx, s, &x, a->user);
    *ret_token = x.token;
    return ok;
}

bool session_password(Cx *cx, Store *s, const Actor *a, Str password, Str peer)
{
    int64_t user;
    return password_right(cx, s, a->login, password, peer, &user) && (user == a->user || fail(cx, E_UNAUTHENTICATED, "口令不对"));
}

/* ---- a new id for a session: after the second factor, and after each proof ---- */

static bool do_renew(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("update session set hash = ?2, proven = ?3, seen = ?3, pending = 0, csrf = case when pending = 1 then ?4 else csrf end"
                         " where hash = ?1 and user_id = ?5 returning user_id"));
    int64_t user = 0;
    if (st == NULL) {
        return false;
    }
    Str was = token_hash(cx->mem, x->token), is = token_hash(cx->mem, x->fresh);
    stmt_text(st, 1, was);
    stmt_text(st, 2, is);
    stmt_int(st, 3, cx->now_ms);
    stmt_text(st, 4, x->csrf);
    stmt_int(st, 5, x->user);
    if (!stmt_one_int(cx, st, 0, &user)) {
        return false;
    }
    if (user == 0) {
        return fail(cx, E_UNAUTHENTICATED, "登录已过期，请重新登录");
    }
    return !x->pending || note_login(cx, s, user);
}

static bool renew(Cx *cx, Store *s, int64_t user, bool pending, Str *token)
{
    SessionArg x = {.token = *token, .user = user, .pending = pending, .fresh = random_token(cx->mem, 32), .csrf = random_token(cx->mem, 24)};
    if (!store_write(cx, s, do_renew, &x)) {
        return false;
    }
    *token = x.fresh;
    return true;
}

/* The person of a session that waits for a code; 0: it does not. */
static bool waiting_user(Cx *cx, Str token, int64_t *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select user_id from session where hash = ?1 and pending = 1 and created > ?2"));
    *ret = 0;
    if (st == NULL) {
        return false;
    }
    Str hash = token_hash(cx->mem, token);
    stmt_text(st, 1, hash);
    stmt_int(st, 2, cx->now_ms - CODE_WAIT_MS);
    return stmt_one_int(cx, st, 0, ret);
}

bool session_waits(Cx *cx, Store *s, Str token, bool *ret)
{
    int64_t user;
    (void)s;
    if (!waiting_user(cx, token, &user)) {
        return false;
    }
    *ret = user != 0;
    return true;
}

bool session_code(Cx *cx, Store *s, Str code, Str *token, Actor *ret)
{
    int64_t user;
    if (!waiting_user(cx, *token, &user)) {
        return false;
    }
    if (user == 0) {
        return fail(cx, E_CONFLICT, "等待时间太长，请重新登录");
    }
    return factor_check(cx, s, user, code) && renew(cx, s, user, true, token) && user_actor(cx, s, user, ret);
}

bool session_prove(Cx *cx, Store *s, const Actor *a, Str secret, Str peer, Str *token)
{
    FactorState f;
    if (!factor_state(cx, s, a->user, &f)) {
        return false;
    }
    bool right = f.on ? factor_check(cx, s, a->user, secret) : session_password(cx, s, a, secret, peer);
    return right && renew(cx, s, a->user, false, token);
}

bool session_fresh(Cx *cx, Store *s, const Actor *a, bool *ret)
{
    Settings now;
    if (!settings_now(cx, s, &now)) {
        return false;
    }
    *ret = a->is_system || (a->proven_ms != 0 && a->proven_ms > cx->now_ms - now.profile->proof_min * MINUTE_MS);
    return true;
}

static bool do_unprove(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update session set proven = 0 where hash = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x->token);
    return stmt_run(cx, st);
}

bool session_unprove(Cx *cx, Store *s, Str token)
{
    SessionArg x = {.token = token_hash(cx->mem, token)};
    return store_write(cx, s, do_unprove, &x);
}

static bool do_touch(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update session set seen = ?2 where hash = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x->token);
    stmt_int(st, 2, cx->now_ms);
    return stmt_run(cx, st);
}

bool session_actor(Cx *cx, Store *s, Str token, Actor *ret, Str *ret_csrf)
{
    Settings now;
    if (token.n == 0 || token.n > 100) {
        return fail(cx, E_UNAUTHENTICATED, "请先登录");
    }
    SessionArg x = {.token = token_hash(cx->mem, token)};
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select user_id, csrf, created, seen, proven from session where hash = ?1 and pending = 0"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x.token);
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    int64_t user = row ? stmt_col_int(st, 0) : 0, created = row ? stmt_col_int(st, 2) : 0, seen = row ? stmt_col_int(st, 3) : 0;
    int64_t proven = row ? stmt_col_int(st, 4) : 0;
    Str csrf = row ? stmt_col_dup(cx->mem, st, 1) : S("");
    stmt_done(st);
    Actor a;
    if (!settings_now(cx, s, &now) || (row && !user_actor(cx, s, user, &a))) {
        return false;
    }
    const Compliance *c = now.profile;
    bool admin = row && (a.kind != ADMIN_NONE || actor_is_admin(s->pack, &a));
    int64_t idle = admin ? c->idle_admin_min : c->idle_min;
    if (!row || created < cx->now_ms - c->longest_min * MINUTE_MS || seen < cx->now_ms - idle * MINUTE_MS) {
        return fail(cx, E_UNAUTHENTICATED, "登录已过期，请重新登录");
    }
    if (seen < cx->now_ms - TOUCH_MS && !store_write(cx, s, do_touch, &x)) {
        if (cx->err != E_FULL && cx->err != E_BUSY) {
            return false;
        }
        cx_clear(cx); /* reading goes on while nothing can be written */
    }
    *ret_csrf = csrf;
    a.proven_ms = proven;
    *ret = a;
    return true;
}

static bool do_close(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from session where hash = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x->token);
    return stmt_run(cx, st);
}

bool session_close(Cx *cx, Store *s, Str token)
{
    SessionArg x = {.token = token_hash(cx->mem, token)};
    return store_write(cx, s, do_close, &x);
}

static bool do_flash(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update session set tone = ?2, flash = ?3 where hash = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x->token);
    stmt_text(st, 2, x->tone);
    stmt_text(st, 3, x->text);
    return stmt_run(cx, st);
}

bool session_flash(Cx *cx, Store *s, Str token, Str tone, Str text)
{
    SessionArg x = {.token = token_hash(cx->mem, token), .tone = tone, .text = text};
    return store_write(cx, s, do_flash, &x);
}

bool session_flash_take(Cx *cx, Store *s, Str token, Str *ret_tone, Str *ret_text)
{
    SessionArg x = {.token = token_hash(cx->mem, token), .tone = S(""), .text = S("")};
    *ret_tone = *ret_text = S("");
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select tone, flash from session where hash = ?1"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x.token);
    bool ok = stmt_step(cx, st, &row);
    if (ok && row) {
        *ret_tone = stmt_col_dup(cx->mem, st, 0);
        *ret_text = stmt_col_dup(cx->mem, st, 1);
    }
    stmt_done(st);
    return ok && (ret_text->n == 0 || store_write(cx, s, do_flash, &x));
}
