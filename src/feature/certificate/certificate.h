/*
 * certificate.h - certificates from records: signed and logged when they are issued, printed with a code to scan,
 * checked by anyone, all of a round in one package. Clauses 3.3, 3.4.
 *
 * Settings (features.yaml, certificate and certificate.<name>):
 *   type                                record type of the certificates; it has a record number
 *   brand, holder, level, issuer        fields that go into the signed text: the name, who holds it, the level, who
 * issued it issued, until                       date fields: first and last day token long text field that keeps the
 * signed text; hidden from forms name_mn                             text in Mongolian script; empty: nothing is
 * printed document                            id of the pack's document that is the certificate round reference field:
 * certificates with the same value are printed together revoked                             states in which a
 * certificate counts as revoked since                               date field: the day the present state began facts
 * public fields shown on the page that checks algorithm                           ed (default) or sm
 */
#pragma once

#include "feature/certificate/token.h"
#include "job/letter.h"
#include "job/press.h"
#include "job/job.h"
#include "page/page.h"
#include "store/call.h"

typedef struct {
    Str name; /* of the instance in features.yaml */
    const RecordType *t;
    const Field *brand, *holder, *level, *issuer, *issued, *until, *token, *name_mn, *round, *since;
    const Setting *revoked, *facts;
    const Document *document; /* NULL: none */
    SignAlg alg;
} CertSet;

/* cert_set - the settings for certificates of type `t` (NULL: the first there are); *ret_found false when there are
 * none. E_PACK: a wrong name. */
MUST_USE bool cert_set(Cx *cx, const Pack *p, const RecordType *t, CertSet *ret, bool *ret_found);
bool cert_revoked_state(const CertSet *c, const State *s);
/* cert_text - a field of a certificate as people read it, whoever asks. */
Str cert_text(Cx *cx, Store *s, const Field *f, const Rec *r);

/* Steps of the pack (`call`): sign the certificate and enter it into the public log; enter a change of state into the
 * public log. */
CallFn certificate_sign, certificate_status;
/* What a certificate on paper carries besides what the pack says: code, keywords, the line in Mongolian script. */
LetterExtra certificate_print;

extern const Route ROUTES_CERTIFICATE[];
PageFn certificate_round, certificate_queue; /* print.c, in the table of verify.c */
extern const JobWork CERTIFICATE_WORK; /* all certificates of a round in one package; to jobs_offer before jobs_start */

/* Before requests are served. url: how the public reaches this site ("https://example.org"), copied; empty: codes hold
 * the signed text alone. */
void certificate_set_url(Str url);
void certificate_set_press(Press *p);
void certificate_set_jobs(Jobs *j);

/* limit.c - so many look-ups from one network address; E_TOO_MANY, *ret_wait then in seconds. */
MUST_USE bool certificate_limit(Cx *cx, Store *s, Str peer, int64_t *ret_wait);
