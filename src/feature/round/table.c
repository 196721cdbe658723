/*
 * table.c - the entries of a round by region: places, and how many stand where. One grouped statement, and one for each
 * state with a date.
 */
#include "base/date.h"
#include "feature/round/round.h"

#define COLUMNS_MAX 16

typedef struct {
    Str label, states;
    const State *only; /* one state: the number opens its list */
    bool all, overdue;
} Column;

typedef struct {
    const Round *rd;
    const Rec *r;
    Column cols[COLUMNS_MAX];
    size_t n_cols;
    CrossCount *by_state, *late;
    size_t n_by_state, n_late;
    const Field *quota, *quota_city, *quota_places;
} Table;

static void columns(Req *rq, Table *t)
{
    const Setting *s = round_setting(rq->pack, t->rd, "columns");
    for (size_t i = 0; s != NULL && i < s->n && t->n_cols < COLUMNS_MAX; i++) {
        Str rest = s->values[i], label = round_part(&rest);
        Column *c = &t->cols[t->n_cols++];
        *c = (Column){.label = label, .states = str_trim(rest)};
        c->all = str_eq(c->states, S("all"));
        c->overdue = str_eq(c->states, S("overdue"));
        c->only = type_state(t->rd->entry, c->states);
    }
    s = round_setting(rq->pack, t->rd, "quota");
    t->quota = s != NULL && s->n == 3 ? type_field(t->rd->round, s->values[0]) : NULL;
    for (size_t i = 0; t->quota != NULL && i < t->quota->n_fields; i++) {
        const Field *f = &t->quota->fields[i];
        t->quota_city = str_eq(f->id, s->values[1]) ? f : t->quota_city;
        t->quota_places = str_eq(f->id, s->values[2]) ? f : t->quota_places;
    }
}

static Query of_round(const Table *t)
{
    Query q = {.type = t->rd->entry, .n_filters = 1};
    q.filters[0] = (Filter){.field = t->rd->entry_round, .value = {.has = true, .i = t->r->id}};
    return q;
}

static bool count(Req *rq, Table *t)
{
    bool placed = t->rd->entry_city != NULL;
    const Field *two[2] = {t->rd->entry_city, NULL}, *const *by = placed ? two : two + 1;
    Query q = of_round(t);
    if (!rec_cross(&rq->cx, rq->store, &rq->actor, &q, by, placed ? 2 : 1, &t->by_state, &t->n_by_state)) {
        return false;
    }
    for (size_t i = 0; i < t->rd->entry->n_states; i++) {
        const State *st = &t->rd->entry->states[i];
        CrossCount *g;
        size_t n;
        if (st->due == NULL) {
            continue;
        }
        q = of_round(t);
        q.filters[q.n_filters++] = (Filter){.column = S("state"), .value = {.has = true, .s = st->id}};
        q.filters[q.n_filters++] =
            (Filter){.field = st->due, .op = OP_LT, .value = {.has = true, .i = instant_date(rq->cx.now_ms)}};
        if (!rec_cross(&rq->cx, rq->store, &rq->actor, &q, by, 1, &g, &n)) {
            return false;
        }
        CrossCount *both = NEW_ARRAY(rq->mem, CrossCount, t->n_late + n + 1);
        for (size_t k = 0; k < t->n_late + n; k++) {
            both[k] = k < t->n_late ? t->late[k] : g[k - t->n_late];
        }
        t->late = both;
        t->n_late += n;
    }
    return true;
}

/* Entries in this column that lie in `at`; at NULL: all. */
static int64_t cell(Req *rq, const Table *t, const Column *c, const Region *at)
{
    const CrossCount *g = c->overdue ? t->late : t->by_state;
    size_t n = c->overdue ? t->n_late : t->n_by_state;
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        const Region *where = t->rd->entry_city != NULL ? pack_region(rq->pack, g[i].keys[0]) : NULL;
        Str state = g[i].keys[t->rd->entry_city != NULL ? 1 : 0];
        bool in = at == NULL || (where != NULL && region_within(where, at));
        total += in && (c->all || c->overdue || round_listed(c->states, state)) ? g[i].n : 0;
    }
    return total;
}

static bool places(const Table *t, const Region *at, int64_t *ret)
{
    const Value *v = t->quota != NULL ? &t->r->v[t->quota->index] : NULL;
    bool any = false;
    *ret = 0;
    for (size_t i = 0; v != NULL && t->quota_city != NULL && t->quota_places != NULL && i < v->n_rows; i++) {
        const Value *row = v->rows[i].v;
        if (at == NULL || str_eq(row[t->quota_city->index].s, at->code)) {
            any = true;
            *ret += row[t->quota_places->index].i;
        }
    }
    return any;
}

static void put(Req *rq, const Table *t, const Column *c, const Region *at, Doc *cells)
{
    Doc *o = doc_add_obj(cells);
    int64_t n = cell(rq, t, c, at);
    Str href = str_printf(rq->mem, "/r/%.*s?%.*s=%.*s", STRF(t->rd->entry->id), STRF(t->rd->entry_round->id),
                          STRF(id_text(rq->mem, t->r->id)));
    if (at != NULL) {
        href = str_printf(rq->mem, "%.*s&%.*s=%.*s", STRF(href), STRF(t->rd->entry_city->id), STRF(at->code));
    }
    if (c->only != NULL) {
        href = str_printf(rq->mem, "%.*s&state=%.*s", STRF(href), STRF(c->only->id));
    }
    doc_set_str(o, "label", c->label);
    doc_set_int(o, "n", n);
    doc_set_str(o, "href", href);
    doc_html_only(doc_set_bool(o, "zero", n == 0));
    doc_html_only(doc_set_bool(o, "bad", c->overdue && n != 0));
}

static void set_places(const Table *t, const Region *at, Doc *o)
{
    int64_t n;
    if (places(t, at, &n)) {
        doc_set_int(o, "places", n);
    } else {
        doc_set_null(o, "places");
    }
}

/* A region stands in the table when it is the person's own business and something is to be said of it. */
static bool shown(Req *rq, const Table *t, const Region *at, Str level)
{
    static const Column ALL = {.all = true};
    const Region *own = rq->actor.org != NULL ? rq->actor.org->region : NULL;
    int64_t n;
    bool mine = own == NULL || own->level_index <= 0 || region_within(at, own) || region_within(own, at);
    return str_eq(at->level, level) && mine && (places(t, at, &n) || cell(rq, t, &ALL, at) != 0);
}

bool round_table(Req *rq, const Round *rd, const Rec *r)
{
    Table t = {.rd = rd, .r = r};
    Str level = pack_setting_str(rq->pack, rd->name, S("level"));
    columns(rq, &t);
    Doc *heads = doc_set_list(rq->doc, "heads"), *rows = doc_set_list(rq->doc, "rows"),
        *total = doc_set_obj(rq->doc, "total");
    for (size_t i = 0; i < t.n_cols; i++) {
        doc_add_str(heads, t.cols[i].label);
    }
    if (!count(rq, &t)) {
        return false;
    }
    for (size_t i = 0; rd->entry_city != NULL && i < rq->pack->n_regions; i++) {
        const Region *at = &rq->pack->regions[i];
        if (!shown(rq, &t, at, level)) {
            continue;
        }
        Doc *o = doc_add_obj(rows), *cells;
        doc_set_str(o, "code", at->code);
        doc_set_str(o, "name", at->name);
        set_places(&t, at, o);
        cells = doc_set_list(o, "cells");
        for (size_t k = 0; k < t.n_cols; k++) {
            put(rq, &t, &t.cols[k], at, cells);
        }
    }
    const Region *own = rq->actor.org != NULL ? rq->actor.org->region : NULL;
    if (own == NULL || own->level_index <= 0) {
        set_places(&t, NULL, total);
    } else {
        doc_set_null(total, "places");
    }
    Doc *cells = doc_set_list(total, "cells");
    for (size_t k = 0; k < t.n_cols; k++) {
        put(rq, &t, &t.cols[k], NULL, cells);
    }
    doc_set_bool(rq->doc, "has_places", t.quota != NULL);
    doc_html_only(doc_set_bool(rq->doc, "by_region", rd->entry_city != NULL));
    return true;
}
