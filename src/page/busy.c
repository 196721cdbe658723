/*
 * busy.c - which class a request is of, what is answered from memory, and what is said to whom there is no room for.
 *
 * All of it runs on net's loops: it reads the request and memory, never the database. A session counts as one when it was found good a
 * while ago (a table of hashes, filled by the handlers), so that an invented cookie gets nobody into a better class.
 */
#include "base/clock.h"
#include "page/internal.h"
#include "store/shared.h"

#define RETRY_LEAST_S 2
#define RETRY_SPREAD_S 4 /* so that those who were refused together do not come back together */

/* In the order of their turns: what is shed last stands first. Two passwords at once are all that two cores can hash. */
static const NetClass CLASSES[] = {
    [CLASS_VITAL] = {"vital", 1, 32, 2000, 2000},
    [CLASS_SIGN_IN] = {"sign_in", 2, 64, 5000, 5000}, /* an office that comes to work signs in at once, and rather waits than tries again */
    [CLASS_WRITE] = {"write", 6, 256, 1000, 250},
    [CLASS_FORM] = {"form", 2, 64, 500, 150},
    [CLASS_READ] = {"read", 6, 256, 400, 35},
    [CLASS_PUBLIC] = {"public", 4, 256, 100, 30},
    [CLASS_HEAVY] = {"heavy", 2, 8, 400, 30},
    {0},
};

const NetClass *site_classes(void)
{
    return CLASSES;
}

const char *class_name(unsigned cls)
{
    return cls == METRIC_MEMORY ? "memory" : CLASSES[cls].name;
}

static uint64_t token_mark(Str token)
{
    uint8_t sum[32];
    uint64_t mark;
    sha256(token.p, token.n, sum);
    memcpy(&mark, sum, sizeof mark);
    return mark;
}

static Str token_of(const Site *s, const NetReq *req)
{
    Str auth = net_header(req, S("authorization"));
    return auth.n != 0 ? auth : cookie_get(net_header(req, S("cookie")), str_c(session_cookie(s)));
}

void known_note(Exchange *x)
{
    Site *s = x->rq.site;
    Str token = x->rq.session.n != 0 ? x->rq.session : token_of(s, x->rq.net);
    if (x->rq.actor.user != 0 || x->rq.session.n != 0) {
        uint64_t mark = token_mark(token);
        atomic_store_explicit(&s->known[mark % ARRAY_LEN(s->known)], mark, memory_order_relaxed);
    }
}

static bool known(Site *s, const NetReq *req)
{
    Str token = token_of(s, req);
    uint64_t mark = token.n != 0 ? token_mark(token) : 0;
    return token.n != 0 && atomic_load_explicit(&s->known[mark % ARRAY_LEN(s->known)], memory_order_relaxed) == mark;
}

static bool reading(const NetReq *req)
{
    return str_eq(req->method, S("GET")) || str_eq(req->method, S("HEAD"));
}

unsigned site_classify(void *site, const NetReq *req)
{
    Site *s = site;
    if (reading(req) && (str_eq(req->path, S("/readyz")) || str_eq(req->path, S("/metrics")))) {
        return CLASS_VITAL;
    }
    if (str_eq(req->method, S("POST")) && (str_eq(req->path, S("/login")) || str_eq(req->path, S("/sign-in")))) {
        return CLASS_SIGN_IN;
    }
    bool user = known(s, req);
    if (!reading(req)) {
        return user ? CLASS_WRITE : CLASS_FORM;
    }
    const Route *r = route_of(s, "GET", str_ends(req->path, S(".json")) ? str_sub(req->path, 0, req->path.n - 5) : req->path);
    if (r != NULL && (r->flags & ROUTE_HEAVY)) {
        return CLASS_HEAVY;
    }
    return user || str_eq(req->path, S("/login")) ? CLASS_READ : CLASS_PUBLIC; /* the sign-in form is the way in */
}

/* ---- answered from memory ---- */

static bool from_memory(Exchange *x)
{
    if (str_eq(x->path, S("/healthz")) || str_starts(x->path, S("/assets/"))) {
        if (!find_route(x)) {
            return false;
        }
        x->rq.doc = doc_obj(x->rq.mem);
        return x->rq.route->fn(&x->rq);
    }
    return anonymous_read(x) && page_cache_answer(x);
}

/* Where other processes write too, even what is kept waits for a look into the database, which is no work for a loop. */
bool site_fast(void *site, const NetReq *req, NetResp *resp)
{
    Site *s = site;
    if (!reading(req)) {
        return false;
    }
    bool ours = str_eq(req->path, S("/healthz")) || str_starts(req->path, S("/assets/"));
    if (!ours && (store_shared(s->store) || token_of(s, req).n != 0 || net_header(req, S("hx-request")).n != 0)) {
        return false;
    }
    int64_t start_us = clock_mono_us();
    Exchange *x = exchange_new(s, req, resp);
    if (!from_memory(x)) {
        return false; /* whatever it is, a handler says it */
    }
    render_answer(x);
    exchange_note(x, METRIC_MEMORY, start_us);
    return true;
}

/* ---- no room ---- */

void site_shed(void *site, const NetReq *req, NetResp *resp)
{
    Exchange *x = exchange_new(site, req, resp);
    render_busy(x, RETRY_LEAST_S + clock_mono_us() % RETRY_SPREAD_S);
    atomic_fetch_add_explicit(&x->rq.site->metrics.shed[req->cls], 1, memory_order_relaxed);
    exchange_log(x, req->cls, req->wait_us, true);
}
