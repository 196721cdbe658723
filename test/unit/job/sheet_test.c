/* sheet_test.c - the columns of a type's spreadsheet, and how the header of a file is matched to them. */
#include "fixture.h"

static SheetPlan plan_of(Fixture *f, const char *dir, const char *type, const Pack **ret_pack)
{
    Str report;
    *ret_pack = pack_load(&f->cx, f->mem, dir, &report);
    REQUIRE(*ret_pack != NULL, &f->cx);
    return sheet_plan(f->mem, *ret_pack, pack_type(*ret_pack, str_c(type)));
}

static void the_number_stands_first_and_two_levels_need_no_parent_column(void **state)
{
    Fixture *f = *state;
    SheetPlan p = sheet_plan(f->mem, f->pack, f->team);
    assert_int_equal(p.n, 8);
    assert_int_equal(p.cols[0].kind, SC_NUMBER);
    assert_true(str_eq(p.cols[1].title, S("队名")));
    assert_true(str_eq(p.cols[4].title, S("人数（人）")));
    for (size_t i = 0; i < p.n; i++) {
        assert_int_not_equal(p.cols[i].kind, SC_PARENT);
    }
}

static void a_region_on_the_third_level_is_preceded_by_the_one_above(void **state)
{
    Fixture *f = *state;
    const Pack *pack;
    SheetPlan p = plan_of(f, SOURCE_ROOT "/pack/neimenggu", "brand", &pack);
    size_t at = 0;
    while (at < p.n && p.cols[at].kind != SC_PARENT) {
        at++;
    }
    assert_true(at + 1 < p.n);
    assert_ptr_equal(p.cols[at].field, p.cols[at + 1].field);
    assert_int_equal(p.cols[at + 1].kind, SC_FIELD);
    assert_true(str_eq(p.cols[p.n - 1].key, S("figures.caliber")) || p.cols[p.n - 1].kind == SC_BESIDE);
}

static void a_header_is_found_whatever_its_order_and_small_edits(void **state)
{
    Fixture *f = *state;
    SheetPlan p = sheet_plan(f->mem, f->pack, f->team);
    const Str cells[] = {S("人数"), S("备注"), S(" 队 名* "), S("所在县"), S("工种")};
    HeaderMap m = sheet_match(f->mem, &p, cells, ARRAY_LEN(cells), false);
    assert_int_equal(m.at[1], 2);
    assert_int_equal(m.at[4], 0);
    assert_int_equal(m.at[0], -1);
    assert_int_equal(m.n_unknown, 1);
    assert_true(str_eq(m.unknown[0], S("备注")));
    assert_int_equal(sheet_missing(f->mem, &p, &m).n, 0);
}

static void a_missing_required_column_is_named_with_the_nearest_title(void **state)
{
    Fixture *f = *state;
    SheetPlan p = sheet_plan(f->mem, f->pack, f->team);
    const Str cells[] = {S("队名"), S("所在县城"), S("工种"), S("人数（人）")};
    HeaderMap m = sheet_match(f->mem, &p, cells, ARRAY_LEN(cells), false);
    Str missing = sheet_missing(f->mem, &p, &m);
    assert_true(str_contains(missing, S("“所在县”")));
    assert_true(str_contains(missing, S("所在县城")));
    assert_false(str_contains(missing, S("“工种”")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_stands_first_and_two_levels_need_no_parent_column),
        cmocka_unit_test(a_region_on_the_third_level_is_preceded_by_the_one_above),
        cmocka_unit_test(a_header_is_found_whatever_its_order_and_small_edits),
        cmocka_unit_test(a_missing_required_column_is_named_with_the_nearest_title),
    };
    return cmocka_run_group_tests(tests, fixture_up, fixture_down);
}
