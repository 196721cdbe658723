/*
 * set.h - what the files of the bundle share.
 */
#pragma once

#include "feature/bundle/bundle.h"
#include "fmt/zipplain.h"

#define BUNDLE_KIND "tamga-bundle"

typedef struct {
    const RecordType *type;
    const Field *via;            /* of this type */
} Step;

typedef struct {
    Str name;                    /* of the instance */
    const RecordType *root, *draw, *result;
    const Field *rubric;         /* NULL: none */
    Step *follow, *also;
    size_t n_follow, n_also;
    const Setting *under_review; /* NULL: none */
} BundleSet;

/* set_of - E_NOT_FOUND when there is no bundle of t; E_PACK names a setting that does not fit the types. */
MUST_USE bool set_of(Cx *cx, const Pack *p, const RecordType *t, BundleSet *ret);

typedef struct {
    const RecordType *type;
    int64_t id;
} Item;

typedef struct {
    Str what, name, why;         /* record type or kind of thing; which; the reason in words */
} LeftOut;

typedef struct {
    Item *items;
    size_t n, cap;
    Map seen;                    /* id as text */
    LeftOut *left;
    size_t n_left, cap_left;
} Collected;

/* collect - the root and everything the settings lead to that `a` may read, in an order that depends on the data alone. */
MUST_USE bool collect(Cx *cx, Store *s, const Actor *a, const BundleSet *set, int64_t root, Collected *ret);
void leave_out(Cx *cx, Collected *c, Str what, Str name, Str why);

/* ---- making ---- */
typedef struct {
    Cx *cx;                      /* of the whole; what is told at the end lives in its arena */
    Store *s;
    const Actor *a;
    const BundleSet *set;
    const BundleAsk *ask;
    ZipOut *z;
    Press *press;                /* NULL: nothing is printed */
    Doc *index, *manifest;
    Collected c;
    Map files;                   /* path -> itself: attachments and log entries are kept once */
    int64_t log_size;
    BundleCounts n;
} Maker;

/* put_file - one member and its line of the manifest. `cx` may be of a shorter life than m->cx. */
MUST_USE bool put_file(Maker *m, Cx *cx, Str path, Str bytes);
/* put_record - a record with its history, snapshots, attachments, documents and log entries, and its line of the index. */
MUST_USE bool put_record(Maker *m, Cx *cx, const Item *item);
/* put_printed, put_log - documents and log entries of a record; paths are added to `o`. */
MUST_USE bool put_printed(Maker *m, Cx *cx, const Rec *r, Str base, Doc *o);
MUST_USE bool put_attachments(Maker *m, Cx *cx, const Rec *r, Doc *o);
MUST_USE bool put_log(Maker *m, Cx *cx, const Rec *r, Doc *o);
MUST_USE bool put_rubric(Maker *m, Cx *cx, const Rec *root);
/* put_page - index.html. */
MUST_USE bool put_page(Maker *m, Cx *cx, const char *view_dir);

/* ---- checking (check.c; the rest in check_*.c) ---- */
typedef struct {
    Cx *cx;
    ZipMember *files;
    size_t n_files;
    Map by_path;                 /* -> ZipMember */
    Doc *manifest, *index;       /* NULL: not readable */
    const PublicKey *keys;
    size_t n_keys;
    bool own_keys;               /* of the bundle itself */
    Buf text;
    int64_t faults;
} Audit;
void bad(Audit *x, const char *fmt, ...) PRINTF(2, 3);  /* one line, counted */
void good(Audit *x, int64_t faults_before, const char *what, const char *fmt, ...) PRINTF(4, 5); /* the line of a check: 相符 or 不符 */
const Str *file_of(const Audit *x, Str path);            /* NULL: not there */
Doc *json_of(Audit *x, Str path);                        /* NULL: not there or no JSON; counted */
void check_history(Audit *x);
void check_log(Audit *x);
void check_draws(Audit *x);
void check_scores(Audit *x);

/* safe_name - the record's number where it has one that may stand in a path, else its id. */
Str safe_name(Arena *mem, Str no, int64_t id);
Str sha256_hex(Arena *mem, Str bytes);
