/*
 * panel.c - the page of a panel: who may be drawn and who not, commitment, draw, how far the sheets are, opening them.
 *
 * Nobody sees marks here; before the panel closes only how many sheets each judge has handed in.
 */
#include "feature/scoring/set.h"

#include "base/date.h"

static bool in_from(const Action *act, const State *st)
{
    for (size_t i = 0; i < act->n_from; i++) {
        if (act->from[i] == st) {
            return true;
        }
    }
    return false;
}

static bool runs(Req *rq, const Scoring *sc, const Rec *panel)
{
    return !rq->actor.read_only && rq->actor.org != NULL && rq->actor.org->home == panel->home &&
           scoring_role(rq->pack, sc, &rq->actor, "officers");
}

static bool judge_row(Req *rq, const Scoring *sc, const Rec *judge, const Region *city, const Str *reasons, size_t n,
                      Doc *list)
{
    Doc *o = doc_add_obj(list);
    doc_set_str(o, "key", judge->no);
    doc_set_str(o, "name", val_of(judge, sc->j.name)->s);
    doc_set_str(o, "unit", val_of(judge, sc->j.unit)->s);
    doc_set_str(o, "city", city != NULL ? city->name : S(""));
    doc_set_str(o, "href", str_printf(rq->mem, "/r/%.*s/%lld", STRF(sc->judge->id), (long long)judge->id));
    doc_set_bool(o, "fit", n == 0);
    Doc *why = doc_set_list(o, "reasons");
    for (size_t i = 0; i < n; i++) {
        doc_add_str(why, reasons[i]);
    }
    return true;
}

static bool live_pool(Req *rq, const Scoring *sc, const Rec *panel, Doc *list, size_t *ret_fit, size_t *ret_entries)
{
    Pool pool;
    if (!pool_make(&rq->cx, rq->store, sc, panel, &pool)) {
        return false;
    }
    for (size_t i = 0; i < pool.n; i++) {
        const Candidate *c = &pool.items[i];
        (void)judge_row(rq, sc, &c->rec, c->city, c->reasons, c->n_reasons, list);
    }
    *ret_fit = pool.n_fit;
    *ret_entries = pool.n_entries;
    return true;
}

static bool kept_pool(Req *rq, const Scoring *sc, const Doc *kept, Doc *list, size_t *ret_fit, size_t *ret_entries)
{
    const char *const parts[] = {"candidates", "exclusions"};
    for (size_t k = 0; k < ARRAY_LEN(parts); k++) {
        for (const Doc *o = doc_get(kept, str_c(parts[k]))->first; o != NULL; o = o->next) {
            Rec judge;
            Str reasons[32];
            size_t n = 0;
            const Doc *why = doc_get(o, S("reasons"));
            for (const Doc *r = why != NULL ? why->first : NULL; r != NULL && n < ARRAY_LEN(reasons); r = r->next) {
                reasons[n++] = r->s;
            }
            if (!system_rec(&rq->cx, rq->store, sc->judge, doc_get_int(o, "id", 0), &judge) ||
                !judge_row(rq, sc, &judge, pack_region(rq->pack, doc_get_str(o, "stratum")), reasons, n, list)) {
                return false;
            }
        }
    }
    *ret_fit = doc_get(kept, S("candidates"))->n;
    *ret_entries = doc_get(kept, S("entries"))->n;
    return true;
}

/* One line for each thing counted by (judge or entry): done of total. */
static void tally(Req *rq, const RecordType *t, const SheetRow *rows, size_t n, bool by_entry, const State *done,
                  const State *away, Doc *list)
{
    bool *seen = NEW_ARRAY(rq->mem, bool, n + 1);
    for (size_t i = 0; i < n; i++) {
        int64_t have = 0, all = 0, out = 0;
        int64_t id = by_entry ? rows[i].entry : rows[i].judge;
        for (size_t k = i; k < n && !seen[i]; k++) {
            if ((by_entry ? rows[k].entry : rows[k].judge) == id) {
                seen[k] = k != i;
                out += rows[k].state == away;
                all += rows[k].state != away;
                have += rows[k].state == done ||
                        (!rows[k].state->editable && !rows[k].state->sealed && rows[k].state != away);
            }
        }
        if (seen[i]) {
            continue;
        }
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "name", rec_label(&rq->cx, rq->store, t, id));
        doc_set_int(o, "seat", by_entry ? 0 : rows[i].seat);
        doc_set_int(o, "done", have);
        doc_set_int(o, "total", all);
        doc_set_int(o, "away", out);
        doc_set_bool(o, "complete", have == all);
    }
}

static bool progress_doc(Req *rq, const Scoring *sc, const Rec *panel, Doc *o)
{
    SheetRow *rows;
    size_t n;
    int64_t waiting = 0;
    Doc *judges = doc_set_list(o, "judges"), *entries = doc_set_list(o, "entries");
    if (!sheet_rows(&rq->cx, rq->store, sc, panel->id, &rows, &n)) {
        return false;
    }
    const State *done = sc->s.submit->to[0], *away = sc->s.recuse->to[0];
    tally(rq, sc->judge, rows, n, false, done, away, judges);
    tally(rq, sc->entry, rows, n, true, done, away, entries);
    for (size_t i = 0; i < n; i++) {
        waiting += rows[i].state->editable;
    }
    doc_set_int(o, "waiting", waiting);
    doc_html_only(doc_set_bool(o, "any_waiting", waiting != 0));
    return true;
}

static void facts_doc(Req *rq, const Scoring *sc, const Rec *panel, Doc *list)
{
    const Field *shown[] = {sc->p.round,     sc->p.size,   sc->p.substitutes, sc->p.per_city,
                            sc->p.city_rule, sc->p.closes, sc->p.drawn_on,    sc->p.commitment,
                            sc->p.list_hash, sc->p.word,   sc->p.seed};
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        const Value *v = val_of(panel, shown[i]);
        if (!v->has) {
            continue;
        }
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "label", shown[i]->label);
        doc_set_str(o, "text", value_words(&rq->cx, rq->store, shown[i], v));
        doc_set_str(o, "unit", shown[i]->unit);
        doc_set_bool(o, "wide", shown[i]->kind == FT_LONG || v->s.n > 40);
        doc_set_bool(o, "hash", v->s.n > 40);
    }
}

bool panel_page(Req *rq)
{
    Scoring sc;
    Rec panel, mine;
    Doc *kept, *o = rq->doc;
    size_t fit = 0, entries = 0;
    if (!scoring_page(rq, "panel", &sc, &panel) ||
        !rec_get(&rq->cx, rq->store, &rq->actor, sc.panel, panel.id, &mine)) {
        return false;
    }
    bool run = runs(rq, &sc, &panel);
    if (!run && !scoring_role(rq->pack, &sc, &rq->actor, "named")) {
        return fail(&rq->cx, E_FORBIDDEN, "评审组由组织单位办理，您可以看公开的抽取结果");
    }
    Str title = rec_label(&rq->cx, rq->store, sc.panel, panel.id), id = id_text(rq->mem, panel.id);
    Str round = id_text(rq->mem, val_of(&panel, sc.p.round)->i);
    req_crumb(rq, sc.panel->label, str_printf(rq->mem, "/r/%.*s", STRF(sc.panel->id)));
    req_crumb(rq, title, S(""));
    doc_set_id(o, "id", panel.id);
    doc_set_str(o, "no", panel.no);
    doc_set_str(o, "title", title);
    doc_set_int(o, "rev", panel.rev);
    doc_set_shown(o, "state", panel.state->id, panel.state->label);
    doc_set_str(o, "base", str_printf(rq->mem, "/panel/%.*s/%.*s", STRF(sc.panel->id), STRF(id)));
    doc_set_str(o, "record", str_printf(rq->mem, "/r/%.*s/%.*s", STRF(sc.panel->id), STRF(id)));
    doc_set_str(o, "draw_href", str_printf(rq->mem, "/draw/%.*s/%.*s", STRF(sc.panel->id), STRF(id)));
    doc_set_str(o, "ranking_href", str_printf(rq->mem, "/ranking/%.*s/%.*s", STRF(sc.round->id), STRF(round)));
    doc_set_str(o, "judge_label", sc.judge->label);
    doc_set_str(o, "entry_label", sc.entry->label);
    bool commits = run && in_from(sc.p.commit, panel.state), draws = run && in_from(sc.p.draw, panel.state),
         closes = run && in_from(sc.p.close, panel.state);
    doc_set_bool(o, "may_commit", commits);
    doc_set_bool(o, "may_draw", draws);
    doc_set_bool(o, "may_close", closes);
    doc_set_bool(o, "before", !val_of(&panel, sc.p.commitment)->has);
    doc_set_bool(o, "drawn", val_of(&panel, sc.p.seed)->has);
    doc_set_bool(o, "published", panel.state->published);
    facts_doc(rq, &sc, &panel, doc_set_list(o, "facts"));
    Doc *judges = doc_set_list(o, "candidates");
    req_etag(rq, panel.rev);
    if (!panel_json(&rq->cx, rq->store, &sc, &panel, "list", &kept)) {
        return false;
    }
    if (kept != NULL ? !kept_pool(rq, &sc, kept, judges, &fit, &entries)
                     : !live_pool(rq, &sc, &panel, judges, &fit, &entries)) {
        return false;
    }
    doc_set_int(o, "fit", (int64_t)fit);
    doc_set_int(o, "unfit", (int64_t)(judges->n - fit));
    doc_set_int(o, "n_entries", (int64_t)entries);
    return progress_doc(rq, &sc, &panel, doc_set_obj(o, "progress"));
}

/* ---- steps ---- */

static bool step_of(Req *rq, Scoring *sc, Rec *panel, const Action *const *act)
{
    int64_t rev;
    if (!scoring_page(rq, "panel", sc, panel) || !req_if_match(rq, &rev)) {
        return false;
    }
    if (!runs(rq, sc, panel)) {
        return fail(&rq->cx, E_FORBIDDEN, "评审组由组织单位的经办人办理");
    }
    if (!in_from(*act, panel->state)) {
        return fail(&rq->cx, E_WRONG_STATE, "评审组现在是“%.*s”，不能这样办理", STRF(panel->state->label));
    }
    return rev == panel->rev || fail(&rq->cx, E_STALE, "评审组刚刚被别人办理过，请核对后再办");
}

static bool done(Req *rq, const Scoring *sc, const Rec *panel, Str text)
{
    req_flash(rq, S("good"), text);
    return req_see(rq, str_printf(rq->mem, "/panel/%.*s/%lld", STRF(sc->panel->id), (long long)panel->id));
}

bool panel_commit_post(Req *rq)
{
    Scoring sc = {0};
    Rec panel;
    return step_of(rq, &sc, &panel, &sc.p.commit) && panel_commit(&rq->cx, rq->store, &rq->actor, &sc, &panel) &&
           done(rq, &sc, &panel, S("名单已封存，种子的承诺值已公布。可以抽取了"));
}

bool panel_draw_post(Req *rq)
{
    Scoring sc = {0};
    Rec panel;
    Str word = str_trim(req_param(rq, "word"));
    if (!step_of(rq, &sc, &panel, &sc.p.draw)) {
        return false;
    }
    if (utf8_len(word) > 60 || str_contains(word, S("|"))) {
        return fail(&rq->cx, E_INVALID, "公开口令最多 60 个字，不能有竖线");
    }
    return panel_draw(&rq->cx, rq->store, &rq->actor, &sc, &panel, word) &&
           done(rq, &sc, &panel, S("已抽取，评分表已发给抽中的人，种子已公开"));
}

bool panel_close_post(Req *rq)
{
    Scoring sc = {0};
    Rec panel;
    size_t unscored;
    if (!step_of(rq, &sc, &panel, &sc.p.close) ||
        !panel_close(&rq->cx, rq->store, &rq->actor, &sc, &panel, str_eq(req_param(rq, "incomplete"), S("1")),
                     &unscored)) {
        return false;
    }
    return done(rq, &sc, &panel,
                unscored == 0
                    ? S("已开封，名次已算出")
                    : str_printf(rq->mem, "已开封；有 %zu 份申报没有收到评分表，没有计分，可另建评审组", unscored));
}
