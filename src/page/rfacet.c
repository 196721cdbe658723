/*
 * rfacet.c - counts by a field beside a list, each a link to the records behind it. Regions are shown one level below where the
 * reader stands (the whole: by city; a city: by county), the counts below added up.
 */
#include "page/internal.h"

#define SHOWN_MAX 40

typedef struct {
    Str key, label;
    int64_t n;
} Count;

static const Region *stand(const Req *rq, const Field *f)
{
    const Region *chosen = pack_region(rq->pack, param_get(&rq->query, f->id));
    return chosen != NULL ? chosen : rq->actor.org != NULL ? rq->actor.org->region : NULL;
}

/* The child of `top` (NULL: of the whole) that holds r; r itself when it is not below. */
static const Region *below(const Region *r, const Region *top)
{
    while (r->parent != NULL && r->parent != top && (top != NULL || r->parent->parent != NULL)) {
        r = r->parent;
    }
    return r;
}

static void count_add(Count *list, size_t *n, Str key, Str label, int64_t more)
{
    for (size_t i = 0; i < *n; i++) {
        if (str_eq(list[i].key, key)) {
            list[i].n += more;
            return;
        }
    }
    list[(*n)++] = (Count){key, label, more};
}

static void label_count(Req *rq, const RecordType *t, const Field *f, const FacetCount *c, Count *list, size_t *n)
{
    Str key = c->key, label = c->key;
    int64_t id;
    if (f == NULL) {
        const State *st = type_state(t, key);
        label = st != NULL ? st->label : key;
    } else if (key.n == 0) {
        key = S("~");
        label = S("未填");
    } else if (f->kind == FT_CODE) {
        const Code *code = code_find(f->codes, key);
        label = code != NULL ? code->label : key;
    } else if (f->kind == FT_REGION) {
        const Region *r = pack_region(rq->pack, key);
        if (r != NULL) {
            r = below(r, stand(rq, f));
            key = r->code;
            label = r->shortname.n != 0 ? r->shortname : r->name;
        }
    } else if (f->kind == FT_BOOL) {
        label = str_eq(key, S("1")) ? S("是") : S("否");
        key = str_eq(key, S("1")) ? S("true") : S("false");
    } else if (f->kind == FT_REF && id_read(key, &id)) {
        label = rec_label(&rq->cx, rq->store, f->ref, id);
    } else if (f->kind == FT_ORG && str_int(key, &id)) {
        const Org *g = pack_org_by_home(rq->pack, id);
        label = g != NULL ? (g->shortname.n != 0 ? g->shortname : g->name) : key;
        key = g != NULL ? g->code : key;
    }
    count_add(list, n, key, label, c->n);
}

static size_t place_of(const RecordType *t, const Field *f, Str key)
{
    if (f == NULL) {
        const State *st = type_state(t, key);
        return st != NULL ? (size_t)st->index : 10000;
    }
    if (f->kind == FT_CODE) {
        const Code *c = code_find(f->codes, key);
        return c != NULL ? (size_t)(c - f->codes->codes) : 10000;
    }
    return 0;
}

/* Codes and states in their own order, everything else by count. */
static void sort_counts(const RecordType *t, const Field *f, Count *list, size_t n)
{
    bool fixed = f == NULL || f->kind == FT_CODE;
    for (size_t i = 1; i < n; i++) {
        Count c = list[i];
        size_t k = i;
        while (k > 0 && (fixed ? place_of(t, f, list[k - 1].key) > place_of(t, f, c.key) : list[k - 1].n < c.n)) {
            list[k] = list[k - 1];
            k--;
        }
        list[k] = c;
    }
}

bool facet_doc(Req *rq, const RecordType *t, const Query *q, const Field *f, Doc *facets)
{
    FacetCount *counts;
    size_t n, m = 0;
    if (!rec_facet(&rq->cx, rq->store, &rq->actor, q, f, &counts, &n)) {
        return false;
    }
    Count *list = NEW_ARRAY(rq->mem, Count, n + 1);
    for (size_t i = 0; i < n; i++) {
        label_count(rq, t, f, &counts[i], list, &m);
    }
    sort_counts(t, f, list, m);
    Doc *o = doc_add_obj(facets);
    Str name = f != NULL ? f->id : S("state"), now = param_get(&rq->query, name);
    doc_set_str(o, "field", name);
    doc_set_str(o, "label", f != NULL ? f->label : S("办理状态"));
    Doc *items = doc_set_list(o, "items");
    for (size_t i = 0; i < m && i < SHOWN_MAX; i++) {
        Doc *c = doc_add_obj(items);
        bool on = str_eq(now, list[i].key);
        UrlSet set[] = {{name, on ? S("") : list[i].key}, {S("page"), S("")}, {S("cursor"), S("")}};
        doc_set_shown(c, "key", list[i].key, list[i].label);
        doc_set_str(c, "label", list[i].label);
        doc_set_int(c, "count", list[i].n);
        doc_html_only(doc_set_bool(c, "on", on));
        doc_html_only(doc_set_str(c, "href", url_with(rq->mem, exchange(rq)->path, &rq->query, set, ARRAY_LEN(set))));
    }
    return true;
}
