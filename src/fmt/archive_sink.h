/*
 * archive_sink.h - inside fmt: the file a backup is written into, as libzip wants to see it. libzip writes through a temporary file of its own and all
 * at once; here the bytes go where they belong, steadily (base/steady.h), for the owner's eyes only from the first one.
 */
#pragma once

#include <zip.h>

#include "base/steady.h"

/* archive_sink - a source for zip_open_from_source (ZIP_CREATE) that writes into s->fd; not to be read from. *s outlives it. NULL: no memory. */
zip_source_t *archive_sink(Steady *s);
