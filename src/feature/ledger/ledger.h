/*
 * ledger.h - the page /ledger; see ledger.c.
 */
#pragma once

#include "page/page.h"

extern const Route ROUTES_LEDGER[];
