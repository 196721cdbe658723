/* flow_test.c - actions of several persons, by the program, on other records and at their time; what is frozen of them.
 */
#include "base/date.h"
#include "flow.h"
#include "store/call.h"

static bool can(Fixture *f, const Actor *a, const Rec *r, const char *id, Str *ret_why)
{
    bool open;
    Rec seen;
    Verdict *v;
    size_t n;
    OK(rec_get(&f->cx, f->s, a, r->type, r->id, &seen));
    OK(rec_can(&f->cx, f->s, a, &seen, type_action(r->type, str_c(id)), &open, ret_why, &v, &n));
    return open;
}

static void the_last_of_the_persons_needed_moves_the_record(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL);
    Signs l;
    Str why;
    OK(step(f, &flow.clerk, &r, "send", ""));
    int64_t rev = r.rev;
    OK(step(f, &flow.officer, &r, "choose", "很好"));
    SAME(r.state->id, "sent");
    assert_int_equal(r.rev, rev);
    OK(rec_signs(&f->cx, f->s, &r, type_action(flow.piece, S("choose")), &l));
    assert_int_equal(l.n, 1);
    SAME(l.got[0].user_name, "shi1");
    SAME(l.got[0].opinion, "很好");
    assert_int_equal(l.missing, 1);
    assert_false(can(f, &flow.officer, &r, "choose", &why));
    SAME(why, "您已签署，还差 1 人");
    REFUSED(E_WRONG_STATE, step(f, &flow.officer, &r, "choose", "再来"));
    OK(step(f, &flow.leader, &r, "choose", ""));
    SAME(r.state->id, "chosen");
    assert_int_equal(r.rev, rev + 1);
    assert_int_equal(raw(f, "select count(*) from journal where act = 'sign'"), 2);
    sound(f);
}

static void signatures_do_not_outlive_the_revision_they_were_given_on(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL);
    Signs l;
    OK(step(f, &flow.clerk, &r, "send", ""));
    OK(step(f, &flow.officer, &r, "choose", ""));
    OK(step(f, &flow.officer2, &r, "back", "请补材料"));
    OK(step(f, &flow.clerk, &r, "send", ""));
    OK(rec_signs(&f->cx, f->s, &r, type_action(flow.piece, S("choose")), &l));
    assert_int_equal(l.n, 0);
    OK(step(f, &flow.leader, &r, "choose", ""));
    SAME(r.state->id, "sent"); /* one of two again */
}

static void each_signer_is_held_to_four_eyes(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL);
    OK(step(f, &flow.clerk, &r, "send", ""));
    Actor same = flow.officer;
    same.user = flow.clerk.user;
    REFUSED(E_WRONG_STATE, step(f, &same, &r, "choose", ""));
    OK(step(f, &flow.officer2, &r, "choose", ""));
    REFUSED(E_WRONG_STATE, step(f, &same, &r, "choose", ""));
}

static void one_of_each_role_is_one_of_each_role(void **state)
{
    Fixture *f = *state;
    Rec r = a_round(f, "2020-01-01");
    Str why;
    Signs l;
    (void)a_chosen(f, "木雕", "3", &r);
    OK(by_program(f, &r, "close"));
    OK(step(f, &flow.officer, &r, "publish", ""));
    assert_false(can(f, &flow.officer2, &r, "publish", &why));
    SAME(why, "您这一方已有人签署，还差 1 人（市负责人）");
    OK(rec_signs(&f->cx, f->s, &r, type_action(flow.round, S("publish")), &l));
    assert_int_equal(l.n_missing_roles, 1);
    SAME(l.missing_roles[0], "leader");
    OK(step(f, &flow.leader, &r, "publish", ""));
    SAME(r.state->id, "closed");
}

static void who_signs_must_agree_to_the_same_inputs(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL);
    OK(step(f, &flow.clerk, &r, "send", ""));
    OK(step(f, &flow.officer, &r, "choose", ""));
    Findings found = findings_new(f->mem);
    WriteOpts opts = {.rev = r.rev};
    Value other = {.has = true, .s = S("另一个意思")};
    REFUSED(E_INVALID, rec_act(&f->cx, f->s, &flow.leader, flow.piece, r.id, type_action(flow.piece, S("choose")),
                               &other, &opts, &found, &r));
    assert_int_equal(found.errors, 1);
}

static void what_is_left_to_the_program_is_closed_to_persons(void **state)
{
    Fixture *f = *state;
    Rec r = a_round(f, "2020-01-01");
    REFUSED(E_WRONG_STATE, step(f, &flow.officer, &r, "close", ""));
    REFUSED(E_WRONG_STATE, step(f, &flow.leader, &r, "close", ""));
    OK(by_program(f, &r, "close"));
    SAME(r.state->id, "judging");
    Event *e;
    size_t n;
    OK(journal_of(&f->cx, f->s, flow.round, r.id, &e, &n));
    SAME(e[n - 1].user_name, "系统");
    SAME(e[n - 1].source, "由shi1引起");
}

static void a_condition_left_to_a_person_is_told_and_refuses_nothing(void **state)
{
    Fixture *f = *state;
    Rec r = a_round(f, "2020-01-01");
    bool open;
    Str why;
    Verdict *v;
    size_t n;
    OK(by_program(f, &r, "close"));
    OK(rec_can(&f->cx, f->s, &flow.officer, &r, type_action(flow.round, S("publish")), &open, &why, &v, &n));
    assert_false(open); /* nothing chosen */
    (void)a_chosen(f, "木雕", "3", &r);
    OK(rec_can(&f->cx, f->s, &flow.officer, &r, type_action(flow.round, S("publish")), &open, &why, &v, &n));
    assert_true(open);
    assert_int_equal(n, 2);
    assert_int_equal(v[1].verdict, -1);
    assert_true(v[1].condition->manual);
}

static void an_action_moves_the_records_that_hang_together_with_it(void **state)
{
    Fixture *f = *state;
    Rec r = a_round(f, "2020-01-01"), other = a_round(f, "2020-01-01");
    Rec a = a_chosen(f, "木雕", "3", &r), b = a_chosen(f, "糖画", "4", &r),
        elsewhere = a_chosen(f, "剪纸", "5", &other);
    Rec waiting = a_piece(f, "风筝", "2", &r);
    OK(by_program(f, &r, "close"));
    OK(step(f, &flow.officer, &r, "publish", ""));
    OK(step(f, &flow.leader, &r, "publish", ""));
    SAME(again(f, &a).state->id, "awarded");
    SAME(again(f, &b).state->id, "awarded");
    SAME(again(f, &elsewhere).state->id, "chosen");
    SAME(again(f, &waiting).state->id, "draft");
    assert_int_equal(raw(f, "select count(*) from journal where action = 'award' and source like '由轮次%引起' and "
                            "reason = '结果已公布'"),
                     2);
    assert_int_equal(raw(f, "select count(*) from r_letter where home = 31"), 2); /* owned by the owner of the piece */
    assert_int_equal(
        raw(f, "select count(*) from r_letter l join r_piece p on p.id = l.f_piece and p.f_name = l.f_text"), 2);
    sound(f);
}

static void one_that_cannot_follow_stops_the_whole_and_is_named(void **state)
{
    Fixture *f = *state;
    Rec r = a_round(f, "2020-01-01");
    Rec a = a_chosen(f, "木雕", "3", &r), b = a_chosen(f, "百人长卷", "200", &r);
    OK(by_program(f, &r, "close"));
    OK(step(f, &flow.officer, &r, "publish", ""));
    assert_false(step(f, &flow.leader, &r, "publish", ""));
    assert_int_equal(f->cx.err, E_WRONG_STATE);
    assert_true(str_contains(f->cx.err_text, S("百人长卷")));
    cx_clear(&f->cx);
    SAME(again(f, &r).state->id, "judging");
    SAME(again(f, &a).state->id, "chosen");
    SAME(again(f, &b).state->id, "chosen");
    assert_int_equal(raw(f, "select count(*) from r_letter"), 0);
    assert_int_equal(raw(f, "select count(*) from sign where record in (select id from r_round)"),
                     1); /* the leader's was undone too */
    sound(f);
}

static Rec a_letter(Fixture *f, const Rec *piece, const char *text, const Rec *next)
{
    Form o = form(f, flow.letter);
    Rec r;
    put(f, &o, "piece", str_z(f->mem, id_text(f->mem, piece->id)));
    put(f, &o, "text", text);
    if (next != NULL) {
        put(f, &o, "next", str_z(f->mem, id_text(f->mem, next->id)));
    }
    OK(create_in(f, &f->system, "E", &o, &r));
    return r;
}

static void a_chain_ends_after_four_steps_and_a_circle_is_refused(void **state)
{
    Fixture *f = *state;
    Rec piece = a_piece(f, "木雕", "3", NULL), l[6];
    for (size_t i = 0; i < 6; i++) {
        l[i] = a_letter(f, &piece, "转告", i != 0 ? &l[i - 1] : NULL);
    }
    OK(by_program(f, &l[4], "echo")); /* and four more */
    assert_int_equal(raw(f, "select count(*) from journal where action = 'echo'"), 5);
    REFUSED(E_WRONG_STATE, by_program(f, &l[5], "echo"));
    assert_int_equal(raw(f, "select count(*) from journal where action = 'echo'"), 5);
    behind_the_back(f, "update r_letter set f_next = id");
    REFUSED(E_WRONG_STATE, by_program(f, &l[0], "echo"));
}

static bool many_chosen(Cx *cx, Store *s, void *arg)
{
    const Rec *like = arg;
    for (int i = 0; i < 5001; i++) {
        ArenaMark mark = arena_mark(cx->mem);
        Rec r = *like;
        r.no = S("");
        if (!rec_store_new(cx, s, &flow.clerk, &r, S(""), S(""), S(""))) {
            return false;
        }
        arena_release(cx->mem, mark);
    }
    return true;
}

/* 5,001 pieces moved and 5,001 letters made are more than one action may touch. */
static void an_action_that_would_touch_too_many_records_is_refused_as_a_whole(void **state)
{
    Fixture *f = *state;
    Rec r = a_round(f, "2020-01-01"), one = a_chosen(f, "木雕", "3", &r);
    OK(by_program(f, &r, "close"));
    OK(step(f, &flow.officer, &r, "publish", ""));
    OK(store_write(&f->cx, f->s, many_chosen, &one));
    REFUSED(E_TOO_LARGE, step(f, &flow.leader, &r, "publish", ""));
    assert_int_equal(raw(f, "select count(*) from r_piece where state = 'awarded'"), 0);
    assert_int_equal(raw(f, "select count(*) from r_letter"), 0);
}

static void what_cannot_be_taken_in_time_waits_and_holds_up_nothing(void **state)
{
    Fixture *f = *state;
    Rec piece = a_piece(f, "木雕", "3", NULL), stuck = a_letter(f, &piece, "过期", NULL),
        due = a_round(f, "2020-01-01");
    int64_t n;
    OK(rec_auto_run(&f->cx, f->s, NULL, &n));
    assert_int_equal(n, 1);
    SAME(again(f, &stuck).state->id, "sent");
    SAME(again(f, &due).state->id, "judging");
    behind_the_back(f, "update r_letter set f_piece = null");
    OK(rec_auto_run(&f->cx, f->s, NULL, &n));
    assert_int_equal(n, 1);
    SAME(again(f, &stuck).state->id, "gone");
}

static void a_step_is_taken_by_the_program_when_its_time_has_come(void **state)
{
    Fixture *f = *state;
    Rec due = a_round(f, "2026-03-01"), later = a_round(f, "2026-03-02");
    int64_t n, day = (int64_t)date_from_civil(2026, 3, 1) * 86400000;
    f->cx.now_ms = day;
    OK(rec_auto_run(&f->cx, f->s, NULL, &n));
    assert_int_equal(n, 0);
    f->cx.now_ms = day + 16 * 3600 * 1000; /* midnight in China */
    OK(rec_auto_run(&f->cx, f->s, NULL, &n));
    assert_int_equal(n, 1);
    SAME(again(f, &due).state->id, "judging");
    SAME(again(f, &later).state->id, "open");
    OK(rec_auto_run(&f->cx, f->s, NULL, &n));
    assert_int_equal(n, 0);
    f->cx.now_ms = day - 86400000; /* the clock went back: nothing is undone, nothing new is due */
    OK(rec_auto_run(&f->cx, f->s, NULL, &n));
    assert_int_equal(n, 0);
    SAME(again(f, &due).state->id, "judging");
}

static void a_round_that_is_told_to_stop_stops(void **state)
{
    Fixture *f = *state;
    Rec due = a_round(f, "2020-03-01");
    const _Atomic bool stop = true;
    int64_t n;
    OK(rec_auto_run(&f->cx, f->s, &stop, &n));
    assert_int_equal(n, 0);
    SAME(again(f, &due).state->id, "open");
}

static bool stamps(Cx *cx, Store *s, const Call *c)
{
    const Field *text = type_field(c->after->type, S("text"));
    SAME(c->action->id, "stamp");
    assert_true(on_writer(s) && c->actor->is_system);
    assert_false(c->before->v[text->index].has && str_eq(c->before->v[text->index].s, S("待盖章")));
    SAME(c->after->v[text->index].s, "待盖章"); /* `set` comes first */
    if (str_eq(c->before->v[text->index].s, S("作废"))) {
        return fail(cx, E_WRONG_STATE, "作废的不能盖章");
    }
    c->after->v[text->index].s = S("已盖章");
    return true;
}

static void a_step_may_call_a_function_of_the_program(void **state)
{
    static const NamedCall CALLS[] = {{"stamp", stamps}};
    Fixture *f = *state;
    Rec p = a_piece(f, "甲作", "3", NULL), letter;
    Form o = form(f, flow.letter);
    put(f, &o, "piece", str_z(f->mem, id_text(f->mem, p.id)));
    put(f, &o, "text", "草稿");
    OK(create_in(f, &f->system, "E", &o, &letter));
    store_calls_set(NULL, 0);
    REFUSED(E_PACK, store_calls_known(&f->cx, f->pack));
    REFUSED(E_PACK, by_program(f, &letter, "stamp"));
    store_calls_set(CALLS, 1);
    OK(store_calls_known(&f->cx, f->pack));
    OK(by_program(f, &letter, "stamp"));
    letter = again(f, &letter);
    SAME(val(&letter, "text")->s, "已盖章");
    assert_int_equal(letter.rev, 2);
    put(f, &o, "text", "作废");
    OK(create_in(f, &f->system, "E", &o, &letter));
    REFUSED(E_WRONG_STATE, by_program(f, &letter, "stamp")); /* one that fails undoes the step */
    letter = again(f, &letter);
    SAME(val(&letter, "text")->s, "作废");
    assert_int_equal(letter.rev, 1);
    sound(f); /* what it put into the record stands in the journal */
    store_calls_set(NULL, 0);
}

static void what_a_step_stood_on_is_frozen(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL);
    Snapshot *l, last;
    size_t n;
    bool found;
    OK(step(f, &flow.clerk, &r, "send", ""));
    OK(step(f, &flow.officer, &r, "back", "人数有改动"));
    Form o = form(f, flow.piece);
    bool changed;
    put(f, &o, "makers", "9");
    OK(update(f, &flow.clerk, &r, &o, r.rev, &changed));
    OK(snapshot_list(&f->cx, f->s, flow.piece, r.id, &l, &n));
    assert_int_equal(n, 1);
    SAME(l[0].name, "send");
    assert_true(str_contains(l[0].body, S("\"makers\":{\"label\":\"制作人数\",\"text\":\"3 人\",\"value\":\"3\"}")));
    assert_true(str_contains(l[0].body, S("至少两人制作")));
    assert_true(str_contains(l[0].body, S("\"clause\":\"A\"")));
    assert_true(str_contains(l[0].body, f->pack->hash));
    assert_false(str_contains(l[0].body, S("13812342046")));
    r = again(f, &r);
    OK(step(f, &flow.clerk, &r, "send", ""));
    OK(snapshot_last(&f->cx, f->s, flow.piece, r.id, S("send"), &last, &found));
    assert_true(found && last.id != l[0].id && str_contains(last.body, S("9 人")));
    OK(snapshot_last(&f->cx, f->s, flow.piece, r.id, S("other"), &last, &found));
    assert_false(found);
    sound(f);
}

static void a_changed_a_lost_and_a_smuggled_snapshot_are_found(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL);
    VerifyCounts n;
    Str report;
    OK(step(f, &flow.clerk, &r, "send", ""));
    sound(f);
    behind_the_back(
        f, "create table kept as select * from snapshot; update snapshot set body = replace(body, '3 人', '8 人')");
    OK(journal_verify(&f->cx, f->s, &n, &report));
    assert_int_equal(n.faults, 1);
    behind_the_back(f, "delete from snapshot");
    OK(journal_verify(&f->cx, f->s, &n, &report));
    assert_int_equal(n.faults, 1);
    behind_the_back(f, "insert into snapshot select * from kept; insert into snapshot select id + 1, home, type, "
                       "record, rev, at, name, body,"
                       " sha256 from kept");
    OK(journal_verify(&f->cx, f->s, &n, &report));
    assert_int_equal(n.faults, 1);
    assert_true(str_contains(report, S("快照")));
}

static void a_record_keeps_its_form_until_it_takes_the_newer_one(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL), up;
    assert_int_equal(r.form, 2);
    assert_true(type_field(flow.piece, S("old_no"))->until == 2);
    behind_the_back(f, "update r_piece set form = 1");
    Form o = form(f, flow.piece);
    bool changed;
    put(f, &o, "story", "新写的");
    put(f, &o, "old_no", "老七");
    OK(update(f, &flow.clerk, &r, &o, r.rev, &changed));
    r = again(f, &r);
    SAME(val(&r, "story")->s, "代代相传"); /* not in its form: not taken */
    SAME(val(&r, "old_no")->s, "老七");
    FormChanges c = form_changes(f->mem, flow.piece, r.form);
    assert_int_equal(c.n_added, 1);
    SAME(c.added[0]->id, "story");
    assert_int_equal(c.n_dropped, 1);
    SAME(c.dropped[0]->id, "old_no");
    REFUSED(E_STALE, rec_upgrade_form(&f->cx, f->s, &flow.clerk, flow.piece, r.id, 1, &up));
    REFUSED(E_NOT_FOUND, rec_upgrade_form(&f->cx, f->s, &flow.clerk_w, flow.piece, r.id, r.rev, &up));
    OK(rec_upgrade_form(&f->cx, f->s, &flow.clerk, flow.piece, r.id, r.rev, &up));
    assert_int_equal(up.form, 2);
    assert_int_equal(up.rev, r.rev + 1);
    assert_int_equal(form_changes(f->mem, flow.piece, up.form).n_added, 0);
    OK(step(f, &flow.clerk, &up, "send", ""));
    REFUSED(E_WRONG_STATE, rec_upgrade_form(&f->cx, f->s, &flow.clerk, flow.piece, r.id, 0, &up)); /* under way */
    sound(f);
}

static void a_base_from_before_forms_had_revisions_is_brought_up_to_date(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL);
    behind_the_back(f, "alter table r_piece drop column form");
    store_again(f);
    assert_int_equal(again(f, &r).form, 1);
}

static void what_the_form_does_not_ask_is_not_required(void **state)
{
    Fixture *f = *state;
    Rec r = a_piece(f, "木雕", "3", NULL);
    bool changed;
    behind_the_back(f, "update r_piece set form = 1, f_story = null");
    Form o = form(f, flow.piece);
    put(f, &o, "makers", "4");
    OK(update(f, &flow.clerk, &r, &o, 0, &changed));
    Rec up;
    OK(rec_upgrade_form(&f->cx, f->s, &flow.clerk, flow.piece, r.id, 0, &up));
    put(f, &o, "makers", "5");
    REFUSED(E_INVALID, update(f, &flow.clerk, &r, &o, 0, &changed));
}

static void one_points_only_to_what_one_may_read(void **state)
{
    Fixture *f = *state;
    Rec theirs = a_piece(f, "木雕", "3", NULL), round = a_round(f, "2026-03-20"), made;
    Form o = form(f, flow.letter);
    put(f, &o, "text", "贺信");
    const int64_t wrong[] = {theirs.id, round.id, 12345}; /* of another office, of another type, of nothing */
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        put(f, &o, "piece", str_z(f->mem, id_text(f->mem, wrong[i])));
        REFUSED(E_INVALID, create_in(f, &flow.clerk_w, "W", &o, &made));
    }
    put(f, &o, "piece", str_z(f->mem, id_text(f->mem, theirs.id)));
    OK(create_in(f, &f->system, "W", &o, &made));
    OK(create_in(f, &flow.clerk, "E", &o, &made)); /* the office's own, and the program: yes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FT(the_last_of_the_persons_needed_moves_the_record),
        FT(signatures_do_not_outlive_the_revision_they_were_given_on),
        FT(each_signer_is_held_to_four_eyes),
        FT(one_of_each_role_is_one_of_each_role),
        FT(who_signs_must_agree_to_the_same_inputs),
        FT(what_is_left_to_the_program_is_closed_to_persons),
        FT(a_condition_left_to_a_person_is_told_and_refuses_nothing),
        FT(an_action_moves_the_records_that_hang_together_with_it),
        FT(one_that_cannot_follow_stops_the_whole_and_is_named),
        FT(a_chain_ends_after_four_steps_and_a_circle_is_refused),
        FT(what_cannot_be_taken_in_time_waits_and_holds_up_nothing),
        FT(an_action_that_would_touch_too_many_records_is_refused_as_a_whole),
        FT(a_step_is_taken_by_the_program_when_its_time_has_come),
        FT(a_round_that_is_told_to_stop_stops),
        FT(a_step_may_call_a_function_of_the_program),
        FT(what_a_step_stood_on_is_frozen),
        FT(a_changed_a_lost_and_a_smuggled_snapshot_are_found),
        FT(a_base_from_before_forms_had_revisions_is_brought_up_to_date),
        FT(a_record_keeps_its_form_until_it_takes_the_newer_one),
        FT(what_the_form_does_not_ask_is_not_required),
        FT(one_points_only_to_what_one_may_read),
    };
    return cmocka_run_group_tests_name("store/flow", tests, NULL, NULL);
}
