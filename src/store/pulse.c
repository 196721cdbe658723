/*
 * pulse.c - see pulse.h. The writer notes into atomics; whoever asks reads them.
 */
#include "store/pulse.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/internal.h"

#define BALLAST_BYTES ((int64_t)64 << 20)
#define LOOK_MS       500  /* the disk is looked at this often at most */
#define REST_MS       5000 /* a full database elsewhere is left alone for so long */

const int64_t PULSE_COMMIT_MS[PULSE_BUCKETS] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, INT64_MAX};
const int64_t PULSE_GROUP[PULSE_BUCKETS] = {1, 2, 4, 8, 16, 32, 64, 128, 256, INT64_MAX, INT64_MAX, INT64_MAX};

static void note(_Atomic int64_t *buckets, const int64_t *bounds, int64_t v)
{
    size_t i = 0;
    while (v > bounds[i]) {
        i++;
    }
    atomic_fetch_add(&buckets[i], 1);
}

void pulse_begin(Store *s)
{
    atomic_store(&s->pulse.since_ms, clock_mono_ms());
}

void pulse_end(Store *s, int64_t writes, int64_t failed, int64_t commit_us)
{
    Pulse *p = &s->pulse;
    atomic_store(&p->since_ms, 0);
    atomic_fetch_add(&p->groups, 1);
    atomic_fetch_add(&p->writes, writes);
    atomic_fetch_add(&p->failed, failed);
    note(p->group, PULSE_GROUP, writes);
    if (commit_us >= 0) {
        atomic_fetch_add(&p->commit_us, commit_us);
        note(p->commit_ms, PULSE_COMMIT_MS, commit_us / 1000);
    }
}

/* ---- space ---- */

static const char *ballast_path(const Store *s, char out[4200])
{
    snprintf(out, 4200, "%s/ballast", s->dir);
    return out;
}

static int64_t disk(const Store *s, int64_t *ret_total)
{
    struct statvfs v;
    if (statvfs(s->dir, &v) != 0) {
        *ret_total = 0;
        return -1;
    }
    *ret_total = (int64_t)v.f_blocks * (int64_t)v.f_frsize;
    return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}

static bool lay_ballast(Store *s, int64_t bytes)
{
    char path[4200];
    int fd = open(ballast_path(s, path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && posix_fallocate(fd, 0, bytes) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (!ok) {
        unlink(path);
    }
    return ok;
}

/* One of an earlier run counts as it lies: a start must not ask for its room a second time. */
static bool ballast_lies(const Store *s, int64_t bytes)
{
    char path[4200];
    struct stat st;
    return stat(ballast_path(s, path), &st) == 0 && (int64_t)st.st_blocks * 512 >= bytes;
}

static void drop_ballast(Store *s)
{
    char path[4200];
    if (unlink(ballast_path(s, path)) == 0) {
        log_warn("the disk is full: the ballast was given up, the service only shows until there is room again");
    }
    atomic_store(&s->space.ballast, false);
}

/* With space.lock held. */
static void look(Store *s)
{
    Space *p = &s->space;
    int64_t total, left = disk(s, &total), size = MIN(BALLAST_BYTES, total / 16), floor = size / 2;
    if (left < 0) {
        return;
    }
    atomic_store(&p->free_bytes, left);
    if (!p->watch) {
        return;
    }
    if (!atomic_load(&p->ballast) && (left >= size + 2 * floor || ballast_lies(s, size))) {
        atomic_store(&p->ballast, lay_ballast(s, size));
    }
    bool low = !atomic_load(&p->ballast) || left < floor;
    if (low != atomic_load(&p->low)) {
        log_warn("disk space: %s, %lld MiB free", low ? "low, the service only shows" : "enough again", (long long)(left >> 20));
    }
    atomic_store(&p->low, low);
}

bool store_space_low(Store *s)
{
    Space *p = &s->space;
    int64_t now = clock_mono_ms();
    if (now - atomic_load(&p->looked_ms) >= LOOK_MS && pthread_mutex_trylock(&p->lock) == 0) {
        atomic_store(&p->looked_ms, now);
        look(s);
        pthread_mutex_unlock(&p->lock);
    }
    return atomic_load(&p->low) || now < atomic_load(&p->rest_until_ms);
}

void store_space_full(Store *s)
{
    Space *p = &s->space;
    pthread_mutex_lock(&p->lock);
    if (p->watch && s->is_file) {
        drop_ballast(s);
        atomic_store(&p->low, true);
    } else if (p->watch) {
        atomic_store(&p->rest_until_ms, clock_mono_ms() + REST_MS);
    }
    pthread_mutex_unlock(&p->lock);
}

void store_space_watch(Store *s)
{
    pthread_mutex_lock(&s->space.lock);
    s->space.watch = true;
    look(s);
    pthread_mutex_unlock(&s->space.lock);
}

/* ---- the whole ---- */

static int64_t file_bytes(const Store *s, const char *name)
{
    char path[4200];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

void store_pulse(Store *s, StorePulse *ret)
{
    Pulse *p = &s->pulse;
    *ret = (StorePulse){.groups = atomic_load(&p->groups), .writes = atomic_load(&p->writes), .failed = atomic_load(&p->failed),
                        .commit_us = atomic_load(&p->commit_us)};
    for (size_t i = 0; i < PULSE_BUCKETS; i++) {
        ret->commit_ms[i] = atomic_load(&p->commit_ms[i]);
        ret->group[i] = atomic_load(&p->group[i]);
    }
    int64_t since = atomic_load(&p->since_ms);
    ret->busy_ms = since != 0 ? MAX(1, clock_mono_ms() - since) : 0;
    ret->waiting = atomic_load(&p->waiting);
    ret->low = store_space_low(s);
    int64_t total;
    ret->free_bytes = disk(s, &total);
    ret->database_bytes = s->is_file ? file_bytes(s, "tamga.db") : -1;
    ret->wal_bytes = s->is_file ? file_bytes(s, "tamga.db-wal") : -1;
}

static bool counts(Cx *cx, Stmt *st, const char *what, StoreCountFn *fn, void *ctx)
{
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        (void)fn(ctx, str_c(what), stmt_col_text(st, 0), stmt_col_int(st, 1));
    }
    return stmt_end(st);
}

bool store_counts(Cx *cx, StoreCountFn *fn, void *ctx)
{
    int64_t journal;
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S("select sum(seq) from journal_head"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &journal)) {
        return false;
    }
    (void)fn(ctx, S("journal"), S(""), journal);
    return counts(cx, db_stmt(cx, cx->db, SQL_ROLLUP, S("select state, count(*) from job group by state")), "job", fn, ctx) &&
           counts(cx, db_stmt(cx, cx->db, SQL_ROLLUP, S("select state, count(*) from outbox where state <> 'sent' group by state")), "outbox", fn, ctx);
}
