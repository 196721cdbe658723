/*
 * firstpage.c - the page of the first start: the token from the server, and three persons. It is there only while there is no account.
 */
#include "page/internal.h"

static bool gone(Req *rq)
{
    bool needed;
    if (!first_needed(&rq->cx, rq->store, &needed)) {
        return true;
    }
    return !needed && !fail(&rq->cx, E_NOT_FOUND, "没有这个页面");
}

static bool first_doc(Req *rq, const Findings *found)
{
    Settings now;
    if (!settings_now(&rq->cx, rq->store, &now)) {
        return false;
    }
    rq->doc = doc_obj(rq->mem);
    rq->view = "core/first";
    doc_set_strc(rq->doc, "title", "首次启动");
    doc_set_str(rq->doc, "login_csrf", login_csrf(rq, true));
    doc_set_str(rq->doc, "token", req_param(rq, "token"));
    doc_set_int(rq->doc, "password_min", now.profile->password_min);
    Doc *l = doc_set_list(rq->doc, "who");
    for (int k = 1; k < ADMIN_KINDS; k++) {
        const Role *role = pack_admin_role(rq->pack, (AdminKind)k);
        Doc *o = doc_add_obj(l);
        doc_set_strc(o, "kind", ADMIN_WORDS[k]);
        doc_set_str(o, "label", role->label);
        doc_set_str(o, "note", role->note);
        doc_set_str(o, "login", param_get(&rq->form, str_printf(rq->mem, "%s_login", ADMIN_WORDS[k])));
        doc_set_str(o, "name", param_get(&rq->form, str_printf(rq->mem, "%s_name", ADMIN_WORDS[k])));
    }
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
    return true;
}

bool first_page(Req *rq)
{
    return !gone(rq) && first_doc(rq, NULL);
}

bool first_post(Req *rq)
{
    Findings found = findings_new(rq->mem);
    FirstAdmin who[3];
    Str want = login_csrf(rq, false);
    if (gone(rq)) {
        return false;
    }
    for (int k = 1; k < ADMIN_KINDS; k++) {
        Str word = str_c(ADMIN_WORDS[k]);
        who[k - 1] = (FirstAdmin){.login = param_get(&rq->form, str_printf(rq->mem, "%.*s_login", STRF(word))),
                                  .name = param_get(&rq->form, str_printf(rq->mem, "%.*s_name", STRF(word))),
                                  .password = param_get(&rq->form, str_printf(rq->mem, "%.*s_password", STRF(word)))};
    }
    if (want.n == 0 || !same_secret(want, req_param(rq, "csrf"))) {
        finding_add(&found, false, S(""), S("csrf"), S(""), S("页面已过期，请核对后再提交一次"));
    } else if (first_admins(&rq->cx, rq->store, req_param(rq, "token"), rq->net->peer, who, &found)) {
        return req_see(rq, S("/login"));
    } else if (rq->cx.err != E_INVALID && rq->cx.err != E_CONFLICT && rq->cx.err != E_LOCKED) {
        return false;
    } else if (found.errors == 0) {
        finding_add(&found, false, S(""), S("refused"), S(""), cx_text(&rq->cx));
    }
    cx_clear(&rq->cx);
    if (rq->wants_json) {
        return req_invalid(rq, &found);
    }
    rq->status = err_info(E_INVALID)->http;
    return first_doc(rq, &found);
}
