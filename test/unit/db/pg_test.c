/* pg_test.c - what only the PostgreSQL driver must see to: spelling, byte order, failed transactions, lost connections.
 * Skipped without a server (TAMGA_TEST_DB); the spelling is tested in any case. */
#include "fixture.h"

#include <malloc.h>

#include "db/hooks.h"
#include "db/pg_impl.h"

static void spelled(Fixture *f, const char *sql, const char *want, int want_params)
{
    Str expanded, out;
    int n = 0;
    PgKind kind;
    assert_true(hooks_expand(&f->cx, f->mem, &DB_POSTGRESQL, str_c(sql), &expanded));
    assert_true(pg_sql(f->mem, expanded, &out, &n, &kind));
    REQUIRE(str_eq(out, str_c(want)), "%.*s\n", STRF(out));
    assert_int_equal(n, want_params);
}

static void the_common_subset_is_spelled_for_postgresql(void **state)
{
    Fixture *f = *state;
    spelled(f, "select '?1 it''s', a from t where a = ?2 and b = ?1",
            "select '?1 it''s', a from t where a = $2 and b = $1", 2);
    spelled(f, "create table t (id {pk}, n integer not null, text text, b blob) {strict}",
            "create table t (id bigint primary key not null, n bigint not null, text text collate \"C\", b bytea) ", 0);
    spelled(f, "alter table t add column f_a text", "alter table t add column f_a text collate \"C\"", 0);
    spelled(f, "update job set text = ?1 where a = ?2", "update job set text = $1 where a = $2", 2);
    spelled(f, "insert into job (id, text) values (?1, ?2)", "insert into job (id, text) values ($1, $2)", 2);
    spelled(f, "create index i on job (text, at)", "create index i on job (text, at)", 0);
    spelled(f, "select cast(?1 as integer)", "select cast($1 as bigint)", 1);
    spelled(f, "select a from t where a in {list:1} {lock}",
            "select a from t where a = any (cast(translate($1, '[]', '{}') as bigint[])) for update", 1);
    spelled(f, "select a from t where a not in {list:2} and b = ?1",
            "select a from t where a <> all (cast(translate($2, '[]', '{}') as bigint[])) and b = $1", 2);
}

static void what_changes_data_is_told_from_what_only_reads(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *sql;
        PgKind kind;
    } ROWS[] = {{"select 1", PG_QUERY},
                {" -- x\n SELECT a from t for update", PG_QUERY},
                {"with r as (select 1) select * from r", PG_QUERY},
                {"with r as (select 1) insert into t select * from r", PG_WRITE},
                {"insert into t values (1)", PG_WRITE},
                {"begin", PG_BEGIN},
                {"commit", PG_COMMIT},
                {"create table t (a integer)", PG_PLAIN}};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        Str out;
        int n;
        PgKind kind;
        assert_true(pg_sql(f->mem, str_c(ROWS[i].sql), &out, &n, &kind));
        REQUIRE(kind == ROWS[i].kind, "%s\n", ROWS[i].sql);
    }
}

static void text_is_ordered_and_compared_by_its_bytes(void **state)
{
    Fixture *f = *state;
    script(
        f, f->db,
        "create table t (a text not null) {strict}; insert into t values ('b'), ('B'), ('a'), ('敖'), ('阿'), ('~')");
    Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, S("select a from t order by a"));
    assert_non_null(st);
    Str all = S("");
    for (bool row = true; row;) {
        assert_true(stmt_step(&f->cx, st, &row));
        if (row) {
            all = str_printf(f->mem, "%.*s%.*s", STRF(all), STRF(stmt_col_text(st, 0)));
        }
    }
    stmt_done(st);
    assert_true(str_eq(all, S("Bab~敖阿"))); /* by U+6556, U+963F; a dictionary would say a, b, 阿, 敖 */
    assert_int_equal(one(f, f->db, "select count(*) from t where a > 'Z'"), 5);
}

static void a_number_of_64_bits_fits_wherever_an_integer_is_taken(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer) {strict}");
    Stmt *st =
        db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t select ?1 where not exists (select 1 from t where a = ?1)"));
    assert_non_null(st);
    stmt_int(st, 1, INT64_MAX);
    assert_true(stmt_run(&f->cx, st));
    st = db_stmt(&f->cx, f->db, SQL_HOME, S("select a - ?1 from t where a >= ?1 limit ?2"));
    stmt_int(st, 1, INT64_MAX - 1);
    stmt_int(st, 2, INT64_MAX);
    int64_t v = 0;
    assert_true(stmt_one_int(&f->cx, st, -1, &v));
    assert_int_equal(v, 1);
    assert_int_equal(one(f, f->db, "select sum(a) from t"), INT64_MAX);
    assert_int_equal(one(f, f->db, "select a = 9223372036854775807 from t"), 1); /* a truth is 1, as on SQLite */
}

static void committing_what_has_failed_is_a_failure(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    script(f, f->db, "create table t (a integer unique) {strict}; insert into t values (1)");
    assert_true(db_begin(&f->cx, f->db));
    script(f, f->db, "insert into t values (2)");
    assert_int_equal(outcome(f, f->db, "insert into t values (1)"), E_CONFLICT);
    assert_int_equal(outcome(f, f->db, "insert into t values (3)"), E_DB); /* the server takes nothing more … */
    assert_false(db_commit(&f->cx, f->db)); /* … and its "ok" to a commit would be a lie */
    assert_int_equal(f->cx.err, E_DB);
    cx_clear(&f->cx);
    assert_int_equal(one(f, f->db, "select count(*) from t"), 1);
}

static void after_a_failure_a_savepoint_brings_the_transaction_back(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer unique) {strict}; insert into t values (1)");
    assert_true(db_begin(&f->cx, f->db));
    script(f, f->db, "insert into t values (2)");
    assert_true(db_savepoint(&f->cx, f->db));
    assert_int_equal(outcome(f, f->db, "insert into t values (1)"), E_CONFLICT);
    db_rollback_to(f->db);
    script(f, f->db, "insert into t values (3)");
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, f->db, "select sum(a) from t"), 6);
}

/* End the other connections of this schema, as a restarted server does. */
static void cut_off(Fixture *f)
{
    Db *other = db_open(&f->cx, f->server, DB_WRITE);
    assert_non_null(other);
    (void)one(f, other,
              "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'tamga'"
              " and pid <> pg_backend_pid()");
    while (one(f, other,
               "select count(*) from pg_stat_activity where application_name = 'tamga' and pid <> pg_backend_pid()") !=
           0) {
        usleep(2000);
    }
    db_close(other);
}

static void a_connection_lost_while_idle_is_made_anew(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    script(f, f->db, "create table t (a integer) {strict}; insert into t values (1)");
    assert_int_equal(one(f, f->db, "select a from t"), 1);
    cut_off(f);
    assert_int_equal(one(f, f->db, "select a from t"), 1); /* reading: nobody notices */
    cut_off(f);
    assert_int_equal(one(f, f->db, "select a + 1 from t"), 2); /* nor with a statement that was never prepared */
    cut_off(f);
    assert_true(db_begin(&f->cx, f->db)); /* beginning, too */
    script(f, f->db, "insert into t values (2)");
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(outcome(f, f->db, "insert into t values (3)"), E_OK);
    cut_off(f);
    assert_int_equal(outcome(f, f->db, "insert into t values (3)"), E_BUSY); /* changing: it might have happened */
    assert_int_equal(outcome(f, f->db, "insert into t values (3)"), E_OK);
    assert_int_equal(one(f, f->db, "select sum(a) from t"), 9);
}

static void nothing_of_a_lost_transaction_runs_on_its_own(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    script(f, f->db, "create table t (a integer) {strict}");
    assert_true(db_begin(&f->cx, f->db));
    script(f, f->db, "insert into t values (1)");
    cut_off(f);
    assert_int_equal(outcome(f, f->db, "insert into t values (2)"), E_BUSY);
    assert_int_equal(outcome(f, f->db, "insert into t values (3)"), E_BUSY);
    assert_int_equal(outcome(f, f->db, "select count(*) from t"), E_BUSY);
    assert_false(db_savepoint(&f->cx, f->db));
    cx_clear(&f->cx);
    assert_false(db_commit(&f->cx, f->db));
    cx_clear(&f->cx);
    db_rollback(f->db);
    assert_true(db_begin(&f->cx, f->db));
    script(f, f->db, "insert into t values (4)");
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, f->db, "select sum(a) from t"), 4);
}

static void a_commit_whose_answer_never_came_says_so(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    script(f, f->db, "create table t (a integer) {strict}");
    assert_true(db_begin(&f->cx, f->db));
    script(f, f->db, "insert into t values (1)");
    cut_off(f);
    assert_false(db_commit(&f->cx, f->db));
    assert_int_equal(f->cx.err, E_DB);
    assert_true(str_contains(cx_text(&f->cx), S("核对")));
    cx_clear(&f->cx);
}

static void a_statement_that_takes_too_long_is_given_up(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    Db *db = db_open(&f->cx, str_printf(f->mem, "%s%%20-cstatement_timeout%%3D300", f->url).p, DB_READ);
    assert_non_null(db);
    assert_int_equal(outcome(f, db, "select pg_sleep(5)"), E_BUSY);
    assert_int_equal(one(f, db, "select 42"), 42);
    db_close(db);
}

static void whoever_waits_too_long_for_the_write_lock_is_told_busy(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    Db *second = db_open(&f->cx, str_printf(f->mem, "%s%%20-clock_timeout%%3D50", f->url).p, DB_WRITE);
    assert_non_null(second);
    assert_true(db_begin(&f->cx, f->db));
    assert_false(db_begin(&f->cx, second));
    assert_int_equal(f->cx.err, E_BUSY);
    cx_clear(&f->cx);
    assert_true(db_commit(&f->cx, f->db));
    assert_true(db_begin(&f->cx, second));
    assert_true(db_commit(&f->cx, second));
    db_close(second);
}

static void without_names_statements_answer_alike(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    Db *db = db_open(&f->cx, str_printf(f->mem, "%s&prepare=never", f->url).p, DB_WRITE);
    assert_non_null(db);
    script(f, db, "create table t (id {pk}, s text, b blob) {strict}");
    for (int i = 0; i < 2; i++) {
        Stmt *st = db_stmt(&f->cx, db, SQL_HOME, S("insert into t (id, s, b) values (?1, ?2, ?3)"));
        assert_non_null(st);
        stmt_int(st, 1, INT64_MAX - i);
        stmt_text(st, 2, S("劳务'"));
        stmt_blob(st, 3, S("\0\xFF\0"));
        assert_true(stmt_run(&f->cx, st));
    }
    assert_int_equal(one(f, db, "select count(*) from t where s = '劳务''' and length(b) = 3 and b = '\\x00ff00'"), 2);
    assert_int_equal(one(f, db, "select count(*) from pg_prepared_statements"), 0);
    assert_int_equal(one(f, f->db, "select count(*) from pg_prepared_statements"), 1);
    db_close(db);
}

/* A connection that may change the server itself. */
static Db *superuser(Fixture *f)
{
    const char *url = getenv("TAMGA_TEST_SUPER");
    Db *db = db_open(&f->cx, url != NULL ? url : f->url, DB_WRITE);
    assert_non_null(db);
    return db;
}

static void a_server_without_a_free_connection_says_so_in_chinese(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    Db *super = superuser(f);
    script(f, super, "create role one_only login connection limit 1");
    const char *url = str_printf(f->mem, "%s&user=one_only", f->url).p;
    Db *first = db_open(&f->cx, url, DB_READ);
    assert_non_null(first);
    assert_null(db_open(&f->cx, url, DB_READ));
    assert_int_equal(f->cx.err, E_BUSY);
    assert_true(str_contains(cx_text(&f->cx), S("连接数已用完")));
    cx_clear(&f->cx);
    db_close(first);
    script(f, super, "drop role one_only");
    db_close(super);
}

/* A standby that should have each commit is not there; somebody ends the wait. The server then says COMMIT, and warns. */
static void *end_the_wait(void *arg)
{
    Fixture *f = arg;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Db *db = db_open(&cx, f->url, DB_READ);
    for (int i = 0; db != NULL && i < 20; i++) {
        int64_t n = 0;
        Stmt *st = db_stmt(&cx, db, SQL_ADMIN, S("select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'"));
        if (st == NULL || !stmt_one_int(&cx, st, 0, &n) || n != 0) {
            break;
        }
        usleep(50000);
    }
    db_close(db);
    arena_free(mem);
    return NULL;
}

static void a_commit_the_standby_may_not_have_is_no_success(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    pthread_t t;
    script(f, f->db, "create table t (id {pk}) {strict}");
    Db *db = db_open(&f->cx, str_printf(f->mem, "%s%%20-csynchronous_commit%%3Don", f->url).p, DB_WRITE);
    assert_non_null(db);
    Db *super = superuser(f);
    script(f, super, "alter system set synchronous_standby_names = 'nobody'");
    assert_int_equal(one(f, super, "select count(pg_reload_conf())"), 1);
    bool ok = true;
    int rows = 0;
    for (; ok && rows < 200; rows++) { /* commits wait once the server's own processes have read the setting */
        ok = db_begin(&f->cx, db) && outcome(f, db, str_printf(f->mem, "insert into t values (%d)", rows).p) == E_OK &&
             pthread_create(&t, NULL, end_the_wait, f) == 0 && db_commit(&f->cx, db);
        pthread_join(t, NULL);
        usleep(20000);
    }
    script(f, super, "alter system reset synchronous_standby_names"); /* before anything is judged: the next test would wait for ever */
    assert_int_equal(one(f, super, "select count(pg_reload_conf())"), 1);
    assert_false(ok);
    assert_int_equal(f->cx.err, E_DB);
    assert_true(str_contains(cx_text(&f->cx), S("核对")));
    cx_clear(&f->cx);
    db_close(super);
    db_close(db);
    assert_int_equal(one(f, f->db, "select count(*) from t"), rows); /* it stands all the same: the text says to look */
}

static void a_server_that_is_not_there_or_not_wanted_is_said_in_chinese(void **state)
{
    Fixture *f = *state;
    static const char *const BAD[] = {"postgresql://127.0.0.1:1/x?connect_timeout=1", "postgresql:///x?nosuch=1",
                                      "postgresql://[::1/x"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_null(db_open(&f->cx, BAD[i], DB_WRITE));
        assert_int_equal(f->cx.err, E_DB);
        assert_true(str_contains(cx_text(&f->cx), S("数据库")));
        cx_clear(&f->cx);
    }
}

static void a_backup_is_left_to_the_tools_of_the_server(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    assert_false(db_is_file(f->db));
    assert_false(db_backup(&f->cx, f->db, str_printf(f->mem, "%s/copy.db", f->dir).p, NULL, NULL));
    assert_int_equal(f->cx.err, E_NOT_IMPLEMENTED);
    cx_clear(&f->cx);
    Str report;
    assert_true(db_check(&f->cx, f->db, &report));
    assert_int_equal(report.n, 0);
}

static void a_statement_thrown_out_inside_a_failed_transaction_comes_back(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    assert_int_equal(one(f, f->db, "select 7000"), 7000);
    assert_true(db_begin(&f->cx, f->db));
    assert_int_equal(outcome(f, f->db, "select nosuch"), E_DB);
    db_shrink(f->db); /* wants to forget it on the server, which takes no command now */
    db_rollback(f->db);
    assert_int_equal(one(f, f->db, "select 7000"), 7000);
    assert_int_equal(one(f, f->db, "select count(*) from pg_prepared_statements"), 2); /* that one and this one */
}

/* The rows of "select i, text" over 1..n, one at a time, with something else done at row `at`: their number and sum. */
static void walk(Fixture *f, Db *db, int n, int at, void (*meanwhile)(Fixture *f, Db *db))
{
    Stmt *st = db_stmt(&f->cx, db, SQL_ROLLUP, S("select i, s, null, b from t where i <= ?1 order by i"));
    assert_non_null(st);
    stmt_int(st, 1, n);
    int64_t seen = 0, sum = 0;
    for (bool row = true; row;) {
        assert_true(stmt_step(&f->cx, st, &row));
        if (!row) {
            break;
        }
        seen++;
        Str before = stmt_col_text(st, 1);
        if (seen == at) {
            meanwhile(f, db);
        }
        sum += stmt_col_int(st, 0);
        assert_true(str_starts(before, S("行")) && str_eq(before, stmt_col_text(st, 1)));
        assert_true(stmt_col_null(st, 2) && str_eq(stmt_col_text(st, 3), S("\x01\xFE")));
    }
    stmt_done(st);
    assert_int_equal(seen, n);
    assert_int_equal(sum, (int64_t)n * (n + 1) / 2);
}

static void ask(Fixture *f, Db *db)
{
    assert_int_equal(one(f, db, "select count(*) from t"), 3000);
}

static void change(Fixture *f, Db *db)
{
    assert_int_equal(outcome(f, db, "delete from t where i > 2000"), E_OK);
    assert_int_equal(one(f, db, "select count(*) from t"), 2000);
}

static void go_wrong(Fixture *f, Db *db)
{
    assert_int_equal(outcome(f, db, "select nosuch"), E_DB);
}

static void walk_too(Fixture *f, Db *db)
{
    Stmt *st = db_stmt(&f->cx, db, SQL_ROLLUP, S("select i from t order by i desc"));
    bool row;
    assert_true(stmt_step(&f->cx, st, &row) && row);
    assert_int_equal(stmt_col_int(st, 0), 3000);
    stmt_done(st); /* with 2,999 rows still to come */
}

static void a_walk_over_many_rows_may_be_interrupted_by_other_statements(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (i {pk}, s text not null, b blob not null) {strict}");
    assert_true(db_begin(&f->cx, f->db));
    for (int i = 1; i <= 3000; i++) {
        Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t (i, s, b) values (?1, ?2, ?3)"));
        stmt_int(st, 1, i);
        stmt_text(st, 2, str_printf(f->mem, "行%d", i));
        stmt_blob(st, 3, S("\x01\xFE"));
        assert_true(stmt_run(&f->cx, st));
    }
    assert_true(db_commit(&f->cx, f->db));
    walk(f, f->db, 3000, 0, NULL);
    walk(f, f->db, 3000, 1, ask);
    walk(f, f->db, 3000, 1500, ask);
    walk(f, f->db, 3000, 3000, ask);
    walk(f, f->db, 3000, 10, walk_too);
    walk(f, f->db, 3000, 10, go_wrong);
    assert_true(db_begin(&f->cx, f->db));
    walk(f, f->db, 3000, 10, ask);
    assert_true(db_commit(&f->cx, f->db));
    if (f->server != NULL) { /* what was begun sees the rows of its beginning */
        walk(f, f->db, 3000, 10, change);
    }
}

static void a_walk_cut_off_in_the_middle_fails(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    script(f, f->db, "create table t (i integer not null, pad text not null) {strict}");
    script(f, f->db, "insert into t select i, repeat('x', 2000) from generate_series(1, 20000) i");
    Stmt *st = db_stmt(&f->cx, f->db, SQL_ROLLUP, S("select i, pad from t"));
    bool row, ok = true;
    assert_true(stmt_step(&f->cx, st, &row) && row);
    cut_off(f);
    int seen = 1;
    while (ok && row) {
        ok = stmt_step(&f->cx, st, &row);
        seen += ok && row;
    }
    assert_false(ok);
    assert_int_equal(f->cx.err, E_BUSY);
    assert_true(seen < 20000);
    stmt_done(st);
    cx_clear(&f->cx);
    assert_int_equal(one(f, f->db, "select count(*) from t"), 20000);
}

static int64_t held_kb(void)
{
    struct mallinfo2 m = mallinfo2();
    return (int64_t)(m.uordblks + m.hblkhd) / 1024;
}

static void a_walk_over_a_large_table_needs_no_memory_for_it(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    script(f, f->db, "create table t (i integer not null, pad text not null) {strict}");
    script(f, f->db, "insert into t select i, repeat('x', 4000) from generate_series(1, 20000) i"); /* 80 MB as text */
    Stmt *st = db_stmt(&f->cx, f->db, SQL_ROLLUP, S("select i, pad from t"));
    int64_t before = held_kb(), most = 0;
    for (bool row = true; row;) {
        assert_true(stmt_step(&f->cx, st, &row));
        most = MAX(most, held_kb() - before);
    }
    stmt_done(st);
    assert_true(most < 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_common_subset_is_spelled_for_postgresql),
        T(what_changes_data_is_told_from_what_only_reads),
        T(text_is_ordered_and_compared_by_its_bytes),
        T(a_number_of_64_bits_fits_wherever_an_integer_is_taken),
        T(committing_what_has_failed_is_a_failure),
        T(after_a_failure_a_savepoint_brings_the_transaction_back),
        T(a_connection_lost_while_idle_is_made_anew),
        T(nothing_of_a_lost_transaction_runs_on_its_own),
        T(a_commit_whose_answer_never_came_says_so),
        T(a_statement_that_takes_too_long_is_given_up),
        T(whoever_waits_too_long_for_the_write_lock_is_told_busy),
        T(without_names_statements_answer_alike),
        T(a_server_without_a_free_connection_says_so_in_chinese),
        T(a_commit_the_standby_may_not_have_is_no_success),
        T(a_server_that_is_not_there_or_not_wanted_is_said_in_chinese),
        T(a_backup_is_left_to_the_tools_of_the_server),
        T(a_statement_thrown_out_inside_a_failed_transaction_comes_back),
        T(a_walk_over_many_rows_may_be_interrupted_by_other_statements),
        T(a_walk_cut_off_in_the_middle_fails),
        T(a_walk_over_a_large_table_needs_no_memory_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
