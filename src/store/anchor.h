/*
 * anchor.h - checkpoints of the journal, kept outside: what finds a chain that was replaced as a whole, or cut at its end with its head.
 *
 * A checkpoint is a C2SP signed note over the heads of all chains: origin "<pack id>/journal", number of entries, root (base64), then a signature
 * line for Ed25519 and one for SM2 (signature type 0xff, "tamga-sm2"). The root is that of a Merkle tree (merkle.h) whose leaves are the heads in
 * the order of their homes: home, seq (8 bytes each, big-endian) and the 32 bytes of the hash. The heads themselves stay in the table
 * journal_anchor, so a note is small enough for a line of syslog; a database that lost or changed them does not contain the checkpoint.
 *
 * Where notes go: the file `anchor` in the data folder, a line each: "file /path" (appended, synced; best a file of another user that this one may
 * only append to) or "syslog" (one line, "tamga-checkpoint <the note with | for line ends>").
 */
#pragma once

#include "fmt/sign.h"
#include "store/store.h"

MUST_USE bool anchor_tables(Cx *cx, Db *db);
/* anchor_checkpoint - the signed note of the journal as it is now; the one kept when nothing was added since. Not inside a write. */
MUST_USE bool anchor_checkpoint(Cx *cx, Store *s, Str *ret_note);
/* anchor_due - whether the folder asks for checkpoints and the newest one is older than every_ms. */
MUST_USE bool anchor_due(Cx *cx, Store *s, int64_t every_ms, bool *ret);
/* anchor_publish - sends every note that was not yet sent to where the folder says; *ret_n: how many. E_IO, E_DATA: they stay and are sent later. */
MUST_USE bool anchor_publish(Cx *cx, Store *s, int64_t *ret_n);
/*
 * anchor_verify - that the database of cx->db contains every checkpoint of `text` (a file of notes or of syslog lines). keys: NULL for the store's
 * own; better those written down outside. Faults are added to *ret_report, a line each. E_INVALID when there is no note in it at all.
 */
MUST_USE bool anchor_verify(Cx *cx, Store *s, Str text, const PublicKey *keys, size_t n_keys, int64_t *ret_notes, int64_t *ret_faults,
                            Str *ret_report);
