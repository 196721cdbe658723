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

static void put_entry(Buf *b, const uint8_t prev[32], const int64_t ints[CHAIN_INTS], const Str texts[CHAIN_TEXTS])
{
    buf_add_bytes(b, prev, 32);
    for (size_t i = 0; i < CHAIN_INTS; i++) {
        put_int(b, ints[i]);
    }
    for (size_t i = 0; i < CHAIN_TEXTS; i++) {
        put_text(b, texts[i]);
    }
    CHECK(!b->full);
}

void chain_hash_parts(Buf *scratch, const uint8_t prev[32], const int64_t ints[CHAIN_INTS], const Str texts[CHAIN_TEXTS], uint8_t out[32])
{
    scratch->n = 0;
    put_entry(scratch, prev, ints, texts);
    sha256(scratch->p, scratch->n, out);
}

void chain_hash(const uint8_t prev[32], const Event *e, uint8_t out[32])
{
    Arena *mem = arena_new((size_t)64 << 20);
    Buf b = chain_scratch(mem);
    const int64_t ints[CHAIN_INTS] = {e->home, e->seq, e->at_ms, e->user, e->record, e->rev};
    const Str texts[CHAIN_TEXTS] = {e->user_name,  e->org_name, e->act,    e->type,   e->action,
                                    e->state_from, e->state_to, e->reason, e->source, e->body};
    chain_hash_parts(&b, prev, ints, texts, out);
    arena_free(mem);
}

Buf chain_scratch(Arena *mem)
{
    return buf_new(mem, (size_t)16 << 20);
}
