/*
 * press.c - the side of the server: a few workers, each with one socket, taken by one thread at a time.
 */
#include "job/press.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "job/press_int.h"

#define WORKERS 2

typedef struct {
    pid_t pid; /* 0: none */
    int fd;
    bool taken;
} Worker;

struct Press {
    Arena *mem;
    const char *exe;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    Worker workers[WORKERS];
};

Press *press_start(const char *exe)
{
    Arena *mem = arena_new(0);
    Press *p = NEW(mem, Press);
    p->mem = mem;
    p->exe = exe != NULL ? str_z(mem, str_c(exe)) : "/proc/self/exe";
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    CHECK(pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->freed, &attr) == 0);
    pthread_condattr_destroy(&attr);
    return p;
}

static void bury(Press *p, Worker *w)
{
    pthread_mutex_lock(&p->lock); /* press_pids reads pid */
    pid_t pid = w->pid;
    w->pid = 0;
    pthread_mutex_unlock(&p->lock);
    if (pid != 0) {
        close(w->fd);
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}

void press_stop(Press *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < WORKERS; i++) {
        CHECK(!p->workers[i].taken);
        bury(p, &p->workers[i]);
    }
    pthread_cond_destroy(&p->freed);
    pthread_mutex_destroy(&p->lock);
    arena_free(p->mem);
}

/* Only what fonts and sanitizers read goes into the worker's environment: it may hold secrets. */
static char **environment(Arena *mem)
{
    static const char *const KEEP[] = {
        "HOME", "PATH", "XDG_CACHE_HOME", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS"};
    char **env = NEW_ARRAY(mem, char *, ARRAY_LEN(KEEP) + 1);
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(KEEP); i++) {
        const char *v = getenv(KEEP[i]);
        if (v != NULL) {
            Str s = str_printf(mem, "%s=%s", KEEP[i], v);
            char *copy = arena_alloc(mem, s.n + 1);
            memcpy(copy, s.p, s.n);
            env[n++] = copy;
        }
    }
    return env;
}

static bool hire(Cx *cx, Press *p, Worker *w)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return fail(cx, E_BUSY, "系统繁忙，文书没有生成，请稍后再试");
    }
    posix_spawn_file_actions_t acts;
    posix_spawnattr_t attr;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_adddup2(&acts, pair[1], 0);
    posix_spawn_file_actions_addopen(&acts, 1, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    char name[] = "tamga", word[] = "press", *argv[] = {name, word, NULL};
    Arena *mem = arena_new(0);
    pid_t pid = 0;
    int error = posix_spawn(&pid, p->exe, &acts, &attr, argv, environment(mem));
    arena_free(mem);
    posix_spawn_file_actions_destroy(&acts);
    posix_spawnattr_destroy(&attr);
    close(pair[1]);
    if (error != 0) {
        close(pair[0]);
        return fail(cx, E_BUSY, "无法启动文书排版程序：%s", strerror(error));
    }
    pthread_mutex_lock(&p->lock);
    w->pid = pid;
    w->fd = pair[0];
    pthread_mutex_unlock(&p->lock);
    return true;
}

/* A running worker before a new one. */
static Worker *take(Press *p, int64_t until_ms)
{
    Worker *found = NULL;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_mutex_lock(&p->lock);
    for (;;) {
        for (size_t i = 0; i < WORKERS; i++) {
            Worker *w = &p->workers[i];
            if (!w->taken && (found == NULL || (w->pid != 0 && found->pid == 0))) {
                found = w;
            }
        }
        if (found != NULL || pthread_cond_timedwait(&p->freed, &p->lock, &until) == ETIMEDOUT) {
            break;
        }
    }
    if (found != NULL) {
        found->taken = true;
    }
    pthread_mutex_unlock(&p->lock);
    return found;
}

static void give_back(Press *p, Worker *w)
{
    pthread_mutex_lock(&p->lock);
    w->taken = false;
    pthread_cond_signal(&p->freed);
    pthread_mutex_unlock(&p->lock);
}

typedef enum { MOVED, LATE, DEAD } Moved;

/* All of n bytes in or out before the deadline. */
static Moved move(int fd, void *p, size_t n, bool out, int64_t until_ms)
{
    for (size_t at = 0; at < n;) {
        int64_t left = until_ms - clock_mono_ms();
        struct pollfd f = {.fd = fd, .events = out ? POLLOUT : POLLIN};
        if (left <= 0 || poll(&f, 1, (int)left) == 0) {
            return LATE;
        }
        ssize_t k = out ? send(fd, (char *)p + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT)
                        : recv(fd, (char *)p + at, n - at, MSG_DONTWAIT);
        if (k > 0) {
            at += (size_t)k;
        } else if (k == 0 || (errno != EINTR && errno != EAGAIN)) {
            return DEAD;
        }
    }
    return MOVED;
}

static Moved ask(Cx *cx, const Worker *w, Buf *request, PressHead *ret_head, Str *ret)
{
    int64_t until = clock_mono_ms() + PRESS_SECONDS * 1000;
    Moved m = move(w->fd, request->p, request->n, true, until);
    if (m == MOVED) {
        m = move(w->fd, ret_head, sizeof *ret_head, false, until);
    }
    if (m != MOVED || ret_head->n > PRESS_MAX_ANSWER || ret_head->word >= E_COUNT) {
        return m == MOVED ? DEAD : m;
    }
    char *bytes = arena_alloc(cx->mem, ret_head->n + 1);
    *ret = str_n(bytes, ret_head->n);
    return move(w->fd, bytes, ret_head->n, false, until);
}

bool press_print(Cx *cx, Press *p, const Paper *paper, PaperFormat format, Str *ret)
{
    if (!paper_check(cx, paper)) {
        return false;
    }
    Str json = paper_write(cx->mem, paper);
    if (json.n > PRESS_MAX_ASK) {
        return fail(cx, E_TOO_LARGE, "文书的内容太多，请分成几份");
    }
    PressHead head = {.n = (uint32_t)json.n, .word = (uint8_t)format};
    Buf request = buf_new(cx->mem, json.n + sizeof head);
    buf_add_bytes(&request, &head, sizeof head);
    buf_add(&request, json);
    Worker *w = take(p, clock_mono_ms() + PRESS_SECONDS * 1000);
    if (w == NULL) {
        return fail(cx, E_BUSY, "正在生成的文书太多，请稍后再试");
    }
    Moved m = DEAD;
    Str out = S("");
    for (int tries = 0; tries < 2 && m == DEAD; tries++) {
        if (w->pid == 0 && !hire(cx, p, w)) {
            break;
        }
        m = ask(cx, w, &request, &head, &out);
        if (m != MOVED) {
            log_warn("press worker %d %s", (int)w->pid, m == LATE ? "took too long" : "died");
            bury(p, w);
        }
    }
    give_back(p, w);
    if (m == LATE) {
        return fail(cx, E_BUSY, "文书 %d 秒内没有排好版，请减少内容或稍后再试", PRESS_SECONDS);
    }
    if (m == DEAD) {
        return fail(cx, E_INTERNAL, "文书排版程序出错，没有生成文书，请检查内容后再试");
    }
    if (head.word != E_OK) {
        return fail(cx, (ErrCode)head.word, "%.*s", STRF(out));
    }
    *ret = out;
    return true;
}

size_t press_pids(Press *p, int *pids, size_t n)
{
    size_t k = 0;
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < WORKERS && k < n; i++) {
        if (p->workers[i].pid != 0) {
            pids[k++] = (int)p->workers[i].pid;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return k;
}
