/* shared_test.c - several stores on one database: node numbers, versions, signs of life. Skipped on SQLite. */
#include "fixture.h"

#include "store/compliance.h"
#include "store/shared_int.h"

#define ONLY_SERVER(f)                                                                                                 \
    if ((f)->server == NULL) {                                                                                         \
        skip();                                                                                                        \
    }

static Store *another(Fixture *f)
{
    Store *s = store_open(&f->cx, f->dir, f->pack);
    if (s == NULL) {
        say_failure(f);
    }
    assert_non_null(s);
    return s;
}

static bool write_raw(Cx *cx, Store *s, void *arg)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, str_c(arg));
    return st != NULL && stmt_run(cx, st);
}

static void sixteen_may_share_a_database_and_the_next_is_told_so(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    Store *more[15];
    unsigned used = 1u << f->s->node;
    for (size_t i = 0; i < ARRAY_LEN(more); i++) {
        more[i] = another(f);
        assert_int_equal(used & 1u << more[i]->node, 0);
        used |= 1u << more[i]->node;
        assert_int_equal(store_new_id(more[i], 7) >> 8 & 15, more[i]->node);
    }
    assert_int_equal(used, 0xffff);
    assert_null(store_open(&f->cx, f->dir, f->pack));
    assert_int_equal(f->cx.err, E_BUSY);
    assert_true(str_contains(cx_text(&f->cx), S("16")));
    cx_clear(&f->cx);
    store_close(more[3]); /* one goes, one may come */
    more[3] = another(f);
    for (size_t i = 0; i < ARRAY_LEN(more); i++) {
        store_close(more[i]);
    }
}

static void what_one_wrote_the_other_knows_from_attach_on(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    Store *own = f->s, *other = another(f);
    Query q = {.type = f->team, .limit = 10};
    RecPage page;
    for (int i = 1; i <= 3; i++) {
        f->s = other;
        OK(store_attach(&f->cx, other));
        OK(rec_list(&f->cx, other, &f->writer, &q, true, &page)); /* the count is kept now */
        assert_int_equal(page.total, i - 1);
        uint64_t before = store_version(other, f->team->index);
        f->s = own;
        OK(store_attach(&f->cx, own));
        team(f, &f->writer, str_printf(f->mem, "队%d", i).p, "20");
        OK(store_attach(&f->cx, other));
        assert_true(store_version(other, f->team->index) > before);
        OK(rec_list(&f->cx, other, &f->writer, &q, true, &page));
        assert_int_equal(page.total, i);
    }
    OK(store_attach(&f->cx, own));
    assert_int_equal(store_version(own, f->team->index), store_version(other, f->team->index));
    store_detach(other);
    store_close(other);
}

static void settings_changed_by_one_hold_for_the_other_with_its_next_request(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    Store *other = another(f);
    const char *const ids[] = {"cn-mlps3", "asvs-l2", "default"};
    Settings now;
    OK(store_attach(&f->cx, other));
    OK(settings_now(&f->cx, other, &now));
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        OK(store_attach(&f->cx, f->s));
        OK(settings_set(&f->cx, f->s, &f->system, ids[i], 0));
        OK(store_attach(&f->cx, other));
        OK(settings_now(&f->cx, other, &now));
        assert_string_equal(now.profile->id, ids[i]);
    }
    store_detach(other);
    store_close(other);
    OK(store_attach(&f->cx, f->s));
}

static void a_database_that_went_back_makes_all_that_was_kept_invalid(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    team(f, &f->writer, "甲县采收队", "20");
    OK(store_attach(&f->cx, f->s));
    uint64_t before = store_version(f->s, f->team->index);
    OK(store_write(&f->cx, f->s, write_raw, "update version set n = 0"));
    OK(store_attach(&f->cx, f->s));
    team(f, &f->writer, "甲县二队", "20");
    assert_true(store_version(f->s, f->team->index) > before);
}

static void who_lost_its_number_writes_nothing_until_it_has_another(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    int64_t node = f->s->node;
    OK(store_write(&f->cx, f->s, write_raw, "update node set owner = 'another', seen = 99999999999999 where owner <> ''"));
    Form o = team_form(f, "甲县采收队", "20");
    Rec r;
    REFUSED(E_BUSY, create_in(f, &f->writer, "C1", &o, &r));
    assert_int_equal(raw(f, "select count(*) from r_team"), 0);
    assert_int_not_equal(f->s->node, node);
    OK(create_in(f, &f->writer, "C1", &o, &r));
    assert_int_equal(r.id >> 8 & 15, f->s->node);
}

static void the_dead_are_found_by_their_free_lock_and_the_living_are_left_alone(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    Store *other = another(f);
    OK(store_write(&f->cx, f->s, write_raw, "update node set seen = 1 where owner <> ''")); /* silent for long, but it holds its lock */
    shared_beat(other);
    assert_int_equal(raw(f, "select count(*) from node where owner <> ''"), 2);
    OK(store_write(&f->cx, f->s, write_raw, "update node set owner = 'gone', seen = 1 where n = 15"));
    assert_int_equal(raw(f, "select count(*) from node where 'gone' " STORE_GONE), 0);
    shared_beat(other);
    assert_int_equal(raw(f, "select count(*) from node where owner <> ''"), 2);
    assert_int_equal(raw(f, "select count(*) from node where 'gone' " STORE_GONE), 16);
    store_close(other);
    assert_int_equal(raw(f, "select count(*) from node where owner <> ''"), 1);
}

static void a_lock_by_name_is_one_holder_s_and_goes_with_its_connection(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    Db *a = db_open(&f->cx, f->s->url.p, DB_READ), *b = db_open(&f->cx, f->s->url.p, DB_READ);
    bool got = false;
    OK(db_lock(&f->cx, a, S("x"), false, &got));
    assert_true(got);
    OK(db_lock(&f->cx, b, S("x"), false, &got));
    assert_false(got);
    db_unlock(a, S("x"));
    OK(db_lock(&f->cx, b, S("x"), true, &got));
    assert_true(got);
    db_close(b);
    OK(db_lock(&f->cx, a, S("x"), true, &got));
    assert_true(got);
    db_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(sixteen_may_share_a_database_and_the_next_is_told_so),
        T(what_one_wrote_the_other_knows_from_attach_on),
        T(settings_changed_by_one_hold_for_the_other_with_its_next_request),
        T(a_database_that_went_back_makes_all_that_was_kept_invalid),
        T(who_lost_its_number_writes_nothing_until_it_has_another),
        T(the_dead_are_found_by_their_free_lock_and_the_living_are_left_alone),
        T(a_lock_by_name_is_one_holder_s_and_goes_with_its_connection),
    };
    return cmocka_run_group_tests_name("store/shared", tests, NULL, NULL);
}
