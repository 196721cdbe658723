/*
 * panels.c - all panels a person may read, each with the way to its page and to the ranking of its round.
 */
#include "feature/scoring/set.h"

#include "base/date.h"

static bool panels_of(Req *rq, const Scoring *sc, Doc *list, Doc *create)
{
    Query q = {.type = sc->panel, .limit = 200};
    RecPage page;
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
        return false;
    }
    for (size_t i = 0; i < page.n; i++) {
        const Rec *r = &page.items[i];
        const Value *round = val_of(r, sc->p.round), *last = val_of(r, sc->p.closes);
        Doc *o = doc_add_obj(list);
        doc_set_id(o, "id", r->id);
        doc_set_str(o, "no", r->no);
        doc_set_str(o, "title", rec_label(&rq->cx, rq->store, sc->panel, r->id));
        doc_set_str(o, "round", value_words(&rq->cx, rq->store, sc->p.round, round));
        doc_set_shown(o, "state", r->state->id, r->state->label);
        doc_set_str(o, "closes", last->has ? date_zh(rq->mem, (int32_t)last->i) : S(""));
        doc_set_str(o, "href", str_printf(rq->mem, "/panel/%.*s/%lld", STRF(sc->panel->id), (long long)r->id));
        doc_set_str(o, "ranking_href",
                    str_printf(rq->mem, "/ranking/%.*s/%lld", STRF(sc->round->id), (long long)round->i));
    }
    if (rq->actor.org != NULL && access_create(rq->pack, &rq->actor, sc->panel, rq->actor.org)) {
        Doc *o = doc_add_obj(create);
        doc_set_str(o, "label", str_printf(rq->mem, "新建%.*s", STRF(sc->panel->label)));
        doc_set_str(o, "href", str_printf(rq->mem, "/r/%.*s/new", STRF(sc->panel->id)));
    }
    return true;
}

bool panels_page(Req *rq)
{
    Doc *list = doc_set_list(rq->doc, "panels"), *create = doc_set_list(rq->doc, "create");
    bool any = false;
    for (size_t i = 0; i < rq->pack->n_types; i++) {
        const RecordType *t = &rq->pack->types[i];
        Scoring sc;
        if (pack_instance(rq->pack, S("scoring"), S("panel"), t->id).n == 0) {
            continue;
        }
        if (!scoring_of(&rq->cx, rq->pack, "panel", t, &sc)) {
            return false;
        }
        if (scoring_role(rq->pack, &sc, &rq->actor, "officers") || scoring_role(rq->pack, &sc, &rq->actor, "named")) {
            any = true;
            if (!panels_of(rq, &sc, list, create)) {
                return false;
            }
        }
    }
    return any || fail(&rq->cx, E_FORBIDDEN, "评审组由组织单位办理");
}
