/*
 * expr_int.h - what lexer, parser and typer of expressions share; not for other modules.
 */
#pragma once

#include "pack/expr.h"

#define EXPR_MAX_BYTES 2000
#define EXPR_MAX_DEPTH 40
#define EXPR_MAX_SCALE 6

typedef enum {
    TOK_END, TOK_NUMBER, TOK_TEXT, TOK_NAME, TOK_EQ, TOK_NE, TOK_LT, TOK_LE, TOK_GT, TOK_GE, TOK_PLUS, TOK_MINUS, TOK_STAR,
    TOK_SLASH, TOK_OPEN, TOK_CLOSE, TOK_COMMA, TOK_DOT
} TokenKind;

typedef struct {
    TokenKind kind;
    Str text;          /* name, or the text between the quotes with '' made one */
    int64_t num;
    int32_t scale;
    int32_t at;
} Token;

typedef struct {
    Arena *mem;
    const Pack *pack;
    /* names in reach */
    const RecordType *type;  /* NULL: no fields */
    const Field *extra;
    size_t n_extra;
    bool in_where;           /* inside the condition of an aggregate: only its rows, and the outer record, are in reach */
    /* names behind `outer.`; has_outer false: there is no outer record */
    const RecordType *outer;
    const Field *outer_extra;
    size_t n_outer_extra;
    bool has_outer;
    Str text;
    size_t pos;
    Token tok;
    int depth;
    bool failed;
    Str error;
    int32_t error_at;
} Parser;

/* ---- expr_lex.c ---- */
bool lex_next(Parser *p);      /* the next token into p->tok; false with the error noted */
bool tok_is(const Parser *p, const char *word); /* the token is this name */

/* ---- expr_parse.c ---- */
Expr *expr_fail(Parser *p, int32_t at, const char *fmt, ...) PRINTF(3, 4); /* notes the first error; always NULL */
bool tok_expect(Parser *p, TokenKind kind, const char *what); /* the present token is one, and the next follows; false with the error noted */
Expr *p_or(Parser *p);                                        /* a whole expression, up to what cannot belong to it */

/* ---- expr_name.c ---- */
const Field *field_among(const Field *fields, size_t n, Str id);
const Field *name_field(const Parser *p, Str id);              /* the field in reach that has this name; NULL: none */
/* name_expr - a node for the field. Lists are made with type XT_BOOL and kind EX_FIELD; only `is empty` takes them (see p_compare). */
Expr *name_expr(Parser *p, ExprKind kind, const Field *f, int32_t at);
bool tok_member(Parser *p, Str *ret, int32_t *ret_at);         /* the dot and the name behind it */
Expr *p_name(Parser *p, Str name, int32_t at);                 /* a name that is no call was read, with what hangs on its dot */

/* ---- expr_call.c ---- */
Expr *p_call(Parser *p, Str name, int32_t at);                 /* a name and an open parenthesis were read */

/* ---- expr_agg.c ---- */
int aggregate_named(Str name);                                 /* which aggregate has this name; -1: none */
Expr *p_aggregate(Parser *p, int which, int32_t at);           /* its name and an open parenthesis were read */

/* ---- expr_type.c: typed nodes; NULL with the error noted ---- */
bool expr_known_level(const Pack *p, Str level); /* one of the pack's levels */
Expr *expr_new(Parser *p, ExprKind kind, ExprType type, int32_t at);
Expr *expr_logic(Parser *p, ExprKind kind, int32_t at, Expr *a, Expr *b);   /* b NULL for not */
Expr *expr_compare(Parser *p, ExprKind kind, int32_t at, Expr *a, Expr *b);
Expr *expr_arith(Parser *p, ExprKind kind, int32_t at, Expr *a, Expr *b);
bool expr_same(Parser *p, int32_t at, Expr *a, Expr *b, bool order);        /* may be compared; turns date texts into dates */
void expr_date_literal(Expr *e);                                            /* 'YYYY-MM-DD' becomes a date */
bool expr_is_id(const Expr *e);                                             /* the id of a record or office */
const char *expr_type_word(ExprType t);
