/*
 * limit.c - at most LOOKUPS look-ups in WINDOW from one network address. Kept in memory for a fixed number of places:
 * two addresses that share one take from each other, which only makes the limit a little tighter.
 */
#include <pthread.h>

#include "base/clock.h"
#include "feature/certificate/certificate.h"

#define LOOKUPS   60
#define WINDOW_MS (INT64_C(10) * 60 * 1000)
#define PLACES    4096

static struct {
    int64_t until_ms;
    int used;
} places[PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool certificate_limit(Cx *cx, Str peer, int64_t *ret_wait)
{
    uint8_t h[32];
    sha256(peer.p, peer.n, h);
    size_t at = ((size_t)h[0] << 8 | h[1]) % PLACES;
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&lock);
    if (now >= places[at].until_ms) {
        places[at].until_ms = now + WINDOW_MS;
        places[at].used = 0;
    }
    bool ok = places[at].used < LOOKUPS;
    places[at].used += ok;
    *ret_wait = (places[at].until_ms - now + 999) / 1000;
    pthread_mutex_unlock(&lock);
    return ok || fail(cx, E_TOO_MANY, "查询太频繁，请过几分钟再查；也可以下载离线核对页，在自己的设备上核对");
}
