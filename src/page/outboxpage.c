/*
 * outboxpage.c - for administrators and auditors: what waits to leave the program, what could not, and trying it again.
 */
#include "page/internal.h"
#include "store/outbox.h"

static const Str TABS[][2] = {{STR_INIT("waiting"), STR_INIT("等待发送")}, {STR_INIT("failed"), STR_INIT("发送失败")},
                              {STR_INIT("sent"), STR_INIT("已发送")}};

static void row_doc(Req *rq, Doc *l, const OutRow *r)
{
    Doc *o = doc_add_obj(l);
    const RecordType *t = r->type.n != 0 ? pack_type(rq->pack, r->type) : NULL;
    bool failed = str_eq(r->state, S("failed")), waiting = str_eq(r->state, S("waiting"));
    doc_set_id(o, "id", r->id);
    doc_set_instant(o, "at", r->at_ms);
    doc_set_shown(o, "channel", channel_word(r->channel), channel_label(r->channel));
    doc_set_str(o, "to", r->user_name);
    doc_set_str(o, "address", r->address);
    doc_set_str(o, "text", r->head);
    doc_set_shown(o, "type", r->type, t != NULL ? t->label : S(""));
    doc_set_shown(o, "state", r->state, failed ? S("失败") : waiting ? S("等待") : str_eq(r->state, S("sent")) ? S("已发送") : S("发送中"));
    doc_set_int(o, "attempts", r->attempts);
    doc_set_str(o, "result", r->result);
    if (waiting && r->attempts != 0) {
        doc_set_instant(o, "next_at", r->next_ms);
    } else {
        doc_set_null(o, "next_at");
    }
    if (r->ended_ms != 0) {
        doc_set_instant(o, "ended_at", r->ended_ms);
    } else {
        doc_set_null(o, "ended_at");
    }
    doc_html_only(doc_set_bool(o, "can_retry", (failed || (waiting && r->attempts != 0)) && actor_is_admin(rq->pack, &rq->actor)));
    doc_html_only(doc_set_bool(o, "bad", failed));
}

bool outbox_page(Req *rq)
{
    OutRow *rows;
    size_t n;
    int64_t counts[3];
    Str state = param_get(&rq->query, S("state"));
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(TABS); i++) {
        known = known || str_eq(TABS[i][0], state);
    }
    state = known ? state : TABS[0][0];
    if (!outbox_counts(&rq->cx, rq->store, &rq->actor, counts) ||
        !outbox_list(&rq->cx, rq->store, &rq->actor, state, 200, &rows, &n)) {
        return false;
    }
    doc_set_strc(rq->doc, "title", "发件箱");
    Doc *tabs = doc_set_list(rq->doc, "tabs");
    for (size_t i = 0; i < ARRAY_LEN(TABS); i++) {
        Doc *o = doc_add_obj(tabs);
        doc_set_str(o, "id", TABS[i][0]);
        doc_set_str(o, "label", TABS[i][1]);
        doc_set_int(o, "count", counts[i]);
        doc_html_only(doc_set_bool(o, "on", str_eq(TABS[i][0], state)));
    }
    Doc *items = doc_set_list(rq->doc, "items");
    for (size_t i = 0; i < n; i++) {
        row_doc(rq, items, &rows[i]);
    }
    bool failed = str_eq(state, S("failed"));
    doc_html_only(doc_set_bool(rq->doc, "can_retry_all", failed && n != 0 && actor_is_admin(rq->pack, &rq->actor)));
    req_crumb(rq, S("发件箱"), S(""));
    return true;
}

static bool after_retry(Req *rq, Str text)
{
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), text);
    return req_see(rq, S("/outbox"));
}

bool outbox_retry_post(Req *rq)
{
    int64_t id;
    return req_id(rq, &id) && outbox_retry(&rq->cx, rq->store, &rq->actor, id) && after_retry(rq, S("马上重新发送"));
}

bool outbox_retry_all_post(Req *rq)
{
    return outbox_retry(&rq->cx, rq->store, &rq->actor, 0) && after_retry(rq, S("失败的消息马上重新发送"));
}
