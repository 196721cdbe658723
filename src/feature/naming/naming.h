/*
 * naming.h - names after the pattern 地区 + 产业行业（企业、职业）: checked, compared with all others, proposed. Clause 1.3.
 *
 * Settings (features.yaml, naming): type, field, region (field), region_words, words, near_distance.
 */
#pragma once

#include "page/page.h"
#include "rule/validate.h"

/* naming_check - the named check "naming": pattern and reserved words (warnings), for screen, API and import alike. */
void naming_check(const EvalEnv *env, const Field *f, const Value *v, Findings *found);

/* naming_propose - up to `max` proper names for what was typed, best first. */
size_t naming_propose(Arena *mem, const Pack *p, Str typed, const Region *at, Str *out, size_t max);

/* naming_live - the page behind the name field while somebody types: findings, equal and near names of the whole region, proposals. */
PageFn naming_live;
extern const Route ROUTES_NAMING[];
