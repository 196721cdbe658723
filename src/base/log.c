/*
 * log.c - see log.h. A line is formatted on the stack and written with one write(2), so threads do not interleave.
 */
#include "base/log.h"

#include <execinfo.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

static _Atomic int least_level = LOG_INFO;

void log_level(LogLevel least)
{
    atomic_store(&least_level, (int)least);
}

static size_t json_escape(char *out, size_t max, const char *text)
{
    size_t w = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++) {
        if (w + ((*p & 0xC0) != 0x80 ? 10 : 7) >= max) {
            break; /* room for an escape or a whole character, else stop before it */
        }
        if (*p == '"' || *p == '\\') {
            out[w++] = '\\';
            out[w++] = (char)*p;
        } else if (*p < 0x20) {
            w += (size_t)snprintf(out + w, max - w, "\\u%04x", *p);
        } else {
            out[w++] = (char)*p;
        }
    }
    out[w] = '\0';
    return w;
}

PRINTF(4, 0) static void put_line(const char *level, const char *file, int line, const char *fmt, va_list ap)
{
    char text[1024], safe[2200], out[2600];
    int want = vsnprintf(text, sizeof text, fmt, ap);
    if (want >= (int)sizeof text) { /* cut between characters: the line stays valid UTF-8 */
        size_t n = sizeof text - 2; /* the last byte; back to the start of its character */
        while (n != 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
            n--;
        }
        if ((unsigned char)text[n] >= 0x80) {
            text[n] = '\0'; /* perhaps whole, but never half */
        }
    }
    json_escape(safe, sizeof safe, text);
    char when[40];
    clock_iso(clock_now_ms(), when, sizeof when);
    int n = snprintf(out, sizeof out, "{\"time\":\"%s\",\"level\":\"%s\",\"at\":\"%s:%d\",\"msg\":\"%s\"}\n", when, level,
                     file, line, safe);
    if (n > 0) {
        ssize_t done = write(STDERR_FILENO, out, MIN((size_t)n, sizeof out - 1));
        (void)done;
    }
}

void log_line(LogLevel level, const char *file, int line, const char *fmt, ...)
{
    static const char *const NAMES[] = {"debug", "info", "warn", "error"};
    if ((int)level < atomic_load(&least_level)) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    put_line(NAMES[level], file, line, fmt, ap);
    va_end(ap);
}

void log_fatal(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_line("fatal", __FILE__, __LINE__, fmt, ap);
    va_end(ap);
    _exit(70);
}

void check_failed(const char *file, int line, const char *cond)
{
    void *frames[32];
    log_error("bug: CHECK(%s) failed at %s:%d", cond, file, line);
    backtrace_symbols_fd(frames, backtrace(frames, ARRAY_LEN(frames)), STDERR_FILENO);
    abort();
}
