/* token_test.c - certificates as signed text: what is taken, and that nothing else is; revocation lists; lists of keys. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/err.h has its own */

#include "base/date.h"
#include "base/log.h"
#include "feature/certificate/token.h"

typedef struct {
    Arena *mem;
    Cx cx;
    char dir[80];
    Signer *ed, *sm;
    PublicKey keys[2];
    CertToken t;
} World;

static int up(void **state)
{
    World *w = calloc(1, sizeof *w);
    w->mem = arena_new(0);
    cx_init(&w->cx, w->mem);
    log_level(LOG_ERROR + 1);
    snprintf(w->dir, sizeof w->dir, "%s/tamga-token-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(w->dir));
    w->ed = signer_open(&w->cx, w->mem, w->dir, SIGN_ED25519);
    w->sm = signer_open(&w->cx, w->mem, w->dir, SIGN_SM2);
    assert_true(w->ed != NULL && w->sm != NULL);
    w->keys[0] = *signer_public(w->ed);
    w->keys[1] = *signer_public(w->sm);
    w->t = (CertToken){.no = S("样例〔2026〕1号"), .brand = S("敖汉架线工"), .holder = S("样例单位"), .level = S("自治区级（样例）"),
                       .issuer = S("样例发证单位"), .issued = date_from_civil(2026, 1, 2), .until = date_from_civil(2029, 1, 1), .log = 7};
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

#define REFUSED(expr)                                                                                                  \
    do {                                                                                                               \
        assert_false(expr);                                                                                            \
        assert_int_equal(w->cx.err, E_INVALID);                                                                        \
        cx_clear(&w->cx);                                                                                              \
    } while (0)

static bool reads(World *w, Str envelope)
{
    CertToken back;
    const PublicKey *by;
    return cert_token_read(&w->cx, envelope, w->keys, 2, &back, &by);
}

static void a_certificate_reads_back_with_either_algorithm(void **state)
{
    World *w = *state;
    const Signer *both[] = {w->ed, w->sm};
    for (size_t i = 0; i < 2; i++) {
        for (int64_t log = -1; log < 9; log += 9) {
            Str e;
            CertToken back;
            const PublicKey *by;
            w->t.log = log;
            assert_true(cert_token_make(&w->cx, both[i], &w->t, &e));
            assert_true(cert_token_read(&w->cx, e, w->keys, 2, &back, &by));
            assert_true(str_eq(back.no, w->t.no) && str_eq(back.brand, w->t.brand) && str_eq(back.holder, w->t.holder));
            assert_true(str_eq(back.level, w->t.level) && str_eq(back.issuer, w->t.issuer));
            assert_int_equal(back.issued, w->t.issued);
            assert_int_equal(back.until, w->t.until);
            assert_int_equal(back.log, log);
            assert_ptr_equal(by, &w->keys[i]);
        }
    }
}

static void the_payload_is_canonical_json(void **state)
{
    World *w = *state;
    Str e, payload = S("");
    const PublicKey *by;
    assert_true(cert_token_make(&w->cx, w->ed, &w->t, &e) && sign_check(&w->cx, e, w->keys, 2, &payload, &by));
    assert_true(str_eq(payload, S("{\"brand\":\"敖汉架线工\",\"holder\":\"样例单位\",\"issued\":\"2026-01-02\",\"issuer\":\"样例发证单位\","
                                  "\"level\":\"自治区级（样例）\",\"log\":7,\"no\":\"样例〔2026〕1号\",\"until\":\"2029-01-01\",\"v\":1}")));
}

static void every_byte_flipped_is_refused(void **state)
{
    World *w = *state;
    const Signer *both[] = {w->ed, w->sm};
    for (size_t k = 0; k < 2; k++) {
        Str e;
        assert_true(cert_token_make(&w->cx, both[k], &w->t, &e));
        char *p = arena_alloc(w->mem, e.n);
        for (size_t at = 0; at < e.n; at++) {
            for (int bit = 0; bit < 7; bit += k == 0 ? 1 : 3) {
                ArenaMark mark = arena_mark(w->mem);
                memcpy(p, e.p, e.n);
                p[at] = (char)(p[at] ^ (1 << bit));
                REFUSED(reads(w, str_n(p, e.n)));
                arena_release(w->mem, mark);
            }
        }
    }
}

/* Rightly signed, but not what we would write. */
static void a_signed_text_that_is_no_certificate_is_refused(void **state)
{
    World *w = *state;
    static const char GOOD[] = "{\"brand\":\"a\",\"holder\":\"b\",\"issued\":\"2026-01-02\",\"issuer\":\"c\",\"level\":\"d\",\"log\":null,"
                               "\"no\":\"1\",\"until\":\"2029-01-01\",\"v\":1}";
    static const char *const CHANGES[][2] = {
        {"\"v\":1", "\"v\":2"},       {"\"v\":1", "\"v\":\"1\""},          {"\"v\":1", "\"v\":1.0"},   {",\"v\":1", ""},
        {"\"v\":1", "\"v\":1,\"x\":1"}, {"2029-01-01", "2029-1-1"},          {"2029-01-01", "2029-02-30"}, {"2029-01-01", "2025-01-01"},
        {"\"a\"", "\"\""},            {"\"a\"", "5"},                      {"null", "-1"},             {"null", "\"1\""},
        {"null", "1.5"},              {"{\"brand", "{ \"brand"},           {"\"v\":1}", "\"v\":1} "},  {"\"a\"", "\"\\u0061\""},
        {"\"no\":\"1\"", "\"no\":\"1\",\"no\":\"1\""}};
    Str e;
    assert_true(sign_text(&w->cx, w->ed, str_c(GOOD), &e) && reads(w, e));
    for (size_t i = 0; i < ARRAY_LEN(CHANGES); i++) {
        Str bad = str_replace(w->mem, str_c(GOOD), str_c(CHANGES[i][0]), str_c(CHANGES[i][1]));
        assert_false(str_eq(bad, str_c(GOOD)));
        assert_true(sign_text(&w->cx, w->ed, bad, &e));
        REFUSED(reads(w, e));
    }
    assert_true(sign_text(&w->cx, w->ed, S("[]"), &e));
    REFUSED(reads(w, e));
    Revoked none;
    assert_true(revocation_make(&w->cx, w->ed, 0, &none, 0, &e));
    REFUSED(reads(w, e));
}

static void what_cannot_be_read_is_not_made(void **state)
{
    World *w = *state;
    Str e;
    CertToken t = w->t;
    t.holder = S("");
    REFUSED(cert_token_make(&w->cx, w->ed, &t, &e));
    t = w->t;
    t.until = t.issued - 1;
    REFUSED(cert_token_make(&w->cx, w->ed, &t, &e));
    t = w->t;
    t.brand = str_n(arena_alloc(w->mem, 300), 300);
    REFUSED(cert_token_make(&w->cx, w->ed, &t, &e));
}

static void the_token_is_found_in_texts_addresses_and_files(void **state)
{
    World *w = *state;
    Str e, other, found;
    assert_true(cert_token_make(&w->cx, w->ed, &w->t, &e));
    w->t.log = 8;
    assert_true(cert_token_make(&w->cx, w->ed, &w->t, &other));
    const Str with[] = {e, str_printf(w->mem, "https://example.org/verify#%.*s\n", STRF(e)), str_printf(w->mem, "%%PDF-1.7\n/Keywords (%.*s)\n", STRF(e)),
                        str_printf(w->mem, "“%.*s” 又 %.*s", STRF(e), STRF(e))};
    for (size_t i = 0; i < ARRAY_LEN(with); i++) {
        assert_true(cert_token_find(&w->cx, with[i], &found));
        assert_true(str_eq(found, e));
    }
    REFUSED(cert_token_find(&w->cx, S(""), &found));
    REFUSED(cert_token_find(&w->cx, S("TAMGA2.ed"), &found));
    REFUSED(cert_token_find(&w->cx, str_printf(w->mem, "%.*s %.*s", STRF(e), STRF(other)), &found));
}

static void a_revocation_list_reads_back_sorted_and_strictly(void **state)
{
    World *w = *state;
    Revoked items[] = {{S("样例3"), 20500}, {S("样例1"), 20501}, {S("样例2"), 20502}}, *back;
    Str e, payload;
    int64_t at;
    size_t n;
    const PublicKey *by;
    assert_true(revocation_make(&w->cx, w->ed, 1767323045678, items, 3, &e));
    assert_true(revocation_read(&w->cx, e, w->keys, 2, &at, &back, &n));
    assert_int_equal(at, 1767323045678);
    assert_int_equal(n, 3);
    assert_true(str_eq(back[0].no, S("样例1")) && back[0].on == 20501 && str_eq(back[2].no, S("样例3")));
    assert_true(sign_check(&w->cx, e, w->keys, 2, &payload, &by));
    assert_true(str_starts(payload, S("{\"at\":\"2026-01-02T03:04:05.678Z\",\"revoked\":[{\"no\":\"样例1\",\"on\":\"2026-02-17\"},")));
    items[1].no = S("样例3");
    REFUSED(revocation_make(&w->cx, w->ed, 0, items, 3, &e));
    static const char *const BAD[] = {"{\"at\":\"2026-01-02T03:04:05.678Z\",\"revoked\":[{\"no\":\"2\",\"on\":\"2026-02-17\"},{\"no\":\"1\",\"on\":\"2026-02-17\"}],\"v\":1}",
                                      "{\"at\":\"2026-01-02T25:04:05.678Z\",\"revoked\":[],\"v\":1}", "{\"at\":\"2026-01-02T03:04:05.678Z\",\"revoked\":[]}",
                                      "{\"at\":\"2026-01-02T03:04:05.678Z\",\"revoked\":[{\"no\":\"1\"}],\"v\":1}", "[]"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_true(sign_text(&w->cx, w->ed, str_c(BAD[i]), &e));
        REFUSED(revocation_read(&w->cx, e, w->keys, 2, &at, &back, &n));
    }
    assert_true(cert_token_make(&w->cx, w->ed, &w->t, &e));
    REFUSED(revocation_read(&w->cx, e, w->keys, 2, &at, &back, &n));
}

static void a_list_of_keys_reads_back_and_refuses_a_swapped_key(void **state)
{
    World *w = *state;
    PublicKey *back;
    size_t n;
    Str text = keys_json(w->mem, w->keys, 2, S("样例/log"), S("样例/log+00000000+AA"));
    assert_true(keys_read(&w->cx, text, &back, &n));
    assert_int_equal(n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_memory_equal(back[i].bytes, w->keys[i].bytes, w->keys[i].n);
        assert_string_equal(back[i].id, w->keys[i].id);
        assert_int_equal(back[i].from, w->keys[i].from);
    }
    REFUSED(keys_read(&w->cx, str_replace(w->mem, text, str_c(w->keys[0].id), S("0000000000000000")), &back, &n));
    REFUSED(keys_read(&w->cx, S("{\"keys\":[]}"), &back, &n));
    REFUSED(keys_read(&w->cx, S("x"), &back, &n));
}

#define W(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {W(a_certificate_reads_back_with_either_algorithm), W(the_payload_is_canonical_json),
                                       W(every_byte_flipped_is_refused), W(a_signed_text_that_is_no_certificate_is_refused),
                                       W(what_cannot_be_read_is_not_made), W(the_token_is_found_in_texts_addresses_and_files),
                                       W(a_revocation_list_reads_back_sorted_and_strictly), W(a_list_of_keys_reads_back_and_refuses_a_swapped_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
