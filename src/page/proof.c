/*
 * proof.c - is it still the person who signed in? Routes marked ROUTE_PROOF want the password, or with a second factor a code, given within the last
 * minutes. Who has not is asked; the answer is a form to the same address that carries every field typed so far, so that nothing is lost and no
 * script is needed. Programs in a session answer at /confirm; tokens of programs cannot, and may only export, with a scope of its own.
 */
#include "page/internal.h"

/* What must not travel on: our own two fields. */
static bool own_field(Str name)
{
    return str_eq(name, S("csrf")) || str_eq(name, S("proof"));
}

static bool proof_page(Req *rq, Str action, const Params *carry, Str next, Str error)
{
    FactorState f;
    Settings now;
    if (!factor_state(&rq->cx, rq->store, rq->actor.user, &f) || !settings_now(&rq->cx, rq->store, &now)) {
        return false;
    }
    rq->doc = doc_obj(rq->mem);
    rq->view = "core/proof";
    doc_set_strc(rq->doc, "title", "再次验证身份");
    doc_set_str(rq->doc, "action", action);
    doc_set_bool(rq->doc, "code", f.on);
    doc_set_int(rq->doc, "minutes", now.profile->proof_min);
    Doc *l = doc_set_list(rq->doc, "carry");
    for (size_t i = 0; carry != NULL && i < carry->n; i++) {
        if (!own_field(carry->items[i].name)) {
            Doc *o = doc_add_obj(l);
            doc_set_str(o, "name", carry->items[i].name);
            doc_set_str(o, "value", carry->items[i].value);
        }
    }
    if (next.n != 0) {
        Doc *o = doc_add_obj(l);
        doc_set_strc(o, "name", "next");
        doc_set_str(o, "value", next);
    }
    if (error.n != 0) {
        doc_set_str(rq->doc, "error", error);
    } else {
        doc_set_null(rq->doc, "error");
    }
    return true;
}

static bool prove(Req *rq)
{
    Str token = rq->session;
    if (!session_prove(&rq->cx, rq->store, &rq->actor, param_get(&rq->form, S("proof")), rq->net->peer, &token)) {
        return false;
    }
    rq->session = token;
    rq->actor.proven_ms = rq->cx.now_ms;
    set_cookie(rq, str_c(session_cookie(rq->site)), token, -1, true);
    return true;
}

/* Wrong or locked: said on the page that asked; anything else is a failure. */
static bool wrong_proof(Req *rq, Str *ret_text)
{
    if (rq->wants_json || (rq->cx.err != E_UNAUTHENTICATED && rq->cx.err != E_LOCKED)) {
        if (rq->cx.err == E_UNAUTHENTICATED) { /* still signed in: not 401 */
            cx_clear(&rq->cx);
            (void)fail(&rq->cx, E_STEP_UP, "口令或动态码不对");
        }
        return false;
    }
    bool locked = rq->cx.err == E_LOCKED;
    *ret_text = locked ? cx_text(&rq->cx) : S("口令或动态码不对，请重新填写；填过的内容都还在");
    cx_clear(&rq->cx);
    return true;
}

bool guard_proof(Exchange *x)
{
    Req *rq = &x->rq;
    bool fresh = false;
    if ((rq->route->flags & ROUTE_PROOF) == 0 || rq->actor.is_system) {
        return true;
    }
    if (x->bearer) {
        return ((rq->route->flags & ROUTE_EXPORT) != 0 && rq->actor.may_export) ||
               fail(&rq->cx, E_STEP_UP, (rq->route->flags & ROUTE_EXPORT) != 0 ? "导出须用范围为 export 的令牌" : "这件事不能用令牌办理，须本人登录");
    }
    if (!session_fresh(&rq->cx, rq->store, &rq->actor, &fresh)) {
        return false;
    }
    if (fresh) {
        return true;
    }
    Str error = S("");
    if (!rq->read_only && param_has(&rq->form, S("proof"))) {
        if (prove(rq)) {
            return true;
        }
        if (!wrong_proof(rq, &error)) {
            return false;
        }
    }
    if (rq->wants_json) {
        return fail(&rq->cx, E_STEP_UP, "请先把口令（启用了动态码的，动态码）作为 proof 发到 /confirm，再重发这个请求");
    }
    Str here = url_with(rq->mem, x->path, &rq->query, NULL, 0);
    x->proof_asked = true;
    rq->status = err_info(E_STEP_UP)->http;
    return rq->read_only ? proof_page(rq, S("/confirm"), NULL, here, error) : proof_page(rq, here, &rq->form, S(""), error);
}

static Str next_of(const Req *rq)
{
    Str next = req_param(rq, "next");
    return url_local(next) && !str_starts(next, S("/confirm")) ? next : S("/account");
}

bool confirm_page(Req *rq)
{
    return proof_page(rq, S("/confirm"), NULL, next_of(rq), S(""));
}

bool confirm_post(Req *rq)
{
    Str error = S("");
    if (exchange(rq)->bearer) {
        return fail(&rq->cx, E_STEP_UP, "令牌不能再次验证身份");
    }
    if (prove(rq)) {
        if (rq->wants_json) {
            rq->status = 204;
            return true;
        }
        return req_see(rq, next_of(rq));
    }
    if (!wrong_proof(rq, &error)) {
        return false;
    }
    rq->status = err_info(E_STEP_UP)->http;
    return proof_page(rq, S("/confirm"), NULL, next_of(rq), error);
}

bool confirm_end_post(Req *rq)
{
    if (rq->session.n != 0 && !session_unprove(&rq->cx, rq->store, rq->session)) {
        return false;
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("下次导出、查看敏感信息、授权时会再次验证身份"));
    return req_see(rq, S("/account"));
}
