/* disk.c - see disk.h. */
#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR    512
#define MAX_DISKS 8

/* What a file holds for sure, and what was done to it since it was synced. */
typedef struct Pending {
    struct Pending *next;
    bool truncate;
    int64_t at; /* of a truncate: the new length */
    size_t n;
    unsigned char bytes[];
} Pending;

static struct {
    Disk disks[MAX_DISKS];
    size_t n_disks;
} g;

static uint64_t next_random(uint64_t *r)
{
    *r ^= *r << 13;
    *r ^= *r >> 7;
    *r ^= *r << 17;
    return *r;
}

static void room(Disk *d, size_t n)
{
    if (n > d->cap) {
        d->cap = n * 2;
        d->sure = realloc(d->sure, d->cap);
        if (d->sure == NULL) {
            abort();
        }
    }
    if (n > d->n) {
        memset(d->sure + d->n, 0, n - d->n);
        d->n = n;
    }
}

Disk *disk_of(const char *path)
{
    for (size_t i = 0; i < g.n_disks; i++) {
        if (strcmp(g.disks[i].path, path) == 0) {
            return &g.disks[i];
        }
    }
    if (g.n_disks == MAX_DISKS || strlen(path) >= sizeof g.disks[0].path) {
        abort();
    }
    Disk *d = &g.disks[g.n_disks++];
    memset(d, 0, sizeof *d);
    memcpy(d->path, path, strlen(path) + 1);
    d->last = &d->first;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0) {
        room(d, (size_t)st.st_size);
        if (st.st_size != 0 && read(fd, d->sure, d->n) != (ssize_t)d->n) {
            abort();
        }
        close(fd);
    }
    return d;
}

static void later(Disk *d, bool truncate, const void *p, size_t n, int64_t at)
{
    Pending *x = malloc(sizeof *x + n);
    if (x == NULL) {
        abort();
    }
    *x = (Pending){.truncate = truncate, .at = at, .n = n};
    if (n != 0) {
        memcpy(x->bytes, p, n);
    }
    *d->last = x;
    d->last = &x->next;
}

static void put(Disk *d, size_t at, const unsigned char *p, size_t n)
{
    room(d, at + n);
    memcpy(d->sure + at, p, n);
}

static void shorten(Disk *d, size_t n)
{
    if (n < d->n) {
        d->n = n;
    } else {
        room(d, n);
    }
}

/* Everything that waits has reached the disk (a sync), or each sector of it with a chance of `keep` in 100 (a cut). */
static void settle(Disk *d, unsigned keep, uint64_t *r)
{
    for (Pending *x = d->first, *next; x != NULL; x = next) {
        next = x->next;
        if (x->truncate && (keep == 100 || next_random(r) % 100 < keep)) {
            shorten(d, (size_t)x->at);
        }
        for (size_t at = 0; !x->truncate && at < x->n;) {
            size_t n = SECTOR - (((size_t)x->at + at) % SECTOR);
            n = n < x->n - at ? n : x->n - at;
            if (keep == 100) {
                put(d, (size_t)x->at + at, x->bytes + at, n);
            } else if (next_random(r) % 100 < keep) {
                if (next_random(r) % 20 == 0) {
                    x->bytes[at + next_random(r) % n] ^= (unsigned char)(1 + next_random(r) % 255);
                }
                put(d, (size_t)x->at + at, x->bytes + at, n);
            }
            at += n;
        }
        free(x);
    }
    d->first = NULL;
    d->last = &d->first;
}

static void leave_file(const Disk *d)
{
    int fd = open(d->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (size_t at = 0; fd >= 0 && at < d->n;) {
        ssize_t n = write(fd, d->sure + at, d->n - at);
        if (n <= 0) {
            abort();
        }
        at += (size_t)n;
    }
    if (fd < 0) {
        abort();
    }
    close(fd);
}

void disk_write(Disk *d, const void *p, size_t n, int64_t at)
{
    later(d, false, p, n, at);
}

void disk_truncate(Disk *d, int64_t n)
{
    later(d, true, NULL, 0, n);
}

void disk_sync(Disk *d)
{
    settle(d, 100, NULL);
}

void disk_delete(const char *path)
{
    for (size_t i = 0; i < g.n_disks; i++) {
        if (strcmp(g.disks[i].path, path) == 0) {
            settle(&g.disks[i], 100, NULL);
            g.disks[i].n = 0;
        }
    }
}

void disks_leave(uint64_t random)
{
    static const unsigned KEEP[] = {0, 30, 70, 95};
    for (int i = 0; i < 8; i++) {
        next_random(&random);
    }
    for (size_t i = 0; i < g.n_disks; i++) {
        char shm[300];
        settle(&g.disks[i], KEEP[next_random(&random) % 4], &random);
        leave_file(&g.disks[i]);
        (void)!snprintf(shm, sizeof shm, "%s-shm", g.disks[i].path);
        unlink(shm);
    }
}
