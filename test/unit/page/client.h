/* client.h - requests against a whole site in this process: no sockets, the real store, strict templates. */
#pragma once

#include "../store/fixture.h"
#include "page/internal.h"

#define PASSWORD S("correct horse battery")

typedef struct {
    Fixture *f;
    Site *site;
    Arena *mem; /* of the answers, until the end of the test */
} Web;

typedef struct {
    Web *w;
    Str cookies;     /* "a=b; c=d" */
    Str bearer;
    bool json;
    Str headers[6][2];
    size_t n_headers;
} Client;

typedef struct {
    int status;
    Str body;
    const NetResp *raw;
} Answer;

static inline Str answer_header(const Answer *a, const char *name)
{
    for (size_t i = 0; i < a->raw->n_headers; i++) {
        if (str_eq(a->raw->headers[i].name, str_c(name))) {
            return a->raw->headers[i].value;
        }
    }
    return S("");
}

static inline void keep_cookies(Client *c, const NetResp *r)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        Str pair, rest;
        if (str_eq(r->headers[i].name, S("set-cookie"))) {
            (void)str_cut(r->headers[i].value, ';', &pair, &rest);
            c->cookies = str_printf(c->w->mem, "%.*s%s%.*s", STRF(pair), c->cookies.n != 0 ? "; " : "", STRF(c->cookies));
        }
    }
}

static inline Answer call(Client *c, const char *method, const char *target, Str type, Str body)
{
    Web *w = c->w;
    NetHeader headers[12];
    size_t n = 0;
    Str path, query;
    (void)str_cut(str_c(target), '?', &path, &query);
    headers[n++] = (NetHeader){S("host"), S("127.0.0.1:8080")};
    headers[n++] = (NetHeader){S("accept"), c->json ? S("application/json") : S("text/html")};
    if (c->cookies.n != 0) {
        headers[n++] = (NetHeader){S("cookie"), c->cookies};
    }
    if (c->bearer.n != 0) {
        headers[n++] = (NetHeader){S("authorization"), str_printf(w->mem, "Bearer %.*s", STRF(c->bearer))};
    }
    if (type.n != 0) {
        headers[n++] = (NetHeader){S("content-type"), type};
    }
    for (size_t i = 0; i < c->n_headers; i++) {
        headers[n++] = (NetHeader){c->headers[i][0], c->headers[i][1]};
    }
    c->n_headers = 0;
    NetReq *rq = NEW(w->mem, NetReq);
    *rq = (NetReq){.method = str_c(method), .path = path, .query = query, .headers = headers, .n_headers = n, .body = body,
                   .peer = S("192.0.2.7"), .mem = w->mem};
    NetResp *resp = NEW(w->mem, NetResp);
    site_handle(w->site, 0, rq, resp);
    Answer a = {.status = resp->status, .body = str_dup(w->mem, resp->body), .raw = resp};
    if (resp->body_ref != NULL) {
        resp->body_release(resp->body_ref);
    }
    if (resp->body_fd > 0) {
        close(resp->body_fd);
    }
    keep_cookies(c, resp);
    return a;
}

static inline Answer get(Client *c, const char *target) { return call(c, "GET", target, S(""), S("")); }
static inline Answer post(Client *c, const char *target, const char *form)
{
    return call(c, "POST", target, S("application/x-www-form-urlencoded"), str_c(form));
}
static inline Answer send_json_to(Client *c, const char *method, const char *target, const char *text)
{
    return call(c, method, target, S("application/json"), str_c(text));
}
static inline void with_header(Client *c, const char *name, Str value)
{
    c->headers[c->n_headers][0] = str_c(name);
    c->headers[c->n_headers++][1] = value;
}

static inline Doc *parsed(Client *c, const Answer *a)
{
    Str why = S("");
    Doc *d = json_read(c->w->mem, a->body, &why);
    if (d == NULL) {
        print_error("not JSON (%.*s): %.*s\n", STRF(why), STRF(str_sub(a->body, 0, 300)));
    }
    assert_non_null(d);
    return d;
}

/* The text between `before` and the next double quote. */
static inline Str between(Str body, const char *before)
{
    size_t at;
    Str rest, text;
    if (!str_find(body, str_c(before), &at)) {
        return S("");
    }
    (void)str_cut(str_sub(body, at + strlen(before), body.n), '"', &text, &rest);
    return text;
}

static inline Str csrf_of(const Answer *page)
{
    return between(page->body, "name=\"csrf\" value=\"");
}

/* A form body with the session's token in it. */
static inline const char *signed_form(Client *c, const char *rest)
{
    bool json = c->json;
    c->json = false;
    Answer page = get(c, "/account");
    c->json = json;
    assert_int_equal(page.status, 200);
    return str_printf(c->w->mem, "csrf=%.*s&%s", STRF(url_enc(c->w->mem, csrf_of(&page))), rest).p;
}

static inline Client visitor(Web *w)
{
    return (Client){.w = w};
}

static inline Client person(Web *w, const char *login, const char *org, const char *role)
{
    Fixture *f = w->f;
    int64_t id;
    User known;
    if (!user_by_login(&f->cx, f->s, str_c(login), &known)) {
        cx_clear(&f->cx);
        OK(user_add(&f->cx, f->s, &f->system, str_c(login), str_c(login), pack_org(f->pack, str_c(org)), str_c(role), PASSWORD, false, &id));
    }
    Client c = visitor(w);
    Answer page = get(&c, "/login");
    assert_int_equal(page.status, 200);
    size_t at;
    assert_true(str_find(page.body, S("action=\"/login\""), &at));
    Answer in_form = {.body = str_sub(page.body, at, page.body.n)};
    Answer a = post(&c, "/login", str_printf(w->mem, "csrf=%.*s&login=%s&password=correct+horse+battery", STRF(csrf_of(&in_form)), login).p);
    assert_int_equal(a.status, 303);
    return c;
}

/* A page of the public, kept in the page cache: how many teams are listed. */
static inline bool public_count(Req *rq)
{
    const RecordType *t = pack_type(rq->pack, S("team"));
    Query q = {.type = t};
    RecPage page;
    req_reads(rq, t);
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, true, &page)) {
        return false;
    }
    doc_set_int(rq->doc, "total", page.total);
    return true;
}

static const Route ROUTES_TEST[] = {{"GET", "/count", public_count, AUTH_PUBLIC, NULL, "How many teams are listed", NULL, ROUTE_CACHE}, {0}};
static const Route *const TABLES[] = {ROUTES_CORE, ROUTES_RECORD, ROUTES_USER, ROUTES_TEST, NULL};

/* A site over the store that a fixture put into *state. */
static inline int web_on(void **state)
{
    Fixture *f = *state;
    Web *w = calloc(1, sizeof *w);
    const char *root = getenv("TAMGA_ROOT");
    w->f = f;
    w->mem = arena_new(0);
    SiteConf conf = {.store = f->s, .tables = TABLES, .strict = true,
                     .view_dir = str_printf(w->mem, "%s/view", root != NULL ? root : ".").p};
    w->site = site_start(&f->cx, w->mem, &conf);
    if (w->site == NULL) {
        say_failure(f);
    }
    assert_non_null(w->site);
    *state = w;
    return 0;
}

static inline int web_up(void **state)
{
    return fixture_up(state) != 0 || web_on(state) != 0;
}

static inline int web_down(void **state)
{
    Web *w = *state;
    site_stop(w->site);
    arena_free(w->mem);
    *state = w->f;
    free(w);
    return fixture_down(state);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, web_up, web_down)
