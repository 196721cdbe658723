/*
 * url.h - query strings, form bodies, multipart bodies and cookies. Pure; limits are errors, never truncation.
 */
#pragma once

#include "base/err.h"
#include "base/buf.h"

typedef struct {
    Str name, value;
} Param;

typedef struct {
    Param *items;
    size_t n;
} Params;

/* url_params - application/x-www-form-urlencoded: at most 4,000 pairs; '+' is a space; the decoded text must be valid
 * UTF-8 without NUL (E_BAD_REQUEST otherwise). Keeps order and repeats. CR LF inside values becomes LF. */
MUST_USE bool url_params(Cx *cx, Str text, Params *ret);
Str param_get(const Params *p, Str name);            /* first value; empty when absent */
bool param_has(const Params *p, Str name);
size_t param_all(const Params *p, Str name, Str *out, size_t max); /* values in order */

bool url_decode(Arena *mem, Str s, bool plus_is_space, Str *ret);  /* false: bad %xx */
void url_encode(Buf *out, Str s);                     /* everything but unreserved characters */
Str url_enc(Arena *mem, Str s);

/* multipart/form-data (RFC 7578): at most 200 parts, headers of a part at most 4 KiB. */
typedef struct {
    Str name;
    Str filename;      /* base name only, control characters removed; empty for a plain field */
    Str type;
    Str data;          /* points into body */
    bool is_file;
} Part;
MUST_USE bool multipart_read(Cx *cx, Str content_type, Str body, Part **ret_parts, size_t *ret_n);

/* cookie_get - value of a cookie in a Cookie header; empty when absent. */
Str cookie_get(Str header, Str name);
