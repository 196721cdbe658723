/* scoring_test.c - who may be drawn, the draw that anyone can repeat, and a result computed by hand, on the invented
 * province's cup. */
#include "cup.h"

static Str why_of(const Pool *p, const Rec *juror)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].rec.id == juror->id) {
            return p->items[i].n_reasons != 0 ? p->items[i].reasons[0] : S("");
        }
    }
    return S("没有这个人");
}

/* ---- who may be drawn ---- */

static void a_judge_with_any_tie_to_an_entry_is_left_out_with_the_reason(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    two_works(w);
    Form o = juror_form(w, "干净", "省技术学院");
    Rec clean = made(f, "P", &o);
    o = juror_form(w, "同名", "甲县 手艺合作社 ");
    Rec unit = made(f, "P", &o);
    o = juror_form(w, "同码", "改了名的单位");
    put(f, &o, "uscc", "91350100M000100Y43");
    Rec code = made(f, "P", &o);
    o = juror_form(w, "亲属", "省技术学院");
    put_row(f, &o, "relations", v_int(w->team2.id), v_str(S("配偶在该队任职")));
    Rec kin = made(f, "P", &o);
    o = juror_form(w, "两年前", "省技术学院");
    put_row(f, &o, "advised", v_int(w->team1.id), v_int(date_from_civil(2024, 6, 1)));
    Rec recent = made(f, "P", &o);
    o = juror_form(w, "还在指导", "省技术学院");
    put_row(f, &o, "advised", v_int(w->team1.id), (Value){0});
    Rec still = made(f, "P", &o);
    o = juror_form(w, "满三年前一天", "省技术学院");
    put_row(f, &o, "advised", v_int(w->team1.id), v_int(date_from_civil(2023, 5, 31)));
    Rec long_ago = made(f, "P", &o);
    o = juror_form(w, "过期", "省技术学院");
    put(f, &o, "valid_to", "2026-05-31");
    Rec over = made(f, "P", &o);
    o = juror_form(w, "本县", "省技术学院");
    put(f, &o, "region", "990101");
    Rec local = made(f, "P", &o);
    Rec panel = panel_of(w, "1", "0", "panel");
    Pool pool;
    OK(pool_make(&f->cx, f->s, &w->sc, &panel, &pool));
    assert_int_equal(pool.n, 9);
    assert_int_equal(pool.n_fit, 2);
    SAME(why_of(&pool, &clean), "");
    SAME(why_of(&pool, &long_ago), "");
    SAME(why_of(&pool, &unit), "所在单位“甲县手艺合作社”是“甲作”的申报或引领单位");
    SAME(why_of(&pool, &code), "所在单位“改了名的单位”是“甲作”的申报或引领单位");
    SAME(why_of(&pool, &kin), "已申明与“乙队”有关系：配偶在该队任职");
    SAME(why_of(&pool, &recent), "3 年内指导过“甲队”（至2024年6月1日）");
    SAME(why_of(&pool, &still), "3 年内指导过“甲队”（现在仍在指导）");
    SAME(why_of(&pool, &over), "聘期还没有开始或者已经结束");
    SAME(why_of(&pool, &local), "与“甲作”同在甲县");
}

static void the_own_county_counts_as_the_panel_says(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    two_works(w);
    Form o = juror_form(w, "本县", "省技术学院");
    put(f, &o, "region", "990101");
    (void)made(f, "P", &o);
    Pool pool;
    const char *rules[] = {"panel", "entry", "none"};
    size_t fit[] = {0, 1, 1};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        Rec panel = panel_of(w, "1", "0", rules[i]);
        OK(pool_make(&f->cx, f->s, &w->sc, &panel, &pool));
        assert_int_equal(pool.n_fit, fit[i]);
    }
}

/* ---- the draw ---- */

static void too_few_judges_are_not_drawn(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    two_works(w);
    jurors(w, 2);
    Rec panel = panel_of(w, "3", "0", "none");
    REFUSED(E_WRONG_STATE, panel_commit(&f->cx, f->s, &f->head, &w->sc, &panel));
    SAME(fresh(w, &panel).state->id, "preparing");
}

static void the_seed_is_promised_first_and_the_draw_follows_from_it(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    two_works(w);
    jurors(w, 8);
    Rec panel = panel_of(w, "3", "2", "none");
    OK(panel_commit(&f->cx, f->s, &f->head, &w->sc, &panel));
    Rec before = panel = fresh(w, &panel);
    Str promised = val(&panel, "commitment")->s;
    assert_int_equal(promised.n, 64);
    assert_false(val(&panel, "seed")->has);
    Rec seen; /* those who run it cannot read the sealed seed either */
    OK(rec_get(&f->cx, f->s, &f->head, w->jury, panel.id, &seen));
    assert_false(val(&seen, "sealed_seed")->has);
    jurors(w, 1); /* who comes after the list was closed is not in it */
    OK(panel_draw(&f->cx, f->s, &f->head, &w->sc, &panel, S("见证词")));
    panel = fresh(w, &panel);
    Str seed = val(&panel, "seed")->s;
    char again[65];
    lot_commitment(seed, again);
    assert_true(str_eq(promised, str_c(again)));
    Doc *list, *draw;
    OK(panel_json(&f->cx, f->s, &w->sc, &panel, "list", &list));
    OK(panel_json(&f->cx, f->s, &w->sc, &panel, "draw", &draw));
    assert_int_equal(doc_get(list, S("candidates"))->n, 8);
    Lot lots[8] = {0};
    size_t n = 0;
    for (const Doc *c = doc_get(list, S("candidates"))->first; c != NULL; c = c->next) {
        lots[n++].key = doc_get_str(c, "key");
    }
    assert_int_equal(lot_draw(seed, S("见证词"), panel.no, lots, n, 3, 0), 3);
    for (size_t i = 0; i < n; i++) {
        const Doc *o = doc_at(doc_get(draw, S("order")), i);
        assert_true(str_eq(doc_get_str(o, "key"), lots[i].key));
        assert_int_equal(doc_get_bool(o, "drawn"), lots[i].drawn);
    }
    SheetRow *rows;
    OK(sheet_rows(&f->cx, f->s, &w->sc, panel.id, &rows, &n));
    assert_int_equal(n, 6); /* three judges, two entries */
    REFUSED(E_STALE, panel_draw(&f->cx, f->s, &f->head, &w->sc, &before, S("再抽一次")));
}

/* ---- sheets ---- */

static void marks_stay_within_the_rubric_and_with_their_judge(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    two_works(w);
    jurors(w, 2);
    Rec panel = drawn_panel(w, "1", "1");
    SheetRow *rows;
    size_t n;
    OK(sheet_rows(&f->cx, f->s, &w->sc, panel.id, &rows, &n));
    Actor a = judge_actor(w, &rows[0]), other = a;
    other.user = 999;
    other.login = S("不是他");
    REFUSED(E_INVALID, mark(w, &a, rows[0].id, 1000, 500)); /* not declared yet */
    declare(w, rows[0].id);
    REFUSED(E_INVALID, mark(w, &a, rows[0].id, 2001, 500));
    REFUSED(E_INVALID, mark(w, &a, rows[0].id, 1000, -1));
    REFUSED(E_NOT_FOUND, mark(w, &other, rows[0].id, 1000, 500));
    REFUSED(E_NOT_FOUND, mark(w, &f->head, rows[0].id, 1000, 500));
    OK(mark(w, &a, rows[0].id, 2000, 0));
    Rec r;
    REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, &f->head, w->slip, rows[0].id, &r));
    clock_set((int64_t)date_from_civil(2026, 7, 1) * 86400000 + 4 * 3600000);
    cx_init(&f->cx, f->mem);
    OK(store_attach(&f->cx, f->s));
    REFUSED(E_INVALID, mark(w, &a, rows[0].id, 1000, 500)); /* after the last day */
}

static void who_steps_back_is_followed_by_the_next_of_the_order(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    two_works(w);
    jurors(w, 3);
    Rec panel = drawn_panel(w, "1", "1");
    SheetRow *rows;
    size_t n;
    OK(sheet_rows(&f->cx, f->s, &w->sc, panel.id, &rows, &n));
    assert_int_equal(n, 2);
    Actor a = judge_actor(w, &rows[0]);
    Rec sheet;
    OK(rec_get(&f->cx, f->s, &a, w->slip, rows[0].id, &sheet));
    OK(sheet_recuse(&f->cx, f->s, &a, &w->sc, &sheet, &panel, sheet.rev, S("同学")));
    SheetRow *now;
    OK(sheet_rows(&f->cx, f->s, &w->sc, panel.id, &now, &n));
    assert_int_equal(n, 3);
    SAME(now[0].state->id, "recused");
    assert_int_equal(now[2].entry, rows[0].entry);
    assert_int_equal(now[2].seat, 2);
    assert_true(now[2].judge != rows[0].judge);
}

/*
 * By hand. 甲作: figure 30 people -> band from 10 -> 5.00. Sheets 28.00, 25.00, 22.50, 20.02, 12.00: one highest and
 * one lowest left out, (25.00 + 22.50 + 20.02) / 3 = 22.5066… -> 22.51; result 27.51; 28 - 12 = 16 > 15: alarm. 乙作:
 * 60 people -> 10.00. Sheets 20, 20, 20, 20.50, 20: mean of 20, 20, 20 -> 20.00; result 30.00; no alarm. So 乙作 is
 * first.
 */
static void the_result_is_the_one_computed_by_hand(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    two_works(w);
    jurors(w, 6);
    Rec panel = drawn_panel(w, "5", "1");
    const int64_t first[][2] = {{1800, 1000}, {1500, 1000}, {1500, 750}, {1002, 1000}, {200, 1000}};
    const int64_t second[][2] = {{1000, 1000}, {1000, 1000}, {1000, 1000}, {1050, 1000}, {1000, 1000}};
    SheetRow *rows;
    size_t n, a = 0, b = 0, unscored;
    OK(sheet_rows(&f->cx, f->s, &w->sc, panel.id, &rows, &n));
    assert_int_equal(n, 10);
    for (size_t i = 0; i < n; i++) {
        if (i == n - 1) { /* one is not in yet */
            REFUSED(E_WRONG_STATE, panel_close(&f->cx, f->s, &f->head, &w->sc, &panel, false, &unscored));
        }
        const int64_t *m = rows[i].entry == w->work1.id ? first[a++] : second[b++];
        hand_in(w, &rows[i], m[0], m[1]);
    }
    OK(panel_close(&f->cx, f->s, &f->head, &w->sc, &panel, false, &unscored));
    assert_int_equal(unscored, 0);
    Rec r1 = fresh(w, &w->work1), r2 = fresh(w, &w->work2);
    assert_int_equal(val(&r1, "score")->i, 2751);
    assert_int_equal(val(&r1, "rank")->i, 2);
    assert_int_equal(val(&r2, "score")->i, 3000);
    assert_int_equal(val(&r2, "rank")->i, 1);
    Snapshot snap;
    bool found;
    Str why;
    OK(snapshot_last(&f->cx, f->s, w->work, r1.id, S("computation"), &snap, &found));
    assert_true(found);
    Doc *c = json_read(f->mem, snap.body, &why);
    assert_int_equal(doc_get_int(c, "by_program", 0), 500);
    assert_int_equal(doc_get_int(c, "by_persons", 0), 2251);
    assert_int_equal(doc_get_int(c, "counted", 0), 3);
    assert_true(doc_get_bool(c, "alarm"));
    assert_int_equal(doc_get(c, S("sheets"))->n, 5);
    int64_t out = 0;
    for (const Doc *s = doc_get(c, S("sheets"))->first; s != NULL; s = s->next) {
        int64_t sum = doc_get_int(s, "sum", 0);
        bool edge = sum == 2800 || sum == 1200;
        assert_int_equal(doc_get_bool(s, "left_out"), edge);
        out += edge;
    }
    assert_int_equal(out, 2);
    assert_false(str_contains(snap.body, S("\"judge\"")));
    Actor j = judge_actor(w, &rows[0]);
    REFUSED(E_WRONG_STATE, mark(w, &j, rows[0].id, 100, 100)); /* opened: nothing moves any more */
}

/* A second panel for 甲作 alone, with sheets of 20.00: 5 + 20 = 25.00 takes the place of 27.51; both computations stay.
 */
static void a_second_panel_replaces_the_result_of_the_entries_it_names(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    two_works(w);
    jurors(w, 3);
    for (int round = 0; round < 2; round++) {
        Rec panel = panel_of(w, "1", "0", "none");
        if (round == 1) {
            Form o = form(f, w->jury);
            put_row(f, &o, "entries", v_int(w->work1.id), (Value){0});
            bool changed;
            OK(update(f, &f->head, &panel, &o, 0, &changed));
            panel = fresh(w, &panel);
        }
        OK(panel_commit(&f->cx, f->s, &f->head, &w->sc, &panel));
        panel = fresh(w, &panel);
        OK(panel_draw(&f->cx, f->s, &f->head, &w->sc, &panel, S("")));
        panel = fresh(w, &panel);
        SheetRow *rows;
        size_t n, unscored;
        OK(sheet_rows(&f->cx, f->s, &w->sc, panel.id, &rows, &n));
        assert_int_equal(n, round == 0 ? 2 : 1);
        for (size_t i = 0; i < n; i++) {
            hand_in(w, &rows[i], round == 0 ? 2000 : 1000, 1000);
        }
        OK(panel_close(&f->cx, f->s, &f->head, &w->sc, &panel, false, &unscored));
    }
    Rec r1 = fresh(w, &w->work1), r2 = fresh(w, &w->work2);
    assert_int_equal(val(&r1, "score")->i, 2500);
    assert_int_equal(val(&r2, "score")->i, 4000);
    assert_int_equal(val(&r2, "rank")->i, 1);
    Snapshot *all;
    size_t n;
    OK(snapshot_list(&f->cx, f->s, w->work, r1.id, &all, &n));
    assert_int_equal(n, 2);
}

static void a_rubric_changed_under_a_running_panel_stops_it(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    size_t unscored;
    two_works(w);
    jurors(w, 3);
    Rec panel = drawn_panel(w, "1", "0"), next = panel_of(w, "1", "0", "none");
    Str was = f->pack->rubrics[0].hash;
    f->pack->rubrics[0].hash = S("另一版");
    REFUSED(E_WRONG_STATE, panel_close(&f->cx, f->s, &f->head, &w->sc, &panel, true, &unscored));
    REFUSED(E_WRONG_STATE, panel_commit(&f->cx, f->s, &f->head, &w->sc, &next));
    f->pack->rubrics[0].hash = was;
    OK(panel_close(&f->cx, f->s, &f->head, &w->sc, &panel, true, &unscored));
    assert_int_equal(unscored, 2); /* nobody marked anything: no score, and it is said */
    Rec r1 = fresh(w, &w->work1);
    assert_false(val(&r1, "score")->has);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        W(a_judge_with_any_tie_to_an_entry_is_left_out_with_the_reason),
        W(the_own_county_counts_as_the_panel_says),
        W(too_few_judges_are_not_drawn),
        W(the_seed_is_promised_first_and_the_draw_follows_from_it),
        W(marks_stay_within_the_rubric_and_with_their_judge),
        W(who_steps_back_is_followed_by_the_next_of_the_order),
        W(the_result_is_the_one_computed_by_hand),
        W(a_second_panel_replaces_the_result_of_the_entries_it_names),
        W(a_rubric_changed_under_a_running_panel_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
