/*
 * count.c - see count_by_region: group by the fields a condition reads, decide once a group.
 */
#include "base/date.h"
#include "feature/overview/overview.h"
#include "rule/validate.h"

#define MAX_GROUP 5

typedef struct {
    const Field *fields[MAX_GROUP + 1];
    size_t n;
    bool state, too_many;
} Used;

static void use(Used *u, const Field *f)
{
    for (size_t i = 0; i < u->n; i++) {
        if (u->fields[i] == f) {
            return;
        }
    }
    if (u->n == MAX_GROUP) {
        u->too_many = true;
        return;
    }
    u->fields[u->n++] = f;
}

static void walk(Used *u, const Expr *e)
{
    if (e == NULL) {
        return;
    }
    if (e->ref != NULL || e->outer) {
        u->too_many = true;
    } else if (e->kind == EX_FIELD) {
        if (e->field == NULL || e->field->kind == FT_LIST || e->field->personal) {
            u->too_many = true;
        } else {
            use(u, e->field);
        }
    } else if (e->kind == EX_STATE) {
        use(u, NULL);
    } else if (e->link != NULL || e->list != NULL || e->kind == EX_PREVIOUS) {
        u->too_many = true;
    }
    walk(u, e->a);
    walk(u, e->b);
    for (size_t i = 0; i < e->n_items; i++) {
        walk(u, e->items[i]);
    }
}

static bool holds(Cx *cx, Store *s, const RecordType *t, const Expr *where, const Used *u, const CrossCount *group)
{
    if (where == NULL) {
        return true;
    }
    Value *v = NEW_ARRAY(cx->mem, Value, t->n_fields);
    EvalEnv env = {.cx = cx, .pack = store_pack(s), .type = t, .values = v, .today = instant_date(cx->now_ms)};
    for (size_t i = 0; i < u->n; i++) {
        const Field *f = u->fields[i];
        Str key = group->keys[i];
        if (f == NULL) {
            env.state = key;
            continue;
        }
        Value *at = &v[f->index];
        int32_t days;
        at->has = key.n != 0;
        if (f->kind == FT_DATE) {
            at->has = date_iso_parse(key, &days);
            at->i = at->has ? days : 0;
        } else if (field_is_text(f)) {
            at->s = key;
        } else if (at->has) {
            at->has = str_int(key, &at->i);
        }
    }
    return rule_test(&env, where) == TRI_TRUE;
}

bool count_by_region(Cx *cx, Store *s, const RecordType *t, const Expr *where, RegionCounts *ret)
{
    const Pack *p = store_pack(s);
    Actor eyes = {.is_system = true};
    Used u = {0};
    walk(&u, where);
    if (u.too_many) {
        return fail(cx, E_PACK, "目标的条件只能用本记录的状态和至多五个字段");
    }
    size_t n_fields = u.n;
    if (t->region != NULL) {
        u.fields[n_fields++] = t->region;
    }
    if (n_fields == 0) {
        u.fields[n_fields++] = NULL;
    }
    Query q = {.type = t};
    CrossCount *groups;
    size_t n;
    if (!rec_cross(cx, s, &eyes, &q, u.fields, n_fields, &groups, &n)) {
        return false;
    }
    *ret = (RegionCounts){.of_region = NEW_ARRAY(cx->mem, int64_t, p->n_regions)};
    for (size_t i = 0; i < n; i++) {
        if (!holds(cx, s, t, where, &u, &groups[i])) {
            continue;
        }
        ret->total += groups[i].n;
        const Region *r = t->region != NULL ? pack_region(p, groups[i].keys[n_fields - 1]) : NULL;
        if (r != NULL) {
            ret->of_region[r - p->regions] += groups[i].n;
        }
    }
    return true;
}
