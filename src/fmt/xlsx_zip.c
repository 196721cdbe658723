/*
 * xlsx_zip.c - the zip package of a workbook as untrusted input: opened once, entries inflated as streams under limits, XML
 * parsed without document types.
 *
 * What a person uploads by mistake (.xls, a workbook with a password, a web page named .xlsx) is told apart first, so that
 * the message can say what to do.
 */
#include "fmt/xlsx_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ENTRIES 2000
#define MAX_RELS 4000
#define RATIO_FREE ((size_t)1 << 20)   /* a ratio is looked at from here on */
#define RATIO_MAX 100
#define XML_BLOCK 65536
#define DAMAGED "工作簿已损坏（%.*s），请在表格软件中重新打开并另存为 .xlsx 后再上传"
#define SAVE_AS "请在表格软件中另存为 .xlsx（不设密码）后再上传"

/* The number of entries the end record declares; before the library reads them all into memory. */
static size_t declared_entries(int fd, size_t size)
{
    static unsigned char none;
    Arena *mem = arena_new(0);
    size_t n = MIN(size, (size_t)65557), count = 0;
    unsigned char *tail = n > 0 ? arena_alloc(mem, n) : &none;
    ssize_t got = pread(fd, tail, n, (off_t)(size - n));
    for (size_t i = got >= 22 ? (size_t)got - 22 + 1 : 0; i-- > 0;) {
        if (memcmp(tail + i, "PK\5\6", 4) == 0) {
            count = (size_t)tail[i + 10] | (size_t)tail[i + 11] << 8;
            break;
        }
    }
    arena_free(mem);
    return count;
}

static bool check_file(Cx *cx, int fd, const TableLimits *max)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return fail(cx, E_IO, "读不到上传的文件");
    }
    size_t size = (size_t)st.st_size;
    if (size == 0) {
        return fail(cx, E_MEDIA_TYPE, "文件是空的，请检查后重新上传");
    }
    if (size > max->max_bytes) {
        return fail(cx, E_TOO_LARGE, "文件超过 %zu MB，请分成几个文件上传", max->max_bytes >> 20);
    }
    unsigned char head[8] = {0};
    ssize_t got = pread(fd, head, sizeof head, 0);
    if (got == 8 && memcmp(head, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) == 0) {
        return fail(cx, E_MEDIA_TYPE, "这是旧版 .xls 或加密的工作簿，" SAVE_AS);
    }
    if (got < 4 || memcmp(head, "PK\3\4", 4) != 0) {
        return fail(cx, E_MEDIA_TYPE, "这不是 .xlsx 工作簿（或文件已损坏），" SAVE_AS);
    }
    if (declared_entries(fd, size) > MAX_ENTRIES) {
        return fail(cx, E_TOO_LARGE, "工作簿里的部件超过 %d 个，请只保留要上传的工作表，另存后再上传", MAX_ENTRIES);
    }
    return true;
}

static bool check_entries(Package *p)
{
    zip_int64_t n = zip_get_num_entries(p->zip, 0);
    if (n > MAX_ENTRIES) {
        return fail(p->cx, E_TOO_LARGE, "工作簿里的部件超过 %d 个，请只保留要上传的工作表，另存后再上传", MAX_ENTRIES);
    }
    for (zip_int64_t i = 0; i < n; i++) {
        zip_stat_t st;
        if (zip_stat_index(p->zip, (zip_uint64_t)i, 0, &st) == 0 && (st.valid & ZIP_STAT_ENCRYPTION_METHOD) &&
            st.encryption_method != ZIP_EM_NONE) {
            return fail(p->cx, E_MEDIA_TYPE, "工作簿设了密码，" SAVE_AS);
        }
    }
    return true;
}

bool package_open(Cx *cx, const char *path, const TableLimits *limits, Package *ret)
{
    Package p = {.cx = cx, .max = table_limits(limits)};
    p.max.max_cell = MIN(p.max.max_cell, (size_t)512 << 10); /* what a chunk of strings takes */
    p.max_unpacked = p.max.max_bytes * 5;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail(cx, E_IO, "读不到文件：%s", strerror(errno));
    }
    if (!check_file(cx, fd, &p.max)) {
        close(fd);
        return false;
    }
    int error;
    p.zip = zip_fdopen(fd, 0, &error);
    if (p.zip == NULL) {
        close(fd);
        return fail(cx, E_MEDIA_TYPE, "这不是 .xlsx 工作簿，或文件没有传完整，" SAVE_AS);
    }
    p.mem = arena_new(0);
    if (!check_entries(&p)) {
        package_close(&p);
        return false;
    }
    *ret = p;
    return true;
}

void package_close(Package *p)
{
    zip_discard(p->zip);
    arena_free(p->mem);
    p->zip = NULL;
    p->mem = NULL;
}

static zip_int64_t locate(Package *p, Str part)
{
    return part.n > 0 ? zip_name_locate(p->zip, str_z(p->mem, part), ZIP_FL_NOCASE | ZIP_FL_ENC_GUESS) : -1;
}

bool package_has(Package *p, Str part)
{
    return locate(p, part) >= 0;
}

static bool too_big(Package *p)
{
    return fail(p->cx, E_TOO_LARGE, "工作簿展开后超过 %zu MB 或压缩比异常，请只保留要上传的工作表和数据，另存后再上传",
                p->max_unpacked >> 20);
}

bool part_open(Package *p, Str part, PartReader *ret)
{
    zip_int64_t at = locate(p, part);
    zip_stat_t st;
    if (at < 0 || zip_stat_index(p->zip, (zip_uint64_t)at, 0, &st) != 0) {
        return fail(p->cx, E_MEDIA_TYPE, DAMAGED, STRF(part));
    }
    if ((st.valid & ZIP_STAT_SIZE) && st.size > p->max_unpacked - p->unpacked) {
        return too_big(p);
    }
    zip_file_t *file = zip_fopen_index(p->zip, (zip_uint64_t)at, 0);
    if (file == NULL) {
        return fail(p->cx, E_MEDIA_TYPE, DAMAGED, STRF(part));
    }
    *ret = (PartReader){.pkg = p, .file = file, .packed = (st.valid & ZIP_STAT_COMP_SIZE) ? (size_t)st.comp_size : 0};
    return true;
}

bool part_read(PartReader *r, void *to, size_t max, size_t *ret_n)
{
    Package *p = r->pkg;
    zip_int64_t n = zip_fread(r->file, to, max);
    if (n < 0) {
        return fail(p->cx, E_MEDIA_TYPE, "工作簿已损坏，请在表格软件中重新打开并另存为 .xlsx 后再上传");
    }
    r->read += (size_t)n;
    p->unpacked += (size_t)n;
    if (p->unpacked > p->max_unpacked || (r->read > RATIO_FREE && r->read / RATIO_MAX > r->packed)) {
        return too_big(p);
    }
    *ret_n = (size_t)n;
    return true;
}

void part_close(PartReader *r)
{
    zip_fclose(r->file);
}

bool part_text(Package *p, Str part, size_t max, Str *ret)
{
    PartReader r;
    if (!part_open(p, part, &r)) {
        return false;
    }
    Buf text = buf_new(p->mem, max);
    Arena *scratch = arena_new(0);
    char *block = arena_alloc(scratch, XML_BLOCK);
    size_t n = 0;
    bool good;
    while ((good = part_read(&r, block, XML_BLOCK, &n)) && n > 0) {
        buf_add_bytes(&text, block, n);
    }
    arena_free(scratch);
    part_close(&r);
    if (good && text.full) {
        return too_big(p);
    }
    *ret = buf_str(&text);
    return good;
}

static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

static void on_start(void *data, const XML_Char *name, const XML_Char **atts)
{
    Xml *x = data;
    if (!x->stopped) {
        x->on->start(x, local(name), atts);
    }
}

static void on_end(void *data, const XML_Char *name)
{
    Xml *x = data;
    if (!x->stopped && x->on->end != NULL) {
        x->on->end(x, local(name));
    }
}

static void on_text(void *data, const XML_Char *p, int n)
{
    Xml *x = data;
    if (!x->stopped) {
        x->on->text(x, p, (size_t)n);
    }
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int internal)
{
    Xml *x = data;
    (void)name, (void)sysid, (void)pubid, (void)internal;
    fail(x->pkg->cx, E_MEDIA_TYPE, "工作簿里有不允许的文档类型声明（DOCTYPE），" SAVE_AS);
    xml_stop(x);
}

void xml_stop(Xml *x)
{
    x->stopped = true;
    XML_StopParser(x->parser, XML_FALSE);
}

const char *xml_attr(const char **atts, const char *name)
{
    for (; *atts != NULL; atts += 2) {
        if (strcmp(local(atts[0]), name) == 0) {
            return atts[1];
        }
    }
    return NULL;
}

static bool feed(Xml *x, PartReader *r)
{
    size_t n;
    do {
        void *block = XML_GetBuffer(x->parser, XML_BLOCK);
        if (block == NULL) {
            return fail(x->pkg->cx, E_MEDIA_TYPE, DAMAGED, STRF(x->part));
        }
        if (!part_read(r, block, XML_BLOCK, &n)) {
            return false;
        }
        enum XML_Status status = XML_ParseBuffer(x->parser, (int)n, n == 0);
        if (x->stopped) {
            return false;
        }
        if (status != XML_STATUS_OK) {
            return fail(x->pkg->cx, E_MEDIA_TYPE, DAMAGED, STRF(x->part));
        }
    } while (n > 0);
    return true;
}

bool xml_parse(Package *p, Str part, const XmlHandlers *on, void *ctx)
{
    PartReader r;
    if (!part_open(p, part, &r)) {
        return false;
    }
    Xml x = {.pkg = p, .on = on, .ctx = ctx, .part = part, .parser = XML_ParserCreate(NULL)};
    CHECK(x.parser != NULL);
    XML_SetUserData(x.parser, &x);
    XML_SetElementHandler(x.parser, on_start, on_end);
    if (on->text != NULL) {
        XML_SetCharacterDataHandler(x.parser, on_text);
    }
    XML_SetStartDoctypeDeclHandler(x.parser, on_doctype);
    bool good = feed(&x, &r);
    XML_ParserFree(x.parser);
    part_close(&r);
    return good;
}

Str rels_part_of(Arena *mem, Str part)
{
    size_t cut = part.n;
    while (cut > 0 && part.p[cut - 1] != '/') {
        cut--;
    }
    return str_printf(mem, "%.*s_rels/%.*s.rels", (int)cut, part.p, (int)(part.n - cut), part.p + cut);
}

/* A target as written in the relations of `base`, as a path in the zip: "../a", "./a" and "/a" resolved. */
static Str resolve(Arena *mem, Str base, Str target)
{
    Str parts[32];
    size_t n = 0;
    Str dir = base;
    while (dir.n > 0 && dir.p[dir.n - 1] != '/') {
        dir.n--;
    }
    Str all = str_starts(target, S("/")) ? target : str_printf(mem, "%.*s%.*s", STRF(dir), STRF(target));
    while (all.n > 0) {
        Str step, rest;
        str_cut(all, '/', &step, &rest);
        all = rest;
        if (str_eq(step, S(".."))) {
            n -= n > 0;
        } else if (!str_empty(step) && !str_eq(step, S(".")) && n < ARRAY_LEN(parts)) {
            parts[n++] = step;
        }
    }
    return str_join(mem, parts, n, S("/"));
}

typedef struct {
    Rels rels;
    Str base;
    size_t cap;
} RelsScan;

static void rels_start(Xml *x, const char *name, const char **atts)
{
    RelsScan *s = x->ctx;
    if (!xml_is(name, "Relationship")) {
        return;
    }
    Arena *mem = x->pkg->mem;
    const char *id = xml_attr(atts, "Id"), *type = xml_attr(atts, "Type"), *target = xml_attr(atts, "Target");
    const char *mode = xml_attr(atts, "TargetMode");
    if (id == NULL || type == NULL || target == NULL || (mode != NULL && xml_is(mode, "External"))) {
        return;
    }
    if (s->rels.n == MAX_RELS) {
        fail(x->pkg->cx, E_TOO_LARGE, "工作簿里的关联部件太多，请只保留要上传的工作表，另存后再上传");
        xml_stop(x);
        return;
    }
    ARRAY_ROOM(mem, s->rels.items, s->rels.n, s->cap);
    const char *slash = strrchr(type, '/');
    s->rels.items[s->rels.n++] = (Rel){.id = str_dup(mem, str_c(id)),
                                       .kind = str_dup(mem, str_c(slash != NULL ? slash + 1 : type)),
                                       .part = resolve(mem, s->base, str_c(target))};
}

bool rels_read(Package *p, Str part, Rels *ret)
{
    static const XmlHandlers on = {.start = rels_start};
    RelsScan s = {.base = part};
    Str name = rels_part_of(p->mem, part);
    if (package_has(p, name) && !xml_parse(p, name, &on, &s)) {
        return false;
    }
    *ret = s.rels;
    return true;
}

const Rel *rels_by_id(const Rels *rels, Str id)
{
    for (size_t i = 0; i < rels->n; i++) {
        if (str_eq(rels->items[i].id, id)) {
            return &rels->items[i];
        }
    }
    return NULL;
}

const Rel *rels_by_kind(const Rels *rels, Str kind)
{
    for (size_t i = 0; i < rels->n; i++) {
        if (str_eq(rels->items[i].kind, kind)) {
            return &rels->items[i];
        }
    }
    return NULL;
}
