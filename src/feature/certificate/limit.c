/*
 * limit.c - at most LOOKUPS look-ups in WINDOW from one network address. Kept in memory for a fixed number of places:
 * two addresses that share one take from each other, which only makes the limit a little tighter.
 *
 * Where several processes serve one database, each notes its look-ups there by TOGETHER, and asks whether all have had LOOKUPS; so together they let through
 * TOGETHER - 1 more for each at most, and whoever looks up one certificate sets off no write. When the database takes no writes each counts alone.
 */
#include <pthread.h>

#include "base/clock.h"
#include "feature/certificate/certificate.h"
#include "store/openform.h"
#include "store/shared.h"

#define LOOKUPS   60
#define TOGETHER  4
#define WINDOW_MS (INT64_C(10) * 60 * 1000)
#define PLACES    4096

typedef struct {
    int64_t until_ms;
    int used;
} Place;

static Place places[PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* One more, or none for so long. Returns how many there were with it; 0: too many. */
static int use(Place *at, int64_t *ret_wait)
{
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&lock);
    if (now >= at->until_ms) {
        at->until_ms = now + WINDOW_MS;
        at->used = 0;
    }
    int n = at->used < LOOKUPS ? ++at->used : 0;
    *ret_wait = (at->until_ms - now + 999) / 1000;
    pthread_mutex_unlock(&lock);
    return n;
}

static void shut(Place *at, int64_t wait)
{
    pthread_mutex_lock(&lock);
    at->until_ms = clock_mono_ms() + wait * 1000;
    at->used = LOOKUPS;
    pthread_mutex_unlock(&lock);
}

bool certificate_limit(Cx *cx, Store *s, Str peer, int64_t *ret_wait)
{
    uint8_t h[32];
    sha256(peer.p, peer.n, h);
    Place *at = &places[((size_t)h[0] << 8 | h[1]) % PLACES];
    int n = use(at, ret_wait);
    bool ok = n != 0;
    if (ok && store_shared(s) && n % TOGETHER == 0 && !open_tries(cx, s, S("certificate/look-up"), peer, TOGETHER, LOOKUPS, WINDOW_MS, ret_wait)) {
        ok = cx->err != E_TOO_MANY;
        cx_clear(cx);
        if (!ok) {
            shut(at, *ret_wait);
        }
    }
    return ok || fail(cx, E_TOO_MANY, "查询太频繁，请过几分钟再查；也可以下载离线核对页，在自己的设备上核对");
}
