/*
 * subject.h - keys of subjects: each record with personal fields has a key of its own; destroying it destroys them wherever they were written.
 *
 * A key is 32 random bytes, wrapped by a key made from the master key, bound to its record ("subject_key|<record>|<generation>"), in the table
 * subject_key: `key` is "<generation>:<wrapped>", "<generation>:" once it was destroyed. Personal fields stand sealed with it in the record's
 * row and in the journal; their header's key id is the generation + 1 (1 is the store's own key: values of before there were such keys). After
 * an erasure a new value of the same record makes the next generation; at most 200.
 *
 * An erased field is kept as "~", in the row and in the journal, and read as PERSONAL_ERASED.
 */
#pragma once

#include "store/internal.h"

#define ERASED_MARK "~"

MUST_USE bool subject_tables(Cx *cx, Db *db);
/* subject_ready - inside a write: r->own_key is a live key when a personal field differs from `before` (NULL: a new record); made when there is
 * none. E_DATA when the key that is kept does not open. subject_need: in any case. */
MUST_USE bool subject_ready(Cx *cx, Store *s, Rec *r, const Value *before);
MUST_USE bool subject_need(Cx *cx, Store *s, Rec *r);
/* subject_destroy - inside a write: the key of r is gone. */
MUST_USE bool subject_destroy(Cx *cx, Store *s, Rec *r);
/* personal_seal - `clear` for its place; own_key must be live, or clear PERSONAL_ERASED. */
Str personal_seal(Cx *cx, const Store *s, Str own_key, Str aad, Str clear);
/* personal_open - the clear text, PERSONAL_ERASED when its key was destroyed; false when it does not open. */
bool personal_open(Cx *cx, const Store *s, Str own_key, Str aad, Str sealed, Str *ret);
/* What the column of the blind index of field f holds for a value. */
Str personal_token(Cx *cx, const Store *s, const RecordType *t, const Field *f, Str clear);
bool type_has_personal(const RecordType *t);
