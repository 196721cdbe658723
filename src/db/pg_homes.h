/*
 * pg_homes.h - what pg_homes.c and pg_reach.c share.
 */
#pragma once

#include "db/pg_impl.h"

/* pg_ask - rows of a statement with at most one text parameter. NULL: it failed. */
PGresult *pg_ask(Cx *cx, PgConn *c, const char *sql, const char *arg);
bool pg_say(Cx *cx, PgConn *c, Buf *sql);
/* pg_name - a name of the schema: a-z, 0-9 and _ only. */
void pg_name(Buf *out, Str s);
