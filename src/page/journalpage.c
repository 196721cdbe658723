/*
 * journalpage.c - the journal of every record in reach, newest first, for auditors.
 */
#include "base/date.h"
#include "page/internal.h"

#define EVENTS_MAX 100

/* "milliseconds.home.sequence" */
static bool place_read(Str text, EventPlace *ret)
{
    Str at, home, seq;
    return str_cut(text, '.', &at, &text) && str_cut(text, '.', &home, &seq) && str_int(at, &ret->at_ms) && str_int(home, &ret->home) &&
           str_int(seq, &ret->seq) && ret->at_ms > 0;
}

bool journal_page(Req *rq)
{
    Event *events;
    size_t n;
    EventPlace before = {0};
    Str at = req_param(rq, "before");
    if (rq->actor.kind != ADMIN_AUDIT && !actor_is_auditor(rq->pack, &rq->actor)) {
        return fail(&rq->cx, E_NOT_FOUND, "没有找到，或者不在您的管辖范围内");
    }
    if (at.n != 0 && !place_read(at, &before)) {
        return fail(&rq->cx, E_BAD_REQUEST, "before 须是上一页给出的位置");
    }
    if (!journal_list(&rq->cx, rq->store, &rq->actor, before, EVENTS_MAX, &events, &n)) {
        return false;
    }
    rq->doc = doc_obj(rq->mem);
    doc_set_strc(rq->doc, "title", "审计日志");
    Doc *l = doc_set_list(rq->doc, "events");
    for (size_t i = 0; i < n; i++) {
        const Event *e = &events[i];
        Doc *o = event_doc(rq, e->rtype, e);
        doc_set_int(o, "home", e->home);
        if (e->rtype != NULL && e->record != 0) {
            doc_set_str(o, "type_label", e->rtype->label);
            doc_set_id(o, "record", e->record);
            doc_set_str(o, "label", rec_label(&rq->cx, rq->store, e->rtype, e->record));
            doc_set_str(o, "href", url_record(rq->mem, e->rtype, e->record, ""));
        } else {
            doc_set_str(o, "type_label", e->rtype != NULL ? e->rtype->label : e->type);
            doc_set_null(o, "record");
            doc_set_str(o, "label", S(""));
            doc_set_null(o, "href");
        }
        doc_add_doc(l, o);
    }
    if (n == EVENTS_MAX) {
        const Event *last = &events[n - 1];
        UrlSet set = {S("before"), str_printf(rq->mem, "%lld.%lld.%lld", (long long)last->at_ms, (long long)last->home, (long long)last->seq)};
        doc_set_str(rq->doc, "older", url_with(rq->mem, S("/journal"), NULL, &set, 1));
    } else {
        doc_set_null(rq->doc, "older");
    }
    req_crumb(rq, S("审计日志"), S(""));
    return true;
}
