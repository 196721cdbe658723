/*
 * xlsx_annotate_sheet.c - the sheet's XML copied with marks: styles of noted cells changed, cells and rows that a note names but
 * the sheet lacks put in, one column of reasons, and the reference to the drawing of comments.
 *
 * Cells must stay in order, so what is to be put in waits until the first cell behind it, or the end of its row. A column's own
 * style is the base of a cell put in: text columns stay text columns.
 */
#include "fmt/xlsx_edit.h"

#define REASON_TITLE "错误原因"
#define REASON_WIDTH "48"
#define MAX_COL 16384
#define R_NS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

typedef struct {
    SheetJob *job;
    Package *pkg;
    Arena *scratch;            /* emptied after each row */
    bool in_cols, in_data, data_done, in_row;
    size_t row_no, next_col;
    size_t note;               /* the first note not yet behind us */
    size_t row_end;            /* end of the current row's notes */
    bool reason_done;
    size_t *col_styles;
    size_t head_style;         /* of the last header cell left of the reasons */
    bool cols_done, drawing_done;
} Rewrite;

static void put(Edit *e, Str s)
{
    spool_str(e->out, s);
}

static void put_open(Edit *e, const char *name)
{
    put(e, S("<"));
    put(e, e->prefix);
    put(e, str_c(name));
}

static void put_close(Edit *e, const char *name)
{
    put(e, S("</"));
    put(e, e->prefix);
    put(e, str_c(name));
    put(e, S(">"));
}

static void put_cell_head(Edit *e, Rewrite *w, size_t col, size_t style)
{
    char letters[4];
    put_open(e, "c");
    put(e, S(" r=\""));
    put(e, col_letters(letters, col));
    spool_int(e->out, (int64_t)w->row_no);
    put(e, S("\" s=\""));
    spool_int(e->out, (int64_t)style);
    put(e, S("\""));
}

static void put_text_cell(Edit *e, Rewrite *w, size_t col, size_t style, Str text)
{
    put_cell_head(e, w, col, style);
    put(e, S(" t=\"inlineStr\">"));
    spool_inline(e->out, e->prefix, text);
    put_close(e, "c");
}

/* The row's reasons, one after another; empty when it has none. */
static Str reason_of(Rewrite *w, size_t from)
{
    Buf text = buf_new(w->scratch, 30000);
    for (size_t i = from; i < w->row_end; i++) {
        const XlsxNote *n = &w->job->notes[i];
        Str part = utf8_cut(n->text, 1000);
        if (text.n + part.n + 16 > 30000) {
            break;
        }
        buf_add(&text, text.n > 0 ? S("；") : S(""));
        buf_add(&text, n->warning ? S("提示：") : S(""));
        buf_add(&text, part);
    }
    return buf_str(&text);
}

/* The first of the row's notes: they are sorted by row. */
static size_t row_start(const Rewrite *w)
{
    size_t i = w->row_end;
    while (i > 0 && w->job->notes[i - 1].row == w->row_no) {
        i--;
    }
    return i;
}

static void put_reason(Edit *e, Rewrite *w)
{
    if (w->reason_done || w->job->reason_col == SIZE_MAX) {
        return;
    }
    w->reason_done = true;
    if (w->row_no == w->job->header_row) {
        put_text_cell(e, w, w->job->reason_col, w->head_style, S(REASON_TITLE));
    } else if (w->row_no > w->job->header_row) {
        Str text = reason_of(w, row_start(w));
        if (text.n > 0) {
            put_text_cell(e, w, w->job->reason_col, stylebook_mark(w->job->styles, 0, MARK_REASON), text);
        }
    }
}

static Mark mark_of(const XlsxNote *n, Mark so_far)
{
    return !n->warning || so_far == MARK_WRONG ? MARK_WRONG : MARK_DOUBT;
}

/* Puts in what stands left of `col`: noted cells the sheet lacks, and the reasons. */
static void put_before(Edit *e, Rewrite *w, size_t col)
{
    const SheetJob *job = w->job;
    while (w->note < w->row_end && job->notes[w->note].col < col && job->notes[w->note].col < MAX_COL) {
        size_t at = job->notes[w->note].col;
        if (at > job->reason_col) {
            put_reason(e, w);
        }
        Mark mark = MARK_NONE;
        while (w->note < w->row_end && job->notes[w->note].col == at) {
            mark = mark_of(&job->notes[w->note++], mark);
        }
        if (at != job->reason_col) {
            put_cell_head(e, w, at, stylebook_mark(job->styles, w->col_styles[at], mark));
            put(e, S("/>"));
        }
    }
    if (col > job->reason_col) {
        put_reason(e, w);
    }
}

static void end_row(Edit *e, Rewrite *w)
{
    put_before(e, w, MAX_COL);
    w->note = w->row_end;
    arena_reset(w->scratch);
}

static void set_row(Rewrite *w, size_t row)
{
    w->row_no = row;
    w->next_col = 0;
    w->reason_done = false;
    while (w->note < w->job->n_notes && w->job->notes[w->note].row < row) {
        w->note++;
    }
    w->row_end = w->note;
    while (w->row_end < w->job->n_notes && w->job->notes[w->row_end].row == row) {
        w->row_end++;
    }
}

/* Rows before `row` that have notes but do not stand in the sheet. */
static void put_missing_rows(Edit *e, Rewrite *w, size_t row)
{
    while (w->note < w->job->n_notes && w->job->notes[w->note].row < row) {
        set_row(w, w->job->notes[w->note].row);
        put_open(e, "row");
        put(e, S(" r=\""));
        spool_int(e->out, (int64_t)w->row_no);
        put(e, S("\">"));
        end_row(e, w);
        put_close(e, "row");
    }
}

static size_t to_size(const char *text, size_t none)
{
    int64_t v;
    return text != NULL && str_int(str_c(text), &v) && v >= 0 ? (size_t)v : none;
}

static void start_row(Edit *e, Rewrite *w, const char **atts)
{
    size_t row = to_size(xml_attr(atts, "r"), w->row_no + 1);
    put_missing_rows(e, w, row);
    set_row(w, row);
    w->in_row = true;
    Str tag = edit_raw(e);
    put(e, tag_opened(w->scratch, tag_without(w->scratch, tag, "spans")));
}

static void start_cell(Edit *e, Rewrite *w, const char **atts)
{
    SheetJob *job = w->job;
    const char *ref = xml_attr(atts, "r");
    size_t row, col = w->next_col, style = to_size(xml_attr(atts, "s"), 0);
    if (ref != NULL && !value_ref(ref, &row, &col)) {
        col = w->next_col;
    }
    w->next_col = col + 1;
    put_before(e, w, col);
    Mark mark = MARK_NONE;
    while (w->note < w->row_end && job->notes[w->note].col == col) {
        mark = mark_of(&job->notes[w->note++], mark);
    }
    if (col == job->reason_col && w->row_no >= job->header_row) {
        edit_drop(e);
        if (w->row_no == job->header_row) {
            w->head_style = style != 0 ? style : w->head_style;
        }
        return;
    }
    if (w->row_no == job->header_row && col < job->reason_col) {
        w->head_style = style;
    }
    if (mark == MARK_NONE && w->row_no > job->header_row && stylebook_is_ours(job->styles, style)) {
        mark = MARK_CLEAR;
    }
    if (mark == MARK_NONE) {
        edit_copy(e);
        return;
    }
    size_t marked = stylebook_mark(job->styles, style, mark);
    put(e, tag_with(w->scratch, edit_raw(e), "s", str_printf(w->scratch, "%zu", marked)));
}

static void put_col(Edit *e, Rewrite *w, Str tag, size_t min, size_t max)
{
    Arena *mem = w->pkg->mem;
    Str from = str_printf(mem, "%zu", min), to = str_printf(mem, "%zu", max);
    put(e, tag_with(mem, tag_with(mem, tag, "max", to), "min", from));
}

static void put_reason_col(Edit *e, Rewrite *w)
{
    w->cols_done = true;
    if (w->job->reason_col != SIZE_MAX) {
        Str tag = str_printf(w->pkg->mem, "<%.*scol width=\"" REASON_WIDTH "\" customWidth=\"1\"/>", STRF(e->prefix));
        put_col(e, w, tag, w->job->reason_col + 1, w->job->reason_col + 1);
    }
}

/* A range of columns; it is cut in pieces when the reasons stand inside it. */
static void start_col(Edit *e, Rewrite *w, const char **atts)
{
    size_t min = to_size(xml_attr(atts, "min"), 0), max = to_size(xml_attr(atts, "max"), 0);
    size_t style = to_size(xml_attr(atts, "style"), 0), at = w->job->reason_col + 1;
    if (min < 1 || max > MAX_COL || min > max) {
        edit_copy(e);
        return;
    }
    for (size_t i = min; i <= max; i++) {
        w->col_styles[i - 1] = style;
    }
    if (w->cols_done || w->job->reason_col == SIZE_MAX || max < at) {
        edit_copy(e);
        return;
    }
    Str tag = str_dup(w->pkg->mem, edit_raw(e));
    if (min < at) {
        put_col(e, w, tag, min, at - 1);
        if (!tag_is_empty(tag)) {
            put_close(e, "col");
        }
    }
    put_reason_col(e, w);
    if (max > at || min > at) {
        put_col(e, w, tag_is_empty(tag) ? tag : str_replace(w->pkg->mem, tag, S(">"), S("/>")), MAX(min, at + 1), max);
    }
    if (!tag_is_empty(tag)) {
        edit_drop(e);
    }
}

static void start_data(Edit *e, Rewrite *w)
{
    if (!w->cols_done && w->job->reason_col != SIZE_MAX) {
        put_open(e, "cols");
        put(e, S(">"));
        put_reason_col(e, w);
        put_close(e, "cols");
    }
    w->in_data = true;
    put(e, tag_opened(w->scratch, edit_raw(e)));
}

static void put_drawing(Edit *e, Rewrite *w)
{
    if (!w->drawing_done && w->job->comments) {
        put_open(e, "legacyDrawing");
        put(e, str_printf(w->pkg->mem, " xmlns:r=\"" R_NS "\" r:id=\"%s\"/>", w->job->drawing_id));
    }
    w->drawing_done = true;
}

/* Elements the schema puts behind the drawing of comments. */
static bool is_behind_drawing(const char *name)
{
    static const char *const names[] = {"legacyDrawingHF", "drawingHF", "picture",    "oleObjects",
                                        "controls",        "webPublishItems", "tableParts", "extLst"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (xml_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* A child of the worksheet. */
static void start_part(Edit *e, Rewrite *w, const char *name, const char **atts)
{
    if (xml_is(name, "dimension")) {
        edit_drop(e);
    } else if (xml_is(name, "cols")) {
        w->in_cols = true;
        put(e, tag_opened(e->pkg->mem, edit_raw(e)));
    } else if (xml_is(name, "sheetData") && !w->data_done) {
        start_data(e, w);
    } else if (xml_is(name, "legacyDrawing") && w->job->comments) {
        w->job->old_drawing_id = str_dup(w->pkg->mem, str_c(xml_attr(atts, "id")));
        edit_drop(e);
    } else {
        if (is_behind_drawing(name)) {
            put_drawing(e, w);
        }
        edit_copy(e);
    }
}

static void sheet_start(Edit *e, const char *name, const char **atts)
{
    Rewrite *w = e->ctx;
    if (e->depth == 1) {
        edit_copy(e);
        if (!xml_is(name, "worksheet")) {
            fail(e->pkg->cx, E_MEDIA_TYPE, "工作簿已损坏（%.*s），请在表格软件中重新打开并另存为 .xlsx 后再上传", STRF(e->part));
            edit_stop(e);
        }
    } else if (e->depth == 2) {
        start_part(e, w, name, atts);
    } else if (w->in_data && e->depth == 3 && xml_is(name, "row")) {
        start_row(e, w, atts);
    } else if (w->in_row && e->depth == 4 && xml_is(name, "c")) {
        start_cell(e, w, atts);
    } else if (w->in_cols && e->depth == 3 && xml_is(name, "col")) {
        start_col(e, w, atts);
    } else {
        edit_copy(e);
    }
}

static void sheet_end(Edit *e, const char *name)
{
    Rewrite *w = e->ctx;
    if (w->in_row && e->depth == 3) {
        end_row(e, w);
        w->in_row = false;
        edit_close_tag(e, name);
    } else if (w->in_data && e->depth == 2) {
        put_missing_rows(e, w, SIZE_MAX);
        w->in_data = false;
        w->data_done = true;
        edit_close_tag(e, name);
    } else if (w->in_cols && e->depth == 2) {
        w->in_cols = false;
        if (!w->cols_done) {
            put_reason_col(e, w);
        }
        edit_close_tag(e, name);
    } else {
        if (e->depth == 1) {
            put_drawing(e, w);
        }
        edit_copy(e);
    }
}

bool sheet_rewrite(Package *p, Str part, Spool *out, SheetJob *job)
{
    static const EditHandlers on = {.start = sheet_start, .end = sheet_end};
    Rewrite w = {.job = job, .pkg = p, .scratch = arena_new(0), .col_styles = NEW_ARRAY(p->mem, size_t, MAX_COL + 1)};
    bool good = edit_part(p, part, out, &on, &w);
    arena_free(w.scratch);
    return good;
}
