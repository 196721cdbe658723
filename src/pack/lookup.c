/*
 * lookup.c - finding things in a pack by id. Small tables are searched in order; regions, types, fields and codes have maps.
 */
#include "base/date.h"
#include "pack/pack.h"

#define FIND(items, count, member, want)                                                                               \
    for (size_t i = 0; i < (count); i++) {                                                                             \
        if (str_eq((items)[i].member, (want))) {                                                                       \
            return &(items)[i];                                                                                        \
        }                                                                                                              \
    }                                                                                                                  \
    return NULL

const RecordType *pack_type(const Pack *p, Str id)
{
    return map_get(&p->type_by_id, id);
}

const Field *type_field(const RecordType *t, Str id)
{
    return map_get(&t->by_id, id);
}

const State *type_state(const RecordType *t, Str id)
{
    FIND(t->states, t->n_states, id, id);
}

const Action *type_action(const RecordType *t, Str id)
{
    FIND(t->actions, t->n_actions, id, id);
}

const Grant *type_grant(const RecordType *t, Str role)
{
    FIND(t->grants, t->n_grants, role, role);
}

const CodeList *pack_codes(const Pack *p, Str id)
{
    FIND(p->code_lists, p->n_code_lists, id, id);
}

const Code *code_find(const CodeList *l, Str code)
{
    return map_get(&l->by_code, code);
}

const Code *code_by_label(const CodeList *l, Str label)
{
    const Code *c = map_get(&l->by_label, label);
    return c != NULL ? c : code_find(l, label);
}

const Region *pack_region(const Pack *p, Str code)
{
    return map_get(&p->region_by_code, code);
}

bool region_within(const Region *r, const Region *ancestor)
{
    while (r != NULL && r != ancestor) {
        r = r->parent;
    }
    return r != NULL;
}

/* How good a candidate is: living before retired, full name before short, a level before a zone. */
static int rank(const Region *r, Str name)
{
    return (r->valid_to == DATE_MAX ? 4 : 0) + (str_eq(r->name, name) ? 2 : 0) + (r->level_index >= 0 ? 1 : 0);
}

static const Region *one_named(const Pack *p, Str name, const Region *within)
{
    size_t lo = 0, hi = p->n_region_names;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (str_cmp(p->region_names[mid].name, name) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    const Region *best = NULL;
    bool tie = false;
    for (; lo < p->n_region_names && str_eq(p->region_names[lo].name, name); lo++) {
        const Region *r = p->region_names[lo].region;
        if (within != NULL && !region_within(r, within)) {
            continue;
        }
        if (best == NULL || rank(r, name) > rank(best, name)) {
            best = r;
            tie = false;
        } else {
            tie = tie || (rank(r, name) == rank(best, name) && r != best);
        }
    }
    return tie ? NULL : best;
}

/* "赤峰市敖汉旗": a region above by its full name, then the rest inside it. Each step goes down, so that a text of any length ends soon. */
static const Region *named_below(const Pack *p, Str name, const Region *within, bool itself)
{
    const Region *r = one_named(p, name, within);
    for (size_t i = 0; r == NULL && i < p->n_regions; i++) {
        const Region *up = &p->regions[i];
        if (up->name.n < name.n && str_starts(name, up->name) && (within == NULL || region_within(up, within)) && (itself || up != within)) {
            r = named_below(p, str_sub(name, up->name.n, name.n), up, false);
            r = r != up ? r : NULL;
        }
    }
    return r;
}

const Region *pack_region_by_name(const Pack *p, Str name, const Region *within)
{
    return named_below(p, name, within, true);
}

bool region_has_flag(const Region *r, Str flag)
{
    for (size_t i = 0; i < r->n_flags; i++) {
        if (str_eq(r->flags[i], flag)) {
            return true;
        }
    }
    return false;
}

const RegionSet *pack_set(const Pack *p, Str id)
{
    FIND(p->sets, p->n_sets, id, id);
}

const Org *pack_org(const Pack *p, Str code)
{
    FIND(p->orgs, p->n_orgs, code, code);
}

const Org *pack_org_by_home(const Pack *p, int64_t home)
{
    for (size_t i = 0; i < p->n_orgs; i++) {
        if (p->orgs[i].home == home) {
            return &p->orgs[i];
        }
    }
    return NULL;
}

bool org_within(const Org *o, const Org *ancestor)
{
    while (o != NULL && o != ancestor) {
        o = o->parent;
    }
    return o != NULL;
}

const Role *pack_role(const Pack *p, Str id)
{
    FIND(p->roles, p->n_roles, id, id);
}

const char *const ADMIN_WORDS[ADMIN_KINDS] = {"", "system", "security", "audit"};

const Role *pack_admin_role(const Pack *p, AdminKind kind)
{
    for (size_t i = 0; i < p->n_roles; i++) {
        if (p->roles[i].kind == kind && kind != ADMIN_NONE) {
            return &p->roles[i];
        }
    }
    return NULL;
}

const Clause *pack_clause(const Pack *p, Str id)
{
    FIND(p->clauses, p->n_clauses, id, id);
}

const Param0 *pack_param(const Pack *p, Str id, const Region *at, int32_t day)
{
    for (;; at = at->parent) {
        Str code = at != NULL ? at->code : S("");
        for (size_t i = 0; i < p->n_params; i++) {
            const Param0 *x = &p->params[i];
            if (str_eq(x->id, id) && str_eq(x->region, code) && x->from <= day && day <= x->to) {
                return x;
            }
        }
        if (at == NULL) {
            return NULL;
        }
    }
}

const Rubric *pack_rubric(const Pack *p, Str id)
{
    FIND(p->rubrics, p->n_rubrics, id, id);
}

const Document *pack_document(const Pack *p, Str id)
{
    FIND(p->documents, p->n_documents, id, id);
}

const Setting *pack_setting(const Pack *p, Str feature, Str key)
{
    for (size_t i = 0; i < p->n_settings; i++) {
        if (str_eq(p->settings[i].feature, feature) && str_eq(p->settings[i].key, key)) {
            return &p->settings[i];
        }
    }
    return NULL;
}

Str pack_setting_str(const Pack *p, Str feature, Str key)
{
    const Setting *s = pack_setting(p, feature, key);
    return s != NULL && s->n != 0 ? s->values[0] : S("");
}

static bool is_instance(Str name, Str feature)
{
    return str_starts(name, feature) && (name.n == feature.n || name.p[feature.n] == '.');
}

Str pack_instance(const Pack *p, Str feature, Str key, Str value)
{
    for (size_t i = 0; i < p->n_settings; i++) {
        const Setting *s = &p->settings[i];
        bool found = value.n == 0;
        for (size_t k = 0; k < s->n && !found && str_eq(s->key, key); k++) {
            found = str_eq(s->values[k], value);
        }
        if (found && is_instance(s->feature, feature)) {
            return s->feature;
        }
    }
    return S("");
}
