/*
 * delegations.c - on one's own account: who acts for me, for whom I act; and for administrators all of their offices.
 */
#include "base/date.h"
#include "page/internal.h"
#include "store/delegate.h"

static void rows(Req *rq, Doc *l, const Delegation *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        Doc *o = doc_add_obj(l);
        doc_set_id(o, "id", d[i].id);
        doc_set_str(o, "from_name", d[i].principal_name);
        doc_set_str(o, "to_name", d[i].deputy_name);
        doc_set_date(o, "from", d[i].from);
        doc_set_date(o, "until", d[i].until);
        doc_set_bool(o, "now", d[i].now);
        doc_set_bool(o, "mine", d[i].principal == rq->actor.user || d[i].deputy == rq->actor.user);
    }
}

bool delegations_doc(Req *rq)
{
    Delegation *d;
    size_t n;
    bool admin = actor_is_admin(rq->pack, &rq->actor);
    if (!delegate_list(&rq->cx, rq->store, &rq->actor, admin, &d, &n)) {
        return false;
    }
    rows(rq, doc_set_list(rq->doc, "delegations"), d, n);
    if (rq->wants_json) {
        return true;
    }
    Colleague *people;
    Doc *l = doc_set_list(rq->doc, "colleagues");
    if (!delegate_people(&rq->cx, rq->store, &rq->actor, &people, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        Doc *o = doc_add_obj(l);
        doc_set_id(o, "value", people[i].id);
        doc_set_str(o, "label", people[i].name);
    }
    int32_t today = instant_date(rq->cx.now_ms);
    doc_set_str(rq->doc, "delegate_from", date_iso(rq->mem, today));
    doc_set_str(rq->doc, "delegate_until", date_iso(rq->mem, today + 6));
    return true;
}

static bool day_of(Req *rq, const char *name, const char *label, int32_t *ret, Findings *found)
{
    if (date_iso_parse(str_trim(req_param(rq, name)), ret)) {
        return true;
    }
    finding_add(found, false, str_c(name), S("date"), S(""), str_printf(rq->mem, "请填写%s，例如 2026-03-01", label));
    return false;
}

bool delegation_post(Req *rq)
{
    Findings found = findings_new(rq->mem);
    int64_t deputy = 0, id;
    int32_t from = 0, until = 0;
    (void)id_read(req_param(rq, "deputy"), &deputy);
    bool ok = day_of(rq, "from", "开始日期", &from, &found);
    ok = day_of(rq, "until", "结束日期", &until, &found) && ok;
    if (!ok || !delegate_add(&rq->cx, rq->store, &rq->actor, deputy, from, until, &id)) {
        return account_refused(rq, &found);
    }
    if (rq->wants_json) {
        doc_set_id(rq->doc, "id", id);
        rq->status = 201;
        return true;
    }
    req_flash(rq, S("good"), S("已委托，到期自动结束"));
    return req_see(rq, S("/account"));
}

bool delegation_end_post(Req *rq)
{
    Findings found = findings_new(rq->mem);
    int64_t id;
    if (!req_id(rq, &id)) {
        return false;
    }
    if (!delegate_end(&rq->cx, rq->store, &rq->actor, id)) {
        return account_refused(rq, &found);
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("委托已结束，立即生效"));
    return req_see(rq, S("/account"));
}
