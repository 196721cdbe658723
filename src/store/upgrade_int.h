/*
 * upgrade_int.h - the number of the schema, and the steps to it, for store.c and move.c.
 */
#pragma once

#include "store/internal.h"
#include "store/place_int.h"

#define SCHEMA_NUMBER 4

/* schema_number - of a database: 0 without tables, 1 when it has none. schema_is_present - E_CONFLICT for an earlier, E_DATA for a later one. */
MUST_USE bool schema_number(Cx *cx, Db *db, int64_t *ret);
MUST_USE bool schema_is_present(Cx *cx, Db *db);

/* In this order, by store_open: begins (before the transaction: refuses what is newer, keeps a copy), steps and ends (inside it, before and after
 * schema_apply), done (after the commit). *ret_from: the number it had. */
MUST_USE bool upgrade_begins(Cx *cx, Store *s, int64_t *ret_from);
MUST_USE bool upgrade_steps(Cx *cx, Store *s, int64_t from);
MUST_USE bool upgrade_ends(Cx *cx, Store *s, int64_t from);
void upgrade_done(const Store *s, int64_t from);
