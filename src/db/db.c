/*
 * db.c - a connection to any engine: opened and closed, and what is asked of the database as a whole. Statements are in
 * stmt.c, transactions in tx.c; what differs between engines is behind the driver (driver.h).
 */
#include "base/log.h"
#include "db/db_impl.h"
#include "db/hooks.h"

static const DbDriver *const DRIVERS[] = {&DB_SQLITE, &DB_POSTGRESQL};

Db *db_open(Cx *cx, const char *url, DbMode mode)
{
    bool is_path = url[0] == '/' || url[0] == '.';
    for (size_t i = 0; i < ARRAY_LEN(DRIVERS); i++) {
        bool path_here = is_path && DRIVERS[i] == &DB_SQLITE;
        if (!path_here && !str_starts(str_c(url), DRIVERS[i]->scheme)) {
            continue;
        }
        DriverConn *conn = DRIVERS[i]->open(cx, path_here ? url : url + DRIVERS[i]->scheme.n, mode);
        if (conn == NULL) {
            return NULL;
        }
        Arena *mem = arena_new(0);
        Db *db = NEW(mem, Db);
        *db = (Db){.mem = mem, .drv = DRIVERS[i], .conn = conn, .mode = mode};
        cache_init(&db->cache, mem, db, db->drv);
        return db;
    }
    (void)!fail(cx, E_DB, "不认识的数据库地址");
    return NULL;
}

void db_close(Db *db)
{
    if (db == NULL) {
        return;
    }
    if (db->cache.n_busy != 0) {
        log_warn("db: closed with %d statements in use", db->cache.n_busy);
    }
    cache_clear(&db->cache, true);
    db->drv->close(db->conn);
    arena_free(db->mem);
}

bool db_is_file(const Db *db)
{
    return db->drv == &DB_SQLITE;
}

const DbDriver *db_driver(const Db *db)
{
    return db->drv;
}

DriverConn *db_conn(const Db *db)
{
    return db->conn;
}

void db_rest(Db *db)
{
    for (Stmt *st; (st = cache_busy(&db->cache)) != NULL; stmt_done(st)) {
        log_warn("db: a statement was left in use: %.*s", (int)MIN(st->n, (size_t)300), st->text);
    }
    if (db->begun) {
        log_warn("db: a transaction was left open");
        db_rollback(db);
    }
}

bool db_lock(Cx *cx, Db *db, Str name, bool wait, bool *ret_got)
{
    return db->drv->lock(cx, db->conn, name, wait, ret_got);
}

void db_unlock(Db *db, Str name)
{
    db->drv->unlock(db->conn, name);
}

unsigned db_generation(const Db *db)
{
    return db->drv->generation(db->conn);
}

bool db_script(Cx *cx, Db *db, const char *sql)
{
    Arena *scratch = arena_new(0);
    Str expanded;
    bool ok = hooks_expand(cx, scratch, db->drv, str_c(sql), &expanded) && db->drv->script(cx, db->conn, expanded.p);
    arena_free(scratch);
    return ok;
}

bool db_homes(Cx *cx, Db *db, Str table, Str key)
{
    return db->drv->homes == NULL || db->drv->homes(cx, db->conn, table, key);
}

bool db_copied(Cx *cx, Db *db, Str table)
{
    return db->drv->copied == NULL || db->drv->copied(cx, db->conn, table);
}

bool db_count_anew(Cx *cx, Db *db)
{
    return db->drv->count_anew == NULL || db_script(cx, db, db->drv->count_anew);
}

bool db_watch(Cx *cx, Db *db, const DbGuard *g)
{
    return db->drv->watch == NULL || db->drv->watch(cx, db->conn, g);
}

bool db_guard(Cx *cx, Db *db, const DbGuard *g)
{
    return db->drv->guard == NULL || db->drv->guard(cx, db->conn, g);
}

bool db_backup(Cx *cx, Db *db, const char *to_path, void (*progress)(void *ctx, int done, int total), void *ctx)
{
    CHECK(!db->drv->in_transaction(db->conn));
    return db->drv->backup(cx, db->conn, to_path, progress, ctx);
}

bool db_check(Cx *cx, Db *db, Str *ret_report)
{
    Buf report = buf_new(cx->mem, (size_t)64 << 10);
    if (!db->drv->check(cx, db->conn, &report)) {
        return false;
    }
    *ret_report = buf_str(&report);
    return true;
}

void db_interrupt(Db *db)
{
    db->drv->interrupt(db->conn);
}

void db_shrink(Db *db)
{
    cache_clear(&db->cache, false);
    db->drv->shrink(db->conn);
}
