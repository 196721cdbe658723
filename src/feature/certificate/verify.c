/*
 * verify.c - the pages on which anyone checks a certificate: by number, by the text behind the code, by the file. What
 * is not known looks like what is known, only empty, and one address may ask only so often.
 *
 * The state now comes from the register, whatever the paper says; history are the words the pack has for the public,
 * and the public log proves both.
 */
#include "base/date.h"
#include "feature/certificate/certificate.h"
#include "rule/validate.h"
#include "store/journal.h"
#include "store/tlog.h"

static const Actor ANYONE = {.via = STR_INIT("public")};
static const Actor FACTS = {.is_system = true, .name = STR_INIT("系统"), .via = STR_INIT("verify")};

static bool settings(Req *rq, CertSet *c)
{
    bool found;
    if (!cert_set(&rq->cx, rq->pack, NULL, c, &found)) {
        return false;
    }
    return found || fail(&rq->cx, E_NOT_FOUND, "这个站点不签发证书");
}

static const char *tone_of(Str tone)
{
    static const char *const WORDS[][2] = {{"grass", "good"}, {"gold", "warn"}, {"red", "bad"}, {"sky", "info"}};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (str_eq(tone, str_c(WORDS[i][0]))) {
            return WORDS[i][1];
        }
    }
    return "plain";
}

/* ---- the parts of the answer ---- */

static void conclusion(Doc *d, Str verdict, const char *tone, Str say)
{
    doc_set_str(d, "verdict", verdict);
    doc_set_strc(d, "tone", tone);
    doc_set_str(d, "say", say);
}

static void state_now(Req *rq, const CertSet *c, const Rec *r)
{
    int32_t today = instant_date(rq->cx.now_ms);
    const Value *from = &r->v[c->issued->index], *to = &r->v[c->until->index];
    if (!cert_revoked_state(c, r->state) && to->has && today > to->i) {
        conclusion(rq->doc, S("已过期"), "plain", S("证书的有效期已经过去，不能再作为凭证使用"));
    } else if (!cert_revoked_state(c, r->state) && from->has && today < from->i) {
        conclusion(rq->doc, S("尚未生效"), "warn", S("证书还没有到生效的日期"));
    } else {
        conclusion(rq->doc, r->state->label, tone_of(r->state->tone), r->state->public_text);
    }
}

static void facts(Req *rq, const CertSet *c, const Rec *r, Doc *list)
{
    for (size_t i = 0; c->facts != NULL && i < c->facts->n; i++) {
        const Field *f = type_field(c->t, c->facts->values[i]);
        Str text = f != NULL && !f->personal ? cert_text(&rq->cx, rq->store, f, r) : S("");
        if (text.n != 0) {
            Doc *o = doc_add_obj(list);
            doc_set_str(o, "label", f->label);
            doc_set_str(o, "text", text);
        }
    }
}

static bool history(Req *rq, const CertSet *c, const Rec *r, Doc *list)
{
    Event *events;
    size_t n;
    if (!journal_of(&rq->cx, rq->store, c->t, r->id, &events, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const State *to = type_state(c->t, events[i].state_to);
        if (to != NULL && to->public_text.n != 0 && !str_eq(events[i].state_from, events[i].state_to)) {
            Doc *o = doc_add_obj(list);
            doc_set_date(o, "date", instant_date(events[i].at_ms));
            doc_set_str(o, "text", i == 0 ? S("颁发证书") : to->public_text);
        }
    }
    return true;
}

static bool log_entries(Req *rq, Str no, Doc *list)
{
    static const char *const WORDS[][2] = {{CERT_LOG_ISSUED, "签发"},
                                           {CERT_LOG_REVOKED, "撤销"},
                                           {CERT_LOG_RESTORED, "恢复"},
                                           {CERT_LOG_STATE, "状态变动"}};
    LogEntry *items;
    size_t n;
    if (!tlog_of(&rq->cx, rq->store, no, &items, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        Doc *o = doc_add_obj(list);
        Str what = items[i].kind;
        for (size_t k = 0; k < ARRAY_LEN(WORDS); k++) {
            what = str_eq(items[i].kind, str_c(WORDS[k][0])) ? str_c(WORDS[k][1]) : what;
        }
        doc_set_int(o, "index", items[i].index);
        doc_set_shown(o, "kind", items[i].kind, what);
        doc_set_instant(o, "time", items[i].at_ms);
        doc_set_str(o, "href", str_printf(rq->mem, "/log/entry/%lld", (long long)items[i].index));
    }
    return true;
}

/* Every name of the page, as it is when nothing is known. */
static void blank(Req *rq, Str number)
{
    Doc *d = rq->doc = doc_obj(rq->mem);
    doc_set_strc(d, "title", "核验证书");
    doc_set_str(d, "number", number);
    doc_set_bool(d, "asked", number.n != 0);
    doc_set_bool(d, "found", false);
    req_crumb(rq, S("核验证书"), S("/verify"));
    if (number.n != 0) {
        req_header(rq, S("cache-control"), S("no-store"));
    }
}

static bool answer(Req *rq, const CertSet *c, Str no, Rec *ret, bool *ret_found)
{
    Doc *list;
    bool offered = false;
    *ret_found = rec_by_no(&rq->cx, rq->store, &ANYONE, c->t, no, ret);
    if (!*ret_found && rq->cx.err != E_NOT_FOUND) {
        return false;
    }
    cx_clear(&rq->cx);
    list = doc_set_list(rq->doc, "facts");
    if (*ret_found) {
        doc_get(rq->doc, S("found"))->b = true;
        state_now(rq, c, ret);
        facts(rq, c, ret, list);
    } else {
        conclusion(rq->doc, S("查无此证"), "bad",
                   S("没有这个编号的证书。请逐字核对编号；仍然查不到的，这份证书不是本系统签发的"));
    }
    if (*ret_found && !history(rq, c, ret, doc_set_list(rq->doc, "history"))) {
        return false;
    }
    if (*ret_found && !log_entries(rq, no, doc_set_list(rq->doc, "log"))) {
        return false;
    }
    if (!*ret_found) {
        doc_set_list(rq->doc, "history");
        doc_set_list(rq->doc, "log");
    }
    if (*ret_found && c->document != NULL && c->document->open &&
        !letter_offered(&rq->cx, rq->store, c->document, ret, &offered)) {
        return false;
    }
    if (offered) {
        doc_set_str(rq->doc, "pdf",
                    str_printf(rq->mem, "/d/%.*s/%.*s/%.*s.pdf", STRF(c->t->id), STRF(id_text(rq->mem, ret->id)),
                               STRF(c->document->id)));
    } else {
        doc_set_null(rq->doc, "pdf");
    }
    return true;
}

static void signature_says(Req *rq, bool ok, Str text)
{
    Doc *o = doc_set_obj(rq->doc, "signature");
    doc_set_bool(o, "ok", ok);
    doc_set_str(o, "text", text);
}

/* ---- pages ---- */

static bool limited(Req *rq)
{
    int64_t wait;
    if (certificate_limit(&rq->cx, rq->store, rq->net->peer, &wait)) {
        return true;
    }
    req_header(rq, S("retry-after"), str_printf(rq->mem, "%lld", (long long)wait));
    return false;
}

static bool verify_form(Req *rq)
{
    CertSet c;
    if (!settings(rq, &c)) {
        return false;
    }
    blank(rq, S(""));
    doc_set_null(rq->doc, "signature");
    return true;
}

static bool verify_number(Req *rq)
{
    CertSet c;
    Rec r;
    bool found;
    Str no = str_trim(req_arg(rq, "number"));
    if (str_ends(no, S(".json"))) {
        no.n -= strlen(".json");
    }
    if (!settings(rq, &c) || !limited(rq)) {
        return false;
    }
    no = utf8_cut(no, 60);
    blank(rq, no);
    req_crumb(rq, no, S(""));
    doc_set_null(rq->doc, "signature");
    return answer(rq, &c, no, &r, &found);
}

/* A signed text: is the signature ours, and is it the text of the certificate in the register? */
static bool verify_token(Req *rq, const CertSet *c, Str bytes)
{
    const PublicKey keys[2] = {*signer_public(store_signer(rq->store, SIGN_ED25519)),
                               *signer_public(store_signer(rq->store, SIGN_SM2))};
    const PublicKey *by;
    CertToken t;
    Str envelope = S("");
    Rec r, whole;
    bool found;
    if (!cert_token_find(&rq->cx, bytes, &envelope) || !cert_token_read(&rq->cx, envelope, keys, 2, &t, &by)) {
        Str why = str_dup(rq->mem, cx_text(&rq->cx));
        if (rq->cx.err != E_INVALID) {
            return false;
        }
        cx_clear(&rq->cx);
        blank(rq, S(""));
        doc_get(rq->doc, S("asked"))->b = true;
        signature_says(rq, false, why);
        conclusion(rq->doc, envelope.n != 0 ? S("签名不符") : S("没有签名"), "bad",
                   envelope.n != 0 ? S("内容被改动过，或者不是本系统签发的，不能作为凭证")
                                   : S("里面没有本系统的证书签名；可以改用编号核验"));
        doc_set_list(rq->doc, "facts");
        doc_set_list(rq->doc, "history");
        doc_set_list(rq->doc, "log");
        doc_set_null(rq->doc, "pdf");
        return true;
    }
    blank(rq, t.no);
    req_crumb(rq, t.no, S(""));
    if (!answer(rq, c, t.no, &r, &found)) {
        return false;
    }
    bool same = false;
    if (found) {
        if (!rec_get(&rq->cx, rq->store, &FACTS, c->t, r.id, &whole)) {
            return false;
        }
        same = str_eq(whole.v[c->token->index].s, envelope);
    }
    signature_says(rq, same,
                   same ? S("签名相符，与登记的证书是同一份")
                        : S("签名是本系统的，但登记的证书不是这一份，请以下面登记的内容为准"));
    return true;
}

static bool verify_post(Req *rq)
{
    CertSet c;
    Str text = str_trim(req_param(rq, "q")), bytes = text;
    if (!settings(rq, &c) || !limited(rq)) {
        return false;
    }
    for (size_t i = 0; i < rq->n_parts; i++) {
        if (rq->parts[i].is_file && rq->parts[i].data.n != 0) {
            return verify_token(rq, &c, rq->parts[i].data);
        }
    }
    if (str_contains(bytes, S("TAMGA1."))) {
        return verify_token(rq, &c, bytes);
    }
    if (text.n == 0) {
        return req_see(rq, S("/verify"));
    }
    return req_see(
        rq, str_printf(rq->mem, "/verify/%.*s", STRF(url_enc(rq->mem, utf8_cut(str_narrow(rq->mem, text), 60)))));
}

/* ---- the signed list of those revoked ---- */

typedef struct {
    const CertSet *c;
    Arena *mem;
    Revoked *items;
    size_t n, cap;
} Listed;

static bool one_revoked(void *ctx, const Rec *r)
{
    Listed *l = ctx;
    ARRAY_ROOM(l->mem, l->items, l->n, l->cap);
    const Value *since = l->c->since != NULL ? &r->v[l->c->since->index] : NULL;
    int32_t on = since != NULL && since->has ? (int32_t)since->i : instant_date(r->updated_ms);
    l->items[l->n++] = (Revoked){.no = str_dup(l->mem, r->no), .on = on};
    return true;
}

static bool revoked_list(Req *rq)
{
    CertSet c;
    if (!settings(rq, &c)) {
        return false;
    }
    Listed l = {.c = &c, .mem = rq->mem};
    Arena *rows = arena_new(0);
    bool ok = true;
    rq->cx.mem = rows;
    for (size_t i = 0; ok && c.revoked != NULL && i < c.revoked->n; i++) {
        Query q = {.type = c.t, .n_filters = 1};
        q.filters[0] = (Filter){.column = S("state"), .op = OP_EQ, .value = {.has = true, .s = c.revoked->values[i]}};
        ok = rec_each(&rq->cx, rq->store, &FACTS, &q, one_revoked, &l);
    }
    rq->cx.mem = rq->mem;
    rq->cx.err_text = str_dup(rq->mem, rq->cx.err_text);
    rq->cx.err_at = str_dup(rq->mem, rq->cx.err_at);
    arena_free(rows);
    if (!ok || !revocation_make(&rq->cx, store_signer(rq->store, c.alg), rq->cx.now_ms, l.items, l.n, &rq->raw_body)) {
        return false;
    }
    rq->raw_type = S("text/plain; charset=utf-8");
    req_header(rq, S("access-control-allow-origin"), S("*"));
    return true;
}

const Route ROUTES_CERTIFICATE[] = {
    {"GET", "/verify", verify_form, AUTH_PUBLIC, "certificate/verify", "Check a certificate: form", NULL, ROUTE_CACHE},
    {"POST", "/verify", verify_post, AUTH_PUBLIC, "certificate/verify",
     "Check a certificate by number or signed text (q) or by its file", NULL, ROUTE_NO_CSRF | ROUTE_UPLOAD},
    {"GET", "/verify/{number}", verify_number, AUTH_PUBLIC, "certificate/verify",
     "State, history and log entries of a certificate", NULL, 0},
    {"GET", "/revoked.txt", revoked_list, AUTH_PUBLIC, NULL, "The signed list of revoked certificates", NULL, 0},
    {"GET", "/certificates/{type}/{id:id}", certificate_round, AUTH_USER, "certificate/round",
     "The certificates of a round, to be printed together", NULL, 0},
    {"POST", "/certificates/{type}/{id:id}", certificate_queue, AUTH_USER, NULL,
     "Queue the package of all certificates of a round", NULL, 0},
    {0},
};
