/*
 * portal.h - what the public sees of a procedure: calls, announcements with their lists, decisions.
 *
 * Bound by the settings `portal`: call (record type of a round), call_open (its states in which one may apply), call_until, call_dates, call_text
 * (long texts), call_lists (list fields that may be shown), entry (type of the entries), entry_round (its field that refers to the round),
 * entry_columns; and side by side, one value an announcement type: announce, announce_round, announce_from, announce_until ("-": none),
 * announce_text. Further instances are `portal.<name>`. verb: what one does with an entry (申报), how: its steps, one a line.
 * An instance whose entries are shown one by one has cards (fields of a card; card_text: its long text). Where the public votes: vote (the
 * type with a public form about an entry), vote_until (date of the call), vote_when (condition on the call); count (expression on an entry,
 * count_unit) is evaluated and shown only where count_when holds on the call. results (fields, the first one orders) where results_when holds.
 * Everything is read with nobody's rights, so it may be cached.
 */
#pragma once

#include "page/page.h"

extern const Route ROUTES_PORTAL[];
