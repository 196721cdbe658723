/*
 * paper.c - building and checking a description. Everything is a list in the paper's arena.
 */
#include "paper/paper.h"

#include "base/date.h"

Paper *paper_new(Arena *mem, PaperLayout layout)
{
    Paper *p = NEW(mem, Paper);
    p->mem = mem;
    p->layout = layout;
    p->date = PAPER_NO_DATE;
    return p;
}

static PaperBlock *add(Paper *p, BlockKind kind, Str text)
{
    PaperBlock *b = NEW(p->mem, PaperBlock);
    b->kind = kind;
    b->text = text;
    if (p->last != NULL) {
        p->last->next = b;
    } else {
        p->blocks = b;
    }
    p->last = b;
    p->n_items++;
    return b;
}

void paper_para(Paper *p, Str text)
{
    add(p, BLOCK_PARA, text);
}

void paper_heading(Paper *p, int level, Str text)
{
    add(p, BLOCK_HEADING, text)->level = level;
}

void paper_note(Paper *p, Str text)
{
    add(p, BLOCK_NOTE, text);
}

void paper_break(Paper *p)
{
    add(p, BLOCK_BREAK, S(""));
}

void paper_qr(Paper *p, Str text, Str caption)
{
    add(p, BLOCK_QR, text)->text2 = caption;
}

void paper_sign(Paper *p, Str label, int lines, Str foot)
{
    PaperBlock *b = add(p, BLOCK_SIGN, label);
    b->level = lines;
    b->text2 = foot;
}

PaperBlock *paper_fields(Paper *p)
{
    PaperBlock *b = add(p, BLOCK_FIELDS, S(""));
    b->n_cols = 2;
    return b;
}

PaperBlock *paper_table(Paper *p, Str title)
{
    PaperBlock *b = add(p, BLOCK_TABLE, title);
    b->cols = NEW_ARRAY(p->mem, PaperCol, PAPER_MAX_COLS);
    return b;
}

static PaperRow *add_row(Paper *p, PaperBlock *b)
{
    PaperRow *r = NEW(p->mem, PaperRow);
    r->cells = NEW_ARRAY(p->mem, Str, MAX(b->n_cols, (size_t)1));
    for (size_t i = 0; i < b->n_cols; i++) {
        r->cells[i] = S("");
    }
    if (b->last_row != NULL) {
        b->last_row->next = r;
    } else {
        b->rows = r;
    }
    b->last_row = r;
    b->n_rows++;
    p->n_items += b->n_cols + 1;
    return r;
}

void paper_field(Paper *p, PaperBlock *fields, Str label, Str value, bool wide, int lines)
{
    CHECK(fields->kind == BLOCK_FIELDS);
    PaperRow *r = add_row(p, fields);
    r->cells[0] = label;
    r->cells[1] = value;
    r->wide = wide;
    r->lines = lines;
}

void paper_col(Paper *p, PaperBlock *table, Str title, int weight, PaperAlign align)
{
    CHECK(table->kind == BLOCK_TABLE && table->rows == NULL && table->n_cols < PAPER_MAX_COLS);
    table->cols[table->n_cols++] = (PaperCol){title, weight, align};
    p->n_items++;
}

Str *paper_row(Paper *p, PaperBlock *table)
{
    CHECK(table->kind == BLOCK_TABLE && table->n_cols > 0);
    return add_row(p, table)->cells;
}

static Str *append(Paper *p, Str *list, size_t *n, Str s)
{
    list = arena_grow(p->mem, list, *n * sizeof(Str), (*n + 1) * sizeof(Str));
    list[(*n)++] = s;
    p->n_items++;
    return list;
}

void paper_attach(Paper *p, Str title)
{
    p->attachments = append(p, p->attachments, &p->n_attachments, title);
}

void paper_script(Paper *p, Str line)
{
    p->script = append(p, p->script, &p->n_script, line);
}

/* ---- checks ---- */

static bool text_ok(Cx *cx, Str s)
{
    if (s.n > PAPER_MAX_TEXT) {
        return fail(cx, E_TOO_LARGE, "文书里有一段文字超过 %zu KB，请缩短或分段", PAPER_MAX_TEXT >> 10);
    }
    return utf8_valid(s) || fail(cx, E_DATA, "文书里有文字不是有效的 UTF-8 编码");
}

static bool block_ok(Cx *cx, const PaperBlock *b)
{
    bool ok = text_ok(cx, b->text) && text_ok(cx, b->text2);
    if ((unsigned)b->kind > BLOCK_BREAK || (b->kind == BLOCK_HEADING && (b->level < 1 || b->level > 4)) ||
        b->level < 0 || b->level > 100) {
        return fail(cx, E_DATA, "文书里有不认识的内容块");
    }
    if (b->kind == BLOCK_TABLE && b->n_cols == 0) {
        return fail(cx, E_DATA, "文书里的表格没有列");
    }
    if (b->kind == BLOCK_QR && b->text.n > PAPER_MAX_QR) {
        return fail(cx, E_TOO_LARGE, "二维码的内容超过 %d 字节", PAPER_MAX_QR);
    }
    for (size_t i = 0; ok && b->kind == BLOCK_TABLE && i < b->n_cols; i++) {
        ok = text_ok(cx, b->cols[i].title);
        if (b->cols[i].weight < 1 || b->cols[i].weight > 1000 || (unsigned)b->cols[i].align > PAPER_RIGHT) {
            return fail(cx, E_DATA, "文书里的表格列宽不对");
        }
    }
    for (const PaperRow *r = b->rows; ok && r != NULL; r = r->next) {
        if (r->lines < 0 || r->lines > 100) {
            return fail(cx, E_DATA, "文书里的表格行高不对");
        }
        for (size_t i = 0; ok && i < b->n_cols; i++) {
            ok = text_ok(cx, r->cells[i]);
        }
    }
    return ok;
}

bool paper_check(Cx *cx, const Paper *p)
{
    const Str texts[] = {p->title,   p->above,     p->letterhead, p->number,     p->to,        p->issuer,  p->copies,
                         p->printed, p->date_text, p->qr,         p->qr_caption, p->watermark, p->keywords};
    if ((unsigned)p->layout > PAPER_LIST) {
        return fail(cx, E_DATA, "不认识的文书版式");
    }
    if (p->n_items > PAPER_MAX_ITEMS) {
        return fail(cx, E_TOO_LARGE, "文书的内容超过 %d 项，请分成几份", PAPER_MAX_ITEMS);
    }
    if (p->qr.n > PAPER_MAX_QR) {
        return fail(cx, E_TOO_LARGE, "二维码的内容超过 %d 字节", PAPER_MAX_QR);
    }
    if (p->date != PAPER_NO_DATE && (p->date < DATE_MIN || p->date > DATE_MAX)) {
        return fail(cx, E_DATA, "文书的日期不对");
    }
    bool ok = true;
    for (size_t i = 0; ok && i < ARRAY_LEN(texts); i++) {
        ok = text_ok(cx, texts[i]);
    }
    for (size_t i = 0; ok && i < p->n_attachments; i++) {
        ok = text_ok(cx, p->attachments[i]);
    }
    for (size_t i = 0; ok && i < p->n_script; i++) {
        ok = text_ok(cx, p->script[i]);
    }
    for (const PaperBlock *b = p->blocks; ok && b != NULL; b = b->next) {
        ok = block_ok(cx, b);
    }
    return ok;
}

/* ---- dates ---- */

static const char *const HAN[] = {"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"};

static void han_small(Buf *b, int v) /* 1..31 */
{
    if (v >= 20) {
        buf_add(b, str_c(HAN[v / 10]));
    }
    if (v >= 10) {
        buf_add(b, S("十"));
    }
    if (v % 10 != 0) {
        buf_add(b, str_c(HAN[v % 10]));
    }
}

Str date_han(Arena *mem, int32_t days)
{
    Civil c = date_to_civil(days);
    Buf b = buf_new(mem, 128);
    Str year = str_printf(mem, "%d", c.year);
    for (size_t i = 0; i < year.n; i++) {
        buf_add(&b, str_c(HAN[year.p[i] - '0']));
    }
    buf_add(&b, S("年"));
    han_small(&b, c.month);
    buf_add(&b, S("月"));
    han_small(&b, c.day);
    buf_add(&b, S("日"));
    return buf_str(&b);
}

Str paper_date(Arena *mem, const Paper *p)
{
    if (!str_empty(p->date_text) || p->date == PAPER_NO_DATE) {
        return p->date_text;
    }
    return p->date_han ? date_han(mem, p->date) : date_zh(mem, p->date);
}
