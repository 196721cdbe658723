/* Documents: typed leaves, order, names set once, reading back. */
#include "check.h"

#include "fmt/doc.h"

static void typed_leaves_have_a_raw_and_a_shown_form(void **state)
{
    Arena *a = *state;
    Doc *o = doc_obj(a);
    assert_text(doc_shown_text(a, doc_set_date(o, "date", 19844)), "2024年5月1日");
    assert_text(doc_shown_text(a, doc_set_instant(o, "at", 1714555800123)), "2024-05-01 17:30");
    assert_text(doc_shown_text(a, doc_set_money(o, "m1", 120000)), "¥1,200.00");
    assert_text(doc_shown_text(a, doc_set_money(o, "m2", -5)), "-¥0.05");
    assert_text(doc_shown_text(a, doc_set_money(o, "m3", INT64_MIN)), "-¥92,233,720,368,547,758.08");
    assert_text(doc_shown_text(a, doc_set_money(o, "m4", 99999)), "¥999.99");
    assert_text(doc_shown_text(a, doc_set_shown(o, "c", S("recognized"), S("已认定"))), "已认定");
    assert_text(doc_shown_text(a, doc_set_id(o, "id", 9007199254740993)), "9007199254740993");
    assert_text(doc_shown_text(a, doc_set_int(o, "n", -7)), "-7");
    assert_text(doc_shown_text(a, doc_set_null(o, "z")), "");
    assert_text(doc_shown_text(a, doc_set_bool(o, "b", true)), "true");
    assert_text(doc_shown_text(a, doc_set_list(o, "l")), "");
    assert_text(doc_shown_text(a, NULL), "");
    assert_text(json_text(a, o),
                "{\"date\":\"2024-05-01\",\"at\":\"2024-05-01T09:30:00.123Z\",\"m1\":120000,\"m2\":-5,\"m3\":-9223372036854775808,\"m4\":99999,"
                "\"c\":\"recognized\",\"id\":\"9007199254740993\",\"n\":-7,\"z\":null,\"b\":true,\"l\":[]}");
}

static void members_keep_order_and_are_found_among_few_and_many(void **state)
{
    Arena *a = *state;
    for (int n = 1; n <= 200; n = n * 3 + 1) {
        Doc *o = doc_obj(a);
        for (int i = 0; i < n; i++) {
            doc_set_doc_n(o, str_printf(a, "f%d", i), doc_int(a, i));
        }
        assert_int_equal(o->n, n);
        int at = 0;
        for (const Doc *c = o->first; c != NULL; c = c->next, at++) {
            assert_int_equal(c->i, at);
            assert_ptr_equal(doc_get(o, str_printf(a, "f%d", at)), c);
        }
        assert_int_equal(at, n);
        assert_null(doc_get(o, S("none")));
    }
}

static void what_an_object_may_have_is_found_as_null_and_not_printed(void **state)
{
    Arena *a = *state;
    static const Str MAY_HAVE[] = {STR_INIT("a"), STR_INIT("b"), {0}};
    Doc *o = doc_obj(a);
    doc_known(o, MAY_HAVE);
    doc_set_int(o, "b", 2);
    assert_int_equal(doc_get(o, S("a"))->kind, DOC_NULL);
    assert_int_equal(doc_get_int(o, "b", -1), 2);
    assert_null(doc_get(o, S("c")));
    assert_text(json_text(a, o), "{\"b\":2}");
    for (int i = 0; i < 40; i++) { /* past the size from which members are hashed */
        doc_set_int(o, (const char *)str_printf(a, "f%d", i).p, i);
    }
    assert_int_equal(doc_get(o, S("a"))->kind, DOC_NULL);
    doc_set_int(o, "a", 1);
    assert_int_equal(doc_get_int(o, "a", -1), 1);
}

static void lists_are_read_by_place(void **state)
{
    Arena *a = *state;
    Doc *l = doc_list(a);
    assert_null(doc_at(l, 0));
    doc_add_str(l, S("x"));
    doc_add_int(l, 5);
    doc_set_strc(doc_add_obj(l), "k", "v");
    doc_add_doc(l, doc_null(a));
    assert_int_equal(l->n, 4);
    assert_int_equal(doc_at(l, 1)->i, 5);
    assert_text(doc_get_str(doc_at(l, 2), "k"), "v");
    assert_null(doc_at(l, 4));
    assert_null(doc_at(doc_at(l, 2), 0));
}

static void getters_answer_for_what_is_absent_or_of_another_kind(void **state)
{
    Arena *a = *state;
    Doc *o = doc_obj(a);
    doc_set_int(o, "i", 42);
    doc_set_strc(o, "s", "43");
    doc_set_strc(o, "t", "4x");
    doc_set_strc(o, "z", NULL);
    doc_set_bool(o, "b", true);
    assert_int_equal(doc_get_int(o, "i", -1), 42);
    assert_int_equal(doc_get_int(o, "s", -1), 43);
    assert_int_equal(doc_get_int(o, "t", -1), -1);
    assert_int_equal(doc_get_int(o, "z", -1), -1);
    assert_int_equal(doc_get_int(o, "none", -1), -1);
    assert_text(doc_get_str(o, "s"), "43");
    assert_text(doc_get_str(o, "i"), "");
    assert_int_equal(doc_get(o, S("z"))->kind, DOC_NULL);
    assert_true(doc_get_bool(o, "b"));
    assert_false(doc_get_bool(o, "i"));
    assert_null(doc_get(doc_get(o, S("i")), S("x")));
    assert_null(doc_get(NULL, S("x")));
}

static void truth_is_anything_but_null_false_and_empty(void **state)
{
    Arena *a = *state;
    Doc *one = doc_list(a);
    doc_add_int(one, 0);
    assert_false(doc_truthy(NULL));
    assert_false(doc_truthy(doc_null(a)));
    assert_false(doc_truthy(doc_bool(a, false)));
    assert_false(doc_truthy(doc_str(a, S(""))));
    assert_false(doc_truthy(doc_list(a)));
    assert_true(doc_truthy(doc_bool(a, true)));
    assert_true(doc_truthy(doc_str(a, S("0"))));
    assert_true(doc_truthy(doc_int(a, 0)));
    assert_true(doc_truthy(one));
    assert_true(doc_truthy(doc_obj(a)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(typed_leaves_have_a_raw_and_a_shown_form), TEST(members_keep_order_and_are_found_among_few_and_many),
        TEST(what_an_object_may_have_is_found_as_null_and_not_printed), TEST(lists_are_read_by_place), TEST(getters_answer_for_what_is_absent_or_of_another_kind),
        TEST(truth_is_anything_but_null_false_and_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
