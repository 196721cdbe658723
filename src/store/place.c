/*
 * place.c - where the database of a data folder is: the file tamga.db in it, or the server its file `db` names.
 *
 * The address may hold a password, so the file is readable by its owner only and its text never reaches a log. A
 * database on a server can be reached from several folders; one with other keys could not read its personal fields, so
 * it is refused.
 */
#include "store/place_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "store/internal.h"

#define MAX_ADDRESS 2000

static bool is_address(Str s)
{
    return s.n > 13 && str_starts(s, S("postgresql://"));
}

const char *store_database(Cx *cx, const char *dir)
{
    Str address;
    bool there;
    if (!folder_setting(cx, dir, "db", &there, &address)) {
        return NULL;
    }
    if (!there) {
        return str_printf(cx->mem, "sqlite:%s/tamga.db", dir).p;
    }
    if (address.n > MAX_ADDRESS || !utf8_valid(address) || !is_address(address)) {
        (void)fail(cx, E_DATA, "%s/db 里应是一行数据库地址（postgresql://…）", dir);
        return NULL;
    }
    return str_z(cx->mem, address);
}

bool store_place(Cx *cx, const char *dir, const char *db)
{
    if (!is_address(str_c(db)) || str_c(db).n > MAX_ADDRESS) {
        return fail(cx, E_USAGE, "数据库地址写法不对，应为 postgresql://账号@主机:端口/数据库名");
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return fail(cx, E_IO, "无法建立数据文件夹 %s", dir);
    }
    if (folder_has(str_printf(cx->mem, "%s/tamga.db", dir).p)) {
        return fail(cx, E_CONFLICT, "%s 已经有数据，没有改动", dir);
    }
    const char *path = str_printf(cx->mem, "%s/db", dir).p;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EEXIST ? fail(cx, E_CONFLICT, "%s 已经有数据，没有改动", dir)
                               : fail(cx, E_IO, "无法写入 %s", path);
    }
    bool ok = dprintf(fd, "%s\n", db) > 0 && fsync(fd) == 0 && folder_sync(dir);
    close(fd);
    if (!ok) {
        unlink(path); /* half an address would stand in the way of the next try */
    }
    return ok || fail(cx, E_IO, "无法写入 %s", path);
}

bool database_is_ours(Cx *cx, const Store *s, Db *db)
{
    if (db_is_file(db)) {
        return true;
    }
    Str ours = keys_mark(s->keys, cx->mem);
    Stmt *st =
        db_stmt(cx, db, SQL_ADMIN, S("insert into meta (key, value) values ('keys', ?1) on conflict (key) do nothing"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, ours);
    int64_t n;
    if (!stmt_run(cx, st) ||
        (st = db_stmt(cx, db, SQL_ADMIN, S("select count(*) from meta where key = 'keys' and value = ?1"))) == NULL) {
        return false;
    }
    stmt_text(st, 1, ours);
    if (!stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    return n == 1 || fail(cx, E_DATA, "这个数据库属于另一个数据文件夹（密钥不同），请核对 %s/db", s->dir);
}

bool database_mark(Cx *cx, Db *db, Str *ret_mark, bool *ret_empty)
{
    Str *names;
    size_t n;
    *ret_mark = S("");
    if (!db_columns(cx, db, cx->mem, S("meta"), &names, &n)) {
        return false;
    }
    *ret_empty = n == 0;
    if (n == 0) {
        return true;
    }
    Stmt *st = db_stmt(cx, db, SQL_ADMIN, S("select value from meta where key = 'moving'"));
    if (st == NULL) {
        return false;
    }
    if (stmt_next(cx, st)) {
        *ret_mark = stmt_col_dup(cx->mem, st, 0);
    }
    return stmt_end(st);
}

bool database_is_whole(Cx *cx, Db *db)
{
    Str mark;
    bool empty;
    if (!database_mark(cx, db, &mark, &empty)) {
        return false;
    }
    return mark.n == 0 || fail(cx, E_DATA, "这个数据库正在搬入数据，还没有核对完成：请把同一条 tamga move 命令再运行一次");
}

/* ---- the folder in use ---- */

bool folder_lock(Cx *cx, const char *dir, bool alone, int *ret_fd)
{
    const char *path = str_printf(cx->mem, "%s/lock", dir).p;
    *ret_fd = -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(cx, E_IO, "无法写入 %s", path);
    }
    if (flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
        close(fd);
        return alone ? fail(cx, E_BUSY, "%s 正在使用，请先停止服务和其他 tamga 命令", dir)
                     : fail(cx, E_BUSY, "%s 正在搬迁或升级，请等它完成", dir);
    }
    *ret_fd = fd;
    return true;
}

bool folder_lock_alone(Cx *cx, const char *dir, int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || fail(cx, E_BUSY, "%s 的数据需要升级，但还有别的 tamga 在使用它，请先停止服务", dir);
}

void folder_lock_share(int fd)
{
    (void)flock(fd, LOCK_SH);
}

void folder_unlock(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}
