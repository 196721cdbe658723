/*
 * notice.h - messages to people inside the program, and the rows of the outbox that carry them out of it (mail, SMS, webhook).
 *
 * A notice and its outbox rows are written in the transaction of what they tell about: nothing is told that did not happen, and
 * nothing that happened goes untold. Delivery is somebody else's work (job/outbox.h): it may fail and is tried again.
 *
 * A person keeps at most 500 unread notices, older ones count as read. The same text about the same record, not yet read, is one
 * notice with a counter.
 */
#pragma once

#include "store/record.h"

#define NOTICE_UNREAD_MAX 500
#define NOTICE_TEXT_MAX 500 /* bytes; longer texts are cut between two characters */

typedef struct {
    int64_t id, at_ms, read_ms;  /* read_ms 0: not yet; at_ms: the last time, when it was told more than once */
    int64_t count;               /* how often it was told while unread */
    Str text, href;              /* href: a path of this site; empty: nothing to open */
} Notice;

/* notice_put - inside store_write: to one user; also into the outbox when that user wants mail or SMS. Text at most 500 bytes.
 * A user who is disabled or gone is passed over. */
MUST_USE bool notice_put(Cx *cx, Store *s, int64_t user, Str text, Str href);
/* notice_office - inside store_write: to every enabled user of the office who reads the type (own office's records at least); with
 * `role`, only those holding it. Once to the webhook. o NULL: nobody. */
MUST_USE bool notice_office(Cx *cx, Store *s, const Org *o, const RecordType *t, Str role, Str text, Str href);
/*
 * notice_action - inside store_write: the `notify` rows of an action just taken on r (as it is afterwards) by a.
 *
 * owner, parent (the office above the owner), top: enabled users of that office who may read r; holder and a role: of the office at whose
 * desk r lies now. person: whom the type's `person` field names; creator: who entered it. Nobody is told twice, and a not at all. The text is the
 * pack's plus title and number; of a sealed record, and to who may not read it, the pack's text alone.
 */
MUST_USE bool notice_action(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act);

/* notice_list - of the actor: unread first, then by time, newest first; *ret_unread: all that are unread. limit at most 500. */
MUST_USE bool notice_list(Cx *cx, Store *s, const Actor *a, size_t limit, Notice **ret, size_t *ret_n, int64_t *ret_unread);
MUST_USE bool notice_unread(Cx *cx, Store *s, const Actor *a, int64_t *ret);
MUST_USE bool notice_read(Cx *cx, Store *s, const Actor *a, int64_t id); /* id 0: all of the actor's; E_NOT_FOUND for another's */
/* Grows with every notice written or read, before the write is acknowledged; for caches of the unread count. */
uint64_t notice_version(const Store *s);
