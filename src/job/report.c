/*
 * report.c - the annotated return of a CSV: a workbook with its cells and, beside them, what was found.
 *
 * The text is read twice: once for the header, which the workbook's columns need, once for the rows. The columns carry their keys, so
 * that the workbook, once corrected, can be handed in again.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/import.h"

typedef struct {
    Cx *cx;
    size_t header_row;
    Str *header, *labels;      /* labels: of the fields in the columns; findings begin with them already */
    size_t n_header;
    XlsxWriter *out;
    const XlsxNote *notes;
    size_t n_notes, at;
} Report;

static bool read_all(Cx *cx, const char *path, Str *ret)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return fail(cx, E_IO, "打不开文件");
    }
    char *bytes = arena_alloc(cx->mem, (size_t)st.st_size + 1);
    size_t n = 0;
    for (ssize_t k; n < (size_t)st.st_size && (k = read(fd, bytes + n, (size_t)st.st_size - n)) > 0;) {
        n += (size_t)k;
    }
    close(fd);
    *ret = str_n(bytes, n);
    return true;
}

static bool header_line(void *ctx, size_t line, const Str *cells, size_t n)
{
    Report *r = ctx;
    if (line != r->header_row) {
        return true;
    }
    r->header = NEW_ARRAY(r->cx->mem, Str, n + 1);
    for (size_t i = 0; i < n; i++) {
        r->header[i] = str_dup(r->cx->mem, cells[i]);
    }
    r->n_header = n;
    return false;
}

static Str unguarded(Str t)
{
    return t.n > 1 && t.p[0] == '\'' ? str_sub(t, 1, t.n) : t;
}

static bool data_line(void *ctx, size_t line, const Str *cells, size_t n)
{
    Report *r = ctx;
    bool blank = true;
    for (size_t i = 0; i < n; i++) {
        blank = blank && str_trim(cells[i]).n == 0;
    }
    if (line <= r->header_row || blank) {
        return true;
    }
    ArenaMark mark = arena_mark(r->cx->mem);
    for (size_t i = 0; i < MIN(n, r->n_header); i++) {
        if (cells[i].n != 0) {
            xlsx_text(r->out, i, unguarded(cells[i]));
        }
    }
    while (r->at < r->n_notes && r->notes[r->at].row < line) {
        r->at++;
    }
    Buf reasons = buf_new(r->cx->mem, 32000);
    for (; r->at < r->n_notes && r->notes[r->at].row == line; r->at++) {
        const XlsxNote *note = &r->notes[r->at];
        bool placed = note->col < r->n_header;
        if (placed && note->warning) {
            xlsx_warn(r->out, note->col, note->text);
        } else if (placed) {
            xlsx_mark(r->out, note->col, note->text);
        }
        buf_add(&reasons, reasons.n != 0 ? S("；") : S(""));
        if (placed && !(r->labels[note->col].n != 0 && str_starts(note->text, r->labels[note->col]))) {
            buf_printf(&reasons, "%.*s：", STRF(str_trim(r->header[note->col])));
        }
        buf_add(&reasons, note->warning ? S("（提示）") : S(""));
        buf_add(&reasons, note->text);
    }
    if (reasons.n != 0) {
        xlsx_reason(r->out, buf_str(&reasons));
    }
    xlsx_next(r->out);
    arena_release(r->cx->mem, mark);
    return true;
}

bool report_csv(Cx *cx, const SheetPlan *plan, const char *in, const char *out, size_t header_row, const XlsxNote *notes, size_t n_notes)
{
    Str bytes;
    Report r = {.cx = cx, .header_row = header_row, .notes = notes, .n_notes = n_notes};
    if (!read_all(cx, in, &bytes)) {
        return false;
    }
    if (!csv_read(cx, bytes, NULL, header_line, &r) && r.header == NULL) { /* reading stops at the header */
        return false;
    }
    CHECK(r.header != NULL);
    HeaderMap map = sheet_match(cx->mem, plan, r.header, r.n_header, false);
    XlsxCol *cols = NEW_ARRAY(cx->mem, XlsxCol, r.n_header + 1);
    for (size_t i = 0; i < r.n_header; i++) {
        cols[i] = (XlsxCol){.title = r.header[i], .kind = XCOL_TEXT, .depends_on = -1};
    }
    r.labels = NEW_ARRAY(cx->mem, Str, r.n_header + 1);
    for (size_t i = 0; i < plan->n; i++) {
        if (map.at[i] >= 0) {
            r.labels[map.at[i]] = plan->cols[i].field != NULL ? plan->cols[i].field->label : S("");
            cols[map.at[i]].key = plan->cols[i].key;
            cols[map.at[i]].required = plan->cols[i].required;
        }
    }
    XlsxSpec spec = {.sheet_name = plan->sheet->label, .cols = cols, .n_cols = r.n_header, .template_id = plan->sheet->id,
                     .reason_column = true};
    r.out = xlsx_open(cx, out, &spec);
    if (r.out == NULL) {
        return false;
    }
    bool ok = csv_read(cx, bytes, NULL, data_line, &r);
    Cx end;
    cx_init(&end, cx->mem);
    bool closed = xlsx_close(&end, r.out);
    return ok && (closed || fail(cx, end.err, "%.*s", STRF(cx_text(&end))));
}
