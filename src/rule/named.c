/*
 * named.c - the C checks that packs may call by name: one table, given by the application before packs are loaded.
 */
#include "rule/validate.h"

static const NamedCheck *named_table;
static size_t named_count;

void rule_named_set(const NamedCheck *table, size_t n)
{
    named_table = table;
    named_count = n;
}

static const NamedCheck *find(Str name)
{
    for (size_t i = 0; i < named_count; i++) {
        if (str_eq(name, str_c(named_table[i].name))) {
            return &named_table[i];
        }
    }
    return NULL;
}

bool rule_named_has(Str name)
{
    return find(name) != NULL;
}

int rule_named_run(Str name, const EvalEnv *env, const Field *f, const Value *v, Findings *found)
{
    const NamedCheck *c = find(name);
    if (c == NULL || !v->has) {
        return -1;
    }
    size_t before = found->errors;
    c->fn(env, f, v, found);
    return found->errors == before;
}

/* ---- every name a pack uses ---- */

typedef struct {
    Cx *cx;
    const RecordType *type;
} Walk;

static bool known(const Walk *w, Str name)
{
    return name.n == 0 || rule_named_has(name) ||
           fail(w->cx, E_PACK, "记录类型 %.*s 用到的检查 %.*s 不存在，应为程序登记的检查之一", STRF(w->type->id), STRF(name));
}

static bool expr_known(const Walk *w, const Expr *e)
{
    if (e == NULL) {
        return true;
    }
    if (e->kind == EX_NAMED && !known(w, e->text)) {
        return false;
    }
    for (size_t i = 0; i < e->n_items; i++) {
        if (!expr_known(w, e->items[i])) {
            return false;
        }
    }
    return expr_known(w, e->a) && expr_known(w, e->b);
}

static bool fields_known(const Walk *w, const Field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const Field *f = &fields[i];
        if (!known(w, f->named_check) || !expr_known(w, f->default_value) || !expr_known(w, f->show_when) ||
            !expr_known(w, f->require_when) || !fields_known(w, f->fields, f->n_fields)) {
            return false;
        }
    }
    return true;
}

static bool checks_known(const Walk *w, const Check *checks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!expr_known(w, checks[i].when) || !expr_known(w, checks[i].expr)) {
            return false;
        }
    }
    return true;
}

static bool sets_known(const Walk *w, const struct SetTo *set, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!expr_known(w, set[i].value)) {
            return false;
        }
    }
    return true;
}

static bool action_known(const Walk *w, const Action *a)
{
    bool ok = fields_known(w, a->ask, a->n_ask) && checks_known(w, a->conditions, a->n_conditions) && sets_known(w, a->set, a->n_set);
    for (size_t i = 0; ok && i < a->n_make; i++) {
        ok = sets_known(w, a->make[i].set, a->make[i].n_set);
    }
    return ok;
}

bool rule_pack_check(Cx *cx, const Pack *p)
{
    for (size_t i = 0; i < p->n_types; i++) {
        const RecordType *t = &p->types[i];
        Walk w = {cx, t};
        bool ok = fields_known(&w, t->fields, t->n_fields) && checks_known(&w, t->checks, t->n_checks);
        for (size_t k = 0; ok && k < t->n_actions; k++) {
            ok = action_known(&w, &t->actions[k]);
        }
        if (!ok) {
            return false;
        }
    }
    for (size_t i = 0; i < p->n_targets; i++) {
        Walk w = {cx, p->targets[i].type};
        if (!expr_known(&w, p->targets[i].where)) {
            return false;
        }
    }
    return true;
}
