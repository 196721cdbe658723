/*
 * openapi.c - OpenAPI 3.1, printed once at start from the route tables and the pack: what is served is what is described.
 */
#include "page/internal.h"

static Doc *ref(Arena *mem, const char *fmt_kind, Str name)
{
    Doc *o = doc_obj(mem);
    doc_set_str(o, "$ref", str_printf(mem, "#/components/%s/%.*s", fmt_kind, STRF(name)));
    return o;
}

static void type_word(Doc *o, const char *type, const char *format)
{
    doc_set_strc(o, "type", type);
    if (format != NULL) {
        doc_set_strc(o, "format", format);
    }
}

static void code_values(Doc *o, const Field *f)
{
    Doc *l = doc_set_list(o, "enum");
    for (size_t i = 0; i < f->codes->n && i < 200; i++) {
        doc_add_str(l, f->codes->codes[i].code);
    }
}

static Doc *field_schema(Arena *mem, const Field *f)
{
    Doc *o = doc_obj(mem);
    switch (f->kind) {
    case FT_INT: type_word(o, "integer", "int64"); break;
    case FT_MONEY: type_word(o, "integer", "int64"); break;
    case FT_DECIMAL: type_word(o, "string", NULL); break;
    case FT_BOOL: type_word(o, "boolean", NULL); break;
    case FT_DATE: type_word(o, "string", "date"); break;
    case FT_CODE:
        type_word(o, "string", NULL);
        code_values(o, f);
        break;
    case FT_LIST: {
        type_word(o, "array", NULL);
        Doc *items = doc_set_obj(o, "items"), *props;
        type_word(items, "object", NULL);
        props = doc_set_obj(items, "properties");
        for (size_t i = 0; i < f->n_fields; i++) {
            doc_set_doc_n(props, f->fields[i].id, field_schema(mem, &f->fields[i]));
        }
        break;
    }
    default: type_word(o, "string", NULL); break;
    }
    doc_set_str(o, "title", f->label);
    Buf d = buf_new(mem, 4000);
    buf_add(&d, f->kind == FT_MONEY ? S("单位：分。") : S(""));
    if (f->unit.n != 0) {
        buf_printf(&d, "单位：%.*s。", STRF(f->unit));
    }
    if (f->caliber.n != 0) {
        buf_printf(&d, "口径：%.*s。", STRF(f->caliber));
    }
    if (f->clause.n != 0) {
        buf_printf(&d, "条款 %.*s。", STRF(f->clause));
    }
    if (d.n != 0) {
        doc_set_str(o, "description", buf_str(&d));
    }
    if (f->read_only || f->computed) {
        doc_set_bool(o, "readOnly", true);
    }
    return o;
}

static void type_schema(Arena *mem, Doc *schemas, const RecordType *t)
{
    Doc *values = doc_obj(mem), *props, *required, *rec = doc_obj(mem);
    type_word(values, "object", NULL);
    doc_set_str(values, "title", t->label);
    props = doc_set_obj(values, "properties");
    required = doc_list(mem);
    for (size_t i = 0; i < t->n_fields; i++) {
        doc_set_doc_n(props, t->fields[i].id, field_schema(mem, &t->fields[i]));
        if (t->fields[i].required) {
            doc_add_str(required, t->fields[i].id);
        }
    }
    if (required->n != 0) {
        doc_set_doc(values, "required", required);
    }
    Str name = str_printf(mem, "%.*s.values", STRF(t->id));
    doc_set_doc_n(schemas, name, values);
    type_word(rec, "object", NULL);
    props = doc_set_obj(rec, "properties");
    static const char *const WORDS[] = {"id", "type", "no", "title", "state", "org", "holder", "created_at", "updated_at"};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        type_word(doc_set_obj(props, WORDS[i]), "string", NULL);
    }
    type_word(doc_set_obj(props, "rev"), "integer", "int64");
    doc_set_doc(props, "values", ref(mem, "schemas", name));
    doc_set_doc_n(schemas, t->id, rec);
}

static void problem_schema(Doc *schemas)
{
    static const char *const WORDS[] = {"type", "title", "detail", "instance", "code", "clause", "request_id"};
    Doc *o = doc_set_obj(schemas, "Problem"), *props;
    type_word(o, "object", NULL);
    doc_set_strc(o, "description", "RFC 9457");
    props = doc_set_obj(o, "properties");
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        type_word(doc_set_obj(props, WORDS[i]), "string", NULL);
    }
    type_word(doc_set_obj(props, "status"), "integer", NULL);
    Doc *errors = doc_set_obj(props, "errors");
    type_word(errors, "array", NULL);
    type_word(doc_set_obj(errors, "items"), "object", NULL);
}

/* "{id:id}" is written "{id}"; {type} is filled in. */
static Str api_path(Arena *mem, const char *pattern, const RecordType *t)
{
    Str p = str_replace(mem, str_c(pattern), S(":id}"), S("}"));
    return t != NULL ? str_replace(mem, p, S("{type}"), t->id) : p;
}

static void param(Doc *list, Str name, const char *in, const char *type, bool required)
{
    Doc *o = doc_add_obj(list);
    doc_set_str(o, "name", name);
    doc_set_strc(o, "in", in);
    doc_set_bool(o, "required", required);
    type_word(doc_set_obj(o, "schema"), type, NULL);
}

static void parameters(Arena *mem, Doc *op, const Route *r, Str path, const RecordType *t)
{
    Doc *list = doc_list(mem);
    Str rest = path, name, kind, one;
    size_t at;
    while (str_find(rest, S("{"), &at)) {
        (void)str_cut(str_sub(rest, at + 1, rest.n), '}', &name, &rest);
        param(list, name, "path", "string", true);
    }
    rest = str_c(r->params);
    while (rest.n != 0) {
        (void)str_cut(rest, ',', &one, &rest);
        (void)str_cut(one, ':', &name, &kind);
        param(list, name, "query", str_eq(kind, S("int")) ? "integer" : str_eq(kind, S("bool")) ? "boolean" : "string", false);
    }
    bool lists = t != NULL && r->fn == record_list;
    for (size_t i = 0; lists && i < t->n_fields; i++) {
        if (query_field(t, t->fields[i].id) != NULL) {
            param(list, t->fields[i].id, "query", "string", false);
        }
    }
    if (r->fn == record_update || r->fn == record_delete || r->fn == record_action) {
        param(list, S("If-Match"), "header", "string", false);
    }
    if (strcmp(r->method, "POST") == 0) {
        param(list, S("Idempotency-Key"), "header", "string", false);
    }
    if (list->n != 0) {
        doc_set_doc(op, "parameters", list);
    }
}

static void body_and_answers(Arena *mem, Doc *op, const Route *r, const RecordType *t)
{
    bool writes = t != NULL && (r->fn == record_create || r->fn == record_update);
    if (writes) {
        Doc *json = doc_set_obj(doc_set_obj(doc_set_obj(op, "requestBody"), "content"), "application/json");
        doc_set_doc(json, "schema", ref(mem, "schemas", str_printf(mem, "%.*s.values", STRF(t->id))));
    }
    Doc *answers = doc_set_obj(op, "responses"), *ok = doc_set_obj(answers, r->fn == record_create ? "201" : "200");
    doc_set_strc(ok, "description", "done");
    if (t != NULL && (writes || r->fn == record_show || r->fn == record_action)) {
        Doc *json = doc_set_obj(doc_set_obj(ok, "content"), "application/json");
        doc_set_doc(json, "schema", ref(mem, "schemas", t->id));
    } else if (t != NULL && r->fn == record_list) {
        Doc *schema = doc_set_obj(doc_set_obj(doc_set_obj(ok, "content"), "application/json"), "schema"), *props, *items;
        type_word(schema, "object", NULL);
        props = doc_set_obj(schema, "properties");
        type_word(doc_set_obj(props, "total"), "integer", "int64");
        type_word(doc_set_obj(props, "next"), "string", NULL);
        items = doc_set_obj(props, "items");
        type_word(items, "array", NULL);
        doc_set_doc(items, "items", ref(mem, "schemas", t->id));
    }
    Doc *bad = doc_set_obj(answers, "default");
    doc_set_strc(bad, "description", "refused");
    Doc *json = doc_set_obj(doc_set_obj(bad, "content"), "application/problem+json");
    doc_set_doc(json, "schema", ref(mem, "schemas", S("Problem")));
}

static void one_route(Arena *mem, Doc *paths, const Route *r, const RecordType *t)
{
    Str path = api_path(mem, r->pattern, t);
    Doc *item = doc_get(paths, path);
    if (item == NULL) {
        item = doc_set_doc_n(paths, path, doc_obj(mem));
    }
    Str method = str_lower(mem, str_c(r->method));
    if (doc_get(item, method) != NULL) {
        return;
    }
    Doc *op = doc_set_doc_n(item, method, doc_obj(mem));
    doc_set_strc(op, "summary", r->summary);
    if (t != NULL) {
        doc_add_str(doc_set_list(op, "tags"), t->label);
    }
    parameters(mem, op, r, path, t);
    body_and_answers(mem, op, r, t);
    if (r->auth != AUTH_PUBLIC) {
        Doc *needs = doc_add_obj(doc_set_list(op, "security"));
        doc_set_list(needs, "token");
    }
}

void openapi_build(Site *s)
{
    Arena *mem = s->mem;
    Doc *d = doc_obj(mem), *info, *parts, *schemas, *token;
    doc_set_strc(d, "openapi", "3.1.0");
    info = doc_set_obj(d, "info");
    doc_set_str(info, "title", s->pack->title);
    doc_set_str(info, "version", s->pack->version.n != 0 ? s->pack->version : S("0"));
    doc_set_strc(info, "description", "同一地址，Accept: application/json 或路径加 .json 得到 JSON。写入用令牌（Authorization: Bearer），修改须带 "
                                      "If-Match。列表按 Link rel=next 或 next 游标翻页；筛选 field=、field.gte=、field.lte=、field.has=。");
    Doc *paths = doc_set_obj(d, "paths");
    for (size_t i = 0; i < s->n_routes; i++) {
        const Route *r = s->routes[i];
        bool per_type = str_contains(str_c(r->pattern), S("{type}"));
        for (size_t k = 0; per_type && k < s->pack->n_types; k++) {
            one_route(mem, paths, r, &s->pack->types[k]);
        }
        if (!per_type) {
            one_route(mem, paths, r, NULL);
        }
    }
    parts = doc_set_obj(d, "components");
    schemas = doc_set_obj(parts, "schemas");
    problem_schema(schemas);
    for (size_t k = 0; k < s->pack->n_types; k++) {
        type_schema(mem, schemas, &s->pack->types[k]);
    }
    token = doc_set_obj(doc_set_obj(parts, "securitySchemes"), "token");
    doc_set_strc(token, "type", "http");
    doc_set_strc(token, "scheme", "bearer");
    Buf b = buf_new(mem, 16 << 20);
    json_write(&b, d, false);
    CHECK(!b.full);
    s->openapi = buf_str(&b);
    uint8_t sum[32];
    sha256(s->openapi.p, s->openapi.n, sum);
    s->openapi_etag = str_printf(mem, "\"%.*s\"", STRF(hex(mem, sum, 10)));
}

bool openapi_page(Req *rq)
{
    req_header(rq, S("etag"), rq->site->openapi_etag);
    req_header(rq, S("cache-control"), S("public, max-age=60"));
    if (str_eq(net_header(rq->net, S("if-none-match")), rq->site->openapi_etag)) {
        rq->status = 304;
        return true;
    }
    rq->raw_body = rq->site->openapi;
    rq->raw_type = S("application/json");
    return true;
}
