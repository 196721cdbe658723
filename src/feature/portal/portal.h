/*
 * portal.h - what the public sees of a procedure: calls, announcements with their lists, decisions.
 *
 * Bound by the settings `portal`: call (record type of a round), call_open (its states in which one may apply), call_until, call_dates, call_text
 * (long texts), call_lists (list fields that may be shown), entry (type of the entries), entry_round (its field that refers to the round),
 * entry_columns; and side by side, one value an announcement type: announce, announce_round, announce_from, announce_until ("-": none),
 * announce_text. Everything is read with nobody's rights, so it may be cached.
 */
#pragma once

#include "page/page.h"

extern const Route ROUTES_PORTAL[];
