/*
 * shed.c - see shed.h.
 */
#include "net/shed.h"

#define PACE_MOST_US 1000000
#define FEW          3  /* refusals in an interval that are no sign of anything, */
#define FEW_OF       20 /* nor is one in so many */

static void end_interval(Shed *s, int64_t now_us)
{
    if (s->interval_us == 0) {
        s->interval_us = now_us;
    }
    if (now_us - s->interval_us < SHED_INTERVAL_US) {
        return;
    }
    bool standing = s->least_us > MAX(SHED_TARGET_US, 2 * s->pace_us);
    bool refusing = s->refused > FEW && s->refused * FEW_OF > s->left;
    s->overloaded = standing || (s->overloaded && refusing);
    s->least_us = -1;
    s->left = s->refused = 0;
    s->interval_us = now_us;
}

static void note(Shed *s, int64_t waited_us)
{
    s->least_us = s->least_us < 0 ? waited_us : MIN(s->least_us, waited_us);
}

void shed_came(Shed *s, int64_t now_us)
{
    s->moved_us = now_us;
}

void shed_left(Shed *s, int64_t now_us, int64_t waited_us, size_t behind)
{
    s->moved_us = now_us;
    note(s, behind > 0 ? waited_us : 0);
    s->left++;
    end_interval(s, now_us);
    if (s->last_us != 0) {
        s->pace_us += (MIN(now_us - s->last_us, PACE_MOST_US) - s->pace_us) / 8;
    }
    s->last_us = behind > 0 ? now_us : 0;
}

void shed_refused(Shed *s, int64_t now_us)
{
    s->refused++;
    end_interval(s, now_us);
}

void shed_tick(Shed *s, const NetClass *c, int64_t oldest_us)
{
    s->overloaded = s->overloaded || oldest_us > 1000 * (int64_t)c->burst_ms;
}

int64_t shed_patience(const Shed *s, const NetClass *c)
{
    int64_t burst = 1000 * (int64_t)c->burst_ms, tight = 1000 * (int64_t)c->tight_ms;
    return s->overloaded ? MIN(burst, MAX(tight, 2 * s->pace_us)) : burst;
}

bool shed_admits(const Shed *s, const NetClass *c, size_t queued, bool place, int64_t now_us)
{
    int64_t still = queued > 0 ? now_us - s->moved_us : 0;
    bool starved = s->overloaded && MAX(s->pace_us, now_us - s->moved_us) > 250 * (int64_t)c->burst_ms; /* not four turns in the longest wait */
    return (place || !starved) && queued < c->queue && still + (int64_t)queued * s->pace_us <= shed_patience(s, c);
}
