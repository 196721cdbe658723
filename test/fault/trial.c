/* trial.c - see trial.h. */
#include "trial.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "store/tlog.h"
#include "vfs.h"

#define TRIAL_SECONDS 30

Trials g;

static void die(const char *what, const Cx *cx)
{
    (void)!fprintf(stderr, "fault: %s: %.*s\n", what, cx != NULL ? (int)cx_text(cx).n : 0,
                   cx != NULL ? cx_text(cx).p : "");
    exit(2);
}

void wrong(const char *what, long long which)
{
    if (++g.bad <= 20) {
        printf("  wrong in trial %lld%s%s: %s %lld\n", (long long)g.trials, g.where[0] != '\0' ? ", " : "", g.where,
               what, which);
    }
}

/* ---- the folder ---- */

const char *trial_path(const char *name)
{
    return str_printf(g.mem, "%s/%s", g.dir, name).p;
}

void trial_copy(const char *from, const char *to)
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

void kept_take(Kept *k, const char *name)
{
    k->db = trial_path(name);
    k->log = str_printf(g.mem, "%s-wal", k->db).p;
    k->w = g.w;
    trial_copy(trial_path("tamga.db"), k->db);
    k->has_log = access(trial_path("tamga.db-wal"), F_OK) == 0;
    if (k->has_log) {
        trial_copy(trial_path("tamga.db-wal"), k->log);
    }
}

void kept_bring(const Kept *k)
{
    uint64_t serial = g.w.serial;
    unlink(trial_path("tamga.db-shm"));
    unlink(trial_path("tamga.db-wal"));
    trial_copy(k->db, trial_path("tamga.db"));
    if (k->has_log) {
        trial_copy(k->log, trial_path("tamga.db-wal"));
    }
    g.w = k->w;
    g.w.serial = serial;
}

static Kept first;

void trial_renew(void)
{
    kept_bring(&first);
}

static Actor actor(int64_t user, const char *org, const char *role)
{
    Actor a = {.user = user,
               .login = str_c(role),
               .name = S("演示"),
               .org = pack_org(g.w.pack, str_c(org)),
               .n_roles = 1,
               .via = S("web")};
    a.roles[0] = str_c(role);
    return a;
}

void trial_setup(void)
{
    Cx cx;
    Str report = S("");
    g.mem = arena_new(0);
    cx_init(&cx, g.mem);
    crypt_start();
    log_level(getenv("FAULT_LOG") != NULL ? LOG_INFO : LOG_ERROR + 1);
    bool in_memory = access("/dev/shm", W_OK) == 0;
    (void)!snprintf(g.dir, sizeof g.dir, "%s/tamga-fault-XXXXXX", in_memory ? "/dev/shm" : P_tmpdir);
    const char *root = getenv("TAMGA_ROOT");
    if (mkdtemp(g.dir) == NULL) {
        die("no temporary folder", NULL);
    }
    g.w.pack =
        pack_load(&cx, g.mem, str_printf(g.mem, "%s/test/fixture/pack-two", root != NULL ? root : ".").p, &report);
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
    kept_take(&first, "kept");
}

static int remove_one(const char *p, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(p);
}

void trial_end(void)
{
    nftw(g.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
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

/* Its row, and its bytes under their hash. */
static bool has_file(Cx *cx, int64_t id)
{
    static char bytes[4096]; /* more than the clients attach */
    uint8_t h[32];
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select sha256 from file where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    Str sha = stmt_next(cx, st) ? stmt_col_dup(cx->mem, st, 0) : S("");
    FILE *f = stmt_end(st) && sha.n != 0
                  ? fopen(str_printf(cx->mem, "%s/files/%.2s/%.*s", g.dir, sha.p, STRF(sha)).p, "rb")
                  : NULL;
    if (f == NULL) {
        return false;
    }
    size_t n = fread(bytes, 1, sizeof bytes, f);
    (void)!fclose(f);
    sha256(bytes, n, h);
    return str_eq(hex(cx->mem, h, sizeof h), sha);
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

void judge(void)
{
    Cx cx;
    cx_init(&cx, arena_new(0));
    Store *s = store_open(&cx, g.dir, g.w.pack);
    if (s == NULL || !store_attach(&cx, s)) {
        wrong("the store does not open again", 0);
        store_close(s);
        trial_renew();
    } else {
        check_teams(&cx, s);
        check_rest(&cx, s);
        store_close(s);
    }
    arena_free(cx.mem);
}

/* ---- one trial ---- */

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

int trial(TrialFn *fn, const void *arg)
{
    int fds[2], status = 0;
    g.trials++;
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

void tune(Cx *cx, const char *pragmas)
{
    CHECK(db_script(cx, g.w.s->writer, pragmas));
}
