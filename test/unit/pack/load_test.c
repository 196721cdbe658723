/*
 * load_test.c - a whole pack is read as its files say.
 */
#include "base/buf.h"
#include "mini.h"

static int up(void **state)
{
    Mini *m = malloc(sizeof *m);
    mini_ok(m);
    *state = m;
    return 0;
}

static int down(void **state)
{
    mini_free(*state);
    free(*state);
    return 0;
}

static void text_is(Str got, const char *want)
{
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p, want, got.n);
}

static void the_head_names_pack_and_levels(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    text_is(p->id, "mini");
    text_is(p->title, "小包");
    text_is(p->version, "1");
    assert_false(p->sample);
    assert_int_equal(p->n_levels, 3);
    text_is(p->levels[0], "region");
    assert_int_equal(p->n_reserved_words, 1);
    assert_int_equal(p->hash.n, 64);
}

static void regions_form_a_tree_whatever_their_order(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const Region *r = pack_region(p, S("150430"));
    assert_non_null(r);
    text_is(r->name, "敖汉旗");
    text_is(r->shortname, "敖汉");
    text_is(r->parent->name, "赤峰市");
    assert_int_equal(r->level_index, 2);
    assert_int_equal(r->hex_col, 8);
    assert_true(region_has_flag(r, S("key_help")));
    assert_true(region_has_flag(r, S("farm")));
    assert_false(region_has_flag(r, S("key")));
    assert_true(region_within(r, pack_region(p, S("150000"))));
    assert_false(region_within(r, pack_region(p, S("150100"))));
    assert_int_equal(pack_region(p, S("150172"))->level_index, -1);
    assert_int_equal(pack_region(p, S("150102"))->valid_from, DATE_MIN);
    text_is(pack_region(p, S("150405"))->successor, "150402");
    assert_null(pack_region(p, S("999999")));
}

static void a_region_is_found_by_its_name_unless_that_is_ambiguous(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    text_is(pack_region_by_name(p, S("敖汉旗"), NULL)->code, "150430");
    text_is(pack_region_by_name(p, S("敖汉"), NULL)->code, "150430");
    assert_null(pack_region_by_name(p, S("新城区"), NULL));
    text_is(pack_region_by_name(p, S("新城区"), pack_region(p, S("150400")))->code, "150402");
    text_is(pack_region_by_name(p, S("赤峰市新城区"), NULL)->code, "150402");
    text_is(pack_region_by_name(p, S("内蒙古自治区呼和浩特市新城区"), NULL)->code, "150102");
    assert_null(pack_region_by_name(p, S("赤峰市玉泉区"), NULL));
    assert_null(pack_region_by_name(p, S("赤峰市赤峰市"), NULL));
    text_is(pack_region_by_name(p, S("赤峰市敖汉旗"), pack_region(p, S("150400")))->code, "150430"); /* the one it lies in may be named as well */
    assert_null(pack_region_by_name(p, S("赤峰市赤峰市敖汉旗"), NULL));                          /* but once */
    Buf long_name = buf_new(((Mini *)*state)->mem, (size_t)2 << 20);
    while (long_name.n < (size_t)1 << 20) { /* as much as a form may bring: no stack is used up */
        buf_add(&long_name, S("赤峰市"));
    }
    assert_null(pack_region_by_name(p, buf_str(&long_name), NULL));
}

static void sets_join_their_conditions_and_leave_out_retired_regions(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    assert_int_equal(pack_set(p, S("counties"))->n, 3);
    const RegionSet *key = pack_set(p, S("key"));
    assert_int_equal(key->n, 1);
    text_is(key->regions[0]->code, "150430");
    assert_null(pack_set(p, S("none")));
}

static void offices_report_along_their_own_tree(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const Org *a = pack_org(p, S("A"));
    text_is(a->parent->code, "C4");
    assert_int_equal(a->home, 3);
    assert_int_equal(a->level_index, 2);
    text_is(a->region->code, "150430");
    assert_ptr_equal(pack_org_by_home(p, 2), pack_org(p, S("C4")));
    assert_true(org_within(a, pack_org(p, S("R"))));
    assert_false(org_within(pack_org(p, S("R")), a));
}

static void codes_are_found_by_code_and_by_label(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const CodeList *l = pack_codes(p, S("kind"));
    assert_int_equal(l->n, 2);
    text_is(code_find(l, S("b"))->label, "乙类");
    text_is(code_find(l, S("b"))->parent, "a");
    text_is(code_find(l, S("a"))->tone, "sky");
    text_is(code_by_label(l, S("甲类"))->code, "a");
    text_is(code_by_label(l, S("a"))->code, "a");
    assert_null(code_by_label(l, S("丙类")));
}

static void a_code_list_may_stand_in_a_file(void **state)
{
    (void)state;
    Mini m;
    mini_load(&m, (MiniFile[]){{"codes.yaml", MINI_CODES "trade:\n  label: 行业\n  file: trade.csv\n"},
                               {"trade.csv", "code,label,parent\nA,农业,\nA1,种植业,A\n"}}, 2);
    assert_non_null(m.pack);
    const CodeList *l = pack_codes(m.pack, S("trade"));
    assert_int_equal(l->n, 2);
    text_is(code_find(l, S("A1"))->parent, "A");
    text_is(code_by_label(l, S("种植业"))->code, "A1");
    mini_free(&m);
}

static void fields_carry_their_kind_limits_and_references(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const RecordType *t = pack_type(p, S("thing"));
    assert_int_equal(t->n_fields, 21);
    assert_int_equal(t->index, 0);
    text_is(t->number_prefix, "TH");
    text_is(t->placement, "home");
    assert_true(t->searchable);
    assert_ptr_equal(t->title, type_field(t, S("name")));
    assert_ptr_equal(t->region, type_field(t, S("county")));
    assert_int_equal(t->title->max_chars, 10);
    assert_true(t->title->required);
    assert_true(t->title->unique);
    const Field *income = type_field(t, S("income"));
    assert_int_equal(income->max, 100050);
    assert_true(income->has_min);
    assert_int_equal(type_field(t, S("born"))->min, date_from_civil(1950, 1, 1));
    assert_ptr_equal(type_field(t, S("parent"))->ref, t);
    assert_ptr_equal(type_field(t, S("kind"))->codes, pack_codes(p, S("kind")));
    text_is(type_field(t, S("county"))->level, "county");
    const Field *latest = type_field(t, S("latest_n"));
    const RecordType *part = pack_type(p, S("part"));
    assert_true(latest->computed && latest->read_only);
    assert_ptr_equal(latest->latest_of, part);
    assert_ptr_equal(latest->latest_field, type_field(part, S("n")));
    assert_ptr_equal(latest->latest_via, type_field(part, S("thing")));
    assert_ptr_equal(latest->latest_by, type_field(part, S("period")));
    const Field *steps = type_field(t, S("steps"));
    assert_int_equal(steps->n_fields, 3);
    assert_non_null(steps->fields[1].require_when);
    assert_non_null(type_field(t, S("ended"))->show_when);
}

static void a_flow_names_states_holders_and_what_it_makes(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const RecordType *t = pack_type(p, S("thing"));
    assert_int_equal(t->n_states, 4);
    assert_true(t->states[0].initial && t->states[0].editable);
    assert_ptr_equal(type_state(t, S("published"))->due, type_field(t, S("ended")));
    const Action *a = type_action(t, S("submit"));
    assert_int_equal(a->n_to, 3);
    assert_null(a->to[2]);
    assert_ptr_equal(a->to[1], type_state(t, S("at_city")));
    assert_ptr_equal(a->to[0], type_state(t, S("at_region")));
    assert_int_equal(a->holder, HOLD_PARENT);
    assert_true(a->at_holder);
    assert_true(a->ask_reason && a->reason_required);
    assert_int_equal(a->n_phrases, 1);
    assert_int_equal(a->n_set, 2);
    assert_int_equal(a->set[1].value->kind, EX_FIELD);
    assert_ptr_equal(a->set[1].value->field, &a->ask[0]);
    assert_int_equal(a->n_make, 1);
    text_is(a->make[0].each_org_level, "county");
    assert_int_equal(a->make[0].set[0].value->kind, EX_SELF);
    const RecordType *part = pack_type(p, S("part"));
    assert_int_equal(part->n_states, 1);
    text_is(part->states[0].id, "active");
    assert_true(part->states[0].initial);
}

static void rights_lists_and_the_sheet_name_fields(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const RecordType *t = pack_type(p, S("thing"));
    const Grant *g = type_grant(t, S("clerk"));
    assert_int_equal(g->read, REACH_OWN);
    assert_true(g->export);
    assert_false(g->history);
    assert_int_equal(g->n_hide, 1);
    assert_int_equal(type_grant(t, S("boss"))->create, REACH_NONE);
    assert_null(type_grant(t, S("nobody")));
    assert_int_equal(t->n_list_cols, 2);
    assert_int_equal(t->n_publics, 2);
    assert_int_equal(t->sheet->n, 2);
    assert_true(t->sheet->cols[1].beside);
    assert_ptr_equal(t->sheet->beside, pack_type(p, S("part")));
    assert_ptr_equal(t->sheet->beside_key[0], type_field(t->sheet->beside, S("period")));
    assert_int_equal(t->n_sections, 1);
    assert_int_equal(t->sections[0].n, t->n_fields);
}

static void a_parameter_is_that_of_the_nearest_region_and_the_day(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    int32_t day = date_from_civil(2024, 5, 1);
    assert_int_equal(pack_param(p, S("warn_pct"), pack_region(p, S("150430")), day)->value, 200);
    assert_int_equal(pack_param(p, S("warn_pct"), pack_region(p, S("150102")), day)->value, 300);
    assert_int_equal(pack_param(p, S("warn_pct"), NULL, day)->value, 300);
    assert_null(pack_param(p, S("warn_pct"), NULL, date_from_civil(2021, 12, 31)));
    assert_false(pack_param(p, S("unset"), NULL, day)->known);
    assert_null(pack_param(p, S("nothing"), NULL, day));
}

static void targets_menu_and_settings_are_there(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    assert_int_equal(p->n_targets, 2);
    assert_ptr_equal(p->targets[0].set, pack_set(p, S("counties")));
    assert_int_equal(p->targets[0].goal, 50);
    assert_non_null(p->targets[0].where);
    assert_false(p->targets[1].has_baseline);
    assert_int_equal(p->targets[1].due, DATE_MAX);
    assert_int_equal(p->n_menu, 1);
    assert_int_equal(pack_setting(p, S("naming"), S("words"))->n, 2);
    text_is(pack_setting_str(p, S("naming"), S("pattern")), "x");
    text_is(pack_setting_str(p, S("naming"), S("nothing")), "");
}

static void the_hash_changes_with_any_byte_and_only_then(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    Mini same, other;
    mini_ok(&same);
    mini_load(&other, &(MiniFile){"features.yaml", MINI_FEATURES "# 注\n"}, 1);
    assert_non_null(other.pack);
    assert_true(str_eq(p->hash, same.pack->hash));
    assert_false(str_eq(p->hash, other.pack->hash));
    mini_free(&same);
    mini_free(&other);
}

#define LOADED(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADED(the_head_names_pack_and_levels),
        LOADED(regions_form_a_tree_whatever_their_order),
        LOADED(a_region_is_found_by_its_name_unless_that_is_ambiguous),
        LOADED(sets_join_their_conditions_and_leave_out_retired_regions),
        LOADED(offices_report_along_their_own_tree),
        LOADED(codes_are_found_by_code_and_by_label),
        cmocka_unit_test(a_code_list_may_stand_in_a_file),
        LOADED(fields_carry_their_kind_limits_and_references),
        LOADED(a_flow_names_states_holders_and_what_it_makes),
        LOADED(rights_lists_and_the_sheet_name_fields),
        LOADED(a_parameter_is_that_of_the_nearest_region_and_the_day),
        LOADED(targets_menu_and_settings_are_there),
        LOADED(the_hash_changes_with_any_byte_and_only_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
