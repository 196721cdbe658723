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

/* What a personal field reads as after its record's personal data were erased, and whether a text stands for one that is not shown: a mask
 * (138****2046) or that. Such a text coming back from a form means: leave it. */
#define PERSONAL_ERASED S("（已删除）")
bool personal_hidden(Str s);

bool field_is_text(const Field *f);               /* stored as text (s), not as an integer (i) */
bool value_eq(const Field *f, const Value *a, const Value *b);
