/*
 * timer.h - the clock of the flows: a thread that looks at start and every minute which steps are due (`auto`) and
 * takes them.
 */
#pragma once

#include "store/record.h"

typedef struct Timer Timer;

/* timer_start - NULL with E_INTERNAL when no thread can be made. every_ms: between two rounds (60,000 in the server).
 */
MUST_USE Timer *timer_start(Cx *cx, Store *s, int64_t every_ms);
/* timer_stop - ends a round after the record at hand, joins; NULL is allowed. Call before store_close. */
void timer_stop(Timer *t);
int64_t timer_rounds(const Timer *t); /* rounds finished so far */
