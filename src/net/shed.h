/*
 * shed.h - inside net: may one more request of a class wait. Pure: time comes in as an argument.
 *
 * CoDel's idea with Facebook's two patiences: a queue that was empty at least once in the last 250 ms only carries a burst, and a burst may
 * wait (burst_ms). When even the luckiest request of the last 250 ms waited longer than 10 ms there is a standing queue: more comes than is
 * served, and waiting helps nobody. Then only who will wait no longer than tight_ms is let in, so that what is served is served fresh. That lasts until an interval goes by in which hardly anything had to be refused: who is last in turn gets a lucky
 * request now and then while far too much comes, and must not take that for the end. Both bounds are at least two steps of the queue, so that a few slow pages beside each other are no overload.
 *
 * It is decided at the door, by the pace at which the queue moved lately and by how long it has stood still: who is refused is told at once, and who
 * was let in is served. Only one for whom that turns out wrong, and who has waited for burst_ms, is sent away after it waited.
 */
#pragma once

#include "net/net.h"

typedef struct {
    int64_t least_us;     /* the shortest wait since the interval began; -1: nothing left the queue yet */
    int64_t interval_us;  /* when the interval began */
    int64_t last_us;      /* when the last one left while others stayed behind; 0: the queue was empty */
    int64_t moved_us;     /* when the last one left, or came when nobody waited */
    int64_t pace_us;      /* mean time between two that leave a queue that is not empty */
    int64_t left, refused; /* in this interval */
    bool overloaded;
} Shed;

#define SHED_TARGET_US   10000
#define SHED_INTERVAL_US 250000

/* shed_came - one comes to wait where nobody waits. */
void shed_came(Shed *s, int64_t now_us);

/* shed_left - one leaves for a handler after it waited so long; `behind` wait still. Nobody behind: the queue is empty, however long the one waited
 * (a thread may wake late). */
void shed_left(Shed *s, int64_t now_us, int64_t waited_us, size_t behind);

/* shed_refused - one was not let in, or gave up its place. */
void shed_refused(Shed *s, int64_t now_us);

/* shed_tick - time passes: the oldest has waited so long. A queue in which it has run out of patience is overloaded. */
void shed_tick(Shed *s, const NetClass *c, int64_t oldest_us);

/* shed_patience - how long a request of this class may have to wait to be let in now, in µs. */
int64_t shed_patience(const Shed *s, const NetClass *c);

/*
 * shed_admits - may one more wait behind `queued` others? `place`: a handler is free for it. A class that is overloaded and hardly ever has its turn takes
 * only whom a handler takes at once: others would wait and be sent away after all.
 */
bool shed_admits(const Shed *s, const NetClass *c, size_t queued, bool place, int64_t now_us);
