/*
 * file.h - attachments: bytes in files/<first two>/<sha256>, a row each, rights of the record they belong to.
 */
#pragma once

#include "store/record.h"

typedef struct {
    int64_t id, size, created_ms;
    Str name, kind, mime, sha256, trust, by; /* trust: A issued by the authority, B checked, C uploaded, D declared */
} File;

/* file_add - at most 20 MiB, 50 a record; type by content (PDF PNG JPEG OFD xlsx docx), E_MEDIA_TYPE otherwise. Journalled. */
MUST_USE bool file_add(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, Str name, Str kind, Str trust, Str bytes,
                       File *ret);
MUST_USE bool file_list(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, File **ret, size_t *ret_n);
/* file_open - a descriptor the caller closes; E_NOT_FOUND when the record is not readable. */
MUST_USE bool file_open(Cx *cx, Store *s, const Actor *a, int64_t id, File *ret, int *ret_fd);
MUST_USE bool file_drop(Cx *cx, Store *s, const Actor *a, int64_t id, Str reason);

/* file_write_new - a new file of these bytes, mode 0600, on the disk before it returns; none is left when it fails (E_FULL or E_IO with the
 * text `trouble`). The path must not exist. */
MUST_USE bool file_write_new(Cx *cx, const char *path, Str bytes, const char *trouble);
