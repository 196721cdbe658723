/*
 * zip_fuzz.c - whatever the bytes: zipplain_read follows a directory or says that it cannot; members lie inside the file; a file whose
 * members are all sound is exactly what the writer makes of them. Bytes that do not begin like a zip are packed as members first, so that
 * mutations reach names and contents, and one byte of it is then changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "fmt/zipplain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void drop_file(void)
{
    unlink(path);
}

static Str slurp(Arena *mem)
{
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    char *p = arena_alloc(mem, (size_t)1 << 20);
    size_t n = fread(p, 1, (size_t)1 << 20, f);
    (void)fclose(f);
    return str_n(p, n);
}

/* Lines of the input: the first byte of each is how long its name is. */
static Str packed(Cx *cx, Str in)
{
    ZipOut *z;
    unlink(path);
    CHECK(zipout_open(cx, path, 1700000000000, &z));
    Str rest = in, line;
    bool ok = true;
    for (int i = 0; ok && rest.n != 0 && i < 20; i++) {
        (void)str_cut(rest, '\n', &line, &rest);
        size_t n = line.n != 0 ? MIN((size_t)((unsigned char)line.p[0] % 16) + 1, line.n) : 0;
        bool plain = n != 0;
        for (size_t k = 0; k < n; k++) {
            plain = plain && line.p[k] > ' ' && line.p[k] < 127;
        }
        if (plain) {
            ok = zipout_add(cx, z, str_printf(cx->mem, "%d/%.*s", i, (int)n, line.p), str_sub(line, n, line.n));
        }
    }
    ok = ok && zipout_end(cx, z);
    zipout_drop(z);
    CHECK(ok || cx->err != E_OK);
    cx_clear(cx);
    return ok ? slurp(cx->mem) : S("");
}

static void look(Cx *cx, Str file, bool whole)
{
    ZipMember *m;
    size_t n;
    cx_clear(cx);
    if (!zipplain_read(cx, file, &m, &n)) {
        CHECK(!whole && cx->err == E_INVALID && cx->err_text.n != 0 && utf8_valid(cx->err_text));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        CHECK(m[i].name.p >= file.p && m[i].name.p + m[i].name.n <= file.p + file.n);
        CHECK(m[i].bytes.p >= file.p && m[i].bytes.p + m[i].bytes.n <= file.p + file.n);
        CHECK(!whole || (m[i].heads && m[i].sum));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
        snprintf(path, sizeof path, "%s/tamga-fuzz-%d.zip", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir, (int)getpid());
        atexit(drop_file);
    }
    Cx cx;
    cx_init(&cx, mem);
    Str in = str_n((const char *)data, size);
    if (str_starts(in, S("PK"))) {
        look(&cx, in, false);
    } else if (size > 2) {
        Str file = packed(&cx, str_sub(in, 2, in.n));
        if (file.n != 0) {
            look(&cx, file, true);
            char *bent = arena_alloc(mem, file.n);
            memcpy(bent, file.p, file.n);
            bent[(data[0] * 256u + data[1]) % file.n] ^= 1;
            look(&cx, str_n(bent, file.n), false);
        }
    }
    arena_reset(mem);
    return 0;
}
