/* issue_test.c - what a step does to a certificate and to the public log, on the real pack with an invented certificate. */
#include "../../store/fixture.h"
#include "feature/certificate/certificate.h"
#include "feature/feature.h"
#include "store/tlog.h"

static const RecordType *type;

static int issue_up(void **state)
{
    features_register();
    Fixture *f = fixture_pack("../../pack/neimenggu");
    type = pack_type(f->pack, S("certificate"));
    store_up(f);
    *state = f;
    return 0;
}

#define IT(fn) cmocka_unit_test_setup_teardown(fn, issue_up, fixture_down)

static bool write_new(Cx *cx, Store *s, void *arg)
{
    const Actor by = {.is_system = true, .name = S("系统"), .via = S("test")};
    return rec_store_new(cx, s, &by, arg, S(""), S(""), S(""));
}

/* As an action with `make` writes it: not signed yet. */
static Rec certificate(Fixture *f, const char *holder, const char *until)
{
    const Org *owner = pack_org(f->pack, S("150430"));
    Form o = form(f, type);
    put(f, &o, "title", "样例品牌");
    put(f, &o, "holder", holder);
    put(f, &o, "honour_name", "样例称号");
    put(f, &o, "issuer_name", "样例机关");
    put(f, &o, "level", "region");
    put(f, &o, "issued_on", "2026-01-02");
    put(f, &o, "valid_to", until);
    Rec r = {.type = type, .home = owner->home, .holder = owner->home, .no = S(""), .warnings = S(""), .v = o.v};
    OK(store_write(&f->cx, f->s, write_new, &r));
    return r;
}

static bool taken(Fixture *f, Rec *r, const char *id)
{
    Findings found = findings_new(f->mem);
    WriteOpts o = {.reason = S("张三举报属实")};
    return rec_act_system(&f->cx, f->s, NULL, type, r->id, type_action(type, str_c(id)), NULL, &o, &found, r) &&
           rec_load(&f->cx, f->s, type, r->id, true, r);
}

static bool token_of(Fixture *f, const Rec *r, CertToken *ret)
{
    const PublicKey key = *signer_public(store_signer(f->s, SIGN_ED25519)), *by;
    return cert_token_read(&f->cx, val(r, "token")->s, &key, 1, ret, &by);
}

static LogEntry entry(Fixture *f, Str no, size_t i, size_t n_expected)
{
    LogEntry *items;
    size_t n;
    OK(tlog_of(&f->cx, f->s, no, &items, &n));
    assert_int_equal(n, n_expected);
    return items[i];
}

static void what_is_issued_is_signed_and_logged_once(void **state)
{
    Fixture *f = *state;
    Rec r = certificate(f, "样例合作社", "2028-12-31");
    CertToken t;
    OK(taken(f, &r, "sign"));
    OK(token_of(f, &r, &t));
    assert_true(str_eq(t.no, r.no));
    SAME(t.brand, "样例品牌");
    SAME(t.holder, "样例合作社");
    SAME(t.level, "样例称号");
    SAME(t.issuer, "样例机关");
    LogEntry e = entry(f, r.no, 0, 1);
    SAME(e.kind, CERT_LOG_ISSUED);
    assert_int_equal(e.index, t.log);
    Str body;
    OK(cert_token_body(&f->cx, &t, &body));
    assert_true(str_eq(e.body, body)); /* the log says what the paper says */
    Str first = str_dup(f->mem, val(&r, "token")->s);
    OK(taken(f, &r, "sign"));
    assert_true(str_eq(first, val(&r, "token")->s));
    (void)entry(f, r.no, 0, 1);
}

static void one_that_cannot_be_signed_leaves_no_trace(void **state)
{
    Fixture *f = *state;
    Rec r = certificate(f, "样例合作社", "2028-12-31"), backwards = certificate(f, "样例合作社", "2025-12-31"), nobody = certificate(f, "", "2028-12-31");
    int64_t size;
    REFUSED(E_INVALID, taken(f, &backwards, "sign"));
    REFUSED(E_INVALID, taken(f, &nobody, "sign"));
    OK(tlog_size(&f->cx, f->s, &size));
    assert_int_equal(size, 0);
    Rec now;
    OK(rec_load(&f->cx, f->s, type, backwards.id, true, &now));
    assert_false(val(&now, "token")->has);
    assert_int_equal(now.rev, 1);
    OK(taken(f, &r, "sign"));
}

static void each_change_of_state_is_logged_in_the_words_of_the_state(void **state)
{
    Fixture *f = *state;
    Rec r = certificate(f, "样例合作社", "2028-12-31");
    OK(taken(f, &r, "sign"));
    OK(taken(f, &r, "warn"));
    LogEntry e = entry(f, r.no, 1, 2);
    SAME(e.kind, CERT_LOG_STATE);
    assert_true(str_contains(e.body, S("警示")));
    OK(taken(f, &r, "drop"));
    e = entry(f, r.no, 2, 3);
    SAME(e.kind, CERT_LOG_REVOKED);
    assert_false(str_contains(e.entry, S("张三"))); /* what somebody typed is not for the public */
    OK(taken(f, &r, "restore"));
    e = entry(f, r.no, 3, 4);
    SAME(e.kind, CERT_LOG_RESTORED);
    int64_t entries, faults;
    Str report;
    OK(tlog_verify(&f->cx, f->s, &entries, &faults, &report));
    assert_int_equal(entries, 4);
    assert_int_equal(faults, 0);
}

static void a_printed_certificate_carries_its_signed_text_an_unsigned_one_says_so(void **state)
{
    Fixture *f = *state;
    const Document *d = pack_document(f->pack, S("certificate"));
    Rec r = certificate(f, "样例合作社", "2028-12-31");
    Paper *p;
    OK(letter_make(&f->cx, f->s, &f->system, d, &r, &p));
    SAME(p->watermark, "未签发");
    assert_int_equal(p->qr.n + p->keywords.n, 0);
    OK(taken(f, &r, "sign"));
    certificate_set_url(S("https://example.org/"));
    OK(letter_make(&f->cx, f->s, &f->system, d, &r, &p));
    Str token = val(&r, "token")->s;
    assert_true(str_eq(p->keywords, token));
    assert_true(str_eq(p->qr, str_printf(f->mem, "https://example.org/verify/%.*s#%.*s", STRF(r.no), STRF(token))));
    assert_true(p->qr.n <= PAPER_MAX_QR && paper_check(&f->cx, p));
    certificate_set_url(S(""));
    OK(letter_make(&f->cx, f->s, &f->system, d, &r, &p));
    assert_true(str_eq(p->qr, token));
}

static void one_address_asks_sixty_times_and_then_waits(void **state)
{
    Fixture *f = *state;
    int64_t wait;
    for (int i = 0; i < 60; i++) {
        OK(certificate_limit(&f->cx, f->s, S("192.0.2.7"), &wait));
    }
    REFUSED(E_TOO_MANY, certificate_limit(&f->cx, f->s, S("192.0.2.7"), &wait));
    assert_true(wait > 0 && wait <= 600);
    OK(certificate_limit(&f->cx, f->s, S("192.0.2.8"), &wait));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(what_is_issued_is_signed_and_logged_once),
        IT(one_that_cannot_be_signed_leaves_no_trace),
        IT(each_change_of_state_is_logged_in_the_words_of_the_state),
        IT(a_printed_certificate_carries_its_signed_text_an_unsigned_one_says_so),
        IT(one_address_asks_sixty_times_and_then_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
