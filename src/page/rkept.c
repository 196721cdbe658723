/*
 * rkept.c - what is kept with a record besides its values: signatures under way, snapshots of what decisions stood on,
 * and the revision of the form it was begun with.
 */
#include "page/internal.h"
#include "store/snapshot.h"

static bool from_here(const Action *act, const State *st)
{
    for (size_t i = 0; i < act->n_from; i++) {
        if (act->from[i] == st) {
            return true;
        }
    }
    return false;
}

static bool reads_all(Req *rq, const Rec *r)
{
    bool public_only;
    return access_read(rq->pack, &rq->actor, r, &public_only) && !public_only;
}

static bool signs_list(Req *rq, const Rec *r, Doc *l)
{
    for (size_t i = 0; i < r->type->n_actions; i++) {
        const Action *act = &r->type->actions[i];
        Signs signs;
        if (!from_here(act, r->state) || (act->need_count < 2 && !act->need_each_role)) {
            continue;
        }
        if (!rec_signs(&rq->cx, rq->store, r, act, &signs)) {
            return false;
        }
        Doc *o = doc_add_obj(l), *got = doc_set_list(o, "got");
        doc_set_str(o, "action", act->id);
        doc_set_str(o, "label", act->label);
        doc_set_int(o, "missing", signs.missing);
        doc_set_str(o, "missing_text", signs_missing_text(&rq->cx, rq->store, &signs));
        for (size_t k = 0; k < signs.n; k++) {
            const Sign *s = &signs.got[k];
            const Role *role = pack_role(rq->pack, s->role);
            Doc *g = doc_add_obj(got);
            doc_set_str(g, "who", str_printf(rq->mem, "%.*s %.*s", STRF(s->org_name), STRF(s->user_name)));
            doc_set_str(g, "role", role != NULL ? role->label : s->role);
            doc_set_instant(g, "when", s->at_ms);
            doc_set_str(g, "opinion", s->opinion);
        }
    }
    return true;
}

static Str snapshot_label(const RecordType *t, Str name)
{
    static const Str KEPT[][2] = { /* by features */
        {STR_INIT("computation"), STR_INIT("计算过程")}, {STR_INIT("list"), STR_INIT("候选名单")}, {STR_INIT("draw"), STR_INIT("抽取结果")}};
    const Action *act = type_action(t, name);
    for (size_t i = 0; i < ARRAY_LEN(KEPT) && act == NULL; i++) {
        if (str_eq(name, KEPT[i][0])) {
            return KEPT[i][1];
        }
    }
    return act != NULL ? act->label : name;
}

/* What a feature froze (a computation, a list of judges) tells of others too: whoever reads the record only because it is their own sees it
 * once the record is published, everybody else who reads the whole record at once. */
static bool snapshot_seen(Req *rq, const Rec *r, const Snapshot *s)
{
    Scope scope = access_scope(rq->mem, rq->pack, &rq->actor, r->type);
    return type_action(r->type, s->name) != NULL || r->state->published ||
           (!access_veiled(&rq->actor, r->type, r->state) && (scope.all || scope_has(&scope, r->home)));
}

static void snapshot_head(Req *rq, const Rec *r, const Snapshot *s, size_t n, bool whole, Doc *o)
{
    doc_set_int(o, "n", (int64_t)n);
    doc_set_str(o, "name", s->name);
    doc_set_str(o, "label", snapshot_label(r->type, s->name));
    doc_set_int(o, "rev", s->rev);
    doc_set_instant(o, "at", s->at_ms);
    doc_set_shown(o, "sha256", s->sha256, whole ? s->sha256 : str_sub(s->sha256, 0, 12));
    Str tail = str_printf(rq->mem, "/snapshots/%zu", n);
    doc_set_str(o, "href", url_record(rq->mem, r->type, r->id, str_z(rq->mem, tail)));
}

/* 表单已更新为第2版：新增来历；停用旧编号 */
static void form_news(Req *rq, const Rec *r)
{
    int32_t newest = MAX(r->type->revision, 1);
    if (r->form == 0 || r->form >= newest || !reads_all(rq, r)) {
        doc_set_null(rq->doc, "form_news");
        return;
    }
    FormChanges c = form_changes(rq->mem, r->type, r->form);
    Buf b = buf_new(rq->mem, 16000);
    buf_printf(&b, "表单已更新为第%d版", newest);
    for (size_t i = 0; i < c.n_added; i++) {
        buf_printf(&b, "%s%.*s", i == 0 ? "：新增" : "、", STRF(c.added[i]->label));
    }
    for (size_t i = 0; i < c.n_dropped; i++) {
        buf_printf(&b, "%s%.*s", i != 0 ? "、" : c.n_added != 0 ? "；停用" : "：停用", STRF(c.dropped[i]->label));
    }
    Doc *o = doc_set_obj(rq->doc, "form_news");
    doc_set_str(o, "text", buf_str(&b));
    doc_set_int(o, "form", r->form);
    doc_set_int(o, "newest", newest);
    doc_set_bool(o, "may", access_edit(rq->pack, &rq->actor, r));
    doc_set_str(o, "href", url_record(rq->mem, r->type, r->id, "/revise"));
}

bool kept_doc(Req *rq, const Rec *r)
{
    Doc *signs = doc_set_list(rq->doc, "signs"), *l = doc_set_list(rq->doc, "snapshots");
    Snapshot *items;
    size_t n;
    form_news(rq, r);
    if (reads_all(rq, r)) {
        if (!signs_list(rq, r, signs) || !snapshot_list(&rq->cx, rq->store, r->type, r->id, &items, &n)) {
            return false;
        }
        for (size_t i = 0; i < n; i++) {
            if (snapshot_seen(rq, r, &items[i])) {
                snapshot_head(rq, r, &items[i], i + 1, false, doc_add_obj(l));
            }
        }
    }
    doc_html_only(doc_set_bool(rq->doc, "has_signs", signs->n != 0));
    doc_html_only(doc_set_bool(rq->doc, "has_snapshots", l->n != 0));
    return true;
}

static void frozen_fact(Doc *facts, Str label, Str text, bool wide)
{
    Doc *o = doc_add_obj(facts);
    doc_set_str(o, "label", label);
    doc_set_str(o, "text", text);
    doc_set_null(o, "href");
    doc_set_str(o, "unit", S(""));
    doc_set_bool(o, "wide", wide);
    doc_set_bool(o, "locked", false);
    doc_set_null(o, "clause");
}

static Str frozen_text(Req *rq, const Doc *f)
{
    const Doc *rows = doc_get(f, S("rows"));
    if (rows == NULL) {
        return doc_get_str(f, "text");
    }
    Buf b = buf_new(rq->mem, 64 * 1024);
    for (const Doc *row = rows->first; row != NULL; row = row->next) {
        for (const Doc *cell = row->first; cell != NULL; cell = cell->next) {
            buf_add(&b, cell != row->first ? S("，") : b.n != 0 ? S("；") : S(""));
            buf_add(&b, doc_get_str(cell, "label"));
            buf_addc(&b, ' ');
            buf_add(&b, doc_get_str(cell, "text"));
        }
    }
    return buf_str(&b);
}

/* Leaves of a text another part of the program froze, by their path. */
static void loose_facts(Req *rq, Doc *facts, Str path, const Doc *d, int depth)
{
    size_t i = 0;
    for (const Doc *c = depth < 12 ? d->first : NULL; c != NULL && facts->n < 3000; c = c->next) {
        Str here = d->kind == DOC_LIST
                       ? str_printf(rq->mem, "%.*s %zu", STRF(path), ++i)
                       : str_printf(rq->mem, "%.*s%s%.*s", STRF(path), path.n != 0 ? " · " : "", STRF(c->name));
        if (c->kind == DOC_OBJ || c->kind == DOC_LIST) {
            loose_facts(rq, facts, here, c, depth + 1);
        } else {
            frozen_fact(facts, here, c->kind == DOC_BOOL ? (c->b ? S("是") : S("否")) : doc_shown_text(rq->mem, c),
                        false);
        }
    }
}

static void frozen_conditions(Doc *body, Doc *l)
{
    const Doc *conditions = doc_get(body, S("conditions"));
    for (const Doc *c = conditions != NULL && conditions->kind == DOC_LIST ? conditions->first : NULL; c != NULL;
         c = c->next) {
        Doc *o = doc_add_obj(l);
        Str verdict = doc_get_str(c, "verdict"), clause = doc_get_str(c, "clause"), why = doc_get_str(c, "why");
        bool person = str_eq(verdict, S("person"));
        doc_set_str(o, "text", doc_get_str(c, "text"));
        doc_set_str(o, "value", person ? S("需人工核验") : why);
        doc_set_bool(o, "ok", str_eq(verdict, S("yes")));
        doc_set_bool(o, "bad", str_eq(verdict, S("no")));
        doc_set_bool(o, "warn", person || str_eq(verdict, S("unknown")));
        doc_set_null(o, "href");
        if (clause.n != 0) {
            doc_set_str(o, "clause", clause);
        } else {
            doc_set_null(o, "clause");
        }
    }
}

static bool parse_place(Req *rq, size_t n, size_t *ret)
{
    int64_t at;
    if (!str_int(req_arg(rq, "n"), &at) || at < 1 || (uint64_t)at > n) {
        return fail(&rq->cx, E_NOT_FOUND, "这条记录没有这一份快照");
    }
    *ret = (size_t)at;
    return true;
}

/* What the reader may not see is left out, in the frozen text as in the record. */
static Doc *readable_body(Req *rq, const Rec *r, Doc *body)
{
    Doc *record = doc_get(body, S("record")), *fields = record != NULL ? doc_get(record, S("fields")) : NULL;
    if (fields == NULL || fields->kind != DOC_OBJ) {
        return NULL;
    }
    Doc *seen = doc_obj(rq->mem);
    for (Doc *f = fields->first; f != NULL; f = f->next) {
        const Field *field = type_field(r->type, f->name);
        if (field != NULL && access_field_in(&rq->actor, r->type, r->state, field, false)) {
            Doc *copy = NEW(rq->mem, Doc);
            *copy = *f;
            copy->next = NULL;
            doc_set_doc_n(seen, f->name, copy);
        }
    }
    return seen;
}

bool record_snapshot(Req *rq)
{
    const RecordType *t;
    Rec r;
    Snapshot *items;
    size_t n, at;
    Str error;
    if (!req_record(rq, &t, &r)) {
        return false;
    }
    if (!reads_all(rq, &r)) {
        return fail(&rq->cx, E_NOT_FOUND, "这条记录没有这一份快照");
    }
    if (!snapshot_list(&rq->cx, rq->store, t, r.id, &items, &n) || !parse_place(rq, n, &at)) {
        return false;
    }
    const Snapshot *s = &items[at - 1];
    if (!snapshot_seen(rq, &r, s)) {
        return fail(&rq->cx, E_NOT_FOUND, "这条记录没有这一份快照");
    }
    Doc *body = json_read(rq->mem, s->body, &error);
    if (body == NULL) {
        return fail(&rq->cx, E_DATA, "这份快照的内容读不出来");
    }
    snapshot_show(&rq->cx, rq->store, &r, body);
    rq->doc = doc_obj(rq->mem);
    snapshot_head(rq, &r, s, at, true, rq->doc);
    Doc *fields = readable_body(rq, &r, body), *act = doc_get(body, S("action"));
    if (rq->wants_json) {
        doc_set_doc(rq->doc, fields != NULL ? "fields" : "body", fields != NULL ? fields : body);
        if (fields != NULL) {
            static const char *const REST[] = {"action", "conditions", "pack", "time"};
            for (size_t i = 0; i < ARRAY_LEN(REST); i++) {
                Doc *d = doc_get(body, str_c(REST[i])), *copy = NEW(rq->mem, Doc);
                if (d != NULL) {
                    *copy = *d;
                    copy->next = NULL;
                    doc_set_doc(rq->doc, REST[i], copy);
                }
            }
        }
        return true;
    }
    doc_set_str(rq->doc, "title",
                str_printf(rq->mem, "%.*s：“%.*s”时的快照", STRF(rec_title(rq, &r)), STRF(snapshot_label(t, s->name))));
    Doc *facts = doc_set_list(rq->doc, "facts"), *checks = doc_set_list(rq->doc, "checks");
    for (Doc *f = fields != NULL ? fields->first : NULL; f != NULL; f = f->next) {
        frozen_fact(facts, doc_get_str(f, "label"), frozen_text(rq, f), doc_get(f, S("rows")) != NULL);
    }
    if (fields == NULL) {
        loose_facts(rq, facts, S(""), body, 0);
    } else {
        frozen_conditions(body, checks);
    }
    doc_set_bool(rq->doc, "has_checks", checks->n != 0);
    doc_set_str(rq->doc, "by",
                act != NULL
                    ? str_printf(rq->mem, "%.*s %.*s", STRF(doc_get_str(act, "org")), STRF(doc_get_str(act, "by")))
                    : S(""));
    doc_set_str(rq->doc, "reason", act != NULL ? doc_get_str(act, "reason") : S(""));
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, rec_title(rq, &r), url_record(rq->mem, t, r.id, ""));
    req_crumb(rq, S("快照"), S(""));
    return true;
}

bool record_revise(Req *rq)
{
    const RecordType *t;
    Rec r, after;
    int64_t rev;
    if (!req_record(rq, &t, &r) || !req_if_match(rq, &rev) ||
        !rec_upgrade_form(&rq->cx, rq->store, &rq->actor, t, r.id, rev, &after)) {
        return false;
    }
    if (rq->wants_json) {
        rq->doc = rec_doc(rq, &after);
        req_etag(rq, after.rev);
        return true;
    }
    req_flash(rq, S("good"), str_printf(rq->mem, "已换用第%d版表单，请补齐新增的内容", after.form));
    return req_see(rq, url_record(rq->mem, t, r.id, "/edit"));
}
