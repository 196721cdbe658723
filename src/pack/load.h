/*
 * load.h - what the files of the loader share; not for other modules.
 *
 * Files become trees of nodes with places (yaml.c), the reader asks the trees for what the vocabulary allows and notes faults with
 * their place (read.c), and the load_*.c files fill the Pack. Expressions are queued and parsed when all types stand.
 */
#pragma once

#include "base/buf.h"
#include "pack/expr.h"
#include "pack/tree.h"

#define FAULTS_MAX 50

/* An expression waiting until all types stand. */
typedef struct {
    const Node *node;
    const RecordType *type;
    const RecordType *outer;  /* what `outer.` reaches; NULL: nothing */
    const Field *extra;
    size_t n_extra;
    const Field *as;      /* the field the value is for; NULL: it must be a condition, */
    bool number;          /* or a number */
    const Expr **slot;
} Pending;

typedef struct {
    const Field *field;   /* computed: the field to be told, */
    const Node *node;     /* and where it says so */
} PendingLatest;

typedef struct {
    Str name, text;
} PackFile;

typedef struct {
    Cx *cx;
    Arena *mem;           /* the pack's */
    Arena *tmp;           /* trees and files, gone after loading */
    const char *dir;
    Pack *p;
    Buf report;
    size_t n_faults;
    PackFile *files;      /* read so far */
    size_t n_files, cap_files;
    Pending *pending;
    size_t n_pending, cap_pending;
    Node **type_trees;    /* one per type */
    struct BandTree {     /* bands waiting for the scale of their figure */
        Criterion *of;
        const Node *node;
    } *bands;
    size_t n_bands, cap_bands;
    void *rows;           /* lines of the CSV file being read */
    size_t n_rows, cap_rows;
} Loader;

/* ---- file.c ---- */
bool file_text(Loader *l, Str name, size_t max_bytes, Str *ret);      /* false: absent, or a fault noted; *ret.p NULL when absent */
Node *file_tree(Loader *l, Str name, bool required);                   /* NULL: absent or a fault noted */
Str *file_names(Loader *l, const char *sub, size_t *ret_n);           /* "types/a.yaml" …, sorted; sub "" is the folder itself */
void files_hash(Loader *l);

/* ---- read.c ---- */
void fault_at(Loader *l, Str file, int line, int col, const char *fmt, ...) PRINTF(5, 6);
void fault(Loader *l, const Node *at, const char *fmt, ...) PRINTF(3, 4);
bool keys_only(Loader *l, const Node *map, const char *const *keys);  /* false: not a map. `clause` is always allowed and checked */
bool node_is_null(const Node *map, const char *key);                  /* there, and null */
Str get_text(Loader *l, const Node *map, const char *key, bool required);
Str get_id(Loader *l, const Node *map, const char *key, bool required); /* [a-z][a-z0-9_]*, at most 40 */
bool is_id(Str s);
Str get_clause(Loader *l, const Node *map);
bool get_bool(Loader *l, const Node *map, const char *key, bool otherwise);
bool get_int(Loader *l, const Node *map, const char *key, int64_t min, int64_t max, int64_t *ret); /* false: absent or faulty */
bool get_date(Loader *l, const Node *map, const char *key, int32_t *ret);
int get_choice(Loader *l, const Node *map, const char *key, const char *const *words, int otherwise);
const Node *get_list(Loader *l, const Node *map, const char *key);    /* NULL: absent or faulty */
const Node *get_map(Loader *l, const Node *map, const char *key);
Str *get_texts(Loader *l, const Node *map, const char *key, size_t *ret_n);
Str node_text(Loader *l, const Node *n, const char *what);            /* copied into the pack's arena; fault unless a text */
bool scaled(Str s, int32_t decimals, int64_t *ret);                    /* "12.5" with two decimals -> 1250; false: not so */
int level_of(const Pack *p, Str level);                               /* -1: no such level */
int get_level(Loader *l, const Node *map, const char *key);           /* -1: absent or faulty */
void want_expr(Loader *l, const Node *map, const char *key, const RecordType *t, const Field *extra, size_t n_extra, const Field *as,
               const Expr **slot);
void want_expr_node(Loader *l, const Node *n, const RecordType *t, const Field *extra, size_t n_extra, const Field *as,
                    const Expr **slot);
void want_expr_within(Loader *l, const Node *n, const RecordType *t, const RecordType *outer, const Field *extra, size_t n_extra,
                      const Field *as, const Expr **slot);
void want_number(Loader *l, const Node *n, const RecordType *t, const Expr **slot);
void read_pending(Loader *l);                                          /* parse all that wait */

/* ---- rows.c ---- */
typedef void CsvLineFn(Loader *l, Str file, int line, const Str *cells); /* cells in the order of `names`, trimmed, in the pack's arena */
bool read_csv(Loader *l, Str file, bool required, const char *const *names, CsvLineFn *fn); /* false: absent (a fault when required) */
int32_t cell_date(Loader *l, Str file, int line, int cell, Str text, int32_t open);         /* `open`: empty or faulty */
int64_t cell_int(Loader *l, Str file, int line, int cell, Str text, int64_t min, int64_t max, int64_t otherwise);
/* Lines are gathered in l->rows first: a parent may stand below its children, and regions must not move once pointed to. */
void *new_row(Loader *l, size_t size);
void rows_clear(Loader *l);

/* ---- load_regions.c ---- */
void load_regions(Loader *l);
void load_sets(Loader *l);
void load_orgs(Loader *l);
void index_regions(Loader *l);

/* ---- load_types.c ---- */
void load_types(Loader *l);
void read_fields(Loader *l, const Node *list, const RecordType *t, bool in_list, Field **ret, size_t *ret_n);
const Field **get_fields(Loader *l, const Node *map, const char *key, const RecordType *t, bool no_personal, size_t *ret_n);
const Field *find_field(Loader *l, const Node *at, const RecordType *t, Str id);
const Field *get_field(Loader *l, const Node *map, const char *key, const RecordType *t); /* NULL: absent or faulty */
const RecordType *get_type(Loader *l, const Node *map, const char *key); /* required; NULL: a fault noted */
const Link *find_link(Loader *l, const Node *at, const RecordType *t, Str id);

/* ---- load_action.c ---- */
void load_actions(Loader *l, const Node *tree, RecordType *t);
void load_thens(Loader *l, const Node *tree, RecordType *t); /* once the actions of all types stand */

/* ---- load_form.c ---- */
void load_public_form(Loader *l, const Node *tree, RecordType *t);

/* ---- load_closing.c; after the rights ---- */
void load_closing(Loader *l, const Node *tree, RecordType *t);

/* ---- load_flow.c: states, rights, sheet, checks of one type ---- */
Str get_tone(Loader *l, const Node *map);
const State *find_state(Loader *l, const Node *at, const RecordType *t); /* NULL and a fault: no such state */
void load_states(Loader *l, const Node *tree, RecordType *t);
void load_rights(Loader *l, const Node *tree, RecordType *t);
void load_sheet(Loader *l, const Node *tree, RecordType *t);
Check *load_checks(Loader *l, const Node *list, const RecordType *t, const Field *extra, size_t n_extra, bool conditions,
                   size_t *ret_n);

/* ---- load_calendar.c ---- */
void load_calendar(Loader *l);

/* ---- load_rubric.c ---- */
void load_rubrics(Loader *l);
void load_bands(Loader *l);  /* after the expressions: a band is written in the scale of its criterion's figure */

/* ---- load_doc.c ---- */
void load_documents(Loader *l);

/* ---- load_rest.c ---- */
void load_clauses(Loader *l);
void load_codes(Loader *l);
void load_roles(Loader *l);
void load_params(Loader *l);
void load_targets(Loader *l);
void load_menu(Loader *l);
void load_features(Loader *l);
