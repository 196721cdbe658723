/* steady.c - see steady.h. Linux: sync_file_range hands pages to the disk; it promises nothing about a power cut, fsync at the end does. */
#include "base/steady.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PORTION ((int64_t)1 << 20)

bool steady_write(Steady *s, const void *bytes, size_t n)
{
    for (const char *p = bytes; n > 0;) {
        ssize_t k = pwrite(s->fd, p, n, s->at);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k <= 0) {
            errno = k == 0 ? EIO : errno;
            return false;
        }
        p += k;
        n -= (size_t)k;
        s->at += k;
    }
    while (s->at - s->sent >= PORTION) { /* begin this portion, then wait for the one before */
        (void)sync_file_range(s->fd, s->sent, PORTION, SYNC_FILE_RANGE_WRITE);
        if (s->sent >= PORTION) {
            (void)sync_file_range(s->fd, s->sent - PORTION, PORTION, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
        }
        s->sent += PORTION;
    }
    return true;
}

bool steady_end(Steady *s)
{
    return fsync(s->fd) == 0;
}
