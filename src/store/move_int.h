/*
 * move_int.h - what move_folder.c gives to move.c.
 */
#pragma once

#include "base/buf.h"
#include "store/move.h"

/* folder_copy - the files of a data folder but its database, each whole under its name; what is there already is left. */
MUST_USE bool folder_copy(Cx *cx, const char *from, const char *to, int64_t *ret_copied);
/* folder_compare - attachments and keys of the source that the target lacks or holds otherwise, a line each. */
MUST_USE bool folder_compare(Cx *cx, const char *from, const char *to, Buf *report);
/* file_put - a small file, whole or not at all, durable. */
MUST_USE bool file_put(Cx *cx, const char *path, Str text);
