/*
 * import_read.c - the cells of a file into the rows of a batch: the header found, each cell read as its field, two rows
 * that say the same told apart. What is wrong becomes notes; a row with an error is not written.
 */
#include "job/import.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rule/validate.h"

#define HEADER_WITHIN 20

/* ---- cells ---- */

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

/* The record that the text names, by number or title. False: looking it up failed, which is no fault of the row. */
static bool find_ref(Import *im, const RecordType *t, Str text, int64_t *ret_id, bool *ret_found)
{
    Cx *cx = im->cx;
    Rec r;
    bool hit = false;
    if (t->number_prefix.n != 0 && str_starts(text, t->number_prefix)) {
        hit = rec_by_no(cx, im->s, im->a, t, text, &r);
        if (cx->err == E_NOT_FOUND) {
            cx_clear(cx);
        }
    }
    if (!hit && cx->err == E_OK && t->title != NULL) {
        Value v = {.has = true, .s = text};
        const Field *key = t->title;
        (void)!rec_find(cx, im->s, im->a, t, &key, &v, 1, &r, &hit);
    }
    *ret_found = hit;
    *ret_id = hit ? r.id : 0;
    return cx->err == E_OK;
}

/* A reference in a spreadsheet is a record number or a title. */
static bool parse_ref(Import *im, const PlanCol *c, Str text, Value *ret, Findings *found)
{
    const RecordType *t = c->field->ref;
    int64_t id;
    bool hit;
    if (text.n == 0) {
        return true;
    }
    Arena *keep = import_mem(im, im->batch_mem);
    bool ok = find_ref(im, t, text, &id, &hit);
    (void)import_mem(im, keep);
    if (!ok) {
        return false;
    }
    if (!hit) {
        finding_add(found, false, c->field->id, S("choice"), c->field->clause,
                    str_printf(im->batch_mem, "没有找到名为“%.*s”的%.*s", STRF(utf8_cut(text, 40)), STRF(t->label)));
    } else {
        *ret = (Value){.has = true, .i = id};
    }
    return true;
}

static bool parse_cell(Import *im, ImportRow *row, const PlanCol *c, const Cell *cell, const Cell *cells, size_t n)
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
        if (!parse_ref(im, c, str_narrow(im->batch_mem, text), &values[f->index], &found)) {
            return false;
        }
    } else {
        const Region *within = f->kind == FT_REGION ? row_parent(im, f, cells, n) : NULL;
        value_parse(im->batch_mem, store_pack(im->s), f, f->id, text, within != NULL ? within : im->within, &values[f->index], &found);
        if (cell->formula && values[f->index].has) {
            finding_add(&found, true, f->id, S("formula"), f->clause, S("这里是公式，按计算结果收取"));
        }
    }
    row->wrong = import_findings(im, row, &found, c->kind == SC_BESIDE) || row->wrong;
    return true;
}

/* ---- rows ---- */

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
        import_note(im, row->number, sh->n_key != 0 ? import_column(im, sh->key[0]->id, false) : -1, false,
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
        } else if (c->kind != SC_PARENT && !parse_cell(im, row, c, cell, cells, n)) {
            return false;
        }
    }
    check_duplicate(im, row);
    im->counts.rows++;
    return im->n_rows < IMPORT_BATCH || import_flush(im);
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

/* ---- files ---- */

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

bool import_read(Import *im, const char *path, bool *ret_xlsx)
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
