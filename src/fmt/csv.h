/*
 * csv.h - comma-separated values: RFC 4180 with what spreadsheets really write, and a writer that cannot start a formula.
 */
#pragma once

#include "base/err.h"
#include "base/buf.h"

typedef struct {
    size_t max_bytes;   /* 0: 20 MiB */
    size_t max_rows;    /* 0: 200,000 */
    size_t max_cols;    /* 0: 200 */
    size_t max_cell;    /* 0: 32 KiB */
} TableLimits;          /* also for xlsx.h */
TableLimits table_limits(const TableLimits *given); /* with the defaults filled in; NULL: all of them */

/*
 * csv_read - call row(ctx, line, cells, n) for each record; line is the 1-based line where it starts. Stops when row
 * returns false (its failure is kept). Accepts a UTF-8 BOM, UTF-16 with BOM, GB18030 when the bytes are not UTF-8 (what
 * spreadsheet programs in China save as "CSV"), commas, tabs or semicolons (seen in the first line), LF and CR LF, quoted
 * cells with line breaks. Refuses NUL (other than UTF-16), an open quote at the end, and the limits, with a Chinese
 * message that names line and column.
 */
typedef bool TableRowFn(void *ctx, size_t line, const Str *cells, size_t n);
MUST_USE bool csv_read(Cx *cx, Str bytes, const TableLimits *limits, TableRowFn *row, void *ctx);

/* Writer. csv_begin writes the BOM. A cell that starts with = + - @ TAB CR or a full-width twin gets a leading ' so that no
 * spreadsheet runs it; numbers given as integers are written as they are. */
void csv_begin(Buf *out);
void csv_cell(Buf *out, Str text, bool first);
void csv_cell_int(Buf *out, int64_t v, bool first);
void csv_end_row(Buf *out);
