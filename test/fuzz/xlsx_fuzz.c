/*
 * xlsx_fuzz.c - workbooks. An input that begins with PK is the file itself; any other is the XML inside one: sheet, shared strings, styles,
 * workbook, custom properties, a second sheet, relations of the workbook, divided by the byte 1 and packed without compression, so that the fuzzer
 * need not guess checksums. Each is read with wide limits and with narrow ones, its first sheet and its second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "fmt/xlsx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PARTS 9
#define VALUE_LONGEST 400 /* what a number is written out to, whatever a cell may hold */

typedef struct {
    Str name, text;
    size_t at;
    uint32_t crc;
} Part;

static const TableLimits NARROW = {.max_bytes = 8192, .max_rows = 3, .max_cols = 4, .max_cell = 12};
static const TableLimits LIMITS = {.max_bytes = 1 << 20, .max_rows = 1000, .max_cols = 50, .max_cell = 2000};
static char path[64], out_path[72];

static void drop_file(void)
{
    unlink(path);
    unlink(out_path);
}

static void put(Buf *b, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        buf_addc(b, (char)(v >> (8 * i) & 255));
    }
}

/* The fields that the local and the central header share. */
static void put_header(Buf *b, const Part *p)
{
    put(b, 20, 2);
    put(b, 0, 4); /* flags, stored */
    put(b, 0, 4); /* time, date */
    put(b, p->crc, 4);
    put(b, (uint32_t)p->text.n, 4);
    put(b, (uint32_t)p->text.n, 4);
    put(b, (uint32_t)p->name.n, 2);
    put(b, 0, 2);
}

static Str pack(Arena *mem, Part *parts, size_t n)
{
    Buf b = buf_new(mem, (size_t)8 << 20);
    for (size_t i = 0; i < n; i++) {
        parts[i].at = b.n;
        parts[i].crc = (uint32_t)crc32(0, (const Bytef *)parts[i].text.p, (uInt)parts[i].text.n);
        put(&b, 0x04034b50, 4);
        put_header(&b, &parts[i]);
        buf_add(&b, parts[i].name);
        buf_add_bytes(&b, parts[i].text.p, parts[i].text.n);
    }
    size_t start = b.n;
    for (size_t i = 0; i < n; i++) {
        put(&b, 0x02014b50, 4);
        put(&b, 20, 2);
        put_header(&b, &parts[i]);
        put(&b, 0, 2); /* comment */
        put(&b, 0, 4); /* disk, internal attributes */
        put(&b, 0, 4);
        put(&b, (uint32_t)parts[i].at, 4);
        buf_add(&b, parts[i].name);
    }
    size_t end = b.n;
    put(&b, 0x06054b50, 4);
    put(&b, 0, 4);
    put(&b, (uint32_t)n, 2);
    put(&b, (uint32_t)n, 2);
    put(&b, (uint32_t)(end - start), 4);
    put(&b, (uint32_t)start, 4);
    put(&b, 0, 2);
    CHECK(!b.full);
    return buf_str(&b);
}

static Str book_of(Arena *mem, Str in)
{
    static const Str NAMES[] = {STR_INIT("xl/worksheets/sheet1.xml"), STR_INIT("xl/sharedStrings.xml"), STR_INIT("xl/styles.xml"),
                                STR_INIT("xl/workbook.xml"), STR_INIT("docProps/custom.xml"), STR_INIT("xl/worksheets/sheet2.xml"),
                                STR_INIT("xl/_rels/workbook.xml.rels")};
    static const Str USUAL[ARRAY_LEN(NAMES)] = {
        [3] = STR_INIT("<workbook xmlns:r=\"x\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"),
        [6] = STR_INIT("<Relationships><Relationship Id=\"a\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
                       "worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"b\" Type=\"http://schemas.openxmlformats.org/"
                       "officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/><Relationship Id=\"c\" Type=\""
                       "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/><Relationship "
                       "Id=\"d\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" "
                       "Target=\"/xl/worksheets/sheet2.xml\"/></Relationships>"),
    };
    Part parts[MAX_PARTS] = {
        {.name = S("_rels/.rels"),
         .text = S("<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
                   "officeDocument\" Target=\"xl/workbook.xml\"/><Relationship Id=\"r2\" Type=\"http://schemas.openxmlformats.org/"
                   "officeDocument/2006/relationships/custom-properties\" Target=\"docProps/custom.xml\"/></Relationships>")},
    };
    size_t n = 1;
    Str rest = in, part;
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        (void)str_cut(rest, 1, &part, &rest);
        part = part.n == 0 ? USUAL[i] : part;
        if (part.n != 0) {
            parts[n++] = (Part){.name = NAMES[i], .text = part};
        }
    }
    return pack(mem, parts, n);
}

typedef struct {
    const TableLimits *max;
    size_t row, n;
} Seen;

static bool see(void *ctx, size_t row, const Cell *cells, size_t n)
{
    Seen *seen = ctx;
    CHECK(row > seen->row && n <= seen->max->max_cols && ++seen->n <= seen->max->max_rows);
    seen->row = row;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        CHECK(utf8_valid(cells[i].text) && cells[i].kind <= CELL_ERROR);
        CHECK((cells[i].kind == CELL_EMPTY) == (cells[i].text.n == 0));
        CHECK(cells[i].text.n <= MAX(seen->max->max_cell, (size_t)VALUE_LONGEST));
        CHECK(!cells[i].lossy || cells[i].kind == CELL_NUMBER);
        any = any || cells[i].kind != CELL_EMPTY;
    }
    CHECK(any);
    return true;
}

static bool skip(void *ctx, size_t row, const Cell *cells, size_t n)
{
    (void)ctx, (void)row, (void)cells, (void)n;
    return true;
}

/* What comes back with reasons can be read, and has them. */
static void annotate(Cx *cx)
{
    static const XlsxNote NOTES[] = {{1, 0, false, STR_INIT("a")}, {2, 1, true, STR_INIT("b")}, {2, SIZE_MAX, false, STR_INIT("c")},
                                     {9, 3, false, STR_INIT("<d>")}};
    cx_clear(cx);
    if (xlsx_annotate(cx, path, out_path, 0, 1, NOTES, ARRAY_LEN(NOTES))) {
        TableLimits wide = {.max_rows = 1048576, .max_cols = 16384, .max_cell = 1 << 19};
        CHECK(xlsx_read(cx, out_path, 0, &wide, skip, NULL));
        unlink(out_path);
    } else {
        CHECK(cx->err != E_OK && cx->err_text.n != 0);
    }
}

static bool read_with(Cx *cx, size_t sheet, const TableLimits *max, Seen *seen)
{
    *seen = (Seen){.max = max};
    bool good = xlsx_read(cx, path, sheet, max, see, seen);
    if (!good) {
        CHECK(cx->err != E_OK && cx->err_text.n != 0 && utf8_valid(cx->err_text));
        cx_clear(cx);
    }
    return good;
}

/* One who has seen enough ends the reading with a reason. */
static bool enough(void *ctx, size_t row, const Cell *cells, size_t n)
{
    (void)row, (void)cells, (void)n;
    return fail((Cx *)ctx, E_CONFLICT, "够了");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
        snprintf(path, sizeof path, "%s/tamga-fuzz-%d.xlsx", P_tmpdir, (int)getpid());
        snprintf(out_path, sizeof out_path, "%s.out", path);
        atexit(drop_file);
    }
    Cx cx;
    cx_init(&cx, mem);
    Str in = str_n((const char *)data, size);
    Str file = str_starts(in, S("PK")) || str_starts(in, S("\xD0\xCF")) ? in : book_of(mem, in);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(file.p, 1, file.n, f) == file.n && fclose(f) == 0);
    Seen wide, narrow, second;
    bool good = read_with(&cx, 0, &LIMITS, &wide), small = read_with(&cx, 0, &NARROW, &narrow), two = read_with(&cx, 1, &LIMITS, &second);
    CHECK(!small || (good && narrow.n == wide.n && narrow.row == wide.row)); /* what is read within narrow limits is the same within wide ones */
    XlsxInfo info;
    if (xlsx_info(&cx, path, &info)) {
        CHECK(info.n_sheets <= ARRAY_LEN(info.sheet_names) && info.n_properties <= ARRAY_LEN(info.properties));
        for (size_t i = 0; i < info.n_sheets; i++) {
            CHECK(utf8_valid(info.sheet_names[i]));
        }
        for (size_t i = 0; i < info.n_properties; i++) {
            CHECK(utf8_valid(info.properties[i][0]) && utf8_valid(info.properties[i][1]));
        }
        CHECK(!good || info.n_sheets >= 1);
        CHECK(!two || info.n_sheets >= 2);
    } else {
        CHECK(cx.err != E_OK && cx.err_text.n != 0 && utf8_valid(cx.err_text));
        cx_clear(&cx);
    }
    if (good && wide.n != 0) {
        CHECK(!xlsx_read(&cx, path, 0, &LIMITS, enough, &cx) && cx.err == E_CONFLICT);
        cx_clear(&cx);
    }
    if (good) {
        annotate(&cx);
    }
    arena_reset(mem);
    return 0;
}
