/*
 * rtable.c - a page of records as the table of part/table.mustache: sortable heads, names that are links, state pills.
 */
#include "base/date.h"
#include "page/internal.h"
#include "store/closing.h"

static bool can_order(const RecordType *t, const Field *f)
{
    for (size_t i = 0; i < t->n_orders; i++) {
        if (t->orders[i] == f) {
            return true;
        }
    }
    return false;
}

static bool numeric(const Field *f)
{
    return f->kind == FT_INT || f->kind == FT_DECIMAL || f->kind == FT_MONEY;
}

static Doc *column(Req *rq, Doc *columns, Str key, Str label, bool num, bool sortable)
{
    Doc *c = doc_add_obj(columns);
    doc_set_str(c, "key", key);
    doc_set_str(c, "label", label);
    doc_set_bool(c, "num", num);
    Str order = param_get(&rq->query, S("order"));
    bool down = order.n > 1 && order.p[0] == '-' && str_eq(str_sub(order, 1, order.n), key), up = str_eq(order, key);
    if (!sortable) {
        doc_set_null(c, "sort_href");
        doc_set_null(c, "sorted");
        return c;
    }
    Str next = down ? key : up ? S("") : str_printf(rq->mem, "-%.*s", STRF(key)); /* most first, least first, as it was */
    UrlSet set[] = {{S("order"), next}, {S("page"), S("")}, {S("cursor"), S("")}};
    doc_set_str(c, "sort_href", url_with(rq->mem, exchange(rq)->path, &rq->query, set, ARRAY_LEN(set)));
    if (up || down) {
        doc_set_strc(c, "sorted", up ? "ascending" : "descending");
    } else {
        doc_set_null(c, "sorted");
    }
    return c;
}

static Doc *cell(Doc *cells, Str label, Str text)
{
    static const Str MAY_HAVE[] = {STR_INIT("first"), STR_INIT("sub"),   STR_INIT("href"),       STR_INIT("num"), STR_INIT("pill"),
                                   STR_INIT("tone"),  STR_INIT("stage"), STR_INIT("stage_text"), {0}};
    Doc *o = doc_add_obj(cells);
    doc_known(o, MAY_HAVE);
    doc_set_str(o, "label", label);
    doc_set_str(o, "text", text);
    return o;
}

static void value_cell(Req *rq, Doc *cells, const Rec *r, const Field *f, Str closed)
{
    const Value *v = &r->v[f->index];
    Doc *o;
    const Code *code = f->kind == FT_CODE && v->has ? code_find(f->codes, v->s) : NULL;
    if (code != NULL && code->tone.n != 0 && r->type->n_states < 2) { /* else the state alone is a pill */
        o = cell(cells, f->label, S(""));
        doc_set_str(o, "pill", code->label);
        doc_set_str(o, "tone", tone_word(code->tone));
    } else {
        o = cell(cells, f->label, value_text(rq, f, v));
        const Region *region = f->kind == FT_REGION && v->has ? pack_region(rq->pack, v->s) : NULL;
        if (region != NULL && region->parent != NULL && region->parent->parent != NULL) {
            doc_set_str(o, "sub", region->parent->name);
        } else if (closed.n != 0 && f == r->type->closing->by) {
            doc_set_str(o, "sub", closed);
        }
    }
    doc_set_bool(o, "num", numeric(f));
}

/* Under the period of a record that is closed; each period of a page is asked for once. Failing leaves the reason in the context. */
typedef struct {
    Str *periods;
    bool *closed;
    size_t n;
} SeenPeriods;

static Str closed_sub(Req *rq, const Rec *r, SeenPeriods *seen)
{
    const Value *v = r->type->closing != NULL ? &r->v[r->type->closing->by->index] : NULL;
    size_t i = 0;
    if (v == NULL || !v->has) {
        return S("");
    }
    while (i < seen->n && !str_eq(seen->periods[i], v->s)) {
        i++;
    }
    if (i == seen->n) {
        Closed now;
        if (!closing_state(&rq->cx, rq->store, r->type, v->s, &now)) {
            return S("");
        }
        seen->periods[i] = v->s;
        seen->closed[seen->n++] = now.closed;
    }
    return seen->closed[i] ? S("已关账") : S("");
}

static void row(Req *rq, Doc *rows, const Rec *r, const Field *const *cols, size_t n_cols, Str closed)
{
    Doc *o = doc_add_obj(rows);
    Str title = rec_title(rq, r), href = url_record(rq->mem, r->type, r->id, "");
    doc_set_id(o, "id", r->id);
    doc_set_str(o, "name", title);
    doc_set_str(o, "href", href);
    Doc *cells = doc_set_list(o, "cells"), *c = cell(cells, r->type->title != NULL ? r->type->title->label : S("名称"), title);
    doc_set_bool(c, "first", true);
    doc_set_str(c, "href", href);
    doc_set_str(c, "sub", closed.n != 0 && r->type->closing->by == r->type->title ? closed : r->no);
    for (size_t i = 0; i < n_cols; i++) {
        if (cols[i] != r->type->title) {
            value_cell(rq, cells, r, cols[i], closed);
        }
    }
    if (r->type->n_states > 1) {
        c = cell(cells, S("办理状态"), S(""));
        doc_set_str(c, "pill", r->state->label);
        doc_set_str(c, "tone", tone_word(r->state->tone));
    }
    cell(cells, S("更新"), date_iso(rq->mem, instant_date(r->updated_ms)));
    doc_set_list(o, "actions");
}

Doc *table_doc(Req *rq, const RecordType *t, const Field *const *cols, size_t n_cols, const RecPage *page, bool sortable, bool check)
{
    Doc *o = doc_obj(rq->mem);
    doc_set_str(o, "caption", t->label);
    doc_set_bool(o, "check", check);
    doc_set_bool(o, "acts", false);
    Doc *columns = doc_set_list(o, "columns");
    Str title = t->title != NULL ? t->title->label : S("名称");
    column(rq, columns, t->title != NULL ? t->title->id : S("no"), title, false, sortable && t->title != NULL && can_order(t, t->title));
    for (size_t i = 0; i < n_cols; i++) {
        if (cols[i] != t->title) {
            column(rq, columns, cols[i]->id, cols[i]->label, numeric(cols[i]), sortable && can_order(t, cols[i]));
        }
    }
    if (t->n_states > 1) {
        column(rq, columns, S("state"), S("办理状态"), false, false);
    }
    column(rq, columns, S("updated"), S("更新"), false, sortable);
    Doc *rows = doc_set_list(o, "rows");
    SeenPeriods seen = {.periods = NEW_ARRAY(rq->mem, Str, page->n + 1), .closed = NEW_ARRAY(rq->mem, bool, page->n + 1)};
    for (size_t i = 0; i < page->n; i++) {
        row(rq, rows, &page->items[i], cols, n_cols, closed_sub(rq, &page->items[i], &seen));
    }
    doc_set_strc(o, "empty", "没有符合条件的记录");
    return o;
}
