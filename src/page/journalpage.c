/*
 * journalpage.c - the journal of every record in reach, newest first, for auditors.
 */
#include "base/date.h"
#include "page/internal.h"

#define EVENTS_MAX 100

bool journal_page(Req *rq)
{
    Event *events;
    size_t n;
    int64_t before = 0;
    Str at = req_param(rq, "before");
    if (!actor_is_auditor(rq->pack, &rq->actor)) {
        return fail(&rq->cx, E_NOT_FOUND, "没有找到，或者不在您的管辖范围内");
    }
    if (at.n != 0 && !str_int(at, &before)) {
        return fail(&rq->cx, E_BAD_REQUEST, "before 须是毫秒数");
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
            doc_set_str(o, "type_label", e->type);
            doc_set_null(o, "record");
            doc_set_str(o, "label", S(""));
            doc_set_null(o, "href");
        }
        doc_add_doc(l, o);
    }
    if (n == EVENTS_MAX) {
        UrlSet set = {S("before"), id_text(rq->mem, events[n - 1].at_ms)};
        doc_set_str(rq->doc, "older", url_with(rq->mem, S("/journal"), NULL, &set, 1));
    } else {
        doc_set_null(rq->doc, "older");
    }
    req_crumb(rq, S("审计日志"), S(""));
    return true;
}
