/*
 * fielddoc.c - one field of a form as part/field.mustache wants it, with what was typed, what is wrong with it and what may be chosen.
 */
#include "page/internal.h"

#define REF_MAX 200

static void set_or_null(Doc *o, const char *name, Str v)
{
    if (v.n != 0) {
        doc_set_str(o, name, v);
    } else {
        doc_set_null(o, name);
    }
}

void field_doc_plain(Doc *o)
{
    static const char *const NAMES[] = {"id",          "name",      "label",        "value",     "shown",    "required", "readonly", "wide",
                                        "hint",        "error",     "warn",         "clause",    "unit",     "placeholder",
                                        "maxlength",   "autocomplete", "inputmode", "is_text",   "is_long",  "is_int",   "is_money",
                                        "is_date",     "is_select", "is_ref",       "is_radio",  "is_many",  "is_check", "is_file",
                                        "options",     "depends",   "check_url",    "is_list",   "list"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (doc_get(o, str_c(NAMES[i])) == NULL) {
            doc_set_null(o, NAMES[i]);
        }
    }
}

static Doc *add_option(Doc *l, Str value, Str label, bool on)
{
    Doc *o = doc_add_obj(l);
    doc_set_str(o, "value", value);
    doc_set_str(o, "label", label);
    doc_set_bool(o, "on", on);
    doc_set_null(o, "count");
    return o;
}

static void option_place(Doc *o, Str parent, Str group)
{
    set_or_null(o, "parent", parent);
    set_or_null(o, "group", group);
}

/* Codes without a parent first come as themselves; each with children is followed by them under its own heading. */
static void code_options(const Field *f, Str chosen, Doc *l)
{
    for (size_t i = 0; i < f->codes->n; i++) {
        const Code *top = &f->codes->codes[i];
        if (top->parent.n != 0) {
            continue;
        }
        bool headed = false;
        Doc *o = add_option(l, top->code, top->label, str_eq(top->code, chosen));
        for (size_t k = 0; k < f->codes->n; k++) {
            const Code *c = &f->codes->codes[k];
            if (str_eq(c->parent, top->code)) {
                if (!headed) {
                    option_place(o, S(""), top->label);
                    headed = true;
                }
                option_place(add_option(l, c->code, c->label, str_eq(c->code, chosen)), top->code, S(""));
            }
        }
        if (!headed) {
            option_place(o, S(""), S(""));
        }
    }
}

static bool region_fits(const Req *rq, const Field *f, const Region *r, const Region *top)
{
    if (f->level.n != 0 && (r->level_index < 0 || !str_eq(r->level, f->level))) {
        return false;
    }
    return r->valid_to >= (int32_t)(rq->cx.now_ms / 86400000) && (top == NULL || region_within(r, top));
}

/* Regions of the field's level under their parents; in filters the parent itself can be chosen too ("and everything below"). */
static void region_options(Req *rq, const Field *f, Str chosen, bool filter, Doc *l)
{
    const Region *top = rq->actor.org != NULL ? rq->actor.org->region : NULL;
    const Region *parent = NULL;
    for (size_t i = 0; i < rq->pack->n_regions; i++) {
        const Region *r = &rq->pack->regions[i];
        bool on = str_eq(r->code, chosen);
        if (!on && !region_fits(rq, f, r, top)) {
            continue;
        }
        bool starts = r->parent != parent && r->parent != NULL;
        parent = r->parent;
        if (starts && filter && parent->parent != NULL) {
            Doc *o = add_option(l, parent->code, str_printf(rq->mem, "%.*s（全部）", STRF(parent->name)), str_eq(parent->code, chosen));
            option_place(o, S(""), parent->name);
            starts = false;
        }
        option_place(add_option(l, r->code, r->name, on), S(""), starts ? parent->name : S(""));
    }
}

static void org_options(const Req *rq, const Field *f, Str chosen, Doc *l)
{
    for (size_t i = 0; i < rq->pack->n_orgs; i++) {
        const Org *g = &rq->pack->orgs[i];
        bool level = f->level.n == 0 || (g->level_index >= 0 && str_eq(rq->pack->levels[g->level_index], f->level));
        if (level || str_eq(g->code, chosen)) {
            option_place(add_option(l, g->code, g->name, str_eq(g->code, chosen)), S(""), S(""));
        }
    }
}

Str ref_shown(Req *rq, const Field *f, Str text)
{
    int64_t id;
    Rec r;
    if (!id_read(text, &id)) {
        return text;
    }
    bool seen = rec_get(&rq->cx, rq->store, &rq->actor, f->ref, id, &r);
    cx_clear(&rq->cx);
    return seen ? rec_label(&rq->cx, rq->store, f->ref, id) : text;
}

static bool came_with(const Params *p, Str text)
{
    for (size_t i = 0; i < p->n; i++) {
        if (str_eq(str_trim(p->items[i].value), text)) {
            return true;
        }
    }
    return false;
}

static void ref_options(Req *rq, const Field *f, Str chosen, Doc *l)
{
    Query q = {.type = f->ref, .limit = REF_MAX};
    if (f->ref->title != NULL && field_is_text(f->ref->title)) {
        q.order = f->ref->title;
        q.ascending = true;
    }
    RecPage page;
    bool there = chosen.n == 0;
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
        return;
    }
    for (size_t i = 0; i < page.n; i++) {
        Str id = id_text(rq->mem, page.items[i].id);
        there = there || str_eq(id, chosen);
        option_place(add_option(l, id, rec_title(rq, &page.items[i]), str_eq(id, chosen)), S(""), S(""));
    }
    int64_t id;
    if (!there && id_read(chosen, &id)) {
        bool given = came_with(&rq->query, chosen) || came_with(&rq->form, chosen); /* else the record itself names it */
        Str label = given ? ref_shown(rq, f, chosen) : rec_label(&rq->cx, rq->store, f->ref, id);
        option_place(add_option(l, chosen, label, true), S(""), S(""));
    }
}

Doc *field_options(Req *rq, const Field *f, Str chosen, bool filter)
{
    Doc *l = doc_list(rq->mem);
    switch (f->kind) {
    case FT_CODE: code_options(f, chosen, l); break;
    case FT_REGION: region_options(rq, f, chosen, filter, l); break;
    case FT_ORG: org_options(rq, f, chosen, l); break;
    case FT_REF: ref_options(rq, f, chosen, l); break;
    case FT_BOOL:
        option_place(add_option(l, S("true"), S("是"), str_eq(chosen, S("true")) || str_eq(chosen, S("是")) || str_eq(chosen, S("1"))), S(""), S(""));
        option_place(add_option(l, S("false"), S("否"), str_eq(chosen, S("false")) || str_eq(chosen, S("否")) || str_eq(chosen, S("0"))), S(""), S(""));
        break;
    default: break;
    }
    return l;
}

static const char *widget(const Field *f)
{
    switch (f->kind) {
    case FT_LONG: return "is_long";
    case FT_INT:
    case FT_DECIMAL: return "is_int";
    case FT_MONEY: return "is_money";
    case FT_DATE: return "is_date";
    case FT_BOOL: return "is_select"; /* three answers: yes, no, not known */
    case FT_CODE: return f->codes->n > 12 ? "is_ref" : "is_select";
    case FT_ORG:
    case FT_REGION:
    case FT_REF: return "is_ref";
    default: return "is_text";
    }
}

/* The first error and the first warning about a field. */
static void set_findings(const FieldCtx *c, Doc *o, Str name)
{
    Str error = S(""), warn = S("");
    for (size_t i = 0; c->found != NULL && i < c->found->n; i++) {
        const Finding *f = &c->found->items[i];
        if (str_eq(f->field, name)) {
            Str *to = f->warn ? &warn : &error;
            *to = to->n == 0 ? f->text : *to;
        }
    }
    set_or_null(o, "error", error);
    set_or_null(o, "warn", warn);
}

static Str raw_text(const FieldCtx *c, const Field *f, Str name, const Value *v)
{
    if (c->typed != NULL && param_has(c->typed, name)) {
        return param_get(c->typed, name);
    }
    if (v == NULL || !v->has) {
        return S("");
    }
    if (f->kind == FT_REF) {
        return id_text(c->rq->mem, v->i);
    }
    if (f->kind == FT_ORG) {
        const Org *g = pack_org_by_home(c->rq->pack, v->i);
        return g != NULL ? g->code : S("");
    }
    if (f->personal) {
        return v->s;
    }
    return f->kind == FT_MONEY ? str_printf(c->rq->mem, "%s%lld.%02d", v->i < 0 ? "-" : "", (long long)(v->i < 0 ? -v->i : v->i) / 100,
                                            (int)((v->i < 0 ? -v->i : v->i) % 100))
                               : value_raw(c->rq->mem, f, v);
}

static Str field_hint(const FieldCtx *c, const Field *f, Str value)
{
    if (f->personal && personal_hidden(value)) {
        return S("已脱敏显示；不修改就保持原值");
    }
    if (f->caliber.n != 0 && f->hint.n != 0) {
        return str_printf(c->rq->mem, "%.*s。口径：%.*s", STRF(f->hint), STRF(f->caliber));
    }
    return f->caliber.n != 0 ? str_printf(c->rq->mem, "口径：%.*s", STRF(f->caliber)) : f->hint;
}

Doc *field_doc(const FieldCtx *c, const Field *f, Str name, const Value *v)
{
    Req *rq = c->rq;
    Doc *o = doc_obj(rq->mem);
    Str value = raw_text(c, f, name, v);
    const char *kind = widget(f);
    doc_set_str(o, "id", str_printf(rq->mem, "f-%.*s", STRF(name)));
    doc_set_str(o, "name", name);
    doc_set_str(o, "label", f->label);
    doc_set_str(o, "value", value);
    doc_set_bool(o, kind, true);
    set_or_null(o, "shown", v != NULL ? value_text(rq, f, v) : S(""));
    doc_set_bool(o, "required", f->required);
    doc_set_bool(o, "readonly", f->read_only || f->computed);
    doc_set_bool(o, "wide", f->kind == FT_LONG);
    set_or_null(o, "hint", field_hint(c, f, value));
    set_or_null(o, "clause", f->clause);
    set_or_null(o, "unit", f->unit);
    set_or_null(o, "placeholder", f->placeholder);
    if (f->max_chars > 0 && (f->kind == FT_TEXT || f->kind == FT_LONG)) {
        doc_set_int(o, "maxlength", f->max_chars);
    }
    if (f->kind == FT_PHONE) {
        doc_set_strc(o, "inputmode", "tel");
    }
    set_findings(c, o, name);
    bool live = c->type != NULL && f->named_check.n != 0 && !f->read_only && str_eq(name, f->id) && strcmp(kind, "is_text") == 0;
    if (live) {
        Str self = c->self != 0 ? id_text(rq->mem, c->self) : S("");
        Str at = str_printf(rq->mem, "/%.*s", STRF(f->named_check)); /* a check may have its own page */
        if (route_of(rq->site, "GET", at) == NULL) {
            at = str_printf(rq->mem, "/check/%.*s/%.*s", STRF(c->type->id), STRF(f->id));
        }
        doc_set_str(o, "check_url", url_with(rq->mem, at, NULL, &(UrlSet){S("self"), self}, 1));
    }
    if (!f->read_only && !f->computed) {
        doc_set_doc(o, "options", field_options(rq, f, value, false));
    }
    field_doc_plain(o);
    return o;
}

static size_t typed_rows(const FieldCtx *c, const Field *f)
{
    size_t n = 0;
    for (size_t i = 0; c->typed != NULL && i < c->typed->n; i++) {
        Str name = c->typed->items[i].name, head, rest, no, col;
        int64_t at;
        if (str_cut(name, '.', &head, &rest) && str_eq(head, f->id) && str_cut(rest, '.', &no, &col) && str_int(no, &at) && at >= 0 &&
            at < 500) {
            n = MAX(n, (size_t)at + 1);
        }
    }
    return n;
}

/* Rows that are there, and empty ones to fill: forms work without scripts, "more rows" is a button that comes back with more. */
Doc *field_doc_list(const FieldCtx *c, const Field *f, const Value *v)
{
    Req *rq = c->rq;
    Doc *o = doc_obj(rq->mem), *list = doc_set_obj(o, "list");
    bool fixed = f->read_only || f->computed;
    size_t there = v != NULL ? v->n_rows : 0, n = MAX(there, typed_rows(c, f)), spare = 0;
    if (!fixed) {
        spare = str_eq(req_param(rq, "_more"), f->id) ? 3 : n == 0 ? 2 : 1;
    }
    doc_set_bool(o, "is_list", true);
    doc_set_bool(o, "wide", true);
    doc_set_str(o, "id", str_printf(rq->mem, "f-%.*s", STRF(f->id)));
    doc_set_str(o, "name", f->id);
    doc_set_str(o, "label", f->label);
    set_or_null(o, "hint", f->hint);
    set_or_null(o, "clause", f->clause);
    doc_set_bool(o, "readonly", fixed);
    set_findings(c, o, f->id);
    doc_set_str(list, "more", f->id);
    Doc *rows = doc_set_list(list, "rows");
    for (size_t i = 0; i < n + spare; i++) {
        Doc *row = doc_add_obj(rows), *fields = doc_set_list(row, "fields");
        doc_set_int(row, "number", (int64_t)i + 1);
        for (size_t k = 0; k < f->n_fields; k++) {
            Str name = str_printf(rq->mem, "%.*s.%zu.%.*s", STRF(f->id), i, STRF(f->fields[k].id));
            doc_add_doc(fields, field_doc(c, &f->fields[k], name, i < there ? &v->rows[i].v[k] : NULL));
        }
    }
    field_doc_plain(o);
    return o;
}
