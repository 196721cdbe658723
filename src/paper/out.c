/*
 * out.c - the bytes of a PDF or PNG: surfaces of cairo over a buffer, metadata, and two passes where the number of
 * pages is printed.
 */
#include "paper/paper_int.h"

#include <cairo-pdf.h>

#include "base/clock.h"

#define MAX_BYTES ((size_t)64 << 20)
#define PNG_SCALE 2 /* 144 dots an inch */

static cairo_status_t take(void *closure, const unsigned char *data, unsigned n)
{
    Buf *b = closure;
    buf_add_bytes(b, data, n);
    return b->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void size_of(const Paper *p, double *ret_w, double *ret_h)
{
    bool wide = p->layout == PAPER_CERTIFICATE || (p->landscape && p->layout != PAPER_OFFICIAL);
    *ret_w = wide ? MM(297) : MM(210);
    *ret_h = wide ? MM(210) : MM(297);
}

/* One pass; returns the number of pages. */
static int draw(Cx *cx, const Paper *p, cairo_t *c, bool dry, int pages, int last_drawn)
{
    static PangoContext *text; /* of the process: measuring fonts is the slow part */
    if (text == NULL) {
        text = pango_font_map_create_context(pango_cairo_font_map_get_default());
        cairo_font_options_t *o = cairo_font_options_create();
        cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_NONE);
        cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
        cairo_font_options_set_antialias(o, CAIRO_ANTIALIAS_GRAY);
        pango_cairo_context_set_font_options(text, o);
        cairo_font_options_destroy(o);
        pango_cairo_context_set_resolution(text, 72.0);
        pango_context_set_round_glyph_positions(text, false);
        pango_context_set_language(text, pango_language_from_string("zh-cn"));
    }
    Pen pen = {.cx = cx,
               .p = p,
               .c = c,
               .text = text,
               .dry = dry,
               .pages = pages,
               .last_drawn = last_drawn,
               .mem = arena_new((size_t)256 << 20)};
    size_of(p, &pen.page_w, &pen.page_h);
    pen.bottom = pen.page_h;
    if (p->layout == PAPER_OFFICIAL) {
        official_draw(&pen);
    } else if (p->layout == PAPER_CERTIFICATE) {
        certificate_draw(&pen);
    } else {
        form_draw(&pen);
    }
    arena_free(pen.mem);
    return pen.page;
}

static bool count(Cx *cx, const Paper *p, int *ret)
{
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
    cairo_t *c = cairo_create(s);
    *ret = draw(cx, p, c, true, 0, 0);
    cairo_destroy(c);
    cairo_surface_destroy(s);
    return *ret <= PAPER_MAX_PAGES || fail(cx, E_TOO_LARGE, "文书超过 %d 页，请分成几份", PAPER_MAX_PAGES);
}

static bool finish(Cx *cx, cairo_t *c, cairo_surface_t *s, const Buf *out)
{
    cairo_status_t drawn = cairo_status(c);
    cairo_destroy(c);
    cairo_surface_finish(s);
    cairo_status_t status = cairo_surface_status(s);
    cairo_surface_destroy(s);
    if (out->full) {
        return fail(cx, E_TOO_LARGE, "文书超过 %zu MB，请分成几份", MAX_BYTES >> 20);
    }
    if (drawn != CAIRO_STATUS_SUCCESS || status != CAIRO_STATUS_SUCCESS) {
        return fail(cx, E_INTERNAL, "文书排版出错：%s",
                    cairo_status_to_string(drawn != CAIRO_STATUS_SUCCESS ? drawn : status));
    }
    return true;
}

static bool pdf(Cx *cx, const Paper *p, int pages, Buf *out)
{
    double w, h;
    size_of(p, &w, &h);
    cairo_surface_t *s = cairo_pdf_surface_create_for_stream(take, out, w, h);
    cairo_pdf_surface_restrict_to_version(
        s, CAIRO_PDF_VERSION_1_4); /* no object streams: metadata can be found by searching */
    char when[32];
    clock_iso(p->created_ms, when, sizeof when);
    memcpy(when + 19, "Z", 2); /* without milliseconds */
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, str_z(cx->mem, p->title));
    if (!str_empty(p->keywords)) {
        cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_KEYWORDS, str_z(cx->mem, p->keywords));
    }
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "Tamga");
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, when);
    cairo_t *c = cairo_create(s);
    draw(cx, p, c, false, pages, 0);
    return finish(cx, c, s, out);
}

static bool png(Cx *cx, const Paper *p, int pages, Buf *out)
{
    double w, h;
    size_of(p, &w, &h);
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(w * PNG_SCALE), (int)(h * PNG_SCALE));
    cairo_surface_set_device_scale(s, PNG_SCALE, PNG_SCALE);
    cairo_t *c = cairo_create(s);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    draw(cx, p, c, false, pages, 1);
    cairo_surface_flush(s);
    cairo_status_t status = cairo_status(c);
    if (status == CAIRO_STATUS_SUCCESS) {
        status = cairo_surface_write_to_png_stream(s, take, out);
    }
    cairo_destroy(c);
    cairo_surface_destroy(s);
    return status == CAIRO_STATUS_SUCCESS || fail(cx, E_INTERNAL, "文书排版出错：%s", cairo_status_to_string(status));
}

bool paper_render(Cx *cx, const Paper *p, PaperFormat format, Str *ret)
{
    if (!paper_check(cx, p)) {
        return false;
    }
    if (format == PAPER_DOCX) {
        return docx_render(cx, p, ret);
    }
    int pages = 1;
    if (p->layout != PAPER_CERTIFICATE && !count(cx, p, &pages)) {
        return false;
    }
    Buf out = buf_new(cx->mem, MAX_BYTES);
    if (format == PAPER_PDF ? !pdf(cx, p, pages, &out) : !png(cx, p, pages, &out)) {
        return false;
    }
    *ret = buf_str(&out);
    return true;
}

bool paper_pages(Cx *cx, const Paper *p, int *ret)
{
    return paper_check(cx, p) && count(cx, p, ret);
}
