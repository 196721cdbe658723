/*
 * valdoc.c - records and their values as documents: raw for programs, shown for people.
 */
#include "base/date.h"
#include "page/internal.h"

bool field_visible(Req *rq, const Rec *r, const Field *f)
{
    bool public_only;
    return field_in_form(f, r->form) && access_read(rq->pack, &rq->actor, r, &public_only) && access_field_in(&rq->actor, r->type, r->state, f, public_only);
}

void doc_set_count_kept(Doc *o, int64_t total)
{
    int64_t ms = count_kept_ms(total);
    if (ms > 0) {
        doc_set_int(o, "kept", ms / 1000);
    } else {
        doc_set_null(o, "kept");
    }
}

Str value_text(Req *rq, const Field *f, const Value *v)
{
    if (!v->has) {
        return S("");
    }
    if (f->kind == FT_REF) {
        return rec_label(&rq->cx, rq->store, f->ref, v->i);
    }
    if (f->kind == FT_LIST) {
        return str_printf(rq->mem, "%zu 项", v->n_rows);
    }
    if (f->personal && f->kind != FT_TEXT && personal_hidden(v->s)) {
        return v->s; /* masked by the store: not in the field's own form any more */
    }
    return value_show(rq->mem, rq->pack, f, v);
}

static Doc *list_doc(Req *rq, const Field *f, const Value *v)
{
    Doc *l = doc_list(rq->mem);
    for (size_t i = 0; i < v->n_rows; i++) {
        Doc *o = doc_add_obj(l);
        for (size_t k = 0; k < f->n_fields; k++) {
            doc_set_doc_n(o, f->fields[k].id, value_doc(rq, &f->fields[k], &v->rows[i].v[k]));
        }
    }
    return l;
}

Doc *value_doc(Req *rq, const Field *f, const Value *v)
{
    if (f->kind == FT_LIST) {
        return list_doc(rq, f, v);
    }
    if (!v->has) {
        return doc_null(rq->mem);
    }
    Doc *d;
    switch (f->kind) {
    case FT_INT:
    case FT_MONEY: d = doc_int(rq->mem, v->i); break;
    case FT_BOOL: d = doc_bool(rq->mem, v->i != 0); break;
    case FT_REF: d = doc_str(rq->mem, id_text(rq->mem, v->i)); break;
    default:
        d = f->personal ? doc_str(rq->mem, v->s) : doc_str(rq->mem, value_raw(rq->mem, f, v));
        break;
    }
    if (!rq->wants_json || f->kind == FT_REF) {
        d->show = value_text(rq, f, v);
    }
    return d;
}

Str rec_title(Req *rq, const Rec *r)
{
    Str title = r->type->title != NULL ? value_text(rq, r->type->title, &r->v[r->type->title->index]) : S("");
    return title.n != 0 ? title : r->no.n != 0 ? r->no : str_printf(rq->mem, "%.*s %.*s", STRF(r->type->label), STRF(id_text(rq->mem, r->id)));
}

static void set_org(Req *rq, Doc *o, const char *name, int64_t home)
{
    const Org *org = pack_org_by_home(rq->pack, home);
    if (org != NULL) {
        doc_set_shown(o, name, org->code, org->shortname.n != 0 ? org->shortname : org->name);
    } else {
        doc_set_null(o, name);
    }
}

Doc *rec_doc(Req *rq, const Rec *r)
{
    bool public_only = true;
    (void)access_read(rq->pack, &rq->actor, r, &public_only);
    Doc *o = doc_obj(rq->mem);
    doc_set_id(o, "id", r->id);
    doc_set_str(o, "type", r->type->id);
    if (r->no.n != 0) {
        doc_set_str(o, "no", r->no);
    } else {
        doc_set_null(o, "no");
    }
    doc_set_str(o, "title", rec_title(rq, r));
    doc_set_shown(o, "state", r->state->id, r->state->label);
    doc_set_int(o, "rev", r->rev);
    set_org(rq, o, "org", r->home);
    set_org(rq, o, "holder", public_only ? 0 : r->holder);
    doc_set_instant(o, "created_at", r->created_ms);
    doc_set_instant(o, "updated_at", r->updated_ms);
    Doc *values = doc_set_obj(o, "values");
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (access_field_in(&rq->actor, r->type, r->state, f, public_only)) {
            doc_set_doc_n(values, f->id, value_doc(rq, f, &r->v[i]));
        }
    }
    return o;
}

Doc *finding_list(Arena *mem, const Findings *found, bool warnings)
{
    Doc *l = doc_list(mem);
    for (size_t i = 0; found != NULL && i < found->n; i++) {
        const Finding *f = &found->items[i];
        if (f->warn && !warnings) {
            continue;
        }
        Doc *o = doc_add_obj(l);
        if (f->field.n != 0) {
            doc_set_str(o, "field", f->field);
        } else {
            doc_set_null(o, "field");
        }
        doc_set_str(o, "code", f->code);
        doc_set_str(o, "text", f->text);
        if (f->clause.n != 0) {
            doc_set_str(o, "clause", f->clause);
        } else {
            doc_set_null(o, "clause");
        }
        doc_set_bool(o, "warn", f->warn);
    }
    return l;
}

Doc *value_rows(Req *rq, const Field *list, const Value *v)
{
    Doc *o = doc_obj(rq->mem);
    doc_set_str(o, "label", list->label);
    Doc *cols = doc_set_list(o, "columns");
    for (size_t k = 0; k < list->n_fields; k++) {
        Doc *c = doc_add_obj(cols);
        doc_set_str(c, "label", list->fields[k].label);
    }
    Doc *rows = doc_set_list(o, "rows");
    for (size_t i = 0; i < v->n_rows; i++) {
        Doc *row = doc_add_obj(rows), *cells = doc_set_list(row, "cells");
        for (size_t k = 0; k < list->n_fields; k++) {
            Doc *c = doc_add_obj(cells);
            doc_set_str(c, "label", list->fields[k].label);
            doc_set_str(c, "text", value_text(rq, &list->fields[k], &v->rows[i].v[k]));
        }
    }
    return o;
}
