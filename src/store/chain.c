/*
 * chain.c - see chain.h.
 */
#include "store/chain.h"

static void put_int(Buf *b, int64_t v)
{
    unsigned char raw[8];
    for (int i = 0; i < 8; i++) {
        raw[i] = (unsigned char)((uint64_t)v >> (56 - 8 * i));
    }
    buf_add_bytes(b, raw, sizeof raw);
}

static void put_text(Buf *b, Str s)
{
    put_int(b, (int64_t)s.n);
    buf_add(b, s);
}

void chain_hash(const uint8_t prev[32], const Event *e, uint8_t out[32])
{
    Arena *mem = arena_new((size_t)64 << 20);
    Buf b = buf_new(mem, (size_t)16 << 20);
    buf_add_bytes(&b, prev, 32);
    const int64_t ints[] = {e->home, e->seq, e->at_ms, e->user, e->record, e->rev};
    for (size_t i = 0; i < ARRAY_LEN(ints); i++) {
        put_int(&b, ints[i]);
    }
    const Str texts[] = {e->user_name, e->org_name, e->act, e->type, e->action, e->state_from, e->state_to, e->reason, e->source, e->body};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        put_text(&b, texts[i]);
    }
    CHECK(!b.full);
    sha256(b.p, b.n, out);
    arena_free(mem);
}
