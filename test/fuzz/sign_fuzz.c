/*
 * sign_fuzz.c - whatever the bytes: they are no envelope of a key nobody has; an envelope with them inside reads back; strict encodings have one
 * text a value; a public key that is read is written the same.
 */
#include "fmt/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    static PublicKey keys[1];
    if (mem == NULL) {
        mem = arena_new(0);
    }
    Cx cx;
    cx_init(&cx, mem);
    crypt_start();
    if (keys[0].n == 0) { /* RFC 8032, 7.1, test 1 */
        CHECK(public_key_read(&cx, S("ed:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), &keys[0]));
    }
    Str text = str_n((const char *)data, size), payload = S(""), back;
    const PublicKey *by = NULL;
    PublicKey k;
    CHECK(!sign_check(&cx, text, keys, 1, &payload, &by) && by == NULL && payload.n == 0);
    cx_clear(&cx);
    if (base64url_read(mem, text, &back)) {
        CHECK(str_eq(base64url(mem, back), text));
    }
    if (base64_read(mem, text, &back)) {
        CHECK(str_eq(base64(mem, back), text));
    }
    if (public_key_read(&cx, text, &k)) {
        CHECK(str_eq(public_key_text(mem, &k), text));
    }
    arena_reset(mem);
    return 0;
}
