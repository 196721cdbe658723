/*
 * import_write.c - the rows of a batch into records, 500 rows a transaction.
 *
 * A row is taken whole (the record and the one beside it) or not at all. Most batches are sound, so a batch is first written as one; when a
 * row of it fails, the batch is undone and written again with a savepoint around each row (a savepoint copies every page a row touches). A row whose record exists already,
 * by number or by key, updates it; one that says nothing new is left alone.
 */
#include "job/import.h"

/* ---- one row ---- */

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
    import_findings(im, row, &findings, true);
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
    import_findings(im, row, &findings, false);
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

/* ---- a batch ---- */

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
        import_note(im, row->number, -1, false, cx_text(cx));
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

bool import_flush(Import *im)
{
    Cx *cx = im->cx;
    if (im->n_rows == 0) {
        return true;
    }
    Arena *keep = import_mem(im, im->batch_mem);
    ImportCounts before = im->counts;
    bool ok = write_rows(im);
    (void)import_mem(im, keep);
    if (!ok) {
        im->counts = before;
        return false;
    }
    im->n_rows = 0;
    arena_reset(im->batch_mem);
    im->rows = NEW_ARRAY(im->batch_mem, ImportRow, IMPORT_BATCH);
    if (im->progress != NULL && !im->progress(im->progress_ctx, im->counts.rows, 0)) {
        return fail(cx, E_CANCELLED, "导入已取消；此前写入的 %lld 行保留", (long long)(im->counts.n_new + im->counts.n_changed));
    }
    return true;
}
