/*
 * lot.h - drawing by lot so that anyone can check it.
 *
 * Before the draw the office publishes the commitment: SHA-256, hex, of its secret seed (32 random bytes, hex text). At the draw a public
 * word may be added that nobody could choose before (digits of a lottery, a word of a witness). Each candidate gets the ticket
 * SHA-256(seed "|" word "|" purpose "|" key), hex; candidates are ordered by ticket, lowest first; the first `want` that fit are drawn, the
 * following ones are substitutes in order. With strata, at most `per_stratum` are taken of one stratum (0: no limit;
 * candidates without a stratum are not limited).
 * Afterwards the seed is published: whoever has the list of candidates gets the same names with twenty lines in any language
 * (test/draw.mjs). Pure.
 */
#pragma once

#include "base/str.h"

typedef struct {
    Str key;                     /* stable public key of the candidate: its record number or id */
    Str stratum;                 /* e.g. its city; empty: none */
    char ticket[65];             /* filled */
    int32_t place;               /* filled: 1… in ticket order */
    bool drawn;                  /* filled */
} Lot;

void lot_commitment(Str seed, char ret[65]);
/* lot_draw - fills and sorts `lots` by ticket; returns how many were drawn (less than `want` when the candidates do not suffice). */
size_t lot_draw(Str seed, Str word, Str purpose, Lot *lots, size_t n, size_t want, size_t per_stratum);
