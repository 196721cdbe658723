/*
 * expr.h - the expression language of packs: total, typed at load, without loops, SQL or string building.
 *
 *   or, and, not; = != < <= > >=; in (a, b, …); + - * /; ( ); numbers, 'text', true, false, today, null-tests `x is empty`;
 *   field names; link.field inside aggregates: count(link), count(link where cond), sum(link.field), min, max, any(link where cond);
 *   latest(link.field), previous(field) (last period's value of the same owner), param('id'), has_flag('flag'), level(),
 *   days_between(a, b), year(date), named('check').
 * Numbers are int64; decimals carry their field's scale; / is exact integer division rounded half up. A missing operand makes a
 * comparison unknown; unknown conditions do not fail a warning and do fail a requirement (three values, reported as "needs data").
 */
#pragma once

#include "pack/pack.h"

typedef enum {
    EX_INT, EX_TEXT, EX_BOOL, EX_TODAY, EX_FIELD, EX_OR, EX_AND, EX_NOT, EX_EQ, EX_NE, EX_LT, EX_LE, EX_GT, EX_GE, EX_IN,
    EX_ADD, EX_SUB, EX_MUL, EX_DIV, EX_EMPTY, EX_COUNT, EX_SUM, EX_MIN, EX_MAX, EX_ANY, EX_LATEST, EX_PREVIOUS, EX_PARAM,
    EX_HAS_FLAG, EX_LEVEL, EX_DAYS, EX_YEAR, EX_NAMED
} ExprKind;

typedef enum { XT_NUM, XT_TEXT, XT_BOOL, XT_DATE } ExprType;

struct Expr {
    ExprKind kind;
    ExprType type;
    int64_t num;
    Str text;
    const Field *field;          /* EX_FIELD, EX_PREVIOUS, aggregates: the field (NULL for count) */
    const Link *link;            /* aggregates over records that refer here; NULL with `list` */
    const Field *list;           /* aggregates over a list field */
    const Expr *a, *b;           /* operands; a: `where` condition of an aggregate */
    const Expr *const *items;    /* EX_IN */
    size_t n_items;
    int32_t at;                  /* byte offset in the source text, for messages */
};

/*
 * expr_parse - parse and type `text` for records of type `t` (NULL: no fields). Limits: 2,000 bytes, depth 40.
 * NULL with *ret_error (Chinese, with the place) on a fault. `extra` are further fields in reach (an action's inputs); may be NULL.
 */
const Expr *expr_parse(Arena *mem, const Pack *p, const RecordType *t, const Field *extra, size_t n_extra, Str text,
                       Str *ret_error);
