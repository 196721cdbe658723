/*
 * conn_read.c - bytes that arrive on a connection become requests.
 *
 * Bytes are read into the worker's own buffer and parsed there; only an unfinished head or a pipelined rest is kept
 * with the connection. A wake-up serves at most one request: a connection with more waiting joins the worker's ready
 * queue and has its turn after the loop has looked at the others.
 */
#include "net/conn_int.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- heads and bodies ---- */

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
    conn_keep_mem(c);
    net_spool_init(&c->spool, c->mem, w->conf, c->head.length);
    if (c->head.chunked) {
        net_chunks_init(&c->chunks, &c->head, w->conf, net_spool_add, &c->spool);
    }
    c->state = CONN_BODY;
    c->window_ms = clock_mono_ms();
    c->window_bytes = 0;
    c->deadline_ms = c->window_ms + w->conf->body_deadline_ms + (c->head.chunked ? c->head.limit : c->head.length) / 16;
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
        return conn_refuse(c, status);
    }
    return done ? conn_serve(c, in.n > 0) : true;
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
            c->deadline_ms = c->served ? clock_mono_ms() + w->conf->head_deadline_ms : c->deadline_ms;
        }
        return true;
    }
    if (n < 0) {
        *used = in.n;
        return conn_refuse(c, (int)-n);
    }
    *used = (size_t)n;
    Str rest = str_n(in.p + n, in.n - (size_t)n);
    if (!c->head.chunked && (int64_t)rest.n >= c->head.length) {
        c->head.req.body = str_n(rest.p, (size_t)c->head.length);
        *used += (size_t)c->head.length;
        return conn_serve(c, *used < in.n);
    }
    begin_body(c, rest.n > 0);
    return rest.n == 0 || step_body(c, rest, used);
}

/* ---- kept with the connection ---- */

void conn_drop_input(Conn *c)
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
        conn_drop_input(c);
        conn_unqueue(c);
    } else {
        evbuffer_drain(c->in, used);
    }
    conn_reading(c, c->state != CONN_WRITE && c->state != CONN_WORK && !c->queued);
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

void conn_serve_ready(Worker *w)
{
    size_t n = w->n_ready; /* those that join meanwhile wait for the next round */
    w->in_wait_us = 0;
    for (size_t i = 0; i < n && !TAILQ_EMPTY(&w->ready); i++) {
        Conn *c = TAILQ_FIRST(&w->ready);
        conn_unqueue(c);
        step_kept(c);
    }
    if (w->n_ready > 0) {
        event_add(&w->kick_ev, &(struct timeval){0, 0});
    }
}

/* ---- from the socket ---- */

/* Reads into the worker's buffer; w->in_wait_us: how long the bytes lay in the kernel, by the stamp it put on them. */
static ssize_t receive(Worker *w, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(struct timespec)) + 64];
        struct cmsghdr align;
    } control;
    struct iovec iov = {w->in, w->in_size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t n = recvmsg(fd, &msg, 0);
    w->in_wait_us = 0;
    if (n <= 0) {
        return n;
    }
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&msg); h != NULL; h = CMSG_NXTHDR(&msg, h)) {
        if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp, now;
            memcpy(&stamp, CMSG_DATA(h), sizeof stamp);
            clock_gettime(CLOCK_REALTIME, &now);
            int64_t us = (now.tv_sec - stamp.tv_sec) * 1000000 + (now.tv_nsec - stamp.tv_nsec) / 1000;
            w->in_wait_us = us > 0 && us < 60000000 ? us : 0; /* the clock may have been set meanwhile */
        }
    }
    return n;
}

void conn_on_read(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    Conn *c = arg;
    Worker *w = c->w;
    ssize_t n = receive(w, fd);
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
