/*
 * values.c - values of the portal as the public reads them, and what belongs to a record.
 */
#include "base/date.h"
#include "feature/portal/set.h"

#define NAMES_MAX 2000

Str portal_value(Req *rq, const Field *f, const Value *v)
{
    if (!v->has) {
        return S("");
    }
    return f->kind == FT_REF ? rec_label(&rq->cx, rq->store, f->ref, v->i) : value_show(rq->mem, rq->pack, f, v);
}

static void add_fact(Req *rq, Doc *list, const Field *f, const Value *v)
{
    Doc *o = doc_add_obj(list);
    doc_set_str(o, "id", f->id);
    doc_set_str(o, "label", f->label);
    Str raw = f->kind == FT_REF ? id_text(rq->mem, v->i) : value_raw(rq->mem, f, v);
    doc_set_shown(o, "text", raw, portal_value(rq, f, v));
    doc_set_str(o, "unit", f->unit);
}

void portal_fact(Req *rq, Doc *list, const RecordType *t, Str field, const Rec *r)
{
    const Field *f = type_field(t, field);
    if (f != NULL && r->v[f->index].has) {
        add_fact(rq, list, f, &r->v[f->index]);
    }
}

void portal_facts(Req *rq, Doc *list, const Rec *r, const Field *const *skip, size_t n_skip)
{
    for (size_t i = 0; i < r->type->n_publics; i++) {
        const Field *f = r->type->publics[i];
        bool out = f == r->type->title || f->kind == FT_LONG || f->kind == FT_LIST || !r->v[f->index].has;
        for (size_t k = 0; k < n_skip; k++) {
            out = out || f == skip[k];
        }
        if (!out) {
            add_fact(rq, list, f, &r->v[f->index]);
        }
    }
}

void portal_left(Req *rq, Doc *o, const Field *until, const Rec *r)
{
    int32_t today = instant_date(rq->cx.now_ms);
    if (until == NULL || !r->v[until->index].has) {
        doc_set_null(o, "until");
        doc_set_null(o, "left");
        return;
    }
    int32_t to = (int32_t)r->v[until->index].i, left = workday_between(&rq->pack->workdays, today, to);
    doc_set_date(o, "until", to);
    if (to < today) {
        doc_set_null(o, "left");
    } else {
        doc_set_shown(o, "left", str_printf(rq->mem, "%d", left), to == today ? S("今天截止") : str_printf(rq->mem, "剩 %d 个工作日", left));
    }
}

Str portal_tone(const State *s)
{
    return str_eq(s->tone, S("grass")) ? S("good") : str_eq(s->tone, S("gold")) ? S("warn") : str_eq(s->tone, S("red")) ? S("bad")
         : str_eq(s->tone, S("sky"))   ? S("info")
                                       : S("plain");
}

Str portal_title(const Rec *r)
{
    return r->type->title != NULL && r->v[r->type->title->index].has ? r->v[r->type->title->index].s : r->no;
}

typedef struct {
    int64_t *ids;
    size_t n;
} Ids;

static bool keep_id(void *ctx, const Rec *r)
{
    Ids *l = ctx;
    if (r->state->published && !r->state->sealed && l->n < NAMES_MAX) {
        l->ids[l->n++] = r->id;
    }
    return true;
}

bool portal_linked(Req *rq, const RecordType *t, const Field *via, int64_t id, Rec **ret, size_t *ret_n)
{
    /* Which records belong to a public one is no secret even where the reference is not among their public fields. */
    static const Actor ALL = {.is_system = true};
    Query q = {.type = t, .order = t->title, .ascending = true};
    Ids l = {NEW_ARRAY(rq->mem, int64_t, NAMES_MAX), 0};
    q.filters[q.n_filters++] = (Filter){.field = via, .value = {.has = true, .i = id}};
    req_reads(rq, t);
    *ret_n = 0;
    if (!rec_each(&rq->cx, rq->store, &ALL, &q, keep_id, &l)) {
        return false;
    }
    *ret = NEW_ARRAY(rq->mem, Rec, l.n + 1);
    for (size_t i = 0; i < l.n; i++) {
        if (!rec_get(&rq->cx, rq->store, &PORTAL_EYES, t, l.ids[i], &(*ret)[*ret_n])) {
            if (rq->cx.err != E_NOT_FOUND) {
                return false;
            }
            cx_clear(&rq->cx); /* left the public states meanwhile */
        } else {
            (*ret_n)++;
        }
    }
    return true;
}

bool portal_forms(Req *rq, const Rec *r, Doc *list)
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

bool portal_documents(Req *rq, const Rec *r, Doc *list)
{
    for (size_t i = 0; i < rq->pack->n_documents; i++) {
        const Document *d = &rq->pack->documents[i];
        Value when = {.has = true, .i = 1};
        Str shown;
        if (!d->open || d->type != r->type) {
            continue;
        }
        if (d->when != NULL && !rec_eval(&rq->cx, rq->store, r, d->when, &when, &shown)) {
            return false;
        }
        if (when.has && when.i != 0) {
            Doc *o = doc_add_obj(list);
            doc_set_str(o, "label", d->label);
            doc_set_str(o, "href", str_printf(rq->mem, "/d/%.*s/%.*s/%.*s.pdf", STRF(r->type->id), STRF(id_text(rq->mem, r->id)), STRF(d->id)));
        }
    }
    return true;
}

bool portal_names(Req *rq, const Portal *p, int64_t round, Doc *o)
{
    Rec *l;
    size_t n;
    Doc *heads = doc_set_list(o, "heads"), *rows = doc_set_list(o, "rows");
    if (!portal_linked(rq, p->entry, p->entry_round, round, &l, &n)) {
        return false;
    }
    for (size_t k = 0; p->columns != NULL && k < p->columns->n; k++) {
        const Field *f = type_field(p->entry, p->columns->values[k]);
        if (f != NULL) {
            doc_add_str(heads, f->label);
        }
    }
    for (size_t i = 0; i < n; i++) {
        Doc *row = doc_add_obj(rows), *cells = doc_set_list(row, "cells");
        doc_set_int(row, "row", (int64_t)i + 1);
        doc_set_shown(row, "state", l[i].state->id, l[i].state->label);
        doc_html_only(doc_set_str(row, "tone", portal_tone(l[i].state)));
        for (size_t k = 0, c = 0; p->columns != NULL && k < p->columns->n; k++) {
            const Field *f = type_field(p->entry, p->columns->values[k]);
            if (f != NULL) {
                Doc *cell = doc_add_obj(cells);
                doc_set_str(cell, "label", f->label);
                doc_set_str(cell, "text", portal_value(rq, f, &l[i].v[f->index]));
                doc_html_only(doc_set_bool(cell, "first", c++ == 0));
            }
        }
    }
    doc_set_int(o, "count", (int64_t)n);
    return true;
}
