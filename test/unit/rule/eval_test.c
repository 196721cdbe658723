/*
 * eval_test.c - expressions over a record have the value worked out by hand, or none.
 */
#include "world.h"

typedef struct {
    const char *text;
    Tri want;
} Case;

static void check_all(World *w, const Case *cases, size_t n)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        Tri got = rule_test(&w->env, world_expr(w, cases[i].text));
        if (got != cases[i].want) {
            print_error("%s: got %d, want %d\n", cases[i].text, got, cases[i].want);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

#define T TRI_TRUE
#define F TRI_FALSE
#define U TRI_UNKNOWN

/* `certified = 1` is unknown: the field is empty. */
static void and_or_not_have_three_values(void **state)
{
    static const Case CASES[] = {
        {"true and true", T},  {"true and false", F},  {"false and true", F},  {"false and false", F},
        {"certified = 1 and true", U}, {"true and certified = 1", U}, {"certified = 1 and false", F}, {"false and certified = 1", F},
        {"certified = 1 and certified = 1", U},
        {"true or false", T},  {"false or true", T},   {"false or false", F},
        {"certified = 1 or true", T}, {"true or certified = 1", T}, {"certified = 1 or false", U}, {"false or certified = 1", U},
        {"not true", F}, {"not false", T}, {"not certified = 1", U},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void a_missing_operand_makes_a_comparison_unknown_but_not_is_empty(void **state)
{
    World *w = *state;
    world_set(w, "workers", "120");
    static const Case CASES[] = {
        {"workers = 120", T}, {"workers != 120", F}, {"workers < 121", T}, {"workers <= 119", F}, {"workers > 119", T}, {"workers >= 121", F},
        {"workers = certified", U}, {"workers + certified > 0", U}, {"certified in (1, 2)", U}, {"workers in (1, certified)", U},
        {"workers in (120, certified)", T}, {"workers in (1, 2)", F}, {"workers not in (1, 2)", T},
        {"certified is empty", T}, {"certified is not empty", F}, {"workers is empty", F}, {"name is empty", T}, {"steps is empty", T},
        {"open", U}, {"name = 'x'", U}, {"year(born) = 2024", U},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
}

static void numbers_meet_at_their_scale(void **state)
{
    World *w = *state;
    world_set(w, "income", "100.50");
    world_set(w, "rate", "12.5");
    world_set(w, "workers", "3");
    static const Case CASES[] = {
        {"income = 100.5", T}, {"income > 100", T}, {"income < 101", T}, {"rate = 12.5", T}, {"rate >= 12.51", F},
        {"income + rate = 113", T}, {"income - rate = 88", T}, {"rate * 2 = 25", T}, {"rate * rate = 156.25", T},
        {"income / workers = 33.5", T},             /* 100.50 / 3 = 33.50 */
        {"10 / workers = 3", T}, {"11 / workers = 4", T}, {"workers / 2 = 2", T},   /* 3.33 -> 3, 3.67 -> 4, 1.5 -> 2 */
        {"-workers / 2 = -1", T},                   /* -1.5: halves go up */
        {"workers / 0 = 1", U}, {"workers / 0.5 = 6", T}, {"100 / rate = 8", T},
        {"999999999999999999 * 999999999999999999 > 0", U}, {"999999999999999999 * 9 > 0", T}, {"999999999999999999 * 10 > 0", U}, {"-(workers) = -3", T},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
}

static void dates_count_days(void **state)
{
    World *w = *state;
    world_set(w, "born", "2024-02-28");
    world_set(w, "period", "2024Q1");
    static const Case CASES[] = {
        {"born + 2 = '2024-03-01'", T}, {"today - born = 63", T}, {"days_between(born, today) = 63", T}, {"days_between(today, born) = -63", T},
        {"born < today", T}, {"born - 28 = '2024-01-31'", T}, {"year(born) = 2024", T}, {"year(period) = 2024", T},
        {"period > '2023'", T}, {"period = '2024Q1'", T}, {"ended > today", U}, {"born + 9999999 > today", U},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
}

static void the_record_knows_itself_its_state_its_office_and_region(void **state)
{
    World *w = *state;
    world_set(w, "parent", "77");
    static const Case CASES[] = {
        {"parent = self", T}, {"state = 'draft'", T}, {"state in ('at_city', 'published')", F}, {"number = 'TH-150430-2024-0001'", T},
        {"owner_level = 'county'", T}, {"level() = 'county'", T}, {"region_at('city') is empty", F}, {"region_at('county') = region_at('city')", F}, {"actor is empty", T}, {"has_flag('key_help')", T}, {"has_flag('farm') and level() != 'city'", T},
        {"param('warn_pct') = 200", T}, {"param('unset') > 0", U},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
    w->env.region = NULL;
    w->env.org = NULL;
    w->env.self = 0;
    w->env.number = S("");
    static const Case BARE[] = {
        {"parent = self", U}, {"number is empty", T}, {"owner_level = 'county'", U}, {"level() = 'county'", U}, {"has_flag('farm')", U},
        {"param('warn_pct') = 300", T},
    };
    check_all(w, BARE, ARRAY_LEN(BARE));
}

static void related_records_are_counted_under_a_condition(void **state)
{
    World *w = *state;
    static const Case NONE[] = {
        {"count(parts) = 0", T}, {"sum(parts.n) = 0", T}, {"max(parts.n) > 0", U}, {"any(parts)", F}, {"latest(parts.n) = 1", U},
    };
    check_all(w, NONE, ARRAY_LEN(NONE));
    world_part(w, "2024", "10", "1.50", "true", "active");
    world_part(w, "2023", "7", "2.25", "false", "active");
    world_part(w, "2022", "", "", "", "active");
    static const Case THREE[] = {
        {"count(parts) = 3", T}, {"count(parts where open) = 1", T}, {"count(parts where not open) = 1", T}, {"count(parts where n is empty) = 1", T},
        {"count(parts where state = 'active') = 3", T}, {"count(parts where period >= '2023') = 2", T},
        {"sum(parts.n) = 17", T}, {"sum(parts.pay) = 3.75", T}, {"sum(parts.pay where n > 8) = 1.5", T},
        {"min(parts.n) = 7", T}, {"max(parts.n) = 10", T}, {"max(parts.n where open = false) = 7", T},
        {"latest(parts.n) = 10", T}, {"latest(parts.period) = '2024'", T},
        {"any(parts where n = 7)", T}, {"any(parts where n > 100)", U}, {"any(parts where n is not empty and n > 100)", F},
    };
    check_all(w, THREE, ARRAY_LEN(THREE));
    w->env.related = NULL;
    assert_int_equal(rule_test(&w->env, world_expr(w, "count(parts) = 0")), TRI_TRUE);
}

static void rows_of_a_list_are_counted_too(void **state)
{
    World *w = *state;
    const Field *steps = type_field(w->thing, S("steps"));
    Value cells[2][3] = {{{.has = true, .s = S("修路")}, {.has = true, .i = 150}, {.has = true, .i = 1}},
                         {{.has = true, .s = S("培训")}, {.has = true, .i = 50}, {.has = false}}};
    Row rows[2] = {{cells[0]}, {cells[1]}};
    w->v[steps->index] = (Value){.has = true, .rows = rows, .n_rows = 2};
    static const Case CASES[] = {
        {"count(steps) = 2", T}, {"sum(steps.cost) = 2", T}, {"any(steps where done)", T}, {"count(steps where what = '培训') = 1", T},
        {"steps is empty", F}, {"max(steps.cost where done) = 1.5", T},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
}

static void a_reference_is_followed(void **state)
{
    World *w = *state;
    static const Case NOWHERE[] = {
        {"parent.workers > 1", U}, {"parent.workers is empty", T}, {"parent.state = 'published'", U}, {"parent.number = 'TH-88'", U},
        {"count(parent.parts) = 0", U}, {"sum(parent.steps.cost) = 0", U}, {"any(parent.parts)", U},
    };
    check_all(w, NOWHERE, ARRAY_LEN(NOWHERE));
    world_set(w, "parent", "88");
    check_all(w, NOWHERE, ARRAY_LEN(NOWHERE)); /* deleted: as if it pointed nowhere */
    w->parent = NEW_ARRAY(w->mini.mem, Value, w->thing->n_fields);
    (void)world_put(w, w->thing, w->parent, "workers", "1200");
    (void)world_put(w, w->thing, w->parent, "kind", "b");
    Value cells[2][3] = {{{.has = true, .s = S("修路")}, {.has = true, .i = 150}, {.has = true, .i = 1}},
                         {{.has = true, .s = S("培训")}, {.has = true, .i = 950}, {.has = true, .i = 0}}};
    Row rows[2] = {{cells[0]}, {cells[1]}};
    w->parent[type_field(w->thing, S("steps"))->index] = (Value){.has = true, .rows = rows, .n_rows = 2};
    world_set(w, "workers", "5");
    world_part(w, "2024", "10", "1.50", "true", "active");
    world_part(w, "2023", "7", "2.25", "false", "active");
    static const Case CASES[] = {
        {"parent.workers = 1200 and workers = 5", T}, {"parent.certified > 1", U}, {"parent.kind in ('b')", T}, {"parent.state = 'published'", T},
        {"parent.state != state", T}, {"parent.number = 'TH-88'", T}, {"count(parts) = 2", T}, {"count(parent.parts) = 1", T},
        {"sum(parent.parts.n where open) = 10", T}, {"latest(parent.parts.period) = '2024'", T}, {"any(parent.parts where n < 10)", F},
        {"max(parent.steps.cost) = 9.5", T}, {"max(parent.steps.cost where done) = 1.5", T}, {"count(parent.steps) = 2", T},
        {"parent.steps is empty", F}, {"latest(parts.n where not open) = 7", T},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
    world_text(rule_why(&w->env, world_expr(w, "parent.workers > workers and count(parent.parts) > 0 and parent.state = 'published'")),
               "上级·人数 1,200人；人数 5人；上级·分项 1 条；上级·状态 已发布");
    w->env.refer = NULL;
    assert_int_equal(rule_test(&w->env, world_expr(w, "parent.workers > 1")), TRI_UNKNOWN);
}

static void a_condition_on_counted_records_sees_the_record_outside(void **state)
{
    World *w = *state;
    world_set(w, "workers", "8");
    world_set(w, "parent", "88");
    w->parent = NEW_ARRAY(w->mini.mem, Value, w->thing->n_fields);
    (void)world_put(w, w->thing, w->parent, "workers", "9");
    world_part(w, "2024", "10", "1.50", "true", "active");
    world_part(w, "2023", "7", "2.25", "false", "active");
    (void)world_put(w, w->part, (Value *)(uintptr_t)w->parts[1], "thing", "88");
    static const Case CASES[] = {
        {"count(parts where n > outer.workers) = 1", T}, {"count(parts where n < outer.parent.workers) = 1", T},
        {"count(parts where thing = outer.parent) = 1", T}, {"count(parts where outer.self = 77) = 2", T},
        {"count(parts where outer.state = 'draft') = 2", T}, {"count(parts where outer.number is not empty) = 2", T},
        {"count(parts where thing.workers = 9) = 1", T}, {"any(parts where thing.state = 'published' and thing.workers > outer.workers)", T},
        {"any(parts where outer.certified > 1)", U}, {"count(parts where self = 102) = 1", T},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
}

static void an_expression_for_one_record_sees_another_one_outside(void **state)
{
    World *w = *state;
    world_set(w, "workers", "8");
    world_set(w, "parent", "88");
    w->parent = NEW_ARRAY(w->mini.mem, Value, w->thing->n_fields);
    (void)world_put(w, w->thing, w->parent, "workers", "9");
    world_part(w, "2024", "10", "1.50", "true", "active");
    EvalEnv part = {.cx = w->env.cx, .pack = w->env.pack, .type = w->part, .values = w->parts[0], .self = 101, .state = S("active"),
                    .today = w->env.today, .refer = world_refer, .ctx = w};
    static const Case CASES[] = {
        {"n > outer.workers", T}, {"n = outer.parent.workers + 1", T}, {"state = 'active' and outer.state = 'draft'", T},
        {"outer.owner_level = 'county'", T}, {"outer.self = 77 and self = 101", T}, {"outer.certified > 1", U},
    };
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
            Str error = S("");
            const Expr *e = expr_parse_within(w->mini.mem, w->mini.pack, w->part, w->thing, NULL, 0, str_c(CASES[i].text), &error, NULL);
            if (e == NULL) {
                print_error("%s: %.*s\n", CASES[i].text, STRF(error));
            }
            assert_non_null(e);
            part.outer = pass == 0 ? &w->env : NULL;
            Tri got = rule_test(&part, e);
            assert_int_equal(got, pass == 0 ? CASES[i].want : TRI_UNKNOWN);
        }
    }
}

static void terms_are_counted_in_working_days(void **state)
{
    World *w = *state;
    static const DayMark HOLIDAYS[] = {{19844, false}, {19845, false}, {19846, false}, {19854, true}}; /* 1 to 3 May 2024; Saturday 11 */
    Pack pack = *w->mini.pack;
    pack.workdays = (Workdays){.marks = HOLIDAYS, .n = ARRAY_LEN(HOLIDAYS)};
    w->env.pack = &pack;
    world_set(w, "born", "2024-04-30");
    world_set(w, "workers", "6");
    static const Case CASES[] = {
        {"workdays_after(born, 1) = '2024-05-06'", T}, {"workdays_after(born, workers) = '2024-05-11'", T},
        {"workdays_after('2024-05-06', -1) = born", T}, {"workdays_after(today, 0) = '2024-05-06'", T},
        {"workdays_between(born, '2024-05-11') = 6", T}, {"workdays_between('2024-05-11', born) = -6", T},
        {"workdays_after(born, 5) < today", F}, {"workdays_after(ended, 1) > today", U}, {"workdays_after(born, certified) > today", U},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
}

static void a_value_may_depend_on_a_condition(void **state)
{
    World *w = *state;
    world_set(w, "workers", "120");
    world_set(w, "income", "100.50");
    world_set(w, "born", "2024-04-30");
    static const Case CASES[] = {
        {"if(workers > 100, 1, 2) = 1", T}, {"if(workers > 200, 1, 2) = 2", T}, {"if(certified > 1, 1, 2) = 2", U},
        {"if(workers * 2 <= income, workers * 2, income) = 100.5", T}, {"if(workers > 100, workers, income) = 120", T}, /* one scale for both */
        {"if(certified is empty, workers, certified) = 120", T}, {"if(workers > 100, certified, workers) > 1", U},
        {"if(workers > 100, born, '2024-01-01') = '2024-04-30'", T}, {"if(workers > 200, 'a', 'b') = 'b'", T}, {"if(true, false, true)", F},
    };
    check_all(w, CASES, ARRAY_LEN(CASES));
}

static void the_last_period_is_in_reach(void **state)
{
    World *w = *state;
    world_set(w, "workers", "250");
    assert_int_equal(rule_test(&w->env, world_expr(w, "workers > previous(workers)")), TRI_UNKNOWN);
    w->before = (Value){.has = true, .i = 100};
    static const Case CASES[] = {{"workers > previous(workers)", T}, {"workers * 100 / previous(workers) = 250", T}, {"previous(certified) is empty", T}};
    check_all(w, CASES, ARRAY_LEN(CASES));
}

static void a_value_takes_the_form_of_its_field(void **state)
{
    World *w = *state;
    world_set(w, "income", "10.05");
    world_set(w, "workers", "3");
    static const struct {
        const char *text, *field;
        int64_t want;
    } NUMBERS[] = {
        {"5", "income", 500}, {"12.5", "income", 1250}, {"income", "workers", 10}, {"10.5", "workers", 11}, {"income / 2", "rate", 50},
        {"workers", "rate", 30}, {"self", "parent", 77}, {"open = true or true", "open", 1}, {"today", "born", 19844}, {"'2024-05-01'", "born", 19844},
    };
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
        Value v = rule_value(&w->env, world_expr(w, NUMBERS[i].text), type_field(w->thing, str_c(NUMBERS[i].field)));
        assert_true(v.has);
        assert_int_equal(v.i, NUMBERS[i].want);
    }
    world_text(rule_value(&w->env, world_expr(w, "'b'"), type_field(w->thing, S("kind"))).s, "b");
    assert_false(rule_value(&w->env, world_expr(w, "certified"), type_field(w->thing, S("workers"))).has);
}

static void conditions_come_with_verdict_and_figures(void **state)
{
    World *w = *state;
    world_set(w, "workers", "1200");
    world_set(w, "phone", "13812342046");
    world_part(w, "2024", "10", "1.50", "true", "active");
    Check list[] = {
        {.say = S("人数"), .expr = world_expr(w, "workers >= 1000")},
        {.say = S("持证"), .expr = world_expr(w, "certified * 2 >= workers")},
        {.say = S("不适用"), .when = world_expr(w, "workers < 10"), .expr = world_expr(w, "count(parts) > 5")},
        {.say = S("分项"), .expr = world_expr(w, "count(parts) > 5 and sum(parts.pay) > 1 and phone is not empty"), .warn = true},
    };
    RuleVerdict out[4];
    assert_false(rule_conditions(&w->env, list, 4, out));
    assert_int_equal(out[0].verdict, TRI_TRUE);
    assert_int_equal(out[1].verdict, TRI_UNKNOWN);
    assert_int_equal(out[2].verdict, TRI_TRUE);
    assert_int_equal(out[3].verdict, TRI_FALSE);
    world_text(out[0].why, "人数 1,200人");
    world_text(out[1].why, "持证 —；人数 1,200人");
    world_text(out[3].why, "分项 1 条；分项合计金额 ¥1.50；电话 已填");
    world_set(w, "certified", "600");
    assert_true(rule_conditions(&w->env, list, 4, out));
    world_text(rule_why(&w->env, world_expr(w, "state = 'draft' and param('warn_pct') > 1 and has_flag('farm')")), "状态 草稿；增幅上限 200；地区 敖汉旗");
}

static void only_ok(const EvalEnv *env, const Field *f, const Value *v, Findings *found)
{
    (void)env;
    if (!str_eq(v->s, S("好"))) {
        finding_add(found, false, f->id, S("naming"), S(""), S("名称不好"));
    }
}

static void a_named_check_runs_on_the_title(void **state)
{
    World *w = *state;
    static const NamedCheck TABLE[] = {{"naming", only_ok}};
    rule_named_set(TABLE, 1);
    const Expr *e = world_expr(w, "named('naming')");
    assert_int_equal(rule_test(&w->env, e), TRI_UNKNOWN);
    world_set(w, "name", "好");
    assert_int_equal(rule_test(&w->env, e), TRI_TRUE);
    world_set(w, "name", "坏");
    assert_int_equal(rule_test(&w->env, e), TRI_FALSE);
    assert_true(rule_named_has(S("naming")));
    assert_true(rule_pack_check(&w->mini.cx, w->mini.pack));
    Mini other;
    mini_load(&other, &(MiniFile){"types/b_part.yaml", MINI_PART "  - {id: t, kind: text, label: x, check: nobody}\n"}, 1);
    assert_non_null(other.pack);
    assert_false(rule_pack_check(&other.cx, other.pack));
    assert_true(str_contains(other.cx.err_text, S("part 用到的检查 nobody 不存在")));
    mini_free(&other);
    rule_named_set(NULL, 0);
    assert_int_equal(rule_test(&w->env, e), TRI_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(and_or_not_have_three_values),
        WORLD(a_missing_operand_makes_a_comparison_unknown_but_not_is_empty),
        WORLD(numbers_meet_at_their_scale),
        WORLD(dates_count_days),
        WORLD(the_record_knows_itself_its_state_its_office_and_region),
        WORLD(related_records_are_counted_under_a_condition),
        WORLD(rows_of_a_list_are_counted_too),
        WORLD(a_reference_is_followed),
        WORLD(a_condition_on_counted_records_sees_the_record_outside),
        WORLD(an_expression_for_one_record_sees_another_one_outside),
        WORLD(terms_are_counted_in_working_days),
        WORLD(a_value_may_depend_on_a_condition),
        WORLD(the_last_period_is_in_reach),
        WORLD(a_value_takes_the_form_of_its_field),
        WORLD(conditions_come_with_verdict_and_figures),
        WORLD(a_named_check_runs_on_the_title),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
