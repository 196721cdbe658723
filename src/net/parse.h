/*
 * parse.h - inside net: the parts of net_parse that the connection layer uses one by one. All pure.
 */
#pragma once

#include <llhttp.h>

#include "net/net.h"

/* What the head of a request says. `req` and all its text live in the arena given to net_head; no body yet. */
typedef struct {
    NetReq req;
    int64_t length;       /* Content-Length, 0 when absent */
    int64_t limit;        /* bytes this request's body may have */
    bool chunked;
    bool http10;
    bool keep_alive;      /* the client wants the connection to stay open */
    bool expect_continue;
    llhttp_t parser;      /* positioned behind the head, for net_chunks_init */
} NetHead;

/* net_conf_resolved - conf with its zeros replaced by the defaults named in net.h. */
NetConf net_conf_resolved(const NetConf *conf);

/* net_head - the head at the start of `bytes`; conf must be resolved. Returns its length, 0 (more needed) or -(status).
 * The length of the body is checked against the limit of its path: -413. */
int64_t net_head(Arena *mem, Str bytes, const NetConf *conf, NetHead *ret);

/* net_target - path and query of a request target into *req, and the authority of an absolute one (else empty).
 * False: malformed, escapes the root, or not valid UTF-8 once decoded. */
MUST_USE bool net_target(Arena *mem, Str target, NetReq *req, Str *ret_authority);

/* Takes decoded body bytes; returns 0 or the HTTP status to refuse with. */
typedef int NetSink(void *ctx, const char *p, size_t n);

/* The state of a chunked body while it arrives. */
typedef struct {
    llhttp_t parser;
    NetSink *sink;
    void *ctx;
    int64_t total, limit;
    size_t extra, extra_max; /* bytes of chunk extensions and trailers, which are read and dropped */
    enum { CHUNK_DATA, CHUNK_LINE_START, CHUNK_NAME, CHUNK_LINE, CHUNK_LINE_CR, CHUNK_LAST_LF, CHUNK_DONE } state;
    int status;
} NetChunks;

void net_chunks_init(NetChunks *k, const NetHead *head, const NetConf *conf, NetSink *sink, void *ctx);

/* net_chunks_feed - returns the bytes consumed (fewer than given only when the body is complete) or -(status). */
int64_t net_chunks_feed(NetChunks *k, Str bytes);
static inline bool net_chunks_done(const NetChunks *k) { return k->state == CHUNK_DONE; }
