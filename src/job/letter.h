/*
 * letter.h - from a document of the pack and a record to the description of what is printed (paper/paper.h).
 *
 * What stands in it is what the person asking may see: fields hidden from them stay empty, personal ones are masked,
 * records referred to that they may not read are blank. In a document that anyone may fetch (`open`) personal fields
 * are left out, whoever asks. Whether the document is offered at all (`when`), and which rows a table has (`where`), is
 * decided by the facts, not by what the person sees.
 */
#pragma once

#include "paper/paper.h"
#include "store/record.h"

#define LETTER_ROWS_MAX 5000 /* of one table */

/* letter_offered - does `when` hold for the record? */
MUST_USE bool letter_offered(Cx *cx, Store *s, const Document *d, const Rec *r, bool *ret);

/*
 * letter_make - `r` as rec_get gave it to `a`. The description and its texts live in cx->mem. E_NOT_FOUND when the
 * document is of another type or is not offered now; E_TOO_LARGE for a table of more than LETTER_ROWS_MAX rows.
 */
MUST_USE bool letter_make(Cx *cx, Store *s, const Actor *a, const Document *d, const Rec *r, Paper **ret);

/* letter_file_name - what the file is called when it is kept. */
Str letter_file_name(Cx *cx, Store *s, const Document *d, const Rec *r, const char *ending); /* 通知书-甲作.pdf */

/* ---- settings, before the first document ---- */

/* letter_mark_set - printed across every page ("样例", "演示"); empty: nothing. Kept, not copied. */
void letter_mark_set(Str mark);

/* What a feature adds to documents it knows (a code to scan, keywords); called last. Others it leaves alone. */
typedef bool LetterExtra(Cx *cx, Store *s, const Document *d, const Rec *r, Paper *p);
void letter_extras_set(LetterExtra *const *table, size_t n); /* the table must outlive the process */
