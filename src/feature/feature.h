/*
 * feature.h - the explicit list of features: their routes and their named checks. Adding a feature: one line in list.c.
 */
#pragma once

#include "page/page.h"

/* features_register - make the named checks, called steps and additions to documents known; before a pack is loaded. */
void features_register(void);

/* features_routes - all route tables, ended by NULL. */
const Route *const *features_routes(void);
