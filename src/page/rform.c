/*
 * rform.c - entering and changing a record: one form for both, errors on top and beside the fields, nothing typed is ever lost. The
 * same handlers take JSON.
 */
#include "base/date.h"
#include "page/internal.h"
#include "store/closing.h"

static const Region *owner_region(const Req *rq)
{
    return rq->actor.org != NULL ? rq->actor.org->region : NULL;
}

EvalEnv form_env(Req *rq, const RecordType *t, const Value *values)
{
    return (EvalEnv){.cx = &rq->cx,
                     .pack = rq->pack,
                     .type = t,
                     .values = values,
                     .state = S(""),
                     .today = instant_date(rq->cx.now_ms),
                     .region = owner_region(rq),
                     .org = rq->actor.org,
                     .actor = rq->actor.login};
}

/* What a new form starts with: defaults, the person's own region, and what the address says (?field=value). */
void first_values(Req *rq, const RecordType *t, Value *values)
{
    EvalEnv env = form_env(rq, t, values);
    const Region *own = owner_region(rq);
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        Str text = param_get(&rq->query, f->id);
        int64_t id;
        Findings none = findings_new(rq->mem);
        Rec to;
        if (text.n != 0 && f->kind == FT_REF && id_read(text, &id)) {
            if (!rec_get(&rq->cx, rq->store, &rq->actor, f->ref, id, &to)) { /* the defaults would tell of it */
                cx_clear(&rq->cx);
                continue;
            }
            values[i] = (Value){.has = true, .i = id};
        } else if (text.n != 0 && f->kind != FT_REF && f->kind != FT_LIST) {
            (void)value_parse(rq->mem, rq->pack, f, f->id, text, own, &values[i], &none);
        } else if (f->default_value != NULL) {
            values[i] = rule_value(&env, f->default_value, f);
        } else if (f->kind == FT_REGION && own != NULL && str_eq(f->level, own->level)) {
            values[i] = (Value){.has = true, .s = own->code};
        }
    }
}

static bool has_finding(const Findings *found, Str id)
{
    for (size_t i = 0; found != NULL && i < found->n; i++) {
        if (str_eq(found->items[i].field, id)) {
            return true;
        }
    }
    return false;
}

void form_section(const FieldCtx *c, const EvalEnv *env, Doc *sections, Str label, Str clause, const Field *const *fields, size_t n)
{
    Req *rq = c->rq;
    Doc *o = doc_obj(rq->mem), *list = doc_set_list(o, "fields");
    doc_set_str(o, "label", label);
    if (clause.n != 0) {
        doc_set_str(o, "clause", clause);
    } else {
        doc_set_null(o, "clause");
    }
    for (size_t i = 0; i < n; i++) {
        const Field *f = fields[i];
        const Value *v = &env->values[f->index];
        bool hidden = f->show_when != NULL && !v->has && !has_finding(c->found, f->id) && rule_test(env, f->show_when) == TRI_FALSE;
        if (hidden || f->computed || !field_in_form(f, env->form) || !access_field(&rq->actor, c->type, f, false)) {
            continue;
        }
        doc_add_doc(list, f->kind == FT_LIST ? field_doc_list(c, f, v) : field_doc(c, f, f->id, v));
    }
    if (list->n != 0) {
        doc_add_doc(sections, o);
    }
}

static void form_sections(const FieldCtx *c, const Value *values, int32_t form)
{
    Req *rq = c->rq;
    const RecordType *t = c->type;
    EvalEnv env = form_env(rq, t, values);
    env.form = form;
    Doc *sections = doc_set_list(rq->doc, "sections");
    bool *placed = NEW_ARRAY(rq->mem, bool, t->n_fields);
    for (size_t i = 0; i < t->n_sections; i++) {
        const Section *s = &t->sections[i];
        form_section(c, &env, sections, s->label, s->clause, as_const_fields(s->fields), s->n);
        for (size_t k = 0; k < s->n; k++) {
            placed[s->fields[k]->index] = true;
        }
    }
    const Field **rest = arena_alloc_array(rq->mem, sizeof *rest, t->n_fields + 1);
    size_t n = 0;
    for (size_t i = 0; i < t->n_fields; i++) {
        if (!placed[i]) {
            rest[n++] = &t->fields[i];
        }
    }
    form_section(c, &env, sections, t->n_sections != 0 ? S("其他") : t->label, t->clause, as_const_fields(rest), n);
}

/* The form page. r NULL: a new record. Always true; 422 when there are findings to mend. */
static bool form_page(Req *rq, const RecordType *t, const Rec *r, const Value *values, const Findings *found)
{
    bool typed = rq->form.n != 0;
    FieldCtx c = {.rq = rq, .type = t, .found = found, .typed = typed ? &rq->form : NULL, .self = r != NULL ? r->id : 0};
    Str list = str_printf(rq->mem, "/r/%.*s", STRF(t->id)), back = r != NULL ? url_record(rq->mem, t, r->id, "") : list;
    Str name = r != NULL ? rec_title(rq, r) : S("新增");
    rq->doc = doc_obj(rq->mem);
    rq->view = "record/form";
    doc_set_str(rq->doc, "title", r != NULL ? str_printf(rq->mem, "修改：%.*s", STRF(name)) : str_printf(rq->mem, "新增%.*s", STRF(t->label)));
    doc_set_str(rq->doc, "type_label", t->label);
    doc_set_str(rq->doc, "action", back);
    doc_set_str(rq->doc, "back", back);
    doc_set_str(rq->doc, "note", t->note);
    Str idem = param_get(&rq->form, S("idem"));
    doc_set_str(rq->doc, "idem", idem.n != 0 && found == NULL ? idem : random_token(rq->mem, 12));
    if (r != NULL) {
        Str rev = param_get(&rq->form, S("rev"));
        doc_set_str(rq->doc, "rev", rev.n != 0 ? rev : str_printf(rq->mem, "%lld", (long long)r->rev));
    } else {
        doc_set_null(rq->doc, "rev");
    }
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
    form_sections(&c, values, r != NULL ? r->form : MAX(t->revision, 1));
    req_crumb(rq, t->label, list);
    if (r != NULL) {
        req_crumb(rq, name, back);
        req_crumb(rq, S("修改"), S(""));
    } else {
        req_crumb(rq, S("新增"), S(""));
    }
    if (found != NULL && found->errors != 0) {
        rq->status = err_info(E_INVALID)->http;
    }
    return true;
}

bool record_new(Req *rq)
{
    const RecordType *t = req_type(rq);
    if (t == NULL) {
        return false;
    }
    if (rq->actor.org == NULL || !access_create(rq->pack, &rq->actor, t, rq->actor.org)) {
        return fail(&rq->cx, E_FORBIDDEN, "您不能新增%.*s", STRF(t->label));
    }
    Value *values = NEW_ARRAY(rq->mem, Value, t->n_fields);
    first_values(rq, t, values);
    return form_page(rq, t, NULL, values, NULL);
}

static bool only_more(const Req *rq)
{
    return !rq->wants_json && param_get(&rq->form, S("_more")).n != 0; /* "one more row" was pressed: nothing is saved */
}

/* What a refused write becomes: problem JSON, or the form again with everything typed still in it. */
static bool refused(Req *rq, const RecordType *t, const Rec *r, const Value *values, Findings *found)
{
    ErrCode err = rq->cx.err;
    if (rq->wants_json) {
        return err != E_OK && err != E_INVALID ? false : (cx_clear(&rq->cx), req_invalid(rq, found));
    }
    if (err != E_OK && err != E_INVALID && err != E_CONFLICT) {
        return false;
    }
    if (found->errors == 0) {
        finding_add(found, false, S(""), S("refused"), rq->cx.err_clause, cx_text(&rq->cx));
    }
    cx_clear(&rq->cx);
    return form_page(rq, t, r, values, found);
}

static void saved_flash(Req *rq, const Rec *r, const Findings *found, const char *done)
{
    size_t warnings = found->n - found->errors;
    if (warnings != 0) {
        req_flash(rq, S("warn"), str_printf(rq->mem, "%s，有 %zu 处提示需要核对，见“核对提示”", done, warnings));
    } else {
        req_flash(rq, S("good"), str_printf(rq->mem, "%s：%.*s", done, STRF(rec_title(rq, r))));
    }
}

/* What was typed could not all be read: still say everything else that is wrong, once for each field. */
static void add_others(Findings *found, const Findings *more)
{
    size_t own = found->n;
    for (size_t i = 0; i < more->n; i++) {
        const Finding *f = &more->items[i];
        bool told = false;
        for (size_t k = 0; k < own; k++) {
            told = told || str_eq(found->items[k].field, f->field);
        }
        if (!told) {
            finding_add(found, f->warn, f->field, f->code, f->clause, f->text);
        }
    }
}

bool record_create(Req *rq)
{
    const RecordType *t = req_type(rq);
    if (t == NULL) {
        return false;
    }
    Str code = req_param(rq, "org");
    const Org *owner = code.n != 0 && rq->wants_json ? pack_org(rq->pack, code) : rq->actor.org;
    if (owner == NULL || !access_create(rq->pack, &rq->actor, t, owner)) {
        return fail(&rq->cx, E_FORBIDDEN, "您不能新增%.*s", STRF(t->label));
    }
    Value *values = NEW_ARRAY(rq->mem, Value, t->n_fields);
    bool *set = NEW_ARRAY(rq->mem, bool, t->n_fields);
    Findings found = findings_new(rq->mem);
    Rec r;
    bool ok = form_values(rq, t, t->fields, t->n_fields, rq->json == NULL, values, set, &found);
    if (only_more(rq)) {
        return form_page(rq, t, NULL, values, NULL);
    }
    WriteOpts o = {.reason = req_param(rq, "reason"), .dry_run = str_eq(req_param(rq, "dry_run"), S("1"))};
    if (!ok && rq->cx.err == E_OK) {
        Findings more = findings_new(rq->mem);
        WriteOpts dry = {.dry_run = true};
        (void)!rec_create(&rq->cx, rq->store, &rq->actor, t, owner, values, set, &dry, &more, &r);
        cx_clear(&rq->cx);
        add_others(&found, &more);
    }
    if (!ok || !rec_create(&rq->cx, rq->store, &rq->actor, t, owner, values, set, &o, &found, &r)) {
        return refused(rq, t, NULL, values, &found);
    }
    Str at = url_record(rq->mem, t, r.id, "");
    if (rq->wants_json) {
        rq->doc = rec_doc(rq, &r);
        doc_set_doc(rq->doc, "warnings", finding_list(rq->mem, &found, true));
        req_etag(rq, r.rev);
        rq->status = o.dry_run ? 200 : 201;
        rq->redirect = o.dry_run ? S("") : at;
        return true;
    }
    saved_flash(rq, &r, &found, "已保存");
    return req_see(rq, at);
}

static bool editable(Req *rq, const RecordType **ret_t, Rec *ret)
{
    if (!req_record(rq, ret_t, ret)) {
        return false;
    }
    return access_edit(rq->pack, &rq->actor, ret) ||
           fail(&rq->cx, E_FORBIDDEN, "“%.*s”状态下您不能修改这条记录", STRF(ret->state->label));
}

bool record_edit(Req *rq)
{
    const RecordType *t;
    Rec r;
    Str closed;
    if (!editable(rq, &t, &r) || !closing_refuses(&rq->cx, rq->store, t, r.v, &closed)) {
        return false;
    }
    if (closed.n != 0) {
        return fail(&rq->cx, E_WRONG_STATE, "%.*s", STRF(closed));
    }
    return form_page(rq, t, &r, r.v, NULL);
}

/* The record's values with the typed ones over them, for showing the form again. */
static Value *merged(Req *rq, const RecordType *t, const Rec *r, const Value *values, const bool *set)
{
    Value *v = NEW_ARRAY(rq->mem, Value, t->n_fields);
    for (size_t i = 0; i < t->n_fields; i++) {
        v[i] = set[i] ? values[i] : r->v[i];
    }
    return v;
}

bool record_update(Req *rq)
{
    const RecordType *t;
    Rec r, after;
    int64_t rev;
    bool changed = false;
    if (!editable(rq, &t, &r)) {
        return false;
    }
    Value *values = NEW_ARRAY(rq->mem, Value, t->n_fields);
    bool *set = NEW_ARRAY(rq->mem, bool, t->n_fields);
    Findings found = findings_new(rq->mem);
    bool ok = form_values(rq, t, t->fields, t->n_fields, rq->json == NULL && str_eq(rq->net->method, S("POST")), values, set, &found);
    if (only_more(rq)) {
        return form_page(rq, t, &r, merged(rq, t, &r, values, set), NULL);
    }
    if (!req_if_match(rq, &rev)) {
        return false;
    }
    if (ok && rev != r.rev && !rq->wants_json) {
        return conflict_page(rq, t, &r, rev, values, set);
    }
    WriteOpts o = {.rev = rev, .reason = req_param(rq, "reason"), .dry_run = str_eq(req_param(rq, "dry_run"), S("1"))};
    if (!ok && rq->cx.err == E_OK) {
        Findings more = findings_new(rq->mem);
        WriteOpts dry = {.rev = rev, .dry_run = true};
        (void)!rec_update(&rq->cx, rq->store, &rq->actor, t, r.id, values, set, &dry, &more, &after, &changed);
        cx_clear(&rq->cx);
        add_others(&found, &more);
    }
    if (!ok || !rec_update(&rq->cx, rq->store, &rq->actor, t, r.id, values, set, &o, &found, &after, &changed)) {
        if (rq->cx.err == E_STALE && !rq->wants_json) {
            cx_clear(&rq->cx);
            return rec_get(&rq->cx, rq->store, &rq->actor, t, r.id, &r) && conflict_page(rq, t, &r, rev, values, set);
        }
        return refused(rq, t, &r, merged(rq, t, &r, values, set), &found);
    }
    if (rq->wants_json) {
        rq->doc = rec_doc(rq, &after);
        doc_set_bool(rq->doc, "changed", changed);
        doc_set_doc(rq->doc, "warnings", finding_list(rq->mem, &found, true));
        req_etag(rq, after.rev);
        return true;
    }
    if (changed) {
        saved_flash(rq, &after, &found, "已保存");
    } else {
        req_flash(rq, S("info"), S("没有改动"));
    }
    return req_see(rq, url_record(rq->mem, t, r.id, ""));
}

bool record_delete(Req *rq)
{
    const RecordType *t;
    Rec r;
    int64_t rev;
    if (!editable(rq, &t, &r) || !req_if_match(rq, &rev)) {
        return false;
    }
    WriteOpts o = {.rev = rev, .reason = req_param(rq, "reason")};
    if (!rq->wants_json && str_trim(o.reason).n == 0) {
        return fail(&rq->cx, E_INVALID, "删除须写明理由");
    }
    if (!rec_delete(&rq->cx, rq->store, &rq->actor, t, r.id, &o)) {
        return false;
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("已删除"));
    return req_see(rq, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
}

/* The live check of one field while it is typed: findings and, when the check proposes one, a better value. */
bool record_check_field(Req *rq)
{
    const RecordType *t = req_type(rq);
    if (t == NULL) {
        return false;
    }
    const Field *f = type_field(t, req_arg(rq, "field"));
    if (f == NULL || !access_field(&rq->actor, t, f, false) || f->kind == FT_LIST || f->kind == FT_REF) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这个字段");
    }
    Str text = req_param(rq, str_z(rq->mem, f->id));
    text = text.n != 0 ? text : req_param(rq, "value");
    Value *values = NEW_ARRAY(rq->mem, Value, t->n_fields);
    first_values(rq, t, values);
    values[f->index] = (Value){0};
    Findings found = findings_new(rq->mem), own = findings_new(rq->mem);
    if (value_parse(rq->mem, rq->pack, f, f->id, text, owner_region(rq), &values[f->index], &found) && values[f->index].has) {
        EvalEnv env = form_env(rq, t, values);
        (void)id_read(req_param(rq, "self"), &env.self);
        record_check(&env, &found);
    }
    for (size_t i = 0; i < found.n; i++) {
        if (str_eq(found.items[i].field, f->id)) {
            finding_add(&own, found.items[i].warn, f->id, found.items[i].code, found.items[i].clause, found.items[i].text);
        }
    }
    rq->doc = doc_obj(rq->mem);
    doc_set_str(rq->doc, "field", f->id);
    doc_set_str(rq->doc, "value", text);
    doc_set_str(rq->doc, "normal", value_raw(rq->mem, f, &values[f->index]));
    doc_set_bool(rq->doc, "ok", own.n == 0 && text.n != 0);
    doc_set_doc(rq->doc, "findings", finding_list(rq->mem, &own, true));
    return true;
}
