/*
 * json_fuzz.c - whatever the bytes: what is read is written, read again and written the same; both forms are valid UTF-8.
 */
#include "fmt/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
    }
    Str error = S("");
    const Doc *d = json_read(mem, str_n((const char *)data, size), &error);
    CHECK((d != NULL) == (error.n == 0));
    if (d != NULL) {
        Str text = json_text(mem, d), canon = json_canonical(mem, d);
        CHECK(utf8_valid(text) && utf8_valid(canon) && memchr(text.p, '<', text.n) == NULL);
        if (text.n < 1 << 20) { /* escapes may be longer than what was sent */
            const Doc *again = json_read(mem, text, &error);
            CHECK(again != NULL && str_eq(json_text(mem, again), text) && str_eq(json_canonical(mem, again), canon));
        }
        Buf pretty = buf_new(mem, (size_t)64 << 20);
        json_write(&pretty, d, true);
        CHECK(!pretty.full);
    }
    arena_reset(mem);
    return 0;
}
