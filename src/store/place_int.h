/*
 * place_int.h - what place.c gives to store.c.
 */
#pragma once

#include "store/store.h"

/* database_is_ours - inside the transaction that opens the store: a database on a server is bound to the keys of the folder that
 * filled it first; E_DATA for any other folder. */
MUST_USE bool database_is_ours(Cx *cx, const Store *s, Db *db);

/* folder_lock - note that the folder is in use until folder_unlock: together with others, or alone (E_BUSY when it cannot be had). */
MUST_USE bool folder_lock(Cx *cx, const char *dir, bool alone, int *ret_fd);
/* folder_lock_alone, folder_lock_share - the same lock, for a while without others (E_BUSY). */
MUST_USE bool folder_lock_alone(Cx *cx, const char *dir, int fd);
void folder_lock_share(int fd);
void folder_unlock(int fd); /* -1 is fine */

/* A database that `tamga move` fills bears a mark in `meta` until it was verified. database_mark - *ret_mark: whose data it will be (as
 * keys_mark says), empty without a mark; *ret_empty: it has no tables at all. database_is_whole - E_DATA when it bears one. */
MUST_USE bool database_mark(Cx *cx, Db *db, Str *ret_mark, bool *ret_empty);
MUST_USE bool database_is_whole(Cx *cx, Db *db);
