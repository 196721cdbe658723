/*
 * value.h - the value of a field in memory, and a list of findings about values.
 *
 * Numbers, money (fen), decimals (scaled), dates (days), booleans, references (ids) and offices (homes) stand in `i`; texts, codes,
 * region codes, periods and identifiers in `s`; a list field's rows in `rows`. Personal fields hold clear text here.
 */
#pragma once

#include "pack/pack.h"

typedef struct Value {
    bool has;             /* false: empty */
    int64_t i;
    Str s;
    struct Row *rows;
    size_t n_rows;
} Value;

typedef struct Row {
    Value *v;             /* one per column of the list field */
} Row;

bool field_is_text(const Field *f);               /* stored as text (s), not as an integer (i) */
bool value_eq(const Field *f, const Value *a, const Value *b);
