/*
 * grid.c - what stands in boxes: labels with values, tables, places to sign. One row drawer: the cells of a row are set
 * into lines, as many lines as the page still holds are drawn, and the row goes on under a repeated head on the next
 * page.
 */
#include "paper/paper_int.h"

#define PAD_X 4.0
#define PAD_Y 3.5
#define THIN  0.6

typedef struct {
    double x, w;
    Str text;
    PaperAlign align;
    bool head; /* 黑体 on a light ground */
} Cell;

typedef struct {
    double size;
    double min_height;
    const Cell *repeat; /* the head, drawn again on a new page; NULL: none */
    size_t n_repeat;
} RowStyle;

static void row_draw(Pen *pen, const Cell *cells, size_t n, const RowStyle *rs);

static void next_page(Pen *pen, const RowStyle *rs)
{
    pen_page(pen);
    if (rs->repeat != NULL) {
        RowStyle head = {.size = rs->size};
        row_draw(pen, rs->repeat, rs->n_repeat, &head);
    }
}

static void part_draw(Pen *pen, const Cell *cells, const Set *sets, size_t n, int from, int count, double h)
{
    for (size_t i = 0; i < n && !pen->dry; i++) {
        if (cells[i].head) {
            pen_color(pen, 0xf3f4f2);
            cairo_rectangle(pen->c, cells[i].x, pen->y, cells[i].w, h);
            cairo_fill(pen->c);
        }
        pen_color(pen, 0x000000);
        pen_rect(pen, cells[i].x, pen->y, cells[i].w, h, THIN);
        int to = MIN(from + count, sets[i].n);
        double inner = MAX(to - from, 0) * sets[i].pitch;
        set_draw(pen, &sets[i], cells[i].x + PAD_X, pen->y + (h - inner) / 2, from, to);
    }
}

static void row_draw(Pen *pen, const Cell *cells, size_t n, const RowStyle *rs)
{
    Set sets[PAPER_MAX_COLS];
    int lines = 1;
    double pitch = rs->size * 1.45;
    for (size_t i = 0; i < n; i++) {
        Style s = {.face = cells[i].head ? FACE_HEI : FACE_SONG,
                   .size = rs->size,
                   .pitch = pitch,
                   .width = MAX(cells[i].w - 2 * PAD_X, rs->size),
                   .align = cells[i].align};
        sets[i] = set_text(pen, cells[i].text, &s);
        lines = MAX(lines, sets[i].n);
    }
    double whole = MAX(lines * pitch + 2 * PAD_Y, rs->min_height), page = pen->bottom - pen->top;
    if (pen->y + whole > pen->bottom + 0.5 && (whole < page * 0.4 || pen->y + 3 * pitch + 2 * PAD_Y > pen->bottom) &&
        pen->y > pen->top + 0.5) {
        next_page(pen, rs);
    }
    for (int at = 0; at < lines;) {
        int fit = MAX((int)((pen->bottom + 0.5 - pen->y - 2 * PAD_Y) / pitch), 1), count = MIN(fit, lines - at);
        double h = count * pitch + 2 * PAD_Y;
        if (at == 0 && count == lines) {
            h = MAX(h, MIN(rs->min_height, pen->bottom - pen->y));
        }
        part_draw(pen, cells, sets, n, at, count, h);
        pen->y += h;
        at += count;
        if (at < lines) {
            next_page(pen, rs);
            if (pen->page > PAPER_MAX_PAGES) {
                break;
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        set_free(&sets[i]);
    }
}

static double small(const Pen *pen)
{
    return pen->p->layout == PAPER_OFFICIAL ? 12 : pen->size;
}

/* Two pairs a line, label and value; a wide pair, or the last of an odd number, has the line for itself. */
void grid_fields(Pen *pen, const PaperBlock *b)
{
    RowStyle rs = {.size = small(pen)};
    double lw = rs.size * 8.1 + 2 * PAD_X, x = pen->left, half = pen->width / 2;
    for (const PaperRow *r = b->rows; r != NULL; r = r->next) {
        const PaperRow *pair = r->wide || r->next == NULL || r->next->wide ? NULL : r->next;
        double vw = (pair != NULL ? half : pen->width) - lw;
        Cell cells[4] = {{x, lw, r->cells[0], PAPER_CENTER, true}, {x + lw, vw, r->cells[1], PAPER_LEFT, false}};
        int lines = MAX(r->lines, 1);
        if (pair != NULL) {
            cells[2] = (Cell){x + half, lw, pair->cells[0], PAPER_CENTER, true};
            cells[3] = (Cell){x + half + lw, vw, pair->cells[1], PAPER_LEFT, false};
            lines = MAX(lines, pair->lines);
            r = pair;
        }
        rs.min_height = MAX(lines * rs.size * 1.45 + 2 * PAD_Y, rs.size * 2.1);
        row_draw(pen, cells, pair != NULL ? 4 : 2, &rs);
        if (pen->page > PAPER_MAX_PAGES) {
            return;
        }
    }
}

void grid_table(Pen *pen, const PaperBlock *b)
{
    Cell head[PAPER_MAX_COLS], cells[PAPER_MAX_COLS];
    size_t n = b->n_cols;
    int total = 0;
    for (size_t i = 0; i < n; i++) {
        total += b->cols[i].weight;
    }
    double x = pen->left;
    bool titled = false;
    for (size_t i = 0; i < n; i++) {
        double w = pen->width * b->cols[i].weight / total;
        head[i] = (Cell){x, w, b->cols[i].title, PAPER_CENTER, true};
        cells[i] = (Cell){x, w, S(""), b->cols[i].align, false};
        titled = titled || !str_empty(b->cols[i].title);
        x += w;
    }
    RowStyle rs = {.size = small(pen), .min_height = small(pen) * 2, .repeat = titled ? head : NULL, .n_repeat = n};
    if (!str_empty(b->text)) {
        Style s = {
            .face = FACE_HEI, .size = pen->size, .pitch = pen->size * 1.8, .width = pen->width, .align = PAPER_CENTER};
        pen_need(pen, s.pitch + 5 * rs.size);
        flow_text(pen, b->text, &s, pen->left);
    }
    if (titled) {
        pen_need(pen, 5 * rs.size);
        RowStyle first = {.size = rs.size, .min_height = rs.min_height};
        row_draw(pen, head, n, &first);
    }
    for (const PaperRow *r = b->rows; r != NULL && pen->page <= PAPER_MAX_PAGES; r = r->next) {
        for (size_t i = 0; i < n; i++) {
            cells[i].text = r->cells[i];
        }
        row_draw(pen, cells, n, &rs);
    }
    pen->y += pen->p->layout == PAPER_FORM ? 0 : rs.size * 0.6;
}

/* A box the width of the page: the label at the left in its own cell, free space, and at the foot who signs and when.
 */
void grid_sign(Pen *pen, const PaperBlock *b)
{
    double size = small(pen), lw = size * 8.1 + 2 * PAD_X, pitch = size * 1.6;
    double h = MIN((MAX(b->level, 1) + 1) * pitch + 2 * PAD_Y, pen->bottom - pen->top);
    Style label = {
        .face = FACE_HEI, .size = size, .pitch = size * 1.45, .width = lw - 2 * PAD_X, .align = PAPER_CENTER};
    Style foot = {.face = FACE_SONG,
                  .size = size,
                  .pitch = pitch,
                  .width = pen->width - lw - 2 * PAD_X - size,
                  .align = PAPER_RIGHT};
    pen_need(pen, h);
    Set l = set_text(pen, b->text, &label), f = set_text(pen, b->text2, &foot);
    int nl = MIN(l.n, (int)(h / l.pitch)), nf = MIN(f.n, (int)(h / f.pitch));
    if (!pen->dry) {
        pen_color(pen, 0xf3f4f2);
        cairo_rectangle(pen->c, pen->left, pen->y, lw, h);
        cairo_fill(pen->c);
        pen_color(pen, 0x000000);
        pen_rect(pen, pen->left, pen->y, lw, h, THIN);
        pen_rect(pen, pen->left + lw, pen->y, pen->width - lw, h, THIN);
    }
    set_draw(pen, &l, pen->left + PAD_X, pen->y + (h - nl * l.pitch) / 2, 0, nl);
    set_draw(pen, &f, pen->left + lw + PAD_X, pen->y + h - PAD_Y - nf * f.pitch, 0, nf);
    set_free(&l);
    set_free(&f);
    pen->y += h;
}
