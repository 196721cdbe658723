/*
 * factorpages.c - one's own second factor: begin, confirm with a first code, do without.
 */
#include "base/date.h"
#include "fmt/totp.h"
#include "page/internal.h"
#include "paper/qr.h"

bool factor_doc(Req *rq, Doc *o)
{
    FactorState f;
    bool fresh;
    if (!factor_state(&rq->cx, rq->store, rq->actor.user, &f) || !session_fresh(&rq->cx, rq->store, &rq->actor, &fresh)) {
        return false;
    }
    Doc *d = doc_set_obj(o, "factor");
    doc_set_bool(d, "on", f.on);
    doc_set_bool(d, "wanted", rq->actor.must_enrol);
    doc_set_bool(d, "fresh", fresh);
    doc_set_int(d, "recovery_left", f.recovery_left);
    if (f.on) {
        doc_set_instant(d, "since", f.since_ms);
    } else {
        doc_set_null(d, "since");
    }
    return true;
}

/* Groups of four are easier to copy. */
static Str in_fours(Arena *mem, Str t)
{
    Buf b = buf_new(mem, t.n * 2 + 8);
    for (size_t i = 0; i < t.n; i++) {
        buf_add(&b, i != 0 && i % 4 == 0 ? S(" ") : S(""));
        buf_addc(&b, t.p[i]);
    }
    return buf_str(&b);
}

static bool setup_doc(Req *rq, const Findings *found)
{
    Str secret;
    int size;
    if (!factor_pending(&rq->cx, rq->store, &rq->actor, &secret)) {
        return false;
    }
    Str text = base32(rq->mem, secret), uri = totp_uri(rq->mem, rq->pack->title, rq->actor.login, secret);
    rq->doc = doc_obj(rq->mem);
    rq->view = "user/factor";
    doc_set_strc(rq->doc, "title", "启用动态码");
    Doc *d = doc_set_obj(rq->doc, "setup");
    doc_set_str(d, "secret", rq->wants_json ? text : in_fours(rq->mem, text));
    doc_set_str(d, "uri", uri);
    doc_html_only(doc_set_str(d, "path", qr_path(rq->mem, uri, &size)));
    doc_html_only(doc_set_str(d, "box", str_printf(rq->mem, "0 0 %d %d", size, size)));
    doc_set_list(rq->doc, "codes");
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
    req_crumb(rq, S("我的账户"), S("/account"));
    req_crumb(rq, S("启用动态码"), S(""));
    return true;
}

bool factor_page(Req *rq)
{
    if (setup_doc(rq, NULL)) {
        return true;
    }
    if (rq->cx.err == E_WRONG_STATE && !rq->wants_json) {
        cx_clear(&rq->cx);
        return req_see(rq, S("/account"));
    }
    return false;
}

bool factor_begin_post(Req *rq)
{
    Str secret;
    if (!factor_begin(&rq->cx, rq->store, &rq->actor, &secret)) {
        Findings found = findings_new(rq->mem);
        if (rq->cx.err != E_WRONG_STATE || rq->wants_json) {
            return false;
        }
        finding_add(&found, false, S(""), S("on"), S(""), cx_text(&rq->cx));
        cx_clear(&rq->cx);
        return account_refused(rq, &found);
    }
    return rq->wants_json ? setup_doc(rq, NULL) : req_see(rq, S("/account/factor"));
}

bool factor_confirm_post(Req *rq)
{
    Str *codes;
    if (!factor_confirm(&rq->cx, rq->store, &rq->actor, req_param(rq, "code"), &codes)) {
        Findings found = findings_new(rq->mem);
        if (rq->wants_json || (rq->cx.err != E_INVALID && rq->cx.err != E_LOCKED)) {
            return false;
        }
        finding_add(&found, false, S("code"), S("wrong"), S(""), cx_text(&rq->cx));
        rq->status = err_info(rq->cx.err)->http;
        cx_clear(&rq->cx);
        return setup_doc(rq, &found);
    }
    rq->doc = doc_obj(rq->mem);
    rq->view = "user/factor";
    doc_set_strc(rq->doc, "title", "动态码已启用");
    doc_set_null(rq->doc, "setup");
    Doc *l = doc_set_list(rq->doc, "codes");
    for (int i = 0; i < RECOVERY_CODES; i++) {
        doc_set_str(doc_add_obj(l), "code", codes[i]);
    }
    doc_set_list(rq->doc, "errors");
    req_crumb(rq, S("我的账户"), S("/account"));
    req_crumb(rq, S("动态码已启用"), S(""));
    return true;
}

bool factor_drop_post(Req *rq)
{
    if (!factor_drop(&rq->cx, rq->store, &rq->actor)) {
        Findings found = findings_new(rq->mem);
        if (rq->cx.err != E_FORBIDDEN || rq->wants_json) {
            return false;
        }
        finding_add(&found, false, S(""), S("wanted"), S(""), cx_text(&rq->cx));
        cx_clear(&rq->cx);
        return account_refused(rq, &found);
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("动态码已停用，恢复码也作废了"));
    return req_see(rq, S("/account"));
}
