/* bundle_test.c - the bundle of a finished cup proves itself; whatever is changed in it, even by whoever holds the key, is found and named. */
#include "../scoring/cup.h"

#include <fcntl.h>

#include "feature/bundle/bundle.h"
#include "fmt/zipplain.h"
#include "store/tlog.h"

#define PANEL_SHEETS 10

/* Two works, five judges, every sheet in; closed or not. The sums are those of scoring_test.c. */
static void scored_cup(World *w, bool closed)
{
    Fixture *f = w->f;
    two_works(w);
    Form o = form(f, w->work);
    put(f, &o, "phone", "13800002046");
    bool changed;
    OK(update(f, &f->system, &w->work1, &o, 0, &changed));
    jurors(w, 6);
    Rec panel = drawn_panel(w, "5", "1");
    SheetRow *rows;
    size_t n, unscored;
    OK(sheet_rows(&f->cx, f->s, &w->sc, panel.id, &rows, &n));
    assert_int_equal(n, PANEL_SHEETS);
    for (size_t i = 0; i < n; i++) {
        hand_in(w, &rows[i], rows[i].entry == w->work1.id ? 1000 + (int64_t)i * 77 : 900, 731);
    }
    if (closed) {
        OK(panel_close(&f->cx, f->s, &f->head, &w->sc, &panel, false, &unscored));
    }
}

static Str file_bytes(Fixture *f, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    size_t n = (size_t)lseek(fd, 0, SEEK_END);
    char *p = arena_alloc(f->mem, n + 1);
    assert_int_equal(pread(fd, p, n, 0), (ssize_t)n);
    close(fd);
    return str_n(p, n);
}

static const char *new_path(Fixture *f)
{
    static int n;
    return str_printf(f->mem, "%s/bundle-%d.zip", f->dir, ++n).p;
}

static bool try_make(World *w, const Actor *a, const char *reason, Str *ret, BundleCounts *n)
{
    Fixture *f = w->f;
    BundleAsk ask = {.reason = str_c(reason)};
    const char *out = new_path(f);
    bundle_set("test", SOURCE_ROOT "/view", NULL);
    if (!bundle_make(&f->cx, f->s, a, w->cup, w->cup_rec.id, &ask, out, NULL, NULL, n)) {
        assert_int_not_equal(access(out, F_OK), 0);
        return false;
    }
    *ret = file_bytes(f, out);
    return true;
}

static Str bundle_of(World *w, const Actor *a)
{
    Fixture *f = w->f;
    Str zip = S("");
    BundleCounts n;
    OK(try_make(w, a, "", &zip, &n));
    return zip;
}

static int64_t faults_of(World *w, Str zip, Str *ret_report)
{
    Fixture *f = w->f;
    PublicKey keys[2] = {*signer_public(store_signer(f->s, SIGN_ED25519)), *signer_public(store_signer(f->s, SIGN_SM2))};
    int64_t faults = -1;
    OK(bundle_check(&f->cx, zip, keys, 2, &faults, ret_report));
    return faults;
}

static void assert_sound(World *w, Str zip)
{
    Str report = S("");
    int64_t faults = faults_of(w, zip, &report);
    if (faults != 0) {
        print_error("%.*s\n", STRF(report));
    }
    assert_int_equal(faults, 0);
}

/* ---- what lies in it ---- */

static void the_bundle_of_a_finished_cup_proves_itself(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    Str all = bundle_of(w, &f->system), report;
    assert_sound(w, all);
    assert_int_equal(faults_of(w, all, &report), 0);
    assert_true(str_contains(report, S("抽签：重抽 1 次")));
    assert_true(str_contains(report, S("评分：重算 2 份，重排 2 个名次")));
    assert_true(str_contains(report, S("0 条因保密只留指纹")));
    assert_sound(w, bundle_of(w, &f->head));
}

static void the_same_data_give_the_same_bytes(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    assert_true(str_eq(bundle_of(w, &f->head), bundle_of(w, &f->head)));
}

/* The heads may not see the sealed seed nor the history of works: both are named, and the rest still proves itself. */
static void what_the_asker_may_not_see_is_left_out_and_named(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    Str mine = bundle_of(w, &f->head), report;
    assert_int_equal(faults_of(w, mine, &report), 0);
    assert_true(str_contains(report, S("作品的历史 work/ZP-")));
    assert_true(str_contains(report, S("（1 条因保密只留指纹）")));
    Rec panel;
    Query q = {.type = w->jury};
    RecPage page;
    OK(rec_list(&f->cx, f->s, &f->system, &q, false, &page));
    panel = page.items[0];
    Str sealed = val(&panel, "sealed_seed")->s;
    assert_true(sealed.n > 40);
    assert_false(str_contains(mine, sealed));
    assert_true(str_contains(bundle_of(w, &f->system), sealed));
}

static void sealed_sheets_are_named_but_not_shown(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, false);
    Str zip = bundle_of(w, &f->head), report;
    assert_int_equal(faults_of(w, zip, &report), 0);
    size_t at, n = 0;
    for (Str rest = report; str_find(rest, S("期间封存，只有本人能看"), &at); rest = str_sub(rest, at + 1, rest.n)) {
        n++;
    }
    assert_int_equal(n, PANEL_SHEETS);
    assert_false(str_contains(zip, S("有理有据")));
    assert_false(str_contains(zip, S("records/slip/")));
}

static void personal_fields_are_masked_unless_a_reason_is_given_and_journalled(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    BundleCounts n;
    Str zip;
    assert_false(str_contains(bundle_of(w, &f->head), S("13800002046")));
    REFUSED(E_INVALID, try_make(w, &f->head, "看看", &zip, &n));
    OK(try_make(w, &f->head, "核对投诉人反映的情况", &zip, &n));
    assert_true(str_contains(zip, S("13800002046")));
    assert_sound(w, zip);
    Event *events;
    size_t n_events, unmasked = 0;
    OK(journal_of(&f->cx, f->s, w->work, w->work1.id, &events, &n_events));
    for (size_t i = 0; i < n_events; i++) {
        unmasked += str_eq(events[i].act, S("unmask")) && str_eq(events[i].reason, S("核对投诉人反映的情况"));
    }
    assert_int_equal(unmasked, 1);
}

static void who_may_not_export_gets_none(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    Actor writer = actor_of(f, 7, "甲一", "C1", "writer");
    BundleCounts n;
    Str zip;
    assert_false(try_make(w, &writer, "", &zip, &n));
    assert_true(f->cx.err == E_FORBIDDEN || f->cx.err == E_NOT_FOUND);
    cx_clear(&f->cx);
    BundleAsk ask = {0};
    REFUSED(E_NOT_FOUND, bundle_make(&f->cx, f->s, &f->head, w->team, w->team1.id, &ask, new_path(f), NULL, NULL, &n));
}

static bool stop_at_once(void *ctx, int64_t done, int64_t total)
{
    (void)ctx;
    (void)done;
    (void)total;
    return false;
}

static void a_cancelled_bundle_leaves_no_file(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    BundleAsk ask = {0};
    BundleCounts n;
    const char *out = new_path(f);
    bundle_set("test", SOURCE_ROOT "/view", NULL);
    REFUSED(E_CANCELLED, bundle_make(&f->cx, f->s, &f->head, w->cup, w->cup_rec.id, &ask, out, stop_at_once, NULL, &n));
    assert_int_not_equal(access(out, F_OK), 0);
    assert_sound(w, bundle_of(w, &f->head)); /* and no reading is left open */
}

/* ---- what is changed is found ---- */

static uint64_t dice(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void every_changed_byte_is_found_and_its_file_named(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    Str good = bundle_of(w, &f->head);
    ZipMember *m;
    size_t n;
    uint64_t x = 20261123;
    OK(zipplain_read(&f->cx, good, &m, &n));
    char *p = arena_alloc(f->mem, good.n);
    for (int i = 0; i < 300; i++) {
        ArenaMark mark = arena_mark(f->mem);
        size_t at = dice(&x) % good.n;
        Str report = S("");
        memcpy(p, good.p, good.n);
        p[at] = (char)(p[at] ^ (char)(1 + dice(&x) % 255));
        assert_true(faults_of(w, str_n(p, good.n), &report) > 0);
        for (size_t k = 0; k < n; k++) {
            if (good.p + at >= m[k].bytes.p && good.p + at < m[k].bytes.p + m[k].bytes.n) {
                assert_true(str_contains(report, str_printf(f->mem, "✗ %.*s：", STRF(m[k].name))));
            }
        }
        arena_release(f->mem, mark);
    }
}

/* The bundle written anew: without `drop`, with `add`, and with the first `from` in `path` replaced by `to` (of the same length); with `seal` the
 * manifest tells the new files and is signed by `by`. */
typedef struct {
    const char *drop, *add, *path, *from, *to;
    const Signer *by;
} Forgery;

static Str replaced(Fixture *f, Str text, const char *from, const char *to)
{
    size_t at;
    assert_int_equal(strlen(from), strlen(to));
    if (!str_find(text, str_c(from), &at)) {
        print_error("no %s in the file\n", from);
        _fail(__FILE__, __LINE__);
    }
    char *p = arena_alloc(f->mem, text.n + 1);
    memcpy(p, text.p, text.n);
    memcpy(p + at, to, strlen(to));
    return str_n(p, text.n);
}

static Str sha(Fixture *f, Str s)
{
    uint8_t h[32];
    sha256(s.p, s.n, h);
    return hex(f->mem, h, sizeof h);
}

static void seal_again(Fixture *f, ZipOut *z, Doc *manifest, const Signer *by)
{
    Doc *o = doc_obj(f->mem);
    Str text = json_canonical(f->mem, manifest), envelope;
    doc_set_strc(o, "kind", "tamga-bundle");
    doc_set_str(o, "manifest", sha(f, text));
    doc_set_str(o, "root", doc_get_str(doc_get(manifest, S("root")), "no"));
    doc_set_int(o, "v", 1);
    OK(sign_text(&f->cx, by, json_canonical(f->mem, o), &envelope));
    OK(zipout_add(&f->cx, z, S("manifest.json"), text));
    OK(zipout_add(&f->cx, z, S("manifest.sig"), str_printf(f->mem, "%.*s\n", STRF(envelope))));
}

static Str forge(World *w, Str good, Forgery how)
{
    Fixture *f = w->f;
    ZipMember *m;
    ZipOut *z;
    size_t n;
    Str why;
    const char *out = new_path(f);
    Doc *manifest = NULL;
    OK(zipplain_read(&f->cx, good, &m, &n));
    OK(zipout_open(&f->cx, out, f->cx.now_ms, &z));
    for (size_t i = 0; i < n && how.by != NULL; i++) {
        manifest = str_eq(m[i].name, S("manifest.json")) ? json_read_large(f->mem, m[i].bytes, &why) : manifest;
    }
    for (size_t i = 0; i < n; i++) {
        Str bytes = m[i].bytes;
        if ((how.drop != NULL && str_starts(m[i].name, str_c(how.drop))) || (manifest != NULL && str_starts(m[i].name, S("manifest.")))) {
            continue;
        }
        if (how.path != NULL && str_starts(m[i].name, str_c(how.path))) {
            bytes = replaced(f, bytes, how.from, how.to);
            how.path = NULL;
        }
        for (Doc *o = manifest != NULL ? doc_get(manifest, S("files"))->first : NULL; o != NULL; o = o->next) {
            if (str_eq(doc_get_str(o, "path"), m[i].name)) {
                doc_get(o, S("sha256"))->s = sha(f, bytes);
            }
        }
        OK(zipout_add(&f->cx, z, m[i].name, bytes));
    }
    assert_null(how.path);
    if (how.add != NULL) {
        OK(zipout_add(&f->cx, z, str_c(how.add), S("x")));
    }
    if (manifest != NULL) {
        seal_again(f, z, manifest, how.by);
    }
    OK(zipout_end(&f->cx, z));
    zipout_drop(z);
    return file_bytes(f, out);
}

static void assert_found(World *w, Str good, Forgery how, const char *named)
{
    Str report = S("");
    Str bad = forge(w, good, how);
    int64_t faults = faults_of(w, bad, &report);
    if (faults <= 0 || !str_contains(report, str_c(named))) {
        print_error("not found: %s\n%.*s\n", named, STRF(report));
    }
    assert_true(faults > 0 && str_contains(report, str_c(named)));
}

static void a_missing_an_added_and_an_exchanged_file_are_found(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    Str good = bundle_of(w, &f->system);
    assert_sound(w, forge(w, good, (Forgery){0})); /* the forger's tools alone change nothing */
    assert_found(w, good, (Forgery){.drop = "records/work/"}, "清单里有，包里缺少");
    assert_found(w, good, (Forgery){.drop = "manifest.sig"}, "缺少 manifest.json 或 manifest.sig");
    assert_found(w, good, (Forgery){.drop = "log/checkpoint"}, "log/checkpoint：清单里有，包里缺少");
    assert_found(w, good, (Forgery){.add = "records/work/ZP-1.json"}, "✗ records/work/ZP-1.json：包里有，清单里没有");
    assert_found(w, good, (Forgery){.path = "records/work/", .from = "甲作", .to = "丙作"}, "内容与清单的指纹不符");
}

/* Whoever holds the key signs a bundle with one thing changed: the parts contradict each other all the same. */
static void even_with_the_key_the_past_cannot_be_rewritten(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    const Signer *own = store_signer(f->s, SIGN_ED25519);
    scored_cup(w, true);
    Str good = bundle_of(w, &f->system);
    assert_sound(w, forge(w, good, (Forgery){.by = own}));
    assert_found(w, good, (Forgery){.by = own, .path = "history/slip/", .from = "有理有据", .to = "无理无据"}, "条操作记录与指纹不符");
    assert_found(w, good, (Forgery){.by = own, .path = "history/cup/", .from = "\"prev\":\"00000000", .to = "\"prev\":\"00000001"},
                 "条操作记录与指纹不符");
    assert_found(w, good, (Forgery){.by = own, .path = "snapshots/work/", .from = "\"passed\":", .to = "\"passe_\":"}, "快照与操作记录里的指纹不符");
    assert_found(w, good, (Forgery){.by = own, .path = "snapshots/work/", .from = "\"points\":731", .to = "\"points\":732"}, "的合计不对");
    assert_found(w, good, (Forgery){.by = own, .path = "records/slip/", .from = "\"value\":\"7.31", .to = "\"value\":\"7.32"}, "的得分与评分表");
    assert_found(w, good, (Forgery){.by = own, .path = "records/cup/", .from = "\"value\":\"第一届", .to = "\"value\":\"第二届"},
                 "“名称”与操作记录不符");
    assert_found(w, good, (Forgery){.by = own, .path = "draws/jury/", .from = "\"seed\":\"", .to = "\"seeD\":\""}, "与封存的名单或种子不符");
    assert_found(w, good, (Forgery){.by = own, .path = "rubrics/", .from = "trim", .to = "Trim"}, "评分表原文与指纹不符");
    assert_found(w, good, (Forgery){.by = own, .path = "records/work/", .from = "\"state\":\"ranked\"", .to = "\"state\":\"rankeD\""},
                 "版次或状态与操作记录不符");
}

static void a_bundle_signed_by_somebody_else_is_none(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    const char *dir = str_printf(f->mem, "%s/other-keys", f->dir).p;
    Signer *other = signer_open(&f->cx, f->mem, dir, SIGN_ED25519);
    assert_non_null(other);
    Str good = bundle_of(w, &f->system);
    assert_found(w, good, (Forgery){.by = other}, "✗ manifest.sig：");
}

/* One member spoilt in a zip that is whole otherwise: digits grown, brackets exchanged, cut short. */
static Str spoilt(Fixture *f, const ZipMember *m, size_t n, size_t which, uint64_t *x)
{
    const char *out = new_path(f);
    ZipOut *z;
    OK(zipout_open(&f->cx, out, f->cx.now_ms, &z));
    for (size_t i = 0; i < n; i++) {
        Str bytes = m[i].bytes;
        if (i == which) {
            char *p = arena_alloc(f->mem, bytes.n + 1);
            memcpy(p, bytes.p, bytes.n);
            for (size_t k = 0, many = 1 + dice(x) % 40; k < many && bytes.n != 0; k++) {
                size_t at = dice(x) % bytes.n;
                p[at] = p[at] >= '0' && p[at] <= '9' ? '9' : p[at] == '{' ? '[' : p[at] == '}' ? ']' : p[at] == '"' ? '0' : '-';
            }
            bytes = str_n(p, dice(x) % 3 == 0 ? dice(x) % (bytes.n + 1) : bytes.n);
        }
        OK(zipout_add(&f->cx, z, m[i].name, bytes));
    }
    OK(zipout_end(&f->cx, z));
    zipout_drop(z);
    Str zip = file_bytes(f, out);
    unlink(out);
    return zip;
}

static void whatever_stands_in_a_file_it_is_told_and_not_crashed_on(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    scored_cup(w, true);
    Str good = bundle_of(w, &f->system);
    ZipMember *m;
    size_t n;
    uint64_t x = 7;
    OK(zipplain_read(&f->cx, good, &m, &n));
    for (size_t i = 0; i < 4 * n; i++) {
        ArenaMark mark = arena_mark(f->mem);
        Str zip = spoilt(f, m, n, i % n, &x), report = S("");
        assert_true(str_eq(zip, good) || faults_of(w, zip, &report) > 0);
        arena_release(f->mem, mark);
    }
}

static void rubbish_is_told_to_be_none(void **state)
{
    World *w = *state;
    Fixture *f = w->f;
    Str report = S("");
    assert_true(faults_of(w, S(""), &report) > 0);
    assert_true(faults_of(w, S("PK\x05\x06 nothing of the kind, but long enough"), &report) > 0);
    const char *out = new_path(f);
    ZipOut *z;
    OK(zipout_open(&f->cx, out, 0, &z));
    OK(zipout_add(&f->cx, z, S("manifest.json"), S("[]")));
    OK(zipout_add(&f->cx, z, S("manifest.sig"), S("")));
    OK(zipout_end(&f->cx, z));
    zipout_drop(z);
    assert_true(faults_of(w, file_bytes(f, out), &report) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        W(the_bundle_of_a_finished_cup_proves_itself),
        W(the_same_data_give_the_same_bytes),
        W(what_the_asker_may_not_see_is_left_out_and_named),
        W(sealed_sheets_are_named_but_not_shown),
        W(personal_fields_are_masked_unless_a_reason_is_given_and_journalled),
        W(who_may_not_export_gets_none),
        W(a_cancelled_bundle_leaves_no_file),
        W(every_changed_byte_is_found_and_its_file_named),
        W(a_missing_an_added_and_an_exchanged_file_are_found),
        W(even_with_the_key_the_past_cannot_be_rewritten),
        W(a_bundle_signed_by_somebody_else_is_none),
        W(whatever_stands_in_a_file_it_is_told_and_not_crashed_on),
        W(rubbish_is_told_to_be_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
