/*
 * token.h - a certificate as signed text, small enough for a QR code, and the list of those revoked. Pure: keys in, verdict out.
 *
 * Token: an envelope (fmt/sign.h) whose payload is the canonical JSON
 *   {"brand":…,"holder":…,"issued":"2026-01-02","issuer":…,"level":…,"log":<place in the public log> or null,"no":…,"until":"2029-01-01","v":1}
 * with exactly these members. The certificate is good on the days issued..until, both included.
 * Revocation list: an envelope around {"at":"2026-01-02T03:04:05.000Z","revoked":[{"no":…,"on":"2026-01-02"},…],"v":1}, sorted by no.
 */
#pragma once

#include "fmt/sign.h"

/* Words of the public log (store/tlog.h); subject: the number of the certificate. */
#define CERT_LOG_ISSUED "certificate_issued"    /* body: the payload without "log" */
#define CERT_LOG_REVOKED "certificate_revoked"  /* body {"on":"2026-01-02","reason":…,"state":…}; the words are those of the state, not typed ones */
#define CERT_LOG_RESTORED "certificate_restored" /* good again after it was revoked; the same body */
#define CERT_LOG_STATE "certificate_state"      /* warned, suspended, expired, …; the same body */

#define CERT_TEXT_MAX 200                       /* bytes of each text */

typedef struct {
    Str no, brand, holder, level, issuer;       /* none empty */
    int32_t issued, until;                      /* days */
    int64_t log;                                /* place in the public log; -1: none */
} CertToken;

/* E_INVALID for a token that cert_token_read would not take. */
MUST_USE bool cert_token_make(Cx *cx, const Signer *s, const CertToken *t, Str *ret_envelope);
/* cert_token_body - the payload without its place in the log, for the log itself. */
MUST_USE bool cert_token_body(Cx *cx, const CertToken *t, Str *ret);
/* cert_token_read - checks signature and content, not time. E_INVALID with the reason. */
MUST_USE bool cert_token_read(Cx *cx, Str envelope, const PublicKey *keys, size_t n_keys, CertToken *ret, const PublicKey **ret_key);
/*
 * cert_token_find - the envelope inside a text, an address (…#TAMGA1.…) or a file of any kind: a PDF carries it in its keywords. The same one may
 * stand there several times. E_INVALID when there is none, or different ones.
 */
MUST_USE bool cert_token_find(Cx *cx, Str bytes, Str *ret_envelope);

typedef struct {
    Str no;
    int32_t on;                                 /* day */
} Revoked;
/* revocation_make - items in any order; E_INVALID when one stands twice; E_TOO_LARGE above 64 KiB (about 1,300 numbers). */
MUST_USE bool revocation_make(Cx *cx, const Signer *s, int64_t at_ms, const Revoked *items, size_t n, Str *ret_envelope);
MUST_USE bool revocation_read(Cx *cx, Str envelope, const PublicKey *keys, size_t n_keys, int64_t *ret_at_ms, Revoked **ret, size_t *ret_n);
