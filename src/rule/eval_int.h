/*
 * eval_int.h - what the files of the evaluator share; not for other modules.
 */
#pragma once

#include "rule/eval.h"

/* What a node comes to; has false: unknown. */
typedef struct {
    bool has;
    int64_t i;      /* XT_NUM (with the node's scale), XT_BOOL, XT_DATE */
    Str s;          /* XT_TEXT */
} Val;

static const Val UNKNOWN = {0};

static inline Val val_bool(bool b)
{
    return (Val){.has = true, .i = b};
}

static inline Val val_text(Str s)
{
    return (Val){.has = s.n != 0, .s = s};
}

static inline Tri val_tri(Val v)
{
    return !v.has ? TRI_UNKNOWN : v.i != 0 ? TRI_TRUE : TRI_FALSE;
}

/* ---- eval.c ---- */
Val eval_expr(const EvalEnv *env, const Expr *e);
bool val_rescale(int64_t *v, int32_t by); /* by so many decimals more (by <= 0: as it is); false: too large */

/* ---- eval_name.c ---- */

/* The record that a node looks at: this one, the outer one, or one that either refers to. */
typedef struct {
    const EvalEnv *env;          /* NULL: there is none */
    int64_t id;
    const Value *values;         /* through a reference; else NULL */
    Str state, number;
} Subject;

Subject subject_of(const EvalEnv *at, const Expr *e);
const Value *subject_value(const Subject *t, const Expr *e, const Field *f); /* of `f` in that record; NULL: unknown */
const Value *node_value(const EvalEnv *env, const Expr *e);                  /* of a node's field in the record it looks at; NULL: unknown */
Val val_field(const Field *f, const Value *v);                               /* a stored value as one of the evaluator's */
Val eval_record(const EvalEnv *env, const Expr *e);                          /* EX_SELF, EX_NUMBER, EX_STATE, EX_OWNER_LEVEL */

/* ---- eval_agg.c, eval_call.c ---- */
Val eval_aggregate(const EvalEnv *env, const Expr *e);
Val eval_call(const EvalEnv *env, const Expr *e);
