/*
 * recent.h - the records the open write transaction wrote last, as they now stand, and which of those it made nothing refers to yet: what need not be
 * asked of the database a moment after it was written there.
 *
 * Few are kept (the newest go in place of the oldest), and none outlives the undoing of a savepoint or the transaction: the writer forgets them
 * together with what else is held (held.h). Every write of a record's row passes here. Writer thread only; on others nothing is known.
 */
#pragma once

#include "store/internal.h"

/* recent_put - the row of `r` was written as it stands in r, personal fields clear: copied. recent_drop - it was written in another way. */
void recent_put(Store *s, const Rec *r);
void recent_drop(Store *s, int64_t id);
/* recent_get - that record, in cx->mem, as rec_load gives it; false: not known. */
bool recent_get(Cx *cx, Store *s, const RecordType *t, int64_t id, Rec *ret);

/* recent_made - the id was given to a new record. recent_unreferred - true: this transaction made that record and no row refers to it by a field
 * (those of lists aside): a search by such a reference finds nothing. recent_sole - true: the record `by` alone refers to it. */
void recent_made(Store *s, int64_t id);
bool recent_unreferred(const Store *s, int64_t id);
bool recent_sole(const Store *s, int64_t id, int64_t by);

void recent_forget(Store *s);
void recent_start(Store *s);
