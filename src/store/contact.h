/*
 * contact.h - how a person wants to be told: e-mail, mobile phone, and which of the two they use. Checked by form only. Kept encrypted with the
 * field key, like personal fields; the journal says that they changed, never to what.
 */
#pragma once

#include "store/store.h"

typedef struct {
    Str email, mobile;           /* empty: none */
    bool by_mail, by_sms;        /* wanted; without an address it counts as not wanted */
} Contact;

/* contact_get - one's own in clear; of others in the actor's offices masked, for administrators (E_FORBIDDEN). */
MUST_USE bool contact_get(Cx *cx, Store *s, const Actor *by, int64_t user, Contact *ret);
/* contact_set - one's own, or of a user of the own offices by an administrator. What comes back as its own mask stays
 * as it was. E_INVALID: not an address. */
MUST_USE bool contact_set(Cx *cx, Store *s, const Actor *by, int64_t user, const Contact *c);
bool email_ok(Str email);        /* ASCII, one @, a dotted host, at most 120 bytes: nothing that could end a header line */
bool mobile_ok(Str mobile);      /* eleven digits from 1 */
