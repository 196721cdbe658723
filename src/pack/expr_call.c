/*
 * expr_call.c - the functions of the language: which there are, what each takes, and where it may stand.
 */
#include "pack/expr_int.h"

/* ---- of a text or a name ---- */

static bool text_arg(Parser *p, Str *ret)
{
    *ret = p->tok.text;
    return tok_expect(p, TOK_TEXT, "'文字'") && tok_expect(p, TOK_CLOSE, " )");
}

static bool known_flag(const Pack *p, Str flag)
{
    for (size_t i = 0; i < p->n_regions; i++) {
        if (region_has_flag(&p->regions[i], flag)) {
            return true;
        }
    }
    return false;
}

static bool known_param(const Pack *p, Str id)
{
    for (size_t i = 0; i < p->n_params; i++) {
        if (str_eq(p->params[i].id, id)) {
            return true;
        }
    }
    return false;
}

static Expr *p_text_function(Parser *p, Str name, int32_t at)
{
    bool param = str_eq(name, S("param")), flag = str_eq(name, S("has_flag"));
    int32_t arg_at = p->tok.at;
    Expr *e = expr_new(p, param ? EX_PARAM : flag ? EX_HAS_FLAG : EX_NAMED, param ? XT_NUM : XT_BOOL, at);
    if (!text_arg(p, &e->text)) {
        return NULL;
    }
    if (param && !known_param(p->pack, e->text)) {
        return expr_fail(p, arg_at, "没有参数 %.*s，应为 params.yaml 里的 id", STRF(e->text));
    }
    if (flag && !known_flag(p->pack, e->text)) {
        return expr_fail(p, arg_at, "没有区划标志 %.*s，应为 regions.csv 的 flags 之一", STRF(e->text));
    }
    return e;
}

static Expr *p_previous(Parser *p, int32_t at)
{
    Str name = p->tok.text;
    int32_t name_at = p->tok.at;
    if (!tok_expect(p, TOK_NAME, "字段名")) {
        return NULL;
    }
    const Field *f = p->type != NULL ? type_field(p->type, name) : NULL;
    if (f == NULL || f->kind == FT_LIST) {
        return expr_fail(p, name_at, "没有字段 %.*s，应为本记录的普通字段", STRF(name));
    }
    Expr *e = name_expr(p, EX_PREVIOUS, f, at);
    return tok_expect(p, TOK_CLOSE, " )") ? e : NULL;
}

/* ---- of values ---- */

static Expr *p_days(Parser *p, int32_t at)
{
    Expr *a = p_or(p);
    if (a == NULL || !tok_expect(p, TOK_COMMA, "逗号")) {
        return NULL;
    }
    Expr *b = p_or(p);
    if (b == NULL || !tok_expect(p, TOK_CLOSE, " )") || !expr_same(p, at, a, b, true)) {
        return NULL;
    }
    if (a->type != XT_DATE) {
        return expr_fail(p, a->at, "这里是%s，应为日期", expr_type_word(a->type));
    }
    Expr *e = expr_new(p, EX_DAYS, XT_NUM, at);
    e->a = a;
    e->b = b;
    return e;
}

/* workdays_after(date, whole number), workdays_between(date, date). */
static Expr *p_workdays(Parser *p, bool between, int32_t at)
{
    Expr *a = p_or(p);
    if (a == NULL || !tok_expect(p, TOK_COMMA, "逗号")) {
        return NULL;
    }
    Expr *b = p_or(p);
    if (b == NULL || !tok_expect(p, TOK_CLOSE, " )")) {
        return NULL;
    }
    expr_date_literal(a);
    if (between) {
        expr_date_literal(b);
    }
    if (a->type != XT_DATE || (between && b->type != XT_DATE)) {
        const Expr *bad = a->type != XT_DATE ? a : b;
        return expr_fail(p, bad->at, "这里是%s，应为日期", expr_type_word(bad->type));
    }
    if (!between && (b->type != XT_NUM || b->scale != 0 || expr_is_id(b))) {
        return expr_fail(p, b->at, "工作日数不对，应为整数");
    }
    Expr *e = expr_new(p, between ? EX_WORKDAYS_BETWEEN : EX_WORKDAYS_AFTER, between ? XT_NUM : XT_DATE, at);
    e->a = a;
    e->b = b;
    return e;
}

/* if(condition, value, value): both of one type, numbers brought to the larger scale when it is evaluated. */
static Expr *p_if(Parser *p, int32_t at)
{
    Expr *v[3];
    for (size_t i = 0; i < 3; i++) {
        v[i] = p_or(p);
        if (v[i] == NULL || !tok_expect(p, i < 2 ? TOK_COMMA : TOK_CLOSE, i < 2 ? "逗号" : " )")) {
            return NULL;
        }
    }
    if (v[0]->type != XT_BOOL) {
        return expr_fail(p, v[0]->at, "这里是%s，应为条件", expr_type_word(v[0]->type));
    }
    if (v[1]->type == XT_DATE || v[2]->type == XT_DATE) {
        expr_date_literal(v[1]);
        expr_date_literal(v[2]);
    }
    if (v[1]->type != v[2]->type || expr_is_id(v[1]) || expr_is_id(v[2])) {
        return expr_fail(p, v[2]->at, "if 的两个值不是同一种，应都是数、日期、文字或条件");
    }
    Expr *e = expr_new(p, EX_IF, v[1]->type, at);
    const Expr **other = NEW_ARRAY(p->mem, const Expr *, 1);
    other[0] = v[2];
    e->a = v[0];
    e->b = v[1];
    e->items = other;
    e->n_items = 1;
    e->scale = MAX(v[1]->scale, v[2]->scale);
    return e;
}

static Expr *p_year(Parser *p, int32_t at)
{
    Expr *a = p_or(p);
    if (a == NULL || !tok_expect(p, TOK_CLOSE, " )")) {
        return NULL;
    }
    bool period = a->field != NULL && a->field->kind == FT_PERIOD;
    if (a->type != XT_DATE && !period) {
        return expr_fail(p, a->at, "这里是%s，应为日期或期别", expr_type_word(a->type));
    }
    Expr *e = expr_new(p, EX_YEAR, XT_NUM, at);
    e->a = a;
    return e;
}

/* ---- which ---- */

Expr *p_call(Parser *p, Str name, int32_t at)
{
    int aggregate = aggregate_named(name);
    if (aggregate >= 0) {
        return p_aggregate(p, aggregate, at);
    }
    if (str_eq(name, S("param"))) {
        return p_text_function(p, name, at);
    }
    if (str_eq(name, S("days_between"))) {
        return p_days(p, at);
    }
    if (str_eq(name, S("year"))) {
        return p_year(p, at);
    }
    if (str_eq(name, S("workdays_after")) || str_eq(name, S("workdays_between"))) {
        return p_workdays(p, str_eq(name, S("workdays_between")), at);
    }
    if (str_eq(name, S("if"))) {
        return p_if(p, at);
    }
    bool outer = str_eq(name, S("has_flag")) || str_eq(name, S("named")) || str_eq(name, S("previous")) || str_eq(name, S("level")) ||
                 str_eq(name, S("region_at"));
    if (!outer) {
        return expr_fail(p, at, "没有函数 %.*s，应为 count、sum、min、max、any、latest、previous、param、has_flag、level、region_at、days_between、workdays_after、workdays_between、year、if、named 之一", STRF(name));
    }
    if (p->in_where || p->type == NULL) {
        return expr_fail(p, at, "%.*s 不能用在这里，应为所计记录的字段", STRF(name));
    }
    if (str_eq(name, S("previous"))) {
        return p_previous(p, at);
    }
    if (str_eq(name, S("region_at"))) {
        Expr *e = expr_new(p, EX_REGION_AT, XT_TEXT, at);
        int32_t arg_at = p->tok.at;
        if (!text_arg(p, &e->text)) {
            return NULL;
        }
        return expr_known_level(p->pack, e->text)
                   ? e
                   : expr_fail(p, arg_at, "没有层级 %.*s，应为 pack.yaml 的 levels 之一", STRF(e->text));
    }
    if (str_eq(name, S("level"))) {
        return tok_expect(p, TOK_CLOSE, " )") ? expr_new(p, EX_LEVEL, XT_TEXT, at) : NULL;
    }
    return p_text_function(p, name, at);
}
