/*
 * resp.h - inside net: the head of an answer as bytes.
 */
#pragma once

#include "net/net.h"

/* The Date line of the current second, kept by each worker. */
typedef struct {
    int64_t second;
    char text[40];
} NetDate;

Str net_reason(int status);            /* "Not Found"; "Unknown" for codes without a name */
Str net_date(NetDate *cache, int64_t now_ms); /* "Sun, 06 Nov 1994 08:49:37 GMT"; valid until the next call */

/* How an answer is framed; decided by the connection. */
typedef struct {
    int64_t length;   /* Content-Length */
    bool head_only;   /* answer to HEAD: length is sent, the body is not */
    bool close, http10;
    Str date;
} NetFraming;

/* net_resp_head - status line and headers up to the empty line, in `mem`. Framing headers of the handler are left out:
 * content-length, transfer-encoding, connection and date are net's own. CHECKs header text for CR, LF and NUL. */
Str net_resp_head(Arena *mem, const NetResp *resp, const NetFraming *f);

/* net_resp_has_body - false for 1xx, 204 and 304. */
bool net_resp_has_body(int status);

/* net_plain - a short plain answer for a refused request: the status and its text. */
void net_plain(NetResp *resp, Arena *mem, int status);
