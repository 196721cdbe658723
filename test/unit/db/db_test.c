/* db_test.c - connections, statements, cache, transactions, errors, check. */
#include "fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "db/cache.h"

static void a_new_database_is_readable_by_its_owner_only(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void every_connection_has_the_safe_settings(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    script(f, f->db, "create table t (a integer) {strict}");
    Db *r = db_open(&f->cx, f->url, DB_READ);
    assert_non_null(r);
    Db *both[] = {f->db, r};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(one(f, both[i], "select synchronous = 2 from pragma_synchronous"), 1);
        assert_int_equal(one(f, both[i], "select foreign_keys from pragma_foreign_keys"), 1);
        assert_int_equal(one(f, both[i], "select secure_delete from pragma_secure_delete"), 1);
        assert_int_equal(one(f, both[i], "select temp_store from pragma_temp_store"), 2);
        assert_int_equal(one(f, both[i], "select journal_mode = 'wal' from pragma_journal_mode"), 1);
        assert_int_equal(one(f, both[i], "pragma mmap_size"), 0); /* mapped pages would count as resident */
        assert_int_equal(one(f, both[i], "pragma trusted_schema"), 0);
        assert_int_equal(one(f, both[i], "pragma journal_size_limit"), 64 << 20);
    }
    assert_int_equal(one(f, r, "pragma query_only"), 1);
    assert_int_equal(one(f, f->db, "pragma query_only"), 0);
    assert_int_equal(outcome(f, f->db, "select \"nosuch\""), E_DB); /* not a string */
    assert_int_equal(outcome(f, f->db, "delete from sqlite_schema"), E_DB);
    db_close(r);
}

static void a_missing_or_foreign_file_is_not_opened(void **state)
{
    Fixture *f = *state;
    assert_null(db_open(&f->cx, "sqlite:/nonexistent/x.db", DB_READ));
    assert_int_equal(f->cx.err, E_IO);
    assert_true(str_contains(cx_text(&f->cx), S("打不开数据库文件")));
    cx_clear(&f->cx);
    assert_null(db_open(&f->cx, "oracle:x", DB_READ));
    assert_int_equal(f->cx.err, E_DB);
    cx_clear(&f->cx);
    const char *junk = str_printf(f->mem, "%s/junk.db", f->dir).p;
    FILE *out = fopen(junk, "w");
    assert_non_null(out);
    for (int i = 0; i < 1000; i++) {
        fputs("this is not a database. ", out);
    }
    fclose(out);
    assert_null(db_open(&f->cx, str_printf(f->mem, "sqlite:%s", junk).p, DB_WRITE));
    assert_int_equal(f->cx.err, E_DB);
    assert_true(str_contains(cx_text(&f->cx), S("已损坏")));
}

static void values_of_every_kind_come_back_as_they_were_bound(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (id {pk}, n integer, s text, b blob) {strict};");
    Stmt *in = db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t (id, n, s, b) values (?1, ?2, ?3, ?4)"));
    assert_non_null(in);
    stmt_int(in, 1, 1);
    stmt_int(in, 2, INT64_MIN);
    stmt_text(in, 3, S("劳务'; drop table t; --"));
    stmt_blob(in, 4, S("\0\xFF\0"));
    assert_true(stmt_run(&f->cx, in));
    assert_ptr_equal(db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t (id, n, s, b) values (?1, ?2, ?3, ?4)")), in);
    stmt_int(in, 1, 2);
    stmt_text(in, 3, (Str){NULL, 0}); /* empty, not NULL; ?2 and ?4 must have been forgotten */
    assert_true(stmt_run(&f->cx, in));

    Stmt *out = db_stmt(&f->cx, f->db, SQL_HOME, S("select n, s, b from t order by id"));
    bool row;
    assert_true(stmt_step(&f->cx, out, &row) && row);
    assert_true(stmt_col_int(out, 0) == INT64_MIN);
    assert_true(str_eq(stmt_col_text(out, 1), S("劳务'; drop table t; --")));
    assert_true(str_eq(stmt_col_text(out, 2), S("\0\xFF\0")));
    Str kept = stmt_col_dup(f->mem, out, 1);
    assert_true(stmt_step(&f->cx, out, &row) && row);
    assert_true(stmt_col_null(out, 0) && !stmt_col_null(out, 1) && stmt_col_null(out, 2));
    assert_int_equal(stmt_col_text(out, 1).n, 0);
    assert_true(stmt_step(&f->cx, out, &row) && !row);
    stmt_done(out);
    assert_true(str_eq(kept, S("劳务'; drop table t; --")));
}

static void one_int_answers_the_default_without_a_row_and_for_null(void **state)
{
    Fixture *f = *state;
    int64_t v = 0;
    assert_true(stmt_one_int(&f->cx, db_stmt(&f->cx, f->db, SQL_HOME, S("select 5 where 1 = 0")), 77, &v));
    assert_int_equal(v, 77);
    assert_true(stmt_one_int(&f->cx, db_stmt(&f->cx, f->db, SQL_HOME, S("select null")), 78, &v));
    assert_int_equal(v, 78);
    assert_true(stmt_one_int(&f->cx, db_stmt(&f->cx, f->db, SQL_HOME, S("select 5")), 78, &v));
    assert_int_equal(v, 5);
}

static void a_text_holds_exactly_one_statement(void **state)
{
    Fixture *f = *state;
    assert_int_equal(outcome(f, f->db, "select 1; select 2"), E_DB);
    assert_int_equal(outcome(f, f->db, ""), E_DB);
    assert_int_equal(outcome(f, f->db, "-- nothing"), E_DB);
    assert_int_equal(outcome(f, f->db, "selct 1"), E_DB);
    assert_int_equal(outcome(f, f->db, "select 1 ; "), E_OK);
}

static void a_statement_is_prepared_once_and_the_least_used_gives_way(void **state)
{
    Fixture *f = *state;
    Stmt *kept = db_stmt(&f->cx, f->db, SQL_HOME, S("select 1000000"));
    bool row;
    assert_true(stmt_step(&f->cx, kept, &row) && row); /* in use throughout: must never be thrown away */
    Stmt *first = db_stmt(&f->cx, f->db, SQL_HOME, S("select 0"));
    stmt_done(first);
    assert_ptr_equal(db_stmt(&f->cx, f->db, SQL_HOME, S("select 0")), first);
    stmt_done(first);
    for (int i = 1; i < 3 * CACHE_MAX; i++) {
        Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, str_printf(f->mem, "select %d", i));
        int64_t v = 0;
        assert_true(stmt_one_int(&f->cx, st, -1, &v));
        assert_int_equal(v, i);
    }
    assert_int_equal(stmt_col_int(kept, 0), 1000000);
    stmt_done(kept);
    assert_ptr_equal(db_stmt(&f->cx, f->db, SQL_HOME, S("select 1000000")), kept);
    stmt_done(kept);
    db_shrink(f->db);
    assert_int_equal(one(f, f->db, "select 1000000"), 1000000);
}

static void a_cached_statement_survives_a_change_of_the_schema(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer) {strict}; insert into t values (4)");
    assert_int_equal(one(f, f->db, "select a from t"), 4);
    script(f, f->db, "alter table t add column b text; create index t_b on t (b)");
    assert_int_equal(one(f, f->db, "select a from t"), 4);
}

/* Whether fn ends the process by a CHECK. */
static bool aborts(Fixture *f, void (*fn)(Fixture *))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        signal(SIGABRT, SIG_DFL);
        fn(f);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void use_twice(Fixture *f)
{
    Stmt *a = db_stmt(&f->cx, f->db, SQL_HOME, S("select 1"));
    Stmt *b = db_stmt(&f->cx, f->db, SQL_HOME, S("select 1"));
    _exit(a == b);
}

static void step_after_the_end(Fixture *f)
{
    Stmt *a = db_stmt(&f->cx, f->db, SQL_HOME, S("select 1 where 1 = 0"));
    bool row;
    (void)!stmt_step(&f->cx, a, &row);
    (void)!stmt_step(&f->cx, a, &row);
}

static void bind_out_of_range(Fixture *f)
{
    stmt_int(db_stmt(&f->cx, f->db, SQL_HOME, S("select ?1")), 2, 1);
}

static void read_a_column_too_many(Fixture *f)
{
    Stmt *a = db_stmt(&f->cx, f->db, SQL_HOME, S("select 1"));
    bool row;
    (void)!stmt_step(&f->cx, a, &row);
    stmt_col_int(a, 1);
}

static void misuse_is_a_bug_and_aborts(void **state)
{
    Fixture *f = *state;
    assert_true(aborts(f, use_twice));
    assert_true(aborts(f, step_after_the_end));
    assert_true(aborts(f, bind_out_of_range));
    assert_true(aborts(f, read_a_column_too_many));
}

static void a_transaction_is_kept_or_undone_as_a_whole(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer) {strict}");
    assert_true(db_begin(&f->cx, f->db));
    script(f, f->db, "insert into t values (1)");
    assert_true(db_commit(&f->cx, f->db));
    assert_true(db_begin(&f->cx, f->db));
    script(f, f->db, "insert into t values (2)");
    db_rollback(f->db);
    assert_int_equal(one(f, f->db, "select sum(a) from t"), 1);
    db_rollback(f->db); /* harmless without a transaction */
    assert_false(db_commit(&f->cx, f->db));
    assert_int_equal(f->cx.err, E_DB);
}

static void savepoints_nest_eight_deep_and_undo_only_themselves(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer) {strict}");
    assert_false(db_savepoint(&f->cx, f->db)); /* only inside a transaction */
    cx_clear(&f->cx);
    assert_true(db_begin(&f->cx, f->db));
    for (int i = 0; i < 8; i++) {
        assert_true(db_savepoint(&f->cx, f->db));
        script(f, f->db, str_printf(f->mem, "insert into t values (%d)", 1 << i).p);
    }
    db_rollback_to(f->db);                      /* without 128 */
    assert_int_equal(one(f, f->db, "select sum(a) from t"), 127);
    assert_true(db_release(&f->cx, f->db));     /* 64 joins level 6 */
    db_rollback_to(f->db);                      /* level 6: without 32 and 64 */
    assert_true(db_savepoint(&f->cx, f->db));
    script(f, f->db, "insert into t values (1000)");
    assert_true(db_release(&f->cx, f->db));
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, f->db, "select sum(a) from t"), 31 + 1000);
}

static void a_reading_connection_cannot_write(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer) {strict}; insert into t values (1)");
    Db *r = db_open(&f->cx, f->url, DB_READ);
    assert_non_null(r);
    assert_int_equal(outcome(f, r, "insert into t values (2)"), E_DB);
    assert_int_equal(outcome(f, r, "create table u (a integer)"), E_DB);
    assert_false(db_script(&f->cx, r, "delete from t"));
    cx_clear(&f->cx);
    assert_int_equal(one(f, r, "select count(*) from t"), 1);
    db_close(r);
}

static void a_reader_keeps_its_snapshot_while_a_writer_commits(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer) {strict}; insert into t values (1)");
    Db *r = db_open(&f->cx, f->url, DB_READ);
    assert_true(db_begin(&f->cx, r)); /* the snapshot is taken here, not at the first select */
    assert_true(db_begin(&f->cx, f->db));
    script(f, f->db, "insert into t values (2)");
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, r, "select count(*) from t"), 1);
    assert_true(db_commit(&f->cx, r));
    assert_int_equal(one(f, r, "select count(*) from t"), 2);
    db_close(r);
}

static void rows_are_walked_to_the_end_or_left_early_and_a_failure_is_told_at_the_end(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer unique) {strict}; insert into t values (1), (2), (3)");
    Str all = S("select a from t order by a");
    Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, all);
    int64_t sum = 0;
    while (stmt_next(&f->cx, st)) {
        sum += stmt_col_int(st, 0);
    }
    assert_true(stmt_end(st));
    assert_int_equal(sum, 6);
    st = db_stmt(&f->cx, f->db, SQL_HOME, all);
    assert_true(stmt_next(&f->cx, st));
    assert_true(stmt_end(st)); /* left early */
    assert_true(db_begin(&f->cx, f->db));
    for (int i = 0; i < 2; i++) { /* a failure is forgotten when the statement is taken again */
        assert_true(db_savepoint(&f->cx, f->db));
        st = db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t values (?1)"));
        stmt_int(st, 1, i == 0 ? 1 : 4);
        assert_false(stmt_next(&f->cx, st));
        assert_int_equal(stmt_end(st), i == 1);
        assert_int_equal(f->cx.err, i == 0 ? E_CONFLICT : E_OK);
        cx_clear(&f->cx);
        db_rollback_to(f->db);
    }
    db_rollback(f->db);
}

static void violated_constraints_are_conflicts_in_chinese(void **state)
{
    Fixture *f = *state;
    script(f, f->db,
           "create table p (id {pk}) {strict};"
           "create table t (a integer unique, b text not null, c integer check (c > 0), p integer references p (id)) {strict};"
           "insert into t values (1, 'x', 1, null)");
    assert_int_equal(outcome(f, f->db, "insert into t values (1, 'x', 1, null)"), E_CONFLICT);
    assert_int_equal(outcome(f, f->db, "insert into t values (2, null, 1, null)"), E_CONFLICT);
    assert_int_equal(outcome(f, f->db, "insert into t values (2, 'x', 0, null)"), E_CONFLICT);
    assert_int_equal(outcome(f, f->db, "insert into t values (2, 'x', 1, 9)"), E_CONFLICT);
    assert_int_equal(outcome(f, f->db, "insert into t values ('two', 'x', 1, null)"), E_CONFLICT); /* strict table */
    Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t values (1, 'x', 1, null)"));
    assert_false(stmt_run(&f->cx, st));
    assert_true(str_eq(cx_text(&f->cx), S("已有相同的记录"))); /* no table or column names for the user */
    assert_int_equal(one(f, f->db, "select count(*) from t"), 1);
}

static void columns_are_listed_in_order_and_none_for_no_table(void **state)
{
    Fixture *f = *state;
    script(f, f->db, f->server == NULL
                         ? "create table t (id {pk}, name text, twice integer generated always as (id * 2)) {strict}"
                         : "create table t (id {pk}, name text, twice integer generated always as (id * 2) stored) {strict}");
    Str *names;
    size_t n;
    assert_true(db_columns(&f->cx, f->db, f->mem, S("t"), &names, &n));
    assert_int_equal(n, 3);
    assert_true(str_eq(names[0], S("id")) && str_eq(names[1], S("name")) && str_eq(names[2], S("twice")));
    assert_true(db_columns(&f->cx, f->db, f->mem, S("nosuch"), &names, &n));
    assert_int_equal(n, 0);
}

static void a_full_disk_fails_the_write_and_leaves_what_was_stored(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    script(f, f->db, "create table t (a text) {strict}; pragma max_page_count = 40");
    char kilo[1001];
    memset(kilo, 'x', 1000);
    ErrCode err = E_OK;
    int stored = 0;
    while (err == E_OK && stored < 1000) {
        assert_true(db_begin(&f->cx, f->db));
        Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t values (?1)"));
        stmt_text(st, 1, str_n(kilo, 1000));
        if (stmt_run(&f->cx, st) && db_commit(&f->cx, f->db)) {
            stored++;
        }
        err = f->cx.err;
        db_rollback(f->db);
    }
    assert_int_equal(err, E_FULL);
    cx_clear(&f->cx);
    assert_in_range(stored, 50, 200);
    assert_int_equal(one(f, f->db, "select count(*) from t where length(a) = 1000"), stored);
    Str report;
    assert_true(db_check(&f->cx, f->db, &report));
    assert_int_equal(report.n, 0);
}

static void check_reports_a_broken_reference(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    script(f, f->db, "create table p (id {pk}) {strict}; create table c (p integer references p (id)) {strict}");
    Str report;
    assert_true(db_check(&f->cx, f->db, &report));
    assert_int_equal(report.n, 0);
    script(f, f->db, "pragma foreign_keys=off; insert into c values (3); pragma foreign_keys=on");
    assert_true(db_check(&f->cx, f->db, &report));
    assert_true(str_starts(report, S("c 1 p")));
}

static void a_failing_script_stops_where_it_failed(void **state)
{
    Fixture *f = *state;
    assert_false(db_script(&f->cx, f->db, "create table a (x integer); -- note\n create tabl b; create table c (x integer)"));
    assert_int_equal(f->cx.err, E_DB);
    cx_clear(&f->cx);
    assert_int_equal(outcome(f, f->db, "insert into a values (1)"), E_OK);
    assert_int_equal(outcome(f, f->db, "insert into c values (1)"), E_DB);
    script(f, f->db, " ;; /* only a comment */ ; -- end");
}

/* What somebody forgot to give back would hold the connection at the moment it was read. */
static void a_connection_at_rest_sees_what_others_wrote_since(void **state)
{
    Fixture *f = *state;
    assert_true(db_script(&f->cx, f->db, "create table t (a bigint not null)"));
    assert_true(db_script(&f->cx, f->db, "insert into t values (1); insert into t values (2)"));
    Db *reader = db_open(&f->cx, f->url, DB_READ);
    assert_non_null(reader);
    bool row = false;
    int64_t n = 0;
    Stmt *left = db_stmt(&f->cx, reader, SQL_ADMIN, S("select a from t order by a"));
    assert_true(left != NULL && stmt_step(&f->cx, left, &row) && row); /* and no stmt_done */
    assert_true(db_script(&f->cx, f->db, "insert into t values (3)"));
    db_rest(reader);
    Stmt *st = db_stmt(&f->cx, reader, SQL_ADMIN, S("select count(*) from t"));
    assert_true(st != NULL && stmt_one_int(&f->cx, st, 0, &n));
    assert_int_equal(n, 3);
    assert_true(db_begin(&f->cx, reader)); /* nor the end of this */
    st = db_stmt(&f->cx, reader, SQL_ADMIN, S("select count(*) from t"));
    assert_true(st != NULL && stmt_one_int(&f->cx, st, 0, &n));
    assert_true(db_script(&f->cx, f->db, "insert into t values (4)"));
    db_rest(reader);
    st = db_stmt(&f->cx, reader, SQL_ADMIN, S("select count(*) from t"));
    assert_true(st != NULL && stmt_one_int(&f->cx, st, 0, &n));
    assert_int_equal(n, 4);
    db_rest(reader); /* nothing is left: nothing happens */
    db_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_connection_at_rest_sees_what_others_wrote_since),
        T(a_new_database_is_readable_by_its_owner_only),
        T(every_connection_has_the_safe_settings),
        T(a_missing_or_foreign_file_is_not_opened),
        T(values_of_every_kind_come_back_as_they_were_bound),
        T(one_int_answers_the_default_without_a_row_and_for_null),
        T(a_text_holds_exactly_one_statement),
        T(a_statement_is_prepared_once_and_the_least_used_gives_way),
        T(a_cached_statement_survives_a_change_of_the_schema),
        T(misuse_is_a_bug_and_aborts),
        T(a_transaction_is_kept_or_undone_as_a_whole),
        T(savepoints_nest_eight_deep_and_undo_only_themselves),
        T(a_reading_connection_cannot_write),
        T(a_reader_keeps_its_snapshot_while_a_writer_commits),
        T(rows_are_walked_to_the_end_or_left_early_and_a_failure_is_told_at_the_end),
        T(violated_constraints_are_conflicts_in_chinese),
        T(columns_are_listed_in_order_and_none_for_no_table),
        T(a_full_disk_fails_the_write_and_leaves_what_was_stored),
        T(check_reports_a_broken_reference),
        T(a_failing_script_stops_where_it_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
