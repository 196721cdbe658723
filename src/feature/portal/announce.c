/*
 * announce.c - public notices and decisions, newest first, each with the names it is about.
 */
#include "feature/portal/set.h"

static const Announce *kind_of(const Portal *all, size_t n, const RecordType *t, const Portal **ret)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < all[i].n_kinds; k++) {
            if (all[i].kinds[k].t == t) {
                *ret = &all[i];
                return &all[i].kinds[k];
            }
        }
    }
    return NULL;
}

static void since(Doc *o, const Announce *k, const Rec *r)
{
    if (k->from != NULL && k->from->kind == FT_DATE && r->v[k->from->index].has) {
        doc_set_date(o, "from", (int32_t)r->v[k->from->index].i);
    } else {
        doc_set_null(o, "from");
    }
}

static bool kind_list(Req *rq, const Announce *k, Doc *kinds)
{
    RecPage page;
    Query q = {.type = k->t, .limit = 100, .order = k->from};
    req_reads(rq, k->t);
    if (!rec_list(&rq->cx, rq->store, &PORTAL_EYES, &q, false, &page)) {
        return false;
    }
    Doc *kind = doc_add_obj(kinds), *items;
    doc_set_str(kind, "type", k->t->id);
    doc_set_str(kind, "label", k->t->label);
    items = doc_set_list(kind, "items");
    for (size_t i = 0; i < page.n; i++) {
        const Rec *r = &page.items[i];
        Doc *o = doc_add_obj(items);
        doc_set_id(o, "id", r->id);
        doc_set_str(o, "title", portal_title(r));
        doc_set_str(o, "href", str_printf(rq->mem, "/announcements/%.*s/%.*s", STRF(k->t->id), STRF(id_text(rq->mem, r->id))));
        doc_set_shown(o, "state", r->state->id, r->state->label);
        doc_html_only(doc_set_str(o, "tone", portal_tone(r->state)));
        since(o, k, r);
        portal_left(rq, o, k->until, r);
    }
    return true;
}

bool portal_announcements(Req *rq)
{
    Portal all[PORTALS_MAX];
    size_t n;
    if (!portals(rq, all, &n)) {
        return false;
    }
    doc_set_strc(rq->doc, "title", "公示公告");
    req_crumb(rq, S("公示公告"), S(""));
    Doc *kinds = doc_set_list(rq->doc, "kinds");
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < all[i].n_kinds; k++) {
            if (!kind_list(rq, &all[i].kinds[k], kinds)) {
                return false;
            }
        }
    }
    return true;
}

bool portal_announcement(Req *rq)
{
    Portal all[PORTALS_MAX];
    const Portal *p = NULL;
    Rec r;
    int64_t id;
    size_t n;
    const RecordType *t = req_type(rq);
    if (t == NULL || !portals(rq, all, &n) || !req_id(rq, &id)) {
        return false;
    }
    const Announce *k = kind_of(all, n, t, &p);
    if (k == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这个页面");
    }
    if (!rec_get(&rq->cx, rq->store, &PORTAL_EYES, t, id, &r)) {
        return false;
    }
    req_reads(rq, t);
    doc_set_id(rq->doc, "id", r.id);
    doc_set_str(rq->doc, "kind", t->label);
    doc_set_str(rq->doc, "title", portal_title(&r));
    doc_set_shown(rq->doc, "state", r.state->id, r.state->label);
    doc_html_only(doc_set_str(rq->doc, "tone", portal_tone(r.state)));
    doc_set_str(rq->doc, "text", k->text != NULL ? r.v[k->text->index].s : S(""));
    since(rq->doc, k, &r);
    portal_left(rq, rq->doc, k->until, &r);
    const Field *const skip[] = {k->round, k->from, k->until, k->text};
    portal_facts(rq, doc_set_list(rq->doc, "facts"), &r, skip, ARRAY_LEN(skip));
    int64_t round = k->round != NULL && k->round->ref == p->call && r.v[k->round->index].has ? r.v[k->round->index].i : 0;
    doc_set_str(rq->doc, "round", round != 0 ? rec_label(&rq->cx, rq->store, p->call, round) : S(""));
    doc_set_str(rq->doc, "round_href", round != 0 ? str_printf(rq->mem, "/calls/%.*s", STRF(id_text(rq->mem, round))) : S(""));
    req_crumb(rq, S("公示公告"), S("/announcements"));
    req_crumb(rq, portal_title(&r), S(""));
    Doc *names = doc_set_obj(rq->doc, "names"), *documents = doc_set_list(rq->doc, "documents");
    Rec call;
    if (!portal_documents(rq, &r, documents)) {
        return false;
    }
    if (round != 0 && rec_get(&rq->cx, rq->store, &PORTAL_EYES, p->call, round, &call)) {
        req_reads(rq, p->call);
        if (!portal_documents(rq, &call, documents)) {
            return false;
        }
    }
    cx_clear(&rq->cx); /* a round that is not public has no documents for anyone */
    if (round != 0) {
        if (!portal_names(rq, p, round, names)) {
            return false;
        }
    } else {
        doc_set_list(names, "heads");
        doc_set_list(names, "rows");
        doc_set_int(names, "count", 0);
    }
    return portal_forms(rq, &r, doc_set_list(rq->doc, "forms"));
}
