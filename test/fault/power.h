/*
 * power.h - clients write until the power is cut.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t number;     /* of the trial; with g.seed it decides what the clients do and what is left of it */
    int64_t cut_at;     /* which operation, see vfs_power */
    bool in_checkpoint; /* counted in checkpoints only */
    bool often;         /* a checkpoint every 30 pages of log; else hardly ever */
    bool in_turn;       /* the clients take turns, so that the same seed leaves the same disk; else each has a thread */
    bool normal;        /* the control: commits are not synced */
} PowerCut;

/* power_cut - one trial, not judged yet; false when the clients were through before the cut. */
bool power_cut(const PowerCut *x);

/* run_power - so many cuts, each judged; the exit status. */
int run_power(int64_t times, bool normal);
