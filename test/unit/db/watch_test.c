/* watch_test.c - the second line on SQLite (db_watch): which rows a reading connection shows, and which statements it refuses. */
#include "owned.h"

static const DbReach ALL = {.all = true};

static Db *watched(Fixture *f)
{
    script(f, f->db, OWNED_TABLES OWNED_ROWS ";" OWNED_LISTS "; create table free (id {pk}, home integer not null) {strict}; insert into free values (1, 9)");
    Db *r = db_open(&f->cx, f->url, DB_READ);
    assert_non_null(r);
    owned_by(f, r, db_watch);
    return r;
}

/* How many rows a statement's answer has; -1: it was refused. */
static int rows(Fixture *f, Db *db, const DbReach *reach, const char *sql)
{
    const DbReach *before = db_reach(db, reach);
    Stmt *st = db_stmt(&f->cx, db, SQL_ADMIN, str_c(sql));
    assert_non_null(st);
    int n = 0;
    while (stmt_next(&f->cx, st)) {
        n++;
    }
    if (!stmt_end(st)) {
        assert_int_equal(f->cx.err, E_DB);
        cx_clear(&f->cx);
        n = -1;
    }
    (void)db_reach(db, before);
    return n;
}

#define WHOLE "select id, home, created_by, state, f_who from r"

static void only_rows_within_the_reach_are_shown(void **state)
{
    static const int64_t ONE[] = {1}, TWO[] = {1, 2};
    Fixture *f = *state;
    ONLY_SQLITE(f);
    Db *r = watched(f);
    assert_int_equal(rows(f, r, &ALL, WHOLE), 5);
    assert_int_equal(rows(f, r, &(DbReach){.homes = ONE, .n = 1}, WHOLE), 2);
    assert_int_equal(rows(f, r, &(DbReach){.homes = TWO, .n = 2}, WHOLE), 3);
    assert_int_equal(rows(f, r, &(DbReach){.homes = TWO, .n = 2}, WHOLE " order by home desc limit 4"), 2); /* the answer's rows, not what it might have been */
    assert_int_equal(rows(f, r, &(DbReach){.person = 7}, WHOLE), 1);
    assert_int_equal(rows(f, r, &(DbReach){.login = S("anna")}, WHOLE), 1);
    assert_int_equal(rows(f, r, &(DbReach){.open = true, .homes = ONE, .n = 1}, WHOLE), 3);
    assert_int_equal(rows(f, r, &(DbReach){.homes = ONE, .n = 1}, "select home, parent, pos from r__l"), 2);
    db_close(r);
}

static void a_statement_that_asks_nothing_of_whose_the_rows_are_is_refused(void **state)
{
    static const int64_t ONE[] = {1};
    static const DbReach OWN = {.homes = ONE, .n = 1};
    Fixture *f = *state;
    ONLY_SQLITE(f);
    Db *r = watched(f);
    assert_int_equal(rows(f, r, NULL, WHOLE), -1); /* nothing is held */
    assert_int_equal(rows(f, r, NULL, "select count(*) from r where home = 1"), -1);
    assert_int_equal(rows(f, r, NULL, "select home from free"), 1); /* a table nobody watches */
    assert_int_equal(rows(f, r, &OWN, "select count(*) from r where state = 'draft'"), -1);
    assert_int_equal(rows(f, r, &OWN, "select count(*) from r where home = 1 and state = 'draft'"), 1);
    assert_int_equal(rows(f, r, &OWN, "select x.id from free x join r on r.id = x.id"), -1); /* wherever it is read */
    assert_int_equal(rows(f, r, &OWN, "select pos from r__l"), -1);
    assert_int_equal(rows(f, r, &OWN, "select pos from r__l where parent = 1"), 1);
    assert_int_equal(rows(f, r, &(DbReach){.open = true}, "select count(*) from r where state = 'published'"), 1);
    assert_int_equal(rows(f, r, &(DbReach){.open = true}, "select count(*) from r where created_by = 5"), -1); /* no person is set */
    assert_int_equal(rows(f, r, &ALL, "select count(*) from r"), 1);
    db_close(r);
}

static void the_writer_and_a_connection_without_watch_are_as_before(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    Db *r = watched(f), *free_one = db_open(&f->cx, f->url, DB_READ);
    assert_non_null(free_one);
    assert_int_equal(one(f, f->db, "select count(*) from r"), 5);
    assert_int_equal(one(f, free_one, "select count(*) from r"), 5);
    db_close(free_one);
    db_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(only_rows_within_the_reach_are_shown),
        T(a_statement_that_asks_nothing_of_whose_the_rows_are_is_refused),
        T(the_writer_and_a_connection_without_watch_are_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
