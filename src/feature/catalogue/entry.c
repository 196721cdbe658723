/*
 * entry.c - one entry for the public: facts, published figures with their calibers, honours, history of public states.
 */
#include "feature/catalogue/settings.h"

#include "base/date.h"

static bool linked(Req *rq, const Link *link, int64_t id, const Field *order, RecPage *ret)
{
    Query q = {.type = link->type, .limit = 100, .order = order};
    q.filters[q.n_filters++] = (Filter){.field = link->via, .value = {.has = true, .i = id}};
    /* The reference itself is seldom among the public fields; the link is known because the record at its end is public. */
    Actor eyes = {.is_system = true};
    RecPage all;
    if (!rec_list(&rq->cx, rq->store, &eyes, &q, false, &all)) {
        return false;
    }
    *ret = (RecPage){.items = NEW_ARRAY(rq->mem, Rec, all.n + 1)};
    for (size_t i = 0; i < all.n; i++) {
        Rec r;
        if (!all.items[i].state->published) {
            continue;
        }
        if (!rec_get(&rq->cx, rq->store, &CATALOGUE_EYES, link->type, all.items[i].id, &r)) {
            return false;
        }
        ret->items[ret->n++] = r;
    }
    return true;
}

static void facts(Req *rq, const Catalogue *c, const Rec *r, Doc *list)
{
    for (size_t i = 0; i < c->t->n_publics; i++) {
        const Field *f = c->t->publics[i];
        if (f == c->title || f == c->intro || f->kind == FT_LIST || !r->v[f->index].has) {
            continue;
        }
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "id", f->id);
        doc_set_str(o, "label", f->label);
        Str shown = f->kind == FT_REF ? rec_label(&rq->cx, rq->store, f->ref, r->v[f->index].i)
                                      : value_show(rq->mem, rq->pack, f, &r->v[f->index]);
        doc_set_shown(o, "text", value_raw(rq->mem, f, &r->v[f->index]), shown);
        doc_set_str(o, "unit", f->unit);
    }
}

static bool figures(Req *rq, const Catalogue *c, const Rec *r, Doc *o)
{
    RecPage page;
    Doc *heads = doc_set_list(o, "figure_heads"), *rows = doc_set_list(o, "figures");
    if (c->figures == NULL || c->period == NULL) {
        return true;
    }
    req_reads(rq, c->figures->type);
    if (!linked(rq, c->figures, r->id, c->period, &page)) {
        return false;
    }
    for (size_t k = 0; k < c->n_show; k++) {
        Doc *h = doc_add_obj(heads);
        doc_set_str(h, "label", c->show[k]->label);
        doc_set_str(h, "unit", c->show[k]->unit);
    }
    const Field *caliber = type_field(c->figures->type, S("caliber"));
    for (size_t i = 0; i < page.n; i++) {
        Doc *row = doc_add_obj(rows);
        doc_set_str(row, "period", value_show(rq->mem, rq->pack, c->period, &page.items[i].v[c->period->index]));
        doc_set_str(row, "caliber", caliber != NULL ? page.items[i].v[caliber->index].s : S(""));
        Doc *cells = doc_set_list(row, "cells");
        for (size_t k = 0; k < c->n_show; k++) {
            const Value *v = &page.items[i].v[c->show[k]->index];
            doc_add_doc(cells, doc_shown(rq->mem, value_raw(rq->mem, c->show[k], v),
                                         v->has ? value_show(rq->mem, rq->pack, c->show[k], v) : S("—")));
        }
    }
    return true;
}

static bool honours(Req *rq, const Catalogue *c, const Rec *r, Doc *list)
{
    RecPage page;
    if (c->honours == NULL) {
        return true;
    }
    const RecordType *t = c->honours->type;
    req_reads(rq, t);
    if (!linked(rq, c->honours, r->id, NULL, &page)) {
        return false;
    }
    for (size_t i = 0; i < page.n; i++) {
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "name", t->title != NULL ? page.items[i].v[t->title->index].s : S(""));
        Doc *facts_list = doc_set_list(o, "facts");
        for (size_t k = 0; k < t->n_publics; k++) {
            const Field *f = t->publics[k];
            if (f != t->title && f->kind != FT_REF && f->kind != FT_LIST && page.items[i].v[f->index].has) {
                Doc *one = doc_add_obj(facts_list);
                doc_set_str(one, "label", f->label);
                doc_set_str(one, "text", value_show(rq->mem, rq->pack, f, &page.items[i].v[f->index]));
            }
        }
    }
    return true;
}

/* The states the public may know of, with their days. */
static bool public_history(Req *rq, const Catalogue *c, const Rec *r, Doc *list)
{
    Event *events;
    size_t n;
    if (!journal_of(&rq->cx, rq->store, c->t, r->id, &events, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const State *to = type_state(c->t, events[i].state_to);
        if (to == NULL || to->public_text.n == 0 || str_eq(events[i].state_from, events[i].state_to)) {
            continue;
        }
        Doc *o = doc_add_obj(list);
        doc_set_date(o, "date", instant_date(events[i].at_ms));
        doc_set_str(o, "text", to->public_text);
    }
    return true;
}

bool catalogue_entry(Req *rq)
{
    Catalogue c;
    Rec r;
    if (!catalogue_settings(rq, &c) || !rec_by_no(&rq->cx, rq->store, &CATALOGUE_EYES, c.t, req_arg(rq, "no"), &r)) {
        return false;
    }
    req_reads(rq, c.t);
    const Region *at = c.region != NULL ? pack_region(rq->pack, r.v[c.region->index].s) : NULL;
    const Org *owner = pack_org_by_home(rq->pack, r.home);
    if (at == NULL && owner != NULL) {
        at = owner->region;
    }
    Str name = r.v[c.title->index].s;
    doc_set_id(rq->doc, "id", r.id);
    doc_set_str(rq->doc, "no", r.no);
    doc_set_str(rq->doc, "name", name);
    doc_set_str(rq->doc, "label", c.t->label);
    doc_set_str(rq->doc, "intro", c.intro != NULL ? r.v[c.intro->index].s : S(""));
    doc_set_str(rq->doc, "place", at != NULL ? at->name : S(""));
    doc_html_only(doc_set_str(rq->doc, "mn", at != NULL ? at->name_mn : S("")));
    doc_set_str(rq->doc, "state", r.state->label);
    req_crumb(rq, S("公开目录"), S("/catalogue"));
    req_crumb(rq, name, S(""));
    facts(rq, &c, &r, doc_set_list(rq->doc, "facts"));
    return figures(rq, &c, &r, rq->doc) && honours(rq, &c, &r, doc_set_list(rq->doc, "honours")) &&
           public_history(rq, &c, &r, doc_set_list(rq->doc, "history"));
}
