/*
 * xlsx_book.c - the workbook part: which sheets a person sees, where their parts are, the date system, custom properties.
 */
#include "fmt/xlsx_int.h"

#define MAX_SHEETS 256

typedef struct {
    Workbook *book;
    const Rels *rels;
} BookScan;

static void book_start(Xml *x, const char *name, const char **atts)
{
    BookScan *s = x->ctx;
    if (xml_is(name, "workbookPr")) {
        const char *v = xml_attr(atts, "date1904");
        s->book->date1904 = v != NULL && (xml_is(v, "1") || xml_is(v, "true") || xml_is(v, "on"));
        return;
    }
    if (!xml_is(name, "sheet")) {
        return;
    }
    const char *title = xml_attr(atts, "name"), *state = xml_attr(atts, "state"), *id = xml_attr(atts, "id");
    if (title == NULL || id == NULL || (state != NULL && !xml_is(state, "visible")) || s->book->n_sheets == MAX_SHEETS) {
        return;
    }
    const Rel *rel = rels_by_id(s->rels, str_c(id));
    if (rel == NULL || !str_eq(rel->kind, S("worksheet")) || !package_has(x->pkg, rel->part)) {
        return;
    }
    s->book->sheets[s->book->n_sheets++] = (SheetRef){.name = str_dup(x->pkg->mem, str_c(title)), .part = rel->part};
}

static Str part_of_kind(Package *p, const Rels *rels, Str kind)
{
    const Rel *rel = rels_by_kind(rels, kind);
    return rel != NULL && package_has(p, rel->part) ? rel->part : S("");
}

bool workbook_read(Package *p, Workbook *ret)
{
    static const XmlHandlers on = {.start = book_start};
    Rels top, rels;
    Workbook b = {.sheets = NEW_ARRAY(p->mem, SheetRef, MAX_SHEETS)};
    if (!rels_read(p, S(""), &top)) {
        return false;
    }
    b.part = part_of_kind(p, &top, S("officeDocument"));
    if (str_empty(b.part)) {
        b.part = S("xl/workbook.xml");
    }
    if (!package_has(p, b.part) || str_ends(b.part, S(".bin"))) {
        return fail(p->cx, E_MEDIA_TYPE, "文件里没有 .xlsx 工作簿（可能是别的压缩文件或 .xlsb），"
                                         "请在表格软件中另存为 .xlsx（不设密码）后再上传");
    }
    b.custom = part_of_kind(p, &top, S("custom-properties"));
    if (str_empty(b.custom)) {
        b.custom = part_of_kind(p, &top, S("customProperties"));
    }
    if (!rels_read(p, b.part, &rels)) {
        return false;
    }
    b.strings = part_of_kind(p, &rels, S("sharedStrings"));
    b.styles = part_of_kind(p, &rels, S("styles"));
    if (!xml_parse(p, b.part, &on, &(BookScan){.book = &b, .rels = &rels})) {
        return false;
    }
    *ret = b;
    return true;
}

bool workbook_sheet(Package *p, const Workbook *book, size_t sheet, Str *ret_part)
{
    if (book->n_sheets == 0) {
        return fail(p->cx, E_MEDIA_TYPE, "工作簿里没有可见的工作表，请检查后重新上传");
    }
    if (sheet >= book->n_sheets) {
        return fail(p->cx, E_INVALID, "工作簿里没有第 %zu 张可见的工作表（只有 %zu 张）", sheet + 1, book->n_sheets);
    }
    *ret_part = book->sheets[sheet].part;
    return true;
}

typedef struct {
    XlsxInfo *info;
    Arena *out;
    Str name;
    Buf value;
    bool inside;
} PropertyScan;

static void property_start(Xml *x, const char *name, const char **atts)
{
    PropertyScan *s = x->ctx;
    if (xml_is(name, "property")) {
        const char *title = xml_attr(atts, "name");
        s->inside = title != NULL;
        s->name = str_dup(x->pkg->mem, str_c(title));
        buf_clear(&s->value);
    }
}

static void property_text(Xml *x, const char *p, size_t n)
{
    PropertyScan *s = x->ctx;
    if (s->inside) {
        buf_add_bytes(&s->value, p, n);
    }
}

static void property_end(Xml *x, const char *name)
{
    PropertyScan *s = x->ctx;
    XlsxInfo *info = s->info;
    if (!s->inside || !xml_is(name, "property")) {
        return;
    }
    s->inside = false;
    if (info->n_properties < ARRAY_LEN(info->properties) && !s->value.full) {
        info->properties[info->n_properties][0] = str_dup(s->out, s->name);
        info->properties[info->n_properties][1] = str_dup(s->out, buf_str(&s->value));
        info->n_properties++;
    }
}

bool xlsx_info(Cx *cx, const char *path, XlsxInfo *ret)
{
    static const XmlHandlers on = {.start = property_start, .end = property_end, .text = property_text};
    /* Only small parts are read: the file itself may be as large as its reader later allows. */
    TableLimits any_size = {.max_bytes = SIZE_MAX / 8};
    Package p;
    Workbook book;
    if (!package_open(cx, path, &any_size, &p)) {
        return false;
    }
    p.max_unpacked = (size_t)100 << 20;
    XlsxInfo info = {0};
    bool good = workbook_read(&p, &book);
    for (size_t i = 0; good && i < MIN(book.n_sheets, ARRAY_LEN(info.sheet_names)); i++) {
        info.sheet_names[info.n_sheets++] = str_dup(cx->mem, book.sheets[i].name);
    }
    if (good && !str_empty(book.custom)) {
        PropertyScan s = {.info = &info, .out = cx->mem, .value = buf_new(p.mem, 4096)};
        good = xml_parse(&p, book.custom, &on, &s);
    }
    package_close(&p);
    if (good) {
        *ret = info;
    }
    return good;
}
