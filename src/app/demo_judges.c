/*
 * demo_judges.c - judges of the demonstration: the draw is a real one, so who scores is chance; what they give depends
 * on the entry alone, and a little on seat and criterion, so that sheets differ and the ranking is the same every time.
 */
#include "app/demo.h"
#include "feature/scoring/set.h"

typedef struct {
    const Scoring *sc;
    const Rubric *rubric;
    const JudgeStep *step;
} Marking;

static bool listed(Str logins, Str login)
{
    for (Str rest = logins, one; rest.n != 0;) {
        str_cut(rest, ',', &one, &rest);
        if (str_eq(str_trim(one), login)) {
            return true;
        }
    }
    return false;
}

/* Points x 100 in steps of a half, at most one above or below the share. */
static int32_t points_of(const Marking *m, const Criterion *c, size_t at, int64_t seat)
{
    int32_t base = c->max * m->step->share / 100, off = (int32_t)(((uint64_t)seat * 7 + at * 3) % 5) * 50 - 100;
    int32_t points = (base + off) / 50 * 50;
    return points < 0 ? 0 : MIN(points, c->max);
}

static Value marks_of(Demo *d, const Marking *m, int64_t seat, int64_t *ret_sum)
{
    const Scoring *sc = m->sc;
    Value list = {.has = true, .rows = NEW_ARRAY(d->cx->mem, Row, m->rubric->n_criteria + 1)};
    *ret_sum = 0;
    for (size_t i = 0; i < m->rubric->n_criteria; i++) {
        const Criterion *c = &m->rubric->criteria[i];
        if (c->expr != NULL) {
            continue;
        }
        int32_t points = points_of(m, c, i, seat);
        Value *v = NEW_ARRAY(d->cx->mem, Value, sc->s.marks->n_fields);
        v[sc->s.criterion->index] = v_str(c->id);
        v[sc->s.points->index] = v_int(points);
        v[sc->s.reason->index] = v_str(points == c->max      ? S("演示：材料齐全，证据充分")
                                       : points * 2 < c->max ? S("演示：材料偏少，说服力不够")
                                                             : S("演示：与说明中的这一档相符"));
        list.rows[list.n_rows++] = (Row){.v = v};
        *ret_sum += points;
    }
    return list;
}

static bool one_sheet(Demo *d, const Marking *m, const SheetRow *row)
{
    const Scoring *sc = m->sc;
    Cx *cx = d->cx;
    User u;
    Actor judge;
    Rec r;
    int64_t sum;
    bool changed;
    if (!user_by_login(cx, d->s, row->account, &u) || !user_actor(cx, d->s, u.id, &judge) ||
        !rec_get(cx, d->s, &judge, sc->sheet, row->id, &r) ||
        !system_act(cx, d->s, &judge, &r, sc->s.declare, NULL, NULL, 0, r.rev, &r)) {
        return false;
    }
    Value *v = NEW_ARRAY(cx->mem, Value, sc->sheet->n_fields);
    bool *set = NEW_ARRAY(cx->mem, bool, sc->sheet->n_fields);
    v[sc->s.marks->index] = marks_of(d, m, row->seat, &sum);
    set[sc->s.marks->index] = true;
    Findings found = findings_new(cx->mem);
    WriteOpts o = {.rev = r.rev};
    if (!rec_update(cx, d->s, &judge, sc->sheet, r.id, v, set, &o, &found, &r, &changed)) {
        return false;
    }
    const char *const names[] = {"total"};
    const Value total = v_int(sum);
    return system_act(cx, d->s, &judge, &r, sc->s.submit, names, &total, 1, r.rev, &r);
}

static bool mark_entry(Demo *d, const Scoring *sc, const Rec *panel, const JudgeStep *step)
{
    Rec entry;
    SheetRow *rows;
    size_t n;
    Marking m = {.sc = sc, .step = step};
    if (!rubric_same(d->cx, d->s, sc, panel, &m.rubric) || !demo_find(d, sc->entry, step->entry, &entry) ||
        !sheet_rows(d->cx, d->s, sc, panel->id, &rows, &n)) {
        return false;
    }
    size_t marked = 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].entry != entry.id || !rows[i].state->editable || listed(step->open, rows[i].account)) {
            continue;
        }
        if (!one_sheet(d, &m, &rows[i])) {
            return false;
        }
        marked++;
    }
    return marked != 0 ? true : fail(d->cx, E_DATA, "没有可以填写的评分表");
}

bool demo_judges(Demo *d, const Rec *panel, const JudgeStep *step)
{
    Scoring sc;
    size_t unscored;
    if (!scoring_of(d->cx, store_pack(d->s), "panel", panel->type, &sc)) {
        return false;
    }
    if (str_eq(step->step, S("commit"))) {
        return panel_commit(d->cx, d->s, step->who, &sc, panel);
    }
    if (str_eq(step->step, S("draw"))) {
        return panel_draw(d->cx, d->s, step->who, &sc, panel, step->word);
    }
    if (str_eq(step->step, S("marks"))) {
        return mark_entry(d, &sc, panel, step);
    }
    return str_eq(step->step, S("close")) ? panel_close(d->cx, d->s, step->who, &sc, panel, false, &unscored)
                                          : fail(d->cx, E_DATA, "没有这种步骤");
}
