/*
 * cmd_backup.c - a backup while others write, proved by restoring it; and restoring.
 *
 * SQLite is copied page by page from one instant; what stands on PostgreSQL is copied row by row into a SQLite file, so that a backup
 * is the same kind of file wherever the records are, and can be restored without a server.
 */
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "db/db.h"
#include "fmt/archive.h"
#include "store/file.h"
#include "store/journal.h"
#include "store/move.h"
#include "store/sealing.h"
#include "store/tlog.h"

static void pages_done(void *ctx, int done, int total)
{
    (void)ctx;
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r备份 %d / %d 页", done, total);
    }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool check_file(Cx *cx, const char *dir)
{
    Str report = S("");
    Db *db = db_open(cx, str_printf(cx->mem, "sqlite:%s/tamga.db", dir).p, DB_READ);
    bool ok = db != NULL && db_check(cx, db, &report);
    db_close(db);
    return ok && (report.n == 0 || fail(cx, E_DATA, "备份里的数据库已损坏：%.*s", STRF(report)));
}

/* A key that is kept outside the folder is not in its backups: the proof finds it where the service does. */
static bool lend_key(Cx *cx, const char *data, const char *proof)
{
    bool outside;
    const char *key = keys_path(cx, data, &outside);
    return key != NULL && (!outside || file_write_new(cx, str_printf(cx->mem, "%s/key_file", proof).p, str_c(key), "无法写入核对用的文件夹"));
}

/* Restored into a folder beside it, read by the engine, the journal and the public log recomputed: as a restore would find it. */
static bool prove(Cx *cx, const Pack *p, const char *data, const char *file, VerifyCounts *n, int64_t *log)
{
    const char *dir = str_printf(cx->mem, "%s.proof", file).p;
    Str report = S("");
    int64_t faults = 0;
    remove_tree(dir); /* of one that was interrupted */
    bool ok = archive_read(cx, file, dir) && lend_key(cx, data, dir) && check_file(cx, dir);
    Store *s = ok ? store_open(cx, dir, p) : NULL;
    ok = s != NULL && store_attach(cx, s) && journal_verify(cx, s, n, &report) && tlog_verify(cx, s, log, &faults, &report);
    cx->db = NULL;
    store_close(s);
    remove_tree(dir);
    return ok && (n->faults + faults == 0 || fail(cx, E_DATA, "恢复出来的数据核对不通过：\n%.*s", STRF(report)));
}

/* The copy is read again at once and removed after: it need not reach the disk. */
static bool copy_database(Cx *cx, const Pack *p, const char *url, const char *copy)
{
    static const char *const TAILS[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < ARRAY_LEN(TAILS); i++) { /* of a backup that was interrupted */
        unlink(str_printf(cx->mem, "%s%s", copy, TAILS[i]).p);
    }
    if (!str_starts(str_c(url), S("sqlite:"))) {
        return store_copy_file(cx, p, url, copy, NULL, NULL);
    }
    Db *db = db_open(cx, url, DB_READ);
    bool ok = db != NULL && db_backup(cx, db, copy, pages_done, NULL);
    db_close(db);
    return ok;
}

/* What archive_write puts in, and archive_read brings back. */
static bool has_key(Cx *cx, const char *dir)
{
    return access(str_printf(cx->mem, "%s/master.key", dir).p, F_OK) == 0;
}

bool cmd_backup(Cx *cx, const Options *o)
{
    if (o->n_words != 1 || o->data == NULL) {
        return fail(cx, E_USAGE, "请指定数据文件夹和备份文件");
    }
    const char *out = o->words[0];
    const char *copy = str_printf(cx->mem, "%s.db-part", out).p;
    if (access(out, F_OK) == 0) {
        return fail(cx, E_CONFLICT, "%s 已经存在，没有改动", out);
    }
    if (!app_has_data(cx, o)) {
        return fail(cx, E_NOT_FOUND, "%s 不是数据文件夹", o->data);
    }
    const char *url = store_database(cx, o->data);
    const Pack *p = url != NULL ? app_pack(cx, o) : NULL;
    int64_t start = clock_mono_ms(), log = 0;
    VerifyCounts n = {0};
    bool ok = p != NULL && copy_database(cx, p, url, copy) && archive_write(cx, o->data, copy, out);
    unlink(copy);
    if (!ok) {
        return false;
    }
    int64_t done = clock_mono_ms();
    printf("已备份到 %s（%s；%lld ms）\n", out, has_key(cx, o->data) ? "内含密钥，请妥善保管" : "不含主密钥，它另有存放，请另行备份", (long long)(done - start));
    if (o->no_verify) {
        return true;
    }
    fflush(stdout);
    if (!prove(cx, p, o->data, out, &n, &log)) {
        (void)rename(out, str_printf(cx->mem, "%s.bad", out).p);
        return false;
    }
    printf("已恢复出来核对：数据库完好，操作记录 %lld 条、数据 %lld 条、公开日志 %lld 条全部相符（%lld ms）\n", (long long)n.events, (long long)n.records,
           (long long)log, (long long)(clock_mono_ms() - done));
    return true;
}

bool cmd_restore(Cx *cx, const Options *o)
{
    if (o->n_words != 1 || o->data == NULL) {
        return fail(cx, E_USAGE, "请指定数据文件夹和备份文件");
    }
    if (access(o->data, F_OK) == 0) {
        return fail(cx, E_CONFLICT, "%s 已经存在；请恢复到一个新的文件夹", o->data);
    }
    if (!archive_read(cx, o->words[0], o->data)) {
        remove_tree(o->data); /* it was not there before */
        return false;
    }
    bool ok = check_file(cx, o->data);
    if (ok) {
        if (!has_key(cx, o->data)) {
            printf("备份里没有主密钥（它另有存放）：请先放到 %s/master.key，或者在 %s/key_file 里写明它在哪里\n", o->data, o->data);
        }
        printf("已恢复到 %s；可用 tamga verify --data %s 核对\n", o->data, o->data);
    }
    return ok;
}
