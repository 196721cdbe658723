/* subject_test.c - personal fields under keys of their own: sealed everywhere, gone everywhere once the key is destroyed. */
#include "tamper.h"

#include "fmt/doc.h"
#include "store/sealing.h"
#include "store/subject.h"

#define PHONE "13800002046"
#define ID "11010519491231002X"

static Rec with_leader(Fixture *f, const char *name, const char *id, const char *phone)
{
    Rec r;
    Form o = team_form(f, name, "20");
    put(f, &o, "leader_id", id);
    put(f, &o, "leader_phone", phone);
    OK(create_in(f, &f->writer, "C1", &o, &r));
    return r;
}

static Rec clear_of(Fixture *f, const Rec *r)
{
    Rec c;
    OK(rec_load(&f->cx, f->s, r->type, r->id, true, &c));
    return c;
}

static void each_record_has_a_key_of_its_own(void **state)
{
    Fixture *f = *state;
    Rec a = with_leader(f, "甲县采收队", ID, PHONE), b = with_leader(f, "乙县采收队", ID, PHONE);
    Rec bare = team(f, &f->writer, "没有队长", "3");
    Rec ca = clear_of(f, &a), cb = clear_of(f, &b);
    SAME(val(&ca, "leader_phone")->s, PHONE);
    SAME(val(&cb, "leader_id")->s, ID);
    assert_false(str_eq(ca.own_key, cb.own_key));
    assert_int_equal(clear_of(f, &bare).own_key.n, 0);
    assert_int_equal(raw(f, "select count(*) from subject_key"), 2);
    Str all = database_bytes(f);
    assert_false(str_contains(all, S(PHONE)));
    assert_false(str_contains(all, S(ID)));
    sound(f);
}

static void an_erased_record_reads_as_erased_and_its_key_is_nowhere(void **state)
{
    Fixture *f = *state;
    Rec r = with_leader(f, "甲县采收队", ID, PHONE), after;
    Rec kept = clear_of(f, &r);
    Form o = form(f, f->team);
    bool changed;
    put(f, &o, "leader_phone", "13900002047");
    OK(update(f, &f->writer, &r, &o, 1, &changed));
    REFUSED(E_FORBIDDEN, rec_erase(&f->cx, f->s, &f->head, f->team, r.id, 0, S("本人要求删除"), &after));
    REFUSED(E_INVALID, rec_erase(&f->cx, f->s, &f->writer, f->team, r.id, 0, S("删"), &after));
    REFUSED(E_STALE, rec_erase(&f->cx, f->s, &f->writer, f->team, r.id, 1, S("本人要求删除"), &after));
    REFUSED(E_NOT_FOUND, rec_erase(&f->cx, f->s, &f->writer2, f->team, r.id, 0, S("本人要求删除"), &after));
    OK(rec_erase(&f->cx, f->s, &f->writer, f->team, r.id, 2, S("本人要求删除"), &after));
    SAME(val(&after, "leader_phone")->s, "（已删除）");
    Rec now = clear_of(f, &r);
    SAME(val(&now, "leader_phone")->s, "（已删除）");
    SAME(val(&now, "leader_id")->s, "（已删除）");
    assert_int_equal(now.rev, 3);
    Str head, wrapped;
    assert_true(str_cut(kept.own_key, ':', &head, &wrapped) && wrapped.n > 40);
    assert_false(str_contains(database_bytes(f), wrapped)); /* neither in the file nor in its log */
    assert_int_equal(raw(f, "select count(*) from r_team where b_leader_id is not null"), 0);
    Event *e;
    size_t n;
    OK(journal_of(&f->cx, f->s, f->team, r.id, &e, &n));
    assert_int_equal(n, 3);
    SAME(e[2].act, "erase");
    SAME(e[2].reason, "本人要求删除");
    assert_true(str_contains(e[2].body, S("\"leader_phone\":[null,\"~\"]")));
    sound(f);
    REFUSED(E_CONFLICT, rec_erase(&f->cx, f->s, &f->writer, f->team, r.id, 0, S("本人要求删除"), &after));
    store_again(f);
    sound(f);
}

/* Entries of before the erasure stay where they are; nobody opens them, not even with the master key. */
static void old_entries_are_only_bytes_after_an_erasure(void **state)
{
    Fixture *f = *state;
    Rec r = with_leader(f, "甲县采收队", ID, PHONE), after;
    Event *e;
    size_t n;
    Str error, clear;
    OK(journal_of(&f->cx, f->s, f->team, r.id, &e, &n));
    Str sealed = doc_at(doc_get(json_read(f->mem, e[0].body, &error), S("leader_phone")), 1)->s;
    const Field *phone = type_field(f->team, S("leader_phone"));
    Str aad = field_aad(f->mem, f->team, phone, r.id);
    Rec c = clear_of(f, &r);
    assert_true(personal_open(&f->cx, f->s, c.own_key, aad, sealed, &clear));
    SAME(clear, PHONE);
    OK(rec_erase(&f->cx, f->s, &f->writer, f->team, r.id, 0, S("本人要求删除"), &after));
    Rec gone = clear_of(f, &r);
    assert_true(personal_open(&f->cx, f->s, gone.own_key, aad, sealed, &clear));
    SAME(clear, "（已删除）");
    assert_false(field_open(f->mem, &f->s->keys->field, aad, sealed, &clear));
    assert_true(personal_open(&f->cx, f->s, c.own_key, aad, sealed, &clear)); /* control: who kept the key opens them */
    SAME(clear, PHONE);
}

static void a_new_value_after_an_erasure_has_a_new_key(void **state)
{
    Fixture *f = *state;
    Rec r = with_leader(f, "甲县采收队", ID, PHONE), after;
    Form o = form(f, f->team);
    bool changed;
    OK(rec_erase(&f->cx, f->s, &f->writer, f->team, r.id, 0, S("本人要求删除"), &after));
    put(f, &o, "leader_phone", "13900002047");
    OK(update(f, &f->writer, &r, &o, 2, &changed));
    Rec now = clear_of(f, &r);
    SAME(val(&now, "leader_phone")->s, "13900002047");
    SAME(val(&now, "leader_id")->s, "（已删除）");
    assert_true(str_starts(now.own_key, S("2:")));
    sound(f);
    put(f, &o, "leader_phone", "");
    OK(update(f, &f->writer, &r, &o, 3, &changed));
    sound(f);
}

static void somebody_elses_key_or_none_opens_nothing(void **state)
{
    Fixture *f = *state;
    Rec a = with_leader(f, "甲县采收队", ID, PHONE), b = with_leader(f, "乙县采收队", ID, PHONE);
    const char *sql = str_printf(f->mem, "update subject_key set key = (select key from subject_key where subject = %lld) where subject = %lld",
                                 (long long)b.id, (long long)a.id).p;
    store_close(f->s);
    Db *db = behind(f, DB_WRITE);
    OK(db_script(&f->cx, db, sql));
    db_close(db);
    store_up(f);
    VerifyCounts n;
    Str report;
    Rec c = clear_of(f, &a);
    SAME(val(&c, "leader_phone")->s, "（无法解密）");
    OK(journal_verify(&f->cx, f->s, &n, &report));
    assert_true(str_contains(report, S("队长电话")));
    Form o = form(f, f->team);
    bool changed;
    put(f, &o, "leader_phone", "13900002047");
    REFUSED(E_DATA, update(f, &f->writer, &a, &o, 1, &changed));
}

/* ---- the blind index ---- */

static bool find(Fixture *f, const char *id, Rec *ret)
{
    const Field *field = type_field(f->team, S("leader_id"));
    bool found;
    Value v = {.has = true, .s = str_c(id)};
    OK(rec_find(&f->cx, f->s, &f->writer, f->team, &field, &v, 1, ret, &found));
    return found;
}

static void equality_is_found_without_decrypting(void **state)
{
    Fixture *f = *state;
    Rec a = with_leader(f, "甲县采收队", ID, PHONE), got;
    with_leader(f, "乙县采收队", "110105194912310038", PHONE);
    assert_true(find(f, ID, &got));
    assert_int_equal(got.id, a.id);
    assert_false(find(f, "110105194912310046", &got));
    assert_int_equal(raw(f, "select count(distinct b_leader_id) from r_team"), 2);
    /* behind the store's back: an exact filter reads the index alone */
    Query q = {.type = f->team, .n_filters = 1};
    q.filters[0] = (Filter){.field = type_field(f->team, S("leader_id")), .value = {.has = true, .s = S(ID)}};
    RecPage page;
    OK(rec_list(&f->cx, f->s, &f->writer, &q, true, &page));
    assert_int_equal(page.total, 1);
    q.filters[0].op = OP_NE; /* only equality can be asked */
    REFUSED(E_INVALID, rec_list(&f->cx, f->s, &f->writer, &q, true, &page));
    q.filters[0].op = OP_EQ; /* who may not see the field in clear may not guess at it either */
    Actor helper = actor_of(f, 9, "助一", "P", "helper");
    REFUSED(E_FORBIDDEN, rec_list(&f->cx, f->s, &helper, &q, true, &page));
    OK(rec_list(&f->cx, f->s, &f->head, &q, true, &page)); /* and where the field is hidden there is nothing to find */
    assert_int_equal(page.total, 0);
    bool changed;
    Form o = form(f, f->team);
    put(f, &o, "leader_id", "");
    OK(update(f, &f->writer, &a, &o, 1, &changed));
    assert_false(find(f, ID, &got));
}

/* A base of before: values under the store's key, no blind index. */
static void values_of_before_open_and_are_sealed_anew(void **state)
{
    Fixture *f = *state;
    Rec a = with_leader(f, "甲县采收队", ID, PHONE), got;
    const Field *phone = type_field(f->team, S("leader_phone")), *idno = type_field(f->team, S("leader_id"));
    FieldKey old = f->s->keys->field;
    Str p = field_seal(f->mem, &old, field_aad(f->mem, f->team, phone, a.id), S(PHONE));
    Str i = field_seal(f->mem, &old, field_aad(f->mem, f->team, idno, a.id), S(ID));
    store_close(f->s);
    Db *db = behind(f, DB_WRITE);
    OK(db_script(&f->cx, db, str_printf(f->mem, "update r_team set f_leader_phone = '%.*s', f_leader_id = '%.*s'; delete from subject_key;"
                                                "update r_team set b_leader_id = null", STRF(p), STRF(i)).p));
    db_close(db);
    store_up(f);
    Rec c = clear_of(f, &a);
    SAME(val(&c, "leader_phone")->s, PHONE);
    SealCounts n;
    OK(subject_counts(&f->cx, f->s, &n));
    assert_int_equal(n.by[CIPHER_AES256_GCM][0], 2);
    assert_false(find(f, ID, &got));
    f->s->keys->field.cipher = CIPHER_SM4_GCM;
    int64_t done;
    OK(subject_reseal(&f->cx, f->s, &done));
    assert_int_equal(done, 1);
    OK(subject_counts(&f->cx, f->s, &n));
    assert_int_equal(n.by[CIPHER_AES256_GCM][0], 0);
    assert_int_equal(n.by[CIPHER_SM4_GCM][1], 2);
    assert_int_equal(n.live_keys, 1);
    assert_true(find(f, ID, &got));
    c = clear_of(f, &a);
    SAME(val(&c, "leader_phone")->s, PHONE);
    OK(subject_reseal(&f->cx, f->s, &done));
    assert_int_equal(done, 0);
    f->s->keys->field.cipher = CIPHER_AES256_GCM; /* agility: either opens under either setting */
    c = clear_of(f, &a);
    SAME(val(&c, "leader_id")->s, ID);
}

/* Its row stays, and its personal data with it. */
static void a_deleted_record_is_sealed_anew_too(void **state)
{
    Fixture *f = *state;
    Rec a = with_leader(f, "甲县采收队", ID, PHONE);
    SealCounts n;
    int64_t done;
    OK(rec_delete(&f->cx, f->s, &f->writer, f->team, a.id, &(WriteOpts){.reason = S("填错了")}));
    f->s->keys->field.cipher = CIPHER_SM4_GCM;
    OK(subject_reseal(&f->cx, f->s, &done));
    assert_int_equal(done, 1);
    OK(subject_counts(&f->cx, f->s, &n));
    assert_int_equal(n.by[CIPHER_AES256_GCM][1], 0);
    assert_int_equal(n.by[CIPHER_SM4_GCM][1], 2);
    sound(f);
}

/* ---- where the master key is ---- */

static void the_master_key_may_stand_elsewhere(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    with_leader(f, "甲县采收队", ID, PHONE);
    store_close(f->s);
    f->cx.db = NULL;
    char other[64];
    snprintf(other, sizeof other, "%s/tamga-key-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(other));
    const char *from = str_printf(f->mem, "%s/master.key", f->dir).p, *to = str_printf(f->mem, "%s/k", other).p;
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(setenv("TAMGA_KEY_FILE", to, 1), 0);
    store_up(f);
    assert_int_equal(raw(f, "select count(*) from r_team"), 1);
    Rec r;
    OK(rec_load(&f->cx, f->s, f->team, raw(f, "select id from r_team"), true, &r));
    SAME(val(&r, "leader_phone")->s, PHONE);
    assert_int_equal(access(from, F_OK), -1); /* no other was made */
    store_close(f->s);
    f->cx.db = NULL;
    assert_int_equal(chmod(to, 0644), 0);
    REFUSED(E_DATA, store_open(&f->cx, f->dir, f->pack) != NULL);
    assert_int_equal(chmod(to, 0600), 0);
    assert_int_equal(setenv("TAMGA_KEY_FILE", str_printf(f->mem, "%s.not", to).p, 1), 0);
    REFUSED(E_IO, store_open(&f->cx, f->dir, f->pack) != NULL); /* a key that should be there is never replaced */
    unsetenv("TAMGA_KEY_FILE");
    FILE *line = fopen(str_printf(f->mem, "%s/key_file", f->dir).p, "w");
    assert_non_null(line);
    fprintf(line, "%s\n", to);
    fclose(line);
    store_up(f);
    OK(rec_load(&f->cx, f->s, f->team, r.id, true, &r));
    SAME(val(&r, "leader_phone")->s, PHONE);
    store_close(f->s);
    f->cx.db = NULL;
    assert_int_equal(unlink(str_printf(f->mem, "%s/key_file", f->dir).p), 0);
    assert_int_equal(rename(to, str_printf(f->mem, "%s/tamga-master.key", other).p), 0);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", other, 1), 0);
    store_up(f);
    OK(rec_load(&f->cx, f->s, f->team, r.id, true, &r));
    SAME(val(&r, "leader_phone")->s, PHONE);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(unlink(str_printf(f->mem, "%s/tamga-master.key", other).p), 0);
    assert_int_equal(rmdir(other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_record_has_a_key_of_its_own),
        T(an_erased_record_reads_as_erased_and_its_key_is_nowhere),
        T(old_entries_are_only_bytes_after_an_erasure),
        T(a_new_value_after_an_erasure_has_a_new_key),
        T(somebody_elses_key_or_none_opens_nothing),
        T(equality_is_found_without_decrypting),
        T(values_of_before_open_and_are_sealed_anew),
        T(a_deleted_record_is_sealed_anew_too),
        T(the_master_key_may_stand_elsewhere),
    };
    return cmocka_run_group_tests_name("store/subject", tests, NULL, NULL);
}
