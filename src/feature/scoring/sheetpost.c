/*
 * sheetpost.c - what a judge sends: declaring a conflict or none before looking, marks beside the entry, submitting.
 *
 * Each write looks again: panel open, not past its last day, rubric unchanged, no conflict that came up since the draw.
 */
#include "base/date.h"
#include "feature/scoring/sheet.h"

/* Before a write: open, and still without a computed conflict. */
static bool may_write(Req *rq, const Desk *d)
{
    Rec judge;
    if (d->closed.n != 0) {
        return fail(&rq->cx, E_WRONG_STATE, "%.*s", STRF(d->closed));
    }
    if (!d->sheet.state->editable) {
        return fail(&rq->cx, E_WRONG_STATE, "这张评分表现在是“%.*s”，不能再改", STRF(d->sheet.state->label));
    }
    if (!system_rec(&rq->cx, rq->store, d->sc.judge, val_of(&d->sheet, d->sc.s.judge)->i, &judge)) {
        return false;
    }
    int32_t today = instant_date(rq->cx.now_ms);
    Str why =
        entry_conflict(rq->mem, &d->sc, &judge, NULL, &d->facts, false, today, advised_years(rq->pack, &d->sc, today));
    return why.n == 0 || fail(&rq->cx, E_WRONG_STATE, "您%.*s，须回避，请点“申请回避”", STRF(why));
}

/* ---- declaring ---- */

bool sheet_declare(Req *rq)
{
    Desk d;
    int64_t rev;
    Rec after;
    Str back = S("/score"), text = str_trim(req_param(rq, "text"));
    if (!desk_of(rq, &d) || !req_if_match(rq, &rev)) {
        return false;
    }
    const Scoring *sc = &d.sc;
    bool conflict = str_eq(req_param(rq, "conflict"), S("1"));
    if (!conflict && !str_eq(req_param(rq, "conflict"), S("0"))) { /* silence is no declaration */
        return fail(&rq->cx, E_INVALID, "请选择有没有利害关系：没有的申明没有，有的申请回避");
    }
    if (!conflict) {
        if (!may_write(rq, &d) ||
            !system_act(&rq->cx, rq->store, &rq->actor, &d.sheet, sc->s.declare, NULL, NULL, 0, rev, &after)) {
            return false;
        }
        return req_see(rq, str_printf(rq->mem, "/score/%lld", (long long)d.sheet.id));
    }
    if (utf8_len(text) < 2) {
        return fail(&rq->cx, E_INVALID, "申请回避请写明是什么关系");
    }
    if (d.closed.n != 0 || !d.sheet.state->editable) {
        return fail(&rq->cx, E_WRONG_STATE, "%.*s",
                    STRF(d.closed.n != 0 ? d.closed : S("这张评分表已经交了，不能再回避")));
    }
    if (!sheet_recuse(&rq->cx, rq->store, &rq->actor, sc, &d.sheet, &d.panel, rev, text)) {
        return false;
    }
    req_flash(rq, S("good"), str_printf(rq->mem, "已回避：%.*s", STRF(d.facts.title)));
    return req_see(rq, back);
}

/* ---- marks ---- */

/* The rows as the form gives them; what cannot be taken stands in `found` under the input's name. */
static Value form_marks(Req *rq, const Desk *d, Findings *found)
{
    const Scoring *sc = &d->sc;
    Value list = {.rows = NEW_ARRAY(rq->mem, Row, d->rubric->n_criteria + 1)};
    for (size_t i = 0; i < d->rubric->n_criteria; i++) {
        const Criterion *c = &d->rubric->criteria[i];
        if (c->expr != NULL) {
            continue;
        }
        const Row *old = desk_mark(d, c->id);
        if (!desk_asked(rq, c)) { /* a program may send one criterion at a time */
            if (old != NULL) {
                list.rows[list.n_rows++] = *old;
            }
            continue;
        }
        Value *v = NEW_ARRAY(rq->mem, Value, sc->s.marks->n_fields);
        Str where = str_printf(rq->mem, "points.%.*s", STRF(c->id)), text = desk_param(rq, "points", c),
            reason = desk_param(rq, "reason", c);
        Value *points = &v[sc->s.points->index];
        if (value_parse(rq->mem, rq->pack, sc->s.points, where, text, NULL, points, found) && points->has &&
            !score_mark_check(c, points->i, where, found)) {
            *points = (Value){0};
        }
        if (utf8_len(reason) > (size_t)sc->s.reason->max_chars) {
            finding_add(found, false, str_printf(rq->mem, "reason.%.*s", STRF(c->id)), S("length"), S(""),
                        str_printf(rq->mem, "%.*s的理由最多 %d 个字", STRF(c->label), sc->s.reason->max_chars));
            reason = S("");
        }
        v[sc->s.criterion->index] = v_str(c->id);
        v[sc->s.reason->index] = v_str(reason);
        if (points->has || reason.n != 0) {
            list.rows[list.n_rows++] = (Row){.v = v};
        }
    }
    list.has = list.n_rows != 0;
    return list;
}

static bool save(Req *rq, Desk *d, int64_t rev, Findings *found)
{
    const Scoring *sc = &d->sc;
    Value *v = NEW_ARRAY(rq->mem, Value, sc->sheet->n_fields);
    bool *set = NEW_ARRAY(rq->mem, bool, sc->sheet->n_fields), changed;
    v[sc->s.marks->index] = form_marks(rq, d, found);
    set[sc->s.marks->index] = true;
    if (param_has(&rq->form, S("comment"))) {
        v[sc->s.comment->index] = v_str(str_trim(req_param(rq, "comment")));
        set[sc->s.comment->index] = true;
    }
    WriteOpts o = {.rev = rev};
    Findings more = findings_new(rq->mem);
    if (found->errors != 0) {
        return fail(&rq->cx, E_INVALID, "有 %zu 处需要修改", found->errors);
    }
    if (rec_update(&rq->cx, rq->store, &rq->actor, sc->sheet, d->sheet.id, v, set, &o, &more, &d->sheet, &changed)) {
        return true;
    }
    for (size_t i = 0; i < more.n; i++) {
        finding_add(found, more.items[i].warn, more.items[i].field, more.items[i].code, more.items[i].clause,
                    more.items[i].text);
    }
    return false;
}

/* What is still missing before it may be submitted; *ret_sum: of the points given. */
static void complete(Req *rq, const Desk *d, Findings *found, int64_t *ret_sum)
{
    *ret_sum = 0;
    for (size_t i = 0; i < d->rubric->n_criteria; i++) {
        const Criterion *c = &d->rubric->criteria[i];
        const Row *row = c->expr == NULL ? desk_mark(d, c->id) : NULL;
        if (c->expr != NULL) {
            continue;
        }
        const Value *points = row != NULL ? &row->v[d->sc.s.points->index] : NULL;
        if (points == NULL || !points->has) {
            finding_add(found, false, str_printf(rq->mem, "points.%.*s", STRF(c->id)), S("required"), c->clause,
                        str_printf(rq->mem, "“%.*s”还没有打分", STRF(c->label)));
            continue;
        }
        *ret_sum += points->i;
        bool explain = points->i == c->max || points->i * 2 < c->max;
        if (explain && utf8_len(row->v[d->sc.s.reason->index].s) < 4) {
            finding_add(found, false, str_printf(rq->mem, "reason.%.*s", STRF(c->id)), S("required"), c->clause,
                        str_printf(rq->mem, "“%.*s”给了%s，请写明理由（至少 4 个字）", STRF(c->label),
                                   points->i == c->max ? "满分" : "不到一半的分"));
        }
    }
}

static bool answer(Req *rq, Desk *d, const Findings *found)
{
    if (rq->is_htmx) {
        rq->view = "scoring/saved";
    } else if (!rq->wants_json && found == NULL) {
        req_flash(rq, S("good"), S("已保存"));
        return req_see(rq, str_printf(rq->mem, "/score/%lld", (long long)d->sheet.id));
    }
    return desk_doc(rq, d, found);
}

bool sheet_post(Req *rq)
{
    Desk d;
    int64_t rev, sum;
    Rec after;
    Findings found = findings_new(rq->mem);
    if (!desk_of(rq, &d) || !req_if_match(rq, &rev) || !may_write(rq, &d)) {
        return false;
    }
    if (!desk_declared(&d)) {
        return fail(&rq->cx, E_WRONG_STATE, "请先申明与这份申报有没有利害关系");
    }
    if (!save(rq, &d, rev, &found)) {
        if (rq->cx.err != E_INVALID) {
            return false;
        }
        if (rq->wants_json) {
            cx_clear(&rq->cx);
            return req_invalid(rq, &found);
        }
        cx_clear(&rq->cx);
        rq->status = 422;
        return answer(rq, &d, &found);
    }
    if (!str_eq(req_param(rq, "do"), S("submit"))) {
        return answer(rq, &d, NULL);
    }
    complete(rq, &d, &found, &sum);
    if (found.errors != 0) {
        rq->status = 422;
        return rq->wants_json ? req_invalid(rq, &found) : answer(rq, &d, &found);
    }
    const char *const names[] = {"total"};
    const Value total = v_int(sum);
    if (!system_act(&rq->cx, rq->store, &rq->actor, &d.sheet, d.sc.s.submit, names, &total, 1, d.sheet.rev, &after)) {
        return false;
    }
    req_flash(rq, S("good"), str_printf(rq->mem, "已交：%.*s", STRF(d.facts.title)));
    return req_see(rq, S("/score"));
}
