/*
 * spool.c - see spool.h. The file has no name (O_TMPFILE, else unlinked at once), so nothing is left behind by a crash;
 * the handler sees it as memory through a private read-only map.
 */
#include "net/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

void net_spool_init(NetSpool *s, Arena *mem, const NetConf *conf, int64_t expect)
{
    size_t max = conf->spool_bytes;
    *s = (NetSpool){.mem = mem, .dir = conf->spool_dir, .memory_max = max, .buf = buf_new(mem, max), .fd = -1};
    if (expect > (int64_t)max) {
        s->memory_max = 0;
    }
}

static int io_status(const char *what)
{
    int err = errno;
    log_error("net: spool file: %s: errno %d", what, err);
    return err == ENOSPC || err == EDQUOT || err == EFBIG ? 507 : 500;
}

static int open_file(NetSpool *s)
{
    s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        Str path = str_printf(s->mem, "%s/body-XXXXXX", s->dir);
        char *name = arena_alloc(s->mem, path.n + 1);
        memcpy(name, path.p, path.n);
        s->fd = mkostemp(name, O_CLOEXEC);
        if (s->fd >= 0) {
            unlink(name);
        }
    }
    return s->fd >= 0 ? 0 : io_status("open");
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return io_status("write");
        }
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

int net_spool_add(void *spool, const char *p, size_t n)
{
    NetSpool *s = spool;
    s->n += (int64_t)n;
    if (s->fd < 0) {
        if (s->buf.n + n <= s->memory_max) {
            buf_add_bytes(&s->buf, p, n);
            CHECK(!s->buf.full);
            return 0;
        }
        int status = open_file(s);
        if (status == 0) {
            status = write_all(s->fd, s->buf.p, s->buf.n);
        }
        if (status != 0) {
            return status;
        }
    }
    return write_all(s->fd, p, n);
}

typedef struct {
    void *p;
    size_t n;
} Map;

static void unmap(void *arg)
{
    const Map *m = arg;
    munmap(m->p, m->n);
}

int net_spool_body(NetSpool *s, Str *ret)
{
    if (s->fd < 0) {
        *ret = buf_str(&s->buf);
        return 0;
    }
    Map *m = NEW(s->mem, Map);
    m->n = (size_t)s->n;
    m->p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, s->fd, 0);
    if (m->p == MAP_FAILED) {
        return io_status("mmap");
    }
    arena_defer(s->mem, unmap, m);
    net_spool_close(s);
    *ret = str_n(m->p, m->n);
    return 0;
}

void net_spool_close(NetSpool *s)
{
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}
