/*
 * fill.c - a draft filled in part by part: a list of its sections with how far each is, one section a page, kept whether finished or not. Works
 * without scripts and on a telephone. What is missing only stops the draft when it is handed in (WriteOpts.partial).
 */
#include "page/internal.h"

FillPart *fill_parts(Arena *mem, const RecordType *t, size_t *ret_n)
{
    FillPart *l = NEW_ARRAY(mem, FillPart, t->n_sections + 1);
    bool *placed = NEW_ARRAY(mem, bool, t->n_fields);
    const Field **rest = arena_alloc_array(mem, sizeof *rest, t->n_fields + 1);
    size_t n = 0, n_rest = 0;
    for (; n < t->n_sections; n++) {
        const Section *s = &t->sections[n];
        l[n] = (FillPart){s->label, s->clause, as_const_fields(s->fields), s->n, n + 1};
        for (size_t k = 0; k < s->n; k++) {
            placed[s->fields[k]->index] = true;
        }
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        if (!placed[i]) {
            rest[n_rest++] = &t->fields[i];
        }
    }
    if (n_rest != 0) {
        l[n] = (FillPart){n != 0 ? S("其他") : t->label, t->clause, as_const_fields(rest), n_rest, n + 1};
        n++;
    }
    *ret_n = n;
    return l;
}

bool fill_may_set(const Req *rq, const Rec *r, const Field *f)
{
    return field_in_form(f, r->form) && !f->computed && !f->read_only && access_field(&rq->actor, r->type, f, false);
}

bool fill_in_part(const FillPart *p, Str field)
{
    Str head, rest;
    (void)str_cut(field, '.', &head, &rest);
    for (size_t i = 0; i < p->n; i++) {
        if (str_eq(p->fields[i]->id, head)) {
            return true;
        }
    }
    return false;
}

Str fill_url(Arena *mem, const Rec *r, size_t number)
{
    return url_record(mem, r->type, r->id, number != 0 ? str_printf(mem, "/fill/%zu", number).p : "/fill");
}

bool fill_record(Req *rq, const RecordType **ret_t, Rec *ret)
{
    if (!req_record(rq, ret_t, ret)) {
        return false;
    }
    return access_edit(rq->pack, &rq->actor, ret) || fail(&rq->cx, E_FORBIDDEN, "“%.*s”状态下您不能填写这条记录", STRF(ret->state->label));
}

static bool has_open_field(const Req *rq, const Rec *r, const FillPart *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (fill_may_set(rq, r, p->fields[i])) {
            return true;
        }
    }
    return false;
}

static bool any_filled(const Req *rq, const Rec *r, const FillPart *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (fill_may_set(rq, r, p->fields[i]) && r->v[p->fields[i]->index].has) {
            return true;
        }
    }
    return false;
}

/* The next part with something to fill in after `number`; 0: none. */
static size_t next_part(const Req *rq, const Rec *r, size_t number)
{
    size_t n;
    const FillPart *l = fill_parts(rq->mem, r->type, &n);
    for (size_t i = 0; i < n; i++) {
        if (l[i].number > number && has_open_field(rq, r, &l[i])) {
            return l[i].number;
        }
    }
    return 0;
}

/* ---- the list ---- */

static void part_row(Req *rq, const Rec *r, const FillPart *p, const Findings *found, Doc *list, size_t *ret_done)
{
    size_t wrong = 0;
    bool any = any_filled(rq, r, p);
    for (size_t i = 0; i < found->n; i++) {
        wrong += !found->items[i].warn && fill_in_part(p, found->items[i].field);
    }
    Doc *o = doc_add_obj(list);
    Str state = any && wrong == 0 ? S("done") : any ? S("problems") : wrong == 0 ? S("optional") : S("empty");
    Str shown = any && wrong == 0 ? S("已填") : any ? str_printf(rq->mem, "有 %zu 处问题", wrong) : wrong == 0 ? S("未填，没有必填项") : S("未填");
    *ret_done += wrong == 0;
    doc_set_int(o, "number", (int64_t)p->number);
    doc_set_str(o, "label", p->label);
    doc_set_shown(o, "state", state, shown);
    doc_html_only(doc_set_str(o, "tone", any && wrong == 0 ? S("good") : any ? S("bad") : S("plain")));
    doc_set_int(o, "problems", (int64_t)wrong);
    Str at = fill_url(rq->mem, r, p->number);
    doc_set_str(o, "href", any && wrong != 0 ? url_with(rq->mem, at, NULL, &(UrlSet){S("check"), S("1")}, 1) : at);
}

bool fill_list(Req *rq)
{
    const RecordType *t;
    Rec r;
    Findings found = findings_new(rq->mem);
    if (!fill_record(rq, &t, &r) || !rec_findings(&rq->cx, rq->store, &rq->actor, t, r.id, &found)) {
        return false;
    }
    size_t n, done = 0;
    const FillPart *l = fill_parts(rq->mem, t, &n);
    rq->doc = doc_obj(rq->mem);
    doc_set_id(rq->doc, "id", r.id);
    doc_set_str(rq->doc, "title", rec_title(rq, &r).n != 0 ? rec_title(rq, &r) : t->label);
    doc_set_str(rq->doc, "type_label", t->label);
    doc_set_str(rq->doc, "no", r.no);
    doc_set_str(rq->doc, "note", t->note);
    Doc *rows = doc_set_list(rq->doc, "sections");
    for (size_t i = 0; i < n; i++) {
        if (has_open_field(rq, &r, &l[i])) {
            part_row(rq, &r, &l[i], &found, rows, &done);
        }
    }
    doc_set_int(rq->doc, "done", (int64_t)done);
    doc_set_int(rq->doc, "total", (int64_t)rows->n);
    doc_set_bool(rq->doc, "complete", done == rows->n);
    doc_set_str(rq->doc, "check_href", url_record(rq->mem, t, r.id, "/fill/check"));
    doc_set_str(rq->doc, "record_href", url_record(rq->mem, t, r.id, ""));
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, doc_get_str(rq->doc, "title"), url_record(rq->mem, t, r.id, ""));
    req_crumb(rq, S("逐项填写"), S(""));
    return true;
}

/* ---- one part ---- */

static bool req_part(Req *rq, const Rec *r, FillPart *ret)
{
    int64_t number;
    size_t n;
    const FillPart *l = fill_parts(rq->mem, r->type, &n);
    if (!str_int(req_arg(rq, "section"), &number) || number < 1 || (size_t)number > n || !has_open_field(rq, r, &l[number - 1])) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这一部分");
    }
    *ret = l[number - 1];
    return true;
}

static Findings only_part(Req *rq, const FillPart *p, const Findings *found)
{
    Findings out = findings_new(rq->mem);
    for (size_t i = 0; found != NULL && i < found->n; i++) {
        const Finding *f = &found->items[i];
        if (f->field.n == 0 || fill_in_part(p, f->field) || str_eq(f->code, S("rule"))) {
            finding_add(&out, f->warn, fill_in_part(p, f->field) ? f->field : S(""), f->code, f->clause, f->text);
        }
    }
    return out;
}

static bool part_page(Req *rq, const Rec *r, const FillPart *p, const Value *values, const Findings *found)
{
    Findings own = only_part(rq, p, found);
    FieldCtx c = {.rq = rq, .type = r->type, .found = &own, .typed = rq->form.n != 0 ? &rq->form : NULL, .self = r->id};
    EvalEnv env = form_env(rq, r->type, values);
    env.form = r->form;
    size_t n;
    (void)fill_parts(rq->mem, r->type, &n);
    rq->doc = doc_obj(rq->mem);
    rq->view = "record/fill_section";
    doc_set_str(rq->doc, "title", p->label);
    doc_set_str(rq->doc, "record_title", rec_title(rq, r).n != 0 ? rec_title(rq, r) : r->type->label);
    doc_set_int(rq->doc, "number", (int64_t)p->number);
    doc_set_int(rq->doc, "total", (int64_t)n);
    doc_set_str(rq->doc, "action", fill_url(rq->mem, r, p->number));
    doc_set_str(rq->doc, "list_href", fill_url(rq->mem, r, 0));
    doc_set_int(rq->doc, "rev", r->rev);
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, &own, false));
    form_section(&c, &env, doc_set_list(rq->doc, "sections"), p->label, p->clause, p->fields, p->n);
    req_crumb(rq, r->type->label, str_printf(rq->mem, "/r/%.*s", STRF(r->type->id)));
    req_crumb(rq, doc_get_str(rq->doc, "record_title"), fill_url(rq->mem, r, 0));
    req_crumb(rq, p->label, S(""));
    return true;
}

bool fill_section(Req *rq)
{
    const RecordType *t;
    Rec r;
    FillPart p;
    Findings found = findings_new(rq->mem);
    if (!fill_record(rq, &t, &r) || !req_part(rq, &r, &p)) {
        return false;
    }
    if (req_param(rq, "check").n != 0 && !rec_findings(&rq->cx, rq->store, &rq->actor, t, r.id, &found)) {
        return false;
    }
    return part_page(rq, &r, &p, r.v, found.n != 0 ? &found : NULL);
}

/* The fields of the part as typed, at their places among all fields. */
static bool part_values(Req *rq, const Rec *r, const FillPart *p, Value *values, bool *set, Findings *found)
{
    Field *fields = NEW_ARRAY(rq->mem, Field, p->n);
    Value *typed = NEW_ARRAY(rq->mem, Value, p->n);
    bool *given = NEW_ARRAY(rq->mem, bool, p->n);
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (fill_may_set(rq, r, p->fields[i])) {
            fields[n++] = *p->fields[i];
        }
    }
    bool ok = form_values(rq, NULL, fields, n, rq->json == NULL, typed, given, found);
    for (size_t i = 0; i < n; i++) {
        values[fields[i].index] = typed[i];
        set[fields[i].index] = given[i];
    }
    return ok;
}

static bool not_kept(Req *rq, const Rec *r, const FillPart *p, const Value *values, const bool *set, Findings *found)
{
    ErrCode err = rq->cx.err;
    if (rq->wants_json) {
        return err != E_OK && err != E_INVALID ? false : (cx_clear(&rq->cx), req_invalid(rq, found));
    }
    if (err != E_OK && err != E_INVALID && err != E_STALE && err != E_CONFLICT) {
        return false;
    }
    if (found->errors == 0) {
        finding_add(found, false, S(""), S("refused"), rq->cx.err_clause,
                    err == E_STALE ? S("这份材料刚刚被别人修改过。下面是您填写的内容，核对后再按一次“保存”") : cx_text(&rq->cx));
    }
    cx_clear(&rq->cx);
    Value *shown = NEW_ARRAY(rq->mem, Value, r->type->n_fields);
    for (size_t i = 0; i < r->type->n_fields; i++) {
        shown[i] = set[i] ? values[i] : r->v[i];
    }
    rq->status = err_info(err == E_OK ? E_INVALID : err)->http;
    return part_page(rq, r, p, shown, found);
}

bool fill_section_post(Req *rq)
{
    const RecordType *t;
    Rec r, after;
    FillPart p;
    bool changed;
    WriteOpts o = {.partial = true};
    Findings found = findings_new(rq->mem);
    if (!fill_record(rq, &t, &r) || !req_part(rq, &r, &p) || !req_if_match(rq, &o.rev)) {
        return false;
    }
    Value *values = NEW_ARRAY(rq->mem, Value, t->n_fields);
    bool *set = NEW_ARRAY(rq->mem, bool, t->n_fields);
    bool ok = part_values(rq, &r, &p, values, set, &found);
    if (!rq->wants_json && param_get(&rq->form, S("_more")).n != 0) { /* "one more row" was pressed: nothing is kept */
        return part_page(rq, &r, &p, r.v, NULL);
    }
    if (!ok || !rec_update(&rq->cx, rq->store, &rq->actor, t, r.id, values, set, &o, &found, &after, &changed)) {
        return not_kept(rq, &r, &p, values, set, &found);
    }
    if (rq->wants_json) {
        rq->doc = rec_doc(rq, &after);
        doc_set_bool(rq->doc, "changed", changed);
        doc_set_doc(rq->doc, "warnings", finding_list(rq->mem, &found, true));
        req_etag(rq, after.rev);
        return true;
    }
    size_t next = next_part(rq, &after, p.number);
    bool list = str_eq(req_param(rq, "then"), S("list"));
    return req_see(rq, list ? fill_url(rq->mem, &after, 0) : next != 0 ? fill_url(rq->mem, &after, next) : url_record(rq->mem, t, r.id, "/fill/check"));
}
