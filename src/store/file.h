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
/* file_ready - the first half of file_add, outside any write: type by content, scanned, its bytes kept. file_attach_new - the second half, for a
 * record made in the same store_write: no rights are asked, f->id is set. */
MUST_USE bool file_ready(Cx *cx, Store *s, Str name, Str kind, Str trust, Str bytes, File *ret);
MUST_USE bool file_attach_new(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, File *f);

/*
 * file_scan - the virus scanner's word on these bytes. Its command stands in the file scan.conf of the data folder (first line that is not empty
 * or a # comment; words parted by blanks, no shell) or was given with file_scan_use; none: everything passes. It gets the bytes on standard
 * input; exit status 0: clean, 1: E_INVALID, anything else or no end within 30 s: E_BUSY. Several seconds: never on the writer.
 */
MUST_USE bool file_scan(Cx *cx, const Store *s, Str bytes);
void file_scan_use(Store *s, const char *command); /* before threads; outlives the store */

MUST_USE bool file_list(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, File **ret, size_t *ret_n);
/* file_open - a descriptor the caller closes; E_NOT_FOUND when the record is not readable. */
MUST_USE bool file_open(Cx *cx, Store *s, const Actor *a, int64_t id, File *ret, int *ret_fd);
MUST_USE bool file_drop(Cx *cx, Store *s, const Actor *a, int64_t id, Str reason);

/* file_write_new - a new file of these bytes, mode 0600, on the disk before it returns; none is left when it fails (E_FULL or E_IO with the
 * text `trouble`). The path must not exist. */
MUST_USE bool file_write_new(Cx *cx, const char *path, Str bytes, const char *trouble);
