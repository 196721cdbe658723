/*
 * userpages.c - people of the own office and below (for its administrators), one's own account, and tokens for programs.
 */
#include "base/date.h"
#include "page/internal.h"

Str role_labels(Req *rq, Str roles)
{
    Buf b = buf_new(rq->mem, 2000);
    Str rest = roles, one;
    while (rest.n != 0) {
        (void)str_cut(rest, ',', &one, &rest);
        const Role *r = pack_role(rq->pack, str_trim(one));
        buf_add(&b, b.n != 0 ? S("、") : S(""));
        buf_add(&b, r != NULL ? r->label : one);
    }
    return buf_str(&b);
}

static bool user_rows(Req *rq)
{
    User *users;
    size_t n;
    bool grants;
    if (!user_grants(&rq->cx, rq->store, &rq->actor, &grants) || !user_list(&rq->cx, rq->store, &rq->actor, &users, &n)) {
        return false;
    }
    Doc *l = doc_set_list(rq->doc, "users");
    for (size_t i = 0; i < n; i++) {
        const User *u = &users[i];
        const Org *org = pack_org(rq->pack, u->org);
        Doc *o = doc_add_obj(l);
        doc_set_id(o, "id", u->id);
        doc_set_str(o, "login", u->login);
        doc_set_str(o, "name", u->name);
        doc_set_shown(o, "org", u->org, org != NULL ? org->name : u->org);
        doc_set_shown(o, "roles", u->roles, role_labels(rq, u->roles));
        doc_set_bool(o, "disabled", u->disabled);
        doc_set_bool(o, "must_change", u->must_change);
        if (u->last_ms != 0) {
            doc_set_instant(o, "last_at", u->last_ms);
        } else {
            doc_set_null(o, "last_at");
        }
        doc_set_bool(o, "self", u->id == rq->actor.user);
        doc_set_bool(o, "technical", u->id != rq->actor.user && user_manages(rq->store, &rq->actor) &&
                                         (u->kind == ADMIN_NONE || rq->actor.kind == ADMIN_SYSTEM));
        doc_set_bool(o, "grant", grants && u->id != rq->actor.user && (u->kind == ADMIN_NONE || rq->actor.kind == ADMIN_SECURITY));
        if (!user_manages(rq->store, &rq->actor)) {
            doc_set_null(o, "contact");
        } else if (!contact_doc(rq, u->id, o)) {
            return false;
        }
    }
    return true;
}

static bool request_rows(Req *rq)
{
    RoleRequest *waiting;
    size_t n;
    if (!role_requests(&rq->cx, rq->store, &rq->actor, &waiting, &n)) {
        return false;
    }
    Doc *l = doc_set_list(rq->doc, "requests");
    for (size_t i = 0; i < n; i++) {
        Doc *o = doc_add_obj(l);
        doc_set_id(o, "id", waiting[i].id);
        doc_set_str(o, "login", waiting[i].login);
        doc_set_str(o, "name", waiting[i].user_name);
        doc_set_shown(o, "was", waiting[i].was, role_labels(rq, waiting[i].was));
        doc_set_shown(o, "roles", waiting[i].roles, role_labels(rq, waiting[i].roles));
        doc_set_str(o, "reason", waiting[i].reason);
        doc_set_str(o, "asked_by", waiting[i].by_name);
        doc_set_instant(o, "at", waiting[i].at_ms);
        doc_set_bool(o, "may_decide", waiting[i].may_decide);
    }
    return true;
}

static void option(Doc *l, Str value, Str label, bool on)
{
    Doc *o = doc_add_obj(l);
    doc_set_str(o, "value", value);
    doc_set_str(o, "label", label);
    doc_set_bool(o, "on", on);
}

void role_options(Req *rq, Doc *list, const Org *at, Str chosen)
{
    for (size_t i = 0; i < rq->pack->n_roles; i++) {
        const Role *r = &rq->pack->roles[i];
        bool on = false;
        for (Str rest = chosen, one; rest.n != 0;) {
            (void)str_cut(rest, ',', &one, &rest);
            on = on || str_eq(one, r->id);
        }
        if ((r->kind == ADMIN_NONE || rq->actor.kind == ADMIN_SECURITY) && (at == NULL || r->level_index < 0 || r->level_index == at->level_index)) {
            option(list, r->id, r->label, on);
        }
    }
}

/* May whoever adds an account give it roles at once? */
static bool adds_with_roles(Req *rq, bool *ret)
{
    Settings now;
    if (!settings_now(&rq->cx, rq->store, &now)) {
        return false;
    }
    *ret = rq->actor.kind == ADMIN_NONE && !now.profile->grants_apart;
    return true;
}

static void user_form(Req *rq, const Findings *found, bool with_roles)
{
    Str org = param_get(&rq->form, S("org")), picked[8];
    size_t n = param_all(&rq->form, S("roles"), picked, ARRAY_LEN(picked));
    Doc *f = doc_set_obj(rq->doc, "form"), *orgs = doc_set_list(f, "orgs"), *roles = doc_set_list(f, "roles");
    doc_set_str(f, "login", param_get(&rq->form, S("login")));
    doc_set_str(f, "name", param_get(&rq->form, S("name")));
    for (size_t i = 0; i < rq->pack->n_orgs; i++) {
        const Org *o = &rq->pack->orgs[i];
        if (rq->actor.is_system || (rq->actor.org != NULL && org_within(o, rq->actor.org))) {
            option(orgs, o->code, o->name, str_eq(o->code, org));
        }
    }
    doc_set_bool(f, "with_roles", with_roles);
    if (with_roles) {
        role_options(rq, roles, NULL, str_join(rq->mem, picked, n, S(",")));
    }
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
}

static bool users_doc(Req *rq, const Findings *found)
{
    rq->doc = doc_obj(rq->mem);
    rq->view = "user/users";
    doc_set_strc(rq->doc, "title", "用户");
    bool with_roles;
    if (!user_rows(rq) || !request_rows(rq) || !adds_with_roles(rq, &with_roles)) {
        return false;
    }
    if (!rq->wants_json && user_manages(rq->store, &rq->actor)) {
        user_form(rq, found, with_roles);
    } else if (!rq->wants_json) {
        doc_set_null(rq->doc, "form");
        doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
    }
    req_crumb(rq, S("用户"), S(""));
    return true;
}

bool users_page(Req *rq)
{
    return users_doc(rq, NULL);
}

/* The page again with what is wrong; problem JSON for programs. */
bool users_refused(Req *rq, Findings *found)
{
    if (rq->cx.err == E_OK || rq->cx.err == E_INVALID || rq->cx.err == E_CONFLICT || rq->cx.err == E_FORBIDDEN) {
        if (found->errors == 0) {
            finding_add(found, false, S(""), S("refused"), S(""), cx_text(&rq->cx));
        }
        if (rq->wants_json) {
            return rq->cx.err == E_OK ? req_invalid(rq, found) : false;
        }
        rq->status = err_info(rq->cx.err != E_OK ? rq->cx.err : E_INVALID)->http;
        cx_clear(&rq->cx);
        return users_doc(rq, found);
    }
    return false;
}

bool users_post(Req *rq)
{
    Findings found = findings_new(rq->mem);
    Str login = str_trim(req_param(rq, "login")), name = str_trim(req_param(rq, "name")), password = req_param(rq, "password"), roles[8];
    const Org *org = pack_org(rq->pack, req_param(rq, "org"));
    size_t n = param_all(&rq->form, S("roles"), roles, ARRAY_LEN(roles));
    if (login.n == 0) {
        finding_add(&found, false, S("login"), S("required"), S(""), S("请填写登录名"));
    }
    if (name.n == 0) {
        finding_add(&found, false, S("name"), S("required"), S(""), S("请填写姓名"));
    }
    if (org == NULL) {
        finding_add(&found, false, S("org"), S("required"), S(""), S("请选择单位"));
    }
    int64_t id;
    if (password.n == 0) {
        finding_add(&found, false, S("password"), S("required"), S(""), S("请填写初始口令"));
    }
    if (found.errors != 0 || !user_add(&rq->cx, rq->store, &rq->actor, login, name, org, str_join(rq->mem, roles, n, S(",")), password, true, &id)) {
        return users_refused(rq, &found);
    }
    if (rq->wants_json) {
        doc_set_id(rq->doc, "id", id);
        doc_set_str(rq->doc, "login", login);
        rq->status = 201;
        return true;
    }
    req_flash(rq, S("good"), str_printf(rq->mem, "已新增用户 %.*s；首次登录时会请本人改口令", STRF(login)));
    return req_see(rq, S("/users"));
}

bool user_password_post(Req *rq)
{
    int64_t id;
    Findings found = findings_new(rq->mem);
    Str password = req_param(rq, "password");
    if (!req_id(rq, &id)) {
        return false;
    }
    if (!user_password(&rq->cx, rq->store, &rq->actor, id, password, true)) {
        return users_refused(rq, &found);
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("口令已重设，原来的登录都已失效"));
    return req_see(rq, S("/users"));
}

bool user_disable_post(Req *rq)
{
    int64_t id;
    Findings found = findings_new(rq->mem);
    bool off = !str_eq(req_param(rq, "disabled"), S("0")) && !str_eq(req_param(rq, "disabled"), S("false"));
    if (!req_id(rq, &id)) {
        return false;
    }
    if (id == rq->actor.user && off) {
        finding_add(&found, false, S(""), S("self"), S(""), S("不能停用自己的账户"));
        return users_refused(rq, &found);
    }
    if (!user_disable(&rq->cx, rq->store, &rq->actor, id, off)) {
        return users_refused(rq, &found);
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), off ? S("账户已停用，立即生效") : S("账户已恢复"));
    return req_see(rq, S("/users"));
}

/* ---- one's own account ---- */

static bool account_doc(Req *rq, const Findings *found, Str fresh)
{
    TokenRow *tokens;
    size_t n;
    rq->doc = doc_obj(rq->mem);
    rq->view = "user/account";
    if (!token_list(&rq->cx, rq->store, &rq->actor, rq->actor.user, &tokens, &n)) {
        return false;
    }
    const Org *org = rq->actor.org;
    doc_set_strc(rq->doc, "title", "我的账户");
    doc_set_str(rq->doc, "login", rq->actor.login);
    doc_set_str(rq->doc, "name", rq->actor.name);
    if (org != NULL) {
        doc_set_shown(rq->doc, "org", org->code, org->name);
    } else {
        doc_set_null(rq->doc, "org");
    }
    doc_set_str(rq->doc, "roles", role_labels(rq, str_join(rq->mem, rq->actor.roles, rq->actor.n_roles, S(","))));
    Doc *l = doc_set_list(rq->doc, "tokens");
    for (size_t i = 0; i < n; i++) {
        Doc *o = doc_add_obj(l);
        doc_set_id(o, "id", tokens[i].id);
        doc_set_str(o, "name", tokens[i].name);
        doc_set_shown(o, "scope", tokens[i].scope, str_eq(tokens[i].scope, S("write")) ? S("读写") : str_eq(tokens[i].scope, S("export")) ? S("只读并可导出") : S("只读"));
        doc_set_instant(o, "expires_at", tokens[i].expires_ms);
        if (tokens[i].last_ms != 0) {
            doc_set_instant(o, "last_at", tokens[i].last_ms);
        } else {
            doc_set_null(o, "last_at");
        }
    }
    if (fresh.n != 0) {
        doc_set_str(rq->doc, "fresh", fresh);
    } else {
        doc_set_null(rq->doc, "fresh");
    }
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
    req_crumb(rq, S("我的账户"), S(""));
    return contact_doc(rq, rq->actor.user, rq->doc) && factor_doc(rq, rq->doc) && delegations_doc(rq);
}

bool account_page(Req *rq)
{
    return account_doc(rq, NULL, S(""));
}

bool account_refused(Req *rq, Findings *found)
{
    if (rq->cx.err != E_OK && rq->cx.err != E_INVALID && (rq->cx.err != E_CONFLICT || rq->wants_json)) {
        return false;
    }
    if (found->errors == 0) {
        finding_add(found, false, S(""), S("refused"), S(""), cx_text(&rq->cx));
    }
    cx_clear(&rq->cx);
    if (rq->wants_json) {
        return req_invalid(rq, found);
    }
    rq->status = err_info(E_INVALID)->http;
    return account_doc(rq, found, S(""));
}

bool account_password_post(Req *rq)
{
    Findings found = findings_new(rq->mem);
    Str old = req_param(rq, "old"), fresh = req_param(rq, "password"), token;
    if (!str_eq(fresh, req_param(rq, "again"))) {
        finding_add(&found, false, S("again"), S("differs"), S(""), S("两次填写的新口令不一样"));
    }
    if (found.errors != 0) {
        return account_refused(rq, &found);
    }
    if (!session_password(&rq->cx, rq->store, &rq->actor, old, rq->net->peer)) {
        if (rq->cx.err != E_UNAUTHENTICATED) {
            return false;
        }
        cx_clear(&rq->cx);
        finding_add(&found, false, S("old"), S("wrong"), S(""), S("原口令不对"));
        return account_refused(rq, &found);
    }
    if (!user_password(&rq->cx, rq->store, &rq->actor, rq->actor.user, fresh, false)) {
        return account_refused(rq, &found);
    }
    /* All sessions have ended: open a new one for this browser. */
    if (!session_again(&rq->cx, rq->store, &rq->actor, &token)) {
        return false;
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    set_cookie(rq, str_c(session_cookie(rq->site)), token, -1, true);
    rq->session = token;
    req_flash(rq, S("good"), S("口令已修改，其他设备上的登录都已失效"));
    return req_see(rq, S("/account"));
}

bool tokens_page(Req *rq)
{
    return account_doc(rq, NULL, S(""));
}

bool tokens_post(Req *rq)
{
    Findings found = findings_new(rq->mem);
    Str name = str_trim(req_param(rq, "name")), scope = req_param(rq, "scope"), token;
    int64_t days = 90;
    if (name.n == 0) {
        finding_add(&found, false, S("name"), S("required"), S(""), S("请写明令牌的用途"));
    }
    if (!str_eq(scope, S("read")) && !str_eq(scope, S("write")) && !str_eq(scope, S("export"))) {
        finding_add(&found, false, S("scope"), S("choice"), S(""), S("请选择只读、读写或只读并可导出"));
    }
    if (req_param(rq, "days").n != 0 && (!str_int(req_param(rq, "days"), &days) || days < 1 || days > 365)) {
        finding_add(&found, false, S("days"), S("range"), S(""), S("有效天数须在 1 到 365 之间"));
    }
    if (found.errors != 0 || !token_add(&rq->cx, rq->store, &rq->actor, rq->actor.user, name, scope,
                                        rq->cx.now_ms + days * 86400000, &token)) {
        return account_refused(rq, &found);
    }
    if (rq->wants_json) {
        doc_set_str(rq->doc, "token", token);
        doc_set_str(rq->doc, "scope", scope);
        rq->status = 201;
        return true;
    }
    return account_doc(rq, NULL, token); /* shown this once; never in an address or a session */
}

bool token_drop_post(Req *rq)
{
    int64_t id;
    if (!req_id(rq, &id) || !token_drop(&rq->cx, rq->store, &rq->actor, id)) {
        return false;
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("令牌已作废"));
    return req_see(rq, S("/account"));
}
