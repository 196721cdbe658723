/*
 * settings.h - the settings of the catalogue, read from the pack at each use (a few look-ups).
 */
#pragma once

#include "page/page.h"
#include "rule/validate.h"
#include "store/journal.h"

typedef struct {
    const RecordType *t;
    const Field *title, *intro, *region, *facets[8];
    size_t n_facets;
    const Link *figures, *honours, *told[8]; /* told: links whose records' state and history are shown */
    size_t n_told;
    const Field *period, *show[16];
    size_t n_show;
} Catalogue;

MUST_USE bool catalogue_settings(Req *rq, Catalogue *c);
extern const Actor CATALOGUE_EYES; /* nobody in particular: what anyone may read */
PageFn catalogue_list, catalogue_entry;
