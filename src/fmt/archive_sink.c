/* archive_sink.c - see archive_sink.h. libzip goes back only to complete the header of the entry it just wrote. */
#include "fmt/archive_sink.h"

#include <errno.h>

typedef struct {
    Steady *out;
    int64_t end; /* of what was written */
    zip_error_t error;
} Sink;

static zip_int64_t failed(Sink *k, int zip, int why)
{
    zip_error_set(&k->error, zip, why);
    return -1;
}

static zip_int64_t seek(Sink *k, void *data, zip_uint64_t n)
{
    zip_int64_t to = zip_source_seek_compute_offset((zip_uint64_t)k->out->at, (zip_uint64_t)k->end, data, n, &k->error);
    if (to < 0) {
        return -1;
    }
    k->out->at = to;
    return 0;
}

static zip_int64_t put(Sink *k, const void *data, zip_uint64_t n)
{
    if (!steady_write(k->out, data, n)) {
        return failed(k, ZIP_ER_WRITE, errno);
    }
    k->end = MAX(k->end, k->out->at);
    return (zip_int64_t)n;
}

static zip_int64_t command(void *ctx, void *data, zip_uint64_t n, zip_source_cmd_t what)
{
    Sink *k = ctx;
    switch (what) {
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_WRITABLE;
    case ZIP_SOURCE_STAT: /* nothing is there yet: libzip begins a new one */
        return failed(k, ZIP_ER_READ, ENOENT);
    case ZIP_SOURCE_BEGIN_WRITE:
    case ZIP_SOURCE_COMMIT_WRITE:
    case ZIP_SOURCE_ROLLBACK_WRITE:
        return 0;
    case ZIP_SOURCE_WRITE:
        return put(k, data, n);
    case ZIP_SOURCE_SEEK_WRITE:
        return seek(k, data, n);
    case ZIP_SOURCE_TELL_WRITE:
        return k->out->at;
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&k->error, data, n);
    case ZIP_SOURCE_FREE:
        zip_error_fini(&k->error);
        free(k);
        return 0;
    default:
        return failed(k, ZIP_ER_OPNOTSUPP, 0);
    }
}

zip_source_t *archive_sink(Steady *s)
{
    Sink *k = calloc(1, sizeof *k); /* libzip says when it is done with it */
    if (k == NULL) {
        return NULL;
    }
    k->out = s;
    zip_error_init(&k->error);
    zip_source_t *src = zip_source_function_create(command, k, NULL);
    if (src == NULL) {
        zip_error_fini(&k->error);
        free(k);
    }
    return src;
}
