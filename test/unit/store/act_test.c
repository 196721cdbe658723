/* act_test.c - moving records: who, from where, on what conditions, with what consequences. */
#include "fixture.h"

#include "store/env.h"

static bool can(Fixture *f, const Actor *a, const Rec *r, const char *id, Str *ret_why, Verdict **ret_v, size_t *ret_n)
{
    bool open;
    Rec seen;
    OK(rec_get(&f->cx, f->s, a, r->type, r->id, &seen));
    OK(rec_can(&f->cx, f->s, a, &seen, type_action(r->type, str_c(id)), &open, ret_why, ret_v, ret_n));
    return open;
}

static void a_record_goes_up_is_approved_and_comes_back_to_its_owner(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    OK(act(f, &f->writer, &r, "ask", ""));
    SAME(r.state->id, "asked");
    assert_int_equal(r.holder, 7); /* no middle level: straight to the province */
    assert_int_equal(r.rev, 2);
    OK(act(f, &f->head, &r, "approve", "同意"));
    SAME(r.state->id, "listed");
    assert_int_equal(r.holder, 21);
    assert_int_equal(val(&r, "listed_on")->i, (f->cx.now_ms + 8 * 3600 * 1000) / 86400000);
    Event *events;
    size_t n;
    OK(journal_of(&f->cx, f->s, f->team, r.id, &events, &n));
    assert_int_equal(n, 3);
    SAME(events[2].action, "approve");
    SAME(events[2].state_from, "asked");
    SAME(events[2].state_to, "listed");
    SAME(events[2].user_name, "省一");
    SAME(events[2].org_name, "示例省劳务办公室");
    assert_true(str_contains(events[2].body, S("listed_on")));
}

static void a_step_is_open_only_to_its_role_at_its_desk_from_its_state(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    REFUSED(E_WRONG_STATE, act(f, &f->writer, &r, "approve", "")); /* not yet asked, and not the role */
    REFUSED(E_WRONG_STATE, act(f, &f->head, &r, "ask", ""));
    REFUSED(E_NOT_FOUND, act(f, &f->writer2, &r, "ask", ""));
    Actor token = f->writer;
    token.read_only = true;
    REFUSED(E_WRONG_STATE, act(f, &token, &r, "ask", ""));
    OK(act(f, &f->writer, &r, "ask", ""));
    REFUSED(E_WRONG_STATE, act(f, &f->writer, &r, "ask", "")); /* twice */
    REFUSED(E_WRONG_STATE, act(f, &f->writer_too, &r, "approve", ""));
    assert_int_equal(raw(f, "select count(*) from journal"), 2);
}

static void a_step_on_an_old_revision_is_refused(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20"), old = r;
    OK(act(f, &f->writer, &r, "ask", ""));
    REFUSED(E_STALE, act(f, &f->head, &old, "approve", ""));
}

static void a_step_that_asks_for_a_reason_is_refused_without(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    OK(act(f, &f->writer, &r, "ask", ""));
    REFUSED(E_INVALID, act(f, &f->head, &r, "refuse", " "));
    SAME(r.state->id, "asked");
    OK(act(f, &f->head, &r, "refuse", "人数不实"));
    SAME(r.state->id, "new");
    assert_int_equal(r.holder, 21);
}

static void nobody_reviews_what_they_entered_changed_or_submitted(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    Str why;
    Verdict *v;
    size_t n;
    OK(act(f, &f->writer, &r, "ask", ""));
    Actor same = f->head; /* the person who entered it, sitting in the province now */
    same.user = f->writer.user;
    REFUSED(E_WRONG_STATE, act(f, &same, &r, "approve", ""));
    assert_false(can(f, &same, &r, "approve", &why, &v, &n));
    assert_true(str_contains(why, S("另一人")));
    assert_true(can(f, &f->head, &r, "approve", &why, &v, &n));
    OK(act(f, &f->head, &r, "approve", ""));
}

static void a_reviewer_who_sent_a_record_back_may_pass_it_later(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    OK(act(f, &f->writer, &r, "ask", ""));
    OK(act(f, &f->head, &r, "refuse", "人数不实"));
    OK(act(f, &f->writer_too, &r, "ask", ""));
    Actor same = f->head2;
    same.user = f->writer_too.user; /* submitted it the second time */
    REFUSED(E_WRONG_STATE, act(f, &same, &r, "approve", ""));
    OK(act(f, &f->head, &r, "approve", ""));
}

static void each_condition_is_told_with_its_verdict_and_figures(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer2, "乙县小队", "6"); /* the province wants 10, county C1 only 5 */
    Str why;
    Verdict *v;
    size_t n;
    OK(act(f, &f->writer2, &r, "ask", ""));
    assert_false(can(f, &f->head, &r, "approve", &why, &v, &n));
    assert_int_equal(n, 1);
    assert_int_equal(v[0].verdict, 0);
    SAME(v[0].condition->say, "人数达到要求");
    assert_true(str_contains(v[0].why, S("6")));
    REFUSED(E_WRONG_STATE, act(f, &f->head, &r, "approve", ""));
    Rec fine = team(f, &f->writer, "甲县小队", "6");
    OK(act(f, &f->writer, &fine, "ask", ""));
    assert_true(can(f, &f->head, &fine, "approve", &why, &v, &n));
    assert_int_equal(v[0].verdict, 1);
}

static void a_condition_without_data_does_not_hold(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    Str why;
    Verdict *v;
    size_t n;
    OK(act(f, &f->writer, &r, "ask", ""));
    Cx cx;
    cx_init(&cx, f->mem);
    Db *db = db_open(&cx, behind_url(f), DB_WRITE);
    assert_true(db != NULL && db_script(&cx, db, "update r_team set f_people = null"));
    db_close(db);
    assert_false(can(f, &f->head, &r, "approve", &why, &v, &n));
    assert_int_equal(v[0].verdict, -1);
}

static void a_record_under_way_cannot_be_edited_and_a_listed_one_neither(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    Form o = form(f, f->team);
    bool changed;
    put(f, &o, "people", "30");
    OK(act(f, &f->writer, &r, "ask", ""));
    REFUSED(E_WRONG_STATE, update(f, &f->writer, &r, &o, r.rev, &changed));
    OK(act(f, &f->head, &r, "approve", ""));
    REFUSED(E_WRONG_STATE, update(f, &f->writer, &r, &o, r.rev, &changed));
    WriteOpts opts = {.rev = r.rev};
    REFUSED(E_WRONG_STATE, rec_delete(&f->cx, f->s, &f->writer, f->team, r.id, &opts));
}

static void a_step_makes_the_records_it_names_in_the_same_transaction(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    OK(act(f, &f->writer, &r, "ask", ""));
    OK(act(f, &f->head, &r, "approve", ""));
    int64_t rev = r.rev;
    OK(act(f, &f->head, &r, "praise", ""));
    SAME(r.state->id, "listed"); /* stays */
    assert_int_equal(r.rev, rev + 1);
    Query q = {.type = f->award};
    RecPage page;
    OK(rec_list(&f->cx, f->s, &f->head, &q, true, &page));
    assert_int_equal(page.total, 1);
    assert_int_equal(val(&page.items[0], "team")->i, r.id);
    SAME(val(&page.items[0], "title")->s, "甲县采收队");
    SAME(val(&page.items[0], "grade")->s, "gold");
    assert_true(val(&page.items[0], "given")->has);
    assert_int_equal(page.items[0].home, 7); /* of the office that acted */
}

static void a_required_input_of_a_step_must_be_given(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    OK(act(f, &f->writer, &r, "ask", ""));
    OK(act(f, &f->head, &r, "approve", ""));
    Findings found = findings_new(f->mem);
    WriteOpts opts = {.rev = r.rev};
    Value none = {0};
    REFUSED(E_INVALID, rec_act(&f->cx, f->s, &f->head, f->team, r.id, type_action(f->team, S("praise")), &none, &opts, &found, &r));
    assert_int_equal(found.n, 1);
    SAME(found.items[0].field, "how");
    assert_int_equal(raw(f, "select count(*) from r_award"), 0);
}

static Rec award(Fixture *f, const Rec *of, const char *given, const char *prize)
{
    Form o = form(f, f->award);
    Rec r;
    put(f, &o, "team", str_z(f->mem, id_text(f->mem, of->id)));
    put(f, &o, "title", "年度奖");
    put(f, &o, "grade", "silver");
    put(f, &o, "given", given);
    put(f, &o, "prize", prize);
    OK(create_in(f, &f->head, "P", &o, &r));
    return r;
}

static Tri holds(Fixture *f, const Rec *r, const char *text)
{
    Str error = S("");
    const Expr *e = expr_parse(f->mem, f->pack, r->type, NULL, 0, str_c(text), &error);
    if (e == NULL) {
        print_error("%s: %.*s\n", text, STRF(error));
    }
    assert_non_null(e);
    return rule_test(env_make(&f->cx, f->s, r), e);
}

static void a_rule_follows_a_reference_into_the_store(void **state)
{
    Fixture *f = *state;
    Rec a = team(f, &f->writer, "甲县采收队", "20"), b = team(f, &f->writer, "甲县建筑队", "30");
    Rec first = award(f, &a, "2023-05-01", "100"), second = award(f, &a, "2024-05-01", "200"), other = award(f, &b, "2024-06-01", "900");
    static const char *const HOLD[] = {
        "team.people = 20 and team.name = '甲县采收队'", "team.state = 'new'", "count(team.awards) = 2", "sum(team.awards.prize) = 300",
        "count(team.awards where self != outer.self) = 1", "any(team.awards where prize > outer.prize)", "count(team.tools) = 0",
        "any(team.awards where team.people = outer.team.people)",
    };
    for (size_t i = 0; i < ARRAY_LEN(HOLD); i++) {
        assert_int_equal(holds(f, &first, HOLD[i]), TRI_TRUE);
    }
    Str no = str_printf(f->mem, "team.number = '%.*s'", STRF(a.no));
    assert_int_equal(holds(f, &first, no.p), TRI_TRUE);
    assert_int_equal(holds(f, &second, "any(team.awards where prize > outer.prize)"), TRI_FALSE);
    assert_int_equal(holds(f, &other, "team.people = 30 and count(team.awards) = 1"), TRI_TRUE);
    WriteOpts opts = {.reason = S("误登")};
    OK(rec_delete(&f->cx, f->s, &f->system, f->team, b.id, &opts));
    assert_int_equal(holds(f, &other, "team.people = 30"), TRI_UNKNOWN);
    assert_int_equal(holds(f, &other, "count(team.awards) = 1"), TRI_UNKNOWN);
    assert_int_equal(f->cx.err, E_OK);
}

static int64_t last_prize(Fixture *f, const Rec *r)
{
    Rec now;
    OK(rec_get(&f->cx, f->s, &f->writer, f->team, r->id, &now));
    return val(&now, "last_prize")->has ? val(&now, "last_prize")->i : -1;
}

static void a_computed_field_follows_the_newest_record_that_refers_here(void **state)
{
    Fixture *f = *state;
    Rec a = team(f, &f->writer, "甲县采收队", "20"), b = team(f, &f->writer, "甲县建筑队", "20");
    assert_int_equal(last_prize(f, &a), -1);
    Rec first = award(f, &a, "2023-05-01", "100");
    assert_int_equal(last_prize(f, &a), 10000);
    Rec newer = award(f, &a, "2024-05-01", "200");
    award(f, &a, "2022-05-01", "999"); /* entered last, but older */
    assert_int_equal(last_prize(f, &a), 20000);
    Form move = form(f, f->award);
    bool changed;
    put(f, &move, "team", str_z(f->mem, id_text(f->mem, b.id)));
    OK(update(f, &f->head, &newer, &move, 1, &changed));
    assert_int_equal(last_prize(f, &b), 20000);
    assert_int_equal(last_prize(f, &a), 10000);
    WriteOpts opts = {.reason = S("误登")};
    OK(rec_delete(&f->cx, f->s, &f->head, f->award, first.id, &opts));
    assert_int_equal(last_prize(f, &a), 99900);
    VerifyCounts n;
    Str report;
    OK(journal_verify(&f->cx, f->s, &n, &report));
    SAME(report, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_record_goes_up_is_approved_and_comes_back_to_its_owner), T(a_step_is_open_only_to_its_role_at_its_desk_from_its_state),
        T(a_step_on_an_old_revision_is_refused), T(a_step_that_asks_for_a_reason_is_refused_without),
        T(nobody_reviews_what_they_entered_changed_or_submitted), T(a_reviewer_who_sent_a_record_back_may_pass_it_later),
        T(each_condition_is_told_with_its_verdict_and_figures), T(a_condition_without_data_does_not_hold),
        T(a_record_under_way_cannot_be_edited_and_a_listed_one_neither),
        T(a_step_makes_the_records_it_names_in_the_same_transaction), T(a_required_input_of_a_step_must_be_given),
        T(a_rule_follows_a_reference_into_the_store), T(a_computed_field_follows_the_newest_record_that_refers_here),
    };
    return cmocka_run_group_tests_name("store/act", tests, NULL, NULL);
}
