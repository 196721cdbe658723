/*
 * score_test.c - scores worked out by hand, beside what the program makes of them. Points are x 100.
 */
#include "world.h"

#include "rule/score.h"

static EntryScore entry(Arena *mem, int64_t id, int32_t by_program, const int32_t *sums, size_t n)
{
    EntryScore e = {.entry = id, .by_program = by_program, .n_sheets = n, .sheets = NEW_ARRAY(mem, SheetScore, n + 1)};
    for (size_t i = 0; i < n; i++) {
        e.sheets[i] = (SheetScore){.id = (int64_t)(100 + i), .sum = sums[i]};
    }
    return e;
}

/*
 * Seven sheets 70.00 82.50 78.25 91.00 78.30 60.00 79.00, one left out at each end (91.00, 60.00):
 * 70.00 + 78.25 + 78.30 + 79.00 + 82.50 = 388.05; / 5 = 77.61. With 12.00 by the program: 89.61.
 */
static void seven_sheets_without_the_highest_and_the_lowest(void **state)
{
    World *w = *state;
    static const int32_t SUMS[] = {7000, 8250, 7825, 9100, 7830, 6000, 7900};
    const Rubric r = {.trim = 1, .spread = 3000, .pass = 8961};
    EntryScore e = entry(w->mini.mem, 1, 1200, SUMS, 7);
    score_entry(&r, &e);
    assert_int_equal(e.n_counted, 5);
    assert_int_equal(e.by_persons, 7761);
    assert_int_equal(e.result, 8961);
    assert_true(e.passed);
    assert_int_equal(e.high, 9100);
    assert_int_equal(e.low, 6000);
    assert_true(e.alarm); /* 31 points apart, 30 allowed */
    assert_int_equal(e.sheets[0].sum, 9100);
    assert_int_equal(e.sheets[6].sum, 6000);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(e.sheets[i].left_out, i == 0 || i == 6);
    }
    const Rubric calm = {.trim = 1, .spread = 3100, .pass = 8962}, never = {.trim = 1};
    score_entry(&calm, &e);
    assert_false(e.alarm);
    assert_false(e.passed);
    score_entry(&never, &e);
    assert_false(e.alarm);
    assert_true(e.passed);
}

/* 80.00 + 80.01 = 160.01; / 2 = 80.005, half up 80.01. 80.00 + 80.00 + 80.01 = 240.01; / 3 = 80.0033…: 80.00. */
static void the_mean_is_rounded_half_up_once(void **state)
{
    World *w = *state;
    static const int32_t TWO[] = {8000, 8001}, THREE[] = {8000, 8000, 8001}, MORE[] = {8000, 8001, 8001};
    const Rubric r = {0};
    EntryScore e = entry(w->mini.mem, 1, 0, TWO, 2);
    score_entry(&r, &e);
    assert_int_equal(e.by_persons, 8001);
    e = entry(w->mini.mem, 1, 0, THREE, 3);
    score_entry(&r, &e);
    assert_int_equal(e.by_persons, 8000);
    e = entry(w->mini.mem, 1, 0, MORE, 3);
    score_entry(&r, &e);
    assert_int_equal(e.by_persons, 8001);
}

static void too_few_sheets_to_trim_all_count(void **state)
{
    World *w = *state;
    static const int32_t SUMS[] = {9000, 5000, 7000, 8000, 6000};
    const Rubric r = {.trim = 2};
    EntryScore four = entry(w->mini.mem, 1, 0, SUMS, 4);
    score_entry(&r, &four);
    assert_int_equal(four.n_counted, 4);
    assert_int_equal(four.by_persons, 7250); /* (90 + 50 + 70 + 80) / 4 */
    EntryScore five = entry(w->mini.mem, 1, 0, SUMS, 5);
    score_entry(&r, &five);
    assert_int_equal(five.n_counted, 1);
    assert_int_equal(five.by_persons, 7000); /* the middle one alone */
}

static void equal_sheets_are_left_out_by_their_id(void **state)
{
    World *w = *state;
    static const int32_t SUMS[] = {8000, 8000, 8000};
    const Rubric r = {.trim = 1};
    EntryScore e = entry(w->mini.mem, 1, 0, SUMS, 3);
    SheetScore first = e.sheets[0];
    e.sheets[0] = e.sheets[2];
    e.sheets[2] = first;
    score_entry(&r, &e);
    assert_true(e.sheets[0].id == 100 && e.sheets[0].left_out);
    assert_true(e.sheets[1].id == 101 && !e.sheets[1].left_out);
    assert_true(e.sheets[2].id == 102 && e.sheets[2].left_out);
}

static void an_entry_without_sheets_neither_passes_nor_has_a_rank(void **state)
{
    World *w = *state;
    const Rubric r = {.trim = 1, .spread = 100};
    EntryScore list[] = {entry(w->mini.mem, 1, 9900, NULL, 0), entry(w->mini.mem, 2, 0, (int32_t[]){100}, 1)};
    for (size_t i = 0; i < 2; i++) {
        score_entry(&r, &list[i]);
    }
    assert_int_equal(list[0].result, 9900);
    assert_false(list[0].passed);
    assert_false(list[0].alarm);
    score_rank(list, 2);
    assert_int_equal(list[0].entry, 2);
    assert_int_equal(list[0].rank, 1);
    assert_int_equal(list[1].entry, 1);
    assert_int_equal(list[1].rank, 0);
    score_rank(list, 0);
}

/* 90.00, 85.00, 85.00 (more by persons first, then the older one), 70.00: ranks 1 2 2 2 5. */
static void equal_results_share_a_rank_and_the_next_is_skipped(void **state)
{
    World *w = *state;
    const Rubric r = {0};
    EntryScore list[] = {
        entry(w->mini.mem, 4, 0, (int32_t[]){7000}, 1),    entry(w->mini.mem, 7, 1500, (int32_t[]){7000}, 1),
        entry(w->mini.mem, 2, 500, (int32_t[]){8000}, 1),  entry(w->mini.mem, 1, 1500, (int32_t[]){7000}, 1),
        entry(w->mini.mem, 9, 1000, (int32_t[]){8000}, 1),
    };
    for (size_t i = 0; i < 5; i++) {
        score_entry(&r, &list[i]);
    }
    score_rank(list, 5);
    static const int64_t ENTRIES[] = {9, 2, 1, 7, 4};
    static const int32_t RANKS[] = {1, 2, 2, 2, 5};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(list[i].entry, ENTRIES[i]);
        assert_int_equal(list[i].rank, RANKS[i]);
    }
}

/*
 * 人数: 500 gives 3 points, 1000 gives 5; 持证率 (certified * 100 / workers): 30 gives 2.5, 60 gives 4.
 * 1,200 workers, 600 certified: 5 + 2.5 = 7.50.
 */
static void the_program_scores_recorded_figures_by_bands(void **state)
{
    World *w = *state;
    Band workers[] = {{500, 300}, {1000, 500}}, rate[] = {{30, 250}, {60, 400}};
    Criterion list[] = {
        {.id = S("a"), .label = S("人数"), .max = 500, .expr = world_expr(w, "workers"), .bands = workers, .n_bands = 2},
        {.id = S("b"), .label = S("口碑"), .max = 1000},
        {.id = S("c"), .label = S("持证率"), .max = 400, .expr = world_expr(w, "certified * 100 / workers"), .bands = rate, .n_bands = 2},
    };
    const Rubric r = {.type = w->thing, .criteria = list, .n_criteria = 3, .total = 1900};
    AutoScore out[3];
    int32_t sum;
    world_set(w, "workers", "1200");
    assert_int_equal(score_auto(&w->env, &r, out, &sum), 2);
    assert_int_equal(sum, 500); /* the rate is not known: no points */
    assert_true(out[0].known && out[0].band == &workers[1] && out[0].points == 500 && out[0].figure.i == 1200);
    assert_ptr_equal(out[0].criterion, &list[0]);
    world_text(out[0].why, "人数 1,200人");
    assert_true(!out[1].known && out[1].band == NULL && out[1].points == 0);
    world_text(out[1].why, "持证 —；人数 1,200人");
    world_set(w, "certified", "600");
    assert_int_equal(score_auto(&w->env, &r, out, &sum), 2);
    assert_int_equal(sum, 750);
    assert_true(out[1].known && out[1].band == &rate[0] && out[1].points == 250 && out[1].figure.i == 50);
    world_set(w, "workers", "499");
    (void)score_auto(&w->env, &r, out, &sum);
    assert_true(out[0].known && out[0].band == NULL && out[0].points == 0);
    world_set(w, "workers", "500");
    (void)score_auto(&w->env, &r, out, &sum);
    assert_int_equal(out[0].points, 300);
}

static void marks_stay_between_nothing_and_the_maximum(void **state)
{
    World *w = *state;
    const Criterion c = {.id = S("b"), .label = S("口碑"), .max = 1050, .clause = S("1.1")};
    Findings found = findings_new(w->mini.mem);
    assert_true(score_mark_check(&c, 0, S("b"), &found));
    assert_true(score_mark_check(&c, 1050, S("b"), &found));
    assert_int_equal(found.n, 0);
    assert_false(score_mark_check(&c, 1051, S("b"), &found));
    assert_false(score_mark_check(&c, -1, S("below"), &found));
    assert_int_equal(found.errors, 2);
    world_text(found.items[0].text, "“口碑”的得分应在 0 到 10.5 分之间，请改正");
    world_text(found.items[0].field, "b");
    world_text(found.items[0].code, "range");
    world_text(found.items[0].clause, "1.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(seven_sheets_without_the_highest_and_the_lowest),
        WORLD(the_mean_is_rounded_half_up_once),
        WORLD(too_few_sheets_to_trim_all_count),
        WORLD(equal_sheets_are_left_out_by_their_id),
        WORLD(an_entry_without_sheets_neither_passes_nor_has_a_rank),
        WORLD(equal_results_share_a_rank_and_the_next_is_skipped),
        WORLD(the_program_scores_recorded_figures_by_bands),
        WORLD(marks_stay_between_nothing_and_the_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
