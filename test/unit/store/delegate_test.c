/* delegate_test.c - acting for a colleague: how long, with what rights, and as one person where two are asked for. */
#include "people.h"

#define TODAY 20600

typedef struct {
    Actor writer, writer_too, head, helper;
} People;

/* The helper of the province may only read; the head approves. */
static People people(Fixture *f)
{
    at_day(f, TODAY);
    return (People){.writer = person(f, "w1", "甲一", "C1", "writer"), .writer_too = person(f, "w2", "甲二", "C1", "writer"),
                    .head = person(f, "h1", "省一", "P", "head"), .helper = person(f, "k1", "省三", "P", "helper")};
}

static bool lend(Fixture *f, const Actor *a, const Actor *to, int from, int until, int64_t *ret)
{
    return delegate_add(&f->cx, f->s, a, to->user, TODAY + from, TODAY + until, ret);
}

static Rec asked(Fixture *f, const Actor *a)
{
    Rec r = team(f, a, "甲县采收队", "20");
    OK(act(f, a, &r, "ask", ""));
    return r;
}

static void the_deputy_has_both_roles_from_the_first_day_to_the_last(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    int64_t id;
    OK(lend(f, &p.head, &p.helper, 1, 3, &id));
    const struct {
        int day;
        bool has;
    } days[] = {{0, false}, {1, true}, {3, true}, {4, false}};
    for (size_t i = 0; i < ARRAY_LEN(days); i++) {
        at_day(f, TODAY + days[i].day);
        Actor now = again(f, &p.helper);
        assert_int_equal(actor_has_role(&now, S("head")), days[i].has);
        assert_int_equal(now.n_deputy_for, days[i].has ? 1 : 0);
        assert_int_equal(str_eq(now.deputy_names, S("省一")), days[i].has);
        assert_false(actor_is_admin(f->pack, &now)); /* the head manages accounts: that is not lent */
    }
}

static void what_the_deputy_could_not_do_alone_says_for_whom_it_was_done(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p.writer);
    int64_t id;
    REFUSED(E_WRONG_STATE, act(f, &p.helper, &r, "approve", "同意"));
    OK(lend(f, &p.head, &p.helper, 0, 0, &id));
    Actor now = again(f, &p.helper);
    OK(act(f, &now, &r, "approve", "同意"));
    Event *e;
    size_t n;
    OK(journal_of(&f->cx, f->s, f->team, r.id, &e, &n));
    SAME(e[n - 1].user_name, "省三");
    SAME(e[n - 1].source, "web（代省一）");
    SAME(e[0].source, "web");
}

static void the_deputy_answers_what_the_person_was_asked(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Actor head2 = person(f, "h2", "省二", "P", "head");
    Rec r = asked(f, &p.writer);
    int64_t id, task;
    Task t;
    size_t n;
    Task *all;
    OK(task_add(&f->cx, f->s, &head2, f->team, r.id, TASK_SIGN, p.head.user, S(""), &task));
    REFUSED(E_NOT_FOUND, task_answer(&f->cx, f->s, &p.helper, task, S("agree"), S(""), &t));
    OK(lend(f, &p.head, &p.helper, 0, 5, &id));
    Actor now = again(f, &p.helper);
    OK(tasks_of(&f->cx, f->s, &now, TASKS_TODO, &all, &n));
    assert_int_equal(n, 1);
    OK(task_answer(&f->cx, f->s, &now, task, S("agree"), S(""), &t));
    SAME(t.answer_by, "省三");
}

/* Four eyes: whoever has a hand in it through the other counts as the other. */
static void the_two_are_one_person_where_two_are_asked_for(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Actor head2 = person(f, "h2", "省二", "P", "head");
    Actor before = p.writer; /* the head, when still a writer of the county */
    before.user = p.head.user;
    Rec r = asked(f, &before);
    int64_t id;
    REFUSED(E_WRONG_STATE, act(f, &p.head, &r, "approve", "同意"));
    OK(lend(f, &p.head, &head2, 0, 5, &id));
    Actor now = again(f, &head2);
    REFUSED(E_WRONG_STATE, act(f, &now, &r, "approve", "同意")); /* whose deputy head2 is */
    OK(delegate_end(&f->cx, f->s, &p.head, id));
    now = again(f, &head2);
    OK(act(f, &now, &r, "approve", "同意"));
}

static void it_is_lent_within_the_office_for_ninety_days_at_most_and_once_at_a_time(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    int64_t id;
    REFUSED(E_INVALID, lend(f, &p.head, &p.head, 0, 1, &id));
    REFUSED(E_INVALID, lend(f, &p.head, &p.writer, 0, 1, &id));
    REFUSED(E_INVALID, lend(f, &p.head, &p.helper, -1, 1, &id));
    REFUSED(E_INVALID, lend(f, &p.head, &p.helper, 2, 1, &id));
    REFUSED(E_INVALID, lend(f, &p.head, &p.helper, 0, 90, &id));
    OK(lend(f, &p.head, &p.helper, 0, 89, &id));
    REFUSED(E_CONFLICT, lend(f, &p.head, &p.helper, 89, 95, &id));
    Actor token = p.writer;
    token.read_only = true;
    REFUSED(E_FORBIDDEN, lend(f, &token, &p.writer_too, 0, 1, &id));
}

static void it_ends_when_one_of_the_two_or_an_administrator_says_so(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    int64_t id;
    OK(lend(f, &p.writer, &p.writer_too, 0, 5, &id));
    REFUSED(E_NOT_FOUND, delegate_end(&f->cx, f->s, &p.helper, id));
    OK(delegate_end(&f->cx, f->s, &p.head, id)); /* manages the office */
    REFUSED(E_WRONG_STATE, delegate_end(&f->cx, f->s, &p.writer, id));
    assert_int_equal(again(f, &p.writer_too).n_deputy_for, 0);
    OK(lend(f, &p.writer, &p.writer_too, 0, 5, &id)); /* the days are free again */
    OK(user_disable(&f->cx, f->s, &f->system, p.writer.user, true));
    assert_int_equal(again(f, &p.writer_too).n_deputy_for, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_deputy_has_both_roles_from_the_first_day_to_the_last),
        T(what_the_deputy_could_not_do_alone_says_for_whom_it_was_done),
        T(the_deputy_answers_what_the_person_was_asked),
        T(the_two_are_one_person_where_two_are_asked_for),
        T(it_is_lent_within_the_office_for_ninety_days_at_most_and_once_at_a_time),
        T(it_ends_when_one_of_the_two_or_an_administrator_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
