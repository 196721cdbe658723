/*
 * keys.h - the secrets of a store: the master key and what is derived from it; not for other modules.
 *
 * The master key is 32 bytes in a file, never in the database. Where: the environment variable TAMGA_KEY_FILE; else the one line of the file
 * `key_file` in the data folder; else $CREDENTIALS_DIRECTORY/tamga-master.key (systemd's LoadCredential), when that file is there; else
 * `master.key` in the data folder. Only the last is made when it is missing, and only where there are no data yet: a key that should be somewhere
 * and is not is an error.
 * A file that others may read or write is refused. The algorithm of new values: the file `cipher` in the data folder, aes-256-gcm or sm4-gcm.
 */
#pragma once

#include "fmt/crypt.h"

typedef struct {
    uint8_t master[32];
    FieldKey field;              /* id 1: values that belong to no record (contacts, seeds), and records of before subject keys */
    FieldKey wrap;               /* wraps the keys of subjects */
} StoreKeys;

/* keys_open - in memory of its own: locked, not dumped (fmt/crypt.h). NULL: E_IO, E_DATA. */
MUST_USE StoreKeys *keys_open(Cx *cx, const char *dir);
void keys_close(StoreKeys *k);   /* wiped */
/* keys_secret - 32 bytes for one purpose, in `mem`. keys_mark - whose database it is: such bytes in hex. */
Str keys_secret(const StoreKeys *k, Arena *mem, const char *purpose);
Str keys_mark(const StoreKeys *k, Arena *mem);
