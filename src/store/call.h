/*
 * call.h - C functions that a step of the pack calls by name (`call: certificate_sign`): what expressions cannot work
 * out, inside the transaction of the step itself. A function that fails undoes the whole step, and what set it off.
 */
#pragma once

#include "store/record.h"

typedef struct {
    const Actor *actor; /* who takes the step; the program's when something else set it off */
    const Action *action;
    const Rec *before; /* the record as it was; personal fields in clear */
    Rec *after; /* as it will be written: state, holder and `set` are in it; the function may put further values into it
                 */
    Str reason; /* as typed: not for the public */
} Call;
typedef bool CallFn(Cx *cx, Store *s, const Call *c); /* on the writer: may write elsewhere too (store/tlog.h) */
typedef struct {
    const char *name;
    CallFn *fn;
} NamedCall;

/* store_calls_set - the functions there are, before a store is opened; the table must outlive the process. */
void store_calls_set(const NamedCall *table, size_t n);
/* store_calls_known - false with E_PACK when the pack calls something nobody registered. Once after pack_load. */
MUST_USE bool store_calls_known(Cx *cx, const Pack *p);
/* store_call - call it; E_PACK when there is none of that name. */
MUST_USE bool store_call(Cx *cx, Store *s, const Call *c);
