/*
 * xlsx_annotate.c - the same workbook back with reasons.
 *
 * The package is opened as untrusted input, its sheet and styles are copied with changes into spools (xlsx_annotate_sheet.c,
 * xlsx_annotate_styles.c), comments and their drawing are made anew, and these entries are put into a copy of the file; all
 * others keep their bytes. The sheet is read once before, to find the column for the reasons: the first free one, or the one
 * an earlier return made. At most 2,000 cells get comments: spreadsheet programs become slow with more; the reasons stand in
 * the column anyway.
 */
#include "fmt/xlsx_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define MAX_COMMENTS 2000
#define COMMENTS_ID "tamgaComments"
#define DRAWING_ID "tamgaDrawing"
#define REASON_TITLE "错误原因"
#define REL_NS "http://schemas.openxmlformats.org/package/2006/relationships"
#define REL_KIND "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define MAIN_NS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define COMMENTS_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
#define VML_TYPE "application/vnd.openxmlformats-officedocument.vmlDrawing"

typedef struct {
    size_t header_row, used, reason_col;
    bool found;
} Columns;

static bool look_at_row(void *ctx, size_t row, const Cell *cells, size_t n)
{
    Columns *c = ctx;
    if (row < c->header_row) {
        return true;
    }
    c->used = MAX(c->used, n);
    for (size_t i = 0; row == c->header_row && i < n; i++) {
        if (str_eq(str_trim(cells[i].text), S(REASON_TITLE))) {
            c->reason_col = i;
            c->found = true;
        }
    }
    return true;
}

typedef struct {
    Cx *cx;
    Package pkg;
    zip_t *zip;               /* the copy */
    Workbook book;
    Str part;                 /* the sheet */
    Rels rels;                /* of the sheet */
    StyleBook *styles;
    SheetJob job;
    Str comments_part, drawing_part;
    Spool sheet, style, comments, drawing, sheet_rels, types;
} Annotation;

static Str free_name(Package *p, const char *stem, const char *ending)
{
    for (size_t i = 1;; i++) {
        Str name = str_printf(p->mem, "%s%zu%s", stem, i, ending);
        if (!package_has(p, name)) {
            return name;
        }
    }
}

/* One comment for each noted cell, its notes together. Calls `each` with what belongs to one cell. */
static void for_comments(Annotation *a, void (*each)(Annotation *, size_t row, size_t col, const XlsxNote *notes, size_t n, size_t count))
{
    const XlsxNote *notes = a->job.notes;
    size_t count = 0;
    for (size_t i = 0; i < a->job.n_notes && count < MAX_COMMENTS;) {
        size_t end = i + 1;
        while (end < a->job.n_notes && notes[end].row == notes[i].row && notes[end].col == notes[i].col) {
            end++;
        }
        if (notes[i].col < 16384) {
            each(a, notes[i].row, notes[i].col, notes + i, end - i, count++);
        }
        i = end;
    }
}

static void put_comment(Annotation *a, size_t row, size_t col, const XlsxNote *notes, size_t n, size_t count)
{
    Spool *s = &a->comments;
    char letters[4];
    (void)count;
    spool_str(s, S("<comment ref=\""));
    spool_str(s, col_letters(letters, col));
    spool_int(s, (int64_t)row);
    spool_str(s, S("\" authorId=\"0\"><text><t xml:space=\"preserve\">"));
    for (size_t i = 0; i < n; i++) {
        spool_str(s, i > 0 ? S("\n") : S(""));
        spool_text(s, utf8_cut(notes[i].text, 1000));
    }
    spool_str(s, S("</t></text></comment>"));
}

static void put_shape(Annotation *a, size_t row, size_t col, const XlsxNote *notes, size_t n, size_t count)
{
    (void)notes, (void)n;
    ArenaMark mark = arena_mark(a->pkg.mem);
    spool_str(&a->drawing,
              str_printf(a->pkg.mem,
                         "<v:shape id=\"_x0000_s%zu\" type=\"#_x0000_t202\" style=\"position:absolute;margin-left:80pt;margin-top:5pt;"
                         "width:180pt;height:70pt;z-index:%zu;visibility:hidden\" fillcolor=\"#ffffe1\" o:insetmode=\"auto\">"
                         "<v:fill color2=\"#ffffe1\"/><v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/>"
                         "<v:textbox style=\"mso-direction-alt:auto\"><div style=\"text-align:left\"></div></v:textbox>"
                         "<x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/>"
                         "<x:Anchor>%zu, 15, %zu, 2, %zu, 54, %zu, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
                         "<x:Row>%zu</x:Row><x:Column>%zu</x:Column></x:ClientData></v:shape>",
                         1025 + count, count + 1, col + 1, row - 1, col + 4, row + 4, row - 1, col));
    arena_release(a->pkg.mem, mark);
}

static void make_comments(Annotation *a)
{
    spool_str(&a->comments, S("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<comments xmlns=\"" MAIN_NS "\"><authors>"
                              "<author>Tamga</author></authors><commentList>"));
    for_comments(a, put_comment);
    spool_str(&a->comments, S("</commentList></comments>"));
    spool_str(&a->drawing, S("<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" "
                             "xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" "
                             "data=\"1\"/></o:shapelayout><v:shapetype id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" "
                             "path=\"m,l,21600r21600,l21600,xe\"><v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" "
                             "o:connecttype=\"rect\"/></v:shapetype>"));
    for_comments(a, put_shape);
    spool_str(&a->drawing, S("</xml>"));
}

static void put_relations(Annotation *a, Spool *out, Str prefix)
{
    spool_str(out, str_printf(a->pkg.mem,
                              "<%.*sRelationship Id=\"" DRAWING_ID "\" Type=\"" REL_KIND "vmlDrawing\" Target=\"/%.*s\"/>"
                              "<%.*sRelationship Id=\"" COMMENTS_ID "\" Type=\"" REL_KIND "comments\" Target=\"/%.*s\"/>",
                              STRF(prefix), STRF(a->drawing_part), STRF(prefix), STRF(a->comments_part)));
}

static void rels_start(Edit *e, const char *name, const char **atts)
{
    Annotation *a = e->ctx;
    if (xml_is(name, "Relationships")) {
        spool_str(e->out, tag_opened(a->pkg.mem, edit_raw(e)));
        return;
    }
    Str id = str_c(xml_attr(atts, "Id")), type = str_c(xml_attr(atts, "Type"));
    bool old = str_eq(id, S(COMMENTS_ID)) || str_eq(id, S(DRAWING_ID)) || str_ends(type, S("/comments")) ||
               str_ends(type, S("/threadedComment")) || (a->job.old_drawing_id.n > 0 && str_eq(id, a->job.old_drawing_id));
    if (old) {
        edit_drop(e);
    } else {
        edit_copy(e);
    }
}

static void rels_end(Edit *e, const char *name)
{
    Annotation *a = e->ctx;
    if (xml_is(name, "Relationships")) {
        put_relations(a, e->out, e->prefix);
        edit_close_tag(e, name);
    } else {
        edit_copy(e);
    }
}

static bool make_rels(Annotation *a, Str name)
{
    static const EditHandlers on = {.start = rels_start, .end = rels_end};
    if (package_has(&a->pkg, name)) {
        return edit_part(&a->pkg, name, &a->sheet_rels, &on, a);
    }
    spool_str(&a->sheet_rels, S("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"" REL_NS "\">"));
    put_relations(a, &a->sheet_rels, S(""));
    spool_str(&a->sheet_rels, S("</Relationships>"));
    return true;
}

typedef struct {
    Annotation *a;
    bool comments, vml;
} TypesScan;

static void types_start(Edit *e, const char *name, const char **atts)
{
    TypesScan *t = e->ctx;
    Str part = str_c(xml_attr(atts, "PartName")), ending = str_c(xml_attr(atts, "Extension"));
    t->comments = t->comments || (part.n > 1 && str_ieq(str_sub(part, 1, part.n), t->a->comments_part));
    t->vml = t->vml || (xml_is(name, "Default") && str_ieq(ending, S("vml")));
    edit_copy(e);
}

static void types_end(Edit *e, const char *name)
{
    TypesScan *t = e->ctx;
    if (xml_is(name, "Types")) {
        Arena *mem = t->a->pkg.mem;
        if (!t->vml) {
            spool_str(e->out, str_printf(mem, "<%.*sDefault Extension=\"vml\" ContentType=\"" VML_TYPE "\"/>", STRF(e->prefix)));
        }
        if (!t->comments) {
            spool_str(e->out, str_printf(mem, "<%.*sOverride PartName=\"/%.*s\" ContentType=\"" COMMENTS_TYPE "\"/>", STRF(e->prefix),
                                         STRF(t->a->comments_part)));
        }
    }
    edit_copy(e);
}

/* Where the comments go: over those the sheet has, or to new names. */
static void name_parts(Annotation *a)
{
    const Rel *comments = rels_by_kind(&a->rels, S("comments"));
    const Rel *drawing = rels_by_id(&a->rels, a->job.old_drawing_id);
    bool vml = drawing != NULL && str_eq(drawing->kind, S("vmlDrawing")) && str_ends(drawing->part, S(".vml"));
    a->comments_part = comments != NULL ? comments->part : free_name(&a->pkg, "xl/comments", ".xml");
    a->drawing_part = vml ? drawing->part : free_name(&a->pkg, "xl/drawings/vmlDrawing", ".vml");
}

static bool replace(Annotation *a, Str part, Spool *s, unsigned level)
{
    return zip_put(a->cx, a->pkg.mem, a->zip, str_z(a->pkg.mem, part), S(""), s, S(""), level);
}

static bool add_comments(Annotation *a)
{
    static const EditHandlers types_on = {.start = types_start, .end = types_end};
    static const char types[] = "[Content_Types].xml";
    Str rels = rels_part_of(a->pkg.mem, a->part);
    TypesScan scan = {.a = a};
    name_parts(a);
    make_comments(a);
    return make_rels(a, rels) && edit_part(&a->pkg, str_c(types), &a->types, &types_on, &scan) &&
           replace(a, a->comments_part, &a->comments, 0) && replace(a, a->drawing_part, &a->drawing, 0) &&
           replace(a, rels, &a->sheet_rels, 0) && replace(a, str_c(types), &a->types, 0);
}

static bool find_columns(Annotation *a, size_t sheet)
{
    Columns c = {.header_row = a->job.header_row};
    if (!sheet_read(&a->pkg, sheet, look_at_row, &c)) {
        return false;
    }
    a->job.reason_col = c.found ? c.reason_col : c.used < 16384 ? c.used : SIZE_MAX;
    return true;
}

static bool has_cell_notes(const SheetJob *job)
{
    for (size_t i = 0; i < job->n_notes; i++) {
        if (job->notes[i].col < 16384) {
            return true;
        }
    }
    return false;
}

static bool build(Annotation *a, size_t sheet)
{
    Package *p = &a->pkg;
    a->styles = NEW(p->mem, StyleBook);
    a->job.styles = a->styles;
    if (!workbook_read(p, &a->book) || !workbook_sheet(p, &a->book, sheet, &a->part) || !find_columns(a, sheet) ||
        !rels_read(p, a->part, &a->rels) || !stylebook_read(p, a->book.styles, a->styles)) {
        return false;
    }
    a->job.comments = package_has(p, S("[Content_Types].xml")) &&
                      (has_cell_notes(&a->job) || rels_by_kind(&a->rels, S("comments")) != NULL);
    a->job.drawing_id = DRAWING_ID;
    if (!sheet_rewrite(p, a->part, &a->sheet, &a->job) || !replace(a, a->part, &a->sheet, 2)) {
        return false;
    }
    if (a->styles->usable && !(stylebook_write(a->styles, &a->style) && replace(a, a->book.styles, &a->style, 0))) {
        return false;
    }
    return !a->job.comments || add_comments(a);
}

static bool copy_file(Cx *cx, Arena *mem, const char *in, const char *out)
{
    int from = open(in, O_RDONLY | O_CLOEXEC), to = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const size_t size = (size_t)256 << 10;
    char *block = arena_alloc(mem, size);
    ssize_t n = -1;
    while (from >= 0 && to >= 0 && (n = read(from, block, size)) > 0) {
        for (ssize_t done = 0, k; done < n; done += k) {
            k = write(to, block + done, (size_t)(n - done));
            if (k < 0) {
                n = -1;
                break;
            }
        }
        if (n < 0) {
            break;
        }
    }
    int error = errno;
    if (from >= 0) {
        close(from);
    }
    bool good = to >= 0 && close(to) == 0 && n == 0;
    return good || fail(cx, error == ENOSPC ? E_FULL : E_IO, "写文件时出错：%s", strerror(error));
}

bool xlsx_annotate(Cx *cx, const char *in, const char *out, size_t sheet, size_t header_row, const XlsxNote *notes, size_t n_notes)
{
    /* The file was read and accepted before, by limits this function does not know: only bombs are refused here. */
    TableLimits wide = {.max_bytes = (size_t)200 << 20, .max_rows = 1048576, .max_cols = 16384, .max_cell = (size_t)512 << 10};
    Annotation *a = NEW(cx->mem, Annotation);
    *a = (Annotation){.cx = cx, .job = {.notes = notes, .n_notes = n_notes, .header_row = header_row}};
    if (!package_open(cx, in, &wide, &a->pkg)) {
        return false;
    }
    Spool *spools[] = {&a->sheet, &a->style, &a->comments, &a->drawing, &a->sheet_rels, &a->types};
    size_t opened = 0;
    bool good = copy_file(cx, a->pkg.mem, in, out);
    while (good && opened < ARRAY_LEN(spools) && (good = spool_open(cx, a->pkg.mem, out, spools[opened]))) {
        opened++;
    }
    if (good) {
        a->zip = zip_open(out, 0, NULL);
        good = a->zip != NULL || fail(cx, E_IO, "写工作簿出错");
    }
    if (good && build(a, sheet)) {
        good = zip_finish(cx, a->zip);
    } else if (a->zip != NULL) {
        zip_discard(a->zip);
        good = false;
    }
    for (size_t i = 0; i < opened; i++) {
        spool_close(spools[i]);
    }
    package_close(&a->pkg);
    if (!good) {
        unlink(out);
    }
    return good;
}
