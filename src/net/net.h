/*
 * net.h - the HTTP/1.1 server: bytes in, one NetReq; one NetResp, bytes out. Knows nothing of pages or records.
 *
 * libevent for loops, buffers and timers, llhttp for parsing. N worker threads, each with its own listening socket
 * (SO_REUSEPORT), its own loop and its own request arena; the handler runs on the worker's thread and answers before it
 * returns. One request per wake-up of a connection, so that a fast peer cannot starve the others.
 *
 * Refused here with a plain answer and a closed connection (400, 413, 431, 501, 505): two different or malformed
 * Content-Length; Content-Length with Transfer-Encoding; Transfer-Encoding other than exactly "chunked"; white space
 * before a header's colon; bare LF; obs-fold; HTTP/1.1 without or with two Host; NUL in a header or %00 in the path; bad
 * chunk sizes; HTTP versions other than 1.0 and 1.1; unknown methods; heads over the limit; paths that escape the root or
 * are not valid UTF-8 after decoding. Works: pipelining, HEAD, Expect: 100-continue, chunked requests, keep-alive.
 * Also answered here: 408 when a head or body passes its deadline, 507 when the spool has no space. Trailers are read
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

/* Called on a worker's thread; `worker` is 0..workers-1. Must fill *resp and return; may block for a short write. */
typedef void NetHandler(void *ctx, unsigned worker, const NetReq *req, NetResp *resp);

typedef struct {
    const char *listen;     /* "127.0.0.1:8080", "[::1]:8080"; port 0 picks a free one */
    unsigned workers;       /* 0: one per core, at least 2 */
    const char *spool_dir;  /* where large bodies are kept while they arrive */
    size_t head_bytes;      /* 0: 16 KiB */
    size_t body_bytes;      /* 0: 1 MiB; larger only where upload_path says so */
    size_t upload_bytes;    /* 0: 24 MiB */
    size_t spool_bytes;     /* 0: 256 KiB: bodies above are spooled to a file */
    int head_deadline_ms;   /* 0: 10 s, absolute, from the first byte of a head */
    int body_deadline_ms;   /* 0: 60 s, absolute */
    int idle_ms;            /* 0: 30 s of keep-alive */
    int write_deadline_ms;  /* 0: 60 s, absolute, for an answer to be taken by the client */
    size_t arena_bytes;     /* 0: 64 MiB: bound of one request's memory */
    bool behind_proxy;      /* a reverse proxy on this machine passes requests on: peer is what net_client says */
    unsigned max_conns;     /* 0: 12000 per process; above, accept is paused */
    bool (*upload_path)(Str method, Str path); /* may this request carry up to upload_bytes? NULL: none */
    NetHandler *handler;
    void *ctx;
    void (*worker_start)(void *ctx, unsigned worker); /* on the worker's thread, before its first request; may be NULL */
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
    int64_t accepted, open, requests, refused, timed_out, bytes_out;
} NetStats;
NetStats net_stats(const Net *n);

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
