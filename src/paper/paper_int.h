/*
 * paper_int.h - inside paper: a pen over pages, text set in lines of a fixed pitch, and the parts the layouts share.
 *
 * Lengths are points (1/72 inch) from the top left corner of the page. Drawing is floating point; nothing here is money
 * or a count. A dry pen lays out and counts pages but draws nothing, so that "第 1 页 共 2 页" is known before the
 * first page is drawn.
 */
#pragma once

#include "paper/paper.h" /* before glib, which has a MIN and MAX of its own and takes ours away quietly */

#include <cairo.h>
#include <pango/pangocairo.h>

#define MM(x)           ((x)*72.0 / 25.4)
#define PAPER_MAX_PAGES 2000

typedef enum { FACE_SONG, FACE_FANG, FACE_KAI, FACE_HEI, FACE_TITLE, FACE_HEAVY, FACE_MONGOL, FACE_COUNT } Face;

typedef struct Pen Pen;
struct Pen {
    Cx *cx;
    const Paper *p;
    cairo_t *c;
    PangoContext *text;
    bool dry;
    double page_w, page_h;
    double left, top, width, bottom; /* the block text stands in */
    double y;                        /* where the next thing goes */
    double pitch, size;              /* of body text */
    int page, pages;                 /* the current one from 1; how many, 0 while not known */
    int last_drawn;                  /* pages after this one are laid out dry; 0: all are drawn */
    void (*end_page)(Pen *);         /* page number and the like */
    Arena *mem;                      /* scratch of this rendering */
};

/* Text set into lines. Release with set_free. */
typedef struct {
    PangoLayout *l;
    int n;
    double pitch, size;
} Set;

typedef struct {
    Face face;
    double size, pitch;     /* points; pitch 0: 1.5 x size */
    double width;           /* 0: one line as long as it is */
    double indent, spacing; /* of the first line; between characters */
    PaperAlign align;
    bool bold, justify;
} Style;

Set set_text(Pen *pen, Str text, const Style *style);
void set_free(Set *s);
double set_width(const Set *s); /* of the longest line */
void set_draw(Pen *pen, const Set *s, double x, double y, int from,
              int to); /* lines from..to-1; `y` is the top of line `from` */
void set_once(Pen *pen, Str text, const Style *style, double x, double y);
void pen_color(Pen *pen, unsigned rgb);
void pen_line(Pen *pen, double x0, double y0, double x1, double y1, double thick);
void pen_rect(Pen *pen, double x, double y, double w, double h, double thick);
void pen_qr(Pen *pen, Str text, double x, double y, double size); /* draws nothing when the text is too long */
void pen_page(Pen *pen);                                          /* end this page, begin the next */
void pen_need(Pen *pen, double height);                           /* a new page unless so much is left */
void pen_finish(Pen *pen);                                        /* end the last page */

/* flow.c, grid.c: blocks one after another, from `b` to the next BLOCK_BREAK, which is returned, or to the end: NULL */
const PaperBlock *flow_blocks(Pen *pen, const PaperBlock *b);
void flow_text(Pen *pen, Str text, const Style *style, double x);
void grid_fields(Pen *pen, const PaperBlock *b);
void grid_table(Pen *pen, const PaperBlock *b);
void grid_sign(Pen *pen, const PaperBlock *b);

/* official.c, certificate.c, form.c: a whole document */
void official_draw(Pen *pen);
void certificate_draw(Pen *pen);
void form_draw(Pen *pen); /* form and list */

/* docx.c */
MUST_USE bool docx_render(Cx *cx, const Paper *p, Str *ret);
