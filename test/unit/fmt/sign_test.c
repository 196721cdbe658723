/* sign_test.c - signatures against published vectors and another program, envelopes against every kind of change, key files. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "fmt/sign.h"
#include "fmt/sign_int.h"

typedef struct {
    Arena *mem;
    Cx cx;
    char dir[80];
} World;

static int up(void **state)
{
    World *w = calloc(1, sizeof *w);
    w->mem = arena_new(0);
    cx_init(&w->cx, w->mem);
    snprintf(w->dir, sizeof w->dir, "%s/tamga-sign-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(w->dir));
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static int down(void **state)
{
    World *w = *state;
    assert_int_equal(nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    arena_free(w->mem);
    free(w);
    return 0;
}

static Str bytes(World *w, const char *hex_text)
{
    Str b;
    assert_true(unhex(w->mem, str_c(hex_text), &b));
    return b;
}

static Signer *signer(World *w, SignAlg alg)
{
    Signer *s = signer_open(&w->cx, w->mem, str_printf(w->mem, "%s/keys", w->dir).p, alg);
    assert_non_null(s);
    return s;
}

static void refused(World *w, Str envelope, const PublicKey *k)
{
    Str payload;
    const PublicKey *by;
    if (sign_check(&w->cx, envelope, k, 1, &payload, &by)) {
        print_error("taken: %.*s\n", STRF(envelope));
        assert_true(false);
    }
    assert_int_equal(w->cx.err, E_INVALID);
    assert_true(utf8_valid(w->cx.err_text)); /* whatever stands in the envelope: it is told to people */
    cx_clear(&w->cx);
}

/* RFC 8032, 7.1, tests 1 and 3. */
static void ed25519_holds_for_the_vectors_of_rfc_8032(void **state)
{
    World *w = *state;
    static const char *const V[][3] = {
        {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}};
    for (size_t i = 0; i < ARRAY_LEN(V); i++) {
        PublicKey k;
        Str text = str_printf(w->mem, "ed:%.*s", STRF(base64url(w->mem, bytes(w, V[i][0])))), sig = bytes(w, V[i][2]);
        assert_true(public_key_read(&w->cx, text, &k));
        assert_true(sign_bytes_hold(&k, bytes(w, V[i][1]), (const uint8_t *)sig.p));
        assert_false(sign_bytes_hold(&k, S("x"), (const uint8_t *)sig.p));
    }
}

/* S + the group order verifies in a careless program: the same statement would have two texts. */
static void ed25519_refuses_the_second_form_of_a_signature(void **state)
{
    World *w = *state;
    static const uint8_t ORDER[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    Signer *s = signer(w, SIGN_ED25519);
    uint8_t sig[64];
    sign_bytes(s, S("text"), sig);
    assert_true(sign_bytes_hold(signer_public(s), S("text"), sig));
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + ORDER[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_false(sign_bytes_hold(signer_public(s), S("text"), sig));
}

/* GB/T 32918.5: the example on the recommended curve. */
#define GB_SECRET "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
#define GB_PUBLIC "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
#define GB_SIG "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"

static void sm2_holds_for_the_example_of_gbt_32918(void **state)
{
    World *w = *state;
    Str pub = bytes(w, GB_PUBLIC), secret = bytes(w, GB_SECRET), sig = bytes(w, GB_SIG);
    uint8_t derived[65];
    assert_true(sm2_derive((const uint8_t *)secret.p, derived));
    assert_memory_equal(derived, pub.p, 65);
    assert_true(sm2_verify((const uint8_t *)pub.p, S("message digest"), (const uint8_t *)sig.p));
    assert_false(sm2_verify((const uint8_t *)pub.p, S("message digesu"), (const uint8_t *)sig.p));
}

/* n of the curve: r + n, s + n, 0 and n - s are no other way to write a signature. */
static void sm2_refuses_r_and_s_outside_their_range_and_negated(void **state)
{
    World *w = *state;
    static const char N[] = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
    Str n = bytes(w, N), pub = bytes(w, GB_PUBLIC), sig = bytes(w, GB_SIG);
    uint8_t bad[64];
    for (int half = 0; half < 2; half++) {
        memcpy(bad, sig.p, 64);
        memset(bad + 32 * half, 0, 32);
        assert_false(sm2_verify((const uint8_t *)pub.p, S("message digest"), bad));
        memcpy(bad + 32 * half, n.p, 32);
        assert_false(sm2_verify((const uint8_t *)pub.p, S("message digest"), bad));
        int borrow = 0; /* n - value */
        for (int i = 31; i >= 0; i--) {
            int d = (uint8_t)n.p[i] - (uint8_t)sig.p[32 * half + i] - borrow;
            borrow = d < 0;
            bad[32 * half + i] = (uint8_t)(d + (borrow ? 256 : 0));
        }
        assert_false(sm2_verify((const uint8_t *)pub.p, S("message digest"), bad));
    }
}

static void write_file(World *w, const char *name, Str text)
{
    FILE *f = fopen(str_printf(w->mem, "%s/%s", w->dir, name).p, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

static bool openssl(World *w, char *const argv[])
{
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        if (chdir(w->dir) != 0 || freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        execvp("openssl", argv);
        _exit(127);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* An SM2 key as DER "SubjectPublicKeyInfo", and r | s as DER: the forms the command line of OpenSSL takes. */
static void openssl_verifies_what_we_sign_with_sm2(void **state)
{
    World *w = *state;
    Signer *s = signer(w, SIGN_SM2);
    const PublicKey *k = signer_public(s);
    uint8_t sig[64], der[72];
    sign_bytes(s, S("劳务"), sig);
    size_t n = 2;
    for (int half = 0; half < 2; half++) {
        const uint8_t *p = sig + 32 * half;
        size_t len = 32;
        while (len > 1 && *p == 0) {
            p++, len--;
        }
        bool pad = (*p & 0x80) != 0;
        der[n++] = 2;
        der[n++] = (uint8_t)(len + pad);
        if (pad) {
            der[n++] = 0;
        }
        memcpy(der + n, p, len);
        n += len;
    }
    der[0] = 0x30;
    der[1] = (uint8_t)(n - 2);
    Str head = bytes(w, "3059301306072a8648ce3d020106082a811ccf5501822d034200");
    Buf b = buf_new(w->mem, 200);
    buf_add(&b, head);
    buf_add_bytes(&b, k->bytes, k->n);
    write_file(w, "pub.der", buf_str(&b));
    write_file(w, "sig", str_n((const char *)der, n));
    write_file(w, "text", S("劳务"));
    write_file(w, "other", S("劳动"));
    char *argv[] = {"openssl", "dgst", "-sm3", "-keyform", "DER", "-verify", "pub.der", "-sigopt", "distid:1234567812345678", "-signature", "sig", "text", NULL};
    assert_true(openssl(w, argv));
    argv[11] = "other";
    assert_false(openssl(w, argv));
}

static void an_envelope_gives_its_payload_back_and_names_its_key(void **state)
{
    World *w = *state;
    Signer *ed = signer(w, SIGN_ED25519), *sm = signer(w, SIGN_SM2);
    PublicKey keys[] = {*signer_public(ed), *signer_public(sm)};
    const Signer *both[] = {ed, sm};
    for (size_t i = 0; i < 2; i++) {
        Str e, payload;
        const PublicKey *by;
        assert_true(sign_text(&w->cx, both[i], S("{\"no\":\"样例1\"}"), &e));
        assert_true(str_starts(e, i == 0 ? S("TAMGA1.ed.") : S("TAMGA1.sm.")));
        assert_true(sign_check(&w->cx, e, keys, 2, &payload, &by));
        assert_text(payload, "{\"no\":\"样例1\"}");
        assert_ptr_equal(by, &keys[i]);
        assert_true(sign_text(&w->cx, both[i], S(""), &e) && sign_check(&w->cx, e, keys, 2, &payload, &by) && payload.n == 0);
        refused(w, e, &keys[1 - i]);
    }
    Str big = str_n(arena_alloc(w->mem, SIGN_PAYLOAD_MAX + 1), SIGN_PAYLOAD_MAX + 1), e;
    assert_false(sign_text(&w->cx, ed, big, &e));
    assert_int_equal(w->cx.err, E_TOO_LARGE);
}

/* Each byte of each envelope, three changes: the lowest bit, the case, and another sign of the alphabet. */
static void flip_every_byte(World *w, const Signer *s, int n_envelopes)
{
    for (int i = 0; i < n_envelopes; i++) {
        ArenaMark mark = arena_mark(w->mem);
        Str e;
        assert_true(sign_text(&w->cx, s, str_printf(w->mem, "{\"no\":\"%d\",\"v\":1}", i), &e));
        char *p = arena_alloc(w->mem, e.n);
        for (size_t at = 0; at < e.n; at++) {
            static const char FLIPS[] = {0x01, 0x20, 0x07};
            for (size_t k = 0; k < sizeof FLIPS; k++) {
                memcpy(p, e.p, e.n);
                p[at] = (char)(p[at] ^ FLIPS[k]);
                refused(w, str_n(p, e.n), signer_public(s));
            }
        }
        arena_release(w->mem, mark);
    }
}

static void every_byte_of_100_envelopes_flipped_is_refused(void **state)
{
    flip_every_byte(*state, signer(*state, SIGN_ED25519), 95);
    flip_every_byte(*state, signer(*state, SIGN_SM2), 5);
}

static void cut_lengthened_and_mixed_envelopes_are_refused(void **state)
{
    World *w = *state;
    Signer *ed = signer(w, SIGN_ED25519), *sm = signer(w, SIGN_SM2);
    const PublicKey *k = signer_public(ed);
    Str e, other, m;
    assert_true(sign_text(&w->cx, ed, S("one"), &e) && sign_text(&w->cx, ed, S("two"), &other) && sign_text(&w->cx, sm, S("one"), &m));
    for (size_t n = 0; n < e.n; n++) {
        refused(w, str_sub(e, 0, n), k);
        refused(w, str_sub(e, e.n - n, n), k);
    }
    static const char *const TAILS[] = {" ", "\n", "=", ".", "A", ".A", "\t"};
    for (size_t i = 0; i < ARRAY_LEN(TAILS); i++) {
        refused(w, str_printf(w->mem, "%.*s%s", STRF(e), TAILS[i]), k);
        refused(w, str_printf(w->mem, "%s%.*s", TAILS[i], STRF(e)), k);
    }
    refused(w, str_printf(w->mem, "%.*s%.*s", STRF(str_sub(e, 0, e.n - 86)), STRF(str_sub(other, other.n - 86, 86))), k);
    refused(w, str_replace(w->mem, e, S(".ed."), S(".sm.")), k);
    refused(w, str_replace(w->mem, e, str_c(k->id), str_c(signer_public(sm)->id)), k);
    refused(w, str_replace(w->mem, e, str_c(k->id), S("\xD6\xFF\x1B[2J\x01\x02\x03\x04\x05\x06\x07\x08\t\r")), k);
    PublicKey lying = *signer_public(sm); /* the key of one algorithm under the id of the other */
    memcpy(lying.id, k->id, sizeof lying.id);
    refused(w, str_replace(w->mem, e, S(".ed."), S(".sm.")), &lying);
    refused(w, e, &lying);
}

static void a_key_is_made_once_and_kept_from_others(void **state)
{
    World *w = *state;
    for (int alg = SIGN_ED25519; alg <= SIGN_SM2; alg++) {
        Signer *a = signer(w, (SignAlg)alg), *b = signer(w, (SignAlg)alg);
        assert_text(public_key_text(w->mem, signer_public(a)), public_key_text(w->mem, signer_public(b)).p);
        assert_true(signer_public(a)->from > 20000);
    }
    struct stat st;
    assert_int_equal(stat(str_printf(w->mem, "%s/keys", w->dir).p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(str_printf(w->mem, "%s/keys/ed25519.key", w->dir).p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(str_printf(w->mem, "%s/keys/sm2.key", w->dir).p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_damaged_key_file_is_an_error_and_is_not_replaced(void **state)
{
    World *w = *state;
    (void)signer(w, SIGN_ED25519);
    static const char *const BAD[] = {"", "tamga-key ed 2026-11-23\n", "tamga-key sm 2026-11-23 AAAA\n", "tamga-key ed 2026-11-23 AAAA\n",
                                      "tamga-key ed 2026-11-23 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    const char *dir = str_printf(w->mem, "%s/keys", w->dir).p;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        write_file(w, "keys/ed25519.key", str_c(BAD[i]));
        assert_null(signer_open(&w->cx, w->mem, dir, SIGN_ED25519));
        assert_int_equal(w->cx.err, E_DATA);
        cx_clear(&w->cx);
    }
}

static void public_keys_are_read_strictly(void **state)
{
    World *w = *state;
    PublicKey k;
    for (int alg = SIGN_ED25519; alg <= SIGN_SM2; alg++) {
        const PublicKey *mine = signer_public(signer(w, (SignAlg)alg));
        assert_true(public_key_read(&w->cx, public_key_text(w->mem, mine), &k));
        assert_memory_equal(k.bytes, mine->bytes, mine->n);
        assert_string_equal(k.id, mine->id);
    }
    Buf off = buf_new(w->mem, 200);
    Str pub = bytes(w, GB_PUBLIC);
    buf_add(&off, str_sub(pub, 0, 64));
    buf_addc(&off, 0x14); /* beside the curve */
    const Str bad[] = {S(""), S("ed:"), S("ed"), S("xx:AAAA"), S("ed:AAAA"), S("ed:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                       str_printf(w->mem, "sm:%.*s", STRF(base64url(w->mem, buf_str(&off))))};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(public_key_read(&w->cx, bad[i], &k));
        assert_int_equal(w->cx.err, E_INVALID);
        cx_clear(&w->cx);
    }
}

static void base64_has_padding_and_is_strict(void **state)
{
    World *w = *state;
    Str back;
    assert_text(base64(w->mem, S("a")), "YQ==");
    assert_true(base64_read(w->mem, S("YQ=="), &back) && str_eq(back, S("a")));
    assert_false(base64_read(w->mem, S("YQ"), &back));
    assert_false(base64_read(w->mem, S("YR=="), &back));
    assert_false(base64url_read(w->mem, S("YR"), &back));
    assert_false(base64url_read(w->mem, S("\xff\xff\xff\xff"), &back));
    assert_false(base64_read(w->mem, S("\xff\xff\xff\xff"), &back));
}

#define W(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        W(ed25519_holds_for_the_vectors_of_rfc_8032), W(ed25519_refuses_the_second_form_of_a_signature),
        W(sm2_holds_for_the_example_of_gbt_32918), W(sm2_refuses_r_and_s_outside_their_range_and_negated),
        W(openssl_verifies_what_we_sign_with_sm2), W(an_envelope_gives_its_payload_back_and_names_its_key),
        W(every_byte_of_100_envelopes_flipped_is_refused), W(cut_lengthened_and_mixed_envelopes_are_refused),
        W(a_key_is_made_once_and_kept_from_others), W(a_damaged_key_file_is_an_error_and_is_not_replaced),
        W(public_keys_are_read_strictly), W(base64_has_padding_and_is_strict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
