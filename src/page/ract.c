/*
 * ract.c - steps with one record or with many checked ones, and looking at personal data for a reason.
 */
#include "page/internal.h"

static const Action *req_action(Req *rq, const RecordType *t)
{
    const Action *a = t != NULL ? type_action(t, req_arg(rq, "action")) : NULL;
    if (t != NULL && a == NULL) {
        (void)fail(&rq->cx, E_NOT_FOUND, "没有这个办理步骤");
    }
    return a;
}

/* A phrase that was picked stands before what was typed. */
static Str act_reason(Req *rq)
{
    Str reason = str_trim(req_param(rq, "reason")), phrase = str_trim(req_param(rq, "phrase"));
    return phrase.n == 0 ? reason : reason.n == 0 ? phrase : str_printf(rq->mem, "%.*s；%.*s", STRF(phrase), STRF(reason));
}

static Str act_done(const Action *a)
{
    return a->done.n != 0 ? a->done : a->label;
}

/* The record's page again, with what is wrong beside the inputs of the step. */
static bool act_refused(Req *rq, const Rec *r, Findings *found)
{
    ErrCode err = rq->cx.err;
    if (rq->wants_json) {
        return err != E_INVALID && err != E_OK ? false : (cx_clear(&rq->cx), req_invalid(rq, found));
    }
    if (err != E_OK && err != E_INVALID && err != E_WRONG_STATE && err != E_STALE && err != E_FORBIDDEN && err != E_CONFLICT) {
        return false;
    }
    if (found->errors == 0) {
        finding_add(found, false, S(""), S("refused"), rq->cx.err_clause, cx_text(&rq->cx));
    }
    cx_clear(&rq->cx);
    exchange(rq)->act_found = found;
    rq->view = "record/show";
    rq->status = err_info(err != E_OK ? err : E_INVALID)->http;
    Rec now;
    return rec_get(&rq->cx, rq->store, &rq->actor, r->type, r->id, &now) && show_doc(rq, &now);
}

bool record_action(Req *rq)
{
    const RecordType *t;
    Rec r, after;
    if (!req_record(rq, &t, &r)) {
        return false;
    }
    const Action *act = req_action(rq, t);
    WriteOpts o = {.reason = act_reason(rq)};
    if (act == NULL || !req_if_match(rq, &o.rev)) {
        return false;
    }
    Value *inputs = NEW_ARRAY(rq->mem, Value, act->n_ask + 1);
    bool *set = NEW_ARRAY(rq->mem, bool, act->n_ask + 1);
    Findings found = findings_new(rq->mem);
    if (!form_values(rq, NULL, act->ask, act->n_ask, true, inputs, set, &found) ||
        !rec_act(&rq->cx, rq->store, &rq->actor, t, r.id, act, inputs, &o, &found, &after)) {
        return act_refused(rq, &r, &found);
    }
    if (rq->wants_json) {
        rq->doc = rec_doc(rq, &after);
        req_etag(rq, after.rev);
        return true;
    }
    Signs signs;
    Str done = act_done(act);
    if (after.rev == r.rev && rec_signs(&rq->cx, rq->store, &after, act, &signs) && signs.missing > 0) { /* not the last who must sign */
        done = str_printf(rq->mem, "已签署，%.*s", STRF(signs_missing_text(&rq->cx, rq->store, &signs)));
    }
    req_flash(rq, S("good"), str_printf(rq->mem, "%.*s：%.*s", STRF(done), STRF(rec_title(rq, &after))));
    Str back = req_param(rq, "back");
    bool seen = rec_get(&rq->cx, rq->store, &rq->actor, t, r.id, &after);
    cx_clear(&rq->cx);
    return req_see(rq, url_local(back) ? back : seen ? url_record(rq->mem, t, r.id, "") : str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
}

static void bulk_result(Req *rq, Doc *l, int64_t id, Str title, bool ok, Str why)
{
    Doc *o = doc_add_obj(l);
    doc_set_id(o, "id", id);
    doc_set_str(o, "title", title);
    doc_set_bool(o, "ok", ok);
    if (ok) {
        doc_set_null(o, "why");
    } else {
        doc_set_str(o, "why", why);
    }
    (void)rq;
}

static Str first_reason(const Req *rq, const Findings *found)
{
    for (size_t i = 0; i < found->n; i++) {
        if (!found->items[i].warn) {
            return found->items[i].text;
        }
    }
    return cx_text(&rq->cx);
}

/* One after another, each in its own transaction: what can be done is done, the rest is named with its reason. */
static void bulk_one(Req *rq, const RecordType *t, const Action *act, const Value *inputs, Str text, Doc *results, size_t *ret_done)
{
    Rec r, after;
    int64_t id;
    Findings found = findings_new(rq->mem);
    WriteOpts o = {.reason = act_reason(rq)};
    if (!id_read(text, &id)) {
        return;
    }
    Str title = text;
    bool ok = rec_get(&rq->cx, rq->store, &rq->actor, t, id, &r);
    if (ok) {
        title = rec_title(rq, &r);
        o.rev = r.rev;
        ok = rec_act(&rq->cx, rq->store, &rq->actor, t, id, act, inputs, &o, &found, &after);
    }
    bulk_result(rq, results, id, title, ok, ok ? S("") : first_reason(rq, &found));
    *ret_done += ok;
    cx_clear(&rq->cx);
}

bool record_bulk(Req *rq)
{
    const RecordType *t = req_type(rq);
    const Action *act = req_action(rq, t);
    Str ids[200], back = req_param(rq, "back");
    if (act == NULL) {
        return false;
    }
    if (!act->bulk) {
        return fail(&rq->cx, E_WRONG_STATE, "“%.*s”须逐条办理", STRF(act->label));
    }
    size_t n = param_all(&rq->form, S("ids"), ids, ARRAY_LEN(ids)), done = 0;
    Str list = url_local(back) ? back : str_printf(rq->mem, "/r/%.*s", STRF(t->id));
    if (n == 0) {
        if (rq->wants_json) {
            return fail(&rq->cx, E_BAD_REQUEST, "请在 ids 中给出记录的 id");
        }
        req_flash(rq, S("warn"), S("请先勾选要办理的记录"));
        return req_see(rq, list);
    }
    Value *inputs = NEW_ARRAY(rq->mem, Value, act->n_ask + 1);
    bool *set = NEW_ARRAY(rq->mem, bool, act->n_ask + 1);
    Findings found = findings_new(rq->mem);
    bool missing = act->reason_required && act_reason(rq).n == 0;
    if (missing) {
        finding_add(&found, false, S("reason"), S("required"), act->clause, str_printf(rq->mem, "“%.*s”须写明理由", STRF(act->label)));
    }
    bool readable = form_values(rq, NULL, act->ask, act->n_ask, true, inputs, set, &found);
    for (size_t i = 0; i < act->n_ask && readable; i++) {
        if (act->ask[i].required && !inputs[i].has) {
            missing = true;
            finding_add(&found, false, act->ask[i].id, S("required"), act->ask[i].clause,
                        str_printf(rq->mem, "请填写%.*s", STRF(act->ask[i].label)));
        }
    }
    if (!readable || missing) {
        if (rq->wants_json) {
            return req_invalid(rq, &found);
        }
        return bulk_confirm(rq, t, act, ids, n, list, &found);
    }
    rq->doc = doc_obj(rq->mem);
    Doc *results = doc_set_list(rq->doc, "results");
    for (size_t i = 0; i < n; i++) {
        bulk_one(rq, t, act, inputs, ids[i], results, &done);
    }
    doc_set_int(rq->doc, "done", (int64_t)done);
    doc_set_int(rq->doc, "refused", (int64_t)(n - done));
    if (rq->wants_json) {
        return true;
    }
    if (done == n) {
        rq->doc = NULL;
        req_flash(rq, S("good"), str_printf(rq->mem, "%.*s：%zu 条", STRF(act_done(act)), done));
        return req_see(rq, list);
    }
    rq->view = "record/bulk";
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "%.*s：%zu 条已办，%zu 条没有办", STRF(act->label), done, n - done));
    doc_set_str(rq->doc, "back", list);
    req_crumb(rq, t->label, list);
    req_crumb(rq, act->label, S(""));
    return true;
}

/* A bulk step that still needs a reason or an input: ask for it once, for all. */
bool bulk_confirm(Req *rq, const RecordType *t, const Action *act, const Str *ids, size_t n, Str back, const Findings *found)
{
    rq->doc = doc_obj(rq->mem);
    rq->view = "record/confirm";
    rq->status = param_has(&rq->form, S("asked")) ? err_info(E_INVALID)->http : 200;
    Str href = str_printf(rq->mem, "/r/%.*s/do/%.*s", STRF(t->id), STRF(act->id));
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "%.*s：%zu 条", STRF(act->label), n));
    doc_set_doc(rq->doc, "act", action_form_doc(rq, t, act, href, found));
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, rq->status == 200 ? NULL : found, false));
    Doc *l = doc_set_list(rq->doc, "ids");
    for (size_t i = 0; i < n; i++) {
        doc_add_str(l, ids[i]);
    }
    doc_set_int(rq->doc, "count", (int64_t)n);
    doc_set_str(rq->doc, "back", back);
    req_crumb(rq, t->label, back);
    req_crumb(rq, act->label, S(""));
    return true;
}

bool record_erase(Req *rq)
{
    const RecordType *t;
    Rec r, after;
    if (!req_record(rq, &t, &r)) {
        return false;
    }
    if (!rec_erase(&rq->cx, rq->store, &rq->actor, t, r.id, 0, str_trim(req_param(rq, "reason")), &after)) {
        Findings found = findings_new(rq->mem);
        return rq->cx.err == E_INVALID && !rq->wants_json && act_refused(rq, &r, &found);
    }
    rq->view = "record/show";
    if (rq->wants_json) {
        return show_doc(rq, &after);
    }
    req_flash(rq, S("good"), S("已删除这条记录的个人信息"));
    rq->redirect = url_record(rq->mem, t, r.id, "");
    return true;
}

bool record_unmask(Req *rq)
{
    const RecordType *t;
    Rec r, clear;
    if (!req_record(rq, &t, &r)) {
        return false;
    }
    if (!rec_unmask(&rq->cx, rq->store, &rq->actor, t, r.id, str_trim(req_param(rq, "reason")), &clear)) {
        Findings found = findings_new(rq->mem);
        return rq->cx.err == E_INVALID && !rq->wants_json && act_refused(rq, &r, &found); /* the reason is missing or too short */
    }
    if (!show_doc(rq, &clear)) {
        return false;
    }
    rq->view = "record/show";
    return true;
}
