/*
 * worker.c - the thread that works the queue off: takes the oldest waiting job, has it run (jobrun.c), waits for the next,
 * and once a day forgets the old ones.
 *
 * The table is the queue, so nothing is lost by a restart: what waits is worked off later, what was running is marked failed
 * and may be run again (an import is safe to repeat: rows already taken are found again by their key). Where several processes
 * share a database and a folder each takes a job by writing its name into the row; what one that died had running is begun
 * anew by another, once.
 */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "job/box.h"
#include "job/jobs_int.h"

#define DAY_MS ((int64_t)86400 * 1000)
#define KEEP_MS (30 * DAY_MS)
#define HOUR_MS 3600000 /* an idle worker wakes so often, to see whether a day has begun */
#define RETRY_MS 250
#define POLL_MS 1000 /* where another process may have put a job into the queue */

/* ---- taking ---- */

/* Read first: most looks find nothing, and then nothing is written. */
static bool look(Cx *cx, Jobs *j, int64_t *ret_waiting, int64_t *ret_left)
{
    *ret_left = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from job where state = 'waiting' and folder in ('', ?1)"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, store_folder(j->s));
    if (!stmt_one_int(cx, st, 0, ret_waiting) || !store_shared(j->s)) {
        return cx->err == E_OK;
    }
    st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from job where state = 'running' and folder in ('', ?1) and owner " STORE_GONE));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, store_folder(j->s));
    return stmt_one_int(cx, st, 0, ret_left);
}

/* The oldest waiting job, now ours and running; 0: none; -1: not known now. */
static int64_t take_next(Jobs *j)
{
    Arena *mem = arena_new(1 << 20);
    Cx cx;
    cx_init(&cx, mem);
    int64_t id = 0, waiting = 0, left = 0;
    if (!store_attach(&cx, j->s) || !look(&cx, j, &waiting, &left) || (left != 0 && !store_write(&cx, j->s, job_row_free, NULL)) ||
        (waiting + left != 0 && !store_write(&cx, j->s, job_row_take, &id))) {
        log_error("jobs: %.*s", STRF(cx_text(&cx)));
        id = -1;
    }
    store_rest(j->s);
    arena_free(mem);
    return id;
}

/* ---- forgetting ---- */

/* Old jobs of this folder, which has their files; those of a folder that is served no more go when they are twice as old. The files go first: one
 * whose row is gone would be nobody's, and stay. */
#define FORGOTTEN " created < ?1 and state not in ('waiting', 'running') and (folder in ('', ?2) or created < ?3)"

typedef struct {
    int64_t *ids;
    size_t n;
} Old;

static void bind_old(const Cx *cx, const Jobs *j, Stmt *st)
{
    stmt_int(st, 1, cx->now_ms - KEEP_MS);
    stmt_text(st, 2, store_folder(j->s));
    stmt_int(st, 3, cx->now_ms - 2 * KEEP_MS);
}

static bool old_jobs(Cx *cx, const Jobs *j, Old *ret)
{
    size_t cap = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select id from job where" FORGOTTEN));
    *ret = (Old){0};
    if (st == NULL) {
        return false;
    }
    bind_old(cx, j, st);
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, ret->ids, ret->n, cap);
        ret->ids[ret->n++] = stmt_col_int(st, 0);
    }
    return stmt_end(st);
}

static bool do_forget(Cx *cx, Store *s, void *arg)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("delete from job where" FORGOTTEN));
    if (st == NULL) {
        return false;
    }
    bind_old(cx, arg, st);
    return stmt_run(cx, st);
}

static void drop_files(Arena *mem, const Jobs *j, int64_t id)
{
    static const char *const TAILS[] = {"in", "report.xlsx", "out"};
    for (size_t i = 0; i < ARRAY_LEN(TAILS); i++) {
        (void)unlink(job_path(mem, j, id, TAILS[i]));
    }
}

static void forget_daily(Jobs *j)
{
    int64_t today = clock_now_ms() / DAY_MS;
    Old old;
    if (j->tidied_day == today) {
        return;
    }
    j->tidied_day = today;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    bool ok = store_attach(&cx, j->s) && old_jobs(&cx, j, &old);
    for (size_t i = 0; ok && i < old.n; i++) {
        drop_files(mem, j, old.ids[i]);
    }
    if (!ok || (old.n != 0 && !store_write(&cx, j->s, do_forget, j))) {
        log_error("jobs: old ones are not forgotten today: %.*s", STRF(cx_text(&cx)));
    }
    arena_free(mem);
}

/* ---- the thread ---- */

bool jobs_wait(Jobs *j)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += RETRY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&j->lock);
    if (!j->stopping) {
        (void)pthread_cond_timedwait(&j->wake, &j->lock, &until);
    }
    bool stopping = j->stopping;
    pthread_mutex_unlock(&j->lock);
    return stopping;
}

/* Until somebody of this process puts a job into the queue; others of the same database are not heard, so it is looked at every now and then. */
static void wait_for_job(Jobs *j)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (store_shared(j->s) ? POLL_MS : HOUR_MS) / 1000;
    while (!j->poked && !j->stopping && pthread_cond_timedwait(&j->wake, &j->lock, &at) == 0) {
    }
}

static void *worker_main(void *arg)
{
    Jobs *j = arg;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    pthread_mutex_lock(&j->lock);
    while (!j->stopping) {
        j->poked = false;
        pthread_mutex_unlock(&j->lock);
        forget_daily(j);
        int64_t id = take_next(j);
        if (id < 0) {
            (void)jobs_wait(j);
        }
        pthread_mutex_lock(&j->lock);
        if (id < 0) {
            continue;
        }
        if (id == 0) {
            wait_for_job(j);
            continue;
        }
        j->running = id;
        atomic_store(&j->cancel, j->stopping);
        pthread_mutex_unlock(&j->lock);
        job_run(j, id);
        pthread_mutex_lock(&j->lock);
        j->running = 0;
    }
    pthread_mutex_unlock(&j->lock);
    store_detach(j->s);
    return NULL;
}

void jobs_poke(Jobs *j)
{
    pthread_mutex_lock(&j->lock);
    j->poked = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
}

/* ---- starting and stopping ---- */

/* What was running when the process ended. Where there are several others may be running it; what the dead left is found by take_next. */
static bool recover(Cx *cx, Store *s, void *unused)
{
    (void)unused;
    if (store_shared(s)) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("update job set state = 'failed', text = ?1, ended = ?2 where state = 'running'"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, S(JOB_STOPPED));
    stmt_int(st, 2, cx->now_ms);
    return stmt_run(cx, st);
}

Jobs *jobs_start(Cx *cx, Store *s)
{
    Arena *mem = arena_new(1 << 20);
    Jobs *j = NEW(mem, Jobs);
    j->mem = mem;
    j->s = s;
    j->dir = str_printf(mem, "%s/jobs", store_dir(s)).p;
    if (mkdir(j->dir, 0700) != 0 && errno != EEXIST) {
        (void)fail(cx, E_IO, "无法建立任务文件夹 %s", j->dir);
        arena_free(mem);
        return NULL;
    }
    if (!store_write(cx, s, recover, NULL)) {
        arena_free(mem);
        return NULL;
    }
    box_sweep(cx, s, j->dir);
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&j->wake, &attr);
    pthread_condattr_destroy(&attr);
    CHECK(pthread_create(&j->thread, NULL, worker_main, j) == 0);
    return j;
}

void jobs_stop(Jobs *j)
{
    if (j == NULL) {
        return;
    }
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    atomic_store(&j->cancel, true);
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    pthread_mutex_destroy(&j->lock);
    pthread_cond_destroy(&j->wake);
    arena_free(j->mem);
}
