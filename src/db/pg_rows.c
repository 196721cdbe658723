/*
 * pg_rows.c - the answer of a statement, held as little of it as possible.
 *
 * A long answer flows: the server's rows are taken one at a time, so that a walk over a whole table needs no memory for
 * it. The connection can do nothing else meanwhile; when another statement needs it, the rest is taken in first and
 * held.
 */
#include "base/log.h"
#include "db/pg_impl.h"

/* After the last result of a command there is a NULL; then the connection is free. */
static void take_to_the_end(PgRows *rows)
{
    PgConn *c = rows->c;
    for (PGresult *r; (r = PQgetResult(c->h)) != NULL;) {
        ExecStatusType status = PQresultStatus(r);
        if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
            rows->bad == NULL) {
            rows->bad = r;
        } else {
            PQclear(r);
        }
    }
    trip_over(c);
    rows->flows = false;
    c->flowing = NULL;
    pg_run_ends(c);
}

/* The next result of a flowing answer becomes the present row; false: it failed. */
static bool take_one(PgRows *rows)
{
    PGresult *r = PQgetResult(rows->c->h);
    ExecStatusType status = PQresultStatus(r); /* of NULL: a fatal error */
    rows->row = 0;
    if (status == PGRES_SINGLE_TUPLE) {
        rows->res = r;
        rows->n = 1;
        return true;
    }
    bool ok = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (ok) {
        rows->res = r; /* without rows: the end */
        rows->n = PQntuples(r);
    } else {
        rows->bad = r;
    }
    take_to_the_end(rows);
    return ok && rows->bad == NULL;
}

bool rows_begin(PgRows *rows, PgConn *c, bool flowing)
{
    *rows = (PgRows){.c = c, .flows = true};
    c->flowing = rows;
    if (flowing && !PQsetSingleRowMode(c->h)) {
        log_warn("postgresql: an answer does not flow");
    }
    bool ok = take_one(rows);
    rows->row = -1;
    return ok;
}

bool rows_next(PgRows *rows, bool *ret_row)
{
    PQclear(rows->past);
    rows->past = NULL;
    rows->row++;
    if (rows->row >= rows->n && rows->flows) {
        PQclear(rows->res);
        rows->res = NULL;
        rows->n = 0;
        if (!take_one(rows)) {
            return false;
        }
    } else if (rows->row >= rows->n && rows->bad != NULL) {
        return false; /* it ended badly while it was taken in */
    }
    *ret_row = rows->row < rows->n;
    return true;
}

static void append(PGresult *all, const PGresult *one)
{
    int at = PQntuples(all);
    for (int i = 0; i < PQnfields(one); i++) {
        int n = PQgetisnull(one, 0, i) ? -1 : PQgetlength(one, 0, i);
        if (!PQsetvalue(all, at, i, PQgetvalue(one, 0, i), n)) {
            log_fatal("out of memory in the database");
        }
    }
}

static void take_closing(PgConn *c)
{
    c->closing = false;
    for (PGresult *r; (r = PQgetResult(c->h)) != NULL;) {
        PQclear(r);
    }
    pg_run_ends(c);
}

void rows_settle(PgConn *c)
{
    PgRows *rows = c->flowing;
    if (c->closing) {
        take_closing(c);
    }
    if (rows == NULL) {
        return;
    }
    PGresult *all = PQcopyResult(rows->res, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES), *last = NULL;
    if (all == NULL) {
        log_fatal("out of memory in the database");
    }
    while ((last = PQgetResult(c->h)) != NULL && PQresultStatus(last) == PGRES_SINGLE_TUPLE) {
        append(all, last);
        PQclear(last);
    }
    if (last != NULL && PQresultStatus(last) != PGRES_TUPLES_OK) {
        rows->bad = last;
    } else {
        PQclear(last);
    }
    take_to_the_end(rows);
    rows->past = rows->res; /* texts of the present row are still read */
    rows->res = all;
    rows->n = PQntuples(all);
}

void rows_end(PgRows *rows)
{
    if (rows->flows) {
        take_to_the_end(rows);
    }
    PQclear(rows->res);
    PQclear(rows->past);
    PQclear(rows->bad);
    *rows = (PgRows){0};
}
