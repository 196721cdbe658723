/*
 * sign_fuzz.c - whatever the bytes: they are no envelope of a key nobody has; what is signed of them by one algorithm or the other reads back, and
 * with one byte changed it does not; strict encodings have one text a value; a public key and a list of keys that are read are written the same; a
 * key's file opens and signs or is refused, and is left alone.
 *
 * Two pairs of keys are made once in a folder of their own, which is removed at the end. The last of the input's bytes say which byte is changed and
 * which algorithm signs.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "fmt/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const FILES[] = {[SIGN_ED25519] = "ed25519.key", [SIGN_SM2] = "sm2.key"};
static char folder[] = P_tmpdir "/tamga-fuzz-XXXXXX";
static Signer *signers[2];
static PublicKey keys[2], strange;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *under(Arena *mem, const char *name)
{
    return str_printf(mem, "%s/%s", folder, name).p;
}

static void put_file(const char *path, Str text)
{
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
}

static Str file_text(Arena *mem, const char *path, size_t most)
{
    char *to = arena_alloc(mem, most + 1);
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    size_t n = fread(to, 1, most + 1, f);
    CHECK(fclose(f) == 0);
    return str_n(to, n);
}

/* Places where no key can be read or made: each is refused with words, and nothing is thought of instead. */
static void no_place(Cx *cx, const char *dir, SignAlg alg)
{
    CHECK(signer_open(cx, cx->mem, dir, alg) == NULL && cx->err == E_IO && utf8_valid(cx->err_text) && cx->err_text.n != 0);
    cx_clear(cx);
}

static void prepare(void)
{
    static const char *const LINES[] = {"tamga-key ed 2024-05-01 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA\n",
                                        "tamga-key sm 2024-05-01 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA\n"};
    static Arena *mem; /* holds the signers as long as the program runs */
    Cx cx;
    cx_init(&cx, mem = arena_new(0));
    CHECK(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
    CHECK(mkdir(under(mem, "known"), 0700) == 0 && mkdir(under(mem, "odd"), 0700) == 0 && mkdir(under(mem, "odd/sm2.key"), 0700) == 0);
    CHECK(symlink(under(mem, "new/ed25519.key"), under(mem, "odd/ed25519.key")) == 0);
    for (SignAlg alg = SIGN_ED25519; alg <= SIGN_SM2; alg++) {
        /* a new pair: made once, the same ever after, for its owner alone */
        Signer *first = signer_open(&cx, mem, under(mem, "new"), alg), *second = signer_open(&cx, mem, under(mem, "new"), alg);
        CHECK(first != NULL && second != NULL && str_eq(public_key_text(mem, signer_public(first)), public_key_text(mem, signer_public(second))));
        struct stat st;
        CHECK(stat(under(mem, str_printf(mem, "new/%s", FILES[alg]).p), &st) == 0 && (st.st_mode & 0777) == 0600);
        /* the pair that signs: always the same, so that a run can be repeated */
        put_file(under(mem, str_printf(mem, "known/%s", FILES[alg]).p), str_c(LINES[alg]));
        CHECK((signers[alg] = signer_open(&cx, mem, under(mem, "known"), alg)) != NULL);
        keys[alg] = *signer_public(signers[alg]);
        Str big = str_n(arena_alloc(mem, SIGN_PAYLOAD_MAX + 1), SIGN_PAYLOAD_MAX + 1), none;
        CHECK(!sign_text(&cx, signers[alg], big, &none) && cx.err == E_TOO_LARGE);
        cx_clear(&cx);
        no_place(&cx, under(mem, "odd"), alg);             /* a link, a folder */
        no_place(&cx, under(mem, "known/sm2.key/x"), alg); /* below a file */
        no_place(&cx, "/proc/self", alg);                  /* where no file can be made */
    }
    CHECK(public_key_read(&cx, S("ed:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), &strange)); /* RFC 8032, 7.1, test 1 */
}

static void refused(Cx *cx, Str envelope)
{
    Str payload = S("");
    const PublicKey *by = NULL;
    CHECK(!sign_check(cx, envelope, keys, ARRAY_LEN(keys), &payload, &by) && by == NULL && payload.n == 0);
    CHECK(cx->err == E_INVALID && utf8_valid(cx->err_text) && cx->err_text.n != 0);
    cx_clear(cx);
}

/* `with`: not 0, what the byte at `at` is changed by. */
static void signing(Cx *cx, SignAlg alg, Str text, size_t at, uint8_t with)
{
    Str envelope, payload = S("");
    const PublicKey *by = NULL;
    CHECK(sign_text(cx, signers[alg], text, &envelope));
    CHECK(sign_check(cx, envelope, keys, ARRAY_LEN(keys), &payload, &by) && by == &keys[alg] && str_eq(payload, text));
    CHECK(!sign_check(cx, envelope, &strange, 1, &payload, &by) && cx->err == E_INVALID); /* good, but by none of these */
    cx_clear(cx);
    char *changed = arena_alloc(cx->mem, envelope.n + 1);
    memcpy(changed, envelope.p, envelope.n);
    changed[at % envelope.n] ^= (char)with;
    refused(cx, str_n(changed, envelope.n));
    refused(cx, str_sub(envelope, 0, at % envelope.n));
    memcpy(changed, envelope.p, envelope.n);
    changed[envelope.n] = (char)with;
    refused(cx, str_n(changed, envelope.n + 1));

    uint8_t sig[64];
    sign_bytes(signers[alg], text, sig);
    CHECK(sign_bytes_hold(&keys[alg], text, sig));
    CHECK(!sign_bytes_hold(&keys[alg], str_printf(cx->mem, "%.*s.", STRF(text)), sig));
    sig[at % sizeof sig] ^= with;
    CHECK(!sign_bytes_hold(&keys[alg], text, sig));
}

static void key_list(Cx *cx, const PublicKey *some, size_t n)
{
    PublicKey *back;
    size_t n_back;
    CHECK(keys_read(cx, keys_json(cx->mem, some, n, S("样例/log"), S("样例/log+00000000+AA")), &back, &n_back) && n_back == n);
    for (size_t i = 0; i < n; i++) {
        CHECK(str_eq(public_key_text(cx->mem, &back[i]), public_key_text(cx->mem, &some[i])) && strcmp(back[i].id, some[i].id) == 0);
        CHECK(back[i].from == some[i].from);
    }
}

/* The file of a key as a hostile disk has it: opened it signs, else it is refused as damaged; it stays as it is either way. */
static void key_file(Cx *cx, SignAlg alg, Str text)
{
    const char *path = under(cx->mem, str_printf(cx->mem, "disk/%s", FILES[alg]).p);
    (void)mkdir(under(cx->mem, "disk"), 0700);
    put_file(path, text);
    Signer *s = signer_open(cx, cx->mem, under(cx->mem, "disk"), alg);
    if (s != NULL) {
        uint8_t sig[64];
        sign_bytes(s, S("x"), sig);
        CHECK(signer_public(s)->alg == alg && sign_bytes_hold(signer_public(s), S("x"), sig));
    } else {
        CHECK(cx->err == E_DATA && utf8_valid(cx->err_text) && cx->err_text.n != 0);
        cx_clear(cx);
    }
    CHECK(str_eq(file_text(cx->mem, path, text.n), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
        crypt_start();
        log_level(LOG_ERROR + 1); /* damaged keys are told to the log */
        prepare();
    }
    Cx cx;
    cx_init(&cx, mem);
    Str text = str_n((const char *)data, size), back;
    size_t at = size > 2 ? (size_t)data[size - 1] | (size_t)data[size - 2] << 8 : size;
    uint8_t with = size > 2 && data[size - 3] != 0 ? data[size - 3] : 1;
    PublicKey k, *list;
    size_t n_list;
    refused(&cx, text);
    signing(&cx, at % 2 == 0 ? SIGN_ED25519 : SIGN_SM2, text, at, with); /* one of them: SM2 takes most of the time */
    key_file(&cx, SIGN_ED25519, text);
    key_file(&cx, SIGN_SM2, text);
    if (base64url_read(mem, text, &back)) {
        CHECK(str_eq(base64url(mem, back), text));
    }
    CHECK(base64_read(mem, base64(mem, text), &back) && str_eq(back, text));
    if (base64_read(mem, text, &back)) {
        CHECK(str_eq(base64(mem, back), text));
    }
    if (public_key_read(&cx, text, &k)) {
        CHECK(str_eq(public_key_text(mem, &k), text));
        key_list(&cx, &k, 1);
    } else {
        CHECK(cx.err == E_INVALID && cx.err_text.n != 0);
        cx_clear(&cx);
    }
    if (keys_read(&cx, text, &list, &n_list)) {
        key_list(&cx, list, n_list);
    } else {
        CHECK(cx.err == E_INVALID && cx.err_text.n != 0);
        cx_clear(&cx);
    }
    key_list(&cx, keys, ARRAY_LEN(keys));
    arena_reset(mem);
    return 0;
}
