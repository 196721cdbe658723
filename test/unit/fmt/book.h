/*
 * book.h - hand-made workbooks for tests: a zip of the parts given, and reading one back as text.
 */
#pragma once

#include "check.h"

#include <stdio.h>
#include <unistd.h>
#include <zip.h>

#include "base/buf.h"
#include "fmt/xlsx.h"

#define REL_ROOT "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define MAIN_NS "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""

typedef struct {
    const char *name;
    Str text;
} PartText;

/* A path for a test's file, removed when the arena goes. */
static inline void remove_file(void *path)
{
    unlink(path);
}

static inline const char *temp_path(Arena *mem)
{
    static int count;
    Str path = str_printf(mem, "%s/tamga-test-%d-%d.xlsx", P_tmpdir, (int)getpid(), ++count);
    char *copy = arena_alloc(mem, path.n + 1);
    memcpy(copy, path.p, path.n);
    arena_defer(mem, remove_file, copy);
    return copy;
}

static inline const char *write_file(Arena *mem, Str bytes)
{
    const char *path = temp_path(mem);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
    return path;
}

static inline const char *zip_parts(Arena *mem, const PartText *parts, size_t n)
{
    const char *path = temp_path(mem);
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(z);
    for (size_t i = 0; i < n; i++) {
        zip_source_t *src = zip_source_buffer(z, parts[i].text.p, parts[i].text.n, 0);
        assert_true(zip_file_add(z, parts[i].name, src, 0) >= 0);
    }
    assert_int_equal(zip_close(z), 0);
    return path;
}

/* What a workbook of one sheet is made of; a part left empty is the usual one, or absent where nothing needs it. */
typedef struct {
    Str sheet;       /* inside <worksheet> */
    Str strings;     /* inside <sst> */
    Str formats;     /* inside <numFmts> */
    Str xfs;         /* inside <cellXfs> */
    Str workbook_pr; /* before <sheets> */
    Str custom;      /* inside <Properties> of the custom properties */
    Str sheet_raw;   /* the whole sheet part, when `sheet` will not do */
} Book;

static inline const char *make_book(Arena *mem, Book b)
{
    Str *texts[] = {&b.sheet, &b.strings, &b.formats, &b.xfs, &b.workbook_pr, &b.custom};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i] = texts[i]->p != NULL ? *texts[i] : S("");
    }
    PartText parts[] = {
        {"_rels/.rels", S("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
                          "<Relationship Id=\"r1\" Type=\"" REL_ROOT "officeDocument\" Target=\"/odd/book.xml\"/>"
                          "<Relationship Id=\"r2\" Type=\"" REL_ROOT "custom-properties\" Target=\"docProps/custom.xml\"/>"
                          "</Relationships>")},
        {"odd/_rels/book.xml.rels", S("<Relationships>"
                                      "<Relationship Id=\"a\" Type=\"" REL_ROOT "worksheet\" Target=\"../sheets/one.xml\"/>"
                                      "<Relationship Id=\"b\" Type=\"" REL_ROOT "sharedStrings\" Target=\"./strings.xml\"/>"
                                      "<Relationship Id=\"c\" Type=\"" REL_ROOT "styles\" Target=\"styles.xml\"/>"
                                      "</Relationships>")},
        {"odd/book.xml", str_printf(mem, "<workbook " MAIN_NS " xmlns:r=\"x\">%.*s<sheets><sheet name=\"表一\" sheetId=\"1\" "
                                         "r:id=\"a\"/></sheets></workbook>", STRF(b.workbook_pr))},
        {"odd/strings.xml", str_printf(mem, "<sst " MAIN_NS ">%.*s</sst>", STRF(b.strings))},
        {"odd/styles.xml", str_printf(mem, "<styleSheet " MAIN_NS "><numFmts>%.*s</numFmts><cellStyleXfs><xf numFmtId=\"14\"/>"
                                           "</cellStyleXfs><cellXfs>%.*s</cellXfs></styleSheet>", STRF(b.formats), STRF(b.xfs))},
        {"sheets/one.xml", b.sheet_raw.n > 0 ? b.sheet_raw
                                             : str_printf(mem, "<worksheet " MAIN_NS ">%.*s</worksheet>", STRF(b.sheet))},
        {"docProps/custom.xml", str_printf(mem, "<Properties xmlns:vt=\"y\">%.*s</Properties>", STRF(b.custom))},
    };
    return zip_parts(mem, parts, ARRAY_LEN(parts));
}

typedef struct {
    Buf out;   /* "row:kind text|…;": t n d b e - before each text, f after the kind for formulas, ! for lossy numbers */
    size_t rows;
    size_t stop_after;
} Read;

static inline bool read_row(void *ctx, size_t row, const Cell *cells, size_t n)
{
    static const char kinds[] = "-tndbe";
    Read *r = ctx;
    buf_printf(&r->out, "%zu:", row);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&r->out, "%s%c%s%s", i > 0 ? "|" : "", kinds[cells[i].kind], cells[i].formula ? "f" : "",
                   cells[i].lossy ? "!" : "");
        buf_add(&r->out, cells[i].text);
    }
    buf_addc(&r->out, ';');
    return ++r->rows != r->stop_after;
}

static inline Str read_text(Arena *mem, const char *path, size_t sheet)
{
    Cx cx;
    cx_init(&cx, mem);
    Read r = {.out = buf_new(mem, 1 << 20)};
    if (!xlsx_read(&cx, path, sheet, NULL, read_row, &r)) {
        print_error("%.*s (%.*s)\n", STRF(cx_text(&cx)), STRF(cx.err_at));
        assert_true(false);
    }
    return buf_str(&r.out);
}

static inline void assert_reads(Arena *mem, const char *path, const char *want)
{
    assert_text(read_text(mem, path, 0), want);
}

static inline void assert_refused(Arena *mem, const char *path, const TableLimits *limits, ErrCode code, const char *part)
{
    Cx cx;
    cx_init(&cx, mem);
    Read r = {.out = buf_new(mem, 1 << 20)};
    assert_false(xlsx_read(&cx, path, 0, limits, read_row, &r));
    if (strstr(str_z(mem, cx_text(&cx)), part) == NULL || cx.err != code) {
        print_error("%.*s (%.*s)\n", STRF(cx_text(&cx)), STRF(cx.err_at));
        assert_true(false);
    }
}
