/*
 * pform.c - the form of a record type that anyone may fill in without an account: one page, nothing typed is lost, a number and a query code at
 * the end, and the page where the sender asks what became of it.
 *
 * Against programs that fill in forms: limits by network address and type (store/openform.h), a token bound to a cookie as at sign-in, and a
 * field that people do not see. A program that sends JSON needs no token: another site's page cannot send JSON in a visitor's name.
 */
#include "base/date.h"
#include "page/internal.h"
#include "store/openform.h"

#define FILES_MAX 5

typedef struct {
    const RecordType *t;
    const PublicForm *form;
    Field *fields;               /* copies of those asked, one after the other */
    Value *values;               /* one per field asked */
    bool *set;
    bool has_about;
    Rec about;
    const Org *owner;
} Asked;

static const Org *top_org(const Pack *p)
{
    for (size_t i = 0; i < p->n_orgs; i++) {
        if (p->orgs[i].parent == NULL) {
            return &p->orgs[i];
        }
    }
    return NULL;
}

/* The office of a region, or of the nearest region above that has one. */
static const Org *region_org(const Pack *p, const Region *at)
{
    for (const Region *r = at; r != NULL; r = r->parent) {
        for (size_t i = 0; i < p->n_orgs; i++) {
            if (p->orgs[i].region == r) {
                return &p->orgs[i];
            }
        }
    }
    return NULL;
}

/* The published record it is about, read with nobody's rights whoever is looking. */
static bool read_about(Req *rq, Asked *a)
{
    static const Actor ANYONE = {.via = STR_INIT("public")};
    const Field *f = a->form->about;
    int64_t id;
    if (f == NULL) {
        return true;
    }
    if (!id_read(req_param(rq, "about"), &id)) {
        return fail(&rq->cx, E_NOT_FOUND, "请从%.*s的公开页面打开这张表", STRF(f->ref->label));
    }
    if (!rec_get(&rq->cx, rq->store, &ANYONE, f->ref, id, &a->about)) {
        return false;
    }
    a->has_about = true;
    return true;
}

static bool is_open(Req *rq, const Asked *a, bool *ret)
{
    Value v = {0};
    Str shown;
    Rec none = {.type = a->t, .home = a->owner->home, .holder = a->owner->home, .state = &a->t->states[0], .no = S(""), .warnings = S(""),
                .v = NEW_ARRAY(rq->mem, Value, a->t->n_fields)};
    *ret = true;
    if (a->form->open_when == NULL) {
        return true;
    }
    if (!rec_eval(&rq->cx, rq->store, a->has_about ? &a->about : &none, a->form->open_when, &v, &shown)) {
        return false;
    }
    *ret = v.has && v.i != 0;
    return true;
}

/* The type's form with the record it is about; E_NOT_FOUND when there is none, E_WRONG_STATE when it is closed. */
static bool asked(Req *rq, Asked *a)
{
    *a = (Asked){.t = req_type(rq)};
    if (a->t == NULL) {
        return false;
    }
    a->form = a->t->open;
    if (a->form == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这个页面");
    }
    size_t n = a->form->n_fields;
    a->fields = NEW_ARRAY(rq->mem, Field, n);
    a->values = NEW_ARRAY(rq->mem, Value, n);
    a->set = NEW_ARRAY(rq->mem, bool, n);
    for (size_t i = 0; i < n; i++) {
        a->fields[i] = *a->form->fields[i];
    }
    if (!read_about(rq, a)) {
        return false;
    }
    a->owner = a->has_about && str_eq(a->form->owner, S("about")) ? pack_org_by_home(rq->pack, a->about.home) : top_org(rq->pack);
    bool open;
    if (a->owner == NULL) {
        return fail(&rq->cx, E_WRONG_STATE, "没有受理单位，现在不能提交");
    }
    return is_open(rq, a, &open) && (open || fail(&rq->cx, E_WRONG_STATE, "“%.*s”现在不能提交：还没有开始，或者已经截止", STRF(a->form->title)));
}

static Str page_once(Req *rq)
{
    Str given = param_get(&rq->form, S("idem"));
    return given.n != 0 && given.n <= 64 ? given : random_token(rq->mem, 12);
}

static bool was_asked(const Asked *a, Str field)
{
    Str head, rest;
    (void)str_cut(field, '.', &head, &rest);
    for (size_t i = 0; i < a->form->n_fields; i++) {
        if (str_eq(a->fields[i].id, head)) {
            return true;
        }
    }
    return str_eq(field, S("file"));
}

/* Faults of fields that nobody was asked for stand above without a place to jump to. */
static Findings placed(Req *rq, const Asked *a, const Findings *found)
{
    Findings out = findings_new(rq->mem);
    for (size_t i = 0; i < found->n; i++) {
        const Finding *f = &found->items[i];
        finding_add(&out, f->warn, was_asked(a, f->field) ? f->field : S(""), f->code, f->clause, f->text);
    }
    return out;
}

static void fields_doc(Req *rq, const Asked *a, const Findings *found, Doc *list)
{
    FieldCtx c = {.rq = rq, .found = found, .typed = rq->form.n != 0 ? &rq->form : NULL};
    EvalEnv env = {.cx = &rq->cx, .pack = rq->pack, .type = a->t, .values = NEW_ARRAY(rq->mem, Value, a->t->n_fields), .state = S(""),
                   .today = instant_date(rq->cx.now_ms)};
    for (size_t i = 0; i < a->form->n_fields; i++) {
        const Field *f = &a->fields[i];
        Value v = a->set[i] || f->default_value == NULL ? a->values[i] : rule_value(&env, f->default_value, f);
        doc_add_doc(list, f->kind == FT_LIST ? field_doc_list(&c, f, &v) : field_doc(&c, f, f->id, &v));
    }
}

/* Where the sender came from, on this site; empty: nowhere. */
static Str back_of(Req *rq)
{
    Str back = req_param(rq, "back");
    return url_local(back) ? back : S("");
}

/* Whether there is anything to ask for afterwards: a record with a number, or an answer. */
static bool is_answered(const RecordType *t)
{
    return t->number_prefix.n != 0 || t->open->n_answer != 0;
}

static bool form_page(Req *rq, const Asked *a, const Findings *found)
{
    Str error = S("");
    rq->doc = doc_obj(rq->mem);
    rq->view = "record/public";
    doc_set_str(rq->doc, "title", a->form->title);
    doc_set_str(rq->doc, "intro", a->form->intro);
    doc_set_str(rq->doc, "action", str_printf(rq->mem, "/f/%.*s", STRF(a->t->id)));
    doc_set_str(rq->doc, "status_href", str_printf(rq->mem, "/f/%.*s/status", STRF(a->t->id)));
    doc_set_str(rq->doc, "about", a->has_about ? id_text(rq->mem, a->about.id) : S(""));
    doc_set_str(rq->doc, "about_label", a->has_about ? a->form->about->label : S(""));
    doc_set_str(rq->doc, "about_title", a->has_about ? rec_title(rq, &a->about) : S(""));
    doc_set_str(rq->doc, "owner", a->owner->name);
    bool must = false;
    for (size_t i = 0; i < a->form->n_fields; i++) {
        must = must || a->fields[i].required;
    }
    doc_html_only(doc_set_bool(rq->doc, "must", must));
    doc_set_str(rq->doc, "button", a->form->button);
    doc_set_str(rq->doc, "back", back_of(rq));
    doc_set_bool(rq->doc, "lookup", is_answered(a->t));
    doc_set_bool(rq->doc, "files", a->form->files);
    doc_set_int(rq->doc, "files_max", FILES_MAX);
    doc_html_only(doc_set_str(rq->doc, "token", login_csrf(rq, true)));
    doc_html_only(doc_set_str(rq->doc, "idem", page_once(rq)));
    Findings shown = found != NULL ? placed(rq, a, found) : findings_new(rq->mem);
    for (size_t i = 0; i < shown.n; i++) {
        error = str_eq(shown.items[i].field, S("file")) ? shown.items[i].text : error;
    }
    doc_set_str(rq->doc, "file_error", error);
    doc_set_bool(rq->doc, "files_again", found != NULL && a->form->files && rq->n_parts != 0);
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, &shown, false));
    fields_doc(rq, a, &shown, doc_set_list(rq->doc, "fields"));
    req_crumb(rq, a->form->title, S(""));
    return true;
}

bool public_form(Req *rq)
{
    Asked a;
    return asked(rq, &a) && form_page(rq, &a, NULL);
}

/* ---- sending ---- */

/* What hinders becomes a line above the form with everything still in it; programs get the problem. */
static bool refused(Req *rq, const Asked *a, Findings *found, int64_t wait)
{
    ErrCode err = rq->cx.err;
    if (err == E_TOO_MANY && wait > 0) {
        req_header(rq, S("retry-after"), str_printf(rq->mem, "%lld", (long long)wait));
    } else if (err == E_BUSY && !rq->wants_json) {
        req_header(rq, S("retry-after"), S("60"));
    }
    if (rq->wants_json) {
        return err != E_OK && (err != E_INVALID || found->errors == 0) ? false : (cx_clear(&rq->cx), req_invalid(rq, found));
    }
    if (err != E_OK && err_info(err)->http >= 500 && err != E_BUSY) {
        return false;
    }
    if (found->errors == 0) {
        finding_add(found, false, S(""), S("refused"), rq->cx.err_clause, cx_text(&rq->cx));
    }
    rq->status = err_info(err == E_OK ? E_INVALID : err)->http;
    cx_clear(&rq->cx);
    return form_page(rq, a, found);
}

/* Is it our own page, filled in by a person? Every fault is told; nothing is thrown away in silence. */
static bool is_ours(Req *rq, Findings *found)
{
    Str want = login_csrf(rq, false);
    if (rq->json == NULL && (want.n == 0 || !same_secret(want, req_param(rq, "token")))) {
        finding_add(found, false, S(""), S("csrf"), S(""), S("页面打开太久，或浏览器不保存 Cookie。您填写的内容还在，请再按一次“提交”"));
        return fail(&rq->cx, E_CSRF, "页面已过期，请重新提交");
    }
    if (param_get(&rq->form, S("homepage")).n != 0) {
        finding_add(found, false, S(""), S("filled"), S(""), S("有一栏应当留空的内容被自动填上了，已经清空，请再按一次“提交”"));
        return fail(&rq->cx, E_INVALID, "homepage 一栏应当留空");
    }
    return true;
}

static bool take_files(Req *rq, const Asked *a, OpenForm *f, Findings *found)
{
    f->files = NEW_ARRAY(rq->mem, File, FILES_MAX);
    for (size_t i = 0; i < rq->n_parts; i++) {
        const Part *p = &rq->parts[i];
        if (!p->is_file || p->data.n == 0) {
            continue;
        }
        Str why = S("");
        if (!a->form->files) {
            why = S("这张表不收附件");
        } else if (f->n_files == FILES_MAX) {
            why = str_printf(rq->mem, "附件最多 %d 个", FILES_MAX);
        } else if (!file_ready(&rq->cx, rq->store, p->filename, S("public"), S("D"), p->data, &f->files[f->n_files])) {
            if (err_info(rq->cx.err)->http >= 500 && rq->cx.err != E_BUSY) {
                return false;
            }
            why = str_printf(rq->mem, "%.*s：%.*s", STRF(p->filename), STRF(cx_text(&rq->cx)));
        } else {
            f->n_files++;
        }
        if (why.n != 0) {
            finding_add(found, false, S("file"), S("file"), S(""), why);
            return rq->cx.err != E_OK ? false : fail(&rq->cx, E_INVALID, "%.*s", STRF(why));
        }
    }
    return true;
}

/* The values asked, at their places among all fields of the type. */
static bool spread(Req *rq, Asked *a, OpenForm *f, Findings *found)
{
    Value *values = NEW_ARRAY(rq->mem, Value, a->t->n_fields);
    bool *set = NEW_ARRAY(rq->mem, bool, a->t->n_fields);
    bool ok = form_values(rq, NULL, a->fields, a->form->n_fields, rq->json == NULL, a->values, a->set, found);
    for (size_t i = 0; i < a->form->n_fields; i++) {
        values[a->form->fields[i]->index] = a->values[i];
        set[a->form->fields[i]->index] = a->set[i];
    }
    if (a->has_about) {
        values[a->form->about->index] = (Value){.has = true, .i = a->about.id};
        set[a->form->about->index] = true;
    }
    if (str_eq(a->form->owner, S("region")) && a->t->region != NULL && values[a->t->region->index].has) {
        const Org *o = region_org(rq->pack, pack_region(rq->pack, values[a->t->region->index].s));
        a->owner = o != NULL ? o : a->owner;
    }
    f->values = values;
    f->set = set;
    f->owner = a->owner;
    return ok;
}

static bool sent_page(Req *rq, const Asked *a, const Rec *r, Str code)
{
    rq->doc = doc_obj(rq->mem);
    rq->view = "record/public_sent";
    rq->status = rq->wants_json ? 201 : 200;
    doc_set_str(rq->doc, "title", a->form->title);
    doc_set_str(rq->doc, "done", a->form->done);
    doc_set_str(rq->doc, "number", open_no(rq->mem, r));
    doc_set_str(rq->doc, "code", code);
    doc_set_bool(rq->doc, "lookup", is_answered(a->t));
    doc_set_str(rq->doc, "back", back_of(rq));
    doc_set_str(rq->doc, "about_title", a->has_about ? rec_title(rq, &a->about) : S(""));
    doc_set_str(rq->doc, "owner", a->owner->name);
    doc_set_str(rq->doc, "status_href", str_printf(rq->mem, "/f/%.*s/status", STRF(a->t->id)));
    req_header(rq, S("cache-control"), S("no-store"));
    req_crumb(rq, a->form->title, S(""));
    return true;
}

/* What was typed could not all be read: still say everything else that is wrong, once for each field. */
static void add_rest(Req *rq, const OpenForm *f, Findings *found)
{
    Findings more = findings_new(rq->mem);
    size_t own = found->n;
    if (rq->cx.err != E_OK) {
        return;
    }
    open_check(&rq->cx, rq->store, f, &more);
    for (size_t i = 0; i < more.n; i++) {
        bool told = false;
        for (size_t k = 0; k < own; k++) {
            told = told || str_eq(found->items[k].field, more.items[i].field);
        }
        if (!told) {
            finding_add(found, more.items[i].warn, more.items[i].field, more.items[i].code, more.items[i].clause, more.items[i].text);
        }
    }
}

bool public_form_post(Req *rq)
{
    Asked a;
    Rec r;
    Str code;
    int64_t wait = 0;
    if (!asked(rq, &a)) {
        return false;
    }
    Findings found = findings_new(rq->mem);
    OpenForm f = {.t = a.t, .peer = rq->net->peer, .once = S("")};
    Str once = param_get(&rq->form, S("idem")), who = login_csrf(rq, false);
    if (rq->json == NULL && once.n != 0 && who.n != 0) {
        f.once = str_printf(rq->mem, "%.*s|%.*s|%.*s", STRF(a.t->id), STRF(who), STRF(once));
    }
    bool ok = spread(rq, &a, &f, &found);
    if (!rq->wants_json && param_get(&rq->form, S("_more")).n != 0) { /* "one more row" was pressed: nothing is sent */
        return form_page(rq, &a, NULL);
    }
    if (rq->cx.err != E_OK || !ok) {
        add_rest(rq, &f, &found);
        return refused(rq, &a, &found, 0);
    }
    if (!is_ours(rq, &found) || (rq->n_parts != 0 && !open_allowed(&rq->cx, rq->store, a.t, f.peer, &wait)) ||
        !take_files(rq, &a, &f, &found) || !open_send(&rq->cx, rq->store, &f, &found, &r, &code, &wait)) {
        return refused(rq, &a, &found, wait);
    }
    return sent_page(rq, &a, &r, code);
}

/* ---- asking later ---- */

static void found_doc(Req *rq, const RecordType *t, const Rec *r, Doc *o)
{
    doc_set_str(o, "number", open_no(rq->mem, r));
    doc_set_shown(o, "state", r->state->id, r->state->label);
    doc_html_only(doc_set_str(o, "tone", tone_word(r->state->tone)));
    doc_set_date(o, "sent", instant_date(r->created_ms));
    const Org *owner = pack_org_by_home(rq->pack, r->home);
    doc_set_str(o, "owner", owner != NULL ? owner->name : S(""));
    Doc *facts = doc_set_list(o, "facts");
    for (size_t i = 0; i < t->open->n_answer; i++) {
        const Field *f = t->open->answer[i];
        if (r->v[f->index].has) {
            Doc *one = doc_add_obj(facts);
            doc_set_str(one, "label", f->label);
            doc_set_str(one, "text", value_text(rq, f, &r->v[f->index]));
        }
    }
}

/* r NULL: nothing found, or not asked yet. */
static bool status_page(Req *rq, const RecordType *t, Str error, const Rec *r)
{
    rq->doc = doc_obj(rq->mem);
    rq->view = "record/public_status";
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "查询办理情况：%.*s", STRF(t->open->title)));
    doc_set_str(rq->doc, "action", str_printf(rq->mem, "/f/%.*s/status", STRF(t->id)));
    doc_set_str(rq->doc, "number", str_trim(req_param(rq, "number")));
    doc_html_only(doc_set_str(rq->doc, "token", login_csrf(rq, true)));
    doc_set_str(rq->doc, "error", error);
    if (r != NULL) {
        found_doc(rq, t, r, doc_set_obj(rq->doc, "found"));
    } else {
        doc_set_null(rq->doc, "found");
    }
    req_header(rq, S("cache-control"), S("no-store"));
    req_crumb(rq, S("查询办理情况"), S(""));
    return true;
}

static const RecordType *status_type(Req *rq)
{
    const RecordType *t = req_type(rq);
    if (t != NULL && t->open == NULL) {
        (void)fail(&rq->cx, E_NOT_FOUND, "没有这个页面");
        return NULL;
    }
    return t;
}

bool public_status(Req *rq)
{
    const RecordType *t = status_type(rq);
    return t != NULL && status_page(rq, t, S(""), NULL);
}

bool public_status_post(Req *rq)
{
    const RecordType *t = status_type(rq);
    Rec r;
    bool found;
    int64_t wait = 0;
    Str want = login_csrf(rq, false);
    if (t == NULL) {
        return false;
    }
    if (rq->json == NULL && (want.n == 0 || !same_secret(want, req_param(rq, "token")))) {
        rq->status = err_info(E_CSRF)->http;
        return status_page(rq, t, S("页面打开太久，请再查一次"), NULL);
    }
    if (!open_find(&rq->cx, rq->store, t, str_trim(req_param(rq, "number")), req_param(rq, "code"), rq->net->peer, &r, &found, &wait)) {
        if (wait > 0) {
            req_header(rq, S("retry-after"), str_printf(rq->mem, "%lld", (long long)wait));
        }
        return false;
    }
    if (!found) {
        if (rq->wants_json) {
            return fail(&rq->cx, E_NOT_FOUND, "没有查到：编号和查询码对不上");
        }
        rq->status = err_info(E_NOT_FOUND)->http;
    }
    return status_page(rq, t, found ? S("") : S("没有查到：编号和查询码对不上，请核对后再查"), found ? &r : NULL);
}
