/*
 * anchor_note.c - the note of a checkpoint of the journal: heads to a root, a root to a signed text and back.
 */
#include "store/anchor_int.h"

#define ED25519_TYPE 0x01
#define OTHER_TYPE 0xff
#define SM2_NAME "tamga-sm2"
#define SIG_LEN 64

Str journal_origin(const Store *s, Arena *mem)
{
    return str_printf(mem, "%.*s/journal", STRF(s->pack->id));
}

bool head_line(Arena *mem, Str *rest, int64_t *ret_home, int64_t *ret_seq, uint8_t ret_hash[32])
{
    Str line, after, home, tail, seq, hash, raw;
    if (rest->n == 0) {
        return false;
    }
    (void)str_cut(*rest, '\n', &line, &after);
    if (!str_cut(line, ' ', &home, &tail) || !str_cut(tail, ' ', &seq, &hash) || !str_int(home, ret_home) || !str_int(seq, ret_seq) ||
        !unhex(mem, hash, &raw) || raw.n != 32) {
        return false;
    }
    memcpy(ret_hash, raw.p, 32);
    *rest = after;
    return true;
}

static void put_be(uint8_t *to, int64_t v)
{
    for (int i = 0; i < 8; i++) {
        to[i] = (uint8_t)((uint64_t)v >> (56 - 8 * i));
    }
}

/* All leaves are here, so the tree is folded from them: the root of n leaves by the split of RFC 6962. */
static void fold(const uint8_t (*leaves)[32], int64_t n, uint8_t ret[32])
{
    if (n == 1) {
        memcpy(ret, leaves[0], 32);
        return;
    }
    int64_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    uint8_t left[32], right[32];
    fold(leaves, k, left);
    fold(leaves + k, n - k, right);
    merkle_join(left, right, ret);
}

bool heads_root(Cx *cx, Str heads, uint8_t ret[32], int64_t *ret_n)
{
    size_t lines = 0;
    for (size_t i = 0; i < heads.n; i++) {
        lines += heads.p[i] == '\n';
    }
    uint8_t(*leaves)[32] = arena_alloc(cx->mem, 32 * (lines + 1)), raw[48];
    int64_t home, seq, last = INT64_MIN;
    *ret_n = 0;
    while (head_line(cx->mem, &heads, &home, &seq, raw + 16)) {
        if (home <= last || (size_t)*ret_n == lines) {
            return fail(cx, E_DATA, "链头清单不按单位排列");
        }
        put_be(raw, home);
        put_be(raw + 8, seq);
        merkle_leaf(str_n((const char *)raw, sizeof raw), leaves[(*ret_n)++]);
        last = home;
    }
    if (heads.n != 0) {
        return fail(cx, E_DATA, "链头清单读不出来");
    }
    if (*ret_n == 0) {
        sha256("", 0, ret);
    } else {
        fold((const uint8_t(*)[32])leaves, *ret_n, ret);
    }
    return true;
}

/* ---- signatures ---- */

static void key_hash(Arena *mem, Str origin, const PublicKey *k, uint8_t ret[4])
{
    uint8_t h[32];
    Buf b = buf_new(mem, 4096);
    buf_add(&b, origin);
    buf_addc(&b, '\n');
    if (k->alg == SIGN_ED25519) {
        buf_addc(&b, ED25519_TYPE);
    } else {
        buf_addc(&b, (char)OTHER_TYPE);
        buf_add(&b, S(SM2_NAME));
    }
    buf_add_bytes(&b, k->bytes, k->n);
    sha256(b.p, b.n, h);
    memcpy(ret, h, 4);
}

static Str signature_line(const Store *s, Arena *mem, Str origin, SignAlg alg, Str text)
{
    uint8_t sig[4 + SIG_LEN];
    key_hash(mem, origin, signer_public(s->signers[alg]), sig);
    sign_bytes(s->signers[alg], text, sig + 4);
    return str_printf(mem, "— %.*s %.*s\n", STRF(origin), STRF(base64(mem, str_n((const char *)sig, sizeof sig))));
}

Str journal_note(const Store *s, Arena *mem, int64_t size, const uint8_t root[32])
{
    Str origin = journal_origin(s, mem);
    Str text = str_printf(mem, "%.*s\n%lld\n%.*s\n", STRF(origin), (long long)size, STRF(base64(mem, str_n((const char *)root, 32))));
    return str_printf(mem, "%.*s\n%.*s%.*s", STRF(text), STRF(signature_line(s, mem, origin, SIGN_ED25519, text)),
                      STRF(signature_line(s, mem, origin, SIGN_SM2, text)));
}

static bool line_holds(Arena *mem, Str origin, Str text, Str line, const PublicKey *keys, size_t n_keys, SignAlg alg)
{
    Str head = str_printf(mem, "— %.*s ", STRF(origin)), raw;
    if (!str_starts(line, head) || !base64_read(mem, str_sub(line, head.n, line.n - head.n), &raw) || raw.n != 4 + SIG_LEN) {
        return false;
    }
    for (size_t i = 0; i < n_keys; i++) {
        uint8_t h[4];
        key_hash(mem, origin, &keys[i], h);
        if (keys[i].alg == alg && memcmp(h, raw.p, 4) == 0 && sign_bytes_hold(&keys[i], text, (const uint8_t *)raw.p + 4)) {
            return true;
        }
    }
    return false;
}

bool note_holds(Arena *mem, Str origin, Str text, Str lines, const PublicKey *keys, size_t n_keys)
{
    bool ed = false, sm = false;
    for (Str line; lines.n != 0;) {
        (void)str_cut(lines, '\n', &line, &lines);
        ed = ed || line_holds(mem, origin, text, line, keys, n_keys, SIGN_ED25519);
        sm = sm || line_holds(mem, origin, text, line, keys, n_keys, SIGN_SM2);
    }
    return ed && sm;
}
