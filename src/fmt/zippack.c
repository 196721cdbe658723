/*
 * zippack.c - libzip writing into a buffer of its own, copied into the arena once it is whole.
 */
#include "fmt/zippack.h"

#include <zip.h>

#include "base/date.h"

#define DOS_EPOCH_MS ((int64_t)315532800000)  /* 1980-01-01: the earliest a zip can say */
#define DOS_LAST_MS  ((int64_t)4354819198000) /* 2107-12-31 */

void zip_dos_time(int64_t ms, uint16_t *ret_date, uint16_t *ret_time)
{
    ms = MIN(MAX(ms, DOS_EPOCH_MS), DOS_LAST_MS);
    Civil c = date_to_civil((int32_t)(ms / 86400000));
    unsigned sec = (unsigned)(ms / 1000 % 86400);
    *ret_date = (uint16_t)((c.year - 1980) << 9 | c.month << 5 | c.day);
    *ret_time = (uint16_t)(sec / 3600 << 11 | sec / 60 % 60 << 5 | sec % 60 / 2);
}

static bool add(zip_t *z, const ZipPart *part, int64_t time_ms)
{
    static const char nothing[1] = "";
    zip_source_t *s = zip_source_buffer(z, part->bytes.n > 0 ? part->bytes.p : nothing, part->bytes.n, 0);
    Arena *mem = arena_new(0);
    zip_int64_t at = s != NULL ? zip_file_add(z, str_z(mem, part->name), s, ZIP_FL_ENC_UTF_8) : -1;
    arena_free(mem);
    if (at < 0) {
        zip_source_free(s);
        return false;
    }
    uint16_t date, time_of_day;
    zip_dos_time(time_ms, &date, &time_of_day); /* not through zip_file_set_mtime, which asks for the zone of the machine */
    return zip_file_set_dostime(z, (zip_uint64_t)at, time_of_day, date, 0) == 0;
}

bool zip_pack(Cx *cx, const ZipPart *parts, size_t n, int64_t time_ms, Str *ret)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *out = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *z = out != NULL ? zip_open_from_source(out, ZIP_TRUNCATE, &error) : NULL;
    zip_error_fini(&error);
    if (z == NULL) {
        zip_source_free(out);
        return fail(cx, E_INTERNAL, "无法生成压缩包");
    }
    zip_source_keep(out);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        ok = add(z, &parts[i], time_ms);
    }
    if (!ok || zip_close(z) != 0) {
        zip_discard(z);
        ok = false;
    }
    zip_stat_t st;
    ok = ok && zip_source_open(out) == 0;
    if (ok) {
        ok = zip_source_stat(out, &st) == 0 && (st.valid & ZIP_STAT_SIZE) != 0;
        if (ok) {
            char *p = arena_alloc(cx->mem, (size_t)st.size + 1);
            ok = zip_source_read(out, p, st.size) == (zip_int64_t)st.size;
            *ret = str_n(p, (size_t)st.size);
        }
        zip_source_close(out);
    }
    zip_source_free(out);
    return ok || fail(cx, E_INTERNAL, "无法生成压缩包");
}
