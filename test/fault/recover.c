/*
 * recover.c - see recover.h.
 *
 * A clean recovery of each disk tells what is there: nothing of it may be missing after another one, acknowledged or
 * not. Then the n-th operation of the recovery (opening, reading everything, a write) or of the checkpoint that folds
 * the log into the database (closing) fails, or the power is cut there, from the same disk again each time.
 */
#include "recover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "power.h"
#include "trial.h"
#include "vfs.h"

#define MOST_OPERATIONS 100000

typedef struct {
    VfsKind kind;
    int64_t nth; /* 0: nothing fails */
    int err;
    bool sticky;
    bool closing;   /* strikes in the checkpoint of the end; else from the opening on */
    bool again;     /* who could not open tries again in the same process */
    bool cut_after; /* the power goes at the end of it: what was not synced is lost after all */
    int64_t cut_at; /* 0: it does not go in the middle */
    uint64_t seed;
} Recovery;

/* What a trial saw, beside its acknowledgements; shared with it. */
typedef struct {
    int64_t opening[VFS_KINDS], closing[VFS_KINDS];
    bool refused, opened, hit; /* refused: the first opening; opened: that one or the next */
} Report;

typedef struct {
    int64_t disks, points, failed, cuts, most; /* failed: openings that were refused */
    uint64_t random;
    bool forget;
} Run;

static Report *report;

static int64_t dice(Run *r, int64_t n)
{
    r->random = r->random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int64_t)((r->random >> 33) % (uint64_t)n);
}

/* ---- one recovery, in a process of its own ---- */

/* The disk's trouble, told as such. What the disk does not give looks to SQLite as if it were damaged; that has a text
 * of its own too. */
static bool fits(const Recovery *x, const Cx *cx)
{
    bool unread = x->kind == VFS_READ && cx->err == E_DB && !str_eq(cx_text(cx), str_c(err_info(E_DB)->text));
    return cx->err == E_IO || (x->err == ENOSPC && cx->err == E_FULL) || unread;
}

static void bad_error(Client *c, const char *when)
{
    client_bad(c, str_printf(c->cx.mem, "%s: %s (%.*s)", when, err_info(c->cx.err)->api, STRF(c->cx.err_at)).p);
}

/* Everything that was there, as it was. While the disk fails a reading may be refused, but not answered otherwise. */
static void read_all(Client *c, const Recovery *x, bool may_fail)
{
    for (int k = 0; k < CLIENTS; k++) {
        for (size_t i = 0; i < g.w.n_own[k]; i++) {
            const Seen *t = &g.w.own[k][i];
            Rec r;
            cx_clear(&c->cx);
            if (!store_attach(&c->cx, g.w.s) || !rec_get(&c->cx, g.w.s, &g.w.head, g.w.team, t->id, &r)) {
                if (!may_fail || !fits(x, &c->cx)) {
                    bad_error(c, "opened, but a record cannot be read");
                    return;
                }
            } else if (r.rev != t->rev || r.v[type_field(r.type, S("people"))->index].i != t->people ||
                       (int32_t)(r.state - r.type->states) != t->state) {
                client_bad(c, "opened, but serves something else than was there");
                return;
            }
        }
    }
}

static void write_one(Client *c, const Recovery *x)
{
    Seen made;
    cx_clear(&c->cx);
    if (!client_new(c, &made) &&
        !(x->kind == VFS_SYNC && report->hit &&
          c->cx.err == E_IO)) { /* after a failed sync nothing is written until it is opened anew */
        bad_error(c, "recovered, but writing is refused");
    }
}

static bool open_it(Client *c, const Recovery *x)
{
    g.w.s = store_open(&c->cx, g.dir, g.w.pack);
    report->hit = vfs_hit();
    if (g.w.s != NULL) {
        return true;
    }
    report->refused = true;
    if (!report->hit || !fits(x, &c->cx) || cx_text(&c->cx).n == 0) {
        bad_error(c, "the opening was refused with");
    }
    if (x->again) {
        vfs_heal();
        cx_clear(&c->cx);
        g.w.s = store_open(&c->cx, g.dir, g.w.pack);
        if (g.w.s == NULL) {
            bad_error(c, "the disk works again, the same process cannot open");
        }
    }
    return g.w.s != NULL;
}

static void count(int64_t *to)
{
    for (int i = 0; i < VFS_KINDS; i++) {
        to[i] = vfs_count((VfsKind)i);
    }
}

static void recovery(const void *arg)
{
    const Recovery *x = arg;
    Client c;
    client_up(&c, &g.w, 0, x->seed);
    if (x->cut_at != 0 || x->cut_after) {
        vfs_power(x->seed, x->cut_at, false);
    }
    if (x->nth != 0 && !x->closing) {
        vfs_fault(x->kind, x->nth, x->err, x->sticky);
    } else {
        vfs_watch();
    }
    bool first = true;
    report->opened = open_it(&c, x);
    if (report->opened) {
        read_all(&c, x, report->hit || (x->nth != 0 && !x->closing));
        report->hit = vfs_hit();
        vfs_heal();
        first = !report->hit;
        read_all(&c, x, false);
        write_one(&c, x);
        count(report->opening);
        if (x->nth != 0 && x->closing) {
            vfs_fault(x->kind, x->nth, x->err, x->sticky);
        } else if (first) {
            vfs_watch();
        }
        store_close(g.w.s);
        count(report->closing);
        report->hit = report->hit || vfs_hit();
    }
    if (x->cut_after) {
        vfs_cut();
    }
    _exit(0);
}

/* ---- from one disk ---- */

static void play(Run *r, const Kept *disk, const Recovery *x)
{
    kept_bring(disk);
    *report = (Report){0};
    (void)!snprintf(g.where, sizeof g.where, "disk %lld: %s %lld %s%s%s%s%s, cut at %lld", (long long)r->disks,
                    VFS_WORDS[x->kind], (long long)x->nth, x->err == ENOSPC ? "ENOSPC" : "EIO",
                    x->sticky ? " for good" : "", x->closing ? " closing" : " opening", x->again ? ", again" : "",
                    x->cut_after ? ", power cut after it" : "", (long long)x->cut_at);
    int status = trial(recovery, x);
    r->cuts += status == VFS_CUT;
    if (x->cut_at != 0 && status == VFS_CUT && x->again) { /* and once more, before anybody looks */
        Recovery more = *x;
        more.cut_at = 1 + dice(r, x->cut_at);
        more.seed += 7;
        r->cuts += trial(recovery, &more) == VFS_CUT;
    }
    r->failed += report->refused;
    if (r->forget && !report->opened) {
        unlink(trial_path("tamga.db-wal"));
    }
    judge();
}

/* The next point: each one, or a few spread over all. 0: no more. */
static int64_t next_point(Run *r, int64_t total, int64_t i)
{
    if (r->most == 0 || total <= r->most) {
        return i + 1;
    }
    return i < r->most ? 1 + (i * total + dice(r, total)) / r->most : 0;
}

static void run_faults(Run *r, const Kept *disk, Recovery x, int64_t total)
{
    for (int64_t i = 0; i < MOST_OPERATIONS && (x.nth = next_point(r, total, i)) != 0; i++) {
        x.again = dice(r, 2) == 0;
        x.cut_after = dice(r, 3) == 0;
        x.seed = g.seed * 1000 + (uint64_t)dice(r, 1000000);
        play(r, disk, &x);
        if (!report->hit) {
            break; /* beyond the last operation of its kind */
        }
        r->points++;
    }
}

static void run_cuts(Run *r, const Kept *disk)
{
    int64_t before = r->cuts;
    Recovery x = {.kind = VFS_WRITE, .err = EIO};
    for (x.cut_at = 1; x.cut_at < MOST_OPERATIONS; x.cut_at += r->most == 0 ? 1 : 1 + dice(r, 60 / r->most + 1)) {
        int64_t n = r->cuts;
        x.again = dice(r, 2) == 0;
        x.seed = g.seed * 1000 + (uint64_t)dice(r, 1000000);
        play(r, disk, &x);
        if (r->cuts == n) {
            break; /* it went through */
        }
    }
    if (r->cuts == before) {
        wrong("no second cut struck, disk", (long long)r->disks);
    }
}

static void run_disk(Run *r, const Kept *disk, const Report *usual)
{
    for (int way = 0; way < VFS_KINDS * 8; way++) {
        Recovery x = {.kind = (VfsKind)(way / 8),
                      .err = (way & 1) != 0 ? ENOSPC : EIO,
                      .sticky = (way & 2) != 0,
                      .closing = (way & 4) != 0};
        if (x.kind != VFS_WRITE && x.err == ENOSPC) {
            continue; /* told as the same code by SQLite's own layer */
        }
        run_faults(r, disk, x, x.closing ? usual->closing[x.kind] : usual->opening[x.kind]);
    }
    run_cuts(r, disk);
}

/* A disk of one of four shapes: checkpoints often, hardly ever, cut in the middle of one, a long log. False: the power
 * did not go. */
static bool make_disk(Run *r, Kept *disk)
{
    int64_t shape = r->disks % 4;
    PowerCut cut = {
        .number = r->disks, .in_turn = true, .often = shape == 0 || shape == 2, .in_checkpoint = shape == 2};
    cut.cut_at = 1 + (shape == 0   ? 60 + dice(r, 200)
                      : shape == 1 ? 30 + dice(r, 90)
                      : shape == 2 ? dice(r, 50)
                                   : 200 + dice(r, 500));
    trial_renew();
    g.where[0] = '\0';
    if (!power_cut(&cut)) {
        return false;
    }
    kept_take(disk, "cut");
    return true;
}

int run_recover(int64_t disks, bool forget)
{
    const char *most = getenv("RECOVER_POINTS");
    Run r = {.random = g.seed * 0x9E3779B97F4A7C15ULL + 13, .most = 3, .forget = forget};
    int64_t cut = 0;
    if (most != NULL && (!str_int(str_c(most), &r.most) || r.most < 0)) {
        return 2;
    }
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(report != MAP_FAILED);
    for (r.disks = 0; r.disks < disks; r.disks++) {
        Kept disk;
        if (!make_disk(&r, &disk)) {
            continue;
        }
        cut++;
        judge();
        disk.w = g.w; /* all that a clean recovery finds */
        kept_bring(&disk);
        *report = (Report){0};
        trial(recovery, &(Recovery){.seed = g.seed});
        Report usual = *report;
        run_disk(&r, &disk, &usual);
    }
    munmap(report, sizeof *report);
    printf("recover%s: %lld disks, %lld points of failure (%lld openings refused), %lld second cuts, %lld acknowledged "
           "writes, %lld wrong (seed %llu)\n",
           forget ? ", logs removed" : "", (long long)cut, (long long)r.points, (long long)r.failed, (long long)r.cuts,
           (long long)g.acks, (long long)g.bad, (unsigned long long)g.seed);
    return g.bad == 0 && cut * 10 >= disks * 9 && r.points > 0 && r.failed > 0 && r.cuts > 0 ? 0 : 1;
}
