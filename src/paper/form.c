/*
 * form.c - forms to fill and sign, and lists: a title, blocks, and at the foot "第 1 页 共 2 页".
 */
#include "paper/paper_int.h"

static void number_page(Pen *pen)
{
    Style s = {.face = FACE_SONG, .size = 9, .pitch = 12, .width = pen->width, .align = PAPER_CENTER};
    pen_color(pen, 0x333333);
    set_once(pen, str_printf(pen->mem, "第 %d 页 共 %d 页", pen->page, MAX(pen->pages, pen->page)), &s, pen->left,
             pen->page_h - MM(13));
    pen_color(pen, 0x000000);
}

static void line(Pen *pen, Str text, const Style *s)
{
    if (!str_empty(text)) {
        flow_text(pen, text, s, pen->left);
    }
}

void form_draw(Pen *pen)
{
    const Paper *p = pen->p;
    pen->left = MM(22);
    pen->top = MM(20);
    pen->width = pen->page_w - MM(44);
    pen->bottom = pen->page_h - MM(20);
    pen->size = 11;
    pen->pitch = 19;
    pen->end_page = number_page;
    Style above = {.face = FACE_SONG, .size = 12, .pitch = 20, .width = pen->width, .align = PAPER_CENTER};
    Style title = {.face = FACE_TITLE, .size = 20, .pitch = 32, .width = pen->width, .align = PAPER_CENTER};
    Style small = {.face = FACE_SONG, .size = 10.5, .pitch = 18, .width = pen->width, .align = PAPER_RIGHT};
    pen_page(pen);
    pen_color(pen, 0x000000);
    line(pen, p->above, &above);
    line(pen, p->title, &title);
    pen->y += 4;
    line(pen, p->number, &small);
    const PaperBlock *rest = flow_blocks(pen, p->blocks);
    while (rest != NULL && pen->page <= PAPER_MAX_PAGES) {
        pen_page(pen);
        rest = flow_blocks(pen, rest->next);
    }
    Str date = paper_date(pen->mem, p);
    if (!str_empty(p->issuer) || !str_empty(date)) {
        pen_need(pen, pen->pitch * 3);
        pen->y += pen->pitch * 0.7;
        line(pen, p->issuer,
             &(Style){.face = FACE_SONG, .size = 11, .pitch = 19, .width = pen->width, .align = PAPER_RIGHT});
        line(pen, date,
             &(Style){.face = FACE_SONG, .size = 11, .pitch = 19, .width = pen->width, .align = PAPER_RIGHT});
    }
    pen_finish(pen);
}
