/* file_test.c - attachments and the backup of a folder. */
#include "fixture.h"

#include <fcntl.h>

static const char PDF[] = "%PDF-1.7\n1 0 obj\n";

static bool add(Fixture *f, const Actor *a, const Rec *r, const char *name, Str bytes, File *ret)
{
    return file_add(&f->cx, f->s, a, r->type, r->id, str_c(name), S("proof"), S("A"), bytes, ret);
}

static void a_file_is_kept_listed_opened_and_dropped(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    File one, *list;
    size_t n;
    int fd;
    char back[64];
    OK(add(f, &f->writer, &r, "证书.pdf", S("%PDF-1.7\n1 0 obj\n"), &one));
    SAME(one.mime, "application/pdf");
    SAME(one.trust, "C"); /* an upload does not make itself issued by the authority */
    OK(file_list(&f->cx, f->s, &f->head, f->team, r.id, &list, &n));
    assert_int_equal(n, 1);
    SAME(list[0].name, "证书.pdf");
    assert_int_equal(list[0].size, sizeof PDF - 1);
    SAME(list[0].by, "甲一");
    OK(file_open(&f->cx, f->s, &f->writer, one.id, &one, &fd));
    assert_int_equal(read(fd, back, sizeof back), sizeof PDF - 1);
    assert_memory_equal(back, PDF, sizeof PDF - 1);
    close(fd);
    OK(file_drop(&f->cx, f->s, &f->writer, one.id, S("传错了")));
    OK(file_list(&f->cx, f->s, &f->head, f->team, r.id, &list, &n));
    assert_int_equal(n, 0);
    REFUSED(E_NOT_FOUND, file_open(&f->cx, f->s, &f->writer, one.id, &one, &fd));
    assert_int_equal(raw(f, "select count(*) from journal where act in ('file_add', 'file_drop')"), 2);
    VerifyCounts v;
    Str report;
    OK(journal_verify(&f->cx, f->s, &v, &report));
    SAME(report, "");
}

static void a_file_is_taken_for_what_it_is_not_for_its_name(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *mime; /* NULL: refused */
    } CASES[] = {
        {"\x89PNG\r\n\x1a\n0000", 12, "image/png"},
        {"\xff\xd8\xff\xe0 JFIF", 9, "image/jpeg"},
        {"PK\x03\x04........xl/workbook.xml", 27, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        {"PK\x03\x04........word/document.xml", 29, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"PK\x03\x04........OFD.xml", 19, "application/ofd"},
        {"PK\x03\x04 an archive of programs", 26, NULL},
        {"<!DOCTYPE html><script>", 23, NULL},
        {"<svg onload=alert(1)>", 21, NULL},
        {"\x7f" "ELF....", 8, NULL},
        {"MZ......", 8, NULL},
    };
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        File got;
        if (CASES[i].mime != NULL) {
            OK(add(f, &f->writer, &r, "a.pdf", str_n(CASES[i].bytes, CASES[i].n), &got));
            assert_true(str_eq(got.mime, str_c(CASES[i].mime)));
        } else {
            REFUSED(E_MEDIA_TYPE, add(f, &f->writer, &r, "a.pdf", str_n(CASES[i].bytes, CASES[i].n), &got));
        }
    }
    File got;
    REFUSED(E_TOO_LARGE, add(f, &f->writer, &r, "a.pdf", S(""), &got));
    char *big = arena_alloc(f->mem, (20 << 20) + 1);
    memcpy(big, PDF, sizeof PDF);
    REFUSED(E_TOO_LARGE, add(f, &f->writer, &r, "a.pdf", str_n(big, (20 << 20) + 1), &got));
}

static void files_have_the_rights_of_their_record(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    File one, *list;
    size_t n = 9;
    int fd;
    OK(add(f, &f->writer, &r, "a.pdf", S("%PDF-1.7\n1 0 obj\n"), &one));
    REFUSED(E_NOT_FOUND, file_open(&f->cx, f->s, &f->writer2, one.id, &one, &fd));
    REFUSED(E_NOT_FOUND, file_open(&f->cx, f->s, &f->nobody, one.id, &one, &fd));
    REFUSED(E_NOT_FOUND, add(f, &f->writer2, &r, "a.pdf", S("%PDF-1.7\n1 0 obj\n"), &one));
    REFUSED(E_NOT_FOUND, file_drop(&f->cx, f->s, &f->writer2, one.id, S("不是我的")));
    OK(act(f, &f->writer, &r, "ask", ""));
    REFUSED(E_WRONG_STATE, add(f, &f->writer, &r, "b.pdf", S("%PDF-1.7\n1 0 obj\n"), &one));
    REFUSED(E_WRONG_STATE, file_drop(&f->cx, f->s, &f->writer, one.id, S("改主意")));
    OK(act(f, &f->head, &r, "approve", ""));
    OK(file_list(&f->cx, f->s, &f->nobody, f->team, r.id, &list, &n)); /* published: still no attachments for the public */
    assert_int_equal(n, 0);
    REFUSED(E_NOT_FOUND, file_open(&f->cx, f->s, &f->nobody, one.id, &one, &fd));
}

static void the_same_bytes_are_kept_once(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    File a, b;
    int fd;
    OK(add(f, &f->writer, &r, "a.pdf", S("%PDF-1.7\n1 0 obj\n"), &a));
    OK(add(f, &f->writer, &r, "b.pdf", S("%PDF-1.7\n1 0 obj\n"), &b));
    assert_true(str_eq(a.sha256, b.sha256));
    OK(file_drop(&f->cx, f->s, &f->writer, a.id, S("重复")));
    OK(file_open(&f->cx, f->s, &f->writer, b.id, &b, &fd)); /* dropping one leaves the other */
    close(fd);
}

static void a_backup_taken_while_running_is_a_whole_store(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    Rec r = team(f, &f->writer, "甲县采收队", "20"), seen;
    const char *copy = str_printf(f->mem, "%s/copy", f->dir).p;
    const char *db = str_printf(f->mem, "%s/tamga.db", copy).p;
    assert_int_equal(mkdir(copy, 0700), 0);
    OK(db_backup(&f->cx, f->cx.db, db, NULL, NULL));
    team(f, &f->writer, "备份之后的队", "20");
    assert_int_equal(system(str_printf(f->mem, "cp '%s/master.key' '%s/'", f->dir, copy).p), 0);
    Store *other = store_open(&f->cx, copy, f->pack);
    assert_non_null(other);
    Cx cx;
    cx_init(&cx, f->mem);
    assert_true(store_attach(&cx, other));
    assert_true(rec_get(&cx, other, &f->writer, f->team, r.id, &seen));
    Query q = {.type = f->team};
    RecPage page;
    assert_true(rec_list(&cx, other, &f->writer, &q, true, &page));
    assert_int_equal(page.total, 1);
    VerifyCounts v;
    Str report;
    assert_true(journal_verify(&cx, other, &v, &report));
    SAME(report, "");
    store_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_file_is_kept_listed_opened_and_dropped), T(a_file_is_taken_for_what_it_is_not_for_its_name),
        T(files_have_the_rights_of_their_record), T(the_same_bytes_are_kept_once), T(a_backup_taken_while_running_is_a_whole_store),
    };
    return cmocka_run_group_tests_name("store/file", tests, NULL, NULL);
}
