/*
 * conn_sweep.c - connections that take too long, and those that are left when the server stops.
 *
 * Deadlines are absolute and checked by a sweep; what may take longer on a poor line (a body, an answer) must keep a
 * least rate in every window, and an answer counts as taken when the other machine has acknowledged it, not when the
 * kernel holds it.
 */
#include "net/conn_int.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"

#define SWEEP_MOST 200 /* ended in one sweep: thousands of slow clients that came together must not hold the loop when they go together */
#define DRAIN_MS  500 /* what a connection that has not sent a whole head gets when the server stops */

/* The answer is not taken any more: what the kernel still holds of it is thrown away with the connection. */
static void cut(Conn *c)
{
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    count(&c->w->timed_out, 1);
    conn_close(c);
}

static void time_out(Conn *c)
{
    bool begun = c->state == CONN_BODY || (c->state == CONN_HEAD && c->partial);
    if (begun) {
        count(&c->w->timed_out, 1);
    }
    if (c->state == CONN_WRITE) {
        cut(c);
    } else if (!begun) {
        conn_close(c);
    } else if (conn_refuse(c, 408)) {
        conn_drop_input(c);
    }
}

/* The least rate of a body that comes or an answer that goes, once a window. True: it was too slow and is ended. */
static bool check_rate(Conn *c, int64_t now)
{
    const NetConf *conf = c->w->conf;
    bool body = c->state == CONN_BODY, out = !body && c->owing && c->state != CONN_WORK;
    if ((!body && !out) || now - c->window_ms < conf->rate_window_ms) {
        return false;
    }
    int left = 0;
    if (out && ioctl(c->fd, SIOCOUTQ, &left) != 0) {
        left = 0;
    }
    if (out && left == 0 && c->out == NULL) {
        c->owing = false; /* taken whole */
        return false;
    }
    int64_t bytes = body ? (c->head.chunked ? c->chunks.total : c->spool.n) : c->sent - left;
    if (bytes - c->window_bytes < (int64_t)conf->min_rate * conf->rate_window_ms / 1000) {
        if (out) {
            cut(c);
        } else {
            time_out(c);
        }
        return true;
    }
    c->window_ms = now;
    c->window_bytes = bytes;
    return false;
}

void conn_sweep(Worker *w)
{
    int64_t now = clock_mono_ms();
    bool over = w->stopping && now >= w->stop_at_ms;
    int ended = 0;
    Conn *next;
    for (Conn *c = LIST_FIRST(&w->conns); c != NULL && (over || ended < SWEEP_MOST); c = next) {
        next = LIST_NEXT(c, all);
        if (c->state == CONN_WORK) {
            continue; /* the handler's */
        }
        if (over) {
            conn_close(c);
        } else if (now >= c->deadline_ms && !c->queued) {
            ended++;
            time_out(c);
        } else {
            ended += check_rate(c, now);
        }
    }
}

void conn_drain(Worker *w)
{
    int64_t now = clock_mono_ms();
    Conn *next;
    for (Conn *c = LIST_FIRST(&w->conns); c != NULL; c = next) {
        next = LIST_NEXT(c, all);
        if (c->state == CONN_HEAD && !c->partial && !c->queued && c->served) {
            conn_close(c);
        } else if (c->state == CONN_HEAD || c->state == CONN_LINGER) {
            c->deadline_ms = MIN(c->deadline_ms, now + DRAIN_MS);
        }
    }
}
