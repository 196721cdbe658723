/*
 * issue.c - what happens to a certificate in the transaction of a step: it is signed, and the public log says so; later
 * its state changes, and the log says that too. The log holds what is public anyway: never the reason somebody typed.
 */
#include "feature/certificate/certificate.h"

#include "base/date.h"
#include "rule/validate.h"
#include "store/tlog.h"

#define FEATURE "certificate"

static bool field_of(Cx *cx, const Pack *p, const CertSet *c, const char *key, bool required, const Field **ret)
{
    Str id = pack_setting_str(p, c->name, str_c(key));
    *ret = id.n != 0 ? type_field(c->t, id) : NULL;
    if (*ret == NULL && (required || id.n != 0)) {
        return fail(cx, E_PACK, "features.yaml 的 %.*s：%s 应是 %.*s 的字段", STRF(c->name), key, STRF(c->t->id));
    }
    return true;
}

bool cert_set(Cx *cx, const Pack *p, const RecordType *t, CertSet *ret, bool *ret_found)
{
    CertSet c = {.name = pack_instance(p, S(FEATURE), S("type"), t != NULL ? t->id : S(""))};
    *ret_found = false;
    if (c.name.n == 0) {
        return true;
    }
    c.t = pack_type(p, pack_setting_str(p, c.name, S("type")));
    if (c.t == NULL || c.t->number_prefix.n == 0) {
        return fail(cx, E_PACK, "features.yaml 的 %.*s：type 应是有编号的记录类型", STRF(c.name));
    }
    const struct {
        const char *key;
        const Field **field;
        bool required;
    } NAMES[] = {{"brand", &c.brand, true},   {"holder", &c.holder, true},    {"level", &c.level, true},
                 {"issuer", &c.issuer, true}, {"issued", &c.issued, true},    {"until", &c.until, true},
                 {"token", &c.token, true},   {"name_mn", &c.name_mn, false}, {"round", &c.round, false},
                 {"since", &c.since, false}};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (!field_of(cx, p, &c, NAMES[i].key, NAMES[i].required, NAMES[i].field)) {
            return false;
        }
    }
    c.revoked = pack_setting(p, c.name, S("revoked"));
    c.facts = pack_setting(p, c.name, S("facts"));
    Str document = pack_setting_str(p, c.name, S("document"));
    c.document = document.n != 0 ? pack_document(p, document) : NULL;
    c.alg = str_eq(pack_setting_str(p, c.name, S("algorithm")), S("sm")) ? SIGN_SM2 : SIGN_ED25519;
    *ret = c;
    *ret_found = true;
    return true;
}

bool cert_revoked_state(const CertSet *c, const State *s)
{
    for (size_t i = 0; c->revoked != NULL && i < c->revoked->n; i++) {
        if (str_eq(c->revoked->values[i], s->id)) {
            return true;
        }
    }
    return false;
}

Str cert_text(Cx *cx, Store *s, const Field *f, const Rec *r)
{
    const Value *v = &r->v[f->index];
    return !v->has             ? S("")
           : f->kind == FT_REF ? rec_label(cx, s, f->ref, v->i)
                               : value_show(cx->mem, store_pack(s), f, v);
}

static bool of_call(Cx *cx, Store *s, const Call *c, CertSet *ret)
{
    bool found;
    if (!cert_set(cx, store_pack(s), c->after->type, ret, &found)) {
        return false;
    }
    return found || fail(cx, E_PACK, "features.yaml 没有说明 %.*s 怎样作为证书", STRF(c->after->type->id));
}

bool certificate_sign(Cx *cx, Store *s, const Call *c)
{
    CertSet set;
    Rec *r = c->after;
    if (!of_call(cx, s, c, &set)) {
        return false;
    }
    Value *kept = &r->v[set.token->index];
    if (kept->has) {
        return true; /* signed already: one certificate, one text */
    }
    const Value *issued = &r->v[set.issued->index], *until = &r->v[set.until->index];
    if (!issued->has || !until->has) {
        return fail(cx, E_INVALID, "证书 %.*s 没有写明有效期，不能签发", STRF(r->no));
    }
    CertToken t = {.no = r->no,
                   .brand = cert_text(cx, s, set.brand, r),
                   .holder = cert_text(cx, s, set.holder, r),
                   .level = cert_text(cx, s, set.level, r),
                   .issuer = cert_text(cx, s, set.issuer, r),
                   .issued = (int32_t)issued->i,
                   .until = (int32_t)until->i,
                   .log = -1};
    Str body;
    kept->has = true;
    return cert_token_body(cx, &t, &body) && tlog_add(cx, s, S(CERT_LOG_ISSUED), r->no, body, &t.log) &&
           cert_token_make(cx, store_signer(s, set.alg), &t, &kept->s);
}

bool certificate_status(Cx *cx, Store *s, const Call *c)
{
    CertSet set;
    int64_t index;
    if (!of_call(cx, s, c, &set)) {
        return false;
    }
    if (c->before->state == c->after->state) {
        return true;
    }
    bool was = cert_revoked_state(&set, c->before->state), is = cert_revoked_state(&set, c->after->state);
    Doc *o = doc_obj(cx->mem);
    doc_set_str(o, "on", date_iso(cx->mem, instant_date(cx->now_ms)));
    doc_set_str(o, "state", c->after->state->label);
    doc_set_str(o, "reason", c->after->state->public_text);
    Str kind = is ? S(CERT_LOG_REVOKED) : was ? S(CERT_LOG_RESTORED) : S(CERT_LOG_STATE);
    return tlog_add(cx, s, kind, c->after->no, json_canonical(cx->mem, o), &index);
}
