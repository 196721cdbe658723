/*
 * stmt.c - statements on every engine: found in the cache or prepared, bound, stepped, read and given back.
 *
 * A statement that fails is done: nothing more can be had from it, and one left busy would stop the next who asks for it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "db/db_impl.h"
#include "db/hooks.h"

/* ---- preparing ---- */

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

/* ---- binding ---- */

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

/* ---- stepping ---- */

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

bool stmt_step(Cx *cx, Stmt *st, bool *ret_row)
{
    CHECK(st->busy && !st->ended);
    Db *db = st->db;
    bool row = false;
    bool ok = (db->undoing || cx_enough(cx)) && !tx_lost(cx, db) && (st->stepped || (reach_send(cx, db) && allowed(cx, st))) &&
              step(cx, st, &row);
    st->ended = !row;
    st->stepped = true;
    if (ok) {
        *ret_row = row;
        return true;
    }
    tx_note_loss(cx, db);
    st->failed = true;
    reach_end_lent(db);
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
    bool ok = cx_enough(cx) && !tx_lost(cx, db) && reach_send(cx, db) && db->drv->queue(cx, db->conn, st->raw, &queued);
    if (ok && !queued) {
        return stmt_run(cx, st);
    }
    if (!ok) {
        tx_note_loss(cx, db);
    }
    stmt_done(st);
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

/* ---- columns ---- */

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
