/*
 * sign.h - signed texts: one envelope, two algorithms.
 *
 * An envelope is one line of text: `TAMGA1.<alg>.<key id>.<payload>.<signature>`, payload and signature in base64url without padding.
 * alg: `ed` Ed25519 (libsodium), `sm` SM2 with SM3 (user id 1234567812345678, GB/T 32918). What is signed is everything before the last
 * dot, so that neither algorithm nor key id can be exchanged. key id: first 16 hex digits of the SHA-256 of the public key.
 */
#pragma once

#include "base/err.h"

typedef enum { SIGN_ED25519, SIGN_SM2 } SignAlg;
typedef struct Signer Signer;

/* A public key with its validity, as published at /keys.json. */
typedef struct {
    SignAlg alg;
    char id[17];
    uint8_t bytes[65];           /* Ed25519: 32; SM2: 65, uncompressed point */
    size_t n;
} PublicKey;

/* signer_open - the key of `dir` (made, mode 0600, when there is none). Lives in mem; safe to share by threads. */
MUST_USE Signer *signer_open(Cx *cx, Arena *mem, const char *dir, SignAlg alg);
const PublicKey *signer_public(const Signer *s);
/* sign_text - the envelope of a payload (at most 64 KiB). */
MUST_USE bool sign_text(Cx *cx, const Signer *s, Str payload, Str *ret_envelope);
/* sign_check - E_INVALID with the reason in words when it is not an envelope, the key is none of `keys`, or the signature is wrong. */
MUST_USE bool sign_check(Cx *cx, Str envelope, const PublicKey *keys, size_t n_keys, Str *ret_payload, const PublicKey **ret_key);
Str public_key_text(Arena *mem, const PublicKey *k);          /* "ed:<base64url>" */
MUST_USE bool public_key_read(Cx *cx, Str text, PublicKey *ret);
Str base64url(Arena *mem, Str bytes);
bool base64url_read(Arena *mem, Str text, Str *ret);          /* strict: no padding, no other signs, no stray bits */
