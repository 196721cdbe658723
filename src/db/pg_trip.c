/*
 * pg_trip.c - several commands in one trip to the server (libpq's pipeline): settings of the reach, then changes whose outcome nobody waits for
 * (pg_queue), then the statement that is waited for.
 *
 * The server runs them in order and, once one failed, refuses the rest of the trip; so a statement never answers as if what went before it had
 * been done. What waits for no statement of its own (a savepoint, a commit, COPY …) takes the answers first.
 */
#include <sys/socket.h>

#include "db/pg_impl.h"

bool trip_open(PgConn *c)
{
    if (!c->piped) {
        c->n_ahead = 0;
        c->failed_sql = NULL;
        c->piped = PQenterPipelineMode(c->h) == 1;
    }
    return c->piped;
}

void trip_note(PgConn *c, const char *sql)
{
    CHECK(c->n_ahead < PG_TRIP);
    snprintf(c->ahead_sql[c->n_ahead++], PG_TRIP_SQL, "%s", sql);
}

bool trip_put(PgConn *c, const char *sql)
{
    trip_note(c, sql);
    return PQsendQueryParams(c->h, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

bool trip_taken(PgConn *c, PGresult **ret_bad)
{
    for (int i = 0; i < c->n_ahead; i++) {
        PGresult *r = PQgetResult(c->h);
        if (PQresultStatus(r) != PGRES_COMMAND_OK) {
            c->failed_sql = c->ahead_sql[i];
            *ret_bad = r;
            trip_over(c);
            return false;
        }
        PQclear(r);
        PQclear(PQgetResult(c->h)); /* none: the end of this one */
    }
    c->n_ahead = 0;
    c->in_tx = true; /* should the connection break now, nothing more runs without what went before */
    return true;
}

void trip_over(PgConn *c)
{
    if (!c->piped) {
        return;
    }
    c->piped = false;
    int nulls = 0; /* two in a row: nothing is under way */
    for (bool end = false; !end && nulls < 2 && PQstatus(c->h) == CONNECTION_OK;) {
        PGresult *r = PQgetResult(c->h);
        end = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        nulls = r == NULL ? nulls + 1 : 0;
        PQclear(r);
    }
    (void)PQexitPipelineMode(c->h); /* on a broken connection it changes nothing: that one is not used again */
}

void trip_cut(PgConn *c)
{
    if (c->piped) {
        (void)shutdown(PQsocket(c->h), SHUT_RDWR);
        (void)PQconsumeInput(c->h);
    }
}

/* *ret_bad: as trip_taken. */
static bool take(PgConn *c, PGresult **ret_bad)
{
    *ret_bad = NULL;
    if (!c->piped || c->flowing != NULL) { /* nothing is queued, or the trip is one whose statement is being answered */
        return true;
    }
    if (PQstatus(c->h) != CONNECTION_OK) {
        c->piped = false;
        pg_run_ends(c); /* notes that the transaction is lost with it */
        return true;
    }
    pg_run_begins(c);
    bool ok = PQpipelineSync(c->h) == 1;
    if (!ok) {
        trip_cut(c);
    }
    ok = ok && trip_taken(c, ret_bad);
    trip_over(c);
    pg_run_ends(c);
    return ok;
}

bool trip_settle(Cx *cx, PgConn *c)
{
    PGresult *bad;
    bool ok = take(c, &bad) || pg_fail(cx, c, bad, c->failed_sql != NULL ? c->failed_sql : "");
    PQclear(bad);
    return ok;
}

void trip_drop(PgConn *c)
{
    PGresult *bad;
    (void)take(c, &bad);
    PQclear(bad);
}

bool pg_settle(Cx *cx, DriverConn *conn)
{
    PgConn *c = pg_conn(conn);
    rows_settle(c);
    return trip_settle(cx, c) && (!c->lost_tx || pg_broken(cx));
}
