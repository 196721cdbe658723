/*
 * body.h - the body of a journal entry: what changed, before and after, as JSON.
 */
#pragma once

#include "fmt/doc.h"
#include "store/internal.h"

/* body_diff - {"field":[before,after],…} of the fields that differ; before NULL: a new record, empty fields are left out. Personal
 * fields stand there sealed. *ret_n: how many differ. Lists stand as lists of objects. */
Str body_diff(Cx *cx, Store *s, const RecordType *t, int64_t id, const Value *before, const Value *after, size_t *ret_n);
