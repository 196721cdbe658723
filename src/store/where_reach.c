/*
 * where_reach.c - what an actor may read of a type, and what of it waits for them, as conditions on state, home and
 * person. Sealed states are kept from everybody but the one person they belong to.
 */
#include "store/internal.h"

/* ---- states ---- */

static void add_states(Sql *q, const RecordType *t, bool (*want)(const RecordType *, const State *, const Actor *),
                       const Actor *a)
{
    bool first = true;
    sql_lit(q, " and state in (");
    for (size_t i = 0; i < t->n_states; i++) {
        if (want(t, &t->states[i], a)) {
            if (!first) {
                sql_lit(q, ", ");
            }
            sql_text(q, t->states[i].id);
            first = false;
        }
    }
    if (first) {
        sql_lit(q, "''");
    }
    sql_lit(q, ")");
}

static bool is_published(const RecordType *t, const State *st, const Actor *a)
{
    (void)t;
    (void)a;
    return st->published;
}

static bool is_sealed(const RecordType *t, const State *st, const Actor *a)
{
    (void)t;
    (void)a;
    return st->sealed;
}

/* Is there work for this actor in a state: an action of one of the actor's roles that must be done at the desk, or an
 * editable state? */
static bool is_work(const RecordType *t, const State *st, const Actor *a)
{
    if (st->published || st->rest) {
        return false;
    }
    for (size_t i = 0; i < t->n_actions; i++) {
        const Action *act = &t->actions[i];
        bool from = false, role = false;
        for (size_t k = 0; k < act->n_from; k++) {
            from = from || act->from[k] == st;
        }
        for (size_t k = 0; k < act->n_roles; k++) {
            role = role || actor_has_role(a, act->roles[k]);
        }
        if (from && role && act->at_holder && act->n_to != 0) {
            return true;
        }
    }
    return false;
}

/* A sealed record that can still be filled in waits for the one person who may read it, wherever it lies. */
static bool is_own_work(const RecordType *t, const State *st, const Actor *a)
{
    (void)t;
    (void)a;
    return st->sealed && st->editable;
}

static bool has_own_work(const RecordType *t)
{
    bool any = false;
    for (size_t i = 0; i < t->n_states; i++) {
        any = any || is_own_work(t, &t->states[i], NULL);
    }
    return any;
}

/* ---- what may be read ---- */

static void add_mine(Sql *q, const RecordType *t, const Actor *a)
{
    sql_lit(q, "created_by = ");
    sql_int(q, a->user);
    if (t->person != NULL && a->login.n != 0) {
        sql_lit(q, " or ");
        sql_ident2(q, S("f_"), t->person->id);
        sql_lit(q, " = ");
        sql_text(q, a->login);
    }
}

static void seal_where(const Actor *a, const RecordType *t, const Scope *scope, Sql *q)
{
    bool any = false;
    for (size_t i = 0; i < t->n_states; i++) {
        any = any || t->states[i].sealed;
    }
    if (!any) {
        return;
    }
    bool mine = a->user != 0 && !scope->published_only;
    sql_lit(q, " and (not (1 = 1");
    add_states(q, t, is_sealed, a);
    sql_lit(q, ")");
    if (mine && t->person == NULL) {
        sql_lit(q, " or ");
        add_mine(q, t, a);
    } else if (mine) { /* as access_belongs */
        sql_lit(q, " or ");
        sql_ident2(q, S("f_"), t->person->id);
        sql_lit(q, " = ");
        sql_text(q, a->login);
        sql_lit(q, " or (");
        sql_ident2(q, S("f_"), t->person->id);
        sql_lit(q, " is null and created_by = ");
        sql_int(q, a->user);
        sql_lit(q, ")");
    }
    sql_lit(q, ")");
}

bool reach_where(const Actor *a, const RecordType *t, const Scope *scope, Sql *q)
{
#ifdef TAMGA_BREAK_SCOPE /* a test build: is there a second line? (test/keys) */
    return true;
#endif
    if (scope->published_only) {
        if (t->n_publics == 0) {
            return false;
        }
        add_states(q, t, is_published, a);
    } else if (!scope->all) {
        if (scope->n == 0 && !scope->mine) {
            return false;
        }
        sql_lit(q, " and (");
        if (scope->n == 1) {
            sql_lit(q, "home = ");
            sql_int(q, scope->homes[0]);
        } else if (scope->n != 0) {
            sql_lit(q, "home");
            sql_in_ints(q, scope->homes, scope->n);
        }
        if (scope->mine) {
            if (scope->n != 0) {
                sql_lit(q, " or ");
            }
            add_mine(q, t, a);
        }
        sql_lit(q, ")");
    }
    seal_where(a, t, scope, q);
    return true;
}

/* ---- what waits ---- */

bool work_where(const Actor *a, const RecordType *t, Sql *q)
{
    if (a->org == NULL) {
        return false;
    }
    bool own = has_own_work(t);
    sql_lit(q, " and (");
    if (own) { /* the seal (reach_where) leaves the actor's own only */
        sql_lit(q, "(1 = 1");
        add_states(q, t, is_own_work, a);
        sql_lit(q, ") or ");
    }
    sql_lit(q, "(holder = ");
    sql_int(q, a->org->home);
    add_states(q, t, is_work, a);
    sql_lit(q, "))");
    return true;
}
