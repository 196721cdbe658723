/*
 * scan.c - the virus scanner: a program of the office's choice that gets an attachment on its standard input and answers with its exit status.
 *
 * The bytes lie in an anonymous file of the kernel, so the scanner may read slowly or not at all and nothing here can block on it. At most two
 * scans at once: the threads that wait for them also serve pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"
#include "store/file.h"
#include "store/internal.h"

#define SCAN_MS 30000
#define SCANS_AT_ONCE 2
#define WORDS_MAX 16

extern char **environ;

void file_scan_use(Store *s, const char *command)
{
    s->scan = command;
}

/* First line that says something. Empty: none. */
static bool conf_line(Cx *cx, const Store *s, Str *ret)
{
    *ret = S("");
    Str rest, line;
    if (!folder_setting(cx, s->dir, "scan.conf", NULL, &rest)) {
        cx_clear(cx);
        return fail(cx, E_BUSY, "暂时不能检查附件，没有保存；请稍后再试或联系管理员");
    }
    while (rest.n != 0 && ret->n == 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        line = str_trim(line);
        *ret = line.n != 0 && line.p[0] != '#' ? line : S("");
    }
    return true;
}

static bool words_of(Cx *cx, Str line, char *argv[WORDS_MAX + 1])
{
    size_t n = 0;
    Str word;
    while (line.n != 0) {
        (void)str_cut(line, ' ', &word, &line);
        word = str_trim(word);
        if (word.n != 0 && n == WORDS_MAX) {
            return false;
        }
        if (word.n != 0) {
            Str copy = str_dup(cx->mem, word);
            argv[n++] = (char *)(uintptr_t)copy.p;
        }
    }
    argv[n] = NULL;
    return n != 0;
}

/* A file that only this process and the scanner know, at its beginning. */
static int bytes_fd(Str bytes)
{
    int fd = memfd_create("attachment", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < bytes.n;) {
        ssize_t n = write(fd, bytes.p + at, bytes.n - at);
        if (n <= 0) {
            close(fd);
            return -1;
        }
        at += (size_t)n;
    }
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool start(char *const argv[], int in, pid_t *ret)
{
    posix_spawn_file_actions_t acts;
    posix_spawnattr_t attr;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_adddup2(&acts, in, 0);
    posix_spawn_file_actions_addopen(&acts, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&acts, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setpgroup(&attr, 0); /* its own group, so that what it started ends with it */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    int error = posix_spawnp(ret, argv[0], &acts, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&acts);
    posix_spawnattr_destroy(&attr);
    return error == 0;
}

/* Its exit status; -1 when it did not end by itself in time. */
static int finish(pid_t pid)
{
    int fd = pidfd_open(pid, 0), status = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    bool ended = fd >= 0 && poll(&p, 1, SCAN_MS) == 1;
    if (!ended) {
        kill(-pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (fd >= 0) {
        close(fd);
    }
    return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run(char *const argv[], Str bytes)
{
    pid_t pid;
    int in = bytes_fd(bytes), status = -1;
    if (in >= 0 && start(argv, in, &pid)) {
        status = finish(pid);
    }
    if (in >= 0) {
        close(in);
    }
    return status;
}

bool file_scan(Cx *cx, const Store *s, Str bytes)
{
    static _Atomic int running;
    char *argv[WORDS_MAX + 1];
    Str line = s->scan != NULL ? str_trim(str_c(s->scan)) : S("");
    if (line.n == 0 && !conf_line(cx, s, &line)) {
        return false;
    }
    if (line.n == 0) {
        return true;
    }
    int status = -1;
    if (words_of(cx, line, argv)) {
        if (atomic_fetch_add(&running, 1) < SCANS_AT_ONCE) {
            status = run(argv, bytes);
        }
        atomic_fetch_sub(&running, 1);
    }
    if (status == 1) {
        return fail(cx, E_INVALID, "病毒检查没有通过，附件没有保存；请换一个干净的文件");
    }
    if (status != 0) {
        log_warn("attachment not scanned: status %d", status);
        return fail(cx, E_BUSY, "暂时不能检查附件，没有保存；请稍后再试或联系管理员");
    }
    return true;
}
