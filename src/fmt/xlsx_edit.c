/*
 * xlsx_edit.c - see xlsx_edit.h. The parser hands every piece of markup that no handler took to its default handler, word for
 * word; that is the copy. Our start and end handlers ask for the same with XML_DefaultCurrent.
 */
#include "fmt/xlsx_edit.h"

#define EDIT_BLOCK 65536
#define MAX_TAG ((size_t)1 << 20)

static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

static void on_default(void *data, const XML_Char *p, int n)
{
    Edit *e = data;
    if (e->capture) {
        buf_add_bytes(&e->raw, p, (size_t)n);
    } else if (e->drop == 0 && e->out != NULL) {
        spool_add(e->out, p, (size_t)n);
    }
}

static void on_start(void *data, const XML_Char *name, const XML_Char **atts)
{
    Edit *e = data;
    if (e->stopped) {
        return;
    }
    if (e->drop > 0) {
        e->drop++;
        return;
    }
    e->depth++;
    if (e->prefix.p == NULL) {
        e->prefix = str_dup(e->pkg->mem, str_n(name, (size_t)(local(name) - name)));
    }
    e->on->start(e, local(name), atts);
    if (e->raw.full) {
        fail(e->pkg->cx, E_TOO_LARGE, "工作簿的部件过于复杂（%.*s），不能标注，请精简后再上传", STRF(e->part));
        edit_stop(e);
    }
}

static void on_end(void *data, const XML_Char *name)
{
    Edit *e = data;
    if (e->stopped) {
        return;
    }
    if (e->drop > 0) {
        e->drop--;
        e->depth -= e->drop == 0;
        return;
    }
    e->on->end(e, local(name));
    e->depth--;
}

static void on_declaration(void *data, const XML_Char *version, const XML_Char *encoding, int standalone)
{
    Edit *e = data;
    (void)version, (void)encoding, (void)standalone;
    if (e->out == NULL) {
        return;
    }
    spool_str(e->out, S("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>"));
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int internal)
{
    Edit *e = data;
    (void)name, (void)sysid, (void)pubid, (void)internal;
    fail(e->pkg->cx, E_MEDIA_TYPE, "工作簿里有不允许的文档类型声明（DOCTYPE），请在表格软件中另存为 .xlsx 后再上传");
    edit_stop(e);
}

void edit_stop(Edit *e)
{
    e->stopped = true;
    XML_StopParser(e->parser, XML_FALSE);
}

void edit_copy(Edit *e)
{
    XML_DefaultCurrent(e->parser);
}

Str edit_raw(Edit *e)
{
    buf_clear(&e->raw);
    e->capture = true;
    XML_DefaultCurrent(e->parser);
    e->capture = false;
    return buf_str(&e->raw);
}

void edit_drop(Edit *e)
{
    e->drop = 1;
}

static bool damaged(Edit *e)
{
    return fail(e->pkg->cx, E_MEDIA_TYPE, "工作簿已损坏（%.*s），请在表格软件中重新打开并另存为 .xlsx 后再上传", STRF(e->part));
}

static bool feed(Edit *e, PartReader *r)
{
    size_t n;
    do {
        void *block = XML_GetBuffer(e->parser, EDIT_BLOCK);
        if (block == NULL) {
            return damaged(e);
        }
        if (!part_read(r, block, EDIT_BLOCK, &n)) {
            return false;
        }
        enum XML_Status status = XML_ParseBuffer(e->parser, (int)n, n == 0);
        if (e->stopped) {
            return false;
        }
        if (status != XML_STATUS_OK) {
            return damaged(e);
        }
    } while (n > 0);
    return true;
}

bool edit_part(Package *p, Str part, Spool *out, const EditHandlers *on, void *ctx)
{
    PartReader r;
    if (!part_open(p, part, &r)) {
        return false;
    }
    Edit e = {.pkg = p, .on = on, .ctx = ctx, .out = out, .part = part, .parser = XML_ParserCreate(NULL)};
    CHECK(e.parser != NULL);
    e.raw = buf_new(p->mem, MAX_TAG);
    XML_SetUserData(e.parser, &e);
    XML_SetElementHandler(e.parser, on_start, on_end);
    XML_SetDefaultHandler(e.parser, on_default);
    XML_SetXmlDeclHandler(e.parser, on_declaration);
    XML_SetStartDoctypeDeclHandler(e.parser, on_doctype);
    bool good = feed(&e, &r);
    XML_ParserFree(e.parser);
    part_close(&r);
    return good;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Where ` name="value"` stands in a start tag, with the space before it. */
static bool find_attribute(Str tag, const char *name, size_t *ret_from, size_t *ret_to)
{
    size_t i = 1;
    while (i < tag.n && !is_space(tag.p[i]) && tag.p[i] != '>') {
        i++;
    }
    while (i < tag.n) {
        size_t from = i;
        while (i < tag.n && is_space(tag.p[i])) {
            i++;
        }
        size_t start = i;
        while (i < tag.n && tag.p[i] != '=' && !is_space(tag.p[i]) && tag.p[i] != '>') {
            i++;
        }
        bool found = str_eq(str_sub(tag, start, i - start), str_c(name));
        while (i < tag.n && tag.p[i] != '"' && tag.p[i] != '\'' && tag.p[i] != '>') {
            i++;
        }
        if (i >= tag.n || tag.p[i] == '>') {
            return false;
        }
        const char *end = memchr(tag.p + i + 1, tag.p[i], tag.n - i - 1);
        if (end == NULL) {
            return false;
        }
        i = (size_t)(end - tag.p) + 1;
        if (found) {
            *ret_from = from;
            *ret_to = i;
            return true;
        }
    }
    return false;
}

Str tag_without(Arena *mem, Str tag, const char *name)
{
    size_t from, to;
    if (!find_attribute(tag, name, &from, &to)) {
        return tag;
    }
    return str_printf(mem, "%.*s%.*s", (int)from, tag.p, (int)(tag.n - to), tag.p + to);
}

void edit_close_tag(Edit *e, const char *name)
{
    Str raw = edit_raw(e);
    if (raw.n > 0) {
        spool_str(e->out, raw);
        return;
    }
    spool_str(e->out, S("</"));
    spool_str(e->out, e->prefix);
    spool_str(e->out, str_c(name));
    spool_str(e->out, S(">"));
}

Str tag_opened(Arena *mem, Str tag)
{
    return tag_is_empty(tag) ? str_printf(mem, "%.*s>", (int)(tag.n - 2), tag.p) : tag;
}

Str tag_with(Arena *mem, Str tag, const char *name, Str value)
{
    Str rest = tag_without(mem, tag, name);
    size_t i = 1;
    while (i < rest.n && !is_space(rest.p[i]) && rest.p[i] != '>' && rest.p[i] != '/') {
        i++;
    }
    return str_printf(mem, "%.*s %s=\"%.*s\"%.*s", (int)i, rest.p, name, STRF(value), (int)(rest.n - i), rest.p + i);
}
