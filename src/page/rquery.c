/*
 * rquery.c - the address of a list into a query, and the query back into its query area and chips.
 *
 * Parameters: q, order=field or order=-field, page, size, cursor, state, org, todo=1, and for every filterable field `field=value`
 * (a region takes in everything below it; "~" means not given) or `field.gte= .gt= .lte= .lt= .ne= .has=`. Others are refused in the
 * API and ignored on pages.
 */
#include "base/date.h"
#include "page/internal.h"

#define FILTERS_SHOWN 5

static bool in_list(const Field *const *l, size_t n, const Field *f)
{
    for (size_t i = 0; i < n; i++) {
        if (l[i] == f) {
            return true;
        }
    }
    return false;
}

const Field *query_field(const RecordType *t, Str id)
{
    const Field *f = type_field(t, id);
    if (f == NULL || f->personal || f->kind == FT_LIST) {
        return NULL;
    }
    bool listed = in_list(as_const_fields(t->filters), t->n_filters, f) || in_list(as_const_fields(t->facets), t->n_facets, f) ||
                  in_list(as_const_fields(t->orders), t->n_orders, f) || f->kind == FT_REF;
    return listed ? f : NULL;
}

static bool read_op(Str word, FilterOp *ret)
{
    static const struct {
        Str word;
        FilterOp op;
    } OPS[] = {{STR_INIT(""), OP_EQ},    {STR_INIT("ne"), OP_NE},  {STR_INIT("lt"), OP_LT},  {STR_INIT("lte"), OP_LE},
               {STR_INIT("gt"), OP_GT}, {STR_INIT("gte"), OP_GE}, {STR_INIT("has"), OP_HAS}};
    for (size_t i = 0; i < ARRAY_LEN(OPS); i++) {
        if (str_eq(OPS[i].word, word)) {
            *ret = OPS[i].op;
            return true;
        }
    }
    return false;
}

static bool add(Query *q, Filter f)
{
    if (q->n_filters == ARRAY_LEN(q->filters)) {
        return false;
    }
    q->filters[q->n_filters++] = f;
    return true;
}

static bool field_filter(Req *rq, const Field *f, FilterOp op, Str where, Str text, Query *ret, Findings *found)
{
    Filter x = {.field = f, .op = op};
    int64_t id;
    if (str_eq(text, S("~"))) {
        return add(ret, x);
    }
    if (f->kind == FT_REGION && op == OP_EQ) {
        x.within = pack_region(rq->pack, text);
        if (x.within == NULL) {
            x.within = pack_region_by_name(rq->pack, text, NULL);
        }
        if (x.within == NULL) {
            finding_add(found, false, where, S("choice"), S(""), str_printf(rq->mem, "%.*s：没有这个地区", STRF(f->label)));
            return true;
        }
        x.value = (Value){.has = true, .s = x.within->code};
        return add(ret, x);
    }
    if (f->kind == FT_REF) {
        if (!id_read(text, &id)) {
            finding_add(found, false, where, S("ref"), S(""), str_printf(rq->mem, "%.*s：须是记录的 id", STRF(f->label)));
            return true;
        }
        x.value = (Value){.has = true, .i = id};
        return add(ret, x);
    }
    const Org *g = f->kind == FT_ORG ? pack_org(rq->pack, text) : NULL;
    if (g != NULL) {
        x.value = (Value){.has = true, .i = g->home};
        return add(ret, x);
    }
    if (op == OP_HAS) {
        if (field_is_text(f)) {
            x.value = (Value){.has = true, .s = text};
            return add(ret, x);
        }
        x.op = OP_EQ;
    }
    Findings own = findings_new(rq->mem);
    if (!value_parse(rq->mem, rq->pack, f, where, text, NULL, &x.value, &own) || own.errors != 0) {
        finding_add(found, false, where, S("format"), S(""),
                    own.n != 0 ? own.items[0].text : str_printf(rq->mem, "%.*s：写法不对", STRF(f->label)));
        return true;
    }
    return add(ret, x);
}

static bool column_filter(Req *rq, const RecordType *t, Str name, Str text, Query *ret, Findings *found, bool *ret_known)
{
    *ret_known = true;
    if (str_eq(name, S("state"))) {
        const State *st = type_state(t, text);
        if (st == NULL) {
            finding_add(found, false, name, S("choice"), S(""), str_printf(rq->mem, "没有“%.*s”这个状态", STRF(text)));
            return true;
        }
        return add(ret, (Filter){.column = S("state"), .op = OP_EQ, .value = {.has = true, .s = st->id}});
    }
    if (str_eq(name, S("org")) || str_eq(name, S("holder"))) {
        const Org *g = pack_org(rq->pack, text);
        if (g == NULL) {
            finding_add(found, false, name, S("choice"), S(""), S("没有这个单位"));
            return true;
        }
        Str column = str_eq(name, S("org")) ? S("home") : S("holder");
        return add(ret, (Filter){.column = column, .op = OP_EQ, .value = {.has = true, .i = g->home}});
    }
    if (str_eq(name, S("no"))) {
        return add(ret, (Filter){.column = S("no"), .op = OP_EQ, .value = {.has = true, .s = text}});
    }
    bool since = str_eq(name, S("updated.gte")), until = str_eq(name, S("updated.lte"));
    if (since || until) {
        int32_t day;
        char precision;
        if (!date_parse(rq->mem, text, &day, &precision)) {
            finding_add(found, false, name, S("date"), S(""), S("更新时间：请写成 2025-09-01 这样的日期"));
            return true;
        }
        int64_t ms = ((int64_t)day * 24 - 8) * 3600000; /* midnight in China Standard Time */
        return add(ret, (Filter){.column = S("updated"), .op = since ? OP_GE : OP_LT, .value = {.has = true, .i = since ? ms : ms + 86400000}});
    }
    *ret_known = false;
    return true;
}

static bool number(Str text, int64_t least, int64_t most, int64_t *ret)
{
    return str_int(text, ret) && *ret >= least && *ret <= most;
}

/* Words that steer the list itself. *ret_known false: not one of them. */
static bool steering(Req *rq, const RecordType *t, Str name, Str text, Query *ret, int64_t *page, Findings *found, bool *ret_known)
{
    int64_t n = 0;
    *ret_known = true;
    if (str_eq(name, S("facets"))) {
        return true;
    }
    if (str_eq(name, S("q"))) {
        ret->search = utf8_cut(str_trim(text), 60);
    } else if (str_eq(name, S("cursor"))) {
        ret->after = text;
    } else if (str_eq(name, S("page"))) {
        if (!number(text, 1, 100000, page)) {
            finding_add(found, false, name, S("range"), S(""), S("page 须是 1 以上的整数"));
        }
    } else if (str_eq(name, S("size")) || str_eq(name, S("limit"))) {
        if (number(text, 1, 200, &n)) {
            ret->limit = (size_t)n;
        } else {
            finding_add(found, false, name, S("range"), S(""), S("每页条数须在 1 到 200 之间"));
        }
    } else if (str_eq(name, S("todo"))) {
        ret->mine_to_do = str_eq(text, S("1")) || str_eq(text, S("true"));
    } else if (str_eq(name, S("order"))) {
        ret->ascending = text.p[0] != '-';
        Str id = ret->ascending ? text : str_sub(text, 1, text.n);
        ret->order = type_field(t, id);
        if (str_eq(id, S("updated"))) {
            ret->order = NULL;
        } else if (ret->order == NULL || !in_list(as_const_fields(t->orders), t->n_orders, ret->order) ||
                   (rq->actor.user != 0 && access_field(&rq->actor, t, ret->order, false) && !access_field_in(&rq->actor, t, NULL, ret->order, false))) {
            ret->order = NULL;
            finding_add(found, false, name, S("order"), S(""), str_printf(rq->mem, "不能按“%.*s”排序", STRF(id)));
        }
    } else {
        *ret_known = false;
    }
    return true;
}

bool query_from(Req *rq, const RecordType *t, Query *ret, Findings *found)
{
    *ret = (Query){.type = t, .limit = 50};
    int64_t page = 1;
    for (size_t i = 0; i < rq->query.n; i++) {
        Str name = rq->query.items[i].name, text = str_trim(rq->query.items[i].value), id, op_word;
        bool known = false;
        FilterOp op;
        if (text.n == 0) {
            continue;
        }
        if (!steering(rq, t, name, text, ret, &page, found, &known)) {
            return false;
        }
        bool room = known || column_filter(rq, t, name, text, ret, found, &known);
        if (!known) {
            (void)str_cut(name, '.', &id, &op_word);
            const Field *f = query_field(t, id);
            bool seen = f != NULL && read_op(op_word, &op);
            if (seen) {
                room = field_filter(rq, f, op, name, text, ret, found);
            } else if (rq->wants_json) {
                finding_add(found, false, name, S("unknown"), S(""), str_printf(rq->mem, "不认识参数“%.*s”", STRF(name)));
            }
        }
        if (!room) {
            return fail(&rq->cx, E_BAD_REQUEST, "筛选条件太多");
        }
    }
    ret->offset = (size_t)(page - 1) * ret->limit;
    return true;
}

/* ---- and back ---- */

static Doc *filter_field(Req *rq, Doc *fields, Str name, Str label, const char *kind)
{
    static const Str MAY_HAVE[] = {STR_INIT("is_text"), STR_INIT("is_int"),      STR_INIT("is_date"), STR_INIT("is_select"), STR_INIT("is_ref"),
                                   STR_INIT("placeholder"), STR_INIT("depends"), STR_INIT("options"), {0}};
    Doc *o = doc_add_obj(fields);
    doc_known(o, MAY_HAVE);
    doc_set_str(o, "id", str_printf(rq->mem, "q-%.*s", STRF(name)));
    doc_set_str(o, "name", name);
    doc_set_str(o, "label", label);
    doc_set_str(o, "value", param_get(&rq->query, name));
    doc_set_bool(o, kind, true);
    doc_set_bool(o, "wide", str_eq(name, S("q")));
    return o;
}

static void state_filter(Req *rq, const RecordType *t, Doc *fields)
{
    Doc *o = filter_field(rq, fields, S("state"), S("办理状态"), "is_select"), *l = doc_set_list(o, "options");
    for (size_t i = 0; i < t->n_states; i++) {
        Doc *x = doc_add_obj(l);
        doc_set_str(x, "value", t->states[i].id);
        doc_set_str(x, "label", t->states[i].label);
        doc_set_bool(x, "on", str_eq(t->states[i].id, param_get(&rq->query, S("state"))));
        doc_set_null(x, "parent");
        doc_set_null(x, "group");
        doc_set_null(x, "count");
    }
}

static void one_filter(Req *rq, const Field *f, Doc *fields)
{
    Doc *o;
    switch (f->kind) {
    case FT_INT:
    case FT_DECIMAL:
    case FT_MONEY:
        o = filter_field(rq, fields, str_printf(rq->mem, "%.*s.gte", STRF(f->id)),
                         str_printf(rq->mem, "%.*s不少于", STRF(f->label)), "is_int");
        doc_set_str(o, "placeholder", f->unit);
        break;
    case FT_DATE:
        filter_field(rq, fields, str_printf(rq->mem, "%.*s.gte", STRF(f->id)), str_printf(rq->mem, "%.*s自", STRF(f->label)), "is_date");
        break;
    case FT_CODE:
    case FT_BOOL:
        o = filter_field(rq, fields, f->id, f->label, f->kind == FT_CODE && f->codes->n > 12 ? "is_ref" : "is_select");
        doc_set_doc(o, "options", field_options(rq, f, param_get(&rq->query, f->id), true));
        break;
    case FT_REGION:
    case FT_ORG:
    case FT_REF:
        o = filter_field(rq, fields, f->id, f->label, "is_ref");
        doc_set_doc(o, "options", field_options(rq, f, param_get(&rq->query, f->id), true));
        break;
    case FT_PERIOD: filter_field(rq, fields, f->id, f->label, "is_text"); break;
    default: filter_field(rq, fields, str_printf(rq->mem, "%.*s.has", STRF(f->id)), f->label, "is_text"); break;
    }
}

Doc *query_filters_doc(Req *rq, const RecordType *t, const Query *q)
{
    (void)q;
    Doc *o = doc_obj(rq->mem);
    Str path = str_printf(rq->mem, "/r/%.*s", STRF(t->id));
    doc_set_str(o, "action", path);
    doc_set_str(o, "reset", path);
    Doc *hidden = doc_set_list(o, "hidden");
    static const Str KEPT[] = {STR_INIT("order"), STR_INIT("size"), STR_INIT("todo")};
    for (size_t i = 0; i < ARRAY_LEN(KEPT); i++) {
        Str v = param_get(&rq->query, KEPT[i]);
        if (v.n != 0) {
            Doc *h = doc_add_obj(hidden);
            doc_set_str(h, "name", KEPT[i]);
            doc_set_str(h, "value", v);
        }
    }
    Doc *fields = doc_set_list(o, "fields"), *more = doc_set_list(o, "more");
    bool more_open = false;
    if (t->searchable) {
        filter_field(rq, fields, S("q"), S("名称 / 编号 / 拼音首字母"), "is_text");
    }
    if (t->n_states > 1) {
        state_filter(rq, t, fields);
    }
    for (size_t i = 0; i < t->n_filters; i++) { /* what is used most stands first in the pack; the rest folds away */
        if (t->searchable && t->filters[i] == t->title) {
            continue; /* the search finds it */
        }
        bool first = fields->n < FILTERS_SHOWN;
        one_filter(rq, t->filters[i], first ? fields : more);
        more_open = more_open || (!first && doc_get_str(more->last, "value").n != 0);
    }
    doc_set_bool(o, "more_open", more_open);
    doc_set_bool(o, "has_more", more->n != 0);
    doc_set_doc(o, "chips", query_chips_doc(rq, t, q));
    return o;
}

static Str chip_label(Req *rq, const RecordType *t, Str name, Str text)
{
    static const Str OPS[][2] = {{STR_INIT("ne"), STR_INIT(" ≠ ")},  {STR_INIT("lt"), STR_INIT(" < ")},  {STR_INIT("lte"), STR_INIT(" ≤ ")},
                                 {STR_INIT("gt"), STR_INIT(" > ")}, {STR_INIT("gte"), STR_INIT(" ≥ ")}, {STR_INIT("has"), STR_INIT("含 ")}};
    Str id, op, sign = S("：");
    (void)str_cut(name, '.', &id, &op);
    for (size_t i = 0; i < ARRAY_LEN(OPS); i++) {
        sign = str_eq(op, OPS[i][0]) ? OPS[i][1] : sign;
    }
    const Field *f = query_field(t, id);
    Str shown = text, label = f != NULL ? f->label : id;
    if (str_eq(name, S("q"))) {
        label = S("搜索");
    } else if (str_eq(name, S("todo"))) {
        return S("只看待我办理");
    } else if (str_eq(name, S("state"))) {
        const State *st = type_state(t, text);
        label = S("状态");
        shown = st != NULL ? st->label : text;
    } else if (str_eq(id, S("updated"))) {
        label = S("更新时间");
    } else if (str_eq(name, S("org")) || str_eq(name, S("holder"))) {
        const Org *g = pack_org(rq->pack, text);
        label = str_eq(name, S("org")) ? S("填报单位") : S("办理单位");
        shown = g != NULL ? g->name : text;
    } else if (str_eq(text, S("~"))) {
        shown = S("未填");
    } else if (f != NULL && f->kind == FT_CODE) {
        const Code *c = code_find(f->codes, text);
        shown = c != NULL ? c->label : text;
    } else if (f != NULL && f->kind == FT_REGION) {
        const Region *r = pack_region(rq->pack, text);
        shown = r != NULL ? r->name : text;
    } else if (f != NULL && f->kind == FT_REF) {
        shown = ref_shown(rq, f, text);
    } else if (f != NULL && f->kind == FT_BOOL) {
        shown = str_eq(text, S("true")) ? S("是") : str_eq(text, S("false")) ? S("否") : text;
    }
    return str_printf(rq->mem, "%.*s%.*s%.*s", STRF(label), STRF(sign), STRF(shown));
}

Doc *query_chips_doc(Req *rq, const RecordType *t, const Query *q)
{
    (void)q;
    static const Str STEER[] = {STR_INIT("order"), STR_INIT("size"), STR_INIT("limit"), STR_INIT("page"), STR_INIT("cursor")};
    Doc *l = doc_list(rq->mem);
    for (size_t i = 0; i < rq->query.n; i++) {
        Str name = rq->query.items[i].name, text = str_trim(rq->query.items[i].value), id, op;
        bool skip = text.n == 0;
        for (size_t k = 0; k < ARRAY_LEN(STEER); k++) {
            skip = skip || str_eq(name, STEER[k]);
        }
        (void)str_cut(name, '.', &id, &op);
        bool own = str_eq(name, S("q")) || str_eq(name, S("todo")) || str_eq(name, S("state")) || str_eq(name, S("org")) ||
                   str_eq(name, S("holder")) || str_eq(name, S("no")) || str_eq(id, S("updated"));
        if (skip || (!own && query_field(t, id) == NULL)) {
            continue;
        }
        Doc *o = doc_add_obj(l);
        doc_set_str(o, "label", chip_label(rq, t, name, text));
        UrlSet off[] = {{name, S("")}, {S("page"), S("")}, {S("cursor"), S("")}};
        doc_set_str(o, "href", url_with(rq->mem, str_printf(rq->mem, "/r/%.*s", STRF(t->id)), &rq->query, off, ARRAY_LEN(off)));
    }
    return l;
}
