/*
 * profile.h - a record seen along the dimensions the pack names, each with the recorded figures behind it. Clause G.1.
 *
 * Settings (features.yaml, profile): type, label, d1 … d9: the dimension's title, then "label | expression". Figures only: no score.
 */
#pragma once

#include "page/page.h"

extern const Route ROUTES_PROFILE[];
