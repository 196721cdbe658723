/* codes_test.c - codes with the standards' and real published examples; folding, distance and initials of names. */
#include "check.h"

#include "fmt/codes.h"

static void published_credit_codes_pass(void **state)
{
    (void)state;
    assert_int_equal(uscc_check(S("11150000011512968L")), CODE_OK);
    assert_int_equal(uscc_check(S("11152100011590245Y")), CODE_OK); /* remainder 1 */
    assert_int_equal(uscc_check(S("91110000101623741K")), CODE_OK);
    assert_int_equal(uscc_check(S("911101066976941872")), CODE_OK);
    assert_int_equal(uscc_check(S("91350211M0000XUF4R")), CODE_OK);
}

static void credit_codes_with_a_wrong_check_character_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(uscc_check(S("91350211M0000XUF46")), CODE_BAD_CHECK);
    assert_int_equal(uscc_check(S("91310115MA1H8R7C6D")), CODE_BAD_CHECK);
    assert_int_equal(uscc_check(S("11150000011512968M")), CODE_BAD_CHECK);
}

static void a_credit_code_with_remainder_zero_ends_in_0(void **state)
{
    /* Found by trying every last body digit: exactly one check character fits each, and one of the 31 bodies needs '0'. */
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    int zeros = 0;
    for (size_t i = 0; i < 31; i++) {
        int fits = 0;
        for (size_t j = 0; j < 31; j++) {
            Str code = str_printf(*state, "1115000001151296%c%c", letters[i], letters[j]);
            if (uscc_check(code) == CODE_OK) {
                fits++;
                zeros += letters[j] == '0';
            }
        }
        assert_int_equal(fits, 1);
    }
    assert_int_equal(zeros, 1);
}

static void credit_codes_of_a_wrong_form_are_refused(void **state)
{
    (void)state;
    assert_int_equal(uscc_check(S("")), CODE_BAD_FORMAT);
    assert_int_equal(uscc_check(S("11150000011512968")), CODE_BAD_FORMAT);
    assert_int_equal(uscc_check(S("11150000011512968LL")), CODE_BAD_FORMAT);
    assert_int_equal(uscc_check(S("1115000001151296IL")), CODE_BAD_FORMAT);
    assert_int_equal(uscc_check(S("11150000011512968l")), CODE_BAD_FORMAT);
    assert_int_equal(uscc_check(S("11A50000011512968L")), CODE_BAD_FORMAT);
    assert_int_equal(uscc_check(str_n("1115000001151296\0L", 18)), CODE_BAD_FORMAT);
}

static void the_standards_id_numbers_pass(void **state)
{
    (void)state;
    assert_int_equal(id_number_check(S("11010519491231002X")), CODE_OK);
    assert_int_equal(id_number_check(S("440524188001010014")), CODE_OK);
    assert_int_equal(id_number_check(S("440524188001010015")), CODE_BAD_CHECK);
    assert_int_equal(id_number_check(S("110105194912310021")), CODE_BAD_CHECK);
}

static void id_numbers_need_a_real_birth_date_and_18_characters(void **state)
{
    (void)state;
    assert_int_equal(id_number_check(S("11010519490230002X")), CODE_BAD_FORMAT);
    assert_int_equal(id_number_check(S("11010519491331002X")), CODE_BAD_FORMAT);
    assert_int_equal(id_number_check(S("110105491231002")), CODE_BAD_FORMAT);
    assert_int_equal(id_number_check(S("1101051949123100XX")), CODE_BAD_FORMAT);
    assert_int_equal(id_number_check(S("")), CODE_BAD_FORMAT);
}

static void phones_are_mobile_or_with_area_code(void **state)
{
    (void)state;
    assert_int_equal(phone_check(S("13800138000")), CODE_OK);
    assert_int_equal(phone_check(S("19912345678")), CODE_OK);
    assert_int_equal(phone_check(S("0471-6944123")), CODE_OK);
    assert_int_equal(phone_check(S("010-84233444")), CODE_OK);
    assert_int_equal(phone_check(S("0471-6944123-8012")), CODE_OK);
    static const char *const bad[] = {"",            "1280013800",   "12800138000",   "138001380001", "471-6944123",
                                      "0471-694412", "0471-6944123-", "0471-6944123-x", "04716944123",  "1380013800a"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(phone_check(str_c(bad[i])), CODE_BAD_FORMAT);
    }
}

static void document_numbers_of_every_bracket_come_to_one_form(void **state)
{
    static const char *const same[] = {"内人社发〔2022〕3号",   "内人社发[2022]3号",     "内人社发（2022）3号",
                                       "内人社发﹝2022﹞3号",   "内人社发【2022】3号",   " 内人社发 ( 2022 ) 3 号 ",
                                       "内人社发［２０２２］３号", "内人社发\u3000〔2022〕3号", "内人社发<2022>3号"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        Str got;
        assert_int_equal(doc_number_normal(*state, str_c(same[i]), &got), CODE_OK);
        assert_text(got, "内人社发〔2022〕3号");
    }
    Str got;
    assert_int_equal(doc_number_normal(*state, S("鲁财社[2024]56号"), &got), CODE_OK);
    assert_text(got, "鲁财社〔2024〕56号");
    assert_int_equal(doc_number_normal(*state, S("人社部发﹝2021﹞66号"), &got), CODE_OK);
    assert_text(got, "人社部发〔2021〕66号");
}

static void what_is_no_document_number_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "内人社发2022年3号",
                                      "〔2022〕3号",
                                      "内人社发〔22〕3号",
                                      "内人社发〔2022〕号",
                                      "内人社发〔2022〕3",
                                      "内人社发〔2022〕12345号",
                                      "内人社发〕2022〔3号",
                                      "ABC〔2022〕3号",
                                      "内人社发〔2022〕3号x"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        Str got;
        assert_int_equal(doc_number_normal(*state, str_c(bad[i]), &got), CODE_BAD_FORMAT);
    }
}

static void initials_of_names_are_those_people_type(void **state)
{
    assert_text(pinyin_initials(*state, S("敖汉旗")), "ahq");
    assert_text(pinyin_initials(*state, S("内蒙古呼和浩特市")), "nmghhhts");
    assert_text(pinyin_initials(*state, S("重庆重工")), "cqzg");
    assert_text(pinyin_initials(*state, S("西藏·朝阳 A1 Ｂ２")), "xzcya1b2");
    assert_text(pinyin_initials(*state, S("“”—")), "");
    assert_text(pinyin_initials(*state, S("")), "");
}

static void names_written_differently_fold_to_one(void **state)
{
    static const char *const same[] = {"“布和白乙”ABC家政", "布和·白乙 abc 家政", "布和・白乙（ＡＢＣ）家政",
                                       "《布和白乙》-Abc-家政", "布和•白乙，abc家政"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        assert_text(name_fold(*state, str_c(same[i])), "布和白乙abc家政");
    }
    assert_text(name_fold(*state, S("二〇二四·𠮷ᠮ")), "二〇二四𠮷ᠮ");
    assert_text(name_fold(*state, S(" 。！")), "");
}

static void the_edit_distance_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(edit_distance(S("敖汉架线工"), S("敖汉架线工"), 3), 0);
    assert_int_equal(edit_distance(S("敖汉架线工"), S("敖汉架子工"), 3), 1);
    assert_int_equal(edit_distance(S("敖汉架线工"), S("敖汉旗架线工人"), 3), 2);
    assert_int_equal(edit_distance(S("kitten"), S("sitting"), 10), 3);
    assert_int_equal(edit_distance(S(""), S("abc"), 5), 3);
    assert_int_equal(edit_distance(S("abc"), S(""), 3), 3);
    assert_int_equal(edit_distance(S(""), S(""), 0), 0);
}

static void the_edit_distance_stops_at_its_limit(void **state)
{
    (void)state;
    assert_int_equal(edit_distance(S("kitten"), S("sitting"), 2), 3);
    assert_int_equal(edit_distance(S("abcdef"), S("uvwxyz"), 3), 4);
    assert_int_equal(edit_distance(S("a"), S("abcdefgh"), 2), 3);
    assert_int_equal(edit_distance(S("a"), S("b"), 0), 1);
    assert_int_equal(edit_distance(S("ab"), S("ba"), SIZE_MAX), 2);
}

/* The full table, to hold the band against. */
static size_t plain_distance(const char *a, const char *b)
{
    size_t d[9][9];
    size_t na = strlen(a), nb = strlen(b);
    for (size_t i = 0; i <= na; i++) {
        for (size_t j = 0; j <= nb; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = MIN(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]), MIN(d[i - 1][j], d[i][j - 1]) + 1);
        }
    }
    return d[na][nb];
}

static void the_banded_distance_equals_the_full_one(void **state)
{
    (void)state;
    uint32_t seed = 12345;
    for (int round = 0; round < 20000; round++) {
        char a[9] = "", b[9] = "";
        seed = seed * 1664525u + 1013904223u;
        size_t na = seed >> 29, nb = seed >> 26 & 7, limit = seed >> 23 & 7;
        for (size_t i = 0; i < 8; i++) {
            seed = seed * 1664525u + 1013904223u;
            a[i] = i < na ? (char)('a' + (seed >> 30)) : '\0';
            b[i] = i < nb ? (char)('a' + (seed >> 28 & 3)) : '\0';
        }
        assert_int_equal(edit_distance(str_c(a), str_c(b), limit), MIN(plain_distance(a, b), limit + 1));
    }
}

static void long_texts_have_a_distance_too(void **state)
{
    char *a = arena_alloc(*state, 1001), *b = arena_alloc(*state, 1001);
    memset(a, 'x', 1000);
    memset(b, 'x', 1000);
    b[500] = 'y';
    assert_int_equal(edit_distance(str_c(a), str_c(b), 5), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(published_credit_codes_pass),
        TEST(credit_codes_with_a_wrong_check_character_are_told_apart),
        TEST(a_credit_code_with_remainder_zero_ends_in_0),
        TEST(credit_codes_of_a_wrong_form_are_refused),
        TEST(the_standards_id_numbers_pass),
        TEST(id_numbers_need_a_real_birth_date_and_18_characters),
        TEST(phones_are_mobile_or_with_area_code),
        TEST(document_numbers_of_every_bracket_come_to_one_form),
        TEST(what_is_no_document_number_is_refused),
        TEST(initials_of_names_are_those_people_type),
        TEST(names_written_differently_fold_to_one),
        TEST(the_edit_distance_counts_characters),
        TEST(the_edit_distance_stops_at_its_limit),
        TEST(the_banded_distance_equals_the_full_one),
        TEST(long_texts_have_a_distance_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
