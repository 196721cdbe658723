/*
 * outbox.h - what is to leave the program: rows that wait, are being sent, were sent, or were given up. Texts only, no addresses:
 * these are looked up when a row is sent, so that a corrected address serves the next attempt.
 *
 * waiting -> sending -> sent, or back to waiting with a pause, or failed after the last pause. A row that was `sending` when the
 * program died goes back to waiting at the next start: delivered at least once, with the same id each time.
 */
#pragma once

#include "store/record.h"

typedef enum { CHANNEL_MAIL = 1, CHANNEL_SMS = 2, CHANNEL_HOOK = 4 } Channel;
Str channel_word(Channel c);  /* mail sms hook */
Str channel_label(Channel c); /* 邮件 短信 接口 */

/* outbox_channels - from now on rows are written for these channels only (none when the store is opened). */
void outbox_channels(Store *s, unsigned channels);

typedef struct {
    int64_t id, home, at_ms, next_ms, ended_ms; /* next_ms: of the next attempt; ended_ms 0: not sent, not given up */
    int64_t user, record;                       /* 0: none */
    Channel channel;
    Str state;                                  /* waiting sending sent failed */
    Str head, text, href, type;                 /* head: the fixed words only, for lists */
    int attempts;
    Str user_name, address;                     /* outbox_take: in clear; outbox_list: masked. Empty: none */
    Str result;                                 /* outbox_list: of the last attempt */
} OutRow;

/* outbox_recover - rows left `sending` go back to waiting: at start all; where several processes share the database those of dead ones, at any time. */
MUST_USE bool outbox_recover(Cx *cx, Store *s, int64_t *ret_n);
/* outbox_take - up to `limit` rows of these channels that are due, oldest first, now `sending`. Writes nothing when there are none. */
MUST_USE bool outbox_take(Cx *cx, Store *s, unsigned channels, size_t limit, OutRow **ret, size_t *ret_n);
/* outbox_done - one attempt ended; `result` in words for people, without addresses. Not ok: the next attempt is after 1, 5, 30 minutes, 2 and
 * 12 hours, then the row has failed. */
MUST_USE bool outbox_done(Cx *cx, Store *s, int64_t id, bool ok, Str result);
/* outbox_back - rows that were taken and not tried: waiting again, no attempt counted. */
MUST_USE bool outbox_back(Cx *cx, Store *s, const int64_t *ids, size_t n);
/* outbox_trim - forgets rows that were sent more than 90 days ago, and notices read more than a year ago. */
MUST_USE bool outbox_trim(Cx *cx, Store *s);

/* outbox_list - for administrators and auditors: rows to people of their office and below (to the webhook: of offices in reach), newest
 * first, at most `limit`. `state` empty: all. E_FORBIDDEN. */
MUST_USE bool outbox_list(Cx *cx, Store *s, const Actor *a, Str state, size_t limit, OutRow **ret, size_t *ret_n);
/* outbox_counts - the same reach: waiting (with sending), failed, sent. */
MUST_USE bool outbox_counts(Cx *cx, Store *s, const Actor *a, int64_t ret[3]);
/* outbox_retry - a row that waits or failed is due at once, with all its attempts before it again; by an administrator of that office,
 * id 0: all failed ones in reach. E_NOT_FOUND, E_WRONG_STATE. */
MUST_USE bool outbox_retry(Cx *cx, Store *s, const Actor *a, int64_t id);
