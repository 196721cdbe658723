/*
 * xlsx_template.c - what makes a table a form to fill in: drop-down lists, hints, a notes sheet, protection of the header.
 *
 * Lists stand on a hidden dictionary sheet, one or two columns each, and are reached through defined names (a list inside a
 * validation may have 255 characters only). A dependent list is the stretch of its column whose parents equal the cell on the
 * left: OFFSET from the first one that MATCHes, as many rows as COUNTIF finds; so choices must be grouped by parent.
 */
#include "fmt/xlsx_write_int.h"

#define TEMPLATE_ROWS 20000
#define DICTIONARY "字典"
#define HINT_TITLE 32
#define HINT_TEXT 255
#define LAST_COL 16383

static const char *letters(Arena *mem, size_t col)
{
    char out[4];
    return str_z(mem, col_letters(out, col));
}

static bool is_list(const XlsxCol *c)
{
    return c->kind == XCOL_LIST && c->n_choices > 0;
}

static bool is_dependent(const XlsxCol *c)
{
    return is_list(c) && c->depends_on >= 0 && c->choice_of != NULL;
}

static void define(XlsxWriter *w, size_t list, const char *what, size_t dict_col, size_t from, size_t to)
{
    const char *col = letters(w->mem, dict_col);
    Str name = str_printf(w->mem, "list_%zu%s", list + 1, what);
    Str range = from == to ? str_printf(w->mem, "='" DICTIONARY "'!$%s$%zu", col, from)
                           : str_printf(w->mem, "='" DICTIONARY "'!$%s$%zu:$%s$%zu", col, from, col, to);
    writer_note(w, workbook_define_name(w->book, name.p, range.p));
}

/* NULL: the library found no memory for it, and the workbook is given up at its end. */
static lxw_worksheet *another_sheet(XlsxWriter *w, const char *name)
{
    lxw_worksheet *sheet = workbook_add_worksheet(w->book, name);
    if (sheet == NULL) {
        writer_note(w, LXW_ERROR_MEMORY_MALLOC_FAILED);
    }
    return sheet;
}

/* Rows must be written in order: the dictionary goes row by row over all lists. */
static void add_dictionary(XlsxWriter *w)
{
    const XlsxSpec *spec = &w->spec;
    size_t most = 0, *place = NEW_ARRAY(w->mem, size_t, spec->n_cols), next = 0;
    for (size_t i = 0; i < spec->n_cols; i++) {
        const XlsxCol *c = &spec->cols[i];
        if (!is_list(c)) {
            continue;
        }
        place[i] = next;
        next += is_dependent(c) ? 2 : 1;
        most = MAX(most, c->n_choices);
        define(w, i, "", place[i], 2, c->n_choices + 1);
        if (is_dependent(c)) {
            define(w, i, "_top", place[i], 1, 1);
            define(w, i, "_of", place[i] + 1, 2, c->n_choices + 1);
        }
    }
    if (most == 0) {
        return;
    }
    lxw_worksheet *dict = another_sheet(w, DICTIONARY);
    if (dict == NULL) {
        return;
    }
    for (size_t row = 0; row <= most; row++) {
        for (size_t i = 0; i < spec->n_cols; i++) {
            const XlsxCol *c = &spec->cols[i];
            if (!is_list(c) || row > c->n_choices) {
                continue;
            }
            Str text = row == 0 ? c->title : c->choices[row - 1];
            lxw_col_t col = (lxw_col_t)place[i];
            writer_note(w, worksheet_write_string(dict, (lxw_row_t)row, col, writer_text(w->mem, text), NULL));
            if (is_dependent(c)) {
                Str of = row == 0 ? spec->cols[c->depends_on].title : c->choice_of[row - 1];
                writer_note(w, worksheet_write_string(dict, (lxw_row_t)row, (lxw_col_t)(col + 1), writer_text(w->mem, of), NULL));
            }
        }
    }
    worksheet_hide(dict);
}

static void list_rule(XlsxWriter *w, size_t i, lxw_data_validation *v)
{
    const XlsxCol *c = &w->spec.cols[i];
    Str formula;
    if (is_dependent(c)) {
        const char *parent = letters(w->mem, (size_t)c->depends_on);
        size_t row = w->header + 2; /* as people count */
        formula = str_printf(w->mem, "=OFFSET(list_%zu_top,MATCH($%s%zu,list_%zu_of,0),0,COUNTIF(list_%zu_of,$%s%zu),1)", i + 1,
                             parent, row, i + 1, i + 1, parent, row);
    } else {
        formula = str_printf(w->mem, "=list_%zu", i + 1);
    }
    v->validate = LXW_VALIDATION_TYPE_LIST_FORMULA;
    v->value_formula = (char *)(uintptr_t)formula.p;
    v->error_message = (char *)(uintptr_t) "请从下拉列表中选择；列表里没有的，请看填写说明。";
}

static void number_rule(const XlsxCol *c, lxw_data_validation *v)
{
    v->validate = c->kind == XCOL_INT ? LXW_VALIDATION_TYPE_INTEGER : LXW_VALIDATION_TYPE_DECIMAL;
    v->criteria = LXW_VALIDATION_CRITERIA_BETWEEN;
    v->minimum_number = -999999999999999.0;
    v->maximum_number = 999999999999999.0;
    v->error_message = c->kind == XCOL_INT ? (char *)(uintptr_t) "这里填整数，不带单位。" : (char *)(uintptr_t) "这里填数字，不带单位。";
}

/* The leak sanitizer's switches, when it is there: the library loses its first copy of a list's formula. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

static void put_rule(XlsxWriter *w, size_t col, lxw_data_validation *v)
{
    lxw_row_t first = (lxw_row_t)(w->header + 1);
    if (__lsan_disable != NULL) {
        __lsan_disable();
    }
    writer_note(w, worksheet_data_validation_range(w->sheet, first, (lxw_col_t)col, first + TEMPLATE_ROWS - 1, (lxw_col_t)col, v));
    if (__lsan_enable != NULL) {
        __lsan_enable();
    }
}

static void add_rule(XlsxWriter *w, size_t i)
{
    const XlsxCol *c = &w->spec.cols[i];
    lxw_data_validation v = {.validate = LXW_VALIDATION_TYPE_ANY, .error_type = LXW_VALIDATION_ERROR_TYPE_STOP};
    if (is_list(c)) {
        list_rule(w, i, &v);
    } else if (c->kind == XCOL_INT || c->kind == XCOL_DECIMAL) {
        number_rule(c, &v);
    }
    Str hint = c->required ? str_printf(w->mem, "必填。%.*s", STRF(c->note)) : c->note;
    bool hinted = !str_empty(hint);
    if (v.validate == LXW_VALIDATION_TYPE_ANY && !hinted) {
        return;
    }
    v.error_title = (char *)(uintptr_t)str_z(w->mem, utf8_cut(c->title, HINT_TITLE));
    if (hinted) {
        v.input_title = v.error_title;
        v.input_message = (char *)(uintptr_t)str_z(w->mem, utf8_cut(hint, HINT_TEXT));
    }
    put_rule(w, i, &v);
}

static void add_notes(XlsxWriter *w)
{
    if (w->spec.n_notes == 0) {
        return;
    }
    lxw_worksheet *notes = another_sheet(w, "填写说明");
    if (notes == NULL) {
        return;
    }
    lxw_format *head = workbook_add_format(w->book), *text = workbook_add_format(w->book);
    format_set_bold(head);
    format_set_font_size(head, 14);
    format_set_text_wrap(text);
    format_set_align(text, LXW_ALIGN_VERTICAL_TOP);
    writer_note(w, worksheet_set_column(notes, 0, 0, 100, text));
    writer_note(w, worksheet_write_string(notes, 0, 0, "填写说明", head));
    for (size_t i = 0; i < w->spec.n_notes; i++) {
        writer_note(w, worksheet_write_string(notes, (lxw_row_t)(i + 1), 0, writer_text(w->mem, w->spec.notes[i]), text));
    }
    worksheet_set_paper(notes, 9);
    worksheet_fit_to_pages(notes, 1, 0);
}

/* Only the head is locked: cells right of the table are opened too, so that whole rows can be deleted. */
static void protect(XlsxWriter *w)
{
    lxw_format *open = workbook_add_format(w->book);
    format_set_unlocked(open);
    writer_note(w, worksheet_set_column(w->sheet, (lxw_col_t)w->n_cols, LAST_COL, LXW_DEF_COL_WIDTH, open));
    lxw_protection allowed = {.format_cells = LXW_TRUE,   .format_columns = LXW_TRUE, .format_rows = LXW_TRUE,
                              .insert_rows = LXW_TRUE,    .delete_rows = LXW_TRUE,    .sort = LXW_TRUE,
                              .autofilter = LXW_TRUE,     .insert_hyperlinks = LXW_TRUE};
    worksheet_protect(w->sheet, NULL, &allowed);
}

void template_add(XlsxWriter *w)
{
    for (size_t i = 0; i < w->spec.n_cols; i++) {
        add_rule(w, i);
    }
    add_notes(w);
    add_dictionary(w);
    protect(w);
}
