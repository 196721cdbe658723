/*
 * queue.h - inside net: complete requests on their way to the handler threads and back. Loops read and write sockets and never wait;
 * handlers work and may. In between stands one bounded queue a class (net.h, NetClass).
 */
#pragma once

#include "net/conn.h"
#include "net/shed.h"

typedef struct Queue Queue;

/* queue_start - the handler threads of `n`; NULL when they cannot be made. conf must be resolved, with at least one class. */
Queue *queue_start(const NetConf *conf);
/* queue_stop - serves what waits, joins the threads. No loop may run any more. NULL is allowed. */
void queue_stop(Queue *q);

/* queue_put - c's request (state CONN_WORK) waits for a handler; its worker hears of it in w->done. False: refused, nothing was kept. */
bool queue_put(Queue *q, Conn *c);

/* queue_expire - what has waited too long goes back to its worker with c->shed set. */
void queue_expire(Queue *q);

void queue_stats(Queue *q, unsigned cls, NetClassStats *ret);
