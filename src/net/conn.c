/*
 * conn.c - the life of a connection: bytes arrive, a request is complete, the handler answers, the next may come.
 *
 * Bytes are read into the worker's own buffer and parsed there; only an unfinished head or a pipelined rest is kept
 * with the connection. A wake-up serves at most one request: a connection with more waiting joins the worker's ready
 * queue and has its turn after the loop has looked at the others. Nothing is read while an answer is being taken, so a
 * client that does not read cannot make the server hold more than one answer. Deadlines are absolute and checked by a
 * sweep; what may take longer on a poor line (a body, an answer) must keep a least rate in every window, and an answer counts as
 * taken when the other machine has acknowledged it, not when the kernel holds it.
 */
#include "net/queue.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "base/clock.h"
#include "base/log.h"

#define LINGER_MS 2000
#define SWEEP_MOST 200 /* ended in one sweep: thousands of slow clients that came together must not hold the loop when they go together */
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

/* A request keeps the worker's arena until it is answered; the worker goes on with another one. */
static void keep_mem(Conn *c)
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

static void end_request(Conn *c)
{
    net_spool_close(&c->spool);
    if (c->mem != NULL) {
        drop_mem(c->w, c->mem);
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

/* What the handler, or who answers in its place, left in *resp goes out. */
static bool answer(Conn *c, NetResp *resp)
{
    Worker *w = c->w;
    c->close = resp->close || !c->head.keep_alive || w->stop_asked;
    c->linger = c->more;
    bool alive = answer_send(c, c->mem != NULL ? c->mem : w->mem, resp, str_eq(c->head.req.method, S("HEAD")));
    if (alive) {
        end_request(c);
    } else {
        arena_reset(w->mem);
    }
    return alive;
}

/* The request goes to the queue of its class, or is refused now. `copied`: its body is in its own memory already. */
static bool hand_over(Conn *c, bool copied)
{
    Worker *w = c->w;
    NetReq *req = &c->head.req;
    req->cls = w->conf->classify(w->conf->ctx, req);
    if (c->mem == NULL) {
        keep_mem(c);
    }
    if (!copied) {
        req->body = str_dup(c->mem, req->body);
    }
    c->resp = NEW(c->mem, NetResp);
    c->shed = false;
    c->state = CONN_WORK;
    c->deadline_ms = INT64_MAX;
    conn_reading(c, false);
    if (!queue_put(net_queue(w->net), c)) {
        w->conf->shed(w->conf->ctx, req, c->resp);
        return answer(c, c->resp);
    }
    if (w->n_working++ == 0) {
        event_add(&w->shed_ev, &(struct timeval){0, SHED_TARGET_US / 2});
    }
    return true;
}

/* The request is complete: memory, the handler or its queue. `more`: bytes of a next request are already here. */
static bool serve(Conn *c, bool more)
{
    Worker *w = c->w;
    bool copied = c->mem != NULL;
    NetReq *req = &c->head.req;
    req->mem = copied ? c->mem : w->mem;
    req->peer = str_c(c->peer);
    req->wait_us = c->w->in_wait_us;
    if (w->conf->behind_proxy) {
        req->peer = net_client(req->mem, req);
    }
    c->more = more;
    count(&w->requests, 1);
    NetResp resp = {0};
    if (net_queue(w->net) == NULL) {
        w->conf->handler(w->conf->ctx, w->id, req, &resp);
    } else if (w->conf->fast == NULL || !w->conf->fast(w->conf->ctx, req, &resp)) {
        return hand_over(c, copied);
    }
    return answer(c, &resp);
}

void conn_done(Worker *w)
{
    for (;;) {
        pthread_mutex_lock(&w->done_lock);
        Conn *c = TAILQ_FIRST(&w->done);
        if (c != NULL) {
            TAILQ_REMOVE(&w->done, c, job);
        }
        pthread_mutex_unlock(&w->done_lock);
        if (c == NULL) {
            return;
        }
        w->n_working--;
        if (c->shed) {
            w->conf->shed(w->conf->ctx, &c->head.req, c->resp);
        }
        (void)answer(c, c->resp);
    }
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
    keep_mem(c);
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
            c->deadline_ms = c->served ? clock_mono_ms() + w->conf->head_deadline_ms : c->deadline_ms;
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

static void on_read(evutil_socket_t fd, short what, void *arg)
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

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    answer_flush(arg);
}

void conn_serve_ready(Worker *w)
{
    size_t n = w->n_ready; /* those that join meanwhile wait for the next round */
    w->in_wait_us = 0;
    for (size_t i = 0; i < n && !TAILQ_EMPTY(&w->ready); i++) {
        Conn *c = TAILQ_FIRST(&w->ready);
        unqueue(c);
        step_kept(c);
    }
    if (w->n_ready > 0) {
        event_add(&w->kick_ev, &(struct timeval){0, 0});
    }
}

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
    } else if (refuse(c, 408)) {
        drop_input(c);
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
