/*
 * answer.c - an answer to the socket. Head and body leave in one call when the socket takes them, which is the rule;
 * only what it did not take is kept in an evbuffer: copied, or by reference for cached pages and files.
 */
#include "net/conn.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "base/clock.h"

/* The answer's resources that are not the connection's yet. */
static void drop(NetResp *resp)
{
    if (resp->body_fd > 0) {
        close(resp->body_fd);
        resp->body_fd = 0;
    }
    if (resp->body_ref != NULL) {
        const void *ref = resp->body_ref;
        resp->body_ref = NULL;
        if (resp->body_release != NULL) {
            resp->body_release(ref);
        }
    }
}

static void release_ref(const void *data, size_t n, void *arg)
{
    (void)data, (void)n;
    Conn *c = arg;
    const void *ref = c->ref;
    c->ref = NULL;
    if (c->release != NULL) {
        c->release(ref);
    }
}

/* What the socket takes at once of head and body. Returns bytes, or -1 when the connection is broken. */
static ssize_t send_now(Conn *c, Str head, Str body, bool more)
{
    struct iovec iov[2] = {
        {(void *)(uintptr_t)head.p, head.n},
        {(void *)(uintptr_t)body.p, body.n},
    };
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = body.n > 0 ? 2 : 1};
    ssize_t n;
    do {
        n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
    count(&c->w->bytes_out, n);
    c->sent += n;
    return n;
}

/* Puts what is left of the answer into c->out; the resources of *resp belong to the buffer afterwards. */
static bool keep_rest(Conn *c, Str head, Str body, NetResp *resp, int64_t file_len)
{
    c->out = evbuffer_new();
    if (c->out == NULL) {
        return false;
    }
    evbuffer_set_flags(c->out, EVBUFFER_FLAG_DRAINS_TO_FD);
    if (head.n > 0 && evbuffer_add(c->out, head.p, head.n) != 0) {
        return false;
    }
    if (file_len > 0) {
        if (evbuffer_add_file(c->out, resp->body_fd, 0, file_len) != 0) {
            return false;
        }
        resp->body_fd = 0;
    } else if (body.n > 0 && resp->body_ref != NULL) {
        c->ref = resp->body_ref;
        c->release = resp->body_release;
        if (evbuffer_add_reference(c->out, body.p, body.n, release_ref, c) != 0) {
            return false;
        }
        resp->body_ref = NULL;
    } else if (body.n > 0 && evbuffer_add(c->out, body.p, body.n) != 0) {
        return false;
    }
    return true;
}

bool answer_send(Conn *c, Arena *mem, NetResp *resp, bool head_only)
{
    if (resp->status == 0) {
        resp->status = 200;
    }
    bool with_body = net_resp_has_body(resp->status);
    bool file = resp->body_fd > 0;
    NetFraming f = {
        .length = file ? resp->body_fd_len : (int64_t)resp->body.n,
        .close = c->close,
        .http10 = c->head.http10,
        .date = net_date(&c->w->date, clock_now_ms()),
    };
    Str head = net_resp_head(mem, resp, &f);
    Str body = with_body && !head_only && !file ? resp->body : S("");
    int64_t file_len = with_body && !head_only && file ? resp->body_fd_len : 0;

    if (!c->owing) { /* else the window goes on: a next request must not lengthen it */
        c->owing = true;
        c->window_ms = clock_mono_ms();
        c->window_bytes = c->sent;
    }
    ssize_t sent = send_now(c, head, body, file_len > 0);
    if (sent < 0) {
        drop(resp);
        conn_close(c);
        return false;
    }
    size_t head_sent = MIN((size_t)sent, head.n), body_sent = (size_t)sent - head_sent;
    bool whole = (size_t)sent == head.n + body.n && file_len == 0;
    if (!whole) {
        if (!keep_rest(c, str_sub(head, head_sent, head.n), str_sub(body, body_sent, body.n), resp, file_len)) {
            drop(resp);
            conn_close(c);
            return false;
        }
    }
    drop(resp);
    c->served = true;
    if (whole) {
        return conn_answered(c);
    }
    c->state = CONN_WRITE;
    c->deadline_ms = clock_mono_ms() + c->w->conf->write_deadline_ms + (file ? resp->body_fd_len : (int64_t)body.n) / 16;
    conn_reading(c, false);
    conn_watch(&c->wr, true);
    return file_len == 0 || answer_flush(c);
}

bool answer_flush(Conn *c)
{
    int n = evbuffer_write(c->out, c->fd);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return true;
    }
    if (n <= 0) {
        conn_close(c); /* broken, or the file became shorter than announced */
        return false;
    }
    count(&c->w->bytes_out, n);
    c->sent += n;
    if (evbuffer_get_length(c->out) > 0) {
        return true;
    }
    evbuffer_free(c->out);
    c->out = NULL;
    conn_watch(&c->wr, false);
    return conn_answered(c);
}
