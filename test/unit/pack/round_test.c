/*
 * round_test.c - what a pack says about processes with several actors, calendars, rubrics and documents is read as its files say.
 */
#include "fmt/crypt.h"
#include "round.h"

static int up(void **state)
{
    Mini *m = malloc(sizeof *m);
    mini_load(m, ROUND, ARRAY_LEN(ROUND));
    if (m->pack == NULL) {
        print_error("%.*s", STRF(m->report));
    }
    assert_non_null(m->pack);
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

static const Action *action(const Pack *p, const char *type, const char *id)
{
    const Action *a = type_action(pack_type(p, str_c(type)), str_c(id));
    assert_non_null(a);
    return a;
}

static void a_form_has_revisions_and_a_record_a_person(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const RecordType *t = pack_type(p, S("entry")), *other = pack_type(p, S("call"));
    assert_int_equal(t->revision, 3);
    assert_ptr_equal(t->person, type_field(t, S("login")));
    assert_int_equal(type_field(t, S("old"))->since, 1);
    assert_int_equal(type_field(t, S("old"))->until, 2);
    assert_int_equal(type_field(t, S("fresh"))->since, 2);
    assert_int_equal(type_field(t, S("fresh"))->until, 3);
    assert_int_equal(type_field(t, S("name"))->since, 1);
    assert_int_equal(type_field(t, S("name"))->until, INT32_MAX);
    assert_int_equal(other->revision, 1);
    assert_null(other->person);
    assert_true(type_state(t, S("draft"))->sealed);
    assert_false(type_state(t, S("sent"))->sealed);
    assert_int_equal(type_state(other, S("open"))->amber, 5);
    assert_int_equal(type_state(other, S("closed"))->amber, 0);
}

static void rights_reach_what_is_mine_and_may_hand_on(void **state)
{
    const RecordType *t = pack_type(((Mini *)*state)->pack, S("entry"));
    const Grant *clerk = type_grant(t, S("clerk")), *boss = type_grant(t, S("boss"));
    assert_int_equal(clerk->read, REACH_MINE);
    assert_int_equal(clerk->create, REACH_OWN);
    assert_true(clerk->assign);
    assert_false(boss->assign);
}

static void several_persons_take_an_action_or_the_program_does(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const Action *open = action(p, "call", "open"), *shut = action(p, "call", "close"), *lapse = action(p, "call", "lapse");
    assert_true(open->need_each_role);
    assert_int_equal(open->need_count, 0);
    assert_false(open->by_program || open->snapshot || open->auto_when != NULL);
    assert_int_equal(shut->need_count, 2);
    assert_false(shut->need_each_role);
    assert_true(shut->snapshot);
    assert_true(lapse->by_program);
    assert_non_null(lapse->auto_when);
    assert_int_equal(lapse->auto_when->type, XT_BOOL);
    assert_int_equal(lapse->n_roles, 0);
    assert_int_equal(lapse->n_notify, 1);
    text_is(lapse->notify[0].to, "clerk");
    text_is(lapse->notify[0].text, "已到期");
    assert_true(shut->conditions[0].manual);
    assert_null(shut->conditions[0].expr);
}

static void an_action_reaches_other_records(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const Action *shut = action(p, "call", "close"), *win = action(p, "entry", "win");
    assert_int_equal(shut->n_then, 1);
    text_is(shut->then[0].link->id, "entries");
    assert_null(shut->then[0].via);
    assert_non_null(shut->then[0].where);
    assert_ptr_equal(shut->then[0].action, win);
    text_is(shut->then[0].reason, "结果已公布");
    assert_ptr_equal(win->then[0].via, type_field(pack_type(p, S("entry")), S("call")));
    assert_null(win->then[0].link);
    assert_null(win->then[0].where);
    assert_ptr_equal(win->then[0].action, action(p, "call", "lapse"));
    const struct Make *make = &shut->make[0];
    assert_ptr_equal(make->type, pack_type(p, S("ticket")));
    assert_ptr_equal(make->each, pack_type(p, S("entry")));
    assert_non_null(make->each_where);
    assert_int_equal(make->n_set, 2);
    assert_non_null(make->set[0].value);
    assert_non_null(make->set[1].value);
}

static void anyone_may_send_a_form_in(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const RecordType *t = pack_type(p, S("entry"));
    const PublicForm *f = t->open, *plain = pack_type(p, S("ticket"))->open;
    text_is(f->title, "公众推荐");
    text_is(f->done, "已收到");
    assert_int_equal(f->n_fields, 3);
    assert_ptr_equal(f->about, type_field(t, S("call")));
    assert_non_null(f->open_when);
    text_is(f->owner, "about");
    assert_int_equal(f->per_hour, 3);
    assert_int_equal(f->total_per_hour, 40);
    assert_true(str_eq(f->button, S("提交")));
    assert_true(f->files);
    text_is(plain->owner, "top");
    assert_int_equal(plain->per_hour, 5);
    assert_int_equal(plain->total_per_hour, 500);
    assert_false(plain->files);
    assert_null(plain->about);
    assert_null(plain->open_when);
    assert_null(pack_type(p, S("call"))->open);
}

static void the_calendar_marks_days_in_order(void **state)
{
    const Workdays *w = &((Mini *)*state)->pack->workdays;
    assert_int_equal(w->n, 2);
    assert_int_equal(w->marks[0].day, date_from_civil(2026, 9, 20));
    assert_true(w->marks[0].work);
    assert_int_equal(w->marks[1].day, date_from_civil(2026, 10, 1));
    assert_false(w->marks[1].work);
    assert_int_equal(w->n_years, 1);
    assert_int_equal(w->years[0], 2026);
}

static void points_are_kept_times_a_hundred_and_bands_in_the_scale_of_their_figure(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const Rubric *r = pack_rubric(p, S("plain"));
    assert_non_null(r);
    assert_ptr_equal(r->type, pack_type(p, S("entry")));
    assert_true(r->sample);
    assert_int_equal(r->trim, 1);
    assert_int_equal(r->spread, 750);
    assert_int_equal(r->pass, 1200);
    assert_int_equal(r->total, 2000);
    assert_int_equal(r->n_criteria, 3);
    const Criterion *scale = &r->criteria[0], *pay = &r->criteria[1], *skill = &r->criteria[2];
    assert_int_equal(scale->max, 1000);
    assert_int_equal(scale->expr->scale, 0);
    assert_int_equal(scale->n_bands, 3);
    assert_int_equal(scale->bands[1].from, 500);
    assert_int_equal(scale->bands[1].points, 425);
    assert_int_equal(pay->bands[0].from, 100050); /* money: fen */
    assert_int_equal(pay->bands[0].points, 100);
    assert_null(skill->expr);
    assert_int_equal(skill->n_anchors, 3);
    assert_int_equal(skill->anchors[1].points, 500);
    text_is(skill->anchors[1].say, "较好");
    text_is(skill->clause, "1.1");
    uint8_t digest[32];
    sha256(ROUND_RUBRIC, strlen(ROUND_RUBRIC), digest);
    text_is(r->hash, hex(((Mini *)*state)->mem, digest, sizeof digest).p);
    assert_null(pack_rubric(p, S("other")));
}

static void a_document_names_its_blocks(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    const Document *d = pack_document(p, S("letter"));
    assert_non_null(d);
    text_is(d->layout, "list");
    assert_true(d->open);
    assert_non_null(d->when);
    text_is(d->title, "{{name}}（{{year}}）{{ state }}");
    assert_int_equal(d->n_blocks, 5);
    text_is(d->blocks[0].kind, "heading");
    assert_int_equal(d->blocks[1].n_fields, 2);
    const DocBlock *each = &d->blocks[2], *list = &d->blocks[3];
    assert_ptr_equal(each->each, &d->type->links[0]);
    assert_null(each->list);
    assert_non_null(each->where);
    assert_int_equal(each->n_cols, 2);
    assert_int_equal(each->cols[0].width, 0);
    assert_int_equal(each->cols[1].width, 3);
    assert_ptr_equal(list->list, type_field(d->type, S("guests")));
    assert_null(list->each);
    assert_non_null(list->where);
    assert_null(pack_document(p, S("other")));
}

static void a_feature_may_be_used_several_times(void **state)
{
    const Pack *p = ((Mini *)*state)->pack;
    text_is(pack_instance(p, S("scoring"), S("type"), S("entry")), "scoring");
    text_is(pack_instance(p, S("scoring"), S("type"), S("call")), "scoring.contest");
    text_is(pack_instance(p, S("scoring"), S("words"), S("乙")), "scoring.contest");
    text_is(pack_instance(p, S("scoring"), S("type"), S("part")), ""); /* scoringly is another feature */
    text_is(pack_instance(p, S("scoring"), S(""), S("")), "scoring");
    text_is(pack_instance(p, S("naming"), S(""), S("")), "");
    text_is(pack_setting_str(p, S("scoring.contest"), S("type")), "call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_has_revisions_and_a_record_a_person),
        cmocka_unit_test(rights_reach_what_is_mine_and_may_hand_on),
        cmocka_unit_test(several_persons_take_an_action_or_the_program_does),
        cmocka_unit_test(an_action_reaches_other_records),
        cmocka_unit_test(anyone_may_send_a_form_in),
        cmocka_unit_test(the_calendar_marks_days_in_order),
        cmocka_unit_test(points_are_kept_times_a_hundred_and_bands_in_the_scale_of_their_figure),
        cmocka_unit_test(a_document_names_its_blocks),
        cmocka_unit_test(a_feature_may_be_used_several_times),
    };
    return cmocka_run_group_tests(tests, up, down);
}
