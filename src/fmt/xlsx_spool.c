/*
 * xlsx_spool.c - see xlsx_spool.h. The zip library pulls an entry's bytes when the zip is closed; a small source hands it the
 * head, the file and the tail one after another.
 */
#include "fmt/xlsx_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BLOCK ((size_t)256 << 10)

bool spool_open(Cx *cx, Arena *mem, const char *beside, Spool *ret)
{
    const char *slash = strrchr(beside, '/');
    Str dir = slash == NULL ? S(".") : str_n(beside, MAX((size_t)(slash - beside), (size_t)1));
    int fd = open(str_z(mem, dir), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        Str name = str_printf(mem, "%s.XXXXXX", beside);
        char *path = arena_alloc(mem, name.n + 1);
        memcpy(path, name.p, name.n);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0) {
            unlink(path);
        }
    }
    if (fd < 0) {
        return fail(cx, E_IO, "建立临时文件时出错：%s", strerror(errno));
    }
    *ret = (Spool){.fd = fd, .block = arena_alloc(mem, BLOCK)};
    return true;
}

void spool_close(Spool *s)
{
    close(s->fd);
    s->fd = -1;
}

static void flush(Spool *s)
{
    size_t done = 0;
    while (done < s->n && !s->failed) {
        ssize_t k = write(s->fd, s->block + done, s->n - done);
        if (k > 0) {
            done += (size_t)k;
        } else if (k < 0 && errno != EINTR) {
            s->failed = true;
            s->error = errno;
        }
    }
    s->flushed += s->n;
    s->n = 0;
}

void spool_add(Spool *s, const void *p, size_t n)
{
    const char *from = p;
    while (n > 0) {
        if (s->n == BLOCK) {
            flush(s);
        }
        size_t part = MIN(n, BLOCK - s->n);
        memcpy(s->block + s->n, from, part);
        s->n += part;
        from += part;
        n -= part;
    }
}

void spool_int(Spool *s, int64_t v)
{
    char text[24];
    size_t at = sizeof text;
    uint64_t size = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do {
        text[--at] = (char)('0' + size % 10);
        size /= 10;
    } while (size > 0);
    if (v < 0) {
        text[--at] = '-';
    }
    spool_add(s, text + at, sizeof text - at);
}

/* What stands for the bytes at p in XML: empty when they stand for themselves. *ret_used: how many bytes it replaces. */
static Str escape_of(const char *p, size_t left, char out[8], size_t *ret_used)
{
    unsigned char c = (unsigned char)*p;
    *ret_used = 1;
    switch (c) {
    case '&':
        return S("&amp;");
    case '<':
        return S("&lt;");
    case '>':
        return S("&gt;");
    case '"':
        return S("&quot;");
    case '_':
        /* What looks like an escape is made literal. */
        return left > 1 && p[1] == 'x' ? S("_x005F_") : S("");
    case 0xEF:
        if (left > 2 && (unsigned char)p[1] == 0xBF && (unsigned char)p[2] >= 0xBE) { /* U+FFFE and U+FFFF are no XML */
            *ret_used = 3;
            return S("\xEF\xBF\xBD");
        }
        return S("");
    default:
        if (c < 0x20 && c != '\n' && c != '\t') {
            int n = snprintf(out, 8, "_x00%02X_", c);
            return str_n(out, (size_t)n);
        }
        return S("");
    }
}

void spool_text(Spool *s, Str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n;) {
        unsigned char c = (unsigned char)text.p[i];
        if (c >= 0x80 ? c != 0xEF : c > '>' && c != '_') {
            i++;
            continue;
        }
        char out[8];
        size_t used;
        Str esc = escape_of(text.p + i, text.n - i, out, &used);
        if (esc.n > 0) {
            spool_add(s, text.p + from, i - from);
            spool_str(s, esc);
            from = i + used;
        }
        i += used;
    }
    spool_add(s, text.p + from, text.n - from);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

void spool_inline(Spool *s, Str prefix, Str text)
{
    bool keep = text.n > 0 && (is_blank(text.p[0]) || is_blank(text.p[text.n - 1]) || memchr(text.p, '\n', text.n) != NULL);
    if (prefix.n == 0) {
        spool_str(s, keep ? S("<is><t xml:space=\"preserve\">") : S("<is><t>"));
        spool_text(s, text);
        spool_str(s, S("</t></is>"));
        return;
    }
    const Str parts[] = {S("<"), prefix, S("is><"), prefix, S("t xml:space=\"preserve\">")};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        spool_str(s, parts[i]);
    }
    spool_text(s, text);
    const Str ends[] = {S("</"), prefix, S("t></"), prefix, S("is>")};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        spool_str(s, ends[i]);
    }
}

typedef struct {
    Str head, tail;
    Spool *spool;
    uint64_t at, total;
    zip_error_t error;
} Source;

static zip_int64_t read_source(Source *src, void *to, zip_uint64_t max)
{
    uint64_t middle = src->spool != NULL ? src->spool->flushed : 0;
    if (src->at < src->head.n) {
        size_t n = MIN((size_t)max, src->head.n - (size_t)src->at);
        memcpy(to, src->head.p + src->at, n);
        src->at += n;
        return (zip_int64_t)n;
    }
    uint64_t at = src->at - src->head.n;
    if (at < middle) {
        ssize_t k = pread(src->spool->fd, to, MIN((size_t)max, (size_t)(middle - at)), (off_t)at);
        if (k <= 0) {
            zip_error_set(&src->error, ZIP_ER_READ, errno);
            return -1;
        }
        src->at += (uint64_t)k;
        return k;
    }
    at -= middle;
    size_t n = MIN((size_t)max, src->tail.n - (size_t)at);
    if (n > 0) {
        memcpy(to, src->tail.p + at, n);
    }
    src->at += n;
    return (zip_int64_t)n;
}

static zip_int64_t source_call(void *state, void *data, zip_uint64_t len, zip_source_cmd_t cmd)
{
    Source *src = state;
    switch (cmd) {
    case ZIP_SOURCE_OPEN:
        src->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return read_source(src, data, len);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_STAT: {
        zip_stat_t *st = data;
        zip_stat_init(st);
        st->size = src->total;
        st->valid = ZIP_STAT_SIZE;
        return (zip_int64_t)sizeof *st;
    }
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&src->error, data, len);
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
    default:
        zip_error_set(&src->error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

bool zip_put(Cx *cx, Arena *mem, zip_t *zip, const char *name, Str head, Spool *spool, Str tail, unsigned level)
{
    if (spool != NULL) {
        flush(spool);
        if (spool->failed) {
            return fail(cx, spool->error == ENOSPC ? E_FULL : E_IO, "写临时文件时出错：%s", strerror(spool->error));
        }
    }
    Source *src = NEW(mem, Source);
    *src = (Source){.head = head, .tail = tail, .spool = spool};
    src->total = head.n + tail.n + (spool != NULL ? spool->flushed : 0);
    zip_error_init(&src->error);
    zip_source_t *source = zip_source_function(zip, source_call, src);
    if (source == NULL) {
        return fail(cx, E_IO, "写工作簿出错：%s", zip_strerror(zip));
    }
    zip_int64_t at = zip_name_locate(zip, name, ZIP_FL_NOCASE);
    /* The library keeps the level of new entries only: a replaced one is always deflated as hard as can be. */
    if (at >= 0 && level != 0 && zip_delete(zip, (zip_uint64_t)at) == 0) {
        at = -1;
    }
    bool good = at >= 0 ? zip_file_replace(zip, (zip_uint64_t)at, source, 0) == 0
                        : (at = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8)) >= 0;
    if (!good) {
        zip_source_free(source);
        return fail(cx, E_IO, "写工作簿出错：%s", zip_strerror(zip));
    }
    CHECK(level == 0 || zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_DEFLATE, level) == 0);
    return true;
}

bool zip_finish(Cx *cx, zip_t *zip)
{
    if (zip_close(zip) != 0) {
        bool full = zip_error_code_system(zip_get_error(zip)) == ENOSPC;
        fail(cx, full ? E_FULL : E_IO, "写工作簿出错：%s", zip_strerror(zip));
        zip_discard(zip);
        return false;
    }
    return true;
}

Str col_letters(char out[4], size_t col)
{
    size_t at = 4;
    for (size_t n = col + 1; n > 0; n = (n - 1) / 26) {
        out[--at] = (char)('A' + (n - 1) % 26);
    }
    memmove(out, out + at, 4 - at);
    out[4 - at] = '\0'; /* at most three letters: XFD */
    return str_n(out, 4 - at);
}
