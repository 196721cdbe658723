/*
 * hooks.h - from the common subset of SQL to the text one engine runs.
 */
#pragma once

#include "db/driver.h"

/*
 * hooks_expand - replace {word} and {word:arg} outside literals and comments by what the driver says. Without a brace the
 * text is returned as it is. E_DB in cx for an unknown or unclosed hook. The result lives in `mem`, or is `sql` itself.
 */
MUST_USE bool hooks_expand(Cx *cx, Arena *mem, const DbDriver *drv, Str sql, Str *ret);

/*
 * hooks_common - whether `sql` stays in the subset every engine understands alike: ?N placeholders only, no functions,
 * casts or clauses of one engine. E_DB in cx, with the offending word in the log. O(length); done once per statement.
 */
MUST_USE bool hooks_common(Cx *cx, Str sql);

/* hooks_piece - the bytes of the piece of SQL at `at` (< s.n): a literal, quoted name or comment as a whole, a word, a number, or
 * one byte. */
size_t hooks_piece(Str s, size_t at);
