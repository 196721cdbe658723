/*
 * handle.c - one request from net: kept page? route, body, person, rights, forgery, once-only, handler, answer.
 */
#include "base/clock.h"
#include "page/internal.h"

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

static Exchange *exchange_new(Site *s, const NetReq *net, NetResp *resp)
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
    uint8_t id[8];
    random_bytes(id, sizeof id);
    rq->cx.request_id = hex(net->mem, id, sizeof id);
    read_wishes(x);
    return x;
}

/* May this be answered with a page everybody sees? No cookie of a session, no token, a plain reading request. */
static bool anonymous_read(const Exchange *x)
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

static bool find_route(Exchange *x)
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
    if ((!cached && !store_attach(&rq->cx, rq->store)) || !guard_identity(x) || !url_params(&rq->cx, rq->net->query, &rq->query) ||
        !guard_rights(x) || !body_read(x) || !guard_forgery(x) || !guard_idem_begin(x)) {
        return false;
    }
    if (x->idem_replayed) {
        return true;
    }
    bool ok = run(x);
    guard_idem_end(x, ok);
    return ok;
}

void site_handle(void *ctx, unsigned worker, const NetReq *net, NetResp *resp)
{
    (void)worker;
    int64_t start_us = clock_mono_us();
    Exchange *x = exchange_new(ctx, net, resp);
    if ((anonymous_read(x) && page_cache_answer(x)) || serve(x)) {
        render_answer(x);
    } else {
        if (x->rq.file_fd > 0) {
            x->rq.file_fd = 0;
        }
        render_problem(x);
    }
    log_debug("%.*s %.*s %d %lld us", STRF(net->method), STRF(net->path), resp->status, (long long)(clock_mono_us() - start_us));
}
