/*
 * sheet.c - one of a judge's own sheets: found with what belongs to it, shown, and the files of its entry.
 *
 * Own sheets only, by the reach `mine` and the account on the sheet. What the entry says is shown, and its files given, once
 * the judge has declared to have no conflict; to one who stepped back not, or not any more.
 */
#include "feature/scoring/sheet.h"

#include "base/date.h"
#include "store/file.h"

/* ---- finding it ---- */

static Str why_closed(Req *rq, const Desk *d)
{
    const Scoring *sc = &d->sc;
    const Value *last = val_of(&d->panel, sc->p.closes);
    bool open = false;
    for (size_t i = 0; i < sc->p.close->n_from; i++) {
        open = open || sc->p.close->from[i] == d->panel.state;
    }
    int32_t today = instant_date(rq->cx.now_ms);
    if (!open) {
        return str_printf(rq->mem, "评审组现在是“%.*s”，不能再评分", STRF(d->panel.state->label));
    }
    if (last->has && today > last->i) {
        return str_printf(rq->mem, "评分已在%.*s截止", STRF(date_zh(rq->mem, (int32_t)last->i)));
    }
    if (!str_eq(d->rubric->hash, val_of(&d->panel, sc->p.rubric_hash)->s)) {
        return S("评分表在评审开始后被改过，评分暂停，请联系组织单位");
    }
    return S("");
}

bool desk_of(Req *rq, Desk *d)
{
    Cx *cx = &rq->cx;
    int64_t id;
    const Pack *p = rq->pack;
    if (!req_id(rq, &id)) {
        return false;
    }
    for (size_t i = 0; i < p->n_types; i++) { /* which sheets are called a sheet: few types, few instances */
        const RecordType *t = &p->types[i];
        if (pack_instance(p, S("scoring"), S("sheet"), t->id).n == 0) {
            continue;
        }
        if (!scoring_of(cx, p, "sheet", t, &d->sc)) {
            return false;
        }
        if (rec_get(cx, rq->store, &rq->actor, t, id, &d->sheet) &&
            str_eq(val_of(&d->sheet, d->sc.s.account)->s, rq->actor.login)) {
            const Scoring *sc = &d->sc;
            if (!system_rec(cx, rq->store, sc->panel, val_of(&d->sheet, sc->s.panel)->i, &d->panel) ||
                !system_rec(cx, rq->store, sc->entry, val_of(&d->sheet, sc->s.entry)->i, &d->entry) ||
                !round_rubric(cx, rq->store, sc, val_of(&d->panel, sc->p.round)->i, &d->rubric) ||
                !entry_facts(cx, rq->store, sc, &d->entry, &d->facts)) {
                return false;
            }
            d->closed = why_closed(rq, d);
            return true;
        }
        if (cx->err != E_OK && cx->err != E_NOT_FOUND) {
            return false;
        }
        cx_clear(cx);
    }
    return fail(cx, E_NOT_FOUND, "没有找到这张评分表，或者不是您的");
}

bool desk_declared(const Desk *d)
{
    const Value *conflict = val_of(&d->sheet, d->sc.s.conflict);
    return conflict->has && conflict->i == 0;
}

/* ---- what stands on it, and what is sent ---- */

const Row *desk_mark(const Desk *d, Str criterion)
{
    const Value *marks = val_of(&d->sheet, d->sc.s.marks);
    for (size_t i = 0; i < marks->n_rows; i++) {
        if (str_eq(marks->rows[i].v[d->sc.s.criterion->index].s, criterion)) {
            return &marks->rows[i];
        }
    }
    return NULL;
}

Str desk_param(Req *rq, const char *what, const Criterion *c)
{
    Str name = str_printf(rq->mem, "%s.%.*s", what, STRF(c->id));
    return str_trim(param_get(&rq->form, name));
}

bool desk_asked(Req *rq, const Criterion *c)
{
    return param_has(&rq->form, str_printf(rq->mem, "points.%.*s", STRF(c->id)));
}

/* ---- pages ---- */

bool sheet_page(Req *rq)
{
    Desk d;
    return desk_of(rq, &d) && desk_doc(rq, &d, NULL);
}

bool sheet_file(Req *rq)
{
    Desk d;
    int64_t id;
    File *list, f;
    size_t n;
    int fd;
    if (!desk_of(rq, &d)) {
        return false;
    }
    bool mine = desk_declared(&d) && id_read(req_arg(rq, "file"), &id);
    if (!mine || !file_list(&rq->cx, rq->store, &SCORING_SYSTEM, d.sc.entry, d.entry.id, &list, &n)) {
        return mine ? false : fail(&rq->cx, E_NOT_FOUND, "没有这个附件");
    }
    for (size_t i = 0; i < n; i++) {
        if (list[i].id == id) {
            if (!file_open(&rq->cx, rq->store, &SCORING_SYSTEM, id, &f, &fd)) {
                return false;
            }
            rq->file_fd = fd;
            rq->file_len = f.size;
            rq->file_type = f.mime;
            rq->file_name = f.name;
            rq->file_inline = str_eq(f.mime, S("application/pdf")) || str_starts(f.mime, S("image/"));
            req_header(rq, S("cache-control"), S("private, no-cache"));
            return true;
        }
    }
    return fail(&rq->cx, E_NOT_FOUND, "没有这个附件");
}
