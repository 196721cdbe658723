/*
 * official.c - an official document after GB/T 9704-2012: where each part of the first page, the last page and the foot
 * stands.
 */
#include "paper/paper_int.h"

#define RED     0xd8171c
#define BLOCK_H MM(225)

/* 5.3: size 4 in Song, a dash at each side, 7 mm under the block; odd pages at the right, even ones at the left, one
 * character in. */
static void number_page(Pen *pen)
{
    Style s = {.face = FACE_SONG,
               .size = 14,
               .pitch = 14,
               .width = pen->width - 28,
               .align = pen->page % 2 == 1 ? PAPER_RIGHT : PAPER_LEFT};
    pen_color(pen, 0x000000);
    set_once(pen, str_printf(pen->mem, "— %d —", pen->page), &s, pen->left + 14, MM(37 + 7) + BLOCK_H - 4);
}

/* As large as 22 mm high allows, as wide as the block at most. */
static void letterhead(Pen *pen, double cell)
{
    const Paper *p = pen->p;
    if (!str_empty(p->letterhead)) {
        Style s = {.face = FACE_HEAVY, .size = 40, .pitch = 56};
        Set t = set_text(pen, p->letterhead, &s);
        double w = set_width(&t);
        set_free(&t);
        if (w > pen->width) {
            s.size = s.size * pen->width / w * 0.995;
        } else {
            double n = (double)utf8_len(p->letterhead);
            s.spacing = n > 1 ? MIN((pen->width * 0.92 - w) / n, s.size * 0.35) : 0;
            s.spacing = MAX(s.spacing, 0);
        }
        t = set_text(pen, p->letterhead, &s);
        pen_color(pen, RED);
        set_draw(pen, &t, pen->left + (pen->width - set_width(&t)) / 2, pen->top + MM(35) - (56 - s.size) / 2, 0, 1);
        set_free(&t);
        pen->y = pen->top + MM(35) + s.size + 2 * pen->pitch;
    }
    if (!str_empty(p->number)) {
        Style s = {.face = FACE_FANG,
                   .size = 16,
                   .pitch = pen->pitch,
                   .width = pen->width,
                   .align = PAPER_CENTER,
                   .spacing = cell - 16};
        pen_color(pen, 0x000000);
        flow_text(pen, p->number, &s, pen->left);
    }
    if (!str_empty(p->letterhead)) {
        pen->y += MM(4) - (pen->pitch - 16) / 2;
        pen_color(pen, RED);
        pen_line(pen, pen->left, pen->y, pen->left + pen->width, pen->y, 1.8);
        pen->y += 2 * pen->pitch;
    }
    pen_color(pen, 0x000000);
}

/* A title of several lines looks best when they are about as long as each other: the narrowest width that needs no
 * further line. */
static void title(Pen *pen)
{
    const Paper *p = pen->p;
    if (str_empty(p->title)) {
        return;
    }
    Style s = {.face = FACE_TITLE, .size = 22, .pitch = 36, .width = pen->width - 22, .align = PAPER_CENTER};
    Set t = set_text(pen, p->title, &s);
    int lines = t.n;
    set_free(&t);
    for (double lo = pen->width / 4, hi = s.width; lines > 1 && lines < 6 && hi - lo > 4;) {
        Style narrow = s;
        narrow.width = (lo + hi) / 2;
        t = set_text(pen, p->title, &narrow);
        if (t.n > lines) {
            lo = narrow.width;
        } else {
            hi = s.width = narrow.width;
        }
        set_free(&t);
    }
    flow_text(pen, p->title, &s, pen->left + (pen->width - s.width) / 2);
    pen->y += pen->pitch;
}

static void attachments(Pen *pen, const Style *body, double cell)
{
    const Paper *p = pen->p;
    if (p->n_attachments == 0) {
        return;
    }
    pen->y += pen->pitch;
    for (size_t i = 0; i < p->n_attachments; i++) {
        bool one = p->n_attachments == 1;
        Style label = *body, s = *body;
        double in = (one ? 5 : 6.2) * cell;
        label.width = s.indent = 0;
        label.indent = 0;
        s.width = pen->width - in;
        pen_need(pen, pen->pitch);
        Str head = one ? S("附件：") : str_printf(pen->mem, i == 0 ? "附件：%zu." : "%zu.", i + 1);
        set_once(pen, head, &label, pen->left + (i == 0 ? 2 : 5) * cell, pen->y);
        flow_text(pen, p->attachments[i], &s, pen->left + in);
    }
}

/* 7.3.5: the date four characters in from the right, who issues centred over it, room for the seal. */
static void signature(Pen *pen, double cell)
{
    Str date = paper_date(pen->mem, pen->p), who = pen->p->issuer;
    if (str_empty(date) && str_empty(who)) {
        return;
    }
    Style s = {.face = FACE_FANG, .size = 16, .pitch = pen->pitch, .spacing = cell - 16};
    Set d = set_text(pen, date, &s), w = set_text(pen, who, &s);
    double right = pen->left + pen->width - 4 * cell, dw = set_width(&d), ww = MIN(set_width(&w), pen->width);
    double middle = MIN(right - dw / 2, pen->left + pen->width - ww / 2 - cell * 0.5);
    /* Two empty lines above; fewer before a page would hold nothing but the end of a letter. */
    int room = (int)((pen->bottom - pen->y + 0.5) / pen->pitch), gap = room >= 4 ? 2 : MAX(room - 2, 0);
    pen_need(pen, (gap + 2) * pen->pitch);
    pen->y += (room >= 2 ? gap : 2) * pen->pitch;
    set_draw(pen, &w, MAX(middle - ww / 2, pen->left), pen->y, 0, MIN(w.n, 1));
    pen->y += pen->pitch;
    set_draw(pen, &d, right - dw, pen->y, 0, MIN(d.n, 1));
    pen->y += pen->pitch;
    set_free(&d);
    set_free(&w);
}

/* 7.4: at the foot of the last page between lines: copies to, printed by and when; size 4, one character in. */
static void end_lines(Pen *pen)
{
    const Paper *p = pen->p;
    if (str_empty(p->copies) && str_empty(p->printed)) {
        return;
    }
    Style s = {.face = FACE_FANG, .size = 14, .pitch = 22, .width = pen->width - 28};
    Style at_right = s;
    at_right.align = PAPER_RIGHT;
    Str by, when;
    str_cut(p->printed, '\t', &by, &when);
    Set c = set_text(pen, str_printf(pen->mem, "抄送：%.*s", STRF(p->copies)), &s), w = set_text(pen, by, &s),
        r = set_text(pen, when, &at_right);
    int n = MIN(str_empty(p->copies) ? 0 : c.n, 12), m = MIN(str_empty(p->printed) ? 0 : w.n, 4);
    double h = (n + m) * s.pitch;
    pen_need(pen, h + pen->pitch);
    double y = pen->top + BLOCK_H - h, x0 = pen->left, x1 = pen->left + pen->width;
    pen_line(pen, x0, y, x1, y, 1.0);
    set_draw(pen, &c, pen->left + 14, y, 0, n);
    if (n > 0 && m > 0) {
        pen_line(pen, x0, y + n * s.pitch, x1, y + n * s.pitch, 0.7);
    }
    set_draw(pen, &w, pen->left + 14, y + n * s.pitch, 0, m);
    set_draw(pen, &r, pen->left + 14, y + n * s.pitch, 0, MIN(m, 1));
    pen_line(pen, x0, y + h, x1, y + h, 1.0);
    set_free(&c);
    set_free(&w);
    set_free(&r);
}

/* What belongs to the letter stands before the first new page (attachments follow it), so the blocks are drawn in two
 * parts. */
void official_draw(Pen *pen)
{
    const Paper *p = pen->p;
    pen->left = MM(28);
    pen->top = MM(37);
    pen->width = MM(156);
    pen->bottom = pen->top + BLOCK_H;
    pen->pitch = BLOCK_H / 22;
    pen->size = 16;
    pen->end_page = number_page;
    double cell = pen->width / 28;
    Style body = {.face = FACE_FANG,
                  .size = 16,
                  .pitch = pen->pitch,
                  .width = pen->width + 0.5,
                  .spacing = cell - 16,
                  .justify = true};
    pen_page(pen);
    letterhead(pen, cell);
    title(pen);
    if (!str_empty(p->to)) {
        flow_text(pen, p->to, &body, pen->left);
    }
    const PaperBlock *rest = flow_blocks(pen, p->blocks);
    attachments(pen, &body, cell);
    signature(pen, cell);
    while (rest != NULL && pen->page <= PAPER_MAX_PAGES) {
        pen_page(pen);
        rest = flow_blocks(pen, rest->next);
    }
    end_lines(pen);
    pen_finish(pen);
}
