/*
 * contacts.c - where a person wants to be told: on one's own account, and for administrators among the users.
 */
#include "page/internal.h"
#include "store/contact.h"

bool contact_doc(Req *rq, int64_t user, Doc *o)
{
    Contact c;
    if (!contact_get(&rq->cx, rq->store, &rq->actor, user, &c)) {
        return false;
    }
    Doc *d = doc_set_obj(o, "contact");
    doc_set_str(d, "email", c.email);
    doc_set_str(d, "mobile", c.mobile);
    doc_set_bool(d, "by_mail", c.by_mail);
    doc_set_bool(d, "by_sms", c.by_sms);
    return true;
}

static bool is_on(Req *rq, const char *name)
{
    Str v = req_param(rq, name);
    return v.n != 0 && !str_eq(v, S("0")) && !str_eq(v, S("false"));
}

static Contact typed(Req *rq)
{
    return (Contact){.email = str_lower(rq->mem, str_narrow(rq->mem, req_param(rq, "email"))),
                     .mobile = str_narrow(rq->mem, req_param(rq, "mobile")), .by_mail = is_on(rq, "by_mail"), .by_sms = is_on(rq, "by_sms")};
}

static bool after_saving(Req *rq, Str to)
{
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("联系方式已保存"));
    return req_see(rq, to);
}

bool account_contact_post(Req *rq)
{
    Findings found = findings_new(rq->mem);
    Contact c = typed(rq);
    if (!contact_set(&rq->cx, rq->store, &rq->actor, rq->actor.user, &c)) {
        return account_refused(rq, &found);
    }
    return after_saving(rq, S("/account#contact"));
}

bool user_contact_post(Req *rq)
{
    int64_t id;
    Findings found = findings_new(rq->mem);
    Contact c = typed(rq);
    if (!req_id(rq, &id)) {
        return false;
    }
    if (!contact_set(&rq->cx, rq->store, &rq->actor, id, &c)) {
        return users_refused(rq, &found);
    }
    return after_saving(rq, S("/users"));
}
