/*
 * copy.h - all rows of one database into another, whatever the two engines, and the proof that both hold the same.
 *
 * Tables and columns are what the source itself names: whatever a database holds is moved, also what the present pack no longer
 * names. The target's tables must be there (a column it lacks is E_DATA). Rows go in the order of the primary key, in transactions of some
 * thousands, so that a copy that was cut off finds in each table a beginning of it and goes on behind that. `meta` keeps the target's own
 * keys (copy.c OWN). No rights inside: for the program's own commands.
 */
#pragma once

#include "db/db.h"

typedef struct {
    Str table;
    int64_t n_from, n_to; /* rows */
    bool same;
} TableCompared;

typedef struct {
    int64_t tables, rows;   /* with rows in them; copied by this run */
    int64_t found;          /* rows that were there already */
} CopyCounts;

/* Told now and then: this many of about so many rows of a table are done. */
typedef void CopyTell(void *ctx, Str what, Str table, int64_t done, int64_t total);

/* copy_rows - from must be inside a transaction (one picture of the whole), to outside of any. */
MUST_USE bool copy_rows(Cx *cx, Db *from, Db *to, CopyTell *tell, void *ctx, CopyCounts *ret);

/* copy_compare - count each table on both sides and add up a SHA-256 of each row (the order does not matter). Every table of either side is a
 * row of *ret. */
MUST_USE bool copy_compare(Cx *cx, Db *from, Db *to, CopyTell *tell, void *ctx, TableCompared **ret, size_t *ret_n);

/* copy_difference - the first rows (at most 5) that the two sides do not hold alike, as keys with a word each; for a table that is not the same. */
MUST_USE bool copy_difference(Cx *cx, Db *from, Db *to, Str table, Str *ret);

/* copy_clear - empty a table of the target, so that it is copied again. */
MUST_USE bool copy_clear(Cx *cx, Db *to, Str table);
