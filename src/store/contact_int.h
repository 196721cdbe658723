/*
 * contact_int.h - addresses of accounts, for the files of the store that send to them.
 */
#pragma once

#include "store/contact.h"
#include "store/internal.h"

/* contact_columns - of the table of accounts; bases made before have none. */
MUST_USE bool contact_columns(Cx *cx, Db *db);
/* contact_open - an address as kept, in clear; empty when there is none or it cannot be opened. `column`: email, mobile. */
Str contact_open(Cx *cx, const Store *s, Str column, int64_t user, Str kept);
Str contact_mask(Arena *mem, Str address); /* z***@example.org, 138****2046 */
