/*
 * totp.h - one-time codes of an authenticator app: RFC 6238 with SHA-1, 30 seconds and 6 digits, which is what the apps expect, over HOTP (RFC 4226).
 * Pure; times are UTC milliseconds. Who keeps the secret, and that a code counts once, is the store's business (store/factor.h).
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum { TOTP_SECRET_BYTES = 20, TOTP_STEP_S = 30, TOTP_DIGITS = 6 };

Str base32(Arena *mem, Str bytes);                            /* RFC 4648, upper case, no padding */
bool base32_read(Arena *mem, Str text, Str *ret_bytes);       /* case, spaces and hyphens do not matter; false: other characters */
uint32_t hotp(Str secret, uint64_t counter, int digits);      /* digits 6 … 8 */
int64_t totp_step(int64_t at_ms);                             /* number of the 30 seconds in which this moment falls */
Str totp_code(Arena *mem, Str secret, int64_t step);          /* six digits */
/* totp_match - does the code belong to this moment's step or to the one before or after it, and to one later than `last`? *ret_step: which. Always
 * compares all three, in constant time for six digits. */
bool totp_match(Str secret, Str code, int64_t at_ms, int64_t last, int64_t *ret_step);
/* totp_uri - what the QR code says: otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=… */
Str totp_uri(Arena *mem, Str issuer, Str account, Str secret);
