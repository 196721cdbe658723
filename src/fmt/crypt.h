/*
 * crypt.h - hashes, random bytes, passwords and field encryption, over libgcrypt and libsodium.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

void crypt_start(void);                                   /* once per process, before threads */
void sha256(const void *p, size_t n, uint8_t out[32]);
Str hex(Arena *mem, const void *p, size_t n);
bool unhex(Arena *mem, Str text, Str *ret);
Str base64url(Arena *mem, Str bytes);                     /* no padding */
bool base64url_read(Arena *mem, Str text, Str *ret);
void random_bytes(void *p, size_t n);
Str random_token(Arena *mem, size_t bytes);               /* base64url of fresh random bytes */
bool same_secret(Str a, Str b);                           /* constant time for equal lengths */
void hmac_sha256(Str key, Str data, uint8_t out[32]);

/* Argon2id, t=2, m=19 MiB: about 15 ms. At most two at once in the process; more wait. The text is a PHC string. */
MUST_USE bool password_hash(Cx *cx, Str password, Str *ret);
/* password_check - false when it could not be looked at (E_MEMORY), which says nothing about the password. */
MUST_USE bool password_check(Cx *cx, Str hash, Str password, bool *ret_right);
bool password_verify(Str hash, Str password);
bool password_old(Str hash);                              /* made with other parameters: rehash at the next sign-in */

/* Field encryption: AES-256-GCM, random 96-bit nonce; output = algorithm byte | key id | nonce | ciphertext | tag, base64url.
 * `aad` binds it to its place ("table|column|id"): a ciphertext moved elsewhere does not open. */
typedef struct {
    uint8_t key[32];       /* encryption */
    uint8_t index_key[32]; /* blind index */
    uint8_t id;
} FieldKey;
Str field_seal(Arena *mem, const FieldKey *key, Str aad, Str plain);
bool field_open(Arena *mem, const FieldKey *key, Str aad, Str sealed, Str *ret_plain);
Str blind_index(Arena *mem, const FieldKey *key, Str kind, Str value);  /* 22 characters; equality only */
