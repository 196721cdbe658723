/*
 * log.h - one JSON line an event on standard error. Thread-safe; a line is one write. Whatever stands in a text stays inside its
 * JSON string: control characters, line ends of all kinds and bytes that are no UTF-8 are escaped, so that nobody can write a line of their own.
 *
 * Never log personal data, passwords, tokens or record contents: ids, counts, durations, codes only.
 */
#pragma once

#include "base/str.h"

typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

void log_level(LogLevel least);              /* default LOG_INFO; may be changed at run time */
LogLevel log_level_now(void);
const char *log_level_name(LogLevel level);  /* "debug" "info" "warn" "error" */
bool log_level_read(Str name, LogLevel *ret);
void log_line(LogLevel level, const char *file, int line, const char *fmt, ...) PRINTF(4, 5);
NORETURN void log_fatal(const char *fmt, ...) PRINTF(1, 2); /* one line, then exit status 70 */

/* An event with named values: {"time", "level", "event", and these}. A name is a literal; a line that would be too long loses its last values. */
typedef struct {
    const char *name;
    Str text;
    int64_t number;
    bool is_text;
} LogField;
#define LOG_TEXT(field, value) ((LogField){.name = (field), .text = (value), .is_text = true})
#define LOG_INT(field, value) ((LogField){.name = (field), .number = (value)})
void log_event(LogLevel level, const char *event, const LogField *fields, size_t n);

#define log_debug(...) log_line(LOG_DEBUG, __FILE__, __LINE__, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __FILE__, __LINE__, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __FILE__, __LINE__, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __FILE__, __LINE__, __VA_ARGS__)
