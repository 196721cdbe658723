/*
 * csv_fuzz.c - whatever the bytes: cells are valid text within the limits, and what is written from them is read again the same, but for
 * carriage returns and the apostrophe before what would be a formula.
 */
#include "fmt/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_ROWS 200

typedef struct {
    Arena *mem;
    Str *cells[MAX_ROWS];
    size_t n_cells[MAX_ROWS], n, line;
} Table;

static const TableLimits LIMITS = {.max_bytes = 1 << 16, .max_rows = MAX_ROWS, .max_cols = 20, .max_cell = 500};

static bool keep(void *ctx, size_t line, const Str *cells, size_t n)
{
    Table *t = ctx;
    CHECK(t->n < MAX_ROWS && n >= 1 && n <= LIMITS.max_cols && line > t->line);
    t->line = line;
    t->cells[t->n] = NEW_ARRAY(t->mem, Str, n);
    for (size_t i = 0; i < n; i++) {
        CHECK(utf8_valid(cells[i]) && cells[i].n <= LIMITS.max_cell);
        t->cells[t->n][i] = str_dup(t->mem, cells[i]);
    }
    t->n_cells[t->n++] = n;
    return true;
}

/* CR LF inside a cell is read as LF: carriage returns are left out of the comparison. */
static Str plain(Arena *mem, Str s)
{
    return str_replace(mem, s, S("\r"), S(""));
}

static bool compare(void *ctx, size_t line, const Str *cells, size_t n)
{
    Table *t = ctx;
    (void)line;
    CHECK(n == t->n_cells[t->n]);
    for (size_t i = 0; i < n; i++) {
        Str was = plain(t->mem, t->cells[t->n][i]), now = plain(t->mem, cells[i]);
        CHECK(str_eq(now, was) || (now.n > 0 && now.p[0] == '\'' && str_eq(str_sub(now, 1, now.n), was)));
    }
    t->n++;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
    }
    Cx cx;
    cx_init(&cx, mem);
    Table t = {.mem = mem};
    if (!csv_read(&cx, str_n((const char *)data, size), &LIMITS, keep, &t)) {
        CHECK(cx.err != E_OK && cx.err_text.n != 0 && utf8_valid(cx.err_text));
        arena_reset(mem);
        return 0;
    }
    /* A first cell of a marker keeps the written separator a comma and no row blank. */
    Buf out = buf_new(mem, (size_t)4 << 20);
    csv_begin(&out);
    for (size_t i = 0; i < t.n; i++) {
        csv_cell(&out, S("a,a"), true);
        for (size_t k = 0; k < t.n_cells[i]; k++) {
            csv_cell(&out, t.cells[i][k], false);
        }
        csv_end_row(&out);
        Str *more = NEW_ARRAY(mem, Str, t.n_cells[i] + 1);
        more[0] = S("a,a");
        memcpy(more + 1, t.cells[i], t.n_cells[i] * sizeof *more);
        t.cells[i] = more;
        t.n_cells[i]++;
    }
    CHECK(!out.full);
    size_t rows = t.n;
    t.n = 0;
    CHECK(csv_read(&cx, buf_str(&out), NULL, compare, &t) && t.n == rows);
    arena_reset(mem);
    return 0;
}
