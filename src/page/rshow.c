/*
 * rshow.c - one record: where it stands, what it says, what may be done with it, what refers to it, its files and its history.
 */
#include "pack/expr.h"
#include "page/internal.h"
#include "store/closing.h"
#include "store/env.h"

#define LINK_ROWS 6
#define HISTORY_SHOWN 20

/* Warnings kept with the record: JSON list of findings. */
static void kept_checks(Req *rq, const Rec *r)
{
    Doc *l = doc_set_list(rq->doc, "checks");
    Str why;
    Doc *kept = r->warnings.n != 0 ? json_read(rq->mem, r->warnings, &why) : NULL;
    for (const Doc *c = kept != NULL && kept->kind == DOC_LIST ? kept->first : NULL; c != NULL; c = c->next) {
        Doc *o = doc_add_obj(l);
        Str field = doc_get_str(c, "field"), clause = doc_get_str(c, "clause");
        const Field *f = type_field(r->type, field);
        doc_set_str(o, "text", doc_get_str(c, "text"));
        doc_set_str(o, "value", f != NULL ? f->label : S(""));
        doc_set_bool(o, "ok", false);
        doc_set_bool(o, "bad", false);
        doc_set_bool(o, "warn", true);
        doc_set_null(o, "href");
        if (clause.n != 0) {
            doc_set_str(o, "clause", clause);
        } else {
            doc_set_null(o, "clause");
        }
    }
}

static void fact(Req *rq, Doc *facts, const Rec *r, const Field *f)
{
    const Value *v = &r->v[f->index];
    Doc *o = doc_add_obj(facts);
    doc_set_str(o, "label", f->label);
    doc_set_str(o, "text", value_text(rq, f, v));
    if (f->kind == FT_REF && v->has) {
        doc_set_str(o, "href", url_record(rq->mem, f->ref, v->i, ""));
    } else {
        doc_set_null(o, "href");
    }
    doc_set_str(o, "unit", f->kind == FT_MONEY ? S("") : f->unit); /* money shows its own sign */
    doc_set_bool(o, "wide", f->kind == FT_LONG);
    doc_set_bool(o, "locked", f->personal && v->has);
    if (f->clause.n != 0) {
        doc_set_str(o, "clause", f->clause);
    } else {
        doc_set_null(o, "clause");
    }
}

void show_section(Req *rq, Doc *sections, const Rec *r, Str label, const Field *const *fields, size_t n)
{
    Doc *o = doc_obj(rq->mem), *facts = doc_set_list(o, "facts"), *tables = doc_set_list(o, "tables");
    doc_set_str(o, "label", label);
    for (size_t i = 0; i < n; i++) {
        if (!field_visible(rq, r, fields[i])) {
            continue;
        }
        if (fields[i]->kind == FT_LIST) {
            doc_add_doc(tables, value_rows(rq, fields[i], &r->v[fields[i]->index]));
        } else {
            fact(rq, facts, r, fields[i]);
        }
    }
    if (facts->n + tables->n != 0) {
        doc_add_doc(sections, o);
    }
}

static void all_sections(Req *rq, const Rec *r)
{
    const RecordType *t = r->type;
    Doc *sections = doc_set_list(rq->doc, "sections");
    bool *placed = NEW_ARRAY(rq->mem, bool, t->n_fields);
    for (size_t i = 0; i < t->n_sections; i++) {
        const Section *s = &t->sections[i];
        show_section(rq, sections, r, s->label, as_const_fields(s->fields), s->n);
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
    show_section(rq, sections, r, t->n_sections != 0 ? S("其他") : t->label, as_const_fields(rest), n);
}

static bool one_link(Req *rq, Doc *links, const Rec *r, const Link *link)
{
    const RecordType *t = link->type;
    Query q = {.type = t, .limit = LINK_ROWS, .n_filters = 1};
    q.filters[0] = (Filter){.field = link->via, .op = OP_EQ, .value = {.has = true, .i = r->id}};
    RecPage page;
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, true, &page)) {
        return false;
    }
    req_reads(rq, t);
    Str id = id_text(rq->mem, r->id), base = str_printf(rq->mem, "/r/%.*s", STRF(t->id));
    UrlSet set = {link->via->id, id};
    Doc *o = doc_add_obj(links);
    doc_set_str(o, "id", link->id);
    doc_set_str(o, "label", link->label);
    doc_set_str(o, "type", t->id);
    doc_set_int(o, "total", page.total);
    doc_set_str(o, "href", url_with(rq->mem, base, NULL, &set, 1));
    if (rq->wants_json) {
        return true;
    }
    bool create = rq->actor.org != NULL && access_create(rq->pack, &rq->actor, t, rq->actor.org);
    if (create) {
        doc_set_str(o, "new", url_with(rq->mem, str_printf(rq->mem, "%.*s/new", STRF(base)), NULL, &set, 1));
    } else {
        doc_set_null(o, "new");
    }
    const Field **cols = arena_alloc_array(rq->mem, sizeof *cols, t->n_list_cols + 1);
    size_t n = 0;
    for (size_t i = 0; i < t->n_list_cols && n < 4; i++) {
        if (t->list_cols[i] != link->via) {
            cols[n++] = t->list_cols[i];
        }
    }
    doc_set_bool(o, "any", page.total != 0);
    doc_set_doc(o, "table", table_doc(rq, t, as_const_fields(cols), n, &page, false, false));
    return rq->cx.err == E_OK;
}

bool file_rows(Req *rq, const Rec *r)
{
    static const Str TRUST[][2] = {{STR_INIT("A"), STR_INIT("主管部门出具")},
                                   {STR_INIT("B"), STR_INIT("已核验")},
                                   {STR_INIT("C"), STR_INIT("上传材料")},
                                   {STR_INIT("D"), STR_INIT("自行申报")}};
    File *files;
    size_t n;
    if (!file_list(&rq->cx, rq->store, &rq->actor, r->type, r->id, &files, &n)) {
        return false;
    }
    bool edit = access_edit(rq->pack, &rq->actor, r);
    Doc *l = doc_set_list(rq->doc, "files");
    for (size_t i = 0; i < n; i++) {
        const File *f = &files[i];
        Doc *o = doc_add_obj(l);
        Str trust = f->trust;
        for (size_t k = 0; k < ARRAY_LEN(TRUST); k++) {
            trust = str_eq(f->trust, TRUST[k][0]) ? TRUST[k][1] : trust;
        }
        doc_set_id(o, "id", f->id);
        doc_set_str(o, "name", f->name);
        doc_set_str(o, "kind", f->kind);
        doc_set_str(o, "mime", f->mime);
        doc_set_str(o, "sha256", f->sha256);
        doc_set_shown(o, "trust", f->trust, trust);
        Doc *size = doc_set_int(o, "size", f->size);
        size->show = f->size < 1 << 20 ? str_printf(rq->mem, "%lld KB", (long long)(f->size + 1023) / 1024)
                                       : str_printf(rq->mem, "%lld.%lld MB", (long long)(f->size >> 20), (long long)((f->size & 0xfffff) * 10 >> 20));
        doc_set_instant(o, "created_at", f->created_ms);
        doc_set_str(o, "by", f->by);
        doc_set_str(o, "href", str_printf(rq->mem, "/files/%.*s", STRF(id_text(rq->mem, f->id))));
        doc_set_bool(o, "may_drop", edit);
    }
    return true;
}

/* What the pack prints from this record, now. The facts decide, not what the person sees. */
static bool documents(Req *rq, const Rec *r, Doc *to)
{
    static const Actor FACTS = {.is_system = true, .name = STR_INIT("系统")};
    Doc *l = doc_set_list(to, "documents");
    bool served = route_of(rq->site, "GET", str_printf(rq->mem, "/r/%.*s/1/documents/x", STRF(r->type->id))) != NULL;
    for (size_t i = 0; served && rq->actor.user != 0 && i < rq->pack->n_documents; i++) {
        const Document *d = &rq->pack->documents[i];
        Rec whole;
        if (d->type != r->type) {
            continue;
        }
        if (d->when != NULL) {
            if (!rec_get(&rq->cx, rq->store, &FACTS, d->type, r->id, &whole)) {
                if (rq->cx.err != E_NOT_FOUND) {
                    return false;
                }
                cx_clear(&rq->cx); /* sealed: its person sees it, and nobody more of it */
                whole = *r;
            }
            bool offered = rule_test(env_make(&rq->cx, rq->store, &whole), d->when) == TRI_TRUE;
            if (rq->cx.err != E_OK) {
                return false;
            }
            if (!offered) {
                continue;
            }
        }
        Doc *o = doc_add_obj(l);
        Str base = url_record(rq->mem, r->type, r->id, str_printf(rq->mem, "/documents/%.*s", STRF(d->id)).p);
        doc_set_str(o, "id", d->id);
        doc_set_str(o, "label", d->label);
        doc_set_bool(o, "open", d->open);
        doc_set_str(o, "href", str_printf(rq->mem, "%.*s.pdf", STRF(base)));
        if (str_eq(d->layout, S("certificate"))) {
            doc_set_null(o, "docx");
        } else {
            doc_set_str(o, "docx", str_printf(rq->mem, "%.*s.docx", STRF(base)));
        }
        if (str_eq(d->layout, S("list"))) {
            doc_set_str(o, "xlsx", str_printf(rq->mem, "%.*s.xlsx", STRF(base)));
        } else {
            doc_set_null(o, "xlsx");
        }
    }
    doc_html_only(doc_set_bool(to, "has_documents", l->n != 0));
    return true;
}

/* ---- special pages about a record, named by the pack: features.yaml, `record`, one key a type, each entry "label | path with {type} and {id} |
 * roles or nothing | condition or nothing". A page the program does not have is not offered. ---- */

static Str part(Str *rest)
{
    Str head;
    (void)str_cut(*rest, '|', &head, rest);
    return str_trim(head);
}

static bool role_listed(const Actor *a, Str roles)
{
    bool listed = roles.n == 0;
    while (roles.n != 0 && !listed) {
        Str head;
        (void)str_cut(roles, ' ', &head, &roles);
        listed = head.n != 0 && actor_has_role(a, head);
    }
    return listed;
}

static Str filled(Req *rq, const Rec *r, Str path)
{
    Buf b = buf_new(rq->mem, 512);
    while (path.n != 0) {
        bool type = str_starts(path, S("{type}")), id = str_starts(path, S("{id}"));
        buf_add(&b, type ? r->type->id : id ? id_text(rq->mem, r->id) : str_sub(path, 0, 1));
        path = str_sub(path, type ? 6 : id ? 4 : 1, path.n);
    }
    return buf_str(&b);
}

/* Does the condition hold? A fault in it is the pack's, and is told as such. */
static bool holds(Req *rq, const Rec *r, Str text, bool *ret)
{
    Str error, shown;
    Value v = {0};
    *ret = true;
    if (text.n == 0) {
        return true;
    }
    const Expr *e = expr_parse(rq->mem, rq->pack, r->type, NULL, 0, text, &error);
    if (e == NULL) {
        return fail(&rq->cx, E_PACK, "features.yaml 的 record.%.*s 不能用：%.*s", STRF(r->type->id), STRF(error));
    }
    if (!rec_eval(&rq->cx, rq->store, r, e, &v, &shown)) {
        return false;
    }
    *ret = v.has && v.i != 0;
    return true;
}

static bool special_pages(Req *rq, const Rec *r, Doc *to)
{
    const Setting *s = pack_setting(rq->pack, S("record"), r->type->id);
    Doc *l = doc_set_list(to, "pages");
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        Str rest = s->values[i];
        Str label = part(&rest), href = filled(rq, r, part(&rest)), roles = part(&rest), path, query;
        bool open;
        (void)str_cut(href, '?', &path, &query);
        if (!role_listed(&rq->actor, roles) || route_of(rq->site, "GET", path) == NULL) {
            continue;
        }
        if (!holds(rq, r, str_trim(rest), &open)) {
            return false;
        }
        if (open) {
            Doc *o = doc_add_obj(l);
            doc_set_str(o, "label", label);
            doc_set_str(o, "href", href);
        }
    }
    return true;
}

bool rec_offers(Req *rq, const Rec *r, Doc *to)
{
    return special_pages(rq, r, to) && documents(rq, r, to);
}

static bool may(Req *rq, const Rec *r)
{
    Str closed;
    if (!closing_refuses(&rq->cx, rq->store, r->type, r->v, &closed)) {
        return false;
    }
    if (closed.n != 0) {
        doc_set_str(rq->doc, "closed", closed);
    } else {
        doc_set_null(rq->doc, "closed");
    }
    bool here = access_edit(rq->pack, &rq->actor, r), edit = here && closed.n == 0;
    Doc *o = doc_set_obj(rq->doc, "may");
    doc_set_bool(o, "edit", edit);
    doc_set_bool(o, "fill", edit && r->type->n_sections > 2 && r->type->n_actions != 0); /* long drafts, part by part */
    doc_set_bool(o, "delete", closed.n == 0 && access_delete(rq->pack, &rq->actor, r));
    doc_set_bool(o, "upload", here);
    doc_set_bool(o, "history", access_history(rq->pack, &rq->actor, r));
    bool personal = false, kept = false;
    for (size_t i = 0; i < r->type->n_fields; i++) {
        personal = personal || (r->type->fields[i].personal && r->v[i].has);
        kept = kept || (r->type->fields[i].personal && r->v[i].has && !str_eq(r->v[i].s, PERSONAL_ERASED));
    }
    doc_set_bool(o, "erase", kept && access_flag(&rq->actor, r->type, 'e') && !rq->actor.read_only);
    doc_set_bool(o, "unmask", personal && access_flag(&rq->actor, r->type, 'u') && !rq->actor.read_only);
    return true;
}

/* On top of a record that came back to those who may change it: who sent it, why, and what was asked for. */
static void sent_back(Req *rq, const Rec *r, const Doc *history)
{
    const Doc *e = r->state->editable && !r->state->initial ? history->first : NULL;
    while (e != NULL && (doc_get(e, S("state_to")) == NULL || !str_eq(doc_get(e, S("state_to"))->s, r->state->id) ||
                         str_eq(doc_get(e, S("state_from"))->s, r->state->id))) {
        e = e->next;
    }
    if (e == NULL || doc_get(e, S("reason"))->s.n == 0) {
        doc_set_null(rq->doc, "back");
        return;
    }
    Doc *o = doc_set_obj(rq->doc, "back"), *l = doc_set_list(o, "asked");
    doc_set_str(o, "what", doc_get(e, S("what"))->s);
    doc_set_str(o, "who", doc_get(e, S("who"))->s);
    doc_set_str(o, "reason", doc_get(e, S("reason"))->s);
    for (const Doc *c = doc_get(e, S("changes"))->first; c != NULL; c = c->next) {
        Doc *x = doc_add_obj(l);
        doc_set_str(x, "label", doc_get(c, S("label"))->s);
        doc_set_str(x, "text", doc_get(c, S("after"))->s);
    }
}

bool show_doc(Req *rq, const Rec *r)
{
    const RecordType *t = r->type;
    rq->doc = rec_doc(rq, r);
    req_etag(rq, r->rev);
    if (!may(rq, r) || !actions_doc(rq, r, rq->doc)) {
        return false;
    }
    if (!tasks_doc(rq, r)) {
        return false;
    }
    if (!kept_doc(rq, r)) {
        return false;
    }
    kept_checks(rq, r);
    Doc *links = doc_set_list(rq->doc, "links");
    for (size_t i = 0; i < t->n_links; i++) {
        if (!one_link(rq, links, r, &t->links[i])) {
            return false;
        }
    }
    if (!rec_offers(rq, r, rq->doc)) {
        return false;
    }
    if (rq->actor.user != 0 && !file_rows(rq, r)) {
        return false;
    }
    doc_set_str(rq->doc, "href", url_record(rq->mem, t, r->id, ""));
    if (rq->wants_json) {
        return true;
    }
    if (rq->actor.user == 0) {
        doc_set_list(rq->doc, "files");
    }
    all_sections(rq, r);
    Doc *steps = flow_steps_doc(rq, r), *checks = doc_get(rq->doc, S("checks"));
    const Doc *actions = doc_get(rq->doc, S("actions"));
    doc_set_bool(rq->doc, "has_steps", steps->n > 1);
    doc_set_bool(rq->doc, "has_actions", actions != NULL && actions->n != 0);
    doc_set_bool(rq->doc, "has_checks", checks != NULL && checks->n != 0);
    doc_set_doc(rq->doc, "steps", steps);
    Doc *history;
    if (!history_doc(rq, r, HISTORY_SHOWN, &history)) {
        return false;
    }
    sent_back(rq, r, history);
    doc_set_doc(rq->doc, "events", history);
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, exchange(rq)->act_found, false));
    doc_set_str(rq->doc, "type_label", t->label);
    doc_set_str(rq->doc, "state_tone", tone_word(r->state->tone));
    doc_set_str(rq->doc, "idem", random_token(rq->mem, 12));
    doc_set_str(rq->doc, "base", url_record(rq->mem, t, r->id, ""));
    Str view = str_printf(rq->mem, "/profile%.*s", STRF(str_sub(url_record(rq->mem, t, r->id, ""), 2, 200)));
    bool viewed = str_eq(t->id, pack_setting_str(rq->pack, S("profile"), S("type"))) && route_of(rq->site, "GET", view) != NULL;
    Doc *profile = viewed ? doc_set_obj(rq->doc, "profile") : NULL;
    if (viewed) {
        doc_set_str(profile, "href", view);
        doc_set_str(profile, "label", pack_setting_str(rq->pack, S("profile"), S("label")));
    } else {
        doc_set_null(rq->doc, "profile");
    }
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, rec_title(rq, r), S(""));
    return true;
}

/* The record at hand: by {id}. */
bool req_record(Req *rq, const RecordType **ret_t, Rec *ret)
{
    int64_t id;
    *ret_t = req_type(rq);
    if (*ret_t == NULL || !req_need_user(rq) || !req_id(rq, &id)) {
        return false;
    }
    req_reads(rq, *ret_t);
    return rec_get(&rq->cx, rq->store, &rq->actor, *ret_t, id, ret);
}

bool record_show(Req *rq)
{
    const RecordType *t;
    Rec r;
    return req_record(rq, &t, &r) && show_doc(rq, &r);
}

bool record_history(Req *rq)
{
    const RecordType *t;
    Rec r;
    Doc *events;
    if (!req_record(rq, &t, &r) || !history_doc(rq, &r, 1000, &events)) {
        return false;
    }
    rq->doc = doc_obj(rq->mem);
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "%.*s：全部历史", STRF(rec_title(rq, &r))));
    doc_set_doc(rq->doc, "events", events);
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, rec_title(rq, &r), url_record(rq->mem, t, r.id, ""));
    req_crumb(rq, S("历史"), S(""));
    return true;
}
