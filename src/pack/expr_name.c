/*
 * expr_name.c - what a name in an expression stands for: a field, something every record has, or either of a record one
 * step away, through a reference field or as the outer record of a `where`.
 */
#include "pack/expr_int.h"

const Field *field_among(const Field *fields, size_t n, Str id)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(fields[i].id, id)) {
            return &fields[i];
        }
    }
    return NULL;
}

const Field *name_field(const Parser *p, Str id)
{
    const Field *f = field_among(p->extra, p->n_extra, id);
    return f != NULL || p->type == NULL ? f : type_field(p->type, id);
}

Expr *name_expr(Parser *p, ExprKind kind, const Field *f, int32_t at)
{
    ExprType type = XT_BOOL;
    int32_t scale = 0;
    (void)field_expr_type(f, &type, &scale);
    Expr *e = expr_new(p, kind, type, at);
    e->field = f;
    e->scale = scale;
    return e;
}

/* What every record of a type has besides its fields; `row`: what is known of a record that is counted. */
static Expr *record_pseudo(Parser *p, const RecordType *t, bool row, Str name, int32_t at)
{
    static const struct {
        const char *name;
        ExprKind kind;
        ExprType type;
        bool of_rows;
    } WORDS[] = {
        {"state", EX_STATE, XT_TEXT, true},
        {"self", EX_SELF, XT_NUM, true},
        {"number", EX_NUMBER, XT_TEXT, false},
        {"owner_level", EX_OWNER_LEVEL, XT_TEXT, false},
    };
    for (size_t i = 0; t != NULL && i < ARRAY_LEN(WORDS); i++) {
        if (str_eq(name, str_c(WORDS[i].name)) && (!row || WORDS[i].of_rows)) {
            Expr *e = expr_new(p, WORDS[i].kind, WORDS[i].type, at);
            e->of = t;
            return e;
        }
    }
    return NULL;
}

static Expr *pseudo(Parser *p, Str name, int32_t at)
{
    if (str_eq(name, S("today"))) {
        return expr_new(p, EX_TODAY, XT_DATE, at);
    }
    if (str_eq(name, S("actor")) && p->type != NULL && !p->in_where) {
        return expr_new(p, EX_ACTOR, XT_TEXT, at);
    }
    return record_pseudo(p, p->type, p->in_where, name, at);
}

bool tok_member(Parser *p, Str *ret, int32_t *ret_at)
{
    if (!lex_next(p)) {
        return false;
    }
    *ret = p->tok.text;
    *ret_at = p->tok.at;
    return tok_expect(p, TOK_NAME, "字段名");
}

/* ref.field, ref.state, ref.number: the token is the dot behind the reference field `ref`. */
static Expr *through_ref(Parser *p, const Field *ref, int32_t at)
{
    Str name;
    int32_t name_at;
    if (ref->kind != FT_REF || ref->ref == NULL) {
        return expr_fail(p, at, "%.*s 后面不能有点，只有 ref 字段可以；关联应写在 count、sum、any、latest 等里面", STRF(ref->id));
    }
    if (!tok_member(p, &name, &name_at)) {
        return NULL;
    }
    if (p->tok.kind == TOK_DOT) {
        return expr_fail(p, p->tok.at, "这里不能再有点，只能经过一个 ref 字段");
    }
    const Field *f = type_field(ref->ref, name);
    Expr *e = f != NULL ? name_expr(p, EX_FIELD, f, at) : NULL;
    if (f == NULL && (str_eq(name, S("state")) || str_eq(name, S("number")))) {
        e = record_pseudo(p, ref->ref, false, name, at);
    }
    if (e == NULL) {
        return expr_fail(p, name_at, "没有字段 %.*s，应为 %.*s 的字段、state 或 number", STRF(name), STRF(ref->ref->id));
    }
    e->ref = ref;
    return e;
}

/* outer.field, outer.state …, outer.ref.field: the token is the dot behind `outer`. */
static Expr *p_outer(Parser *p, int32_t at)
{
    Str name;
    int32_t name_at;
    if (!p->has_outer) {
        return expr_fail(p, at, "outer 不能用在这里，应写在 where 条件里");
    }
    if (!tok_member(p, &name, &name_at)) {
        return NULL;
    }
    const Field *f = field_among(p->outer_extra, p->n_outer_extra, name);
    f = f != NULL || p->outer == NULL ? f : type_field(p->outer, name);
    Expr *e = NULL;
    if (f != NULL) {
        e = p->tok.kind == TOK_DOT ? through_ref(p, f, at) : name_expr(p, EX_FIELD, f, at);
    } else if (p->tok.kind != TOK_DOT) {
        e = record_pseudo(p, p->outer, false, name, at);
    }
    if (e == NULL) {
        return expr_fail(p, name_at, "没有字段 %.*s，应为外层记录的字段、self、state、number 或 owner_level", STRF(name));
    }
    e->outer = true;
    return e;
}

Expr *p_name(Parser *p, Str name, int32_t at)
{
    bool dot = p->tok.kind == TOK_DOT;
    if (dot && str_eq(name, S("outer"))) {
        return p_outer(p, at);
    }
    const Field *f = name_field(p, name);
    if (dot && f != NULL) {
        return through_ref(p, f, at);
    }
    if (dot) {
        return expr_fail(p, at, "%.*s 后面不能有点，只有 ref 字段可以；关联应写在 count、sum、any、latest 等里面", STRF(name));
    }
    if (f != NULL) {
        return name_expr(p, EX_FIELD, f, at);
    }
    Expr *e = pseudo(p, name, at);
    if (e != NULL) {
        return e;
    }
    if (p->type != NULL) {
        return expr_fail(p, at, "没有字段 %.*s，应为 %.*s 的字段", STRF(name), STRF(p->type->id));
    }
    return expr_fail(p, at, "没有字段 %.*s，应为这里看得到的字段", STRF(name));
}
