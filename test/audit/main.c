/*
 * main.c - audit tamper N SEED: N tamperings of 16 kinds, each on a sound database, each undone afterwards.
 *          audit bench N SEED: a journal of N entries, verified.
 */
#include "audit.h"

int main(int argc, char **argv)
{
    void *state = NULL;
    if (argc != 4) {
        fprintf(stderr, "audit tamper|bench N SEED\n");
        return 2;
    }
    fixture_up(&state);
    long n = strtol(argv[2], NULL, 10);
    unsigned long long seed = strtoull(argv[3], NULL, 10);
    int failed = strcmp(argv[1], "tamper") == 0 ? tamper_run(state, n, seed) : bench_run(state, n, seed);
    fixture_down(&state);
    return failed == 0 ? 0 : 1;
}
