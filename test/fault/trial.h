/*
 * trial.h - one store in a folder of its own, trials on it in processes of their own, and the judge.
 *
 * A trial is a forked process: it opens the store, clients write and tell the parent what was acknowledged, and the
 * disk fails or the process ends. Then the parent judges on a disk that works. Everything that is wrong is counted in
 * g.bad and told.
 */
#pragma once

#include "client.h"

typedef struct {
    World w; /* what was acknowledged so far; a trial inherits it */
    Arena *mem;
    char dir[64];
    uint64_t seed;
    char where[160]; /* what is played, for what is wrong in it; may be empty */
    int64_t acks, bad, trials;
} Trials;

extern Trials g;

/* trial_setup - pack, folder, the first writes, and the layer of vfs.h under SQLite. Ends the process when that fails.
 * trial_end removes the folder. */
void trial_setup(void);
void trial_end(void);

/* trial_path - a file of the folder. trial_copy - one file over another. */
const char *trial_path(const char *name);
void trial_copy(const char *from, const char *to);

/* Kept: the database with its log, and what was acknowledged of it. kept_bring puts them back; names already used stay
 * used. */
typedef struct {
    const char *db, *log; /* paths, of g.mem */
    bool has_log;
    World w;
} Kept;

void kept_take(Kept *k, const char *name);
void kept_bring(const Kept *k);
#define TRIALS_A_DATABASE 25 /* then the first one again: checking costs what was written */
void trial_renew(void);

/* trial - run fn in a process of its own and hear its acknowledgements; its exit status, -1 when it crashed (which is
 * wrong). Other statuses than 0 and VFS_CUT are wrong too. */
typedef void TrialFn(const void *arg);
int trial(TrialFn *fn, const void *arg);

/* judge - open the store on a disk that works: what was acknowledged is there with its values (a change more a record,
 * whose answer was lost, is taken into g.w), journal, snapshots, public log and the engine's own check are sound. */
void judge(void);

void wrong(const char *what, long long which);

/* tune - settings of the writing connection, in a trial. */
void tune(Cx *cx, const char *pragmas);
