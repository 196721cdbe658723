/*
 * revoked.c - the signed list of revoked certificates; see token.h.
 */
#include "feature/certificate/token.h"

#include "base/date.h"
#include "fmt/doc.h"

static int by_no(const void *a, const void *b)
{
    return str_cmp(((const Revoked *)a)->no, ((const Revoked *)b)->no);
}

/* The payload of items already sorted. */
static Str payload_of(Cx *cx, int64_t at_ms, const Revoked *items, size_t n)
{
    Doc *o = doc_obj(cx->mem);
    doc_set_int(o, "v", 1);
    doc_set_str(o, "at", instant_iso(cx->mem, at_ms));
    Doc *l = doc_set_list(o, "revoked");
    for (size_t i = 0; i < n; i++) {
        Doc *one = doc_add_obj(l);
        doc_set_str(one, "no", items[i].no);
        doc_set_str(one, "on", date_iso(cx->mem, items[i].on));
    }
    return json_canonical(cx->mem, o);
}

bool revocation_make(Cx *cx, const Signer *s, int64_t at_ms, const Revoked *items, size_t n, Str *ret_envelope)
{
    Revoked *sorted = NEW_ARRAY(cx->mem, Revoked, n + 1);
    if (n != 0) {
        memcpy(sorted, items, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_no);
    }
    for (size_t i = 0; i < n; i++) {
        if (sorted[i].no.n == 0 || (i > 0 && str_eq(sorted[i].no, sorted[i - 1].no))) {
            return fail(cx, E_INVALID, "撤销名单里的编号“%.*s”为空或重复", STRF(sorted[i].no));
        }
    }
    return sign_text(cx, s, payload_of(cx, at_ms, sorted, n), ret_envelope);
}

/* "2026-01-02T03:04:05.678Z"; what is out of range is caught by writing it again. */
static bool read_instant(Str s, int64_t *ret_ms)
{
    int32_t day;
    int64_t h, m, sec, ms;
    if (s.n != 24 || !date_iso_parse(str_sub(s, 0, 10), &day) || !str_int(str_sub(s, 11, 2), &h) || !str_int(str_sub(s, 14, 2), &m) ||
        !str_int(str_sub(s, 17, 2), &sec) || !str_int(str_sub(s, 20, 3), &ms)) {
        return false;
    }
    *ret_ms = (((day * 24 + h) * 60 + m) * 60 + sec) * 1000 + ms;
    return true;
}

bool revocation_read(Cx *cx, Str envelope, const PublicKey *keys, size_t n_keys, int64_t *ret_at_ms, Revoked **ret, size_t *ret_n)
{
    Str payload, why = S("");
    const PublicKey *key;
    int64_t at = 0;
    if (!sign_check(cx, envelope, keys, n_keys, &payload, &key)) {
        return false;
    }
    const Doc *d = json_read(cx->mem, payload, &why), *l = d != NULL ? doc_get(d, S("revoked")) : NULL;
    bool ok = l != NULL && l->kind == DOC_LIST && read_instant(doc_get_str(d, "at"), &at);
    size_t n = 0;
    Revoked *items = NEW_ARRAY(cx->mem, Revoked, ok ? l->n + 1 : 1);
    for (const Doc *one = ok ? l->first : NULL; ok && one != NULL; one = one->next) {
        items[n].no = doc_get_str(one, "no");
        ok = items[n].no.n != 0 && date_iso_parse(doc_get_str(one, "on"), &items[n].on) && (n == 0 || str_cmp(items[n - 1].no, items[n].no) < 0);
        n++;
    }
    if (!ok || !str_eq(payload_of(cx, at, items, n), payload)) {
        return fail(cx, E_INVALID, "签名相符，但内容不是撤销名单");
    }
    *ret_at_ms = at;
    *ret = items;
    *ret_n = n;
    return true;
}
