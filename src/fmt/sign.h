/*
 * sign.h - signed texts: one envelope, two algorithms.
 *
 * An envelope is one line of text: `TAMGA1.<alg>.<key id>.<payload>.<signature>`, payload and signature in base64url without padding.
 * alg: `ed` Ed25519 (libsodium), `sm` SM2 with SM3 (user id 1234567812345678, GB/T 32918; libcrypto). What is signed is everything before
 * the last dot, so that neither algorithm nor key id can be exchanged. key id: first 16 hex digits of the SHA-256 of the public key.
 *
 * One text has one encoding: base64url is read strictly, an Ed25519 S must be below the group order, an SM2 signature is exactly r | s, 32
 * bytes each, both in 1..n-1. (Negating s, the trick known from ECDSA, gives no second SM2 signature: s and r + s would have to change sign
 * together, and r is fixed.)
 */
#pragma once

#include "fmt/crypt.h" /* base64url, base64url_read: strict, no padding, no stray bits */

#define SIGN_PAYLOAD_MAX ((size_t)64 << 10)

typedef enum { SIGN_ED25519, SIGN_SM2 } SignAlg;
typedef struct Signer Signer;

/* A public key as published at /keys.json. */
typedef struct {
    SignAlg alg;
    char id[17];
    uint8_t bytes[65];           /* Ed25519: 32; SM2: 65, uncompressed point */
    size_t n;
    int32_t from;                /* the day it was made, UTC+8; 0 when it was read from text without one */
} PublicKey;

/*
 * signer_open - the key of the folder `dir` (made, mode 0600, when there is none; the folder, mode 0700, too). Files: ed25519.key, sm2.key,
 * one line "tamga-key <alg> <day made> <secret in base64url>". Lives in mem; safe to share by threads. NULL: E_IO, or E_DATA for a file that is
 * none of ours: a damaged key is never replaced by a new one.
 */
MUST_USE Signer *signer_open(Cx *cx, Arena *mem, const char *dir, SignAlg alg);
const PublicKey *signer_public(const Signer *s);
/* sign_text - the envelope of a payload (at most 64 KiB: E_TOO_LARGE). */
MUST_USE bool sign_text(Cx *cx, const Signer *s, Str payload, Str *ret_envelope);
/* sign_check - E_INVALID with the reason in words when it is not an envelope, the key is none of `keys`, or the signature is wrong. */
MUST_USE bool sign_check(Cx *cx, Str envelope, const PublicKey *keys, size_t n_keys, Str *ret_payload, const PublicKey **ret_key);
/* The bare signature of bytes, for formats of others (checkpoints). */
void sign_bytes(const Signer *s, Str bytes, uint8_t sig[64]);
bool sign_bytes_hold(const PublicKey *k, Str bytes, const uint8_t sig[64]);
Str public_key_text(Arena *mem, const PublicKey *k);          /* "ed:<base64url>" */
MUST_USE bool public_key_read(Cx *cx, Str text, PublicKey *ret); /* E_INVALID; refuses points that are not on the curve or of small order */
const char *sign_alg_word(SignAlg alg);                       /* "ed", "sm" */

/* base64 - the usual alphabet with padding, as checkpoints want it. */
Str base64(Arena *mem, Str bytes);
bool base64_read(Arena *mem, Str text, Str *ret);             /* strict as well */

/* keys_json - the text of /keys.json: {"keys":[{"alg","from","id","key","until"}],"log":{"name","vkey"}}; until: null, the key is in use. */
Str keys_json(Arena *mem, const PublicKey *keys, size_t n, Str log_name, Str log_vkey);
/* keys_read - the keys of such a text; E_INVALID when one is no key or has another id. */
MUST_USE bool keys_read(Cx *cx, Str text, PublicKey **ret, size_t *ret_n);
