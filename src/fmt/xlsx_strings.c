/*
 * xlsx_strings.c - the shared strings of a workbook, read into chunks: 4 bytes of length, then the text; an index of positions.
 *
 * Two arrays of blocks instead of one growing array keep the memory at what the strings need. Rich text is put together,
 * phonetic readings are left out, an empty <si/> counts. Texts longer than a cell may be are cut one byte past the limit, so
 * that the reader notices when such a cell is really used.
 */
#include "fmt/xlsx_int.h"

#define CHUNK ((size_t)1 << 20)
#define BLOCK ((size_t)16384)
#define MAX_TOTAL ((size_t)64 << 20)
#define MAX_CHUNKS (2 * MAX_TOTAL / CHUNK)

typedef struct {
    Strings *out;
    char *text;          /* of the string being read; max_cell + 1 bytes */
    size_t n;
    int phonetic;        /* depth inside <rPh> */
    bool in_item, in_text;
} StringScan;

/* A place for `n` bytes that do not cross chunks; its position. */
static uint32_t place(Strings *s, size_t n)
{
    size_t need = (n + 4 + 3) & ~(size_t)3;
    CHECK(need <= CHUNK);
    if (s->n_chunks == 0 || s->used + need > CHUNK) {
        CHECK(s->n_chunks < MAX_CHUNKS);
        s->chunks[s->n_chunks++] = arena_alloc(s->mem, CHUNK);
        s->used = 0;
    }
    uint32_t at = (uint32_t)((s->n_chunks - 1) * CHUNK + s->used);
    s->used += need;
    return at;
}

static bool keep(Xml *x, StringScan *scan)
{
    Strings *s = scan->out;
    s->total += scan->n + 8;
    if (s->total > MAX_TOTAL) {
        return fail(x->pkg->cx, E_TOO_LARGE, "工作簿里的文字超过 %zu MB，请分成几个文件上传", MAX_TOTAL >> 20);
    }
    if (s->n % BLOCK == 0) {
        s->index[s->n / BLOCK] = NEW_ARRAY(s->mem, uint32_t, BLOCK);
    }
    uint32_t at = place(s, scan->n), n = (uint32_t)scan->n;
    s->index[s->n / BLOCK][s->n % BLOCK] = at;
    s->n++;
    char *to = s->chunks[at / CHUNK] + at % CHUNK;
    memcpy(to, &n, sizeof n);
    memcpy(to + 4, scan->text, n);
    return true;
}

static void string_start(Xml *x, const char *name, const char **atts)
{
    StringScan *s = x->ctx;
    (void)atts;
    if (xml_is(name, "si")) {
        s->in_item = true;
        s->n = 0;
    } else if (xml_is(name, "rPh")) {
        s->phonetic++;
    } else if (xml_is(name, "t")) {
        s->in_text = s->in_item && s->phonetic == 0;
    }
}

static void string_text(Xml *x, const char *p, size_t n)
{
    StringScan *s = x->ctx;
    if (s->in_text) {
        size_t room = s->out->max_cell + 1 - s->n;
        n = MIN(n, room);
        memcpy(s->text + s->n, p, n);
        s->n += n;
    }
}

static void string_end(Xml *x, const char *name)
{
    StringScan *s = x->ctx;
    if (xml_is(name, "t")) {
        s->in_text = false;
    } else if (xml_is(name, "rPh")) {
        s->phonetic -= s->phonetic > 0;
    } else if (xml_is(name, "si")) {
        s->in_item = false;
        s->n = s->n <= s->out->max_cell ? xstring_decode(s->text, s->n) : s->n;
        if (!keep(x, s)) {
            xml_stop(x);
        }
    }
}

bool strings_read(Package *p, Str part, Strings *ret)
{
    static const XmlHandlers on = {.start = string_start, .end = string_end, .text = string_text};
    Strings s = {.mem = p->mem, .max_cell = p->max.max_cell};
    s.chunks = NEW_ARRAY(p->mem, char *, MAX_CHUNKS);
    s.index = NEW_ARRAY(p->mem, uint32_t *, MAX_TOTAL / 8 / BLOCK + 1);
    if (!str_empty(part)) {
        StringScan scan = {.out = &s, .text = arena_alloc(p->mem, s.max_cell + 2)};
        if (!xml_parse(p, part, &on, &scan)) {
            return false;
        }
    }
    *ret = s;
    return true;
}

bool strings_get(const Strings *s, size_t i, Str *ret)
{
    if (i >= s->n) {
        return false;
    }
    uint32_t at = s->index[i / BLOCK][i % BLOCK], n;
    const char *p = s->chunks[at / CHUNK] + at % CHUNK;
    memcpy(&n, p, sizeof n);
    *ret = str_n(p + 4, n);
    return true;
}

/* The code point of "_xHHHH_" at p, or 0 when it is not one. */
static uint32_t escape_at(const char *p, size_t left)
{
    uint32_t cp = 0;
    if (left < 7 || p[0] != '_' || p[1] != 'x' || p[6] != '_') {
        return 0;
    }
    for (size_t i = 2; i < 6; i++) {
        char c = p[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                                                : 99;
        if (digit == 99) {
            return 0;
        }
        cp = cp * 16 + digit;
    }
    return cp >= 0xD800 && cp <= 0xDFFF ? 0 : cp;
}

size_t xstring_decode(char *p, size_t n)
{
    if (n == 0 || (memchr(p, '\r', n) == NULL && memmem(p, n, "_x", 2) == NULL)) {
        return n;
    }
    size_t to = 0;
    for (size_t i = 0; i < n;) {
        uint32_t cp = escape_at(p + i, n - i);
        if (cp != 0) {
            char c[4];
            size_t len = utf8_put(c, cp);
            memcpy(p + to, c, len);
            to += len;
            i += 7;
        } else {
            p[to++] = p[i++];
        }
    }
    size_t out = 0;
    for (size_t i = 0; i < to; i++) {
        if (p[i] != '\r') {
            p[out++] = p[i];
        } else if (i + 1 == to || p[i + 1] != '\n') {
            p[out++] = '\n';
        }
    }
    return out;
}
