/*
 * xlsx_annotate_styles.c - styles for marked cells: a copy of the cell's own style with another fill.
 *
 * The styles part is walked twice: before the sheet, to learn the cell styles and which of them carry a fill of an earlier
 * return; and after it, to copy the part with our fills and the styles that the sheet asked for added at their ends.
 */
#include "fmt/xlsx_edit.h"

#define FILL_WRONG "FFF6BDB5"
#define FILL_DOUBT "FFFFE08A"
#define FILL_REASON "FFFDF1EF"
#define MAX_XFS 65000   /* what spreadsheet programs take */

typedef struct {
    StyleBook *book;
    bool in_fills, in_xfs, in_fill, in_xf;
    Buf xf;
    size_t cap, cap_ours;
} StylesScan;

static void scan_start(Edit *e, const char *name, const char **atts)
{
    StylesScan *s = e->ctx;
    StyleBook *b = s->book;
    if (xml_is(name, "fills")) {
        s->in_fills = true;
    } else if (xml_is(name, "cellXfs")) {
        s->in_xfs = true;
    } else if (s->in_fills && xml_is(name, "fgColor")) {
        const char *rgb = xml_attr(atts, "rgb");
        bool ours = rgb != NULL && (xml_is(rgb, FILL_WRONG) || xml_is(rgb, FILL_DOUBT) || xml_is(rgb, FILL_REASON));
        if (ours && b->n_fills > 0 && b->n_fills <= ARRAY_LEN(b->is_fill_ours)) {
            b->is_fill_ours[b->n_fills - 1] = true;
        }
    } else if (s->in_fills && xml_is(name, "fill")) {
        b->n_fills++;
    } else if (s->in_xfs && xml_is(name, "xf") && !s->in_xf && b->n_xfs < MAX_XFS) {
        ARRAY_ROOM(b->pkg->mem, b->xfs, b->n_xfs, s->cap);
        ARRAY_ROOM(b->pkg->mem, b->ours, b->n_xfs, s->cap_ours);
        int64_t fill = 0;
        const char *id = xml_attr(atts, "fillId");
        bool known = id != NULL && str_int(str_c(id), &fill) && fill >= 0 && fill < (int64_t)ARRAY_LEN(b->is_fill_ours);
        b->ours[b->n_xfs] = known && b->is_fill_ours[fill];
        s->in_xf = true;
        buf_clear(&s->xf);
    }
    Str raw = edit_raw(e);
    if (s->in_xf) {
        buf_add(&s->xf, raw);
    }
}

static void scan_end(Edit *e, const char *name)
{
    StylesScan *s = e->ctx;
    if (s->in_xf) {
        buf_add(&s->xf, edit_raw(e));
        if (xml_is(name, "xf")) {
            s->in_xf = false;
            s->book->xfs[s->book->n_xfs++] = str_dup(s->book->pkg->mem, buf_str(&s->xf));
        }
    }
    s->in_fills = s->in_fills && !xml_is(name, "fills");
    s->in_xfs = s->in_xfs && !xml_is(name, "cellXfs");
}

bool stylebook_read(Package *p, Str part, StyleBook *ret)
{
    static const EditHandlers on = {.start = scan_start, .end = scan_end};
    *ret = (StyleBook){.pkg = p, .part = part};
    if (str_empty(part)) {
        return true;
    }
    StylesScan s = {.book = ret, .xf = buf_new(p->mem, (size_t)64 << 10)};
    bool good = edit_part(p, part, NULL, &on, &s);
    ret->usable = good && ret->n_xfs > 0 && ret->n_fills > 0 && !s.xf.full;
    return good;
}

size_t stylebook_mark(StyleBook *b, size_t base, Mark mark)
{
    if (!b->usable) {
        return base;
    }
    base = base < b->n_xfs ? base : 0;
    for (size_t i = b->n_added; i-- > 0;) {
        if (b->added[i].base == base && b->added[i].mark == mark) {
            return b->n_xfs + i;
        }
    }
    if (b->n_xfs + b->n_added >= MAX_XFS) {
        return base;
    }
    ARRAY_ROOM(b->pkg->mem, b->added, b->n_added, b->cap_added);
    b->added[b->n_added] = (struct AddedStyle){.base = base, .mark = mark};
    return b->n_xfs + b->n_added++;
}

static void add_fills(Edit *e, StyleBook *b)
{
    static const char *const colours[] = {FILL_WRONG, FILL_DOUBT, FILL_REASON};
    Str x = e->prefix;
    for (size_t i = 0; i < ARRAY_LEN(colours); i++) {
        spool_str(e->out, str_printf(b->pkg->mem,
                                     "<%.*sfill><%.*spatternFill patternType=\"solid\"><%.*sfgColor rgb=\"%s\"/>"
                                     "<%.*sbgColor indexed=\"64\"/></%.*spatternFill></%.*sfill>",
                                     STRF(x), STRF(x), STRF(x), colours[i], STRF(x), STRF(x), STRF(x)));
    }
}

/* The added style as XML: its base with another fill; the reason's is written whole. */
static void add_style(Edit *e, StyleBook *b, const struct AddedStyle *a)
{
    Arena *mem = b->pkg->mem;
    Str x = e->prefix;
    size_t fill = a->mark == MARK_CLEAR ? 0 : b->n_fills + (size_t)(a->mark - MARK_WRONG);
    if (a->mark == MARK_REASON) {
        spool_str(e->out, str_printf(mem,
                                     "<%.*sxf numFmtId=\"49\" fontId=\"0\" fillId=\"%zu\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" "
                                     "applyFill=\"1\" applyAlignment=\"1\"><%.*salignment vertical=\"top\" wrapText=\"1\"/></%.*sxf>",
                                     STRF(x), fill, STRF(x), STRF(x)));
        return;
    }
    Str raw = b->xfs[a->base];
    size_t end = 0;
    str_find(raw, S(">"), &end);
    Str tag = tag_with(mem, str_sub(raw, 0, end + 1), "fillId", str_printf(mem, "%zu", fill));
    tag = tag_with(mem, tag, "applyFill", S("1"));
    spool_str(e->out, tag);
    spool_str(e->out, str_sub(raw, end + 1, raw.n));
}

static void write_start(Edit *e, const char *name, const char **atts)
{
    StyleBook *b = e->ctx;
    (void)atts;
    bool fills = xml_is(name, "fills");
    if (!fills && !xml_is(name, "cellXfs")) {
        edit_copy(e);
        return;
    }
    size_t n = fills ? b->n_fills + 3 : b->n_xfs + b->n_added;
    spool_str(e->out, tag_with(b->pkg->mem, edit_raw(e), "count", str_printf(b->pkg->mem, "%zu", n)));
}

static void write_end(Edit *e, const char *name)
{
    StyleBook *b = e->ctx;
    if (xml_is(name, "fills")) {
        add_fills(e, b);
    } else if (xml_is(name, "cellXfs")) {
        for (size_t i = 0; i < b->n_added; i++) {
            add_style(e, b, &b->added[i]);
        }
    }
    edit_copy(e);
}

bool stylebook_write(StyleBook *b, Spool *out)
{
    static const EditHandlers on = {.start = write_start, .end = write_end};
    return edit_part(b->pkg, b->part, out, &on, b);
}
