/*
 * upload.c - uploaded workbooks as files: what they are, by their bytes, and how many rows they have.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fmt/xlsx.h"
#include "job/internal.h"
#include "job/sheet.h"

char upload_kind(Str bytes)
{
    if (str_starts(bytes, S("PK\x03\x04"))) {
        return 'x';
    }
    if (str_starts(bytes, S("\xD0\xCF\x11\xE0"))) {
        return 'o';
    }
    if (str_starts(bytes, S("\xFF\xFE")) || str_starts(bytes, S("\xFE\xFF"))) {
        return 'c';
    }
    for (size_t i = 0; i < MIN(bytes.n, (size_t)4096); i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != 0) { /* a NUL is named by the CSV reader, with its place */
            return 0;
        }
    }
    return bytes.n != 0 && bytes.p[0] != 0 && !str_starts(bytes, S("%PDF")) ? 'c' : 0;
}

static bool count_cells(void *ctx, size_t row, const Cell *cells, size_t n)
{
    (void)row;
    (void)cells;
    (void)n;
    ++*(int64_t *)ctx;
    return true;
}

/* Lines are as good as rows for a bar's length. */
static int64_t count_lines(const char *path)
{
    int64_t n = 0;
    char block[16384];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got; fd >= 0 && (got = read(fd, block, sizeof block)) > 0;) {
        for (ssize_t i = 0; i < got; i++) {
            n += block[i] == '\n';
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return n;
}

int64_t rows_in(Cx *cx, const char *path)
{
    char head[4] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, head, sizeof head) : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (got != sizeof head || upload_kind(str_n(head, sizeof head)) != 'x') {
        return count_lines(path);
    }
    int64_t n = 0;
    ArenaMark mark = arena_mark(cx->mem);
    if (!xlsx_read(cx, path, 0, &IMPORT_LIMITS, count_cells, &n)) {
        cx_clear(cx);
        n = 0;
    }
    arena_release(cx->mem, mark);
    return n;
}
