/* str_test.c - text, numbers, UTF-8, and what an input method types. */
#include "unit.h"

static void empty_text_may_have_no_pointer(void **state)
{
    Arena *mem = *state;
    Str none = {NULL, 0}, a, b;
    size_t at;
    int64_t v;
    assert_true(str_eq(none, S("")));
    assert_int_equal(str_cmp(none, S("")), 0);
    assert_true(str_cmp(none, S("a")) < 0);
    assert_false(str_starts(none, S("a")));
    assert_false(str_ends(none, S("a")));
    assert_true(str_starts(S("a"), none));
    assert_false(str_find(none, S("a"), &at));
    assert_int_equal(str_sub(none, 0, 5).n, 0);
    assert_int_equal(str_trim(none).n, 0);
    assert_false(str_cut(none, ',', &a, &b));
    assert_str(str_dup(mem, none), S(""));
    assert_string_equal(str_z(mem, none), "");
    assert_str(str_replace(mem, none, S("a"), S("b")), S(""));
    assert_str(str_narrow(mem, none), S(""));
    assert_false(str_int(none, &v));
    assert_true(utf8_valid(none));
}

static void order_is_bytewise_and_a_prefix_comes_first(void **state)
{
    (void)state;
    assert_true(str_cmp(S("a"), S("b")) < 0);
    assert_true(str_cmp(S("ab"), S("a")) > 0);
    assert_true(str_cmp(S("a\0b"), S("a\0c")) < 0);
    assert_true(str_cmp(S("\xFF"), S("a")) > 0);
    assert_int_equal(str_cmp(S("中"), S("中")), 0);
    assert_true(str_ieq(S("AbZ[中"), S("aBz[中")));
    assert_false(str_ieq(S("@"), S("`"))); /* only letters fold */
}

static void finding_and_cutting(void **state)
{
    (void)state;
    size_t at = 99;
    assert_true(str_find(S("敖汉小米"), S("小"), &at));
    assert_int_equal(at, 6);
    assert_true(str_find(S("abc"), S(""), &at));
    assert_int_equal(at, 0);
    assert_false(str_contains(S("ab"), S("abc")));
    assert_str(str_sub(S("abcdef"), 2, 3), S("cde"));
    assert_str(str_sub(S("abcdef"), 4, SIZE_MAX), S("ef"));
    assert_str(str_sub(S("abcdef"), 9, 3), S(""));
    Str a, b;
    assert_true(str_cut(S("k=v=w"), '=', &a, &b));
    assert_str(a, S("k"));
    assert_str(b, S("v=w"));
    assert_true(str_cut(S("k="), '=', &a, &b));
    assert_str(b, S(""));
    assert_false(str_cut(S("kv"), '=', &a, &b));
    assert_str(a, S("kv"));
    assert_str(b, S(""));
    assert_true(str_starts(S("abc"), S("ab")) && !str_starts(S("a"), S("ab")));
    assert_true(str_ends(S("abc"), S("bc")) && !str_ends(S("c"), S("bc")));
}

static void trimming_knows_chinese_spaces_and_keeps_inner_ones(void **state)
{
    (void)state;
    assert_str(str_trim(S(" \t\r\n\v\f\u00A0\u3000敖 汉\u3000\u00A0 ")), S("敖 汉"));
    assert_str(str_trim(S(" \u3000 ")), S(""));
    assert_str(str_trim(S("\u2000x\u2000")), S("\u2000x\u2000"));
    assert_str(str_trim(S("あ")), S("あ")); /* shares bytes with U+3000 */
}

static void making_new_text(void **state)
{
    Arena *mem = *state;
    assert_str(str_lower(mem, S("AZaz@[中É")), S("azaz@[中É"));
    Str parts[] = {S("a"), S(""), S("中")};
    assert_str(str_join(mem, parts, 3, S(", ")), S("a, , 中"));
    assert_str(str_join(mem, parts, 0, S(", ")), S(""));
    assert_str(str_replace(mem, S("aaaa"), S("aa"), S("b")), S("bb"));
    assert_str(str_replace(mem, S("a-b-"), S("-"), S("")), S("ab"));
    assert_str(str_replace(mem, S("a.b"), S("."), S("。。")), S("a。。b"));
    assert_str(str_printf(mem, "%d-%s", 5, "x"), S("5-x"));
    for (int n = 250; n < 260; n++) { /* across the small buffer's edge */
        Str s = str_printf(mem, "%0*d", n, 7);
        assert_int_equal(s.n, n);
        assert_int_equal(s.p[n - 1], '7');
        assert_int_equal(s.p[n], 0);
    }
    assert_string_equal(str_z(mem, str_n("abcdef", 3)), "abc");
}

static void whole_numbers_are_read_exactly_or_not_at_all(void **state)
{
    (void)state;
    int64_t v = 0;
    assert_true(str_int(S("0"), &v) && v == 0);
    assert_true(str_int(S("-17"), &v) && v == -17);
    assert_true(str_int(S("007"), &v) && v == 7);
    assert_true(str_int(S("9223372036854775807"), &v) && v == INT64_MAX);
    assert_true(str_int(S("-9223372036854775808"), &v) && v == INT64_MIN);
    static const Str BAD[] = {STR_INIT(""), STR_INIT("-"), STR_INIT("+1"), STR_INIT(" 1"), STR_INIT("1 "), STR_INIT("1.0"),
                              STR_INIT("0x1"), STR_INIT("9223372036854775808"), STR_INIT("-9223372036854775809"),
                              STR_INIT("99999999999999999999"), STR_INIT("--1"), STR_INIT("1-"), STR_INIT("１")};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        v = 4711;
        assert_false(str_int(BAD[i], &v));
        assert_int_equal(v, 4711);
    }
}

static void every_code_point_goes_out_and_in_again(void **state)
{
    (void)state;
    for (uint32_t cp = 1; cp <= 0x10FFFF; cp++) {
        char out[4];
        size_t n = utf8_put(out, cp), at = 0;
        bool surrogate = cp >= 0xD800 && cp <= 0xDFFF;
        if (utf8_valid(str_n(out, n)) == surrogate || utf8_next(str_n(out, n), &at) != cp || at != n ||
            (n > 1 && utf8_valid(str_n(out, n - 1)))) {
            print_error("U+%04X\n", cp);
            assert_true(false);
        }
    }
}

static void wrong_utf8_is_refused(void **state)
{
    (void)state;
    static const Str BAD[] = {
        STR_INIT("\x80"), STR_INIT("\xC0\x80"), STR_INIT("\xC1\xBF"), STR_INIT("\xE0\x9F\xBF"), STR_INIT("\xED\xA0\x80"),
        STR_INIT("\xF0\x8F\xBF\xBF"), STR_INIT("\xF4\x90\x80\x80"), STR_INIT("\xF5\x80\x80\x80"), STR_INIT("\xFF"),
        STR_INIT("a\0b"), STR_INIT("\xE4\xB8"), STR_INIT("\xE4\xB8x"), STR_INIT("中\xE4"), STR_INIT("\xC4\xE3\xBA\xC3")};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_false(utf8_valid(BAD[i]));
    }
    assert_true(utf8_valid(S("塔木嘎 Tamga é 𠮷 \x7F")));
}

static void characters_are_counted_and_cut_whole(void **state)
{
    (void)state;
    assert_int_equal(utf8_len(S("敖a𠮷é")), 4);
    assert_str(utf8_cut(S("敖a𠮷é"), 3), S("敖a𠮷"));
    assert_str(utf8_cut(S("敖a"), 9), S("敖a"));
    assert_str(utf8_cut(S("敖a"), 0), S(""));
    size_t at = 0;
    assert_int_equal(utf8_next(S(""), &at), 0);
    assert_true(utf8_is_han(0x6C49) && utf8_is_han(0x20BB7) && utf8_is_han(0x3007) && !utf8_is_han('a') && !utf8_is_han(0x3042));
}

static void what_an_input_method_types_becomes_plain(void **state)
{
    Arena *mem = *state;
    assert_str(str_narrow(mem, S("　１５０１０２＊ＡＢｃ（）　 ")), S("150102*ABc()"));
    assert_str(str_narrow(mem, S("敖汉　小米。、《》")), S("敖汉 小米。、《》"));
    assert_str(str_narrow(mem, S("！～")), S("!~"));
    assert_str(str_narrow(mem, S("\u00A0a\u00A0b\u00A0")), S("a b"));
    assert_str(str_narrow(mem, S("0123456789abcd\xC2")), S("0123456789abcd\uFFFD")); /* cut off at the end: longer than it was */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(empty_text_may_have_no_pointer),
        T(order_is_bytewise_and_a_prefix_comes_first),
        T(finding_and_cutting),
        T(trimming_knows_chinese_spaces_and_keeps_inner_ones),
        T(making_new_text),
        T(whole_numbers_are_read_exactly_or_not_at_all),
        T(every_code_point_goes_out_and_in_again),
        T(wrong_utf8_is_refused),
        T(characters_are_counted_and_cut_whole),
        T(what_an_input_method_types_becomes_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
