/*
 * client.c - whose request it is where a reverse proxy on this machine passes it on.
 */
#include <arpa/inet.h>

#include "net/net.h"

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711" in the one spelling of inet_ntop; empty: no address. */
static Str address(Arena *mem, Str s)
{
    struct in_addr v4;
    struct in6_addr v6;
    char text[INET6_ADDRSTRLEN];
    Str host = s, rest;
    if (s.n != 0 && s.p[0] == '[') {
        if (!str_cut(str_sub(s, 1, s.n), ']', &host, &rest) || (rest.n != 0 && rest.p[0] != ':')) {
            return S("");
        }
    } else if (str_cut(s, ':', &host, &rest) && str_contains(rest, S(":"))) {
        host = s;
    }
    if (host.n == 0 || host.n >= sizeof text) {
        return S("");
    }
    const char *z = str_z(mem, host);
    if (inet_pton(AF_INET, z, &v4) == 1) {
        return str_dup(mem, str_c(inet_ntop(AF_INET, &v4, text, sizeof text)));
    }
    if (inet_pton(AF_INET6, z, &v6) != 1) {
        return S("");
    }
    return str_dup(mem, str_c(IN6_IS_ADDR_V4MAPPED(&v6) ? inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof text)
                                                        : inet_ntop(AF_INET6, &v6, text, sizeof text)));
}

Str net_client(Arena *mem, const NetReq *req)
{
    Str hops = S("");
    if (!str_starts(req->peer, S("127.")) && !str_eq(req->peer, S("::1"))) {
        return req->peer;
    }
    for (size_t i = 0; i < req->n_headers; i++) {
        if (str_eq(req->headers[i].name, S("x-forwarded-for"))) {
            hops = req->headers[i].value; /* the proxy's own line is the last one */
        }
    }
    size_t from = hops.n;
    while (from > 0 && hops.p[from - 1] != ',') {
        from--;
    }
    Str last = address(mem, str_trim(str_sub(hops, from, hops.n)));
    return last.n != 0 ? last : req->peer;
}
