/*
 * pack.h - a pack: the plan as data, loaded once, checked as a whole, immutable while the program runs.
 *
 * The vocabulary is closed and written down in doc/pack.md; an unknown key is an error with file, line, column and what was
 * expected. Everything lives in the arena given to pack_load and may be shared by threads. Pointers inside are never NULL
 * unless the comment says so; texts are empty when not given.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "base/workday.h"

typedef struct Pack Pack;
typedef struct RecordType RecordType;
typedef struct Field Field;
typedef struct Action Action;
typedef struct Link Link;
typedef struct Expr Expr; /* pack/expr.h: a parsed expression */

typedef struct {
    Str id, title, text, parent; /* "1.3"; title; the gist in our words */
} Clause;

typedef struct {
    Str code, label, parent, tone, note, clause; /* parent: code of another row of the same list, for nested lists */
    int32_t valid_from, valid_to;                /* days; DATE_MIN / DATE_MAX when open */
    Str successor;                               /* code of the row that took its place; empty: none */
} Code;

typedef struct {
    Str id, label;
    Code *codes;
    size_t n;
    Map by_code, by_label;       /* -> Code*; the first of equal labels */
} CodeList;

typedef struct Region {
    Str code, name, shortname, kind, level, name_mn;
    const struct Region *parent; /* NULL at the top */
    int32_t level_index;         /* into Pack.levels; -1 for zones outside the tree of levels */
    int32_t hex_col, hex_row;    /* -1 when it has no cell */
    int32_t valid_from, valid_to; /* days; DATE_MIN / DATE_MAX when open */
    Str successor;               /* code of the region that took its place; empty: none */
    Str *flags;
    size_t n_flags;
} Region;

typedef struct {
    Str id, label, note, clause;
    const Region **regions;
    size_t n;
} RegionSet;

typedef struct Org {
    Str code, name, shortname;
    int32_t level_index;         /* into Pack.levels */
    const struct Org *parent;    /* NULL at the top; the reporting tree, not the division tree */
    const Region *region;
    int64_t home;                /* 1..8191, never reused */
    int32_t valid_from, valid_to;
} Org;

typedef enum {
    FT_TEXT, FT_LONG, FT_INT, FT_DECIMAL, FT_MONEY, FT_DATE, FT_BOOL, FT_CODE, FT_REGION, FT_ORG, FT_REF,
    FT_PERIOD, FT_USCC, FT_DOCNO, FT_PHONE, FT_IDNUMBER, FT_LIST
} FieldKind;

struct Field {
    Str id, label, hint, unit, caliber, clause, placeholder, note;
    FieldKind kind;
    int32_t index;               /* place in the type's fields (or the list's) */
    bool required, unique, personal, read_only, computed;
    bool lookup;                 /* personal: has a blind index, so equality can be asked (store/lookup.c) */
    bool search;                 /* found by the search of a searchable type, besides title and number */
    int32_t since, until;        /* form revisions in which the field stands: since <= revision < until; 1 and INT32_MAX when not given */
    int32_t max_chars;           /* texts */
    int32_t decimals;            /* FT_DECIMAL */
    bool has_min, has_max;
    int64_t min, max;            /* in stored units: fen, scaled decimals, days */
    const CodeList *codes;       /* FT_CODE */
    Str level;                   /* FT_REGION, FT_ORG: only this level */
    const RecordType *ref;       /* FT_REF */
    Str named_check;             /* name of a C check (rule/named.h), e.g. "naming" */
    Field *fields;               /* FT_LIST: the columns of the child table */
    size_t n_fields;
    const RecordType *latest_of; /* computed: value of `latest_field` in the newest record (by latest_by) that refers here; else NULL */
    const Field *latest_field, *latest_via, *latest_by;
    const Expr *default_value;   /* NULL: none */
    const Expr *show_when, *require_when; /* NULL: always / never */
};

typedef struct {
    Str id, say, clause;         /* say: the sentence shown when it does not hold */
    bool warn;                   /* a warning keeps the record and stays beside it; an error refuses */
    bool manual;                 /* conditions: a person judges it; shown as such, never refuses; expr may be NULL */
    const Expr *when;            /* NULL: always */
    const Expr *expr;
    const Field *field;          /* where to show it; NULL: the whole record */
} Check;

typedef enum { HOLD_SAME, HOLD_OWNER, HOLD_PARENT, HOLD_TOP } Hold;

typedef struct {
    Str id, label, tone;
    int32_t index;
    bool initial, editable, published;   /* published: anyone may read the public fields */
    bool sealed;                         /* only the person the record belongs to may read it (reach `mine`), whatever else is granted */
    bool rest;                           /* nothing is waiting: its steps are taken when there is a reason, and it is on nobody's desk */
    int32_t amber;                       /* working days before `due` from which it shows amber; 0: the default (3) */
    Str public_text;                     /* shown in the public history when entered; empty: not shown */
    const Field *due;                    /* date field that is the deadline of work in this state; NULL: none */
} State;

typedef struct {
    Str label, value;
} Phrase;

struct Action {
    Str id, label, tone, clause, done, confirm;   /* done: "已通过" */
    const State **from;
    size_t n_from;
    const State **to;                    /* one per level of the new holder when n_to == levels, else one; NULL entries: not possible there */
    size_t n_to;                         /* 0: state stays */
    Hold holder;
    Str *roles;                          /* who may */
    size_t n_roles;
    bool at_holder;                      /* only the org at whose desk it lies (else: any org whose scope reads it) */
    bool four_eyes;                      /* not by a person who created, edited or submitted this revision */
    bool bulk, ask_reason, reason_required;
    Phrase *phrases;
    size_t n_phrases;
    Check *conditions;                   /* all must hold; each is shown with its verdict */
    size_t n_conditions;
    struct SetTo {
        const Field *field;
        const Expr *value;
    } *set;
    size_t n_set;
    Field *ask;                          /* further inputs of the action's form */
    size_t n_ask;
    bool by_program;                     /* taken by the program only: by `auto`, `then` or a feature */
    const Expr *auto_when;               /* the program takes it by itself once this is true; NULL: never */
    Str call;                            /* C function run inside the step (store/call.h); empty: none */
    bool snapshot;                       /* freeze the record, its verdicts and figures as they stood (store/snapshot.h) */
    int32_t need_count;                  /* so many different persons must take it; the last one moves the record; 0, 1: one */
    bool need_each_role;                 /* one person of every role in `roles` must take it */
    struct Then {                        /* actions taken by the program on other records in the same transaction */
        const Field *via;                /* the record this reference points to … */
        const Link *link;                /* … or all records that refer here through this link; one of the two is NULL */
        const Expr *where;               /* typed for those records, `outer.x` is this one; NULL: all */
        const Action *action;            /* of their type; records in another state than its `from` are passed over */
        Str reason;
    } *then;
    size_t n_then;
    struct Notify {                      /* messages when it is done */
        Str to;                          /* owner | holder | parent | top | person | creator | a role id (of the holder's office) */
        Str text;
    } *notify;
    size_t n_notify;
    struct Make {                        /* records made in the same transaction */
        const RecordType *type;
        const RecordType *each;          /* one for every record of this type that `each_where` selects, owned by its owner; the `set`
                                          * expressions are then typed for it and `outer.x` is the record acted on; NULL: not so */
        const Expr *each_where;
        Str each_org_level;              /* one for every org of this level, owned by it; empty: one, owned by the acting org */
        struct SetTo *set;
        size_t n_set;
    } *make;
    size_t n_make;
};

/* MINE: records this person created or that belong to this person (RecordType.person). Each reach holds the smaller ones. */
typedef enum { REACH_NONE, REACH_MINE, REACH_OWN, REACH_BELOW, REACH_ALL } Reach;

typedef struct {
    Str role;
    Reach read, create, edit;            /* edit: in editable states, by the owner's org (OWN) or an org above (BELOW) */
    bool export, history, unmask, import, erase;
    bool assign;                         /* may hand on, consult, copy, urge (store/task.h) */
    Field const **hide;                  /* fields this role never sees */
    size_t n_hide;
    Field const **veil;                  /* fields this role does not see as long as the record is in one of veil_in */
    size_t n_veil;
    const State **veil_in;
    size_t n_veil_in;
} Grant;

struct Link {
    Str id, label;
    const RecordType *type;              /* records of this type … */
    const Field *via;                    /* … that refer here through this field */
};

typedef struct {
    Str label, clause;
    const Field **fields;
    size_t n;
} Section;

/* A spreadsheet: columns of the type itself and of one record beside it. */
typedef struct {
    const Field *field;
    bool beside;                         /* the field is of Sheet.beside */
} SheetCol;

typedef struct {
    Str id, label;
    SheetCol *cols;
    size_t n;
    const Field **key;                   /* the stable row key besides the record number: fields of the type */
    size_t n_key;
    const RecordType *beside;            /* NULL: none; written with its `beside_via` referring to the row's record */
    const Field *beside_via;
    const Field **beside_key;            /* e.g. the period */
    size_t n_beside_key;
    Str *notes;
    size_t n_notes;
} Sheet;

/* A form that anyone may fill in without an account: it makes one record. */
typedef struct {
    Str title, intro, done;              /* done: what the page says afterwards */
    Str button;                          /* of the form; 提交 when not given */
    const Field **fields;                /* asked and accepted, nothing else */
    size_t n_fields;
    const Field *about;                  /* reference given by the address (?about=<id>) to a published record; NULL: none */
    const Expr *open_when;               /* typed for the record it is about (without `about`: no fields); NULL: always */
    Str owner;                           /* about: the owner of that record; region: the office of the record's region; top: the top office */
    int32_t per_hour;                    /* at most so many from one network address in an hour; 5 when not given */
    int32_t total_per_hour;              /* at most so many from everywhere in an hour; 500 when not given */
    bool files;                          /* attachments may be added */
    const Field **answer;                /* shown to the sender who asks later with number and code; none is personal */
    size_t n_answer;
} PublicForm;

/* Periods of a type may be closed (store/closing.h). */
#define CLOSING_SUMS_MAX 20
typedef struct {
    const Field *by;                     /* the period of a record; required */
    const Field **sums;                  /* whole numbers, decimals and money, seen by everybody who reads the record */
    size_t n_sums;
    int32_t level_index;                 /* of offices, to which pages add up */
    Str *close, *reopen;                 /* roles; each reads all records */
    size_t n_close, n_reopen;
} Closing;

struct RecordType {
    Str id, label, clause, note;
    int32_t index;
    Str placement;                       /* reference | home | local */
    Str number_prefix;                   /* record number PREFIX-region-year-seq; empty: no number */
    Field *fields;
    size_t n_fields;
    Map by_id;                           /* field id -> Field* */
    const Field *title;
    const Field *region;                 /* where the record lies; NULL: the owner's region */
    Section *sections;
    size_t n_sections;
    Link *links;
    size_t n_links;
    const Field **list_cols, **filters, **facets, **orders, **publics;
    size_t n_list_cols, n_filters, n_facets, n_orders, n_publics;
    Check *checks;
    size_t n_checks;
    State *states;                       /* at least one; a type without a flow has the state "active" */
    size_t n_states;
    Action *actions;
    size_t n_actions;
    Grant *grants;
    size_t n_grants;
    Sheet *sheet;                        /* NULL: no spreadsheet */
    int32_t revision;                    /* of the form; a record keeps the one it began with */
    const Field *person;                 /* text field with the login of the person a record belongs to; NULL: none */
    PublicForm *open;                    /* NULL: none */
    const Closing *closing;              /* NULL: periods are not closed */
    bool searchable;
    const Field **unique;                /* together unique among live records of one home; n 0: none */
    size_t n_unique;
};

/* The three administrators that are three persons: accounts and settings, who has which role, the journal of both. */
typedef enum { ADMIN_NONE, ADMIN_SYSTEM, ADMIN_SECURITY, ADMIN_AUDIT, ADMIN_KINDS } AdminKind;

typedef struct {
    Str id, label, note;
    int32_t level_index;                 /* level of org a holder of the role belongs to; -1: any */
    bool admin;                          /* may manage users of the own org and below */
    bool audit;                          /* may read every journal */
    AdminKind kind;                      /* one of the three administrators kept apart; then nothing else is granted */
} Role;

/* A target: numerator over a set of regions (or a plain count), against a value and a due date. */
typedef struct {
    Str id, label, clause, note;
    const RegionSet *set;                /* NULL: counts records, not regions */
    const RecordType *type;
    const Expr *where;                   /* which records count; NULL: all */
    bool has_goal, has_baseline, increment;
    int64_t goal;                        /* percent of the set, or a number of records */
    int64_t baseline;
    int32_t due;                         /* days; DATE_MAX: none */
} Target;

/* A parameter: amounts and thresholds apart from conditions, by region and date, each with its source. */
typedef struct {
    Str id, label, source, region;       /* region: code; empty: everywhere */
    int32_t from, to;
    bool known;                          /* false: not known, left empty on purpose */
    int64_t value;
    bool sample;
} Param0;

/* ---- rubrics: how entries are scored (rule/score.h). Points are x 100 everywhere. ---- */
typedef struct {
    int64_t from;                        /* value of the criterion's expression, in its scale: this value and above … */
    int32_t points;                      /* … gives these points x 100 */
} Band;
typedef struct {
    int32_t points;                      /* x 100 */
    Str say;
} Anchor;
typedef struct {
    Str id, label, group, clause, source, note;
    int32_t max;                         /* x 100 */
    const Expr *expr;                    /* scored by the program from this figure of the entry; NULL: by persons */
    Band *bands;                         /* rising `from`; below the first: 0 points */
    size_t n_bands;
    Anchor *anchors;                     /* persons: what so many points mean, falling */
    size_t n_anchors;
} Criterion;
typedef struct {
    Str id, label, version, clause, source, note;
    Str hash;                            /* SHA-256, hex, of the file: a running round keeps the one it began with */
    bool sample;
    const RecordType *type;              /* of the entries */
    int32_t trim;                        /* so many highest and so many lowest sheets are left out */
    int32_t spread;                      /* x 100: alarm when the highest and lowest sheet of an entry are further apart; 0: never */
    int32_t pass;                        /* x 100; 0: none */
    int32_t total;                       /* x 100: sum of the maxima */
    Criterion *criteria;
    size_t n_criteria;
} Rubric;

/* ---- documents printed from records (paper, feature/document) ---- */
typedef struct {
    Str label, text;
    int32_t width;                       /* share of the width; 0: equal */
} DocCol;
typedef struct {
    Str kind;                            /* para heading fields table signature note */
    Str text;                            /* with {{field}} and {{ref.field}}; also the caption of a table */
    const Field **fields;                /* fields: a label/value grid of these; n 0 with `fields`: all sections */
    size_t n_fields;
    const Link *each;                    /* table: one row a record of this link … */
    const Field *list;                   /* … or a row of this list field */
    const Expr *where;                   /* typed for those records */
    DocCol *cols;
    size_t n_cols;
} DocBlock;
typedef struct {
    Str id, label, clause;
    Str layout;                          /* official | form | certificate | list */
    const RecordType *type;
    const Expr *when;                    /* offered while true; NULL: always */
    bool open;                           /* anyone may fetch it while the record is published */
    Str title, issuer, number, addressee, date, footer; /* texts with {{…}} */
    DocBlock *blocks;
    size_t n_blocks;
} Document;

typedef struct {
    Str label, href, icon, clause;
    Str *roles;                          /* n 0: everyone signed in */
    size_t n_roles;
    Str group;
} MenuItem;

/* Settings of a feature (floor 6), by name: text by key, read by the feature at start. */
typedef struct {
    Str feature, key;
    Str *values;
    size_t n;
} Setting;

struct Pack {
    Str id, title, subtitle, version, hash, dir; /* hash: SHA-256, hex, of the names and bytes of all files read, in name order */
    bool sample;
    Str *levels;                         /* top first */
    size_t n_levels;
    Clause *clauses;
    size_t n_clauses;
    CodeList *code_lists;
    size_t n_code_lists;
    Region *regions;
    size_t n_regions;
    RegionSet *sets;
    size_t n_sets;
    Org *orgs;
    size_t n_orgs;
    RecordType *types;
    size_t n_types;
    Role *roles;
    size_t n_roles;
    Target *targets;
    size_t n_targets;
    Param0 *params;
    size_t n_params;
    MenuItem *menu;
    size_t n_menu;
    Setting *settings;
    size_t n_settings;
    Workdays workdays;                   /* calendar.csv */
    Rubric *rubrics;
    size_t n_rubrics;
    Document *documents;
    size_t n_documents;
    Str *reserved_words;                 /* not allowed in names */
    size_t n_reserved_words;
    /* for the look-ups below */
    Map region_by_code, type_by_id;
    struct RegionName {
        Str name;
        const Region *region;
    } *region_names;                     /* full and short names, sorted by name */
    size_t n_region_names;
};

/*
 * pack_load - read and check the pack in folder `dir`. NULL with E_PACK; *ret_report then holds one line a fault
 * ("types/x.yaml:12:5: …"), at most 50. On success *ret_report is empty. Cost: some ms.
 */
MUST_USE const Pack *pack_load(Cx *cx, Arena *mem, const char *dir, Str *ret_report);

const RecordType *pack_type(const Pack *p, Str id);
const Field *type_field(const RecordType *t, Str id);
const State *type_state(const RecordType *t, Str id);
const Action *type_action(const RecordType *t, Str id);
const Grant *type_grant(const RecordType *t, Str role);  /* NULL: nothing is granted */
const CodeList *pack_codes(const Pack *p, Str id);
const Code *code_find(const CodeList *l, Str code);
const Code *code_by_label(const CodeList *l, Str label);  /* also accepts the code itself */
const Region *pack_region(const Pack *p, Str code);
const Region *pack_region_by_name(const Pack *p, Str name, const Region *within); /* within: NULL or an ancestor; NULL when ambiguous */
bool region_within(const Region *r, const Region *ancestor); /* r is ancestor or below it */
bool region_has_flag(const Region *r, Str flag);
const RegionSet *pack_set(const Pack *p, Str id);
const Org *pack_org(const Pack *p, Str code);
const Org *pack_org_by_home(const Pack *p, int64_t home);
bool org_within(const Org *o, const Org *ancestor);
const Role *pack_role(const Pack *p, Str id);
const Role *pack_admin_role(const Pack *p, AdminKind kind); /* NULL: the pack has none of this kind */
extern const char *const ADMIN_WORDS[ADMIN_KINDS];        /* "", "system", "security", "audit" */
const Clause *pack_clause(const Pack *p, Str id);
const Param0 *pack_param(const Pack *p, Str id, const Region *at, int32_t day); /* nearest region upward; NULL: none */
const Rubric *pack_rubric(const Pack *p, Str id);
const Document *pack_document(const Pack *p, Str id);
const Setting *pack_setting(const Pack *p, Str feature, Str key);
Str pack_setting_str(const Pack *p, Str feature, Str key);  /* first value; empty when absent */

/*
 * A feature may be used several times in a pack: features.yaml then has `scoring`, `scoring.contest`, … pack_instance - the name of the
 * instance of `feature` whose setting `key` is `value`; empty: none. With an empty `value`: the first instance.
 */
Str pack_instance(const Pack *p, Str feature, Str key, Str value);
