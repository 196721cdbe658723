/*
 * finding.h - what is wrong or doubtful about a user's data: not an error, a list.
 */
#pragma once

#include "base/str.h"

typedef struct {
    Str field;            /* field id; "list.2.column" inside a list; empty: the whole record */
    Str code;             /* stable word: required, range, format, check_digit, choice, unique, rule, … */
    Str text;             /* Chinese: what is wrong and what to do */
    Str clause;
    bool warn;            /* a warning keeps the value */
} Finding;

typedef struct {
    Arena *mem;
    Finding *items;
    size_t n, cap, errors;
} Findings;

Findings findings_new(Arena *mem);
void finding_add(Findings *f, bool warn, Str field, Str code, Str clause, Str text);
