/*
 * main.c - the store on a disk that fails (`fault io`), on one that loses its power (`fault power`), and both in the
 * recovery (`fault recover`).
 *
 * Every trial is a process of its own: it opens the store, clients write and say what was acknowledged, and the disk
 * fails or the process ends in the middle. Then the store is opened on a disk that works: what was acknowledged is
 * there with the same values, journal, snapshots, public log and the engine's own check are sound. Prints its counts
 * and its seed; exit status 1 when anything was lost, wrong or half-written.
 */
#include <stdio.h>

#include "io.h"
#include "power.h"
#include "recover.h"
#include "trial.h"

static bool known(Str what)
{
    static const char *const WORDS[] = {"power", "normal", "early", "io", "recover", "forget"};
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        found = found || str_eq(what, str_c(WORDS[i]));
    }
    return found;
}

int main(int argc, char **argv)
{
    int64_t times = 0, seed = 1;
    if (argc < 4 || !known(str_c(argv[1])) || !str_int(str_c(argv[2]), &times) || !str_int(str_c(argv[3]), &seed) ||
        times < 1) {
        (void)!fprintf(stderr,
                       "fault power|normal|early CUTS SEED | fault io STEP SEED | fault recover|forget DISKS SEED\n");
        return 2;
    }
    Str what = str_c(argv[1]);
    bool forget = str_eq(what, S("forget")); /* the control of recover: whoever could not open removes the log */
    g.seed = (uint64_t)seed;
    g.w.early = str_eq(what, S("early"));
    trial_setup();
    int status = str_eq(what, S("io"))                  ? run_io(times)
                 : forget || str_eq(what, S("recover")) ? run_recover(times, forget)
                                                        : run_power(times, str_eq(what, S("normal")));
    trial_end();
    return status;
}
