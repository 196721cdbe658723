/* tlog_test.c - the public log: the tree of RFC 6962 against known values and against the definition itself, checkpoints, tampering. */
#include "fixture.h"

#include "base/date.h"
#include "fmt/doc.h"
#include "store/merkle.h"
#include "store/tlog.h"

/* ---- the definition, as the RFC writes it: hashes of lists, no stored node ---- */

static size_t below(size_t n)
{
    size_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    return k;
}

static void mth(const Str *d, size_t n, uint8_t ret[32])
{
    if (n == 0) {
        sha256("", 0, ret);
    } else if (n == 1) {
        uint8_t b[300] = {0};
        memcpy(b + 1, d[0].p, d[0].n);
        sha256(b, d[0].n + 1, ret);
    } else {
        uint8_t b[65] = {1};
        mth(d, below(n), b + 1);
        mth(d + below(n), n - below(n), b + 33);
        sha256(b, 65, ret);
    }
}

static size_t naive_path(size_t m, const Str *d, size_t n, uint8_t (*out)[32])
{
    if (n == 1) {
        return 0;
    }
    size_t k = below(n), at = m < k ? naive_path(m, d, k, out) : naive_path(m - k, d + k, n - k, out);
    mth(m < k ? d + k : d, m < k ? n - k : k, out[at]);
    return at + 1;
}

static size_t naive_sub(size_t m, const Str *d, size_t n, bool whole, uint8_t (*out)[32])
{
    if (m == n) {
        if (!whole) {
            mth(d, n, out[0]);
        }
        return !whole;
    }
    size_t k = below(n), at = m <= k ? naive_sub(m, d, k, whole, out) : naive_sub(m - k, d + k, n - k, false, out);
    mth(m <= k ? d + k : d, m <= k ? n - k : k, out[at]);
    return at + 1;
}

/* ---- a tree in memory for the pure functions ---- */

typedef struct {
    const Str *d;
} Leaves;

static bool node_of(Cx *cx, void *ctx, int level, int64_t index, uint8_t ret[32])
{
    const Leaves *l = ctx;
    (void)cx;
    mth(l->d + (index << level), (size_t)1 << level, ret);
    return true;
}

/* The eight inputs of the test suite of Certificate Transparency, and the roots it gives for them. */
static void roots_are_those_of_the_certificate_transparency_suite(void **state)
{
    Fixture *f = *state;
    static const char *const INPUT[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    static const char *const ROOT[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                       "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                       "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                       "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                       "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                       "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                       "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    Str d[8];
    for (size_t i = 0; i < 8; i++) {
        assert_true(unhex(f->mem, str_c(INPUT[i]), &d[i]));
    }
    Leaves l = {d};
    MerkleTree t = {node_of, &l};
    for (int64_t n = 0; n <= 8; n++) {
        uint8_t root[32];
        OK(merkle_root(&f->cx, &t, n, root));
        assert_string_equal(hex(f->mem, root, 32).p, ROOT[n]);
    }
}

static Str *some(Fixture *f, size_t n)
{
    Str *d = NEW_ARRAY(f->mem, Str, n);
    for (size_t i = 0; i < n; i++) {
        d[i] = str_printf(f->mem, "entry %zu", i);
    }
    return d;
}

enum { MAX_SIZE = 70 };

static void proofs_are_those_of_the_definition_for_every_size_up_to_70(void **state)
{
    Fixture *f = *state;
    Leaves l = {some(f, MAX_SIZE)};
    MerkleTree t = {node_of, &l};
    for (size_t n = 1; n <= MAX_SIZE; n++) {
        uint8_t root[32], leaf[32], want[16][32];
        mth(l.d, n, root);
        for (size_t m = 0; m < n; m++) {
            MerklePath p;
            OK(merkle_path(&f->cx, &t, (int64_t)m, (int64_t)n, &p));
            assert_int_equal(p.n, naive_path(m, l.d, n, want));
            assert_memory_equal(p.h, want, p.n * 32);
            mth(l.d + m, 1, leaf);
            assert_true(merkle_proof_holds(leaf, (int64_t)m, (int64_t)n, p.h, p.n, root));
        }
    }
}

static void a_proof_holds_for_nothing_else(void **state)
{
    Fixture *f = *state;
    Leaves l = {some(f, 13)};
    MerkleTree t = {node_of, &l};
    uint8_t root[32], leaf[32];
    MerklePath p;
    mth(l.d, 13, root);
    mth(l.d + 6, 1, leaf);
    OK(merkle_path(&f->cx, &t, 6, 13, &p));
    for (int64_t index = -1; index < 15; index++) {
        assert_int_equal(merkle_proof_holds(leaf, index, 13, p.h, p.n, root), index == 6);
    }
    assert_false(merkle_proof_holds(leaf, 6, 13, p.h, p.n - 1, root));
    memcpy(p.h[p.n], root, 32);
    assert_false(merkle_proof_holds(leaf, 6, 13, p.h, p.n + 1, root));
    for (size_t i = 0; i < p.n * 32; i++) {
        p.h[i / 32][i % 32] ^= 1;
        assert_false(merkle_proof_holds(leaf, 6, 13, p.h, p.n, root));
        p.h[i / 32][i % 32] ^= 1;
    }
    leaf[0] ^= 1;
    assert_false(merkle_proof_holds(leaf, 6, 13, p.h, p.n, root));
}

static void every_size_continues_every_smaller_one(void **state)
{
    Fixture *f = *state;
    Leaves l = {some(f, MAX_SIZE)};
    MerkleTree t = {node_of, &l};
    for (size_t to = 0; to <= MAX_SIZE; to++) {
        uint8_t new_root[32], old_root[32], want[16][32], wrong[32];
        mth(l.d, to, new_root);
        for (size_t from = 0; from <= to; from++) {
            MerklePath p;
            mth(l.d, from, old_root);
            OK(merkle_consistency(&f->cx, &t, (int64_t)from, (int64_t)to, &p));
            assert_int_equal(p.n, from == 0 || from == to ? 0 : naive_sub(from, l.d, to, true, want));
            assert_memory_equal(p.h, want, p.n * 32);
            assert_true(merkle_consistent((int64_t)from, old_root, (int64_t)to, new_root, p.h, p.n));
            memcpy(wrong, old_root, 32);
            wrong[31] ^= 1;
            assert_false(merkle_consistent((int64_t)from, wrong, (int64_t)to, new_root, p.h, p.n));
            memcpy(wrong, new_root, 32);
            wrong[0] ^= 1;
            assert_true(from == 0 || !merkle_consistent((int64_t)from, old_root, (int64_t)to, wrong, p.h, p.n));
            for (size_t i = 0; i < p.n; i++) {
                p.h[i][7] ^= 1;
                assert_false(merkle_consistent((int64_t)from, old_root, (int64_t)to, new_root, p.h, p.n));
                p.h[i][7] ^= 1;
            }
            assert_true(p.n == 0 || !merkle_consistent((int64_t)from, old_root, (int64_t)to, new_root, p.h, p.n - 1));
        }
    }
}

/* ---- the log in the store ---- */

typedef struct {
    int from, n;
    bool fail_after;
} Many;

static bool add_many(Cx *cx, Store *s, void *arg)
{
    const Many *m = arg;
    for (int i = m->from; i < m->from + m->n; i++) {
        ArenaMark mark = arena_mark(cx->mem);
        int64_t index;
        Str body = str_printf(cx->mem, "{\"z\": %d, \"a\": \"样例\"}", i);
        if (!tlog_add(cx, s, S("decided"), str_printf(cx->mem, "NO-%d", i % 10), body, &index)) {
            return false;
        }
        CHECK(index == i);
        arena_release(cx->mem, mark);
    }
    return m->fail_after ? fail(cx, E_CANCELLED, "undone") : true;
}

static void grow(Fixture *f, int from, int n)
{
    Many m = {from, n, false};
    OK(store_write(&f->cx, f->s, add_many, &m));
}

static void what_was_added_is_found_by_place_and_by_subject(void **state)
{
    Fixture *f = *state;
    clock_set(1700000000000);
    cx_init(&f->cx, f->mem);
    OK(store_attach(&f->cx, f->s));
    grow(f, 0, 25);
    LogEntry e, *items;
    size_t n;
    int64_t size;
    OK(tlog_size(&f->cx, f->s, &size));
    assert_int_equal(size, 25);
    OK(tlog_get(&f->cx, f->s, 13, &e));
    SAME(e.entry, "{\"body\":{\"a\":\"样例\",\"z\":13},\"kind\":\"decided\",\"subject\":\"NO-3\",\"time\":\"2023-11-14T22:13:20.000Z\"}");
    SAME(e.body, "{\"a\":\"样例\",\"z\":13}");
    SAME(e.kind, "decided");
    uint8_t leaf[32];
    merkle_leaf(e.entry, leaf);
    assert_memory_equal(leaf, e.leaf, 32);
    OK(tlog_of(&f->cx, f->s, S("NO-3"), &items, &n));
    assert_int_equal(n, 3);
    assert_int_equal(items[0].index, 3);
    assert_int_equal(items[2].index, 23);
    OK(tlog_list(&f->cx, f->s, -1, 10, &items, &n));
    assert_int_equal(n, 10);
    assert_int_equal(items[0].index, 24);
    OK(tlog_list(&f->cx, f->s, 15, 100, &items, &n));
    assert_int_equal(n, 15);
    assert_int_equal(items[0].index, 14);
    REFUSED(E_NOT_FOUND, tlog_get(&f->cx, f->s, 25, &e));
    REFUSED(E_NOT_FOUND, tlog_get(&f->cx, f->s, -1, &e));
}

static bool add_bad(Cx *cx, Store *s, void *arg)
{
    int64_t index;
    return tlog_add(cx, s, S("decided"), S("NO-1"), str_c(arg), &index);
}

static void an_undone_decision_leaves_nothing_in_the_log(void **state)
{
    Fixture *f = *state;
    grow(f, 0, 5);
    Many m = {5, 3, true};
    REFUSED(E_CANCELLED, store_write(&f->cx, f->s, add_many, &m));
    char bad[] = "{not json";
    REFUSED(E_INVALID, store_write(&f->cx, f->s, add_bad, bad));
    int64_t entries, faults;
    Str report = S("");
    OK(tlog_verify(&f->cx, f->s, &entries, &faults, &report));
    assert_int_equal(entries, 5);
    assert_int_equal(faults, 0);
    grow(f, 5, 3);
}

static void the_store_proves_every_entry_of_every_size(void **state)
{
    Fixture *f = *state;
    enum { N = 37 };
    uint8_t roots[N + 1][32], now[32];
    for (int i = 0; i <= N; i++) {
        OK(tlog_root(&f->cx, f->s, -1, roots[i]));
        if (i < N) {
            grow(f, i, 1);
        }
    }
    Str d[N];
    for (int i = 0; i < N; i++) {
        LogEntry e;
        OK(tlog_get(&f->cx, f->s, i, &e));
        d[i] = e.entry;
    }
    for (int size = 0; size <= N; size++) {
        uint8_t want[32], (*p)[32];
        size_t n;
        mth(d, (size_t)size, want);
        OK(tlog_root(&f->cx, f->s, size, now));
        assert_memory_equal(now, want, 32);
        assert_memory_equal(roots[size], want, 32);
        for (int i = 0; i < size; i++) {
            LogEntry e;
            OK(tlog_get(&f->cx, f->s, i, &e));
            OK(tlog_proof(&f->cx, f->s, i, size, &p, &n));
            assert_true(merkle_proof_holds(e.leaf, i, size, p, n, want));
        }
        for (int from = 0; from <= size; from++) {
            OK(tlog_consistency(&f->cx, f->s, from, size, &p, &n));
            assert_true(merkle_consistent(from, roots[from], size, want, p, n));
        }
    }
    uint8_t (*p)[32];
    size_t n;
    REFUSED(E_INVALID, tlog_proof(&f->cx, f->s, 3, N + 1, &p, &n));
    REFUSED(E_INVALID, tlog_proof(&f->cx, f->s, 5, 5, &p, &n));
    REFUSED(E_INVALID, tlog_proof(&f->cx, f->s, -1, 5, &p, &n));
    REFUSED(E_INVALID, tlog_consistency(&f->cx, f->s, 6, 5, &p, &n));
    REFUSED(E_INVALID, tlog_consistency(&f->cx, f->s, -1, 5, &p, &n));
    REFUSED(E_INVALID, tlog_root(&f->cx, f->s, N + 1, now));
}

/* The text of C2SP, taken apart here anew. */
static void a_checkpoint_is_a_signed_note_and_stays_the_same(void **state)
{
    Fixture *f = *state;
    grow(f, 0, 7);
    Str note, again, text, line, name, sig, raw_sig, root64;
    OK(tlog_checkpoint(&f->cx, f->s, &note));
    OK(tlog_checkpoint(&f->cx, f->s, &again));
    assert_true(str_eq(note, again));
    assert_int_equal(raw(f, "select count(*) from tlog_checkpoint"), 1);
    size_t at;
    assert_true(str_find(note, S("\n\n— "), &at));
    text = str_sub(note, 0, at + 1);
    line = str_sub(note, at + strlen("\n\n— "), note.n);
    assert_true(str_ends(line, S("\n")));
    line.n--;
    assert_true(str_cut(line, ' ', &name, &sig));
    Str origin = tlog_origin(f->s, f->mem), lines[3], rest = text;
    assert_true(str_eq(name, origin));
    for (int i = 0; i < 3; i++) {
        assert_true(str_cut(rest, '\n', &lines[i], &rest));
    }
    assert_true(str_eq(lines[0], origin) && rest.n == 0);
    SAME(lines[1], "7");
    uint8_t root[32], h[32];
    OK(tlog_root(&f->cx, f->s, 7, root));
    assert_true(base64_read(f->mem, lines[2], &root64) && root64.n == 32);
    assert_memory_equal(root64.p, root, 32);
    assert_true(base64_read(f->mem, sig, &raw_sig) && raw_sig.n == 68);
    const PublicKey *k = signer_public(store_signer(f->s, SIGN_ED25519));
    assert_true(sign_bytes_hold(k, text, (const uint8_t *)raw_sig.p + 4));
    Buf b = buf_new(f->mem, 1000);
    buf_add(&b, origin);
    buf_add(&b, str_n("\n\x01", 2));
    buf_add_bytes(&b, k->bytes, 32);
    sha256(b.p, b.n, h);
    assert_memory_equal(raw_sig.p, h, 4);
    grow(f, 7, 1);
    OK(tlog_checkpoint(&f->cx, f->s, &again));
    assert_false(str_eq(note, again));
    assert_int_equal(raw(f, "select count(*) from tlog_checkpoint"), 2);
}

static Str tampered(Fixture *f, const char *sql, int64_t *ret_faults)
{
    store_close(f->s);
    f->cx.db = NULL;
    Db *db = behind(f, DB_WRITE);
    OK(db_script(&f->cx, db, sql));
    db_close(db);
    store_up(f);
    int64_t entries;
    Str report = S("");
    OK(tlog_verify(&f->cx, f->s, &entries, ret_faults, &report));
    return report;
}

static void published(Fixture *f)
{
    Str note;
    OK(tlog_checkpoint(&f->cx, f->s, &note));
    grow(f, 0, 11);
    OK(tlog_checkpoint(&f->cx, f->s, &note));
    grow(f, 11, 10);
    OK(tlog_checkpoint(&f->cx, f->s, &note));
    grow(f, 21, 2);
    int64_t entries, faults;
    Str report = S("");
    OK(tlog_verify(&f->cx, f->s, &entries, &faults, &report));
    assert_int_equal(entries, 23);
    assert_int_equal(faults, 0);
    SAME(report, "");
}

static void every_kind_of_tampering_is_found_and_named(void **state)
{
    Fixture *f = *state;
    static const char *const WAYS[][2] = {
        {"update tlog_entry set entry = replace(entry, '样例', '假的') where idx = 5", "第 5 条被改动过"},
        {"update tlog_entry set entry = replace(entry, '样例', '假的'), leaf = (select leaf from tlog_entry where idx = 4) where idx = 5", "第 5 条被改动过"},
        {"update tlog_entry set subject = 'NO-9' where idx = 5", "第 5 条的类别、对象或时间与原文不符"},
        {"update tlog_entry set at = at + 1 where idx = 22", "第 22 条的类别、对象或时间与原文不符"},
        {"delete from tlog_entry where idx = 5", "第 5 条不见了"},
        {"delete from tlog_entry where idx = 22", "记载有 23 条，实有 22 条"},
        {"delete from tlog_entry where idx > 18; update tlog_head set size = 19", "发布过 21 条时的检查点，现在只有 19 条"},
        {"delete from tlog_entry where idx > 20; update tlog_head set size = 21", "多出"},
        {"update tlog_entry set idx = 100 where idx = 3; update tlog_entry set idx = 3 where idx = 4; update tlog_entry set idx = 4 where idx = 100",
         "检查点（11 条）与现在的日志不符"},
        {"update tlog_node set hash = (select hash from tlog_node where level = 1 and idx = 0) where level = 2 and idx = 1",
         "第 2 层第 1 个节点被改动"},
        {"delete from tlog_node where level = 1 and idx = 4", "第 1 层第 4 个节点被改动或不见了"},
        {"update tlog_checkpoint set root = (select root from tlog_checkpoint where size = 0) where size = 11", "检查点（11 条）与现在的日志不符"},
        {"update tlog_checkpoint set note = replace(note, '\n11\n', '\n12\n') where size = 11", "检查点（11 条）与现在的日志不符"},
        {"update tlog_checkpoint set note = note || ' ' where size = 0", "检查点（0 条）与现在的日志不符"},
        {"update tlog_head set size = 22", "记载有 22 条，实有 23 条"}};
    published(f);
    store_close(f->s);
    keep(f);
    store_up(f);
    for (size_t i = 0; i < ARRAY_LEN(WAYS); i++) {
        int64_t faults;
        Str report = tampered(f, WAYS[i][0], &faults);
        if (faults == 0 || !str_contains(report, str_c(WAYS[i][1]))) {
            print_error("%s: %lld faults\n%.*s\n", WAYS[i][0], (long long)faults, STRF(report));
            _fail(__FILE__, __LINE__);
        }
        store_close(f->s);
        f->cx.db = NULL;
        bring_back(f);
        store_up(f);
    }
}

static void a_large_log_stays_fast(void **state)
{
    Fixture *f = *state;
    enum { MANY = 20000, SOME = 2000 };
    int64_t start = clock_mono_us();
    grow(f, 0, SOME);
    int64_t first = clock_mono_us() - start;
    grow(f, SOME, MANY - 2 * SOME);
    start = clock_mono_us();
    grow(f, MANY - SOME, SOME);
    int64_t last = clock_mono_us() - start, adding = last / SOME;
    uint8_t root[32], (*p)[32];
    size_t n;
    start = clock_mono_us();
    for (int i = 0; i < 100; i++) {
        LogEntry e;
        OK(tlog_root(&f->cx, f->s, -1, root));
        OK(tlog_get(&f->cx, f->s, i * 199, &e));
        OK(tlog_proof(&f->cx, f->s, i * 199, MANY, &p, &n));
        assert_true(merkle_proof_holds(e.leaf, i * 199, MANY, p, n, root));
        assert_true(n <= 15);
    }
    int64_t proving = clock_mono_us() - start;
    assert_int_equal(raw(f, "select count(*) from tlog_node"), 20000 - 5); /* one a pair: n less the set bits of n */
    assert_true(last < 8 * first); /* an entry that cost more with each before it would make it 19 */
    if (getenv("TAMGA_SAY") != NULL) {
        print_message("%lld us an entry, %lld us a proof\n", (long long)adding, (long long)(proving / 100));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {T(roots_are_those_of_the_certificate_transparency_suite),
                                       T(proofs_are_those_of_the_definition_for_every_size_up_to_70),
                                       T(a_proof_holds_for_nothing_else),
                                       T(every_size_continues_every_smaller_one),
                                       T(what_was_added_is_found_by_place_and_by_subject),
                                       T(an_undone_decision_leaves_nothing_in_the_log),
                                       T(the_store_proves_every_entry_of_every_size),
                                       T(a_checkpoint_is_a_signed_note_and_stays_the_same),
                                       T(every_kind_of_tampering_is_found_and_named),
                                       T(a_large_log_stays_fast)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
