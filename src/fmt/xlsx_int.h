/*
 * xlsx_int.h - inside of the workbook reader: the zip package, its XML parts, and what a sheet needs to be read.
 *
 * A package owns an arena that is freed with it; what its parts hand out lives there. All names of parts are paths inside the
 * zip ("xl/workbook.xml"); they are looked up among the entries and never touch the file system.
 */
#pragma once

#include <expat.h>
#include <zip.h>

#include "base/buf.h"
#include "fmt/xlsx.h"

typedef struct {
    Cx *cx;
    Arena *mem;
    zip_t *zip;
    TableLimits max;
    size_t max_unpacked;   /* bytes all parts together may inflate to */
    size_t unpacked;
} Package;

/* package_open - checks signature, size and entries. The limit on unpacked bytes is 5 x max_bytes: 100 MiB by default. */
MUST_USE bool package_open(Cx *cx, const char *path, const TableLimits *limits, Package *ret);
void package_close(Package *p);
bool package_has(Package *p, Str part);

/* A part opened for streaming, with the limits on unpacked bytes enforced. */
typedef struct {
    Package *pkg;
    zip_file_t *file;
    size_t packed;         /* bytes in the zip */
    size_t read;           /* bytes handed out */
} PartReader;
MUST_USE bool part_open(Package *p, Str part, PartReader *ret);
MUST_USE bool part_read(PartReader *r, void *to, size_t max, size_t *ret_n);   /* *ret_n 0: the end */
void part_close(PartReader *r);
/* part_text - a whole part, at most `max` bytes, in the package's arena. */
MUST_USE bool part_text(Package *p, Str part, size_t max, Str *ret);

/* Names given to the handlers are without their prefix. A handler that fails calls xml_stop after fail(). */
typedef struct Xml Xml;
typedef struct {
    void (*start)(Xml *x, const char *name, const char **atts);
    void (*end)(Xml *x, const char *name);
    void (*text)(Xml *x, const char *p, size_t n);
} XmlHandlers;
struct Xml {
    Package *pkg;
    XML_Parser parser;
    const XmlHandlers *on;
    void *ctx;
    Str part;
    bool stopped;
};
MUST_USE bool xml_parse(Package *p, Str part, const XmlHandlers *on, void *ctx);
void xml_stop(Xml *x);
const char *xml_attr(const char **atts, const char *name);  /* by local name; NULL when absent */
static inline bool xml_is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* Relations of a part ("" for the package). `kind` is the last word of the type's address. */
typedef struct {
    Str id, kind, part;
} Rel;
typedef struct {
    Rel *items;
    size_t n;
} Rels;
MUST_USE bool rels_read(Package *p, Str part, Rels *ret);
const Rel *rels_by_id(const Rels *rels, Str id);
const Rel *rels_by_kind(const Rels *rels, Str kind);
Str rels_part_of(Arena *mem, Str part);     /* xl/workbook.xml -> xl/_rels/workbook.xml.rels */

typedef struct {
    Str name, part;
} SheetRef;
typedef struct {
    Str part;                /* of the workbook itself */
    SheetRef *sheets;        /* visible worksheets, in order */
    size_t n_sheets;
    Str strings, styles, custom;  /* parts; empty when absent */
    bool date1904;
} Workbook;
MUST_USE bool workbook_read(Package *p, Workbook *ret);
MUST_USE bool workbook_sheet(Package *p, const Workbook *book, size_t sheet, Str *ret_part);

/* Shared strings: stored one after another in chunks, found by number. */
typedef struct {
    Arena *mem;
    char **chunks;
    size_t n_chunks, used;   /* used: bytes in the last chunk */
    uint32_t **index;        /* blocks of positions */
    size_t n;
    size_t total, max_cell;
} Strings;
MUST_USE bool strings_read(Package *p, Str part, Strings *ret);
bool strings_get(const Strings *s, size_t i, Str *ret);     /* cut at max_cell + 1 bytes; false: no such number */
size_t xstring_decode(char *p, size_t n);                   /* _x000D_ and the like, in place; CR LF becomes LF; new length */

typedef enum { FORMAT_NUMBER, FORMAT_DATE, FORMAT_TIME, FORMAT_ELAPSED } FormatKind;
FormatKind format_builtin(unsigned id);
FormatKind format_custom(Str code);
typedef struct {
    uint8_t *kinds;          /* FormatKind of each cell style */
    size_t n;
} Styles;
MUST_USE bool styles_read(Package *p, Str part, Styles *ret);

/* sheet_read - xlsx_read on an open package. */
MUST_USE bool sheet_read(Package *p, size_t sheet, XlsxRowFn *row, void *ctx);

/* value_number - the text a person sees for the number written as `raw` in a cell of this format. Out needs VALUE_MAX bytes. */
#define VALUE_MAX 400
CellKind value_number(Str raw, FormatKind format, bool date1904, char *out, size_t *ret_n, bool *ret_lossy);
CellKind value_iso_date(Str raw, char *out, size_t *ret_n);
bool value_ref(const char *ref, size_t *ret_row, size_t *ret_col);  /* "AB12" -> 12, 27 */
