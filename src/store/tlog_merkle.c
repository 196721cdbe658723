/*
 * tlog_merkle.c - see merkle.h; the checking of proofs (tlog.h) follows RFC 9162, 2.1.3.2 and 2.1.4.2, which need no tree.
 */
#include "fmt/crypt.h"
#include "store/merkle.h"
#include "store/tlog.h"

void merkle_leaf(Str entry, uint8_t ret[32])
{
    Arena *mem = arena_new(0);
    uint8_t *b = arena_alloc(mem, entry.n + 1);
    if (entry.n != 0) {
        memcpy(b + 1, entry.p, entry.n);
    }
    sha256(b, entry.n + 1, ret);
    arena_free(mem);
}

void merkle_join(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32])
{
    uint8_t b[65] = {1};
    memcpy(b + 1, left, 32);
    memcpy(b + 33, right, 32);
    sha256(b, sizeof b, ret);
}

/* The largest power of two below n > 1, as an exponent. */
static int split(int64_t n)
{
    int level = 0;
    while ((int64_t)2 << level < n) {
        level++;
    }
    return level;
}

/* The root of the leaves from..to: `from` is a multiple of the largest power of two not above to - from. */
static bool range(Cx *cx, const MerkleTree *t, int64_t from, int64_t to, uint8_t ret[32])
{
    int64_t n = to - from;
    CHECK(n > 0);
    int level = n == 1 ? 0 : split(n);
    if (n == 1 || n == (int64_t)2 << level) {
        level += n != 1;
        return t->node(cx, t->ctx, level, from >> level, ret);
    }
    uint8_t left[32], right[32];
    int64_t mid = from + ((int64_t)1 << level);
    if (!range(cx, t, from, mid, left) || !range(cx, t, mid, to, right)) {
        return false;
    }
    merkle_join(left, right, ret);
    return true;
}

bool merkle_root(Cx *cx, const MerkleTree *t, int64_t size, uint8_t ret[32])
{
    if (size == 0) {
        sha256("", 0, ret);
        return true;
    }
    return range(cx, t, 0, size, ret);
}

static uint8_t *push(MerklePath *p)
{
    CHECK(p->n < MERKLE_PATH_MAX);
    return p->h[p->n++];
}

/* PATH(m, D[from:to]) of RFC 6962: deepest first. */
static bool path(Cx *cx, const MerkleTree *t, int64_t m, int64_t from, int64_t to, MerklePath *ret)
{
    if (to - from == 1) {
        return true;
    }
    int64_t mid = from + ((int64_t)1 << split(to - from));
    if (m < mid) {
        return path(cx, t, m, from, mid, ret) && range(cx, t, mid, to, push(ret));
    }
    return path(cx, t, m, mid, to, ret) && range(cx, t, from, mid, push(ret));
}

bool merkle_path(Cx *cx, const MerkleTree *t, int64_t index, int64_t size, MerklePath *ret)
{
    CHECK(index >= 0 && index < size);
    ret->n = 0;
    return path(cx, t, index, 0, size, ret);
}

/* SUBPROOF(m, D[from:to], whole) of RFC 6962; m counts leaves from `from`. */
static bool subproof(Cx *cx, const MerkleTree *t, int64_t m, int64_t from, int64_t to, bool whole, MerklePath *ret)
{
    if (m == to - from) {
        return whole ? true : range(cx, t, from, to, push(ret));
    }
    int64_t k = (int64_t)1 << split(to - from), mid = from + k;
    if (m <= k) {
        return subproof(cx, t, m, from, mid, whole, ret) && range(cx, t, mid, to, push(ret));
    }
    return subproof(cx, t, m - k, mid, to, false, ret) && range(cx, t, from, mid, push(ret));
}

bool merkle_consistency(Cx *cx, const MerkleTree *t, int64_t from, int64_t to, MerklePath *ret)
{
    CHECK(from >= 0 && from <= to);
    ret->n = 0;
    return from == 0 || from == to ? true : subproof(cx, t, from, 0, to, true, ret);
}

bool merkle_proof_holds(const uint8_t leaf[32], int64_t index, int64_t size, const uint8_t (*nodes)[32], size_t n, const uint8_t root[32])
{
    if (index < 0 || index >= size) {
        return false;
    }
    int64_t fn = index, sn = size - 1;
    uint8_t r[32];
    memcpy(r, leaf, 32);
    for (size_t i = 0; i < n; i++) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            merkle_join(nodes[i], r, r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            merkle_join(r, nodes[i], r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(r, root, 32) == 0;
}

bool merkle_consistent(int64_t from, const uint8_t old_root[32], int64_t to, const uint8_t new_root[32], const uint8_t (*nodes)[32], size_t n)
{
    uint8_t fr[32], sr[32];
    if (from < 0 || from > to) {
        return false;
    }
    if (from == to) {
        return n == 0 && memcmp(old_root, new_root, 32) == 0;
    }
    if (from == 0) { /* everything follows from nothing */
        sha256("", 0, fr);
        return n == 0 && memcmp(old_root, fr, 32) == 0;
    }
    int64_t fn = from - 1, sn = to - 1;
    size_t i = 0;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    if (fn == 0) { /* `from` is a power of two: its root is the first node */
        memcpy(fr, old_root, 32);
    } else if (n == 0) {
        return false;
    } else {
        memcpy(fr, nodes[i++], 32);
    }
    memcpy(sr, fr, 32);
    for (; i < n; i++) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            merkle_join(nodes[i], fr, fr);
            merkle_join(nodes[i], sr, sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            merkle_join(sr, nodes[i], sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(fr, old_root, 32) == 0 && memcmp(sr, new_root, 32) == 0;
}
