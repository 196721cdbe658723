/*
 * letter.c - see letter.h. A text of the pack is copied with each {{name}} replaced; tables read the ids first, so that
 * the order (of making) and the running number do not depend on what happened to the records since.
 */
#include "job/letter.h"

#include "base/date.h"
#include "store/env.h"

static Str mark;
static LetterExtra *const *extras;
static size_t n_extras;
static const Actor FACTS = {.is_system = true, .name = STR_INIT("系统"), .via = STR_INIT("print")};

void letter_mark_set(Str text)
{
    mark = text;
}

void letter_extras_set(LetterExtra *const *table, size_t n)
{
    extras = table;
    n_extras = n;
}

typedef struct {
    Cx *cx;
    Arena *mem; /* of the description; cx->mem may be emptied between rows */
    Store *s;
    const Actor *a;
    const Document *d;
    const Rec *rec;
    Paper *p;
} Letter;

/* Where a text stands: in a record, or in a row of one of its lists. */
typedef struct {
    const Rec *rec;
    const Field *list; /* NULL: the record itself */
    const Value *cells;
    size_t number; /* running number of the row; 0: none */
} Place;

/* The record as it is; of one that is sealed nobody but its person knows more than what they see. */
static bool whole_of(Cx *cx, Store *s, const Rec *seen, Rec *ret)
{
    if (rec_get(cx, s, &FACTS, seen->type, seen->id, ret)) {
        return true;
    }
    bool sealed = cx->err == E_NOT_FOUND;
    if (sealed) {
        cx_clear(cx);
        *ret = *seen;
    }
    return sealed;
}

static Str value_text(Letter *x, const Field *f, const Value *v)
{
    if (!v->has || (x->d->open && f->personal)) {
        return S("");
    }
    if (f->kind == FT_REF) {
        return rec_label(x->cx, x->s, f->ref, v->i);
    }
    if (f->kind == FT_LIST) {
        return str_printf(x->cx->mem, "%zu 项", v->n_rows);
    }
    if (f->personal && personal_hidden(v->s)) {
        return v->s; /* masked: not in the field's own form any more */
    }
    return value_show(x->cx->mem, store_pack(x->s), f, v);
}

static const Value *value_at(const Place *at, Str name, const Field **ret_f)
{
    if (at->list == NULL) {
        *ret_f = type_field(at->rec->type, name);
        return *ret_f != NULL ? &at->rec->v[(*ret_f)->index] : NULL;
    }
    for (size_t i = 0; i < at->list->n_fields; i++) {
        if (str_eq(at->list->fields[i].id, name)) {
            *ret_f = &at->list->fields[i];
            return &at->cells[i];
        }
    }
    return NULL;
}

/* "ref.field" of a record that the person may read; empty otherwise. */
static bool beyond(Letter *x, const Field *ref, int64_t id, Str name, Str *ret)
{
    Rec r;
    *ret = S("");
    if (!rec_get(x->cx, x->s, x->a, ref->ref, id, &r)) {
        bool gone = x->cx->err == E_NOT_FOUND;
        if (gone) {
            cx_clear(x->cx);
        }
        return gone;
    }
    const Field *f = type_field(ref->ref, name);
    if (f != NULL) {
        *ret = value_text(x, f, &r.v[f->index]);
    } else {
        *ret = str_eq(name, S("number")) ? r.no : str_eq(name, S("state")) ? r.state->label : S("");
    }
    return true;
}

static bool name_text(Letter *x, const Place *at, Str name, Str *ret)
{
    Str head, tail;
    const Field *f = NULL;
    bool through = str_cut(name, '.', &head, &tail);
    const Value *v = value_at(at, head, &f);
    *ret = S("");
    if (v != NULL && through) {
        return !v->has || beyond(x, f, v->i, tail, ret);
    }
    if (v != NULL) {
        *ret = value_text(x, f, v);
    } else if (str_eq(head, S("number"))) {
        *ret = at->rec->no;
    } else if (str_eq(head, S("state"))) {
        *ret = at->rec->state->label;
    } else if (str_eq(head, S("today"))) {
        *ret = date_zh(x->cx->mem, instant_date(x->cx->now_ms));
    } else if (str_eq(head, S("row")) && at->number != 0) {
        *ret = str_printf(x->cx->mem, "%zu", at->number);
    }
    return true;
}

/* A text with its names filled in; lives in x->mem. */
static bool fill(Letter *x, const Place *at, Str text, Str *ret)
{
    Buf b = buf_new(x->cx->mem, PAPER_MAX_TEXT);
    size_t open, end;
    while (str_find(text, S("{{"), &open)) {
        Str said, rest = str_sub(text, open + 2, text.n);
        if (!str_find(rest, S("}}"), &end)) {
            break;
        }
        buf_add(&b, str_sub(text, 0, open));
        if (!name_text(x, at, str_trim(str_sub(rest, 0, end)), &said)) {
            return false;
        }
        buf_add(&b, said);
        text = str_sub(rest, end + 2, rest.n);
    }
    buf_add(&b, text);
    if (b.full) {
        return fail(x->cx, E_TOO_LARGE, "文件“%.*s”里有一段太长", STRF(x->d->label));
    }
    *ret = str_dup(x->mem, buf_str(&b));
    return x->cx->err == E_OK;
}

/* "{{issued_on}}" and nothing else is a date; anything else is printed as it reads. */
static bool fill_date(Letter *x, const Place *at, Str text)
{
    Str name = str_trim(text);
    if (str_starts(name, S("{{")) && str_ends(name, S("}}"))) {
        const Field *f = NULL;
        Str id = str_trim(str_sub(name, 2, name.n - 4));
        const Value *v = value_at(at, id, &f);
        if (str_eq(id, S("today"))) {
            x->p->date = instant_date(x->cx->now_ms);
            return true;
        }
        if (v != NULL && f->kind == FT_DATE) {
            x->p->date = v->has ? (int32_t)v->i : PAPER_NO_DATE;
            return true;
        }
    }
    return fill(x, at, text, &x->p->date_text);
}

/* ---- blocks ---- */

static bool holds(Letter *x, const Rec *row, const Expr *e, bool *ret)
{
    Rec whole, outer;
    if (!whole_of(x->cx, x->s, row, &whole) || !whole_of(x->cx, x->s, x->rec, &outer)) {
        return false;
    }
    EvalEnv *env = env_make(x->cx, x->s, &whole);
    env->outer = env_make(x->cx, x->s, &outer);
    *ret = rule_test(env, e) == TRI_TRUE;
    return x->cx->err == E_OK;
}

typedef struct {
    Letter *x;
    const DocBlock *b;
    int64_t *ids;
    size_t n, cap;
} Picked;

static bool pick(void *ctx, const Rec *r)
{
    Picked *l = ctx;
    bool in = true;
    if (l->b->where != NULL && !holds(l->x, r, l->b->where, &in)) {
        return false;
    }
    if (!in) {
        return true;
    }
    if (l->n == LETTER_ROWS_MAX) {
        return fail(l->x->cx, E_TOO_LARGE, "“%.*s”超过 %d 行，不能打印在一份文件里", STRF(l->b->each->label),
                    LETTER_ROWS_MAX);
    }
    ARRAY_ROOM(l->x->mem, l->ids, l->n, l->cap);
    l->ids[l->n++] = r->id;
    return true;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool one_row(Letter *x, const DocBlock *b, PaperBlock *t, const Place *at)
{
    Str *cells = paper_row(x->p, t);
    for (size_t i = 0; i < b->n_cols; i++) {
        if (!fill(x, at, b->cols[i].text, &cells[i])) {
            return false;
        }
    }
    return true;
}

static bool link_rows(Letter *x, const DocBlock *b, PaperBlock *t)
{
    Query q = {.type = b->each->type, .n_filters = 1};
    q.filters[0] = (Filter){.field = b->each->via, .op = OP_EQ, .value = {.has = true, .i = x->rec->id}};
    Picked l = {.x = x, .b = b};
    if (!rec_each(x->cx, x->s, x->a, &q, pick, &l)) {
        return false;
    }
    if (l.n != 0) {
        qsort(l.ids, l.n, sizeof *l.ids, by_id);
    }
    for (size_t i = 0; i < l.n; i++) {
        ArenaMark m = arena_mark(x->cx->mem);
        Rec r;
        if (!rec_get(x->cx, x->s, x->a, b->each->type, l.ids[i], &r) ||
            !one_row(x, b, t, &(Place){.rec = &r, .number = i + 1})) {
            return false;
        }
        arena_release(x->cx->mem, m);
    }
    return true;
}

static bool list_rows(Letter *x, const DocBlock *b, PaperBlock *t)
{
    const Value *v = &x->rec->v[b->list->index];
    size_t number = 0;
    Rec whole;
    if (b->where != NULL && !whole_of(x->cx, x->s, x->rec, &whole)) {
        return false;
    }
    for (size_t i = 0; v->has && i < v->n_rows; i++) {
        if (b->where != NULL) {
            EvalEnv *env = env_make(x->cx, x->s, &whole);
            env->extra = b->list->fields;
            env->extra_values = v->rows[i].v;
            env->n_extra = b->list->n_fields;
            if (rule_test(env, b->where) != TRI_TRUE) {
                continue;
            }
        }
        if (!one_row(x, b, t, &(Place){.rec = x->rec, .list = b->list, .cells = v->rows[i].v, .number = ++number})) {
            return false;
        }
    }
    return x->cx->err == E_OK;
}

/* Rows are worked out in a memory of their own, which is emptied between them. */
static bool table(Letter *x, const DocBlock *b, const Place *at)
{
    Str title;
    if (!fill(x, at, b->text, &title)) {
        return false;
    }
    PaperBlock *t = paper_table(x->p, title);
    for (size_t i = 0; i < b->n_cols; i++) {
        bool narrow = str_eq(str_trim(b->cols[i].text), S("{{row}}"));
        paper_col(x->p, t, b->cols[i].label, b->cols[i].width != 0 ? b->cols[i].width : 1,
                  narrow ? PAPER_CENTER : PAPER_LEFT);
    }
    Arena *rows = arena_new(0);
    x->cx->mem = rows;
    bool ok = b->each != NULL ? link_rows(x, b, t) : list_rows(x, b, t);
    x->cx->mem = x->mem;
    x->cx->err_text = str_dup(x->mem, x->cx->err_text);
    x->cx->err_at = str_dup(x->mem, x->cx->err_at);
    arena_free(rows);
    return ok;
}

static void list_table(Letter *x, const Field *f, const Value *v)
{
    PaperBlock *t = paper_table(x->p, f->label);
    for (size_t i = 0; i < f->n_fields; i++) {
        paper_col(x->p, t, f->fields[i].label, 1, PAPER_LEFT);
    }
    for (size_t i = 0; v->has && i < v->n_rows; i++) {
        Str *cells = paper_row(x->p, t);
        for (size_t k = 0; k < f->n_fields; k++) {
            cells[k] = value_text(x, &f->fields[k], &v->rows[i].v[k]);
        }
    }
}

static bool printed(const Letter *x, const Field *f, bool public_only)
{
    return !(x->d->open && f->personal) && access_field_in(x->a, x->rec->type, x->rec->state, f, public_only) &&
           field_in_form(f, x->rec->form);
}

static void grid(Letter *x, const Field *const *fields, size_t n)
{
    bool public_only = true;
    (void)access_read(store_pack(x->s), x->a, x->rec, &public_only);
    PaperBlock *g = NULL;
    for (size_t i = 0; i < n; i++) {
        const Field *f = fields[i];
        const Value *v = &x->rec->v[f->index];
        if (!printed(x, f, public_only)) {
            continue;
        }
        if (f->kind == FT_LIST) {
            list_table(x, f, v);
            g = NULL;
            continue;
        }
        g = g != NULL ? g : paper_fields(x->p);
        Str text = value_text(x, f, v);
        if (text.n != 0 && f->unit.n != 0 && f->kind != FT_MONEY) {
            text = str_printf(x->mem, "%.*s %.*s", STRF(text), STRF(f->unit));
        }
        paper_field(x->p, g, f->label, text, f->kind == FT_LONG, f->kind == FT_LONG ? 3 : 0);
    }
}

static void fields(Letter *x, const DocBlock *b)
{
    const RecordType *t = x->rec->type;
    if (b->n_fields != 0) {
        grid(x, (const Field *const *)b->fields, b->n_fields);
        return;
    }
    for (size_t i = 0; i < t->n_sections; i++) {
        paper_heading(x->p, 1, t->sections[i].label);
        grid(x, (const Field *const *)t->sections[i].fields, t->sections[i].n);
    }
}

/* Each line of a long text is a paragraph of its own. */
static void paras(Letter *x, Str text)
{
    for (Str line; text.n != 0;) {
        (void)str_cut(text, '\n', &line, &text);
        line = str_trim(line);
        if (line.n != 0) {
            paper_para(x->p, line);
        }
    }
}

/* "单位（盖章）　　　签字　　　年　　月　　日": what comes first is the label of the box, the rest stands at its foot.
 */
static void signature(Letter *x, Str text)
{
    Str gap = S("　　　"), label = S("签字"), foot = text;
    size_t at;
    if (str_find(text, gap, &at) && str_contains(str_sub(text, 0, at), S("）"))) {
        label = str_sub(text, 0, at);
        foot = str_trim(str_sub(text, at, text.n));
    }
    while (str_contains(foot, S("　　　　"))) {
        foot = str_replace(x->mem, foot, S("　　　　"), gap);
    }
    paper_sign(x->p, label, 3, foot);
}

/* Lists of an official document are attachments: named under the text, each on a page of its own behind the signature.
 */
static bool attachments(Letter *x, const Place *at)
{
    size_t lists = 0, n = 0;
    for (size_t i = 0; i < x->d->n_blocks; i++) {
        lists += str_eq(x->d->blocks[i].kind, S("table"));
    }
    for (size_t i = 0; i < x->d->n_blocks; i++) {
        const DocBlock *b = &x->d->blocks[i];
        Str title;
        if (!str_eq(b->kind, S("table"))) {
            continue;
        }
        if (!fill(x, at, b->text, &title)) {
            return false;
        }
        n++;
        paper_attach(x->p, title.n != 0 ? title : S("名单"));
        paper_break(x->p);
        paper_heading(x->p, 1, lists > 1 ? str_printf(x->mem, "附件%zu", n) : S("附件"));
        if (!table(x, b, at)) {
            return false;
        }
    }
    return true;
}

static bool block(Letter *x, const DocBlock *b, const Place *at)
{
    Str text;
    if (str_eq(b->kind, S("table"))) {
        return table(x, b, at);
    }
    if (!fill(x, at, b->text, &text)) {
        return false;
    }
    if (str_eq(b->kind, S("fields"))) {
        fields(x, b);
    } else if (str_eq(b->kind, S("heading")) && x->p->layout == PAPER_CERTIFICATE) {
        x->p->above = text;
    } else if (str_eq(b->kind, S("heading"))) {
        paper_heading(x->p, 1, text);
    } else if (str_eq(b->kind, S("signature"))) {
        signature(x, text);
    } else if (str_eq(b->kind, S("note"))) {
        paper_note(x->p, text);
    } else {
        paras(x, text);
    }
    return x->cx->err == E_OK;
}

/* ---- the whole ---- */

static PaperLayout layout_of(const Document *d)
{
    static const char *const NAMES[] = {"official", "form", "certificate", "list"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (str_eq(d->layout, str_c(NAMES[i]))) {
            return (PaperLayout)i;
        }
    }
    return PAPER_OFFICIAL;
}

static bool head(Letter *x, const Place *at)
{
    const Document *d = x->d;
    Paper *p = x->p;
    if (!fill(x, at, d->title, &p->title) || !fill(x, at, d->issuer, &p->issuer) ||
        !fill(x, at, d->number, &p->number) || !fill(x, at, d->addressee, &p->to) || !fill_date(x, at, d->date)) {
        return false;
    }
    if (p->layout == PAPER_OFFICIAL && p->issuer.n != 0) {
        p->letterhead = str_printf(x->mem, "%.*s文件", STRF(p->issuer));
    }
    if (p->to.n != 0 && !str_ends(p->to, S("："))) {
        p->to = str_printf(x->mem, "%.*s：", STRF(p->to));
    }
    p->landscape = p->layout == PAPER_LIST;
    p->created_ms = x->rec->updated_ms;
    p->watermark = mark;
    return true;
}

/* What stands at the end: the end line of an official document, small print elsewhere, beside the code of a
 * certificate. */
static bool foot(Letter *x, const Place *at)
{
    Str text;
    if (!fill(x, at, x->d->footer, &text)) {
        return false;
    }
    if (x->p->layout == PAPER_OFFICIAL) {
        x->p->printed = text;
    } else if (x->p->layout == PAPER_CERTIFICATE) {
        x->p->qr_caption = text;
    } else if (text.n != 0) {
        paper_note(x->p, text);
    }
    return true;
}

bool letter_offered(Cx *cx, Store *s, const Document *d, const Rec *r, bool *ret)
{
    Rec whole;
    *ret = true;
    if (d->when == NULL) {
        return true;
    }
    if (!whole_of(cx, s, r, &whole)) {
        return false;
    }
    *ret = rule_test(env_make(cx, s, &whole), d->when) == TRI_TRUE;
    return cx->err == E_OK;
}

bool letter_make(Cx *cx, Store *s, const Actor *a, const Document *d, const Rec *r, Paper **ret)
{
    bool offered = false;
    if (d->type != r->type) {
        return fail(cx, E_NOT_FOUND, "%.*s没有这份文件", STRF(r->type->label));
    }
    if (!letter_offered(cx, s, d, r, &offered)) {
        return false;
    }
    if (!offered) {
        return fail(cx, E_NOT_FOUND, "现在（%.*s）还没有“%.*s”", STRF(r->state->label), STRF(d->label));
    }
    Letter x = {.cx = cx, .mem = cx->mem, .s = s, .a = a, .d = d, .rec = r, .p = paper_new(cx->mem, layout_of(d))};
    const Place at = {.rec = r};
    if (!head(&x, &at)) {
        return false;
    }
    for (size_t i = 0; i < d->n_blocks; i++) {
        bool later = x.p->layout == PAPER_OFFICIAL && str_eq(d->blocks[i].kind, S("table"));
        if (!later && !block(&x, &d->blocks[i], &at)) {
            return false;
        }
    }
    if ((x.p->layout == PAPER_OFFICIAL && !attachments(&x, &at)) || !foot(&x, &at)) {
        return false;
    }
    for (size_t i = 0; i < n_extras; i++) {
        if (!extras[i](cx, s, d, r, x.p)) {
            return false;
        }
    }
    *ret = x.p;
    return cx->err == E_OK;
}

Str letter_file_name(Cx *cx, Store *s, const Document *d, const Rec *r, const char *ending)
{
    const Field *f = r->type->title;
    Str title = f != NULL && r->v[f->index].has ? value_show(cx->mem, store_pack(s), f, &r->v[f->index]) : S("");
    title = title.n != 0 ? title : r->no.n != 0 ? r->no : id_text(cx->mem, r->id);
    return str_printf(cx->mem, "%.*s-%.*s.%s", STRF(d->label), STRF(utf8_cut(title, 60)), ending);
}
