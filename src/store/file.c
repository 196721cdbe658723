/*
 * file.c - attachments. The bytes are named by their hash, so the same file is kept once; rights are those of its record.
 */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "store/internal.h"

#define MAX_FILE ((size_t)20 << 20)
#define MAX_FILES 50

/* What a file is, by its first bytes: names lie. */
static Str sniff(Str b)
{
    static const struct {
        const char *magic;
        size_t n;
        const char *mime;
    } KNOWN[] = {{"%PDF-", 5, "application/pdf"},
                 {"\x89PNG\r\n\x1a\n", 8, "image/png"},
                 {"\xff\xd8\xff", 3, "image/jpeg"}};
    for (size_t i = 0; i < ARRAY_LEN(KNOWN); i++) {
        if (b.n > KNOWN[i].n && memcmp(b.p, KNOWN[i].magic, KNOWN[i].n) == 0) {
            return str_c(KNOWN[i].mime);
        }
    }
    if (str_starts(b, S("PK\x03\x04"))) {
        Str head = str_sub(b, 0, 8192);
        if (str_contains(b, S("xl/workbook.xml"))) {
            return S("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
        }
        if (str_contains(b, S("word/document.xml"))) {
            return S("application/vnd.openxmlformats-officedocument.wordprocessingml.document");
        }
        if (str_contains(head, S("OFD.xml")) || str_contains(b, S("OFD.xml"))) {
            return S("application/ofd");
        }
    }
    return S("");
}

bool file_write_new(Cx *cx, const char *path, Str bytes, const char *trouble)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(cx, E_IO, "%s", trouble);
    }
    bool ok = true;
    for (size_t at = 0; ok && at < bytes.n;) {
        ssize_t n = write(fd, bytes.p + at, bytes.n - at);
        ok = n > 0;
        at += ok ? (size_t)n : 0;
    }
    bool full = !ok && errno == ENOSPC;
    ok = ok && fsync(fd) == 0;
    close(fd);
    if (!ok) {
        unlink(path);
        return fail(cx, full ? E_FULL : E_IO, "%s", trouble);
    }
    return true;
}

/* The row of an attachment must not outlive its file: both names, of the file and of its folder, are on the disk before the row is written. */
static bool names_kept(Cx *cx, const Store *s, const char *folder)
{
    return (folder_sync(folder) && folder_sync(str_printf(cx->mem, "%s/files", s->dir).p)) || fail(cx, E_IO, "无法保存附件");
}

static bool keep_bytes(Cx *cx, const Store *s, Str sha, Str bytes)
{
    const char *folder = str_printf(cx->mem, "%s/files/%.2s", s->dir, sha.p).p;
    const char *path = str_printf(cx->mem, "%s/%.*s", folder, STRF(sha)).p;
    const char *part = str_printf(cx->mem, "%s.%.*s.part", path, STRF(random_token(cx->mem, 6))).p;
    if (access(path, F_OK) == 0) { /* perhaps put there this moment by another upload: not yet on the disk for sure */
        return names_kept(cx, s, folder);
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return fail(cx, E_IO, "无法保存附件");
    }
    if (!file_write_new(cx, part, bytes, "无法保存附件")) {
        return false;
    }
    if (rename(part, path) != 0) {
        unlink(part);
        return fail(cx, E_IO, "无法保存附件");
    }
    return names_kept(cx, s, folder);
}

typedef struct {
    const Actor *a;
    const RecordType *t;
    int64_t record;
    File f;
    Str reason;
    bool fresh; /* comes with its record, made in the same transaction */
} FileArg;

static bool do_add(Cx *cx, Store *s, void *arg)
{
    FileArg *x = arg;
    Rec r;
    if (!rec_load(cx, s, x->t, x->record, false, &r)) {
        return false;
    }
    if (!x->fresh && !access_edit(s->pack, x->a, &r)) { /* it may have moved since file_add looked */
        return fail(cx, E_WRONG_STATE, "这条记录现在是“%.*s”，不能加附件", STRF(r.state->label));
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S("select count(*) from file where home = ?2 and record = ?1 and deleted is null"));
    int64_t n;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->record);
    stmt_int(st, 2, id_home(x->record));
    if (!stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    if (n >= MAX_FILES) {
        return fail(cx, E_INVALID, "一条记录最多 %d 个附件", MAX_FILES);
    }
    x->f.id = store_new_id(s, r.home);
    st = db_stmt(cx, cx->db, SQL_HOME,
                 S("insert into file (id, home, type, record, name, kind, trust, mime, size, sha256, created, created_by, by_name)"
                   " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->f.id);
    stmt_int(st, 2, r.home);
    stmt_text(st, 3, x->t->id);
    stmt_int(st, 4, x->record);
    const Str texts[] = {x->f.name, x->f.kind, x->f.trust, x->f.mime};
    for (int i = 0; i < 4; i++) {
        stmt_text(st, 5 + i, texts[i]);
    }
    stmt_int(st, 9, x->f.size);
    stmt_text(st, 10, x->f.sha256);
    stmt_int(st, 11, cx->now_ms);
    stmt_int(st, 12, x->a->user);
    stmt_text(st, 13, x->a->name);
    store_touch(s, (int32_t)s->pack->n_types + 1);
    return stmt_run(cx, st) && journal_add(cx, s, r.home, x->a, S("file_add"), x->t, r.id, r.rev, S(""), r.state->id, r.state->id, x->f.name,
                                           S(""), str_printf(cx->mem, "{\"sha256\":\"%.*s\"}", STRF(x->f.sha256)));
}

bool file_ready(Cx *cx, Store *s, Str name, Str kind, Str trust, Str bytes, File *ret)
{
    Str mime = sniff(bytes);
    if (bytes.n == 0 || bytes.n > MAX_FILE) {
        return fail(cx, E_TOO_LARGE, "附件不能为空，也不能超过 20 MB");
    }
    if (mime.n == 0) {
        return fail(cx, E_MEDIA_TYPE, "附件只收 PDF、OFD、PNG、JPEG、xlsx、docx");
    }
    if (!file_scan(cx, s, bytes)) {
        return false;
    }
    uint8_t h[32];
    sha256(bytes.p, bytes.n, h);
    Str level = str_eq(trust, S("D")) ? S("D") : S("C"); /* A and B are given by an authority or a counter, not by an upload */
    *ret = (File){.size = (int64_t)bytes.n, .created_ms = cx->now_ms, .name = name.n != 0 ? utf8_cut(name, 120) : S("附件"),
                  .kind = kind, .mime = mime, .sha256 = hex(cx->mem, h, sizeof h), .trust = level, .by = S("")};
    return keep_bytes(cx, s, ret->sha256, bytes);
}

bool file_attach_new(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, File *f)
{
    FileArg x = {.a = a, .t = t, .record = record, .f = *f, .fresh = true};
    x.f.by = a->name;
    if (!store_write(cx, s, do_add, &x)) {
        return false;
    }
    *f = x.f;
    return true;
}

bool file_add(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, Str name, Str kind, Str trust, Str bytes, File *ret)
{
    Rec r;
    if (!rec_get(cx, s, a, t, record, &r)) {
        return false;
    }
    if (!access_edit(s->pack, a, &r)) {
        return fail(cx, E_WRONG_STATE, "这条记录现在是“%.*s”，不能加附件", STRF(r.state->label));
    }
    FileArg x = {.a = a, .t = t, .record = record};
    if (!file_ready(cx, s, name, kind, trust, bytes, &x.f)) {
        return false;
    }
    x.f.by = a->name;
    if (!store_write(cx, s, do_add, &x)) {
        return false;
    }
    *ret = x.f;
    return true;
}

#define FILE_COLUMNS "select id, name, kind, mime, sha256, trust, by_name, size, created, type, record from file"

static void read_file_row(Cx *cx, Stmt *st, File *f)
{
    *f = (File){.id = stmt_col_int(st, 0), .name = stmt_col_dup(cx->mem, st, 1), .kind = stmt_col_dup(cx->mem, st, 2),
                .mime = stmt_col_dup(cx->mem, st, 3), .sha256 = stmt_col_dup(cx->mem, st, 4), .trust = stmt_col_dup(cx->mem, st, 5),
                .by = stmt_col_dup(cx->mem, st, 6), .size = stmt_col_int(st, 7), .created_ms = stmt_col_int(st, 8)};
}

bool file_list(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, File **ret, size_t *ret_n)
{
    Rec r;
    bool public_only;
    *ret_n = 0;
    if (!rec_get(cx, s, a, t, record, &r)) {
        return false;
    }
    if (!access_read(s->pack, a, &r, &public_only) || public_only) {
        return true; /* the public sees no attachments */
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S(FILE_COLUMNS " where home = ?2 and record = ?1 and deleted is null order by id"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, record);
    stmt_int(st, 2, id_home(record));
    *ret = NEW_ARRAY(cx->mem, File, MAX_FILES);
    while (*ret_n != MAX_FILES && stmt_next(cx, st)) {
        read_file_row(cx, st, &(*ret)[(*ret_n)++]);
    }
    return stmt_end(st);
}

static bool find_file(Cx *cx, Store *s, const Actor *a, int64_t id, File *ret, Rec *ret_rec)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S(FILE_COLUMNS " where home = ?2 and id = ?1 and deleted is null"));
    bool row = false, public_only;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    stmt_int(st, 2, id_home(id));
    bool ok = stmt_step(cx, st, &row);
    const RecordType *t = NULL;
    int64_t record = 0;
    if (ok && row) {
        read_file_row(cx, st, ret);
        t = pack_type(s->pack, stmt_col_text(st, 9));
        record = stmt_col_int(st, 10);
    }
    stmt_done(st);
    if (!ok) {
        return false;
    }
    if (t == NULL || !rec_get(cx, s, a, t, record, ret_rec) || !access_read(s->pack, a, ret_rec, &public_only) || public_only) {
        if (cx->err != E_OK && cx->err != E_NOT_FOUND) {
            return false;
        }
        cx_clear(cx);
        return fail(cx, E_NOT_FOUND, "没有这个附件，或者不在您的管辖范围内");
    }
    return true;
}

bool file_open(Cx *cx, Store *s, const Actor *a, int64_t id, File *ret, int *ret_fd)
{
    Rec r;
    if (!find_file(cx, s, a, id, ret, &r)) {
        return false;
    }
    int fd = open(str_printf(cx->mem, "%s/files/%.2s/%.*s", s->dir, ret->sha256.p, STRF(ret->sha256)).p, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(cx, E_IO, "附件文件不见了，请联系管理员");
    }
    *ret_fd = fd;
    return true;
}

static bool do_drop(Cx *cx, Store *s, void *arg)
{
    FileArg *x = arg;
    Rec r;
    File f;
    if (!find_file(cx, s, x->a, x->f.id, &f, &r)) {
        return false;
    }
    if (!access_edit(s->pack, x->a, &r)) {
        return fail(cx, E_WRONG_STATE, "这条记录现在是“%.*s”，不能删除附件", STRF(r.state->label));
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S("update file set deleted = ?2 where home = ?3 and id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->f.id);
    stmt_int(st, 2, cx->now_ms);
    stmt_int(st, 3, id_home(x->f.id));
    store_touch(s, (int32_t)s->pack->n_types + 1);
    return stmt_run(cx, st) && journal_add(cx, s, r.home, x->a, S("file_drop"), r.type, r.id, r.rev, S(""), r.state->id, r.state->id, f.name,
                                           S(""), str_printf(cx->mem, "{\"sha256\":\"%.*s\"}", STRF(f.sha256)));
}

bool file_drop(Cx *cx, Store *s, const Actor *a, int64_t id, Str reason)
{
    FileArg x = {.a = a, .reason = reason};
    x.f.id = id;
    return store_write(cx, s, do_drop, &x);
}
