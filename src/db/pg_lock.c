/*
 * pg_lock.c - locks by name that a connection holds (advisory locks of the session): gone with the connection, so that what a dead process
 * held is free at once. The name is hashed together with the schema, as several Tamgas may use one server.
 */
#include "db/pg_impl.h"

#define KEY "(hashtextextended(current_schema() || '/' || $1, 7305))"

static PGresult *run_named(PgConn *c, const char *sql, Str name)
{
    char text[200];
    CHECK(name.n < sizeof text);
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    const char *vals[] = {text};
    pg_run_begins(c);
    PGresult *r = PQexecParams(c->h, sql, 1, NULL, vals, NULL, NULL, 0);
    pg_run_ends(c);
    return r;
}

bool pg_lock(Cx *cx, DriverConn *conn, Str name, bool wait, bool *ret_got)
{
    PgConn *c = pg_conn(conn);
    const char *sql = wait ? "select 't' from (select pg_advisory_lock" KEY ") x" : "select pg_try_advisory_lock" KEY;
    if (!pg_ready(cx, c, PG_QUERY)) {
        return false;
    }
    bool in_tx = c->in_tx;
    PGresult *r = run_named(c, sql, name);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && !in_tx && PQstatus(c->h) != CONNECTION_OK) { /* it had died while idle */
        PQclear(r);
        if (!pg_ready(cx, c, PG_QUERY)) {
            return false;
        }
        r = run_named(c, sql, name);
    }
    bool ok = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1;
    if (ok) {
        *ret_got = PQgetvalue(r, 0, 0)[0] == 't';
    } else {
        (void)!pg_fail(cx, c, r, sql);
    }
    PQclear(r);
    return ok;
}

void pg_unlock(DriverConn *conn, Str name)
{
    PgConn *c = pg_conn(conn);
    rows_settle(c);
    trip_drop(c); /* when it went badly, the server refuses the rest of the transaction */
    if (PQstatus(c->h) == CONNECTION_OK && PQtransactionStatus(c->h) != PQTRANS_INERROR) {
        PQclear(run_named(c, "select pg_advisory_unlock" KEY, name));
    }
}

unsigned pg_generation(DriverConn *conn)
{
    return pg_conn(conn)->generation;
}
