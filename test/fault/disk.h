/*
 * disk.h - what files hold for sure, and what was done to them since they were synced: a volatile cache, for power
 * cuts. See vfs.h.
 *
 * Not locked: the layer's lock is held. Memory that does not suffice ends the process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Pending Pending;

typedef struct {
    char path[256];
    unsigned char *sure;
    size_t n, cap;
    Pending *first, **last;
    bool database; /* not a log */
} Disk;

/* disk_of - the file of that path, as it stands now when it was not followed before. */
Disk *disk_of(const char *path);

void disk_write(Disk *d, const void *p, size_t n, int64_t at);
void disk_truncate(Disk *d, int64_t n);
void disk_sync(Disk *d); /* everything that waits is sure */
void disk_delete(const char *path);

/* disks_leave - every file as an unlucky disk leaves it: what is sure, and a random choice of the 512-byte sectors that
 * wait, a few of them damaged. */
void disks_leave(uint64_t random);
