/*
 * sheetdoc.c - what a sheet shows: the entry without what judges never see, the points the program gives, and the
 * criteria that a person scores, with what was typed where something is wrong.
 */
#include "base/date.h"
#include "feature/scoring/sheet.h"
#include "store/file.h"

/* ---- the entry ---- */

static bool hidden(Req *rq, const Scoring *sc, const Field *f)
{
    const Setting *st = scoring_setting(rq->pack, sc, "entry_hide");
    for (size_t i = 0; st != NULL && i < st->n; i++) {
        if (str_eq(st->values[i], f->id)) {
            return true;
        }
    }
    return f->personal || f == sc->entry->person;
}

static void fact(Req *rq, const Rec *r, const Field *f, Doc *list)
{
    const Value *v = &r->v[f->index];
    if (f->kind == FT_LIST || !v->has) {
        return;
    }
    Doc *o = doc_add_obj(list);
    doc_set_str(o, "label", f->label);
    doc_set_str(o, "text", value_words(&rq->cx, rq->store, f, v));
    doc_set_str(o, "unit", f->kind == FT_MONEY ? S("") : f->unit);
    doc_set_bool(o, "wide", f->kind == FT_LONG);
}

static bool entry_doc(Req *rq, const Desk *d, Doc *o)
{
    Doc *sections = doc_set_list(o, "sections"), *files = doc_set_list(o, "files");
    const RecordType *t = d->sc.entry;
    for (size_t i = 0; i < t->n_sections; i++) {
        Doc *s = doc_obj(rq->mem), *facts = doc_set_list(s, "facts");
        doc_set_str(s, "label", t->sections[i].label);
        for (size_t k = 0; k < t->sections[i].n; k++) {
            if (!hidden(rq, &d->sc, t->sections[i].fields[k])) {
                fact(rq, &d->entry, t->sections[i].fields[k], facts);
            }
        }
        if (facts->n != 0) {
            doc_add_doc(sections, s);
        }
    }
    File *list;
    size_t n;
    if (!file_list(&rq->cx, rq->store, &SCORING_SYSTEM, t, d->entry.id, &list, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        Doc *f = doc_add_obj(files);
        doc_set_str(f, "name", list[i].name);
        doc_set_str(f, "kind", list[i].kind);
        doc_set_str(f, "trust", list[i].trust);
        doc_set_str(f, "href",
                    str_printf(rq->mem, "/score/%lld/files/%lld", (long long)d->sheet.id, (long long)list[i].id));
    }
    return true;
}

/* ---- the criteria ---- */

static void auto_doc(Req *rq, const Desk *d, Doc *o)
{
    AutoScore *scores = NEW_ARRAY(rq->mem, AutoScore, d->rubric->n_criteria + 1);
    int32_t sum;
    size_t n = score_auto(env_make(&rq->cx, rq->store, &d->entry), d->rubric, scores, &sum);
    Doc *list = doc_set_list(o, "auto");
    for (size_t i = 0; i < n; i++) {
        Doc *c = doc_add_obj(list);
        doc_set_str(c, "label", scores[i].criterion->label);
        doc_set_str(c, "source", scores[i].criterion->source);
        doc_set_str(c, "why", scores[i].why);
        doc_set_bool(c, "known", scores[i].known);
        doc_set_str(c, "points", points_text(rq->mem, scores[i].points));
        doc_set_str(c, "max", points_text(rq->mem, scores[i].criterion->max));
    }
    doc_set_str(o, "auto_sum", points_text(rq->mem, sum));
}

static Str error_of(const Findings *found, Str field)
{
    for (size_t i = 0; found != NULL && i < found->n; i++) {
        if (!found->items[i].warn && str_eq(found->items[i].field, field)) {
            return found->items[i].text;
        }
    }
    return S("");
}

static void person_doc(Req *rq, const Desk *d, const Findings *found, Doc *o)
{
    Doc *list = doc_set_list(o, "criteria");
    int64_t sum = 0, max = 0, given = 0, n = 0;
    for (size_t i = 0; i < d->rubric->n_criteria; i++) {
        const Criterion *c = &d->rubric->criteria[i];
        if (c->expr != NULL) {
            continue;
        }
        const Row *row = desk_mark(d, c->id);
        const Value *points = row != NULL ? &row->v[d->sc.s.points->index] : NULL;
        bool has = points != NULL && points->has, typed = found != NULL && desk_asked(rq, c);
        Str pname = str_printf(rq->mem, "points.%.*s", STRF(c->id)),
            rname = str_printf(rq->mem, "reason.%.*s", STRF(c->id));
        Doc *x = doc_add_obj(list);
        doc_set_str(x, "id", c->id);
        doc_set_str(x, "label", c->label);
        doc_set_str(x, "group", c->group);
        doc_set_str(x, "note", c->note);
        doc_set_str(x, "clause", c->clause);
        doc_set_str(x, "max", points_text(rq->mem, c->max));
        doc_set_str(x, "points", typed ? desk_param(rq, "points", c) : has ? points_text(rq->mem, points->i) : S(""));
        doc_set_str(x, "reason",
                    typed         ? desk_param(rq, "reason", c)
                    : row != NULL ? row->v[d->sc.s.reason->index].s
                                  : S(""));
        doc_set_str(x, "points_error", error_of(found, pname));
        doc_set_str(x, "reason_error", error_of(found, rname));
        Doc *anchors = doc_set_list(x, "anchors");
        for (size_t k = 0; k < c->n_anchors; k++) {
            Doc *a = doc_add_obj(anchors);
            doc_set_str(a, "points", points_text(rq->mem, c->anchors[k].points));
            doc_set_str(a, "say", c->anchors[k].say);
        }
        sum += has ? points->i : 0;
        max += c->max;
        given += has;
        n++;
    }
    doc_set_str(o, "sum", points_text(rq->mem, sum));
    doc_set_str(o, "sum_max", points_text(rq->mem, max));
    doc_set_int(o, "given", given);
    doc_set_int(o, "wanted", n);
}

static void errors_doc(const Findings *found, Doc *o)
{
    Doc *list = doc_set_list(o, "errors");
    for (size_t i = 0; found != NULL && i < found->n; i++) {
        if (!found->items[i].warn) {
            Doc *e = doc_add_obj(list);
            doc_set_str(e, "field", found->items[i].field);
            doc_set_str(e, "text", found->items[i].text);
            doc_set_str(e, "clause", found->items[i].clause);
        }
    }
}

/* ---- the whole ---- */

bool desk_doc(Req *rq, const Desk *d, const Findings *found)
{
    Doc *o = rq->doc;
    const Scoring *sc = &d->sc;
    bool open = d->closed.n == 0 && d->sheet.state->editable;
    req_crumb(rq, S("我的评分"), S("/score"));
    req_crumb(rq, d->facts.title, S(""));
    doc_set_id(o, "id", d->sheet.id);
    doc_set_str(o, "no", d->sheet.no);
    doc_set_str(o, "title", d->facts.title);
    doc_set_str(o, "base", str_printf(rq->mem, "/score/%lld", (long long)d->sheet.id));
    doc_set_int(o, "rev", d->sheet.rev);
    doc_set_shown(o, "state", d->sheet.state->id, d->sheet.state->label);
    doc_set_str(o, "closed", d->sheet.state->editable ? d->closed : S(""));
    doc_set_bool(o, "open", open);
    doc_set_bool(o, "declare", open && !desk_declared(d));
    doc_set_bool(o, "marking", open && desk_declared(d));
    doc_set_bool(o, "shown", desk_declared(d));
    const Value *last = val_of(&d->panel, sc->p.closes);
    doc_set_str(o, "closes", last->has ? date_zh(rq->mem, (int32_t)last->i) : S(""));
    doc_set_str(o, "rubric", d->rubric->label);
    doc_set_bool(o, "sample", d->rubric->sample);
    Buf units = buf_new(rq->mem, 4096);
    for (size_t i = 0; i < d->facts.n_units; i++) {
        if (d->facts.units[i].name.n != 0) {
            buf_printf(&units, "%s%.*s", units.n != 0 ? "、" : "", STRF(d->facts.units[i].name));
        }
    }
    doc_set_str(o, "unit_names", buf_str(&units));
    doc_set_str(o, "comment",
                param_has(&rq->form, S("comment")) && found != NULL ? req_param(rq, "comment")
                                                                    : val_of(&d->sheet, sc->s.comment)->s);
    errors_doc(found, o);
    req_etag(rq, d->sheet.rev);
    if (!desk_declared(d)) { /* what the entry says is not shown before, nor to who stepped back */
        doc_set_list(o, "sections");
        doc_set_list(o, "files");
        doc_set_list(o, "auto");
        doc_set_list(o, "criteria");
        doc_set_str(o, "auto_sum", S(""));
        doc_set_str(o, "sum", S(""));
        doc_set_str(o, "sum_max", S(""));
        doc_set_int(o, "given", 0);
        doc_set_int(o, "wanted", 0);
        return true;
    }
    auto_doc(rq, d, o);
    person_doc(rq, d, found, o);
    return entry_doc(rq, d, o);
}
