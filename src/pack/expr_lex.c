/*
 * expr_lex.c - expressions into tokens.
 */
#include "base/buf.h"
#include "pack/expr_int.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char peek(const Parser *p, size_t ahead)
{
    return p->pos + ahead < p->text.n ? p->text.p[p->pos + ahead] : '\0';
}

bool tok_is(const Parser *p, const char *word)
{
    return p->tok.kind == TOK_NAME && str_eq(p->tok.text, str_c(word));
}

static bool number(Parser *p)
{
    char digits[24];
    size_t n = 0;
    int32_t scale = -1;
    for (;; p->pos++) {
        char c = peek(p, 0);
        if (c == '.' && scale < 0 && is_digit(peek(p, 1))) {
            scale = 0;
            continue;
        }
        if (!is_digit(c)) {
            break;
        }
        if (n == sizeof digits) {
            return expr_fail(p, p->tok.at, "数太长，应在 18 位以内") != NULL;
        }
        digits[n++] = c;
        scale += scale >= 0;
    }
    p->tok.kind = TOK_NUMBER;
    p->tok.scale = MAX(scale, 0);
    if (n > 18 || p->tok.scale > EXPR_MAX_SCALE || !str_int(str_n(digits, n), &p->tok.num)) {
        return expr_fail(p, p->tok.at, "数太长，应在 18 位、%d 位小数以内", EXPR_MAX_SCALE) != NULL;
    }
    if (is_letter(peek(p, 0))) {
        return expr_fail(p, p->tok.at, "数的写法不对，应为数字") != NULL;
    }
    return true;
}

static bool text(Parser *p)
{
    Buf b = buf_new(p->mem, EXPR_MAX_BYTES);
    for (p->pos++; p->pos < p->text.n; p->pos++) {
        if (p->text.p[p->pos] == '\'') {
            if (peek(p, 1) != '\'') {
                p->pos++;
                p->tok.kind = TOK_TEXT;
                p->tok.text = str_dup(p->mem, str_n(b.p != NULL ? b.p : "", b.n));
                return true;
            }
            p->pos++;
        }
        buf_addc(&b, p->text.p[p->pos]);
    }
    return expr_fail(p, p->tok.at, "文字没有结束，应以 ' 收尾") != NULL;
}

static bool op(Parser *p, TokenKind kind, size_t n)
{
    p->tok.kind = kind;
    p->pos += n;
    return true;
}

static bool symbol(Parser *p, char c)
{
    bool eq = peek(p, 1) == '=';
    switch (c) {
    case '=':
        return op(p, TOK_EQ, 1);
    case '!':
        return eq ? op(p, TOK_NE, 2) : expr_fail(p, p->tok.at, "不认识 !，应为 != 或 not") != NULL;
    case '<':
        return eq ? op(p, TOK_LE, 2) : op(p, TOK_LT, 1);
    case '>':
        return eq ? op(p, TOK_GE, 2) : op(p, TOK_GT, 1);
    case '+':
        return op(p, TOK_PLUS, 1);
    case '-':
        return op(p, TOK_MINUS, 1);
    case '*':
        return op(p, TOK_STAR, 1);
    case '/':
        return op(p, TOK_SLASH, 1);
    case '(':
        return op(p, TOK_OPEN, 1);
    case ')':
        return op(p, TOK_CLOSE, 1);
    case ',':
        return op(p, TOK_COMMA, 1);
    case '.':
        return op(p, TOK_DOT, 1);
    default: {
        size_t end = p->pos;
        (void)utf8_next(p->text, &end);
        Str bad = str_sub(p->text, p->pos, end - p->pos);
        return expr_fail(p, p->tok.at, "不认识 %.*s，应为字段名、数、'文字' 或运算符", STRF(bad)) != NULL;
    }
    }
}

bool lex_next(Parser *p)
{
    if (p->failed) {
        return false;
    }
    while (p->pos < p->text.n && (peek(p, 0) == ' ' || peek(p, 0) == '\n' || peek(p, 0) == '\t' || peek(p, 0) == '\r')) {
        p->pos++;
    }
    p->tok = (Token){.kind = TOK_END, .at = (int32_t)p->pos, .text = S("")};
    if (p->pos >= p->text.n) {
        return true;
    }
    char c = peek(p, 0);
    if (is_digit(c)) {
        return number(p);
    }
    if (c == '\'') {
        return text(p);
    }
    if (is_letter(c)) {
        size_t from = p->pos;
        while (is_letter(peek(p, 0)) || is_digit(peek(p, 0))) {
            p->pos++;
        }
        p->tok.kind = TOK_NAME;
        p->tok.text = str_sub(p->text, from, p->pos - from);
        return true;
    }
    return symbol(p, c);
}
