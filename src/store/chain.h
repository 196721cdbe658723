/*
 * chain.h - the hash of one journal entry, used when it is written and when it is verified.
 */
#pragma once

#include "base/buf.h"
#include "db/db.h"
#include "store/journal.h"

/* chain_hash - SHA-256 over the previous hash and every part of the entry, each preceded by its length, so that no two different
 * entries have the same bytes. */
void chain_hash(const uint8_t prev[32], const Event *e, uint8_t out[32]);

/* event_read - a row of the journal's columns, in their order. */
void event_read(Cx *cx, Store *s, Stmt *st, Event *e);
