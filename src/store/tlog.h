/*
 * tlog.h - a public, append-only log over published decisions: the Merkle tree of RFC 6962 with signed checkpoints.
 *
 * A leaf is SHA-256(0x00 | entry), a node SHA-256(0x01 | left | right). An entry is canonical JSON {"kind","subject","time","body"}, without
 * personal data: it is public. Entries are written in the transaction of the decision. A checkpoint is a C2SP signed note: origin, size, root
 * (base64) and signature line; one is kept for each size that was ever published, so that a log that forgot or changed an entry
 * contradicts an older checkpoint somebody kept. Origin: "<pack id>/log".
 *
 * Adding, roots and proofs cost O(log n) (store/merkle.h). No rights inside: everything here is public.
 */
#pragma once

#include "fmt/sign.h"
#include "store/record.h"

typedef struct {
    int64_t index, at_ms;
    Str kind, subject, body;     /* subject: record number or another public key, searched by */
    Str entry;                   /* the exact bytes */
    uint8_t leaf[32];
} LogEntry;

/* tlog_add - inside store_write. kind, subject: 1..100 bytes; body: JSON, at most 64 KiB (else E_INVALID). *ret_index: its place. */
MUST_USE bool tlog_add(Cx *cx, Store *s, Str kind, Str subject, Str body, int64_t *ret_index);
MUST_USE bool tlog_get(Cx *cx, Store *s, int64_t index, LogEntry *ret);                /* E_NOT_FOUND */
MUST_USE bool tlog_of(Cx *cx, Store *s, Str subject, LogEntry **ret, size_t *ret_n);   /* oldest first; at most 1000 */
MUST_USE bool tlog_list(Cx *cx, Store *s, int64_t before, size_t limit, LogEntry **ret, size_t *ret_n); /* newest first; before < 0: from the end */
MUST_USE bool tlog_root(Cx *cx, Store *s, int64_t size, uint8_t root[32]);              /* size < 0: the present one; E_INVALID beyond it */
MUST_USE bool tlog_size(Cx *cx, Store *s, int64_t *ret);
/* tlog_checkpoint - the signed note of the present size, made and kept when there is none yet. */
MUST_USE bool tlog_checkpoint(Cx *cx, Store *s, Str *ret_note);
/* tlog_origin - the name the log signs under; tlog_vkey: "name+hash+key" of C2SP signed-note, for programs that check checkpoints. */
Str tlog_origin(const Store *s, Arena *mem);
Str tlog_vkey(const Store *s, Arena *mem);
/* tlog_proof - the audit path of an entry in the tree of `size`; n nodes of 32 bytes. E_INVALID unless 0 <= index < size <= present size. */
MUST_USE bool tlog_proof(Cx *cx, Store *s, int64_t index, int64_t size, uint8_t (**ret)[32], size_t *ret_n);
/* tlog_consistency - that the tree of `to` continues the tree of `from`. E_INVALID unless 0 <= from <= to <= present size. */
MUST_USE bool tlog_consistency(Cx *cx, Store *s, int64_t from, int64_t to, uint8_t (**ret)[32], size_t *ret_n);
/* pure: */
bool merkle_proof_holds(const uint8_t leaf[32], int64_t index, int64_t size, const uint8_t (*nodes)[32], size_t n, const uint8_t root[32]);
bool merkle_consistent(int64_t from, const uint8_t old_root[32], int64_t to, const uint8_t new_root[32], const uint8_t (*nodes)[32], size_t n);
/* tlog_verify - recompute the tree, compare with every kept node and checkpoint. Faults are added to *ret_report, one line each. */
MUST_USE bool tlog_verify(Cx *cx, Store *s, int64_t *ret_entries, int64_t *ret_faults, Str *ret_report);
/* The store's signing keys (data folder, `keys/`): Ed25519 and SM2. */
const Signer *store_signer(const Store *s, SignAlg alg);
