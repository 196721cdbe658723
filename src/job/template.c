/*
 * template.c - the spreadsheet people fill in: a column a field, with its drop-down, its hint and its format; the regions a person may
 * choose are those in reach of the own office, each list hanging on the choice made for the region above it.
 *
 * Read back by import_read.c: the hidden keys name the columns, the custom properties the sheet and the pack's version.
 */
#include "base/date.h"
#include "job/job.h"
#include "job/sheet.h"
#include "rule/validate.h"

#define MAX_ROWS 20000

typedef struct {
    Cx *cx;
    Arena *mem;
    Store *s;
    const Pack *pack;
    const Actor *a;
    SheetPlan plan;
    XlsxCol *cols;
    XlsxWriter *out;
    size_t rows;
} Template;

/* ---- lists to choose from ---- */

static void code_choices(Arena *mem, const CodeList *l, XlsxCol *c)
{
    Str *choices = NEW_ARRAY(mem, Str, l->n);
    for (size_t i = 0; i < l->n; i++) {
        choices[i] = l->codes[i].label;
    }
    c->kind = XCOL_LIST;
    c->choices = choices;
    c->n_choices = l->n;
}

static void bool_choices(XlsxCol *c)
{
    static const Str YES_NO[] = {STR_INIT("是"), STR_INIT("否")};
    c->kind = XCOL_LIST;
    c->choices = YES_NO;
    c->n_choices = ARRAY_LEN(YES_NO);
}

/* May the actor's people choose this region? Those of the own office's region, today's only. */
static bool in_reach(const Template *t, const Field *f, const Region *r)
{
    int32_t today = instant_date(t->cx->now_ms);
    const Region *own = t->a->org != NULL ? t->a->org->region : NULL;
    return r->valid_from <= today && today <= r->valid_to && (f->level.n == 0 || str_eq(r->level, f->level)) &&
           (own == NULL || region_within(r, own));
}

static bool has_text(const Str *list, size_t n, Str s)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(list[i], s)) {
            return true;
        }
    }
    return false;
}

/* Regions for f, grouped by the region above them, which the column at `above` (-1: none) chooses. */
static void region_choices(const Template *t, const Field *f, int above, XlsxCol *c)
{
    const Pack *p = t->pack;
    Str *choices = NEW_ARRAY(t->mem, Str, p->n_regions), *of = NEW_ARRAY(t->mem, Str, p->n_regions);
    size_t n = 0;
    c->kind = XCOL_LIST;
    if (above < 0) {
        for (size_t i = 0; i < p->n_regions; i++) {
            if (in_reach(t, f, &p->regions[i])) {
                choices[n++] = p->regions[i].name;
            }
        }
    } else {
        const XlsxCol *parent = &t->cols[above];
        for (size_t k = 0; k < parent->n_choices; k++) {
            for (size_t i = 0; i < p->n_regions; i++) {
                const Region *r = &p->regions[i];
                if (r->parent != NULL && str_eq(r->parent->name, parent->choices[k]) && in_reach(t, f, r)) {
                    of[n] = parent->choices[k];
                    choices[n++] = r->name;
                }
            }
        }
        c->depends_on = above;
        c->choice_of = of;
    }
    c->choices = choices;
    c->n_choices = n;
}

static void parent_choices(const Template *t, const Field *f, XlsxCol *c)
{
    const Pack *p = t->pack;
    Str *choices = NEW_ARRAY(t->mem, Str, p->n_regions);
    size_t n = 0;
    for (size_t i = 0; i < p->n_regions; i++) {
        const Region *r = &p->regions[i];
        if (r->parent != NULL && in_reach(t, f, r) && !has_text(choices, n, r->parent->name)) {
            choices[n++] = r->parent->name;
        }
    }
    c->kind = XCOL_LIST;
    c->choices = choices;
    c->n_choices = n;
}

static void org_choices(const Template *t, const Field *f, XlsxCol *c)
{
    const Pack *p = t->pack;
    int32_t today = instant_date(t->cx->now_ms);
    Str *choices = NEW_ARRAY(t->mem, Str, p->n_orgs);
    size_t n = 0;
    for (size_t i = 0; i < p->n_orgs; i++) {
        const Org *o = &p->orgs[i];
        if ((f->level.n == 0 || str_eq(p->levels[o->level_index], f->level)) && o->valid_from <= today && today <= o->valid_to &&
            (t->a->org == NULL || org_within(o, t->a->org))) {
            choices[n++] = o->name;
        }
    }
    c->kind = XCOL_LIST;
    c->choices = choices;
    c->n_choices = n;
}

/* ---- columns ---- */

static Str hint_of(Arena *mem, const Field *f)
{
    Buf b = buf_new(mem, 2048);
    buf_add(&b, f->hint); /* the writer says 必填 itself */
    const char *format = f->kind == FT_DATE      ? "写成 2024-05-01；只知道年月的写 2024-05。"
                         : f->kind == FT_PERIOD  ? "写成 2024、2024H1 或 2024Q1。"
                         : f->kind == FT_USCC    ? "18 位，按文本填写。"
                         : f->kind == FT_REF     ? "填编号或名称。"
                         : f->kind == FT_MONEY   ? "单位：元。不清楚的留空，不要填 0。"
                         : f->kind == FT_INT     ? "填整数。不清楚的留空，不要填 0。"
                                                 : "";
    if (b.n != 0 && *format != 0 && f->hint.n != 0) {
        buf_addc(&b, '\n');
    }
    buf_add(&b, str_c(format));
    if (f->caliber.n != 0) {
        buf_printf(&b, "\n口径：%.*s", STRF(f->caliber));
    }
    return utf8_cut(buf_str(&b), 250);
}

static void fill_column(Template *t, size_t i)
{
    const PlanCol *pc = &t->plan.cols[i];
    const Field *f = pc->field;
    XlsxCol *c = &t->cols[i];
    *c = (XlsxCol){.title = pc->title, .key = pc->key, .required = pc->required, .kind = XCOL_TEXT, .depends_on = -1};
    if (pc->kind == SC_NUMBER) {
        c->note = S("系统给的编号，请勿改动；新增的行留空。");
        return;
    }
    if (pc->kind == SC_PARENT) {
        c->note = S("先选这里，再选右边一列。");
        parent_choices(t, f, c);
        return;
    }
    c->note = hint_of(t->mem, f);
    switch (f->kind) {
    case FT_INT: c->kind = XCOL_INT; break;
    case FT_DECIMAL:
        c->kind = XCOL_DECIMAL;
        c->decimals = f->decimals;
        break;
    case FT_MONEY:
        c->kind = XCOL_DECIMAL;
        c->decimals = 2;
        break;
    case FT_CODE: code_choices(t->mem, f->codes, c); break;
    case FT_BOOL: bool_choices(c); break;
    case FT_REGION: {
        bool hangs = i > 0 && t->plan.cols[i - 1].kind == SC_PARENT && t->plan.cols[i - 1].field == f;
        region_choices(t, f, hangs ? (int)i - 1 : -1, c);
        break;
    }
    case FT_ORG: org_choices(t, f, c); break;
    default: break;
    }
    if (f->kind == FT_LONG) {
        c->width = 40;
    }
}

/* ---- the rows there are already ---- */

static void put_value(Template *t, size_t col, const Field *f, const Value *v)
{
    if (!v->has) {
        return;
    }
    Arena *mem = t->cx->mem;
    switch (f->kind) {
    case FT_INT: xlsx_int(t->out, col, v->i); break;
    case FT_DECIMAL: xlsx_decimal(t->out, col, v->i, f->decimals); break;
    case FT_MONEY: xlsx_decimal(t->out, col, v->i, 2); break;
    case FT_DATE: xlsx_text(t->out, col, date_iso(mem, (int32_t)v->i)); break;
    case FT_BOOL: xlsx_text(t->out, col, v->i != 0 ? S("是") : S("否")); break;
    case FT_REF: xlsx_text(t->out, col, rec_label(t->cx, t->s, f->ref, v->i)); break;
    case FT_PERIOD: xlsx_text(t->out, col, v->s); break;
    case FT_REGION: {
        const Region *r = pack_region(t->pack, v->s);
        xlsx_text(t->out, col, r != NULL ? r->name : v->s);
        break;
    }
    default: xlsx_text(t->out, col, value_show(mem, t->pack, f, v)); break;
    }
}

static void put_parent(Template *t, size_t col, const Field *f, const Value *v)
{
    const Region *r = v->has ? pack_region(t->pack, v->s) : NULL;
    if (r != NULL && r->parent != NULL) {
        xlsx_text(t->out, col, r->parent->name);
    }
    (void)f;
}

/* The newest record beside r, by the first key; *ret_found false: none. */
static bool beside_of(Template *t, const Rec *r, Rec *ret, bool *ret_found)
{
    const Sheet *sh = t->plan.sheet;
    Query q = {.type = sh->beside, .n_filters = 1, .limit = 1, .order = sh->n_beside_key != 0 ? sh->beside_key[0] : NULL};
    q.filters[0] = (Filter){.field = sh->beside_via, .op = OP_EQ, .value = {.has = true, .i = r->id}};
    RecPage page;
    *ret_found = false;
    if (!rec_list(t->cx, t->s, t->a, &q, false, &page)) {
        return false;
    }
    if (page.n != 0) {
        *ret = page.items[0];
        *ret_found = true;
    }
    return true;
}

static bool put_row(Template *t, const Rec *r)
{
    Rec beside;
    bool found = false;
    if (t->plan.sheet->beside != NULL && !beside_of(t, r, &beside, &found)) {
        return false;
    }
    for (size_t i = 0; i < t->plan.n; i++) {
        const PlanCol *c = &t->plan.cols[i];
        switch (c->kind) {
        case SC_NUMBER: xlsx_text(t->out, i, r->no); break;
        case SC_PARENT: put_parent(t, i, c->field, &r->v[c->field->index]); break;
        case SC_FIELD: put_value(t, i, c->field, &r->v[c->field->index]); break;
        case SC_BESIDE:
            if (found) {
                put_value(t, i, c->field, &beside.v[c->field->index]);
            }
            break;
        }
    }
    xlsx_next(t->out);
    return true;
}

static bool one_row(void *ctx, const Rec *r)
{
    Template *t = ctx;
    bool public_only;
    if (t->rows == MAX_ROWS || !access_read(t->pack, t->a, r, &public_only) || public_only) {
        return true;
    }
    t->rows++;
    return put_row(t, r);
}

static bool put_rows(Template *t)
{
    Cx *cx = t->cx;
    Arena *row_mem = arena_new(0);
    Query q = {.type = t->plan.type};
    cx->mem = row_mem;
    bool ok = rec_each(cx, t->s, t->a, &q, one_row, t);
    cx->mem = t->mem;
    cx->err_text = str_dup(t->mem, cx->err_text);
    cx->err_at = str_dup(t->mem, cx->err_at);
    arena_free(row_mem);
    return ok;
}

bool template_write(Cx *cx, Store *s, const Actor *a, const RecordType *t, bool with_rows, const char *path)
{
    if (t->sheet == NULL) {
        return fail(cx, E_NOT_FOUND, "%.*s没有导入表", STRF(t->label));
    }
    Template m = {.cx = cx, .mem = cx->mem, .s = s, .pack = store_pack(s), .a = a, .plan = sheet_plan(cx->mem, store_pack(s), t)};
    m.cols = NEW_ARRAY(cx->mem, XlsxCol, m.plan.n);
    for (size_t i = 0; i < m.plan.n; i++) {
        fill_column(&m, i);
    }
    XlsxSpec spec = {.title = t->sheet->label, .sheet_name = t->sheet->label, .cols = m.cols, .n_cols = m.plan.n, .notes = t->sheet->notes,
                     .n_notes = t->sheet->n_notes, .template_id = t->sheet->id, .template_version = m.pack->version, .as_template = true};
    m.out = xlsx_open(cx, path, &spec);
    if (m.out == NULL) {
        return false;
    }
    bool ok = !with_rows || put_rows(&m);
    Cx end;
    cx_init(&end, cx->mem);
    bool closed = xlsx_close(&end, m.out);
    return ok && (closed || fail(cx, end.err, "%.*s", STRF(cx_text(&end))));
}
