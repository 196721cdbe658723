/*
 * json.c - a description as JSON and back: what travels to the worker process. Empty texts are left out.
 */
#include "base/date.h"
#include "paper/paper.h"

#include <stddef.h>

static const char *const LAYOUTS[] = {"official", "form", "certificate", "list"};
static const char *const KINDS[] = {"para", "heading", "fields", "table", "sign", "note", "qr", "break"};
static const char *const ALIGNS[] = {"left", "center", "right"};

static const struct {
    const char *name;
    size_t at;
} TEXTS[] = {
    {"title", offsetof(Paper, title)},
    {"above", offsetof(Paper, above)},
    {"letterhead", offsetof(Paper, letterhead)},
    {"number", offsetof(Paper, number)},
    {"to", offsetof(Paper, to)},
    {"issuer", offsetof(Paper, issuer)},
    {"copies", offsetof(Paper, copies)},
    {"printed", offsetof(Paper, printed)},
    {"date_text", offsetof(Paper, date_text)},
    {"qr", offsetof(Paper, qr)},
    {"qr_caption", offsetof(Paper, qr_caption)},
    {"watermark", offsetof(Paper, watermark)},
    {"keywords", offsetof(Paper, keywords)},
};

static void set_text(Doc *o, const char *name, Str s)
{
    if (!str_empty(s)) {
        doc_set_str(o, name, s);
    }
}

static void set_list(Doc *o, const char *name, const Str *items, size_t n)
{
    if (n > 0) {
        Doc *l = doc_set_list(o, name);
        for (size_t i = 0; i < n; i++) {
            doc_add_str(l, items[i]);
        }
    }
}

static void write_block(Doc *list, const PaperBlock *b)
{
    Doc *o = doc_add_obj(list);
    doc_set_strc(o, "kind", KINDS[b->kind]);
    set_text(o, "text", b->text);
    set_text(o, "text2", b->text2);
    if (b->level != 0) {
        doc_set_int(o, "level", b->level);
    }
    if (b->kind == BLOCK_TABLE) {
        Doc *cols = doc_set_list(o, "cols");
        for (size_t i = 0; i < b->n_cols; i++) {
            Doc *c = doc_add_obj(cols);
            doc_set_str(c, "title", b->cols[i].title);
            doc_set_int(c, "weight", b->cols[i].weight);
            doc_set_strc(c, "align", ALIGNS[b->cols[i].align]);
        }
    }
    if (b->kind == BLOCK_TABLE || b->kind == BLOCK_FIELDS) {
        Doc *rows = doc_set_list(o, "rows");
        for (const PaperRow *r = b->rows; r != NULL; r = r->next) {
            Doc *row = doc_add_obj(rows);
            set_list(row, "cells", r->cells, b->n_cols);
            if (r->wide) {
                doc_set_bool(row, "wide", true);
            }
            if (r->lines != 0) {
                doc_set_int(row, "lines", r->lines);
            }
        }
    }
}

Str paper_write(Arena *mem, const Paper *p)
{
    Doc *o = doc_obj(mem);
    doc_set_strc(o, "layout", LAYOUTS[p->layout]);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        set_text(o, TEXTS[i].name, *(const Str *)(const void *)((const char *)p + TEXTS[i].at));
    }
    doc_set_bool(o, "landscape", p->landscape);
    doc_set_bool(o, "date_han", p->date_han);
    if (p->date != PAPER_NO_DATE) {
        doc_set_date(o, "date", p->date);
    }
    doc_set_int(o, "created_ms", p->created_ms);
    set_list(o, "attachments", p->attachments, p->n_attachments);
    set_list(o, "script", p->script, p->n_script);
    Doc *blocks = doc_set_list(o, "blocks");
    for (const PaperBlock *b = p->blocks; b != NULL; b = b->next) {
        write_block(blocks, b);
    }
    return json_text(mem, o);
}

static int word_at(const char *const *words, int n, Str s)
{
    for (int i = 0; i < n; i++) {
        if (str_eq(s, str_c(words[i]))) {
            return i;
        }
    }
    return -1;
}

static bool bad(Cx *cx)
{
    return fail(cx, E_DATA, "文书的描述写法不对");
}

static int small(const Doc *o, const char *name)
{
    int64_t v = doc_get_int(o, name, 0);
    return v < -1 || v > 100000 ? -1 : (int)v;
}

static const Doc *first_of(const Doc *o, const char *name)
{
    const Doc *l = doc_get(o, str_c(name));
    return l != NULL && l->kind == DOC_LIST ? l->first : NULL;
}

static Str leaf(const Doc *d)
{
    return d->kind == DOC_STR ? d->s : S("");
}

static bool read_rows(Cx *cx, Paper *p, PaperBlock *b, const Doc *o)
{
    for (const Doc *r = first_of(o, "rows"); r != NULL; r = r->next) {
        if (b->n_cols == 0) {
            return bad(cx);
        }
        Str *cells, label[2] = {S(""), S("")};
        cells = b->kind == BLOCK_TABLE ? paper_row(p, b) : label;
        size_t i = 0;
        for (const Doc *c = first_of(r, "cells"); c != NULL && i < b->n_cols; c = c->next) {
            cells[i++] = leaf(c);
        }
        if (b->kind == BLOCK_FIELDS) {
            paper_field(p, b, label[0], label[1], doc_get_bool(r, "wide"), small(r, "lines"));
        }
    }
    return true;
}

static bool read_block(Cx *cx, Paper *p, const Doc *o)
{
    int kind = word_at(KINDS, (int)ARRAY_LEN(KINDS), doc_get_str(o, "kind"));
    if (kind < 0) {
        return bad(cx);
    }
    Str text = doc_get_str(o, "text");
    if (kind == BLOCK_TABLE) {
        paper_table(p, text);
    } else if (kind == BLOCK_FIELDS) {
        paper_fields(p);
    } else {
        paper_para(p, text);
    }
    PaperBlock *b = p->last;
    b->kind = (BlockKind)kind;
    b->text2 = doc_get_str(o, "text2");
    b->level = small(o, "level");
    for (const Doc *c = kind == BLOCK_TABLE ? first_of(o, "cols") : NULL; c != NULL; c = c->next) {
        int align = word_at(ALIGNS, (int)ARRAY_LEN(ALIGNS), doc_get_str(c, "align"));
        if (align < 0 || b->n_cols == PAPER_MAX_COLS) {
            return bad(cx);
        }
        paper_col(p, b, doc_get_str(c, "title"), small(c, "weight"), (PaperAlign)align);
    }
    return (kind != BLOCK_TABLE && kind != BLOCK_FIELDS) || read_rows(cx, p, b, o);
}

bool paper_read(Cx *cx, Str json, Paper **ret)
{
    Str error = S("");
    const Doc *o = json_read(cx->mem, json, &error);
    if (o == NULL) {
        return fail(cx, E_DATA, "文书的描述读不懂：%.*s", STRF(error));
    }
    int layout = word_at(LAYOUTS, (int)ARRAY_LEN(LAYOUTS), doc_get_str(o, "layout"));
    if (layout < 0) {
        return fail(cx, E_DATA, "不认识的文书版式");
    }
    Paper *p = paper_new(cx->mem, (PaperLayout)layout);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        *(Str *)(void *)((char *)p + TEXTS[i].at) = doc_get_str(o, TEXTS[i].name);
    }
    p->landscape = doc_get_bool(o, "landscape");
    p->date_han = doc_get_bool(o, "date_han");
    p->created_ms = doc_get_int(o, "created_ms", 0);
    Str date = doc_get_str(o, "date");
    if (!str_empty(date) && !date_iso_parse(date, &p->date)) {
        return fail(cx, E_DATA, "文书的日期不对");
    }
    for (const Doc *d = first_of(o, "attachments"); d != NULL; d = d->next) {
        paper_attach(p, leaf(d));
    }
    for (const Doc *d = first_of(o, "script"); d != NULL; d = d->next) {
        paper_script(p, leaf(d));
    }
    for (const Doc *d = first_of(o, "blocks"); d != NULL; d = d->next) {
        if (!read_block(cx, p, d)) {
            return false;
        }
    }
    *ret = p;
    return paper_check(cx, p);
}
