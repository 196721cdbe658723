/*
 * xlsx_write_int.h - inside of the workbook writer, shared by rows (xlsx_write.c) and templates (xlsx_template.c).
 * These two files are the glue to libxlsxwriter, whose headers do not compile under banned.h.
 */
#pragma once

#include <xlsxwriter.h>

#include "fmt/xlsx.h"
#include "fmt/xlsx_spool.h"

typedef enum { LOOK_PLAIN, LOOK_ROW, LOOK_WRONG, LOOK_DOUBT, LOOK_COUNT } Look;

typedef struct {
    enum { PENDING_NONE, PENDING_TEXT, PENDING_NUMBER } kind;
    Look look;
    Str text;                   /* a number too, as it is printed */
    const char *comment;
} Pending;

struct XlsxWriter {
    Cx *cx;
    Arena *mem;                 /* of the writer */
    Arena *row_mem;             /* texts of the current row */
    XlsxSpec spec;
    lxw_workbook *book;
    lxw_worksheet *sheet;
    const char *path;
    Spool rows;                 /* the data rows as XML */
    struct {
        lxw_format *format;
        int32_t index;
    } (*formats)[LOOK_COUNT];   /* of each column, made when first used; the last one is the reason column's */
    char (*letters)[4];         /* of each column */
    size_t header, row;         /* 0-based: the header row, the current row */
    size_t n_cols;              /* with the reason column */
    Pending *cells;             /* of the current row */
    bool marked;                /* a cell of the current row is wrong, or has a reason */
    lxw_error error;            /* the first */
};

lxw_format *writer_format(XlsxWriter *w, size_t col, Look look);
void writer_note(XlsxWriter *w, lxw_error error);
/* writer_text - as a C string the library takes: at most 32,767 characters, what looks like an escape made literal. */
const char *writer_text(Arena *mem, Str text);
void template_add(XlsxWriter *w);   /* validations and hints of the data rows, notes sheet, dictionary sheet, protection */
