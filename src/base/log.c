/*
 * log.c - see log.h. A line is formatted on the stack and written with one write(2), so threads do not interleave.
 */
#include "base/log.h"

#include <execinfo.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static _Atomic int least_level = LOG_INFO;

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};

void log_level(LogLevel least)
{
    atomic_store(&least_level, (int)least);
}

LogLevel log_level_now(void)
{
    return (LogLevel)atomic_load(&least_level);
}

const char *log_level_name(LogLevel level)
{
    return LEVELS[level];
}

bool log_level_read(Str name, LogLevel *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(LEVELS); i++) {
        if (str_eq(name, str_c(LEVELS[i]))) {
            *ret = (LogLevel)i;
            return true;
        }
    }
    return false;
}

/* The bytes of the character at p, of n; 0 when it is none, or one that ends a line or turns a terminal (C1, U+2028, U+2029, direction marks). */
static size_t plain_char(const unsigned char *p, size_t n)
{
    size_t len = *p < 0x80 ? 1 : *p >= 0xC2 && *p < 0xE0 ? 2 : *p >= 0xE0 && *p < 0xF0 ? 3 : *p >= 0xF0 && *p < 0xF5 ? 4 : 0;
    if (len == 0 || len > n || *p < 0x20 || *p == 0x7F) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool c1 = len == 2 && p[0] == 0xC2 && p[1] < 0xA0;
    bool odd = len == 3 && ((p[0] == 0xE2 && p[1] == 0x80 && p[2] >= 0xA8 && p[2] <= 0xAE) || (p[0] == 0xE2 && p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9) ||
                            (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F));
    bool far = len == 4 && ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F));
    return c1 || odd || far ? 0 : len;
}

/* Text inside a JSON string; what cannot stand there is written as \\u00XX of its byte. Stops when there is no room for the next character. */
static size_t json_escape(char *out, size_t max, Str text)
{
    size_t w = 0, len;
    const unsigned char *p = (const unsigned char *)text.p;
    for (size_t i = 0; i < text.n && w + 7 < max; i += len) {
        len = plain_char(p + i, text.n - i);
        if (len == 0) {
            w += (size_t)snprintf(out + w, max - w, "\\u%04x", p[i]);
            len = 1;
        } else if (p[i] == '"' || p[i] == '\\') {
            out[w++] = '\\';
            out[w++] = text.p[i];
        } else {
            memcpy(out + w, p + i, len);
            w += len;
        }
    }
    out[w] = '\0';
    return w;
}

static void put_out(const char *line, size_t n)
{
    ssize_t done = write(STDERR_FILENO, line, n);
    (void)done;
}

void log_event(LogLevel level, const char *event, const LogField *fields, size_t n_fields)
{
    char out[4000], when[40];
    if ((int)level < atomic_load(&least_level)) {
        return;
    }
    clock_iso(clock_now_ms(), when, sizeof when);
    size_t n = (size_t)snprintf(out, sizeof out, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", when, LEVELS[level], event);
    for (size_t i = 0; i < n_fields && n + 600 < sizeof out; i++) {
        const LogField *f = &fields[i];
        n += (size_t)snprintf(out + n, 100, ",\"%s\":", f->name);
        if (f->is_text) {
            out[n++] = '"';
            n += json_escape(out + n, 480, f->text);
            out[n++] = '"';
        } else {
            n += (size_t)snprintf(out + n, 40, "%lld", (long long)f->number);
        }
    }
    out[n++] = '}';
    out[n++] = '\n';
    put_out(out, n);
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
    json_escape(safe, sizeof safe, str_c(text));
    char when[40];
    clock_iso(clock_now_ms(), when, sizeof when);
    int n = snprintf(out, sizeof out, "{\"time\":\"%s\",\"level\":\"%s\",\"at\":\"%s:%d\",\"msg\":\"%s\"}\n", when, level,
                     file, line, safe);
    if (n > 0) {
        put_out(out, MIN((size_t)n, sizeof out - 1));
    }
}

void log_line(LogLevel level, const char *file, int line, const char *fmt, ...)
{
    if ((int)level < atomic_load(&least_level)) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    put_line(LEVELS[level], file, line, fmt, ap);
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
