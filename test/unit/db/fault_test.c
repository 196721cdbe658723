/* fault_test.c - a disk that fails: a file layer under SQLite answers writes and syncs with errors when told to. */
#include "fixture.h"

#include <errno.h>
#include <sqlite3.h>

static sqlite3_vfs shim, *real;
static struct {
    const sqlite3_io_methods *from;
    sqlite3_io_methods ours; /* the same but for two functions */
} methods[4];                /* the layer has a table a kind of lock */
static int (*real_sync)(sqlite3_file *, int);
static int (*real_write)(sqlite3_file *, const void *, int, sqlite3_int64);
static int (*real_map)(sqlite3_file *, int, int, int, void volatile **);
static int fail_sync, fail_write;  /* the code to answer, SQLITE_OK: none */
static bool no_room;               /* for the index of the log */

static int shim_sync(sqlite3_file *f, int flags)
{
    return fail_sync != SQLITE_OK ? fail_sync : real_sync(f, flags);
}

static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    return fail_write != SQLITE_OK ? fail_write : real_write(f, p, n, at);
}

static int shim_map(sqlite3_file *f, int region, int size, int extend, void volatile **ret)
{
    if (no_room) {
        errno = ENOSPC;
        return SQLITE_IOERR_SHMSIZE;
    }
    return real_map(f, region, size, extend, ret);
}

static int shim_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    (void)v;
    int rc = real->xOpen(real, name, f, flags, out_flags);
    if (rc != SQLITE_OK || f->pMethods == NULL) {
        return rc;
    }
    size_t i = 0;
    while (methods[i].from != NULL && methods[i].from != f->pMethods) {
        assert_true(++i < ARRAY_LEN(methods));
    }
    if (methods[i].from == NULL) {
        assert_true(i == 0 || (real_sync == f->pMethods->xSync && real_write == f->pMethods->xWrite));
        real_sync = f->pMethods->xSync;
        real_write = f->pMethods->xWrite;
        methods[i].from = f->pMethods;
        methods[i].ours = *f->pMethods;
        methods[i].ours.xSync = shim_sync;
        methods[i].ours.xWrite = shim_write;
        if (f->pMethods->xShmMap != NULL) {
            assert_true(real_map == NULL || real_map == f->pMethods->xShmMap);
            real_map = f->pMethods->xShmMap;
            methods[i].ours.xShmMap = shim_map;
        }
    }
    f->pMethods = &methods[i].ours;
    return rc;
}

static int faulty_up(void **state)
{
    fixture_up(state);
    Fixture *f = *state;
    db_close(f->db);
    real = sqlite3_vfs_find(NULL);
    shim = *real;
    shim.zName = "shim";
    shim.xOpen = shim_open;
    fail_sync = fail_write = SQLITE_OK;
    sqlite3_vfs_register(&shim, 1);
    f->db = db_open(&f->cx, f->url, DB_WRITE);
    assert_non_null(f->db);
    script(f, f->db, "create table t (a integer unique) {strict}; insert into t values (1), (2)");
    return 0;
}

static int faulty_down(void **state)
{
    fail_sync = fail_write = SQLITE_OK;
    no_room = false;
    int rc = fixture_down(state);
    sqlite3_vfs_unregister(&shim);
    sqlite3_vfs_register(real, 1);
    return rc;
}

static void after_a_failed_sync_nothing_more_is_written_and_rows_stay_readable(void **state)
{
    Fixture *f = *state;
    fail_sync = SQLITE_IOERR_FSYNC;
    assert_int_equal(outcome(f, f->db, "insert into t values (3)"), E_IO);
    fail_sync = SQLITE_OK; /* the disk answers again, but what it holds is unknown */
    assert_int_equal(outcome(f, f->db, "insert into t values (4)"), E_IO);
    assert_false(db_begin(&f->cx, f->db));
    cx_clear(&f->cx);
    assert_int_equal(one(f, f->db, "select count(*) from t where a in (1, 2)"), 2);
    db_close(f->db);
    f->db = db_open(&f->cx, f->url, DB_WRITE);
    assert_non_null(f->db);
    assert_int_equal(outcome(f, f->db, "insert into t values (4)"), E_OK);
    assert_int_equal(one(f, f->db, "select count(*) from t where a in (1, 2, 4)"), 3);
}

static void failed_transaction(Fixture *f, int rc, ErrCode want)
{
    assert_true(db_begin(&f->cx, f->db));
    assert_int_equal(outcome(f, f->db, "insert into t values (10)"), E_OK);
    fail_write = rc;
    assert_false(db_commit(&f->cx, f->db));
    assert_int_equal(f->cx.err, want);
    cx_clear(&f->cx);
    fail_write = SQLITE_OK;
    assert_int_equal(one(f, f->db, "select count(*) from t"), 2); /* rolled back as a whole */
}

static void a_write_that_fails_undoes_its_transaction_and_the_next_one_works(void **state)
{
    Fixture *f = *state;
    failed_transaction(f, SQLITE_IOERR_WRITE, E_IO);
    failed_transaction(f, SQLITE_FULL, E_FULL);
    assert_true(db_begin(&f->cx, f->db));
    assert_int_equal(outcome(f, f->db, "insert into t values (10)"), E_OK);
    assert_true(db_commit(&f->cx, f->db));
    assert_int_equal(one(f, f->db, "select count(*) from t"), 3);
    Str report;
    assert_true(db_check(&f->cx, f->db, &report));
    assert_int_equal(report.n, 0);
}

/* With a small cache pages are written in the middle, and SQLite undoes the whole transaction at once when the disk is full. */
static void a_transaction_the_engine_gave_up_takes_nothing_more_and_says_why(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table b (a integer, p blob) {strict}; pragma cache_size=5");
    assert_true(db_begin(&f->cx, f->db));
    assert_int_equal(outcome(f, f->db, "insert into t values (10)"), E_OK);
    fail_write = SQLITE_FULL;
    ErrCode err = E_OK;
    for (int i = 0; err == E_OK && i < 100; i++) {
        err = outcome(f, f->db, "insert into b values (1, zeroblob(30000))");
    }
    assert_int_equal(err, E_FULL);
    fail_write = SQLITE_OK; /* space is back, the transaction is not */
    assert_int_equal(outcome(f, f->db, "insert into t values (11)"), E_FULL);
    assert_false(db_savepoint(&f->cx, f->db));
    assert_int_equal(f->cx.err, E_FULL);
    cx_clear(&f->cx);
    assert_false(db_commit(&f->cx, f->db));
    assert_int_equal(f->cx.err, E_FULL);
    cx_clear(&f->cx);
    assert_int_equal(one(f, f->db, "select count(*) from t"), 2);
    assert_int_equal(outcome(f, f->db, "insert into t values (11)"), E_OK);
}

static void a_statement_that_failed_can_be_asked_for_again(void **state)
{
    Fixture *f = *state;
    bool row;
    for (int i = 0; i < 2; i++) {
        Stmt *st = db_stmt(&f->cx, f->db, SQL_HOME, S("insert into t values (1)"));
        assert_non_null(st);
        assert_false(stmt_step(&f->cx, st, &row)); /* and no stmt_done */
        assert_int_equal(f->cx.err, E_CONFLICT);
        cx_clear(&f->cx);
    }
}

static void a_backup_onto_a_full_disk_leaves_no_file(void **state)
{
    Fixture *f = *state;
    const char *copy = str_printf(f->mem, "%s/copy.db", f->dir).p;
    fail_write = SQLITE_FULL;
    assert_false(db_backup(&f->cx, f->db, copy, NULL, NULL));
    assert_int_equal(f->cx.err, E_FULL);
    assert_int_equal(access(copy, F_OK), -1);
    fail_write = SQLITE_OK;
    cx_clear(&f->cx);
    assert_true(db_backup(&f->cx, f->db, copy, NULL, NULL));
}

/* Opening makes the index of the log in a file of its own. Its trouble has one code for all reasons. */
static void a_full_disk_is_told_as_one_when_opening_too(void **state)
{
    Fixture *f = *state;
    db_close(f->db);
    no_room = true;
    f->db = db_open(&f->cx, f->url, DB_WRITE);
    assert_null(f->db);
    assert_int_equal(f->cx.err, E_FULL);
    cx_clear(&f->cx);
    no_room = false;
    f->db = db_open(&f->cx, f->url, DB_WRITE);
    assert_non_null(f->db);
    assert_int_equal(one(f, f->db, "select count(*) from t"), 2);
}

#define F(fn) cmocka_unit_test_setup_teardown(fn, faulty_up, faulty_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        F(after_a_failed_sync_nothing_more_is_written_and_rows_stay_readable),
        F(a_write_that_fails_undoes_its_transaction_and_the_next_one_works),
        F(a_transaction_the_engine_gave_up_takes_nothing_more_and_says_why),
        F(a_statement_that_failed_can_be_asked_for_again),
        F(a_backup_onto_a_full_disk_leaves_no_file),
        F(a_full_disk_is_told_as_one_when_opening_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
