/*
 * render.c - from a finished request to the bytes of an answer: HTML through a template, JSON, a file, a redirect or a problem; with
 * the security headers every answer carries.
 */
#include "page/internal.h"

#define HTML_MAX (16 << 20)

static void out_header(Exchange *x, Str name, Str value)
{
    net_set(x->resp, x->rq.mem, name, value);
}

static bool has_header(const Req *rq, Str name)
{
    for (size_t i = 0; i < rq->n_headers; i++) {
        if (str_eq(rq->headers[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void security_headers(Exchange *x)
{
    Req *rq = &x->rq;
    Str csp;
    if (rq->file_fd > 0) {
        csp = S("default-src 'none'; sandbox; frame-ancestors 'self'");
    } else {
        csp = str_printf(rq->mem,
                         "default-src 'none'; script-src 'self'%s%.*s%s; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                         "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'",
                         rq->nonce.n != 0 ? " 'nonce-" : "", STRF(rq->nonce), rq->nonce.n != 0 ? "'" : "");
    }
    out_header(x, S("content-security-policy"), csp);
    out_header(x, S("x-frame-options"), rq->file_fd > 0 ? S("SAMEORIGIN") : S("DENY")); /* for browsers that do not read frame-ancestors */
    out_header(x, S("x-content-type-options"), S("nosniff"));
    out_header(x, S("referrer-policy"), S("same-origin"));
    out_header(x, S("cross-origin-opener-policy"), S("same-origin"));
    out_header(x, S("cross-origin-resource-policy"), S("same-origin"));
    out_header(x, S("permissions-policy"), S("camera=(), microphone=(), geolocation=()"));
    if (rq->site->secure) {
        out_header(x, S("strict-transport-security"), S("max-age=31536000"));
    }
    if (!has_header(rq, S("cache-control"))) {
        out_header(x, S("cache-control"), S("no-store"));
    }
    out_header(x, S("x-request-id"), rq->cx.request_id);
}

static void finish(Exchange *x)
{
    Req *rq = &x->rq;
    x->resp->status = rq->status;
    security_headers(x);
    for (size_t i = 0; i < rq->n_headers; i++) {
        out_header(x, rq->headers[i].name, rq->headers[i].value);
    }
    for (size_t i = 0; i < x->n_cookie_out; i++) {
        out_header(x, S("set-cookie"), x->cookie_out[i]);
    }
}

/* A body made for this request; squeezed lightly when the client can and it pays. Cookies are SameSite, so that another site cannot
 * make a browser fetch guesses beside a secret (BREACH). */
static void send_body(Exchange *x, Str body, Str type)
{
    Req *rq = &x->rq;
    if (x->cacheable && rq->status == 200 && x->n_cookie_out == 0) {
        page_cache_keep(x, body, type);
        return;
    }
    req_header(rq, S("content-type"), type);
    req_header(rq, S("vary"), S("accept, accept-encoding, cookie"));
    Str zip = str_contains(net_header(rq->net, S("accept-encoding")), S("gzip")) ? gzip_bytes(rq->mem, body, 1) : S("");
    if (zip.n != 0) {
        req_header(rq, S("content-encoding"), S("gzip"));
    }
    x->resp->body = zip.n != 0 ? zip : body;
}

static void send_json(Exchange *x)
{
    Req *rq = &x->rq;
    Buf b = buf_new(rq->mem, HTML_MAX);
    json_write(&b, rq->doc, false);
    if (b.full) {
        cx_clear(&rq->cx);
        (void)fail(&rq->cx, E_TOO_LARGE, "结果太大，请加上筛选条件或减小 size");
        render_problem(x);
        return;
    }
    send_body(x, buf_str(&b), S("application/json"));
}

static bool render_view(Exchange *x, const char *view, Str *ret)
{
    Req *rq = &x->rq;
    if (!frame_build(x)) {
        return false;
    }
    const Doc *stack[] = {rq->site->frame, rq->frame, rq->doc};
    Buf b = buf_new(rq->mem, HTML_MAX);
    if (!mustache_render(&rq->cx, rq->site->templates, str_c(view), stack, rq->doc != NULL ? 3 : 2, &b)) {
        return false;
    }
    *ret = buf_str(&b);
    return true;
}

static void send_html(Exchange *x)
{
    Str html;
    if (!render_view(x, x->rq.view, &html)) {
        render_problem(x);
        return;
    }
    send_body(x, html, S("text/html; charset=utf-8"));
}

static void send_file(Exchange *x)
{
    Req *rq = &x->rq;
    Buf name = buf_new(rq->mem, 2000);
    buf_add(&name, rq->file_inline ? S("inline") : S("attachment"));
    buf_add(&name, S("; filename*=UTF-8''"));
    url_encode(&name, rq->file_name);
    req_header(rq, S("content-disposition"), buf_str(&name));
    req_header(rq, S("content-type"), rq->file_type);
    x->resp->body_fd = rq->file_fd;
    x->resp->body_fd_len = rq->file_len;
}

static bool has_doc(const Req *rq)
{
    return rq->doc != NULL && rq->doc->n != 0; /* handlers start with an empty one */
}

void render_answer(Exchange *x)
{
    Req *rq = &x->rq;
    if (rq->redirect.n != 0 && !(rq->wants_json && (has_doc(rq) || rq->raw_body.n != 0))) {
        rq->status = rq->wants_json && rq->status != 0 ? rq->status : 303;
        req_header(rq, S("location"), rq->redirect);
        finish(x);
        return;
    }
    if (rq->redirect.n != 0) {
        req_header(rq, S("location"), rq->redirect);
    }
    rq->status = rq->status != 0 ? rq->status : 200;
    if (x->resp->body_ref != NULL || rq->status == 304) {
        /* already there */
    } else if (rq->file_fd > 0) {
        send_file(x);
    } else if (rq->raw_body.n != 0 || rq->raw_type.n != 0) {
        send_body(x, rq->raw_body, rq->raw_type);
    } else if (rq->wants_json || rq->view == NULL) {
        if (has_doc(rq)) {
            send_json(x);
        } else {
            rq->status = rq->status == 200 ? 204 : rq->status;
        }
    } else {
        send_html(x);
    }
    if (x->resp->status == 0) { /* else: a problem was rendered instead */
        finish(x);
    }
}

/* ---- problems ---- */

static Doc *problem_doc(Exchange *x, ErrCode code)
{
    Req *rq = &x->rq;
    const ErrInfo *info = err_info(code);
    Doc *d = doc_obj(rq->mem);
    doc_set_str(d, "type", str_printf(rq->mem, "urn:tamga:problem:%s", info->api));
    doc_set_strc(d, "title", info->text);
    doc_set_int(d, "status", info->http);
    doc_set_str(d, "detail", info->http >= 500 && code != E_BUSY && code != E_FULL && code != E_MEMORY ? str_c(info->text) : cx_text(&rq->cx));
    doc_set_str(d, "instance", x->path);
    doc_set_strc(d, "code", info->api);
    if (rq->cx.err_clause.n != 0) {
        doc_set_str(d, "clause", rq->cx.err_clause);
    } else {
        doc_set_null(d, "clause");
    }
    doc_set_str(d, "request_id", rq->cx.request_id);
    Doc *errors = doc_get(rq->doc, S("errors")), *list = doc_set_list(d, "errors");
    for (const Doc *e = errors != NULL ? errors->first : NULL; e != NULL; e = e->next) {
        Doc *o = doc_add_obj(list);
        for (const Doc *m = e->first; m != NULL; m = m->next) {
            if (m->kind == DOC_BOOL) {
                doc_set_doc_n(o, m->name, doc_bool(rq->mem, m->b));
            } else if (m->kind == DOC_NULL) {
                doc_set_doc_n(o, m->name, doc_null(rq->mem));
            } else {
                doc_set_str_n(o, m->name, m->s);
            }
        }
    }
    return d;
}

static void problem_headers(Req *rq, ErrCode code)
{
    bool told = false;
    for (size_t i = 0; i < rq->n_headers; i++) {
        told = told || str_eq(rq->headers[i].name, S("retry-after"));
    }
    if (!told && (code == E_BUSY || code == E_MEMORY || code == E_TOO_MANY || code == E_LOCKED)) {
        req_header(rq, S("retry-after"), code == E_LOCKED ? S("900") : S("5"));
    } else if (!told && code == E_FULL) {
        req_header(rq, S("retry-after"), S("60"));
    }
    if (code == E_UNAUTHENTICATED && rq->wants_json) {
        req_header(rq, S("www-authenticate"), S("Bearer"));
    }
}

/* To the sign-in page and back: only pages are worth coming back to. */
static void to_sign_in(Exchange *x)
{
    Req *rq = &x->rq;
    Str back = rq->read_only && !rq->is_htmx ? url_with(rq->mem, x->path, &rq->query, NULL, 0) : S("/desk");
    Str to = url_with(rq->mem, S("/login"), NULL, &(UrlSet){S("next"), back}, 1);
    if (rq->is_htmx) {
        req_header(rq, S("hx-redirect"), to);
        rq->status = 200;
    } else {
        req_header(rq, S("location"), to);
        rq->status = 303;
    }
    finish(x);
}

void render_problem(Exchange *x)
{
    Req *rq = &x->rq;
    ErrCode code = rq->cx.err != E_OK ? rq->cx.err : E_INTERNAL;
    const ErrInfo *info = err_info(code);
    arena_pardon(rq->mem); /* room for the answer */
    if (info->http >= 500) {
        const char *route = rq->route != NULL ? rq->route->pattern : "-";
        log_error("%.*s %s: %s at %.*s (%.*s)", STRF(rq->net->method), route, info->api, STRF(rq->cx.err_at), STRF(rq->cx.request_id));
    }
    x->cacheable = false;
    if (code == E_UNAUTHENTICATED && !rq->wants_json && !str_eq(x->path, S("/login"))) {
        to_sign_in(x);
        return;
    }
    Doc *d = problem_doc(x, code);
    problem_headers(rq, code);
    rq->status = info->http;
    cx_clear(&rq->cx);
    Str html;
    if (!rq->wants_json) {
        rq->doc = d;
        frame_title(rq, str_c(info->text));
        if (templates_has(rq->site->templates, S("core/error")) && render_view(x, "core/error", &html)) {
            send_body(x, html, S("text/html; charset=utf-8"));
            finish(x);
            return;
        }
        cx_clear(&rq->cx);
    }
    x->resp->body = json_text(rq->mem, d);
    req_header(rq, S("content-type"), S("application/problem+json"));
    finish(x);
}

void render_busy(Exchange *x, int64_t retry_s)
{
    Req *rq = &x->rq;
    rq->status = err_info(E_BUSY)->http;
    req_header(rq, S("retry-after"), str_printf(rq->mem, "%lld", (long long)retry_s));
    if (rq->wants_json || rq->site->busy_html.n == 0) {
        (void)fail(&rq->cx, E_BUSY, "现在访问的人太多，这次请求没有办理，请稍后再试");
        x->resp->body = json_text(rq->mem, problem_doc(x, E_BUSY));
        req_header(rq, S("content-type"), S("application/problem+json"));
    } else {
        x->resp->body = rq->site->busy_html;
        req_header(rq, S("content-type"), S("text/html; charset=utf-8"));
    }
    finish(x);
}
