/*
 * eval_call.c - the functions of the language, each over the values of its operands.
 */
#include "base/date.h"
#include "rule/eval_int.h"
#include "rule/validate.h"

#define WORKDAYS_MAX 10000 /* see base/workday.h */

static Val previous(const EvalEnv *env, const Expr *e)
{
    Value v = {0};
    if (env->previous == NULL || !env->previous(env->ctx, env->cx, e->field, &v)) {
        return UNKNOWN;
    }
    return val_field(e->field, &v);
}

static Val param(const EvalEnv *env, const Expr *e)
{
    const Param0 *p = pack_param(env->pack, e->text, env->region, env->today);
    return p != NULL && p->known ? (Val){.has = true, .i = p->value} : UNKNOWN;
}

static Val region_at(const EvalEnv *env, const Expr *e)
{
    const Region *r = env->region;
    while (r != NULL && !str_eq(r->level, e->text)) {
        r = r->parent;
    }
    return r != NULL ? val_text(r->code) : UNKNOWN;
}

static Val days(const EvalEnv *env, const Expr *e)
{
    Val a = eval_expr(env, e->a), b = eval_expr(env, e->b);
    return a.has && b.has ? (Val){.has = true, .i = b.i - a.i} : UNKNOWN;
}

static Val year(const EvalEnv *env, const Expr *e)
{
    Val a = eval_expr(env, e->a);
    int64_t y = 0;
    if (a.has && e->a->type == XT_DATE) {
        y = date_to_civil((int32_t)a.i).year;
    } else if (!a.has || !str_int(str_sub(a.s, 0, 4), &y)) {
        return UNKNOWN;
    }
    return (Val){.has = true, .i = y};
}

static Val workdays(const EvalEnv *env, const Expr *e)
{
    Val a = eval_expr(env, e->a), b = eval_expr(env, e->b);
    const Workdays *w = &env->pack->workdays;
    if (!a.has || !b.has) {
        return UNKNOWN;
    }
    if (e->kind == EX_WORKDAYS_BETWEEN) {
        return (Val){.has = true, .i = workday_between(w, (int32_t)a.i, (int32_t)b.i)};
    }
    int32_t n = (int32_t)(b.i < -WORKDAYS_MAX ? -WORKDAYS_MAX : b.i > WORKDAYS_MAX ? WORKDAYS_MAX : b.i);
    int32_t day = workday_after(w, (int32_t)a.i, n);
    return day >= DATE_MIN && day <= DATE_MAX ? (Val){.has = true, .i = day} : UNKNOWN;
}

static Val named(const EvalEnv *env, const Expr *e)
{
    const Field *f = env->type != NULL ? env->type->title : NULL;
    if (f == NULL) {
        return UNKNOWN;
    }
    Findings found = findings_new(env->cx->mem);
    int v = rule_named_run(e->text, env, f, &env->values[f->index], &found);
    return v < 0 ? UNKNOWN : val_bool(v == 1);
}

static Val choose(const EvalEnv *env, const Expr *e)
{
    Tri holds = val_tri(eval_expr(env, e->a));
    const Expr *taken = holds == TRI_TRUE ? e->b : e->items[0];
    Val v = holds == TRI_UNKNOWN ? UNKNOWN : eval_expr(env, taken);
    return v.has && e->type == XT_NUM && !val_rescale(&v.i, e->scale - taken->scale) ? UNKNOWN : v;
}

Val eval_call(const EvalEnv *env, const Expr *e)
{
    switch (e->kind) {
    case EX_PREVIOUS: return previous(env, e);
    case EX_PARAM: return param(env, e);
    case EX_HAS_FLAG: return env->region != NULL ? val_bool(region_has_flag(env->region, e->text)) : UNKNOWN;
    case EX_REGION_AT: return region_at(env, e);
    case EX_LEVEL: return env->region != NULL ? val_text(env->region->level) : UNKNOWN;
    case EX_DAYS: return days(env, e);
    case EX_YEAR: return year(env, e);
    case EX_NAMED: return named(env, e);
    case EX_WORKDAYS_AFTER:
    case EX_WORKDAYS_BETWEEN: return workdays(env, e);
    case EX_IF: return choose(env, e);
    default: return UNKNOWN;
    }
}
