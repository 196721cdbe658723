/*
 * sign.c - envelopes and key files; Ed25519 here over libsodium, SM2 in sign_sm2.c.
 *
 * A key is written to a file of its own name first and linked to its place only when whole on the disk, so that two programs starting at
 * once end with one key, and a power cut leaves none or a good one.
 */
#include "fmt/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/folder.h"
#include "fmt/sign_int.h"

#define SEED_LEN 32
#define SIG_LEN 64
#define SIG_TEXT 86
#define LINE_MAX_BYTES 200

struct Signer {
    PublicKey pub;
    uint8_t secret[64]; /* Ed25519: libsodium's 64 bytes; SM2: the first 32 */
};

static const struct {
    const char *word, *file;
    size_t n;
} ALGS[] = {[SIGN_ED25519] = {"ed", "ed25519.key", 32}, [SIGN_SM2] = {"sm", "sm2.key", 65}};

const char *sign_alg_word(SignAlg alg)
{
    return ALGS[alg].word;
}

static Str raw(const uint8_t *p, size_t n)
{
    return str_n((const char *)p, n);
}

static void name_key(PublicKey *k)
{
    uint8_t h[32];
    sha256(k->bytes, k->n, h);
    sodium_bin2hex(k->id, sizeof k->id, h, 8);
}

static bool alg_of(Str word, SignAlg *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(ALGS); i++) {
        if (str_eq(word, str_c(ALGS[i].word))) {
            *ret = (SignAlg)i;
            return true;
        }
    }
    return false;
}

/* The id of a key as name_key writes it: what is told to people is never more than that. */
static bool is_key_id(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] < '0' || s.p[i] > '9') && (s.p[i] < 'a' || s.p[i] > 'f')) {
            return false;
        }
    }
    return s.n == 16;
}

/* ---- key files ---- */

static bool from_seed(Signer *s, SignAlg alg, const uint8_t seed[SEED_LEN])
{
    s->pub.alg = alg;
    s->pub.n = ALGS[alg].n;
    if (alg == SIGN_ED25519) {
        crypto_sign_ed25519_seed_keypair(s->pub.bytes, s->secret, seed);
    } else {
        memcpy(s->secret, seed, SEED_LEN);
        if (!sm2_derive(seed, s->pub.bytes)) {
            return false;
        }
    }
    name_key(&s->pub);
    return true;
}

static bool read_line(Cx *cx, Signer *s, const char *path, SignAlg alg, Str line)
{
    Str words[4], seed = S("");
    bool ok = str_ends(line, S("\n"));
    line.n -= ok;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        bool more = str_cut(line, ' ', &words[i], &line);
        ok = ok && more == (i + 1 < ARRAY_LEN(words));
    }
    ok = ok && str_eq(words[0], S("tamga-key")) && str_eq(words[1], str_c(ALGS[alg].word)) && date_iso_parse(words[2], &s->pub.from) &&
         base64url_read(cx->mem, words[3], &seed) && seed.n == SEED_LEN && from_seed(s, alg, (const uint8_t *)seed.p);
    return ok ? true : fail(cx, E_DATA, "签名密钥文件 %s 已损坏，请从备份恢复", path);
}

static bool read_key(Cx *cx, Signer *s, const char *path, SignAlg alg, bool *ret_there)
{
    char line[LINE_MAX_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *ret_there = fd >= 0;
    if (fd < 0) {
        return errno == ENOENT ? true : fail(cx, E_IO, "无法读取签名密钥文件 %s", path);
    }
    ssize_t n = read(fd, line, sizeof line);
    close(fd);
    if (n < 0) {
        return fail(cx, E_IO, "无法读取签名密钥文件 %s", path);
    }
    bool ok = read_line(cx, s, path, alg, str_n(line, (size_t)n));
    sodium_memzero(line, sizeof line);
    return ok;
}

static bool write_key(Cx *cx, const char *dir, const char *path, SignAlg alg)
{
    uint8_t seed[SEED_LEN], pub[65];
    if (alg == SIGN_SM2) {
        sm2_make(seed, pub);
    } else {
        random_bytes(seed, sizeof seed);
    }
    Str line = str_printf(cx->mem, "tamga-key %s %.*s %.*s\n", ALGS[alg].word, STRF(date_iso(cx->mem, instant_date(clock_now_ms()))),
                          STRF(base64url(cx->mem, raw(seed, sizeof seed))));
    const char *part = str_printf(cx->mem, "%s.%.*s.part", path, STRF(random_token(cx->mem, 6))).p;
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, line.p, line.n) == (ssize_t)line.n && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    ok = ok && (link(part, path) == 0 || errno == EEXIST); /* another one was first: theirs is the key */
    ok = ok && folder_sync(dir);
    unlink(part);
    sodium_memzero(seed, sizeof seed);
    return ok ? true : fail(cx, E_IO, "无法写入签名密钥文件 %s", path);
}

static void wipe(void *p)
{
    sodium_memzero(p, sizeof(Signer));
}

Signer *signer_open(Cx *cx, Arena *mem, const char *dir, SignAlg alg)
{
    crypt_start();
    Signer *s = NEW(mem, Signer);
    const char *path = str_printf(cx->mem, "%s/%s", dir, ALGS[alg].file).p;
    bool there = false;
    arena_defer(mem, wipe, s);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        (void)fail(cx, E_IO, "无法建立密钥文件夹 %s", dir);
        return NULL;
    }
    if (!read_key(cx, s, path, alg, &there) || (!there && (!write_key(cx, dir, path, alg) || !read_key(cx, s, path, alg, &there)))) {
        return NULL;
    }
    if (!there) {
        (void)fail(cx, E_IO, "无法读取签名密钥文件 %s", path);
        return NULL;
    }
    return s;
}

const PublicKey *signer_public(const Signer *s)
{
    return &s->pub;
}

/* ---- signatures ---- */

void sign_bytes(const Signer *s, Str bytes, uint8_t sig[64])
{
    if (s->pub.alg == SIGN_SM2) {
        sm2_sign(s->secret, s->pub.bytes, bytes, sig);
    } else {
        CHECK(crypto_sign_ed25519_detached(sig, NULL, (const unsigned char *)bytes.p, bytes.n, s->secret) == 0);
    }
}

bool sign_bytes_hold(const PublicKey *k, Str bytes, const uint8_t sig[64])
{
    return k->alg == SIGN_SM2 ? sm2_verify(k->bytes, bytes, sig)
                              : crypto_sign_ed25519_verify_detached(sig, (const unsigned char *)bytes.p, bytes.n, k->bytes) == 0;
}

bool sign_text(Cx *cx, const Signer *s, Str payload, Str *ret_envelope)
{
    uint8_t sig[SIG_LEN];
    if (payload.n > SIGN_PAYLOAD_MAX) {
        return fail(cx, E_TOO_LARGE, "要签名的内容超过 64 KiB");
    }
    Str head = str_printf(cx->mem, "TAMGA1.%s.%s.%.*s", ALGS[s->pub.alg].word, s->pub.id, STRF(base64url(cx->mem, payload)));
    sign_bytes(s, head, sig);
    *ret_envelope = str_printf(cx->mem, "%.*s.%.*s", STRF(head), STRF(base64url(cx->mem, raw(sig, sizeof sig))));
    return true;
}

bool sign_check(Cx *cx, Str envelope, const PublicKey *keys, size_t n_keys, Str *ret_payload, const PublicKey **ret_key)
{
    Str part[5], rest = envelope, payload = S(""), sig = S("");
    SignAlg alg = SIGN_ED25519;
    bool ok = envelope.n <= SIGN_PAYLOAD_MAX / 3 * 4 + 200;
    for (size_t i = 0; ok && i < ARRAY_LEN(part); i++) {
        ok = str_cut(rest, '.', &part[i], &rest) == (i + 1 < ARRAY_LEN(part));
    }
    if (!ok || !str_eq(part[0], S("TAMGA1")) || !alg_of(part[1], &alg) || !is_key_id(part[2]) || part[4].n != SIG_TEXT ||
        !base64url_read(cx->mem, part[3], &payload) || payload.n > SIGN_PAYLOAD_MAX || !base64url_read(cx->mem, part[4], &sig) ||
        sig.n != SIG_LEN) {
        return fail(cx, E_INVALID, "这不是完整的签名文本（应以 TAMGA1. 开头，共五段）");
    }
    const PublicKey *key = NULL;
    for (size_t i = 0; i < n_keys; i++) {
        if (keys[i].alg == alg && str_eq(part[2], str_c(keys[i].id))) {
            key = &keys[i];
        }
    }
    if (key == NULL) {
        return fail(cx, E_INVALID, "签名所用的密钥 %.*s 不在已知的公钥之中", STRF(part[2]));
    }
    if (!sign_bytes_hold(key, str_sub(envelope, 0, envelope.n - SIG_TEXT - 1), (const uint8_t *)sig.p)) {
        return fail(cx, E_INVALID, "签名不符：内容被改动过，或者不是由这个密钥签出的");
    }
    *ret_payload = payload;
    *ret_key = key;
    return true;
}

/* ---- texts ---- */

Str public_key_text(Arena *mem, const PublicKey *k)
{
    return str_printf(mem, "%s:%.*s", ALGS[k->alg].word, STRF(base64url(mem, raw(k->bytes, k->n))));
}

bool public_key_read(Cx *cx, Str text, PublicKey *ret)
{
    Str word, rest, bytes = S("");
    PublicKey k = {0};
    crypt_start();
    if (!str_cut(text, ':', &word, &rest) || !alg_of(word, &k.alg) || !base64url_read(cx->mem, rest, &bytes) || bytes.n != ALGS[k.alg].n) {
        return fail(cx, E_INVALID, "这不是公钥（应形如 ed:… 或 sm:…）");
    }
    memcpy(k.bytes, bytes.p, bytes.n);
    k.n = bytes.n;
    if (k.alg == SIGN_ED25519 ? crypto_core_ed25519_is_valid_point(k.bytes) != 1 : !sm2_on_curve(k.bytes)) {
        return fail(cx, E_INVALID, "公钥不在曲线上，不能用");
    }
    name_key(&k);
    *ret = k;
    return true;
}

Str base64(Arena *mem, Str bytes)
{
    size_t max = sodium_base64_ENCODED_LEN(bytes.n, sodium_base64_VARIANT_ORIGINAL);
    char *out = arena_alloc(mem, max);
    sodium_bin2base64(out, max, (const unsigned char *)bytes.p, bytes.n, sodium_base64_VARIANT_ORIGINAL);
    return str_c(out);
}

bool base64_read(Arena *mem, Str text, Str *ret)
{
    size_t max = text.n / 4 * 3 + 3, n = 0;
    unsigned char *out = arena_alloc(mem, max + 1);
    if (sodium_base642bin(out, max, text.p, text.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        return false;
    }
    Str bytes = str_n((const char *)out, n);
    if (!str_eq(base64(mem, bytes), text)) { /* libsodium takes the byte 255 for a letter */
        return false;
    }
    *ret = bytes;
    return true;
}
