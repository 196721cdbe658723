/*
 * xlsx_edit.h - inside of xlsx_annotate: a part copied to a spool while handlers change what they care about.
 *
 * Everything is copied as it stands in the source. In a start handler edit_copy writes the tag as it is, edit_raw gives its text
 * to be changed, and edit_drop leaves out everything until the element's end. UTF-8 comes out, whatever went in.
 */
#pragma once

#include "fmt/xlsx_int.h"
#include "fmt/xlsx_spool.h"

typedef struct Edit Edit;
typedef struct {
    void (*start)(Edit *e, const char *name, const char **atts);   /* must call edit_copy, or write something else */
    void (*end)(Edit *e, const char *name);                         /* likewise */
} EditHandlers;
struct Edit {
    Package *pkg;
    XML_Parser parser;
    const EditHandlers *on;
    void *ctx;
    Spool *out;
    Str part;
    Str prefix;        /* of the root element: "" or "x:" */
    Buf raw;           /* of the current tag */
    bool capture;
    int depth;         /* of the current element: 1 is the root */
    int drop;          /* depth inside a left-out element */
    bool stopped;
};
/* out NULL: only the handlers matter. */
MUST_USE bool edit_part(Package *p, Str part, Spool *out, const EditHandlers *on, void *ctx);
void edit_copy(Edit *e);
Str edit_raw(Edit *e);
void edit_drop(Edit *e);
void edit_stop(Edit *e);

/* Writes the end tag: also of an element that was <empty/> and whose start was written by tag_opened. */
void edit_close_tag(Edit *e, const char *name);
Str tag_opened(Arena *mem, Str tag);      /* <a/> as <a> */

/* Text of a start tag without the attribute, or with it set (the value must need no escaping). In `mem`. */
Str tag_without(Arena *mem, Str tag, const char *name);
Str tag_with(Arena *mem, Str tag, const char *name, Str value);
static inline bool tag_is_empty(Str tag) { return str_ends(tag, S("/>")); }

/* What is added to styles.xml. A base style and a mark give one new style; see xlsx_annotate_styles.c. */
typedef enum { MARK_NONE, MARK_WRONG, MARK_DOUBT, MARK_REASON, MARK_CLEAR } Mark; /* the first three marks: order of our fills */
typedef struct {
    Package *pkg;
    Str part;
    bool usable;
    Str *xfs;              /* raw text of each cell style */
    bool *ours;            /* it has one of our fills */
    size_t n_xfs, n_fills;
    bool is_fill_ours[4096];
    struct AddedStyle {
        size_t base;
        Mark mark;
    } *added;
    size_t n_added, cap_added;
} StyleBook;
MUST_USE bool stylebook_read(Package *p, Str part, StyleBook *ret);
size_t stylebook_mark(StyleBook *b, size_t base, Mark mark);      /* the new style's number; base when styles are unusable */
static inline bool stylebook_is_ours(const StyleBook *b, size_t style) { return style < b->n_xfs && b->ours[style]; }
MUST_USE bool stylebook_write(StyleBook *b, Spool *out);

/* What the rewriting of the sheet takes and finds out. */
typedef struct {
    const XlsxNote *notes;
    size_t n_notes;
    size_t header_row;
    size_t reason_col;     /* SIZE_MAX: no room */
    StyleBook *styles;
    bool comments;         /* a drawing of comments is wanted */
    const char *drawing_id;   /* relation id of our drawing */
    Str old_drawing_id;    /* that of the drawing left out; empty: none */
} SheetJob;
MUST_USE bool sheet_rewrite(Package *p, Str part, Spool *out, SheetJob *job);
