/*
 * sheet.h - the columns of a type's spreadsheet as they stand in a file, and how a file's header is matched to them.
 */
#pragma once

#include "fmt/xlsx.h"
#include "store/record.h"

/* What an import reads: a workbook of 100,000 rows of 20 columns unpacks to 130 MB, so more than the reader's default (5 x max_bytes). */
static const TableLimits IMPORT_LIMITS = {.max_bytes = (size_t)48 << 20};

typedef enum { SC_NUMBER, SC_PARENT, SC_FIELD, SC_BESIDE } SheetColKind;

typedef struct {
    SheetColKind kind;
    const Field *field;        /* SC_FIELD, SC_BESIDE; SC_PARENT: the region field it helps */
    Str key, title;            /* "name", "figures.workers"; what people read, with the unit */
    bool required;
} PlanCol;

typedef struct {
    const RecordType *type;
    const Sheet *sheet;
    PlanCol *cols;
    size_t n;
} SheetPlan;

/* sheet_plan - the number column first, then the sheet's columns; a region column below the first level is preceded by one for the region
 * above it (the city before the county). CHECKs that the type has a sheet. */
SheetPlan sheet_plan(Arena *mem, const Pack *p, const RecordType *t);

/* What a header row says: at[i] is the file column of plan column i, or -1. */
typedef struct {
    int *at;
    size_t matched;
    Str *unknown;              /* titles in the file that are none of ours */
    size_t n_unknown;
} HeaderMap;
HeaderMap sheet_match(Arena *mem, const SheetPlan *plan, const Str *cells, size_t n, bool by_key);

/* sheet_missing - "" or a sentence naming the required columns that are missing, with the nearest titles found. */
Str sheet_missing(Arena *mem, const SheetPlan *plan, const HeaderMap *map);
