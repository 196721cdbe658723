/*
 * box.h - files of jobs sealed at rest: what people upload and get back holds personal data in clear. Not for other modules.
 *
 * A sealed file: "TAMGABX1" | algorithm | 8 random bytes | chunks of up to 64 KiB, each ciphertext | 16-byte tag; nonce: the random bytes' last 8 and
 * the chunk's number, which with the mark of the last chunk is authenticated, so chunks can be neither moved nor left out. Key: made from the master
 * key. A file without the head is one of before and opens as it is.
 */
#pragma once

#include "store/store.h"

/* box_write - bytes into the new file `path`, sealed, on the disk. */
MUST_USE bool box_write(Cx *cx, const Store *s, const char *path, Str bytes);
/* box_seal - the file at path is sealed in place (nothing is done when it is already, or is not there). */
MUST_USE bool box_seal(Cx *cx, const Store *s, const char *path);
/* box_open - its clear content in memory only (memfd), at the beginning; *ret_path (may be NULL): a path to it for this process. E_NOT_FOUND, E_DATA. */
MUST_USE bool box_open(Cx *cx, const Store *s, const char *path, int *ret_fd, const char **ret_path);
/* box_bytes - the same of bytes: a file in memory with a path. */
MUST_USE bool box_bytes(Cx *cx, Str bytes, int *ret_fd, const char **ret_path);
/* box_sweep - at start: seals every file of the folder that is in clear (of a crash, or of before), removes answers that were not sent. */
void box_sweep(Cx *cx, const Store *s, const char *dir);
