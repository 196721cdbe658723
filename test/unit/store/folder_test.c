/* folder_test.c - what is said in the small files of a data folder, and what is not there any more: nothing is taken for silence that is none. */
#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "store/anchor.h"
#include "store/shared.h"

static void closed(Fixture *f)
{
    store_close(f->s);
    f->s = NULL;
    f->cx.db = NULL;
}

static const char *in_folder(Fixture *f, const char *name)
{
    return str_printf(f->mem, "%s/%s", f->dir, name).p;
}

/* A link to itself: there, and read by nobody, root neither. */
static void unreadable(const char *path)
{
    assert_int_equal(symlink(path, path), 0);
}

static void an_address_that_cannot_be_read_does_not_begin_an_empty_database(void **state)
{
    Fixture *f = *state;
    const char *db = in_folder(f, "db"), *kept = in_folder(f, "db.kept");
    closed(f);
    if (f->server != NULL) {
        assert_int_equal(rename(db, kept), 0);
    }
    unreadable(db);
    REFUSED(E_IO, store_open(&f->cx, f->dir, f->pack) != NULL);
    assert_int_equal(unlink(db), 0);
    if (f->server != NULL) {
        assert_int_equal(access(in_folder(f, "tamga.db"), F_OK), -1);
        assert_int_equal(rename(kept, db), 0);
    }
    store_up(f);
}

static void a_place_of_the_key_that_cannot_be_read_makes_no_other_key(void **state)
{
    Fixture *f = *state;
    const char *place = in_folder(f, "key_file"), *key = in_folder(f, "master.key"), *kept = in_folder(f, "master.kept");
    closed(f);
    assert_int_equal(rename(key, kept), 0);
    unreadable(place);
    REFUSED(E_IO, store_open(&f->cx, f->dir, f->pack) != NULL);
    assert_int_equal(access(key, F_OK), -1);
    assert_int_equal(unlink(place), 0);
    unreadable(in_folder(f, "cipher"));
    REFUSED(E_IO, store_open(&f->cx, f->dir, f->pack) != NULL);
    assert_int_equal(unlink(in_folder(f, "cipher")), 0);
    assert_int_equal(rename(kept, key), 0);
    store_up(f);
}

/* A new one in its place would open the database and none of its personal fields, and seal new ones with another key. */
static void a_lost_key_is_told_and_not_replaced(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f); /* on a server the keys are compared with the database (record_test.c) */
    const char *key = in_folder(f, "master.key"), *kept = in_folder(f, "master.kept");
    closed(f);
    assert_int_equal(rename(key, kept), 0);
    REFUSED(E_IO, store_open(&f->cx, f->dir, f->pack) != NULL);
    assert_int_equal(access(key, F_OK), -1);
    assert_int_equal(rename(kept, key), 0);
    store_up(f);
}

static void not_read(Fixture *f)
{
    assert_null(store_open(&f->cx, f->dir, f->pack));
    assert_int_equal(f->cx.err, E_IO);
    assert_true(str_contains(cx_text(&f->cx), S("读不了密钥文件")));
    cx_clear(&f->cx);
}

/* Whoever reads that it is gone or damaged fetches another one from a backup. */
static void a_key_the_disk_does_not_give_is_told_as_unread_not_as_gone_or_damaged(void **state)
{
    Fixture *f = *state;
    const char *key = in_folder(f, "master.key"), *kept = in_folder(f, "master.kept");
    closed(f);
    assert_int_equal(rename(key, kept), 0);
    unreadable(key);
    not_read(f);
    assert_int_equal(unlink(key), 0);
    assert_int_equal(mkdir(key, 0700), 0); /* opens, and cannot be read */
    not_read(f);
    assert_int_equal(rmdir(key), 0);
    assert_int_equal(rename(kept, key), 0);
    store_up(f);
}

/* One that was killed while it wrote the folder's name must not be the last that could start. */
static void a_name_of_the_folder_written_in_part_is_written_anew(void **state)
{
    Fixture *f = *state;
    if (f->server == NULL) {
        skip(); /* only where several share a database do folders have names */
    }
    const char *path = in_folder(f, "folder.id");
    struct stat st;
    closed(f);
    assert_int_equal(truncate(path, 0), 0);
    store_up(f);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 8);
    Str name = str_dup(f->mem, store_folder(f->s));
    assert_int_equal(st.st_size, name.n);
    closed(f);
    store_up(f);
    assert_true(str_eq(store_folder(f->s), name));
}

/* Half a note would be taken for a forged one when the checkpoints are held against the database. */
static void a_checkpoint_that_did_not_fit_is_taken_back_and_sent_whole(void **state)
{
    Fixture *f = *state;
    const char *out = in_folder(f, "notes");
    Str note, report = S("");
    int64_t sent = 0, notes = 0, faults = 0;
    struct stat st;
    struct rlimit was;
    FILE *to = fopen(in_folder(f, "anchor"), "w");
    assert_non_null(to);
    fprintf(to, "file %s\n", out);
    fclose(to);
    OK(anchor_checkpoint(&f->cx, f->s, &note));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, was.rlim_max}), 0); /* a disk with room for a part of it */
    bool ok = anchor_publish(&f->cx, f->s, &sent);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, before);
    assert_false(ok);
    assert_int_equal(f->cx.err, E_IO);
    cx_clear(&f->cx);
    assert_int_equal(stat(out, &st), 0);
    assert_int_equal(st.st_size, 0);
    OK(anchor_publish(&f->cx, f->s, &sent));
    assert_int_equal(sent, 1);
    char text[8192];
    to = fopen(out, "r");
    assert_non_null(to);
    size_t n = fread(text, 1, sizeof text, to);
    fclose(to);
    OK(anchor_verify(&f->cx, f->s, str_n(text, n), NULL, 0, &notes, &faults, &report));
    assert_int_equal(notes, 1);
    assert_int_equal(faults, 0);
}

static void a_scanner_that_cannot_be_read_lets_nothing_through(void **state)
{
    Fixture *f = *state;
    OK(file_scan(&f->cx, f->s, S("bytes"))); /* no file: nobody wants a scanner */
    assert_int_equal(mkdir(in_folder(f, "scan.conf"), 0700), 0); /* opens, and cannot be read */
    REFUSED(E_BUSY, file_scan(&f->cx, f->s, S("bytes")));
    assert_int_equal(rmdir(in_folder(f, "scan.conf")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_address_that_cannot_be_read_does_not_begin_an_empty_database),
        T(a_place_of_the_key_that_cannot_be_read_makes_no_other_key),
        T(a_lost_key_is_told_and_not_replaced),
        T(a_key_the_disk_does_not_give_is_told_as_unread_not_as_gone_or_damaged),
        T(a_name_of_the_folder_written_in_part_is_written_anew),
        T(a_checkpoint_that_did_not_fit_is_taken_back_and_sent_whole),
        T(a_scanner_that_cannot_be_read_lets_nothing_through),
    };
    return cmocka_run_group_tests_name("store/folder", tests, NULL, NULL);
}
