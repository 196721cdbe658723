/*
 * import.c - a spreadsheet into records: read as a stream and checked row by row (import_read.c), written in batches
 * (import_write.c). What is wrong becomes notes, which the annotated workbook shows beside the cells.
 */
#include "job/import.h"

#include "base/log.h"

#define MAX_NOTES 100000
#define MANY 1000          /* rows written after which what is read next should not be planned as for an emptier table */

/* ---- notes ---- */

void import_note(Import *im, size_t row, int col, bool warning, Str text)
{
    if (im->n_notes == MAX_NOTES) {
        return;
    }
    ARRAY_ROOM(im->mem, im->notes, im->n_notes, im->cap_notes);
    im->notes[im->n_notes++] =
        (XlsxNote){.row = row, .col = col >= 0 ? (size_t)col : SIZE_MAX, .warning = warning, .text = str_dup(im->mem, text)};
}

int import_column(const Import *im, Str field, bool beside)
{
    for (size_t i = 0; i < im->plan.n; i++) {
        const PlanCol *c = &im->plan.cols[i];
        if (c->field != NULL && c->kind == (beside ? SC_BESIDE : SC_FIELD) && str_eq(c->field->id, field)) {
            return im->map.at[i];
        }
    }
    return -1;
}

/* Findings of a row into notes; true when one is an error. */
bool import_findings(Import *im, const ImportRow *row, const Findings *f, bool beside)
{
    for (size_t i = 0; i < f->n; i++) {
        import_note(im, row->number, import_column(im, f->items[i].field, beside), f->items[i].warn, f->items[i].text);
        im->counts.n_warn += f->items[i].warn;
    }
    return f->errors != 0;
}

static int by_place(const void *a, const void *b)
{
    const XlsxNote *x = a, *y = b;
    if (x->row != y->row) {
        return x->row < y->row ? -1 : 1;
    }
    return x->col < y->col ? -1 : x->col > y->col;
}

/* ---- the run ---- */

Arena *import_mem(Import *im, Arena *mem)
{
    Cx *cx = im->cx;
    Arena *before = cx->mem;
    if (cx->err != E_OK) {
        cx->err_text = str_dup(mem, cx->err_text);
        cx->err_at = str_dup(mem, cx->err_at);
    }
    cx->mem = mem;
    return before;
}

/* What was written before it failed stays written: whoever reads the reason must know it. */
static void say_kept(Import *im)
{
    Cx *cx = im->cx;
    int64_t kept = im->counts.n_new + im->counts.n_changed;
    if (kept > 0 && !im->dry_run && cx->err != E_CANCELLED) {
        cx->err_text = str_printf(cx->mem, "%.*s；此前写入的 %lld 行保留，把原文件再导入一次不会重复", STRF(cx_text(cx)), (long long)kept);
    }
}

bool import_run(Cx *cx, Store *s, const Actor *a, const RecordType *t, const char *path, bool dry_run, const char *report, Str source,
                JobProgress *progress, void *ctx, ImportCounts *ret)
{
    if (t->sheet == NULL) {
        return fail(cx, E_NOT_FOUND, "%.*s没有导入表", STRF(t->label));
    }
    if (!access_flag(a, t, 'i') || a->read_only) {
        return fail(cx, E_FORBIDDEN, "您没有批量导入%.*s的权限", STRF(t->label));
    }
    Arena *batch_mem = arena_new(0);
    Import im = {.cx = cx, .mem = cx->mem, .batch_mem = batch_mem, .s = s, .a = a, .plan = sheet_plan(cx->mem, store_pack(s), t),
                 .dry_run = dry_run, .keys = map_new(cx->mem), .source = source, .progress = progress, .progress_ctx = ctx,
                 .within = a->org != NULL ? a->org->region : NULL};
    im.rows = NEW_ARRAY(batch_mem, ImportRow, IMPORT_BATCH);
    bool xlsx = false;
    bool ok = import_read(&im, path, &xlsx) && import_flush(&im);
    if (ok && !im.have_header) {
        ok = fail(cx, E_INVALID, "文件里没有找到“%.*s”的表头，请用本系统下载的模板填写", STRF(im.plan.sheet->label));
    }
    if (ok && report != NULL && im.n_notes != 0) {
        qsort(im.notes, im.n_notes, sizeof *im.notes, by_place);
        ok = xlsx ? xlsx_annotate(cx, path, report, 0, im.header_row, im.notes, im.n_notes)
                  : report_csv(cx, &im.plan, path, report, im.header_row, im.notes, im.n_notes);
    }
    if (!ok) {
        say_kept(&im);
    }
    *ret = im.counts;
    arena_free(batch_mem);
    if (ok && !dry_run && im.counts.n_new + im.counts.n_changed >= MANY && !db_count_anew(cx, cx->db)) {
        log_warn("import: tables not counted anew: %.*s", STRF(cx_text(cx)));
        cx_clear(cx);
    }
    return ok;
}
