/*
 * shared.c - see shared.h.
 */
#include "store/shared_int.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "base/log.h"
#include "store/file.h"

#define NODES 16
#define SUM S("*") /* name of the row that grows with every other */

bool store_shared(const Store *s)
{
    return s->shared;
}

Str store_me(const Store *s)
{
    return s->me;
}

Str store_folder(const Store *s)
{
    return s->folder;
}

bool store_lock(Cx *cx, Store *s, Str name, bool wait, bool *ret_got)
{
    *ret_got = true;
    return !s->shared || db_lock(cx, cx->db, name, wait, ret_got);
}

void store_unlock(Cx *cx, Store *s, Str name)
{
    if (s->shared) {
        db_unlock(cx->db, name);
    }
}

/* ---- tables ---- */

static bool has_column(Cx *cx, Db *db, Str table, Str column, bool *ret)
{
    Str *names;
    size_t n;
    if (!db_columns(cx, db, cx->mem, table, &names, &n)) {
        return false;
    }
    *ret = false;
    for (size_t i = 0; i < n; i++) {
        *ret = *ret || str_eq(names[i], column);
    }
    return true;
}

bool shared_tables(Cx *cx, Db *db)
{
    bool job = false, outbox = false;
    return db_script(cx, db,
                     "create table if not exists node (n integer not null primary key, owner text not null, seen integer not null){strict};"
                     "create table if not exists version (name text not null primary key, n integer not null){strict}") &&
           has_column(cx, db, S("job"), S("cancel"), &job) && has_column(cx, db, S("outbox"), S("owner"), &outbox) &&
           (job || db_script(cx, db,
                             "alter table job add column owner text not null default '';"
                             "alter table job add column folder text not null default '';"
                             "alter table job add column tries integer not null default 0;"
                             "alter table job add column cancel integer not null default 0")) &&
           (outbox || db_script(cx, db, "alter table outbox add column owner text not null default ''"));
}

/* ---- node numbers ---- */

static Str lock_name(Arena *mem, int64_t node)
{
    return str_printf(mem, "node/%lld", (long long)node);
}

static bool set_node(Cx *cx, const Store *s, int64_t n, Str owner, int64_t seen)
{
    Stmt *st = db_stmt(cx, s->writer, SQL_ADMIN, S("update node set owner = ?2, seen = ?3 where n = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, n);
    stmt_text(st, 2, owner);
    stmt_int(st, 3, seen);
    return stmt_run(cx, st);
}

static bool make_rows(Cx *cx, Store *s)
{
    for (int i = 0; i < NODES; i++) {
        Stmt *st = db_stmt(cx, s->writer, SQL_ADMIN, S("insert into node (n, owner, seen) values (?1, '', 0) on conflict (n) do nothing"));
        if (st == NULL) {
            return false;
        }
        stmt_int(st, 1, i);
        if (!stmt_run(cx, st)) {
            return false;
        }
    }
    for (size_t i = 0; i <= s->pack->n_types + STORE_EXTRA_VERSIONS; i++) {
        Stmt *st = db_stmt(cx, s->writer, SQL_ADMIN, S("insert into version (name, n) values (?1, 0) on conflict (name) do nothing"));
        if (st == NULL) {
            return false;
        }
        stmt_text(st, 1, s->version_names[i]);
        if (!stmt_run(cx, st)) {
            return false;
        }
    }
    return true;
}

/* Whole or not at all, and only one: an empty file was left by a process that was killed while an earlier program wrote it in place. */
static bool name_folder(Cx *cx, const Store *s, const char *path)
{
    const char *trouble = str_printf(cx->mem, "无法写入 %s", path).p;
    const char *part = str_printf(cx->mem, "%s.%.*s.part", path, STRF(random_token(cx->mem, 6))).p;
    struct stat st;
    if (!file_write_new(cx, part, random_token(cx->mem, 12), trouble)) {
        return false;
    }
    bool empty = stat(path, &st) == 0 && st.st_size == 0;
    bool ok = (empty ? rename(part, path) : link(part, path)) == 0 || errno == EEXIST; /* another process made it just now */
    unlink(part);
    return (ok && folder_sync(s->dir)) || fail(cx, E_IO, "%s", trouble);
}

/* Which data folder this is: several processes may share one; jobs stay with the folder that has their files. */
static bool read_folder(Cx *cx, Store *s)
{
    const char *path = str_printf(cx->mem, "%s/folder.id", s->dir).p;
    for (int i = 0; i < 2; i++) {
        Str id;
        if (!folder_setting(cx, s->dir, "folder.id", NULL, &id)) {
            return false;
        }
        if (id.n != 0) {
            s->folder = str_dup(s->mem, id);
            return true;
        }
        if (i == 0 && !name_folder(cx, s, path)) {
            return false;
        }
    }
    return fail(cx, E_IO, "无法写入 %s", path);
}

static void name_versions(Store *s)
{
    static const char *const EXTRA[STORE_EXTRA_VERSIONS] = {"@users", "@files", "@notices"};
    size_t n = s->pack->n_types;
    s->version_names = NEW_ARRAY(s->mem, Str, n + STORE_EXTRA_VERSIONS + 1);
    s->raised = arena_alloc_array(s->mem, sizeof *s->raised, n + STORE_EXTRA_VERSIONS + 1);
    for (size_t i = 0; i < n; i++) {
        s->version_names[i] = s->pack->types[i].id;
    }
    for (size_t i = 0; i < STORE_EXTRA_VERSIONS; i++) {
        s->version_names[n + i] = str_c(EXTRA[i]);
    }
    s->version_names[n + STORE_EXTRA_VERSIONS] = SUM;
}

static bool free_nodes(Cx *cx, const Store *s, int64_t *ret)
{
    size_t n = 0;
    Stmt *st = db_stmt(cx, s->writer, SQL_ADMIN, S("select n from node where n < 16 order by seen, n limit 16"));
    if (st == NULL) {
        return false;
    }
    while (n < NODES && stmt_next(cx, st)) { /* the one nobody used for longest comes first */
        ret[n++] = stmt_col_int(st, 0);
    }
    return stmt_end(st);
}

bool shared_join(Cx *cx, Store *s)
{
    s->shared = !db_is_file(s->writer);
    s->me = s->me.n != 0 ? s->me : random_token(s->mem, 12);
    if (!s->shared) {
        return read_last_tick(cx, s);
    }
    int64_t nodes[NODES] = {0};
    if (s->version_names == NULL) {
        name_versions(s);
    }
    if (!read_folder(cx, s) || !make_rows(cx, s) || !free_nodes(cx, s, nodes)) {
        return false;
    }
    for (int i = 0; i < NODES; i++) {
        bool got = false;
        if (!db_lock(cx, s->writer, lock_name(cx->mem, nodes[i]), false, &got)) {
            return false;
        }
        if (got) {
            pthread_mutex_lock(&s->id_lock);
            s->node = nodes[i];
            pthread_mutex_unlock(&s->id_lock);
            s->node_generation = db_generation(s->writer);
            return set_node(cx, s, nodes[i], s->me, clock_now_ms()) && read_last_tick(cx, s);
        }
    }
    return fail(cx, E_BUSY, "已有 %d 个塔木嘎进程在使用这个数据库，不能再多；请先停掉一个", NODES);
}

void shared_leave(Store *s)
{
    if (!s->shared) {
        return;
    }
    Arena *mem = arena_new(1 << 20);
    Cx cx;
    cx_init(&cx, mem);
    Stmt *st = db_stmt(&cx, s->writer, SQL_ADMIN, S("update node set owner = '' where n = ?1 and owner = ?2"));
    if (st != NULL) {
        stmt_int(st, 1, s->node);
        stmt_text(st, 2, s->me);
        if (!stmt_run(&cx, st)) {
            log_warn("store: left without saying so: %.*s", STRF(cx_text(&cx)));
        }
    }
    arena_free(mem);
}

bool shared_mine(Cx *cx, Store *s, bool *ret_mine)
{
    *ret_mine = true;
    if (!s->shared) {
        return true;
    }
    int64_t n = 0;
    Stmt *st = db_stmt(cx, s->writer, SQL_ADMIN, S("select count(*) from node where n = ?1 and owner = ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, s->node);
    stmt_text(st, 2, s->me);
    if (!stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    *ret_mine = n == 1;
    if (n == 1) {
        return true;
    }
    log_warn("store: node number %lld was taken over by another process", (long long)s->node);
    if (s->node_generation == db_generation(s->writer)) {
        db_unlock(s->writer, lock_name(cx->mem, s->node));
    }
    return shared_join(cx, s);
}

/* ---- versions ---- */

bool bit_touched(uint64_t touched, size_t i)
{
    return (touched & (1ULL << MIN(i, (size_t)63))) != 0;
}

/* The versions of one life of the database: should it ever go back (a restored copy, a standby that lacked something), what was kept is not valid. */
static uint64_t composed(uint64_t epoch, int64_t n)
{
    return (epoch << 44) + (uint64_t)n;
}

static void grow(_Atomic uint64_t *at, uint64_t to)
{
    uint64_t now = atomic_load(at);
    while (now < to && !atomic_compare_exchange_weak(at, &now, to)) {
    }
}

static int64_t slot_of(const Store *s, Str name)
{
    size_t n = s->pack->n_types + STORE_EXTRA_VERSIONS;
    for (size_t i = 0; i <= n; i++) {
        if (str_eq(s->version_names[i], name)) {
            return (int64_t)i;
        }
    }
    return -1; /* of a type this pack has not */
}

bool shared_raise(Cx *cx, Store *s, uint64_t touched)
{
    size_t n = s->pack->n_types + STORE_EXTRA_VERSIONS;
    s->n_raised = 0;
    if (!s->shared || touched == 0) {
        return true;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "update version set n = n + 1 where name in ('*'");
    for (size_t i = 0; i < n; i++) {
        if (bit_touched(touched, i)) {
            sql_lit(q, ", ");
            sql_text(q, s->version_names[i]);
        }
    }
    sql_lit(q, ") returning name, n");
    Stmt *st = sql_stmt(cx, s->writer, SQL_ADMIN, q);
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        int64_t slot = slot_of(s, stmt_col_text(st, 0));
        if (slot >= 0) { /* of each slot at most one */
            s->raised[s->n_raised].slot = (size_t)slot;
            s->raised[s->n_raised++].n = stmt_col_int(st, 1);
        }
    }
    return stmt_end(st);
}

/* The sum comes last: whoever finds it known finds the others known. What another process raised in between is not skipped by that: the sum is set
 * only when it is the next one. */
void shared_publish(Store *s)
{
    size_t sum = s->pack->n_types + STORE_EXTRA_VERSIONS;
    uint64_t epoch = atomic_load(&s->epoch), before = 0;
    for (size_t i = 0; i < s->n_raised; i++) {
        if (s->raised[i].slot == sum) {
            before = composed(epoch, s->raised[i].n - 1);
        } else {
            grow(&s->versions[s->raised[i].slot], composed(epoch, s->raised[i].n));
        }
    }
    if (s->n_raised != 0) {
        (void)atomic_compare_exchange_strong(&s->versions[sum], &before, before + 1);
    }
}

static bool read_all(Cx *cx, Store *s, uint64_t epoch, int64_t seen)
{
    size_t sum = s->pack->n_types + STORE_EXTRA_VERSIONS;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select name, n from version"));
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        int64_t slot = slot_of(s, stmt_col_text(st, 0));
        if (slot >= 0 && (size_t)slot != sum) {
            grow(&s->versions[slot], composed(epoch, stmt_col_int(st, 1)));
        }
    }
    bool ok = stmt_end(st);
    if (ok) {
        grow(&s->versions[sum], composed(epoch, seen));
    }
    return ok;
}

bool shared_fresh(Cx *cx, Store *s)
{
    if (!s->shared) {
        return true;
    }
    size_t sum = s->pack->n_types + STORE_EXTRA_VERSIONS;
    uint64_t known = atomic_load(&s->versions[sum]); /* before asking: an answer below it means that the database went back */
    uint64_t epoch = known >> 44;
    int64_t n = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select n from version where name = '*'"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    if (composed(epoch, n) == known) {
        return true;
    }
    if (composed(epoch, n) < known) {
        uint64_t next = epoch;
        log_warn("store: the database went back from version %llu to %lld", (unsigned long long)(known - composed(epoch, 0)), (long long)n);
        (void)atomic_compare_exchange_strong(&s->epoch, &next, epoch + 1);
        epoch = atomic_load(&s->epoch);
    }
    return read_all(cx, s, epoch, n);
}

/* ---- signs of life ---- */

static bool bury(Cx *cx, Store *s, int64_t now)
{
    int64_t silent[NODES] = {0};
    size_t n = 0;
    Stmt *st = db_stmt(cx, s->writer, SQL_ADMIN, S("select n from node where owner <> '' and seen < ?1 and n <> ?2 order by n limit 16"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, now - DEAD_MS);
    stmt_int(st, 2, s->node);
    while (n < NODES && stmt_next(cx, st)) {
        silent[n++] = stmt_col_int(st, 0);
    }
    if (!stmt_end(st)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        bool got = false;
        if (!db_lock(cx, s->writer, lock_name(cx->mem, silent[i]), false, &got)) {
            return false;
        }
        if (got) {
            db_unlock(s->writer, lock_name(cx->mem, silent[i]));
            log_warn("store: the process with node number %lld is gone", (long long)silent[i]);
            if (!set_node(cx, s, silent[i], S(""), now)) {
                return false;
            }
        }
    }
    return true;
}

static bool beat(Cx *cx, Store *s)
{
    bool mine;
    int64_t now = clock_now_ms();
    if (!db_begin(cx, s->writer)) {
        return false;
    }
    bool ok = shared_mine(cx, s, &mine);
    if (ok && s->node_generation != db_generation(s->writer)) { /* connected anew: the lock is gone, the number is not */
        bool got = false;
        ok = db_lock(cx, s->writer, lock_name(cx->mem, s->node), false, &got);
        s->node_generation = got ? db_generation(s->writer) : s->node_generation;
    }
    ok = ok && set_node(cx, s, s->node, s->me, now) && bury(cx, s, now);
    if (!ok) {
        db_rollback(s->writer);
        return false;
    }
    return db_commit(cx, s->writer);
}

void shared_beat(Store *s)
{
    Arena *mem = arena_new(1 << 20);
    Cx cx;
    cx_init(&cx, mem);
    if (!beat(&cx, s)) {
        log_warn("store: no sign of life: %.*s", STRF(cx_text(&cx)));
    }
    arena_free(mem);
}
