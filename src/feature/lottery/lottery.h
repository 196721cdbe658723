/*
 * lottery.h - drawing records by lot for a check (双随机), so that anyone can repeat it afterwards. Clause 3.4.
 *
 * First the list is closed and the commitment published (rule/lot.h); then the lots are drawn with a public word, and a record is made for each
 * one drawn. Seed and result are shown to the public only in the states of `reveal`: what is drawn is not to be warned.
 *
 * Settings (features.yaml, lottery and lottery.<name>):
 *   draw, subject                  types: the draw, and what is drawn. Fields of the draw: size, per_city, commitment, sealed_seed, list_hash,
 *                                  word, seed, drawn_on; its actions (by the program): commit, draw
 *   subject_states                 states in which something may be drawn
 *   exclude                        "reason | condition over the subject"
 *   stratum_level                  level of region of which at most per_city are drawn
 *   make, make_subject, make_draw  type made for each one drawn, its references to the subject and to the draw
 *   make_set                       "field | expression over the subject"
 *   make_copy                      fields copied from the draw
 *   officers, viewers, reveal      roles that draw; that see the page; states in which the result is public
 */
#pragma once

#include "page/page.h"

extern const Route ROUTES_LOTTERY[];

/* ---- for the files of this feature ---- */
typedef struct {
    Str name;
    const RecordType *draw, *subject, *make;
    const Field *size, *per_city, *commitment, *sealed_seed, *list_hash, *word, *seed, *drawn_on, *make_subject, *make_draw;
    const Action *commit, *act_draw;
} Lottery;

MUST_USE bool lottery_of(Cx *cx, const Pack *p, const RecordType *t, Lottery *ret);
bool lottery_has(const Pack *p, const Lottery *l, const char *key, Str value); /* is the value one of the setting's? */
bool lottery_role(const Pack *p, const Lottery *l, const Actor *a, const char *key);
/* lottery_list - candidates and those left out with their reasons, as JSON, as they stand now; called with the program's eyes. */
MUST_USE bool lottery_list(Cx *cx, Store *s, const Lottery *l, const Rec *draw, Doc **ret);
/* lottery_kept - the snapshot `list` or `draw`, read; NULL in *ret when there is none. */
MUST_USE bool lottery_kept(Cx *cx, Store *s, const Lottery *l, const Rec *draw, const char *name, Doc **ret);
MUST_USE bool lottery_commit(Cx *cx, Store *s, const Actor *a, const Lottery *l, const Rec *draw);
MUST_USE bool lottery_draw(Cx *cx, Store *s, const Actor *a, const Lottery *l, const Rec *draw, Str word);
