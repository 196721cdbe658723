/*
 * access.c - the one decision about rights. A role that a type does not name may nothing; several roles add up.
 */
#include "store/access.h"

bool actor_has_role(const Actor *a, Str role)
{
    for (size_t i = 0; i < a->n_roles; i++) {
        if (str_eq(a->roles[i], role)) {
            return true;
        }
    }
    return false;
}

/* Managing accounts and reading every journal are not lent with the work (delegate.h). */
static size_t own_roles(const Actor *a)
{
    return a->n_deputy_for != 0 ? a->n_own_roles : a->n_roles;
}

bool actor_is_admin(const Pack *p, const Actor *a)
{
    for (size_t i = 0; i < own_roles(a); i++) {
        const Role *r = pack_role(p, a->roles[i]);
        if (r != NULL && r->admin) {
            return true;
        }
    }
    return a->is_system;
}

bool actor_is_auditor(const Pack *p, const Actor *a)
{
    for (size_t i = 0; i < own_roles(a); i++) {
        const Role *r = pack_role(p, a->roles[i]);
        if (r != NULL && r->audit) {
            return true;
        }
    }
    return a->is_system;
}

typedef enum { WANT_READ, WANT_CREATE, WANT_EDIT } Want;

static Reach best_reach(const Actor *a, const RecordType *t, Want want)
{
    if (a->is_system) {
        return REACH_ALL;
    }
    Reach best = REACH_NONE;
    for (size_t i = 0; i < a->n_roles; i++) {
        const Grant *g = type_grant(t, a->roles[i]);
        if (g != NULL) {
            Reach r = want == WANT_READ ? g->read : want == WANT_CREATE ? g->create : g->edit;
            best = MAX(best, r);
        }
    }
    return best;
}

static bool within_reach(const Pack *p, const Actor *a, Reach reach, int64_t home)
{
    if (reach == REACH_ALL) {
        return true;
    }
    if (reach <= REACH_MINE || a->org == NULL) {
        return false;
    }
    if (a->org->home == home) {
        return true;
    }
    const Org *owner = reach == REACH_BELOW ? pack_org_by_home(p, home) : NULL;
    return owner != NULL && org_within(owner, a->org);
}

bool access_mine(const Actor *a, const Rec *r)
{
    if (a->user == 0) {
        return false;
    }
    if (r->seen_by == a->user) { /* the field that names them may be hidden from them */
        return r->seen_mine;
    }
    const Field *f = r->type->person;
    return r->created_by == a->user ||
           (f != NULL && a->login.n != 0 && r->v[f->index].has && str_eq(r->v[f->index].s, a->login));
}

bool access_belongs(const Actor *a, const Rec *r)
{
    if (r->seen_by != 0 && r->seen_by == a->user) {
        return r->seen_belongs;
    }
    const Field *f = r->type->person;
    bool named = f != NULL && r->v[f->index].has;
    return access_mine(a, r) && (!named || str_eq(r->v[f->index].s, a->login));
}

/* A wider reach holds the smaller one; where records belong to persons it may matter, elsewhere it would only slow the
 * lists. */
static bool mine_counts(const Actor *a, const RecordType *t, Reach reach)
{
    return a->user != 0 && (reach == REACH_MINE || (reach > REACH_MINE && t->person != NULL));
}

static bool reaches(const Pack *p, const Actor *a, const Rec *r, Want want)
{
    Reach reach = best_reach(a, r->type, want);
    if (r->state->sealed) {
        return reach >= REACH_MINE && access_belongs(a, r);
    }
    return (mine_counts(a, r->type, reach) && access_mine(a, r)) || within_reach(p, a, reach, r->home);
}

Scope access_scope(Arena *mem, const Pack *p, const Actor *a, const RecordType *t)
{
    Reach reach = best_reach(a, t, WANT_READ);
    if (reach == REACH_ALL) {
        return (Scope){.all = true};
    }
    bool mine = mine_counts(a, t, reach);
    if (reach == REACH_NONE || (a->org == NULL && !mine)) {
        return (Scope){.all = true, .published_only = true};
    }
    int64_t *homes = NEW_ARRAY(mem, int64_t, p->n_orgs);
    size_t n = 0;
    for (size_t i = 0; i < p->n_orgs; i++) {
        if (within_reach(p, a, reach, p->orgs[i].home)) {
            homes[n++] = p->orgs[i].home;
        }
    }
    for (size_t i = 1; i < n; i++) { /* few, and nearly sorted in the pack */
        int64_t h = homes[i];
        size_t k = i;
        for (; k > 0 && homes[k - 1] > h; k--) {
            homes[k] = homes[k - 1];
        }
        homes[k] = h;
    }
    return (Scope){.all = n == p->n_orgs, .homes = homes, .n = n, .mine = mine};
}

bool scope_has(const Scope *s, int64_t home)
{
    if (s->all) {
        return true;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->homes[i] == home) {
            return true;
        }
    }
    return false;
}

bool access_create(const Pack *p, const Actor *a, const RecordType *t, const Org *owner)
{
    Reach reach = best_reach(a, t, WANT_CREATE);
    return !a->read_only && within_reach(p, a, reach == REACH_MINE ? REACH_OWN : reach,
                                         owner->home); /* one's own: at one's own office */
}

bool access_read(const Pack *p, const Actor *a, const Rec *r, bool *ret_public_only)
{
    *ret_public_only = false;
    if (reaches(p, a, r, WANT_READ)) {
        return true;
    }
    *ret_public_only = true;
    return r->state->published && !r->state->sealed && r->type->n_publics != 0;
}

bool access_edit(const Pack *p, const Actor *a, const Rec *r)
{
    return !a->read_only && r->state->editable && reaches(p, a, r, WANT_EDIT);
}

bool access_delete(const Pack *p, const Actor *a, const Rec *r)
{
    return access_edit(p, a, r) && (r->state->initial || a->is_system);
}

static bool in_list(const Field *const *list, size_t n, const Field *f)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == f) {
            return true;
        }
    }
    return false;
}

/* st NULL: in any state at all */
static bool veiled(const Grant *g, const State *st, const Field *f)
{
    bool in = st == NULL && g->n_veil_in != 0;
    for (size_t i = 0; i < g->n_veil_in; i++) {
        in = in || g->veil_in[i] == st;
    }
    return in && in_list(g->veil, g->n_veil, f);
}

/* Seen through any role that reads the type and does not hide the field. */
static bool field_seen(const Actor *a, const RecordType *t, const State *st, const Field *f, bool veils)
{
    if (a->is_system) {
        return true;
    }
    for (size_t i = 0; i < a->n_roles; i++) {
        const Grant *g = type_grant(t, a->roles[i]);
        if (g != NULL && g->read != REACH_NONE && !in_list(g->hide, g->n_hide, f) && !(veils && veiled(g, st, f))) {
            return true;
        }
    }
    return false;
}

bool access_field(const Actor *a, const RecordType *t, const Field *f, bool public_only)
{
    return public_only ? in_list(t->publics, t->n_publics, f) : field_seen(a, t, NULL, f, false);
}

bool access_field_in(const Actor *a, const RecordType *t, const State *st, const Field *f, bool public_only)
{
    return public_only ? in_list(t->publics, t->n_publics, f) : field_seen(a, t, st, f, true);
}

bool access_veiled(const Actor *a, const RecordType *t, const State *st)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        if (access_field(a, t, &t->fields[i], false) && !access_field_in(a, t, st, &t->fields[i], false)) {
            return true;
        }
    }
    return false;
}

static bool role_allowed(const Actor *a, const Action *act)
{
    for (size_t i = 0; i < act->n_roles; i++) {
        if (actor_has_role(a, act->roles[i])) {
            return true;
        }
    }
    return false;
}

bool access_action(const Pack *p, const Actor *a, const Rec *r, const Action *act)
{
    bool from = false;
    for (size_t i = 0; i < act->n_from; i++) {
        from = from || act->from[i] == r->state;
    }
    bool public_only;
    if (a->is_system) { /* the program moves what it may not show */
        return from && !a->read_only;
    }
    if (a->read_only || !from || act->by_program || !role_allowed(a, act) || !access_read(p, a, r, &public_only) ||
        public_only) {
        return false;
    }
    return !act->at_holder || (a->org != NULL && a->org->home == r->holder);
}

bool access_flag(const Actor *a, const RecordType *t, char what)
{
    for (size_t i = 0; i < a->n_roles; i++) {
        const Grant *g = type_grant(t, a->roles[i]);
        if (g != NULL && ((what == 'x' && g->export) || (what == 'h' && g->history) || (what == 'i' && g->import) ||
                          (what == 'u' && g->unmask) || (what == 'e' && g->erase))) {
            return true;
        }
    }
    return a->is_system;
}

bool access_history(const Pack *p, const Actor *a, const Rec *r)
{
    bool public_only;
    return access_flag(a, r->type, 'h') && access_read(p, a, r, &public_only) && !public_only;
}
