/*
 * conn.c - the life of a connection: bytes arrive, a request is complete, the handler answers, the next may come.
 *
 * Bytes are read into the worker's own buffer and parsed there; only an unfinished head or a pipelined rest is kept
 * with the connection. A wake-up serves at most one request: a connection with more waiting joins the worker's ready
 * queue and has its turn after the loop has looked at the others. Nothing is read while an answer is being taken, so a
 * client that does not read cannot make the server hold more than one answer. Deadlines are absolute and checked by a
 * sweep.
 */
#include "net/conn.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "base/clock.h"
#include "base/log.h"

#define LINGER_MS 2000
#define DRAIN_MS  500 /* what a connection that has not sent a whole head gets when the server stops */

static void on_read(evutil_socket_t fd, short what, void *arg);
static void on_write(evutil_socket_t fd, short what, void *arg);

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

void conn_open(Worker *w, int fd, const char *peer)
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
    c->deadline_ms = clock_mono_ms() + w->conf->idle_ms;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    event_assign(&c->rd, w->base, fd, EV_READ | EV_PERSIST, on_read, c);
    event_assign(&c->wr, w->base, fd, EV_WRITE | EV_PERSIST, on_write, c);
    LIST_INSERT_HEAD(&w->conns, c, all);
    count(&w->accepted, 1);
    conn_reading(c, true);
}

static void unqueue(Conn *c)
{
    if (c->queued) {
        TAILQ_REMOVE(&c->w->ready, c, ready);
        c->queued = false;
        c->w->n_ready--;
    }
}

static void end_request(Conn *c)
{
    net_spool_close(&c->spool);
    if (c->mem != NULL) {
        arena_free(c->mem);
        c->mem = NULL;
    } else {
        arena_reset(c->w->mem);
    }
}

void conn_close(Conn *c)
{
    Worker *w = c->w;
    unqueue(c);
    event_del(&c->rd);
    event_del(&c->wr);
    if (c->in != NULL) {
        evbuffer_free(c->in);
    }
    if (c->out != NULL) {
        evbuffer_free(c->out); /* releases a body_ref or closes a body_fd */
    }
    net_spool_close(&c->spool);
    arena_free(c->mem);
    close(c->fd);
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

/* A plain answer, then the end: what the client still sends cannot be trusted to be a request. */
static bool refuse(Conn *c, int status)
{
    Arena *mem = c->mem != NULL ? c->mem : c->w->mem;
    NetResp resp = {0};
    net_plain(&resp, mem, status);
    c->close = c->linger = true;
    count(&c->w->refused, 1);
    log_debug("net: refused with %d", status);
    bool alive = answer_send(c, mem, &resp, false);
    if (alive) {
        end_request(c);
    } else {
        arena_reset(c->w->mem);
    }
    return alive;
}

/* The request is complete: the handler, its answer. `more`: bytes of a next request are already here. */
static bool serve(Conn *c, bool more)
{
    Worker *w = c->w;
    Arena *mem = c->mem != NULL ? c->mem : w->mem;
    NetReq *req = &c->head.req;
    req->mem = mem;
    req->peer = str_c(c->peer);
    if (w->conf->behind_proxy) {
        req->peer = net_client(mem, req);
    }
    NetResp resp = {0};
    count(&w->requests, 1);
    w->conf->handler(w->conf->ctx, w->id, req, &resp);
    c->close = resp.close || !c->head.keep_alive || w->stop_asked;
    c->linger = more;
    bool alive = answer_send(c, mem, &resp, str_eq(req->method, S("HEAD")));
    if (alive) {
        end_request(c);
    } else {
        arena_reset(w->mem);
    }
    return alive;
}

/* The head is read and its body is not here yet: the request gets an arena of its own and the body a place to go. */
static void begin_body(Conn *c, bool body_has_begun)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    Worker *w = c->w;
    if (c->head.expect_continue && !body_has_begun) {
        /* Nothing else is in flight on this socket, so it has room; if it is broken, reading will tell. */
        ssize_t n = send(c->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL);
        if (n > 0) {
            count(&w->bytes_out, n);
        }
    }
    c->mem = w->mem;
    w->mem = arena_new(w->conf->arena_bytes);
    net_spool_init(&c->spool, c->mem, w->conf, c->head.length);
    if (c->head.chunked) {
        net_chunks_init(&c->chunks, &c->head, w->conf, net_spool_add, &c->spool);
    }
    c->state = CONN_BODY;
    c->deadline_ms = clock_mono_ms() + w->conf->body_deadline_ms;
}

/* More of the body. Returns false when the connection was closed. *used grows by what was taken. */
static bool step_body(Conn *c, Str in, size_t *used)
{
    int status = 0;
    bool done;
    if (c->head.chunked) {
        int64_t n = net_chunks_feed(&c->chunks, in);
        status = n < 0 ? (int)-n : 0;
        *used += n < 0 ? in.n : (size_t)n;
        in.p += n < 0 ? 0 : n;
        in.n -= n < 0 ? 0 : (size_t)n;
        done = net_chunks_done(&c->chunks);
    } else {
        size_t n = (size_t)MIN(c->head.length - c->spool.n, (int64_t)in.n);
        status = net_spool_add(&c->spool, in.p, n);
        *used += n;
        in.n -= n;
        done = c->spool.n == c->head.length;
    }
    if (status == 0 && done) {
        status = net_spool_body(&c->spool, &c->head.req.body);
    }
    if (status != 0) {
        return refuse(c, status);
    }
    return done ? serve(c, in.n > 0) : true;
}

/* Goes as far as `in` allows, at most one request. Returns false when the connection was closed; else *used says how
 * many bytes were taken. */
static bool step(Conn *c, Str in, size_t *used)
{
    Worker *w = c->w;
    *used = 0;
    if (c->state == CONN_BODY) {
        return step_body(c, in, used);
    }
    int64_t n = net_head(w->mem, in, w->conf, &c->head);
    if (n == 0) {
        arena_reset(w->mem);
        if (!c->partial) {
            c->partial = true;
            c->deadline_ms = clock_mono_ms() + w->conf->head_deadline_ms;
        }
        return true;
    }
    if (n < 0) {
        *used = in.n;
        return refuse(c, (int)-n);
    }
    *used = (size_t)n;
    Str rest = str_n(in.p + n, in.n - (size_t)n);
    if (!c->head.chunked && (int64_t)rest.n >= c->head.length) {
        c->head.req.body = str_n(rest.p, (size_t)c->head.length);
        *used += (size_t)c->head.length;
        return serve(c, *used < in.n);
    }
    begin_body(c, rest.n > 0);
    return rest.n == 0 || step_body(c, rest, used);
}

static void drop_input(Conn *c)
{
    if (c->in != NULL) {
        evbuffer_free(c->in);
        c->in = NULL;
    }
}

/* One step on the bytes kept with the connection. */
static void step_kept(Conn *c)
{
    size_t n = evbuffer_get_length(c->in), used;
    Str in = str_n((const char *)evbuffer_pullup(c->in, -1), n);
    if (in.p == NULL) {
        log_warn("net: out of memory: a connection is closed");
        conn_close(c);
        return;
    }
    if (!step(c, in, &used)) {
        return;
    }
    if (c->state == CONN_LINGER || used == n) {
        drop_input(c);
        unqueue(c);
    } else {
        evbuffer_drain(c->in, used);
    }
    conn_reading(c, c->state != CONN_WRITE && !c->queued);
}

/* Keeps what is left of the worker's buffer after a step. */
static void keep_input(Conn *c, Str rest, bool answered)
{
    if (rest.n == 0 || c->state == CONN_LINGER) {
        return;
    }
    c->in = evbuffer_new();
    if (c->in == NULL || evbuffer_add(c->in, rest.p, rest.n) != 0) {
        log_warn("net: out of memory: a connection is closed");
        conn_close(c);
        return;
    }
    if (c->state == CONN_HEAD && answered) {
        conn_answered(c); /* again, now that there is more: takes its place in the ready queue */
    }
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    Conn *c = arg;
    Worker *w = c->w;
    ssize_t n = recv(fd, w->in, w->in_size, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        conn_close(c);
        return;
    }
    if (c->state == CONN_LINGER) {
        return;
    }
    if (c->in != NULL) {
        if (evbuffer_add(c->in, w->in, (size_t)n) == 0) {
            step_kept(c);
        } else {
            log_warn("net: out of memory: a connection is closed");
            conn_close(c);
        }
        return;
    }
    Str in = str_n(w->in, (size_t)n);
    size_t used;
    if (step(c, in, &used)) {
        keep_input(c, str_n(in.p + used, in.n - used), used > 0);
    }
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    answer_flush(arg);
}

void conn_serve_ready(Worker *w)
{
    size_t n = w->n_ready; /* those that join meanwhile wait for the next round */
    for (size_t i = 0; i < n && !TAILQ_EMPTY(&w->ready); i++) {
        Conn *c = TAILQ_FIRST(&w->ready);
        unqueue(c);
        step_kept(c);
    }
    if (w->n_ready > 0) {
        event_add(&w->kick_ev, &(struct timeval){0, 0});
    }
}

static void time_out(Conn *c)
{
    bool begun = c->state == CONN_BODY || (c->state == CONN_HEAD && c->partial);
    if (begun || c->state == CONN_WRITE) {
        count(&c->w->timed_out, 1);
    }
    if (!begun) {
        conn_close(c);
    } else if (refuse(c, 408)) {
        drop_input(c);
    }
}

void conn_sweep(Worker *w)
{
    int64_t now = clock_mono_ms();
    bool over = w->stopping && now >= w->stop_at_ms;
    Conn *next;
    for (Conn *c = LIST_FIRST(&w->conns); c != NULL; c = next) {
        next = LIST_NEXT(c, all);
        if (over) {
            conn_close(c);
        } else if (now >= c->deadline_ms && !c->queued) {
            time_out(c);
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
