/*
 * rows.c - the CSV files of a pack, read by the names in their first line; in messages the "column" is the number of
 * the cell.
 */
#include "base/date.h"
#include "fmt/csv.h"
#include "pack/load.h"

#define CSV_MAX_BYTES ((size_t)8 << 20)

typedef struct {
    Loader *l;
    Str file;
    const char *const *names; /* the columns, NULL-terminated */
    size_t at[16];            /* column -> cell, SIZE_MAX: not there */
    size_t n_names;
    bool header_done, header_bad;
    CsvLineFn *line;
} CsvRead;

static bool csv_header(CsvRead *c, size_t line, const Str *cells, size_t n)
{
    c->header_done = true;
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        Str name = str_trim(cells[i]);
        size_t k = 0;
        while (k < c->n_names && !str_eq(name, str_c(c->names[k]))) {
            k++;
        }
        if (k == c->n_names || c->at[k] != SIZE_MAX) {
            fault_at(c->l, c->file, (int)line, (int)i + 1, "不认识或重复的列 %.*s，应为 doc/pack.md 所说的列名",
                     STRF(name));
            ok = false;
        } else {
            c->at[k] = i;
        }
    }
    for (size_t k = 0; k < c->n_names; k++) {
        if (c->at[k] == SIZE_MAX) {
            fault_at(c->l, c->file, (int)line, 1, "缺少列 %s，应为第一行列出全部列名", c->names[k]);
            ok = false;
        }
    }
    return ok;
}

static bool csv_row(void *ctx, size_t line, const Str *cells, size_t n)
{
    CsvRead *c = ctx;
    if (!c->header_done) {
        c->header_bad = !csv_header(c, line, cells, n);
        return true;
    }
    bool blank = true;
    for (size_t i = 0; i < n; i++) {
        blank = blank && str_empty(str_trim(cells[i]));
    }
    if (c->header_bad || blank) {
        return true;
    }
    Str row[16] = {0};
    for (size_t k = 0; k < c->n_names; k++) {
        row[k] = c->at[k] < n ? str_dup(c->l->mem, str_trim(cells[c->at[k]])) : S("");
    }
    c->line(c->l, c->file, (int)line, row);
    return true;
}

bool read_csv(Loader *l, Str file, bool required, const char *const *names, CsvLineFn *fn)
{
    Str text;
    size_t before = l->n_faults;
    if (!file_text(l, file, CSV_MAX_BYTES, &text)) {
        if (required && l->n_faults == before) {
            fault_at(l, file, 1, 1, "缺少文件，应为 doc/pack.md 所说的 %.*s", STRF(file));
        }
        return false;
    }
    CsvRead c = {.l = l, .file = file, .names = names, .line = fn};
    while (names[c.n_names] != NULL) {
        c.at[c.n_names++] = SIZE_MAX;
    }
    CHECK(c.n_names <= ARRAY_LEN(c.at));
    Cx cx;
    cx_init(&cx, l->tmp);
    if (!csv_read(&cx, text, &(TableLimits){.max_bytes = CSV_MAX_BYTES}, csv_row, &c)) {
        fault_at(l, file, 1, 1, "%.*s", STRF(cx_text(&cx)));
    } else if (!c.header_done) {
        fault_at(l, file, 1, 1, "文件是空的，应为第一行列名、以后每行一条");
    }
    return true;
}

int32_t cell_date(Loader *l, Str file, int line, int cell, Str text, int32_t open)
{
    int32_t days = open;
    if (text.n != 0 && !date_iso_parse(text, &days)) {
        fault_at(l, file, line, cell, "日期 %.*s 不对，应为 2024-05-01 的写法或留空", STRF(text));
    }
    return days;
}

int64_t cell_int(Loader *l, Str file, int line, int cell, Str text, int64_t min, int64_t max, int64_t otherwise)
{
    int64_t v = otherwise;
    if (text.n != 0 && (!str_int(text, &v) || v < min || v > max)) {
        fault_at(l, file, line, cell, "数 %.*s 不对，应为 %lld 到 %lld 的整数", STRF(text), (long long)min,
                 (long long)max);
        return otherwise;
    }
    return v;
}

void *new_row(Loader *l, size_t size)
{
    l->rows = arena_room(l->tmp, l->rows, l->n_rows, &l->cap_rows, size);
    return (char *)l->rows + size * l->n_rows++;
}

void rows_clear(Loader *l)
{
    l->rows = NULL;
    l->n_rows = l->cap_rows = 0;
}
