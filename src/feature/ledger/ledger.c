/*
 * ledger.c - the ledger at a glance: all records by class and domain, and by city; how far each county has come; every count opens the list
 * behind it. Clause 1.1.
 *
 * Settings (features.yaml, ledger): type, rows (code field), cols (code field), by (level of region).
 */
#include "feature/ledger/ledger.h"

typedef struct {
    const RecordType *t;
    const Field *rows, *cols;
    Str level;
} Ledger;

static bool settings(Req *rq, Ledger *l)
{
    const Pack *p = rq->pack;
    l->t = pack_type(p, pack_setting_str(p, S("ledger"), S("type")));
    l->rows = l->t != NULL ? type_field(l->t, pack_setting_str(p, S("ledger"), S("rows"))) : NULL;
    l->cols = l->t != NULL ? type_field(l->t, pack_setting_str(p, S("ledger"), S("cols"))) : NULL;
    l->level = pack_setting_str(p, S("ledger"), S("by"));
    if (l->rows == NULL || l->cols == NULL || l->rows->codes == NULL || l->cols->codes == NULL || l->t->region == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "这个策略包没有设置台账");
    }
    return true;
}

static Str cell_href(Req *rq, const Ledger *l, Str row, Str col, Str region)
{
    Buf b = buf_new(rq->mem, 2048);
    const struct {
        const Field *f;
        Str v;
    } parts[] = {{l->rows, row}, {l->cols, col}, {l->t->region, region}};
    buf_printf(&b, "/r/%.*s?", STRF(l->t->id));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i].v.n != 0) {
            buf_printf(&b, "%.*s=%.*s&", STRF(parts[i].f->id), STRF(url_enc(rq->mem, parts[i].v)));
        }
    }
    b.n--; /* the last separator */
    return buf_str(&b);
}

static void put(Req *rq, Doc *cells, int64_t n, Str href)
{
    Doc *o = doc_add_obj(cells);
    doc_set_int(o, "n", n);
    doc_set_str(o, "href", href);
    doc_html_only(doc_set_bool(o, "zero", n == 0));
    (void)rq;
}

static int64_t sum(const CrossCount *g, size_t n, Str row, Str col)
{
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        if ((row.n == 0 || str_eq(g[i].keys[0], row)) && (col.n == 0 || str_eq(g[i].keys[1], col))) {
            total += g[i].n;
        }
    }
    return total;
}

static void headers(Req *rq, const Ledger *l, Doc *heads)
{
    (void)rq;
    for (size_t c = 0; c < l->cols->codes->n; c++) {
        doc_add_str(heads, l->cols->codes->codes[c].label);
    }
}

static bool by_class(Req *rq, const Ledger *l, const Query *q, Str region, Doc *rows)
{
    const Field *fields[2] = {l->rows, l->cols};
    CrossCount *g;
    size_t n;
    if (!rec_cross(&rq->cx, rq->store, &rq->actor, q, fields, 2, &g, &n)) {
        return false;
    }
    for (size_t r = 0; r <= l->rows->codes->n; r++) {
        bool all = r == l->rows->codes->n;
        Str code = all ? S("") : l->rows->codes->codes[r].code;
        Doc *o = doc_add_obj(rows);
        doc_set_str(o, "label", all ? S("合计") : l->rows->codes->codes[r].label);
        Doc *cells = doc_set_list(o, "cells");
        for (size_t c = 0; c < l->cols->codes->n; c++) {
            Str col = l->cols->codes->codes[c].code;
            put(rq, cells, sum(g, n, code, col), cell_href(rq, l, code, col, region));
        }
        put(rq, cells, sum(g, n, code, S("")), cell_href(rq, l, code, S(""), region));
    }
    return true;
}

static bool by_region(Req *rq, const Ledger *l, Doc *rows)
{
    const Field *fields[2] = {l->t->region, l->cols};
    const Pack *p = rq->pack;
    Query q = {.type = l->t};
    CrossCount *g;
    size_t n;
    if (!rec_cross(&rq->cx, rq->store, &rq->actor, &q, fields, 2, &g, &n)) {
        return false;
    }
    for (size_t i = 0; i < p->n_regions; i++) {
        const Region *city = &p->regions[i];
        if (!str_eq(city->level, l->level)) {
            continue;
        }
        int64_t total = 0;
        int64_t *of = NEW_ARRAY(rq->mem, int64_t, l->cols->codes->n + 1);
        for (size_t k = 0; k < n; k++) {
            const Region *at = pack_region(p, g[k].keys[0]);
            if (at == NULL || !region_within(at, city)) {
                continue;
            }
            total += g[k].n;
            for (size_t c = 0; c < l->cols->codes->n; c++) {
                of[c] += str_eq(g[k].keys[1], l->cols->codes->codes[c].code) ? g[k].n : 0;
            }
        }
        Doc *o = doc_add_obj(rows);
        doc_set_str(o, "label", city->name);
        doc_set_str(o, "href", str_printf(rq->mem, "/ledger?region=%.*s", STRF(city->code)));
        Doc *cells = doc_set_list(o, "cells");
        for (size_t c = 0; c < l->cols->codes->n; c++) {
            put(rq, cells, of[c], cell_href(rq, l, S(""), l->cols->codes->codes[c].code, city->code));
        }
        put(rq, cells, total, cell_href(rq, l, S(""), S(""), city->code));
    }
    return true;
}

static Str state_href(Req *rq, const Ledger *l, Str region, Str state)
{
    return str_printf(rq->mem, "/r/%.*s?%.*s=%.*s%s%.*s", STRF(l->t->id), STRF(l->t->region->id), STRF(region), state.n != 0 ? "&state=" : "",
                      STRF(state));
}

/* How far the regions right below `above` have come: records by state. */
static bool progress(Req *rq, const Ledger *l, const Region *above, Doc *heads, Doc *rows)
{
    const Field *fields[2] = {l->t->region, NULL};
    const Pack *p = rq->pack;
    Query q = {.type = l->t};
    CrossCount *g;
    size_t n;
    if (!rec_cross(&rq->cx, rq->store, &rq->actor, &q, fields, 2, &g, &n)) {
        return false;
    }
    for (size_t k = 0; k < l->t->n_states; k++) {
        doc_add_str(heads, l->t->states[k].label);
    }
    for (size_t i = 0; i < p->n_regions; i++) {
        const Region *r = &p->regions[i];
        if (r->parent != above || r->level_index < 0) {
            continue;
        }
        int64_t *of = NEW_ARRAY(rq->mem, int64_t, l->t->n_states), total = 0;
        for (size_t m = 0; m < n; m++) {
            const Region *at = pack_region(p, g[m].keys[0]);
            const State *st = type_state(l->t, g[m].keys[1]);
            if (at != NULL && st != NULL && region_within(at, r)) {
                of[st->index] += g[m].n;
                total += g[m].n;
            }
        }
        Doc *o = doc_add_obj(rows);
        doc_set_str(o, "label", r->name);
        Doc *cells = doc_set_list(o, "cells");
        for (size_t k = 0; k < l->t->n_states; k++) {
            put(rq, cells, of[k], state_href(rq, l, r->code, l->t->states[k].id));
        }
        put(rq, cells, total, state_href(rq, l, r->code, S("")));
    }
    return true;
}

static bool ledger_page(Req *rq)
{
    Ledger l;
    if (!settings(rq, &l)) {
        return false;
    }
    Query q = {.type = l.t};
    const Region *at = pack_region(rq->pack, req_param(rq, "region"));
    if (at != NULL) {
        q.filters[q.n_filters++] = (Filter){.field = l.t->region, .value = {.has = true, .s = at->code}, .within = at};
    }
    doc_set_str(rq->doc, "type_label", l.t->label);
    doc_set_str(rq->doc, "rows_label", l.rows->label);
    doc_set_str(rq->doc, "cols_label", l.cols->label);
    doc_set_str(rq->doc, "region_label", at != NULL ? at->name : S(""));
    doc_set_str(rq->doc, "list_href", str_printf(rq->mem, "/r/%.*s", STRF(l.t->id)));
    headers(rq, &l, doc_set_list(rq->doc, "heads"));
    Doc *rows = doc_set_list(rq->doc, "rows"), *regions = doc_set_list(rq->doc, "regions");
    Doc *heads = doc_set_list(rq->doc, "state_heads"), *steps = doc_set_list(rq->doc, "progress");
    const Region *above = at != NULL ? at : rq->actor.org != NULL ? rq->actor.org->region : NULL;
    doc_set_str(rq->doc, "above", above != NULL ? above->name : S(""));
    if (above != NULL && !progress(rq, &l, above, heads, steps)) {
        return false;
    }
    return by_class(rq, &l, &q, at != NULL ? at->code : S(""), rows) && (at != NULL || by_region(rq, &l, regions));
}

const Route ROUTES_LEDGER[] = {
    {"GET", "/ledger", ledger_page, AUTH_USER, "ledger/ledger", "Counts by class, domain and city, each opening its list", "region:string", 0},
    {0},
};
