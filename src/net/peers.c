/*
 * peers.c - a table with open addressing, at most half full because there are no more entries than connections; removal shifts back.
 */
#include "net/peers.h"

#include <netinet/in.h>
#include <string.h>

typedef struct {
    PeerKey key;
    unsigned n;
} Slot;

struct Peers {
    pthread_mutex_t lock;
    Slot *slots;
    size_t mask;
};

Peers *peers_new(Arena *mem, unsigned max_conns)
{
    Peers *p = NEW(mem, Peers);
    size_t size = 64;
    while (size < (size_t)max_conns * 2 + 64) {
        size *= 2;
    }
    p->slots = NEW_ARRAY(mem, Slot, size);
    p->mask = size - 1;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

static PeerKey v4_key(uint32_t host)
{
    return host == INADDR_LOOPBACK ? 0 : ((uint64_t)0xFFFF << 32 | host);
}

PeerKey peer_key(const struct sockaddr_storage *ss)
{
    if (ss->ss_family == AF_INET) {
        return v4_key(ntohl(((const struct sockaddr_in *)(const void *)ss)->sin_addr.s_addr));
    }
    if (ss->ss_family != AF_INET6) {
        return 0;
    }
    const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)ss)->sin6_addr;
    uint64_t net;
    uint32_t v4;
    if (IN6_IS_ADDR_V4MAPPED(a)) {
        memcpy(&v4, a->s6_addr + 12, sizeof v4);
        return v4_key(ntohl(v4));
    }
    memcpy(&net, a->s6_addr, sizeof net);
    return IN6_IS_ADDR_LOOPBACK(a) ? 0 : net != 0 ? net : 1;
}

static size_t home_of(const Peers *p, PeerKey key)
{
    return (size_t)((key * 0x9E3779B97F4A7C15u) >> 20) & p->mask;
}

static size_t find(const Peers *p, PeerKey key)
{
    size_t i = home_of(p, key);
    while (p->slots[i].key != 0 && p->slots[i].key != key) {
        i = (i + 1) & p->mask;
    }
    return i;
}

bool peer_enter(Peers *p, PeerKey key, unsigned max)
{
    if (key == 0) {
        return true;
    }
    pthread_mutex_lock(&p->lock);
    Slot *s = &p->slots[find(p, key)];
    bool ok = s->n < max;
    if (ok) {
        s->key = key;
        s->n++;
    }
    pthread_mutex_unlock(&p->lock);
    return ok;
}

void peer_leave(Peers *p, PeerKey key)
{
    if (key == 0) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    size_t hole = find(p, key);
    CHECK(p->slots[hole].n > 0);
    if (--p->slots[hole].n == 0) {
        p->slots[hole].key = 0;
        for (size_t i = (hole + 1) & p->mask; p->slots[i].key != 0; i = (i + 1) & p->mask) {
            size_t home = home_of(p, p->slots[i].key);
            if (((i - home) & p->mask) >= ((i - hole) & p->mask)) { /* it may stand in the hole */
                p->slots[hole] = p->slots[i];
                p->slots[i] = (Slot){0};
                hole = i;
            }
        }
    }
    pthread_mutex_unlock(&p->lock);
}
