/*
 * bench.c - a judge's own sheets: which there are, declaring a conflict before looking, marking beside the entry,
 * submitting.
 *
 * Own sheets only, by the reach `mine` and the account on the sheet. Each write looks again: panel open, not past its
 * last day, rubric unchanged, no conflict that came up since the draw.
 */
#include "feature/scoring/set.h"

#include "base/date.h"
#include "store/file.h"

#define OWN_SHEETS 200

/* ---- one sheet and what belongs to it ---- */

typedef struct {
    Scoring sc;
    Rec sheet, panel, entry;
    const Rubric *rubric;
    EntryFacts facts;
    Str closed; /* why nothing may be changed; empty: may */
} Desk;

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

static bool desk_of(Req *rq, Desk *d)
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

static bool declared(const Desk *d)
{
    return val_of(&d->sheet, d->sc.s.conflict)->has;
}

static const Row *mark_row(const Desk *d, Str criterion)
{
    const Value *marks = val_of(&d->sheet, d->sc.s.marks);
    for (size_t i = 0; i < marks->n_rows; i++) {
        if (str_eq(marks->rows[i].v[d->sc.s.criterion->index].s, criterion)) {
            return &marks->rows[i];
        }
    }
    return NULL;
}

static Str param_of(Req *rq, const char *what, const Criterion *c)
{
    Str name = str_printf(rq->mem, "%s.%.*s", what, STRF(c->id));
    return str_trim(param_get(&rq->form, name));
}

static bool asked(Req *rq, const Criterion *c)
{
    return param_has(&rq->form, str_printf(rq->mem, "points.%.*s", STRF(c->id)));
}

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
        const Row *old = mark_row(d, c->id);
        if (!asked(rq, c)) { /* a program may send one criterion at a time */
            if (old != NULL) {
                list.rows[list.n_rows++] = *old;
            }
            continue;
        }
        Value *v = NEW_ARRAY(rq->mem, Value, sc->s.marks->n_fields);
        Str where = str_printf(rq->mem, "points.%.*s", STRF(c->id)), text = param_of(rq, "points", c),
            reason = param_of(rq, "reason", c);
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
        const Row *row = c->expr == NULL ? mark_row(d, c->id) : NULL;
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

/* ---- documents ---- */

static bool hidden(Req *rq, const Scoring *sc, const Field *f)
{
    const Setting *st = scoring_setting(rq->pack, sc, "entry_hide");
    for (size_t i = 0; st != NULL && i < st->n; i++) {
        if (str_eq(st->values[i], f->id)) {
            return true;
        }
    }
    return f->personal || f == sc->entry->person;
}

static void fact(Req *rq, const Rec *r, const Field *f, Doc *list)
{
    const Value *v = &r->v[f->index];
    if (f->kind == FT_LIST || !v->has) {
        return;
    }
    Doc *o = doc_add_obj(list);
    doc_set_str(o, "label", f->label);
    doc_set_str(o, "text", value_words(&rq->cx, rq->store, f, v));
    doc_set_str(o, "unit", f->kind == FT_MONEY ? S("") : f->unit);
    doc_set_bool(o, "wide", f->kind == FT_LONG);
}

static bool entry_doc(Req *rq, const Desk *d, Doc *o)
{
    Doc *sections = doc_set_list(o, "sections"), *files = doc_set_list(o, "files");
    const RecordType *t = d->sc.entry;
    for (size_t i = 0; i < t->n_sections; i++) {
        Doc *s = doc_obj(rq->mem), *facts = doc_set_list(s, "facts");
        doc_set_str(s, "label", t->sections[i].label);
        for (size_t k = 0; k < t->sections[i].n; k++) {
            if (!hidden(rq, &d->sc, t->sections[i].fields[k])) {
                fact(rq, &d->entry, t->sections[i].fields[k], facts);
            }
        }
        if (facts->n != 0) {
            doc_add_doc(sections, s);
        }
    }
    File *list;
    size_t n;
    if (!file_list(&rq->cx, rq->store, &SCORING_SYSTEM, t, d->entry.id, &list, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        Doc *f = doc_add_obj(files);
        doc_set_str(f, "name", list[i].name);
        doc_set_str(f, "kind", list[i].kind);
        doc_set_str(f, "trust", list[i].trust);
        doc_set_str(f, "href",
                    str_printf(rq->mem, "/score/%lld/files/%lld", (long long)d->sheet.id, (long long)list[i].id));
    }
    return true;
}

static void auto_doc(Req *rq, const Desk *d, Doc *o)
{
    AutoScore *scores = NEW_ARRAY(rq->mem, AutoScore, d->rubric->n_criteria + 1);
    int32_t sum;
    size_t n = score_auto(env_make(&rq->cx, rq->store, &d->entry), d->rubric, scores, &sum);
    Doc *list = doc_set_list(o, "auto");
    for (size_t i = 0; i < n; i++) {
        Doc *c = doc_add_obj(list);
        doc_set_str(c, "label", scores[i].criterion->label);
        doc_set_str(c, "source", scores[i].criterion->source);
        doc_set_str(c, "why", scores[i].why);
        doc_set_bool(c, "known", scores[i].known);
        doc_set_str(c, "points", points_text(rq->mem, scores[i].points));
        doc_set_str(c, "max", points_text(rq->mem, scores[i].criterion->max));
    }
    doc_set_str(o, "auto_sum", points_text(rq->mem, sum));
}

static Str error_of(const Findings *found, Str field)
{
    for (size_t i = 0; found != NULL && i < found->n; i++) {
        if (!found->items[i].warn && str_eq(found->items[i].field, field)) {
            return found->items[i].text;
        }
    }
    return S("");
}

static void person_doc(Req *rq, const Desk *d, const Findings *found, Doc *o)
{
    Doc *list = doc_set_list(o, "criteria");
    int64_t sum = 0, max = 0, given = 0, n = 0;
    for (size_t i = 0; i < d->rubric->n_criteria; i++) {
        const Criterion *c = &d->rubric->criteria[i];
        if (c->expr != NULL) {
            continue;
        }
        const Row *row = mark_row(d, c->id);
        const Value *points = row != NULL ? &row->v[d->sc.s.points->index] : NULL;
        bool has = points != NULL && points->has, typed = found != NULL && asked(rq, c);
        Str pname = str_printf(rq->mem, "points.%.*s", STRF(c->id)),
            rname = str_printf(rq->mem, "reason.%.*s", STRF(c->id));
        Doc *x = doc_add_obj(list);
        doc_set_str(x, "id", c->id);
        doc_set_str(x, "label", c->label);
        doc_set_str(x, "group", c->group);
        doc_set_str(x, "note", c->note);
        doc_set_str(x, "clause", c->clause);
        doc_set_str(x, "max", points_text(rq->mem, c->max));
        doc_set_str(x, "points", typed ? param_of(rq, "points", c) : has ? points_text(rq->mem, points->i) : S(""));
        doc_set_str(x, "reason",
                    typed         ? param_of(rq, "reason", c)
                    : row != NULL ? row->v[d->sc.s.reason->index].s
                                  : S(""));
        doc_set_str(x, "points_error", error_of(found, pname));
        doc_set_str(x, "reason_error", error_of(found, rname));
        Doc *anchors = doc_set_list(x, "anchors");
        for (size_t k = 0; k < c->n_anchors; k++) {
            Doc *a = doc_add_obj(anchors);
            doc_set_str(a, "points", points_text(rq->mem, c->anchors[k].points));
            doc_set_str(a, "say", c->anchors[k].say);
        }
        sum += has ? points->i : 0;
        max += c->max;
        given += has;
        n++;
    }
    doc_set_str(o, "sum", points_text(rq->mem, sum));
    doc_set_str(o, "sum_max", points_text(rq->mem, max));
    doc_set_int(o, "given", given);
    doc_set_int(o, "wanted", n);
}

static void errors_doc(const Findings *found, Doc *o)
{
    Doc *list = doc_set_list(o, "errors");
    for (size_t i = 0; found != NULL && i < found->n; i++) {
        if (!found->items[i].warn) {
            Doc *e = doc_add_obj(list);
            doc_set_str(e, "field", found->items[i].field);
            doc_set_str(e, "text", found->items[i].text);
            doc_set_str(e, "clause", found->items[i].clause);
        }
    }
}

static bool desk_doc(Req *rq, const Desk *d, const Findings *found)
{
    Doc *o = rq->doc;
    const Scoring *sc = &d->sc;
    bool open = d->closed.n == 0 && d->sheet.state->editable;
    req_crumb(rq, S("我的评分"), S("/score"));
    req_crumb(rq, d->facts.title, S(""));
    doc_set_id(o, "id", d->sheet.id);
    doc_set_str(o, "no", d->sheet.no);
    doc_set_str(o, "title", d->facts.title);
    doc_set_str(o, "base", str_printf(rq->mem, "/score/%lld", (long long)d->sheet.id));
    doc_set_int(o, "rev", d->sheet.rev);
    doc_set_shown(o, "state", d->sheet.state->id, d->sheet.state->label);
    doc_set_str(o, "closed", d->sheet.state->editable ? d->closed : S(""));
    doc_set_bool(o, "open", open);
    doc_set_bool(o, "declare", open && !declared(d));
    doc_set_bool(o, "marking", open && declared(d));
    doc_set_bool(o, "shown", declared(d) && !doc_truthy(doc_bool(rq->mem, val_of(&d->sheet, sc->s.conflict)->i != 0)));
    const Value *last = val_of(&d->panel, sc->p.closes);
    doc_set_str(o, "closes", last->has ? date_zh(rq->mem, (int32_t)last->i) : S(""));
    doc_set_str(o, "rubric", d->rubric->label);
    doc_set_bool(o, "sample", d->rubric->sample);
    Buf units = buf_new(rq->mem, 4096);
    for (size_t i = 0; i < d->facts.n_units; i++) {
        if (d->facts.units[i].name.n != 0) {
            buf_printf(&units, "%s%.*s", units.n != 0 ? "、" : "", STRF(d->facts.units[i].name));
        }
    }
    doc_set_str(o, "unit_names", buf_str(&units));
    doc_set_str(o, "comment",
                param_has(&rq->form, S("comment")) && found != NULL ? req_param(rq, "comment")
                                                                    : val_of(&d->sheet, sc->s.comment)->s);
    errors_doc(found, o);
    req_etag(rq, d->sheet.rev);
    if (!declared(d)) { /* what the entry says is not shown before */
        doc_set_list(o, "sections");
        doc_set_list(o, "files");
        doc_set_list(o, "auto");
        doc_set_list(o, "criteria");
        doc_set_str(o, "auto_sum", S(""));
        doc_set_str(o, "sum", S(""));
        doc_set_str(o, "sum_max", S(""));
        doc_set_int(o, "given", 0);
        doc_set_int(o, "wanted", 0);
        return true;
    }
    auto_doc(rq, d, o);
    person_doc(rq, d, found, o);
    return entry_doc(rq, d, o);
}

bool sheet_page(Req *rq)
{
    Desk d;
    return desk_of(rq, &d) && desk_doc(rq, &d, NULL);
}

/* ---- steps ---- */

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
    if (!declared(&d)) {
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
    bool mine = declared(&d) && id_read(req_arg(rq, "file"), &id);
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

/* ---- all own sheets ---- */

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
