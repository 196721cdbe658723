/*
 * eval.h - evaluating a pack's expressions over one record. Total and pure: what it reads comes from the EvalEnv.
 *
 * Three values: a missing operand makes a comparison unknown.
 */
#pragma once

#include "pack/expr.h"
#include "rule/finding.h"
#include "rule/value.h"

typedef enum { TRI_FALSE = 0, TRI_TRUE = 1, TRI_UNKNOWN = -1 } Tri;

/* Records that refer to the one at hand through a link, as rows of values in the order of the linked type's fields. */
typedef struct {
    const RecordType *type;
    const Value *const *rows;
    const Str *states;           /* one per row: id of its state */
    const int64_t *ids;          /* one per row; NULL: unknown */
    size_t n;
} RelatedRows;

typedef struct EvalEnv {
    Cx *cx;                      /* memory and failures of the callbacks */
    const Pack *pack;
    const RecordType *type;
    const Value *values;         /* one per field; never NULL */
    const Field *extra;          /* an action's inputs and their values; n_extra 0: none */
    const Value *extra_values;
    size_t n_extra;
    int32_t form;                /* revision of the form the record keeps to; 0: every field counts (record_check) */
    int64_t self;                /* id of the record; 0 while it is new */
    Str state;
    Str number;                  /* record number; empty: none yet */
    Str actor;                   /* login of the person acting; empty: the program, or nobody acts */
    int32_t today;               /* days, UTC+8 */
    const Region *region;        /* where the record lies; NULL: unknown */
    const Org *org;              /* the owner; NULL: unknown */
    const struct EvalEnv *outer; /* the record for whose sake this one is looked at (`outer.x`); NULL: none, outer.x is unknown */
    /* Callbacks into the store; NULL: related records count as none, previous values as missing, references as pointing nowhere.
     * related: the records that refer to record `of` through the link. refer: the record of type ref->ref with this id: its values, id
     * of its state and its number, which live as long as cx->mem; *ret_found false when there is none (deleted). False: a failure. */
    bool (*related)(void *ctx, Cx *cx, const Link *link, int64_t of, RelatedRows *ret);
    bool (*previous)(void *ctx, Cx *cx, const Field *field, Value *ret);
    /* tally: only how many there are, for count(link) without a condition; NULL: `related` is counted. */
    bool (*tally)(void *ctx, Cx *cx, const Link *link, int64_t of, int64_t *ret);
    bool (*refer)(void *ctx, Cx *cx, const Field *ref, int64_t id, Value const **ret_values, Str *ret_state, Str *ret_number,
                  bool *ret_found);
    void *ctx;
} EvalEnv;

Tri rule_test(const EvalEnv *env, const Expr *e);
/* rule_value - the value of an expression for `set` and `default`; .has false when unknown. `as` is the field it is for. */
Value rule_value(const EvalEnv *env, const Expr *e, const Field *as);

/* What became of one condition of an action. */
typedef struct {
    const Check *condition;
    Tri verdict;                 /* a condition whose `when` does not hold is TRI_TRUE */
    Str why;                     /* the figures used */
} RuleVerdict;

/* rule_conditions - each condition with its verdict, in order; `ret` has room for n. True when all hold (warnings aside): an
 * unknown condition does not hold. One left to a person (`manual`) is TRI_UNKNOWN and refuses nothing. */
bool rule_conditions(const EvalEnv *env, const Check *conditions, size_t n, RuleVerdict *ret);

/* rule_why - the figures a condition used, in words: "从业人数 120；持证人数 —". */
Str rule_why(const EvalEnv *env, const Expr *e);
