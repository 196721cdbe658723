/*
 * login.c - signing in and out, the two view switches, and the front door.
 */
#include "page/internal.h"

static Str next_of(const Req *rq)
{
    Str next = req_param(rq, "next");
    return url_local(next) && !str_starts(next, S("/login")) && !str_starts(next, S("/logout")) ? next : S("/desk"); /* but /log: the public log */
}

static bool login_form(Req *rq, Str error)
{
    rq->doc = doc_obj(rq->mem);
    rq->view = "core/login";
    doc_set_strc(rq->doc, "title", "登录");
    doc_set_str(rq->doc, "next", next_of(rq));
    doc_set_str(rq->doc, "login", req_param(rq, "login"));
    doc_set_str(rq->doc, "login_csrf", login_csrf(rq, true));
    bool first;
    if (!first_needed(&rq->cx, rq->store, &first)) {
        return false;
    }
    doc_html_only(doc_set_bool(rq->doc, "first", first));
    if (error.n != 0) {
        doc_set_str(rq->doc, "error", error);
    } else {
        doc_set_null(rq->doc, "error");
    }
    return true;
}

bool login_page(Req *rq)
{
    if (rq->actor.user != 0) {
        return req_see(rq, next_of(rq));
    }
    return login_form(rq, S(""));
}

/* After the password, or after password and code. The three administrators have no desk: they begin where their work is. */
static bool signed_in(Req *rq, const Actor *who)
{
    static const char *const WORK[ADMIN_KINDS] = {"/desk", "/users", "/users", "/journal"};
    if (who->must_change) {
        req_flash(rq, S("warn"), S("您的口令是别人代设的，或者用得太久了，请先改成只有自己知道的新口令"));
        return req_see(rq, S("/account"));
    }
    if (who->must_enrol) {
        req_flash(rq, S("warn"), S("您的账户须用动态码登录，请先启用"));
        return req_see(rq, S("/account"));
    }
    Str next = next_of(rq);
    return req_see(rq, str_eq(next, S("/desk")) ? str_c(WORK[who->kind]) : next);
}

bool login_post(Req *rq)
{
    Str want = login_csrf(rq, false), token, login = str_trim(req_param(rq, "login"));
    Actor who;
    bool code;
    if (want.n == 0 || !same_secret(want, req_param(rq, "csrf"))) {
        rq->status = err_info(E_CSRF)->http;
        return login_form(rq, S("登录页面已过期，请重新填写后登录"));
    }
    if (!session_open(&rq->cx, rq->store, login, req_param(rq, "password"), rq->net->peer, &token, &code, &who)) {
        if (rq->wants_json || (rq->cx.err != E_UNAUTHENTICATED && rq->cx.err != E_LOCKED)) {
            return false;
        }
        rq->status = err_info(rq->cx.err)->http;
        Str why = rq->cx.err == E_LOCKED ? cx_text(&rq->cx) : S("用户名或口令不对，请重新填写。连续几次不对会暂时锁定");
        cx_clear(&rq->cx);
        return login_form(rq, why);
    }
    set_cookie(rq, str_c(session_cookie(rq->site)), token, -1, true);
    rq->session = token;
    if (code) {
        return req_see(rq, url_with(rq->mem, S("/login/code"), NULL, &(UrlSet){S("next"), next_of(rq)}, 1));
    }
    return signed_in(rq, &who);
}

/* ---- the second factor ---- */

static Str cookie_session(const Req *rq)
{
    return cookie_get(net_header(rq->net, S("cookie")), str_c(session_cookie(rq->site)));
}

static bool code_form(Req *rq, Str error)
{
    rq->doc = doc_obj(rq->mem);
    rq->view = "core/code";
    doc_set_strc(rq->doc, "title", "动态码");
    doc_set_str(rq->doc, "next", next_of(rq));
    doc_set_str(rq->doc, "login_csrf", login_csrf(rq, true));
    if (error.n != 0) {
        doc_set_str(rq->doc, "error", error);
    } else {
        doc_set_null(rq->doc, "error");
    }
    return true;
}

bool code_page(Req *rq)
{
    bool waits;
    if (!session_waits(&rq->cx, rq->store, cookie_session(rq), &waits)) {
        return false;
    }
    return waits ? code_form(rq, S("")) : req_see(rq, S("/login"));
}

bool code_post(Req *rq)
{
    Str want = login_csrf(rq, false), token = cookie_session(rq);
    Actor who;
    if (want.n == 0 || !same_secret(want, req_param(rq, "csrf"))) {
        rq->status = err_info(E_CSRF)->http;
        return code_form(rq, S("页面已过期，请重新填写动态码"));
    }
    if (!session_code(&rq->cx, rq->store, req_param(rq, "code"), &token, &who)) {
        if (rq->wants_json || (rq->cx.err != E_UNAUTHENTICATED && rq->cx.err != E_LOCKED && rq->cx.err != E_CONFLICT)) {
            return false;
        }
        ErrCode e = rq->cx.err;
        Str why = cx_text(&rq->cx);
        cx_clear(&rq->cx);
        rq->status = err_info(e)->http;
        return e == E_CONFLICT ? req_see(rq, S("/login")) : code_form(rq, why);
    }
    set_cookie(rq, str_c(session_cookie(rq->site)), token, -1, true);
    rq->session = token;
    return signed_in(rq, &who);
}

bool logout_post(Req *rq)
{
    if (rq->session.n != 0 && !session_close(&rq->cx, rq->store, rq->session)) {
        return false;
    }
    set_cookie(rq, str_c(session_cookie(rq->site)), S(""), 0, true);
    req_header(rq, S("clear-site-data"), S("\"cache\""));
    return req_see(rq, S("/login"));
}

bool view_post(Req *rq)
{
    Exchange *x = exchange(rq);
    Str here = req_param(rq, "here"), big = req_param(rq, "big"), contrast = req_param(rq, "contrast");
    bool b = big.n != 0 ? str_eq(big, S("1")) : x->big, c = contrast.n != 0 ? str_eq(contrast, S("1")) : x->contrast;
    set_cookie(rq, S("tamga_view"), b && c ? S("big.contrast") : b ? S("big") : c ? S("contrast") : S(""), 31536000, false);
    return req_see(rq, url_local(here) ? here : S("/"));
}

bool home_page(Req *rq)
{
    if (rq->actor.user != 0) {
        return req_see(rq, S("/desk"));
    }
    for (size_t i = 0; i < rq->pack->n_menu; i++) { /* the first page kept for everybody is the public's front page */
        const Route *r = route_of(rq->site, "GET", rq->pack->menu[i].href);
        if (r != NULL && r->auth == AUTH_PUBLIC && (r->flags & ROUTE_CACHE)) {
            return req_see(rq, rq->pack->menu[i].href);
        }
    }
    return req_see(rq, S("/login"));
}

bool access_page(Req *rq)
{
    doc_set_strc(rq->doc, "title", "无障碍说明");
    req_crumb(rq, S("无障碍说明"), S(""));
    return true;
}
