/*
 * mustache_fuzz.c - the input is a template (after a NUL: a partial p), the data is fixed and hostile. Whatever compiles renders or fails
 * cleanly, and no text of the data reaches the page unescaped or as the scheme of a URL.
 */
#include "base/log.h"
#include "fmt/mustache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Doc *hostile(Arena *mem)
{
    Str error;
    const Doc *d = json_read(mem, S("{\"a\":\"<zz\\\"zz'zz>\",\"b\":\"qqjs:zz\",\"s\":true,\"n\":null,\"nonce\":\"<zz\\\"zz'zz\","
                                    "\"o\":{\"a\":\"'zz\",\"l\":[1,2]},\"l\":[\"<zz\",{\"a\":\"\\\"zz\"}]}"), &error);
    CHECK(d != NULL);
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
        log_level(LOG_ERROR);
    }
    Cx cx;
    cx_init(&cx, mem);
    Str main_part, part, in = str_n((const char *)data, size);
    str_cut(in, '\0', &main_part, &part);
    const Str pairs[2][2] = {{S("t"), main_part}, {S("p"), part}};
    Templates *t = templates_from(&cx, mem, pairs, 2);
    CHECK((t == NULL) == (cx.err == E_PACK));
    if (t != NULL) {
        const Doc *stack[] = {hostile(mem)};
        Buf out = buf_new(mem, 1 << 16);
        bool ok = mustache_render(&cx, t, S("t"), stack, 1, &out);
        CHECK(ok ? cx.err == E_OK : cx.err == E_INTERNAL);
        Str text = buf_str(&out);
        bool own = str_contains(in, S("zz")) || str_contains(in, S("qq"));
        if (ok && !own) {
            CHECK(!str_contains(text, S("<zz")) && !str_contains(text, S("\"zz")) && !str_contains(text, S("'zz")));
            Str low = str_lower(mem, in);
            bool text_element = str_contains(low, S("title")) || str_contains(low, S("textarea")); /* tags inside are text */
            CHECK(text_element || (!str_contains(text, S("<a href=\"qqjs:")) && !str_contains(text, S("<a href='qqjs:"))));
        }
    }
    arena_reset(mem);
    return 0;
}
