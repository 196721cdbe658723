/*
 * archive.h - a backup: one file (zip) with the database copied while others write, the key, the settings and the attachments.
 */
#pragma once

#include "base/err.h"

/* archive_write - pack the folder `dir` (with `db_copy` as tamga.db) into `out`, which appears only when it is whole. */
MUST_USE bool archive_write(Cx *cx, const char *dir, const char *db_copy, const char *out);

/* archive_read - unpack into the new folder `dir`; only the names a backup has are taken. E_DATA when it is none. */
MUST_USE bool archive_read(Cx *cx, const char *in, const char *dir);
