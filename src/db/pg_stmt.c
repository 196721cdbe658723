/*
 * pg_stmt.c - statements on PostgreSQL: preparing them, running them, and taking what comes back.
 *
 * Selects and changes are prepared on the server, named by a hash of their text. An answer without a limit is taken row
 * by row (pg_rows.c). Whatever else (begin, create …) is sent as it is.
 *
 * A statement that fails makes the server refuse the rest of its transaction: only rolling back, also to a savepoint,
 * goes on.
 */
#include <limits.h>

#include "base/log.h"
#include "db/pg_impl.h"

/* ---- preparing ---- */

static uint64_t hash_from(uint64_t h, Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ULL;
    }
    return h ^ (h >> 29);
}

PGresult *pg_simple(PgConn *c, const char *sql)
{
    pg_run_begins(c);
    PGresult *r = PQexecParams(c->h, sql, 0, NULL, NULL, NULL, NULL, 0); /* refuses several statements */
    pg_run_ends(c);
    return r;
}

/* A plan is kept as it was first made, and one made for a table of a few rows reads all of it: while a table grows by an import, that is a look-up slower
 * with each row, until the server counts the rows anew in a minute or so. */
static void replan(PgConn *c)
{
    if (c->named && c->n_written >= c->replan_at) {
        c->replan_at = c->n_written > UINT_MAX / 2 ? UINT_MAX : 2 * c->n_written;
        PQclear(pg_simple(c, "discard plans"));
    }
}

/* Names given up while a failed transaction took no command. */
void pg_drop_pending(PgConn *c)
{
    while (c->n_pending != 0 && c->flowing == NULL && !c->piped && PQstatus(c->h) == CONNECTION_OK &&
           PQtransactionStatus(c->h) != PQTRANS_INERROR) {
        char sql[64];
        snprintf(sql, sizeof sql, "deallocate %s", c->pending[--c->n_pending]);
        PQclear(pg_simple(c, sql));
    }
}

/* What the server takes each parameter for. */
static bool describe(Cx *cx, PgStmt *s)
{
    pg_run_begins(s->c);
    PGresult *r = PQdescribePrepared(s->c->h, s->name);
    pg_run_ends(s->c);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    for (int i = 0; ok && i < s->n_params; i++) {
        s->types[i] = PQparamtype(r, i);
    }
    ok = ok || pg_fail(cx, s->c, r, s->sql.p);
    PQclear(r);
    return ok;
}

static bool prepare_now(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    rows_settle(c);
    if (!trip_settle(cx, c)) {
        return false;
    }
    pg_drop_pending(c);
    bool in_tx = c->in_tx;
    pg_run_begins(c);
    PGresult *r = PQprepare(c->h, s->name, s->sql.p, 0, NULL);
    pg_run_ends(c);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    if (!ok && !in_tx && str_eq(str_c(PQresultErrorField(r, PG_DIAG_SQLSTATE)), S("42P05"))) {
        ok = true; /* the name is the hash of the text: it is this very statement */
    }
    ok = ok || pg_fail(cx, c, r, s->sql.p);
    PQclear(r);
    if (!ok || !describe(cx, s)) {
        return false;
    }
    s->generation = c->generation;
    return true;
}

/* Preparing changes nothing: where an idle connection had died unnoticed, it is done again on a new one. */
static bool prepare_first(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    ErrCode before = cx->err;
    if (!pg_ready(cx, c, s->kind)) {
        return false;
    }
    bool in_tx = c->in_tx;
    if (prepare_now(cx, s)) {
        return true;
    }
    if (in_tx || before != E_OK || PQstatus(c->h) == CONNECTION_OK) {
        return false;
    }
    cx_clear(cx);
    return pg_ready(cx, c, s->kind) && prepare_now(cx, s);
}

DriverStmt *pg_prepare(Cx *cx, DriverConn *conn, Str sql, bool must_read)
{
    PgConn *c = pg_conn(conn);
    Arena *mem = arena_new((size_t)8 << 20);
    PgStmt *s = NEW(mem, PgStmt);
    s->c = c;
    s->mem = mem;
    bool ok = pg_sql(mem, sql, &s->sql, &s->n_params, &s->kind);
    if (!ok) {
        log_error("db: not exactly one statement: %.*s", STRF(utf8_cut(sql, 300)));
    } else if (must_read && s->kind == PG_WRITE) {
        log_error("db: a writing statement on a reading connection: %.*s", STRF(utf8_cut(sql, 300)));
        ok = false;
    }
    if (!ok) {
        (void)!fail(cx, E_DB, "%s", err_info(E_DB)->text);
    } else {
        size_t n = (size_t)s->n_params + 1;
        s->types = NEW_ARRAY(mem, Oid, n);
        s->vals = NEW_ARRAY(mem, PgVal, n);
        s->sent = NEW_ARRAY(mem, const char *, n);
        s->num = arena_alloc(mem, n * sizeof *s->num);
        s->lens = NEW_ARRAY(mem, int, n);
        s->formats = NEW_ARRAY(mem, int, n);
        snprintf(s->name, sizeof s->name, "t_%016llx%016llx",
                 (unsigned long long)hash_from(0xcbf29ce484222325ULL, s->sql),
                 (unsigned long long)hash_from(0x9ae16a3b2f90404fULL, s->sql));
        size_t at;
        s->flows = s->kind == PG_QUERY && !str_find(s->sql, S(" limit "), &at);
        if (s->kind <= PG_WRITE && c->named) {
            ok = prepare_first(cx, s);
        }
    }
    if (!ok) {
        arena_free(mem);
        return NULL;
    }
    return (DriverStmt *)(void *)s;
}

void pg_finalize(DriverStmt *st)
{
    PgStmt *s = pg_stmt(st);
    PgConn *c = s->c;
    rows_end(&s->rows);
    if (s->generation == c->generation && PQstatus(c->h) == CONNECTION_OK && c->n_pending < PG_PENDING) {
        memcpy(c->pending[c->n_pending++], s->name, sizeof s->name);
        pg_drop_pending(c);
    }
    if (s->run != NULL) {
        arena_free(s->run);
    }
    arena_free(s->mem);
}

void pg_reset(DriverStmt *st)
{
    PgStmt *s = pg_stmt(st);
    rows_end(&s->rows);
    s->ran = false;
    memset(s->vals, 0, (size_t)(s->n_params + 1) * sizeof *s->vals);
    if (s->run != NULL) {
        arena_reset(s->run);
    }
}

/* ---- running ---- */

static bool send_all(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    bool known = s->kind <= PG_WRITE && c->named;
    if (c->ahead != NULL && !ahead_send(cx, c)) {
        return false;
    }
    int sent = known ? PQsendQueryPrepared(c->h, s->name, s->n_params, s->sent, s->lens, s->formats, 0)
                     : PQsendQueryParams(c->h, s->sql.p, s->n_params, s->types, s->sent, s->lens, s->formats, 0);
    return sent == 1;
}

/* Sends it and takes the first row. */
static bool execute(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    pg_put_values(s);
    pg_run_begins(c);
    bool ok = send_all(cx, s) && (!c->piped || PQpipelineSync(c->h) == 1); /* if not, the connection is gone, or about to be */
    if (!ok) {
        trip_cut(c);
    }
    if (ok && s->kind == PG_COMMIT) {
        pg_await(c, PG_COMMIT_MS);
    }
    if (!ok || (c->piped && !trip_taken(c, &s->rows.bad))) {
        pg_run_ends(c);
        return false;
    }
    return rows_begin(&s->rows, c, s->flows);
}

static bool prepared_here(Cx *cx, PgStmt *s)
{
    return s->kind > PG_WRITE || !s->c->named || s->generation == s->c->generation || prepare_now(cx, s);
}

static bool run_once(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    bool joins = s->kind <= PG_WRITE && c->named;
    c->failed_sql = NULL;
    if (!(joins ? pg_joins(cx, c, s->kind) : pg_ready(cx, c, s->kind)) || !prepared_here(cx, s)) {
        return false;
    }
    c->n_written += s->kind == PG_WRITE;
    if (s->kind == PG_BEGIN) {
        replan(c);
    }
    if (s->kind == PG_COMMIT && !c->in_tx) {
        return fail(cx, E_DB, "%s", err_info(E_DB)->text);
    }
    c->unsure = false;
    c->committing = s->kind == PG_COMMIT;
    bool ok = execute(cx, s);
    c->committing = false;
    if (!ok) {
        if (s->kind == PG_COMMIT && PQstatus(c->h) != CONNECTION_OK) {
            return fail(cx, E_DB, "提交时与数据库的连接断开了：请先核对这次操作是否已经生效，再决定要不要重做");
        }
        return pg_fail(cx, c, s->rows.bad, c->failed_sql != NULL ? c->failed_sql : s->sql.p);
    }
    if (c->unsure) { /* committed here, but a standby that should have it may not */
        return fail(cx, E_DB, "数据库没有确认这次操作已经安全保存：请先核对是否已经生效，再决定要不要重做");
    }
    if (s->kind == PG_COMMIT && str_eq(str_c(PQcmdStatus(s->rows.res)), S("ROLLBACK"))) {
        return fail(cx, E_DB, "%s", err_info(E_DB)->text); /* the server's word for: it had failed before */
    }
    return true;
}

/* A connection that stood idle may have died unnoticed: what changes nothing is tried a second time on a new one. */
static bool run(Cx *cx, PgStmt *s)
{
    rows_settle(s->c); /* it may be this that shows a dead connection */
    bool may_repeat = !s->c->in_tx && (s->kind == PG_QUERY || s->kind == PG_BEGIN);
    if (may_repeat && PQstatus(s->c->h) == CONNECTION_OK) {
        ErrCode before = cx->err;
        if (run_once(cx, s)) {
            return true;
        }
        if (before != E_OK || PQstatus(s->c->h) == CONNECTION_OK) {
            return false;
        }
        cx_clear(cx);
        rows_end(&s->rows);
    }
    return run_once(cx, s);
}

bool pg_step(Cx *cx, DriverConn *conn, DriverStmt *st, bool *ret_row)
{
    (void)conn;
    PgStmt *s = pg_stmt(st);
    if (!s->ran) {
        s->ran = run(cx, s);
        s->c->ahead = NULL; /* sent, or given up with the statement */
        if (!s->ran) {
            rows_end(&s->rows);
            return false;
        }
    }
    if (s->run != NULL) {
        arena_reset(s->run);
    }
    return rows_next(&s->rows, ret_row) || pg_fail(cx, s->c, s->rows.bad, s->sql.p);
}

bool pg_queue(Cx *cx, DriverConn *conn, DriverStmt *st, bool *ret_queued)
{
    PgConn *c = pg_conn(conn);
    PgStmt *s = pg_stmt(st);
    *ret_queued = c->in_tx && c->named && s->kind == PG_WRITE;
    if (!*ret_queued) {
        return true;
    }
    bool room = !c->piped || c->n_ahead + 2 * PG_REACH_MAX < PG_TRIP; /* its own reach, and that of the statement which ends the trip */
    if (!(room ? pg_joins(cx, c, s->kind) : pg_ready(cx, c, s->kind)) || !prepared_here(cx, s)) {
        return false;
    }
    pg_put_values(s);
    bool ok = trip_open(c) && send_all(cx, s);
    c->ahead = NULL;
    if (!ok) {
        trip_cut(c);
        pg_run_ends(c);
        return pg_fail(cx, c, NULL, s->sql.p);
    }
    trip_note(c, s->sql.p);
    c->n_written++;
    return true;
}
