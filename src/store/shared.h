/*
 * shared.h - several processes on one database (PostgreSQL): who of them is who, and what each must know of the others' writes.
 *
 * A process takes one of 16 node numbers for the ids it gives. It holds the number by a lock of its writing connection (free as soon as the process
 * is dead) and by its token in the row of `node`, which every transaction that writes looks at first: one whose number was taken over, because it
 * was cut off or stood still, commits nothing until it has another. So two processes never commit ids of one node at a time, whatever
 * clocks and locks do. On SQLite there is one process and all of this costs nothing.
 *
 * Versions (store_version): a row of `version` per record type is raised in the transaction of the write itself. A process looks at their sum, one
 * small statement, before it answers from anything it kept (store_attach does). Promise: what a request is answered with is never older than any
 * write that was acknowledged, by whichever process, before the request began.
 */
#pragma once

#include "store/store.h"

bool store_shared(const Store *s); /* whether other processes may use the database */
Str store_me(const Store *s);      /* this process's token; made anew at each start */
Str store_folder(const Store *s);  /* name of the data folder among those that serve this database; empty on SQLite */

/* store_gone - SQL condition: whether the process whose token the column holds is gone; true too for the empty token. To be put behind "column ". */
#define STORE_GONE "not in (select owner from node where owner <> '')"

/* store_lock - hold `name` among all processes, on this thread's reading connection (cx->db), until store_unlock or the connection breaks; wait: E_BUSY
 * after 10 s. On SQLite always had. */
MUST_USE bool store_lock(Cx *cx, Store *s, Str name, bool wait, bool *ret_got);
void store_unlock(Cx *cx, Store *s, Str name);
