/*
 * certificate.c - one landscape page to hang on a wall. What is too long is set smaller until it fits; nothing is cut
 * off before 9 points.
 */
#include "paper/paper_int.h"

#include <math.h>

#define GOLD        0xb58421
#define INK         0x18262e
#define DEEP        0x0b3448
#define GREY        0x4c5c66
#define MAX_ISSUERS ((size_t)3)

static void diamond(cairo_t *c, double x, double y, double rx, double ry)
{
    cairo_move_to(c, x, y - ry);
    cairo_line_to(c, x + rx, y);
    cairo_line_to(c, x, y + ry);
    cairo_line_to(c, x - rx, y);
    cairo_close_path(c);
}

/* A lattice of nested diamonds between two frames. */
static void border(Pen *pen)
{
    double out = MM(12), band = MM(8), w = pen->page_w - 2 * out, h = pen->page_h - 2 * out;
    int nx = (int)(w / band), ny = (int)(h / band);
    double sx = w / nx, sy = h / ny;
    if (pen->dry) {
        return;
    }
    cairo_set_source_rgba(pen->c, 0.71, 0.52, 0.13, 0.6);
    cairo_set_line_width(pen->c, 0.8);
    for (int i = 0; i < 2 * (nx + ny); i++) {
        bool across = i < 2 * nx;
        int k = across ? i / 2 : (i - 2 * nx) / 2;
        double x = across ? out + sx * (k + 0.5) : i % 2 == 0 ? out + band / 2 : out + w - band / 2;
        double y = !across ? out + sy * (k + 0.5) : i % 2 == 0 ? out + band / 2 : out + h - band / 2;
        if (!across && (k == 0 || k == ny - 1)) {
            continue; /* the corner belongs to the other side */
        }
        diamond(pen->c, x, y, across ? sx / 2 : band / 2, across ? band / 2 : sy / 2);
        diamond(pen->c, x, y, across ? sx / 4 : band / 4, across ? band / 4 : sy / 4);
    }
    cairo_stroke(pen->c);
    pen_color(pen, GOLD);
    pen_rect(pen, out, out, w, h, 2.2);
    pen_rect(pen, out + band, out + band, w - 2 * band, h - 2 * band, 0.8);
}

/* Centred on one line, smaller when it would be wider than `room`; returns the size used. */
static double centred(Pen *pen, Str text, Style s, double middle, double room, double y, double pitch)
{
    s.pitch = pitch;
    Set t = set_text(pen, text, &s);
    double w = set_width(&t);
    if (w > room) {
        set_free(&t);
        s.size *= room / w;
        s.spacing *= room / w;
        t = set_text(pen, text, &s);
        w = set_width(&t);
    }
    set_draw(pen, &t, middle - w / 2, y, 0, 1);
    set_free(&t);
    return s.size;
}

/* Traditional Mongolian runs from top to bottom: set along a line, turned by a quarter; columns follow from left to
 * right. */
static void script(Pen *pen, double x, double y, double height, double room)
{
    static const double SIZES[] = {34, 22, 15};
    static const unsigned COLORS[] = {0x125e7d, 0x7a540c, GREY};
    double end = x + room;
    for (size_t i = 0; i < pen->p->n_script && !pen->dry; i++) {
        size_t k = MIN(i, ARRAY_LEN(SIZES) - 1);
        Style s = {.face = FACE_MONGOL, .size = SIZES[k]};
        Set t = set_text(pen, pen->p->script[i], &s);
        if (set_width(&t) > height) {
            double shrink = height / set_width(&t);
            set_free(&t);
            s.size *= shrink;
            t = set_text(pen, pen->p->script[i], &s);
        }
        if (x + t.pitch > end + 1) {
            set_free(&t);
            break;
        }
        cairo_save(pen->c);
        pen_color(pen, COLORS[k]);
        cairo_translate(pen->c, x + t.pitch, y);
        cairo_rotate(pen->c, M_PI / 2);
        set_draw(pen, &t, 0, 0, 0, 1);
        cairo_restore(pen->c);
        x += t.pitch;
        set_free(&t);
    }
}

/* Paragraphs in Kai, from 20 points down to 9 until all stand between y and bottom; centred in the height that is left.
 */
static void body(Pen *pen, double x, double y, double w, double bottom)
{
    double size = 20, used = 0;
    for (bool fits = false; !fits; size -= 1) {
        used = 0;
        for (const PaperBlock *b = pen->p->blocks; b != NULL; b = b->next) {
            if (b->kind == BLOCK_PARA) {
                Style s = {.face = FACE_KAI,
                           .size = size,
                           .pitch = size * 1.75,
                           .width = w,
                           .indent = 2 * size,
                           .justify = true};
                Set t = set_text(pen, b->text, &s);
                used += t.n * t.pitch;
                set_free(&t);
            }
        }
        fits = used <= bottom - y || size <= 9;
        if (fits) {
            break;
        }
    }
    y += MAX(0, (bottom - y - used) * 0.35);
    pen_color(pen, INK);
    for (const PaperBlock *b = pen->p->blocks; b != NULL; b = b->next) {
        if (b->kind == BLOCK_PARA) {
            Style s = {
                .face = FACE_KAI, .size = size, .pitch = size * 1.75, .width = w, .indent = 2 * size, .justify = true};
            Set t = set_text(pen, b->text, &s);
            int n = MIN(t.n, MAX((int)((bottom + 1 - y) / t.pitch), 0));
            set_draw(pen, &t, x, y, 0, n);
            y += n * t.pitch;
            set_free(&t);
        }
    }
}

/* Below: the code with its caption at the left, who issues and when at the right. */
static void foot(Pen *pen, double x, double w)
{
    const Paper *p = pen->p;
    double y = MM(147), side = MM(34), left = x; /* a signed text is a dense code */
    if (!str_empty(p->qr)) {
        pen_color(pen, DEEP);
        pen_qr(pen, p->qr, x, y, side);
        left += side + MM(4);
        pen_color(pen, GREY);
        Style s = {.face = FACE_KAI, .size = 10.5, .pitch = 17, .width = MM(46)};
        Set t = set_text(pen, p->qr_caption, &s);
        int n = MIN(t.n, (int)(side / t.pitch));
        set_draw(pen, &t, left, y + (side - n * t.pitch) / 2, 0, n);
        set_free(&t);
        left += MM(48);
    }
    double room = x + w - left, middle = MAX(x + w - MM(48), left + room / 2);
    pen_color(pen, INK);
    Style s = {.face = FACE_KAI, .size = 16};
    Str rest = p->issuer, line;
    size_t lines = 1;
    for (size_t i = 0; i < p->issuer.n; i++) {
        lines += p->issuer.p[i] == '\n';
    }
    lines = MIN(lines, MAX_ISSUERS);
    for (size_t i = 0; i < lines; i++) { /* several who issue stand above each other over the date */
        str_cut(rest, '\n', &line, &rest);
        centred(pen, line, s, middle, 2 * MIN(middle - left, x + w - middle),
                y + MM(4) + (double)i * 22 - (double)(lines - 1) * 10, 24);
    }
    centred(pen, paper_date(pen->mem, p), s, middle, room, y + MM(14) + (double)(lines - 1) * 12, 24);
}

void certificate_draw(Pen *pen)
{
    const Paper *p = pen->p;
    pen_page(pen);
    border(pen);
    double x = MM(36), y = MM(34);
    if (p->n_script > 0) {
        script(pen, MM(31), MM(42), MM(138), MM(38));
        pen_color(pen, 0xd8b25a);
        pen_line(pen, MM(72), MM(40), MM(72), MM(180), 0.6);
        x = MM(81);
    }
    double w = pen->page_w - MM(36) - x, middle = x + w / 2;
    if (!str_empty(p->above)) {
        pen_color(pen, DEEP);
        centred(pen, p->above, (Style){.face = FACE_HEAVY, .size = 19, .spacing = 4}, middle, w, y, 26);
    }
    pen_color(pen, 0xa3342a);
    centred(pen, p->title, (Style){.face = FACE_HEAVY, .size = 42, .spacing = 7}, middle, w, MM(44), 60);
    pen_color(pen, GREY);
    centred(pen, p->number, (Style){.face = FACE_KAI, .size = 12}, middle, w, MM(67), 16);
    body(pen, x, MM(77), w, MM(145));
    foot(pen, x, w);
    pen_finish(pen);
}
