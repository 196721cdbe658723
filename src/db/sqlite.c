/*
 * sqlite.c - the SQLite driver: connections set for safety first, statements, and the table that db.c calls.
 *
 * A connection is used by one thread at a time (multi-thread mode, no mutexes). Every setting that keeps data safe is
 * made on every connection, because SQLite remembers only the journal mode in the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/sqlite_impl.h"

#define BUSY_TIMEOUT_MS 10000
#define MAX_VALUE_BYTES (64 << 20)

static SqliteConn *conn_of(DriverConn *c)
{
    return (SqliteConn *)(void *)c;
}

static sqlite3_stmt *stmt_of(DriverStmt *s)
{
    return ((SqliteStmt *)(void *)s)->s;
}

/* ---- opening ---- */

/* Only what no call reports: notices (a recovered journal) and warnings (an index made on the fly). */
static void engine_log(void *ctx, int code, const char *msg)
{
    (void)ctx;
    if ((code & 0xFF) == SQLITE_NOTICE) {
        log_info("sqlite: %d %s", code, msg);
    } else if ((code & 0xFF) == SQLITE_WARNING) {
        log_warn("sqlite: %d %s", code, msg);
    }
}

static void configure_once(void)
{
    int rc = sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    rc |= sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    rc |= sqlite3_config(SQLITE_CONFIG_URI, 0);
    rc |= sqlite3_config(SQLITE_CONFIG_LOG, engine_log, NULL);
    if (rc != SQLITE_OK || sqlite3_initialize() != SQLITE_OK) {
        log_warn("sqlite: configuration refused (%d); was the library used before?", rc);
    }
}

/* Waits for a lock: 1..8 ms at a time, unevenly, so that many waiters get their turn; gives up at once when interrupted. */
static int on_busy(void *ctx, int times)
{
    SqliteConn *c = ctx;
    int64_t now = clock_mono_ms();
    if (times == 0) {
        c->wait_until_ms = now + BUSY_TIMEOUT_MS;
        c->wait_interrupts = atomic_load(&c->interrupts);
        c->wait_cancelled = false;
    }
    if (atomic_load(&c->interrupts) != c->wait_interrupts) {
        c->wait_cancelled = true;
        return 0;
    }
    if (now >= c->wait_until_ms) {
        return 0;
    }
    c->jitter = c->jitter * 1664525U + 1013904223U;
    nanosleep(&(struct timespec){.tv_nsec = 1000000L + (long)((c->jitter >> 16) % 7000) * 1000L}, NULL);
    return 1;
}

static void set_limits(SqliteConn *c, DbMode mode)
{
    sqlite3_extended_result_codes(c->h, 1);
    sqlite3_busy_handler(c->h, on_busy, c);
    sqlite3_db_config(c->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(c->h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(c->h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(c->h, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_limit(c->h, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
    sqlite3_limit(c->h, SQLITE_LIMIT_SQL_LENGTH, 1 << 20);
    sqlite3_limit(c->h, SQLITE_LIMIT_EXPR_DEPTH, 200);
    sqlite3_limit(c->h, SQLITE_LIMIT_COMPOUND_SELECT, 64);
    sqlite3_limit(c->h, SQLITE_LIMIT_VARIABLE_NUMBER, 1000);
    sqlite3_limit(c->h, SQLITE_LIMIT_TRIGGER_DEPTH, 16);
    sqlite3_limit(c->h, SQLITE_LIMIT_WORKER_THREADS, 0);
    sqlite3_limit(c->h, SQLITE_LIMIT_ATTACHED, mode == DB_READ ? 0 : 1); /* VACUUM attaches one */
}

static bool exec(Cx *cx, SqliteConn *c, const char *sql)
{
    int rc = sqlite3_exec(c->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || sqlite_fail(cx, c, rc, sql);
}

/* WAL, kept in the file. Changing it does not wait for other connections by itself, hence the loop. */
static bool set_wal(Cx *cx, SqliteConn *c)
{
    int64_t until = clock_mono_ms() + BUSY_TIMEOUT_MS;
    int rc;
    while ((rc = sqlite3_exec(c->h, "pragma journal_mode=wal", NULL, NULL, NULL)) != SQLITE_OK) {
        if ((rc & 0xFF) != SQLITE_BUSY || clock_mono_ms() >= until) {
            return sqlite_fail(cx, c, rc, "pragma journal_mode=wal");
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000L}, NULL);
    }
    return true;
}

/*
 * No memory map: mapped pages count as resident once for every connection that touched them (two connections over a
 * 60 MB file: 124 MB), a failing disk would end the process by SIGBUS, and a measured list page was not faster by it
 * (102 us mapped, 54 us with 2 MiB of cache, 29 us with 8 MiB).
 * A checkpoint every 32 MB of log instead of every 4: a bulk load touches the same index pages again and again, and wrote a
 * third less by it.
 */
static const char SETTINGS[] =
    "pragma synchronous=full; pragma foreign_keys=on; pragma secure_delete=on; pragma temp_store=memory;"
    "pragma cell_size_check=on; pragma mmap_size=0; pragma journal_size_limit=67108864;"
    "pragma wal_autocheckpoint=8000;";

static void sqlite_close(DriverConn *conn)
{
    SqliteConn *c = conn_of(conn);
    int rc = sqlite3_close(c->h);
    CHECK(rc == SQLITE_OK); /* every statement was finalised, no backup is under way */
    if (c->mem != NULL) {
        arena_free(c->mem);
    }
    sqlite3_free(c);
}

static DriverConn *sqlite_open(Cx *cx, const char *path, DbMode mode)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_once);
    if (mode == DB_WRITE && path[0] != ':') { /* personal data: readable by this user only; -wal and -shm follow suit */
        int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (fd >= 0) {
            close(fd);
        }
    }
    SqliteConn *c = sqlite3_malloc(sizeof *c);
    if (c == NULL) {
        (void)fail(cx, E_MEMORY, "%s", err_info(E_MEMORY)->text);
        return NULL;
    }
    memset(c, 0, sizeof *c);
    c->jitter = (uint32_t)clock_mono_us() ^ (uint32_t)(uintptr_t)c;
    int rc = sqlite3_open_v2(path, &c->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    bool ok = rc == SQLITE_OK || sqlite_fail(cx, c, rc, "open");
    if (ok) {
        set_limits(c, mode);
        ok = (mode == DB_READ || set_wal(cx, c)) && exec(cx, c, SETTINGS) &&
             exec(cx, c, mode == DB_READ ? "pragma cache_size=-4096; pragma query_only=on" : "pragma cache_size=-16384") &&
             exec(cx, c, "select 1 from sqlite_schema limit 1"); /* is it a database at all? */
    }
    if (!ok) {
        sqlite_close((DriverConn *)(void *)c);
        return NULL;
    }
    return (DriverConn *)(void *)c;
}

/* ---- statements ---- */

static bool blank(const char *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r' || *p == ';') {
        p++;
    }
    return *p == '\0';
}

static DriverStmt *sqlite_prepare(Cx *cx, DriverConn *conn, Str sql, bool must_read)
{
    SqliteConn *c = conn_of(conn);
    SqliteStmt *st = sqlite3_malloc(sizeof *st);
    if (st == NULL) {
        (void)fail(cx, E_MEMORY, "%s", err_info(E_MEMORY)->text);
        return NULL;
    }
    *st = (SqliteStmt){0};
    sqlite3_stmt *s = NULL;
    const char *tail = NULL;
    Arena *scratch = arena_new(0);
    const char *z = str_z(scratch, sql);
    c->preparing = st;
    int rc = sqlite3_prepare_v3(c->h, z, -1, SQLITE_PREPARE_PERSISTENT, &s, &tail);
    c->preparing = NULL;
    bool ok = true;
    if (rc != SQLITE_OK) {
        ok = sqlite_fail(cx, c, rc, z);
    } else if (s == NULL || !blank(tail)) {
        log_error("db: not exactly one statement: %.300s", z);
        ok = fail(cx, E_DB, "%s", err_info(E_DB)->text);
    } else if (must_read && !sqlite3_stmt_readonly(s)) {
        log_error("db: a writing statement on a reading connection: %.300s", z);
        ok = fail(cx, E_DB, "%s", err_info(E_DB)->text);
    }
    arena_free(scratch);
    if (!ok) {
        sqlite3_finalize(s);
        sqlite3_free(st);
        return NULL;
    }
    st->s = s;
    sqlite_note_columns(c, st);
    return (DriverStmt *)(void *)st;
}

static void sqlite_finalize(DriverStmt *s)
{
    sqlite3_finalize(stmt_of(s));
    sqlite3_free(s);
}

static void sqlite_reset(DriverStmt *s)
{
    sqlite3_reset(stmt_of(s)); /* repeats the failure of the last step, which was told already */
    sqlite3_clear_bindings(stmt_of(s));
}

static bool sqlite_bind_int(DriverStmt *s, int i, int64_t v)
{
    return sqlite3_bind_int64(stmt_of(s), i, v) == SQLITE_OK;
}

static bool sqlite_bind_bytes(DriverStmt *s, int i, Str v, bool is_text)
{
    const char *p = v.p != NULL ? v.p : ""; /* NULL would bind NULL, not the empty text */
    int rc = is_text ? sqlite3_bind_text64(stmt_of(s), i, p, v.n, SQLITE_STATIC, SQLITE_UTF8)
                     : sqlite3_bind_blob64(stmt_of(s), i, p, v.n, SQLITE_STATIC);
    return rc == SQLITE_OK;
}

static bool sqlite_bind_null(DriverStmt *s, int i)
{
    return sqlite3_bind_null(stmt_of(s), i) == SQLITE_OK;
}

static bool sqlite_step(Cx *cx, DriverConn *conn, DriverStmt *st, bool *ret_row)
{
    SqliteConn *c = conn_of(conn);
    sqlite3_stmt *s = stmt_of(st);
    if (c->broken && !sqlite3_stmt_readonly(s)) {
        return fail(cx, E_IO, "%s", err_info(E_IO)->text);
    }
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
        *ret_row = rc == SQLITE_ROW;
        return true;
    }
    return sqlite_fail(cx, c, rc, sqlite3_sql(s));
}

static int sqlite_n_cols(DriverStmt *s)
{
    return sqlite3_data_count(stmt_of(s));
}

static bool sqlite_col_null(DriverStmt *s, int col)
{
    return sqlite3_column_type(stmt_of(s), col) == SQLITE_NULL;
}

static int64_t sqlite_col_int(DriverStmt *s, int col)
{
    return sqlite3_column_int64(stmt_of(s), col);
}

static Str sqlite_col_bytes(DriverStmt *s, int col)
{
    /* As bytes where they are bytes: asking for text makes a copy with a NUL behind each. */
    int kind = sqlite3_column_type(stmt_of(s), col);
    const void *p = kind == SQLITE_TEXT || kind == SQLITE_BLOB ? sqlite3_column_blob(stmt_of(s), col) : sqlite3_column_text(stmt_of(s), col);
    if (p == NULL) {
        if (sqlite3_errcode(sqlite3_db_handle(stmt_of(s))) == SQLITE_NOMEM) {
            log_fatal("out of memory: a value of the database"); /* never an empty text in its place */
        }
        return S("");
    }
    return str_n(p, (size_t)sqlite3_column_bytes(stmt_of(s), col));
}

/* ---- the rest ---- */

static bool sqlite_in_transaction(DriverConn *c)
{
    return sqlite3_get_autocommit(conn_of(c)->h) == 0;
}

static bool sqlite_script(Cx *cx, DriverConn *conn, const char *sql)
{
    SqliteConn *c = conn_of(conn);
    if (c->broken) {
        return fail(cx, E_IO, "%s", err_info(E_IO)->text);
    }
    for (const char *tail = sql; !blank(tail);) {
        sqlite3_stmt *s = NULL;
        const char *from = tail;
        int rc = sqlite3_prepare_v3(c->h, from, -1, 0, &s, &tail);
        if (rc == SQLITE_OK && s != NULL) { /* NULL: only a comment was left */
            do {
                rc = sqlite3_step(s);
            } while (rc == SQLITE_ROW);
        }
        bool ok = rc == SQLITE_OK || rc == SQLITE_DONE || sqlite_fail(cx, c, rc, from);
        sqlite3_finalize(s);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* Runs a checking pragma; each row becomes a line, its columns divided by spaces. */
static bool check_pragma(Cx *cx, SqliteConn *c, const char *sql, Buf *report)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v3(c->h, sql, -1, 0, &s, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        SqliteStmt row = {.s = s};
        DriverStmt *at = (DriverStmt *)(void *)&row;
        if (sqlite3_column_count(s) > 1 || !str_eq(sqlite_col_bytes(at, 0), S("ok"))) {
            for (int i = 0; i < sqlite3_column_count(s); i++) {
                buf_add(report, i != 0 ? S(" ") : S(""));
                buf_add(report, sqlite_col_bytes(at, i));
            }
            buf_addc(report, '\n');
        }
        rc = SQLITE_OK;
    }
    bool ok = rc == SQLITE_DONE || sqlite_fail(cx, c, rc, sql);
    sqlite3_finalize(s);
    return ok;
}

static bool sqlite_check(Cx *cx, DriverConn *conn, Buf *report)
{
    SqliteConn *c = conn_of(conn);
    return check_pragma(cx, c, "pragma integrity_check(100)", report) &&
           check_pragma(cx, c, "pragma foreign_key_check", report);
}

static void sqlite_interrupt_conn(DriverConn *conn)
{
    SqliteConn *c = conn_of(conn);
    atomic_fetch_add(&c->interrupts, 1);
    sqlite3_interrupt(c->h);
}

static void sqlite_shrink(DriverConn *conn)
{
    sqlite3_db_release_memory(conn_of(conn)->h);
    malloc_trim(0);
}

/* {list:N} {pk} {strict} {lock} {lock_skip}, {id} {key:id} {homes} of tables kept by home. The key's form: "id {pk}" and "id {id}" are the row's own
 * number here, and a table by home is like any other. */
static bool sqlite_hook(Buf *out, Str word, Str arg)
{
    int64_t n;
    if (str_eq(word, S("list")) && str_int(arg, &n) && n >= 1) {
        buf_add(out, S("(select value from json_each(?"));
        buf_int(out, n);
        buf_add(out, S("))"));
        return true;
    }
    if (str_eq(word, S("key")) && arg.n != 0) {
        return true; /* {id} was it */
    }
    if (arg.n != 0) {
        return false;
    }
    if (str_eq(word, S("pk")) || str_eq(word, S("id"))) {
        buf_add(out, S("integer primary key not null"));
    } else if (str_eq(word, S("strict")) || str_eq(word, S("homes"))) {
        buf_add(out, S("strict"));
    } else if (!str_eq(word, S("lock")) && !str_eq(word, S("lock_skip"))) { /* the writer holds the whole database already */
        return false;
    }
    return true;
}

/* One process has the file: nobody to lock out. */
static bool sqlite_lock(Cx *cx, DriverConn *c, Str name, bool wait, bool *ret_got)
{
    (void)cx, (void)c, (void)name, (void)wait;
    *ret_got = true;
    return true;
}

static void sqlite_unlock(DriverConn *c, Str name)
{
    (void)c, (void)name;
}

static unsigned sqlite_generation(DriverConn *c)
{
    (void)c;
    return 1;
}

const DbDriver DB_SQLITE = {
    .scheme = STR_INIT("sqlite:"),
    .begin_read = "begin",
    .pin_read = "select 1 from sqlite_schema limit 1",
    .begin_write = "begin immediate",
    .columns = "select name from pragma_table_xinfo(?1) where hidden <> 1 order by cid",
    .tables = "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name",
    .describe = "select name, case type when 'INTEGER' then 'i' when 'BLOB' then 'b' else 't' end, pk from"
                " (select name, upper(type) as type, pk, cid, hidden from pragma_table_xinfo(?1)) where hidden <> 1 order by cid",
    .indexes = "select name from sqlite_schema where type = 'index' and sql is not null order by name",
    .hook = sqlite_hook,
    .open = sqlite_open,
    .close = sqlite_close,
    .prepare = sqlite_prepare,
    .finalize = sqlite_finalize,
    .reset = sqlite_reset,
    .bind_int = sqlite_bind_int,
    .bind_bytes = sqlite_bind_bytes,
    .bind_null = sqlite_bind_null,
    .step = sqlite_step,
    .watch = sqlite_watch,
    .allow = sqlite_allow,
    .shows = sqlite_shows,
    .n_cols = sqlite_n_cols,
    .col_null = sqlite_col_null,
    .col_int = sqlite_col_int,
    .col_bytes = sqlite_col_bytes,
    .lock = sqlite_lock,
    .unlock = sqlite_unlock,
    .generation = sqlite_generation,
    .in_transaction = sqlite_in_transaction,
    .script = sqlite_script,
    .backup = sqlite_backup_to,
    .check = sqlite_check,
    .interrupt = sqlite_interrupt_conn,
    .shrink = sqlite_shrink,
};
