/*
 * inject.c - put under a whole process by LD_PRELOAD: the n-th allocation, or the n-th operation on a file, fails when told to.
 *
 * Told through a small file that is mapped (TAMGA_FAULT_CTL): sixteen 64-bit numbers, written by the test between two requests, see `Word`. Only what
 * libraries and the program ask the C library for counts: files other than regular ones (sockets, standard error) never fail. Allocations and
 * maps of fresh memory are one kind; the standard streams are seen at fwrite, fflush and fclose, because what is below stays inside the C library.
 * In the test build of the program (ARENA_FAULT) also every arena asks whether its maximum is reached now.
 */
#undef _FILE_OFFSET_BITS /* both names of each function are defined here */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ALLOC = 1, WRITE = 2, SYNC = 4, TRUNCATE = 8, OPEN = 16, NAME = 32, LIMIT = 64, READ = 128, LOOK = 256 };
typedef enum { KINDS, NTH, STICKY, ERRNO, COUNT, HITS, TRACE, UNCHECKED, WORDS = 16 } Word;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static volatile int64_t *ctl;
static __thread bool inside;
static const char *folder;
static uintptr_t unchecked_from, unchecked_to; /* libxlsxwriter, which uses what it got without looking: a crash under it is told apart by UNCHECKED */

static int find_unchecked(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    if (strstr(info->dlpi_name, "libxlsxwriter") != NULL) {
        for (int i = 0; i < info->dlpi_phnum; i++) {
            const ElfW(Phdr) *h = &info->dlpi_phdr[i];
            if (h->p_type == PT_LOAD && (h->p_flags & PF_X) != 0) {
                unchecked_from = (uintptr_t)(info->dlpi_addr + h->p_vaddr);
                unchecked_to = unchecked_from + h->p_memsz;
            }
        }
    }
    return 0;
}

/* Where it crashed, into the log; UNCHECKED when libxlsxwriter is among those who called. Then it dies as it would have. */
static void crashed(int sig)
{
    void *frames[40];
    inside = true;
    int n = backtrace(frames, 40);
    for (int i = 0; i < n && ctl != NULL; i++) {
        if ((uintptr_t)frames[i] >= unchecked_from && (uintptr_t)frames[i] < unchecked_to) {
            ctl[UNCHECKED] = 1;
        }
    }
    backtrace_symbols_fd(frames, n, 2);
    signal(sig, SIG_DFL);
    raise(sig);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TAMGA_FAULT_CTL");
    long fd = path != NULL ? syscall(SYS_open, path, O_RDWR | O_CLOEXEC, 0) : -1;
    dl_iterate_phdr(find_unchecked, NULL);
    folder = getenv("TAMGA_FAULT_DIR");
    if (fd >= 0) {
        void *frames[1];
        (void)backtrace(frames, 1); /* loads what it needs now */
        void *p = (void *)syscall(SYS_mmap, NULL, 8 * WORDS, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0L);
        ctl = p != MAP_FAILED ? p : NULL;
        struct sigaction how = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};
        sigaction(SIGSEGV, &how, NULL);
        sigaction(SIGABRT, &how, NULL); /* the C library's word for memory given back that was never had */
        syscall(SYS_close, (int)fd);
    }
}

static void trace(void)
{
    void *frames[40];
    int n = backtrace(frames, 40);
    backtrace_symbols_fd(frames, n, 2);
    (void)!syscall(SYS_write, 2, "--\n", 3L);
}

/* A thread that lets no signal through, or whose stack is used up, tells where it crashed all the same. */
static void hear(void)
{
    static __thread char stack[1 << 16];
    static __thread bool done;
    if (!done) {
        stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
        done = true;
        (void)sigaltstack(&alt, NULL);
        sigset_t crash;
        sigemptyset(&crash);
        sigaddset(&crash, SIGSEGV);
        pthread_sigmask(SIG_UNBLOCK, &crash, NULL);
    }
}

/* Does this operation fail now? */
static bool strikes(int kind)
{
    if (ctl == NULL || (ctl[KINDS] & kind) == 0 || inside) {
        return false;
    }
    hear();
    int64_t at = __atomic_add_fetch(&ctl[COUNT], 1, __ATOMIC_SEQ_CST), nth = ctl[NTH];
    bool hit = nth != 0 && (at == nth || (at > nth && ctl[STICKY] != 0));
    if (hit) {
        __atomic_add_fetch(&ctl[HITS], 1, __ATOMIC_SEQ_CST);
        if (ctl[TRACE] != 0) {
            inside = true;
            trace();
            inside = false;
        }
        errno = kind == ALLOC ? ENOMEM : (int)ctl[ERRNO];
    }
    return hit;
}


bool arena_fault(void);
bool arena_fault(void)
{
    return strikes(LIMIT);
}

/* ---- memory ---- */

void *malloc(size_t n)
{
    return strikes(ALLOC) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return strikes(ALLOC) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return n != 0 && strikes(ALLOC) ? NULL : __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(n, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, all);
}

void *memalign(size_t align, size_t n)
{
    return strikes(ALLOC) ? NULL : __libc_memalign(align, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    return memalign(align, n);
}

int posix_memalign(void **ret, size_t align, size_t n)
{
    void *p = strikes(ALLOC) ? NULL : __libc_memalign(align, n);
    if (p == NULL) {
        return ENOMEM;
    }
    *ret = p;
    return 0;
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    bool fresh = (flags & MAP_ANONYMOUS) != 0 && (prot & PROT_WRITE) != 0;
    return fresh && strikes(ALLOC) ? MAP_FAILED : (void *)syscall(SYS_mmap, at, n, prot, flags, fd, from);
}

void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    return mmap(at, n, prot, flags, fd, from);
}

/* ---- files ---- */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Of the test's folder only: reading pages and style sheets is not what fails. */
static bool reads(int fd)
{
    char link[64], path[4096];
    if (ctl == NULL || (ctl[KINDS] & READ) == 0 || folder == NULL || fd <= 2) {
        return false;
    }
    (void)!snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path);
    return n > 0 && (size_t)n > strlen(folder) && memcmp(path, folder, strlen(folder)) == 0 && strikes(READ);
}

static bool regular(int fd)
{
    struct stat st;
    return ctl != NULL && ctl[KINDS] > ALLOC && fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t read(int fd, void *p, size_t n)
{
    return reads(fd) ? -1 : syscall(SYS_read, fd, p, n);
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return reads(fd) ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off_t at)
{
    return pread(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    return regular(fd) && strikes(WRITE) ? -1 : syscall(SYS_write, fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return regular(fd) && strikes(WRITE) ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return pwrite(fd, p, n, at);
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
    return regular(fd) && strikes(WRITE) ? -1 : syscall(SYS_writev, fd, iov, n);
}

size_t fwrite(const void *p, size_t size, size_t n, FILE *f)
{
    return regular(fileno(f)) && strikes(WRITE) ? 0 : REAL(fwrite)(p, size, n, f);
}

int fflush(FILE *f)
{
    return f != NULL && regular(fileno(f)) && strikes(WRITE) ? EOF : REAL(fflush)(f);
}

int fclose(FILE *f)
{
    bool hit = regular(fileno(f)) && (fcntl(fileno(f), F_GETFL) & O_ACCMODE) != O_RDONLY && strikes(WRITE);
    int err = errno, rc = REAL(fclose)(f);
    errno = hit ? err : errno;
    return hit ? EOF : rc;
}

int fsync(int fd)
{
    return fd > 2 && strikes(SYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fd > 2 && strikes(SYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t n)
{
    return regular(fd) && strikes(TRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off_t n)
{
    return ftruncate(fd, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    if (regular(fd) && strikes(WRITE)) {
        return errno;
    }
    return REAL(posix_fallocate)(fd, at, n);
}

/* Files of the test's folder only (TAMGA_FAULT_DIR). A full disk refuses new names, a broken one every open. */
static bool open_fails(const char *path, int flags)
{
    bool fresh = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    if (ctl == NULL || (ctl[KINDS] & OPEN) == 0 || folder == NULL || (ctl[ERRNO] == ENOSPC && !fresh)) {
        return false;
    }
    return strncmp(path, folder, strlen(folder)) == 0 && strikes(OPEN);
}

static int open_real(const char *path, int flags, va_list ap)
{
    mode_t mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, mode_t) : 0;
    return open_fails(path, flags) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    int fd = open_real(path, flags, ap);
    va_end(ap);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    int fd = open_real(path, flags | O_LARGEFILE, ap);
    va_end(ap);
    return fd;
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_fails(path, flags) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    return __open_2(path, flags | O_LARGEFILE);
}

FILE *fopen(const char *path, const char *how)
{
    int flags = how[0] == 'r' && strchr(how, '+') == NULL ? O_RDONLY : O_CREAT;
    return open_fails(path, flags) ? NULL : REAL(fopen)(path, how);
}

FILE *fopen64(const char *path, const char *how)
{
    return fopen(path, how);
}

int mkostemp(char *path, int flags)
{
    return open_fails(path, O_CREAT) ? -1 : REAL(mkostemp)(path, flags);
}

int mkostemp64(char *path, int flags)
{
    return mkostemp(path, flags);
}

int mkstemp64(char *path)
{
    return open_fails(path, O_CREAT) ? -1 : REAL(mkstemp)(path);
}

FILE *tmpfile64(void)
{
    return open_fails(folder, O_CREAT) ? NULL : REAL(tmpfile)();
}

int mkstemp(char *path)
{
    return open_fails(path, O_CREAT) ? -1 : REAL(mkstemp)(path);
}

FILE *tmpfile(void)
{
    return open_fails(folder, O_CREAT) ? NULL : REAL(tmpfile)();
}

/* Is it there? What libraries ask by name, of the test's folder. */
static bool look_fails(const char *path)
{
    return ctl != NULL && (ctl[KINDS] & LOOK) != 0 && folder != NULL && strncmp(path, folder, strlen(folder)) == 0 && strikes(LOOK);
}

int access(const char *path, int how)
{
    return look_fails(path) ? -1 : (int)syscall(SYS_access, path, how);
}

int stat(const char *path, struct stat *st)
{
    return look_fails(path) ? -1 : REAL(stat)(path, st);
}

int stat64(const char *path, struct stat64 *st)
{
    return look_fails(path) ? -1 : REAL(stat64)(path, st);
}

int lstat64(const char *path, struct stat64 *st)
{
    return look_fails(path) ? -1 : REAL(lstat64)(path, st);
}

int rename(const char *from, const char *to)
{
    return strikes(NAME) ? -1 : (int)syscall(SYS_rename, from, to);
}

int link(const char *from, const char *to)
{
    return strikes(NAME) ? -1 : (int)syscall(SYS_link, from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return strikes(NAME) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}
