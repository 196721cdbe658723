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
