/*
 * queue.c - see queue.h. Classes are served in the order of the table, each up to `at_once`; the first class has a thread of its own, so that
 * whoever asks how the server does gets an answer when all others are busy. One lock: what is done under it takes a microsecond.
 */
#include "net/queue.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

#define HANDLER_NICE 5 /* behind the loops and the writer: a refusal must not wait for what it refuses */

typedef struct {
    TAILQ_HEAD(ClassQueue, Conn) waiting;
    size_t n;
    unsigned running;
    Shed shed;
    int64_t served, refused, expired;
} Class;

struct Queue {
    Arena *mem;
    const NetConf *conf;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    Class classes[NET_CLASSES];
    unsigned n_classes, running; /* running: without the first class */
    pthread_t *threads;
    unsigned n_threads, next_id;
    bool stopping;
};

/* Back to the loop that owns the connection; it is told once for all that waits there. */
static void give_back(Conn *c)
{
    Worker *w = c->w;
    pthread_mutex_lock(&w->done_lock);
    bool first = TAILQ_EMPTY(&w->done);
    TAILQ_INSERT_TAIL(&w->done, c, job);
    pthread_mutex_unlock(&w->done_lock);
    if (first) {
        uint64_t one = 1;
        CHECK(write(w->done_fd, &one, sizeof one) == sizeof one);
    }
}

/* May one more of the class run now? With the lock held. */
static bool has_place(const Queue *q, unsigned cls)
{
    return q->classes[cls].running < q->conf->classes[cls].at_once && (cls == 0 || q->running < q->conf->handlers);
}

/* The request whose turn it is; with the lock held. NULL: none may run now. */
static Conn *take(Queue *q)
{
    int64_t now = clock_mono_us();
    for (unsigned i = 0; i < q->n_classes; i++) {
        Class *k = &q->classes[i];
        if (k->n == 0 || !has_place(q, i)) {
            continue;
        }
        Conn *c = TAILQ_FIRST(&k->waiting);
        TAILQ_REMOVE(&k->waiting, c, job);
        k->n--;
        k->running++;
        k->served++;
        q->running += i > 0;
        shed_left(&k->shed, now, now - c->queued_us, k->n);
        c->head.req.wait_us += now - c->queued_us;
        return c;
    }
    return NULL;
}

static void *handler_main(void *arg)
{
    Queue *q = arg;
    const NetConf *conf = q->conf;
    pthread_mutex_lock(&q->lock);
    unsigned id = q->next_id++;
    pthread_mutex_unlock(&q->lock);
    char name[16];
    snprintf(name, sizeof name, "work-%u", id);
    pthread_setname_np(pthread_self(), name);
    setpriority(PRIO_PROCESS, (id_t)gettid(), HANDLER_NICE); /* Linux: of this thread */
    if (conf->worker_start != NULL) {
        conf->worker_start(conf->ctx, id);
    }
    pthread_mutex_lock(&q->lock);
    for (;;) {
        Conn *c = take(q);
        if (c == NULL) {
            if (q->stopping) {
                break;
            }
            pthread_cond_wait(&q->wake, &q->lock);
            continue;
        }
        pthread_mutex_unlock(&q->lock);
        unsigned cls = c->head.req.cls;
        conf->handler(conf->ctx, id, &c->head.req, c->resp);
        give_back(c);
        pthread_mutex_lock(&q->lock);
        q->classes[cls].running--;
        q->running -= cls > 0;
    }
    pthread_mutex_unlock(&q->lock);
    if (conf->worker_stop != NULL) {
        conf->worker_stop(conf->ctx, id);
    }
    return NULL;
}

bool queue_put(Queue *q, Conn *c)
{
    unsigned cls = c->head.req.cls;
    CHECK(cls < q->n_classes);
    Class *k = &q->classes[cls];
    pthread_mutex_lock(&q->lock);
    int64_t now = clock_mono_us();
    bool ok = q->conf->no_shedding || shed_admits(&k->shed, &q->conf->classes[cls], k->n, has_place(q, cls), now);
    if (ok) {
        c->queued_us = now;
        if (k->n == 0) {
            shed_came(&k->shed, now);
        }
        TAILQ_INSERT_TAIL(&k->waiting, c, job);
        k->n++;
        pthread_cond_signal(&q->wake);
    } else {
        k->refused++;
        shed_refused(&k->shed, now);
    }
    pthread_mutex_unlock(&q->lock);
    return ok;
}

void queue_expire(Queue *q)
{
    if (q->conf->no_shedding) {
        return;
    }
    TAILQ_HEAD(, Conn) gone = TAILQ_HEAD_INITIALIZER(gone);
    Conn *c;
    pthread_mutex_lock(&q->lock);
    int64_t now = clock_mono_us();
    for (unsigned i = 0; i < q->n_classes; i++) {
        Class *k = &q->classes[i];
        if (has_place(q, i)) {
            continue; /* there is a place for it: only the thread has not woken yet, and refusing would not be sooner */
        }
        if ((c = TAILQ_FIRST(&k->waiting)) != NULL) {
            shed_tick(&k->shed, &q->conf->classes[i], now - c->queued_us);
        }
        while ((c = TAILQ_FIRST(&k->waiting)) != NULL && now - c->queued_us > 1000 * (int64_t)q->conf->classes[i].burst_ms) {
            TAILQ_REMOVE(&k->waiting, c, job);
            k->n--;
            k->expired++;
            shed_refused(&k->shed, now);
            c->head.req.wait_us += now - c->queued_us;
            TAILQ_INSERT_TAIL(&gone, c, job);
        }
    }
    pthread_mutex_unlock(&q->lock);
    while ((c = TAILQ_FIRST(&gone)) != NULL) {
        TAILQ_REMOVE(&gone, c, job);
        c->shed = true;
        give_back(c);
    }
}

void queue_stats(Queue *q, unsigned cls, NetClassStats *ret)
{
    const Class *k = &q->classes[cls];
    pthread_mutex_lock(&q->lock);
    *ret = (NetClassStats){.name = q->conf->classes[cls].name, .waiting = (int64_t)k->n, .running = k->running, .served = k->served,
                           .refused = k->refused, .expired = k->expired, .overloaded = k->shed.overloaded};
    pthread_mutex_unlock(&q->lock);
}

Queue *queue_start(const NetConf *conf)
{
    Arena *mem = arena_new(0);
    Queue *q = NEW(mem, Queue);
    q->mem = mem;
    q->conf = conf;
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->wake, NULL);
    while (q->n_classes < NET_CLASSES && conf->classes[q->n_classes].name != NULL) {
        TAILQ_INIT(&q->classes[q->n_classes].waiting);
        q->classes[q->n_classes++].shed.least_us = -1;
    }
    CHECK(q->n_classes > 0);
    unsigned want = conf->handlers + 1; /* and one for the first class */
    q->threads = NEW_ARRAY(mem, pthread_t, want);
    while (q->n_threads < want && pthread_create(&q->threads[q->n_threads], NULL, handler_main, q) == 0) {
        q->n_threads++;
    }
    if (q->n_threads < want) {
        queue_stop(q);
        return NULL;
    }
    return q;
}

void queue_stop(Queue *q)
{
    if (q == NULL) {
        return;
    }
    pthread_mutex_lock(&q->lock);
    q->stopping = true;
    pthread_cond_broadcast(&q->wake);
    pthread_mutex_unlock(&q->lock);
    for (unsigned i = 0; i < q->n_threads; i++) {
        CHECK(pthread_join(q->threads[i], NULL) == 0);
    }
    pthread_mutex_destroy(&q->lock);
    pthread_cond_destroy(&q->wake);
    arena_free(q->mem);
}
