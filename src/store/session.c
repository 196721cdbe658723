/*
 * session.c - signing in and staying signed in. The database keeps hashes of what the browser holds, never the thing itself.
 */
#include "store/internal.h"
#include "store/user.h"

#define IDLE_MS (30 * 60 * 1000LL)
#define LONGEST_MS (10 * 3600 * 1000LL)
#define WINDOW_MS (15 * 60 * 1000LL)
#define LOGIN_TRIES 5
#define PEER_TRIES 50
#define TOUCH_MS 60000

static Str token_hash(Arena *mem, Str token)
{
    uint8_t h[32];
    sha256(token.p, token.n, h);
    return hex(mem, h, sizeof h);
}

/* ---- failures ---- */

static bool failures(Cx *cx, Str key, int64_t *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select count(*) from login_failure where key = ?1 and at > ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, key);
    stmt_int(st, 2, cx->now_ms - WINDOW_MS);
    return stmt_one_int(cx, st, 0, ret);
}

typedef struct {
    Str keys[2];
    Str token, csrf;
    int64_t user;
    Str tone, text;
} SessionArg;

static bool do_failure(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    (void)s;
    for (int i = 0; i < 2; i++) {
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
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from login_failure where at < ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - WINDOW_MS);
    return stmt_run(cx, st);
}

static bool do_open(Cx *cx, Store *s, void *arg)
{
    SessionArg *x = arg;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("delete from session where created < ?1 or seen < ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - LONGEST_MS);
    stmt_int(st, 2, cx->now_ms - IDLE_MS);
    if (!stmt_run(cx, st)) {
        return false;
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE,
                 S("insert into session (hash, user_id, csrf, created, seen, tone, flash) values (?1, ?2, ?3, ?4, ?4, '', '')"));
    if (st == NULL) {
        return false;
    }
    Str hash = token_hash(cx->mem, x->token);
    stmt_text(st, 1, hash);
    stmt_int(st, 2, x->user);
    stmt_text(st, 3, x->csrf);
    stmt_int(st, 4, cx->now_ms);
    if (!stmt_run(cx, st)) {
        return false;
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update account set last = ?2 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->user);
    stmt_int(st, 2, cx->now_ms);
    if (!stmt_run(cx, st)) {
        return false;
    }
    Actor a;
    return user_actor(cx, s, x->user, &a) &&
           journal_add(cx, s, a.org->home, &a, S("login"), NULL, x->user, 0, S(""), S(""), S(""), S(""), S(""), S("{}"));
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

bool session_open(Cx *cx, Store *s, Str login, Str password, Str peer, Str *ret_token, Actor *ret)
{
    static pthread_mutex_t decoy_lock = PTHREAD_MUTEX_INITIALIZER;
    static char decoy[256]; /* a hash to verify against when the login is unknown: the same work either way */
    int64_t by_login, by_peer, user;
    Str hash = S("");
    login = str_lower(cx->mem, str_trim(login));
    SessionArg x = {.keys = {str_printf(cx->mem, "l:%.*s", STRF(login)), str_printf(cx->mem, "p:%.*s", STRF(peer))}};
    if (!failures(cx, x.keys[0], &by_login) || !failures(cx, x.keys[1], &by_peer)) {
        return false;
    }
    if (by_login >= LOGIN_TRIES || by_peer >= PEER_TRIES) {
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
        if (!store_write(cx, s, do_failure, &x)) {
            return false;
        }
        return fail(cx, E_UNAUTHENTICATED, "登录名或密码不对，还可以再试 %lld 次", (long long)(LOGIN_TRIES - 1 - by_login));
    }
    x.user = user;
    x.token = random_token(cx->mem, 32);
    x.csrf = random_token(cx->mem, 24);
    if (!store_write(cx, s, do_open, &x)) {
        return false;
    }
    *ret_token = x.token;
    return user_actor(cx, s, user, ret);
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
    if (token.n == 0 || token.n > 100) {
        return fail(cx, E_UNAUTHENTICATED, "请先登录");
    }
    SessionArg x = {.token = token_hash(cx->mem, token)};
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select user_id, csrf, created, seen from session where hash = ?1"));
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
    Str csrf = row ? stmt_col_dup(cx->mem, st, 1) : S("");
    stmt_done(st);
    if (!row || created < cx->now_ms - LONGEST_MS || seen < cx->now_ms - IDLE_MS) {
        return fail(cx, E_UNAUTHENTICATED, "登录已过期，请重新登录");
    }
    if (seen < cx->now_ms - TOUCH_MS && !store_write(cx, s, do_touch, &x)) {
        if (cx->err != E_FULL && cx->err != E_BUSY) {
            return false;
        }
        cx_clear(cx); /* reading goes on while nothing can be written */
    }
    *ret_csrf = csrf;
    return user_actor(cx, s, user, ret);
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
