/*
 * anchor.c - making checkpoints and sending them out; see anchor.h.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/folder.h"
#include "store/anchor_int.h"
#include "store/held.h"

bool anchor_tables(Cx *cx, Db *db)
{
    return db_script(cx, db,
                     "create table if not exists journal_anchor (size integer not null primary key, at integer not null, root blob not null,"
                     " heads text not null, note text not null, sent integer not null){strict}");
}

static bool read_heads(Cx *cx, Store *s, Str *ret, int64_t *ret_size)
{
    if (!held_write(cx, s)) {
        return false;
    }
    Buf b = buf_new(cx->mem, 2 << 20);
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select home, seq, hash from journal_head order by home"));
    *ret_size = 0;
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        Str hash = stmt_col_text(st, 2);
        buf_printf(&b, "%lld %lld %.*s\n", (long long)stmt_col_int(st, 0), (long long)stmt_col_int(st, 1), STRF(hex(cx->mem, hash.p, hash.n)));
        *ret_size += stmt_col_int(st, 1);
    }
    *ret = buf_str(&b);
    return stmt_end(st);
}

static bool make(Cx *cx, Store *s, void *arg)
{
    Str *note = arg, heads;
    int64_t size, n = 0;
    uint8_t root[32];
    if (!read_heads(cx, s, &heads, &size)) {
        return false;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select note from journal_anchor where size = ?1 and heads = ?2"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, size);
    stmt_text(st, 2, heads);
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    *note = row ? stmt_col_dup(cx->mem, st, 0) : S("");
    stmt_done(st);
    if (row) {
        return true;
    }
    if (!heads_root(cx, heads, root, &n)) {
        return false;
    }
    *note = journal_note(s, cx->mem, size, root);
    st = db_stmt(cx, cx->db, SQL_ADMIN,
                 S("insert into journal_anchor (size, at, root, heads, note, sent) values (?1, ?2, ?3, ?4, ?5, 0)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, size);
    stmt_int(st, 2, cx->now_ms);
    stmt_blob(st, 3, str_n((const char *)root, 32));
    stmt_text(st, 4, heads);
    stmt_text(st, 5, *note);
    return stmt_run(cx, st);
}

bool anchor_checkpoint(Cx *cx, Store *s, Str *ret_note)
{
    return store_write(cx, s, make, ret_note);
}

/* ---- sending ---- */

static bool targets(Cx *cx, const Store *s, Str *ret)
{
    return folder_setting(cx, s->dir, "anchor", NULL, ret);
}

bool anchor_due(Cx *cx, Store *s, int64_t every_ms, bool *ret)
{
    int64_t at = 0;
    Str all;
    *ret = false;
    if (!targets(cx, s, &all) || all.n == 0) {
        return cx->err == E_OK;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select max(at) from journal_anchor"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &at)) {
        return false;
    }
    *ret = at + every_ms <= cx->now_ms || at > cx->now_ms;
    return true;
}

static bool append(Cx *cx, const char *path, Str note)
{
    Str text = str_printf(cx->mem, "%.*s\n", STRF(note));
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    struct stat before, after;
    ssize_t n = fd >= 0 && fstat(fd, &before) == 0 ? write(fd, text.p, text.n) : -1;
    bool ok = n == (ssize_t)text.n && fsync(fd) == 0;
    if (n > 0 && n < (ssize_t)text.n && fstat(fd, &after) == 0 && after.st_size == before.st_size + n) {
        (void)!ftruncate(fd, before.st_size); /* a part of a note would count as a forged one; where it may only grow, it does */
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok || fail(cx, E_IO, "检查点写不进 %s", path);
}

static bool send_to(Cx *cx, Str target, Str note)
{
    Str word, path;
    if (str_eq(target, S("syslog"))) {
        Str line = str_replace(cx->mem, note, S("\n"), S("|"));
        syslog(LOG_AUTHPRIV | LOG_NOTICE, "tamga-checkpoint %.*s", STRF(line));
        return true;
    }
    if (str_cut(target, ' ', &word, &path) && str_eq(word, S("file")) && str_starts(str_trim(path), S("/"))) {
        return append(cx, str_z(cx->mem, str_trim(path)), note);
    }
    return fail(cx, E_DATA, "数据文件夹的 anchor 里应是 file /路径 或 syslog，不是“%.*s”", STRF(target));
}

static bool send_everywhere(Cx *cx, Str all, Str note)
{
    for (Str line; all.n != 0;) {
        (void)str_cut(all, '\n', &line, &all);
        line = str_trim(line);
        if (line.n != 0 && !send_to(cx, line, note)) {
            return false;
        }
    }
    return true;
}

static bool mark_sent(Cx *cx, Store *s, void *arg)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("update journal_anchor set sent = 1 where size = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, *(int64_t *)arg);
    return stmt_run(cx, st);
}

bool anchor_publish(Cx *cx, Store *s, int64_t *ret_n)
{
    Str all;
    *ret_n = 0;
    if (!targets(cx, s, &all)) {
        return false;
    }
    for (bool row = all.n != 0; row;) {
        Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select size, note from journal_anchor where sent = 0 order by size limit 1"));
        if (st == NULL || !stmt_step(cx, st, &row)) {
            return false;
        }
        int64_t size = row ? stmt_col_int(st, 0) : 0;
        Str note = row ? stmt_col_dup(cx->mem, st, 1) : S("");
        stmt_done(st);
        if (row && (!send_everywhere(cx, all, note) || !store_write(cx, s, mark_sent, &size))) {
            return false; /* sent, perhaps, and not marked: it is sent again, and is the same */
        }
        *ret_n += row;
    }
    return true;
}
