/*
 * tx.c - transactions and savepoints, and what stands and falls with them: what a connection may see (db_reach), and a
 * transaction that the engine gave up by itself.
 */
#include "base/log.h"
#include "db/db_impl.h"

#define MAX_LEVEL 8
#define UNDO_TRIES 3

/* ---- given up by the engine ---- */

/* A full or failing disk makes the engine roll back by itself, in the middle. What comes after would stand alone, each statement a
 * transaction of its own: half a write. So nothing runs until the caller has rolled back, and all of it fails for the same reason. */
bool tx_lost(Cx *cx, Db *db)
{
    if (!db->begun || db->drv->in_transaction(db->conn)) {
        return false;
    }
    ErrCode why = db->lost != E_OK ? db->lost : E_DB;
    (void)!fail(cx, why, "%s", err_info(why)->text);
    return true;
}

void tx_note_loss(const Cx *cx, Db *db)
{
    if (db->begun && db->lost == E_OK && !db->drv->in_transaction(db->conn)) {
        db->lost = cx->err;
    }
}

/* ---- what may be seen ---- */

void reach_end_lent(Db *db)
{
    if (db->lent) {
        db->drv->reach_over(db->conn);
        db->lent = db->reach_sent = false;
    }
}

/* The reach stands in a transaction only. A writing connection has one when it writes; a reading one gets one here. */
bool reach_send(Cx *cx, Db *db)
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
        reach_end_lent(db);
    }
    return before;
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
    reach_end_lent(db);
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

bool db_settle(Cx *cx, Db *db)
{
    bool ok = db->drv->settle == NULL || db->drv->settle(cx, db->conn);
    if (!ok) {
        tx_note_loss(cx, db);
    }
    return ok;
}

/* ---- savepoints ---- */

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
    if (tx_lost(cx, db)) {
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
