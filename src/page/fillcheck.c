/*
 * fillcheck.c - the beginning and the end of a draft filled in part by part: what must be known to make it, and the page that shows all answers, what
 * is wrong with them, the attachments, and each condition of the next step with its figures.
 */
#include "page/internal.h"

/* ---- beginning ---- */

/* What the draft hangs on: its required references. Everything else may wait. */
static bool asked_first(const Req *rq, const RecordType *t, const Field *f)
{
    return f->kind == FT_REF && f->required && !f->read_only && !f->computed && access_field(&rq->actor, t, f, false);
}

static bool may_start(Req *rq, const RecordType *t)
{
    return (rq->actor.org != NULL && access_create(rq->pack, &rq->actor, t, rq->actor.org)) || fail(&rq->cx, E_FORBIDDEN, "您不能新增%.*s", STRF(t->label));
}

static bool start_page(Req *rq, const RecordType *t, const Value *values, const Findings *found)
{
    FieldCtx c = {.rq = rq, .type = t, .found = found, .typed = rq->form.n != 0 ? &rq->form : NULL};
    rq->doc = doc_obj(rq->mem);
    rq->view = "record/start";
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "填写%.*s", STRF(t->label)));
    doc_set_str(rq->doc, "note", t->note);
    doc_set_str(rq->doc, "action", str_printf(rq->mem, "/r/%.*s/start", STRF(t->id)));
    doc_set_str(rq->doc, "back", str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    doc_set_str(rq->doc, "idem", random_token(rq->mem, 12));
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
    Doc *fields = doc_set_list(rq->doc, "fields"), *parts = doc_set_list(rq->doc, "parts");
    for (size_t i = 0; i < t->n_fields; i++) {
        if (asked_first(rq, t, &t->fields[i])) {
            doc_add_doc(fields, field_doc(&c, &t->fields[i], t->fields[i].id, &values[i]));
        }
    }
    for (size_t i = 0; i < t->n_sections; i++) {
        bool open = false;
        for (size_t k = 0; k < t->sections[i].n; k++) {
            open = open || (!t->sections[i].fields[k]->read_only && !t->sections[i].fields[k]->computed);
        }
        if (open) {
            doc_add_str(parts, t->sections[i].label);
        }
    }
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, S("开始填写"), S(""));
    return true;
}

bool fill_start(Req *rq)
{
    const RecordType *t = req_type(rq);
    if (t == NULL || !may_start(rq, t)) {
        return false;
    }
    Value *values = NEW_ARRAY(rq->mem, Value, t->n_fields);
    first_values(rq, t, values);
    return start_page(rq, t, values, NULL);
}

/* Does this person see nothing of the type but what is theirs? Then the record is made out to them. */
static bool sees_own_only(const Req *rq, const RecordType *t)
{
    Reach best = REACH_NONE;
    for (size_t i = 0; i < rq->actor.n_roles; i++) {
        const Grant *g = type_grant(t, rq->actor.roles[i]);
        best = g != NULL ? MAX(best, g->read) : best;
    }
    return best == REACH_MINE;
}

bool fill_start_post(Req *rq)
{
    const RecordType *t = req_type(rq);
    Rec r;
    if (t == NULL || !may_start(rq, t)) {
        return false;
    }
    Value *values = NEW_ARRAY(rq->mem, Value, t->n_fields);
    bool *set = NEW_ARRAY(rq->mem, bool, t->n_fields);
    Findings found = findings_new(rq->mem);
    bool ok = form_values(rq, t, t->fields, t->n_fields, false, values, set, &found);
    for (size_t i = 0; i < t->n_fields; i++) {
        set[i] = set[i] && values[i].has; /* what was not said gets its default */
        if (asked_first(rq, t, &t->fields[i]) && !set[i]) {
            finding_add(&found, false, t->fields[i].id, S("required"), t->fields[i].clause, str_printf(rq->mem, "%.*s：请选择", STRF(t->fields[i].label)));
        }
    }
    if (t->person != NULL && sees_own_only(rq, t)) {
        values[t->person->index] = (Value){.has = true, .s = rq->actor.login};
        set[t->person->index] = true;
    }
    WriteOpts o = {.partial = true};
    if (ok && found.errors == 0 && rec_create(&rq->cx, rq->store, &rq->actor, t, rq->actor.org, values, set, &o, &found, &r)) {
        if (rq->wants_json) {
            rq->doc = rec_doc(rq, &r);
            req_etag(rq, r.rev);
            rq->status = 201;
        }
        return req_see(rq, fill_url(rq->mem, &r, 0));
    }
    ErrCode err = rq->cx.err;
    if ((err != E_OK && err != E_INVALID && err != E_CONFLICT) || (rq->wants_json && err == E_CONFLICT)) {
        return false;
    }
    if (found.errors == 0) {
        finding_add(&found, false, S(""), S("refused"), rq->cx.err_clause, cx_text(&rq->cx));
    }
    cx_clear(&rq->cx);
    if (rq->wants_json) {
        return req_invalid(rq, &found);
    }
    rq->status = err_info(err == E_CONFLICT ? err : E_INVALID)->http;
    return start_page(rq, t, values, &found);
}

/* ---- end ---- */

/* Each fault with the way to the place where it can be mended. */
static void problems(Req *rq, const Rec *r, const FillPart *l, size_t n, const Findings *found, Doc *list)
{
    for (size_t i = 0; i < found->n; i++) {
        const Finding *f = &found->items[i];
        size_t number = 0;
        for (size_t k = 0; k < n && number == 0; k++) {
            number = fill_in_part(&l[k], f->field) ? l[k].number : 0;
        }
        Doc *o = doc_add_obj(list);
        Str at = number == 0 ? fill_url(rq->mem, r, 0)
                             : str_printf(rq->mem, "%.*s?check=1#f-%.*s", STRF(fill_url(rq->mem, r, number)), STRF(f->field));
        doc_set_str(o, "field", f->field);
        doc_set_str(o, "text", f->text);
        doc_set_bool(o, "warn", f->warn);
        doc_set_str(o, "href", at);
    }
}

bool fill_check(Req *rq)
{
    const RecordType *t;
    Rec r;
    Findings found = findings_new(rq->mem);
    size_t n;
    if (!fill_record(rq, &t, &r) || !rec_findings(&rq->cx, rq->store, &rq->actor, t, r.id, &found)) {
        return false;
    }
    const FillPart *l = fill_parts(rq->mem, t, &n);
    rq->doc = doc_obj(rq->mem);
    Str title = rec_title(rq, &r).n != 0 ? rec_title(rq, &r) : t->label;
    doc_set_id(rq->doc, "id", r.id);
    doc_set_str(rq->doc, "title", title);
    doc_set_str(rq->doc, "type_label", t->label);
    doc_set_str(rq->doc, "base", url_record(rq->mem, t, r.id, ""));
    doc_set_str(rq->doc, "list_href", fill_url(rq->mem, &r, 0));
    doc_set_str(rq->doc, "here_href", url_record(rq->mem, t, r.id, "/fill/check"));
    doc_set_int(rq->doc, "rev", r.rev);
    doc_html_only(doc_set_str(rq->doc, "idem", random_token(rq->mem, 12)));
    problems(rq, &r, l, n, &found, doc_set_list(rq->doc, "problems"));
    Doc *sections = doc_set_list(rq->doc, "sections");
    for (size_t i = 0; i < n; i++) {
        size_t before = sections->n;
        bool open = false;
        for (size_t k = 0; k < l[i].n; k++) {
            open = open || fill_may_set(rq, &r, l[i].fields[k]);
        }
        if (!open && r.state->initial) {
            continue; /* what the program and the offices fill in later: nothing to check yet */
        }
        show_section(rq, sections, &r, l[i].label, l[i].fields, l[i].n);
        if (sections->n != before) {
            doc_set_str(sections->last, "change", open ? fill_url(rq->mem, &r, l[i].number) : S(""));
        }
    }
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, title, fill_url(rq->mem, &r, 0));
    req_crumb(rq, S("检查并提交"), S(""));
    return file_rows(rq, &r) && actions_doc(rq, &r, rq->doc);
}
