/*
 * import.h - shared by the files of the import.
 */
#pragma once

#include <stdlib.h>

#include "job/job.h"
#include "job/sheet.h"

#define IMPORT_BATCH 500 /* rows a transaction */

/* A row as it was read; what it says of the record and of the one beside it. */
typedef struct {
    size_t number;             /* row in the file, 1-based */
    Str no;
    Value *values, *beside;
    bool *set, *beside_set;
    bool wrong;
} ImportRow;

typedef struct {
    Cx *cx;
    Arena *mem;                /* the import's */
    Arena *batch_mem;
    Store *s;
    const Actor *a;
    SheetPlan plan;
    bool dry_run, have_header, by_key;
    bool as_one, row_failed;   /* the batch is written without savepoints; a row of it failed */
    HeaderMap map;
    size_t header_row, rows_seen;
    Map keys;                  /* folded key -> row number */
    ImportRow *rows;
    size_t n_rows;
    XlsxNote *notes;
    size_t n_notes, cap_notes;
    Str source;
    JobProgress *progress;
    void *progress_ctx;
    ImportCounts counts;
    const Region *within;
} Import;

/* import.c */
/* import_note - a note for the annotated workbook; col -1: of the whole row. import_column - where a field stands in the file; -1: nowhere.
 * import_findings - the findings of a row (of the record beside it) into notes; true when one is an error. */
void import_note(Import *im, size_t row, int col, bool warning, Str text);
int import_column(const Import *im, Str field, bool beside);
bool import_findings(Import *im, const ImportRow *row, const Findings *f, bool beside);
/* import_mem - what is made from here on lives in `mem`, and the reason of a failure too, which may have lived in the other. Returns the other. */
Arena *import_mem(Import *im, Arena *mem);

/* import_read.c: the whole file, batch by batch; *ret_xlsx: it is a workbook and no CSV. False: it cannot be taken, or writing failed. */
MUST_USE bool import_read(Import *im, const char *path, bool *ret_xlsx);

/* import_write.c: the rows of the batch are written (in a dry run: tried), and the next batch is empty. E_CANCELLED: the person wants no more. */
MUST_USE bool import_flush(Import *im);

/* report_csv - the annotated return of a CSV: a workbook with its cells and the reasons beside them. */
MUST_USE bool report_csv(Cx *cx, const SheetPlan *plan, const char *in, const char *out, size_t header_row, const XlsxNote *notes,
                         size_t n_notes);
