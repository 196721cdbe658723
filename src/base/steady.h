/*
 * steady.h - writing a big file beside others who need the disk: what was written goes out at once, portion by portion, and never more than two
 * portions of it wait for the disk. Whoever syncs a small file meanwhile waits for those, not for all of it.
 */
#pragma once

#include "base/base.h"

typedef struct {
    int fd;
    int64_t at;   /* where the next byte goes */
    int64_t sent; /* all before it was handed to the disk */
} Steady;

/* steady_write - all n bytes at s->at, which moves on; it may be set back to write something again. False with errno. */
MUST_USE bool steady_write(Steady *s, const void *bytes, size_t n);

/* steady_end - wait until everything is on the disk. The caller closes the file. False with errno. */
MUST_USE bool steady_end(Steady *s);
