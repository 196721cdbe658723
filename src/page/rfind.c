/*
 * rfind.c - finding a record by the whole of a personal field, by its blind index. By POST, so that the value stands in no address and no log.
 */
#include "page/internal.h"

#define FOUND_MAX 50

static bool may_find(const Req *rq, const RecordType *t, const Field *f)
{
    return f->lookup && access_flag(&rq->actor, t, 'u') && access_field(&rq->actor, t, f, false);
}

void find_fields(Req *rq, const RecordType *t, Doc *to)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        if (may_find(rq, t, &t->fields[i])) {
            Doc *o = doc_add_obj(to);
            doc_set_str(o, "field", t->fields[i].id);
            doc_set_str(o, "label", t->fields[i].label);
            doc_set_str(o, "href", str_printf(rq->mem, "/r/%.*s/find", STRF(t->id)));
        }
    }
}

bool record_find(Req *rq)
{
    const RecordType *t = req_type(rq);
    if (t == NULL) {
        return false;
    }
    const Field *f = type_field(t, req_param(rq, "field"));
    Query q = {.type = t, .n_filters = 1, .limit = FOUND_MAX};
    Findings found = findings_new(rq->mem);
    RecPage page;
    if (f == NULL || !may_find(rq, t, f)) {
        return fail(&rq->cx, E_FORBIDDEN, "不能按这一栏查找");
    }
    q.filters[0].field = f;
    if (!value_parse(rq->mem, rq->pack, f, f->id, str_trim(req_param(rq, "value")), NULL, &q.filters[0].value, &found) || found.errors != 0 ||
        !q.filters[0].value.has) {
        return fail(&rq->cx, E_INVALID, "请填写完整的%.*s", STRF(f->label));
    }
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
        return false;
    }
    if (rq->wants_json) {
        rq->doc = doc_obj(rq->mem);
        Doc *items = doc_set_list(rq->doc, "items");
        for (size_t i = 0; i < page.n; i++) {
            Doc *o = doc_add_obj(items);
            doc_set_id(o, "id", page.items[i].id);
            doc_set_str(o, "no", page.items[i].no);
            doc_set_str(o, "title", rec_title(rq, &page.items[i]));
        }
        return true;
    }
    if (page.n == 0) {
        req_flash(rq, S("warn"), str_printf(rq->mem, "没有找到%.*s相同的%.*s", STRF(f->label), STRF(t->label)));
        return req_see(rq, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    }
    if (page.n > 1) {
        req_flash(rq, S("info"), str_printf(rq->mem, "%.*s相同的共 %zu 条，这是最近的一条", STRF(f->label), page.n));
    }
    return req_see(rq, url_record(rq->mem, t, page.items[0].id, ""));
}
