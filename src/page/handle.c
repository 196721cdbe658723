/*
 * handle.c - one request from net: kept page? route, body, person, rights, forgery, once-only, handler, answer.
 */
#include <unistd.h>

#include "base/clock.h"
#include "page/internal.h"
#include "store/pulse.h"

#define HEAVY_AT_ONCE 2

static bool unsafe(Str method)
{
    return !str_eq(method, S("GET")) && !str_eq(method, S("HEAD"));
}

static void read_wishes(Exchange *x)
{
    Req *rq = &x->rq;
    Str accept = net_header(rq->net, S("accept")), type = net_header(rq->net, S("content-type"));
    bool html = str_contains(accept, S("text/html"));
    rq->wants_json = str_ends(rq->net->path, S(".json")) || (!html && (str_contains(accept, S("json")) || str_contains(type, S("json")) ||
                               net_header(rq->net, S("authorization")).n != 0));
    rq->is_htmx = str_eq(net_header(rq->net, S("hx-request")), S("true"));
    rq->wants_json = rq->wants_json && !rq->is_htmx;
    x->cookies = net_header(rq->net, S("cookie"));
    Str view = cookie_get(x->cookies, S("tamga_view"));
    x->big = str_contains(view, S("big"));
    x->contrast = str_contains(view, S("contrast"));
    x->flash_waiting = str_eq(cookie_get(x->cookies, S("tamga_note")), S("1"));
}

/* The proxy's or the program's own id when it is a plain word, so that one id goes through all logs; else a new one. */
static Str request_id(const NetReq *net)
{
    Str given = net_header(net, S("x-request-id"));
    bool plain = given.n >= 8 && given.n <= 64;
    for (size_t i = 0; plain && i < given.n; i++) {
        char c = given.p[i];
        plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    }
    if (plain) {
        return given;
    }
    uint8_t id[8];
    random_bytes(id, sizeof id);
    return hex(net->mem, id, sizeof id);
}

Exchange *exchange_new(Site *s, const NetReq *net, NetResp *resp)
{
    Exchange *x = NEW(net->mem, Exchange);
    Req *rq = &x->rq;
    x->resp = resp;
    x->path = net->path;
    rq->mem = net->mem;
    rq->site = s;
    rq->store = s->store;
    rq->pack = s->pack;
    rq->net = net;
    rq->read_only = !unsafe(net->method);
    cx_init(&rq->cx, net->mem);
    rq->cx.request_id = request_id(net);
    read_wishes(x);
    return x;
}

/* No cookie of a session, no token, a plain reading request. */
bool anonymous_read(const Exchange *x)
{
    const Req *rq = &x->rq;
    return rq->read_only && !rq->is_htmx && net_header(rq->net, S("authorization")).n == 0 &&
           cookie_get(x->cookies, str_c(session_cookie(rq->site))).n == 0;
}

static void begin_cacheable(Exchange *x)
{
    Req *rq = &x->rq;
    size_t n = site_versions(rq->site);
    x->seen = NEW_ARRAY(rq->mem, uint64_t, n);
    x->reads = NEW_ARRAY(rq->mem, bool, n);
    for (size_t i = 0; i < n; i++) {
        x->seen[i] = store_version(rq->store, (int32_t)i);
    }
    x->cacheable = true;
}

bool find_route(Exchange *x)
{
    Req *rq = &x->rq;
    rq->route = route_find(rq, rq->net->method, x->path);
    if (rq->route == NULL && str_ends(x->path, S(".json"))) {
        cx_clear(&rq->cx);
        rq->n_headers = 0;
        rq->wants_json = true;
        x->path = str_sub(x->path, 0, x->path.n - 5);
        rq->route = route_find(rq, rq->net->method, x->path);
    }
    if (rq->route != NULL) {
        rq->view = rq->route->view;
    }
    return rq->route != NULL;
}

/* The failure stands; but its page should know who is looking. */
static void error_with_person(Exchange *x)
{
    Cx why = x->rq.cx;
    cx_clear(&x->rq.cx);
    if (!store_attach(&x->rq.cx, x->rq.store) || !guard_identity(x)) {
        x->rq.actor = (Actor){0};
    }
    why.db = x->rq.cx.db;
    x->rq.cx = why;
}

static bool run(Exchange *x)
{
    Req *rq = &x->rq;
    Site *s = rq->site;
    bool heavy = (rq->route->flags & ROUTE_HEAVY) != 0;
    if (heavy && atomic_fetch_add(&s->heavy, 1) >= HEAVY_AT_ONCE) {
        atomic_fetch_sub(&s->heavy, 1);
        return fail(&rq->cx, E_BUSY, "同时办理的大任务太多，请稍后再试");
    }
    rq->doc = doc_obj(rq->mem);
    bool ok = rq->route->fn(rq);
    if (heavy) {
        atomic_fetch_sub(&s->heavy, 1);
    }
    return ok;
}

/* While the disk is nearly full nothing is taken in; one may still sign in and out, and look. */
static bool room_to_write(Exchange *x)
{
    const Req *rq = &x->rq;
    PageFn *fn = rq->route->fn;
    return rq->read_only || fn == login_post || fn == logout_post || fn == view_post || !store_space_low(rq->store) ||
           fail(&x->rq.cx, E_FULL, "存储空间不足，系统暂时只能查看、不能办理，腾出空间后会自动恢复。您这次提交的内容没有保存，请先留一份");
}

static bool serve(Exchange *x)
{
    Req *rq = &x->rq;
    bool anonymous = anonymous_read(x);
    bool routed = find_route(x);
    bool cached = routed && anonymous && (rq->route->flags & ROUTE_CACHE) != 0;
    if (cached) {
        if (!store_attach(&rq->cx, rq->store)) { /* before versions are noted: it learns of other processes' writes */
            return false;
        }
        begin_cacheable(x);
    } else {
        uint8_t nonce[16];
        random_bytes(nonce, sizeof nonce);
        rq->nonce = base64url(rq->mem, str_n((const char *)nonce, sizeof nonce));
    }
    if (!routed) {
        error_with_person(x);
        return false;
    }
    if (!room_to_write(x)) {
        error_with_person(x);
        return false;
    }
    if (!store_attach(&rq->cx, rq->store) || (rq->route->fn != metrics_page && !guard_identity(x)) || !url_params(&rq->cx, rq->net->query, &rq->query) ||
        !guard_rights(x) || !body_read(x) || !guard_forgery(x) || !guard_proof(x)) {
        return false;
    }
    if (x->proof_asked) {
        return true;
    }
    if (!guard_idem_begin(x)) {
        return false;
    }
    known_note(x);
    if (x->idem_replayed) {
        return true;
    }
    bool ok = run(x);
    guard_idem_end(x, ok);
    if (ok && x->rq.route->fn == login_post) {
        known_note(x);
    }
    return ok;
}

void exchange_log(const Exchange *x, unsigned cls, int64_t us, bool shed)
{
    const Req *rq = &x->rq;
    if (log_level_now() > LOG_INFO) {
        return;
    }
    const NetResp *resp = x->resp;
    const LogField fields[] = {
        LOG_TEXT("id", rq->cx.request_id),
        LOG_TEXT("method", rq->net->method),
        LOG_TEXT("route", rq->route != NULL ? str_c(rq->route->pattern) : shed ? S("") : x->resp->body_ref != NULL ? S("(kept)") : S("(none)")),
        LOG_INT("status", resp->status),
        LOG_INT("us", us),
        LOG_INT("wait_us", rq->net->wait_us),
        LOG_INT("bytes", resp->body_fd > 0 ? resp->body_fd_len : (int64_t)resp->body.n),
        LOG_INT("user", rq->actor.user),
        LOG_TEXT("peer", rq->net->peer),
        LOG_TEXT("class", str_c(class_name(cls))),
        LOG_INT("shed", shed),
    };
    log_event(LOG_INFO, "request", fields, ARRAY_LEN(fields));
}

void exchange_note(Exchange *x, unsigned cls, int64_t start_us)
{
    int64_t us = clock_mono_us() - start_us + x->rq.net->wait_us;
    metrics_note(&x->rq.site->metrics, cls, x->resp->status, us);
    exchange_log(x, cls, us, false);
}

void site_handle(void *ctx, unsigned worker, const NetReq *net, NetResp *resp)
{
    (void)worker;
    int64_t start_us = clock_mono_us();
    Exchange *x = exchange_new(ctx, net, resp);
    Metrics *m = &x->rq.site->metrics;
    atomic_fetch_add(&m->in_flight, 1);
    if ((anonymous_read(x) && page_cache_answer(x)) || serve(x)) {
        render_answer(x);
    } else {
        if (x->rq.file_fd > 0) {
            close(x->rq.file_fd);
            x->rq.file_fd = 0;
        }
        if (x->rq.cx.err == E_FULL && !store_space_low(x->rq.store)) { /* else it is known, and this may only be its consequence (room_to_write) */
            store_space_full(x->rq.store);
        }
        render_problem(x);
    }
    store_rest(x->rq.store);
    atomic_fetch_sub(&m->in_flight, 1);
    exchange_note(x, net->cls, start_us);
}
