/* sealed_test.c - records of a person, and states in which only that person reads them, whoever else asks and however.
 */
#include "flow.h"

static int64_t listed(Fixture *f, const Actor *a, const RecordType *t, Str search)
{
    Query q = {.type = t, .search = search};
    RecPage page;
    OK(rec_list(&f->cx, f->s, a, &q, true, &page));
    assert_int_equal(page.total, page.n);
    return page.total;
}

typedef struct {
    Rec piece, own, other;
} Two;

static Two two_sheets(Fixture *f)
{
    Two t = {.piece = a_piece(f, "木雕", "3", NULL)};
    t.own = a_sheet(f, &t.piece, &flow.judge, "80");
    t.other = a_sheet(f, &t.piece, &flow.judge2, "90");
    return t;
}

static void nobody_but_the_person_reads_a_sealed_record(void **state)
{
    Fixture *f = *state;
    Two t = two_sheets(f);
    const Actor *others[] = {&flow.judge2, &flow.officer, &flow.leader, &f->system, &flow.clerk, &f->nobody};
    Rec r;
    OK(rec_get(&f->cx, f->s, &flow.judge, flow.sheet, t.own.id, &r));
    assert_int_equal(val(&r, "points")->i, 8000);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, others[i], flow.sheet, t.own.id, &r));
    }
}

static void lists_counts_and_searches_show_no_sealed_record(void **state)
{
    Fixture *f = *state;
    two_sheets(f);
    assert_int_equal(listed(f, &flow.judge, flow.sheet, S("")), 1);
    assert_int_equal(listed(f, &flow.judge2, flow.sheet, S("ping2")), 1);
    assert_int_equal(listed(f, &flow.judge2, flow.sheet, S("ping1")), 0);
    assert_int_equal(listed(f, &flow.officer, flow.sheet, S("")), 0);
    assert_int_equal(listed(f, &flow.leader, flow.sheet, S("ping1")), 0);
    assert_int_equal(listed(f, &f->system, flow.sheet, S("")), 0);
    Query q = {.type = flow.sheet};
    FacetCount *c;
    CrossCount *x;
    size_t n;
    const Field *fields[] = {NULL};
    OK(rec_facet(&f->cx, f->s, &flow.officer, &q, type_field(flow.sheet, S("kind")), &c, &n));
    assert_int_equal(n, 0);
    OK(rec_facet(&f->cx, f->s, &flow.judge, &q, NULL, &c, &n));
    assert_int_equal(n, 1);
    assert_int_equal(c[0].n, 1);
    OK(rec_cross(&f->cx, f->s, &flow.leader, &q, fields, 1, &x, &n));
    assert_int_equal(n, 0);
}

static bool count_one(void *ctx, const Rec *r)
{
    (void)r;
    ++*(int64_t *)ctx;
    return true;
}

static void an_export_reads_no_sealed_record_and_an_import_finds_none(void **state)
{
    Fixture *f = *state;
    Two t = two_sheets(f);
    Query q = {.type = flow.sheet};
    int64_t n = 0;
    OK(rec_each(&f->cx, f->s, &flow.officer, &q, count_one, &n));
    assert_int_equal(n, 0);
    const Field *key = type_field(flow.sheet, S("judge_login"));
    Value v = {.has = true, .s = flow.judge.login};
    Rec r;
    bool found;
    OK(rec_find(&f->cx, f->s, &flow.leader, flow.sheet, &key, &v, 1, &r, &found));
    assert_false(found);
    OK(rec_find(&f->cx, f->s, &flow.judge, flow.sheet, &key, &v, 1, &r, &found));
    assert_true(found && r.id == t.own.id);
}

static void who_entered_it_for_another_does_not_read_it_sealed(void **state)
{
    Fixture *f = *state;
    Rec piece = a_piece(f, "木雕", "3", NULL), r, seen;
    Form o = form(f, flow.sheet);
    put(f, &o, "piece", str_z(f->mem, id_text(f->mem, piece.id)));
    put(f, &o, "judge_login", "ping1");
    OK(create_in(f, &flow.officer, "M", &o, &r));
    REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, &flow.officer, flow.sheet, r.id, &seen));
    assert_int_equal(listed(f, &flow.officer, flow.sheet, S("")), 0);
    OK(rec_get(&f->cx, f->s, &flow.judge, flow.sheet, r.id, &seen));
    assert_int_equal(listed(f, &flow.judge, flow.sheet, S("")), 1);
    OK(by_program(f, &r, "open"));
    OK(rec_get(&f->cx, f->s, &flow.officer, flow.sheet, r.id, &seen));
}

static void only_the_person_writes_it(void **state)
{
    Fixture *f = *state;
    Two t = two_sheets(f);
    Form o = form(f, flow.sheet);
    bool changed;
    put(f, &o, "points", "85");
    REFUSED(E_NOT_FOUND, update(f, &flow.judge2, &t.own, &o, 0, &changed));
    REFUSED(E_NOT_FOUND, update(f, &flow.leader, &t.own, &o, 0, &changed)); /* edits everything else */
    OK(update(f, &flow.judge, &t.own, &o, 0, &changed));
    assert_true(changed);
}

static void the_journal_tells_that_but_not_what(void **state)
{
    Fixture *f = *state;
    Two t = two_sheets(f);
    Event *e;
    size_t n, seen = 0;
    EventPlace from = {0};
    OK(journal_list(&f->cx, f->s, &flow.leader, from, 100, &e, &n));
    for (size_t i = 0; i < n; i++) {
        if (e[i].record == t.own.id || e[i].record == t.other.id) {
            SAME(e[i].body, "{}");
            seen++;
        } else {
            assert_true(e[i].body.n > 2);
        }
    }
    assert_int_equal(seen, 2);
    sound(f);
}

static void opened_by_the_program_it_is_read_as_granted(void **state)
{
    Fixture *f = *state;
    Two t = two_sheets(f);
    Event *e;
    size_t n;
    EventPlace from = {0};
    Rec r;
    OK(by_program(f, &t.own, "open"));
    OK(rec_get(&f->cx, f->s, &flow.officer, flow.sheet, t.own.id, &r));
    OK(rec_get(&f->cx, f->s, &flow.judge, flow.sheet, t.own.id, &r));
    REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, &flow.judge2, flow.sheet, t.own.id, &r)); /* reads what is theirs only */
    assert_int_equal(listed(f, &flow.officer, flow.sheet, S("")), 1);
    OK(journal_list(&f->cx, f->s, &flow.leader, from, 100, &e, &n));
    for (size_t i = 0; i < n; i++) {
        assert_true(e[i].record != t.own.id || !str_eq(e[i].act, S("create")) || str_contains(e[i].body, S("80")));
    }
}

static void one_may_enter_and_read_ones_own_and_no_more(void **state)
{
    Fixture *f = *state;
    Rec piece = a_piece(f, "木雕", "3", NULL), r;
    Form o = form(f, flow.letter);
    put(f, &o, "piece", str_z(f->mem, id_text(f->mem, piece.id)));
    put(f, &o, "text", "自己写的");
    OK(create_in(f, &flow.clerk, "E", &o, &r));
    REFUSED(E_FORBIDDEN, create_in(f, &flow.clerk, "W", &o, &r)); /* at the own office only */
    Actor colleague = actor_of(f, 9, "dong2", "E", "clerk");
    assert_int_equal(listed(f, &flow.clerk, flow.letter, S("")), 1);
    assert_int_equal(listed(f, &colleague, flow.letter, S("")), 0);
    assert_int_equal(listed(f, &flow.officer, flow.letter, S("")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FT(nobody_but_the_person_reads_a_sealed_record),
        FT(lists_counts_and_searches_show_no_sealed_record),
        FT(an_export_reads_no_sealed_record_and_an_import_finds_none),
        FT(who_entered_it_for_another_does_not_read_it_sealed),
        FT(only_the_person_writes_it),
        FT(the_journal_tells_that_but_not_what),
        FT(opened_by_the_program_it_is_read_as_granted),
        FT(one_may_enter_and_read_ones_own_and_no_more),
    };
    return cmocka_run_group_tests_name("store/sealed", tests, NULL, NULL);
}
