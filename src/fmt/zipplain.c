/*
 * zipplain.c - see zipplain.h. Headers are made by one function, for writing and for comparing.
 */
#include "fmt/zipplain.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "fmt/zippack.h"

#define LOCAL_SIZE 30u
#define ENTRY_SIZE 46u
#define END_SIZE 22u
#define MEMBERS_MAX 65534u
#define NAME_MAX_BYTES 200u

typedef struct {
    Str name;
    uint32_t crc, size, at;
    uint16_t date, time;
} Head;

struct ZipOut {
    Arena *mem;
    const char *path;
    int fd;
    bool whole;
    uint64_t at;
    uint16_t date, time;
    Head *heads;
    size_t n, cap;
};

/* ---- bytes ---- */

static void put2(Buf *b, uint32_t v)
{
    buf_addc(b, (char)(v & 255));
    buf_addc(b, (char)(v >> 8 & 255));
}

static void put4(Buf *b, uint32_t v)
{
    put2(b, v & 0xffff);
    put2(b, v >> 16);
}

static uint32_t get2(const char *p)
{
    return (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8;
}

static uint32_t get4(const char *p)
{
    return get2(p) | get2(p + 2) << 16;
}

static uint32_t crc32_of(Str s)
{
    static const uint32_t NIBBLE[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < s.n; i++) {
        c ^= (unsigned char)s.p[i];
        c = NIBBLE[c & 15] ^ c >> 4;
        c = NIBBLE[c & 15] ^ c >> 4;
    }
    return ~c;
}

/* What both headers have in common: version 2.0, no flags, stored. */
static void put_common(Buf *b, const Head *h)
{
    put2(b, 20);
    put2(b, 0);
    put2(b, 0);
    put2(b, h->time);
    put2(b, h->date);
    put4(b, h->crc);
    put4(b, h->size);
    put4(b, h->size);
    put2(b, (uint32_t)h->name.n);
    put2(b, 0);
}

static void put_local(Buf *b, const Head *h)
{
    put4(b, 0x04034b50);
    put_common(b, h);
    buf_add(b, h->name);
}

static void put_entry(Buf *b, const Head *h)
{
    put4(b, 0x02014b50);
    put2(b, 20);
    put_common(b, h);
    put2(b, 0);
    put2(b, 0);
    put2(b, 0);
    put4(b, 0);
    put4(b, h->at);
    buf_add(b, h->name);
}

static void put_end(Buf *b, size_t n, uint32_t size, uint32_t at)
{
    put4(b, 0x06054b50);
    put4(b, 0);
    put2(b, (uint32_t)n);
    put2(b, (uint32_t)n);
    put4(b, size);
    put4(b, at);
    put2(b, 0);
}

/* ---- writing ---- */

bool zipout_open(Cx *cx, const char *path, int64_t time_ms, ZipOut **ret)
{
    ZipOut *z = NEW(cx->mem, ZipOut);
    *ret = NULL;
    z->mem = cx->mem;
    z->path = str_dup(cx->mem, str_c(path)).p;
    zip_dos_time(time_ms, &z->date, &z->time);
    z->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (z->fd < 0) {
        return errno == EEXIST ? fail(cx, E_CONFLICT, "%s 已经存在，没有改动", path) : fail(cx, E_IO, "无法写入 %s", path);
    }
    *ret = z;
    return true;
}

static bool write_all(Cx *cx, ZipOut *z, Str s)
{
    for (size_t at = 0; at < s.n;) {
        ssize_t got = write(z->fd, s.p + at, s.n - at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return fail(cx, errno == ENOSPC ? E_FULL : E_IO, "压缩包写不下去");
        }
        at += (size_t)got;
    }
    z->at += s.n;
    return true;
}

bool zipout_add(Cx *cx, ZipOut *z, Str name, Str bytes)
{
    CHECK(name.n != 0 && name.n <= NAME_MAX_BYTES);
    if (z->n == MEMBERS_MAX || z->at + bytes.n + LOCAL_SIZE + NAME_MAX_BYTES > UINT32_MAX - ((uint64_t)64 << 20)) {
        return fail(cx, E_TOO_LARGE, "内容太多，一个压缩包放不下（最多 4 GB、65534 个文件）");
    }
    ARRAY_ROOM(z->mem, z->heads, z->n, z->cap);
    Head *h = &z->heads[z->n++];
    *h = (Head){.name = str_dup(z->mem, name), .crc = crc32_of(bytes), .size = (uint32_t)bytes.n, .at = (uint32_t)z->at,
                .date = z->date, .time = z->time};
    Buf b = buf_new(cx->mem, LOCAL_SIZE + NAME_MAX_BYTES);
    put_local(&b, h);
    return write_all(cx, z, buf_str(&b)) && write_all(cx, z, bytes);
}

bool zipout_end(Cx *cx, ZipOut *z)
{
    Buf b = buf_new(cx->mem, z->n * (ENTRY_SIZE + NAME_MAX_BYTES) + END_SIZE);
    for (size_t i = 0; i < z->n; i++) {
        put_entry(&b, &z->heads[i]);
    }
    put_end(&b, z->n, (uint32_t)b.n, (uint32_t)z->at);
    CHECK(!b.full);
    if (!write_all(cx, z, buf_str(&b))) {
        return false;
    }
    if (fsync(z->fd) != 0) {
        return fail(cx, E_IO, "压缩包没有写到磁盘上");
    }
    z->whole = true;
    return true;
}

void zipout_drop(ZipOut *z)
{
    if (z == NULL) {
        return;
    }
    close(z->fd);
    if (!z->whole) {
        (void)unlink(z->path);
    }
}

/* ---- reading ---- */

static bool same_bytes(Str file, size_t at, Str want)
{
    return at <= file.n && want.n <= file.n - at && memcmp(file.p + at, want.p, want.n) == 0;
}

bool zipplain_read(Cx *cx, Str file, ZipMember **ret, size_t *ret_n)
{
    const char *end = file.n >= END_SIZE ? file.p + file.n - END_SIZE : NULL;
    if (end == NULL || get4(end) != 0x06054b50) {
        return fail(cx, E_INVALID, "不是压缩包，或者结尾被截断、改动");
    }
    size_t n = get2(end + 10), dir = get4(end + 16), at = dir, next = 0, stop = file.n - END_SIZE;
    Buf b = buf_new(cx->mem, ENTRY_SIZE + NAME_MAX_BYTES);
    if (dir > stop) {
        return fail(cx, E_INVALID, "压缩包结尾的目录位置被改动");
    }
    put_end(&b, n, (uint32_t)(stop - dir), (uint32_t)dir);
    if (!same_bytes(file, stop, buf_str(&b))) {
        return fail(cx, E_INVALID, "压缩包的结尾被改动");
    }
    ZipMember *items = NEW_ARRAY(cx->mem, ZipMember, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *p = file.p + at;
        size_t name_n = stop - at >= ENTRY_SIZE ? get2(p + 28) : 0;
        if (name_n == 0 || name_n > NAME_MAX_BYTES || stop - at - ENTRY_SIZE < name_n) {
            return fail(cx, E_INVALID, "压缩包目录的第 %zu 项被改动", i + 1);
        }
        Head h = {.name = str_n(p + ENTRY_SIZE, name_n), .crc = get4(p + 16), .size = get4(p + 24), .at = (uint32_t)next,
                  .date = (uint16_t)get2(p + 14), .time = (uint16_t)get2(p + 12)};
        size_t from = next + LOCAL_SIZE + name_n;
        if (from > dir || h.size > dir - from) {
            return fail(cx, E_INVALID, "压缩包目录的第 %zu 项（%.*s）与内容对不上", i + 1, STRF(h.name));
        }
        items[i] = (ZipMember){.name = h.name, .bytes = str_n(file.p + from, h.size)};
        items[i].sum = crc32_of(items[i].bytes) == h.crc;
        buf_clear(&b);
        put_entry(&b, &h);
        items[i].heads = same_bytes(file, at, buf_str(&b));
        buf_clear(&b);
        put_local(&b, &h);
        items[i].heads = items[i].heads && same_bytes(file, next, buf_str(&b));
        next = from + h.size;
        at += ENTRY_SIZE + name_n;
    }
    if (next != dir || at != stop) {
        return fail(cx, E_INVALID, "压缩包里有目录没有写到的内容");
    }
    *ret = items;
    *ret_n = n;
    return true;
}
