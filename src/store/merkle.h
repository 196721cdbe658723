/*
 * merkle.h - the hash tree of RFC 6962 (section 2.1) over stored nodes: roots, audit paths, consistency proofs. Pure.
 *
 * Stored are the hashes of full subtrees only: node (level, index) covers the leaves index << level up to (index + 1) << level. Such a node never
 * changes once it is there, and root and proofs of any size, present or past, come from O(log n) of them.
 */
#pragma once

#include "base/err.h"

#define MERKLE_PATH_MAX 128

/* Gives the stored node; level 0 are the leaves. */
typedef bool MerkleNodeFn(Cx *cx, void *ctx, int level, int64_t index, uint8_t ret[32]);
typedef struct {
    MerkleNodeFn *node;
    void *ctx;
} MerkleTree;

typedef struct {
    uint8_t h[MERKLE_PATH_MAX][32];
    size_t n;
} MerklePath;

void merkle_leaf(Str entry, uint8_t ret[32]);                                       /* SHA-256(0 | entry) */
void merkle_join(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32]); /* SHA-256(1 | left | right); ret may be one of them */
/* The root of the first `size` leaves; of none: SHA-256 of nothing. */
MUST_USE bool merkle_root(Cx *cx, const MerkleTree *t, int64_t size, uint8_t ret[32]);
/* 0 <= index < size. */
MUST_USE bool merkle_path(Cx *cx, const MerkleTree *t, int64_t index, int64_t size, MerklePath *ret);
/* 0 <= from <= to; empty when from is 0 or to. */
MUST_USE bool merkle_consistency(Cx *cx, const MerkleTree *t, int64_t from, int64_t to, MerklePath *ret);
