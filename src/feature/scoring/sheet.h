/*
 * sheet.h - one of a judge's own sheets, as the files of it share it: sheet.c, sheetdoc.c, sheetpost.c.
 */
#pragma once

#include "feature/scoring/set.h"

/* A sheet and what belongs to it. */
typedef struct {
    Scoring sc;
    Rec sheet, panel, entry;
    const Rubric *rubric;
    EntryFacts facts;
    Str closed; /* why nothing may be changed; empty: may */
} Desk;

/* desk_of - the sheet of the address; E_NOT_FOUND when it is not there or another person's. */
MUST_USE bool desk_of(Req *rq, Desk *d);
bool desk_declared(const Desk *d);                           /* the judge has said that there is no conflict */
const Row *desk_mark(const Desk *d, Str criterion);          /* the row of a criterion; NULL: there is none yet */
bool desk_asked(Req *rq, const Criterion *c);                /* the request gives points for it, be they empty */
Str desk_param(Req *rq, const char *what, const Criterion *c); /* "points" or "reason" of it in the request */

/* desk_doc - the document of the page; found: what is wrong with what was sent, which is then shown as it was typed; NULL: nothing was. */
MUST_USE bool desk_doc(Req *rq, const Desk *d, const Findings *found);
