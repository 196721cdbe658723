/*
 * set.h - the settings of the portal, and what its pages share.
 */
#pragma once

#include "feature/portal/portal.h"
#include "rule/validate.h"

#define ANNOUNCE_MAX 8
#define PORTALS_MAX  8

typedef struct {
    const RecordType *t;
    const Field *round, *from, *until, *text; /* until, from, text, round: NULL when not given */
} Announce;

/* One instance: `portal`, `portal.<name>`. */
typedef struct {
    Str name, verb;
    const RecordType *call, *entry, *vote; /* vote: what the public sends in about an entry; NULL: no votes */
    const Setting *open, *dates, *texts, *lists, *columns, *how;
    const Field *until, *entry_round, *vote_until;
    Announce kinds[ANNOUNCE_MAX];
    size_t n_kinds;
} Portal;

extern const Actor PORTAL_EYES;   /* nobody in particular */
/* portals - every instance of the pack into ret[PORTALS_MAX]; E_NOT_FOUND when there is none. */
MUST_USE bool portals(Req *rq, Portal *ret, size_t *ret_n);
/* portal_call_get - the public call of this id, and the instance it belongs to. */
MUST_USE bool portal_call_get(Req *rq, int64_t id, Portal *ret, Rec *ret_r);
Str portal_value(Req *rq, const Field *f, const Value *v);
void portal_fact(Req *rq, Doc *list, const RecordType *t, Str field, const Rec *r); /* nothing when empty */
/* Facts of the public fields but those in `skip` (may be NULL). */
void portal_facts(Req *rq, Doc *list, const Rec *r, const Field *const *skip, size_t n_skip);
void portal_left(Req *rq, Doc *o, const Field *until, const Rec *r); /* until, left, over */
Str portal_tone(const State *s);
Str portal_title(const Rec *r);
/* portal_linked - the published records of `t` that refer to `id` through `via`, as anyone may see them, by title; at most 2,000. */
MUST_USE bool portal_linked(Req *rq, const RecordType *t, const Field *via, int64_t id, Rec **ret, size_t *ret_n);
/* portal_forms - the forms of the public about this record that are open now. */
MUST_USE bool portal_forms(Req *rq, const Rec *r, Doc *list);
/* portal_documents - the printed documents of this record that anyone may fetch now. */
MUST_USE bool portal_documents(Req *rq, const Rec *r, Doc *list);
/* portal_names - `heads` and `rows` of the entries of a round. */
MUST_USE bool portal_names(Req *rq, const Portal *p, int64_t round, Doc *o);
/* portal_when - whether the condition of this setting, typed for r's type, holds; no such setting: false. */
MUST_USE bool portal_when(Req *rq, const Portal *p, const char *key, const Rec *r, bool *ret);
/* portal_cards - what anyone may see of the entries of a call: `cards`, `results` or null (cards.c). */
MUST_USE bool portal_cards(Req *rq, const Portal *p, const Rec *call);
bool setting_has(const Setting *s, Str value);

PageFn portal_calls, portal_call, portal_apply, portal_announcements, portal_announcement;
