/*
 * round.h - the one page a round is run from: calendar, where it stands, what is next and what hinders it, counts by region, everything that
 * belongs to it; and the list of rounds under way. Clause 3.3.
 *
 * Settings (features.yaml, round and round.<name>):
 *   round, entry, entry_round      types, and the reference of an entry to its round
 *   entry_city, level              region field of an entry to count by, and the level of region the rows stand for; may be left out
 *   roles                          who sees the pages
 *   running, steps                 states of rounds under way; states of the step bar, in order
 *   calendar                       "label | date field of the round"
 *   columns                        "label | states of entries, separated by spaces"; `all` is every state, `overdue` what is past its date
 *   quota                          [list field of the round, its region column, its number column]
 *   next                           "states | label | path | condition": what is to be done in a state; done once the condition holds
 *   boxes                          "label | type | reference field | path | through": records that belong to the round; through: the reference
 *                                  to the round in the type that the reference field points to
 *   progress                       "type | expression | expression": so many of so many, beside each record of a box
 * Paths may hold {type} and {id}. All counts are those of records the person may read.
 */
#pragma once

#include "page/page.h"

extern const Route ROUTES_ROUND[];

/* ---- for the files of this feature ---- */
typedef struct {
    Str name; /* of the instance in features.yaml */
    const RecordType *round, *entry;
    const Field *entry_round, *entry_city;
} Round;

const Setting *round_setting(const Pack *p, const Round *rd, const char *key);
Str round_part(Str *rest); /* the text before the next |, trimmed */
bool round_listed(Str words, Str word);
Str round_path(Arena *mem, Str path, const RecordType *t, int64_t id);
void round_state(Doc *o, const State *st);            /* state, tone */
Str round_left(Req *rq, int32_t day, bool *ret_past); /* 还剩 3 个工作日 */
/* round_holds - the value of an expression over a record, as the program sees it. E_PACK when it cannot be read. */
MUST_USE bool round_eval(Req *rq, const Rec *r, Str text, Value *ret);

/* next.c: `steps`, `calendar`, `next`, `actions` */
MUST_USE bool round_next(Req *rq, const Round *rd, const Rec *r);
/* table.c: `heads`, `rows`, `total_cells` */
MUST_USE bool round_table(Req *rq, const Round *rd, const Rec *r);
/* boxes.c: `boxes` */
MUST_USE bool round_boxes(Req *rq, const Round *rd, const Rec *r);
