/*
 * press_work.c - the worker process: limits first, then one document after another.
 */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "job/press.h"
#include "job/press_int.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static void limit(__rlimit_resource_t what, rlim_t most)
{
    struct rlimit r = {most, most};
    (void)setrlimit(what, &r);
}

/* Address space, files, core dumps; sanitizers need more address space than there is. */
static void confine(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)close_range(3, ~0U, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 256);
#ifndef SANITIZED
    limit(RLIMIT_AS, (rlim_t)2 << 30);
#endif
}

/* The processor time of the process so far and ten seconds: SIGXCPU ends it. */
static void allow_seconds(rlim_t seconds)
{
    struct rusage u;
    struct rlimit r;
    if (getrusage(RUSAGE_SELF, &u) == 0 && getrlimit(RLIMIT_CPU, &r) == 0) {
        r.rlim_cur = (rlim_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + seconds;
        (void)setrlimit(RLIMIT_CPU, &r);
    }
}

static bool read_all(void *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = read(0, (char *)to + at, n - at);
        if (got > 0) {
            at += (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool send_all(const void *from, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t put = send(0, (const char *)from + at, n - at, MSG_NOSIGNAL);
        if (put > 0) {
            at += (size_t)put;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool answer(Arena *mem, const PressHead *ask)
{
    Cx cx;
    cx_init(&cx, mem);
    char *json = arena_alloc(mem, ask->n + 1);
    if (!read_all(json, ask->n)) {
        return false;
    }
    allow_seconds(PRESS_SECONDS);
    Paper *paper;
    Str out = S("");
    if (!paper_read(&cx, str_n(json, ask->n), &paper) || !paper_render(&cx, paper, (PaperFormat)ask->word, &out)) {
        out = cx_text(&cx);
    }
    PressHead head = {.n = (uint32_t)out.n, .word = (uint8_t)cx.err};
    return send_all(&head, sizeof head) && send_all(out.p, out.n);
}

void press_work(void)
{
    confine();
    Arena *mem = arena_new((size_t)1 << 30);
    PressHead ask;
    while (read_all(&ask, sizeof ask) && ask.n <= PRESS_MAX_ASK && ask.word <= PAPER_DOCX && answer(mem, &ask)) {
        arena_reset(mem);
    }
    _exit(0);
}
