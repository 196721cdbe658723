/*
 * logbook.h - the public log for people and programs: newest entries, one entry with its proof, checkpoint, consistency, public keys, and the
 * page that checks certificates without this site.
 */
#pragma once

#include "page/page.h"

extern const Route ROUTES_LOGBOOK[];
