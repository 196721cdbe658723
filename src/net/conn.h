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
#include "net/peers.h"
#include "net/resp.h"
#include "net/spool.h"

typedef enum {
    CONN_HEAD,   /* idle, or a head is arriving */
    CONN_BODY,   /* a body is arriving */
    CONN_WORK,   /* a handler has the request (queue.h); nothing is read and nothing of the connection changes */
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
    bool more;                 /* bytes of a next request were there */
    bool shed;                 /* waited too long for a handler */
    bool owing;                /* an answer may not have been taken by the client yet */
    PeerKey peer_key;
    int64_t window_ms, window_bytes; /* the rate floor: since when, and how many bytes had come or gone then */
    int64_t sent;              /* bytes given to the kernel */
    int64_t queued_us;
    TAILQ_ENTRY(Conn) job;     /* in the queue of its class, then in w->done */
    NetResp *resp;             /* the handler's answer, in mem */
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
    struct event accept_ev, stop_ev, sweep_ev, kick_ev, done_ev, shed_ev;
    Arena *pool;               /* connections; they are reused, never returned */
    Arena *mem;                /* the current request */
    Arena *spare_mem[16];      /* of requests that were answered */
    size_t n_spare_mem;
    pthread_mutex_t done_lock; /* over `done`: requests that come back from the handlers */
    TAILQ_HEAD(DoneQueue, Conn) done;
    int done_fd;
    size_t n_working;          /* connections in CONN_WORK */
    LIST_HEAD(ConnList, Conn) conns, spare;
    TAILQ_HEAD(ConnQueue, Conn) ready; /* connections with a pipelined request waiting */
    size_t n_ready;
    char *in;                  /* what recv() last read */
    size_t in_size;
    int64_t in_wait_us;        /* how long what is in `in` lay in the kernel */
    bool paused, stopping;
    int64_t warn_at_ms;        /* before that nobody is told again that there is no room to accept */
    _Atomic bool stop_asked;   /* set by net_stop, so that an answer in the making already says it is the last */
    int64_t stop_at_ms;
    NetDate date;
    /* written by this worker only, read by net_stats */
    _Atomic int64_t accepted, closed, requests, refused, timed_out, too_many, bytes_out;
};

/* count - add to one of a worker's counters. One writer each, so a plain load and store suffice. */
static inline void count(_Atomic int64_t *counter, int64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

void conn_open(Worker *w, int fd, const char *peer, PeerKey key); /* takes the socket, which must be non-blocking */
void conn_close(Conn *c);
void conn_serve_ready(Worker *w);                    /* one request of each connection that waits */
void conn_sweep(Worker *w);                          /* ends what has passed its deadline */
void conn_done(Worker *w);                           /* answers what the handlers are done with */
void conn_drain(Worker *w);                          /* stopping: closes idle connections, shortens the others' time */

/* net.c */
struct Queue *net_queue(const Net *n);               /* NULL: the handler runs on the loop */
Peers *net_peers(const Net *n);

/* answer.c. Both return false when the connection was closed. */
bool answer_send(Conn *c, Arena *mem, NetResp *resp, bool head_only);
bool answer_flush(Conn *c);                          /* more of a pending answer */

/* conn.c: the answer is out; go on, linger or close. */
bool conn_answered(Conn *c);
void conn_watch(struct event *ev, bool on); /* ends the process when it cannot */
void conn_reading(Conn *c, bool on);
