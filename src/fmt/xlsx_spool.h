/*
 * xlsx_spool.h - XML that is written before its place in a zip is known: a nameless file beside the output, and zip entries
 * made of it.
 */
#pragma once

#include <zip.h>

#include "base/buf.h"
#include "base/err.h"

typedef struct {
    int fd;
    char *block;          /* bytes not yet in the file */
    size_t n;
    uint64_t flushed;
    bool failed;          /* a write failed: errno kept in `error` */
    int error;
} Spool;

/* spool_open - near the file `beside`, so that both are on one disk. Block memory in `mem`. */
MUST_USE bool spool_open(Cx *cx, Arena *mem, const char *beside, Spool *ret);
void spool_close(Spool *s);
void spool_add(Spool *s, const void *p, size_t n);
static inline void spool_str(Spool *s, Str t) { spool_add(s, t.p, t.n); }
void spool_int(Spool *s, int64_t v);
/* spool_text - text of an element or attribute, escaped; control characters as _xHHHH_, as spreadsheets write them. */
void spool_text(Spool *s, Str text);
/* spool_inline - "<p:is>…</p:is>" of a string cell. `prefix` is "" or "x:". */
void spool_inline(Spool *s, Str prefix, Str text);

/* zip_put - replace or add the entry `name` with head + spool + tail (spool may be NULL), deflated at `level` (1..9; the entry then
 * goes to the end) or, with 0, as hard as can be in its old place. The texts and the spool must live until zip_close. False: the library's message is in cx. */
MUST_USE bool zip_put(Cx *cx, Arena *mem, zip_t *zip, const char *name, Str head, Spool *spool, Str tail, unsigned level);
/* zip_finish - close with the spools' errors looked at; discards the zip when anything failed. */
MUST_USE bool zip_finish(Cx *cx, zip_t *zip);

Str col_letters(char out[4], size_t col);   /* 0 -> A */
