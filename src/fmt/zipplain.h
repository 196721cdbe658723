/*
 * zipplain.h - a zip in which every byte has one value it may have: members stored as they are, one after another, nothing between.
 *
 * Compressed members have bytes that change nothing when they change. Here a byte that was changed anywhere shows: in a member by its
 * checksum, elsewhere because the headers can be made again from names, sizes, checksums and time. The same members give the same
 * bytes on every machine. At most 4 GiB and 65,535 members (no zip64).
 */
#pragma once

#include "base/err.h"

typedef struct ZipOut ZipOut;

/* zipout_open - a new file (mode 0600; E_CONFLICT when it exists). All members are dated `time_ms`. Lives in cx->mem, as long as it is written. */
MUST_USE bool zipout_open(Cx *cx, const char *path, int64_t time_ms, ZipOut **ret);
/* zipout_add - names: ASCII, '/' between folders, each once. E_TOO_LARGE, E_FULL, E_IO. */
MUST_USE bool zipout_add(Cx *cx, ZipOut *z, Str name, Str bytes);
/* zipout_end - the directory; on the disk when it returns. */
MUST_USE bool zipout_end(Cx *cx, ZipOut *z);
void zipout_drop(ZipOut *z);     /* closes; removes the file unless zipout_end succeeded. Once, always. NULL is allowed */

typedef struct {
    Str name, bytes;             /* point into the file */
    bool heads;                  /* both headers are what the writer would have written */
    bool sum;                    /* the checksum holds */
} ZipMember;

/* zipplain_read - the members of such a file. E_INVALID in words when its directory cannot be followed; what is wrong with one
 * member only is told by its flags. Memory in cx->mem. */
MUST_USE bool zipplain_read(Cx *cx, Str file, ZipMember **ret, size_t *ret_n);
