/*
 * token.c - see token.h. A payload is taken only when it is, byte for byte, what we would write for what it says.
 */
#include "feature/certificate/token.h"

#include "base/date.h"
#include "fmt/doc.h"

#define MARK "TAMGA1."

static Doc *members(Cx *cx, const CertToken *t)
{
    Doc *o = doc_obj(cx->mem);
    doc_set_int(o, "v", 1);
    doc_set_str(o, "no", t->no);
    doc_set_str(o, "brand", t->brand);
    doc_set_str(o, "holder", t->holder);
    doc_set_str(o, "level", t->level);
    doc_set_str(o, "issuer", t->issuer);
    doc_set_str(o, "issued", date_iso(cx->mem, t->issued));
    doc_set_str(o, "until", date_iso(cx->mem, t->until));
    return o;
}

static Str payload_of(Cx *cx, const CertToken *t)
{
    Doc *o = members(cx, t);
    if (t->log >= 0) {
        doc_set_int(o, "log", t->log);
    } else {
        doc_set_null(o, "log");
    }
    return json_canonical(cx->mem, o);
}

static bool sound(Cx *cx, const CertToken *t)
{
    const Str texts[] = {t->no, t->brand, t->holder, t->level, t->issuer};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].n == 0 || texts[i].n > CERT_TEXT_MAX || !utf8_valid(texts[i])) {
            return fail(cx, E_INVALID, "证书的编号、名称、持有单位、级别和发证单位都不能为空，每项不超过 %d 字节", CERT_TEXT_MAX);
        }
    }
    if (t->issued < DATE_MIN || t->until > DATE_MAX || t->until < t->issued || t->log < -1) {
        return fail(cx, E_INVALID, "证书的有效期不对");
    }
    return true;
}

bool cert_token_body(Cx *cx, const CertToken *t, Str *ret)
{
    if (!sound(cx, t)) {
        return false;
    }
    *ret = json_canonical(cx->mem, members(cx, t));
    return true;
}

bool cert_token_make(Cx *cx, const Signer *s, const CertToken *t, Str *ret_envelope)
{
    return sound(cx, t) && sign_text(cx, s, payload_of(cx, t), ret_envelope);
}

bool cert_token_read(Cx *cx, Str envelope, const PublicKey *keys, size_t n_keys, CertToken *ret, const PublicKey **ret_key)
{
    Str payload, why = S("");
    const PublicKey *key;
    if (!sign_check(cx, envelope, keys, n_keys, &payload, &key)) {
        return false;
    }
    const Doc *d = json_read(cx->mem, payload, &why);
    CertToken t = {.log = -1};
    bool ok = d != NULL && d->kind == DOC_OBJ && date_iso_parse(doc_get_str(d, "issued"), &t.issued) &&
              date_iso_parse(doc_get_str(d, "until"), &t.until);
    if (ok) {
        const Doc *log = doc_get(d, S("log"));
        t.no = doc_get_str(d, "no");
        t.brand = doc_get_str(d, "brand");
        t.holder = doc_get_str(d, "holder");
        t.level = doc_get_str(d, "level");
        t.issuer = doc_get_str(d, "issuer");
        t.log = log != NULL && log->kind == DOC_INT ? log->i : -1;
    }
    if (!ok || !str_eq(payload_of(cx, &t), payload)) {
        return fail(cx, E_INVALID, "签名相符，但内容不是证书");
    }
    if (!sound(cx, &t)) {
        return false;
    }
    *ret = t;
    *ret_key = key;
    return true;
}

static bool token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

bool cert_token_find(Cx *cx, Str bytes, Str *ret_envelope)
{
    Str found = S("");
    size_t at = 0, from = 0;
    while (str_find(str_sub(bytes, from, bytes.n), S(MARK), &at)) {
        size_t end = from += at;
        while (end < bytes.n && token_char(bytes.p[end])) {
            end++;
        }
        Str one = str_sub(bytes, from, end - from);
        if (found.n != 0 && !str_eq(found, one)) {
            return fail(cx, E_INVALID, "里面有几份不同的证书签名，不能判断是哪一份");
        }
        found = one;
        from = end;
    }
    if (found.n == 0) {
        return fail(cx, E_INVALID, "里面没有证书签名（以 %s 开头的一段文字）", MARK);
    }
    *ret_envelope = found;
    return true;
}
