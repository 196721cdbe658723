/*
 * lot_test.c - drawing by lot, against a vector computed elsewhere (Python's hashlib) and against test/draw.mjs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "fmt/crypt.h"
#include "rule/lot.h"

#define SEED S("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
#define WORD S("福彩123")
#define PURPOSE S("复核抽查")

static void five(Lot lots[5])
{
    const Lot all[5] = {{.key = S("LB-1"), .stratum = S("a")}, {.key = S("LB-2"), .stratum = S("a")}, {.key = S("LB-3"), .stratum = S("b")},
                        {.key = S("LB-4"), .stratum = S("b")}, {.key = S("LB-5"), .stratum = S("a")}};
    memcpy(lots, all, sizeof all);
}

static void the_commitment_is_the_hash_of_the_seed(void **state)
{
    (void)state;
    char got[65];
    lot_commitment(SEED, got);
    assert_string_equal(got, "2a8abfa8cb9906290437854193ca6bca41d4d4e26d1d454bd66a35158095e737");
}

static void tickets_order_the_candidates_and_the_first_are_drawn(void **state)
{
    (void)state;
    Lot lots[5];
    five(lots);
    assert_int_equal(lot_draw(SEED, WORD, PURPOSE, lots, 5, 2, 0), 2);
    static const char *const ORDER[] = {"LB-2", "LB-3", "LB-5", "LB-4", "LB-1"};
    for (size_t i = 0; i < 5; i++) {
        assert_true(str_eq(lots[i].key, str_c(ORDER[i])));
        assert_int_equal(lots[i].place, i + 1);
        assert_int_equal(lots[i].drawn, i < 2);
    }
    assert_string_equal(lots[0].ticket, "8ab3b533b88dcaaa13c1909aa324a1077781974462720a5a99183a4b724e7a48");
    assert_string_equal(lots[4].ticket, "c0e95ef310897942065f4eb623560c34584ac22fdeb625332e539fd36de46910");
}

static void a_stratum_gives_no_more_than_its_share(void **state)
{
    (void)state;
    Lot lots[5];
    five(lots);
    assert_int_equal(lot_draw(SEED, WORD, PURPOSE, lots, 5, 4, 1), 2); /* one of a, one of b: the candidates do not suffice */
    assert_true(lots[0].drawn && lots[1].drawn && !lots[2].drawn && !lots[3].drawn && !lots[4].drawn);
    five(lots);
    assert_int_equal(lot_draw(SEED, WORD, PURPOSE, lots, 5, 3, 2), 3);
    assert_true(lots[0].drawn && lots[1].drawn && lots[2].drawn);
    five(lots);
    for (size_t i = 0; i < 5; i++) {
        lots[i].stratum = S("");
    }
    assert_int_equal(lot_draw(SEED, WORD, PURPOSE, lots, 5, 9, 1), 5); /* no stratum, no limit */
    assert_int_equal(lot_draw(SEED, WORD, PURPOSE, lots, 0, 3, 1), 0);
}

static void the_order_of_the_list_does_not_matter_but_seed_word_and_purpose_do(void **state)
{
    (void)state;
    Lot a[5], b[5];
    five(a);
    five(b);
    Lot first = b[0];
    b[0] = b[4];
    b[4] = first;
    (void)lot_draw(SEED, WORD, PURPOSE, a, 5, 3, 2);
    (void)lot_draw(SEED, WORD, PURPOSE, b, 5, 3, 2);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(a[i].ticket, b[i].ticket);
        assert_int_equal(a[i].drawn, b[i].drawn);
    }
    const Str others[][3] = {{S("0"), WORD, PURPOSE}, {SEED, S(""), PURPOSE}, {SEED, WORD, S("评审")}};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        five(b);
        (void)lot_draw(others[i][0], others[i][1], others[i][2], b, 5, 3, 2);
        assert_string_not_equal(a[0].ticket, b[0].ticket);
    }
}

/* A fixed sequence of odd numbers, so that a failure can be repeated. */
static uint32_t next_number(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*x >> 33);
}

/* One random draw: its JSON into `json`, what lot_draw takes into `want`. */
static void one_case(Arena *mem, uint64_t *x, Buf *json, Buf *want)
{
    size_t n = next_number(x) % 40, take = next_number(x) % 15, limit = next_number(x) % 4;
    Str seed = str_printf(mem, "%08x%08x", next_number(x), next_number(x)), word = next_number(x) % 2 != 0 ? S("公开词") : S("");
    buf_printf(json, "{\"seed\":\"%.*s\",\"word\":\"%.*s\",\"purpose\":\"抽查\",\"want\":%zu,\"per_stratum\":%zu,\"candidates\":[", STRF(seed),
               STRF(word), take, limit);
    Lot *lots = NEW_ARRAY(mem, Lot, n + 1);
    for (size_t i = 0; i < n; i++) {
        uint32_t city = next_number(x) % 5;
        lots[i].key = str_printf(mem, "LB-%zu-%u", i, next_number(x));
        lots[i].stratum = city != 0 ? str_printf(mem, "盟市%u", city) : S("");
        buf_printf(json, "%s{\"key\":\"%.*s\",\"stratum\":\"%.*s\"}", i != 0 ? "," : "", STRF(lots[i].key), STRF(lots[i].stratum));
    }
    buf_add(json, S("]}"));
    (void)lot_draw(seed, word, S("抽查"), lots, n, take, limit);
    for (size_t i = 0; i < n; i++) {
        if (lots[i].drawn) {
            buf_printf(want, "%.*s\n", STRF(lots[i].key));
        }
    }
    buf_add(want, S("\n"));
}

static void anyone_draws_the_same_names_with_the_published_script(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Buf json = buf_new(mem, 4u << 20), want = buf_new(mem, 1u << 20);
    uint64_t x = 20260301;
    buf_add(&json, S("["));
    for (int i = 0; i < 100; i++) {
        buf_add(&json, i != 0 ? S(",\n") : S(""));
        one_case(mem, &x, &json, &want);
    }
    buf_add(&json, S("]"));
    char path[200];
    snprintf(path, sizeof path, "%s/tamga-lot-XXXXXX", P_tmpdir);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(buf_str(&json).p, 1, json.n, out), json.n);
    assert_int_equal(fclose(out), 0);
    const char *root = getenv("TAMGA_ROOT");
    FILE *in = popen(str_printf(mem, "node '%s/test/draw.mjs' < '%s'", root != NULL ? root : ".", path).p, "r");
    assert_non_null(in);
    char *got = NEW_ARRAY(mem, char, 1u << 20);
    size_t n = fread(got, 1, (1u << 20) - 1, in);
    assert_int_equal(pclose(in), 0);
    unlink(path);
    assert_true(want.n > 1000);
    assert_true(str_eq(str_n(got, n), buf_str(&want)));
    arena_free(mem);
}

int main(void)
{
    crypt_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_commitment_is_the_hash_of_the_seed),
        cmocka_unit_test(tickets_order_the_candidates_and_the_first_are_drawn),
        cmocka_unit_test(a_stratum_gives_no_more_than_its_share),
        cmocka_unit_test(the_order_of_the_list_does_not_matter_but_seed_word_and_purpose_do),
        cmocka_unit_test(anyone_draws_the_same_names_with_the_published_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
