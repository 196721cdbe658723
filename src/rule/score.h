/*
 * score.h - scoring entries with a rubric: pure integer arithmetic, every step of it kept for showing.
 *
 * Points are x 100 (8.5 points = 850). An entry's result = points of the criteria scored by the program + mean of the sheets' sums of the
 * criteria scored by persons, where each sheet counts as a whole: sheets are ordered by their sum, `trim` highest and `trim` lowest are
 * left out (fewer when fewer than 2 x trim + 1 sheets would remain: then none is left out), and the mean of the others is rounded half up once.
 * Source: plan clause 3.3; no province publishes its formula, so trim, spread and pass are the rubric's own.
 */
#pragma once

#include "rule/eval.h"

typedef struct {
    const Criterion *criterion;
    bool known;                  /* false: the figure is missing; 0 points */
    Value figure;                /* what the expression gave */
    Str why;                     /* "从业人数 1,200" */
    const Band *band;            /* the band that applied; NULL: below the first */
    int32_t points;
} AutoScore;

/* score_auto - the criteria scored by the program, in the rubric's order; `ret` has room for n_criteria. Returns how many, and their sum. */
size_t score_auto(const EvalEnv *entry, const Rubric *r, AutoScore *ret, int32_t *ret_sum);

/* score_mark_check - may a person give these points? A finding under `where` otherwise (range, two decimals are given by the type). */
bool score_mark_check(const Criterion *c, int64_t points, Str where, Findings *found);

typedef struct {
    int64_t id;                  /* of the sheet */
    int32_t sum;
    bool left_out;               /* trimmed away */
} SheetScore;

typedef struct {
    int64_t entry;
    int32_t by_program;
    SheetScore *sheets;          /* sorted by sum falling, then id */
    size_t n_sheets, n_counted;
    int32_t by_persons;          /* mean of the counted sheets */
    int32_t low, high;           /* of all sheets */
    bool alarm;                  /* high - low > spread */
    int32_t result;
    bool passed;
    int32_t rank;                /* 1…; equal results share a rank and the next is skipped; 0: no sheet */
} EntryScore;

/* score_entry - by_program, sheets and n_sheets of e are given; fills the rest but for the rank. O(n log n). */
void score_entry(const Rubric *r, EntryScore *e);
/* score_rank - sorts by result falling, then by_persons falling, then entry id, and gives ranks (entries without sheets last). */
void score_rank(EntryScore *entries, size_t n);
