/*
 * http_fuzz.c - libFuzzer on net_parse: whatever the bytes, it neither crashes nor breaks its promises.
 */
#include "base/base.h"
#include "net/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_upload(Str method, Str path)
{
    return str_eq(method, S("POST")) && str_starts(path, S("/u"));
}

static bool is_clean_path(Str path)
{
    size_t at;
    return path.n > 0 && path.p[0] == '/' && utf8_valid(path) && !str_find(path, S("/../"), &at) &&
           !str_ends(path, S("/..")) && !str_find(path, S("//"), &at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
    }
    NetConf conf = {.head_bytes = 2048, .body_bytes = 512, .upload_bytes = 4096, .upload_path = is_upload};
    Str bytes = str_n((const char *)data, size);
    NetReq req = {0};
    int64_t n = net_parse(mem, bytes, &conf, &req);
    CHECK(n <= (int64_t)size);
    CHECK(n >= 0 || n == -400 || n == -413 || n == -431 || n == -501 || n == -505);
    if (n > 0) {
        CHECK(is_clean_path(req.path) && req.method.n > 0 && req.body.n <= 4096);
        for (size_t i = 0; i < req.n_headers; i++) {
            Str name = req.headers[i].name, value = req.headers[i].value;
            CHECK(name.n > 0 && memchr(name.p, ':', name.n) == NULL);
            CHECK(value.n == 0 || (memchr(value.p, '\n', value.n) == NULL && memchr(value.p, '\0', value.n) == NULL));
        }
        /* the same request alone is read the same, and no prefix of it is a request */
        NetReq again = {0};
        CHECK(net_parse(mem, str_sub(bytes, 0, (size_t)n), &conf, &again) == n);
        CHECK(str_eq(again.path, req.path) && str_eq(again.body, req.body));
        CHECK(net_parse(mem, str_sub(bytes, 0, (size_t)n - 1), &conf, &again) <= 0);
    }
    arena_reset(mem);
    return 0;
}
