/*
 * expr_agg.c - aggregates: count, any, sum, min, max and latest over a link or list, with the `where` that narrows it.
 * Inside the condition only the rows counted and the outer record are in reach.
 */
#include "pack/expr_int.h"

static const struct {
    const char *name;
    ExprKind kind;
    bool field;   /* wants link.field */
} AGGREGATES[] = {
    {"count", EX_COUNT, false}, {"any", EX_ANY, false}, {"sum", EX_SUM, true},
    {"min", EX_MIN, true},      {"max", EX_MAX, true},  {"latest", EX_LATEST, true},
};

int aggregate_named(Str name)
{
    for (size_t i = 0; i < ARRAY_LEN(AGGREGATES); i++) {
        if (str_eq(name, str_c(AGGREGATES[i].name))) {
            return (int)i;
        }
    }
    return -1;
}

static const Link *link_of(const RecordType *t, Str id)
{
    for (size_t i = 0; t != NULL && i < t->n_links; i++) {
        if (str_eq(t->links[i].id, id)) {
            return &t->links[i];
        }
    }
    return NULL;
}

/* The link or list that is counted, of this record or of one it refers to. */
static bool aggregate_of(Parser *p, Expr *e)
{
    Str name = p->tok.text;
    int32_t at = p->tok.at;
    if (!tok_expect(p, TOK_NAME, "关联或列表的名字")) {
        return false;
    }
    e->link = link_of(p->type, name);
    if (e->link != NULL) {
        return true;
    }
    const Field *f = name_field(p, name);
    if (f != NULL && f->kind == FT_REF && f->ref != NULL && p->tok.kind == TOK_DOT) {
        e->ref = f;
        if (!tok_member(p, &name, &at)) {
            return false;
        }
        e->link = link_of(f->ref, name);
        if (e->link != NULL) {
            return true;
        }
        f = type_field(f->ref, name);
    }
    if (f == NULL || f->kind != FT_LIST) {
        (void)expr_fail(p, at, "没有关联或列表 %.*s，应为 links 里的 id 或 list 字段", STRF(name));
        return false;
    }
    e->list = f;
    return true;
}

static bool aggregate_field(Parser *p, Expr *e)
{
    int32_t at = p->tok.at;
    if (!tok_expect(p, TOK_DOT, "“.字段”")) {
        return false;
    }
    Str name = p->tok.text;
    at = p->tok.at;
    if (!tok_expect(p, TOK_NAME, "字段名")) {
        return false;
    }
    const Field *f = e->link != NULL ? type_field(e->link->type, name) : field_among(e->list->fields, e->list->n_fields, name);
    if (f == NULL || f->kind == FT_LIST) {
        (void)expr_fail(p, at, "没有字段 %.*s，应为所计记录的普通字段", STRF(name));
        return false;
    }
    ExprType type = XT_BOOL;
    (void)field_expr_type(f, &type, &e->scale);
    bool fits = e->kind == EX_LATEST || (type == XT_NUM && f->kind != FT_REF && f->kind != FT_ORG) ||
                (type == XT_DATE && e->kind != EX_SUM);
    if (!fits) {
        (void)expr_fail(p, at, "字段 %.*s 是%s，应为%s", STRF(name), expr_type_word(type), e->kind == EX_SUM ? "数" : "数或日期");
        return false;
    }
    e->field = f;
    e->type = type;
    return true;
}

static bool aggregate_where(Parser *p, Expr *e)
{
    if (!tok_is(p, "where")) {
        return true;
    }
    Parser outer = *p;
    p->outer = outer.type;
    p->outer_extra = outer.extra;
    p->n_outer_extra = outer.n_extra;
    p->has_outer = true;
    p->type = e->link != NULL ? e->link->type : NULL;
    p->extra = e->list != NULL ? e->list->fields : NULL;
    p->n_extra = e->list != NULL ? e->list->n_fields : 0;
    p->in_where = true;
    Expr *cond = lex_next(p) ? p_or(p) : NULL;
    p->type = outer.type;
    p->extra = outer.extra;
    p->n_extra = outer.n_extra;
    p->outer = outer.outer;
    p->outer_extra = outer.outer_extra;
    p->n_outer_extra = outer.n_outer_extra;
    p->has_outer = outer.has_outer;
    p->in_where = false;
    if (cond != NULL && cond->type != XT_BOOL) {
        cond = expr_fail(p, cond->at, "这里是%s，应为条件", expr_type_word(cond->type));
    }
    e->a = cond;
    return cond != NULL;
}

Expr *p_aggregate(Parser *p, int which, int32_t at)
{
    if (p->in_where) {
        return expr_fail(p, at, "where 里不能再计数，应为所计记录的字段");
    }
    Expr *e = expr_new(p, AGGREGATES[which].kind, AGGREGATES[which].kind == EX_ANY ? XT_BOOL : XT_NUM, at);
    bool ok = aggregate_of(p, e) && (!AGGREGATES[which].field || aggregate_field(p, e)) && aggregate_where(p, e) &&
              tok_expect(p, TOK_CLOSE, " )");
    return ok ? e : NULL;
}
