/*
 * body.h - the body of a journal entry: what changed, before and after, as JSON.
 */
#pragma once

#include "fmt/doc.h"
#include "store/internal.h"

/* body_diff - {"field":[before,after],…} of the fields that differ; before NULL: a new record, empty fields are left out. Personal
 * fields of r stand there sealed with its key, which must be ready (subject.h); one that is erased as null and the mark. *ret_n: how many differ. Lists stand as lists of objects. */
Str body_diff(Cx *cx, Store *s, const Rec *r, const Value *before, const Value *after, size_t *ret_n);
/* values_differ - how many fields differ. */
size_t values_differ(const RecordType *t, const Value *before, const Value *after);
