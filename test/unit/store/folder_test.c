/* folder_test.c - what is said in the small files of a data folder, and what is not there any more: nothing is taken for silence that is none. */
#include "fixture.h"

#include <sys/stat.h>

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
        T(a_scanner_that_cannot_be_read_lets_nothing_through),
    };
    return cmocka_run_group_tests_name("store/folder", tests, NULL, NULL);
}
