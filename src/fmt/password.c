/*
 * password.c - Argon2id of passwords, see crypt.h; over libsodium.
 *
 * A hash is its PHC string. libsodium's own check says "wrong" when it had no memory to look, so a string is taken apart here and the hash computed
 * again by the call that can tell.
 */
#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>

#include "fmt/crypt.h"

#define AT_ONCE 2
#define OPS     2ULL
#define MEM     ((size_t)19 * 1024 * 1024)
#define MEM_MAX ((size_t)256 * 1024 * 1024) /* of a hash that comes from elsewhere */
#define OPS_MAX 16
#define OUT_LEN 32

static sem_t places;
static pthread_once_t started = PTHREAD_ONCE_INIT;

static void start(void)
{
    CHECK(sem_init(&places, 0, AT_ONCE) == 0);
}

static void enter(void)
{
    crypt_start();
    CHECK(pthread_once(&started, start) == 0);
    while (sem_wait(&places) != 0) {
        /* interrupted by a signal: wait on */
    }
}

bool password_hash(Cx *cx, Str password, Str *ret)
{
    char out[crypto_pwhash_STRBYTES];
    enter();
    int rc = crypto_pwhash_str_alg(out, password.p, password.n, OPS, MEM, crypto_pwhash_ALG_ARGON2ID13);
    sem_post(&places);
    if (rc != 0) {
        return fail(cx, E_BUSY, "系统内存不足，暂时不能处理密码，请稍后再试");
    }
    *ret = str_dup(cx->mem, str_c(out));
    return true;
}

typedef struct {
    unsigned long long ops;
    size_t mem;
    uint8_t salt[crypto_pwhash_SALTBYTES], out[OUT_LEN];
} Phc;

static bool number(Str text, const char *name, int64_t max, int64_t *ret)
{
    return str_starts(text, str_c(name)) && str_int(str_sub(text, strlen(name), text.n), ret) && *ret > 0 && *ret <= max;
}

static bool bytes_of(Str text, uint8_t *out, size_t n)
{
    size_t got;
    return sodium_base642bin(out, n, text.p, text.n, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 && got == n;
}

static bool phc_read(Str t, Phc *ret)
{
    Str none, name, version, m, ops, p, salt;
    int64_t kib, n;
    if (!str_cut(t, '$', &none, &t) || !str_cut(t, '$', &name, &t) || !str_cut(t, '$', &version, &t) || !str_cut(t, ',', &m, &t) || !str_cut(t, ',', &ops, &t) || !str_cut(t, '$', &p, &t) ||
        !str_cut(t, '$', &salt, &t)) {
        return false;
    }
    if (none.n != 0 || !str_eq(name, S("argon2id")) || !str_eq(version, S("v=19")) || !str_eq(p, S("p=1")) ||
        !number(m, "m=", (int64_t)(MEM_MAX / 1024), &kib) || !number(ops, "t=", OPS_MAX, &n)) {
        return false;
    }
    ret->mem = (size_t)kib * 1024;
    ret->ops = (unsigned long long)n;
    return bytes_of(salt, ret->salt, sizeof ret->salt) && bytes_of(t, ret->out, sizeof ret->out);
}

bool password_check(Cx *cx, Str hash, Str password, bool *ret_right)
{
    Phc kept;
    uint8_t out[OUT_LEN];
    *ret_right = false;
    if (!phc_read(hash, &kept)) {
        return true;
    }
    enter();
    int rc = crypto_pwhash(out, sizeof out, password.p, password.n, kept.salt, kept.ops, kept.mem, crypto_pwhash_ALG_ARGON2ID13);
    sem_post(&places);
    if (rc != 0) {
        return fail(cx, E_MEMORY, "系统内存不足，暂时不能核对密码，请稍后再试");
    }
    *ret_right = sodium_memcmp(out, kept.out, sizeof out) == 0;
    sodium_memzero(out, sizeof out);
    return true;
}

bool password_verify(Str hash, Str password)
{
    Arena *mem = arena_new(4096);
    Cx cx;
    bool right;
    cx_init(&cx, mem);
    bool ok = password_check(&cx, hash, password, &right);
    arena_free(mem);
    return ok && right;
}

bool password_old(Str hash)
{
    Phc kept;
    return !phc_read(hash, &kept) || kept.ops != OPS || kept.mem != MEM;
}
