/*
 * idem.h - Idempotency-Key: what was asked once is done once, and the answer first given is given again for 24 h.
 *
 * The write itself notes the key in its own transaction (cx->once), so that whoever asks again after a crash, in which the answer was lost, is told that
 * it was done instead of having it done twice. The answer is kept after it.
 */
#pragma once

#include "store/record.h"

typedef struct IdemOnce {
    Str key, request; /* as they are kept */
} IdemOnce;

/* idem_once - for cx->once: the next write through cx notes the key. Whoever sets it takes it away before idem_put. Lives in cx->mem. */
const IdemOnce *idem_once(Cx *cx, const Store *s, const Actor *a, Str key, Str request_hash);

/* idem_get - *ret_known: the key was used, and this was the answer. E_INVALID: for another request. E_CONFLICT: it was done, and the answer is lost. */
MUST_USE bool idem_get(Cx *cx, Store *s, const Actor *a, Str key, Str request_hash, bool *ret_known, int *ret_status, Str *ret_body);

/* idem_put - keep the answer; one that is kept already stays. */
MUST_USE bool idem_put(Cx *cx, Store *s, const Actor *a, Str key, Str request_hash, int status, Str body);

/* idem_drop - the key may be used again, as nothing was done that must not be done twice, or its answer is not one to be kept. */
MUST_USE bool idem_drop(Cx *cx, Store *s, const Actor *a, Str key);

/* idem_note - inside a write: what cx->once says, if anything. For writer.c. */
MUST_USE bool idem_note(Cx *cx);
