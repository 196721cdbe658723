/*
 * body.c - the body of a request as one flat list of names and values, whatever its format, so that handlers read forms and JSON
 * alike: {"a": {"b": 1}, "l": [{"c": "x"}]} becomes a.b=1, l.0.c=x; a list of plain values repeats its name.
 */
#include "page/internal.h"

#define FLAT_MAX 8000

typedef struct {
    Arena *mem;
    Param *items;
    size_t n, cap;
} Flat;

static void put(Flat *f, Str name, Str value)
{
    ARRAY_ROOM(f->mem, f->items, f->n, f->cap);
    f->items[f->n++] = (Param){name, value};
}

static bool plain(const Doc *d)
{
    return d->kind != DOC_LIST && d->kind != DOC_OBJ;
}

static Str plain_text(Arena *mem, const Doc *d)
{
    switch (d->kind) {
    case DOC_STR: return d->s;
    case DOC_INT: return str_printf(mem, "%lld", (long long)d->i);
    case DOC_BOOL: return d->b ? S("true") : S("false");
    default: return S("");
    }
}

static bool flatten(Cx *cx, Flat *f, Str name, const Doc *d)
{
    if (f->n > FLAT_MAX) {
        return fail(cx, E_TOO_LARGE, "一次提交的内容太多");
    }
    if (plain(d)) {
        put(f, name, plain_text(f->mem, d));
        return true;
    }
    if (name.n != 0 && d->first == NULL) {
        put(f, name, S("")); /* an empty list is given, and empty */
    }
    size_t i = 0;
    for (const Doc *c = d->first; c != NULL; c = c->next, i++) {
        Str sub = d->kind == DOC_OBJ ? (name.n != 0 ? str_printf(f->mem, "%.*s.%.*s", STRF(name), STRF(c->name)) : c->name)
                  : plain(c)         ? name
                                     : str_printf(f->mem, "%.*s.%zu", STRF(name), i);
        if (!flatten(cx, f, sub, c)) {
            return false;
        }
    }
    return true;
}

static bool read_json(Exchange *x, Str body)
{
    Req *rq = &x->rq;
    Str why = S("");
    rq->json = json_read(rq->mem, body, &why);
    if (rq->json == NULL || rq->json->kind != DOC_OBJ) {
        return fail(&rq->cx, E_BAD_REQUEST, "JSON 写法不对：%.*s", STRF(why.n != 0 ? why : S("最外层须是对象 {…}")));
    }
    Flat f = {.mem = rq->mem};
    if (!flatten(&rq->cx, &f, S(""), rq->json)) {
        return false;
    }
    rq->form = (Params){f.items, f.n};
    return true;
}

static bool read_multipart(Exchange *x, Str type, Str body)
{
    Req *rq = &x->rq;
    if (!multipart_read(&rq->cx, type, body, &rq->parts, &rq->n_parts)) {
        return false;
    }
    Flat f = {.mem = rq->mem};
    for (size_t i = 0; i < rq->n_parts; i++) {
        if (!rq->parts[i].is_file) {
            if (!utf8_valid(rq->parts[i].data)) {
                return fail(&rq->cx, E_BAD_REQUEST, "表单内容不是 UTF-8 文字");
            }
            put(&f, rq->parts[i].name, str_replace(rq->mem, rq->parts[i].data, S("\r\n"), S("\n")));
        }
    }
    rq->form = (Params){f.items, f.n};
    return true;
}

bool body_read(Exchange *x)
{
    Req *rq = &x->rq;
    Str body = rq->net->body, type = net_header(rq->net, S("content-type")), media, rest;
    if (body.n == 0) {
        return true;
    }
    (void)str_cut(type, ';', &media, &rest);
    media = str_lower(rq->mem, str_trim(media));
    if (str_eq(media, S("application/x-www-form-urlencoded"))) {
        return url_params(&rq->cx, body, &rq->form);
    }
    if (str_eq(media, S("multipart/form-data"))) {
        return read_multipart(x, type, body);
    }
    if (str_eq(media, S("application/json")) || str_ends(media, S("+json"))) {
        return read_json(x, body);
    }
    return fail(&rq->cx, E_MEDIA_TYPE, "请求内容须是表单（application/x-www-form-urlencoded、multipart/form-data）或 JSON");
}
