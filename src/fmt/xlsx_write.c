/*
 * xlsx_write.c - tables as workbooks: libxlsxwriter makes the workbook with its styles, head and page; the data rows are
 * written as XML into a spool and put into the sheet at the end, deflated lightly. The library alone took three times as long.
 *
 * The cells of the current row wait until xlsx_next, because marks and reasons decide how they look. Texts are always string
 * cells: nothing a person typed becomes a formula. Whole numbers wider than a spreadsheet keeps are written as text.
 */
#include "fmt/xlsx_write_int.h"

#include <errno.h>

#define MAX_TEXT 32767
#define REASON_TITLE "错误原因"
#define REASON_WIDTH 40
#define A4 9
#define WIDEST_EXACT INT64_C(999999999999999)
#define MAX_DECIMALS 9
#define LIGHT 1                 /* how hard rows are deflated: twice as fast as usual, a quarter larger */

static const lxw_color_t look_fill[LOOK_COUNT] = {0, 0xFDF1EF, 0xF6BDB5, 0xFFE08A};

void writer_note(XlsxWriter *w, lxw_error error)
{
    if (w->error == LXW_NO_ERROR && error != LXW_NO_ERROR) {
        w->error = error;
    }
}

const char *writer_text(Arena *mem, Str text)
{
    text = text.n > MAX_TEXT ? utf8_cut(text, MAX_TEXT) : text;
    /* "_x0041_" in a text would be read as the character it names. */
    if (memmem(text.p, text.n, "_x", 2) != NULL) {
        text = str_replace(mem, text, S("_x"), S("_x005F_x"));
        text = text.n > MAX_TEXT ? utf8_cut(text, MAX_TEXT) : text;
    }
    return str_z(mem, text);
}

static void set_number_format(lxw_format *f, const XlsxCol *col)
{
    static const char *const decimals[MAX_DECIMALS + 1] = {"0",       "0.0",      "0.00",      "0.000",      "0.0000",
                                                           "0.00000", "0.000000", "0.0000000", "0.00000000", "0.000000000"};
    switch (col->kind) {
    case XCOL_INT:
        format_set_num_format(f, "0");
        break;
    case XCOL_DECIMAL:
        format_set_num_format(f, decimals[MIN(MAX(col->decimals, 0), MAX_DECIMALS)]);
        break;
    case XCOL_DATE:
        format_set_num_format(f, "yyyy-mm-dd");
        break;
    default:
        format_set_num_format(f, "@");
        break;
    }
}

lxw_format *writer_format(XlsxWriter *w, size_t col, Look look)
{
    lxw_format **f = &w->formats[col][look].format;
    if (*f == NULL) {
        *f = workbook_add_format(w->book);
        if (col < w->spec.n_cols) {
            set_number_format(*f, &w->spec.cols[col]);
        } else {
            format_set_num_format(*f, "@");
            format_set_text_wrap(*f);
        }
        if (w->spec.as_template) {
            format_set_unlocked(*f);
        }
        if (look != LOOK_PLAIN) {
            format_set_bg_color(*f, look_fill[look]);
        }
    }
    return *f;
}

/* Columns of the screen a text takes: two for a wide character. */
static int shown_width(Str text)
{
    int width = 0;
    size_t at = 0;
    uint32_t cp;
    while ((cp = utf8_next(text, &at)) != 0) {
        width += cp >= 0x1100 ? 2 : 1;
    }
    return width;
}

static double column_width(const XlsxCol *col)
{
    return col->width > 0 ? MIN(col->width, 120) : MIN(MAX(shown_width(col->title) + 4, 10), 48);
}

static lxw_format *header_format(lxw_workbook *book, bool required)
{
    lxw_format *f = workbook_add_format(book);
    format_set_bold(f);
    format_set_align(f, LXW_ALIGN_CENTER);
    format_set_align(f, LXW_ALIGN_VERTICAL_CENTER);
    format_set_text_wrap(f);
    format_set_border(f, LXW_BORDER_THIN);
    format_set_bg_color(f, 0xE3EEF3);
    if (required) {
        format_set_font_color(f, 0xC00000);
    }
    return f;
}

static bool has_keys(const XlsxSpec *spec)
{
    for (size_t i = 0; i < spec->n_cols; i++) {
        if (!str_empty(spec->cols[i].key)) {
            return true;
        }
    }
    return false;
}

static void write_title(XlsxWriter *w)
{
    lxw_format *f = workbook_add_format(w->book);
    format_set_bold(f);
    format_set_font_size(f, 16);
    format_set_align(f, LXW_ALIGN_CENTER);
    format_set_align(f, LXW_ALIGN_VERTICAL_CENTER);
    const char *title = writer_text(w->mem, w->spec.title);
    writer_note(w, worksheet_set_row(w->sheet, 0, 30, NULL));
    if (w->n_cols > 1) {
        writer_note(w, worksheet_merge_range(w->sheet, 0, 0, 0, (lxw_col_t)(w->n_cols - 1), title, f));
    } else {
        writer_note(w, worksheet_write_string(w->sheet, 0, 0, title, f));
    }
}

static void write_head(XlsxWriter *w)
{
    const XlsxSpec *spec = &w->spec;
    lxw_row_t row = 0;
    for (size_t i = 0; i < w->n_cols; i++) {
        double width = i < spec->n_cols ? column_width(&spec->cols[i]) : REASON_WIDTH;
        writer_note(w, worksheet_set_column(w->sheet, (lxw_col_t)i, (lxw_col_t)i, width, writer_format(w, i, LOOK_PLAIN)));
    }
    if (!str_empty(spec->title)) {
        write_title(w);
        row++;
    }
    if (has_keys(spec)) {
        lxw_row_col_options hidden = {.hidden = LXW_TRUE};
        lxw_format *locked = workbook_add_format(w->book);
        writer_note(w, worksheet_set_row_opt(w->sheet, row, LXW_DEF_ROW_HEIGHT, locked, &hidden));
        for (size_t i = 0; i < spec->n_cols; i++) {
            writer_note(w, worksheet_write_string(w->sheet, row, (lxw_col_t)i, writer_text(w->mem, spec->cols[i].key), locked));
        }
        row++;
    }
    lxw_format *head = header_format(w->book, false), *required = header_format(w->book, true);
    writer_note(w, worksheet_set_row(w->sheet, row, 32, NULL));
    for (size_t i = 0; i < w->n_cols; i++) {
        Str title = i < spec->n_cols ? spec->cols[i].title : S(REASON_TITLE);
        bool must = i < spec->n_cols && spec->cols[i].required;
        writer_note(w, worksheet_write_string(w->sheet, row, (lxw_col_t)i, writer_text(w->mem, title), must ? required : head));
    }
    w->header = row;
    w->row = row + 1;
}

static void set_page(XlsxWriter *w)
{
    worksheet_freeze_panes(w->sheet, (lxw_row_t)w->row, 1);
    worksheet_set_landscape(w->sheet);
    worksheet_set_paper(w->sheet, A4);
    worksheet_fit_to_pages(w->sheet, 1, 0);
    worksheet_set_margins(w->sheet, 0.4, 0.4, 0.5, 0.6);
    writer_note(w, worksheet_repeat_rows(w->sheet, 0, (lxw_row_t)w->header));
    writer_note(w, worksheet_set_footer(w->sheet, "&C第 &P 页 / 共 &N 页"));
    worksheet_set_comments_author(w->sheet, "Tamga");
}

static void set_properties(XlsxWriter *w)
{
    const Str pairs[][2] = {{STR_INIT("tamga_template"), w->spec.template_id},
                            {STR_INIT("tamga_template_version"), w->spec.template_version}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (!str_empty(pairs[i][1])) {
            writer_note(w, workbook_set_custom_property_string(w->book, pairs[i][0].p, writer_text(w->mem, pairs[i][1])));
        }
    }
}

/* A name the format allows: no []:*?/\ and at most 31 characters. */
static const char *sheet_name(Arena *mem, Str name)
{
    Str s = utf8_cut(str_empty(name) ? S("Sheet1") : name, 31);
    char *out = arena_alloc(mem, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        out[i] = strchr("[]:*?/\\'", s.p[i]) != NULL ? '_' : s.p[i];
    }
    return out;
}

XlsxWriter *xlsx_open(Cx *cx, const char *path, const XlsxSpec *spec)
{
    CHECK(spec->n_cols > 0 && spec->n_cols < 16000);
    Arena *mem = arena_new(0);
    XlsxWriter *w = NEW(mem, XlsxWriter);
    *w = (XlsxWriter){.cx = cx, .mem = mem, .spec = *spec, .path = str_z(mem, str_c(path))};
    if (!spool_open(cx, mem, path, &w->rows)) {
        arena_free(mem);
        return NULL;
    }
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .use_zip64 = LXW_FALSE};
    w->book = workbook_new_opt(path, &options);
    w->sheet = w->book != NULL ? workbook_add_worksheet(w->book, sheet_name(mem, spec->sheet_name)) : NULL;
    if (w->sheet == NULL) {
        spool_close(&w->rows);
        arena_free(mem);
        fail(cx, E_IO, "建立工作簿时出错");
        return NULL;
    }
    w->row_mem = arena_new(0);
    w->n_cols = spec->n_cols + spec->reason_column;
    w->formats = arena_alloc_array(mem, sizeof *w->formats, w->n_cols);
    w->cells = NEW_ARRAY(mem, Pending, w->n_cols);
    w->letters = arena_alloc_array(mem, sizeof *w->letters, w->n_cols);
    for (size_t i = 0; i < w->n_cols; i++) {
        col_letters(w->letters[i], i);
    }
    write_head(w);
    set_page(w);
    set_properties(w);
    if (spec->as_template) {
        template_add(w);
    }
    return w;
}

size_t xlsx_first_row(const XlsxWriter *w)
{
    return w->header + 1;
}

void xlsx_text(XlsxWriter *w, size_t col, Str text)
{
    CHECK(col < w->n_cols);
    if (!str_empty(text)) {
        w->cells[col].kind = PENDING_TEXT;
        w->cells[col].text = str_dup(w->row_mem, text.n > MAX_TEXT ? utf8_cut(text, MAX_TEXT) : text);
    }
}

/* v / 10^decimals as it is printed. */
static Str print_decimal(Arena *mem, int64_t v, int decimals)
{
    uint64_t one = 1, size = v < 0 ? -(uint64_t)v : (uint64_t)v;
    for (int i = 0; i < decimals; i++) {
        one *= 10;
    }
    unsigned long long whole = size / one, rest = size % one;
    const char *sign = v < 0 ? "-" : "";
    return decimals == 0 ? str_printf(mem, "%s%llu", sign, whole) : str_printf(mem, "%s%llu.%0*llu", sign, whole, decimals, rest);
}

void xlsx_int(XlsxWriter *w, size_t col, int64_t v)
{
    xlsx_decimal(w, col, v, 0);
}

void xlsx_decimal(XlsxWriter *w, size_t col, int64_t v, int decimals)
{
    CHECK(col < w->n_cols && decimals >= 0 && decimals <= MAX_DECIMALS);
    w->cells[col].kind = v > WIDEST_EXACT || v < -WIDEST_EXACT ? PENDING_TEXT : PENDING_NUMBER;
    w->cells[col].text = print_decimal(w->row_mem, v, decimals);
}

static void mark(XlsxWriter *w, size_t col, Look look, Str comment)
{
    CHECK(col < w->n_cols);
    Pending *c = &w->cells[col];
    if (c->look != LOOK_WRONG) {
        c->look = look;
    }
    if (!str_empty(comment)) {
        const char *text = writer_text(w->row_mem, comment);
        c->comment = c->comment == NULL ? text : str_printf(w->row_mem, "%s\n%s", c->comment, text).p;
    }
}

void xlsx_mark(XlsxWriter *w, size_t col, Str comment)
{
    w->marked = true;
    mark(w, col, LOOK_WRONG, comment);
}

void xlsx_warn(XlsxWriter *w, size_t col, Str comment)
{
    mark(w, col, LOOK_DOUBT, comment);
}

void xlsx_reason(XlsxWriter *w, Str text)
{
    CHECK(w->spec.reason_column);
    if (!str_empty(text)) {
        w->marked = true;
        xlsx_text(w, w->n_cols - 1, text);
    }
}

/* The number of a column's style in the workbook. */
static int32_t style_of(XlsxWriter *w, size_t col, Look look)
{
    if (w->formats[col][look].index == 0) {
        w->formats[col][look].index = lxw_format_get_xf_index(writer_format(w, col, look));
    }
    return w->formats[col][look].index;
}

static void put_cell(XlsxWriter *w, size_t i, const Pending *c)
{
    Look look = c->look == LOOK_PLAIN && w->marked ? LOOK_ROW : c->look;
    if (c->comment != NULL) {
        writer_note(w, worksheet_write_comment(w->sheet, (lxw_row_t)w->row, (lxw_col_t)i, c->comment));
    }
    if (c->kind == PENDING_NONE && look == LOOK_PLAIN) {
        return;
    }
    Spool *s = &w->rows;
    spool_str(s, S("<c r=\""));
    spool_add(s, w->letters[i], strnlen(w->letters[i], 4));
    spool_int(s, (int64_t)w->row + 1);
    spool_str(s, S("\" s=\""));
    spool_int(s, style_of(w, i, look));
    if (c->kind == PENDING_TEXT) {
        spool_str(s, S("\" t=\"inlineStr\">"));
        spool_inline(s, S(""), c->text);
        spool_str(s, S("</c>"));
    } else if (c->kind == PENDING_NUMBER) {
        spool_str(s, S("\"><v>"));
        spool_str(s, c->text);
        spool_str(s, S("</v></c>"));
    } else {
        spool_str(s, S("\"/>"));
    }
}

void xlsx_next(XlsxWriter *w)
{
    spool_str(&w->rows, S("<row r=\""));
    spool_int(&w->rows, (int64_t)w->row + 1);
    spool_str(&w->rows, S("\">"));
    for (size_t i = 0; i < w->n_cols; i++) {
        put_cell(w, i, &w->cells[i]);
        w->cells[i] = (Pending){0};
    }
    spool_str(&w->rows, S("</row>"));
    w->row++;
    w->marked = false;
    arena_reset(w->row_mem);
}

/* Puts the spooled rows into the sheet the library wrote, and the true size of the table into its head. */
static bool splice_rows(Cx *cx, XlsxWriter *w)
{
    static const char sheet[] = "xl/worksheets/sheet1.xml";
    zip_t *zip = zip_open(w->path, 0, NULL);
    if (zip == NULL) {
        return fail(cx, E_IO, "写工作簿出错");
    }
    zip_stat_t st;
    zip_file_t *f = zip_stat(zip, sheet, 0, &st) == 0 ? zip_fopen(zip, sheet, 0) : NULL;
    char *p = f != NULL ? arena_alloc(w->mem, (size_t)st.size + 1) : NULL;
    bool good = f != NULL && zip_fread(f, p, st.size) == (zip_int64_t)st.size;
    if (f != NULL) {
        zip_fclose(f);
    }
    size_t end, dim, dim_end;
    Str xml = good ? str_n(p, (size_t)st.size) : S("");
    if (!str_find(xml, S("</sheetData>"), &end) || !str_find(xml, S("<dimension ref=\""), &dim) ||
        !str_find(str_sub(xml, dim, xml.n), S("\"/>"), &dim_end)) {
        zip_discard(zip);
        return fail(cx, E_IO, "写工作簿出错");
    }
    Str head = str_printf(w->mem, "%.*s<dimension ref=\"A1:%.4s%zu%.*s", (int)dim, p, w->letters[w->n_cols - 1], w->row,
                          (int)(end - dim - dim_end), p + dim + dim_end);
    Str tail = str_sub(xml, end, xml.n);
    if (!zip_put(cx, w->mem, zip, sheet, head, &w->rows, tail, LIGHT)) {
        zip_discard(zip);
        return false;
    }
    return zip_finish(cx, zip);
}

static bool anything_pending(const XlsxWriter *w)
{
    bool pending = w->marked;
    for (size_t i = 0; i < w->n_cols; i++) {
        pending = pending || w->cells[i].kind != PENDING_NONE || w->cells[i].look != LOOK_PLAIN;
    }
    return pending;
}

bool xlsx_close(Cx *cx, XlsxWriter *w)
{
    if (anything_pending(w)) {
        xlsx_next(w);
    }
    if (!w->spec.as_template) {
        size_t last = MAX(w->row, w->header + 2) - 1;
        writer_note(w, worksheet_autofilter(w->sheet, (lxw_row_t)w->header, 0, (lxw_row_t)last, (lxw_col_t)(w->n_cols - 1)));
    }
    errno = 0;
    lxw_error error = w->error, closing = workbook_close(w->book);
    error = error != LXW_NO_ERROR ? error : closing;
    bool good;
    if (error != LXW_NO_ERROR) {
        good = fail(cx, errno == ENOSPC ? E_FULL : E_IO, "写工作簿出错：%s", lxw_strerror(error));
    } else {
        good = splice_rows(cx, w);
    }
    spool_close(&w->rows);
    arena_free(w->row_mem);
    arena_free(w->mem);
    return good;
}
