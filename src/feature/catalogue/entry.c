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

typedef struct {
    int64_t at_ms;
    Str what, text, tone;
} Told;

#define TOLD_MAX 200

/* The public states a record went through, with their days; `what` says of which record. */
static bool tell(Req *rq, const Rec *r, Str what, Told *out, size_t *n)
{
    Event *events;
    size_t n_events;
    if (!journal_of(&rq->cx, rq->store, r->type, r->id, &events, &n_events)) {
        return false;
    }
    for (size_t i = 0; i < n_events && *n < TOLD_MAX; i++) {
        const State *to = type_state(r->type, events[i].state_to);
        if (to != NULL && to->public_text.n != 0 && !str_eq(events[i].state_from, events[i].state_to)) {
            out[(*n)++] = (Told){events[i].at_ms, what, to->public_text, to->tone};
        }
    }
    return true;
}

/* One line a record that is linked here: what it is, how it stands now. */
static void standing(Req *rq, const Rec *r, Doc *list)
{
    const RecordType *t = r->type;
    Doc *o = doc_add_obj(list);
    doc_set_str(o, "label", t->label);
    doc_set_str(o, "no", r->no);
    doc_set_shown(o, "state", r->state->id, r->state->label);
    doc_html_only(doc_set_str(o, "tone", str_eq(r->state->tone, S("grass")) ? S("good") : str_eq(r->state->tone, S("gold")) ? S("warn")
                                         : str_eq(r->state->tone, S("red")) ? S("bad") : S("plain")));
    Doc *list_facts = doc_set_list(o, "facts");
    for (size_t k = 0; k < t->n_publics; k++) {
        const Field *f = t->publics[k];
        if (f != t->title && f->kind != FT_REF && f->kind != FT_LIST && f->kind != FT_LONG && r->v[f->index].has) {
            Doc *one = doc_add_obj(list_facts);
            doc_set_str(one, "label", f->label);
            doc_set_str(one, "text", value_show(rq->mem, rq->pack, f, &r->v[f->index]));
        }
    }
}

static bool public_history(Req *rq, const Catalogue *c, const Rec *r, Doc *o)
{
    Told *l = NEW_ARRAY(rq->mem, Told, TOLD_MAX);
    size_t n = 0;
    Doc *stand = doc_set_list(o, "standing"), *list = doc_set_list(o, "history");
    if (!tell(rq, r, S(""), l, &n)) {
        return false;
    }
    for (size_t i = 0; i < c->n_told; i++) {
        RecPage page;
        req_reads(rq, c->told[i]->type);
        if (!linked(rq, c->told[i], r->id, NULL, &page)) {
            return false;
        }
        for (size_t k = 0; k < page.n; k++) {
            standing(rq, &page.items[k], stand);
            if (!tell(rq, &page.items[k], c->told[i]->label, l, &n)) {
                return false;
            }
        }
    }
    for (size_t i = 1; i < n; i++) { /* by time; few */
        Told one = l[i];
        size_t k = i;
        for (; k > 0 && l[k - 1].at_ms > one.at_ms; k--) {
            l[k] = l[k - 1];
        }
        l[k] = one;
    }
    for (size_t i = 0; i < n; i++) {
        Doc *e = doc_add_obj(list);
        doc_set_date(e, "date", instant_date(l[i].at_ms));
        doc_set_str(e, "what", l[i].what);
        doc_set_str(e, "text", l[i].text);
        doc_html_only(doc_set_str(e, "tone", str_eq(l[i].tone, S("red")) ? S("bad") : str_eq(l[i].tone, S("gold")) ? S("warn") : S("good")));
    }
    return true;
}

/* Forms of the public about this entry that are open now. */
static bool forms(Req *rq, const Rec *r, Doc *list)
{
    for (size_t i = 0; i < rq->pack->n_types; i++) {
        const PublicForm *f = rq->pack->types[i].open;
        Value open = {.has = true, .i = 1};
        Str shown;
        if (f == NULL || f->about == NULL || f->about->ref != r->type) {
            continue;
        }
        if (f->open_when != NULL && !rec_eval(&rq->cx, rq->store, r, f->open_when, &open, &shown)) {
            return false;
        }
        if (open.has && open.i != 0) {
            Doc *o = doc_add_obj(list);
            doc_set_str(o, "label", f->title);
            doc_set_str(o, "href", str_printf(rq->mem, "/f/%.*s?about=%.*s", STRF(rq->pack->types[i].id), STRF(id_text(rq->mem, r->id))));
        }
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
           public_history(rq, &c, &r, rq->doc) && forms(rq, &r, doc_set_list(rq->doc, "forms"));
}
