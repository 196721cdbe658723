/*
 * folder.h - of a data folder: making names durable (a file that was synced is found after a power cut only when its folder was synced too), what is
 * there, and reading the small files in which it is said how things are.
 */
#pragma once

#include "base/err.h"

/* folder_sync - wait until the names in the folder `path` are on the disk. False with errno when that cannot be had. */
MUST_USE bool folder_sync(const char *path);

/* folder_sync_of - the same for the folder that the file `path` stands in. */
MUST_USE bool folder_sync_of(Arena *mem, const char *path);

/* folder_has - is there anything under the name `path`? What the disk does not tell counts as there: whoever goes on because nothing is there would
 * write beside it or leave it out, and whoever opens it hears the failure. */
bool folder_has(const char *path);

/* folder_setting - the text of the small file `name` in the folder `dir`, trimmed, in cx->mem; *ret_there (may be NULL): there is such a file. A missing
 * one reads as empty. One that is there and cannot be read, or has more than FOLDER_SETTING_MAX bytes, is a failure (E_IO): whoever wrote it meant
 * something, and going on as if nothing had been said would, say, begin an empty database beside the real one. */
#define FOLDER_SETTING_MAX 4096
MUST_USE bool folder_setting(Cx *cx, const char *dir, const char *name, bool *ret_there, Str *ret);
