/*
 * xlsx.h - reading workbooks as a stream (libzip + expat, constant memory), and writing them (libxlsxwriter).
 */
#pragma once

#include "base/err.h"
#include "fmt/csv.h"

typedef enum { CELL_EMPTY, CELL_TEXT, CELL_NUMBER, CELL_DATE, CELL_BOOL, CELL_ERROR } CellKind;

typedef struct {
    CellKind kind;
    Str text;        /* as a person sees it: dates as YYYY-MM-DD (or with time), numbers in full without exponent */
    bool formula;    /* the value is a formula's last result */
    bool lossy;      /* a number of more than 15 digits or with an exponent: what was typed is not what is here */
} Cell;

/*
 * xlsx_read - call row(ctx, row_number, cells, n) for every row that has a non-blank cell, in order; 1-based row numbers.
 *   path    the file; sheet: index among the visible sheets (0 first), found through workbook.xml and its relations
 * Formatted-but-empty rows are skipped. Merged cells: the value stands in the top-left one. Refuses with a Chinese message
 * saying what to do: not a zip, .xls or encrypted workbooks (OLE2 signature), no sheet, a DOCTYPE anywhere, more than 2,000
 * entries, over 100 MiB unpacked or a ratio over 100 after the first MiB, rows, columns and cell lengths over the limits.
 * Strings are read into at most 64 MiB. Entry names are never used as paths. With another max_bytes the unpacked limit is five
 * times that; cells are limited to 512 KiB whatever max_cell says. A time without a date is text ("08:30").
 */
typedef bool XlsxRowFn(void *ctx, size_t row, const Cell *cells, size_t n);
typedef struct {
    Str properties[16][2];  /* custom document properties name, value; for the template id and version */
    size_t n_properties;
    Str sheet_names[64];
    size_t n_sheets;
} XlsxInfo;
MUST_USE bool xlsx_info(Cx *cx, const char *path, XlsxInfo *ret);
MUST_USE bool xlsx_read(Cx *cx, const char *path, size_t sheet, const TableLimits *limits, XlsxRowFn *row, void *ctx);

/* ---- writing ---- */
typedef struct XlsxWriter XlsxWriter;
typedef enum { XCOL_TEXT, XCOL_INT, XCOL_DECIMAL, XCOL_DATE, XCOL_LIST } XlsxColKind;

typedef struct {
    Str title;            /* header cell */
    Str key;              /* machine name, kept in a hidden row above the header */
    Str note;             /* input hint shown when the cell is selected; may be empty */
    XlsxColKind kind;     /* TEXT columns are formatted as text, so that codes stay codes */
    bool required;        /* header is marked */
    int width;            /* in characters; 0: by title */
    const Str *choices;   /* XCOL_LIST: the allowed texts, put on the hidden dictionary sheet */
    size_t n_choices;
    int depends_on;       /* index of the column whose choice selects this one's list; -1: none */
    const Str *choice_of; /* with depends_on: for each choice, the parent's text it belongs to (grouped together) */
    int decimals;
} XlsxCol;

typedef struct {
    Str title;            /* merged first row; empty: none */
    Str sheet_name;
    const XlsxCol *cols;
    size_t n_cols;
    const Str *notes;     /* lines of the notes sheet; n 0: no such sheet */
    size_t n_notes;
    Str template_id, template_version; /* custom properties tamga_template and tamga_template_version */
    bool as_template;     /* validations, input hints, protected header, blank rows formatted; else a plain table */
    bool reason_column;   /* a last column 错误原因 for annotated returns; error rows are coloured */
} XlsxSpec;

/* xlsx_open - start a workbook at path. Rows must be written in order. NULL with E_IO. xlsx_close writes it out. */
MUST_USE XlsxWriter *xlsx_open(Cx *cx, const char *path, const XlsxSpec *spec);
size_t xlsx_first_row(const XlsxWriter *w);                     /* 0-based row where data starts */
void xlsx_text(XlsxWriter *w, size_t col, Str text);            /* into the current row; always a string cell */
void xlsx_int(XlsxWriter *w, size_t col, int64_t v);
void xlsx_decimal(XlsxWriter *w, size_t col, int64_t v, int decimals); /* v × 10^-decimals */
void xlsx_mark(XlsxWriter *w, size_t col, Str comment);         /* colour a cell as wrong and attach the reason as a comment */
void xlsx_warn(XlsxWriter *w, size_t col, Str comment);         /* colour a cell as doubtful */
void xlsx_reason(XlsxWriter *w, Str text);                      /* the 错误原因 column of the current row */
void xlsx_next(XlsxWriter *w);                                  /* go to the next row */
MUST_USE bool xlsx_close(Cx *cx, XlsxWriter *w);

/*
 * xlsx_annotate - the same workbook back: copy `in` to `out` with reasons. Every sheet, width, style and value stays; cells named in
 * `notes` get a coloured style and a comment, and the row's reasons stand together in a new last column 错误原因 on the header row's
 * right. Streaming rewrite of the sheet's XML; notes must be sorted by row, then column. The column, colours and comments of an earlier
 * return are replaced, so that only what is wrong now is marked; at most 2,000 cells get comments. Workbooks of up to 200 MiB; E_IO,
 * E_FULL or the reader's refusals, and then no file is left at `out`.
 */
typedef struct {
    size_t row, col;      /* 1-based row, 0-based column; col = SIZE_MAX: whole row */
    bool warning;
    Str text;
} XlsxNote;
MUST_USE bool xlsx_annotate(Cx *cx, const char *in, const char *out, size_t sheet, size_t header_row, const XlsxNote *notes,
                            size_t n_notes);
