/*
 * main.c - the store on a disk that fails (`fault io`) and on one that loses its power (`fault power`).
 *
 * Every trial is a process of its own: it opens the store, clients write and say what was acknowledged, and the disk fails or the process ends in
 * the middle. Then the store is opened on a disk that works: what was acknowledged is there with the same values, journal, snapshots, public log and
 * the engine's own check are sound. Prints its counts and its seed; exit status 1 when anything was lost, wrong or half-written.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "client.h"
#include "store/tlog.h"
#include "vfs.h"

#define TRIALS_A_DATABASE 25 /* then it starts again from the first one: checking costs what was written */
#define LEAST_STEPS 14       /* of a series whose operations fail one after the other */
#define TRIAL_SECONDS 30

static struct {
    World w;
    Arena *mem;
    char dir[64];
    uint64_t seed;
    bool normal;      /* the control: commits are not synced */
    int64_t acks, bad, trials;
} g;

static void die(const char *what, const Cx *cx)
{
    (void)!fprintf(stderr, "fault: %s: %.*s\n", what, cx != NULL ? (int)cx_text(cx).n : 0, cx != NULL ? cx_text(cx).p : "");
    exit(2);
}

static void wrong(const char *what, long long which)
{
    if (++g.bad <= 20) {
        printf("  wrong in trial %lld: %s %lld\n", (long long)g.trials, what, which);
    }
}

/* ---- the folder ---- */

static const char *path(const char *name)
{
    return str_printf(g.mem, "%s/%s", g.dir, name).p;
}

static void copy_file(const char *from, const char *to)
{
    char part[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    if (in == NULL || out == NULL) {
        die("cannot copy the database", NULL);
    }
    for (size_t n; (n = fread(part, 1, sizeof part, in)) != 0;) {
        if (fwrite(part, 1, n, out) != n) {
            die("cannot copy the database", NULL);
        }
    }
    (void)!fclose(in);
    (void)!fclose(out);
}

static World first;

static void keep(void)
{
    copy_file(path("tamga.db"), path("kept"));
    first = g.w;
}

static void bring_back(void)
{
    uint64_t serial = g.w.serial;
    unlink(path("tamga.db-wal"));
    unlink(path("tamga.db-shm"));
    copy_file(path("kept"), path("tamga.db"));
    g.w = first;
    g.w.serial = serial;
}

static Actor actor(int64_t user, const char *org, const char *role)
{
    Actor a = {.user = user, .login = str_c(role), .name = S("演示"), .org = pack_org(g.w.pack, str_c(org)), .n_roles = 1, .via = S("web")};
    a.roles[0] = str_c(role);
    return a;
}

static void setup(void)
{
    Cx cx;
    Str report = S("");
    g.mem = arena_new(0);
    cx_init(&cx, g.mem);
    crypt_start();
    log_level(LOG_ERROR + 1);
    bool in_memory = access("/dev/shm", W_OK) == 0;
    (void)!snprintf(g.dir, sizeof g.dir, "%s/tamga-fault-XXXXXX", in_memory ? "/dev/shm" : P_tmpdir);
    const char *root = getenv("TAMGA_ROOT");
    if (mkdtemp(g.dir) == NULL) {
        die("no temporary folder", NULL);
    }
    g.w.pack = pack_load(&cx, g.mem, str_printf(g.mem, "%s/test/fixture/pack-two", root != NULL ? root : ".").p, &report);
    if (g.w.pack == NULL) {
        die("no pack (TAMGA_ROOT?)", &cx);
    }
    g.w.team = pack_type(g.w.pack, S("team"));
    g.w.writer = actor(1, "C1", "writer");
    g.w.head = actor(4, "P", "head");
    g.w.pipe = -1;
    g.w.s = store_open(&cx, g.dir, g.w.pack);
    if (g.w.s == NULL || !store_attach(&cx, g.w.s)) {
        die("no store", &cx);
    }
    for (int i = 0; i < CLIENTS; i++) {
        Client c;
        client_up(&c, &g.w, i, g.seed);
        for (int n = 0; n < 12; n++) {
            if (!store_attach(&c.cx, g.w.s) || !client_step(&c)) {
                die("the first writes", &c.cx);
            }
        }
        client_down(&c);
    }
    store_close(g.w.s);
    g.w.s = NULL;
    vfs_install();
    keep();
}

static int remove_one(const char *p, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(p);
}

/* ---- judging ---- */

static void check_teams(Cx *cx, Store *s)
{
    for (int c = 0; c < CLIENTS; c++) {
        for (size_t i = 0; i < g.w.n_own[c]; i++) {
            Seen *k = &g.w.own[c][i];
            Rec r;
            cx_clear(cx);
            if (!rec_get(cx, s, &g.w.head, g.w.team, k->id, &r)) {
                wrong("an acknowledged record is gone:", (long long)k->id);
                *k = g.w.own[c][--g.w.n_own[c]];
                i--;
                continue;
            }
            int64_t people = r.v[type_field(r.type, S("people"))->index].i;
            int32_t state = (int32_t)(r.state - r.type->states);
            if (r.rev < k->rev || (r.rev == k->rev && (people != k->people || state != k->state))) {
                wrong("an acknowledged change is gone:", (long long)k->id);
            } else if (r.rev > k->rev + 1) {
                wrong("more changes than were asked for:", (long long)k->id);
            }
            *k = (Seen){k->id, r.rev, people, state};
        }
    }
}

static bool has_file(Cx *cx, int64_t id)
{
    int64_t n = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from file where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    return stmt_one_int(cx, st, 0, &n) && n == 1;
}

static void check_rest(Cx *cx, Store *s)
{
    VerifyCounts counts;
    Str report = S("");
    int64_t entries = 0, faults = 0, size = 0;
    cx_clear(cx);
    for (size_t i = 0; i < g.w.n_files; i++) {
        if (!has_file(cx, g.w.files[i])) {
            wrong("an acknowledged attachment is gone:", (long long)g.w.files[i]);
        }
    }
    if (!journal_verify(cx, s, &counts, &report) || counts.faults != 0) {
        wrong("the journal is not sound, faults:", (long long)counts.faults);
        (void)!fprintf(stderr, "%.*s\n", STRF(report));
    }
    report = S("");
    if (!tlog_verify(cx, s, &entries, &faults, &report) || faults != 0 || !tlog_size(cx, s, &size)) {
        wrong("the public log is not sound, faults:", (long long)faults);
    }
    if (size < g.w.logged) {
        wrong("acknowledged entries of the public log are gone:", (long long)(g.w.logged - size));
    }
    g.w.logged = size;
    if (!db_check(cx, cx->db, &report) || report.n != 0) {
        wrong("the database is corrupt", 0);
        (void)!fprintf(stderr, "%.*s\n", STRF(report));
    }
}

static void judge(void)
{
    Cx cx;
    cx_init(&cx, arena_new(0));
    Store *s = store_open(&cx, g.dir, g.w.pack);
    if (s == NULL || !store_attach(&cx, s)) {
        wrong("the store does not open again", 0);
        store_close(s);
        bring_back();
    } else {
        check_teams(&cx, s);
        check_rest(&cx, s);
        store_close(s);
    }
    arena_free(cx.mem);
}

/* ---- one trial ---- */

typedef void TrialFn(const void *arg);

static void listen_to(int fd)
{
    Ack a;
    for (ssize_t n; (n = read(fd, &a, sizeof a)) == (ssize_t)sizeof a;) {
        if (a.kind == ACK_BAD) {
            wrong(a.what, a.client);
        } else {
            g.acks++;
            world_note(&g.w, &a);
        }
    }
}

/* Runs fn in a process of its own; its exit status. */
static int trial(TrialFn *fn, const void *arg)
{
    int fds[2], status = 0;
    g.trials++;
    if (g.trials % TRIALS_A_DATABASE == 0) {
        bring_back();
    }
    if (pipe(fds) != 0) {
        die("no pipe", NULL);
    }
    (void)!fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        alarm(TRIAL_SECONDS);
        g.w.pipe = fds[1];
        fn(arg);
        _exit(0);
    }
    close(fds[1]);
    listen_to(fds[0]);
    close(fds[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        die("no process", NULL);
    }
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != VFS_CUT)) {
        wrong("the process died by itself, status", status);
    }
    g.w.serial += 1000; /* names the child used */
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void tune(Cx *cx, const char *pragmas)
{
    CHECK(db_script(cx, g.w.s->writer, pragmas));
}

/* ---- power ---- */

typedef struct {
    int64_t number, cut_at;
} PowerArg;

static void *power_client(void *arg)
{
    Client *c = arg;
    for (int i = 0; i < 400; i++) {
        cx_clear(&c->cx);
        if (!store_attach(&c->cx, g.w.s) || !client_step(c)) {
            client_bad(c, str_printf(c->cx.mem, "refused before the power went: %s (%.*s)", err_info(c->cx.err)->api, STRF(c->cx.err_at)).p);
            break;
        }
    }
    return NULL;
}

static void power_trial(const void *arg)
{
    const PowerArg *x = arg;
    pthread_t threads[CLIENTS];
    Client clients[CLIENTS];
    Cx cx;
    cx_init(&cx, arena_new(0));
    vfs_power(g.seed + (uint64_t)x->number, x->cut_at);
    g.w.s = store_open(&cx, g.dir, g.w.pack);
    CHECK(g.w.s != NULL);
    tune(&cx, g.normal ? "pragma synchronous=normal" : "pragma synchronous=full");
    tune(&cx, x->number % 2 == 0 ? "pragma wal_autocheckpoint=30" : "pragma wal_autocheckpoint=8000");
    for (int i = 0; i < CLIENTS; i++) {
        client_up(&clients[i], &g.w, i, g.seed * 31 + (uint64_t)x->number);
        CHECK(pthread_create(&threads[i], NULL, power_client, &clients[i]) == 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
    }
    _exit(0); /* not cut: the series was too short */
}

static int run_power(int64_t times)
{
    int64_t cuts = 0;
    uint64_t random = g.seed * 0x9E3779B97F4A7C15ULL + 11;
    for (int64_t i = 0; i < times; i++) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        PowerArg x = {.number = i, .cut_at = 1 + (int64_t)((random >> 33) % (i % 10 == 0 ? 700 : 120))}; /* most die young: more cuts a minute */
        cuts += trial(power_trial, &x) == VFS_CUT;
        judge();
    }
    printf("power%s: %lld cuts, %lld acknowledged writes, %lld wrong (seed %llu)\n",
           g.normal ? ", synchronous=normal" : g.w.early ? ", acknowledged early" : "", (long long)cuts, (long long)g.acks, (long long)g.bad, (unsigned long long)g.seed);
    return g.bad == 0 && cuts * 10 >= times * 9 ? 0 : 1;
}

/* ---- failing operations ---- */

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
            client_bad(c, str_printf(c->cx.mem, "refused as %s instead of the disk's trouble", err_info(c->cx.err)->api).p);
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
            client_bad(c, str_printf(c->cx.mem, "space is back and writes are refused: %s", err_info(c->cx.err)->api).p);
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
                client_bad(&c, str_printf(c.cx.mem, "refused as %s: %.*s", err_info(c.cx.err)->api, STRF(str_sub(cx_text(&c.cx), 0, 40))).p);
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
        int status = trial(io_trial, &x);
        judge();
        if (status == VFS_CUT) {
            break;
        }
        ++*points;
    }
}

static int run_io(int64_t step)
{
    int64_t all = 0;
    for (int kind = 0; kind < VFS_KINDS; kind++) {
        for (int way = 0; way < 8; way++) {
            IoArg x = {.kind = (VfsKind)kind, .err = (way & 1) != 0 ? ENOSPC : EIO, .sticky = (way & 2) != 0,
                       .small = (way & 4) != 0, .at_open = kind == VFS_OPEN || kind == VFS_SHM || (way & 4) != 0};
            int64_t points = 0;
            if (kind != VFS_WRITE && x.err == ENOSPC) {
                continue; /* told as the same code by SQLite's own layer */
            }
            run_kind(x, kind == VFS_WRITE ? step : 1, &points);
            printf("  %-8s %-6s %-6s %s: %lld points\n", VFS_WORDS[kind], x.err == ENOSPC ? "ENOSPC" : "EIO", x.sticky ? "sticky" : "once",
                   x.small ? "small cache, while opening too" : "", (long long)points);
            all += points;
        }
    }
    printf("io: %lld points of failure, %lld acknowledged writes, %lld wrong (seed %llu)\n", (long long)all, (long long)g.acks, (long long)g.bad,
           (unsigned long long)g.seed);
    return g.bad == 0 && all > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    int64_t times = 0, seed = 1;
    if (argc < 4 || !str_int(str_c(argv[2]), &times) || !str_int(str_c(argv[3]), &seed) || times < 1) {
        (void)!fprintf(stderr, "fault power|normal|early CUTS SEED | fault io STEP SEED\n");
        return 2;
    }
    Str what = str_c(argv[1]);
    g.seed = (uint64_t)seed;
    g.normal = str_eq(what, S("normal"));
    setup();
    first.early = g.w.early = str_eq(what, S("early"));
    int status = str_eq(what, S("io")) ? run_io(times) : run_power(times);
    nftw(g.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return status;
}
