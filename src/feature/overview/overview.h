/*
 * overview.h - targets as objects, the hexagon map of counties, the ranking of cities. Clauses G.2, 10.1.
 *
 * Settings (features.yaml, overview): targets, map_type, map_set, map_where, rank_level.
 */
#pragma once

#include "page/page.h"
#include "rule/eval.h"

/* How many records of each region satisfy a condition; regions in the pack's order. */
typedef struct {
    int64_t *of_region;        /* n_regions */
    int64_t total;
} RegionCounts;

/*
 * count_by_region - records of t for which `where` holds, by t's region field. Counted in groups of the fields the condition reads (at most
 * five), so that the cost does not grow with the number of records. With the system's eyes: figures, never records.
 */
MUST_USE bool count_by_region(Cx *cx, Store *s, const RecordType *t, const Expr *where, RegionCounts *ret);

/* targets_doc - all targets named by the settings, with numerator, denominator, percentage, verdict. */
MUST_USE bool targets_doc(Req *rq, Doc *list);

/* hexmap_doc - cells, outlines and legend of the map. */
MUST_USE bool hexmap_doc(Req *rq, Doc *o, const RegionCounts *n);

extern const Route ROUTES_OVERVIEW[];
