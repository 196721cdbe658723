/*
 * export.c - a query's records into a spreadsheet, as the actor sees them: read in one go, written as they come, so that memory does
 * not grow with the number of records.
 *
 * What a role does not see is no column; personal data stay masked; numbers are numbers, dates ISO, the rest as people read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/date.h"
#include "fmt/xlsx.h"
#include "job/job.h"
#include "rule/validate.h"

#define PROGRESS_EACH 500
#define FLUSH_AT ((size_t)1 << 20)
#define MAX_LABELS 20000

typedef struct {
    Cx *cx;
    Arena *mem;                  /* of the export; cx->mem is emptied after each record */
    Store *s;
    const RecordType *type;
    const Field **cols;
    size_t n;
    bool number, csv;
    XlsxWriter *xlsx;
    int fd;
    Buf out;
    Map labels;                  /* type.id -> title of a record referred to */
    int64_t rows, total;
    JobProgress *progress;
    void *progress_ctx;
} Export;

/* ---- columns ---- */

static void choose_columns(Export *e, const Actor *a)
{
    const RecordType *t = e->type;
    Scope scope = access_scope(e->mem, store_pack(e->s), a, t);
    e->cols = NEW_ARRAY(e->mem, const Field *, t->n_fields);
    e->number = t->number_prefix.n != 0;
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        if (f->kind != FT_LIST && access_field(a, t, f, scope.published_only)) {
            e->cols[e->n++] = f;
        }
    }
}

static Str title_of(Arena *mem, const Field *f)
{
    return f->unit.n != 0 ? str_printf(mem, "%.*s（%.*s）", STRF(f->label), STRF(f->unit)) : f->label;
}

/* ---- values ---- */

static Str ref_label(Export *e, const Field *f, int64_t id)
{
    Str key = str_printf(e->cx->mem, "%.*s.%lld", STRF(f->ref->id), (long long)id);
    Str *known = map_get(&e->labels, key);
    if (known != NULL) {
        return *known;
    }
    Str label = rec_label(e->cx, e->s, f->ref, id);
    if (e->labels.n < MAX_LABELS) {
        known = NEW(e->mem, Str);
        *known = str_dup(e->mem, label);
        map_put(&e->labels, str_dup(e->mem, key), known);
    }
    return label;
}

static Str text_of(Export *e, const Field *f, const Value *v)
{
    if (!v->has) {
        return S("");
    }
    if (f->kind == FT_REF) {
        return ref_label(e, f, v->i);
    }
    return f->kind == FT_DATE ? date_iso(e->cx->mem, (int32_t)v->i) : value_show(e->cx->mem, store_pack(e->s), f, v);
}

static int decimals_of(const Field *f)
{
    return f->kind == FT_INT ? 0 : f->kind == FT_DECIMAL ? f->decimals : f->kind == FT_MONEY ? 2 : -1;
}

static Str decimal_text(Arena *mem, int64_t v, int decimals)
{
    uint64_t scale = 1, n = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    for (int i = 0; i < decimals; i++) {
        scale *= 10;
    }
    return decimals == 0 ? str_printf(mem, "%lld", (long long)v)
                         : str_printf(mem, "%s%llu.%0*llu", v < 0 ? "-" : "", (unsigned long long)(n / scale), decimals,
                                      (unsigned long long)(n % scale));
}

/* ---- rows ---- */

static void csv_number(Export *e, const Field *f, const Value *v, bool first)
{
    int decimals = decimals_of(f);
    if (!v->has) {
        csv_cell(&e->out, S(""), first);
    } else if (decimals == 0) {
        csv_cell_int(&e->out, v->i, first);
    } else { /* a sign in front would be taken for a formula, and guarded: numbers need no guard */
        if (!first) {
            buf_addc(&e->out, ',');
        }
        buf_add(&e->out, decimal_text(e->cx->mem, v->i, decimals));
    }
}

static void csv_record(Export *e, const Rec *r)
{
    bool first = true;
    if (e->number) {
        csv_cell(&e->out, r->no, first);
        first = false;
    }
    for (size_t i = 0; i < e->n; i++, first = false) {
        const Field *f = e->cols[i];
        if (decimals_of(f) >= 0) {
            csv_number(e, f, &r->v[f->index], first);
        } else {
            csv_cell(&e->out, text_of(e, f, &r->v[f->index]), first);
        }
    }
    csv_cell(&e->out, r->state->label, first);
    csv_cell(&e->out, instant_zh(e->cx->mem, r->updated_ms), false);
    csv_end_row(&e->out);
}

static void xlsx_record(Export *e, const Rec *r)
{
    size_t c = 0;
    if (e->number) {
        xlsx_text(e->xlsx, c++, r->no);
    }
    for (size_t i = 0; i < e->n; i++, c++) {
        const Field *f = e->cols[i];
        const Value *v = &r->v[f->index];
        int decimals = decimals_of(f);
        if (v->has && decimals == 0) {
            xlsx_int(e->xlsx, c, v->i);
        } else if (v->has && decimals > 0) {
            xlsx_decimal(e->xlsx, c, v->i, decimals);
        } else if (v->has) {
            xlsx_text(e->xlsx, c, text_of(e, f, v));
        }
    }
    xlsx_text(e->xlsx, c, r->state->label);
    xlsx_text(e->xlsx, c + 1, instant_zh(e->cx->mem, r->updated_ms));
    xlsx_next(e->xlsx);
}

static bool csv_flush(Export *e)
{
    Str s = buf_str(&e->out);
    if (e->out.full) {
        return fail(e->cx, E_TOO_LARGE, "导出的一页太大");
    }
    while (s.n != 0) {
        ssize_t n = write(e->fd, s.p, s.n);
        if (n <= 0) {
            return fail(e->cx, errno == ENOSPC ? E_FULL : E_IO, "写不出导出文件");
        }
        s = str_sub(s, (size_t)n, s.n);
    }
    buf_clear(&e->out);
    return true;
}

static bool begin(Export *e, const char *path)
{
    XlsxCol *cols = NEW_ARRAY(e->mem, XlsxCol, e->n + 3);
    size_t n = 0;
    if (e->number) {
        cols[n++] = (XlsxCol){.title = S("编号"), .kind = XCOL_TEXT, .depends_on = -1};
    }
    for (size_t i = 0; i < e->n; i++) {
        const Field *f = e->cols[i];
        int decimals = decimals_of(f);
        cols[n++] = (XlsxCol){.title = title_of(e->mem, f), .depends_on = -1, .decimals = MAX(decimals, 0),
                              .kind = decimals == 0 ? XCOL_INT : decimals > 0 ? XCOL_DECIMAL : XCOL_TEXT};
    }
    cols[n++] = (XlsxCol){.title = S("状态"), .kind = XCOL_TEXT, .depends_on = -1};
    cols[n++] = (XlsxCol){.title = S("更新时间"), .kind = XCOL_TEXT, .depends_on = -1};
    if (!e->csv) {
        XlsxSpec spec = {.sheet_name = e->type->label, .cols = cols, .n_cols = n};
        e->xlsx = xlsx_open(e->cx, path, &spec);
        return e->xlsx != NULL;
    }
    e->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (e->fd < 0) {
        return fail(e->cx, E_IO, "写不出导出文件");
    }
    e->out = buf_new(e->mem, FLUSH_AT * 32);
    csv_begin(&e->out);
    for (size_t i = 0; i < n; i++) {
        csv_cell(&e->out, cols[i].title, i == 0);
    }
    csv_end_row(&e->out);
    return true;
}

static bool one_record(void *ctx, const Rec *r)
{
    Export *e = ctx;
    if (e->csv) {
        csv_record(e, r);
    } else {
        xlsx_record(e, r);
    }
    e->rows++;
    if (e->csv && e->out.n >= FLUSH_AT && !csv_flush(e)) {
        return false;
    }
    return e->rows % PROGRESS_EACH != 0 || e->progress == NULL || e->progress(e->progress_ctx, e->rows, e->total) ||
           fail(e->cx, E_CANCELLED, "导出已取消");
}

static bool records(Export *e, const Actor *a, const Query *q)
{
    RecPage page;
    Query count = *q;
    count.limit = 1;
    count.offset = 0;
    count.after = S("");
    if (!rec_list(e->cx, e->s, a, &count, true, &page)) {
        return false;
    }
    e->total = page.total;
    if (e->progress != NULL && !e->progress(e->progress_ctx, 0, e->total)) {
        return fail(e->cx, E_CANCELLED, "导出已取消");
    }
    return rec_each(e->cx, e->s, a, q, one_record, e) && (!e->csv || csv_flush(e));
}

bool export_run(Cx *cx, Store *s, const Actor *a, const Query *query, Str format, const char *path, JobProgress *progress, void *ctx,
                int64_t *ret_rows)
{
    Export e = {.cx = cx, .mem = cx->mem, .s = s, .type = query->type, .csv = str_eq(format, S("csv")), .fd = -1, .progress = progress,
                .progress_ctx = ctx};
    if (!e.csv && !str_eq(format, S("xlsx"))) {
        return fail(cx, E_NOT_ACCEPTABLE, "只能导出为 xlsx 或 csv");
    }
    if (!access_flag(a, query->type, 'x')) {
        return fail(cx, E_FORBIDDEN, "您没有导出%.*s的权限", STRF(query->type->label));
    }
    e.labels = map_new(e.mem);
    choose_columns(&e, a);
    if (!begin(&e, path)) {
        return false;
    }
    Arena *row_mem = arena_new(0);
    cx->mem = row_mem;
    bool ok = records(&e, a, query);
    cx->mem = e.mem;
    cx->err_text = str_dup(e.mem, cx->err_text);
    cx->err_at = str_dup(e.mem, cx->err_at);
    arena_free(row_mem);
    if (e.xlsx != NULL) {
        Cx end;
        cx_init(&end, e.mem);
        bool closed = xlsx_close(&end, e.xlsx);
        ok = ok && (closed || fail(cx, end.err, "%.*s", STRF(cx_text(&end))));
    }
    if (e.fd >= 0 && close(e.fd) != 0) {
        ok = ok && fail(cx, E_IO, "写不出导出文件");
    }
    if (!ok) {
        (void)unlink(path);
        return false;
    }
    *ret_rows = e.rows;
    return true;
}
