/*
 * jobs_int.h - the queue itself, as jobs.c, jobrun.c and worker.c share it; not for other modules.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "job/internal.h"

struct Jobs {
    Store *s;
    Arena *mem;
    const char *dir;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stopping;
    bool poked;
    int64_t running;             /* id; 0: none */
    int64_t tidied_day;          /* of the clock: when old jobs were forgotten last; worker thread only */
    atomic_bool cancel;          /* the running one */
};

/* jobs.c: the path of a file of a job; tail: "in", "report.xlsx" or "out" */
const char *job_path(Arena *mem, const Jobs *j, int64_t id, const char *tail);

/* jobrun.c: a job that was taken, to its end. The end is written again while the database is away, or it would seem to run for ever. */
void job_run(Jobs *j, int64_t id);

/* worker.c: there is something to do. jobs_wait - for a moment, or until that is called; true when the service stops. */
void jobs_poke(Jobs *j);
bool jobs_wait(Jobs *j);
