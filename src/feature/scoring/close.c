/*
 * close.c - opening the sheets: each entry's result computed, kept with every figure it stands on, and all entries of
 * the round ranked.
 *
 * The computation of an entry is a snapshot beside it: criteria scored by the program with figure, band and points,
 * sheets with their marks, which were left out, the mean. It names sheets and seats, not judges. A later panel's
 * computation is a further snapshot; the newest counts.
 */
#include "feature/scoring/set.h"

typedef struct {
    const Actor *a;
    const Scoring *sc;
    const Rec *panel;
    bool incomplete_too;
    size_t unscored;
    const Rubric *rubric;
    SheetRow *rows;
    size_t n_rows;
} CloseArg;

/* ---- one entry ---- */

static int64_t mark_of(const Scoring *sc, const Rec *sheet, const Criterion *c, Str *ret_reason)
{
    const Value *marks = val_of(sheet, sc->s.marks);
    for (size_t i = 0; i < marks->n_rows; i++) {
        const Value *v = marks->rows[i].v;
        if (str_eq(v[sc->s.criterion->index].s, c->id) && v[sc->s.points->index].has) {
            *ret_reason = v[sc->s.reason->index].s;
            return v[sc->s.points->index].i;
        }
    }
    *ret_reason = S("");
    return 0;
}

static Doc *sheet_doc(Cx *cx, const Scoring *sc, const Rubric *r, const Rec *sheet, Doc *list, int64_t *ret_sum)
{
    Doc *o = doc_add_obj(list);
    *ret_sum = 0;
    doc_set_id(o, "id", sheet->id);
    doc_set_str(o, "no", sheet->no);
    doc_set_int(o, "seat", val_of(sheet, sc->s.seat)->i);
    doc_set_str(o, "comment", val_of(sheet, sc->s.comment)->s);
    Doc *marks = doc_set_list(o, "marks");
    for (size_t i = 0; i < r->n_criteria; i++) {
        const Criterion *c = &r->criteria[i];
        Str reason;
        if (c->expr != NULL) {
            continue;
        }
        int64_t points = mark_of(sc, sheet, c, &reason);
        Doc *m = doc_add_obj(marks);
        doc_set_str(m, "criterion", c->id);
        doc_set_str(m, "label", c->label);
        doc_set_int(m, "max", c->max);
        doc_set_int(m, "points", points);
        doc_set_str(m, "reason", reason);
        *ret_sum += points;
    }
    doc_set_int(o, "sum", *ret_sum);
    (void)cx;
    return o;
}

static void program_doc(Cx *cx, Store *s, const Rec *entry, const Rubric *r, Doc *list, int32_t *ret_sum)
{
    AutoScore *scores = NEW_ARRAY(cx->mem, AutoScore, r->n_criteria + 1);
    size_t n = score_auto(env_make(cx, s, entry), r, scores, ret_sum);
    for (size_t i = 0; i < n; i++) {
        const AutoScore *a = &scores[i];
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "criterion", a->criterion->id);
        doc_set_str(o, "label", a->criterion->label);
        doc_set_str(o, "group", a->criterion->group);
        doc_set_str(o, "source", a->criterion->source);
        doc_set_str(o, "clause", a->criterion->clause);
        doc_set_int(o, "max", a->criterion->max);
        doc_set_bool(o, "known", a->known);
        doc_set_str(o, "why", a->why);
        if (a->known) {
            doc_set_int(o, "figure", a->figure.i);
            doc_set_int(o, "scale", a->criterion->expr->scale);
        }
        if (a->band != NULL) {
            doc_set_int(o, "band_from", a->band->from);
        }
        doc_set_int(o, "points", a->points);
    }
}

static void rubric_doc(const Rubric *r, Doc *o)
{
    doc_set_str(o, "id", r->id);
    doc_set_str(o, "label", r->label);
    doc_set_str(o, "version", r->version);
    doc_set_str(o, "hash", r->hash);
    doc_set_bool(o, "sample", r->sample);
    doc_set_int(o, "total", r->total);
    doc_set_int(o, "trim", r->trim);
    doc_set_int(o, "spread", r->spread);
    doc_set_int(o, "pass", r->pass);
}

static Doc *sheet_by_id(const Doc *list, int64_t id)
{
    for (Doc *o = list->first; o != NULL; o = o->next) {
        if (doc_get_int(o, "id", 0) == id) {
            return o;
        }
    }
    return NULL;
}

static size_t sheets_of(const CloseArg *x, int64_t entry)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n_rows; i++) {
        n += x->rows[i].entry == entry;
    }
    return n;
}

/* Opens the submitted sheets of the entry, computes, and writes the snapshot; *ret->n_sheets 0: nobody submitted one.
 */
static bool compute_entry(Cx *cx, Store *s, CloseArg *x, const Rec *entry, EntryScore *ret)
{
    const Scoring *sc = x->sc;
    Doc *o = doc_obj(cx->mem), *program, *sheets;
    EntryScore e = {.entry = entry->id};
    e.sheets = NEW_ARRAY(cx->mem, SheetScore, sheets_of(x, entry->id) + 1);
    rubric_doc(x->rubric, doc_set_obj(o, "rubric"));
    doc_set_id(o, "panel", x->panel->id);
    doc_set_str(o, "panel_no", x->panel->no);
    program = doc_set_list(o, "program");
    sheets = doc_set_list(o, "sheets");
    program_doc(cx, s, entry, x->rubric, program, &e.by_program);
    for (size_t i = 0; i < x->n_rows; i++) {
        Rec sheet;
        int64_t sum;
        if (x->rows[i].entry != entry->id || x->rows[i].state != sc->s.submit->to[0]) {
            continue;
        }
        Rec stub = {.type = sc->sheet, .id = x->rows[i].id};
        if (!system_act(cx, s, x->a, &stub, sc->s.open, NULL, NULL, 0, 0, &sheet) ||
            !system_rec(cx, s, sc->sheet, stub.id, &sheet)) {
            return false;
        }
        (void)sheet_doc(cx, sc, x->rubric, &sheet, sheets, &sum);
        e.sheets[e.n_sheets++] = (SheetScore){.id = sheet.id, .sum = (int32_t)sum};
    }
    *ret = e;
    if (e.n_sheets == 0) {
        return true;
    }
    score_entry(x->rubric, ret);
    for (size_t i = 0; i < ret->n_sheets; i++) {
        doc_set_bool(sheet_by_id(sheets, ret->sheets[i].id), "left_out", ret->sheets[i].left_out);
    }
    doc_set_int(o, "by_program", ret->by_program);
    doc_set_int(o, "by_persons", ret->by_persons);
    doc_set_int(o, "counted", (int64_t)ret->n_counted);
    doc_set_int(o, "low", ret->low);
    doc_set_int(o, "high", ret->high);
    doc_set_bool(o, "alarm", ret->alarm);
    doc_set_int(o, "result", ret->result);
    doc_set_bool(o, "passed", ret->passed);
    Snapshot snap;
    return snapshot_put(cx, s, x->a, entry, S("computation"), json_canonical(cx->mem, o), &snap);
}

/* ---- the round ---- */

typedef struct {
    EntryScore *items;
    size_t n, cap;
    Cx *cx;
    Store *s;
    const Scoring *sc;
    const Pack *pack;
    int64_t *ids;
} Round;

static bool add_id(void *ctx, const Rec *r)
{
    Round *l = ctx;
    if (!under_review(l->pack, l->sc, r->state)) {
        return true;
    }
    if (l->n == l->cap) {
        return fail(l->cx, E_TOO_LARGE, "%.*s太多，请分批评审", STRF(r->type->label));
    }
    l->ids[l->n++] = r->id;
    return true;
}

#define ROUND_MAX 20000

/* All entries of the round: the new scores of this panel, the kept ones of earlier panels. */
static bool round_scores(Cx *cx, Store *s, const CloseArg *x, const EntryScore *now, size_t n_now, Round *ret)
{
    const Scoring *sc = x->sc;
    Round l = {.cap = ROUND_MAX,
               .cx = cx,
               .s = s,
               .sc = sc,
               .pack = store_pack(s),
               .ids = NEW_ARRAY(cx->mem, int64_t, ROUND_MAX)};
    Query q = {.type = sc->entry, .ascending = true};
    q.filters[q.n_filters++] = (Filter){.field = sc->entry_round, .value = v_int(val_of(x->panel, sc->p.round)->i)};
    if (!rec_each(cx, s, &SCORING_SYSTEM, &q, add_id, &l)) {
        return false;
    }
    l.items = NEW_ARRAY(cx->mem, EntryScore, l.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < l.n; i++) {
        const EntryScore *fresh = NULL;
        for (size_t k = 0; k < n_now && fresh == NULL; k++) {
            fresh = now[k].entry == l.ids[i] ? &now[k] : NULL;
        }
        if (fresh != NULL && fresh->n_sheets != 0) {
            l.items[n++] = *fresh;
            continue;
        }
        ArenaMark mark = arena_mark(cx->mem);
        Snapshot snap;
        bool found;
        Str why;
        if (!snapshot_last(cx, s, sc->entry, l.ids[i], S("computation"), &snap, &found)) {
            return false;
        }
        const Doc *o = found ? json_read(cx->mem, snap.body, &why) : NULL;
        if (o != NULL) {
            const Doc *sheets = doc_get(o, S("sheets"));
            l.items[n++] = (EntryScore){.entry = l.ids[i],
                                        .result = (int32_t)doc_get_int(o, "result", 0),
                                        .by_persons = (int32_t)doc_get_int(o, "by_persons", 0),
                                        .by_program = (int32_t)doc_get_int(o, "by_program", 0),
                                        .n_sheets = sheets != NULL ? sheets->n : 0};
        }
        arena_release(cx->mem, mark);
    }
    l.n = n;
    *ret = l;
    return true;
}

static bool give_scores(Cx *cx, Store *s, const CloseArg *x, const Round *l)
{
    const char *const names[] = {"score", "rank", "note"};
    const Field *score = type_field(x->sc->entry, S("score")), *rank = type_field(x->sc->entry, S("rank"));
    Str note = str_printf(cx->mem, "评审组 %.*s", STRF(x->panel->no));
    for (size_t i = 0; i < l->n; i++) {
        const EntryScore *e = &l->items[i];
        ArenaMark mark = arena_mark(cx->mem);
        Rec before, after;
        if (!system_rec(cx, s, x->sc->entry, e->entry, &before)) {
            return false;
        }
        bool same = score != NULL && rank != NULL && val_of(&before, score)->has &&
                    val_of(&before, score)->i == e->result && val_of(&before, rank)->i == e->rank;
        const Value values[] = {v_int(e->result), v_int(e->rank), v_str(note)};
        if (!same && !system_act(cx, s, x->a, &before, x->sc->score, names, values, ARRAY_LEN(names), 0, &after)) {
            return false;
        }
        arena_release(cx->mem, mark);
    }
    return true;
}

/* Each entry is computed in memory of its own, which is given back: a round may have thousands. What remains are its figures, without
 * the single sheets. */
static bool compute_all(Cx *cx, Store *s, CloseArg *x, const Doc *entries, EntryScore *ret, size_t *ret_n)
{
    for (const Doc *o = entries->first; o != NULL; o = o->next) {
        ArenaMark mark = arena_mark(cx->mem);
        EntryScore e;
        Rec entry;
        if (!system_rec(cx, s, x->sc->entry, doc_get_int(o, "id", 0), &entry)) {
            return false;
        }
        bool under = under_review(store_pack(s), x->sc, entry.state);
        if (under && !compute_entry(cx, s, x, &entry, &e)) {
            return false;
        }
        if (under) {
            e.sheets = NULL;
            x->unscored += e.n_sheets == 0;
            ret[(*ret_n)++] = e;
        }
        arena_release(cx->mem, mark);
    }
    return true;
}

static bool do_close(Cx *cx, Store *s, void *arg)
{
    CloseArg *x = arg;
    const Scoring *sc = x->sc;
    Doc *list;
    Rec after;
    Round all;
    if (!rubric_same(cx, s, sc, x->panel, &x->rubric) || !panel_json(cx, s, sc, x->panel, "list", &list) ||
        !sheet_rows(cx, s, sc, x->panel->id, &x->rows, &x->n_rows)) {
        return false;
    }
    for (size_t i = 0; i < x->n_rows; i++) {
        if (!x->rows[i].state->editable) {
            continue;
        }
        if (!x->incomplete_too) {
            return fail(cx, E_WRONG_STATE, "还有评分表没有交。请先催交，或者确认未交的作废后再开封");
        }
        ArenaMark mark = arena_mark(cx->mem);
        Rec stub = {.type = sc->sheet, .id = x->rows[i].id};
        if (!system_act(cx, s, x->a, &stub, sc->s.lapse, NULL, NULL, 0, 0, &after)) {
            return false;
        }
        arena_release(cx->mem, mark);
    }
    const Doc *entries = list != NULL ? doc_get(list, S("entries")) : NULL;
    if (entries == NULL) {
        return fail(cx, E_DATA, "评审组没有留存名单，不能开封");
    }
    EntryScore *now = NEW_ARRAY(cx->mem, EntryScore, entries->n + 1);
    size_t n = 0;
    if (!compute_all(cx, s, x, entries, now, &n) || !round_scores(cx, s, x, now, n, &all)) {
        return false;
    }
    score_rank(all.items, all.n);
    return give_scores(cx, s, x, &all) &&
           system_act(cx, s, x->a, x->panel, sc->p.close, NULL, NULL, 0, x->panel->rev, &after);
}

bool panel_close(Cx *cx, Store *s, const Actor *a, const Scoring *sc, const Rec *panel, bool incomplete_too,
                 size_t *ret_unscored)
{
    CloseArg x = {.a = a, .sc = sc, .panel = panel, .incomplete_too = incomplete_too};
    bool ok = store_write(cx, s, do_close, &x);
    *ret_unscored = x.unscored;
    return ok;
}
