/*
 * text.c - text through pango: lines broken by the rules of Chinese and drawn on a fixed pitch, so that a glyph of a
 * taller fallback font does not move the lines below it.
 */
#include "paper/paper_int.h"

/* Names of the standard first (a machine that has them prints them), then what Debian has. */
static const char *const FAMILIES[FACE_COUNT] = {
    [FACE_SONG] = "Noto Serif CJK SC",
    [FACE_FANG] = "FangSong_GB2312,仿宋_GB2312,FangSong,仿宋,FandolFang R,LXGW WenKai,Noto Serif CJK SC",
    [FACE_KAI] = "KaiTi_GB2312,楷体_GB2312,KaiTi,楷体,LXGW WenKai,AR PL KaitiM GB,Noto Serif CJK SC",
    [FACE_HEI] = "SimHei,黑体,Noto Sans CJK SC",
    [FACE_TITLE] = "FZXiaoBiaoSong-B05S,方正小标宋简体,Noto Serif CJK SC",
    [FACE_HEAVY] = "FZXiaoBiaoSong-B05S,方正小标宋简体,Noto Serif CJK SC",
    [FACE_MONGOL] = "Noto Sans Mongolian,Noto Serif CJK SC",
};

static PangoFontDescription *describe(Face face, double size, bool bold)
{
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family_static(d, FAMILIES[face]);
    pango_font_description_set_absolute_size(d, size * PANGO_SCALE);
    PangoWeight weight = face == FACE_HEAVY           ? PANGO_WEIGHT_HEAVY
                         : face == FACE_TITLE || bold ? PANGO_WEIGHT_BOLD
                                                      : PANGO_WEIGHT_NORMAL;
    pango_font_description_set_weight(d, weight);
    return d;
}

/* Control characters become spaces; lines end with '\n' only. */
static Str clean(Arena *mem, Str s)
{
    char *out = arena_alloc(mem, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if (ch == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') {
            continue;
        }
        out[n++] = ch == '\n' || ch == '\r' ? '\n' : ch < 0x20 || ch == 0x7f ? ' ' : (char)ch;
    }
    return str_n(out, n);
}

Set set_text(Pen *pen, Str text, const Style *style)
{
    PangoLayout *l = pango_layout_new(pen->text);
    PangoFontDescription *d = describe(style->face, style->size, style->bold);
    pango_layout_set_font_description(l, d);
    pango_font_description_free(d);
    ArenaMark mark = arena_mark(pen->mem);
    Str s = clean(pen->mem, text);
    pango_layout_set_text(l, s.p, (int)s.n);
    arena_release(pen->mem, mark);
    PangoAttrList *a = pango_attr_list_new();
    if (style->spacing < 0 || style->spacing > 0) {
        pango_attr_list_insert(a, pango_attr_letter_spacing_new((int)(style->spacing * PANGO_SCALE)));
    }
    pango_attr_list_insert(a, pango_attr_insert_hyphens_new(false));
    pango_layout_set_attributes(l, a);
    pango_attr_list_unref(a);
    pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_auto_dir(l, false);
    if (style->width > 0) {
        pango_layout_set_width(l, (int)(style->width * PANGO_SCALE));
    }
    pango_layout_set_indent(l, (int)(style->indent * PANGO_SCALE));
    pango_layout_set_justify(l, style->justify);
    pango_layout_set_alignment(l, style->align == PAPER_CENTER  ? PANGO_ALIGN_CENTER
                                  : style->align == PAPER_RIGHT ? PANGO_ALIGN_RIGHT
                                                                : PANGO_ALIGN_LEFT);
    return (Set){.l = l,
                 .n = pango_layout_get_line_count(l),
                 .size = style->size,
                 .pitch = style->pitch > 0 ? style->pitch : style->size * 1.5};
}

void set_free(Set *s)
{
    g_object_unref(s->l);
    s->l = NULL;
}

double set_width(const Set *s)
{
    int w, h;
    pango_layout_get_size(s->l, &w, &h);
    return w / (double)PANGO_SCALE;
}

void set_draw(Pen *pen, const Set *s, double x, double y, int from, int to)
{
    if (pen->dry || from >= to) {
        return;
    }
    PangoLayoutIter *it = pango_layout_get_iter(s->l);
    for (int i = 0; i < to; i++) {
        if (i >= from) {
            PangoRectangle r;
            pango_layout_iter_get_line_extents(it, NULL, &r);
            double base =
                y + (i - from) * s->pitch + s->pitch / 2 + s->size * 0.36; /* ideographs centred in the pitch */
            cairo_move_to(pen->c, x + r.x / (double)PANGO_SCALE, base);
            pango_cairo_show_layout_line(pen->c, pango_layout_iter_get_line_readonly(it));
        }
        if (!pango_layout_iter_next_line(it)) {
            break;
        }
    }
    pango_layout_iter_free(it);
}

void set_once(Pen *pen, Str text, const Style *style, double x, double y)
{
    Set s = set_text(pen, text, style);
    set_draw(pen, &s, x, y, 0, s.n);
    set_free(&s);
}
