/*
 * catalogue.h - what the public sees: the catalogue with search and counted filters, and a page for each entry. Clause 3.4.
 *
 * Settings (features.yaml, catalogue): type, title, intro, region, facets, figures (link), figures_period, figures_show, honours (link).
 */
#pragma once

#include "page/page.h"

extern const Route ROUTES_CATALOGUE[];
