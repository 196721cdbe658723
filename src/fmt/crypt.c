/*
 * crypt.c - the thin layer over libgcrypt (SHA-256, HMAC, AES-256-GCM, SM4-GCM) and libsodium (random bytes, comparison); passwords: password.c.
 *
 * A sealed field is: algorithm (1 = AES-256-GCM, 2 = SM4-GCM) | key id | 12-byte nonce | ciphertext | 16-byte tag, in base64url. The two
 * header bytes are authenticated together with the caller's aad. Handles of libgcrypt are opened per call: sharing them
 * between threads is not allowed, and opening costs less than a microsecond.
 */
#include "fmt/crypt.h"

#include <gcrypt.h>
#include <pthread.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/log.h"

#define NONCE_LEN 12
#define TAG_LEN 16
#define HEAD_LEN 2
#define MEMORY_TRIES 3

static pthread_once_t started = PTHREAD_ONCE_INIT;

static void start(void)
{
    if (gcry_check_version(NULL) == NULL) {
        log_fatal("libgcrypt does not start");
    }
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    if (sodium_init() < 0) {
        log_fatal("libsodium does not start");
    }
}

void crypt_start(void)
{
    CHECK(pthread_once(&started, start) == 0);
}

void sha256(const void *p, size_t n, uint8_t out[32])
{
    crypt_start();
    gcry_md_hash_buffer(GCRY_MD_SHA256, out, p != NULL ? p : "", n);
}

Str hex(Arena *mem, const void *p, size_t n)
{
    char *out = arena_alloc(mem, n * 2 + 1);
    sodium_bin2hex(out, n * 2 + 1, p, n);
    return str_n(out, n * 2);
}

bool unhex(Arena *mem, Str text, Str *ret)
{
    if (text.n % 2 != 0) {
        return false;
    }
    unsigned char *out = arena_alloc(mem, text.n / 2 + 1);
    size_t n = 0;
    if (sodium_hex2bin(out, text.n / 2, text.p, text.n, NULL, &n, NULL) != 0 || n != text.n / 2) {
        return false;
    }
    *ret = str_n((const char *)out, n);
    return true;
}

Str base64url(Arena *mem, Str bytes)
{
    size_t max = sodium_base64_ENCODED_LEN(bytes.n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(mem, max);
    sodium_bin2base64(out, max, (const unsigned char *)bytes.p, bytes.n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return str_c(out);
}

bool base64url_read(Arena *mem, Str text, Str *ret)
{
    size_t max = text.n / 4 * 3 + 3;
    unsigned char *out = arena_alloc(mem, max + 1);
    size_t n = 0;
    if (sodium_base642bin(out, max, text.p, text.n, NULL, &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
        return false;
    }
    Str bytes = str_n((const char *)out, n);
    if (!str_eq(base64url(mem, bytes), text)) { /* libsodium takes the byte 255 for a letter */
        return false;
    }
    *ret = bytes;
    return true;
}

void random_bytes(void *p, size_t n)
{
    crypt_start();
    randombytes_buf(p, n);
}

Str random_token(Arena *mem, size_t bytes)
{
    char *raw = arena_alloc(mem, bytes);
    random_bytes(raw, bytes);
    return base64url(mem, str_n(raw, bytes));
}

bool same_secret(Str a, Str b)
{
    return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

void hmac_sha256(Str key, Str data, uint8_t out[32])
{
    crypt_start();
    crypto_auth_hmacsha256_state h; /* of libsodium: takes no memory that might not be there */
    crypto_auth_hmacsha256_init(&h, (const unsigned char *)key.p, key.n);
    crypto_auth_hmacsha256_update(&h, (const unsigned char *)data.p, data.n);
    crypto_auth_hmacsha256_final(&h, out);
}

static const struct {
    const char *word;
    int algo;
    size_t key_len;
} CIPHERS[] = {[CIPHER_AES256_GCM] = {"aes-256-gcm", GCRY_CIPHER_AES256, 32}, [CIPHER_SM4_GCM] = {"sm4-gcm", GCRY_CIPHER_SM4, 16}};

const char *cipher_word(Cipher c)
{
    return c == CIPHER_AES256_GCM || c == CIPHER_SM4_GCM ? CIPHERS[c].word : NULL;
}

bool cipher_read(Str word, Cipher *ret)
{
    for (int c = CIPHER_AES256_GCM; c <= CIPHER_SM4_GCM; c++) {
        if (str_eq(word, str_c(CIPHERS[c].word))) {
            *ret = (Cipher)c;
            return true;
        }
    }
    return false;
}

static gcry_cipher_hd_t open_gcm(Cipher c, const uint8_t *key, const uint8_t *nonce, Str head, Str aad)
{
    crypt_start();
    gcry_cipher_hd_t h;
    gcry_error_t rc = 0;
    for (int i = 0; i == 0 || (rc != 0 && i < MEMORY_TRIES); i++) {
        rc = gcry_cipher_open(&h, CIPHERS[c].algo, GCRY_CIPHER_MODE_GCM, 0);
        if (rc == 0 && (rc = gcry_cipher_setkey(h, key, CIPHERS[c].key_len)) != 0) { /* the first of a process tries the cipher out, and wants memory for it */
            gcry_cipher_close(h);
        }
    }
    if (gcry_err_code(rc) == GPG_ERR_ENOMEM) {
        log_fatal("out of memory: a cipher"); /* a personal field must not be lost, nor taken for a forged one */
    }
    CHECK(rc == 0);
    CHECK(gcry_cipher_setiv(h, nonce, NONCE_LEN) == 0);
    if (head.n > 0) {
        CHECK(gcry_cipher_authenticate(h, head.p, head.n) == 0);
    }
    if (aad.n > 0) {
        CHECK(gcry_cipher_authenticate(h, aad.p, aad.n) == 0);
    }
    CHECK(gcry_cipher_final(h) == 0);
    return h;
}

static void seal_with(gcry_cipher_hd_t h, Str plain, uint8_t *out, uint8_t *tag)
{
    if (plain.n > 0) {
        CHECK(gcry_cipher_encrypt(h, out, plain.n, plain.p, plain.n) == 0);
    }
    CHECK(gcry_cipher_gettag(h, tag, TAG_LEN) == 0);
    gcry_cipher_close(h); /* libgcrypt wipes its key schedule */
}

static bool open_with(gcry_cipher_hd_t h, Str sealed, const uint8_t *tag, uint8_t *out)
{
    if (sealed.n > 0) {
        CHECK(gcry_cipher_decrypt(h, out, sealed.n, sealed.p, sealed.n) == 0);
    }
    bool good = gcry_cipher_checktag(h, tag, TAG_LEN) == 0;
    gcry_cipher_close(h);
    if (!good) {
        sodium_memzero(out, sealed.n);
    }
    return good;
}

void aead_seal(Cipher c, const uint8_t *key, const uint8_t nonce[12], Str aad, Str plain, uint8_t *out, uint8_t tag[16])
{
    seal_with(open_gcm(c, key, nonce, S(""), aad), plain, out, tag);
}

bool aead_open(Cipher c, const uint8_t *key, const uint8_t nonce[12], Str aad, Str sealed, const uint8_t tag[16], uint8_t *out)
{
    return open_with(open_gcm(c, key, nonce, S(""), aad), sealed, tag, out);
}

/* The key an algorithm takes: the 32 bytes themselves, or the first of another 32 made from them, so that no two algorithms share a key. */
static void cipher_key(Cipher c, const FieldKey *key, uint8_t ret[32])
{
    if (c == CIPHER_AES256_GCM) {
        memcpy(ret, key->key, 32);
    } else {
        hmac_sha256(str_n((const char *)key->key, sizeof key->key), str_c(CIPHERS[c].word), ret);
    }
}

Str field_seal(Arena *mem, const FieldKey *key, Str aad, Str plain)
{
    size_t n = HEAD_LEN + NONCE_LEN + plain.n + TAG_LEN;
    uint8_t *raw = arena_alloc(mem, n), k[32];
    Cipher c = key->cipher == CIPHER_SM4_GCM ? CIPHER_SM4_GCM : CIPHER_AES256_GCM;
    raw[0] = (uint8_t)c;
    raw[1] = key->id;
    random_bytes(raw + HEAD_LEN, NONCE_LEN);
    uint8_t *body = raw + HEAD_LEN + NONCE_LEN;
    cipher_key(c, key, k);
    seal_with(open_gcm(c, k, raw + HEAD_LEN, str_n((const char *)raw, HEAD_LEN), aad), plain, body, body + plain.n);
    sodium_memzero(k, sizeof k);
    return base64url(mem, str_n((const char *)raw, n));
}

bool field_open(Arena *mem, const FieldKey *key, Str aad, Str sealed, Str *ret_plain)
{
    Str raw;
    uint8_t k[32];
    if (!base64url_read(mem, sealed, &raw) || raw.n < HEAD_LEN + NONCE_LEN + TAG_LEN) {
        return false;
    }
    const uint8_t *p = (const uint8_t *)raw.p;
    if (cipher_word((Cipher)p[0]) == NULL || p[1] != key->id) {
        return false;
    }
    size_t n = raw.n - HEAD_LEN - NONCE_LEN - TAG_LEN;
    const uint8_t *body = p + HEAD_LEN + NONCE_LEN;
    char *plain = arena_alloc(mem, n + 1);
    cipher_key((Cipher)p[0], key, k);
    bool good = open_with(open_gcm((Cipher)p[0], k, p + HEAD_LEN, str_sub(raw, 0, HEAD_LEN), aad), str_n((const char *)body, n), body + n,
                          (uint8_t *)plain);
    sodium_memzero(k, sizeof k);
    if (good) {
        *ret_plain = str_n(plain, n);
    }
    return good;
}

bool field_head(Str sealed, uint8_t *ret_cipher, uint8_t *ret_key_id)
{
    unsigned char head[3];
    size_t n = 0;
    if (sealed.n < 40 || sodium_base642bin(head, sizeof head, sealed.p, 4, NULL, &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        n != sizeof head || cipher_word((Cipher)head[0]) == NULL) {
        return false;
    }
    *ret_cipher = head[0];
    *ret_key_id = head[1];
    return true;
}

void secret_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

void *secret_new(size_t n)
{
    crypt_start();
    void *p = sodium_malloc(n); /* locked as far as RLIMIT_MEMLOCK goes, never dumped */
    CHECK(p != NULL);
    sodium_memzero(p, n);
    return p;
}

void secret_free(void *p)
{
    sodium_free(p);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

void no_dumps(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#ifndef SANITIZED
    (void)prctl(PR_SET_DUMPABLE, 0); /* a limit of 0 does not hold where cores go to a pipe */
#endif
}

Str blind_index(Arena *mem, const FieldKey *key, Str kind, Str value)
{
    /* The length in front keeps ("ab", "c") and ("a", "bc") apart. */
    Buf text = buf_new(mem, kind.n + value.n + 32);
    buf_int(&text, (int64_t)kind.n);
    buf_addc(&text, ':');
    buf_add(&text, kind);
    buf_add(&text, value);
    CHECK(!text.full);
    uint8_t mac[32];
    hmac_sha256(str_n((const char *)key->index_key, sizeof key->index_key), buf_str(&text), mac);
    return base64url(mem, str_n((const char *)mac, 16));
}
