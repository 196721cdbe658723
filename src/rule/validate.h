/*
 * validate.h - text as people type it into values, values into text, and the checks of a whole record.
 */
#pragma once

#include "rule/eval.h"

/*
 * value_parse - `text` as typed or as it stands in a spreadsheet, into the normal form of field `f`. An empty text gives an empty
 * value. False when it cannot be taken: then a finding (error) was added under `where`; doubtful but usable input adds a warning.
 *   within  a region that helps to resolve region names ("新城区" of which city); NULL: none
 * References (FT_REF) are read as record ids only; the caller resolves names.
 */
bool value_parse(Arena *mem, const Pack *p, const Field *f, Str where, Str text, const Region *within, Value *ret, Findings *found);

Str value_raw(Arena *mem, const Field *f, const Value *v);                 /* for JSON, forms and CSV: 2024-05-01, 12000, done */
Str value_show(Arena *mem, const Pack *p, const Field *f, const Value *v); /* for people: 2024年5月1日, 已办结, 1,234, but a year (min and max of four digits) 2026; empty: "" */

/* value_check - one value against its field: length, range, choice, named check. `where` goes into the findings. */
void value_check(const EvalEnv *env, const Field *f, Str where, const Value *v, Findings *found);

/* period_parse - a reporting period as people write it (2024, 2024年, 2024Q1, 2024年第一季度, 2024年上半年, 2024-05, 2024年5月, 202405)
 * into 2024, 2024H1, 2024Q1 or 2024-05. period_zh shows it: 2024年, 2024年上半年, 2024年第1季度, 2024年5月. */
bool period_parse(Arena *mem, Str text, Str *ret);
Str period_zh(Arena *mem, Str period);

/* field_in_form - does the field stand in that revision of the form? form 0: in any. */
bool field_in_form(const Field *f, int32_t form);

/* record_check - required fields, ranges, lengths, choices, show_when / require_when, list rows and the type's checks. */
void record_check(const EvalEnv *env, Findings *found);

/* Named C checks that a field may ask for (`check: naming`); registered by the features before packs are loaded. */
typedef struct {
    const char *name;
    void (*fn)(const EvalEnv *env, const Field *f, const Value *v, Findings *found);
} NamedCheck;
void rule_named_set(const NamedCheck *table, size_t n); /* the table must outlive the process */
bool rule_named_has(Str name);
/* rule_named_run - 1 holds, 0 does not, -1 there is no check of that name or no value. */
int rule_named_run(Str name, const EvalEnv *env, const Field *f, const Value *v, Findings *found);
/* rule_pack_check - false with E_PACK when the pack names a C check that nobody registered. Call once after pack_load. */
MUST_USE bool rule_pack_check(Cx *cx, const Pack *p);
