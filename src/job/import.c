/*
 * import.c - a spreadsheet into records: read as a stream, checked row by row, written 500 rows a transaction.
 *
 * A row is taken whole (the record and the one beside it) or not at all. Most batches are sound, so a batch is first written as one; when a
 * row of it fails, the batch is undone and written again with a savepoint around each row (a savepoint copies every page a row touches). A row whose record exists already,
 * by number or by key, updates it; one that says nothing new is left alone. What is wrong becomes notes for the annotated workbook.
 */
#include "job/import.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "rule/validate.h"

#define BATCH 500
#define MAX_NOTES 100000
#define HEADER_WITHIN 20
#define MANY 1000          /* rows written after which what is read next should not be planned as for an emptier table */

typedef struct {
    size_t number;             /* row in the file, 1-based */
    Str no;
    Value *values, *beside;
    bool *set, *beside_set;
    size_t n_findings_before;
    bool wrong;
    Findings found;
} ImportRow;

typedef struct {
    Cx *cx;
    Arena *mem;                /* the import's */
    Arena *batch_mem;
    Store *s;
    const Actor *a;
    SheetPlan plan;
    bool dry_run, have_header, by_key;
    bool as_one, row_failed;   /* the batch is written without savepoints; a row of it failed */
    HeaderMap map;
    size_t header_row, rows_seen;
    Map keys;                  /* folded key -> row number */
    ImportRow *rows;
    size_t n_rows;
    XlsxNote *notes;
    size_t n_notes, cap_notes;
    Str source;
    JobProgress *progress;
    void *progress_ctx;
    ImportCounts counts;
    const Region *within;
} Import;

static void note(Import *im, size_t row, int col, bool warning, Str text)
{
    if (im->n_notes == MAX_NOTES) {
        return;
    }
    ARRAY_ROOM(im->mem, im->notes, im->n_notes, im->cap_notes);
    im->notes[im->n_notes++] =
        (XlsxNote){.row = row, .col = col >= 0 ? (size_t)col : SIZE_MAX, .warning = warning, .text = str_dup(im->mem, text)};
}

static int column_of(const Import *im, Str field, bool beside)
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
static bool take_findings(Import *im, const ImportRow *row, const Findings *f, bool beside)
{
    for (size_t i = 0; i < f->n; i++) {
        note(im, row->number, column_of(im, f->items[i].field, beside), f->items[i].warn, f->items[i].text);
        im->counts.n_warn += f->items[i].warn;
    }
    return f->errors != 0;
}

/* ---- one row, inside a savepoint ---- */

static bool differs(const RecordType *t, const Rec *r, const Value *values, const bool *set)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        if (set[i] && !t->fields[i].computed && !t->fields[i].read_only && !value_eq(&t->fields[i], &r->v[i], &values[i])) {
            return true;
        }
    }
    return false;
}

static const Org *owner_for(const Import *im, const ImportRow *row)
{
    const Field *f = im->plan.type->region;
    const Pack *p = store_pack(im->s);
    if (f != NULL && row->set[f->index] && row->values[f->index].has && im->a->org != NULL) {
        for (size_t i = 0; i < p->n_orgs; i++) {
            const Org *o = &p->orgs[i];
            if (o->region != NULL && str_eq(o->region->code, row->values[f->index].s) && org_within(o, im->a->org)) {
                return o;
            }
        }
    }
    return im->a->org;
}

static bool find_row(Import *im, const ImportRow *row, Rec *ret, bool *ret_found)
{
    Cx *cx = im->cx;
    if (row->no.n != 0) { /* personal fields are masked in it: at worst an update is tried that changes nothing */
        *ret_found = rec_by_no(cx, im->s, im->a, im->plan.type, row->no, ret);
        return *ret_found;
    }
    const Sheet *sh = im->plan.sheet;
    const Field **keys = NEW_ARRAY(cx->mem, const Field *, sh->n_key + 1);
    Value *values = NEW_ARRAY(cx->mem, Value, sh->n_key + 1);
    for (size_t i = 0; i < sh->n_key; i++) {
        keys[i] = sh->key[i];
        values[i] = row->values[sh->key[i]->index];
    }
    return rec_find(cx, im->s, im->a, im->plan.type, keys, values, sh->n_key, ret, ret_found);
}

static bool write_beside(Import *im, ImportRow *row, int64_t main_id, int64_t home, bool is_new, bool *ret_changed)
{
    const Sheet *sh = im->plan.sheet;
    Cx *cx = im->cx;
    bool any = false;
    for (size_t i = 0; i < sh->beside->n_fields; i++) {
        bool key = false;
        for (size_t k = 0; k < sh->n_beside_key; k++) {
            key = key || sh->beside_key[k]->index == (int32_t)i;
        }
        any = any || (row->beside_set[i] && row->beside[i].has && !key);
    }
    if (!any) {
        return true;
    }
    row->beside[sh->beside_via->index] = (Value){.has = true, .i = main_id};
    row->beside_set[sh->beside_via->index] = true;
    const Field **keys = NEW_ARRAY(cx->mem, const Field *, sh->n_beside_key + 1);
    Value *values = NEW_ARRAY(cx->mem, Value, sh->n_beside_key + 1);
    keys[0] = sh->beside_via;
    values[0] = row->beside[sh->beside_via->index];
    for (size_t i = 0; i < sh->n_beside_key; i++) {
        keys[i + 1] = sh->beside_key[i];
        values[i + 1] = row->beside[sh->beside_key[i]->index];
    }
    Rec r;
    bool found = false;
    Findings findings = findings_new(cx->mem);
    WriteOpts o = {.source = str_printf(cx->mem, "%.*s 第%zu行", STRF(im->source), row->number), .dry_run = im->dry_run, .undone_by_caller = true};
    if (!is_new && !rec_find(cx, im->s, im->a, sh->beside, keys, values, sh->n_beside_key + 1, &r, &found)) {
        return false;
    }
    bool ok = true;
    if (!found) {
        const Org *owner = pack_org_by_home(store_pack(im->s), home);
        ok = rec_create(cx, im->s, im->a, sh->beside, owner, row->beside, row->beside_set, &o, &findings, &r);
        *ret_changed = true;
    } else if (differs(sh->beside, &r, row->beside, row->beside_set)) {
        bool changed = false;
        ok = rec_update(cx, im->s, im->a, sh->beside, r.id, row->beside, row->beside_set, &o, &findings, &r, &changed);
        *ret_changed = *ret_changed || changed;
    }
    take_findings(im, row, &findings, true);
    return ok;
}

static bool write_row(Cx *cx, Store *s, void *arg)
{
    ImportRow *row = ((void **)arg)[0];
    Import *im = ((void **)arg)[1];
    (void)s;
    Rec r;
    bool found = false, is_new = false, changed = false;
    Findings findings = findings_new(cx->mem);
    WriteOpts o = {.source = str_printf(cx->mem, "%.*s 第%zu行", STRF(im->source), row->number), .dry_run = im->dry_run, .undone_by_caller = true};
    if (!find_row(im, row, &r, &found)) {
        return false;
    }
    bool ok = true;
    if (!found) {
        is_new = true;
        const Org *owner = owner_for(im, row);
        if (owner == NULL) {
            return fail(cx, E_FORBIDDEN, "账户没有所属单位，不能导入");
        }
        ok = rec_create(cx, im->s, im->a, im->plan.type, owner, row->values, row->set, &o, &findings, &r);
        if (ok && im->dry_run) {
            r.id = REC_NOT_YET;
        }
    } else if (differs(im->plan.type, &r, row->values, row->set)) {
        ok = rec_update(cx, im->s, im->a, im->plan.type, r.id, row->values, row->set, &o, &findings, &r, &changed);
    }
    take_findings(im, row, &findings, false);
    if (!ok || (im->plan.sheet->beside != NULL && !write_beside(im, row, r.id, r.home, is_new, &changed))) {
        return false;
    }
    if (is_new) {
        im->counts.n_new++;
    } else if (changed) {
        im->counts.n_changed++;
    } else {
        im->counts.n_same++;
    }
    return true;
}

/* A failure that concerns one row only: noted, and the import goes on. */
static bool row_failure(Import *im, const ImportRow *row)
{
    Cx *cx = im->cx;
    switch (cx->err) {
    case E_INVALID: /* findings say it already */
        break;
    case E_FORBIDDEN:
    case E_NOT_FOUND:
    case E_WRONG_STATE:
    case E_STALE:
    case E_CONFLICT:
        note(im, row->number, -1, false, cx_text(cx));
        break;
    default:
        return false;
    }
    cx_clear(cx);
    im->counts.n_wrong++;
    return true;
}

/* Most rows of most workbooks are new. */
static bool look_ahead(Cx *cx, Import *im)
{
    const Sheet *sh = im->plan.sheet;
    Value *values = NEW_ARRAY(cx->mem, Value, im->n_rows);
    size_t n = 0;
    for (size_t i = 0; sh->n_key != 0 && i < im->n_rows; i++) {
        if (!im->rows[i].wrong && im->rows[i].no.n == 0) {
            values[n++] = im->rows[i].values[sh->key[0]->index];
        }
    }
    return n == 0 || rec_look_ahead(cx, im->s, im->plan.type, sh->key[0], values, n);
}

static bool write_batch(Cx *cx, Store *s, void *arg)
{
    Import *im = arg;
    im->row_failed = false;
    if (im->as_one && !look_ahead(cx, im)) {
        return false;
    }
    for (size_t i = 0; i < im->n_rows; i++) {
        ImportRow *row = &im->rows[i];
        if (row->wrong) {
            im->counts.n_wrong++;
            continue;
        }
        void *pair[2] = {row, im};
        bool ok = im->dry_run || im->as_one ? write_row(cx, s, pair) : store_write(cx, s, write_row, pair);
        if (!ok && im->as_one) {
            im->row_failed = true;
            return false;
        }
        if (!ok && !row_failure(im, row)) {
            return false;
        }
    }
    if (im->as_one && !db_settle(cx, cx->db)) {
        im->row_failed = true;
        return false;
    }
    return true;
}

static bool write_rows(Import *im)
{
    Cx *cx = im->cx;
    if (im->dry_run) {
        return write_batch(cx, im->s, im);
    }
    ImportCounts before = im->counts;
    size_t n_notes = im->n_notes;
    im->as_one = true;
    bool ok = store_write(cx, im->s, write_batch, im);
    im->as_one = false;
    if (!ok && im->row_failed) {
        cx_clear(cx);
        im->counts = before;
        im->n_notes = n_notes;
        ok = store_write(cx, im->s, write_batch, im);
    }
    return ok;
}

static bool flush(Import *im)
{
    Cx *cx = im->cx;
    if (im->n_rows == 0) {
        return true;
    }
    Arena *keep = cx->mem;
    cx->mem = im->batch_mem;
    ImportCounts before = im->counts;
    bool ok = write_rows(im);
    cx->mem = keep;
    if (!ok) {
        cx->err_text = str_dup(keep, cx->err_text);
        cx->err_at = str_dup(keep, cx->err_at);
        im->counts = before;
        return false;
    }
    im->n_rows = 0;
    arena_reset(im->batch_mem);
    im->rows = NEW_ARRAY(im->batch_mem, ImportRow, BATCH);
    if (im->progress != NULL && !im->progress(im->progress_ctx, im->counts.rows, 0)) {
        return fail(cx, E_CANCELLED, "导入已取消；此前写入的 %lld 行保留", (long long)(im->counts.n_new + im->counts.n_changed));
    }
    return true;
}

/* ---- rows as they come from the file ---- */

static const Region *row_parent(Import *im, const Field *f, const Cell *cells, size_t n)
{
    for (size_t i = 0; i < im->plan.n; i++) {
        const PlanCol *c = &im->plan.cols[i];
        if (c->kind == SC_PARENT && c->field == f && im->map.at[i] >= 0 && (size_t)im->map.at[i] < n) {
            Str text = str_narrow(im->batch_mem, cells[im->map.at[i]].text);
            return text.n != 0 ? pack_region_by_name(store_pack(im->s), text, NULL) : NULL;
        }
    }
    return NULL;
}

static bool wants_text(const Field *f)
{
    return field_is_text(f) && f->kind != FT_CODE && f->kind != FT_REGION && f->kind != FT_PERIOD;
}

/* A reference in a spreadsheet is a record number, a title, or an id. */
static bool parse_ref(Import *im, const PlanCol *c, Str text, Value *ret, Findings *found)
{
    Cx *cx = im->cx;
    const RecordType *t = c->field->ref;
    Rec r;
    bool hit = false;
    if (text.n == 0) {
        return true;
    }
    Arena *keep = cx->mem;
    cx->mem = im->batch_mem;
    if (t->number_prefix.n != 0 && str_starts(text, t->number_prefix)) {
        hit = rec_by_no(cx, im->s, im->a, t, text, &r);
        cx_clear(cx);
    }
    if (!hit && t->title != NULL) {
        Value v = {.has = true, .s = text};
        const Field *key = t->title;
        if (!rec_find(cx, im->s, im->a, t, &key, &v, 1, &r, &hit)) {
            cx_clear(cx);
        }
    }
    cx->mem = keep;
    if (!hit) {
        finding_add(found, false, c->field->id, S("choice"), c->field->clause,
                    str_printf(im->batch_mem, "没有找到名为“%.*s”的%.*s", STRF(utf8_cut(text, 40)), STRF(t->label)));
        return false;
    }
    *ret = (Value){.has = true, .i = r.id};
    return true;
}

static void parse_cell(Import *im, ImportRow *row, const PlanCol *c, const Cell *cell, const Cell *cells, size_t n)
{
    const Field *f = c->field;
    Findings found = findings_new(im->batch_mem);
    Value *values = c->kind == SC_BESIDE ? row->beside : row->values;
    bool *set = c->kind == SC_BESIDE ? row->beside_set : row->set;
    Str text = str_trim(cell->text);
    set[f->index] = true;
    if (cell->kind == CELL_ERROR) {
        finding_add(&found, false, f->id, S("format"), f->clause, S("单元格里是公式错误，请改为实际内容"));
    } else if (cell->lossy && wants_text(f)) {
        finding_add(&found, false, f->id, S("format"), f->clause,
                    S("长数字被表格软件改成了科学计数，原来的号码已经丢失；请把该列设为“文本”后重新填写"));
    } else if (f->personal && (str_contains(text, S("**")) || str_eq(text, PERSONAL_ERASED))) { /* the mask of our own template: what is stored stays */
        set[f->index] = false;
        if (row->no.n == 0) {
            finding_add(&found, false, f->id, S("format"), f->clause, str_printf(im->batch_mem, "%.*s：这里是遮挡过的内容，请填完整，或者保留首列的编号", STRF(f->label)));
        }
    } else if (f->kind == FT_REF) {
        parse_ref(im, c, str_narrow(im->batch_mem, text), &values[f->index], &found);
    } else {
        const Region *within = f->kind == FT_REGION ? row_parent(im, f, cells, n) : NULL;
        value_parse(im->batch_mem, store_pack(im->s), f, f->id, text, within != NULL ? within : im->within, &values[f->index], &found);
        if (cell->formula && values[f->index].has) {
            finding_add(&found, true, f->id, S("formula"), f->clause, S("这里是公式，按计算结果收取"));
        }
    }
    row->wrong = take_findings(im, row, &found, c->kind == SC_BESIDE) || row->wrong;
}

static void check_duplicate(Import *im, ImportRow *row)
{
    const Sheet *sh = im->plan.sheet;
    Buf b = buf_new(im->batch_mem, 8192);
    if (row->no.n != 0) {
        buf_printf(&b, "no:%.*s", STRF(row->no));
    } else {
        for (size_t i = 0; i < sh->n_key; i++) {
            const Value *v = &row->values[sh->key[i]->index];
            if (!v->has) {
                return;
            }
            buf_add(&b, value_raw(im->batch_mem, sh->key[i], v));
            buf_addc(&b, '\x1f');
        }
    }
    const Field *at = im->plan.type->region;
    if (at != NULL && row->values[at->index].has) {
        buf_add(&b, row->values[at->index].s);
    }
    for (size_t i = 0; i < sh->n_beside_key; i++) {
        const Value *v = &row->beside[sh->beside_key[i]->index];
        buf_addc(&b, '\x1f');
        if (v->has) {
            buf_add(&b, value_raw(im->batch_mem, sh->beside_key[i], v));
        }
    }
    size_t *first = map_get(&im->keys, buf_str(&b));
    if (first != NULL) {
        note(im, row->number, sh->n_key != 0 ? column_of(im, sh->key[0]->id, false) : -1, false,
             str_printf(im->batch_mem, "与第 %zu 行重复，请只保留一行", *first));
        row->wrong = true;
        return;
    }
    first = NEW(im->mem, size_t);
    *first = row->number;
    map_put(&im->keys, str_dup(im->mem, buf_str(&b)), first);
}

static bool data_row(Import *im, size_t number, const Cell *cells, size_t n)
{
    const RecordType *t = im->plan.type;
    const Sheet *sh = im->plan.sheet;
    ImportRow *row = &im->rows[im->n_rows++];
    *row = (ImportRow){.number = number, .no = S("")};
    row->values = NEW_ARRAY(im->batch_mem, Value, t->n_fields);
    row->set = NEW_ARRAY(im->batch_mem, bool, t->n_fields);
    if (sh->beside != NULL) {
        row->beside = NEW_ARRAY(im->batch_mem, Value, sh->beside->n_fields);
        row->beside_set = NEW_ARRAY(im->batch_mem, bool, sh->beside->n_fields);
    }
    static const Cell EMPTY = {.kind = CELL_EMPTY};
    for (size_t i = 0; i < im->plan.n; i++) {
        const PlanCol *c = &im->plan.cols[i];
        if (im->map.at[i] < 0) {
            continue;
        }
        const Cell *cell = (size_t)im->map.at[i] < n ? &cells[im->map.at[i]] : &EMPTY;
        if (c->kind == SC_NUMBER) {
            row->no = str_narrow(im->batch_mem, cell->text);
        } else if (c->kind != SC_PARENT) {
            parse_cell(im, row, c, cell, cells, n);
        }
    }
    check_duplicate(im, row);
    im->counts.rows++;
    return im->n_rows < BATCH || flush(im);
}

static bool header_row(Import *im, size_t number, const Cell *cells, size_t n)
{
    Str *texts = NEW_ARRAY(im->mem, Str, n);
    for (size_t i = 0; i < n; i++) {
        texts[i] = str_dup(im->mem, cells[i].text);
    }
    HeaderMap keys = sheet_match(im->mem, &im->plan, texts, n, true);
    HeaderMap titles = sheet_match(im->mem, &im->plan, texts, n, false);
    if (keys.matched >= 2 && keys.matched > titles.matched) {
        im->map = keys;
        im->by_key = true;
    } else if (titles.matched >= 2) {
        if (!im->by_key || titles.matched > im->map.matched) {
            im->map = titles;
        }
        im->have_header = true;
        im->header_row = number;
        Str missing = sheet_missing(im->mem, &im->plan, &im->map);
        if (missing.n != 0) {
            return fail(im->cx, E_INVALID, "%.*s", STRF(missing));
        }
    } else if (++im->rows_seen >= HEADER_WITHIN) {
        return fail(im->cx, E_INVALID, "前 %d 行里没有找到“%.*s”的表头，请用本系统下载的模板填写", HEADER_WITHIN, STRF(im->plan.sheet->label));
    }
    return true;
}

static bool xlsx_row(void *ctx, size_t row, const Cell *cells, size_t n)
{
    Import *im = ctx;
    return im->have_header ? data_row(im, row, cells, n) : header_row(im, row, cells, n);
}

static bool csv_row(void *ctx, size_t line, const Str *texts, size_t n)
{
    Import *im = ctx;
    Cell *cells = NEW_ARRAY(im->batch_mem, Cell, n + 1);
    bool blank = true;
    for (size_t i = 0; i < n; i++) {
        Str t = texts[i];
        if (t.n > 1 && t.p[0] == '\'') { /* our own guard against formulas */
            t = str_sub(t, 1, t.n);
        }
        cells[i] = (Cell){.kind = t.n != 0 ? CELL_TEXT : CELL_EMPTY, .text = t};
        blank = blank && str_trim(t).n == 0;
        bool exponent = t.n > 4 && t.n < 24 && str_contains(t, S("E+"));
        cells[i].lossy = exponent;
    }
    return blank || xlsx_row(im, line, cells, n);
}

static bool check_template(Import *im, const char *path)
{
    XlsxInfo info;
    if (!xlsx_info(im->cx, path, &info)) {
        return false;
    }
    for (size_t i = 0; i < info.n_properties; i++) {
        if (str_eq(info.properties[i][0], S("tamga_template")) && !str_eq(info.properties[i][1], im->plan.sheet->id)) {
            return fail(im->cx, E_INVALID, "这是“%.*s”的模板，不是“%.*s”的", STRF(info.properties[i][1]), STRF(im->plan.sheet->label));
        }
    }
    return true;
}

static bool read_file(Import *im, const char *path, bool *ret_xlsx)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return fail(im->cx, E_IO, "打不开文件");
    }
    char head[8] = {0};
    ssize_t got = read(fd, head, sizeof head);
    *ret_xlsx = got >= 4 && (memcmp(head, "PK\x03\x04", 4) == 0 || memcmp(head, "\xD0\xCF\x11\xE0", 4) == 0);
    if (*ret_xlsx) {
        close(fd);
        return check_template(im, path) && xlsx_read(im->cx, path, 0, &IMPORT_LIMITS, xlsx_row, im);
    }
    if (st.st_size > (20 << 20)) {
        close(fd);
        return fail(im->cx, E_TOO_LARGE, "CSV 文件不能超过 20 MB");
    }
    char *bytes = arena_alloc(im->mem, (size_t)st.st_size + 1);
    size_t n = 0;
    lseek(fd, 0, SEEK_SET);
    for (ssize_t k; n < (size_t)st.st_size && (k = read(fd, bytes + n, (size_t)st.st_size - n)) > 0;) {
        n += (size_t)k;
    }
    close(fd);
    return csv_read(im->cx, str_n(bytes, n), NULL, csv_row, im);
}

static int by_place(const void *a, const void *b)
{
    const XlsxNote *x = a, *y = b;
    if (x->row != y->row) {
        return x->row < y->row ? -1 : 1;
    }
    return x->col < y->col ? -1 : x->col > y->col;
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
    im.rows = NEW_ARRAY(batch_mem, ImportRow, BATCH);
    bool xlsx = false;
    bool ok = read_file(&im, path, &xlsx) && flush(&im);
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
