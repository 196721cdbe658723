/* held_test.c - what a write transaction keeps in memory instead of asking again (held.h, recent.h, absent.h): it must say what the database would, after
 * every undoing, too. */
#include "tamper.h"
#include "store/absent.h"
#include "store/held.h"
#include "store/recent.h"

typedef struct {
    Fixture *f;
    void (*fn)(Fixture *f);
    bool keep;
} Inside;

static bool inside(Cx *cx, Store *s, void *arg)
{
    Inside *in = arg;
    (void)s;
    in->fn(in->f);
    return in->keep || fail(cx, E_CANCELLED, "撤销");
}

static void write_all(Fixture *f, void (*fn)(Fixture *f))
{
    OK(store_write(&f->cx, f->s, inside, &(Inside){f, fn, true}));
}

static void write_none(Fixture *f, void (*fn)(Fixture *f))
{
    REFUSED(E_CANCELLED, store_write(&f->cx, f->s, inside, &(Inside){f, fn, false}));
}

static Rec award(Fixture *f, const Rec *of, const char *given, const char *prize)
{
    Form o = form(f, f->award);
    Rec r;
    put(f, &o, "team", str_z(f->mem, id_text(f->mem, of->id)));
    put(f, &o, "title", "优秀队伍");
    put(f, &o, "grade", "gold");
    put(f, &o, "given", given);
    put(f, &o, "prize", prize);
    OK(create_in(f, &f->head, "P", &o, &r));
    return r;
}

/* As the transaction sees it, and as the row says. */
static int64_t last_prize(Fixture *f, const Rec *r)
{
    Rec now;
    OK(rec_load(&f->cx, f->s, f->team, r->id, true, &now));
    int64_t known = val(&now, "last_prize")->has ? val(&now, "last_prize")->i : -1, rev = now.rev;
    recent_drop(f->s, r->id);
    OK(rec_load(&f->cx, f->s, f->team, r->id, true, &now));
    assert_int_equal(val(&now, "last_prize")->has ? val(&now, "last_prize")->i : -1, known);
    assert_int_equal(now.rev, rev);
    return known;
}

static void two_then_one_undone(Fixture *f)
{
    Rec r = team(f, &f->writer, "丁队", "20");
    assert_true(str_ends(r.no, S("-0002")));
    r = team(f, &f->writer, "戊队", "20");
    assert_true(str_ends(r.no, S("-0003")));
}

static void numbers_and_chains(Fixture *f)
{
    Rec r = team(f, &f->writer, "甲队", "20");
    assert_true(str_ends(r.no, S("-0001")));
    write_none(f, two_then_one_undone);
    sound(f); /* inside, before anything was committed */
    r = team(f, &f->writer, "乙队", "20");
    assert_true(str_ends(r.no, S("-0002")));
    r = team(f, &f->writer2, "丙队", "20"); /* another home */
    assert_true(str_ends(r.no, S("-0001")));
}

static void what_was_undone_leaves_no_number_and_no_link(void **state)
{
    Fixture *f = *state;
    write_none(f, numbers_and_chains);
    write_all(f, numbers_and_chains);
    OK(store_attach(&f->cx, f->s));
    assert_int_equal(raw(f, "select count(*) from r_team"), 3);
    assert_int_equal(raw(f, "select sum(seq) from journal_head"), 3);
    sound(f);
    Rec r = team(f, &f->writer, "己队", "20"); /* the next transaction reads them again */
    assert_true(str_ends(r.no, S("-0003")));
    sound(f);
}

static void awards_come_and_go(Fixture *f)
{
    Rec a = team(f, &f->writer, "甲队", "20"), b = team(f, &f->writer, "乙队", "20");
    assert_true(recent_unreferred(f->s, a.id));
    assert_int_equal(last_prize(f, &a), -1);
    Rec first = award(f, &a, "2023-05-01", "100");
    assert_true(!recent_unreferred(f->s, a.id) && recent_sole(f->s, a.id, first.id));
    assert_int_equal(last_prize(f, &a), 10000);
    Rec older = award(f, &a, "2022-05-01", "999");
    assert_false(recent_sole(f->s, a.id, older.id));
    assert_int_equal(last_prize(f, &a), 10000);
    Form move = form(f, f->award);
    bool changed;
    put(f, &move, "team", str_z(f->mem, id_text(f->mem, b.id)));
    OK(update(f, &f->head, &first, &move, 1, &changed));
    assert_int_equal(last_prize(f, &b), 10000);
    assert_int_equal(last_prize(f, &a), 99900);
    WriteOpts opts = {.reason = S("误登")};
    OK(rec_delete(&f->cx, f->s, &f->head, f->award, first.id, &opts));
    assert_int_equal(last_prize(f, &b), -1);
}

static void the_only_award_moves(Fixture *f)
{
    Rec a = team(f, &f->writer, "丙队", "20"), b = team(f, &f->writer, "丁队", "20");
    Rec only = award(f, &a, "2023-05-01", "100");
    Form move = form(f, f->award);
    bool changed;
    put(f, &move, "team", str_z(f->mem, id_text(f->mem, b.id)));
    OK(update(f, &f->head, &only, &move, 1, &changed));
    assert_int_equal(last_prize(f, &a), -1);
    assert_int_equal(last_prize(f, &b), 10000);
    WriteOpts opts = {.reason = S("误登")};
    OK(rec_delete(&f->cx, f->s, &f->head, f->award, only.id, &opts));
    assert_int_equal(last_prize(f, &b), -1);
    OK(rec_delete(&f->cx, f->s, &f->system, f->team, b.id, &opts));
    Rec gone;
    REFUSED(E_NOT_FOUND, rec_load(&f->cx, f->s, f->team, b.id, true, &gone));
}

static void computed_fields_follow_inside_one_write(void **state)
{
    Fixture *f = *state;
    write_all(f, awards_come_and_go);
    write_all(f, the_only_award_moves);
    OK(store_attach(&f->cx, f->s));
    sound(f);
}

static Rec kept;

static void change_the_kept_one(Fixture *f)
{
    Form o = form(f, f->team);
    bool changed;
    put(f, &o, "people", "77");
    OK(update(f, &f->writer, &kept, &o, 1, &changed));
    assert_true(changed);
    (void)award(f, &kept, "2023-05-01", "100");
}

static void undone_around_a_kept_one(Fixture *f)
{
    Rec now;
    kept = team(f, &f->writer, "甲队", "20");
    write_none(f, change_the_kept_one);
    assert_false(recent_sole(f->s, kept.id, 0));
    OK(rec_load(&f->cx, f->s, f->team, kept.id, true, &now));
    assert_int_equal(val(&now, "people")->i, 20);
    assert_int_equal(last_prize(f, &kept), -1);
}

static void a_record_changed_and_undone_is_as_before(void **state)
{
    Fixture *f = *state;
    write_all(f, undone_around_a_kept_one);
    OK(store_attach(&f->cx, f->s));
    sound(f);
}

static Value text(const char *s)
{
    return (Value){.has = true, .s = str_c(s)};
}

static void take_a_name(Fixture *f)
{
    (void)team(f, &f->writer, "新队", "20");
}

static void names_looked_up_ahead(Fixture *f)
{
    const Field *name = type_field(f->team, S("name"));
    const Value names[] = {text("旧队"), text("新队"), text("另一队"), {0}};
    Rec r;
    bool found;
    OK(rec_look_ahead(&f->cx, f->s, f->team, name, names, ARRAY_LEN(names)));
    assert_false(absent_known(f->s, f->team, name, &names[0]));
    assert_true(absent_known(f->s, f->team, name, &names[1]));
    assert_false(absent_known(f->s, f->team, name, &(Value){.has = true, .s = S("没有问过")}));
    OK(rec_find(&f->cx, f->s, &f->writer, f->team, &name, &names[1], 1, &r, &found));
    assert_false(found);
    OK(rec_find(&f->cx, f->s, &f->writer, f->team, &name, &names[0], 1, &r, &found));
    assert_true(found);
    (void)team(f, &f->writer, "新队", "20");
    assert_false(absent_known(f->s, f->team, name, &names[1]));
    OK(rec_find(&f->cx, f->s, &f->writer, f->team, &name, &names[1], 1, &r, &found));
    assert_true(found);
    Form twin = team_form(f, "新队", "21");
    REFUSED(E_INVALID, create_in(f, &f->writer, "C1", &twin, &r));
}

static void names_are_forgotten_with_what_was_undone(Fixture *f)
{
    const Field *name = type_field(f->team, S("name"));
    const Value names[] = {text("新队")};
    OK(rec_look_ahead(&f->cx, f->s, f->team, name, names, 1));
    assert_true(absent_known(f->s, f->team, name, &names[0]));
    write_none(f, take_a_name);
    assert_false(absent_known(f->s, f->team, name, &names[0])); /* not known: asked again */
    take_a_name(f);
}

static void a_name_known_to_be_free_is_taken_once(void **state)
{
    Fixture *f = *state;
    (void)team(f, &f->writer, "旧队", "20");
    write_none(f, names_looked_up_ahead);
    assert_false(absent_known(f->s, f->team, type_field(f->team, S("name")), &(Value){.has = true, .s = S("新队")}));
    write_all(f, names_are_forgotten_with_what_was_undone);
    OK(store_attach(&f->cx, f->s));
    sound(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_undone_leaves_no_number_and_no_link, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(computed_fields_follow_inside_one_write, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(a_record_changed_and_undone_is_as_before, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(a_name_known_to_be_free_is_taken_once, fixture_up, fixture_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
