/* totp_test.c - one-time codes against the vectors of RFC 4226 (appendix D) and RFC 6238 (appendix B), base32 against RFC 4648. */
#include "check.h"

#include "fmt/totp.h"

static const Str SECRET = STR_INIT("12345678901234567890");

static void codes_are_those_of_rfc_4226(void **state)
{
    (void)state;
    static const uint32_t WANT[] = {755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489};
    for (size_t i = 0; i < ARRAY_LEN(WANT); i++) {
        assert_int_equal(hotp(SECRET, i, 6), WANT[i]);
    }
}

static void codes_of_a_time_are_those_of_rfc_6238(void **state)
{
    (void)state;
    static const struct {
        int64_t s;
        uint32_t code;
    } WANT[] = {{59, 94287082},         {1111111109, 7081804}, {1111111111, 14050471},
                {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
    for (size_t i = 0; i < ARRAY_LEN(WANT); i++) {
        assert_int_equal(hotp(SECRET, (uint64_t)totp_step(WANT[i].s * 1000), 8), WANT[i].code);
    }
}

static void a_code_holds_for_its_step_and_its_neighbours_and_once(void **state)
{
    (void)state;
    Arena *mem = arena_new(1 << 20);
    int64_t now = 1700000000000, at = totp_step(now), step = 0;
    for (int64_t d = -3; d <= 3; d++) {
        Str code = totp_code(mem, SECRET, at + d);
        assert_int_equal(totp_match(SECRET, code, now, 0, &step), d >= -1 && d <= 1);
        if (d >= -1 && d <= 1) {
            assert_int_equal(step, at + d);
            assert_false(totp_match(SECRET, code, now, step, &step)); /* once */
        }
    }
    assert_false(totp_match(SECRET, S(""), now, 0, &step));
    assert_false(totp_match(SECRET, S("12345"), now, 0, &step));
    arena_free(mem);
}

static void base32_is_that_of_rfc_4648(void **state)
{
    (void)state;
    Arena *mem = arena_new(1 << 20);
    static const char *const WANT[][2] = {{"", ""},           {"f", "MY"},         {"fo", "MZXQ"},         {"foo", "MZXW6"},
                                          {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
    for (size_t i = 0; i < ARRAY_LEN(WANT); i++) {
        Str back;
        assert_true(str_eq(base32(mem, str_c(WANT[i][0])), str_c(WANT[i][1])));
        assert_true(base32_read(mem, str_c(WANT[i][1]), &back));
        assert_true(str_eq(back, str_c(WANT[i][0])));
    }
    Str back;
    assert_true(base32_read(mem, S("mzxw 6ytb-oi"), &back));
    assert_true(str_eq(back, S("foobar")));
    assert_false(base32_read(mem, S("MZXW1"), &back));
    arena_free(mem);
}

static void the_address_names_issuer_and_account(void **state)
{
    (void)state;
    Arena *mem = arena_new(1 << 20);
    Str uri = totp_uri(mem, S("塔木嘎"), S("aohan"), SECRET);
    assert_true(str_starts(uri, S("otpauth://totp/%E5%A1%94")));
    assert_true(str_contains(uri, S(":aohan?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=")));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_rfc_4226),
        cmocka_unit_test(codes_of_a_time_are_those_of_rfc_6238),
        cmocka_unit_test(a_code_holds_for_its_step_and_its_neighbours_and_once),
        cmocka_unit_test(base32_is_that_of_rfc_4648),
        cmocka_unit_test(the_address_names_issuer_and_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
