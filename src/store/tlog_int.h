/*
 * tlog_int.h - what the files of the log share; not for other modules.
 */
#pragma once

#include "store/internal.h"
#include "store/merkle.h"
#include "store/tlog.h"

/* note_text - what a checkpoint of `size` and `root` says, without signature: three lines. */
Str note_text(const Store *s, Arena *mem, int64_t size, const uint8_t root[32]);
/* note_signed - with the empty line and the signature line. Ed25519 signs the same bytes the same way, so a note can be made again and compared. */
Str note_signed(const Store *s, Arena *mem, int64_t size, const uint8_t root[32]);
#define TLOG_COLUMNS "select idx, at, kind, subject, entry, leaf from tlog_entry"
void tlog_row(Cx *cx, Stmt *st, LogEntry *e); /* a row of TLOG_COLUMNS, copied; without body */
/* entry_text - the exact bytes of an entry. E_INVALID when body is no JSON. */
MUST_USE bool entry_text(Cx *cx, Str kind, Str subject, int64_t at_ms, Str body, Str *ret);
