/*
 * set.h - what the files of scoring share: one instance's types, fields and actions; the pool; small readers.
 */
#pragma once

#include "feature/scoring/scoring.h"
#include "rule/lot.h"
#include "rule/score.h"
#include "store/access.h"
#include "store/env.h"
#include "store/snapshot.h"

typedef struct {
    Str name; /* of the instance in features.yaml */
    const RecordType *round, *panel, *sheet, *entry, *judge;
    const Field *round_rubric, *entry_round, *entry_subject;
    struct {
        const Field *round, *size, *substitutes, *per_city, *city_rule, *entries, *entry, *commitment, *sealed_seed,
            *list_hash, *rubric_hash, *word, *seed, *drawn_on, *closes;
        const Action *commit, *draw, *close;
    } p;
    struct {
        const Field *title, *panel, *entry, *judge, *account, *seat, *rubric, *marks, *criterion, *points, *reason,
            *comment, *total, *conflict, *conflict_text;
        const Action *declare, *recuse, *submit, *open, *lapse;
    } s;
    struct {
        const Field *name, *unit, *uscc, *region, *account, *valid_from, *valid_to, *advised, *advised_subject,
            *advised_until, *relations, *relation_subject, *relation;
    } j;
    const Action *score;
} Scoring;

extern const Actor SCORING_SYSTEM;

/* scoring_of - the instance whose setting `key` is type t. E_NOT_FOUND when there is none; E_PACK names what a type
 * lacks. */
MUST_USE bool scoring_of(Cx *cx, const Pack *p, const char *key, const RecordType *t, Scoring *ret);
const Setting *scoring_setting(const Pack *p, const Scoring *sc, const char *key);
bool scoring_role(const Pack *p, const Scoring *sc, const Actor *a,
                  const char *key); /* holds one of the roles of this setting */
/* scoring_page - type and record of the address, read as the program reads it; E_NOT_FOUND. */
MUST_USE bool scoring_page(Req *rq, const char *key, Scoring *sc, Rec *ret);

static inline const Value *val_of(const Rec *r, const Field *f)
{
    return &r->v[f->index];
}
static inline Value v_int(int64_t i)
{
    return (Value){.has = true, .i = i};
}
static inline Value v_str(Str s)
{
    return (Value){.has = s.n != 0, .s = s};
}
MUST_USE bool system_rec(Cx *cx, Store *s, const RecordType *t, int64_t id, Rec *ret);
/* system_act - an action of the program, caused by a; `names` and `values` are its inputs. */
MUST_USE bool system_act(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, const char *const *names,
                         const Value *values, size_t n, int64_t rev, Rec *ret);
Str value_words(Cx *cx, Store *s, const Field *f, const Value *v);  /* as people read it, references by their names */
Str points_text(Arena *mem, int64_t points);                        /* 850 -> "8.5" */
const Region *region_at(const Pack *p, const Region *r, Str level); /* r or what lies above it, of this level; else r */

/* ---- rounds ---- */
/* round_rubric - the rubric of the round's entries; E_WRONG_STATE with a sentence when there is none that fits. */
MUST_USE bool round_rubric(Cx *cx, Store *s, const Scoring *sc, int64_t round, const Rubric **ret);
/* rubric_same - E_WRONG_STATE when the rubric is no longer the one the panel began with. */
MUST_USE bool rubric_same(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, const Rubric **ret);

/* ---- pool.c ---- */
typedef struct {
    Str name, folded, uscc;
} Unit;
typedef struct {
    int64_t id, subject;
    Str no, title, subject_name;
    const State *state;
    const Region *city;
    Unit *units;
    size_t n_units;
} EntryFacts;
typedef struct {
    Rec rec;
    const Region *city;
    Str *reasons; /* why this judge may not be drawn; n 0: may */
    size_t n_reasons;
} Candidate;
typedef struct {
    EntryFacts *entries;
    size_t n_entries;
    Candidate *items; /* by record number */
    size_t n, n_fit;
} Pool;

bool under_review(const Pack *p, const Scoring *sc, const State *state);
/* entry_facts - what is compared with a judge. */
MUST_USE bool entry_facts(Cx *cx, Store *s, const Scoring *sc, const Rec *entry, EntryFacts *ret);
/* entry_conflict - why this judge may not score this entry, in words; empty: may. `city`: the own city counts too.
 * Pure. */
Str entry_conflict(Arena *mem, const Scoring *sc, const Rec *judge, const Region *judge_city, const EntryFacts *e,
                   bool city, int32_t today, int32_t advised_years);
int32_t advised_years(const Pack *p, const Scoring *sc, int32_t today);
/* panel_entries - the entries of a panel: those it names, else all of its round that are under review. */
MUST_USE bool panel_entries(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, EntryFacts **ret, size_t *ret_n);
MUST_USE bool pool_make(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, Pool *ret);

/* ---- draw.c ---- */
MUST_USE bool panel_commit(Cx *cx, Store *s, const Actor *a, const Scoring *sc, const Rec *panel);
MUST_USE bool panel_draw(Cx *cx, Store *s, const Actor *a, const Scoring *sc, const Rec *panel, Str word);
/* panel_json - the newest snapshot of the panel with that name, read; NULL in *ret when there is none. */
MUST_USE bool panel_json(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, const char *name, Doc **ret);

/* sheet_recuse - the judge steps back from one entry; the next of the order gets a sheet, when there is one left. */
MUST_USE bool sheet_recuse(Cx *cx, Store *s, const Actor *a, const Scoring *sc, const Rec *sheet, const Rec *panel,
                           int64_t rev, Str text);

/* Sheets of a panel without what stands on them: readable for the program while they are sealed. */
typedef struct {
    int64_t id, entry, judge, seat;
    const State *state;
    Str account;
} SheetRow;
MUST_USE bool sheet_rows(Cx *cx, Store *s, const Scoring *sc, int64_t panel, SheetRow **ret, size_t *ret_n);

/* ---- close.c ---- */
MUST_USE bool panel_close(Cx *cx, Store *s, const Actor *a, const Scoring *sc, const Rec *panel, bool incomplete_too,
                          size_t *ret_unscored);

/* ---- pages ---- */
PageFn panels_page, panel_page, panel_commit_post, panel_draw_post, panel_close_post, draw_page, draw_input, bench_page, sheet_page,
    sheet_post, sheet_declare, sheet_file, ranking_page, computation_page;
