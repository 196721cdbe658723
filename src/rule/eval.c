/*
 * eval.c - the evaluator: a walk over a typed tree. Whatever is missing, overflows or divides by zero is unknown, and and/or/not
 * follow Kleene's tables, so there is nothing an expression can do but have a value or not.
 */
#include "rule/eval.h"

#include "base/date.h"
#include "rule/figure.h"
#include "rule/validate.h"

typedef struct {
    bool has;
    int64_t i;      /* XT_NUM (with the node's scale), XT_BOOL, XT_DATE */
    Str s;          /* XT_TEXT */
} Val;

#define WORKDAYS_MAX 10000 /* see base/workday.h */

static const Val UNKNOWN = {0};

static Val eval(const EvalEnv *env, const Expr *e);

static Val of_bool(bool b)
{
    return (Val){.has = true, .i = b};
}

static Val of_tri(Tri t)
{
    return t == TRI_UNKNOWN ? UNKNOWN : of_bool(t == TRI_TRUE);
}

static Tri tri(Val v)
{
    return !v.has ? TRI_UNKNOWN : v.i != 0 ? TRI_TRUE : TRI_FALSE;
}

/* ---- fields ---- */

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

/* The record that a node looks at: this one, the outer one, or one that either refers to. */
typedef struct {
    const EvalEnv *env;          /* NULL: there is none */
    int64_t id;
    const Value *values;         /* through a reference; else NULL */
    Str state, number;
} Subject;

static Subject subject(const EvalEnv *at, const Expr *e)
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

/* The value of `f` in that record; NULL: unknown. */
static const Value *subject_value(const Subject *t, const Expr *e, const Field *f)
{
    return t->env == NULL ? NULL : e->ref != NULL ? &t->values[f->index] : field_value(t->env, f);
}

static const Value *node_value(const EvalEnv *env, const Expr *e)
{
    if (e->ref == NULL && !e->outer) {
        return field_value(env, e->field);
    }
    Subject t = subject(env, e);
    return subject_value(&t, e, e->field);
}

static Val of_value(const Field *f, const Value *v)
{
    if (v == NULL || !v->has || f->kind == FT_LIST) {
        return UNKNOWN;
    }
    return field_is_text(f) ? (Val){.has = v->s.n != 0, .s = v->s} : (Val){.has = true, .i = v->i};
}

/* ---- numbers ---- */

static bool rescale(int64_t *v, int32_t by)
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
    return rescale(x, b->scale - a->scale) && rescale(y, a->scale - b->scale);
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
    Val a = eval(env, e->a), b = eval(env, e->b);
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
        ok = rescale(&x, e->b->scale - e->a->scale) && divide(x, y, &z);
        break;
    }
    if (ok && e->type == XT_DATE) {
        ok = z >= DATE_MIN && z <= DATE_MAX;
    }
    return ok ? (Val){.has = true, .i = z} : UNKNOWN;
}

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
    if (!order(e->a, e->b, eval(env, e->a), eval(env, e->b), &c)) {
        return UNKNOWN;
    }
    switch (e->kind) {
    case EX_EQ: return of_bool(c == 0);
    case EX_NE: return of_bool(c != 0);
    case EX_LT: return of_bool(c < 0);
    case EX_LE: return of_bool(c <= 0);
    case EX_GT: return of_bool(c > 0);
    default: return of_bool(c >= 0);
    }
}

static Val in_list(const EvalEnv *env, const Expr *e)
{
    Val x = eval(env, e->a);
    bool unknown = !x.has;
    for (size_t i = 0; x.has && i < e->n_items; i++) {
        int c;
        if (!order(e->a, e->items[i], x, eval(env, e->items[i]), &c)) {
            unknown = true;
        } else if (c == 0) {
            return of_bool(true);
        }
    }
    return unknown ? UNKNOWN : of_bool(false);
}

static Val logic(const EvalEnv *env, const Expr *e)
{
    Tri a = tri(eval(env, e->a));
    if (e->kind == EX_NOT) {
        return a == TRI_UNKNOWN ? UNKNOWN : of_bool(a == TRI_FALSE);
    }
    Tri decides = e->kind == EX_AND ? TRI_FALSE : TRI_TRUE;
    if (a == decides) {
        return of_tri(a);
    }
    Tri b = tri(eval(env, e->b));
    if (b == decides) {
        return of_tri(b);
    }
    return a == TRI_UNKNOWN || b == TRI_UNKNOWN ? UNKNOWN : of_tri(b);
}

/* ---- aggregates ---- */

/* The rows counted: of a link through the store, or of a list field. */
typedef struct {
    RelatedRows related;
    const Value *list;
    size_t n;
} Rows;

static bool rows_of(const EvalEnv *env, const Expr *e, Rows *ret)
{
    *ret = (Rows){0};
    Subject t = subject(env, e);
    if (t.env == NULL) {
        return false;
    }
    if (e->link == NULL) {
        ret->list = subject_value(&t, e, e->list);
        ret->n = ret->list != NULL ? ret->list->n_rows : 0;
        return true;
    }
    if (env->related == NULL || t.id == 0) {
        return true;
    }
    if (!env->related(env->ctx, env->cx, e->link, t.id, &ret->related)) {
        return false;
    }
    ret->n = ret->related.n;
    return true;
}

static const Value *row_values(const Expr *e, const Rows *rows, size_t i)
{
    return e->link != NULL ? rows->related.rows[i] : rows->list->rows[i].v;
}

/* Does the `where` condition hold for row i? */
static Tri row_holds(const EvalEnv *env, const Expr *e, const Rows *rows, size_t i)
{
    if (e->a == NULL) {
        return TRI_TRUE;
    }
    EvalEnv in = *env;
    in.outer = env;
    in.self = 0;
    in.number = S("");
    in.org = NULL;
    if (e->link != NULL) {
        in.self = rows->related.ids != NULL ? rows->related.ids[i] : 0;
        in.type = e->link->type;
        in.values = rows->related.rows[i];
        in.state = rows->related.states != NULL ? rows->related.states[i] : S("");
        in.extra = NULL;
        in.extra_values = NULL;
        in.n_extra = 0;
    } else {
        in.type = NULL;
        in.extra = e->list->fields;
        in.n_extra = e->list->n_fields;
        in.extra_values = rows->list->rows[i].v;
    }
    return tri(eval(&in, e->a));
}

static Val any_of(const EvalEnv *env, const Expr *e, const Rows *rows)
{
    bool unknown = false;
    for (size_t i = 0; i < rows->n; i++) {
        Tri t = row_holds(env, e, rows, i);
        if (t == TRI_TRUE) {
            return of_bool(true);
        }
        unknown = unknown || t == TRI_UNKNOWN;
    }
    return unknown ? UNKNOWN : of_bool(false);
}

/* The newest record has the greatest period, else date; without either, the last row. */
static Val latest(const EvalEnv *env, const Expr *e, const Rows *rows)
{
    const Field *by = NULL;
    const RecordType *t = e->link != NULL ? e->link->type : NULL;
    for (int pass = 0; t != NULL && pass < 2 && by == NULL; pass++) {
        for (size_t i = 0; i < t->n_fields && by == NULL; i++) {
            by = t->fields[i].kind == (pass == 0 ? FT_PERIOD : FT_DATE) ? &t->fields[i] : NULL;
        }
    }
    const Value *best = NULL;
    for (size_t i = 0; i < rows->n; i++) {
        const Value *row = row_values(e, rows, i);
        if (row_holds(env, e, rows, i) != TRI_TRUE) {
            continue;
        }
        bool newer = best == NULL || by == NULL;
        if (!newer && row[by->index].has) {
            const Value *x = &row[by->index], *y = &best[by->index];
            newer = !y->has || (by->kind == FT_PERIOD ? str_cmp(x->s, y->s) >= 0 : x->i >= y->i);
        }
        best = newer ? row : best;
    }
    return best != NULL ? of_value(e->field, &best[e->field->index]) : UNKNOWN;
}

/* Thousands of records are counted without being read. */
static Val count_all(const EvalEnv *env, const Expr *e)
{
    Subject t = subject(env, e);
    int64_t n = 0;
    if (t.env == NULL || (t.id != 0 && !env->tally(env->ctx, env->cx, e->link, t.id, &n))) {
        return UNKNOWN;
    }
    return (Val){.has = true, .i = n};
}

static Val aggregate(const EvalEnv *env, const Expr *e)
{
    Rows rows;
    if (e->kind == EX_COUNT && e->a == NULL && e->link != NULL && env->tally != NULL) {
        return count_all(env, e);
    }
    if (!rows_of(env, e, &rows)) {
        return UNKNOWN;
    }
    if (e->kind == EX_ANY) {
        return any_of(env, e, &rows);
    }
    if (e->kind == EX_LATEST) {
        return latest(env, e, &rows);
    }
    Val out = {.has = e->kind == EX_COUNT || e->kind == EX_SUM};
    for (size_t i = 0; i < rows.n; i++) {
        if (row_holds(env, e, &rows, i) != TRI_TRUE) {
            continue;
        }
        if (e->kind == EX_COUNT) {
            out.i++;
            continue;
        }
        Val v = of_value(e->field, &row_values(e, &rows, i)[e->field->index]);
        if (!v.has) {
            continue;
        }
        if (e->kind == EX_SUM) {
            if (__builtin_add_overflow(out.i, v.i, &out.i)) {
                return UNKNOWN;
            }
        } else if (!out.has || (e->kind == EX_MIN ? v.i < out.i : v.i > out.i)) {
            out = v;
        }
    }
    return out;
}

/* ---- functions ---- */

static Val previous(const EvalEnv *env, const Expr *e)
{
    Value v = {0};
    if (env->previous == NULL || !env->previous(env->ctx, env->cx, e->field, &v)) {
        return UNKNOWN;
    }
    return of_value(e->field, &v);
}

static Val param(const EvalEnv *env, const Expr *e)
{
    const Param0 *p = pack_param(env->pack, e->text, env->region, env->today);
    return p != NULL && p->known ? (Val){.has = true, .i = p->value} : UNKNOWN;
}

static Val empty(const EvalEnv *env, const Expr *e)
{
    if (e->a->kind == EX_FIELD && e->a->field->kind == FT_LIST) {
        const Value *v = node_value(env, e->a);
        return of_bool(v == NULL || v->n_rows == 0);
    }
    return of_bool(!eval(env, e->a).has);
}

static Val days(const EvalEnv *env, const Expr *e)
{
    Val a = eval(env, e->a), b = eval(env, e->b);
    return a.has && b.has ? (Val){.has = true, .i = b.i - a.i} : UNKNOWN;
}

static Val year(const EvalEnv *env, const Expr *e)
{
    Val a = eval(env, e->a);
    int64_t y = 0;
    if (a.has && e->a->type == XT_DATE) {
        y = date_to_civil((int32_t)a.i).year;
    } else if (!a.has || !str_int(str_sub(a.s, 0, 4), &y)) {
        return UNKNOWN;
    }
    return (Val){.has = true, .i = y};
}

static Val named(const EvalEnv *env, const Expr *e)
{
    const Field *f = env->type != NULL ? env->type->title : NULL;
    if (f == NULL) {
        return UNKNOWN;
    }
    Findings found = findings_new(env->cx->mem);
    int v = rule_named_run(e->text, env, f, &env->values[f->index], &found);
    return v < 0 ? UNKNOWN : of_bool(v == 1);
}

static Val workdays(const EvalEnv *env, const Expr *e)
{
    Val a = eval(env, e->a), b = eval(env, e->b);
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

static Val choose(const EvalEnv *env, const Expr *e)
{
    Tri holds = tri(eval(env, e->a));
    const Expr *taken = holds == TRI_TRUE ? e->b : e->items[0];
    Val v = holds == TRI_UNKNOWN ? UNKNOWN : eval(env, taken);
    return v.has && e->type == XT_NUM && !rescale(&v.i, e->scale - taken->scale) ? UNKNOWN : v;
}

static Val of_text(Str s)
{
    return (Val){.has = s.n != 0, .s = s};
}

static Val region_at(const EvalEnv *env, const Expr *e)
{
    const Region *r = env->region;
    while (r != NULL && !str_eq(r->level, e->text)) {
        r = r->parent;
    }
    return r != NULL ? of_text(r->code) : UNKNOWN;
}

static Val of_record(const EvalEnv *env, const Expr *e)
{
    Subject t = subject(env, e);
    if (t.env == NULL) {
        return UNKNOWN;
    }
    switch (e->kind) {
    case EX_SELF: return (Val){.has = t.id != 0, .i = t.id};
    case EX_NUMBER: return of_text(t.number);
    case EX_STATE: return of_text(t.state);
    default: return t.env->org != NULL ? of_text(env->pack->levels[t.env->org->level_index]) : UNKNOWN;
    }
}

static Val eval(const EvalEnv *env, const Expr *e)
{
    switch (e->kind) {
    case EX_INT: return (Val){.has = true, .i = e->num};
    case EX_TEXT: return (Val){.has = true, .s = e->text};
    case EX_BOOL: return of_bool(e->num != 0);
    case EX_TODAY: return (Val){.has = true, .i = env->today};
    case EX_FIELD: return of_value(e->field, node_value(env, e));
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
    case EX_LATEST: return aggregate(env, e);
    case EX_PREVIOUS: return previous(env, e);
    case EX_PARAM: return param(env, e);
    case EX_HAS_FLAG: return env->region != NULL ? of_bool(region_has_flag(env->region, e->text)) : UNKNOWN;
    case EX_ACTOR: return of_text(env->actor);
    case EX_REGION_AT: return region_at(env, e);
    case EX_LEVEL: return env->region != NULL ? of_text(env->region->level) : UNKNOWN;
    case EX_DAYS: return days(env, e);
    case EX_YEAR: return year(env, e);
    case EX_NAMED: return named(env, e);
    case EX_WORKDAYS_AFTER:
    case EX_WORKDAYS_BETWEEN: return workdays(env, e);
    case EX_IF: return choose(env, e);
    case EX_SELF:
    case EX_NUMBER:
    case EX_STATE:
    case EX_OWNER_LEVEL: return of_record(env, e);
    }
    return UNKNOWN;
}

Tri rule_test(const EvalEnv *env, const Expr *e)
{
    CHECK(e->type == XT_BOOL);
    return tri(eval(env, e));
}

Value rule_value(const EvalEnv *env, const Expr *e, const Field *as)
{
    Val v = eval(env, e);
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
    if (e->type == XT_NUM && (!rescale(&v.i, scale - e->scale) || !rescale(&down, e->scale - scale) || !divide(v.i, down, &v.i))) {
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
    Val v = eval(env, e);
    return (Value){.has = v.has, .i = v.i, .s = v.s};
}
