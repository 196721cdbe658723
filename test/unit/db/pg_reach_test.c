/* pg_reach_test.c - tables kept by home on PostgreSQL: their key, their parts, and which rows the server shows. Needs a server (TAMGA_TEST_DB) and
 * an ordinary role there. */
#include "owned.h"

#include <stdlib.h>

static bool by_home(Fixture *f, const char *table, const char *key)
{
    assert_true(db_begin(&f->cx, f->db));
    bool ok = db_homes(&f->cx, f->db, str_c(table), str_c(key));
    cx_clear(&f->cx);
    if (ok) {
        assert_true(db_commit(&f->cx, f->db));
    } else {
        db_rollback(f->db);
    }
    return ok;
}

static void a_key_without_home_gets_it_at_the_start(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    unsetenv("TAMGA_PG_PARTITIONS");
    script(f, f->db, "create table t (id {pk}, home integer not null) {strict}; insert into t values (4097, 1), (8193, 2)");
    assert_true(by_home(f, "t", "id"));
    assert_int_equal(one(f, f->db, "select count(*) from pg_index where indrelid = 't'::regclass and indisprimary and indnkeyatts = 2"), 1);
    assert_true(by_home(f, "t", "id")); /* once more changes nothing */
    assert_int_equal(one(f, f->db, "select count(*) from t"), 2);
    setenv("TAMGA_PG_PARTITIONS", "3", 1);
    assert_false(by_home(f, "t", "id")); /* a whole table is not cut afterwards */
}

static void partitions_refuse_a_unique_key_without_home(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    setenv("TAMGA_PG_PARTITIONS", "3", 1);
    script(f, f->db, "create table t (id {id}, home integer not null, no text not null {key:id}) {homes}");
    assert_true(by_home(f, "t", "id"));
    assert_int_equal(one(f, f->db, "select count(*) from pg_inherits where inhparent = 't'::regclass"), 3);
    assert_int_not_equal(outcome(f, f->db, "create unique index t_no on t (no)"), E_OK);
    assert_int_equal(outcome(f, f->db, "create unique index t_home_no on t (home, no)"), E_OK);
    script(f, f->db, "insert into t values (1, 1, 'a'), (1, 2, 'a')");
    assert_int_equal(outcome(f, f->db, "insert into t values (1, 2, 'b')"), E_CONFLICT);
    assert_int_equal(outcome(f, f->db, "insert into t values (2, 2, 'b') on conflict (home, id) do nothing"), E_OK);
}

static Db *guarded(Fixture *f)
{
    static const DbReach ALL = {.all = true};
    script(f, f->db, OWNED_TABLES);
    assert_true(by_home(f, "r", "id") && by_home(f, "r__l", "parent, pos"));
    assert_true(db_begin(&f->cx, f->db));
    owned_by(f, f->db, db_guard);
    (void)db_reach(f->db, &ALL);
    assert_int_equal(outcome(f, f->db, OWNED_ROWS), E_OK);
    assert_int_equal(outcome(f, f->db, OWNED_LISTS), E_OK);
    assert_true(db_commit(&f->cx, f->db));
    (void)db_reach(f->db, NULL);
    Db *r = db_open(&f->cx, f->url, DB_READ);
    assert_non_null(r);
    return r;
}

static int64_t seen(Fixture *f, Db *db, const DbReach *reach, const char *sql)
{
    const DbReach *before = db_reach(db, reach);
    int64_t n = one(f, db, sql);
    (void)db_reach(db, before);
    return n;
}

static void only_rows_within_the_reach_are_shown(void **state)
{
    static const int64_t ONE[] = {1}, TWO[] = {1, 2};
    static const char *const BOTH[] = {"select count(*) from r", "select count(*) from r__l"};
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    Db *r = guarded(f);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(one(f, r, BOTH[i]), 0); /* nothing set */
        assert_int_equal(seen(f, r, &(DbReach){.homes = ONE, .n = 1}, BOTH[i]), 2);
        assert_int_equal(seen(f, r, &(DbReach){.homes = TWO, .n = 2}, BOTH[i]), 3);
        assert_int_equal(seen(f, r, &(DbReach){.all = true}, BOTH[i]), 5);
        assert_int_equal(seen(f, r, &(DbReach){.person = 7}, BOTH[i]), 1);
        assert_int_equal(seen(f, r, &(DbReach){.login = S("anna")}, BOTH[i]), 1);
        assert_int_equal(seen(f, r, &(DbReach){.login = S("' or '1' = '1")}, BOTH[i]), 0);
        assert_int_equal(seen(f, r, &(DbReach){.open = true, .homes = ONE, .n = 1}, BOTH[i]), 3);
        assert_int_equal(one(f, r, BOTH[i]), 0); /* nothing is left over */
    }
    db_close(r);
}

static void a_reach_ends_and_goes_back_with_its_transaction(void **state)
{
    static const int64_t ONE[] = {1};
    static const DbReach ALL = {.all = true}, OWN = {.homes = ONE, .n = 1};
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    Db *r = guarded(f);
    (void)db_reach(r, &OWN);
    assert_int_equal(one(f, r, "select count(*) from r"), 2);
    assert_ptr_equal(db_reach(r, &ALL), &OWN); /* nested, and back */
    assert_int_equal(one(f, r, "select count(*) from r"), 5);
    (void)db_reach(r, &OWN);
    assert_int_equal(one(f, r, "select count(*) from r"), 2);
    assert_int_not_equal(outcome(f, r, "select id / 0 from r"), E_OK); /* a failure in between */
    assert_int_equal(one(f, r, "select count(*) from r"), 2);
    assert_true(db_begin(&f->cx, r)); /* inside a snapshot of the caller */
    assert_int_equal(one(f, r, "select count(*) from r"), 2);
    assert_true(db_commit(&f->cx, r));
    (void)db_reach(r, NULL);
    assert_int_equal(one(f, r, "select count(*) from r"), 0);
    assert_true(db_begin(&f->cx, f->db)); /* a savepoint undone takes its setting with it */
    assert_true(db_savepoint(&f->cx, f->db));
    (void)db_reach(f->db, &ALL);
    assert_int_equal(one(f, f->db, "select count(*) from r"), 5);
    db_rollback_to(f->db);
    assert_int_equal(one(f, f->db, "select count(*) from r"), 5);
    (void)db_reach(f->db, &OWN);
    assert_int_not_equal(outcome(f, f->db, "insert into r values (9, 2, 5, 'draft', null)"), E_OK); /* nor written outside it */
    db_rollback(f->db);
    (void)db_reach(f->db, NULL);
    db_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_key_without_home_gets_it_at_the_start),
        T(partitions_refuse_a_unique_key_without_home),
        T(only_rows_within_the_reach_are_shown),
        T(a_reach_ends_and_goes_back_with_its_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
