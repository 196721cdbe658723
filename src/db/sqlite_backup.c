/*
 * sqlite_backup.c - a copy of the whole database while others write.
 *
 * The source is read inside one read transaction, so the copy is of one instant and a writer's commit does not make the
 * engine begin again. A short sleep after each MiB leaves the disk to others.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "db/sqlite_impl.h"

#define STEP_PAGES 256
#define YIELD_NS 1000000L

static bool copy(Cx *cx, SqliteConn *c, SqliteConn *to, void (*progress)(void *ctx, int done, int total), void *ctx)
{
    unsigned interrupts = atomic_load(&c->interrupts);
    sqlite3_backup *b = sqlite3_backup_init(to->h, "main", c->h, "main");
    if (b == NULL) {
        return sqlite_fail(cx, to, sqlite3_extended_errcode(to->h), "backup");
    }
    int rc;
    while ((rc = sqlite3_backup_step(b, STEP_PAGES)) == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
        int total = sqlite3_backup_pagecount(b);
        if (progress != NULL) {
            progress(ctx, total - sqlite3_backup_remaining(b), total);
        }
        if (atomic_load(&c->interrupts) != interrupts) {
            sqlite3_backup_finish(b);
            return fail(cx, E_CANCELLED, "%s", err_info(E_CANCELLED)->text);
        }
        nanosleep(&(struct timespec){.tv_nsec = YIELD_NS}, NULL);
    }
    int total = sqlite3_backup_pagecount(b);
    int end = sqlite3_backup_finish(b);
    if (rc != SQLITE_DONE || end != SQLITE_OK) {
        return sqlite_fail(cx, to, rc != SQLITE_DONE ? rc : end, "backup");
    }
    if (progress != NULL) {
        progress(ctx, total, total);
    }
    return true;
}

static bool copy_to_file(Cx *cx, SqliteConn *c, const char *to_path, void (*progress)(void *ctx, int done, int total),
                         void *ctx)
{
    SqliteConn to = {0};
    int rc = sqlite3_open_v2(to_path, &to.h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    bool ok = rc == SQLITE_OK || sqlite_fail(cx, &to, rc, "backup: open");
    if (ok) {
        sqlite3_extended_result_codes(to.h, 1);
        /* A copy that was cut off is thrown away: no journal, and one fsync at the end instead of the pager's. */
        sqlite3_exec(to.h, "pragma journal_mode=off; pragma synchronous=off; pragma locking_mode=exclusive", NULL, NULL, NULL);
        ok = copy(cx, c, &to, progress, ctx);
    }
    /* One file without a -wal beside it: it can be read from a read-only place. */
    if (ok && (rc = sqlite3_exec(to.h, "pragma journal_mode=delete", NULL, NULL, NULL)) != SQLITE_OK) {
        ok = sqlite_fail(cx, &to, rc, "backup: journal_mode");
    }
    sqlite3_close(to.h);
    return ok;
}

bool sqlite_backup_to(Cx *cx, DriverConn *conn, const char *to_path, void (*progress)(void *ctx, int done, int total),
                      void *ctx)
{
    SqliteConn *c = (SqliteConn *)(void *)conn;
    int fd = open(to_path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        int why = errno;
        log_warn("backup: cannot make the file: errno %d", why);
        return fail(cx, E_IO, why == EEXIST ? "备份文件已存在，请换一个文件名" : "不能在此处建立备份文件");
    }
    close(fd);
    int rc = sqlite3_exec(c->h, "begin; select 1 from sqlite_schema limit 1", NULL, NULL, NULL);
    bool ok = rc == SQLITE_OK || sqlite_fail(cx, c, rc, "backup: begin");
    ok = ok && copy_to_file(cx, c, to_path, progress, ctx);
    if (!sqlite3_get_autocommit(c->h)) {
        sqlite3_exec(c->h, "rollback", NULL, NULL, NULL);
    }
    if (!ok) {
        unlink(to_path);
    }
    return ok;
}
