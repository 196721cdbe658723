/*
 * expr_type.c - which operands go together: every node is typed when it is made, so that evaluation cannot meet a wrong type.
 */
#include "base/date.h"
#include "pack/expr_int.h"

const char *expr_type_word(ExprType t)
{
    static const char *const WORDS[] = {"数", "文字", "条件", "日期"};
    return WORDS[t];
}

bool field_expr_type(const Field *f, ExprType *ret_type, int32_t *ret_scale)
{
    *ret_scale = 0;
    switch (f->kind) {
    case FT_LIST:
        return false;
    case FT_MONEY:
    case FT_DECIMAL:
        *ret_scale = f->kind == FT_MONEY ? 2 : f->decimals;
        *ret_type = XT_NUM;
        return true;
    case FT_INT:
    case FT_REF:
    case FT_ORG:
        *ret_type = XT_NUM;
        return true;
    case FT_DATE:
        *ret_type = XT_DATE;
        return true;
    case FT_BOOL:
        *ret_type = XT_BOOL;
        return true;
    default:
        *ret_type = XT_TEXT;
        return true;
    }
}

Expr *expr_new(Parser *p, ExprKind kind, ExprType type, int32_t at)
{
    Expr *e = NEW(p->mem, Expr);
    e->kind = kind;
    e->type = type;
    e->at = at;
    return e;
}

Expr *expr_logic(Parser *p, ExprKind kind, int32_t at, Expr *a, Expr *b)
{
    const Expr *bad = a->type != XT_BOOL ? a : b != NULL && b->type != XT_BOOL ? b : NULL;
    if (bad != NULL) {
        return expr_fail(p, bad->at, "这里是%s，应为条件", expr_type_word(bad->type));
    }
    Expr *e = expr_new(p, kind, XT_BOOL, at);
    e->a = a;
    e->b = b;
    return e;
}

static bool is_period(const Expr *e)
{
    return e->field != NULL && e->field->kind == FT_PERIOD && e->type == XT_TEXT;
}

bool expr_known_level(const Pack *p, Str level)
{
    for (size_t i = 0; i < p->n_levels; i++) {
        if (str_eq(p->levels[i], level)) {
            return true;
        }
    }
    return false;
}

/* A text literal beside something with a closed set of texts must be one of them. */
static bool known_text(Parser *p, const Expr *other, const Expr *literal)
{
    if (literal->kind != EX_TEXT) {
        return true;
    }
    Str s = literal->text;
    if (other->kind == EX_STATE && type_state(other->of, s) == NULL) {
        return expr_fail(p, literal->at, "没有状态 %.*s，应为 states 里的 id", STRF(s)) != NULL;
    }
    if (other->kind == EX_OWNER_LEVEL || other->kind == EX_LEVEL) {
        return expr_known_level(p->pack, s) ||
               expr_fail(p, literal->at, "没有层级 %.*s，应为 pack.yaml 的 levels 之一", STRF(s)) != NULL;
    }
    const Field *f = other->field;
    if (f != NULL && f->kind == FT_CODE && f->codes != NULL && code_find(f->codes, s) == NULL) {
        return expr_fail(p, literal->at, "代码表 %.*s 没有 %.*s，应为表里的代码", STRF(f->codes->id), STRF(s)) != NULL;
    }
    if (f != NULL && f->kind == FT_REGION && pack_region(p->pack, s) == NULL) {
        return expr_fail(p, literal->at, "没有区划 %.*s，应为 regions.csv 里的代码", STRF(s)) != NULL;
    }
    return true;
}

void expr_date_literal(Expr *e)
{
    int32_t days;
    if (e->kind == EX_TEXT && date_iso_parse(e->text, &days)) {
        e->kind = EX_INT;
        e->type = XT_DATE;
        e->num = days;
    }
}

/* A text in that form beside a date is one. */
static void date_literal(Expr *e, const Expr *other)
{
    if (other->type == XT_DATE) {
        expr_date_literal(e);
    }
}

bool expr_same(Parser *p, int32_t at, Expr *a, Expr *b, bool order)
{
    date_literal(a, b);
    date_literal(b, a);
    if (a->type != b->type) {
        return expr_fail(p, at, "%s不能与%s比较，应为同一种值", expr_type_word(a->type), expr_type_word(b->type)) != NULL;
    }
    if ((a->field != NULL && a->field->kind == FT_LIST) || (b->field != NULL && b->field->kind == FT_LIST)) {
        return expr_fail(p, at, "列表不能比较，应为 count(…) 或 is empty") != NULL;
    }
    if (order && a->type == XT_BOOL) {
        return expr_fail(p, at, "条件没有大小，应为 = 或 !=") != NULL;
    }
    if (order && a->type == XT_TEXT && !is_period(a) && !is_period(b)) {
        return expr_fail(p, at, "文字没有大小（期别除外），应为 = 或 !=") != NULL;
    }
    if (a->type == XT_TEXT && a->field != NULL && b->field != NULL && a->field->kind == FT_CODE && b->field->kind == FT_CODE &&
        a->field->codes != b->field->codes) {
        return expr_fail(p, at, "两边的代码表不同，应为同一个代码表") != NULL;
    }
    return known_text(p, a, b) && known_text(p, b, a);
}

Expr *expr_compare(Parser *p, ExprKind kind, int32_t at, Expr *a, Expr *b)
{
    if (!expr_same(p, at, a, b, kind != EX_EQ && kind != EX_NE)) {
        return NULL;
    }
    Expr *e = expr_new(p, kind, XT_BOOL, at);
    e->a = a;
    e->b = b;
    return e;
}

bool expr_is_id(const Expr *e)
{
    return e->kind == EX_SELF || (e->field != NULL && e->type == XT_NUM && (e->field->kind == FT_REF || e->field->kind == FT_ORG));
}

Expr *expr_arith(Parser *p, ExprKind kind, int32_t at, Expr *a, Expr *b)
{
    bool add = kind == EX_ADD || kind == EX_SUB;
    if (add) {
        bool dates = kind == EX_SUB && a->type == XT_DATE;
        if (dates) {
            date_literal(b, a);
        }
        if (a->type == XT_DATE && (b->type == XT_NUM || (dates && b->type == XT_DATE))) {
            if (b->type == XT_NUM && b->scale != 0) {
                return expr_fail(p, b->at, "日期加减的天数有小数，应为整数");
            }
            Expr *e = expr_new(p, kind, b->type == XT_NUM ? XT_DATE : XT_NUM, at);
            e->a = a;
            e->b = b;
            return e;
        }
    }
    const Expr *bad = a->type != XT_NUM ? a : b->type != XT_NUM ? b : NULL;
    if (bad != NULL) {
        return expr_fail(p, bad->at, "%s不能运算，应为数", expr_type_word(bad->type));
    }
    if (expr_is_id(a) || expr_is_id(b)) {
        return expr_fail(p, at, "记录号和机构号不能运算，应为数");
    }
    Expr *e = expr_new(p, kind, XT_NUM, at);
    e->a = a;
    e->b = b;
    e->scale = add ? MAX(a->scale, b->scale) : kind == EX_MUL ? a->scale + b->scale : MAX(a->scale - b->scale, 0);
    if (e->scale > EXPR_MAX_SCALE) {
        return expr_fail(p, at, "乘积有 %d 位小数，应在 %d 位以内", e->scale, EXPR_MAX_SCALE);
    }
    return e;
}

static bool misfit(Arena *mem, Str *ret_why, const char *want)
{
    *ret_why = str_printf(mem, "应为%s", want);
    return false;
}

bool expr_fits(Arena *mem, const Expr *e, const Field *f, Str *ret_why)
{
    ExprType type;
    int32_t scale;
    if (!field_expr_type(f, &type, &scale)) {
        return misfit(mem, ret_why, "列表以外的字段");
    }
    int32_t days;
    if (type == XT_DATE && e->kind == EX_TEXT) {
        return date_iso_parse(e->text, &days) || misfit(mem, ret_why, "日期，如 '2024-05-01' 或 today");
    }
    if (e->type != type) {
        return misfit(mem, ret_why, expr_type_word(type));
    }
    bool id = f->kind == FT_REF || f->kind == FT_ORG;
    if (id != expr_is_id(e)) {
        return misfit(mem, ret_why, id ? "self 或同类字段" : "普通的数");
    }
    if (f->kind == FT_REF && (e->kind == EX_SELF ? e->of : e->field->ref) != f->ref) {
        return misfit(mem, ret_why, "指向同一类型的字段");
    }
    if (f->kind == FT_CODE && f->codes != NULL) {
        if (e->kind == EX_TEXT && code_find(f->codes, e->text) == NULL) {
            *ret_why = str_printf(mem, "应为代码表 %.*s 里的代码", STRF(f->codes->id));
            return false;
        }
        if (e->kind != EX_TEXT && (e->field == NULL || e->field->codes != f->codes)) {
            *ret_why = str_printf(mem, "应为代码表 %.*s 的代码或字段", STRF(f->codes->id));
            return false;
        }
    }
    return true;
}
