/*
 * zippack.h - a zip package in memory out of named parts: what docx and bundles of files are made of.
 */
#pragma once

#include "base/err.h"

typedef struct {
    Str name; /* path inside the package, '/' between folders */
    Str bytes;
} ZipPart;

/*
 * zip_pack - the parts in order, deflated, every one dated `time_ms` (UTC; not before 1980), so that the same parts
 * give the same bytes. Names are UTF-8 and differ from each other. *ret in cx->mem. E_INTERNAL when the library
 * refuses.
 */
MUST_USE bool zip_pack(Cx *cx, const ZipPart *parts, size_t n, int64_t time_ms, Str *ret);

/* zip_dos_time - an instant as a zip says it: UTC, two seconds exact, 1980 to 2107 (others are clipped). */
void zip_dos_time(int64_t ms, uint16_t *ret_date, uint16_t *ret_time);
