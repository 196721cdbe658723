/*
 * sqlite_err.c - SQLite's result codes as Tamga's failures.
 *
 * The user reads Chinese without table names; the operator reads code, SQLite's message (which names the index or the
 * columns of a violated constraint, never values) and the start of the statement in the log.
 */
#include <errno.h>

#include "base/log.h"
#include "db/sqlite_impl.h"

static bool constraint(Cx *cx, int rc)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY: return fail(cx, E_CONFLICT, "已有相同的记录");
    case SQLITE_CONSTRAINT_FOREIGNKEY: return fail(cx, E_CONFLICT, "所引用的记录不存在，或者这条记录还在被引用");
    case SQLITE_CONSTRAINT_NOTNULL: return fail(cx, E_CONFLICT, "缺少必须有的内容");
    default: return fail(cx, E_CONFLICT, "内容不符合数据库的约束");
    }
}

bool sqlite_fail(Cx *cx, SqliteConn *c, int rc, const char *sql)
{
    const char *msg = c->h != NULL ? sqlite3_errmsg(c->h) : sqlite3_errstr(rc);
    int primary = rc & 0xFF;
    if (primary == SQLITE_CONSTRAINT) {
        log_info("sqlite: conflict %d: %s", rc, msg);
        return constraint(cx, rc);
    }
    if (primary != SQLITE_INTERRUPT) {
        log_warn("sqlite: %d %s: %s; sql: %.300s", rc, sqlite3_errstr(rc), msg, sql != NULL ? sql : "");
    }
    if (primary == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM) {
        return fail(cx, E_MEMORY, "%s", err_info(E_MEMORY)->text);
    }
    switch (primary) {
    case SQLITE_INTERRUPT: return fail(cx, E_CANCELLED, "%s", err_info(E_CANCELLED)->text);
    case SQLITE_FULL: return fail(cx, E_FULL, "%s", err_info(E_FULL)->text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        if (c->wait_cancelled) {
            c->wait_cancelled = false;
            return fail(cx, E_CANCELLED, "%s", err_info(E_CANCELLED)->text);
        }
        return fail(cx, E_BUSY, "%s", err_info(E_BUSY)->text);
    case SQLITE_TOOBIG: return fail(cx, E_TOO_LARGE, "%s", err_info(E_TOO_LARGE)->text);
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
            c->broken = true;
            log_error("sqlite: fsync failed; this connection writes no more until the service is restarted");
        }
        if (sqlite3_system_errno(c->h) == ENOSPC) { /* of the index of the log: no code of its own */
            return fail(cx, E_FULL, "%s", err_info(E_FULL)->text);
        }
        return fail(cx, E_IO, "%s", err_info(E_IO)->text);
    case SQLITE_CANTOPEN: return fail(cx, E_IO, "打不开数据库文件，请查看日志，检查磁盘和权限");
    case SQLITE_READONLY: return fail(cx, E_IO, "数据库文件不能写入，请查看日志，检查磁盘和权限");
    case SQLITE_CORRUPT: /* also a page that the disk does not give (EIO): SQLite tells both alike */
    case SQLITE_NOTADB: return fail(cx, E_DB, "数据库文件读不出来或者已损坏，请查看日志，先检查磁盘");
    default: return fail(cx, E_DB, "%s", err_info(E_DB)->text);
    }
}
