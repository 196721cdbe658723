/*
 * timer.c - see timer.h. The pause is measured on the monotonic clock, what is due by the wall clock: setting the clock
 * can neither stop the thread nor make it run in a circle. A round that fails is logged; the next one begins afresh. Of several processes on one
 * database one makes the rounds: who holds a lock. Nothing hangs on that but effort, as each step is decided again in its own write.
 */
#include "job/timer.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "store/anchor.h"
#include "store/shared.h"

struct Timer {
    Arena *mem;
    Store *s;
    int64_t every_ms;
    unsigned held; /* the connection that holds the lock; 0: none */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    _Atomic bool stop;
    _Atomic int64_t rounds;
};

#define CHECKPOINT_MS ((int64_t)5 * 60 * 1000)

/* A checkpoint of the journal for outside, where the folder asks for them. */
static bool checkpoint(Cx *cx, Store *s)
{
    bool due;
    Str note;
    int64_t sent;
    return anchor_due(cx, s, CHECKPOINT_MS, &due) && (!due || (anchor_checkpoint(cx, s, &note) && anchor_publish(cx, s, &sent)));
}

/* The lock is kept from round to round; it goes with the connection. */
static bool is_mine(Timer *t, Cx *cx, bool *ret)
{
    *ret = t->held == db_generation(cx->db);
    if (*ret) {
        return true;
    }
    bool ok = store_lock(cx, t->s, S("timer"), false, ret);
    t->held = ok && *ret ? db_generation(cx->db) : 0;
    return ok;
}

static void round_once(Timer *t, Arena *mem)
{
    Cx cx;
    int64_t n = 0;
    cx_init(&cx, mem);
    bool mine = false;
    bool ok = store_attach(&cx, t->s) && is_mine(t, &cx, &mine) && (!mine || rec_auto_run(&cx, t->s, &t->stop, &n));
    if (!ok) {
        log_error("timer: %s (%.*s)", err_info(cx.err)->api, STRF(cx.err_at));
    } else if (n != 0) {
        log_info("timer: %lld steps taken", (long long)n);
    }
    if (ok && !checkpoint(&cx, t->s)) {
        log_error("timer: checkpoint: %s (%.*s)", err_info(cx.err)->api, STRF(cx.err_text));
    }
    t->rounds++;
}

static void pause_until_next(Timer *t)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(t->every_ms / 1000);
    at.tv_nsec += (long)(t->every_ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&t->lock);
    while (!t->stop && pthread_cond_timedwait(&t->wake, &t->lock, &at) == 0) {
    }
    pthread_mutex_unlock(&t->lock);
}

static void *timer_main(void *arg)
{
    Timer *t = arg;
    Arena *mem = arena_new(0);
    while (!t->stop) {
        round_once(t, mem);
        arena_reset(mem);
        pause_until_next(t);
    }
    store_detach(t->s);
    arena_free(mem);
    return NULL;
}

Timer *timer_start(Cx *cx, Store *s, int64_t every_ms)
{
    Arena *mem = arena_new(0);
    Timer *t = NEW(mem, Timer);
    pthread_condattr_t attr;
    t->mem = mem;
    t->s = s;
    t->every_ms = every_ms;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&t->thread, NULL, timer_main, t) != 0) {
        arena_free(mem);
        (void)fail(cx, E_INTERNAL, "无法启动定时办理");
        return NULL;
    }
    return t;
}

int64_t timer_rounds(const Timer *t)
{
    return t->rounds;
}

void timer_stop(Timer *t)
{
    if (t == NULL) {
        return;
    }
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    arena_free(t->mem);
}
