/*
 * list.c - the explicit list of features.
 */
#include "feature/bundle/bundle.h"
#include "feature/catalogue/catalogue.h"
#include "feature/certificate/certificate.h"
#include "feature/closing/closing.h"
#include "feature/document/document.h"
#include "feature/feature.h"
#include "feature/io/io.h"
#include "feature/ledger/ledger.h"
#include "feature/logbook/logbook.h"
#include "feature/logbook/publish.h"
#include "feature/lottery/lottery.h"
#include "feature/naming/naming.h"
#include "feature/overview/overview.h"
#include "feature/portal/portal.h"
#include "feature/profile/profile.h"
#include "feature/round/round.h"
#include "feature/scoring/scoring.h"

static const NamedCheck CHECKS[] = {{"naming", naming_check}, {"score_mark", scoring_mark}};

static const NamedCall CALLS[] = {{"certificate_sign", certificate_sign}, {"certificate_status", certificate_status}, {"log_public", log_public}};
static LetterExtra *const EXTRAS[] = {certificate_print};

static const Route *const TABLES[] = {ROUTES_CORE,   ROUTES_IO,     ROUTES_RECORD,    ROUTES_USER, ROUTES_NAMING,
                                      ROUTES_LEDGER, ROUTES_OVERVIEW, ROUTES_CATALOGUE, ROUTES_LOGBOOK,
                                      ROUTES_PROFILE, ROUTES_PORTAL, ROUTES_SCORING, ROUTES_ROUND, ROUTES_LOTTERY, ROUTES_DOCUMENT, ROUTES_CERTIFICATE, ROUTES_BUNDLE, ROUTES_CLOSING, NULL};

void features_register(void)
{
    rule_named_set(CHECKS, ARRAY_LEN(CHECKS));
    store_calls_set(CALLS, ARRAY_LEN(CALLS));
    letter_extras_set(EXTRAS, ARRAY_LEN(EXTRAS));
}

const Route *const *features_routes(void)
{
    return TABLES;
}
