/*
 * eval_name.c - what a name has as its value: a field or something every record has, of this record, of the outer one, or
 * of one that either refers to.
 */
#include "rule/eval_int.h"

static bool among(const Field *f, const Field *fields, size_t n)
{
    return fields != NULL && f >= fields && f < fields + n;
}

static const Value *field_value(const EvalEnv *env, const Field *f)
{
    if (among(f, env->extra, env->n_extra)) {
        return env->extra_values != NULL ? &env->extra_values[f->index] : NULL;
    }
    if (env->type != NULL && among(f, env->type->fields, env->type->n_fields)) {
        return &env->values[f->index];
    }
    return NULL;
}

Subject subject_of(const EvalEnv *at, const Expr *e)
{
    const EvalEnv *env = e->outer ? at->outer : at;
    Subject out = {.env = env};
    if (env == NULL || e->ref == NULL) {
        return env == NULL ? out : (Subject){.env = env, .id = env->self, .state = env->state, .number = env->number};
    }
    const Value *ref = field_value(env, e->ref);
    bool found = false;
    bool ok = ref != NULL && ref->has && ref->i != 0 && env->refer != NULL &&
              env->refer(env->ctx, env->cx, e->ref, ref->i, &out.values, &out.state, &out.number, &found) && found;
    if (!ok) {
        return (Subject){0};
    }
    out.id = ref->i;
    return out;
}

const Value *subject_value(const Subject *t, const Expr *e, const Field *f)
{
    return t->env == NULL ? NULL : e->ref != NULL ? &t->values[f->index] : field_value(t->env, f);
}

const Value *node_value(const EvalEnv *env, const Expr *e)
{
    if (e->ref == NULL && !e->outer) {
        return field_value(env, e->field);
    }
    Subject t = subject_of(env, e);
    return subject_value(&t, e, e->field);
}

Val val_field(const Field *f, const Value *v)
{
    if (v == NULL || !v->has || f->kind == FT_LIST) {
        return UNKNOWN;
    }
    return field_is_text(f) ? (Val){.has = v->s.n != 0, .s = v->s} : (Val){.has = true, .i = v->i};
}

Val eval_record(const EvalEnv *env, const Expr *e)
{
    Subject t = subject_of(env, e);
    if (t.env == NULL) {
        return UNKNOWN;
    }
    switch (e->kind) {
    case EX_SELF: return (Val){.has = t.id != 0, .i = t.id};
    case EX_NUMBER: return val_text(t.number);
    case EX_STATE: return val_text(t.state);
    default: return t.env->org != NULL ? val_text(env->pack->levels[t.env->org->level_index]) : UNKNOWN;
    }
}
