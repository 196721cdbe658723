/*
 * spool.h - inside net: a request's body while it arrives; in memory at first, in an unlinked file when it is large.
 */
#pragma once

#include "net/net.h"
#include "base/buf.h"

typedef struct {
    Arena *mem;
    const char *dir;
    size_t memory_max;  /* larger bodies go to a file */
    Buf buf;
    int fd;             /* -1: still in memory */
    int64_t n;
} NetSpool;

/* net_spool_init - `expect` bytes are announced (0: unknown); an announced large body starts in a file. */
void net_spool_init(NetSpool *s, Arena *mem, const NetConf *conf, int64_t expect);

/* net_spool_add - a NetSink. Returns 0, or 507 (no space), or 500. */
int net_spool_add(void *spool, const char *p, size_t n);

/* net_spool_body - the whole body; a file is mapped until `mem` is reset. Returns 0 or 500. */
int net_spool_body(NetSpool *s, Str *ret);

/* net_spool_close - closes the file, if any. May be called twice. */
void net_spool_close(NetSpool *s);
