/*
 * closing_int.h - what the files about closed periods share with put.c, check.c, write.c, act.c, schema.c and verify.c.
 */
#pragma once

#include "rule/finding.h"
#include "store/chain.h"
#include "store/closing.h"
#include "store/internal.h"

MUST_USE bool closing_tables(Cx *cx, Db *db);

/* closing_check - a finding beside the period when what is to be written touches a closed one; before: NULL for a new record. */
MUST_USE bool closing_check(Cx *cx, Store *s, const Value *before, const Rec *r, Findings *found);
/* closing_guard - the last door: E_WRONG_STATE for a change that closing_check was not asked about. Computed fields may change, and
 * personal ones be erased. */
MUST_USE bool closing_guard(Cx *cx, Store *s, const Value *before, const Rec *r, bool erase);

/* The fields of a closing, as ids; names[0] is the period. */
typedef struct {
    Str by, sums[CLOSING_SUMS_MAX];
    size_t n;
} ClosedFields;
ClosedFields closed_fields(Str fields);
Str closed_fields_text(Arena *mem, const RecordType *t);

/* A growing list of homes. home_new - one more, empty, at its end, in cx->mem. sums_value - what one record or a sum of them adds to field i. */
typedef struct {
    HomeSums *items;
    size_t n, cap;
} Homes;
HomeSums *home_new(Cx *cx, Homes *l, int64_t home);
void sums_value(HomeSums *to, size_t i, int64_t given, int64_t total, bool over);

/* closing_digest - sums and hash of every home from the records as they are, ascending. For who sees every row (writer,
 * reach_program). */
MUST_USE bool closing_digest(Cx *cx, Str type, Str period, Str fields, HomeSums **ret, size_t *ret_n);
/* closing_root - the hash of the closing, in hex. */
Str closing_root(Arena *mem, Str type, Str period, int64_t version, Str fields, const HomeSums *homes, size_t n);

/* home_at - of a list in ascending order; NULL: it is not among them. */
HomeSums *home_at(HomeSums *items, size_t n, int64_t home);
/* closing_scope - the homes whose sums the actor sees; E_NOT_FOUND: none. */
MUST_USE bool closing_scope(Cx *cx, Store *s, const Actor *a, const RecordType *t, Scope *ret);

/* closed_rows - what a version holds, with the fields of its closing. */
MUST_USE bool closed_rows(Cx *cx, Str type, const Closed *c, const ClosedFields *f, const Scope *scope, HomeSums **ret, size_t *ret_n);

/* verify_closings - closings against the journal, their hashes against each other, and those that stand against the records. */
MUST_USE bool verify_closings(Cx *cx, Store *s, Report *r);
