/* bulk_test.c - rows in bulk arrive as they were given, on both engines; and the catalogue tells what there is. */
#include "fixture.h"

#define TABLE "create table t (id {pk}, a text not null, b text, c integer, d blob) {strict}"
#define AWKWARD "a\tb\nc\\d\r\\N 蒙古 \\. 'x' \"y\""

static DbBulk *begin(Fixture *f, DbColumn **cols)
{
    size_t n;
    assert_true(db_describe(&f->cx, f->db, f->mem, S("t"), cols, &n));
    assert_int_equal(n, 5);
    assert_true(db_begin(&f->cx, f->db));
    DbBulk *b = db_bulk_begin(&f->cx, f->db, f->mem, S("t"), *cols, n);
    assert_non_null(b);
    return b;
}

static int64_t number(Fixture *f, Str sql)
{
    int64_t n;
    Stmt *st = db_stmt(&f->cx, f->db, SQL_ADMIN, sql);
    assert_non_null(st);
    assert_true(stmt_one_int(&f->cx, st, -1, &n));
    return n;
}

static void rows_arrive_as_they_were_given(void **state)
{
    Fixture *f = *state;
    DbColumn *cols;
    assert_true(db_script(&f->cx, f->db, TABLE));
    DbBulk *b = begin(f, &cols);
    const Str blob = str_n("\0\x01\\\xff\n", 5), longer = str_printf(f->mem, "%0*d", 300000, 7);
    for (int64_t i = 1; i <= 5000; i++) {
        DbValue row[] = {{.kind = DB_INT, .i = i},
                         {.kind = DB_TEXT, .s = i == 3 ? S("") : i == 4 ? longer : S(AWKWARD)},
                         {.kind = DB_TEXT, .is_null = i % 2 == 0, .s = S("\\N")},
                         {.kind = DB_INT, .is_null = i == 2, .i = i == 1 ? INT64_MIN : INT64_MAX},
                         {.kind = DB_BLOB, .is_null = i == 3, .s = i == 4 ? S("") : blob}};
        assert_true(db_bulk_row(&f->cx, b, row));
    }
    assert_true(db_bulk_end(&f->cx, b));
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(number(f, S("select count(*) from t")), 5000);
    Stmt *st = db_stmt(&f->cx, f->db, SQL_ADMIN, S("select a, b, c, d from t where id <= 5 order by id"));
    assert_non_null(st);
    for (int i = 1; stmt_next(&f->cx, st); i++) {
        Str a = stmt_col_text(st, 0);
        assert_true(str_eq(a, i == 3 ? S("") : i == 4 ? longer : S(AWKWARD)));
        assert_int_equal(stmt_col_null(st, 1), i % 2 == 0);
        assert_true(i % 2 == 0 || str_eq(stmt_col_text(st, 1), S("\\N")));
        assert_true(i == 2 ? stmt_col_null(st, 2) : stmt_col_int(st, 2) == (i == 1 ? INT64_MIN : INT64_MAX));
        assert_true(i == 3 ? stmt_col_null(st, 3) : str_eq(stmt_col_text(st, 3), i == 4 ? S("") : blob));
    }
    assert_true(stmt_end(st));
}

static void a_bulk_that_fails_leaves_nothing_and_the_connection_goes_on(void **state)
{
    Fixture *f = *state;
    DbColumn *cols;
    assert_true(db_script(&f->cx, f->db, TABLE));
    DbBulk *b = begin(f, &cols);
    DbValue row[] = {{.kind = DB_INT, .i = 1}, {.kind = DB_TEXT, .s = S("x")}, {.is_null = true}, {.is_null = true}, {.is_null = true}};
    bool ok = true;
    for (int i = 0; ok && i < 2; i++) {
        ok = db_bulk_row(&f->cx, b, row);
    }
    assert_false(ok && db_bulk_end(&f->cx, b));
    assert_int_equal(f->cx.err, E_CONFLICT);
    db_bulk_drop(b);
    db_rollback(f->db);
    cx_clear(&f->cx);
    assert_int_equal(number(f, S("select count(*) from t")), 0);
    b = begin(f, &cols);
    assert_true(db_bulk_row(&f->cx, b, row));
    db_bulk_drop(b);
    db_rollback(f->db);
    assert_int_equal(number(f, S("select count(*) from t")), 0);
}

static void the_catalogue_tells_tables_columns_and_keys(void **state)
{
    Fixture *f = *state;
    assert_true(db_script(&f->cx, f->db, TABLE "; create table s (home integer not null, at text not null, x blob, primary key (at, home)) {strict};"
                                               "create table n (x integer) {strict};"
                                               "create unique index u on t (a); create index w on t (c) where c > 1"));
    Str *names;
    size_t n;
    assert_true(db_tables(&f->cx, f->db, f->mem, &names, &n));
    assert_int_equal(n, 3);
    assert_true(str_eq(names[0], S("n")) && str_eq(names[1], S("s")) && str_eq(names[2], S("t")));
    DbColumn *cols;
    assert_true(db_describe(&f->cx, f->db, f->mem, S("s"), &cols, &n));
    assert_int_equal(n, 3);
    assert_true(cols[0].kind == DB_INT && cols[0].key == 2 && cols[1].kind == DB_TEXT && cols[1].key == 1 && cols[2].kind == DB_BLOB &&
                cols[2].key == 0 && str_eq(cols[1].name, S("at")));
    assert_true(db_describe(&f->cx, f->db, f->mem, S("none"), &cols, &n));
    assert_int_equal(n, 0);
    assert_true(db_drop_indexes(&f->cx, f->db));
    assert_true(db_script(&f->cx, f->db, "create unique index u on t (a); create index w on t (c)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_arrive_as_they_were_given, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(a_bulk_that_fails_leaves_nothing_and_the_connection_goes_on, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(the_catalogue_tells_tables_columns_and_keys, fixture_up, fixture_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
