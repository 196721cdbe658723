/*
 * closing.h - the pages of closed periods: /closing/{type}, the periods of a type; /closing/{type}/{period}, one of them by office, with what
 * closes and reopens it. What they show is decided by the store (store/closing.h): offices whose records the person reads.
 *
 * Of a closed period only what was closed is shown, added up in two steps: by home in the database, then to offices of the level that the pack
 * names. Of an open one the records as they are, and that they still change. No settings: record types say `closing` in the pack.
 */
#pragma once

#include "page/page.h"
#include "store/closing.h"

extern const Route ROUTES_CLOSING[];

/* ---- for the files of this feature ---- */

/* One office of a page and the sum of the homes that add up to it. */
typedef struct {
    const Org *org;              /* NULL: a home that left the pack */
    int64_t home;                /* the first of them */
    HomeSums sum;
    bool agrees;                 /* with `other`; true without */
} OfficeSums;

/* office_of - the office to which a home adds up: the nearest above it of the level or higher, as long as the person reads that one too. */
const Org *office_of(const Req *rq, const RecordType *t, const Scope *scope, int64_t home);
/* offices_add - sums by office, in the order of the pack; other: to be compared home by home; NULL: nothing. *ret_all: all of them. */
OfficeSums *offices_add(Req *rq, const RecordType *t, const Sums *sums, const Sums *other, size_t *ret_n, OfficeSums *ret_all);
/* sums_cells - [{label, total, given, over}] of one sum. */
void sums_cells(Req *rq, Doc *cells, const Sums *sums, const HomeSums *h);
/* closing_csv - the handler of the file: one line a home, of a closed period. */
PageFn closing_csv;
/* closing_of - type and period of the address; E_NOT_FOUND when the type has no closings or the period is none. */
MUST_USE bool closing_of(Req *rq, const RecordType **ret_t, Str *ret_period);
