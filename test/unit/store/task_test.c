/* task_test.c - asking others about a record: who may, whom, what it stops, and what it leaves behind. */
#include "people.h"
#include "store/notice.h"

typedef struct {
    Actor writer, writer_too, other, head, head_too;
} People;

static People people(Fixture *f)
{
    return (People){.writer = person(f, "w1", "甲一", "C1", "writer"), .writer_too = person(f, "w2", "甲二", "C1", "writer"),
                    .other = person(f, "w3", "乙一", "C2", "writer"), .head = person(f, "h1", "省一", "P", "head"),
                    .head_too = person(f, "h2", "省二", "P", "head")};
}

static Rec asked(Fixture *f, const People *p)
{
    Rec r = team(f, &p->writer, "甲县采收队", "20");
    OK(act(f, &p->writer, &r, "ask", ""));
    return r;
}

static bool ask(Fixture *f, const Actor *a, const Rec *r, TaskKind kind, const Actor *to, int64_t *ret)
{
    return task_add(&f->cx, f->s, a, r->type, r->id, kind, to != NULL ? to->user : 0, S("请看一下"), ret);
}

static bool answer(Fixture *f, const Actor *a, int64_t id, const char *what, const char *text)
{
    Task t;
    return task_answer(&f->cx, f->s, a, id, str_c(what), str_c(text), &t);
}

static bool take_back(Fixture *f, const Actor *a, int64_t id)
{
    Task t;
    return task_take_back(&f->cx, f->s, a, id, S(""), &t);
}

static size_t box(Fixture *f, const Actor *a, TaskBox which)
{
    Task *t;
    size_t n;
    OK(tasks_of(&f->cx, f->s, a, which, &t, &n));
    return n;
}

static Str told(Fixture *f, const Actor *a, int64_t *ret_unread)
{
    Notice *items;
    size_t n;
    OK(notice_list(&f->cx, f->s, a, 10, &items, &n, ret_unread));
    return n != 0 ? items[0].text : S("");
}

static void who_is_asked_hears_of_it_and_so_does_who_asked_of_the_answer(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p);
    int64_t id, unread, before;
    (void)told(f, &p.head, &before);
    OK(ask(f, &p.head, &r, TASK_CONSULT, &p.head_too, &id));
    assert_true(str_contains(told(f, &p.head_too, &unread), S("省一请您提出意见：甲县采收队")));
    OK(answer(f, &p.head_too, id, "opinion", "可以"));
    assert_true(str_contains(told(f, &p.head, &unread), S("省二已答复您请办的事：甲县采收队")));
    assert_int_equal(unread, before + 1);
}

static void what_was_handed_to_a_colleague_is_theirs_until_taken_back(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p);
    int64_t id;
    OK(ask(f, &p.head, &r, TASK_HANDLE, &p.head_too, &id));
    assert_int_equal(box(f, &p.head_too, TASKS_TODO), 1);
    assert_int_equal(box(f, &p.head, TASKS_ASKED), 1);
    assert_false(act(f, &p.head, &r, "approve", "同意"));
    assert_int_equal(f->cx.err, E_WRONG_STATE);
    assert_true(str_contains(cx_text(&f->cx), S("已转给 省二")));
    cx_clear(&f->cx);
    OK(take_back(f, &p.head, id));
    OK(act(f, &p.head, &r, "approve", "同意"));
    SAME(r.state->id, "listed");
}

static void the_colleague_moves_it_on_and_the_task_is_done(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p);
    int64_t id;
    OK(ask(f, &p.head, &r, TASK_HANDLE, &p.head_too, &id));
    OK(act(f, &p.head_too, &r, "approve", "同意"));
    assert_int_equal(box(f, &p.head_too, TASKS_TODO), 0);
    Task *t;
    size_t n;
    OK(task_list_of(&f->cx, f->s, r.id, &t, &n));
    assert_int_equal(n, 1);
    SAME(t[0].answer, "done");
    REFUSED(E_WRONG_STATE, take_back(f, &p.head, id));
}

static void nothing_moves_on_while_a_countersignature_is_open_and_a_refusal_is_an_answer(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p);
    int64_t id;
    OK(ask(f, &p.head, &r, TASK_SIGN, &p.head_too, &id));
    REFUSED(E_WRONG_STATE, act(f, &p.head, &r, "approve", "同意"));
    REFUSED(E_WRONG_STATE, act(f, &p.head_too, &r, "approve", "同意")); /* who is asked answers first */
    REFUSED(E_WRONG_STATE, act(f, &p.head, &r, "refuse", "人数不实"));
    REFUSED(E_INVALID, answer(f, &p.head_too, id, "disagree", " "));
    REFUSED(E_INVALID, answer(f, &p.head_too, id, "maybe", "再想想"));
    REFUSED(E_NOT_FOUND, answer(f, &p.head, id, "agree", ""));
    OK(answer(f, &p.head_too, id, "disagree", "人数要核实"));
    REFUSED(E_WRONG_STATE, answer(f, &p.head_too, id, "agree", ""));
    Task *t;
    size_t n;
    OK(task_list_of(&f->cx, f->s, r.id, &t, &n));
    SAME(t[0].answer, "disagree");
    SAME(t[0].answer_text, "人数要核实");
    OK(act(f, &p.head, &r, "approve", "同意"));
}

static void an_opinion_needs_words_and_holds_nothing_up(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p);
    int64_t id;
    OK(ask(f, &p.head, &r, TASK_CONSULT, &p.writer, &id)); /* of an office below, who may read it */
    assert_int_equal(box(f, &p.writer, TASKS_TODO), 1);
    REFUSED(E_INVALID, answer(f, &p.writer, id, "opinion", ""));
    OK(answer(f, &p.writer, id, "opinion", "情况属实"));
    assert_int_equal(box(f, &p.writer, TASKS_TODO), 0);
    OK(ask(f, &p.head, &r, TASK_CONSULT, &p.head_too, &id));
    OK(act(f, &p.head, &r, "approve", "同意"));
    assert_int_equal(box(f, &p.head_too, TASKS_TODO), 0); /* no opinion is wanted any more */
    REFUSED(E_WRONG_STATE, answer(f, &p.head_too, id, "opinion", "太晚了"));
}

static void only_others_who_may_read_it_and_who_are_near_are_asked(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p);
    int64_t id;
    Actor gone = {.user = 12345};
    REFUSED(E_INVALID, ask(f, &p.head, &r, TASK_HANDLE, &p.head, &id));          /* oneself */
    REFUSED(E_FORBIDDEN, ask(f, &p.head, &r, TASK_HANDLE, &p.writer, &id));      /* another office */
    REFUSED(E_FORBIDDEN, ask(f, &p.head, &r, TASK_CONSULT, &p.other, &id));      /* may not read it */
    REFUSED(E_INVALID, ask(f, &p.head, &r, TASK_CONSULT, &gone, &id));
    REFUSED(E_WRONG_STATE, ask(f, &p.writer, &r, TASK_SIGN, &p.writer_too, &id)); /* it lies at the province */
    REFUSED(E_NOT_FOUND, ask(f, &p.other, &r, TASK_COPY, &p.head, &id));
    OK(user_disable(&f->cx, f->s, &f->system, p.head_too.user, true));
    REFUSED(E_INVALID, ask(f, &p.head, &r, TASK_HANDLE, &p.head_too, &id));
    Actor token = p.head;
    token.read_only = true;
    REFUSED(E_FORBIDDEN, ask(f, &token, &r, TASK_COPY, &p.writer, &id));
    assert_int_equal(raw(f, "select count(*) from task"), 0);
}

static void the_same_person_is_not_asked_twice_and_one_at_most_handles_it(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Actor third = person(f, "h3", "省三", "P", "head");
    Rec r = asked(f, &p);
    int64_t id;
    OK(ask(f, &p.head, &r, TASK_SIGN, &p.head_too, &id));
    REFUSED(E_CONFLICT, ask(f, &p.head, &r, TASK_SIGN, &p.head_too, &id));
    OK(ask(f, &p.head, &r, TASK_HANDLE, &p.head_too, &id));
    REFUSED(E_CONFLICT, ask(f, &p.head, &r, TASK_HANDLE, &third, &id));
    OK(ask(f, &p.head_too, &r, TASK_HANDLE, &third, &id)); /* who has it hands it on */
    assert_int_equal(raw(f, "select count(*) from task where kind = 'handle' and answered = 0"), 1);
}

static void a_copy_is_read_and_stays_readable_after_the_record_moved(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p);
    int64_t id;
    OK(ask(f, &p.writer, &r, TASK_COPY, &p.head_too, &id)); /* upwards too */
    OK(act(f, &p.head, &r, "approve", "同意"));
    assert_int_equal(box(f, &p.head_too, TASKS_COPY), 1);
    REFUSED(E_NOT_FOUND, answer(f, &p.head, id, "seen", ""));
    OK(answer(f, &p.head_too, id, "seen", ""));
    assert_int_equal(box(f, &p.head_too, TASKS_COPY), 1);
}

static void the_owner_urges_once_a_working_day(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    int32_t thursday = 20513;
    while ((thursday + 3) % 7 != 3) {
        thursday++;
    }
    at_day(f, thursday);
    Rec r = asked(f, &p);
    int64_t id;
    REFUSED(E_WRONG_STATE, ask(f, &p.head, &r, TASK_URGE, NULL, &id)); /* it lies with them */
    OK(ask(f, &p.writer, &r, TASK_URGE, NULL, &id));
    assert_int_equal(box(f, &p.head, TASKS_TODO), 1);
    assert_int_equal(box(f, &p.head_too, TASKS_TODO), 1);
    REFUSED(E_WRONG_STATE, ask(f, &p.writer_too, &r, TASK_URGE, NULL, &id));
    at_day(f, thursday + 1);
    OK(ask(f, &p.writer, &r, TASK_URGE, NULL, &id));
    at_day(f, thursday + 3); /* the Sunday after: no working day since */
    REFUSED(E_WRONG_STATE, ask(f, &p.writer, &r, TASK_URGE, NULL, &id));
    at_day(f, thursday + 4);
    OK(ask(f, &p.writer, &r, TASK_URGE, NULL, &id));
    OK(answer(f, &p.head, id, "seen", ""));
    OK(act(f, &p.head, &r, "approve", "同意"));
    assert_int_equal(box(f, &p.head_too, TASKS_TODO), 0);
    REFUSED(E_WRONG_STATE, ask(f, &p.writer, &r, TASK_URGE, NULL, &id)); /* nothing left to do */
}

static void every_word_stands_in_the_journal_and_the_chain_holds(void **state)
{
    Fixture *f = *state;
    People p = people(f);
    Rec r = asked(f, &p);
    int64_t id;
    OK(ask(f, &p.head, &r, TASK_SIGN, &p.head_too, &id));
    OK(answer(f, &p.head_too, id, "agree", "可以"));
    Event *e;
    size_t n;
    OK(journal_of(&f->cx, f->s, f->team, r.id, &e, &n));
    assert_int_equal(n, 4);
    SAME(e[2].act, "task");
    SAME(e[2].action, "sign:add");
    SAME(e[2].reason, "给 省二：请看一下");
    SAME(e[3].action, "sign:agree");
    SAME(e[3].user_name, "省二");
    VerifyCounts counts;
    Str report;
    OK(journal_verify(&f->cx, f->s, &counts, &report));
    assert_int_equal(counts.faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(who_is_asked_hears_of_it_and_so_does_who_asked_of_the_answer),
        T(what_was_handed_to_a_colleague_is_theirs_until_taken_back),
        T(the_colleague_moves_it_on_and_the_task_is_done),
        T(nothing_moves_on_while_a_countersignature_is_open_and_a_refusal_is_an_answer),
        T(an_opinion_needs_words_and_holds_nothing_up),
        T(only_others_who_may_read_it_and_who_are_near_are_asked),
        T(the_same_person_is_not_asked_twice_and_one_at_most_handles_it),
        T(a_copy_is_read_and_stays_readable_after_the_record_moved),
        T(the_owner_urges_once_a_working_day),
        T(every_word_stands_in_the_journal_and_the_chain_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
