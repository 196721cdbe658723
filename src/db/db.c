/*
 * db.c - what every engine shares: the statement cache, transactions and savepoints, and the calls through the driver.
 *
 * The cache is an array of statements found by a hash of their text, in order of last use. A statement handed out is
 * busy until stmt_done and is never thrown away; the least recently used idle one gives up its place. Texts are kept in
 * buffers that stay with the place, so that the cache's memory has a bound.
 */
#include "db/db.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "db/cache.h"
#include "db/driver.h"
#include "db/hooks.h"

#define MAX_LEVEL 8
#define UNDO_TRIES 3

static const DbDriver *const DRIVERS[] = {&DB_SQLITE, &DB_POSTGRESQL};

struct Db {
    Arena *mem;
    const DbDriver *drv;
    DriverConn *conn;
    DbMode mode;
    int level; /* open savepoints */
    bool begun;   /* db_begin until db_commit or db_rollback */
    bool undoing; /* rolling back goes on without memory to spare */
    ErrCode lost; /* why the engine gave the transaction up before that; E_OK: it has not */
    const DbReach *reach; /* what the statements may see; sent with the next of them */
    bool reach_sent;
    bool lent; /* inside a transaction that was only begun for the reach */
    StmtCache cache;
};

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

/* ---- statements ---- */

/* For tool/sql_rules.mjs: a line for each statement, with its class, at the end of the file that TAMGA_SQL_LOG names. */
static void note(SqlClass cls, Str sql)
{
    static const Str NAMES[] = {STR_INIT("home\t"), STR_INIT("reference\t"), STR_INIT("rollup\t"), STR_INIT("admin\t")};
    const char *path = getenv("TAMGA_SQL_LOG");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd < 0) {
        return;
    }
    Arena *scratch = arena_new(0);
    Buf line = buf_new(scratch, (size_t)4 << 20);
    buf_add(&line, NAMES[cls]);
    for (size_t i = 0; i < sql.n; i++) {
        buf_addc(&line, sql.p[i] == '\n' || sql.p[i] == '\r' ? ' ' : sql.p[i]);
    }
    buf_addc(&line, '\n');
    Str text = buf_str(&line);
    if (write(fd, text.p, text.n) < 0) {
        log_warn("db: cannot write %s", path);
    }
    close(fd);
    arena_free(scratch);
}

static DriverStmt *prepare(Cx *cx, Db *db, SqlClass cls, Str sql)
{
    note(cls, sql);
    if (cls != SQL_ADMIN && !hooks_common(cx, sql)) {
        return NULL;
    }
    Arena *scratch = arena_new(0);
    Str expanded;
    DriverStmt *raw = NULL;
    if (hooks_expand(cx, scratch, db->drv, sql, &expanded)) {
        raw = db->drv->prepare(cx, db->conn, expanded, db->mode == DB_READ);
    }
    arena_free(scratch);
    return raw;
}

Stmt *db_stmt(Cx *cx, Db *db, SqlClass cls, Str sql)
{
    Stmt *st = cache_find(&db->cache, sql);
    if (st == NULL) {
        DriverStmt *raw = prepare(cx, db, cls, sql);
        if (raw == NULL) {
            return NULL;
        }
        st = cache_put(&db->cache, sql, raw);
    } else if (st->busy) {
        log_error("db: statement already in use: %.*s", STRF(utf8_cut(sql, 300)));
        CHECK(!st->busy);
    }
    cache_take(&db->cache, st);
    return st;
}

static void must_bind(const Stmt *st, int i, bool ok)
{
    if (!ok) {
        log_error("db: cannot bind ?%d of: %.*s", i, (int)MIN(st->n, (size_t)300), st->text);
        CHECK(ok);
    }
}

void stmt_int(Stmt *st, int i, int64_t v)
{
    must_bind(st, i, st->drv->bind_int(st->raw, i, v));
}

void stmt_text(Stmt *st, int i, Str v)
{
    must_bind(st, i, st->drv->bind_bytes(st->raw, i, v, true));
}

void stmt_blob(Stmt *st, int i, Str v)
{
    must_bind(st, i, st->drv->bind_bytes(st->raw, i, v, false));
}

void stmt_null(Stmt *st, int i)
{
    must_bind(st, i, st->drv->bind_null(st->raw, i));
}

void stmt_int_or_null(Stmt *st, int i, bool has, int64_t v)
{
    if (has) {
        stmt_int(st, i, v);
    } else {
        stmt_null(st, i);
    }
}

/* A full or failing disk makes the engine roll back by itself, in the middle. What comes after would stand alone, each statement a
 * transaction of its own: half a write. So nothing runs until the caller has rolled back, and all of it fails for the same reason. */
static bool transaction_lost(Cx *cx, Db *db)
{
    if (!db->begun || db->drv->in_transaction(db->conn)) {
        return false;
    }
    ErrCode why = db->lost != E_OK ? db->lost : E_DB;
    (void)!fail(cx, why, "%s", err_info(why)->text);
    return true;
}

static void end_lent(Db *db)
{
    if (db->lent) {
        db->drv->reach_over(db->conn);
        db->lent = db->reach_sent = false;
    }
}

/* The reach stands in a transaction only. A writing connection has one when it writes; a reading one gets one here. */
static bool send_reach(Cx *cx, Db *db)
{
    if (db->drv->reach == NULL || db->reach_sent || (!db->begun && (db->mode != DB_READ || db->reach == NULL))) {
        return true;
    }
    bool begin = !db->begun && !db->lent;
    if (!db->drv->reach(cx, db->conn, db->reach, begin)) {
        return false;
    }
    db->lent = db->lent || begin;
    db->reach_sent = true;
    return true;
}

/* Whether they show the same for certain. */
static bool same_reach(const DbReach *a, const DbReach *b)
{
    return a == b || (a != NULL && b != NULL && a->all && b->all);
}

const DbReach *db_reach(Db *db, const DbReach *reach)
{
    const DbReach *before = db->reach;
    db->reach = reach;
    db->reach_sent = db->reach_sent && same_reach(before, reach);
    if (reach == NULL) {
        end_lent(db);
    }
    return before;
}

static bool allowed(Cx *cx, const Stmt *st)
{
    const Db *db = st->db;
    return db->drv->allow == NULL || db->drv->allow(cx, db->conn, st->raw, db->reach);
}

static bool step(Cx *cx, Stmt *st, bool *ret_row)
{
    const Db *db = st->db;
    bool hides = db->drv->shows != NULL && db->reach != NULL, ok;
    do {
        ok = st->drv->step(cx, db->conn, st->raw, ret_row);
    } while (ok && *ret_row && hides && !db->drv->shows(st->raw, db->reach));
    return ok;
}

static void note_loss(const Cx *cx, Db *db)
{
    if (db->begun && db->lost == E_OK && !db->drv->in_transaction(db->conn)) {
        db->lost = cx->err;
    }
}

bool stmt_step(Cx *cx, Stmt *st, bool *ret_row)
{
    CHECK(st->busy && !st->ended);
    Db *db = st->db;
    bool row = false;
    bool ok = (db->undoing || cx_enough(cx)) && !transaction_lost(cx, db) && (st->stepped || (send_reach(cx, db) && allowed(cx, st))) &&
              step(cx, st, &row);
    st->ended = !row;
    st->stepped = true;
    if (ok) {
        *ret_row = row;
        return true;
    }
    note_loss(cx, db);
    st->failed = true;
    end_lent(db);
    stmt_done(st); /* nothing more can be had from it, and one left busy would stop the next who asks for it */
    return false;
}

bool stmt_next(Cx *cx, Stmt *st)
{
    bool row = false;
    return stmt_step(cx, st, &row) && row;
}

bool stmt_end(Stmt *st)
{
    stmt_done(st);
    return !st->failed;
}

static void must_col(const Stmt *st, int col)
{
    CHECK(st->busy && col >= 0 && col < st->drv->n_cols(st->raw));
}

int64_t stmt_col_int(Stmt *st, int col)
{
    must_col(st, col);
    return st->drv->col_int(st->raw, col);
}

Str stmt_col_text(Stmt *st, int col)
{
    must_col(st, col);
    return st->drv->col_bytes(st->raw, col);
}

Str stmt_col_dup(Arena *mem, Stmt *st, int col)
{
    return str_dup(mem, stmt_col_text(st, col));
}

bool stmt_col_null(Stmt *st, int col)
{
    must_col(st, col);
    return st->drv->col_null(st->raw, col);
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

void stmt_done(Stmt *st)
{
    if (st != NULL && st->busy) {
        st->drv->reset(st->raw);
        cache_give_back(&st->db->cache, st);
    }
}

bool stmt_run(Cx *cx, Stmt *st)
{
    bool row = true, ok = true;
    while (ok && row) {
        ok = stmt_step(cx, st, &row);
    }
    stmt_done(st);
    return ok;
}

bool stmt_queue(Cx *cx, Stmt *st)
{
    Db *db = st->db;
    bool queued = false;
    CHECK(st->busy && !st->stepped);
    if (db->drv->queue == NULL || !db->begun) {
        return stmt_run(cx, st);
    }
    bool ok = cx_enough(cx) && !transaction_lost(cx, db) && send_reach(cx, db) && db->drv->queue(cx, db->conn, st->raw, &queued);
    if (ok && !queued) {
        return stmt_run(cx, st);
    }
    if (!ok) {
        note_loss(cx, db);
    }
    stmt_done(st);
    return ok;
}

bool db_settle(Cx *cx, Db *db)
{
    bool ok = db->drv->settle == NULL || db->drv->settle(cx, db->conn);
    if (!ok) {
        note_loss(cx, db);
    }
    return ok;
}

bool stmt_one_int(Cx *cx, Stmt *st, int64_t none, int64_t *ret)
{
    bool row;
    if (!stmt_step(cx, st, &row)) {
        return false;
    }
    *ret = row && !stmt_col_null(st, 0) ? stmt_col_int(st, 0) : none;
    stmt_done(st);
    return true;
}

/* ---- transactions ---- */

static bool run_text(Cx *cx, Db *db, const char *sql)
{
    Stmt *st = db_stmt(cx, db, SQL_ADMIN, str_c(sql));
    if (st != NULL) {
        st->stepped = true; /* it asks for no row */
    }
    return st != NULL && stmt_run(cx, st);
}

/* For undoing: the caller's first failure stays the one that is told. Without memory to undo, the process ends: nothing of what is open is kept then. */
static void run_quietly(Db *db, const char *sql)
{
    Arena *scratch = arena_new(0);
    Cx own;
    cx_init(&own, scratch);
    db->undoing = true;
    bool ok = false;
    for (int i = 0; !ok && i < UNDO_TRIES; i++) {
        cx_clear(&own);
        ok = run_text(&own, db, sql) || own.err != E_MEMORY;
    }
    db->undoing = false;
    if (!ok) {
        log_fatal("out of memory: %s did not succeed", sql);
    } else if (own.err != E_OK) {
        log_error("db: %s did not succeed", sql);
    }
    arena_free(scratch);
}

bool db_begin(Cx *cx, Db *db)
{
    end_lent(db);
    CHECK(!db->drv->in_transaction(db->conn));
    db->level = 0;
    db->begun = db->reach_sent = false;
    db->lost = E_OK;
    const char *pin = db->mode == DB_WRITE ? db->drv->pin_write : db->drv->pin_read;
    if (!run_text(cx, db, db->mode == DB_WRITE ? db->drv->begin_write : db->drv->begin_read)) {
        return false;
    }
    if (pin != NULL && !run_text(cx, db, pin)) {
        db_rollback(db);
        return false;
    }
    db->begun = true;
    return true;
}

bool db_commit(Cx *cx, Db *db)
{
    if (!run_text(cx, db, "commit")) {
        db_rollback(db); /* a commit that failed has not happened: nothing of it may linger */
        return false;
    }
    db->level = 0;
    db->begun = db->reach_sent = false;
    return true;
}

void db_rollback(Db *db)
{
    db->begun = db->reach_sent = false;
    if (db->drv->in_transaction(db->conn)) { /* a full disk or an I/O error has rolled back already */
        run_quietly(db, "rollback");
    }
    db->level = 0;
}

static const char *const SAVE[MAX_LEVEL] = {"savepoint s1", "savepoint s2", "savepoint s3", "savepoint s4",
                                            "savepoint s5", "savepoint s6", "savepoint s7", "savepoint s8"};
static const char *const RELEASE[MAX_LEVEL] = {"release savepoint s1", "release savepoint s2", "release savepoint s3",
                                               "release savepoint s4", "release savepoint s5", "release savepoint s6",
                                               "release savepoint s7", "release savepoint s8"};
static const char *const UNDO[MAX_LEVEL] = {"rollback to savepoint s1", "rollback to savepoint s2",
                                            "rollback to savepoint s3", "rollback to savepoint s4",
                                            "rollback to savepoint s5", "rollback to savepoint s6",
                                            "rollback to savepoint s7", "rollback to savepoint s8"};

bool db_savepoint(Cx *cx, Db *db)
{
    CHECK(db->level < MAX_LEVEL);
    if (transaction_lost(cx, db)) {
        return false;
    }
    if (!db->drv->in_transaction(db->conn)) {
        return fail(cx, E_DB, "%s", err_info(E_DB)->text); /* outside a transaction a savepoint would begin a deferred one */
    }
    if (!run_text(cx, db, SAVE[db->level])) {
        return false;
    }
    db->level++;
    return true;
}

bool db_release(Cx *cx, Db *db)
{
    CHECK(db->level > 0);
    if (!run_text(cx, db, RELEASE[db->level - 1])) {
        return false;
    }
    db->level--;
    return true;
}

void db_rollback_to(Db *db)
{
    CHECK(db->level > 0);
    db->level--;
    db->reach_sent = false; /* what was set since goes back too */
    if (db->drv->in_transaction(db->conn)) {
        run_quietly(db, UNDO[db->level]);
        run_quietly(db, RELEASE[db->level]);
    }
}

/* ---- the rest ---- */

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

bool db_columns(Cx *cx, Db *db, Arena *mem, Str table, Str **ret_names, size_t *ret_n)
{
    Stmt *st = db_stmt(cx, db, SQL_ADMIN, str_c(db->drv->columns));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, table);
    Str *names = NULL;
    size_t n = 0, cap = 0;
    bool row, ok;
    while ((ok = stmt_step(cx, st, &row)) && row) {
        ARRAY_ROOM(mem, names, n, cap);
        names[n++] = stmt_col_dup(mem, st, 0);
    }
    stmt_done(st);
    if (ok) {
        *ret_names = names;
        *ret_n = n;
    }
    return ok;
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
