/*
 * upgrade.c - from the tables of an earlier Tamga to today's, once, at the first start of a newer program.
 *
 * The number of the schema stands in `meta`. A database with a lower one is first copied beside itself (SQLite), then changed in one
 * transaction, checked, and only then committed: cut off at any point, it is either as it was or done. One with a higher number is refused,
 * because what a newer program wrote this one would not understand. Tables and columns that merely came to be are made by schema_apply at
 * every start and need no number; a number is for what rows must be changed for, and for what an older program must not open any more.
 */
#include "store/upgrade_int.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"

/* What changes rows or what is there, by the number it leads to; schema_apply, which comes after, makes what is missing. NULL: that is all. */
typedef bool StepFn(Cx *cx, Db *db);
static StepFn *const STEPS[SCHEMA_NUMBER + 1] = {
    [2] = NULL, /* records have a form revision (column with a default) */
    [3] = NULL, /* the number itself */
    [4] = db_drop_indexes, /* closed periods: an older program would write into them; and indexes hold more columns, so that counting reads nothing else */
};

#define ROOM_LEFT ((int64_t)16 << 20)

bool schema_number(Cx *cx, Db *db, int64_t *ret)
{
    Str *names;
    size_t n;
    *ret = 0;
    if (!db_columns(cx, db, cx->mem, S("meta"), &names, &n) || n == 0) {
        return cx->err == E_OK;
    }
    Stmt *st = db_stmt(cx, db, SQL_ADMIN, S("select value from meta where key = 'schema'"));
    if (st == NULL) {
        return false;
    }
    *ret = 1; /* made before there was a number */
    bool ok = true;
    if (stmt_next(cx, st)) {
        ok = str_int(stmt_col_text(st, 0), ret) && *ret >= 1;
    }
    return stmt_end(st) && (ok || fail(cx, E_DATA, "数据库里记的结构编号不是数字"));
}

static bool known(Cx *cx, int64_t number)
{
    return number <= SCHEMA_NUMBER || fail(cx, E_DATA, "这些数据由更新版本的 tamga 使用过（结构编号 %lld，本程序认识到 %d）。请换用新版本的程序，或恢复升级前的备份；数据没有改动",
                                           (long long)number, SCHEMA_NUMBER);
}

bool schema_is_present(Cx *cx, Db *db)
{
    int64_t number;
    return schema_number(cx, db, &number) && known(cx, number) &&
           (number == SCHEMA_NUMBER || fail(cx, E_CONFLICT, "这些数据来自较早的版本，请先用 tamga verify 打开一次完成升级"));
}

static bool room_for_copy(Cx *cx, const char *dir, const char *path)
{
    struct stat st, wal;
    struct statvfs fs;
    if (stat(path, &st) != 0 || statvfs(dir, &fs) != 0) {
        return fail(cx, E_IO, "无法读取 %s", path);
    }
    int64_t size = st.st_size + (stat(str_printf(cx->mem, "%s-wal", path).p, &wal) == 0 ? wal.st_size : 0);
    int64_t need = 2 * size + ROOM_LEFT, room = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize; /* the copy, and what the change itself writes */
    return room >= need || fail(cx, E_FULL, "升级前要留一份副本：需要 %lld MB 空间，只有 %lld MB。数据没有改动", (long long)(need >> 20), (long long)(room >> 20));
}

/* The database as it was, durable under its name before anything changes. */
static bool keep_copy(Cx *cx, Store *s, int64_t number)
{
    const char *path = str_printf(cx->mem, "%s/tamga.db", s->dir).p;
    const char *copy = str_printf(cx->mem, "%s.before-%d", path, SCHEMA_NUMBER).p, *part = str_printf(cx->mem, "%s.part", copy).p;
    if (!db_is_file(s->writer)) {
        log_warn("store: schema %lld on a server: no copy is kept here, the change is one transaction", (long long)number);
        return true;
    }
    unlink(part); /* of an upgrade that was cut off */
    if (!room_for_copy(cx, s->dir, path) || !db_backup(cx, s->writer, part, NULL, NULL)) {
        return false;
    }
    int fd = open(part, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    ok = ok && rename(part, copy) == 0 && folder_sync(s->dir);
    return ok ? true : fail(cx, E_IO, "无法写入 %s", copy);
}

bool upgrade_begins(Cx *cx, Store *s, int64_t *ret_from)
{
    if (!schema_number(cx, s->writer, ret_from) || !known(cx, *ret_from)) {
        return false;
    }
    if (*ret_from == 0 || *ret_from == SCHEMA_NUMBER) {
        return true;
    }
    if (s->lock_fd >= 0 && !folder_lock_alone(cx, s->dir, s->lock_fd)) {
        return false;
    }
    log_info("store: upgrade from schema %lld to %d begins", (long long)*ret_from, SCHEMA_NUMBER);
    return keep_copy(cx, s, *ret_from);
}

bool upgrade_steps(Cx *cx, Store *s, int64_t from)
{
    int64_t now;
    if (!schema_number(cx, s->writer, &now) || !known(cx, now)) { /* another process may have been quicker, and newer: this is inside the transaction */
        return false;
    }
    for (int64_t i = MAX(now, from) + 1; from != 0 && i <= SCHEMA_NUMBER; i++) {
        if (STEPS[i] != NULL && !STEPS[i](cx, s->writer)) {
            return false;
        }
    }
    return true;
}

bool upgrade_ends(Cx *cx, Store *s, int64_t from)
{
    if (from == SCHEMA_NUMBER) {
        return true;
    }
    Str report = S("");
    Stmt *st = db_stmt(cx, s->writer, SQL_ADMIN, S("insert into meta (key, value) values ('schema', ?1)"
                                                   " on conflict (key) do update set value = excluded.value"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, str_printf(cx->mem, "%d", SCHEMA_NUMBER));
    if (!stmt_run(cx, st) || (from != 0 && !db_check(cx, s->writer, &report))) {
        return false;
    }
    return report.n == 0 || fail(cx, E_DATA, "升级后自检没有通过，已全部撤回：%.*s", STRF(report));
}

void upgrade_done(const Store *s, int64_t from)
{
    if (from != 0 && from != SCHEMA_NUMBER) {
        if (s->lock_fd >= 0) {
            folder_lock_share(s->lock_fd);
        }
        if (db_is_file(s->writer)) {
            log_info("store: upgrade to schema %d is done; what was before is kept as tamga.db.before-%d", SCHEMA_NUMBER, SCHEMA_NUMBER);
        } else {
            log_info("store: upgrade to schema %d is done", SCHEMA_NUMBER);
        }
    }
}
