/*
 * letter.c - see letter.h. The blocks of the pack's document one after another into the description of what is printed:
 * texts are filled in by letter_text.c, tables made by letter_table.c.
 */
#include "job/letter_int.h"

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

bool letter_whole(Cx *cx, Store *s, const Rec *seen, Rec *ret)
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

/* ---- blocks ---- */

static void list_table(Letter *x, const Field *f, const Value *v)
{
    PaperBlock *t = paper_table(x->p, f->label);
    for (size_t i = 0; i < f->n_fields; i++) {
        paper_col(x->p, t, f->fields[i].label, 1, PAPER_LEFT);
    }
    for (size_t i = 0; v->has && i < v->n_rows; i++) {
        Str *cells = paper_row(x->p, t);
        for (size_t k = 0; k < f->n_fields; k++) {
            cells[k] = letter_value(x, &f->fields[k], &v->rows[i].v[k]);
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
        Str text = letter_value(x, f, v);
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
        if (!letter_fill(x, at, b->text, &title)) {
            return false;
        }
        n++;
        paper_attach(x->p, title.n != 0 ? title : S("名单"));
        paper_break(x->p);
        paper_heading(x->p, 1, lists > 1 ? str_printf(x->mem, "附件%zu", n) : S("附件"));
        if (!letter_table(x, b, at)) {
            return false;
        }
    }
    return true;
}

static bool block(Letter *x, const DocBlock *b, const Place *at)
{
    Str text;
    if (str_eq(b->kind, S("table"))) {
        return letter_table(x, b, at);
    }
    if (!letter_fill(x, at, b->text, &text)) {
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
    if (!letter_fill(x, at, d->title, &p->title) || !letter_fill(x, at, d->issuer, &p->issuer) ||
        !letter_fill(x, at, d->number, &p->number) || !letter_fill(x, at, d->addressee, &p->to) || !letter_fill_date(x, at, d->date)) {
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
    if (!letter_fill(x, at, x->d->footer, &text)) {
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
    if (!letter_whole(cx, s, r, &whole)) {
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
