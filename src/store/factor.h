/*
 * factor.h - the second factor: a secret in an authenticator app (RFC 6238), sealed with the field key; each code counts once; ten recovery codes, kept
 * as keyed hashes, each good for one sign-in. Wrong codes count and lock like wrong passwords.
 */
#pragma once

#include "store/user.h"

enum { RECOVERY_CODES = 10 };

typedef struct {
    bool on;                 /* enrolled and confirmed */
    int64_t since_ms;
    int recovery_left;
} FactorState;

MUST_USE bool factor_state(Cx *cx, Store *s, int64_t user, FactorState *ret);
/* factor_begin - a fresh secret for the actor, not yet in force; the one begun before is replaced. E_WRONG_STATE when one is in force. */
MUST_USE bool factor_begin(Cx *cx, Store *s, const Actor *a, Str *ret_secret);
/* factor_pending - the secret begun and not confirmed; E_WRONG_STATE: none. So that a page may show it again after a mistyped code. */
MUST_USE bool factor_pending(Cx *cx, Store *s, const Actor *a, Str *ret_secret);
/* factor_confirm - a code of it puts it in force; *ret_codes: RECOVERY_CODES texts, shown this once. E_INVALID: another code. */
MUST_USE bool factor_confirm(Cx *cx, Store *s, const Actor *a, Str code, Str **ret_codes);
/* factor_check - a code of the app, or a recovery code, uses it up. E_UNAUTHENTICATED: wrong or used; E_LOCKED: too many. */
MUST_USE bool factor_check(Cx *cx, Store *s, int64_t user, Str code);
/* factor_drop - the person's own; E_FORBIDDEN where the profile wants one. Ask for a fresh proof before. */
MUST_USE bool factor_drop(Cx *cx, Store *s, const Actor *a);
/* factor_reset - of somebody else, by who may grant (user.h), for a reason; ends that person's sessions. Never one's own. */
MUST_USE bool factor_reset(Cx *cx, Store *s, const Actor *by, int64_t user, Str reason);
