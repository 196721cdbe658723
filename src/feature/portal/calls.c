/*
 * calls.c - calls for entries: what is open, and one of them with everything an applicant needs to know.
 */
#include "feature/portal/set.h"

#include "base/date.h"

/* Until when one may vote, as far as votes are taken now; null otherwise. */
static bool voting(Req *rq, const Portal *p, const Rec *r, Doc *o)
{
    bool now;
    if (!portal_when(rq, p, "vote_when", r, &now)) {
        return false;
    }
    if (p->vote != NULL && now) {
        portal_left(rq, doc_set_obj(o, "vote"), p->vote_until, r);
    } else {
        doc_set_null(o, "vote");
    }
    return true;
}

static bool call_item(Req *rq, const Portal *p, const Rec *r, Doc *lists[3])
{
    Doc *o = doc_obj(rq->mem);
    const Org *owner = pack_org_by_home(rq->pack, r->home);
    doc_set_id(o, "id", r->id);
    doc_set_str(o, "kind", p->call->label);
    doc_set_str(o, "verb", p->verb);
    doc_set_str(o, "title", portal_title(r));
    doc_set_shown(o, "state", r->state->id, r->state->label);
    doc_html_only(doc_set_str(o, "tone", portal_tone(r->state)));
    doc_set_str(o, "href", str_printf(rq->mem, "/calls/%.*s", STRF(id_text(rq->mem, r->id))));
    doc_set_str(o, "owner", owner != NULL ? owner->name : S(""));
    portal_left(rq, o, p->until, r);
    if (!voting(rq, p, r, o)) {
        return false;
    }
    bool votes = doc_get(o, S("vote"))->kind == DOC_OBJ;
    doc_add_doc(setting_has(p->open, r->state->id) ? lists[0] : votes ? lists[1] : lists[2], o);
    return true;
}

bool portal_calls(Req *rq)
{
    Portal all[PORTALS_MAX];
    size_t n;
    if (!portals(rq, all, &n)) {
        return false;
    }
    doc_set_strc(rq->doc, "title", "征集");
    Doc *lists[3] = {doc_set_list(rq->doc, "open"), doc_set_list(rq->doc, "voting"), doc_set_list(rq->doc, "closed")};
    for (size_t i = 0; i < n; i++) {
        RecPage page;
        Query q = {.type = all[i].call, .limit = 200, .order = all[i].until};
        req_reads(rq, all[i].call);
        if (!rec_list(&rq->cx, rq->store, &PORTAL_EYES, &q, false, &page)) {
            return false;
        }
        for (size_t k = 0; k < page.n; k++) {
            if (!call_item(rq, &all[i], &page.items[k], lists)) {
                return false;
            }
        }
    }
    doc_html_only(doc_set_bool(rq->doc, "has_voting", lists[1]->n != 0));
    req_crumb(rq, S("征集"), S(""));
    return true;
}

static void calendar(Req *rq, const Portal *p, const Rec *r, Doc *list)
{
    int32_t today = instant_date(rq->cx.now_ms);
    for (size_t i = 0; p->dates != NULL && i < p->dates->n; i++) {
        const Field *f = type_field(p->call, p->dates->values[i]);
        if (f == NULL || f->kind != FT_DATE || !r->v[f->index].has) {
            continue;
        }
        int32_t day = (int32_t)r->v[f->index].i;
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "label", f->label);
        doc_set_date(o, "date", day);
        doc_set_bool(o, "past", day < today);
    }
}

/* List fields have no public form of their own: those that the settings name are shown whole. */
static bool lists(Req *rq, const Portal *p, int64_t id, Doc *out)
{
    static const Actor ALL = {.is_system = true};
    Rec r;
    if (!rec_get(&rq->cx, rq->store, &ALL, p->call, id, &r)) {
        return false;
    }
    for (size_t i = 0; p->lists != NULL && i < p->lists->n; i++) {
        const Field *f = type_field(p->call, p->lists->values[i]);
        if (f == NULL || f->kind != FT_LIST || r.v[f->index].n_rows == 0) {
            continue;
        }
        Doc *o = doc_add_obj(out), *heads, *rows;
        doc_set_str(o, "label", f->label);
        doc_set_str(o, "hint", f->hint);
        heads = doc_set_list(o, "heads");
        rows = doc_set_list(o, "rows");
        for (size_t k = 0; k < f->n_fields; k++) {
            doc_add_str(heads, f->fields[k].label);
        }
        for (size_t n = 0; n < r.v[f->index].n_rows; n++) {
            Doc *row = doc_add_obj(rows), *cells = doc_set_list(row, "cells");
            for (size_t k = 0; k < f->n_fields; k++) {
                Doc *cell = doc_add_obj(cells);
                doc_set_str(cell, "label", f->fields[k].label);
                doc_set_str(cell, "text", portal_value(rq, &f->fields[k], &r.v[f->index].rows[n].v[k]));
                doc_html_only(doc_set_bool(cell, "first", k == 0));
            }
        }
    }
    return true;
}

static bool announced(Req *rq, const Portal *p, int64_t id, Doc *list)
{
    for (size_t i = 0; i < p->n_kinds; i++) {
        Rec *l;
        size_t n;
        if (p->kinds[i].round == NULL || p->kinds[i].round->ref != p->call) {
            continue;
        }
        if (!portal_linked(rq, p->kinds[i].t, p->kinds[i].round, id, &l, &n)) {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            Doc *o = doc_add_obj(list);
            doc_set_str(o, "kind", p->kinds[i].t->label);
            doc_set_str(o, "title", portal_title(&l[k]));
            doc_set_str(o, "href", str_printf(rq->mem, "/announcements/%.*s/%.*s", STRF(p->kinds[i].t->id), STRF(id_text(rq->mem, l[k].id))));
        }
    }
    return true;
}

/* What was announced about it, can be printed, can be sent in. */
static bool related(Req *rq, const Portal *p, const Rec *r)
{
    bool announces = false;
    Doc *said = doc_set_list(rq->doc, "announced"), *documents = doc_set_list(rq->doc, "documents"), *forms = doc_set_list(rq->doc, "forms");
    for (size_t i = 0; i < p->n_kinds; i++) {
        announces = announces || (p->kinds[i].round != NULL && p->kinds[i].round->ref == p->call);
    }
    if (!announced(rq, p, r->id, said) || !portal_documents(rq, r, documents) || !portal_forms(rq, r, forms)) {
        return false;
    }
    doc_html_only(doc_set_bool(rq->doc, "announces", announces));
    doc_html_only(doc_set_bool(rq->doc, "has_related", announces || documents->n != 0 || forms->n != 0));
    return true;
}

bool portal_call(Req *rq)
{
    Portal p;
    Rec r;
    int64_t id;
    const Field *skip[24];
    size_t n_skip = 0;
    if (!req_id(rq, &id) || !portal_call_get(rq, id, &p, &r)) {
        return false;
    }
    req_reads(rq, p.call);
    bool open = setting_has(p.open, r.state->id);
    const Org *owner = pack_org_by_home(rq->pack, r.home);
    doc_set_id(rq->doc, "id", r.id);
    doc_set_str(rq->doc, "title", portal_title(&r));
    doc_set_shown(rq->doc, "state", r.state->id, r.state->label);
    doc_html_only(doc_set_str(rq->doc, "tone", portal_tone(r.state)));
    doc_set_str(rq->doc, "owner", owner != NULL ? owner->name : S(""));
    doc_set_bool(rq->doc, "open", open);
    doc_set_str(rq->doc, "apply", open ? str_printf(rq->mem, "/apply/%.*s", STRF(id_text(rq->mem, id))) : S(""));
    doc_set_str(rq->doc, "kind", p.call->label);
    doc_set_str(rq->doc, "verb", p.verb);
    doc_set_str(rq->doc, "entry_label", p.entry->label);
    Doc *how = doc_set_list(rq->doc, "how");
    for (size_t i = 0; p.how != NULL && i < p.how->n; i++) {
        doc_add_str(how, p.how->values[i]);
    }
    portal_left(rq, rq->doc, p.until, &r);
    calendar(rq, &p, &r, doc_set_list(rq->doc, "calendar"));
    Doc *texts = doc_set_list(rq->doc, "texts");
    for (size_t i = 0; p.texts != NULL && i < p.texts->n; i++) {
        portal_fact(rq, texts, p.call, p.texts->values[i], &r);
        const Field *f = type_field(p.call, p.texts->values[i]);
        if (f != NULL && n_skip < ARRAY_LEN(skip)) {
            skip[n_skip++] = f;
        }
    }
    for (size_t i = 0; p.dates != NULL && i < p.dates->n && n_skip < ARRAY_LEN(skip); i++) {
        skip[n_skip++] = type_field(p.call, p.dates->values[i]);
    }
    portal_facts(rq, doc_set_list(rq->doc, "facts"), &r, skip, n_skip);
    req_crumb(rq, S("征集"), S("/calls"));
    req_crumb(rq, portal_title(&r), S(""));
    return voting(rq, &p, &r, rq->doc) && portal_cards(rq, &p, &r) && lists(rq, &p, id, doc_set_list(rq->doc, "lists")) &&
           related(rq, &p, &r);
}

bool portal_apply(Req *rq)
{
    Portal p;
    Rec r;
    int64_t id;
    if (!req_id(rq, &id) || !portal_call_get(rq, id, &p, &r)) {
        return false;
    }
    if (!setting_has(p.open, r.state->id)) {
        return fail(&rq->cx, E_WRONG_STATE, "“%.*s”现在是“%.*s”，不接受%.*s", STRF(portal_title(&r)), STRF(r.state->label), STRF(p.verb));
    }
    return req_see(rq, str_printf(rq->mem, "/r/%.*s/start?%.*s=%.*s", STRF(p.entry->id), STRF(p.entry_round->id), STRF(id_text(rq->mem, id))));
}
