/*
 * xlsx_read.c - one sheet as a stream of rows.
 *
 * The text of a row's cells is gathered in one buffer that is used again for every row; cells note where theirs begins, and
 * get their pointers when the row ends. Texts from the shared strings point there. Nothing else is kept: memory does not
 * depend on the number of rows.
 */
#include "fmt/xlsx_int.h"

typedef enum { TYPE_NUMBER, TYPE_SHARED, TYPE_INLINE, TYPE_FORMULA_TEXT, TYPE_BOOL, TYPE_ERROR, TYPE_DATE } CellType;

typedef struct {
    Cx *cx;
    XlsxRowFn *row;
    void *ctx;
    bool date1904;
    Strings strings;
    Styles styles;
    TableLimits max;
    Arena *mem;

    Cell *cells;            /* of the current row; max_cols of them */
    size_t *begins;         /* where a cell's text begins in buf; SHARED: it points into the strings */
    size_t n;               /* cells used in this row */
    bool has_value;
    size_t row_no, rows;

    char *buf;
    size_t used, cap;

    CellType type;          /* of the current cell */
    size_t col, style, from;
    bool formula, in_data, data_done, in_row, in_cell, in_inline, in_text;
    int phonetic;
} SheetScan;

#define SHARED SIZE_MAX

static bool refuse_length(SheetScan *s)
{
    return fail(s->cx, E_INVALID, "第 %zu 行第 %zu 列的内容超过 %zu 个字节，请删减后再上传", s->row_no, s->col + 1,
                s->max.max_cell);
}

static void reserve(SheetScan *s, size_t more)
{
    if (s->used + more > s->cap) {
        size_t cap = MAX(s->cap * 2, s->used + more);
        s->buf = arena_grow(s->mem, s->buf, s->cap, cap);
        s->cap = cap;
    }
}

static void add_text(Xml *x, SheetScan *s, const char *p, size_t n)
{
    if (s->used - s->from + n > s->max.max_cell || s->used + n > s->max.max_cols * s->max.max_cell) {
        refuse_length(s);
        xml_stop(x);
        return;
    }
    reserve(s, n);
    memcpy(s->buf + s->used, p, n);
    s->used += n;
}

static CellType type_of(const char *t)
{
    if (t == NULL) {
        return TYPE_NUMBER;
    }
    switch (t[0]) {
    case 's':
        return t[1] == 't' ? TYPE_FORMULA_TEXT : TYPE_SHARED;
    case 'i':
        return TYPE_INLINE;
    case 'b':
        return TYPE_BOOL;
    case 'e':
        return TYPE_ERROR;
    case 'd':
        return TYPE_DATE;
    default:
        return TYPE_NUMBER;
    }
}

static void begin_row(Xml *x, SheetScan *s, const char **atts)
{
    const char *r = xml_attr(atts, "r");
    int64_t no = (int64_t)s->row_no + 1;
    if (r != NULL && (!str_int(str_c(r), &no) || no <= (int64_t)s->row_no || no > 1048576)) {
        fail(s->cx, E_MEDIA_TYPE, "工作表第 %zu 行之后的行号混乱，请在表格软件中重新打开并另存为 .xlsx 后再上传", s->row_no);
        xml_stop(x);
        return;
    }
    s->row_no = (size_t)no;
    s->n = 0;
    s->used = 0;
    s->col = SIZE_MAX;
    s->has_value = false;
}

static void begin_cell(Xml *x, SheetScan *s, const char **atts)
{
    const char *type = NULL;
    size_t row, col = s->col + 1, style = 0;
    for (; *atts != NULL; atts += 2) {
        const char *name = atts[0];
        if (name[1] != '\0') {
            continue;
        }
        if (name[0] == 'r' && !value_ref(atts[1], &row, &col)) {
            fail(s->cx, E_MEDIA_TYPE, "工作表第 %zu 行有认不出的单元格位置，请在表格软件中重新打开并另存为 .xlsx 后再上传",
                 s->row_no);
            xml_stop(x);
            return;
        }
        if (name[0] == 't') {
            type = atts[1];
        } else if (name[0] == 's') {
            for (const char *p = atts[1]; *p >= '0' && *p <= '9' && style < 65536; p++) {
                style = style * 10 + (size_t)(*p - '0');
            }
        }
    }
    s->type = type_of(type);
    s->style = style;
    s->col = col;
    s->formula = false;
    s->in_cell = true;
    s->from = s->used;
}

static void sheet_start(Xml *x, const char *name, const char **atts)
{
    SheetScan *s = x->ctx;
    if (!s->in_data) {
        s->in_data = !s->data_done && xml_is(name, "sheetData");
        return;
    }
    if (!s->in_cell) {
        if (s->in_row && name[0] == 'c' && name[1] == '\0') {
            begin_cell(x, s, atts);
        } else if (!s->in_row && xml_is(name, "row")) {
            s->in_row = true;
            begin_row(x, s, atts);
        }
        return;
    }
    if (xml_is(name, "v")) {
        s->in_text = s->type != TYPE_INLINE;
    } else if (xml_is(name, "f")) {
        s->formula = true;
    } else if (xml_is(name, "is")) {
        s->in_inline = true;
        s->type = TYPE_INLINE;
        s->used = s->from;
    } else if (xml_is(name, "rPh")) {
        s->phonetic++;
    } else if (xml_is(name, "t")) {
        s->in_text = s->in_inline && s->phonetic == 0;
    }
}

static void sheet_text(Xml *x, const char *p, size_t n)
{
    SheetScan *s = x->ctx;
    if (s->in_text) {
        add_text(x, s, p, n);
    }
}

/* The cell at the current column, with those before it that the row left out. */
static Cell *cell_here(SheetScan *s)
{
    while (s->n <= s->col) {
        s->cells[s->n++] = (Cell){.text = {"", 0}};
    }
    return &s->cells[s->col];
}

/* A text from the shared strings. */
static bool shared_text(SheetScan *s, Str *ret)
{
    int64_t i;
    Str text;
    if (!str_int(str_trim(str_n(s->buf + s->from, s->used - s->from)), &i) || i < 0 ||
        !strings_get(&s->strings, (size_t)i, &text)) {
        return fail(s->cx, E_MEDIA_TYPE, "工作表第 %zu 行第 %zu 列指向不存在的文字，工作簿已损坏，请重新另存为 .xlsx 后再上传",
                    s->row_no, s->col + 1);
    }
    s->used = s->from;
    if (text.n > s->max.max_cell) {
        return refuse_length(s);
    }
    *ret = text;
    return true;
}

static CellKind number_text(SheetScan *s, Cell *c)
{
    char out[VALUE_MAX];
    size_t n;
    CellKind kind;
    Str raw = str_trim(str_n(s->buf + s->from, s->used - s->from));
    if (s->type == TYPE_DATE) {
        kind = value_iso_date(raw, out, &n);
    } else {
        FormatKind format = s->style < s->styles.n ? (FormatKind)s->styles.kinds[s->style] : FORMAT_NUMBER;
        kind = value_number(raw, format, s->date1904, out, &n, &c->lossy);
    }
    s->used = s->from;
    reserve(s, n);
    memcpy(s->buf + s->from, out, n);
    s->used += n;
    return kind;
}

static bool finish_cell(SheetScan *s)
{
    if (s->used == s->from) {
        return true;
    }
    if (s->col >= s->max.max_cols) {
        return fail(s->cx, E_INVALID, "第 %zu 行用到了第 %zu 列，最多 %zu 列，请删去多余的列后再上传", s->row_no, s->col + 1,
                    s->max.max_cols);
    }
    Cell *c = cell_here(s);
    *c = (Cell){.formula = s->formula, .text = {"", 0}};
    s->begins[s->col] = s->from;
    switch (s->type) {
    case TYPE_SHARED:
        if (!shared_text(s, &c->text)) {
            return false;
        }
        s->begins[s->col] = SHARED;
        c->kind = CELL_TEXT;
        break;
    case TYPE_INLINE:
    case TYPE_FORMULA_TEXT:
        s->used = s->from + xstring_decode(s->buf + s->from, s->used - s->from);
        c->kind = CELL_TEXT;
        break;
    case TYPE_BOOL: {
        Str word = s->buf[s->from] == '1' || s->buf[s->from] == 't' ? S("TRUE") : S("FALSE");
        s->used = s->from;
        s->begins[s->col] = SHARED;
        c->text = word;
        c->kind = CELL_BOOL;
        break;
    }
    case TYPE_ERROR:
        c->kind = CELL_ERROR;
        break;
    default:
        c->kind = number_text(s, c);
        break;
    }
    if (s->begins[s->col] != SHARED) {
        c->text.n = s->used - s->from;
    }
    Str shown = s->begins[s->col] == SHARED ? c->text : str_n(s->buf + s->from, c->text.n);
    if (shown.n == 0) {
        c->kind = CELL_EMPTY;
    }
    s->has_value = s->has_value || str_trim(shown).n > 0;
    return true;
}

static bool finish_row(SheetScan *s)
{
    if (!s->has_value) {
        return true;
    }
    if (++s->rows > s->max.max_rows) {
        return fail(s->cx, E_TOO_LARGE, "超过 %zu 行，请分成几个文件上传", s->max.max_rows);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->cells[i].kind != CELL_EMPTY && s->begins[i] != SHARED) {
            s->cells[i].text.p = s->buf + s->begins[i];
        }
    }
    return s->row(s->ctx, s->row_no, s->cells, s->n);
}

static void sheet_end(Xml *x, const char *name)
{
    SheetScan *s = x->ctx;
    if (!s->in_data) {
        return;
    }
    if (s->in_cell) {
        if (name[0] == 'c' && name[1] == '\0') {
            s->in_cell = false;
            s->in_text = false;
            s->in_inline = false;
            s->phonetic = 0;
            if (!finish_cell(s)) {
                xml_stop(x);
            }
        } else if (xml_is(name, "v") || xml_is(name, "t")) {
            s->in_text = false;
        } else if (xml_is(name, "is")) {
            s->in_inline = false;
        } else if (xml_is(name, "rPh")) {
            s->phonetic -= s->phonetic > 0;
        }
    } else if (s->in_row && xml_is(name, "row")) {
        s->in_row = false;
        if (!finish_row(s)) {
            xml_stop(x);
        }
    } else if (xml_is(name, "sheetData")) {
        s->in_data = false;
        s->data_done = true;
    }
}

bool sheet_read(Package *p, size_t sheet, XlsxRowFn *row, void *ctx)
{
    static const XmlHandlers on = {.start = sheet_start, .end = sheet_end, .text = sheet_text};
    Workbook book;
    Str part;
    SheetScan s = {.cx = p->cx, .row = row, .ctx = ctx, .max = p->max, .mem = p->mem};
    if (!workbook_read(p, &book) || !workbook_sheet(p, &book, sheet, &part) ||
        !styles_read(p, book.styles, &s.styles) || !strings_read(p, book.strings, &s.strings)) {
        return false;
    }
    s.date1904 = book.date1904;
    s.cells = NEW_ARRAY(p->mem, Cell, p->max.max_cols);
    s.begins = NEW_ARRAY(p->mem, size_t, p->max.max_cols);
    s.cap = 4096;
    s.buf = arena_alloc(p->mem, s.cap);
    return xml_parse(p, part, &on, &s);
}

bool xlsx_read(Cx *cx, const char *path, size_t sheet, const TableLimits *limits, XlsxRowFn *row, void *ctx)
{
    Package p;
    if (!package_open(cx, path, limits, &p)) {
        return false;
    }
    bool good = sheet_read(&p, sheet, row, ctx);
    package_close(&p);
    return good;
}
