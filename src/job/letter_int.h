/*
 * letter_int.h - a document in the making, as the files of letter*.c share it; not for other modules.
 */
#pragma once

#include "job/letter.h"

typedef struct {
    Cx *cx;
    Arena *mem; /* of the description; cx->mem may be emptied between rows */
    Store *s;
    const Actor *a;
    const Document *d;
    const Rec *rec;
    Paper *p;
} Letter;

/* Where a text stands: in a record, or in a row of one of its lists. */
typedef struct {
    const Rec *rec;
    const Field *list; /* NULL: the record itself */
    const Value *cells;
    size_t number; /* running number of the row; 0: none */
} Place;

/* letter_whole - the record as it is; of one that is sealed nobody but its person knows more than what they see. */
MUST_USE bool letter_whole(Cx *cx, Store *s, const Rec *seen, Rec *ret);

/* letter_text.c */
/* letter_value - a value as it reads; empty where the document may not show it. Lives in cx->mem.
 * letter_fill - a text with its names filled in; lives in x->mem. E_TOO_LARGE.
 * letter_fill_date - the date of the document: "{{issued_on}}" and nothing else is a date; anything else is printed as it reads. */
Str letter_value(Letter *x, const Field *f, const Value *v);
MUST_USE bool letter_fill(Letter *x, const Place *at, Str text, Str *ret);
MUST_USE bool letter_fill_date(Letter *x, const Place *at, Str text);

/* letter_table.c: rows are worked out in a memory of their own, which is emptied between them. */
MUST_USE bool letter_table(Letter *x, const DocBlock *b, const Place *at);
