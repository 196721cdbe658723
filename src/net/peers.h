/*
 * peers.h - inside net: how many connections each address has. An IPv6 address counts as its /64, which is what one customer gets.
 * This machine itself (127.0.0.1, ::1) is not counted: a reverse proxy brings everybody's connections.
 */
#pragma once

#include <pthread.h>
#include <sys/socket.h>

#include "base/arena.h"

typedef struct Peers Peers;
typedef uint64_t PeerKey; /* 0: not counted */

Peers *peers_new(Arena *mem, unsigned max_conns);
PeerKey peer_key(const struct sockaddr_storage *ss);
bool peer_enter(Peers *p, PeerKey key, unsigned max); /* false: it has `max` already */
void peer_leave(Peers *p, PeerKey key);
