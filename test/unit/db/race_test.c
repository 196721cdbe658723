/* race_test.c - several threads: quota, snapshot, backup while writing, interruption. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/clock.h"

#define THREADS 16
#define QUOTA 30
#define TRIES 5

typedef struct {
    const char *url;
    Db *db;
    int granted, errors;
    _Atomic bool *stop;
    _Atomic int *commits;
    ErrCode err;
} Worker;

/* One application: counts what was granted and adds its own while there is room. */
static bool apply(Cx *cx, Db *db, bool *ret_granted)
{
    int64_t n = 0;
    *ret_granted = false;
    if (!db_begin(cx, db)) {
        return false;
    }
    Stmt *count = db_stmt(cx, db, SQL_HOME, S("select count(*) from t"));
    bool ok = count != NULL && stmt_one_int(cx, count, 0, &n);
    if (ok && n < QUOTA) {
        Stmt *in = db_stmt(cx, db, SQL_HOME, S("insert into t (a) values (?1)"));
        ok = in != NULL;
        if (ok) {
            stmt_int(in, 1, n);
            ok = stmt_run(cx, in);
            *ret_granted = ok;
        }
    }
    if (ok && db_commit(cx, db)) {
        return true;
    }
    db_rollback(db);
    *ret_granted = false;
    return false;
}

static void *race(void *arg)
{
    Worker *w = arg;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Db *db = db_open(&cx, w->url, DB_WRITE);
    w->errors += db == NULL;
    for (int i = 0; db != NULL && i < TRIES; i++) {
        bool granted;
        w->errors += !apply(&cx, db, &granted);
        w->granted += granted;
    }
    db_close(db);
    arena_free(mem);
    return NULL;
}

static void sixteen_writers_racing_for_thirty_places_get_exactly_thirty(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer unique) {strict}");
    Worker w[THREADS] = {0};
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) {
        w[i].url = f->url;
        assert_int_equal(pthread_create(&t[i], NULL, race, &w[i]), 0);
    }
    int granted = 0, errors = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        granted += w[i].granted;
        errors += w[i].errors;
    }
    assert_int_equal(errors, 0);
    assert_int_equal(granted, QUOTA);
    assert_int_equal(one(f, f->db, "select count(*) from t"), QUOTA);
}

/* Each commit moves one unit from one row to another, so that the sum never changes but every page does. */
static void *keep_moving(void *arg)
{
    Worker *w = arg;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Db *db = db_open(&cx, w->url, DB_WRITE);
    for (int i = 1; db != NULL && !atomic_load(w->stop); i++) {
        bool ok = db_begin(&cx, db);
        Stmt *st = ok ? db_stmt(&cx, db, SQL_HOME, S("update t set n = n + ?1 where id = ?2")) : NULL;
        for (int k = 0; st != NULL && k < 2; k++) {
            stmt_int(st, 1, k == 0 ? 1 : -1);
            stmt_int(st, 2, (i * 7 + k * 1501) % 3000 + 1);
            ok = stmt_run(&cx, st) && ok;
            st = k == 0 ? db_stmt(&cx, db, SQL_HOME, S("update t set n = n + ?1 where id = ?2")) : NULL;
        }
        ok = ok && db_commit(&cx, db);
        w->errors += !ok;
        atomic_fetch_add(w->commits, 1);
    }
    w->errors += db == NULL;
    db_close(db);
    arena_free(mem);
    return NULL;
}

typedef struct {
    int calls, done, total;
    bool backwards;
    _Atomic int *commits;
    int commits_at_first, commits_at_last;
} Progress;

static void note_progress(void *ctx, int done, int total)
{
    Progress *p = ctx;
    p->backwards |= done < p->done;
    p->commits_at_last = atomic_load(p->commits);
    if (p->calls++ == 0) {
        p->commits_at_first = p->commits_at_last;
    }
    p->done = done;
    p->total = total;
}

static const char FILL[] = "create table t (id {pk}, n integer not null, pad text not null) {strict};"
                           "with recursive r (i) as (select 1 union all select i + 1 from r where i < 3000)"
                           "insert into t select i, 100, printf('%.*c', 3000, 'x') from r where true";

static void a_backup_taken_while_others_write_is_of_one_instant(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    script(f, f->db, FILL);
    _Atomic bool stop = false;
    _Atomic int commits = 0;
    Worker w = {.url = f->url, .stop = &stop, .commits = &commits};
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, keep_moving, &w), 0);
    while (atomic_load(&commits) < 3) {
        usleep(1000);
    }
    Db *r = db_open(&f->cx, f->url, DB_READ);
    assert_non_null(r);
    Progress p = {.commits = &commits};
    const char *copy = str_printf(f->mem, "%s/copy.db", f->dir).p;
    assert_true(db_backup(&f->cx, r, copy, note_progress, &p));
    atomic_store(&stop, true);
    pthread_join(t, NULL);
    assert_int_equal(w.errors, 0);
    assert_true(p.commits_at_last > p.commits_at_first); /* others did write meanwhile */
    assert_true(p.calls > 5 && p.done == p.total && p.total > 2000 && !p.backwards);

    struct stat st;
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(access(str_printf(f->mem, "%s-wal", copy).p, F_OK), -1);
    Db *c = db_open(&f->cx, str_printf(f->mem, "sqlite:%s", copy).p, DB_WRITE);
    assert_non_null(c);
    assert_int_equal(one(f, c, "select count(*) from t where length(pad) = 3000"), 3000);
    assert_int_equal(one(f, c, "select sum(n) from t"), 300000); /* no half transaction */
    Str report;
    assert_true(db_check(&f->cx, c, &report));
    assert_int_equal(report.n, 0);
    db_close(c);

    assert_false(db_backup(&f->cx, r, copy, NULL, NULL)); /* never over an existing file */
    assert_int_equal(f->cx.err, E_IO);
    assert_int_equal(access(copy, F_OK), 0);
    db_close(r);
}

static void a_backup_at_rest_holds_every_row_alike(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    script(f, f->db, FILL);
    const char *copy = str_printf(f->mem, "%s/copy.db", f->dir).p;
    assert_true(db_backup(&f->cx, f->db, copy, NULL, NULL));
    script(f, f->db, "update t set n = n + 1 where id = 5"); /* the connection is usable afterwards */
    Db *c = db_open(&f->cx, str_printf(f->mem, "sqlite:%s", copy).p, DB_READ);
    assert_non_null(c);
    script(f, f->db, "update t set n = n - 1 where id = 5");
    Stmt *a = db_stmt(&f->cx, f->db, SQL_ADMIN, S("select id, n, pad from t order by id"));
    Stmt *b = db_stmt(&f->cx, c, SQL_ADMIN, S("select id, n, pad from t order by id"));
    bool more_a = true, more_b = true;
    int rows = 0;
    for (;; rows++) {
        assert_true(stmt_step(&f->cx, a, &more_a) && stmt_step(&f->cx, b, &more_b));
        assert_true(more_a == more_b);
        if (!more_a) {
            break;
        }
        for (int i = 0; i < 3; i++) {
            assert_true(str_eq(stmt_col_text(a, i), stmt_col_text(b, i)));
        }
    }
    stmt_done(a);
    stmt_done(b);
    assert_int_equal(rows, 3000);
    db_close(c);
}

static void *run_forever(void *arg)
{
    Worker *w = arg;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Stmt *st = db_stmt(&cx, w->db, SQL_ROLLUP,
                       S("with recursive r (i) as (select 1 union all select i + 1 from r) select count(*) from r"));
    int64_t v;
    if (st != NULL && stmt_one_int(&cx, st, 0, &v)) {
        w->granted = 1;
    }
    w->err = cx.err;
    arena_free(mem);
    return NULL;
}

static void *wait_for_the_lock(void *arg)
{
    Worker *w = arg;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    w->granted = db_begin(&cx, w->db);
    w->err = cx.err;
    arena_free(mem);
    return NULL;
}

static void interrupted_after_a_while(Fixture *f, void *(*fn)(void *), Db *db)
{
    Worker w = {.db = db};
    pthread_t t;
    int64_t began = clock_mono_ms();
    assert_int_equal(pthread_create(&t, NULL, fn, &w), 0);
    bool ended = false;
    for (int i = 1; !ended && i < 250; i++) { /* what has not begun yet cannot be interrupted: on a busy machine it is tried again */
        usleep(20000);
        ended = pthread_tryjoin_np(t, NULL) == 0;
        if (!ended && i % 5 == 0) {
            db_interrupt(db);
        }
    }
    assert_true(ended);
    assert_int_equal(w.err, E_CANCELLED);
    assert_int_equal(w.granted, 0);
    assert_true(clock_mono_ms() - began < 5000);
    assert_int_equal(one(f, db, "select 42"), 42); /* and works again */
}

static void a_long_statement_is_interrupted_from_another_thread(void **state)
{
    Fixture *f = *state;
    Db *r = db_open(&f->cx, f->url, DB_READ);
    assert_non_null(r);
    interrupted_after_a_while(f, run_forever, r);
    db_close(r);
}

static void waiting_for_the_write_lock_is_interrupted_too(void **state)
{
    Fixture *f = *state;
    Db *second = db_open(&f->cx, f->url, DB_WRITE);
    assert_non_null(second);
    assert_true(db_begin(&f->cx, f->db));
    interrupted_after_a_while(f, wait_for_the_lock, second);
    assert_true(db_commit(&f->cx, f->db));
    assert_true(db_begin(&f->cx, second));
    db_rollback(second);
    db_close(second);
}

static void interrupt_backup(void *ctx, int done, int total)
{
    (void)done, (void)total;
    db_interrupt(ctx);
}

static void an_interrupted_backup_leaves_no_file(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    script(f, f->db, FILL);
    const char *copy = str_printf(f->mem, "%s/copy.db", f->dir).p;
    assert_false(db_backup(&f->cx, f->db, copy, interrupt_backup, f->db));
    assert_int_equal(f->cx.err, E_CANCELLED);
    assert_int_equal(access(copy, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(sixteen_writers_racing_for_thirty_places_get_exactly_thirty),
        T(a_backup_taken_while_others_write_is_of_one_instant),
        T(a_backup_at_rest_holds_every_row_alike),
        T(a_long_statement_is_interrupted_from_another_thread),
        T(waiting_for_the_write_lock_is_interrupted_too),
        T(an_interrupted_backup_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
