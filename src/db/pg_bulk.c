/*
 * pg_bulk.c - COPY … FROM STDIN: rows as lines of text, inside the caller's transaction.
 */
#include "db/pg_impl.h"

bool pg_bulk_begin(Cx *cx, DriverConn *conn, const char *sql)
{
    PgConn *c = pg_conn(conn);
    if (!pg_ready(cx, c, PG_WRITE)) {
        return false;
    }
    pg_run_begins(c);
    PGresult *r = PQexec(c->h, sql);
    bool ok = PQresultStatus(r) == PGRES_COPY_IN;
    if (!ok) {
        pg_run_ends(c);
        (void)pg_fail(cx, c, r, sql);
    }
    PQclear(r);
    return ok;
}

bool pg_bulk_put(Cx *cx, DriverConn *conn, Str lines)
{
    PgConn *c = pg_conn(conn);
    return PQputCopyData(c->h, lines.p, (int)lines.n) == 1 || pg_fail(cx, c, NULL, "copy");
}

bool pg_bulk_end(Cx *cx, DriverConn *conn, bool keep)
{
    PgConn *c = pg_conn(conn);
    bool ok = true;
    if (PQstatus(c->h) == CONNECTION_OK && PQputCopyEnd(c->h, keep ? NULL : "given up") != 1) {
        ok = !keep || pg_fail(cx, c, NULL, "copy");
    }
    for (PGresult *r; (r = PQgetResult(c->h)) != NULL; PQclear(r)) {
        if (keep && ok && PQresultStatus(r) != PGRES_COMMAND_OK) {
            ok = pg_fail(cx, c, r, "copy");
        }
    }
    pg_run_ends(c);
    if (keep && ok && PQstatus(c->h) != CONNECTION_OK) {
        ok = pg_broken(cx);
    }
    return ok;
}
