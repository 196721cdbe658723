/*
 * anchor_int.h - what the files of the anchor share; not for other modules.
 */
#pragma once

#include "store/anchor.h"
#include "store/internal.h"
#include "store/merkle.h"

/* heads_root - the root over a text of heads ("home seq hex" a line); *ret_n: how many. E_DATA when it is none. */
MUST_USE bool heads_root(Cx *cx, Str heads, uint8_t ret[32], int64_t *ret_n);
/* head_line - the next head of such a text, cut off it; false at the end or when it is none (then the rest is not empty). */
bool head_line(Arena *mem, Str *rest, int64_t *ret_home, int64_t *ret_seq, uint8_t ret_hash[32]);
Str journal_note(const Store *s, Arena *mem, int64_t size, const uint8_t root[32]);
/* note_holds - whether the signature lines hold one signature of each algorithm by `keys` over the text before them. */
bool note_holds(Arena *mem, Str origin, Str text, Str lines, const PublicKey *keys, size_t n_keys);
Str journal_origin(const Store *s, Arena *mem);
