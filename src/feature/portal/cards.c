/*
 * cards.c - the entries of a call one by one: a card each with the way to vote, and the results once they are out.
 */
#include <stdlib.h>

#include "feature/portal/set.h"

#define EXCERPT 80 /* characters of the long text that stand on the card itself */

typedef struct {
    Rec r;
    int64_t count;
    bool has_count, has_place;
    int64_t place;
} Entry;

typedef struct {
    const Portal *p;
    const Rec *call;
    Entry *items;
    size_t n;
    const Setting *results;
    bool counts, out;                  /* votes may be told; the results are out */
} Entries;

static int by_place(const void *x, const void *y)
{
    const Entry *a = x, *b = y;
    if (a->has_place != b->has_place) {
        return a->has_place ? -1 : 1;
    }
    if (a->has_place && a->place != b->place) {
        return a->place < b->place ? -1 : 1;
    }
    int by_title = str_cmp(portal_title(&a->r), portal_title(&b->r));
    return by_title != 0 ? by_title : (a->r.id > b->r.id) - (a->r.id < b->r.id);
}

static bool count_votes(Req *rq, const Entries *e)
{
    Str text = pack_setting_str(rq->pack, e->p->name, S("count")), error, shown;
    const Expr *x = expr_parse(rq->mem, rq->pack, e->p->entry, NULL, 0, text, &error);
    if (x == NULL) {
        return fail(&rq->cx, E_PACK, "features.yaml 的 %.*s 里“%.*s”不能用：%.*s", STRF(e->p->name), STRF(text), STRF(error));
    }
    req_reads(rq, e->p->vote);
    for (size_t i = 0; i < e->n; i++) {
        Value v = {0};
        if (!rec_eval(&rq->cx, rq->store, &e->items[i].r, x, &v, &shown)) {
            return false;
        }
        e->items[i].has_count = v.has;
        e->items[i].count = v.i;
    }
    return true;
}

static bool read_entries(Req *rq, const Portal *p, const Rec *call, Entries *e)
{
    Rec *l;
    size_t n;
    *e = (Entries){.p = p, .call = call, .results = pack_setting(rq->pack, p->name, S("results"))};
    if (!portal_linked(rq, p->entry, p->entry_round, call->id, &l, &n) || !portal_when(rq, p, "count_when", call, &e->counts) ||
        !portal_when(rq, p, "results_when", call, &e->out)) {
        return false;
    }
    e->counts = e->counts && p->vote != NULL && pack_setting_str(rq->pack, p->name, S("count")).n != 0;
    e->out = e->out && e->results != NULL && e->results->n != 0;
    const Field *place = e->out ? type_field(p->entry, e->results->values[0]) : NULL;
    e->items = NEW_ARRAY(rq->mem, Entry, n + 1);
    e->n = n;
    for (size_t i = 0; i < n; i++) {
        e->items[i].r = l[i];
        if (place != NULL && place->kind == FT_INT) {
            e->items[i].has_place = l[i].v[place->index].has;
            e->items[i].place = l[i].v[place->index].i;
        }
    }
    qsort(e->items, e->n, sizeof *e->items, by_place);
    return !e->counts || count_votes(rq, e);
}

static void count_doc(Doc *o, const Entry *x)
{
    if (x->has_count) {
        doc_set_int(o, "count", x->count);
    } else {
        doc_set_null(o, "count");
    }
}

/* The address of the form, where it takes votes for this entry now; the sender comes back to the page. */
static bool vote_href(Req *rq, const Entries *e, const Rec *r, Doc *o)
{
    const RecordType *t = e->p->vote;
    Value open = {.has = t != NULL, .i = 1};
    Str shown, to = S("");
    if (t != NULL && t->open->open_when != NULL && !rec_eval(&rq->cx, rq->store, r, t->open->open_when, &open, &shown)) {
        return false;
    }
    if (open.has && open.i != 0) {
        to = str_printf(rq->mem, "/f/%.*s?about=%.*s&back=/calls/%.*s", STRF(t->id), STRF(id_text(rq->mem, r->id)),
                        STRF(id_text(rq->mem, e->call->id)));
    }
    doc_set_str(o, "vote", to);
    return true;
}

static bool card(Req *rq, const Entries *e, const Entry *x, Doc *o)
{
    const Setting *facts = pack_setting(rq->pack, e->p->name, S("cards"));
    const Field *f = type_field(e->p->entry, pack_setting_str(rq->pack, e->p->name, S("card_text")));
    Str text = f != NULL && x->r.v[f->index].has ? x->r.v[f->index].s : S("");
    bool is_long = utf8_len(text) > EXCERPT;
    doc_set_id(o, "id", x->r.id);
    doc_set_str(o, "title", portal_title(&x->r));
    doc_set_shown(o, "state", x->r.state->id, x->r.state->label);
    doc_html_only(doc_set_str(o, "tone", portal_tone(x->r.state)));
    doc_html_only(doc_set_str(o, "excerpt", is_long ? str_printf(rq->mem, "%.*s……", STRF(utf8_cut(text, EXCERPT))) : text));
    doc_html_only(doc_set_bool(o, "is_long", is_long));
    doc_set_str(o, "text", text);
    count_doc(o, x);
    Doc *list = doc_set_list(o, "facts");
    for (size_t i = 0; i < facts->n; i++) {
        const Field *one = type_field(e->p->entry, facts->values[i]);
        if (one != NULL && one->kind == FT_REF) {
            req_reads(rq, one->ref);
        }
        portal_fact(rq, list, e->p->entry, facts->values[i], &x->r);
    }
    return vote_href(rq, e, &x->r, o);
}

static void results_doc(Req *rq, const Entries *e, Doc *o)
{
    Doc *heads = doc_set_list(o, "heads"), *rows = doc_set_list(o, "rows");
    for (size_t k = 0; k < e->results->n; k++) {
        const Field *f = type_field(e->p->entry, e->results->values[k]);
        if (f != NULL) {
            doc_add_str(heads, f->label);
        }
    }
    for (size_t i = 0; i < e->n; i++) {
        const Entry *x = &e->items[i];
        Doc *row = doc_add_obj(rows), *cells = doc_set_list(row, "cells");
        doc_set_str(row, "title", portal_title(&x->r));
        count_doc(row, x);
        for (size_t k = 0; k < e->results->n; k++) {
            const Field *f = type_field(e->p->entry, e->results->values[k]);
            if (f != NULL) {
                Doc *cell = doc_add_obj(cells);
                doc_set_str(cell, "label", f->label);
                doc_set_str(cell, "text", portal_value(rq, f, &x->r.v[f->index]));
            }
        }
    }
}

bool portal_cards(Req *rq, const Portal *p, const Rec *call)
{
    Entries e;
    Str unit = pack_setting_str(rq->pack, p->name, S("count_unit"));
    doc_set_str(rq->doc, "count_unit", unit.n != 0 ? unit : S("票"));
    if (pack_setting(rq->pack, p->name, S("cards")) == NULL) {
        doc_set_null(rq->doc, "cards");
        doc_set_null(rq->doc, "results");
        return true;
    }
    if (!read_entries(rq, p, call, &e)) {
        return false;
    }
    Doc *cards = doc_set_obj(rq->doc, "cards"), *items = doc_set_list(cards, "items");
    doc_set_int(cards, "total", (int64_t)e.n);
    doc_set_bool(cards, "counted", e.counts);
    for (size_t i = 0; i < e.n; i++) {
        if (!card(rq, &e, &e.items[i], doc_add_obj(items))) {
            return false;
        }
    }
    if (e.out) {
        Doc *o = doc_set_obj(rq->doc, "results");
        doc_set_bool(o, "counted", e.counts);
        results_doc(rq, &e, o);
    } else {
        doc_set_null(rq->doc, "results");
    }
    return true;
}
