/*
 * conn_serve.c - a request that is complete: answered from memory, by the handler, or handed to the queue of its class and
 * answered when it comes back; or refused.
 */
#include "net/conn_int.h"

#include "base/log.h"
#include "net/queue.h"

bool conn_refuse(Conn *c, int status)
{
    Arena *mem = c->mem != NULL ? c->mem : c->w->mem;
    NetResp resp = {0};
    net_plain(&resp, mem, status);
    c->close = c->linger = true;
    count(&c->w->refused, 1);
    log_debug("net: refused with %d", status);
    bool alive = answer_send(c, mem, &resp, false);
    if (alive) {
        conn_end_request(c);
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
        conn_end_request(c);
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
        conn_keep_mem(c);
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

bool conn_serve(Conn *c, bool more)
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
