/*
 * pen.c - lines, boxes, codes, pages and the watermark.
 */
#include "paper/paper_int.h"

#include <math.h>
#include <qrencode.h>

void pen_color(Pen *pen, unsigned rgb)
{
    cairo_set_source_rgb(pen->c, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

void pen_line(Pen *pen, double x0, double y0, double x1, double y1, double thick)
{
    if (!pen->dry) {
        cairo_set_line_width(pen->c, thick);
        cairo_move_to(pen->c, x0, y0);
        cairo_line_to(pen->c, x1, y1);
        cairo_stroke(pen->c);
    }
}

void pen_rect(Pen *pen, double x, double y, double w, double h, double thick)
{
    if (!pen->dry) {
        cairo_set_line_width(pen->c, thick);
        cairo_rectangle(pen->c, x, y, w, h);
        cairo_stroke(pen->c);
    }
}

void pen_qr(Pen *pen, Str text, double x, double y, double size)
{
    if (pen->dry || str_empty(text)) {
        return;
    }
    QRcode *q = QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
    if (q == NULL) {
        return;
    }
    double m = size / q->width;
    for (int j = 0; j < q->width; j++) {
        for (int i = 0, run; i < q->width;
             i += run) { /* a run of dark modules is one rectangle: no hairlines between */
            bool dark = q->data[j * q->width + i] & 1;
            for (run = 1; i + run < q->width && (q->data[j * q->width + i + run] & 1) == dark; run++) {
            }
            if (dark) {
                cairo_rectangle(pen->c, x + i * m, y + j * m, run * m, m + (j + 1 < q->width ? m * 0.02 : 0));
            }
        }
    }
    QRcode_free(q);
    cairo_fill(pen->c);
}

/* Across the page from the lower left, in light grey, under whatever is printed. */
static void watermark(Pen *pen)
{
    Str text = utf8_cut(pen->p->watermark, 12);
    if (pen->dry || str_empty(text)) {
        return;
    }
    double n = (double)utf8_len(text), across = hypot(pen->page_w, pen->page_h);
    Style style = {.face = FACE_HEI, .bold = true, .size = MIN(across * 0.5 / n, pen->page_h * 0.22), .pitch = 1};
    style.pitch = style.size * 1.4;
    style.spacing = style.size * 0.3;
    Set s = set_text(pen, text, &style);
    cairo_save(pen->c);
    cairo_set_source_rgba(pen->c, 0.55, 0.58, 0.62, 0.16);
    cairo_translate(pen->c, pen->page_w / 2, pen->page_h / 2);
    cairo_rotate(pen->c, -atan2(pen->page_h, pen->page_w));
    cairo_move_to(pen->c, -(set_width(&s) - style.spacing) / 2, style.size * 0.36);
    pango_cairo_layout_line_path(
        pen->c, pango_layout_get_line_readonly(s.l, 0)); /* outlines: no font to embed, no words among the words */
    cairo_fill(pen->c);
    cairo_restore(pen->c);
    set_free(&s);
}

static void begin(Pen *pen)
{
    pen->page++;
    pen->y = pen->top;
    if (pen->page > PAPER_MAX_PAGES || (pen->last_drawn > 0 && pen->page > pen->last_drawn)) {
        pen->dry = true; /* too many are refused by paper_render */
    }
    if (pen->p->layout == PAPER_CERTIFICATE && !pen->dry) {
        pen_color(pen, 0xfffdf6); /* a breath of cream */
        cairo_paint(pen->c);
    }
    watermark(pen);
}

void pen_page(Pen *pen)
{
    if (pen->page > 0) {
        pen_finish(pen);
    }
    begin(pen);
}

void pen_finish(Pen *pen)
{
    if (pen->end_page != NULL) {
        pen->end_page(pen);
    }
    if (!pen->dry) {
        cairo_show_page(pen->c);
    }
}

void pen_need(Pen *pen, double height)
{
    if (pen->y + height > pen->bottom + 0.5 && pen->y > pen->top + 0.5) {
        pen_page(pen);
    }
}
