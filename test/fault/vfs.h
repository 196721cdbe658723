/*
 * vfs.h - a disk under SQLite that fails or loses its power when told to. For tests only.
 *
 * A file layer around the real one. It passes everything through until a fault or a power cut is asked for; both count
 * operations from the moment they are asked for. One lock for all of it: any thread may be under way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    VFS_WRITE,
    VFS_SYNC,
    VFS_TRUNCATE,
    VFS_OPEN,
    VFS_SHM,
    VFS_READ,
    VFS_SIZE,
    VFS_DELETE,
    VFS_KINDS
} VfsKind;

extern const char *const VFS_WORDS[VFS_KINDS];

/* vfs_install - become SQLite's default layer; before the first connection. */
void vfs_install(void);

/* vfs_fault - the nth operation of that kind from now on fails with `err` (EIO or ENOSPC), and when sticky all later
 * ones of its kind too; a full disk that stays refuses every write and every new file. vfs_heal ends it. vfs_hit: has
 * it struck? */
void vfs_fault(VfsKind kind, int64_t nth, int err, bool sticky);
void vfs_heal(void);
bool vfs_hit(void);
int64_t vfs_count(VfsKind kind); /* operations since vfs_fault or vfs_watch */
void vfs_watch(void);            /* count only */

#define VFS_CUT 77 /* exit status of a process whose power was cut */

/*
 * vfs_power - from now on what is written counts as being in a volatile cache until its file is synced. At the
 * operation number `cut_at` (writes, syncs and truncates of databases and logs; in_checkpoint: of databases only, which
 * a log in use lets a checkpoint touch) each file is left as an unlucky disk would: all that was synced, and of the
 * rest a random choice of 512-byte sectors, a few of them filled with rubbish. Then the process ends at once with
 * VFS_CUT. No file may be open. vfs_cut: now.
 */
void vfs_power(uint64_t seed, int64_t cut_at, bool in_checkpoint);
void vfs_cut(void) __attribute__((noreturn));
