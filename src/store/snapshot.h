/*
 * snapshot.h - what a decision stood on: texts kept beside a record that nothing changes afterwards.
 *
 * A snapshot is JSON with its SHA-256; the hash stands in the journal of the record, so that `tamga verify` finds one that was changed or
 * removed. Later edits of the record, or of the figures it was taken from, do not move it. Rights: whoever may read the record.
 */
#pragma once

#include "fmt/doc.h"
#include "store/record.h"

typedef struct {
    int64_t id, record, rev, at_ms;
    Str name;                    /* id of the action, or a name a feature chose: "submit", "computation", … */
    Str body;                    /* canonical JSON */
    Str sha256;
} Snapshot;

/* snapshot_put - inside store_write; no rights inside. */
MUST_USE bool snapshot_put(Cx *cx, Store *s, const Actor *a, const Rec *r, Str name, Str json, Snapshot *ret);
/* snapshot_list - of one record, oldest first; call after rec_get. */
MUST_USE bool snapshot_list(Cx *cx, Store *s, const RecordType *t, int64_t record, Snapshot **ret, size_t *ret_n);
/* snapshot_last - the newest of that name; *ret_found false when there is none. */
MUST_USE bool snapshot_last(Cx *cx, Store *s, const RecordType *t, int64_t record, Str name, Snapshot *ret, bool *ret_found);
/* snapshot_show - what is personal in the body of one of r's snapshots, sealed there, as r's readers see it: masked, or erased. */
void snapshot_show(Cx *cx, const Store *s, const Rec *r, Doc *body);
/* record_json - a record as canonical JSON: its values raw and as people read them, by field id; of `r` as the caller got it. */
Str record_json(Cx *cx, Store *s, const Rec *r);
