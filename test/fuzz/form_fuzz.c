/*
 * form_fuzz.c - form bodies, multipart bodies and cookies. The first byte chooses; the limits and the promise of valid text hold.
 */
#include "fmt/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_params(Cx *cx, Str in)
{
    Params p;
    if (!url_params(cx, in, &p)) {
        CHECK(cx->err == E_BAD_REQUEST);
        return;
    }
    CHECK(p.n <= 4000);
    for (size_t i = 0; i < p.n; i++) {
        Str back;
        CHECK(utf8_valid(p.items[i].name) && utf8_valid(p.items[i].value));
        CHECK(url_decode(cx->mem, url_enc(cx->mem, p.items[i].value), true, &back) && str_eq(back, p.items[i].value));
        CHECK(param_has(&p, p.items[i].name));
    }
}

static void fuzz_multipart(Cx *cx, Str in)
{
    Part *parts;
    size_t n;
    if (!multipart_read(cx, S("multipart/form-data; boundary=XX"), in, &parts, &n)) {
        CHECK(cx->err == E_BAD_REQUEST);
        return;
    }
    CHECK(n <= 200);
    for (size_t i = 0; i < n; i++) {
        CHECK(utf8_valid(parts[i].name) && utf8_valid(parts[i].filename));
        CHECK(memchr(parts[i].filename.p, '/', parts[i].filename.n) == NULL);
        CHECK(parts[i].is_file || utf8_valid(parts[i].data));
        CHECK(!parts[i].is_file || (parts[i].data.p >= in.p && parts[i].data.p + parts[i].data.n <= in.p + in.n));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
    }
    if (size == 0) {
        return 0;
    }
    Cx cx;
    cx_init(&cx, mem);
    Str in = str_n((const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'm': fuzz_multipart(&cx, in); break;
    case 'c': CHECK(cookie_get(in, S("s")).n <= in.n); break;
    case 't': { /* a content type */
        Part *parts;
        size_t n;
        CHECK(!multipart_read(&cx, in, S("--XX"), &parts, &n));
        break;
    }
    default: fuzz_params(&cx, in);
    }
    arena_reset(mem);
    return 0;
}
