/*
 * scoring.h - judges drawn by lot, sealed sheets, the computed ranking. Clauses 3.3, 12.2.
 *
 * Settings (features.yaml, scoring and scoring.<name>):
 *   round, panel, sheet, entry, judge   record types; fields and actions of panel, sheet and judge are those named in
 * set.c round_rubric                        field of the round with the id of a rubric entry_round, entry_subject
 * references of the entry: its round, what it is about (advice and relations are compared with it) entry_units fields
 * of the entry (texts or references) that name the units behind it entry_states, entry_action          states in which
 * entries are under review; the action that takes score, rank, note entry_hide                          fields judges
 * never see, besides personal ones officers, viewers, named            roles that run panels; that see the ranking;
 * that see who gave which sheet stratum_level                       level of region of which at most so many judges are
 * drawn advised_param                       parameter: years during which advice given excludes
 */
#pragma once

#include "page/page.h"
#include "rule/validate.h"

extern const Route ROUTES_SCORING[];

/* scoring_mark - named check `score_mark` for the points of a row of a sheet: the criterion is one that persons score,
 * the points in its range. */
void scoring_mark(const EvalEnv *env, const Field *f, const Value *v, Findings *found);
