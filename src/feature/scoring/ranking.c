/*
 * ranking.c - the entries of a round by rank, and the computation behind each: figures with their bands, sheets, what
 * was left out, the mean.
 */
#include "feature/scoring/set.h"

#define RANKING_ROWS 200

static bool may_see(Req *rq, const Scoring *sc)
{
    return scoring_role(rq->pack, sc, &rq->actor, "viewers") || scoring_role(rq->pack, sc, &rq->actor, "named") ||
           fail(&rq->cx, E_FORBIDDEN, "评审结果公布之前，只有办理单位可以看");
}

static bool computation(Req *rq, const Scoring *sc, int64_t entry, Snapshot *ret, Doc **ret_doc)
{
    bool found;
    Str why;
    *ret_doc = NULL;
    if (!snapshot_last(&rq->cx, rq->store, sc->entry, entry, S("computation"), ret, &found)) {
        return false;
    }
    *ret_doc = found ? json_read(rq->mem, ret->body, &why) : NULL;
    return !found || *ret_doc != NULL || fail(&rq->cx, E_DATA, "留存的计算过程读不出来");
}

static void set_points(Req *rq, Doc *o, const char *name, const Doc *from)
{
    int64_t n = doc_get_int(from, name, 0);
    Doc *d = doc_set_int(o, name, n);
    d->show = points_text(rq->mem, n);
}

static void bulk_doc(Req *rq, const Scoring *sc, const RecPage *page, Doc *list)
{
    for (size_t i = 0; i < sc->entry->n_actions; i++) {
        const Action *act = &sc->entry->actions[i];
        bool any = false;
        for (size_t k = 0; k < page->n && act->bulk && !act->by_program; k++) {
            any = any || access_action(rq->pack, &rq->actor, &page->items[k], act);
        }
        if (any) {
            Doc *o = doc_add_obj(list);
            doc_set_str(o, "label", act->label);
            doc_set_str(o, "href", str_printf(rq->mem, "/r/%.*s/do/%.*s", STRF(sc->entry->id), STRF(act->id)));
        }
    }
}

static bool row_doc(Req *rq, const Scoring *sc, const Rec *r, Str base, Doc *list)
{
    Snapshot snap;
    Doc *c, *o = doc_add_obj(list);
    const Field *rank = type_field(sc->entry, S("rank"));
    const Org *owner = pack_org_by_home(rq->pack, r->home);
    if (!computation(rq, sc, r->id, &snap, &c)) {
        return false;
    }
    doc_set_id(o, "id", r->id);
    doc_set_str(o, "no", r->no);
    doc_set_str(o, "title", rec_label(&rq->cx, rq->store, sc->entry, r->id));
    doc_set_str(o, "org", owner != NULL ? owner->shortname.n != 0 ? owner->shortname : owner->name : S(""));
    doc_set_shown(o, "state", r->state->id, r->state->label);
    doc_set_int(o, "rank", rank != NULL ? val_of(r, rank)->i : 0);
    doc_set_bool(o, "computed", c != NULL);
    const char *const points[] = {"result", "by_program", "by_persons", "low", "high"};
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        set_points(rq, o, points[i], c);
    }
    doc_set_bool(o, "alarm", doc_get_bool(c, "alarm"));
    doc_set_bool(o, "passed", doc_get_bool(c, "passed"));
    const Doc *sheets = doc_get(c, S("sheets"));
    doc_set_int(o, "sheets", sheets != NULL ? (int64_t)sheets->n : 0);
    doc_set_int(o, "counted", doc_get_int(c, "counted", 0));
    doc_set_str(o, "href", str_printf(rq->mem, "%.*s/entry/%lld", STRF(base), (long long)r->id));
    return true;
}

bool ranking_page(Req *rq)
{
    Scoring sc;
    Rec round, seen;
    RecPage page;
    Doc *o = rq->doc;
    if (!scoring_page(rq, "round", &sc, &round) || !may_see(rq, &sc) ||
        !rec_get(&rq->cx, rq->store, &rq->actor, sc.round, round.id, &seen)) {
        return false;
    }
    Query q = {.type = sc.entry,
               .limit = RANKING_ROWS,
               .ascending = true,
               .order = type_field(sc.entry, S("rank")),
               .after = req_param(rq, "after")};
    q.filters[q.n_filters++] = (Filter){.field = sc.entry_round, .value = v_int(round.id)};
    const Field *rank = type_field(sc.entry, S("rank"));
    if (rank != NULL) {
        q.filters[q.n_filters++] = (Filter){.field = rank, .op = OP_NE}; /* has one */
    }
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, true, &page)) {
        return false;
    }
    Str title = rec_label(&rq->cx, rq->store, sc.round, round.id);
    Str base = str_printf(rq->mem, "/ranking/%.*s/%lld", STRF(sc.round->id), (long long)round.id);
    Str href = str_printf(rq->mem, "/r/%.*s/%lld", STRF(sc.round->id), (long long)round.id);
    req_crumb(rq, title, href);
    req_crumb(rq, S("评审名次"), S(""));
    doc_set_str(o, "title", title);
    doc_set_str(o, "base", base);
    doc_set_str(o, "record", href);
    doc_set_str(o, "entry_label", sc.entry->label);
    doc_set_int(o, "total", page.total);
    const Rubric *rubric = pack_rubric(rq->pack, val_of(&round, sc.round_rubric)->s);
    doc_set_str(o, "rubric", rubric != NULL ? rubric->label : S(""));
    doc_set_bool(o, "sample", rubric != NULL && rubric->sample);
    doc_set_str(o, "next",
                page.next.n != 0 ? str_printf(rq->mem, "%.*s?after=%.*s", STRF(base), STRF(url_enc(rq->mem, page.next)))
                                 : S(""));
    Doc *bulk = doc_set_list(o, "bulk"), *rows = doc_set_list(o, "rows");
    bulk_doc(rq, &sc, &page, bulk);
    int64_t alarms = 0;
    for (size_t i = 0; i < page.n; i++) {
        if (!row_doc(rq, &sc, &page.items[i], base, rows)) {
            return false;
        }
        alarms += doc_get_bool(rows->last, "alarm");
    }
    doc_set_int(o, "alarms", alarms);
    doc_html_only(doc_set_bool(o, "any_alarms", alarms != 0));
    return true;
}

/* ---- one computation ---- */

static void program_rows(Req *rq, const Doc *c, Doc *list)
{
    for (const Doc *p = doc_get(c, S("program"))->first; p != NULL; p = p->next) {
        Doc *o = doc_add_obj(list);
        bool band = doc_get(p, S("band_from")) != NULL;
        doc_set_str(o, "label", doc_get_str(p, "label"));
        doc_set_str(o, "source", doc_get_str(p, "source"));
        doc_set_str(o, "why", doc_get_str(p, "why"));
        doc_set_bool(o, "known", doc_get_bool(p, "known"));
        doc_set_bool(o, "banded", band);
        int64_t from = doc_get_int(p, "band_from", 0), scale = 1;
        for (int64_t i = doc_get_int(p, "scale", 0); i > 0; i--) {
            scale *= 10;
        }
        Doc *b = doc_set_int(o, "band_from", from);
        b->show = scale == 1 ? str_printf(rq->mem, "%lld", (long long)from) : points_text(rq->mem, from * 100 / scale);
        set_points(rq, o, "max", p);
        set_points(rq, o, "points", p);
    }
}

static void sheet_docs(Req *rq, const Scoring *sc, const Doc *c, bool names, Doc *list)
{
    for (const Doc *s = doc_get(c, S("sheets"))->first; s != NULL; s = s->next) {
        Doc *o = doc_add_obj(list), *marks = doc_set_list(o, "marks");
        Rec sheet;
        int64_t id = doc_get_int(s, "id", 0);
        doc_set_str(o, "no", doc_get_str(s, "no"));
        doc_set_str(o, "judge",
                    str_printf(rq->mem, "%.*s%lld", STRF(sc->judge->label), (long long)doc_get_int(s, "seat", 0)));
        Str name = S("");
        if (names && system_rec(&rq->cx, rq->store, sc->sheet, id, &sheet)) {
            name = rec_label(&rq->cx, rq->store, sc->judge, val_of(&sheet, sc->s.judge)->i);
        }
        cx_clear(&rq->cx);
        doc_set_str(o, "name", name);
        doc_set_bool(o, "left_out", doc_get_bool(s, "left_out"));
        doc_set_str(o, "comment", doc_get_str(s, "comment"));
        set_points(rq, o, "sum", s);
        for (const Doc *m = doc_get(s, S("marks"))->first; m != NULL; m = m->next) {
            Doc *x = doc_add_obj(marks);
            doc_set_str(x, "label", doc_get_str(m, "label"));
            doc_set_str(x, "reason", doc_get_str(m, "reason"));
            set_points(rq, x, "max", m);
            set_points(rq, x, "points", m);
        }
    }
}

bool computation_page(Req *rq)
{
    Scoring sc;
    Rec round, entry;
    Snapshot snap;
    int64_t id;
    Doc *c, *o = rq->doc;
    if (!scoring_page(rq, "round", &sc, &round) || !may_see(rq, &sc)) {
        return false;
    }
    if (!id_read(req_arg(rq, "entry"), &id)) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这份%.*s", STRF(sc.entry->label));
    }
    bool public_only = true; /* what everyone may read of an entry is not what its result was computed from */
    if (!rec_get(&rq->cx, rq->store, &rq->actor, sc.entry, id, &entry) || !computation(rq, &sc, id, &snap, &c)) {
        return false;
    }
    (void)access_read(rq->pack, &rq->actor, &entry, &public_only);
    if (public_only || c == NULL || val_of(&entry, sc.entry_round)->i != round.id) {
        return fail(&rq->cx, E_NOT_FOUND, "这份%.*s还没有评分结果", STRF(sc.entry->label));
    }
    Str title = rec_label(&rq->cx, rq->store, sc.entry, id),
        base = str_printf(rq->mem, "/ranking/%.*s/%lld", STRF(sc.round->id), (long long)round.id);
    const Field *rank = type_field(sc.entry, S("rank"));
    const Doc *rubric = doc_get(c, S("rubric"));
    bool names = scoring_role(rq->pack, &sc, &rq->actor, "named");
    req_crumb(rq, rec_label(&rq->cx, rq->store, sc.round, round.id), base);
    req_crumb(rq, title, S(""));
    doc_set_id(o, "id", id);
    doc_set_str(o, "title", title);
    doc_set_str(o, "base", base);
    doc_set_str(o, "record", str_printf(rq->mem, "/r/%.*s/%lld", STRF(sc.entry->id), (long long)id));
    doc_set_int(o, "rank", rank != NULL ? val_of(&entry, rank)->i : 0);
    doc_set_str(o, "rubric", doc_get_str(rubric, "label"));
    doc_set_str(o, "rubric_version", doc_get_str(rubric, "version"));
    doc_set_str(o, "rubric_hash", doc_get_str(rubric, "hash"));
    doc_set_bool(o, "sample", doc_get_bool(rubric, "sample"));
    doc_set_int(o, "trim", doc_get_int(rubric, "trim", 0));
    set_points(rq, o, "spread", rubric);
    set_points(rq, o, "pass", rubric);
    doc_set_str(o, "panel_no", doc_get_str(c, "panel_no"));
    doc_set_instant(o, "at", snap.at_ms);
    doc_set_str(o, "sha256", snap.sha256);
    const char *const points[] = {"result", "by_program", "by_persons", "low", "high"};
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        set_points(rq, o, points[i], c);
    }
    doc_set_bool(o, "alarm", doc_get_bool(c, "alarm"));
    doc_set_bool(o, "passed", doc_get_bool(c, "passed"));
    doc_set_int(o, "counted", doc_get_int(c, "counted", 0));
    doc_set_bool(o, "named", names);
    program_rows(rq, c, doc_set_list(o, "program"));
    sheet_docs(rq, &sc, c, names, doc_set_list(o, "sheets"));
    return true;
}

const Route ROUTES_SCORING[] = {
    {"GET", "/panels", panels_page, AUTH_USER, "scoring/panels", "All panels a person may read", NULL, 0},
    {"GET", "/panel/{type}/{id:id}", panel_page, AUTH_USER, "scoring/panel",
     "A panel: who may be drawn, the draw, progress of the sheets", NULL, 0},
    {"POST", "/panel/{type}/{id:id}/commit", panel_commit_post, AUTH_USER, NULL,
     "Close the list and publish the commitment to the seed", NULL, 0},
    {"POST", "/panel/{type}/{id:id}/draw", panel_draw_post, AUTH_USER, NULL,
     "Draw by lot, reveal the seed, hand out sheets", NULL, 0},
    {"POST", "/panel/{type}/{id:id}/close", panel_close_post, AUTH_USER, NULL,
     "Open the sheets, compute results and ranks", NULL, 0},
    {"GET", "/draw/{type}/{id:id}", draw_page, AUTH_PUBLIC, "scoring/draw", "A draw for anyone to repeat", NULL, 0},
    {"GET", "/draw/{type}/{id:id}/input", draw_input, AUTH_PUBLIC, NULL, "The input of test/draw.mjs", NULL, 0},
    {"GET", "/score", bench_page, AUTH_USER, "scoring/bench", "The sheets of the person signed in", NULL, 0},
    {"GET", "/score/{id:id}", sheet_page, AUTH_USER, "scoring/sheet", "One own sheet beside the entry", NULL, 0},
    {"POST", "/score/{id:id}", sheet_post, AUTH_USER, "scoring/sheet",
     "Save the marks of a sheet; do=submit hands it in", NULL, 0},
    {"POST", "/score/{id:id}/declare", sheet_declare, AUTH_USER, NULL,
     "Declare no conflict, or step back from this entry", NULL, 0},
    {"GET", "/score/{id:id}/files/{file}", sheet_file, AUTH_USER, NULL, "An attachment of the entry of an own sheet",
     NULL, 0},
    {"GET", "/ranking/{type}/{id:id}", ranking_page, AUTH_USER, "scoring/ranking", "Entries of a round by rank",
     "after:string", 0},
    {"GET", "/ranking/{type}/{id:id}/entry/{entry}", computation_page, AUTH_USER, "scoring/computation",
     "The whole computation of one entry", NULL, 0},
    {0},
};
