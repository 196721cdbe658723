/*
 * search.c - one box over everything: the first hits of each searchable record type, with links to the full lists.
 */
#include "page/internal.h"

#define HITS 8

static bool hits_of(Req *rq, const RecordType *t, Str text, Doc *groups)
{
    Query q = {.type = t, .search = text, .limit = HITS};
    RecPage page;
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, true, &page)) {
        return false;
    }
    if (page.total == 0) {
        return true;
    }
    Doc *g = doc_add_obj(groups), *items;
    UrlSet set = {S("q"), text};
    doc_set_str(g, "type", t->id);
    doc_set_str(g, "label", t->label);
    doc_set_int(g, "total", page.total);
    doc_set_str(g, "all", url_with(rq->mem, str_printf(rq->mem, "/r/%.*s", STRF(t->id)), NULL, &set, 1));
    items = doc_set_list(g, "items");
    for (size_t i = 0; i < page.n; i++) {
        const Rec *r = &page.items[i];
        Doc *o = doc_add_obj(items);
        doc_set_id(o, "id", r->id);
        doc_set_str(o, "label", rec_title(rq, r));
        doc_set_str(o, "sub", r->no);
        doc_set_str(o, "href", url_record(rq->mem, t, r->id, ""));
        doc_set_shown(o, "state", r->state->id, r->type->n_states > 1 ? r->state->label : S(" "));
        doc_set_str(o, "tone", tone_word(r->state->tone));
    }
    return true;
}

bool search_page(Req *rq)
{
    Str text = utf8_cut(str_trim(req_param(rq, "q")), 60);
    rq->doc = doc_obj(rq->mem);
    doc_set_strc(rq->doc, "title", "搜索");
    doc_set_str(rq->doc, "q", text);
    Doc *groups = doc_set_list(rq->doc, "groups");
    for (size_t i = 0; i < rq->pack->n_types && text.n != 0; i++) {
        if (rq->pack->types[i].searchable && !hits_of(rq, &rq->pack->types[i], text, groups)) {
            return false;
        }
    }
    req_crumb(rq, S("搜索"), S(""));
    return true;
}
