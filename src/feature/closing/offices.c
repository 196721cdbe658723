/*
 * offices.c - from sums by home to sums by office, and a sum as cells.
 */
#include "feature/closing/closing.h"
#include "rule/validate.h"

const Org *office_of(const Req *rq, const RecordType *t, const Scope *scope, int64_t home)
{
    const Org *o = pack_org_by_home(rq->pack, home);
    int32_t level = t->closing->level_index;
    while (o != NULL && o->level_index > level && o->parent != NULL && o->parent->level_index >= level && scope_has(scope, o->parent->home)) {
        o = o->parent;
    }
    return o;
}

static bool same(const HomeSums *a, const HomeSums *b, size_t n)
{
    static const HomeSums NONE;
    a = a != NULL ? a : &NONE;
    b = b != NULL ? b : &NONE;
    bool is = a->n == b->n;
    for (size_t i = 0; i < n; i++) {
        is = is && a->given[i] == b->given[i] && a->total[i] == b->total[i] && a->over[i] == b->over[i];
    }
    return is;
}

static OfficeSums *office_at(Req *rq, const RecordType *t, const Scope *scope, OfficeSums *l, size_t *n, int64_t home)
{
    const Org *o = office_of(rq, t, scope, home);
    for (size_t i = 0; i < *n; i++) {
        if (o != NULL ? l[i].org == o : l[i].home == home) {
            return &l[i];
        }
    }
    l[*n] = (OfficeSums){.org = o, .home = home, .agrees = true};
    return &l[(*n)++];
}

static int pack_order(const void *a, const void *b)
{
    const OfficeSums *x = a, *y = b;
    if (x->org == NULL || y->org == NULL) {
        return (x->org == NULL) - (y->org == NULL);
    }
    return (x->org > y->org) - (x->org < y->org); /* they stand in one array */
}

OfficeSums *offices_add(Req *rq, const RecordType *t, const Sums *sums, const Sums *other, size_t *ret_n, OfficeSums *ret_all)
{
    Scope scope = access_scope(rq->mem, rq->pack, &rq->actor, t);
    size_t n_other = other != NULL ? other->n : 0;
    OfficeSums *l = NEW_ARRAY(rq->mem, OfficeSums, sums->n + n_other + 1);
    *ret_all = (OfficeSums){.agrees = true};
    *ret_n = 0;
    for (size_t i = 0, k = 0; i < sums->n || k < n_other;) { /* both are in the order of homes */
        bool mine = k == n_other || (i < sums->n && sums->homes[i].home <= other->homes[k].home);
        int64_t home = mine ? sums->homes[i].home : other->homes[k].home;
        const HomeSums *a = i < sums->n && sums->homes[i].home == home ? &sums->homes[i++] : NULL;
        const HomeSums *b = k < n_other && other->homes[k].home == home ? &other->homes[k++] : NULL;
        OfficeSums *o = office_at(rq, t, &scope, l, ret_n, home);
        if (a != NULL) {
            sums_add(&o->sum, a, sums->n_fields);
            sums_add(&ret_all->sum, a, sums->n_fields);
        }
        o->agrees = o->agrees && (other == NULL || same(a, b, sums->n_fields));
        ret_all->agrees = ret_all->agrees && o->agrees;
    }
    if (*ret_n != 0) {
        qsort(l, *ret_n, sizeof *l, pack_order);
    }
    return l;
}

void sums_cells(Req *rq, Doc *cells, const Sums *sums, const HomeSums *h)
{
    for (size_t i = 0; i < sums->n_fields; i++) {
        const Field *f = sums->fields[i];
        Value v = {.has = true, .i = h->total[i]};
        Doc *o = doc_add_obj(cells);
        doc_set_str(o, "field", f->id);
        doc_set_str(o, "label", f->label);
        doc_set_int(o, "given", h->given[i]);
        doc_set_bool(o, "over", h->over[i]);
        if (h->over[i]) {
            doc_set_null(o, "total");
        } else {
            doc_set_int(o, "total", h->total[i])->show = h->given[i] != 0 ? value_show(rq->mem, rq->pack, f, &v) : S("—");
        }
    }
}
