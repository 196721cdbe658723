/*
 * log.h - one JSON line an event on standard error (or the file named by log_open). Thread-safe; a line is one write.
 *
 * Never log personal data, passwords, tokens or record contents: ids, counts, durations, codes only.
 */
#pragma once

#include "base/base.h"

typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

void log_level(LogLevel least);              /* default LOG_INFO; may be changed at run time */
void log_line(LogLevel level, const char *file, int line, const char *fmt, ...) PRINTF(4, 5);
NORETURN void log_fatal(const char *fmt, ...) PRINTF(1, 2); /* one line, then exit status 70 */

#define log_debug(...) log_line(LOG_DEBUG, __FILE__, __LINE__, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __FILE__, __LINE__, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __FILE__, __LINE__, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __FILE__, __LINE__, __VA_ARGS__)
