/*
 * paper.h - a document as it lies on a desk: from a description (no markup, no positions) to the bytes of a PDF, a PNG
 * or a docx.
 *
 * Floor 2. A description is built in one arena with the functions below, or read from JSON (paper_read), and never
 * changes while it is rendered. The same description gives the same bytes (with the same fonts): the time of creation
 * comes from the caller.
 *
 * Four layouts:
 *   official     an official document after GB/T 9704-2012: A4, head margin 37 mm, left 28 mm, block 156 x 225 mm, 22
 * lines of 28 characters of size 3 (16 pt); `letterhead` red with the red line, `number`, `title` in size 2, `to`,
 * blocks, `attachments`, `issuer` and date at the right, `copies` and `printed` in the end lines (a tab in `printed`
 * parts what stands left, the office, from what stands right, the date), page numbers "— 1 —" form         a form to
 * fill and sign: title, `number`, grids of labels and values, tables, signature boxes, "第 1 页 共 2 页" certificate
 * one A4 landscape page: lattice border, `above` and `title`, `number`, paragraphs, QR, `issuer`, date, and, when
 *                `script` lines are given, columns of Mongolian script at the left
 *   list         title and tables, portrait or landscape
 *
 * Text is valid UTF-8 and may be empty; control characters are printed as spaces, '\n' begins a new line. Text that
 * does not fit is broken by the rules of Chinese (no mark at the start of a line), tables and boxes go on over pages
 * with their heads repeated. A glyph no font has is printed as a box with its code.
 */
#pragma once

#include "base/err.h"
#include "fmt/doc.h"

typedef enum { PAPER_OFFICIAL, PAPER_FORM, PAPER_CERTIFICATE, PAPER_LIST } PaperLayout;
typedef enum { PAPER_PDF, PAPER_PNG, PAPER_DOCX } PaperFormat;
typedef enum {
    BLOCK_PARA,
    BLOCK_HEADING,
    BLOCK_FIELDS,
    BLOCK_TABLE,
    BLOCK_SIGN,
    BLOCK_NOTE,
    BLOCK_QR,
    BLOCK_BREAK
} BlockKind;
typedef enum { PAPER_LEFT, PAPER_CENTER, PAPER_RIGHT } PaperAlign;

#define PAPER_MAX_TEXT  ((size_t)64 << 10) /* bytes of one text */
#define PAPER_MAX_ITEMS 60000              /* blocks, cells, fields and rows together */
#define PAPER_MAX_COLS  24
#define PAPER_MAX_QR    1200 /* bytes of a QR code */
#define PAPER_NO_DATE   INT32_MIN

typedef struct PaperRow PaperRow;
struct PaperRow {
    Str *cells; /* as many as the table has columns; of a fields block: label, value */
    bool wide;  /* fields: the pair takes the whole width */
    int lines;  /* fields: at least so many lines high; 0: one */
    PaperRow *next;
};

typedef struct {
    Str title;
    int weight; /* share of the width, 1..1000 */
    PaperAlign align;
} PaperCol;

typedef struct PaperBlock PaperBlock;
struct PaperBlock {
    BlockKind kind;
    int level; /* heading 1..4; sign: lines of free space */
    Str text;  /* para, heading, note; sign: the label; qr: what it says; table: a title above it */
    Str text2; /* qr: caption; sign: who and when ("签字：    年  月  日") */
    PaperCol *cols;
    size_t n_cols;
    PaperRow *rows, *last_row;
    size_t n_rows;
    PaperBlock *next;
};

typedef struct {
    Arena *mem;
    PaperLayout layout;
    bool landscape; /* list and form */
    Str title, above, letterhead, number, to, copies, printed;
    Str issuer;       /* certificate: up to three, '\n' between */
    Str *attachments; /* official: "附件：1. …" */
    size_t n_attachments;
    Str *script; /* certificate: lines of Mongolian script, printed as columns from left to right */
    size_t n_script;
    int32_t date;       /* days since 1970 or PAPER_NO_DATE */
    bool date_han;      /* 二〇二五年九月二十二日 instead of 2025年9月22日 (GB/T 9704-2012: Arabic) */
    Str date_text;      /* printed instead of `date` when given */
    Str qr, qr_caption; /* certificate: the code and what stands beside it, '\n' between lines */
    Str watermark;      /* "样例", "演示": printed across every page */
    Str keywords;       /* metadata, uncompressed: ASCII letters are found by searching the file for them */
    int64_t created_ms; /* metadata; UTC */
    PaperBlock *blocks, *last;
    size_t n_items;
} Paper;

Paper *paper_new(Arena *mem, PaperLayout layout);

/* Blocks, in order. Texts are kept as given, not copied. */
void paper_para(Paper *p, Str text);
void paper_heading(Paper *p, int level, Str text); /* level 1..4: 黑体, 楷体, 仿宋 */
void paper_note(Paper *p, Str text);               /* small print */
void paper_break(Paper *p);                        /* a new page */
void paper_qr(Paper *p, Str text, Str caption);
void paper_sign(Paper *p, Str label, int lines,
                Str foot); /* a box to sign in: label at the top, foot at the bottom right */
PaperBlock *paper_fields(Paper *p);
void paper_field(Paper *p, PaperBlock *fields, Str label, Str value, bool wide, int lines);
PaperBlock *paper_table(Paper *p, Str title);
void paper_col(Paper *p, PaperBlock *table, Str title, int weight, PaperAlign align); /* before the first row */
Str *paper_row(Paper *p, PaperBlock *table);                                          /* n_cols empty cells to fill */
void paper_attach(Paper *p, Str title);
void paper_script(Paper *p, Str line);

/* paper_check - limits, valid UTF-8, known values. E_DATA, E_TOO_LARGE. paper_render and paper_read call it themselves.
 */
MUST_USE bool paper_check(Cx *cx, const Paper *p);

/*
 * paper_render - the bytes of the document, in cx->mem.
 *   PAPER_PDF   PDF 1.4, fonts embedded, title and keywords in the information dictionary
 *   PAPER_PNG   the first page at 144 dots an inch
 *   PAPER_DOCX  official, form, list; a certificate is E_NOT_ACCEPTABLE. Asks for 仿宋_GB2312 and 方正小标宋简体 and
 * names fallbacks E_DATA, E_TOO_LARGE (more than 2,000 pages or 64 MB). One thread at a time: uses the font cache of
 * the thread. Meant for the worker process of job/press.h, because fonts and layout are big libraries.
 */
MUST_USE bool paper_render(Cx *cx, const Paper *p, PaperFormat format, Str *ret);

/* paper_pages - how many pages paper_render would make; for messages and tests. */
MUST_USE bool paper_pages(Cx *cx, const Paper *p, int *ret);

/* paper_date - the date as printed: date_text, or `date` in Arabic or Chinese figures, or empty. */
Str paper_date(Arena *mem, const Paper *p);
Str date_han(Arena *mem, int32_t days); /* 二〇二五年九月二十二日 */

/* The description as JSON and back. paper_read: E_DATA with the reason. */
Str paper_write(Arena *mem, const Paper *p);
MUST_USE bool paper_read(Cx *cx, Str json, Paper **ret);
