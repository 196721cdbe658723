/*
 * record.h - reading, listing, writing and moving records; with journal and rights inside.
 */
#pragma once

#include "store/access.h"

/* rec_get - one record the actor may read; E_NOT_FOUND otherwise (also when it exists elsewhere). Fields the actor may not see
 * are emptied; personal fields are masked in `s` (138****2046) unless `unmask` was granted: see rec_unmask. */
MUST_USE bool rec_get(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, Rec *ret);
MUST_USE bool rec_by_no(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str no, Rec *ret);

typedef enum { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_HAS } FilterOp;
typedef struct {
    const Field *field;          /* NULL: `column` is one of "state", "holder", "no", "home", "created", "updated" */
    Str column;
    FilterOp op;
    Value value;
    const Region *within;        /* FT_REGION with OP_EQ: the region and everything below it */
} Filter;

typedef struct {
    const RecordType *type;
    Filter filters[24];
    size_t n_filters;
    Str search;                  /* substring of title, number, searchable texts, or pinyin initials */
    const Field *order;          /* NULL: by update time */
    bool ascending;
    size_t limit, offset;        /* limit 0: 50; at most 200 (exports page through with `after`) */
    Str after;                   /* opaque cursor of the previous page; empty: from offset */
    bool leave_personal;         /* personal fields are not opened and read as if empty: for pages that show none */
    bool mine_to_do;             /* only records lying at the actor's own desk in a state with an action for them */
} Query;

typedef struct {
    Rec *items;
    size_t n;
    int64_t total;               /* -1 when not asked */
    Str next;                    /* cursor; empty at the end */
} RecPage;

MUST_USE bool rec_list(Cx *cx, Store *s, const Actor *a, const Query *q, bool want_total, RecPage *ret);

/* rec_each - fn for every record the query selects (limit, offset and cursor aside), in its order, as one consistent reading; what is
 * allocated from cx->mem meanwhile is released after each record. Stops when fn returns false: then its failure is the result. */
typedef bool RecEachFn(void *ctx, const Rec *r);
MUST_USE bool rec_each(Cx *cx, Store *s, const Actor *a, const Query *q, RecEachFn *fn, void *ctx);

/*
 * count_kept_ms - for how long a count of so many records stands although others were written meanwhile: 0 below COUNT_MANY, then a second for each
 * 100,000, a minute at most. Pages that show such a count say so.
 */
#define COUNT_MANY 200000
int64_t count_kept_ms(int64_t rows);

typedef struct {
    Str key;                     /* code, region code, state id; empty: not given */
    int64_t n;
} FacetCount;
/* rec_facet - counts by one field (or "state") under the query's other filters. Kept until the type changes. */
MUST_USE bool rec_facet(Cx *cx, Store *s, const Actor *a, const Query *q, const Field *f, FacetCount **ret, size_t *ret_n);
/* rec_cross - counts by up to six fields at once (NULL: the state); keys[i] belong to fields[i]. */
typedef struct {
    Str keys[6];
    int64_t n;
} CrossCount;
MUST_USE bool rec_cross(Cx *cx, Store *s, const Actor *a, const Query *q, const Field *const *fields, size_t n_fields,
                        CrossCount **ret, size_t *ret_n);

/* In a dry run, of a reference: the record that would have been made just before, by the same row of a table. It is not looked for. */
#define REC_NOT_YET 1

/* What a write is told besides the values. */
typedef struct {
    int64_t rev;                 /* expected revision; 0: none asked (imports of the own office) */
    Str reason;
    Str source;                  /* "import <job> row 12"; empty: by hand */
    bool dry_run;                /* check everything, write nothing */
    bool undone_by_caller;       /* inside store_write: when this fails the caller undoes it, so no savepoint of its own */
    bool accept_warnings;        /* false: warnings are returned and kept too */
    bool partial;                /* a draft filled in bit by bit: in an editable state of a type with steps, what is missing, or breaks a
                                  * check of the type, is a warning of code `unfinished`. Such a record goes on only when all is mended
                                  * (rec_act), or is given up */
} WriteOpts;

/*
 * rec_create / rec_update - `set[i]` says that values[i] is given (others keep their value or default). E_INVALID with *found
 * filled when a finding is an error. The record as written in *ret. An update that changes nothing writes nothing (*ret_changed false).
 */
MUST_USE bool rec_create(Cx *cx, Store *s, const Actor *a, const RecordType *t, const Org *owner, const Value *values,
                         const bool *set, const WriteOpts *o, Findings *found, Rec *ret);
MUST_USE bool rec_update(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const Value *values, const bool *set,
                         const WriteOpts *o, Findings *found, Rec *ret, bool *ret_changed);
/* rec_findings - everything wrong with the record as it stands, what is missing included; for those who may read it. */
MUST_USE bool rec_findings(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, Findings *found);
MUST_USE bool rec_delete(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const WriteOpts *o);

typedef struct {
    const Check *condition;
    int verdict;                 /* 1 holds, 0 does not, -1 needs data, or a person (condition->manual: refuses nothing) */
    Str why;                     /* the figures used */
} Verdict;

/* rec_can - is the action open to this actor now? *ret_verdicts: its conditions; *ret_why: the reason when not (four eyes …). */
MUST_USE bool rec_can(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, bool *ret_can, Str *ret_why,
                      Verdict **ret_verdicts, size_t *ret_n);
/* rec_act - move a record: the only door to another state. `inputs` one per act->ask; NULL: none. */
MUST_USE bool rec_act(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const Action *act, const Value *inputs,
                      const WriteOpts *o, Findings *found, Rec *ret);

/*
 * rec_act_system - the same by the program, for features: the only way to actions the pack leaves to it (`system`). No rights and no
 * signatures are asked, conditions are. Journalled as 系统, with the cause (a person, or the program itself; NULL: none) as its source.
 */
MUST_USE bool rec_act_system(Cx *cx, Store *s, const Actor *cause, const RecordType *t, int64_t id, const Action *act, const Value *inputs,
                             const WriteOpts *o, Findings *found, Rec *ret);

/* rec_auto_run - takes the actions whose `auto` is true now, each in its own write; *ret_n: how many. What fails is logged and left for
 * the next call. `stop` may be NULL; once it is true the round ends early. */
MUST_USE bool rec_auto_run(Cx *cx, Store *s, const _Atomic bool *stop, int64_t *ret_n);

/* Signatures of an action that several persons must take, on the record's present revision. Until the last one rec_act leaves the record
 * and its revision as they are. */
typedef struct {
    int64_t user, at_ms;
    Str user_name, org_name, role, opinion;
    Str inputs;                  /* canonical JSON: what they filled in; the same for all of them */
} Sign;
typedef struct {
    Sign *got;                   /* oldest first */
    size_t n;
    int32_t missing;             /* persons; 0 too when the action needs one person only */
    Str *missing_roles;          /* ids, when one of each role is needed */
    size_t n_missing_roles;
} Signs;
MUST_USE bool rec_signs(Cx *cx, Store *s, const Rec *r, const Action *act, Signs *ret);
Str signs_missing_text(Cx *cx, Store *s, const Signs *l); /* 还差 2 人（…） */

/* rec_upgrade_form - the record takes over the newest form revision of its type; rights as for an edit. */
MUST_USE bool rec_upgrade_form(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, int64_t rev, Rec *ret);
/* form_changes - what the newest form asks more and no longer than revision `form` did. Memory in mem. */
typedef struct {
    const Field **added, **dropped;
    size_t n_added, n_dropped;
} FormChanges;
FormChanges form_changes(Arena *mem, const RecordType *t, int32_t form);

/* rec_unmask - the clear text of personal fields, for a reason; journalled. */
MUST_USE bool rec_unmask(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, Str reason, Rec *ret);

/* rec_erase - the personal fields of a record are gone for good, in its history too, by destroying their key (subject.h); for those with the
 * right `erase` over records they may read, with a reason, journalled. rev 0: whatever revision it has. */
MUST_USE bool rec_erase(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, int64_t rev, Str reason, Rec *ret);

/* rec_look_ahead - inside a store_write that is about to write many: ask in few statements which of n values of a text field no record of the type has, so
 * that rec_find and the check of what must be unique need not ask for each. It changes no result. Memory: n values, until the transaction ends. */
MUST_USE bool rec_look_ahead(Cx *cx, Store *s, const RecordType *t, const Field *f, const Value *values, size_t n);
/* rec_find - the record of the actor's reach with these key values (import); false in *ret_found when there is none. */
MUST_USE bool rec_find(Cx *cx, Store *s, const Actor *a, const RecordType *t, const Field *const *keys, const Value *values,
                       size_t n, Rec *ret, bool *ret_found);

/* rec_label - "name" of a record for lists that refer to it, without rights (the id came from a record that was readable). */
Str rec_label(Cx *cx, Store *s, const RecordType *t, int64_t id);

/* rec_eval - the value of a pack's expression over a record, and how people read it ("" when there is no data). Related records are counted
 * without rights: figures, never records. */
MUST_USE bool rec_eval(Cx *cx, Store *s, const Rec *r, const Expr *e, Value *ret, Str *ret_shown);
