/*
 * move.c - see move.h.
 *
 * Order matters, because each step may be the last one before a power cut: folder and keys, tables with the mark, rows, comparison, journal
 * and public log on the target, the folder's word where its records are, and only then the mark goes. A source that was served between
 * two runs shows up in the comparison: tables that differ are emptied and copied once more.
 */
#include "store/move.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "db/sql.h"
#include "store/internal.h"
#include "store/move_int.h"
#include "store/place_int.h"
#include "store/sealing.h"
#include "store/tlog.h"
#include "store/upgrade_int.h"

typedef struct {
    const Pack *pack;
    const MoveSide *from, *to;
    CopyTell *tell;
    void *ctx;
    MoveCounts *n;
    bool in_place, to_file;
    const char *to_url;   /* may be another name than to->url until the end */
    Str owner;
    int locks[2];
    Db *a, *b;
} Move;

static bool is_file_url(const char *url)
{
    return str_starts(str_c(url), S("sqlite:"));
}

static const char *path_of(const char *url)
{
    return url + S("sqlite:").n;
}

/* Every row, whoever it belongs to. */
static Db *open_all(Cx *cx, const char *url, DbMode mode)
{
    Db *db = db_open(cx, url, mode);
    if (db != NULL) {
        reach_writer(db);
    }
    return db;
}

/* ---- before ---- */

/* Wherever it is kept; asked first, because keys_open would make one in a folder that has no data. */
static bool key_is_there(Cx *cx, const char *dir)
{
    bool outside;
    const char *key = keys_path(cx, dir, &outside);
    if (key == NULL || access(key, F_OK) == 0) {
        return key != NULL;
    }
    return outside ? fail(cx, E_IO, "读不到密钥文件 %s", key) : fail(cx, E_NOT_FOUND, "%s 不是数据文件夹", dir);
}

static bool lock_folders(Cx *cx, Move *m)
{
    if (!key_is_there(cx, m->from->dir)) {
        return false;
    }
    if (mkdir(m->to->dir, 0700) != 0 && errno != EEXIST) {
        return fail(cx, E_IO, "无法建立 %s", m->to->dir);
    }
    char a[4096], b[4096];
    if (realpath(m->from->dir, a) == NULL || realpath(m->to->dir, b) == NULL) {
        return fail(cx, E_IO, "无法读取 %s", m->to->dir);
    }
    m->in_place = str_eq(str_c(a), str_c(b));
    return folder_lock(cx, m->from->dir, true, &m->locks[0]) && (m->in_place || folder_lock(cx, m->to->dir, true, &m->locks[1]));
}

/* Whose data the source holds must be the one with these keys; and it must not be half-moved itself. */
static bool open_source(Cx *cx, Move *m, DbMode mode)
{
    Str mark;
    bool empty;
    if (is_file_url(m->from->url) && access(path_of(m->from->url), F_OK) != 0) {
        return fail(cx, E_NOT_FOUND, "没有 %s", path_of(m->from->url));
    }
    StoreKeys *keys = key_is_there(cx, m->from->dir) ? keys_open(cx, m->from->dir) : NULL;
    if (keys == NULL) {
        return false;
    }
    m->owner = keys_mark(keys, cx->mem);
    keys_close(keys);
    if ((m->a = open_all(cx, m->from->url, mode)) == NULL || !db_begin(cx, m->a) || !database_mark(cx, m->a, &mark, &empty)) {
        return false;
    }
    if (empty) {
        return fail(cx, E_NOT_FOUND, "要搬的数据库里没有数据");
    }
    if (mark.n != 0) {
        return fail(cx, E_DATA, "要搬的数据库自己还没有搬完");
    }
    Stmt *st = db_stmt(cx, m->a, SQL_ADMIN, S("select count(*) from meta where key = 'keys' and value <> ?1"));
    int64_t other = 0;
    if (st == NULL || !schema_is_present(cx, m->a)) {
        return false;
    }
    stmt_text(st, 1, m->owner);
    return stmt_one_int(cx, st, 0, &other) &&
           (other == 0 || fail(cx, E_DATA, "要搬的数据库与 %s 里的密钥不是一套", m->from->dir));
}

static bool folder_is_free(Cx *cx, const Move *m)
{
    static const char *const SIGNS[] = {"master.key", "key_file"};
    bool has_key = false;
    for (size_t i = 0; i < ARRAY_LEN(SIGNS); i++) {
        has_key = has_key || access(str_printf(cx->mem, "%s/%s", m->to->dir, SIGNS[i]).p, F_OK) == 0;
    }
    if (m->in_place || !has_key) {
        return true;
    }
    StoreKeys *ours = keys_open(cx, m->from->dir), *theirs = ours != NULL ? keys_open(cx, m->to->dir) : NULL;
    bool read = theirs != NULL, same = read && memcmp(ours->master, theirs->master, sizeof ours->master) == 0;
    keys_close(ours);
    keys_close(theirs);
    return !read ? false : same ? true :
           fail(cx, E_CONFLICT, "%s 已经有别的数据（密钥不同），没有改动", m->to->dir);
}

/* In place, a file of the name may be there from before: what is built beside it takes the name at the end. */
static bool choose_target(Cx *cx, Move *m)
{
    m->to_file = is_file_url(m->to->url);
    m->to_url = m->to->url;
    if (!m->to_file) {
        return true;
    }
    if (!m->in_place) {
        return access(str_printf(cx->mem, "%s/db", m->to->dir).p, F_OK) != 0 ||
               fail(cx, E_CONFLICT, "%s 的记录在别的数据库里，没有改动", m->to->dir);
    }
    if (access(path_of(m->to->url), F_OK) == 0) {
        Db *db = open_all(cx, m->to->url, DB_READ);
        Str mark = S("");
        bool empty, ok = db != NULL && database_mark(cx, db, &mark, &empty);
        db_close(db);
        if (!ok || mark.n != 0) {
            return ok;
        }
    }
    m->to_url = str_printf(cx->mem, "%s.moving", m->to->url).p;
    return true;
}

static bool put_mark(Cx *cx, Db *db, Str owner)
{
    Stmt *st = db_stmt(cx, db, SQL_ADMIN, S("insert into meta (key, value) values ('moving', ?1)"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, owner);
    if (!stmt_run(cx, st)) {
        return false;
    }
    if (db_is_file(db)) {
        return true;
    }
    st = db_stmt(cx, db, SQL_ADMIN, S("insert into meta (key, value) values ('keys', ?1)"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, owner);
    return stmt_run(cx, st);
}

/* As much of a store as its tables need: they are made here before there are rows, and before the keys are where they go. */
static bool apply_schema(Cx *cx, const Pack *p, Db *db)
{
    Store s = {.pack = p, .types = NEW_ARRAY(cx->mem, TypeSql, p->n_types)};
    for (size_t i = 0; i < p->n_types; i++) {
        s.types[i] = type_sql_make(cx->mem, &p->types[i]);
    }
    return schema_apply(cx, &s, db);
}

static bool make_tables(Cx *cx, const Pack *p, Db *db, Str owner)
{
    if (db_begin(cx, db) && apply_schema(cx, p, db) && db_drop_indexes(cx, db) && (owner.n == 0 || put_mark(cx, db, owner)) &&
        db_commit(cx, db)) {
        return true;
    }
    db_rollback(db);
    return false;
}

static bool open_target(Cx *cx, Move *m)
{
    Str mark;
    bool empty;
    if ((m->b = open_all(cx, m->to_url, DB_WRITE)) == NULL || !database_mark(cx, m->b, &mark, &empty)) {
        return false;
    }
    if (empty) {
        return make_tables(cx, m->pack, m->b, m->owner);
    }
    if (mark.n == 0) {
        return fail(cx, E_CONFLICT, "目标数据库已经有数据，没有改动；核对两边是否相同请加 --check");
    }
    return str_eq(mark, m->owner) || fail(cx, E_CONFLICT, "目标数据库正在搬入另一个数据文件夹的数据，没有改动");
}

/* ---- rows, and the proof ---- */

static bool compare(Cx *cx, Move *m, TableCompared **ret, size_t *ret_n, size_t *ret_differ)
{
    *ret_differ = 0;
    m->n->tables = m->n->compared = 0;
    if (!copy_compare(cx, m->a, m->b, m->tell, m->ctx, ret, ret_n)) {
        return false;
    }
    for (size_t i = 0; i < *ret_n; i++) {
        *ret_differ += !(*ret)[i].same;
        m->n->tables++;
        m->n->compared += (*ret)[i].n_from;
    }
    return true;
}

static bool differences_of(Cx *cx, Move *m, const TableCompared *list, size_t n, Str *ret)
{
    Buf out = buf_new(cx->mem, (size_t)64 << 10);
    for (size_t i = 0; i < n; i++) {
        Str rows = S("");
        if (list[i].same) {
            continue;
        }
        buf_printf(&out, "表 %.*s：源 %lld 行，目标 %lld 行，内容不同\n", STRF(list[i].table), (long long)list[i].n_from, (long long)list[i].n_to);
        if (list[i].n_to != 0 && list[i].n_from != 0 && !copy_difference(cx, m->a, m->b, list[i].table, &rows)) {
            return false;
        }
        buf_add(&out, rows);
    }
    *ret = buf_str(&out);
    return true;
}

/* On a server a writing connection is shown rows inside a transaction only (pg_reach.c). */
static bool differences(Cx *cx, Move *m, const TableCompared *list, size_t n, Str *ret)
{
    bool ok = db_begin(cx, m->b) && differences_of(cx, m, list, n, ret);
    db_rollback(m->b);
    return ok;
}

static bool compare_target(Cx *cx, Move *m, TableCompared **ret, size_t *ret_n, size_t *ret_differ)
{
    bool ok = db_begin(cx, m->b) && compare(cx, m, ret, ret_n, ret_differ);
    db_rollback(m->b);
    return ok;
}

static bool clear_different(Cx *cx, Move *m, const TableCompared *list, size_t n)
{
    bool ok = db_begin(cx, m->b);
    for (size_t i = 0; ok && i < n; i++) {
        ok = list[i].same || str_eq(list[i].table, S("meta")) || copy_clear(cx, m->b, list[i].table);
    }
    if (ok && db_commit(cx, m->b)) {
        return true;
    }
    db_rollback(m->b);
    return false;
}

static bool copy_until_equal(Cx *cx, Move *m)
{
    TableCompared *list;
    size_t n, differ;
    CopyCounts again;
    if (!copy_rows(cx, m->a, m->b, m->tell, m->ctx, &m->n->rows) || !compare_target(cx, m, &list, &n, &differ)) {
        return false;
    }
    if (differ == 0) {
        return true;
    }
    if (!clear_different(cx, m, list, n) || !copy_rows(cx, m->a, m->b, m->tell, m->ctx, &again) || !compare_target(cx, m, &list, &n, &differ)) {
        return false;
    }
    m->n->rows.rows += again.rows;
    if (differ == 0) {
        return true;
    }
    Str report;
    return differences(cx, m, list, n, &report) && fail(cx, E_DATA, "两边不同，目标没有启用：\n%.*s", STRF(report));
}

static bool verify_target(Cx *cx, Move *m)
{
    VerifyCounts n = {0};
    Str report = S("");
    int64_t faults = 0;
    Store *s = store_open_at(cx, m->to->dir, m->pack, m->to_url);
    bool ok = s != NULL && store_attach(cx, s) && journal_verify(cx, s, &n, &report) && tlog_verify(cx, s, &m->n->log, &faults, &report);
    cx->db = NULL;
    store_close(s);
    m->n->events = n.events;
    return ok && (n.faults + faults == 0 ||
                  fail(cx, E_DATA, "两边相同，但操作记录核对不通过（源也是这样，请先在源上运行 tamga verify），目标没有启用：\n%.*s", STRF(report)));
}

/* ---- the end ---- */

static bool rename_file(Cx *cx, const char *from, const char *to)
{
    return rename(from, to) == 0 || errno == ENOENT ? true : fail(cx, E_IO, "无法把 %s 改名为 %s", from, to);
}

/* The file that was built beside takes the name; one from before an earlier move is kept under another. */
static bool take_name(Cx *cx, Move *m)
{
    if (str_eq(str_c(m->to_url), str_c(m->to->url))) {
        return true;
    }
    db_close(m->b);
    m->b = NULL;
    if (folder_has(str_printf(cx->mem, "%s-wal", path_of(m->to_url)).p)) { /* rows that are not in the file would stay behind */
        return fail(cx, E_IO, "%s 的日志没有并入，请再运行一次", path_of(m->to_url));
    }
    const char *path = path_of(m->to->url);
    static const char *const TAILS[] = {"-wal", "-shm", ""};
    for (size_t i = 0; i < ARRAY_LEN(TAILS); i++) {
        const char *now = str_printf(cx->mem, "%s%s", path, TAILS[i]).p;
        if (!rename_file(cx, now, str_printf(cx->mem, "%s.%lld%s", path, (long long)cx->now_ms, TAILS[i]).p)) {
            return false;
        }
    }
    if (rename(path_of(m->to_url), path) != 0 || !folder_sync(m->to->dir)) {
        return fail(cx, E_IO, "无法写入 %s", path);
    }
    m->to_url = m->to->url;
    m->b = open_all(cx, m->to->url, DB_WRITE);
    return m->b != NULL;
}

static bool switch_over(Cx *cx, Move *m)
{
    const char *place = str_printf(cx->mem, "%s/db", m->to->dir).p;
    if (m->to_file) {
        if (!take_name(cx, m) || (unlink(place) != 0 && errno != ENOENT) || !folder_sync(m->to->dir)) {
            return cx->err != E_OK ? false : fail(cx, E_IO, "无法写入 %s", m->to->dir);
        }
    } else if (!file_put(cx, place, str_printf(cx->mem, "%s\n", m->to->url))) {
        return false;
    }
    Stmt *st = db_stmt(cx, m->b, SQL_ADMIN, S("delete from meta where key = 'moving'"));
    return st != NULL && stmt_run(cx, st);
}

static void finish(Move *m)
{
    if (m->a != NULL) {
        db_rollback(m->a);
    }
    db_close(m->a);
    db_close(m->b);
    folder_unlock(m->locks[0]);
    folder_unlock(m->locks[1]);
}

bool store_move(Cx *cx, const Pack *p, const MoveSide *from, const MoveSide *to, CopyTell *tell, void *ctx, MoveCounts *ret)
{
    *ret = (MoveCounts){0};
    Move m = {.pack = p, .from = from, .to = to, .tell = tell, .ctx = ctx, .n = ret, .locks = {-1, -1}};
    if (str_eq(str_c(from->url), str_c(to->url))) {
        return fail(cx, E_USAGE, "两边是同一个数据库");
    }
    bool ok = lock_folders(cx, &m) && choose_target(cx, &m) && folder_is_free(cx, &m) &&
              open_source(cx, &m, is_file_url(from->url) ? DB_READ : DB_WRITE) && open_target(cx, &m) &&
              (m.in_place || folder_copy(cx, from->dir, to->dir, &ret->files)) && copy_until_equal(cx, &m) && verify_target(cx, &m) &&
              switch_over(cx, &m);
    finish(&m);
    return ok;
}

bool store_move_check(Cx *cx, const MoveSide *from, const MoveSide *to, CopyTell *tell, void *ctx, MoveCounts *ret, Str *ret_report)
{
    *ret = (MoveCounts){0};
    Move m = {.from = from, .to = to, .tell = tell, .ctx = ctx, .n = ret, .locks = {-1, -1}};
    TableCompared *list;
    size_t n, differ;
    Str rows = S(""), mark;
    bool empty;
    Buf files = buf_new(cx->mem, (size_t)16 << 10);
    bool ok = open_source(cx, &m, DB_READ) && (!is_file_url(to->url) || access(path_of(to->url), F_OK) == 0 ||
                                               fail(cx, E_NOT_FOUND, "没有 %s", path_of(to->url))) &&
              (m.b = open_all(cx, to->url, DB_READ)) != NULL && db_begin(cx, m.b) && database_mark(cx, m.b, &mark, &empty) &&
              compare(cx, &m, &list, &n, &differ) && differences_of(cx, &m, list, n, &rows) &&
              (str_eq(str_c(from->dir), str_c(to->dir)) || folder_compare(cx, from->dir, to->dir, &files));
    if (ok) {
        *ret_report = str_printf(cx->mem, "%s%.*s%.*s", mark.n != 0 ? "目标还没有搬完，不能启用\n" : "", STRF(rows), STRF(buf_str(&files)));
    }
    if (m.b != NULL) {
        db_rollback(m.b);
    }
    finish(&m);
    return ok;
}

bool store_copy_file(Cx *cx, const Pack *p, const char *url, const char *file, CopyTell *tell, void *ctx)
{
    MoveCounts n = {0};
    TableCompared *list;
    size_t tables, differ = 0;
    Move m = {.pack = p, .tell = tell, .ctx = ctx, .n = &n, .locks = {-1, -1}};
    bool ok = (m.a = open_all(cx, url, DB_READ)) != NULL && db_begin(cx, m.a) && database_is_whole(cx, m.a) && schema_is_present(cx, m.a) &&
              (m.b = open_all(cx, str_printf(cx->mem, "sqlite:%s", file).p, DB_WRITE)) != NULL && make_tables(cx, p, m.b, S("")) &&
              copy_rows(cx, m.a, m.b, tell, ctx, &n.rows) && compare_target(cx, &m, &list, &tables, &differ) &&
              (differ == 0 || fail(cx, E_DATA, "复制出来的记录与数据库里的不同")) && apply_schema(cx, p, m.b);
    finish(&m);
    return ok;
}
