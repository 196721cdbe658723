/*
 * validate_test.c - a record is checked as a whole: what is missing, out of bounds, or against a rule of the pack.
 */
#include "world.h"

#include "base/date.h"

static Findings checked(World *w)
{
    Findings found = findings_new(w->mini.mem);
    record_check(&w->env, &found);
    return found;
}

static const Finding *finding(const Findings *f, const char *field, const char *code)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_eq(f->items[i].field, str_c(field)) && str_eq(f->items[i].code, str_c(code))) {
            return &f->items[i];
        }
    }
    return NULL;
}

static void a_sound_record_has_no_findings(void **state)
{
    World *w = *state;
    world_set(w, "name", "敖汉架线工");
    Findings f = checked(w);
    assert_int_equal(f.n, 0);
}

static void a_required_field_may_not_be_empty(void **state)
{
    World *w = *state;
    Findings f = checked(w);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.errors, 1);
    world_text(finding(&f, "name", "required")->text, "名称：必须填写");
}

static void a_field_is_required_when_its_condition_holds_and_it_is_shown(void **state)
{
    World *w = *state;
    world_set(w, "name", "甲");
    world_set(w, "kind", "b");
    Findings hidden = checked(w);
    assert_int_equal(hidden.n, 0);
    world_set(w, "born", "2024-01-01");
    Findings shown = checked(w);
    assert_non_null(finding(&shown, "ended", "required"));
    world_set(w, "kind", "a");
    Findings other = checked(w);
    assert_int_equal(other.n, 0);
}

static void lengths_and_ranges_hold(void **state)
{
    World *w = *state;
    world_set(w, "name", "一二三四五六七八九十一");
    world_set(w, "workers", "-1");
    world_set(w, "income", "1000.51");
    world_set(w, "born", "1949-12-31");
    Findings f = checked(w);
    assert_int_equal(f.n, 4);
    world_text(finding(&f, "name", "length")->text, "名称：有 11 个字，最多 10 个字，请缩短");
    world_text(finding(&f, "workers", "range")->text, "人数：不能小于 0");
    world_text(finding(&f, "income", "range")->text, "收入：不能大于 ¥1,000.50");
    world_text(finding(&f, "born", "range")->text, "成立：不能早于 1950年1月1日");
    world_set(w, "name", "一二三四五六七八九十");
    world_set(w, "workers", "100000");
    world_set(w, "income", "1000.50");
    world_set(w, "born", "1950-01-01");
    world_set(w, "ended", "2020-01-01");
    assert_int_equal(checked(w).n, 0);
}

static void a_choice_whose_time_is_over_is_kept_with_a_word_about_its_successor(void **state)
{
    World *w = *state;
    world_set(w, "name", "甲");
    world_set(w, "kind", "a");
    const Field *f = type_field(w->env.type, S("kind"));
    Code *a = (Code *)(uintptr_t)code_find(f->codes, S("a")); /* a pack is not changed but here */
    a->valid_to = w->env.today - 1;
    a->successor = S("b");
    Findings over = checked(w);
    assert_int_equal(over.errors, 0);
    const Finding *said = finding(&over, "kind", "validity");
    assert_non_null(said);
    assert_true(said->warn);
    assert_true(str_contains(said->text, code_find(f->codes, S("b"))->label));
    a->valid_to = w->env.today;
    Findings last_day = checked(w);
    assert_null(finding(&last_day, "kind", "validity"));
    a->valid_to = DATE_MAX;
}

static void values_that_are_no_choice_are_refused(void **state)
{
    World *w = *state;
    world_set(w, "name", "甲");
    w->v[type_field(w->thing, S("kind"))->index] = (Value){.has = true, .s = S("z")};
    w->v[type_field(w->thing, S("county"))->index] = (Value){.has = true, .s = S("999")};
    w->v[type_field(w->thing, S("office"))->index] = (Value){.has = true, .i = 99};
    w->v[type_field(w->thing, S("uscc"))->index] = (Value){.has = true, .s = S("91350100M000100Y44")};
    Findings f = checked(w);
    assert_int_equal(f.n, 4);
    assert_int_equal(f.errors, 3);
    assert_true(finding(&f, "uscc", "check_digit")->warn);
}

static void whole_numbers_are_grouped_but_years_are_not(void **state)
{
    World *w = *state;
    Value v = {.has = true, .i = 2026};
    Field count = {.kind = FT_INT, .has_min = true, .max = 9999, .has_max = true};
    Field year = {.kind = FT_INT, .has_min = true, .min = 1990, .has_max = true, .max = 2100};
    Field wide = {.kind = FT_INT, .has_min = true, .min = 1000, .has_max = true, .max = 10000};
    Field open_end = {.kind = FT_INT, .has_min = true, .min = 1000};
    assert_true(str_eq(value_show(w->mini.cx.mem, w->mini.pack, &count, &v), S("2,026")));
    assert_true(str_eq(value_show(w->mini.cx.mem, w->mini.pack, &year, &v), S("2026")));
    assert_true(str_eq(value_show(w->mini.cx.mem, w->mini.pack, &wide, &v), S("2,026")));
    assert_true(str_eq(value_show(w->mini.cx.mem, w->mini.pack, &open_end, &v), S("2,026")));
}

static void each_row_of_a_list_is_checked_with_its_own_columns(void **state)
{
    World *w = *state;
    world_set(w, "name", "甲");
    Value cells[2][3] = {{{.has = true, .s = S("修路")}, {.has = false}, {.has = true, .i = 1}},
                         {{.has = false}, {.has = true, .i = 50}, {.has = false}}};
    Row rows[2] = {{cells[0]}, {cells[1]}};
    w->v[type_field(w->thing, S("steps"))->index] = (Value){.has = true, .rows = rows, .n_rows = 2};
    Findings f = checked(w);
    assert_int_equal(f.n, 2);
    assert_non_null(finding(&f, "steps.0.cost", "required"));
    assert_non_null(finding(&f, "steps.1.what", "required"));
}

static void a_rule_that_fails_says_its_sentence_figures_and_clause(void **state)
{
    World *w = *state;
    world_set(w, "name", "甲");
    world_set(w, "workers", "120");
    assert_int_equal(checked(w).n, 0);
    world_set(w, "certified", "130");
    Findings f = checked(w);
    assert_int_equal(f.errors, 1);
    const Finding *x = finding(&f, "certified", "rule");
    world_text(x->text, "持证人数不能多于人数（持证 130人；人数 120人）");
    world_text(x->clause, "1.1");
    world_set(w, "certified", "120");
    assert_int_equal(checked(w).n, 0);
}

static void a_warning_keeps_the_record_and_is_silent_without_data(void **state)
{
    World *w = *state;
    world_set(w, "name", "甲");
    world_set(w, "workers", "250");
    w->before = (Value){.has = true, .i = 100};
    assert_int_equal(checked(w).n, 0);          /* `when` is unknown */
    world_set(w, "open", "是");
    Findings f = checked(w);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.errors, 0);
    world_text(f.items[0].text, "增幅过大（人数 250人；上期人数 100人；增幅上限 200）");
    world_text(f.items[0].field, "");
    w->before = (Value){0};
    assert_int_equal(checked(w).n, 0);          /* nothing to compare with */
}

static void the_same_finding_is_kept_once(void **state)
{
    World *w = *state;
    Findings f = findings_new(w->mini.mem);
    for (int i = 0; i < 20; i++) {
        finding_add(&f, false, S("a"), S("x"), S(""), S("同一句"));
    }
    assert_int_equal(f.n, 1);
    assert_int_equal(f.errors, 1);
    for (int i = 0; i < 20; i++) {
        finding_add(&f, true, S("a"), S("x"), S(""), str_printf(w->mini.mem, "%d", i));
    }
    assert_int_equal(f.n, 21);
    assert_int_equal(f.errors, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(a_sound_record_has_no_findings),
        WORLD(a_required_field_may_not_be_empty),
        WORLD(a_field_is_required_when_its_condition_holds_and_it_is_shown),
        WORLD(lengths_and_ranges_hold),
        WORLD(a_choice_whose_time_is_over_is_kept_with_a_word_about_its_successor),
        WORLD(values_that_are_no_choice_are_refused),
        WORLD(whole_numbers_are_grouped_but_years_are_not),
        WORLD(each_row_of_a_list_is_checked_with_its_own_columns),
        WORLD(a_rule_that_fails_says_its_sentence_figures_and_clause),
        WORLD(a_warning_keeps_the_record_and_is_silent_without_data),
        WORLD(the_same_finding_is_kept_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
