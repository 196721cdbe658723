/*
 * wellknown.c - /.well-known/security.txt (RFC 9116): whom to tell about a weakness of this installation.
 *
 * The contact is the operator's (serve --security-contact); without one there is no such file, because a wrong address is worse than none.
 */
#include "base/clock.h"
#include "page/internal.h"

#define VALID_MS (180LL * 86400 * 1000) /* told anew at every reading; a copy kept elsewhere ends after half a year */

bool security_contact_ok(Str contact)
{
    bool known = str_starts(contact, S("mailto:")) || str_starts(contact, S("https://")) || str_starts(contact, S("tel:"));
    for (size_t i = 0; i < contact.n; i++) {
        known = known && (unsigned char)contact.p[i] > ' ' && (unsigned char)contact.p[i] < 127;
    }
    return known;
}

bool security_txt_page(Req *rq)
{
    const SiteConf *conf = &rq->site->conf;
    if (conf->security_contact == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "没有登记安全联系方式");
    }
    char until[40];
    clock_iso(rq->cx.now_ms + VALID_MS, until, sizeof until);
    rq->raw_type = S("text/plain; charset=utf-8");
    rq->raw_body = str_printf(rq->mem, "Contact: %s\nExpires: %.10sT00:00:00Z\nPreferred-Languages: zh, en\n", conf->security_contact, until);
    if (conf->public_url != NULL && str_starts(str_c(conf->public_url), S("https://"))) {
        rq->raw_body = str_printf(rq->mem, "%.*sCanonical: %s/.well-known/security.txt\n", STRF(rq->raw_body), conf->public_url);
    }
    return true;
}
