/*
 * act_int.h - one action being taken, as the files of act*.c share it; not for other modules.
 */
#pragma once

#include "fmt/doc.h"
#include "store/env.h"

#define ACT_DEPTH_MAX   4    /* actions that set off actions */
#define ACT_RECORDS_MAX 10000 /* records one action may move or make elsewhere */

typedef struct {
    const Actor *a;
    const RecordType *t;
    int64_t id;
    const Action *act;
    const Value *inputs; /* one per act->ask; never NULL */
    const WriteOpts *o;
    Findings *found;
    Rec *ret;
    bool only_if_due; /* taken because of `auto`: not when that is no longer true */
    bool not_due;     /* filled: so nothing was done */
    int depth;        /* how many actions led here */
    int64_t *left;    /* of ACT_RECORDS_MAX, shared by the whole write; NULL at depth 0 */
} ActArg;

/* act_run - take the action on the writer: checks, signatures, the move, and all that follows from it. */
MUST_USE bool act_run(Cx *cx, Store *s, ActArg *x);
/* act_env - the rule environment of r with the action's inputs in reach. */
EvalEnv *act_env(Cx *cx, Store *s, const ActArg *x, const Rec *r);
/* act_program - the program as an actor; via names the cause. */
Actor act_program(Str via);

/* act_follow.c: records made (`make`) and actions on other records (`then`); `from` is the record as it is now. */
MUST_USE bool act_make(Cx *cx, Store *s, const ActArg *x, const Rec *from);
MUST_USE bool act_then(Cx *cx, Store *s, const ActArg *x, const Rec *from);

/* act_sign.c: actions that several persons must take */
bool act_needs_signs(const Action *act);
/* sign_refused - why this person cannot sign now; empty: they can. */
MUST_USE bool sign_refused(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, Str *ret_why);
/* sign_add - the person's signature, journalled; *ret_complete: it was the last one needed. */
MUST_USE bool sign_add(Cx *cx, Store *s, const ActArg *x, const Rec *r, bool *ret_complete);

/* snapshot.c: what `snapshot: true` freezes */
MUST_USE bool snapshot_act(Cx *cx, Store *s, const ActArg *x, const Rec *before, const Rec *after, const Verdict *v,
                           size_t n);
