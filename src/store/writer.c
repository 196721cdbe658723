/*
 * writer.c - one writing thread; waiting writes are taken together into one transaction and acknowledged after its commit.
 *
 * Each job of several runs in a savepoint: one that fails is undone alone. When the commit itself fails, every job of the group fails with its
 * reason. Version counters grow after the commit and before any caller is woken, so that a reader who knows of a write sees it.
 */
#include "store/writer.h"

#include <signal.h>

#include "base/clock.h"
#include "base/log.h"

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
        if (touched & (1ULL << MIN(i, (size_t)63))) {
            atomic_fetch_add(&s->versions[i], 1);
        }
    }
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
        job->ok = job->fn(cx, s, job->arg) && cx_enough(cx);
    } else if (db_savepoint(cx, s->writer)) {
        job->ok = job->fn(cx, s, job->arg) && cx_enough(cx);
        if (job->ok) {
            job->ok = db_release(cx, s->writer);
        } else {
            db_rollback_to(s->writer);
        }
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

static void run_group(Store *s, WriteJob *first)
{
    int64_t commit_us = -1;
    pulse_begin(s);
    Arena *mem = arena_new(1 << 20);
    Cx cx;
    cx_init(&cx, mem);
    uint64_t touched = 0;
    if (db_begin(&cx, s->writer)) {
        bool alone = first->next == NULL;
        for (WriteJob *j = first; j != NULL; j = j->next) {
            run_one(s, j, alone);
            touched |= j->touched;
        }
        if (alone && !first->ok) {
            db_rollback(s->writer);
        } else {
            int64_t began_us = clock_mono_us();
            if (db_commit(&cx, s->writer)) {
                bump_versions(s, touched);
            } else {
                db_rollback(s->writer);
                fail_group(first, &cx);
            }
            commit_us = clock_mono_us() - began_us;
        }
    } else {
        for (WriteJob *j = first; j != NULL; j = j->next) {
            (void)fail(j->cx, cx.err, "%.*s", STRF(cx_text(&cx)));
        }
    }
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

static void *writer_main(void *arg)
{
    Store *s = arg;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (s->head == NULL && !s->stopping) {
            pthread_cond_wait(&s->wake, &s->lock);
        }
        if (s->head == NULL) {
            break;
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
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
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
    bool ok = db_savepoint(cx, s->writer);
    if (ok) {
        ok = fn(cx, s, arg) && cx_enough(cx);
        if (ok) {
            ok = db_release(cx, s->writer);
        } else {
            db_rollback_to(s->writer);
        }
    }
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
    return job.ok;
}
