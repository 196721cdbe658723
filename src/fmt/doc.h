/*
 * doc.h - the document: what a page is about, printed as JSON for programs or through a template as HTML for people.
 *
 * A tree in an arena. Leaves are typed: JSON prints the raw value ("2024-05-01", 120000, "recognized"), HTML the shown
 * one (2024年5月1日, ¥1,200.00, 已办结). Object members keep their order; a name is set once.
 */
#pragma once

#include "base/buf.h"

typedef enum { DOC_NULL, DOC_BOOL, DOC_INT, DOC_STR, DOC_LIST, DOC_OBJ } DocKind;

typedef struct Doc Doc;
struct Doc {
    DocKind kind;
    bool b;
    bool as_string;   /* DOC_INT printed as a JSON string (ids are wider than 2^53) */
    bool html_only;   /* not printed in JSON */
    int64_t i;
    Str s;            /* DOC_STR raw value */
    Str show;         /* text for HTML; empty: the raw value */
    Str name;         /* as a member of an object */
    Doc *first, *last, *next; /* children of a list or object, in order */
    size_t n;
    Arena *mem;       /* containers */
    void *index;      /* containers with many members; private */
    const Str *known; /* see doc_known */
};

Doc *doc_obj(Arena *mem);
Doc *doc_list(Arena *mem);

/* Members of an object. The returned node is the new one. */
Doc *doc_set_str(Doc *o, const char *name, Str v);
Doc *doc_set_strc(Doc *o, const char *name, const char *v);      /* copies nothing; NULL sets null */
Doc *doc_set_int(Doc *o, const char *name, int64_t v);
Doc *doc_set_bool(Doc *o, const char *name, bool v);
Doc *doc_set_null(Doc *o, const char *name);
Doc *doc_set_id(Doc *o, const char *name, int64_t id);           /* JSON: string */
Doc *doc_set_date(Doc *o, const char *name, int32_t days);       /* raw ISO, shown 2024年5月1日 */
Doc *doc_set_instant(Doc *o, const char *name, int64_t ms);      /* raw ISO UTC, shown 2024-05-01 17:30 */
Doc *doc_set_money(Doc *o, const char *name, int64_t fen);       /* raw integer fen, shown ¥1,200.00 */
Doc *doc_set_shown(Doc *o, const char *name, Str raw, Str show); /* code + label and the like */
Doc *doc_set_obj(Doc *o, const char *name);
Doc *doc_set_list(Doc *o, const char *name);
Doc *doc_set_doc(Doc *o, const char *name, Doc *v);              /* v must not be a child already */
/* doc_known - what a template may ask of `o` though it has it not: by these names it is found as null. Of static life, the last one empty; JSON
 * does not print them. For the many small objects of a table, which would carry more nulls than values. */
void doc_known(Doc *o, const Str *names);
Doc *doc_html_only(Doc *d);                                      /* marks and returns d */
/* With a name that is not a literal. */
Doc *doc_set_str_n(Doc *o, Str name, Str v);
Doc *doc_set_doc_n(Doc *o, Str name, Doc *v);
/* Items of a list. */
Doc *doc_add_obj(Doc *l);
Doc *doc_add_str(Doc *l, Str v);
Doc *doc_add_int(Doc *l, int64_t v);
Doc *doc_add_doc(Doc *l, Doc *v);

/* Loose nodes, for doc_set_doc and doc_add_doc. */
Doc *doc_str(Arena *mem, Str v);
Doc *doc_int(Arena *mem, int64_t v);
Doc *doc_bool(Arena *mem, bool v);
Doc *doc_null(Arena *mem);
Doc *doc_shown(Arena *mem, Str raw, Str show);

Doc *doc_get(const Doc *o, Str name);                 /* member or NULL; NULL for non-objects */
Doc *doc_at(const Doc *l, size_t i);                  /* item or NULL */
Str doc_get_str(const Doc *o, const char *name);      /* empty when absent or not text */
int64_t doc_get_int(const Doc *o, const char *name, int64_t none); /* also from a digit string */
bool doc_get_bool(const Doc *o, const char *name);
bool doc_truthy(const Doc *d);                        /* not NULL, null, false, "", [] */

/* doc_shown_text - what HTML prints for a leaf, before escaping: integers with no grouping unless `show` says so. */
Str doc_shown_text(Arena *mem, const Doc *d);

/* json_write.c, json_read.c: RFC 8259. Output escapes <, >, &, U+2028/9 too, so that it may stand in HTML. Canonical: see json_canonical. */
void json_write(Buf *out, const Doc *d, bool pretty);
Str json_text(Arena *mem, const Doc *d);
/* json_read - parse `text` (limits: depth 32, 100,000 nodes, 1 MiB). Duplicate names, invalid UTF-8 and trailing text are
 * errors. NULL with *ret_error in Chinese and the byte offset in it. A number that is not a whole int64 ("12.50", 1e3) becomes a
 * DOC_STR with its digits as sent, for the field's own parser. */
Doc *json_read(Arena *mem, Str text, Str *ret_error);
/* json_read_large - the same for files this program wrote itself: up to 64 MiB and 2,000,000 nodes. */
Doc *json_read_large(Arena *mem, Str text, Str *ret_error);
/* json_canonical - members sorted by name bytewise, no white space, shortest escapes: for hashing and signing. */
Str json_canonical(Arena *mem, const Doc *d);
