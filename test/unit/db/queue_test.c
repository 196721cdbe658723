/* queue_test.c - changes that are sent without waiting: in order, all or nothing, and their failures where they belong. On SQLite each answers at
 * once; what is promised holds there too. */
#include "fixture.h"

static bool queue(Fixture *f, int64_t v)
{
    Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t (a, b) values (?1, ?2)"));
    char text[64];
    int n = snprintf(text, sizeof text, "text of %lld", (long long)v);
    assert_non_null(st);
    stmt_int(st, 1, v);
    stmt_text(st, 2, str_n(text, (size_t)n));
    bool ok = stmt_queue(&f->cx, st);
    memset(text, 'x', sizeof text); /* values need to live for the call only */
    return ok;
}

static void table(Fixture *f)
{
    script(f, f->db, "create table t (a integer not null unique, b text not null) {strict}");
}

static ErrCode failed(Fixture *f, bool ok)
{
    ErrCode err = f->cx.err;
    assert_true(ok == (err == E_OK));
    cx_clear(&f->cx);
    return err;
}

static void what_is_queued_is_seen_by_what_comes_next(void **state)
{
    Fixture *f = *state;
    table(f);
    assert_true(db_begin(&f->cx, f->db));
    for (int64_t i = 1; i <= 1000; i++) { /* more than one trip holds */
        assert_true(queue(f, i));
        if (i % 333 == 0) {
            assert_int_equal(one(f, f->db, "select count(*) from t"), i);
        }
    }
    assert_true(db_settle(&f->cx, f->db));
    assert_true(db_settle(&f->cx, f->db)); /* nothing is left */
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, f->db, "select count(*) from t where b = 'text of ' || a"), 1000);
}

/* Each change under another reach than the one before, then a reading under yet another: settings take room in a trip, too. */
static void the_reach_may_change_at_every_step(void **state)
{
    Fixture *f = *state;
    static const int64_t HOMES[] = {1, 2, 3};
    const DbReach some = {.homes = HOMES, .n = 3, .person = 7, .login = S("li")}, all = {.all = true}, open = {.open = true};
    table(f);
    for (int64_t before = 0; before < 70; before++) {
        assert_true(db_begin(&f->cx, f->db));
        for (int64_t i = 0; i < before; i++) {
            (void)db_reach(f->db, &all);
            assert_true(queue(f, before * 1000 + i));
        }
        (void)db_reach(f->db, &some);
        assert_true(queue(f, before * 1000 + before));
        (void)db_reach(f->db, &open);
        assert_int_equal(one(f, f->db, "select max(a) from t"), before * 1001); /* one text: a new one would be prepared, which ends the trip */
        (void)db_reach(f->db, NULL);
        assert_true(db_commit(&f->cx, f->db));
    }
}

static void outside_a_transaction_it_is_done_at_once(void **state)
{
    Fixture *f = *state;
    table(f);
    assert_true(queue(f, 1));
    assert_int_equal(failed(f, queue(f, 1)), E_CONFLICT);
    assert_int_equal(one(f, f->db, "select count(*) from t"), 1);
}

static void an_open_answer_is_kept_while_others_are_queued(void **state)
{
    Fixture *f = *state;
    table(f);
    assert_true(db_begin(&f->cx, f->db));
    for (int64_t i = 1; i <= 5; i++) {
        assert_true(queue(f, i));
    }
    Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, S("select a, b from t where a <= 5 order by a"));
    int64_t n = 0;
    while (stmt_next(&f->cx, st)) {
        n++;
        assert_int_equal(stmt_col_int(st, 0), n);
        Str b = stmt_col_dup(f->mem, st, 1);
        assert_true(queue(f, 100 + n));
        assert_true(str_eq(stmt_col_text(st, 1), b));
    }
    assert_true(stmt_end(st));
    assert_int_equal(n, 5);
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, f->db, "select count(*) from t"), 10);
}

/* On PostgreSQL the failure comes with whatever waits first. */
static void a_failure_in_the_middle_is_nobody_elses_success(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    table(f);
    script(f, f->db, "insert into t (a, b) values (3, 'there')");
    assert_true(db_begin(&f->cx, f->db));
    for (int64_t i = 1; i <= 5; i++) {
        assert_true(queue(f, i));
    }
    assert_int_equal(outcome(f, f->db, "select count(*) from t"), E_CONFLICT);
    assert_int_equal(outcome(f, f->db, "select count(*) from t"), E_DB); /* the transaction takes nothing more */
    assert_false(db_commit(&f->cx, f->db));
    cx_clear(&f->cx);
    assert_int_equal(one(f, f->db, "select count(*) from t"), 1);

    assert_true(db_begin(&f->cx, f->db));
    assert_true(queue(f, 1));
    assert_true(queue(f, 3));
    assert_true(queue(f, 4));
    assert_int_equal(failed(f, db_commit(&f->cx, f->db)), E_CONFLICT);
    assert_int_equal(one(f, f->db, "select count(*) from t"), 1);

    assert_true(db_begin(&f->cx, f->db));
    assert_true(queue(f, 3));
    assert_int_equal(failed(f, db_settle(&f->cx, f->db)), E_CONFLICT);
    db_rollback(f->db);

    assert_true(db_begin(&f->cx, f->db));
    assert_true(queue(f, 3));
    db_rollback(f->db); /* nobody asked: no failure */
    assert_int_equal(f->cx.err, E_OK);
    assert_true(db_begin(&f->cx, f->db));
    assert_true(queue(f, 8));
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, f->db, "select sum(a) from t"), 11);
}

static void a_savepoint_takes_what_is_before_it_and_undoes_what_is_after(void **state)
{
    Fixture *f = *state;
    table(f);
    assert_true(db_begin(&f->cx, f->db));
    assert_true(queue(f, 1));
    assert_true(db_savepoint(&f->cx, f->db));
    assert_true(queue(f, 2));
    db_rollback_to(f->db);
    assert_true(db_savepoint(&f->cx, f->db));
    assert_true(queue(f, 4));
    bool ok = queue(f, 1) && db_release(&f->cx, f->db); /* fails with either, as the engine has it */
    assert_int_equal(failed(f, ok), E_CONFLICT);
    db_rollback_to(f->db);
    assert_true(queue(f, 8));
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, f->db, "select sum(a) from t"), 9);
}

static void a_failure_before_a_savepoint_is_told_by_it(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    table(f);
    assert_true(db_begin(&f->cx, f->db));
    assert_true(queue(f, 1));
    assert_true(queue(f, 1));
    assert_int_equal(failed(f, db_savepoint(&f->cx, f->db)), E_CONFLICT);
    db_rollback(f->db);
    assert_int_equal(one(f, f->db, "select count(*) from t"), 0);
}

static void cut_off(Fixture *f)
{
    Db *other = db_open(&f->cx, f->server, DB_WRITE);
    assert_non_null(other);
    (void)one(f, other, "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where application_name = 'tamga' and pid <> pg_backend_pid()");
    db_close(other);
}

static void a_connection_lost_under_a_queue_acknowledges_nothing(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    table(f);
    assert_true(queue(f, 1)); /* prepared */
    for (int how = 0; how < 4; how++) {
        assert_true(db_begin(&f->cx, f->db));
        assert_true(queue(f, 2));
        cut_off(f);
        bool ok = true;
        for (int64_t i = 3; ok && how == 0 && i < 20000; i++) { /* until the trip has no room */
            ok = queue(f, i);
        }
        ok = ok && (how == 1 ? db_settle(&f->cx, f->db) : how == 2 ? db_savepoint(&f->cx, f->db) : db_commit(&f->cx, f->db));
        assert_int_equal(failed(f, ok), E_BUSY);
        if (how == 1) {
            assert_int_equal(failed(f, db_settle(&f->cx, f->db)), E_BUSY); /* asked again, it is no better */
            assert_int_equal(failed(f, queue(f, 5)), E_BUSY);
        }
        db_rollback(f->db);
        assert_true(db_begin(&f->cx, f->db)); /* on a new connection */
        assert_int_equal(one(f, f->db, "select count(*) from t"), 1);
        assert_true(db_commit(&f->cx, f->db));
    }
}

/* A plan made for an empty table is not kept for a full one. */
static void a_look_up_stays_one_while_the_table_grows(void **state)
{
    Fixture *f = *state;
    ONLY_POSTGRESQL(f);
    table(f);
    script(f, f->db, "create index ib on t (b); alter table t set (autovacuum_enabled = off); analyze t");
    for (int64_t i = 0; i < 8; i++) { /* often enough for a plan to be kept */
        assert_int_equal(one(f, f->db, "select count(*) from t where b = 'x'"), 0);
    }
    for (int64_t i = 0; i < 4000; i++) {
        assert_true(i % 500 != 0 || db_begin(&f->cx, f->db));
        assert_true(queue(f, i));
        assert_true(i % 500 != 499 || db_commit(&f->cx, f->db));
    }
    assert_true(db_begin(&f->cx, f->db));
    for (int64_t i = 0; i < 8; i++) {
        assert_int_equal(one(f, f->db, "select count(*) from t where b = 'x'"), 0);
    }
    assert_int_equal(one(f, f->db, "select coalesce(sum(seq_tup_read), 0) from pg_stat_xact_user_tables where relname = 't'"), 0);
    assert_true(db_commit(&f->cx, f->db));
}

int main(void)
{
    const struct CMUnitTest tests[] = {T(what_is_queued_is_seen_by_what_comes_next),
                                       T(the_reach_may_change_at_every_step),
                                       T(outside_a_transaction_it_is_done_at_once),
                                       T(an_open_answer_is_kept_while_others_are_queued),
                                       T(a_failure_in_the_middle_is_nobody_elses_success),
                                       T(a_savepoint_takes_what_is_before_it_and_undoes_what_is_after),
                                       T(a_failure_before_a_savepoint_is_told_by_it),
                                       T(a_connection_lost_under_a_queue_acknowledges_nothing),
                                       T(a_look_up_stays_one_while_the_table_grows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
