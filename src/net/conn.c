/*
 * conn.c - the life of a connection: opened, watched, answered and ready for the next request, closed. Bytes become
 * requests in conn_read.c, requests answers in conn_serve.c; conn_sweep.c ends what takes too long.
 *
 * Nothing is read while an answer is being taken, so a client that does not read cannot make the server hold more than
 * one answer.
 */
#include "net/conn_int.h"

#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "base/clock.h"
#include "base/log.h"

#define LINGER_MS 2000

/* ---- watching ---- */

void conn_reading(Conn *c, bool on)
{
    if (c->reading != on) {
        c->reading = on;
        conn_watch(&c->rd, on);
    }
}

void conn_watch(struct event *ev, bool on)
{
    for (int i = 0; i < 3; i++) {
        if ((on ? event_add(ev, NULL) : event_del(ev)) == 0) {
            return;
        }
    }
    log_fatal("out of memory: the event loop"); /* a connection nobody watches would hang */
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    answer_flush(arg);
}

/* ---- the memory of a request ---- */

void conn_keep_mem(Conn *c)
{
    Worker *w = c->w;
    c->mem = w->mem;
    w->mem = w->n_spare_mem > 0 ? w->spare_mem[--w->n_spare_mem] : arena_new(w->conf->arena_bytes);
}

static void drop_mem(Worker *w, Arena *mem)
{
    if (mem != NULL && w->n_spare_mem < ARRAY_LEN(w->spare_mem)) {
        arena_reset(mem);
        w->spare_mem[w->n_spare_mem++] = mem;
    } else {
        arena_free(mem);
    }
}

void conn_end_request(Conn *c)
{
    net_spool_close(&c->spool);
    if (c->mem != NULL) {
        drop_mem(c->w, c->mem);
        c->mem = NULL;
    } else {
        arena_reset(c->w->mem);
    }
}

/* ---- from the first byte to the last ---- */

void conn_open(Worker *w, int fd, const char *peer, PeerKey key)
{
    Conn *c = LIST_FIRST(&w->spare);
    if (c != NULL) {
        LIST_REMOVE(c, all);
        memset(c, 0, sizeof *c);
    } else {
        c = NEW(w->pool, Conn);
    }
    c->w = w;
    c->fd = fd;
    c->spool.fd = -1;
    c->state = CONN_HEAD;
    c->deadline_ms = clock_mono_ms() + MIN(w->conf->idle_ms, w->conf->head_deadline_ms); /* its first head must be here by then */
    c->peer_key = key;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    event_assign(&c->rd, w->base, fd, EV_READ | EV_PERSIST, conn_on_read, c);
    event_assign(&c->wr, w->base, fd, EV_WRITE | EV_PERSIST, on_write, c);
    LIST_INSERT_HEAD(&w->conns, c, all);
    count(&w->accepted, 1);
    conn_reading(c, true);
}

void conn_unqueue(Conn *c)
{
    if (c->queued) {
        TAILQ_REMOVE(&c->w->ready, c, ready);
        c->queued = false;
        c->w->n_ready--;
    }
}

void conn_close(Conn *c)
{
    Worker *w = c->w;
    conn_unqueue(c);
    event_del(&c->rd);
    event_del(&c->wr);
    if (c->in != NULL) {
        evbuffer_free(c->in);
    }
    if (c->out != NULL) {
        evbuffer_free(c->out); /* releases a body_ref or closes a body_fd */
    }
    net_spool_close(&c->spool);
    drop_mem(w, c->mem);
    close(c->fd);
    peer_leave(net_peers(w->net), c->peer_key);
    LIST_REMOVE(c, all);
    LIST_INSERT_HEAD(&w->spare, c, all);
    count(&w->closed, 1);
    if (w->stopping && LIST_EMPTY(&w->conns)) {
        event_base_loopbreak(w->base);
    }
}

bool conn_answered(Conn *c)
{
    int64_t now = clock_mono_ms();
    if (c->close && !c->linger) {
        conn_close(c);
        return false;
    }
    if (c->close) {
        shutdown(c->fd, SHUT_WR);
        c->state = CONN_LINGER;
        c->deadline_ms = now + MIN(LINGER_MS, c->w->conf->idle_ms);
        conn_reading(c, true);
        return true;
    }
    c->state = CONN_HEAD;
    c->partial = false;
    c->deadline_ms = now + c->w->conf->idle_ms;
    if (c->in != NULL) {
        conn_reading(c, false);
        if (!c->queued) {
            TAILQ_INSERT_TAIL(&c->w->ready, c, ready);
            c->queued = true;
            if (c->w->n_ready++ == 0) {
                event_add(&c->w->kick_ev, &(struct timeval){0, 0});
            }
        }
    } else {
        conn_reading(c, true);
    }
    return true;
}
