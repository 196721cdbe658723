/*
 * query.c - a query as a line of JSON, so that an export can wait in the queue and be found again after a restart.
 */
#include "fmt/doc.h"
#include "job/internal.h"

static void save_filter(Doc *l, const Filter *f)
{
    Doc *o = doc_add_obj(l);
    doc_set_str(o, "field", f->field != NULL ? f->field->id : S(""));
    doc_set_str(o, "column", f->column);
    doc_set_int(o, "op", (int64_t)f->op);
    doc_set_bool(o, "has", f->value.has);
    doc_set_id(o, "i", f->value.i);
    doc_set_str(o, "s", f->value.s);
    doc_set_str(o, "within", f->within != NULL ? f->within->code : S(""));
}

Str query_save(Arena *mem, const Query *q)
{
    Doc *o = doc_obj(mem);
    Doc *l = doc_set_list(o, "filters");
    for (size_t i = 0; i < q->n_filters; i++) {
        save_filter(l, &q->filters[i]);
    }
    doc_set_str(o, "search", q->search);
    doc_set_str(o, "order", q->order != NULL ? q->order->id : S(""));
    doc_set_bool(o, "ascending", q->ascending);
    doc_set_bool(o, "mine", q->mine_to_do);
    return json_text(mem, o);
}

static bool load_filter(Cx *cx, const Pack *p, const RecordType *t, const Doc *o, Filter *f)
{
    Str field = doc_get_str(o, "field"), within = doc_get_str(o, "within");
    *f = (Filter){.column = doc_get_str(o, "column"), .op = (FilterOp)doc_get_int(o, "op", OP_EQ)};
    f->value = (Value){.has = doc_get_bool(o, "has"), .i = doc_get_int(o, "i", 0), .s = doc_get_str(o, "s")};
    f->field = field.n != 0 ? type_field(t, field) : NULL;
    f->within = within.n != 0 ? pack_region(p, within) : NULL;
    if ((field.n != 0 && f->field == NULL) || (within.n != 0 && f->within == NULL)) {
        return fail(cx, E_INVALID, "查询条件已不适用于现在的策略包，请重新导出");
    }
    return true;
}

bool query_load(Cx *cx, const Pack *p, const RecordType *t, Str text, Query *ret)
{
    Str error;
    Doc *o = json_read(cx->mem, text, &error);
    if (o == NULL) {
        return fail(cx, E_DATA, "任务的查询条件损坏");
    }
    *ret = (Query){.type = t, .search = doc_get_str(o, "search"), .ascending = doc_get_bool(o, "ascending"),
                   .mine_to_do = doc_get_bool(o, "mine")};
    Str order = doc_get_str(o, "order");
    ret->order = order.n != 0 ? type_field(t, order) : NULL;
    const Doc *l = doc_get(o, S("filters"));
    for (const Doc *c = l != NULL ? l->first : NULL; c != NULL; c = c->next) {
        if (ret->n_filters == ARRAY_LEN(ret->filters)) {
            return fail(cx, E_DATA, "任务的查询条件损坏");
        }
        if (!load_filter(cx, p, t, c, &ret->filters[ret->n_filters++])) {
            return false;
        }
    }
    return true;
}
