/*
 * delegate.h - a person lets a colleague of the same office act for them, from one day to another.
 *
 * While it lasts the colleague has the roles of both (but manages no accounts and reads no journals that only the person may), answers the person's tasks, and
 * what the colleague could not have done alone says in the journal for whom it was done. Four eyes take the two for one person. It ends by itself after
 * the last day, when one of the two moves to another office, or when the person's account is stopped. It does not pass on.
 */
#pragma once

#include "store/task.h"

#define DELEGATE_MAX_DAYS 90

typedef struct {
    int64_t id, principal, deputy;
    Str principal_name, deputy_name;
    int32_t from, until;             /* days, both included */
    int64_t ended_ms;                /* 0: not ended early */
    bool now;                        /* in force at this moment */
} Delegation;

/* delegate_add - `deputy` acts for the actor. Same office, not oneself, at most 90 days, not in the past, none overlapping: E_INVALID,
 * E_CONFLICT. Journalled as `delegate` of the office. */
MUST_USE bool delegate_add(Cx *cx, Store *s, const Actor *a, int64_t deputy, int32_t from, int32_t until, int64_t *ret_id);
/* delegate_end - by either of the two, or an administrator of the office. */
MUST_USE bool delegate_end(Cx *cx, Store *s, const Actor *a, int64_t id);
/* delegate_list - those of the actor (given and received) that are not over, newest first; with `office`, for an administrator: all of the
 * offices under them. At most 200. */
MUST_USE bool delegate_list(Cx *cx, Store *s, const Actor *a, bool office, Delegation **ret, size_t *ret_n);
/* delegate_people - enabled users of the actor's office without the actor, by name; at most 500. */
MUST_USE bool delegate_people(Cx *cx, Store *s, const Actor *a, Colleague **ret, size_t *ret_n);
/* delegate_join - add to an actor just made what others let them do today. For user_actor. */
MUST_USE bool delegate_join(Cx *cx, Store *s, Actor *a);
/* delegate_source - the journal's `source` of what this actor does: with （代<names>） when it took another's roles. */
Str delegate_source(Arena *mem, const Actor *a, const RecordType *t, Str act, Str action, Str source);
