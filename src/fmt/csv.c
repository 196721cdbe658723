/*
 * csv.c - comma-separated values in and out.
 *
 * Reading: the bytes are first brought to UTF-8 as a whole (their size is bounded), then walked once. Cells point into the
 * text; only quoted cells with "" or CR LF inside are copied, into a scratch arena that is emptied after each record.
 * Lines without a single character are skipped, as spreadsheet programs do.
 */
#include "fmt/csv.h"

#include <errno.h>
#include <iconv.h>

#define DEFAULT_BYTES ((size_t)20 << 20)
#define DEFAULT_ROWS 200000
#define DEFAULT_COLS 200
#define DEFAULT_CELL ((size_t)32 << 10)

typedef struct {
    Cx *cx;
    Str text;
    size_t at;          /* next byte */
    size_t line;        /* 1-based line of `at` */
    char sep;
    TableLimits max;
    Arena *scratch;     /* emptied after each record */
    Str *cells;
    size_t n;
} Reader;

TableLimits table_limits(const TableLimits *given)
{
    TableLimits l = given != NULL ? *given : (TableLimits){0};
    l.max_bytes = l.max_bytes != 0 ? l.max_bytes : DEFAULT_BYTES;
    l.max_rows = l.max_rows != 0 ? l.max_rows : DEFAULT_ROWS;
    l.max_cols = l.max_cols != 0 ? l.max_cols : DEFAULT_COLS;
    l.max_cell = l.max_cell != 0 ? l.max_cell : DEFAULT_CELL;
    return l;
}

/* Line and column (characters of a line are bytes here) of a byte, for messages before the text is decoded. */
static void place_of(Str bytes, size_t at, size_t *line, size_t *column)
{
    *line = 1, *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (bytes.p[i] == '\n') {
            ++*line;
            *column = 1;
        } else {
            ++*column;
        }
    }
}

static bool convert(Cx *cx, Arena *mem, const char *from, Str bytes, Str *ret)
{
    iconv_t cd = iconv_open("UTF-8", from);
    CHECK(cd != (iconv_t)-1);
    size_t max = bytes.n * 2 + 16; /* UTF-16: 2 -> 3 bytes; GB18030: 2 -> 3, 4 -> 4 */
    char *out = arena_alloc(mem, max + 1), *to = out;
    char *in = arena_alloc(mem, bytes.n + 1), *at = in; /* iconv wants it writable */
    memcpy(in, bytes.p, bytes.n);
    size_t left = bytes.n, room = max;
    bool good = iconv(cd, &at, &left, &to, &room) != (size_t)-1;
    iconv_close(cd);
    *ret = str_n(out, max - room);
    if (good && utf8_valid(*ret)) {
        return true;
    }
    size_t line, column;
    if (good && memchr(ret->p, '\0', ret->n) != NULL) {
        place_of(*ret, (size_t)((const char *)memchr(ret->p, '\0', ret->n) - ret->p), &line, &column);
        return fail(cx, E_INVALID, "第 %zu 行第 %zu 个字节处有空字符（NUL），文件可能已损坏，请重新另存为 CSV 后再上传",
                    line, column);
    }
    place_of(*ret, ret->n, &line, &column);
    return fail(cx, E_INVALID,
                "第 %zu 行有认不出的文字编码：文件既不是 UTF-8，也不是 GB18030（GBK）。请在表格软件中另存为“CSV UTF-8”或 .xlsx 后再上传",
                line);
}

/* The bytes as UTF-8 text without a byte order mark. */
static bool decode(Cx *cx, Arena *mem, Str bytes, Str *ret)
{
    if (str_starts(bytes, S("\xEF\xBB\xBF"))) {
        bytes = str_sub(bytes, 3, bytes.n);
    } else if (str_starts(bytes, S("\xFF\xFE"))) {
        return convert(cx, mem, "UTF-16LE", str_sub(bytes, 2, bytes.n), ret);
    } else if (str_starts(bytes, S("\xFE\xFF"))) {
        return convert(cx, mem, "UTF-16BE", str_sub(bytes, 2, bytes.n), ret);
    }
    const char *nul = bytes.n > 0 ? memchr(bytes.p, '\0', bytes.n) : NULL;
    if (nul != NULL) {
        size_t line, column;
        place_of(bytes, (size_t)(nul - bytes.p), &line, &column);
        return fail(cx, E_INVALID, "第 %zu 行第 %zu 个字节处有空字符（NUL），这不是文本文件或已损坏，请重新另存为 CSV 后再上传",
                    line, column);
    }
    if (utf8_valid(bytes)) {
        *ret = bytes;
        return true;
    }
    return convert(cx, mem, "GB18030", bytes, ret);
}

/* The separator seen most often outside quotes in the first line; a comma when there is none. */
static char guess_separator(Str text)
{
    size_t comma = 0, tab = 0, semicolon = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '\n' || c == '\r')) {
            if (comma + tab + semicolon > 0) {
                break;
            }
        } else if (!quoted) {
            comma += c == ',';
            tab += c == '\t';
            semicolon += c == ';';
        }
    }
    if (tab > comma && tab >= semicolon) {
        return '\t';
    }
    return semicolon > comma ? ';' : ',';
}

static bool cell_too_long(Reader *r, size_t line)
{
    return fail(r->cx, E_INVALID, "第 %zu 行第 %zu 列的内容超过 %zu 个字节，请删减后再上传", line, r->n + 1, r->max.max_cell);
}

/* The common quoted cell, with nothing to replace inside: a slice. `at` stands after the opening quote. */
static bool slice_quoted(Reader *r, Str *ret)
{
    const char *from = r->text.p + r->at;
    size_t left = r->text.n - r->at;
    const char *end = left > 0 ? memchr(from, '"', left) : NULL;
    if (end == NULL) {
        return false;
    }
    size_t n = (size_t)(end - from);
    bool last = n + 1 == left || end[1] == r->sep || end[1] == '\n' || end[1] == '\r';
    if (!last || n > r->max.max_cell || memchr(from, '\r', n) != NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        r->line += from[i] == '\n';
    }
    *ret = str_n(from, n);
    r->at += n + 1;
    return true;
}

/* Reads a cell that starts with a quote; `at` stands on it. Text after the closing quote is kept, as spreadsheets do. */
static bool read_quoted(Reader *r, Str *ret)
{
    r->at++;
    if (slice_quoted(r, ret)) {
        return true;
    }
    const char *p = r->text.p;
    size_t start_line = r->line;
    Buf cell = buf_new(r->scratch, r->max.max_cell);
    bool open = true;
    for (; r->at < r->text.n; r->at++) {
        char c = p[r->at], next = r->at + 1 < r->text.n ? p[r->at + 1] : '\0';
        if (!open && (c == r->sep || c == '\n' || c == '\r')) {
            break;
        }
        if (open && c == '"' && next != '"') {
            open = false;
            continue;
        }
        if (open && ((c == '"' && next == '"') || (c == '\r' && next == '\n'))) {
            c = p[++r->at];
        }
        r->line += c == '\n';
        buf_addc(&cell, c);
        if (cell.full) {
            return cell_too_long(r, start_line);
        }
    }
    if (open) {
        return fail(r->cx, E_INVALID, "第 %zu 行第 %zu 列的引号没有成对：找到文件末尾也没有结束的引号，请改正后再上传", start_line,
                    r->n + 1);
    }
    *ret = buf_str(&cell);
    return true;
}

static bool read_plain(Reader *r, Str *ret)
{
    const char *p = r->text.p;
    size_t from = r->at;
    while (r->at < r->text.n && p[r->at] != r->sep && p[r->at] != '\n' && p[r->at] != '\r') {
        r->at++;
    }
    if (r->at - from > r->max.max_cell) {
        return cell_too_long(r, r->line);
    }
    *ret = str_n(p + from, r->at - from);
    return true;
}

/* Reads one record, up to and with its line end. */
static bool read_record(Reader *r)
{
    r->n = 0;
    for (;;) {
        if (r->n == r->max.max_cols) {
            return fail(r->cx, E_INVALID, "第 %zu 行超过 %zu 列，请删去多余的列后再上传", r->line, r->max.max_cols);
        }
        bool quoted = r->at < r->text.n && r->text.p[r->at] == '"';
        if (!(quoted ? read_quoted(r, &r->cells[r->n]) : read_plain(r, &r->cells[r->n]))) {
            return false;
        }
        r->n++;
        if (r->at >= r->text.n) {
            return true;
        }
        char c = r->text.p[r->at++];
        if (c == r->sep) {
            continue;
        }
        if (c == '\r' && r->at < r->text.n && r->text.p[r->at] == '\n') {
            r->at++;
        }
        r->line++;
        return true;
    }
}

static bool read_all(Reader *r, TableRowFn *row, void *ctx)
{
    size_t rows = 0;
    while (r->at < r->text.n) {
        size_t line = r->line;
        size_t from = r->at;
        if (!read_record(r)) {
            return false;
        }
        bool blank = r->n == 1 && r->cells[0].n == 0 && r->text.p[from] != '"';
        if (blank) {
            continue;
        }
        if (++rows > r->max.max_rows) {
            return fail(r->cx, E_TOO_LARGE, "超过 %zu 行，请分成几个文件上传", r->max.max_rows);
        }
        if (!row(ctx, line, r->cells, r->n)) {
            return false;
        }
        arena_reset(r->scratch);
    }
    return true;
}

bool csv_read(Cx *cx, Str bytes, const TableLimits *limits, TableRowFn *row, void *ctx)
{
    TableLimits max = table_limits(limits);
    if (bytes.n > max.max_bytes) {
        return fail(cx, E_TOO_LARGE, "文件超过 %zu MB，请分成几个文件上传", max.max_bytes >> 20);
    }
    Arena *mem = arena_new(0);
    Reader r = {.cx = cx, .line = 1, .max = max, .scratch = arena_new(0), .cells = NEW_ARRAY(mem, Str, max.max_cols)};
    bool good = decode(cx, mem, bytes, &r.text);
    if (good) {
        r.sep = guess_separator(r.text);
        good = read_all(&r, row, ctx);
    }
    arena_free(r.scratch);
    arena_free(mem);
    return good;
}

void csv_begin(Buf *out)
{
    buf_add(out, S("\xEF\xBB\xBF"));
}

/* A spreadsheet program would take the text as a formula, or may after trimming it. */
static bool starts_formula(Str text)
{
    static const Str twins[] = {STR_INIT("＝"), STR_INIT("＋"), STR_INIT("－"), STR_INIT("＠")};
    if (text.n == 0) {
        return false;
    }
    if (strchr("=+-@\t\r\n", text.p[0]) != NULL) { /* NUL too: strchr finds the end */
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(twins); i++) {
        if (str_starts(text, twins[i])) {
            return true;
        }
    }
    return false;
}

void csv_cell(Buf *out, Str text, bool first)
{
    if (!first) {
        buf_addc(out, ',');
    }
    bool guard = starts_formula(text), quote = guard;
    for (size_t i = 0; i < text.n && !quote; i++) {
        quote = strchr(",;\t\"\r\n", text.p[i]) != NULL;
    }
    quote = quote || (text.n > 0 && (text.p[0] == ' ' || text.p[text.n - 1] == ' '));
    if (!quote) {
        buf_add(out, text);
        return;
    }
    buf_addc(out, '"');
    if (guard) {
        buf_addc(out, '\'');
    }
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"') {
            buf_add(out, str_sub(text, from, i + 1 - from));
            from = i; /* the quote once more */
        }
    }
    buf_add(out, str_sub(text, from, text.n - from));
    buf_addc(out, '"');
}

void csv_cell_int(Buf *out, int64_t v, bool first)
{
    if (!first) {
        buf_addc(out, ',');
    }
    buf_int(out, v);
}

void csv_end_row(Buf *out)
{
    buf_add(out, S("\r\n"));
}
