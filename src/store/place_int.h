/*
 * place_int.h - what place.c gives to store.c.
 */
#pragma once

#include "store/store.h"

/* database_is_ours - inside the transaction that opens the store: a database on a server is bound to the keys of the folder that
 * filled it first; E_DATA for any other folder. */
MUST_USE bool database_is_ours(Cx *cx, const Store *s, Db *db);
