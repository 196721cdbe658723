/*
 * move_folder.c - the files of a data folder: keys, attachments, pack, settings; no link is followed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/folder.h"
#include "base/steady.h"
#include "store/internal.h"
#include "store/move_int.h"

#define DEEPEST 4

/* The database, what is open or half-done, and notes of one folder. */
static bool stays(const char *name, int depth)
{
    Str n = str_c(name);
    return name[0] == '.' || str_ends(n, S(".part")) ||
           (depth == 0 && (str_starts(n, S("tamga.db")) || str_eq(n, S("db")) || str_eq(n, S("lock")) || str_eq(n, S("spool")) || str_eq(n, S("ballast")) || str_eq(n, S("folder.id"))));
}

static bool copy_file(Cx *cx, const char *from, const char *to)
{
    static const size_t PIECE = (size_t)256 << 10;
    const char *part = str_printf(cx->mem, "%s.part", to).p;
    ArenaMark mark = arena_mark(cx->mem);
    char *buf = arena_alloc(cx->mem, PIECE);
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    Steady out = {.fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    bool ok = in >= 0 && out.fd >= 0;
    for (ssize_t n = 1; ok && n > 0;) {
        n = read(in, buf, PIECE);
        ok = n >= 0 && steady_write(&out, buf, (size_t)n);
    }
    bool full = !ok && errno == ENOSPC;
    ok = ok && steady_end(&out) && rename(part, to) == 0;
    if (in >= 0) {
        close(in);
    }
    if (out.fd >= 0) {
        close(out.fd);
    }
    arena_release(cx->mem, mark);
    return ok ? true : fail(cx, full ? E_FULL : E_IO, "无法把 %s 复制到 %s", from, to);
}

static bool copy_into(Cx *cx, const char *from, const char *to, int depth, int64_t *n)
{
    if (mkdir(to, 0700) != 0 && errno != EEXIST) {
        return fail(cx, E_IO, "无法建立 %s", to);
    }
    DIR *d = opendir(from);
    if (d == NULL) {
        return fail(cx, E_IO, "无法读取 %s", from);
    }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d)) != NULL;) {
        struct stat a, b;
        ArenaMark mark = arena_mark(cx->mem);
        const char *x = str_printf(cx->mem, "%s/%s", from, e->d_name).p, *y = str_printf(cx->mem, "%s/%s", to, e->d_name).p;
        if (stays(e->d_name, depth) || lstat(x, &a) != 0) {
            continue;
        }
        if (S_ISDIR(a.st_mode) && depth < DEEPEST) {
            ok = copy_into(cx, x, y, depth + 1, n);
        } else if (S_ISREG(a.st_mode) && (lstat(y, &b) != 0 || b.st_size != a.st_size)) {
            ok = copy_file(cx, x, y);
            (*n)++;
        } else if (S_ISLNK(a.st_mode) || S_ISDIR(a.st_mode)) { /* attachments on another disk, say: not to be left behind in silence */
            ok = fail(cx, E_DATA, "%s 是链接或者层次太深，搬不过去：请先换成真正的文件夹或文件，或者自己复制过去", x);
        }
        if (ok) {
            arena_release(cx->mem, mark);
        }
    }
    closedir(d);
    return ok && (folder_sync(to) ? true : fail(cx, E_IO, "无法写入 %s", to));
}

bool folder_copy(Cx *cx, const char *from, const char *to, int64_t *ret_copied)
{
    *ret_copied = 0;
    return copy_into(cx, from, to, 0, ret_copied);
}

static bool same_bytes(Arena *mem, const char *a, const char *b)
{
    static const size_t PIECE = (size_t)128 << 10;
    char *x = arena_alloc(mem, PIECE), *y = arena_alloc(mem, PIECE);
    int fa = open(a, O_RDONLY | O_CLOEXEC), fb = open(b, O_RDONLY | O_CLOEXEC);
    bool same = fa >= 0 && fb >= 0;
    for (ssize_t n = 1; same && n > 0;) {
        n = read(fa, x, PIECE);
        ssize_t m = 0;
        for (ssize_t k = 1; n > 0 && m < n && k > 0; m += MAX(k, 0)) {
            k = read(fb, y + m, (size_t)(n - m));
        }
        same = n >= 0 && (n == 0 ? read(fb, y, 1) == 0 : m == n && memcmp(x, y, (size_t)n) == 0);
    }
    if (fa >= 0) {
        close(fa);
    }
    if (fb >= 0) {
        close(fb);
    }
    return same;
}

static bool compare_into(Cx *cx, const char *from, const char *to, int depth, Buf *report)
{
    DIR *d = opendir(from);
    if (d == NULL) {
        return fail(cx, E_IO, "无法读取 %s", from);
    }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d)) != NULL;) {
        struct stat a;
        const char *x = str_printf(cx->mem, "%s/%s", from, e->d_name).p, *y = str_printf(cx->mem, "%s/%s", to, e->d_name).p;
        if (stays(e->d_name, depth) || lstat(x, &a) != 0) {
            continue;
        }
        if (S_ISDIR(a.st_mode) && depth < DEEPEST) {
            ok = compare_into(cx, x, y, depth + 1, report);
        } else if (S_ISREG(a.st_mode)) {
            ArenaMark mark = arena_mark(cx->mem);
            bool same = same_bytes(cx->mem, x, y);
            arena_release(cx->mem, mark);
            if (!same && report->n < ((size_t)8 << 10)) {
                buf_printf(report, "文件 %s 与 %s 不同\n", y, x);
            }
        }
    }
    closedir(d);
    return ok;
}

bool folder_compare(Cx *cx, const char *from, const char *to, Buf *report)
{
    static const char *const KEY[] = {"master.key", "key_file"}; /* the key, or where it is kept; neither where the environment says it */
    for (size_t i = 0; i < ARRAY_LEN(KEY); i++) {
        const char *x = str_printf(cx->mem, "%s/%s", from, KEY[i]).p, *y = str_printf(cx->mem, "%s/%s", to, KEY[i]).p;
        if (access(x, F_OK) == 0 && !same_bytes(cx->mem, x, y)) {
            buf_printf(report, "密钥文件 %s 不同\n", y);
        }
    }
    return compare_into(cx, str_printf(cx->mem, "%s/keys", from).p, str_printf(cx->mem, "%s/keys", to).p, 1, report) &&
           compare_into(cx, str_printf(cx->mem, "%s/files", from).p, str_printf(cx->mem, "%s/files", to).p, 1, report);
}

bool file_put(Cx *cx, const char *path, Str text)
{
    const char *part = str_printf(cx->mem, "%s.part", path).p;
    Steady out = {.fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    bool ok = out.fd >= 0 && steady_write(&out, text.p, text.n) && steady_end(&out);
    if (out.fd >= 0) {
        close(out.fd);
    }
    ok = ok && rename(part, path) == 0 && folder_sync_of(cx->mem, path);
    return ok ? true : fail(cx, E_IO, "无法写入 %s", path);
}
