/*
 * writer.c - one writing thread; waiting writes are taken together into one transaction and acknowledged after its commit.
 *
 * Each job of several runs in a savepoint: one that fails is undone alone. When the commit itself fails, every job of the group fails with its
 * reason. Version counters grow after the commit and before any caller is woken, so that a reader who knows of a write sees it. Where several
 * processes share the database they grow in the transaction itself (shared.h), and a transaction whose node number was lost writes nothing.
 */
#include "store/writer.h"

#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/held.h"
#include "store/idem.h"
#include "store/shared_int.h"

#define GROUP_MAX 256

bool on_writer(const Store *s)
{
    return s->started && pthread_equal(pthread_self(), s->thread);
}

void store_touch(Store *s, int32_t type_index)
{
    s->touched |= 1ULL << MIN(type_index, 63);
}

static void bump_versions(Store *s, uint64_t touched)
{
    size_t n = s->pack->n_types + STORE_EXTRA_VERSIONS;
    for (size_t i = 0; i < n; i++) {
        if (bit_touched(touched, i)) {
            atomic_fetch_add(&s->versions[i], 1);
        }
    }
}

static bool savepoint(Cx *cx, Store *s)
{
    return held_write(cx, s) && db_savepoint(cx, s->writer);
}

static void undo(Store *s)
{
    held_forget(s);
    db_rollback_to(s->writer);
}

static void undo_all(Store *s)
{
    held_forget(s);
    db_rollback(s->writer);
}

/* In a savepoint: what fails is undone alone. What it queued is waited for, so that a failure of that is its own, too. */
static bool run_saved(Cx *cx, Store *s, StoreFn *fn, void *arg)
{
    if (!savepoint(cx, s)) {
        return false;
    }
    if (fn(cx, s, arg) && cx_enough(cx) && db_settle(cx, s->writer) && db_release(cx, s->writer)) {
        return true;
    }
    undo(s);
    return false;
}

/* What the job does, and that it was done. */
static bool job_fn(Cx *cx, Store *s, void *arg)
{
    WriteJob *job = arg;
    return job->fn(cx, s, job->arg) && idem_note(cx);
}

/* A job alone in its group needs no savepoint: its failure rolls the whole transaction back. A long one is much the faster for it, as
 * a savepoint keeps a copy of every page changed since. */
static void run_one(Store *s, WriteJob *job, bool alone)
{
    Cx *cx = job->cx;
    Db *reader = cx->db;
    cx->db = s->writer;
    s->touched = 0;
    job->ok = false;
    if (alone) {
        job->ok = job_fn(cx, s, job) && cx_enough(cx) && db_settle(cx, s->writer);
    } else {
        job->ok = run_saved(cx, s, job_fn, job);
    }
    job->touched = job->ok ? s->touched : 0;
    cx->db = reader;
}

/* Fail every job of the group that had succeeded: their transaction did not reach the disk. */
static void fail_group(WriteJob *first, const Cx *why)
{
    for (WriteJob *j = first; j != NULL; j = j->next) {
        if (j->ok) {
            j->ok = false;
            (void)fail(j->cx, why->err, "%.*s", STRF(cx_text(why)));
        }
    }
}

static void note_group(Store *s, const WriteJob *first, int64_t commit_us)
{
    int64_t n = 0, failed = 0;
    bool full = false;
    for (const WriteJob *j = first; j != NULL; j = j->next) {
        n++;
        failed += !j->ok;
        full = full || (!j->ok && j->cx->err == E_FULL);
    }
    pulse_end(s, n, failed, commit_us);
    if (full) {
        store_space_full(s);
    }
}

/* Nothing of the group was done. */
static void refuse_group(WriteJob *first, const Cx *why)
{
    for (WriteJob *j = first; j != NULL; j = j->next) {
        (void)fail(j->cx, why->err, "%.*s", STRF(cx_text(why)));
    }
}

/* Inside the transaction: every job, then what other processes are to learn. false: to be rolled back, and each job knows why. */
static bool run_jobs(Cx *cx, Store *s, WriteJob *first, uint64_t *ret_touched)
{
    bool alone = first->next == NULL;
    *ret_touched = 0;
    for (WriteJob *j = first; j != NULL; j = j->next) {
        run_one(s, j, alone);
        *ret_touched |= j->touched;
    }
    if (alone && !first->ok) {
        return false;
    }
    if (!held_write(cx, s) || !db_settle(cx, s->writer) || !shared_raise(cx, s, *ret_touched)) {
        fail_group(first, cx);
        return false;
    }
    return true;
}

static void run_group(Store *s, WriteJob *first)
{
    int64_t commit_us = -1;
    pulse_begin(s);
    Arena *mem = arena_new(1 << 20);
    Cx cx;
    cx_init(&cx, mem);
    uint64_t touched = 0;
    bool mine = true, begun = db_begin(&cx, s->writer);
    if (!begun || !shared_mine(&cx, s, &mine)) {
        refuse_group(first, &cx);
        if (begun) {
            undo_all(s);
        }
    } else if (!mine) { /* ids made before belong to another process now */
        if (!db_commit(&cx, s->writer)) {
            undo_all(s);
        }
        (void)!fail(&cx, E_BUSY, "本机与数据库的联系中断过，刚刚恢复，请再试一次");
        refuse_group(first, &cx);
    } else if (!run_jobs(&cx, s, first, &touched)) {
        undo_all(s);
    } else {
        int64_t began_us = clock_mono_us();
        if (!db_commit(&cx, s->writer)) {
            undo_all(s);
            fail_group(first, &cx);
        } else if (s->shared) {
            shared_publish(s);
        } else {
            bump_versions(s, touched);
        }
        commit_us = clock_mono_us() - began_us;
    }
    held_forget(s); /* from here on others may write */
    note_group(s, first, commit_us);
    arena_free(mem);
}

/* Take up to GROUP_MAX waiting jobs off the queue; call with the lock held. */
static WriteJob *take_group(Store *s)
{
    WriteJob *first = s->head, *last = first;
    for (int i = 1; i < GROUP_MAX && last->next != NULL; i++) {
        last = last->next;
    }
    s->head = last->next;
    if (s->head == NULL) {
        s->tail = &s->head;
    }
    last->next = NULL;
    return first;
}

/* false: it is time for a sign of life. */
static bool wait_for_work(Store *s, int64_t beat_ms)
{
    if (!s->shared) {
        pthread_cond_wait(&s->wake, &s->lock);
        return true;
    }
    struct timespec at = {.tv_sec = (time_t)(beat_ms / 1000), .tv_nsec = (long)(beat_ms % 1000) * 1000000L};
    return pthread_cond_timedwait(&s->wake, &s->lock, &at) == 0;
}

static void *writer_main(void *arg)
{
    Store *s = arg;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    pthread_mutex_lock(&s->lock);
    for (int64_t beat_ms = clock_mono_ms() + BEAT_MS;;) {
        while (s->head == NULL && !s->stopping && wait_for_work(s, beat_ms)) {
        }
        if (s->head == NULL && s->stopping) {
            break;
        }
        if (s->shared && clock_mono_ms() >= beat_ms) {
            pthread_mutex_unlock(&s->lock);
            shared_beat(s);
            pthread_mutex_lock(&s->lock);
            beat_ms = clock_mono_ms() + BEAT_MS;
        }
        if (s->head == NULL) {
            continue;
        }
        WriteJob *group = take_group(s);
        pthread_mutex_unlock(&s->lock);
        run_group(s, group);
        pthread_mutex_lock(&s->lock);
        for (WriteJob *j = group, *next; j != NULL; j = next) {
            next = j->next; /* j's owner may leave as soon as done is set */
            j->done = true;
        }
        pthread_cond_broadcast(&s->finished);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

void writer_start(Store *s)
{
    s->tail = &s->head;
    held_start(s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_cond_init(&s->finished, NULL);
    pthread_mutex_lock(&s->lock);
    CHECK(pthread_create(&s->thread, NULL, writer_main, s) == 0);
    s->started = true;
    pthread_mutex_unlock(&s->lock);
}

void writer_stop(Store *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->finished);
}

/* Already on the writer: a nested savepoint, so that the caller may survive this part's failure. */
static bool run_nested(Cx *cx, Store *s, StoreFn *fn, void *arg)
{
    Db *before = cx->db;
    cx->db = s->writer;
    bool ok = run_saved(cx, s, fn, arg);
    cx->db = before;
    return ok;
}

bool store_write(Cx *cx, Store *s, StoreFn *fn, void *arg)
{
    if (on_writer(s)) {
        return run_nested(cx, s, fn, arg);
    }
    if (!cx_enough(cx)) {
        return false;
    }
    WriteJob job = {.cx = cx, .fn = fn, .arg = arg};
    pthread_mutex_lock(&s->lock);
    if (s->stopping) {
        pthread_mutex_unlock(&s->lock);
        return fail(cx, E_BUSY, "系统正在停止，请稍后再试");
    }
    *s->tail = &job;
    s->tail = &job.next;
    atomic_fetch_add(&s->pulse.waiting, 1);
    pthread_cond_signal(&s->wake);
    while (!job.done) {
        pthread_cond_wait(&s->finished, &s->lock);
    }
    atomic_fetch_sub(&s->pulse.waiting, 1);
    pthread_mutex_unlock(&s->lock);
    if (job.ok) {
        cx->once = NULL; /* noted */
    }
    return job.ok;
}
