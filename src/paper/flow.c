/*
 * flow.c - blocks one after another down the pages.
 */
#include "paper/paper_int.h"

void flow_text(Pen *pen, Str text, const Style *style, double x)
{
    Set s = set_text(pen, text, style);
    for (int at = 0; at < s.n;) {
        pen_need(pen, s.pitch);
        int fit = (int)((pen->bottom + 0.5 - pen->y) / s.pitch);
        int n = MIN(MAX(fit, 1), s.n - at);
        set_draw(pen, &s, x, pen->y, at, at + n);
        pen->y += n * s.pitch;
        at += n;
    }
    set_free(&s);
}

static bool official(const Pen *pen)
{
    return pen->p->layout == PAPER_OFFICIAL;
}

/* 28 characters a line: in an official document the characters stand a little closer than their size. */
static double cell(const Pen *pen)
{
    return official(pen) ? pen->width / 28 : pen->size;
}

static void heading(Pen *pen, const PaperBlock *b)
{
    static const Face FACES[] = {FACE_HEI, FACE_KAI, FACE_FANG, FACE_FANG};
    Style s = {.face = FACES[b->level - 1],
               .size = pen->size,
               .pitch = pen->pitch,
               .width = pen->width + 0.5,
               .spacing = cell(pen) - pen->size,
               .bold = b->level == 3};
    if (official(pen)) {
        s.indent = 2 * cell(pen);
    } else {
        pen->y += pen->pitch * 0.4;
    }
    pen_need(pen, pen->pitch * 2);
    flow_text(pen, b->text, &s, pen->left);
}

static void note(Pen *pen, const PaperBlock *b)
{
    Style s = {.face = FACE_SONG, .size = pen->size * 0.8, .width = pen->width, .justify = true};
    pen->y += 4;
    flow_text(pen, b->text, &s, pen->left);
    pen->y += 4;
}

static void code(Pen *pen, const PaperBlock *b)
{
    double side = MM(26);
    pen_need(pen, side + 8);
    double y = pen->y + 4;
    pen_qr(pen, b->text, pen->left, y, side);
    Style s = {.face = FACE_SONG, .size = pen->size * 0.8, .width = MAX(pen->width - side - MM(4), MM(10))};
    Set t = set_text(pen, b->text2, &s);
    int n = MIN(t.n, (int)(side / t.pitch));
    set_draw(pen, &t, pen->left + side + MM(4), y + (side - n * t.pitch) / 2, 0, n);
    set_free(&t);
    pen->y = y + side + 4;
}

const PaperBlock *flow_blocks(Pen *pen, const PaperBlock *b)
{
    Style body = {.face = official(pen) ? FACE_FANG : FACE_SONG,
                  .size = pen->size,
                  .pitch = pen->pitch,
                  .width = pen->width + 0.5,
                  .justify = true,
                  .indent = 2 * cell(pen),
                  .spacing = cell(pen) - pen->size};
    for (; b != NULL && pen->page <= PAPER_MAX_PAGES; b = b->next) {
        switch (b->kind) {
        case BLOCK_PARA:
            flow_text(pen, b->text, &body, pen->left);
            break;
        case BLOCK_HEADING:
            heading(pen, b);
            break;
        case BLOCK_FIELDS:
            grid_fields(pen, b);
            break;
        case BLOCK_TABLE:
            grid_table(pen, b);
            break;
        case BLOCK_SIGN:
            grid_sign(pen, b);
            break;
        case BLOCK_NOTE:
            note(pen, b);
            break;
        case BLOCK_QR:
            code(pen, b);
            break;
        case BLOCK_BREAK:
            return b;
        }
    }
    return NULL;
}
