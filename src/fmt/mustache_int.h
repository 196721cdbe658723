/*
 * mustache_int.h - what the parts of the template compiler share; private to fmt/mustache*.c and html.c.
 *
 *   mustache_load.c   files → templates, links between them, the list of errors
 *   mustache_parse.c  text → a flat array of operations (tags, standalone lines, sections)
 *   mustache_html.c   which place of the HTML the text has reached; the context rules
 *   mustache.c        operations + documents → output
 */
#pragma once

#include "base/map.h"
#include "fmt/mustache.h"

typedef struct Template Template;

typedef enum {
    OP_TEXT,       /* print text */
    OP_VAR,        /* look up, escape, print */
    OP_SECTION,    /* body: the operations up to `end` */
    OP_INVERTED,
    OP_PARTIAL,    /* text: indentation when it stood alone on its line */
    OP_PARENT,     /* body: OP_BLOCKs that override */
    OP_BLOCK,
    OP_NONCE,      /* print hx-nonce="…" */
    OP_URL_BEGIN,  /* a URL attribute whose start comes from data: judged when it is complete */
    OP_URL_END
} OpKind;

typedef struct {
    OpKind kind;
    uint32_t end;        /* index after the body */
    uint32_t line, col;  /* of the tag; 1-based, col in bytes */
    Str text;            /* OP_TEXT; indentation of OP_PARTIAL, OP_PARENT; name of OP_BLOCK */
    const Str *parts;    /* OP_VAR, sections: the dotted name, split */
    uint32_t n_parts;    /* 0: {{.}} */
    bool standalone;     /* OP_PARTIAL, OP_PARENT */
    bool markup;         /* OP_BLOCK: its own text holds < or a quote */
    bool in_tag;         /* OP_BLOCK: stands where no markup may (attribute value, title) */
    Template *target;    /* OP_PARTIAL, OP_PARENT; NULL until linked */
    Str name;            /* as written */
} Op;

struct Template {
    Str name;
    Str source;
    Op *ops;
    size_t n, cap;
};

struct Templates {
    Arena *mem;
    Map by_name;
    bool strict;
};

/* Errors of all templates, gathered while loading. */
typedef struct {
    Buf text;
    size_t n;
} Errors;
void template_error(Errors *errors, const Template *t, size_t line, size_t col, const char *fmt, ...) PRINTF(5, 6);

/* template_compile - source → ops. Errors go to the list. Partials are linked afterwards. */
void template_compile(Arena *mem, Template *t, Errors *errors);

/* ---- HTML places ---- */

typedef enum {
    H_DATA,          /* text */
    H_RCDATA,        /* <title>, <textarea>: text without tags */
    H_RAW,           /* <script>, <style> …: no variables */
    H_COMMENT,
    H_BOGUS,         /* <!doctype …>, <?…> */
    H_TAG_NAME,
    H_BEFORE_ATTR,
    H_GLUE,          /* in a tag just behind a section's edge: which attribute goes on is not known */
    H_ATTR_NAME,
    H_AFTER_NAME,
    H_BEFORE_VALUE,
    H_QUOTED,
    H_UNQUOTED
} HtmlState;

typedef enum {
    A_PLAIN,
    A_URL,
    A_STYLE,         /* style: no variables */
    A_CODE,          /* on*, hx-on*, hx-vals …: may run script, no variables */
    A_TEXT_FIRST,    /* hx-confirm: a value that starts with js: runs, so it must start with static text */
    A_UNKNOWN        /* the name was put together from sections: no variables */
} AttrKind;

typedef struct {
    HtmlState state;
    char quote;
    AttrKind attr;
    bool cut_tag;        /* H_GLUE directly behind the tag name */
    bool end_tag;
    bool url_judged;     /* H_QUOTED, A_URL: nothing more to decide */
    bool url_open;       /* OP_URL_BEGIN was emitted */
    bool has_hx, has_nonce;
    bool value_text;     /* H_QUOTED: fixed text has been written that is not the start of "js:" */
    bool odd_name;       /* the attribute name is glued */
    uint8_t tag_n, name_n;
    uint8_t match;       /* progress of the end marker in raw text and comments */
    char tag[16];        /* lower case, cut */
    char name[20];
    const char *value_at; /* where the quoted value starts, in the source */
} Html;

typedef enum { EV_NONE, EV_NONCE, EV_URL_CLOSE, EV_ERROR } HtmlEvent;

/*
 * html_step - one more byte of static text. EV_NONCE: the tag is about to end, the nonce goes before its end; EV_URL_CLOSE: this
 * byte is the quote that ends a URL value with url_open. EV_ERROR: *ret_why in Chinese.
 */
HtmlEvent html_step(Html *h, const char *p, const char **ret_why);
/* NULL when a variable may stand here, else the reason. */
const char *html_variable(const Html *h);
/* A section begins or ends here: what is known afterwards. NULL, or the reason why it cannot. */
const char *html_edge(Html *h);
/* Does a section that began at `a` (after html_edge) end in the same place? */
bool html_same(const Html *a, const Html *b);
/* A URL value's static start: NULL when fine, *ret_filter: what data adds has to be judged; else the reason. */
const char *html_url_start(Str prefix, bool *ret_filter);

Str url_scheme(Str s);   /* the part before ':', empty when there is none */
bool url_safe(Str s);    /* relative on this host, http(s), mailto or tel; s may be HTML-escaped */
