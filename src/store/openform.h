/*
 * openform.h - records that anyone may send in without an account, and the sender's way back to what became of them.
 *
 * The sender gets the record's number and a code of ten letters; of the code only a keyed hash is kept. Of the sender's network address a keyed
 * hash is kept for a day, for the limits.
 */
#pragma once

#include "store/file.h"

typedef struct {
    const RecordType *t;     /* with t->open */
    const Org *owner;
    const Value *values;     /* one per field of the type */
    const bool *set;
    Str peer;                /* network address */
    Str once;                /* of the page sent; a second one with the same makes nothing and gets the same answer. Empty: none */
    File *files;             /* from file_ready */
    size_t n_files;
} OpenForm;

/* open_allowed - may this address send another one now? E_TOO_MANY, *ret_wait then says in how many seconds. */
MUST_USE bool open_allowed(Cx *cx, Store *s, const RecordType *t, Str peer, int64_t *ret_wait);

/* open_send - make the record with its attachments, or all or none. E_INVALID with *found filled; E_TOO_MANY with *ret_wait. */
MUST_USE bool open_send(Cx *cx, Store *s, const OpenForm *f, Findings *found, Rec *ret, Str *ret_code, int64_t *ret_wait);

/* open_find - the record of this number and code (any spelling of the letters); *ret_found false when the two do not belong together.
 * At most 20 tries in 15 minutes from one address, found or not: E_TOO_MANY. */
MUST_USE bool open_find(Cx *cx, Store *s, const RecordType *t, Str no, Str code, Str peer, Rec *ret, bool *ret_found, int64_t *ret_wait);

/* open_tries - notes n tries at `what` from this address, for all processes; E_TOO_MANY, *ret_wait then in seconds, when there were `max` of the last window_ms
 * (at most 15 minutes) before. A write. */
MUST_USE bool open_tries(Cx *cx, Store *s, Str what, Str peer, int n, int64_t max, int64_t window_ms, int64_t *ret_wait);

/* open_check - only what is wrong with the values, into *found. */
void open_check(Cx *cx, Store *s, const OpenForm *f, Findings *found);

Str open_no(Arena *mem, const Rec *r); /* the record number; for types without one the id */
