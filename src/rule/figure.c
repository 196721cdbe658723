/*
 * figure.c - why a condition came out as it did: the figures it looked at, each once, in words.
 */
#include "rule/figure.h"

#include "base/buf.h"
#include "base/date.h"
#include "rule/validate.h"

#define FIGURES_MAX 8

typedef struct {
    const EvalEnv *env;
    Buf out;
    Str seen[FIGURES_MAX];
    size_t n;
} Figures;

static void add(Figures *w, Str label, Str shown)
{
    Arena *mem = w->env->cx->mem;
    Str line = str_printf(mem, "%.*s %.*s", STRF(label), STRF(shown.n != 0 ? shown : S("—")));
    for (size_t i = 0; i < w->n; i++) {
        if (str_eq(w->seen[i], line)) {
            return;
        }
    }
    if (w->n == FIGURES_MAX) {
        return;
    }
    buf_add(&w->out, w->n != 0 ? S("；") : S(""));
    buf_add(&w->out, line);
    w->seen[w->n++] = line;
}

static Str shown_field(const Figures *w, const Field *f, Value v)
{
    Arena *mem = w->env->cx->mem;
    if (f->personal) {
        return v.has ? S("已填") : S("");
    }
    Str s = value_show(mem, w->env->pack, f, &v);
    bool unit = f->unit.n != 0 && s.n != 0 && f->kind != FT_MONEY;
    return unit ? str_printf(mem, "%.*s%.*s", STRF(s), STRF(f->unit)) : s;
}

static Str shown_int(const Figures *w, Value v, const char *unit)
{
    return v.has ? str_printf(w->env->cx->mem, "%lld%s", (long long)v.i, unit) : S("");
}

/* "上级·人数": the figure of a record referred to is named with the reference. */
static Str through(const Figures *w, const Expr *e, Str label)
{
    return e->ref != NULL ? str_printf(w->env->cx->mem, "%.*s·%.*s", STRF(e->ref->label), STRF(label)) : label;
}

static void aggregate(Figures *w, const Expr *e)
{
    static const char *const WORDS[] = {"合计", "最小", "最大"};
    Arena *mem = w->env->cx->mem;
    Str of = through(w, e, e->link != NULL ? e->link->label : e->list->label);
    Value v = rule_figure(w->env, e);
    if (e->kind == EX_COUNT) {
        add(w, of, shown_int(w, v, " 条"));
    } else if (e->kind == EX_ANY) {
        add(w, of, v.has ? (v.i != 0 ? S("有") : S("没有")) : S(""));
    } else {
        const char *word = e->kind == EX_LATEST ? "最新" : WORDS[e->kind - EX_SUM];
        add(w, str_printf(mem, "%.*s%s%.*s", STRF(of), word, STRF(e->field->label)), shown_field(w, e->field, v));
    }
}

static Str param_label(const Pack *p, Str id)
{
    for (size_t i = 0; i < p->n_params; i++) {
        if (str_eq(p->params[i].id, id)) {
            return p->params[i].label;
        }
    }
    return id;
}

static Str state_label(const EvalEnv *env, const Expr *e)
{
    Value v = rule_figure(env, e);
    const State *s = v.has && e->of != NULL ? type_state(e->of, v.s) : NULL;
    return s != NULL ? s->label : v.s;
}

static void walk(Figures *w, const Expr *e)
{
    Arena *mem = w->env->cx->mem;
    const EvalEnv *env = w->env;
    switch (e->kind) {
    case EX_FIELD:
        if (e->field->kind != FT_LIST) {
            add(w, through(w, e, e->field->label), shown_field(w, e->field, rule_figure(env, e)));
        }
        return;
    case EX_COUNT:
    case EX_SUM:
    case EX_MIN:
    case EX_MAX:
    case EX_ANY:
    case EX_LATEST:
        aggregate(w, e);
        return;
    case EX_PREVIOUS:
        add(w, str_printf(mem, "上期%.*s", STRF(e->field->label)), shown_field(w, e->field, rule_figure(env, e)));
        return;
    case EX_PARAM:
        add(w, param_label(env->pack, e->text), shown_int(w, rule_figure(env, e), ""));
        return;
    case EX_TODAY:
        add(w, S("今天"), date_zh(mem, env->today));
        return;
    case EX_STATE:
        add(w, through(w, e, S("状态")), state_label(env, e));
        return;
    case EX_HAS_FLAG:
    case EX_REGION_AT:
    case EX_LEVEL:
        add(w, S("地区"), env->region != NULL ? env->region->name : S(""));
        return;
    case EX_NUMBER:
        add(w, through(w, e, S("编号")), rule_figure(env, e).s);
        return;
    default:
        break;
    }
    if (e->a != NULL) {
        walk(w, e->a);
    }
    if (e->b != NULL) {
        walk(w, e->b);
    }
    for (size_t i = 0; i < e->n_items; i++) {
        walk(w, e->items[i]);
    }
}

Str rule_why(const EvalEnv *env, const Expr *e)
{
    Figures w = {.env = env, .out = buf_new(env->cx->mem, 4000)};
    walk(&w, e);
    return w.n != 0 ? buf_str(&w.out) : S("");
}
