/*
 * net.h - the HTTP/1.1 server: bytes in, one NetReq; one NetResp, bytes out. Knows nothing of pages or records.
 *
 * libevent for loops, buffers and timers, llhttp for parsing. N worker threads, each with its own listening socket
 * (SO_REUSEPORT), its own loop and its own request arena. Loops only move bytes: a complete request is answered at once from memory
 * (`fast`), or waits in the queue of its class for one of the handler threads, or is refused at once when it would wait too long
 * (shed.h). Without `handlers` the handler runs on the loop's thread. One request per wake-up of a connection, so that a fast peer cannot
 * starve the others.
 *
 * Refused here with a plain answer and a closed connection (400, 413, 431, 501, 505): two different or malformed
 * Content-Length; Content-Length with Transfer-Encoding; Transfer-Encoding other than exactly "chunked"; white space
 * before a header's colon; bare LF; obs-fold; HTTP/1.1 without or with two Host; NUL in a header or %00 in the path; bad
 * chunk sizes; HTTP versions other than 1.0 and 1.1; unknown methods; heads over the limit; paths that escape the root or
 * are not valid UTF-8 after decoding. Works: pipelining, HEAD, Expect: 100-continue, chunked requests, keep-alive.
 * Also answered here: 408 when a head or body passes its deadline or comes slower than min_rate, 507 when the spool has no space, 503 for
 * an address with too many connections. A client that takes its answer slower than min_rate is cut without a word. Trailers are read
 * and dropped. Header values may hold bytes that are not UTF-8: whoever shows or keeps one checks it.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

typedef struct {
    Str name, value; /* name in lower case */
} NetHeader;

typedef struct {
    Str method;             /* "GET" … */
    Str path;               /* percent-decoded, normalised ("/a/../b" is refused), starts with '/' */
    Str query;              /* raw, without '?' */
    const NetHeader *headers;
    size_t n_headers;
    Str body;               /* whole body; mapped from a spool file when larger than spool_bytes */
    Str peer;               /* address of the client, without port; behind a proxy as net_client says */
    Arena *mem;             /* lives until the answer has been written to the socket buffer */
    unsigned cls;           /* its class, as conf->classify said */
    int64_t wait_us;        /* from the arrival of its last bytes at this machine (the kernel's time stamp) until the handler's turn */
} NetReq;

typedef struct {
    int status;             /* 200 when the handler leaves it 0 */
    NetHeader headers[40];
    size_t n_headers;
    Str body;               /* copied by net before the arena is reset, unless body_ref */
    const void *body_ref;   /* non-NULL: `body` stays valid until net calls body_release(body_ref): for cached pages */
    void (*body_release)(const void *ref);
    int body_fd;            /* > 0: send this file (net closes it); body_fd_len bytes from its start */
    int64_t body_fd_len;
    bool close;             /* close the connection afterwards */
} NetResp;

/* Called on a handler thread (without `handlers`: on a loop's); `worker` is its number. Must fill *resp and return; may block. */
typedef void NetHandler(void *ctx, unsigned worker, const NetReq *req, NetResp *resp);

/* One class of requests. The table's order is the order of their turns; the first one always has a thread of its own. */
#define NET_CLASSES 8
typedef struct {
    const char *name;
    unsigned at_once;       /* in handlers at the same time */
    unsigned queue;         /* waiting at most */
    int burst_ms, tight_ms; /* longest wait; longest foreseen wait that is let in while more comes than is served (shed.h) */
} NetClass;

typedef struct {
    const char *listen;     /* "127.0.0.1:8080", "[::1]:8080"; port 0 picks a free one */
    unsigned workers;       /* 0: one per core, at least 2 */
    const char *spool_dir;  /* where large bodies are kept while they arrive */
    size_t head_bytes;      /* 0: 16 KiB */
    size_t body_bytes;      /* 0: 1 MiB; larger only where upload_path says so */
    size_t upload_bytes;    /* 0: 24 MiB */
    size_t spool_bytes;     /* 0: 256 KiB: bodies above are spooled to a file */
    int head_deadline_ms;   /* 0: 10 s, absolute, from the first byte of a head */
    int body_deadline_ms;   /* 0: 60 s, absolute, and a second more for each 16 KiB the body may have */
    int idle_ms;            /* 0: 30 s of keep-alive */
    int write_deadline_ms;  /* 0: 60 s, absolute, and a second more for each 16 KiB, for an answer to be taken by the client */
    int min_rate;           /* 0: 1024 bytes a second, in each window of rate_window_ms, of a body or of an answer taken */
    int rate_window_ms;     /* 0: 10 s */
    size_t arena_bytes;     /* 0: 64 MiB: bound of one request's memory */
    bool behind_proxy;      /* a reverse proxy on this machine passes requests on: peer is what net_client says */
    unsigned max_conns;     /* 0: 12000 per process; above, accept is paused */
    unsigned max_per_peer;  /* 0: 256 connections of one address (peers.h); the next gets 503 */
    unsigned handlers;      /* handler threads; 0: the handler runs on the loop's thread and the four below are not used */
    const NetClass *classes;                                     /* ended by a row without name */
    unsigned (*classify)(void *ctx, const NetReq *req);          /* on the loop: must not wait for anything */
    bool (*fast)(void *ctx, const NetReq *req, NetResp *resp);   /* on the loop: true when answered from memory; may be NULL */
    void (*shed)(void *ctx, const NetReq *req, NetResp *resp);   /* on the loop: the refusal, with Retry-After */
    bool no_shedding;       /* for a test's control: wait for ever */
    bool (*upload_path)(Str method, Str path); /* may this request carry up to upload_bytes? NULL: none */
    NetHandler *handler;
    void *ctx;
    void (*worker_start)(void *ctx, unsigned worker); /* on the thread that runs the handler, before its first request; may be NULL */
    void (*worker_stop)(void *ctx, unsigned worker);
} NetConf;

typedef struct Net Net;

/* net_start - bind, listen and start the workers. NULL with a failure in cx (E_IO: address in use, …). `conf` is copied. */
MUST_USE Net *net_start(Cx *cx, const NetConf *conf);

int net_port(const Net *n);   /* the port really bound */
unsigned net_workers(const Net *n);
void net_stop(Net *n);        /* stop accepting, let running answers finish (at most 10 s), join the threads, free */

Str net_header(const NetReq *req, Str lower_name);                    /* empty when absent */
void net_set(NetResp *resp, Arena *mem, Str name, Str value);         /* adds a header; CHECKs for CR, LF and NUL */

/* What the server counted since it started; for /metrics and tests. */
typedef struct {
    int64_t accepted, open, requests, refused, timed_out, too_many, bytes_out; /* too_many: connections of one address */
} NetStats;
NetStats net_stats(const Net *n);

typedef struct {
    const char *name;
    int64_t waiting, running, served, refused, expired; /* refused: not let in; expired: waited too long */
    bool overloaded;
} NetClassStats;
unsigned net_class_stats(const Net *n, NetClassStats ret[NET_CLASSES]); /* their number */

/*
 * net_client - the client's address: of a request that came from this machine (127.0.0.0/8, ::1) the last entry of the last X-Forwarded-For,
 * which the proxy wrote; what stands before it anybody may have written. req->peer where that is no address, or for any other peer.
 */
Str net_client(Arena *mem, const NetReq *req);

/*
 * net_parse - the pure function under the server: the head and body of one request from `bytes`. For the fuzzer.
 * Returns the bytes consumed, 0 when more are needed, or -(HTTP status) when refused. *ret_req points into `mem`.
 */
int64_t net_parse(Arena *mem, Str bytes, const NetConf *conf, NetReq *ret_req);
