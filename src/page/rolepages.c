/*
 * rolepages.c - who has which roles: the page of one person's roles, what waits for a second security administrator, a lost second factor.
 */
#include "page/internal.h"

static bool listed(Req *rq, int64_t id, User *ret)
{
    User *users;
    size_t n;
    if (!user_list(&rq->cx, rq->store, &rq->actor, &users, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (users[i].id == id) {
            *ret = users[i];
            return true;
        }
    }
    return fail(&rq->cx, E_NOT_FOUND, "没有找到，或者不在您的管辖范围内");
}

/** The roles that were ticked; the empty one in the form stands for none at all and is not among them. */
static Str picked(Req *rq)
{
    Str roles[17];
    size_t n = 0, all = param_all(&rq->form, S("roles"), roles, ARRAY_LEN(roles));
    for (size_t i = 0; i < all; i++) {
        if (roles[i].n != 0) {
            roles[n++] = roles[i];
        }
    }
    return str_join(rq->mem, roles, n, S(","));
}

static bool roles_doc(Req *rq, const Findings *found)
{
    User u = {0};
    int64_t id;
    bool grants;
    Settings now;
    FactorState f;
    if (!req_id(rq, &id) || !listed(rq, id, &u) || !user_grants(&rq->cx, rq->store, &rq->actor, &grants) || !settings_now(&rq->cx, rq->store, &now) ||
        !factor_state(&rq->cx, rq->store, id, &f)) {
        return false;
    }
    const Org *org = pack_org(rq->pack, u.org);
    rq->doc = doc_obj(rq->mem);
    rq->view = "user/roles";
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "%.*s的角色", STRF(u.name)));
    doc_set_id(rq->doc, "id", u.id);
    doc_set_str(rq->doc, "login", u.login);
    doc_set_str(rq->doc, "name", u.name);
    doc_set_str(rq->doc, "org", org->name);
    doc_set_shown(rq->doc, "now", u.roles, role_labels(rq, u.roles));
    doc_set_bool(rq->doc, "may_grant", grants && u.id != rq->actor.user && (u.kind == ADMIN_NONE || rq->actor.kind == ADMIN_SECURITY));
    doc_set_bool(rq->doc, "self", u.id == rq->actor.user);
    doc_set_bool(rq->doc, "apart", now.profile->grants_apart);
    doc_set_bool(rq->doc, "factor_on", f.on);
    doc_set_str(rq->doc, "reason", param_get(&rq->form, S("reason")));
    if (!rq->wants_json) {
        role_options(rq, doc_set_list(rq->doc, "roles"), org, found != NULL ? picked(rq) : u.roles);
    }
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
    req_crumb(rq, S("用户"), S("/users"));
    req_crumb(rq, u.name, S(""));
    return true;
}

bool roles_page(Req *rq)
{
    return roles_doc(rq, NULL);
}

static bool refused(Req *rq)
{
    Findings found = findings_new(rq->mem);
    ErrCode e = rq->cx.err;
    if (rq->wants_json || (e != E_INVALID && e != E_FORBIDDEN && e != E_CONFLICT && e != E_WRONG_STATE)) {
        return false;
    }
    finding_add(&found, false, S(""), S("refused"), S(""), cx_text(&rq->cx));
    rq->status = err_info(e)->http;
    cx_clear(&rq->cx);
    return roles_doc(rq, &found);
}

bool roles_post(Req *rq)
{
    int64_t id;
    bool waits;
    if (!req_id(rq, &id)) {
        return false;
    }
    if (!user_grant(&rq->cx, rq->store, &rq->actor, id, picked(rq), req_param(rq, "reason"), &waits)) {
        return refused(rq);
    }
    if (rq->wants_json) {
        doc_set_bool(rq->doc, "waits", waits);
        rq->status = waits ? 202 : 200;
        return true;
    }
    req_flash(rq, S("good"), waits ? S("已提出，等另一名安全管理员复核") : S("角色已修改，立即生效"));
    return req_see(rq, S("/users"));
}

bool user_factor_post(Req *rq)
{
    int64_t id;
    if (!req_id(rq, &id)) {
        return false;
    }
    if (!factor_reset(&rq->cx, rq->store, &rq->actor, id, req_param(rq, "reason"))) {
        return refused(rq);
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("动态码已重置，请本人重新启用"));
    return req_see(rq, S("/users"));
}

static bool decide(Req *rq, bool yes)
{
    int64_t id;
    Findings found = findings_new(rq->mem);
    if (!req_id(rq, &id)) {
        return false;
    }
    if (!role_decide(&rq->cx, rq->store, &rq->actor, id, yes)) {
        return rq->wants_json ? false : users_refused(rq, &found);
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), yes ? S("已同意，角色立即生效") : S("已退回"));
    return req_see(rq, S("/users"));
}

bool request_yes_post(Req *rq)
{
    return decide(rq, true);
}

bool request_no_post(Req *rq)
{
    return decide(rq, false);
}
