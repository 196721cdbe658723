/* io.c - see io.h. */
#include "io.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "trial.h"
#include "vfs.h"

#define READS_STEP  5  /* of the reads, which are many and alike, fewer fail */
#define LEAST_STEPS 14 /* of a series whose operations fail one after the other */

typedef struct {
    VfsKind kind;
    int64_t nth;
    int err;
    bool sticky, small, at_open; /* small: a cache of 12 pages, so that writes happen in the middle of transactions */
} IoArg;

static bool fits(const IoArg *x, ErrCode err)
{
    if (x->kind == VFS_WRITE) {
        return x->err == ENOSPC ? err == E_FULL : err == E_IO;
    }
    return err == E_IO || err == E_FULL || err == E_DB || err == E_BUSY;
}

/* While the disk is full or broken for good: nothing is acknowledged, what is there can be read. */
static void while_it_fails(Client *c, const IoArg *x)
{
    Seen made;
    Rec r;
    for (int i = 0; i < 3; i++) {
        cx_clear(&c->cx);
        if (!client_new(c, &made) && !fits(x, c->cx.err)) {
            client_bad(
                c, str_printf(c->cx.mem, "refused as %s instead of the disk's trouble", err_info(c->cx.err)->api).p);
        }
    }
    cx_clear(&c->cx);
    if (x->kind == VFS_WRITE && !rec_get(&c->cx, g.w.s, &g.w.head, g.w.team, g.w.own[0][0].id, &r)) {
        client_bad(c, str_printf(c->cx.mem, "nothing can be read while writes fail: %s", err_info(c->cx.err)->api).p);
    }
}

/* After it: the store writes again by itself, unless a sync failed (then it must not, before it is opened anew). */
static void afterwards(Client *c, const IoArg *x)
{
    Seen made;
    vfs_heal();
    for (int i = 0; i < 3; i++) {
        cx_clear(&c->cx);
        if (!client_new(c, &made) && x->kind != VFS_SYNC) {
            client_bad(c,
                       str_printf(c->cx.mem, "space is back and writes are refused: %s", err_info(c->cx.err)->api).p);
        }
    }
}

static void io_trial(const void *arg)
{
    const IoArg *x = arg;
    Client c;
    client_up(&c, &g.w, 0, g.seed);
    if (x->at_open) {
        vfs_fault(x->kind, x->nth, x->err, x->sticky);
    }
    g.w.s = store_open(&c.cx, g.dir, g.w.pack);
    if (g.w.s == NULL) {
        _exit(x->at_open && vfs_hit() ? 0 : 3);
    }
    tune(&c.cx, x->small ? "pragma wal_autocheckpoint=15; pragma cache_size=12" : "pragma wal_autocheckpoint=15");
    if (!x->at_open) {
        vfs_fault(x->kind, x->nth, x->err, x->sticky);
    }
    for (int i = 0; i < LEAST_STEPS; i++) {
        cx_clear(&c.cx);
        if (!store_attach(&c.cx, g.w.s)) {
            continue; /* a reading connection could not be opened */
        }
        if (!client_step(&c)) {
            if (!fits(x, c.cx.err)) {
                client_bad(&c, str_printf(c.cx.mem, "refused as %s: %.*s", err_info(c.cx.err)->api,
                                          STRF(str_sub(cx_text(&c.cx), 0, 40)))
                                   .p);
            }
        }
    }
    bool hit = vfs_hit();
    cx_clear(&c.cx);
    if (store_attach(&c.cx, g.w.s)) {
        if (hit && x->sticky) {
            while_it_fails(&c, x);
        }
        vfs_heal();
        if (hit) {
            afterwards(&c, x);
        }
    }
    store_close(g.w.s);
    _exit(hit ? 0 : VFS_CUT); /* VFS_CUT: beyond the last operation of the series */
}

static void run_kind(IoArg x, int64_t step, int64_t *points)
{
    for (x.nth = 1; x.nth < 5000; x.nth += step) {
        if (g.trials % TRIALS_A_DATABASE == TRIALS_A_DATABASE - 1) {
            trial_renew();
        }
        int status = trial(io_trial, &x);
        judge();
        if (status == VFS_CUT) {
            break;
        }
        ++*points;
    }
}

int run_io(int64_t step)
{
    int64_t all = 0;
    for (int kind = 0; kind < VFS_KINDS; kind++) {
        for (int way = 0; way < 8; way++) {
            IoArg x = {.kind = (VfsKind)kind,
                       .err = (way & 1) != 0 ? ENOSPC : EIO,
                       .sticky = (way & 2) != 0,
                       .small = (way & 4) != 0,
                       .at_open = kind == VFS_OPEN || kind == VFS_SHM || (way & 4) != 0};
            int64_t points = 0;
            if (kind != VFS_WRITE && x.err == ENOSPC) {
                continue; /* told as the same code by SQLite's own layer */
            }
            run_kind(x, kind == VFS_WRITE ? step : kind == VFS_READ ? READS_STEP * step : 1, &points);
            printf("  %-8s %-6s %-6s %s: %lld points\n", VFS_WORDS[kind], x.err == ENOSPC ? "ENOSPC" : "EIO",
                   x.sticky ? "sticky" : "once", x.small ? "small cache, while opening too" : "", (long long)points);
            all += points;
        }
    }
    printf("io: %lld points of failure, %lld acknowledged writes, %lld wrong (seed %llu)\n", (long long)all,
           (long long)g.acks, (long long)g.bad, (unsigned long long)g.seed);
    return g.bad == 0 && all > 0 ? 0 : 1;
}
