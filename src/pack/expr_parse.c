/*
 * expr_parse.c - the grammar: recursive descent over the tokens, one function per level of precedence; every node is typed as it is made.
 *
 *   or < and < not < comparison, in, is empty < + - < * / < sign < value
 *
 * Names are read by expr_name.c, functions by expr_call.c, aggregates by expr_agg.c.
 */
#include "pack/expr_int.h"

Expr *expr_fail(Parser *p, int32_t at, const char *fmt, ...)
{
    if (!p->failed) {
        p->failed = true;
        p->error_at = at;
        va_list ap;
        va_start(ap, fmt);
        p->error = str_vprintf(p->mem, fmt, ap);
        va_end(ap);
    }
    return NULL;
}

bool tok_expect(Parser *p, TokenKind kind, const char *what)
{
    if (p->tok.kind != kind) {
        (void)expr_fail(p, p->tok.at, p->tok.kind == TOK_END ? "表达式没有写完，应为%s" : "这里不对，应为%s", what);
        return false;
    }
    return lex_next(p);
}

/* ---- levels of precedence ---- */

static Expr *p_value(Parser *p)
{
    Token t = p->tok;
    if (t.kind == TOK_END) {
        return expr_fail(p, t.at, "表达式没有写完，应为字段名、数或 '文字'");
    }
    if (t.kind != TOK_NUMBER && t.kind != TOK_TEXT && t.kind != TOK_OPEN && t.kind != TOK_NAME) {
        return expr_fail(p, t.at, "这里不对，应为字段名、数或 '文字'");
    }
    if (!lex_next(p)) {
        return NULL;
    }
    if (t.kind == TOK_NUMBER) {
        Expr *e = expr_new(p, EX_INT, XT_NUM, t.at);
        e->num = t.num;
        e->scale = t.scale;
        return e;
    }
    if (t.kind == TOK_TEXT) {
        Expr *e = expr_new(p, EX_TEXT, XT_TEXT, t.at);
        e->text = t.text;
        return e;
    }
    if (t.kind == TOK_OPEN) {
        Expr *e = p_or(p);
        return e != NULL && tok_expect(p, TOK_CLOSE, " )") ? e : NULL;
    }
    bool yes = str_eq(t.text, S("true"));
    if (yes || str_eq(t.text, S("false"))) {
        Expr *e = expr_new(p, EX_BOOL, XT_BOOL, t.at);
        e->num = yes;
        return e;
    }
    if (p->tok.kind == TOK_OPEN) {
        return lex_next(p) ? p_call(p, t.text, t.at) : NULL;
    }
    return p_name(p, t.text, t.at);
}

static bool deeper(Parser *p)
{
    if (++p->depth > EXPR_MAX_DEPTH) {
        (void)expr_fail(p, p->tok.at, "嵌套太深，应在 %d 层以内", EXPR_MAX_DEPTH);
        return false;
    }
    return true;
}

static Expr *p_sign(Parser *p)
{
    if (p->tok.kind != TOK_MINUS) {
        return p_value(p);
    }
    int32_t at = p->tok.at;
    Expr *a = deeper(p) && lex_next(p) ? p_sign(p) : NULL;
    p->depth--;
    if (a == NULL) {
        return NULL;
    }
    Expr *zero = expr_new(p, EX_INT, XT_NUM, at);
    return expr_arith(p, EX_SUB, at, zero, a);
}

static Expr *p_term(Parser *p)
{
    Expr *a = p_sign(p);
    while (a != NULL && (p->tok.kind == TOK_STAR || p->tok.kind == TOK_SLASH)) {
        ExprKind kind = p->tok.kind == TOK_STAR ? EX_MUL : EX_DIV;
        int32_t at = p->tok.at;
        Expr *b = lex_next(p) ? p_sign(p) : NULL;
        a = b != NULL ? expr_arith(p, kind, at, a, b) : NULL;
    }
    return a;
}

static Expr *p_sum(Parser *p)
{
    Expr *a = p_term(p);
    while (a != NULL && (p->tok.kind == TOK_PLUS || p->tok.kind == TOK_MINUS)) {
        ExprKind kind = p->tok.kind == TOK_PLUS ? EX_ADD : EX_SUB;
        int32_t at = p->tok.at;
        Expr *b = lex_next(p) ? p_term(p) : NULL;
        a = b != NULL ? expr_arith(p, kind, at, a, b) : NULL;
    }
    return a;
}

static Expr *negated(Parser *p, Expr *e, bool not)
{
    return e != NULL && not ? expr_logic(p, EX_NOT, e->at, e, NULL) : e;
}

static Expr *p_in(Parser *p, Expr *a, bool not)
{
    int32_t at = p->tok.at;
    if (!lex_next(p) || !tok_expect(p, TOK_OPEN, " (")) {
        return NULL;
    }
    const Expr *items[100];
    Expr *e = expr_new(p, EX_IN, XT_BOOL, at);
    e->a = a;
    for (;;) {
        Expr *item = p_sum(p);
        if (item == NULL || !expr_same(p, item->at, a, item, false)) {
            return NULL;
        }
        if (e->n_items == ARRAY_LEN(items)) {
            return expr_fail(p, item->at, "in 的项太多，应在 %zu 项以内", ARRAY_LEN(items));
        }
        items[e->n_items++] = item;
        if (p->tok.kind != TOK_COMMA) {
            break;
        }
        if (!lex_next(p)) {
            return NULL;
        }
    }
    if (!tok_expect(p, TOK_CLOSE, "逗号或 )")) {
        return NULL;
    }
    const Expr **kept = NEW_ARRAY(p->mem, const Expr *, e->n_items);
    memcpy(kept, items, e->n_items * sizeof *kept);
    e->items = kept;
    return negated(p, e, not);
}

static Expr *p_empty(Parser *p, Expr *a)
{
    int32_t at = p->tok.at;
    if (!lex_next(p)) {
        return NULL;
    }
    bool not = tok_is(p, "not");
    if (not && !lex_next(p)) {
        return NULL;
    }
    if (!tok_is(p, "empty")) {
        return expr_fail(p, p->tok.at, "这里不对，应为 is empty 或 is not empty");
    }
    if (!lex_next(p)) {
        return NULL;
    }
    Expr *e = expr_new(p, EX_EMPTY, XT_BOOL, at);
    e->a = a;
    return negated(p, e, not);
}

static Expr *p_compare(Parser *p)
{
    Expr *a = p_sum(p);
    if (a == NULL) {
        return NULL;
    }
    if (tok_is(p, "is")) {
        return p_empty(p, a);
    }
    if (a->kind == EX_FIELD && a->field->kind == FT_LIST) {
        return expr_fail(p, a->at, "列表 %.*s 不能这样用，应为 count(…) 或 is empty", STRF(a->field->id));
    }
    if (tok_is(p, "in")) {
        return p_in(p, a, false);
    }
    if (tok_is(p, "not")) {
        if (!lex_next(p)) {
            return NULL;
        }
        return tok_is(p, "in") ? p_in(p, a, true) : expr_fail(p, p->tok.at, "这里不对，应为 not in");
    }
    static const ExprKind KINDS[] = {EX_EQ, EX_NE, EX_LT, EX_LE, EX_GT, EX_GE};
    if (p->tok.kind < TOK_EQ || p->tok.kind > TOK_GE) {
        return a;
    }
    ExprKind kind = KINDS[p->tok.kind - TOK_EQ];
    int32_t at = p->tok.at;
    Expr *b = lex_next(p) ? p_sum(p) : NULL;
    if (b != NULL && b->kind == EX_FIELD && b->field->kind == FT_LIST) {
        return expr_fail(p, b->at, "列表 %.*s 不能比较，应为 count(…) 或 is empty", STRF(b->field->id));
    }
    return b != NULL ? expr_compare(p, kind, at, a, b) : NULL;
}

static Expr *p_not(Parser *p)
{
    if (!tok_is(p, "not")) {
        return p_compare(p);
    }
    int32_t at = p->tok.at;
    Expr *a = deeper(p) && lex_next(p) ? p_not(p) : NULL;
    p->depth--;
    return a != NULL ? expr_logic(p, EX_NOT, at, a, NULL) : NULL;
}

static Expr *p_and(Parser *p)
{
    Expr *a = p_not(p);
    while (a != NULL && tok_is(p, "and")) {
        int32_t at = p->tok.at;
        Expr *b = lex_next(p) ? p_not(p) : NULL;
        a = b != NULL ? expr_logic(p, EX_AND, at, a, b) : NULL;
    }
    return a;
}

Expr *p_or(Parser *p)
{
    Expr *a = deeper(p) ? p_and(p) : NULL;
    while (a != NULL && tok_is(p, "or")) {
        int32_t at = p->tok.at;
        Expr *b = lex_next(p) ? p_and(p) : NULL;
        a = b != NULL ? expr_logic(p, EX_OR, at, a, b) : NULL;
    }
    p->depth--;
    return a;
}

/* ---- the whole ---- */

const Expr *expr_parse_within(Arena *mem, const Pack *pack, const RecordType *t, const RecordType *outer, const Field *extra,
                              size_t n_extra, Str text, Str *ret_error, int32_t *ret_at)
{
    Parser p = {.mem = mem, .pack = pack, .type = t, .extra = extra, .n_extra = n_extra, .outer = outer, .has_outer = outer != NULL,
                .text = text};
    Expr *e = NULL;
    if (text.n > EXPR_MAX_BYTES) {
        e = expr_fail(&p, 0, "表达式太长，应在 %d 字节以内", EXPR_MAX_BYTES);
    } else if (lex_next(&p)) {
        e = p_or(&p);
        if (e != NULL && p.tok.kind != TOK_END) {
            e = expr_fail(&p, p.tok.at, "多出了内容，应到此为止");
        }
    }
    if (e == NULL || p.failed) {
        Str before = str_sub(text, 0, (size_t)p.error_at);
        *ret_error = str_printf(mem, "第 %zu 个字符处%.*s", utf8_len(before) + 1, STRF(p.error));
        if (ret_at != NULL) {
            *ret_at = p.error_at;
        }
        return NULL;
    }
    return e;
}

const Expr *expr_parse_at(Arena *mem, const Pack *p, const RecordType *t, const Field *extra, size_t n_extra, Str text, Str *ret_error,
                          int32_t *ret_at)
{
    return expr_parse_within(mem, p, t, NULL, extra, n_extra, text, ret_error, ret_at);
}

const Expr *expr_parse(Arena *mem, const Pack *p, const RecordType *t, const Field *extra, size_t n_extra, Str text, Str *ret_error)
{
    return expr_parse_within(mem, p, t, NULL, extra, n_extra, text, ret_error, NULL);
}
