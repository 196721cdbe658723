/*
 * mustache.h - logic-less templates, compiled at start, rendered from documents into HTML.
 *
 * Supported: the required modules of the public Mustache specification (comments, delimiters, interpolation, inverted,
 * partials, sections) and inheritance (parents and blocks). {{{raw}}} and {{&raw}} are refused: escaping cannot be switched off.
 * Differences, by intent: variables print doc_shown_text; dotted names; a name found nowhere prints nothing, or fails in strict mode.
 *
 * Safety: a variable may stand in text, in a quoted attribute value, in a URL attribute (href, src, action, hx-get …), where only
 * relative and http(s)/mailto/tel URLs pass; anywhere else (script, style, unquoted attributes, tag or attribute names, on*) is a
 * compile error. Elements that carry an hx- attribute get the nonce attribute that htmx's CSP extension demands, printed from
 * the variable `nonce`.
 */
#pragma once

#include "base/err.h"
#include "fmt/doc.h"

typedef struct Templates Templates;

/* templates_load - compile every *.mustache under dir (name: path below dir without the ending). All errors are reported with
 * file, line and column. NULL with E_PACK. Lives in mem, immutable, shared by threads. */
MUST_USE Templates *templates_load(Cx *cx, Arena *mem, const char *dir);
/* templates_from - from name/text pairs; for tests and the fuzzer. */
MUST_USE Templates *templates_from(Cx *cx, Arena *mem, const Str (*pairs)[2], size_t n);
void templates_strict(Templates *t, bool on);   /* an unknown name fails the rendering (tests) */
bool templates_has(const Templates *t, Str name);
/* mustache_render - `stack` is the context, outermost first. Output and depth are bounded; E_INTERNAL when passed. */
MUST_USE bool mustache_render(Cx *cx, const Templates *t, Str name, const Doc *const *stack, size_t n, Buf *out);
void html_escape(Buf *out, Str s);              /* & < > " ' */
