/*
 * notice.h - messages to people inside the program, and the outbox through which they leave it (mail, SMS, webhook).
 *
 * A notice and its outbox rows are written in the transaction of what they tell about: nothing is told that did not happen, and
 * nothing that happened goes untold. Delivery is somebody else's work (job/outbox.h): it may fail and is tried again.
 */
#pragma once

#include "store/record.h"

typedef struct {
    int64_t id, at_ms, read_ms;  /* read_ms 0: not yet */
    Str text, href;
} Notice;

/* notice_put - inside store_write: to one user; also into the outbox when that user wants mail or SMS. Text at most 500 bytes. */
MUST_USE bool notice_put(Cx *cx, Store *s, int64_t user, Str text, Str href);
/* notice_office - to every enabled user of the office who reads the type; with `role`, only those holding it. */
MUST_USE bool notice_office(Cx *cx, Store *s, const Org *o, const RecordType *t, Str role, Str text, Str href);
/* notice_action - the `notify` rows of an action just taken on r by a. */
MUST_USE bool notice_action(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act);
MUST_USE bool notice_list(Cx *cx, Store *s, const Actor *a, size_t limit, Notice **ret, size_t *ret_n, int64_t *ret_unread);
MUST_USE bool notice_read(Cx *cx, Store *s, const Actor *a, int64_t id); /* id 0: all of the actor's */
