/*
 * expr.h - the expression language of packs: total, typed at load, without loops, SQL or string building.
 *
 *   or, and, not; = != < <= > >=; in (a, b, …); + - * /; ( ); numbers, 'text', true, false, today, null-tests `x is empty`;
 *   field names; link.field inside aggregates: count(link), count(link where cond), sum(link.field), min, max, any(link where cond);
 *   latest(link.field), previous(field) (last period's value of the same owner), param('id'), has_flag('flag'), level(),
 *   days_between(a, b), year(date), named('check'), workdays_after(date, n), workdays_between(a, b) (base/workday.h),
 *   if(cond, a, b): a where the condition holds, b where it does not, unknown where that is unknown; a and b of one type.
 *   Through a reference field: ref.field, ref.state, ref.number (unknown when it is empty), and aggregates over what hangs on that
 *   record: count(ref.link where …), sum(ref.link.field where …), max(ref.list.column where …).
 *   Inside `where`: outer.field is the field of the record the expression stands for (also outer.self, outer.state, outer.number,
 *   outer.owner_level, outer.ref.field); self is the record counted.
 *   Pseudo-fields, unless a field has that name: self (id of the record), number (its record number), state (id of its state),
 *   actor (login of the person acting; unknown for the program), region_at('level') (code of the region of that level in which the record
 *   lies), owner_level (level of the owner's office). level() is the level of the region where the record lies.
 *
 * Numbers are int64 with a scale fixed at load: whole numbers 0, decimals their field's, money 2, so that 12.5 and amounts in yuan
 * may be written as people write them. + - and comparisons bring both sides to the larger scale; * adds the scales; a / b has scale
 * max(a - b, 0) and is rounded half up; a parameter is a whole number. Overflow and division by zero are unknown.
 * Dates: date - date is days, date +- number a date, and a text in the form '2024-05-01' beside a date is read as one.
 * Only periods among the texts have an order. A missing operand makes a comparison unknown; unknown conditions do not fail a warning and do fail a requirement (three values, reported as "needs data").
 */
#pragma once

#include "pack/pack.h"

typedef enum {
    EX_INT, EX_TEXT, EX_BOOL, EX_TODAY, EX_FIELD, EX_OR, EX_AND, EX_NOT, EX_EQ, EX_NE, EX_LT, EX_LE, EX_GT, EX_GE, EX_IN,
    EX_ADD, EX_SUB, EX_MUL, EX_DIV, EX_EMPTY, EX_COUNT, EX_SUM, EX_MIN, EX_MAX, EX_ANY, EX_LATEST, EX_PREVIOUS, EX_PARAM,
    EX_HAS_FLAG, EX_LEVEL, EX_DAYS, EX_YEAR, EX_NAMED, EX_SELF, EX_NUMBER, EX_STATE, EX_OWNER_LEVEL, EX_ACTOR, EX_REGION_AT, EX_WORKDAYS_AFTER,
    EX_WORKDAYS_BETWEEN, EX_IF
} ExprKind;

typedef enum { XT_NUM, XT_TEXT, XT_BOOL, XT_DATE } ExprType;

struct Expr {
    ExprKind kind;
    ExprType type;
    int32_t scale;               /* XT_NUM: decimals that the number carries */
    int64_t num;                 /* EX_INT: the number, EX_BOOL: 0 or 1; EX_INT of XT_DATE: days */
    Str text;                    /* EX_TEXT, EX_PARAM, EX_HAS_FLAG, EX_NAMED, EX_REGION_AT */
    const Field *field;          /* EX_FIELD, EX_PREVIOUS, aggregates: the field (NULL for count) */
    const Link *link;            /* aggregates over records that refer here; NULL with `list` */
    const Field *list;           /* aggregates over a list field */
    const Field *ref;            /* EX_FIELD, EX_STATE, EX_NUMBER, aggregates: of the record this reference points to; NULL: of this one */
    const RecordType *of;        /* EX_SELF, EX_STATE: the type whose id or state it is */
    bool outer;                  /* EX_FIELD, EX_SELF, EX_STATE, EX_NUMBER, EX_OWNER_LEVEL: of the outer record (EvalEnv.outer) */
    const Expr *a, *b;           /* operands; a: `where` condition of an aggregate, typed for the records (rows) counted */
    const Expr *const *items;    /* EX_IN; EX_IF: one, the value where the condition `a` does not hold (`b`: where it does) */
    size_t n_items;
    int32_t at;                  /* byte offset in the source text, for messages */
};

/*
 * expr_parse - parse and type `text` for records of type `t` (NULL: no fields). Limits: 2,000 bytes, depth 40.
 * NULL with *ret_error (Chinese, with the place) on a fault. `extra` are further fields in reach (an action's inputs, or the columns
 * of the list whose row is looked at); may be NULL. They win over fields of the same name.
 */
const Expr *expr_parse(Arena *mem, const Pack *p, const RecordType *t, const Field *extra, size_t n_extra, Str text,
                       Str *ret_error);

/* expr_parse_at - the same; *ret_at is the byte offset of the fault in `text`. */
const Expr *expr_parse_at(Arena *mem, const Pack *p, const RecordType *t, const Field *extra, size_t n_extra, Str text,
                          Str *ret_error, int32_t *ret_at);

/*
 * expr_parse_within - the same for records of type `t` that are looked at for the sake of a record of type `outer`: outer.field,
 * outer.self, outer.state, outer.ref.field are then in reach everywhere in `text` but inside a `where`, whose outer record is the one of
 * type `t`. Evaluate it with EvalEnv.outer set. `outer` NULL: as expr_parse_at. ret_at may be NULL.
 */
const Expr *expr_parse_within(Arena *mem, const Pack *p, const RecordType *t, const RecordType *outer, const Field *extra, size_t n_extra,
                              Str text, Str *ret_error, int32_t *ret_at);

/* field_expr_type - the type of a field in expressions, and its scale. False for lists. */
bool field_expr_type(const Field *f, ExprType *ret_type, int32_t *ret_scale);

/* expr_fits - may a value of this expression be put into the field (`set`, `default`)? A text literal must be one of its codes. */
bool expr_fits(Arena *mem, const Expr *e, const Field *f, Str *ret_why);
