/* power.c - see power.h. */
#include "power.h"

#include <stdio.h>
#include <unistd.h>

#include "trial.h"
#include "vfs.h"

#define STEPS 400

static bool one_step(Client *c)
{
    cx_clear(&c->cx);
    bool ok = store_attach(&c->cx, g.w.s) && client_step(c);
    if (!ok) {
        client_bad(c, str_printf(c->cx.mem, "refused before the power went: %s (%.*s)", err_info(c->cx.err)->api,
                                 STRF(c->cx.err_at))
                          .p);
    }
    return ok;
}

static void *power_client(void *arg)
{
    for (int i = 0; i < STEPS && one_step(arg); i++) {
    }
    return NULL;
}

static void together(Client *clients)
{
    pthread_t threads[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(pthread_create(&threads[i], NULL, power_client, &clients[i]) == 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void power_trial(const void *arg)
{
    const PowerCut *x = arg;
    Client clients[CLIENTS];
    Cx cx;
    cx_init(&cx, arena_new(0));
    vfs_power(g.seed + (uint64_t)x->number, x->cut_at, x->in_checkpoint);
    g.w.s = store_open(&cx, g.dir, g.w.pack);
    CHECK(g.w.s != NULL);
    tune(&cx, x->normal ? "pragma synchronous=normal" : "pragma synchronous=full");
    tune(&cx, x->often ? "pragma wal_autocheckpoint=30" : "pragma wal_autocheckpoint=8000");
    for (int i = 0; i < CLIENTS; i++) {
        client_up(&clients[i], &g.w, i, g.seed * 31 + (uint64_t)x->number);
    }
    if (!x->in_turn) {
        together(clients);
    }
    for (int i = 0; x->in_turn && i < STEPS * CLIENTS && one_step(&clients[i % CLIENTS]); i++) {
    }
    _exit(0); /* not cut: the series was too short */
}

bool power_cut(const PowerCut *x)
{
    return trial(power_trial, x) == VFS_CUT;
}

int run_power(int64_t times, bool normal)
{
    int64_t cuts = 0;
    uint64_t random = g.seed * 0x9E3779B97F4A7C15ULL + 11;
    for (int64_t i = 0; i < times; i++) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        PowerCut x = {.number = i,
                      .normal = normal,
                      .often = i % 2 == 0,
                      .cut_at = 1 + (int64_t)((random >> 33) %
                                              (i % 10 == 0 ? 700 : 120))}; /* most die young: more cuts a minute */
        if (i % TRIALS_A_DATABASE == TRIALS_A_DATABASE - 1) {
            trial_renew();
        }
        cuts += power_cut(&x);
        judge();
    }
    printf("power%s: %lld cuts, %lld acknowledged writes, %lld wrong (seed %llu)\n",
           normal      ? ", synchronous=normal"
           : g.w.early ? ", acknowledged early"
                       : "",
           (long long)cuts, (long long)g.acks, (long long)g.bad, (unsigned long long)g.seed);
    return g.bad == 0 && cuts * 10 >= times * 9 ? 0 : 1;
}
