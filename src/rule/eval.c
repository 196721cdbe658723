/*
 * eval.c - the evaluator: a walk over a typed tree. Whatever is missing, overflows or divides by zero is unknown, and and/or/not
 * follow Kleene's tables, so there is nothing an expression can do but have a value or not.
 *
 * Operators are here; names are in eval_name.c, functions in eval_call.c, aggregates in eval_agg.c.
 */
#include "base/date.h"
#include "rule/eval_int.h"
#include "rule/figure.h"

/* ---- numbers ---- */

bool val_rescale(int64_t *v, int32_t by)
{
    for (; by > 0; by--) {
        if (__builtin_mul_overflow(*v, (int64_t)10, v)) {
            return false;
        }
    }
    return true;
}

/* Both sides at the larger scale. */
static bool align(const Expr *a, const Expr *b, int64_t *x, int64_t *y)
{
    return val_rescale(x, b->scale - a->scale) && val_rescale(y, a->scale - b->scale);
}

/* Exact division, halves up. */
static bool divide(int64_t a, int64_t b, int64_t *ret)
{
    if (b == 0 || (a == INT64_MIN && b == -1)) {
        return false;
    }
    int64_t q = a / b, r = a % b;
    if (r != 0 && (r < 0) != (b < 0)) {
        q--;
        r += b;
    }
    uint64_t rest = r < 0 ? 0 - (uint64_t)r : (uint64_t)r, whole = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    *ret = q + (rest != 0 && rest >= whole - rest);
    return true;
}

static Val arith(const EvalEnv *env, const Expr *e)
{
    Val a = eval_expr(env, e->a), b = eval_expr(env, e->b);
    if (!a.has || !b.has) {
        return UNKNOWN;
    }
    int64_t x = a.i, y = b.i, z = 0;
    bool ok;
    switch (e->kind) {
    case EX_ADD:
        ok = align(e->a, e->b, &x, &y) && !__builtin_add_overflow(x, y, &z);
        break;
    case EX_SUB:
        ok = align(e->a, e->b, &x, &y) && !__builtin_sub_overflow(x, y, &z);
        break;
    case EX_MUL:
        ok = !__builtin_mul_overflow(x, y, &z);
        break;
    default:
        ok = val_rescale(&x, e->b->scale - e->a->scale) && divide(x, y, &z);
        break;
    }
    if (ok && e->type == XT_DATE) {
        ok = z >= DATE_MIN && z <= DATE_MAX;
    }
    return ok ? (Val){.has = true, .i = z} : UNKNOWN;
}

/* ---- comparing ---- */

/* -1, 0, 1; false: unknown. */
static bool order(const Expr *a, const Expr *b, Val x, Val y, int *ret)
{
    if (!x.has || !y.has) {
        return false;
    }
    if (a->type == XT_TEXT) {
        *ret = str_cmp(x.s, y.s);
        return true;
    }
    if (a->type == XT_NUM && !align(a, b, &x.i, &y.i)) {
        return false;
    }
    *ret = (x.i > y.i) - (x.i < y.i);
    return true;
}

static Val compare(const EvalEnv *env, const Expr *e)
{
    int c;
    if (!order(e->a, e->b, eval_expr(env, e->a), eval_expr(env, e->b), &c)) {
        return UNKNOWN;
    }
    switch (e->kind) {
    case EX_EQ: return val_bool(c == 0);
    case EX_NE: return val_bool(c != 0);
    case EX_LT: return val_bool(c < 0);
    case EX_LE: return val_bool(c <= 0);
    case EX_GT: return val_bool(c > 0);
    default: return val_bool(c >= 0);
    }
}

static Val in_list(const EvalEnv *env, const Expr *e)
{
    Val x = eval_expr(env, e->a);
    bool unknown = !x.has;
    for (size_t i = 0; x.has && i < e->n_items; i++) {
        int c;
        if (!order(e->a, e->items[i], x, eval_expr(env, e->items[i]), &c)) {
            unknown = true;
        } else if (c == 0) {
            return val_bool(true);
        }
    }
    return unknown ? UNKNOWN : val_bool(false);
}

static Val empty(const EvalEnv *env, const Expr *e)
{
    if (e->a->kind == EX_FIELD && e->a->field->kind == FT_LIST) {
        const Value *v = node_value(env, e->a);
        return val_bool(v == NULL || v->n_rows == 0);
    }
    return val_bool(!eval_expr(env, e->a).has);
}

/* ---- and, or, not ---- */

static Val of_tri(Tri t)
{
    return t == TRI_UNKNOWN ? UNKNOWN : val_bool(t == TRI_TRUE);
}

static Val logic(const EvalEnv *env, const Expr *e)
{
    Tri a = val_tri(eval_expr(env, e->a));
    if (e->kind == EX_NOT) {
        return a == TRI_UNKNOWN ? UNKNOWN : val_bool(a == TRI_FALSE);
    }
    Tri decides = e->kind == EX_AND ? TRI_FALSE : TRI_TRUE;
    if (a == decides) {
        return of_tri(a);
    }
    Tri b = val_tri(eval_expr(env, e->b));
    if (b == decides) {
        return of_tri(b);
    }
    return a == TRI_UNKNOWN || b == TRI_UNKNOWN ? UNKNOWN : of_tri(b);
}

/* ---- the walk ---- */

Val eval_expr(const EvalEnv *env, const Expr *e)
{
    switch (e->kind) {
    case EX_INT: return (Val){.has = true, .i = e->num};
    case EX_TEXT: return (Val){.has = true, .s = e->text};
    case EX_BOOL: return val_bool(e->num != 0);
    case EX_TODAY: return (Val){.has = true, .i = env->today};
    case EX_FIELD: return val_field(e->field, node_value(env, e));
    case EX_OR:
    case EX_AND:
    case EX_NOT: return logic(env, e);
    case EX_EQ:
    case EX_NE:
    case EX_LT:
    case EX_LE:
    case EX_GT:
    case EX_GE: return compare(env, e);
    case EX_IN: return in_list(env, e);
    case EX_ADD:
    case EX_SUB:
    case EX_MUL:
    case EX_DIV: return arith(env, e);
    case EX_EMPTY: return empty(env, e);
    case EX_COUNT:
    case EX_SUM:
    case EX_MIN:
    case EX_MAX:
    case EX_ANY:
    case EX_LATEST: return eval_aggregate(env, e);
    case EX_ACTOR: return val_text(env->actor);
    case EX_PREVIOUS:
    case EX_PARAM:
    case EX_HAS_FLAG:
    case EX_REGION_AT:
    case EX_LEVEL:
    case EX_DAYS:
    case EX_YEAR:
    case EX_NAMED:
    case EX_WORKDAYS_AFTER:
    case EX_WORKDAYS_BETWEEN:
    case EX_IF: return eval_call(env, e);
    case EX_SELF:
    case EX_NUMBER:
    case EX_STATE:
    case EX_OWNER_LEVEL: return eval_record(env, e);
    }
    return UNKNOWN;
}

/* ---- what rules ask ---- */

Tri rule_test(const EvalEnv *env, const Expr *e)
{
    CHECK(e->type == XT_BOOL);
    return val_tri(eval_expr(env, e));
}

Value rule_value(const EvalEnv *env, const Expr *e, const Field *as)
{
    Val v = eval_expr(env, e);
    Value none = {0};
    if (!v.has) {
        return none;
    }
    if (as->kind == FT_DATE && e->type == XT_TEXT) {
        int32_t d;
        return date_iso_parse(v.s, &d) ? (Value){.has = true, .i = d} : none;
    }
    if (field_is_text(as)) {
        return (Value){.has = true, .s = v.s};
    }
    ExprType type;
    int32_t scale = 0;
    (void)field_expr_type(as, &type, &scale);
    int64_t down = 1;
    if (e->type == XT_NUM && (!val_rescale(&v.i, scale - e->scale) || !val_rescale(&down, e->scale - scale) || !divide(v.i, down, &v.i))) {
        return none;
    }
    return (Value){.has = true, .i = v.i};
}

bool rule_conditions(const EvalEnv *env, const Check *conditions, size_t n, RuleVerdict *ret)
{
    bool all = true;
    for (size_t i = 0; i < n; i++) {
        const Check *c = &conditions[i];
        bool applies = c->when == NULL || rule_test(env, c->when) == TRI_TRUE;
        Tri verdict = !applies ? TRI_TRUE : c->manual ? TRI_UNKNOWN : rule_test(env, c->expr);
        ret[i] = (RuleVerdict){.condition = c, .verdict = verdict, .why = c->expr != NULL ? rule_why(env, c->expr) : S("")};
        all = all && (ret[i].verdict == TRI_TRUE || c->warn || c->manual);
    }
    return all;
}

Value rule_figure(const EvalEnv *env, const Expr *e)
{
    Val v = eval_expr(env, e);
    return (Value){.has = v.has, .i = v.i, .s = v.s};
}
