/*
 * internal.h - what the files of the queue share; not for other modules.
 */
#pragma once

#include "job/job.h"

/* query_save - a query as text, to be run later; query_load reads it back against the pack of today (E_INVALID when a field left it). */
Str query_save(Arena *mem, const Query *q);
MUST_USE bool query_load(Cx *cx, const Pack *p, const RecordType *t, Str text, Query *ret);

/* file_kind of an upload by its bytes: 'x' workbook, 'o' old or encrypted workbook, 'c' text, 0 something else. */
char upload_kind(Str bytes);

/* file_keep - bytes into a new file, on disk when it returns. E_IO, E_FULL. */
MUST_USE bool file_keep(Cx *cx, const char *path, Str bytes);

/* rows_in - how many non-blank rows a kept workbook has, header included; 0 when it cannot be read (the run will say why). */
int64_t rows_in(Cx *cx, const char *path);
