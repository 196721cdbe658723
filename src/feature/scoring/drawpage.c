/*
 * drawpage.c - for anyone: what was promised before the draw, what was revealed at it, and how to repeat it.
 *
 * Judges stand there by their record numbers; names of those drawn only once the panel has closed. Clause 12.2.
 */
#include "feature/scoring/set.h"

#include "base/date.h"

static bool public_panel(Req *rq, Scoring *sc, Rec *panel, Doc **ret_list, Doc **ret_draw)
{
    if (!scoring_page(rq, "panel", sc, panel)) {
        return false;
    }
    if (!panel->state->published) {
        return fail(&rq->cx, E_NOT_FOUND, "还没有公布");
    }
    req_reads(rq, sc->panel);
    req_reads(rq, sc->judge);
    if (!panel_json(&rq->cx, rq->store, sc, panel, "list", ret_list) ||
        !panel_json(&rq->cx, rq->store, sc, panel, "draw", ret_draw)) {
        return false;
    }
    return *ret_list != NULL || fail(&rq->cx, E_NOT_FOUND, "还没有公布");
}

static Doc *input_doc(Req *rq, const Doc *list, const Doc *draw)
{
    Doc *o = doc_obj(rq->mem);
    doc_set_str(o, "seed", doc_get_str(draw, "seed"));
    doc_set_str(o, "word", doc_get_str(draw, "word"));
    doc_set_str(o, "purpose", doc_get_str(draw, "purpose"));
    doc_set_int(o, "want", doc_get_int(draw, "want", 0));
    doc_set_int(o, "per_stratum", doc_get_int(draw, "per_stratum", 0));
    Doc *to = doc_set_list(o, "candidates");
    for (const Doc *c = doc_get(list, S("candidates"))->first; c != NULL; c = c->next) {
        Doc *one = doc_add_obj(to);
        doc_set_str(one, "key", doc_get_str(c, "key"));
        doc_set_str(one, "stratum", doc_get_str(c, "stratum"));
    }
    return o;
}

static void pool_doc(Req *rq, const Doc *list, Doc *o)
{
    Doc *in = doc_set_list(o, "candidates"), *out = doc_set_list(o, "exclusions");
    for (const Doc *c = doc_get(list, S("candidates"))->first; c != NULL; c = c->next) {
        const Region *city = pack_region(rq->pack, doc_get_str(c, "stratum"));
        Doc *one = doc_add_obj(in);
        doc_set_str(one, "key", doc_get_str(c, "key"));
        doc_set_shown(one, "stratum", doc_get_str(c, "stratum"), city != NULL ? city->name : S(""));
    }
    for (const Doc *c = doc_get(list, S("exclusions"))->first; c != NULL; c = c->next) {
        Doc *one = doc_add_obj(out), *why = doc_set_list(one, "reasons");
        doc_set_str(one, "key", doc_get_str(c, "key"));
        for (const Doc *r = doc_get(c, S("reasons"))->first; r != NULL; r = r->next) {
            doc_add_str(why, r->s);
        }
    }
}

static void order_doc(Req *rq, const Scoring *sc, const Doc *draw, bool names, Doc *list)
{
    for (const Doc *c = draw != NULL ? doc_get(draw, S("order"))->first : NULL; c != NULL; c = c->next) {
        Doc *o = doc_add_obj(list);
        const Region *city = pack_region(rq->pack, doc_get_str(c, "stratum"));
        bool drawn = doc_get_bool(c, "drawn");
        int64_t seat = doc_get_int(c, "seat", 0);
        doc_set_int(o, "place", doc_get_int(c, "place", 0));
        doc_set_str(o, "key", doc_get_str(c, "key"));
        doc_set_str(o, "ticket", doc_get_str(c, "ticket"));
        doc_set_shown(o, "stratum", doc_get_str(c, "stratum"), city != NULL ? city->name : S(""));
        doc_set_bool(o, "drawn", drawn);
        doc_set_bool(o, "substitute", !drawn && seat != 0);
        doc_set_str(o, "name",
                    names && drawn ? rec_label(&rq->cx, rq->store, sc->judge, doc_get_int(c, "id", 0)) : S(""));
    }
}

bool draw_page(Req *rq)
{
    Scoring sc;
    Rec panel;
    Doc *list, *draw, *o = rq->doc;
    if (!public_panel(rq, &sc, &panel, &list, &draw)) {
        return false;
    }
    bool closed = panel.state == sc.p.close->to[0];
    Str title = rec_label(&rq->cx, rq->store, sc.panel, panel.id);
    req_crumb(rq, title, S(""));
    doc_set_str(o, "no", panel.no);
    doc_set_str(o, "title", title);
    doc_set_shown(o, "state", panel.state->id, panel.state->label);
    doc_set_str(o, "judge_label", sc.judge->label);
    doc_set_str(o, "commitment", val_of(&panel, sc.p.commitment)->s);
    doc_set_str(o, "list_hash", val_of(&panel, sc.p.list_hash)->s);
    doc_set_str(o, "seed", val_of(&panel, sc.p.seed)->s);
    doc_set_str(o, "word", val_of(&panel, sc.p.word)->s);
    doc_set_str(o, "purpose", panel.no);
    doc_set_int(o, "want", doc_get_int(list, "want", 0));
    doc_set_int(o, "substitutes", doc_get_int(list, "substitutes", 0));
    doc_set_int(o, "per_stratum", doc_get_int(list, "per_stratum", 0));
    doc_html_only(doc_set_bool(o, "limited", doc_get_int(list, "per_stratum", 0) != 0));
    const Value *on = val_of(&panel, sc.p.drawn_on);
    doc_set_str(o, "drawn_on", on->has ? date_zh(rq->mem, (int32_t)on->i) : S(""));
    doc_set_bool(o, "drawn", draw != NULL);
    doc_set_bool(o, "closed", closed);
    doc_set_int(o, "n_entries", (int64_t)doc_get(list, S("entries"))->n);
    doc_set_str(o, "input_href", str_printf(rq->mem, "/draw/%.*s/%lld/input", STRF(sc.panel->id), (long long)panel.id));
    pool_doc(rq, list, o);
    order_doc(rq, &sc, draw, closed, doc_set_list(o, "order"));
    return true;
}

bool draw_input(Req *rq)
{
    Scoring sc;
    Rec panel;
    Doc *list, *draw;
    if (!public_panel(rq, &sc, &panel, &list, &draw)) {
        return false;
    }
    if (draw == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "还没有抽取");
    }
    rq->raw_body = json_text(rq->mem, input_doc(rq, list, draw));
    rq->raw_type = S("application/json");
    return true;
}
