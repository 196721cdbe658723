/*
 * sealing.h - how personal fields are sealed, for commands: where the master key is, counts by algorithm, sealing anew.
 */
#pragma once

#include "store/store.h"

/* keys_path - where the master key of `dir` is or would be, in cx->mem; *ret_outside: not in the folder. NULL with E_DATA. */
MUST_USE const char *keys_path(Cx *cx, const char *dir, bool *ret_outside);

/* Values by algorithm and key, for people: how many were sealed how. */
typedef struct {
    int64_t by[3][2];            /* [Cipher][0: the store's key, 1: the record's own] */
    int64_t erased, unknown, live_keys, destroyed_keys;
} SealCounts;
MUST_USE bool subject_counts(Cx *cx, Store *s, SealCounts *ret);
/* subject_reseal - seals every personal field of every record anew, deleted ones too, with the present algorithm and the record's own key, where it is not yet;
 * fills blind indexes. In writes of a few hundred records; may be interrupted and repeated. *ret_n: records changed. */
MUST_USE bool subject_reseal(Cx *cx, Store *s, int64_t *ret_n);
