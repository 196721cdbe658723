/*
 * import.h - shared by the files of the import.
 */
#pragma once

#include <stdlib.h>

#include "job/job.h"
#include "job/sheet.h"

/* report_csv - the annotated return of a CSV: a workbook with its cells and the reasons beside them. */
MUST_USE bool report_csv(Cx *cx, const SheetPlan *plan, const char *in, const char *out, size_t header_row, const XlsxNote *notes,
                         size_t n_notes);
