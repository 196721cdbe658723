/*
 * guard.c - who is asking, may they come here at all, is it really them, and was this already done.
 *
 * Forgery: every write by cookie must come from our own pages (Sec-Fetch-Site, else Origin) and carry the session's token; tokens of
 * programs travel in a header no other site can set. Writes with an Idempotency-Key (header, or the form field `idem`) are
 * done once: a second one waits for the first and gets its answer, also when another process of the same database is doing it.
 */
#include "store/shared.h"

#include "page/internal.h"

const char *session_cookie(const Site *s)
{
    return s->secure ? "__Host-tamga" : "tamga_s";
}

void set_cookie(Req *rq, Str name, Str value, int64_t max_age_s, bool http_only)
{
    Exchange *x = exchange(rq);
    CHECK(x->n_cookie_out < ARRAY_LEN(x->cookie_out));
    Buf b = buf_new(rq->mem, 1000);
    buf_add(&b, name);
    buf_addc(&b, '=');
    buf_add(&b, value);
    buf_add(&b, S("; Path=/; SameSite=Lax"));
    if (max_age_s >= 0) {
        buf_add(&b, S("; Max-Age="));
        buf_int(&b, max_age_s);
    }
    buf_add(&b, http_only ? S("; HttpOnly") : S(""));
    buf_add(&b, rq->site->secure ? S("; Secure") : S(""));
    x->cookie_out[x->n_cookie_out++] = buf_str(&b);
}

bool guard_identity(Exchange *x)
{
    Req *rq = &x->rq;
    Str auth = net_header(rq->net, S("authorization"));
    if (auth.n != 0) {
        x->bearer = true;
        if (auth.n < 8 || !str_ieq(str_sub(auth, 0, 7), S("bearer "))) {
            return fail(&rq->cx, E_UNAUTHENTICATED, "Authorization 须是 Bearer 令牌");
        }
        return token_actor(&rq->cx, rq->store, str_trim(str_sub(auth, 7, auth.n)), &rq->actor);
    }
    Str token = cookie_get(x->cookies, str_c(session_cookie(rq->site)));
    if (token.n == 0) {
        return true;
    }
    if (!session_actor(&rq->cx, rq->store, token, &rq->actor, &rq->csrf)) {
        if (rq->cx.err != E_UNAUTHENTICATED) {
            return false;
        }
        cx_clear(&rq->cx); /* ended: as if nobody had signed in */
        rq->actor = (Actor){0};
        return true;
    }
    rq->session = token;
    if (rq->actor.via.n == 0) {
        rq->actor.via = S("web");
    }
    return true;
}

bool guard_rights(Exchange *x)
{
    Req *rq = &x->rq;
    bool known = rq->actor.user != 0 || rq->actor.is_system;
    if (rq->route->auth != AUTH_PUBLIC && !known) {
        return fail(&rq->cx, E_UNAUTHENTICATED, "请先登录");
    }
    if (rq->route->auth != AUTH_PUBLIC && rq->actor.must_change && !str_starts(str_c(rq->route->pattern), S("/account"))) {
        return fail(&rq->cx, E_FORBIDDEN, "请先在“我的账户”（/account）里修改初始密码或过期的密码，再办理其他事");
    }
    if (rq->route->auth != AUTH_PUBLIC && rq->actor.must_enrol && !str_starts(str_c(rq->route->pattern), S("/account"))) {
        return fail(&rq->cx, E_FORBIDDEN, "请先在“我的账户”（/account）里启用动态码，再办理其他事");
    }
    if (rq->route->auth == AUTH_ADMIN && !user_sees_accounts(rq->store, &rq->actor)) {
        return fail(&rq->cx, E_NOT_FOUND, "没有找到，或者不在您的管辖范围内");
    }
    if (!rq->read_only && rq->actor.read_only) {
        return fail(&rq->cx, E_FORBIDDEN, "这个令牌只能读，不能写");
    }
    return true;
}

static bool same_site(const Exchange *x)
{
    const Req *rq = &x->rq;
    Str site = net_header(rq->net, S("sec-fetch-site"));
    if (site.n != 0) {
        return str_eq(site, S("same-origin")) || str_eq(site, S("none"));
    }
    Str origin = net_header(rq->net, S("origin")), host = net_header(rq->net, S("host")), scheme, rest;
    if (origin.n == 0) {
        return true; /* not a browser, or a very old one: the token decides */
    }
    if (rq->site->conf.public_url != NULL && str_eq(origin, str_c(rq->site->conf.public_url))) {
        return true;
    }
    return str_cut(origin, ':', &scheme, &rest) && str_starts(rest, S("//")) && str_eq(str_sub(rest, 2, rest.n), host);
}

bool guard_forgery(Exchange *x)
{
    Req *rq = &x->rq;
    if (rq->read_only || x->bearer) {
        return true;
    }
    if (!same_site(x)) {
        return fail(&rq->cx, E_CSRF, "请求不是从本系统的页面发出的，没有办理");
    }
    if (rq->route->flags & ROUTE_NO_CSRF) {
        return true;
    }
    if (rq->session.n == 0) {
        return fail(&rq->cx, E_UNAUTHENTICATED, "请先登录");
    }
    Str given = net_header(rq->net, S("x-csrf-token"));
    given = given.n != 0 ? given : req_param(rq, "csrf");
    return (rq->csrf.n != 0 && same_secret(given, rq->csrf)) ||
           fail(&rq->cx, E_CSRF, "页面已过期，请返回上一页、刷新后重新提交，您填写的内容不会丢失");
}

/* Before anybody signed in there is no session: the form's token is a keyed hash of a random cookie. */
Str login_csrf(Req *rq, bool make)
{
    Str seed = cookie_get(exchange(rq)->cookies, S("tamga_p"));
    if (seed.n == 0) {
        if (!make) {
            return S("");
        }
        seed = random_token(rq->mem, 18);
        set_cookie(rq, S("tamga_p"), seed, 7200, true);
    }
    uint8_t mac[32];
    hmac_sha256(rq->site->login_secret, seed, mac);
    return hex(rq->mem, mac, 16);
}

/* ---- once ---- */

static void idem_digest(const Exchange *x, uint8_t out[32])
{
    Str all = str_printf(x->rq.mem, "%lld|%.*s", (long long)x->rq.actor.user, STRF(x->idem_key));
    sha256(all.p, all.n, out);
}

static size_t idem_place(const Site *s, const uint8_t digest[32])
{
    size_t i = 0;
    while (i < s->n_idem_busy && memcmp(s->idem_busy[i], digest, 32) != 0) {
        i++;
    }
    return i;
}

static void idem_free(Site *s, const uint8_t digest[32])
{
    pthread_mutex_lock(&s->idem_lock);
    size_t i = idem_place(s, digest);
    CHECK(i < s->n_idem_busy);
    memcpy(s->idem_busy[i], s->idem_busy[--s->n_idem_busy], 32);
    pthread_cond_broadcast(&s->idem_done);
    pthread_mutex_unlock(&s->idem_lock);
}

/* The same key in another process (store_lock). */
static Str idem_name(Arena *mem, const uint8_t digest[32])
{
    return str_printf(mem, "idem/%.*s", STRF(hex(mem, digest, 32)));
}

static bool idem_enter(Exchange *x)
{
    Site *s = x->rq.site;
    uint8_t digest[32];
    idem_digest(x, digest);
    pthread_mutex_lock(&s->idem_lock);
    while (idem_place(s, digest) < s->n_idem_busy) {
        pthread_cond_wait(&s->idem_done, &s->idem_lock);
    }
    bool room = s->n_idem_busy < ARRAY_LEN(s->idem_busy);
    if (room) {
        memcpy(s->idem_busy[s->n_idem_busy++], digest, 32);
    }
    pthread_mutex_unlock(&s->idem_lock);
    if (!room) {
        return fail(&x->rq.cx, E_BUSY, "同时办理的事太多，请稍后再试");
    }
    bool got;
    if (!store_lock(&x->rq.cx, s->store, idem_name(x->rq.mem, digest), true, &got)) {
        idem_free(s, digest);
        return false;
    }
    return true;
}

static void idem_leave(Exchange *x)
{
    uint8_t digest[32];
    idem_digest(x, digest);
    store_unlock(&x->rq.cx, x->rq.store, idem_name(x->rq.mem, digest));
    idem_free(x->rq.site, digest);
}

/* The kept answer: {"location", "type", "etag", "body"}. */
static bool idem_replay(Exchange *x, int status, Str kept)
{
    Req *rq = &x->rq;
    Str why;
    Doc *d = json_read(rq->mem, kept, &why);
    if (d == NULL) {
        return fail(&rq->cx, E_INTERNAL, "保存过的答复读不出来");
    }
    rq->status = status;
    rq->redirect = doc_get_str(d, "location");
    rq->raw_body = doc_get_str(d, "body");
    rq->raw_type = doc_get_str(d, "type");
    Str etag = doc_get_str(d, "etag");
    if (etag.n != 0) {
        req_header(rq, S("etag"), etag);
    }
    req_header(rq, S("idempotency-replayed"), S("true"));
    x->idem_replayed = true;
    return true;
}

bool guard_idem_begin(Exchange *x)
{
    Req *rq = &x->rq;
    Str key = net_header(rq->net, S("idempotency-key"));
    key = key.n != 0 ? key : param_get(&rq->form, S("idem"));
    if (rq->read_only || key.n == 0 || rq->actor.user == 0) {
        return true;
    }
    if (key.n > 200) {
        return fail(&rq->cx, E_BAD_REQUEST, "Idempotency-Key 太长");
    }
    uint8_t sum[32];
    Str all = str_printf(rq->mem, "%.*s %.*s\n%.*s", STRF(rq->net->method), STRF(rq->net->path), STRF(rq->net->body));
    hmac_sha256(rq->site->login_secret, all, sum); /* keyed: a body may carry a password */
    x->idem_hash = hex(rq->mem, sum, 32);
    x->idem_key = key;
    if (!idem_enter(x)) {
        x->idem_key = S("");
        return false;
    }
    bool known = false;
    int status = 0;
    Str kept = S("");
    bool ok = idem_get(&rq->cx, rq->store, &rq->actor, key, x->idem_hash, &known, &status, &kept) &&
              (!known || idem_replay(x, status, kept));
    if (!ok || known) {
        idem_leave(x);
        x->idem_key = S("");
    } else {
        rq->cx.once = idem_once(&rq->cx, rq->store, &rq->actor, key, x->idem_hash);
    }
    return ok;
}

void guard_idem_end(Exchange *x, bool ok)
{
    Req *rq = &x->rq;
    if (x->idem_key.n == 0) {
        return;
    }
    bool noted = rq->cx.once == NULL;
    rq->cx.once = NULL;
    int status = rq->status != 0 ? rq->status : 200;
    if (ok && (rq->redirect.n != 0 || (rq->wants_json && status < 400))) {
        Doc *d = doc_obj(rq->mem);
        doc_set_str(d, "location", rq->redirect);
        doc_set_str(d, "type", rq->wants_json ? S("application/json") : S(""));
        doc_set_str(d, "body", rq->wants_json && rq->doc != NULL && rq->doc->n != 0 ? json_text(rq->mem, rq->doc) : S(""));
        for (size_t i = 0; i < rq->n_headers; i++) {
            if (str_eq(rq->headers[i].name, S("etag"))) {
                doc_set_str(d, "etag", rq->headers[i].value);
            }
        }
        if (!idem_put(&rq->cx, rq->store, &rq->actor, x->idem_key, x->idem_hash, status, json_text(rq->mem, d))) {
            log_warn("idempotency key not kept");
            cx_clear(&rq->cx); /* the write itself stands */
        }
    } else if (ok && noted && !idem_drop(&rq->cx, rq->store, &rq->actor, x->idem_key)) { /* a page that is not kept: it may be sent again */
        log_warn("idempotency key not dropped");
        cx_clear(&rq->cx);
    }
    idem_leave(x);
    x->idem_key = S("");
}
