/*
 * bench.c - all own sheets of a judge: those to be filled in first, then the others.
 */
#include "feature/scoring/set.h"

#include "base/date.h"

#define OWN_SHEETS 200

/* The own sheets that are still to be filled in, or the others. */
static bool own_of(Req *rq, const Scoring *sc, bool open, Doc *list)
{
    Query q = {.type = sc->sheet, .limit = OWN_SHEETS, .ascending = true, .order = sc->s.title};
    RecPage page;
    q.filters[q.n_filters++] = (Filter){.field = sc->s.account, .value = v_str(rq->actor.login)};
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
        return false;
    }
    for (size_t i = 0; i < page.n; i++) {
        const Rec *r = &page.items[i];
        Rec panel;
        if (r->state->editable != open) {
            continue;
        }
        if (!system_rec(&rq->cx, rq->store, sc->panel, val_of(r, sc->s.panel)->i, &panel)) {
            return false;
        }
        const Value *last = val_of(&panel, sc->p.closes), *marks = val_of(r, sc->s.marks);
        Doc *o = doc_add_obj(list);
        doc_set_id(o, "id", r->id);
        doc_set_str(o, "title", val_of(r, sc->s.title)->s);
        doc_set_str(o, "panel", rec_label(&rq->cx, rq->store, sc->panel, panel.id));
        doc_set_shown(o, "state", r->state->id, r->state->label);
        doc_set_str(o, "tone", r->state->editable ? S("warn") : S("plain"));
        doc_set_bool(o, "open", r->state->editable);
        doc_set_bool(o, "new", r->state->editable && !val_of(r, sc->s.conflict)->has);
        doc_set_int(o, "given", (int64_t)marks->n_rows);
        doc_set_str(o, "closes", last->has ? date_zh(rq->mem, (int32_t)last->i) : S(""));
        doc_set_str(o, "href", str_printf(rq->mem, "/score/%lld", (long long)r->id));
    }
    return true;
}

bool bench_page(Req *rq)
{
    Doc *list = doc_set_list(rq->doc, "sheets");
    size_t to_do = 0;
    for (int pass = 0; pass < 2; pass++) { /* what is to be done comes first */
        for (size_t i = 0; i < rq->pack->n_types; i++) {
            const RecordType *t = &rq->pack->types[i];
            Scoring sc;
            if (pack_instance(rq->pack, S("scoring"), S("sheet"), t->id).n != 0 &&
                (!scoring_of(&rq->cx, rq->pack, "sheet", t, &sc) || !own_of(rq, &sc, pass == 0, list))) {
                return false;
            }
        }
        to_do = pass == 0 ? list->n : to_do;
    }
    doc_set_int(rq->doc, "done", (int64_t)(list->n - to_do));
    doc_set_int(rq->doc, "total", (int64_t)list->n);
    return true;
}
