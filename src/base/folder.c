/* folder.c - see folder.h. */
#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = fsync(fd) == 0;
    int why = errno;
    close(fd);
    errno = why;
    return ok;
}

bool folder_sync_of(Arena *mem, const char *path)
{
    size_t n = strlen(path);
    while (n != 0 && path[n - 1] != '/') {
        n--;
    }
    return folder_sync(n == 0 ? "." : str_z(mem, str_n(path, n)));
}

bool folder_has(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool folder_setting(Cx *cx, const char *dir, const char *name, bool *ret_there, Str *ret)
{
    char text[FOLDER_SETTING_MAX + 1];
    const char *path = str_printf(cx->mem, "%s/%s", dir, name).p;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool there = fd >= 0 || errno != ENOENT;
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : there ? -1 : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (n < 0 || n > FOLDER_SETTING_MAX) {
        return fail(cx, E_IO, "读不了 %s，请检查这个文件和它的权限", path);
    }
    if (ret_there != NULL) {
        *ret_there = there;
    }
    *ret = str_dup(cx->mem, str_trim(str_n(text, (size_t)n)));
    return true;
}
