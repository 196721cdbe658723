/*
 * outbox.h - the thread that carries messages out of the program: mail over SMTP, SMS and webhook over HTTP (store/outbox.h holds the rows).
 *
 * Each delivery has 10 s. Nothing is written while a network is waited for. A row is delivered at least once, with the same Message-ID or
 * Idempotency-Key each time, so that the receiver can drop a double. Addresses come from accounts, hosts from channels.yaml only.
 */
#pragma once

#include "job/channels.h"

typedef struct Outbox Outbox;

/*
 * outbox_start - reads channels.yaml of the store's folder; without any channel *ret is NULL and nothing runs. `url`: where this site is
 * reached, put before links (empty: links stay paths). poll_ms: how often to look. E_DATA when the settings are wrong.
 */
MUST_USE bool outbox_start(Cx *cx, Store *s, Str url, int64_t poll_ms, Outbox **ret);
/* outbox_stop - ends a delivery at hand at once (it counts as not tried) and joins; NULL is allowed. Call before store_close. */
void outbox_stop(Outbox *o);
int64_t outbox_rounds(const Outbox *o); /* looks finished so far */
