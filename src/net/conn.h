/*
 * conn.h - inside net: a worker, its connections, and what net.c asks of them. All on the worker's thread.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "net/parse.h"
#include "net/resp.h"
#include "net/spool.h"

typedef enum {
    CONN_HEAD,   /* idle, or a head is arriving */
    CONN_BODY,   /* a body is arriving */
    CONN_WRITE,  /* the client takes the answer; nothing is read meanwhile */
    CONN_LINGER, /* answered and shut down; what still arrives is thrown away so that the client can read the answer */
} ConnState;

typedef struct Worker Worker;

typedef struct Conn {
    LIST_ENTRY(Conn) all;      /* also links the free list */
    TAILQ_ENTRY(Conn) ready;
    Worker *w;
    int fd;
    ConnState state;
    int64_t deadline_ms;       /* clock_mono_ms() when the state has lasted too long */
    bool partial;              /* CONN_HEAD: first bytes of a head are here, the deadline is the head's */
    bool queued;               /* in w->ready */
    bool reading;              /* rd is registered */
    bool served;               /* has had an answer */
    bool close, linger;        /* after the answer being written */
    struct event rd, wr;
    struct evbuffer *in, *out; /* made when needed, so that an idle connection costs little */
    NetHead head;
    NetSpool spool;
    NetChunks chunks;
    Arena *mem;                /* of a request whose body did not arrive together with its head */
    const void *ref;           /* body_ref being sent */
    void (*release)(const void *);
    char peer[48];
} Conn;

struct Worker {
    Net *net;
    const NetConf *conf;       /* resolved */
    unsigned id;
    int listen_fd, stop_fd;
    pthread_t thread;
    struct event_base *base;
    struct event accept_ev, stop_ev, sweep_ev, kick_ev;
    Arena *pool;               /* connections; they are reused, never returned */
    Arena *mem;                /* the current request */
    LIST_HEAD(ConnList, Conn) conns, spare;
    TAILQ_HEAD(ConnQueue, Conn) ready; /* connections with a pipelined request waiting */
    size_t n_ready;
    char *in;                  /* what recv() last read */
    size_t in_size;
    bool paused, stopping;
    _Atomic bool stop_asked;   /* set by net_stop, so that an answer in the making already says it is the last */
    int64_t stop_at_ms;
    NetDate date;
    /* written by this worker only, read by net_stats */
    _Atomic int64_t accepted, closed, requests, refused, timed_out, bytes_out;
};

/* count - add to one of a worker's counters. One writer each, so a plain load and store suffice. */
static inline void count(_Atomic int64_t *counter, int64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

void conn_open(Worker *w, int fd, const char *peer); /* takes the socket, which must be non-blocking */
void conn_close(Conn *c);
void conn_serve_ready(Worker *w);                    /* one request of each connection that waits */
void conn_sweep(Worker *w);                          /* ends what has passed its deadline */
void conn_drain(Worker *w);                          /* stopping: closes idle connections, shortens the others' time */

/* answer.c. Both return false when the connection was closed. */
bool answer_send(Conn *c, Arena *mem, NetResp *resp, bool head_only);
bool answer_flush(Conn *c);                          /* more of a pending answer */

/* conn.c: the answer is out; go on, linger or close. */
bool conn_answered(Conn *c);
void conn_watch(struct event *ev, bool on); /* ends the process when it cannot */
void conn_reading(Conn *c, bool on);
