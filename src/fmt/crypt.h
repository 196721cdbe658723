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

/* Field encryption: an AEAD with a random 96-bit nonce; output = algorithm byte | key id | nonce | ciphertext | tag, base64url. What was
 * sealed says itself with which algorithm, so that older values open after the setting changed.
 * `aad` binds it to its place ("table|column|id"): a ciphertext moved elsewhere does not open. */
typedef enum { CIPHER_AES256_GCM = 1, CIPHER_SM4_GCM = 2 } Cipher;
const char *cipher_word(Cipher c);                        /* "aes-256-gcm", "sm4-gcm"; NULL for another number */
bool cipher_read(Str word, Cipher *ret);
typedef struct {
    uint8_t key[32];       /* encryption; SM4 takes 16 bytes derived from it */
    uint8_t index_key[32]; /* blind index */
    uint8_t id;
    uint8_t cipher;        /* for what is sealed now; 0: AES-256-GCM */
} FieldKey;
Str field_seal(Arena *mem, const FieldKey *key, Str aad, Str plain);
bool field_open(Arena *mem, const FieldKey *key, Str aad, Str sealed, Str *ret_plain);
/* field_head - algorithm and key id of a sealed text, without a key; false when it is none. */
bool field_head(Str sealed, uint8_t *ret_cipher, uint8_t *ret_key_id);
/* The bare algorithms, for tests against published vectors. key: 32 bytes (AES), 16 (SM4). tag: 16. */
void aead_seal(Cipher c, const uint8_t *key, const uint8_t nonce[12], Str aad, Str plain, uint8_t *out, uint8_t tag[16]);
bool aead_open(Cipher c, const uint8_t *key, const uint8_t nonce[12], Str aad, Str sealed, const uint8_t tag[16], uint8_t *out);
void secret_wipe(void *p, size_t n);                             /* zeros that no compiler leaves out */
/* secret_new - zeroed memory that is locked where the system allows, not in core dumps, between guard pages; secret_free wipes it. */
void *secret_new(size_t n);
void secret_free(void *p);
void no_dumps(void);                                      /* this process leaves no core file; not under a sanitizer, which needs ptrace */
Str blind_index(Arena *mem, const FieldKey *key, Str kind, Str value);  /* 22 characters; equality only */
