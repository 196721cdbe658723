/*
 * desk.h - what a person's desk shows beside lists and tasks: many records at once, what they did, what they started, what is overdue below.
 *
 * Each function asks a bounded number of statements a record type, never one a row.
 */
#pragma once

#include "store/journal.h"
#include "store/record.h"

/* rec_many - those of these records that the actor may read, in no order, redacted like rec_list; ids at most 500 (the rest is passed over). */
MUST_USE bool rec_many(Cx *cx, Store *s, const Actor *a, const RecordType *t, const int64_t *ids, size_t n, RecPage *ret);

/* desk_done - what the actor did to records (made, changed, moved, asked, answered), newest first, before a place (all 0: from now). */
MUST_USE bool desk_done(Cx *cx, Store *s, const Actor *a, EventPlace before, size_t limit, Event **ret, size_t *ret_n);

typedef struct {
    Rec rec;
    int64_t since_ms;            /* when it came to the state it is in */
} Begun;
/* desk_begun - records the actor made or sent on from an editable state, that still wait for somebody (state_has_work), newest first; found among
 * the actor's last 1000 acts, at most 200 a type. */
MUST_USE bool desk_begun(Cx *cx, Store *s, const Actor *a, Begun **ret, size_t *ret_n);

/* desk_overdue - records in state st (with a due field) whose deadline lies before day `before` and that lie at the desk of an office directly
 * below the actor's; the oldest deadline first, at most `limit`. */
MUST_USE bool desk_overdue(Cx *cx, Store *s, const Actor *a, const RecordType *t, const State *st, int32_t before, size_t limit, RecPage *ret);
