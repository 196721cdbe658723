/* vfs.c - see vfs.h. */
#include "vfs.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"

const char *const VFS_WORDS[VFS_KINDS] = {"write", "sync", "truncate", "open", "shm", "read", "size", "delete"};

typedef struct {
    sqlite3_file base;
    Disk *disk; /* NULL: not followed */
    sqlite3_file *real;
} File;

static struct {
    pthread_mutex_t lock;
    sqlite3_vfs ours, *real;
    bool armed, sticky, hit, power;
    VfsKind kind;
    int err;
    int64_t nth, counts[VFS_KINDS];
    uint64_t random;
    bool in_checkpoint;
    int64_t cut_at, done;
} g = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- faults ---- */

static bool also_full(VfsKind kind)
{
    return g.hit && g.sticky && g.err == ENOSPC && (kind == VFS_WRITE || kind == VFS_SHM);
}

/* Does this operation fail? Call with the lock held. */
static bool strikes(VfsKind kind)
{
    g.counts[kind]++;
    if (!g.armed) {
        return false;
    }
    if (kind == g.kind && (g.counts[kind] == g.nth || (g.hit && g.sticky))) {
        g.hit = true;
        return true;
    }
    return also_full(kind);
}

static int code(VfsKind kind)
{
    switch (kind) {
    case VFS_WRITE:
        return g.err == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    case VFS_SYNC:
        return SQLITE_IOERR_FSYNC;
    case VFS_TRUNCATE:
        return SQLITE_IOERR_TRUNCATE;
    case VFS_OPEN:
        return SQLITE_CANTOPEN;
    case VFS_READ:
        return SQLITE_IOERR_CORRUPTFS; /* what EIO becomes in SQLite's own layer */
    case VFS_SIZE:
        return SQLITE_IOERR_FSTAT;
    case VFS_DELETE:
        return SQLITE_IOERR_DELETE;
    default:
        return SQLITE_IOERR_SHMSIZE;
    }
}

static void start(void)
{
    g.armed = g.hit = false;
    memset(g.counts, 0, sizeof g.counts);
}

void vfs_watch(void)
{
    pthread_mutex_lock(&g.lock);
    start();
    pthread_mutex_unlock(&g.lock);
}

void vfs_fault(VfsKind kind, int64_t nth, int err, bool sticky)
{
    pthread_mutex_lock(&g.lock);
    start();
    g.armed = true;
    g.kind = kind;
    g.nth = nth;
    g.err = err;
    g.sticky = sticky;
    pthread_mutex_unlock(&g.lock);
}

void vfs_heal(void)
{
    pthread_mutex_lock(&g.lock);
    g.armed = false;
    pthread_mutex_unlock(&g.lock);
}

bool vfs_hit(void)
{
    pthread_mutex_lock(&g.lock);
    bool hit = g.hit;
    pthread_mutex_unlock(&g.lock);
    return hit;
}

int64_t vfs_count(VfsKind kind)
{
    pthread_mutex_lock(&g.lock);
    int64_t n = g.counts[kind];
    pthread_mutex_unlock(&g.lock);
    return n;
}

/* ---- power ---- */

/* The lock is held and stays held: nobody writes any more. */
_Noreturn static void cut(void)
{
    disks_leave(g.random);
    _exit(VFS_CUT);
}

void vfs_power(uint64_t seed, int64_t cut_at, bool in_checkpoint)
{
    pthread_mutex_lock(&g.lock);
    g.power = true;
    g.random = seed * 0x9E3779B97F4A7C15ULL + 1;
    g.in_checkpoint = in_checkpoint;
    g.cut_at = cut_at;
    g.done = 0;
    pthread_mutex_unlock(&g.lock);
}

void vfs_cut(void)
{
    pthread_mutex_lock(&g.lock);
    cut();
}

static void count_to_cut(const Disk *d)
{
    if (d != NULL && (d->database || !g.in_checkpoint) && ++g.done == g.cut_at) {
        cut();
    }
}

/* ---- the layer ---- */

static File *file_of(sqlite3_file *f)
{
    return (File *)(void *)f;
}

static sqlite3_file *real_of(sqlite3_file *f)
{
    return file_of(f)->real;
}

#define PASS(name, params, args)                                                                                       \
    static int f_##name params                                                                                         \
    {                                                                                                                  \
        return real_of(f)->pMethods->name args;                                                                        \
    }
PASS(xLock, (sqlite3_file * f, int how), (real_of(f), how))
PASS(xUnlock, (sqlite3_file * f, int how), (real_of(f), how))
PASS(xCheckReservedLock, (sqlite3_file * f, int *ret), (real_of(f), ret))
PASS(xFileControl, (sqlite3_file * f, int op, void *arg), (real_of(f), op, arg))
PASS(xSectorSize, (sqlite3_file * f), (real_of(f)))
PASS(xDeviceCharacteristics, (sqlite3_file * f), (real_of(f)))
PASS(xShmLock, (sqlite3_file * f, int at, int n, int flags), (real_of(f), at, n, flags))
PASS(xShmUnmap, (sqlite3_file * f, int del), (real_of(f), del))

/* Reading waits for the lock too: nobody may see the files that a cut leaves behind before the process has ended. */
static int f_xRead(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    pthread_mutex_lock(&g.lock);
    int rc = strikes(VFS_READ) ? code(VFS_READ) : real_of(f)->pMethods->xRead(real_of(f), p, n, at);
    pthread_mutex_unlock(&g.lock);
    return rc;
}

static int f_xFileSize(sqlite3_file *f, sqlite3_int64 *ret)
{
    pthread_mutex_lock(&g.lock);
    int rc = strikes(VFS_SIZE) ? code(VFS_SIZE) : real_of(f)->pMethods->xFileSize(real_of(f), ret);
    pthread_mutex_unlock(&g.lock);
    return rc;
}

static void f_xShmBarrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int f_xClose(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int f_xWrite(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    pthread_mutex_lock(&g.lock);
    Disk *d = file_of(f)->disk;
    int no = strikes(VFS_WRITE) ? code(VFS_WRITE) : SQLITE_OK;
    n = no == SQLITE_OK ? n : n / 2; /* one that fails has written its first half */
    if (d != NULL) {
        disk_write(d, p, (size_t)n, at);
        count_to_cut(d);
    }
    int rc = n != 0 ? real_of(f)->pMethods->xWrite(real_of(f), p, n, at) : SQLITE_OK;
    pthread_mutex_unlock(&g.lock);
    return no != SQLITE_OK ? no : rc;
}

static int f_xTruncate(sqlite3_file *f, sqlite3_int64 n)
{
    pthread_mutex_lock(&g.lock);
    Disk *d = file_of(f)->disk;
    int rc = strikes(VFS_TRUNCATE) ? code(VFS_TRUNCATE) : SQLITE_OK;
    if (rc == SQLITE_OK) {
        if (d != NULL) {
            disk_truncate(d, n);
            count_to_cut(d);
        }
        rc = real_of(f)->pMethods->xTruncate(real_of(f), n);
    }
    pthread_mutex_unlock(&g.lock);
    return rc;
}

/* The real sync is spared: what a process wrote outlives it anyway, and what is sure when the power goes is kept here.
 */
static int f_xSync(sqlite3_file *f, int flags)
{
    (void)flags;
    pthread_mutex_lock(&g.lock);
    Disk *d = file_of(f)->disk;
    int rc = strikes(VFS_SYNC) ? code(VFS_SYNC) : SQLITE_OK;
    if (rc == SQLITE_OK && d != NULL) {
        count_to_cut(d); /* before anything became sure */
        disk_sync(d);
    }
    pthread_mutex_unlock(&g.lock);
    return rc;
}

static int f_xShmMap(sqlite3_file *f, int region, int size, int extend, void volatile **ret)
{
    pthread_mutex_lock(&g.lock);
    bool no = strikes(VFS_SHM);
    int rc = code(VFS_SHM);
    pthread_mutex_unlock(&g.lock);
    return no ? rc : real_of(f)->pMethods->xShmMap(real_of(f), region, size, extend, ret);
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = f_xClose,
    .xRead = f_xRead,
    .xWrite = f_xWrite,
    .xTruncate = f_xTruncate,
    .xSync = f_xSync,
    .xFileSize = f_xFileSize,
    .xLock = f_xLock,
    .xUnlock = f_xUnlock,
    .xCheckReservedLock = f_xCheckReservedLock,
    .xFileControl = f_xFileControl,
    .xSectorSize = f_xSectorSize,
    .xDeviceCharacteristics = f_xDeviceCharacteristics,
    .xShmMap = f_xShmMap,
    .xShmLock = f_xShmLock,
    .xShmBarrier = f_xShmBarrier,
    .xShmUnmap = f_xShmUnmap,
};

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    (void)v;
    File *x = file_of(f);
    *x = (File){.real = (sqlite3_file *)(void *)(x + 1)};
    pthread_mutex_lock(&g.lock);
    bool no = strikes(VFS_OPEN);
    if (!no && g.power && name != NULL && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
        x->disk = disk_of(name);
        x->disk->database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    }
    int rc = no ? code(VFS_OPEN) : SQLITE_OK;
    pthread_mutex_unlock(&g.lock);
    if (rc == SQLITE_OK) {
        rc = g.real->xOpen(g.real, name, x->real, flags, out_flags);
    }
    x->base.pMethods = rc == SQLITE_OK || (!no && x->real->pMethods != NULL) ? &METHODS : NULL;
    return rc;
}

/* A log is removed when its last connection closes. That it comes back after a cut is not played: it would hold what
 * the file holds. */
static int v_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
    (void)v;
    pthread_mutex_lock(&g.lock);
    bool no = strikes(VFS_DELETE);
    if (!no) {
        disk_delete(name);
    }
    pthread_mutex_unlock(&g.lock);
    return no ? code(VFS_DELETE) : g.real->xDelete(g.real, name, sync_dir);
}

void vfs_install(void)
{
    sqlite3_initialize();
    g.real = sqlite3_vfs_find(NULL);
    g.ours = *g.real;
    g.ours.zName = "failing";
    g.ours.szOsFile = (int)sizeof(File) + g.real->szOsFile;
    g.ours.xOpen = v_open;
    g.ours.xDelete = v_delete;
    if (sqlite3_vfs_register(&g.ours, 1) != SQLITE_OK) {
        abort();
    }
}
