/*
 * codes.h - the standards' own checks: pure functions over text, in the normal form people's input is brought to first.
 */
#pragma once

#include "base/str.h"

typedef enum { CODE_OK, CODE_BAD_FORMAT, CODE_BAD_CHECK } CodeVerdict;

/* uscc_check - 统一社会信用代码, GB 32100-2015: 18 characters of 31 (no I O S V Z), weights 3^(i-1) mod 31; remainder 0 -> '0'.
 * The division part (3-8) is that of the registering office at the time: not checked against today's list. */
CodeVerdict uscc_check(Str code);
/* id_number_check - 公民身份号码, GB 11643-1999: 17 digits + check (X), a real birth date. */
CodeVerdict id_number_check(Str code);
/* mobile_check - 11 digits starting 1[3-9]; phone_check also takes 0471-1234567(-ext). */
CodeVerdict phone_check(Str number);
/* doc_number_normal - 发文字号: brackets of every kind become 〔〕, spaces go, full-width digits narrow; BAD_FORMAT unless it
 * then reads 机关代字〔年〕序号号. */
CodeVerdict doc_number_normal(Arena *mem, Str text, Str *ret);
/* pinyin initials: "敖汉旗" -> "ahq". ASCII letters and digits stay (lower case), other characters are dropped. Table generated at
 * build time from ICU. `override` maps a whole word to its initials; may be NULL. */
Str pinyin_initials(Arena *mem, Str text);
/* name_fold - the form in which two names are compared: narrowed, lower case, quotes, spaces, punctuation and middle dots removed. */
Str name_fold(Arena *mem, Str name);
/* edit_distance - Levenshtein over code points, at most `limit` (returns limit + 1 when greater). O(n*limit). */
size_t edit_distance(Str a, Str b, size_t limit);
