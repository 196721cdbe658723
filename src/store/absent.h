/*
 * absent.h - values that no row of a type has: looked up many at a time before a batch is written, instead of each by itself while it is.
 *
 * What was learnt holds within the write transaction it was learnt in, as only that one writes; a row written since takes its value out. It is a help
 * only: a value not known to be absent is looked up. Forgotten with what else is held (held.h). Writer thread only; on others nothing is known.
 */
#pragma once

#include "store/internal.h"

/* rec_look_ahead (record.h) learns. absent_known - no live row of t has the value v in f. */
bool absent_known(const Store *s, const RecordType *t, const Field *f, const Value *v);
void absent_put(Store *s, const Rec *r); /* a row was written */
void absent_forget(Store *s);
void absent_start(Store *s);
