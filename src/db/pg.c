/*
 * pg.c - the PostgreSQL driver: statements, and the table that db.c calls.
 *
 * Selects and changes are prepared on the server, named by a hash of their text; what the server takes each parameter
 * for decides how a value is sent. An answer without a limit is taken row by row (pg_rows.c). Whatever else (begin,
 * create …) is sent as it is.
 *
 * A statement that fails makes the server refuse the rest of its transaction: only rolling back, also to a savepoint,
 * goes on.
 */
#include <limits.h>

#include "base/log.h"
#include "db/pg_impl.h"

enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25 };

typedef struct {
    enum { VAL_NULL, VAL_INT, VAL_TEXT, VAL_BLOB } kind;
    int64_t i;
    Str s;
} Val;

typedef struct {
    PgConn *c;
    Arena *mem; /* of the statement */
    Arena *run; /* of one run and one row: what was decoded; made when first needed */
    Str sql;
    char name[40];
    PgKind kind;
    unsigned generation; /* of the connection it is prepared on; 0: on none */
    int n_params;
    Oid *types;
    Val *vals;
    const char **sent;
    char (*num)[24];
    int *lens, *formats;
    bool flows; /* its answer may be long: it is taken row by row */
    bool ran;
    PgRows rows;
} PgStmt;

static PgConn *conn_of(DriverConn *c)
{
    return (PgConn *)(void *)c;
}

static PgStmt *stmt_of(DriverStmt *s)
{
    return (PgStmt *)(void *)s;
}

/* ---- preparing ---- */

static uint64_t hash_from(uint64_t h, Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ULL;
    }
    return h ^ (h >> 29);
}

static PGresult *run_simple(PgConn *c, const char *sql)
{
    pg_run_begins(c);
    PGresult *r = PQexecParams(c->h, sql, 0, NULL, NULL, NULL, NULL, 0); /* refuses several statements */
    pg_run_ends(c);
    return r;
}

/* A plan is kept as it was first made, and one made for a table of a few rows reads all of it: while a table grows by an import, that is a look-up slower
 * with each row, until the server counts the rows anew in a minute or so. */
static void replan(PgConn *c)
{
    if (c->named && c->n_written >= c->replan_at) {
        c->replan_at = c->n_written > UINT_MAX / 2 ? UINT_MAX : 2 * c->n_written;
        PQclear(run_simple(c, "discard plans"));
    }
}

/* Names given up while a failed transaction took no command. */
static void drop_pending(PgConn *c)
{
    while (c->n_pending != 0 && c->flowing == NULL && !c->piped && PQstatus(c->h) == CONNECTION_OK &&
           PQtransactionStatus(c->h) != PQTRANS_INERROR) {
        char sql[64];
        snprintf(sql, sizeof sql, "deallocate %s", c->pending[--c->n_pending]);
        PQclear(run_simple(c, sql));
    }
}

/* What the server takes each parameter for. */
static bool describe(Cx *cx, PgStmt *s)
{
    pg_run_begins(s->c);
    PGresult *r = PQdescribePrepared(s->c->h, s->name);
    pg_run_ends(s->c);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    for (int i = 0; ok && i < s->n_params; i++) {
        s->types[i] = PQparamtype(r, i);
    }
    ok = ok || pg_fail(cx, s->c, r, s->sql.p);
    PQclear(r);
    return ok;
}

static bool prepare_now(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    rows_settle(c);
    if (!trip_settle(cx, c)) {
        return false;
    }
    drop_pending(c);
    bool in_tx = c->in_tx;
    pg_run_begins(c);
    PGresult *r = PQprepare(c->h, s->name, s->sql.p, 0, NULL);
    pg_run_ends(c);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    if (!ok && !in_tx && str_eq(str_c(PQresultErrorField(r, PG_DIAG_SQLSTATE)), S("42P05"))) {
        ok = true; /* the name is the hash of the text: it is this very statement */
    }
    ok = ok || pg_fail(cx, c, r, s->sql.p);
    PQclear(r);
    if (!ok || !describe(cx, s)) {
        return false;
    }
    s->generation = c->generation;
    return true;
}

/* Preparing changes nothing: where an idle connection had died unnoticed, it is done again on a new one. */
static bool prepare_first(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    ErrCode before = cx->err;
    if (!pg_ready(cx, c, s->kind)) {
        return false;
    }
    bool in_tx = c->in_tx;
    if (prepare_now(cx, s)) {
        return true;
    }
    if (in_tx || before != E_OK || PQstatus(c->h) == CONNECTION_OK) {
        return false;
    }
    cx_clear(cx);
    return pg_ready(cx, c, s->kind) && prepare_now(cx, s);
}

static DriverStmt *pg_prepare(Cx *cx, DriverConn *conn, Str sql, bool must_read)
{
    PgConn *c = conn_of(conn);
    Arena *mem = arena_new((size_t)8 << 20);
    PgStmt *s = NEW(mem, PgStmt);
    s->c = c;
    s->mem = mem;
    bool ok = pg_sql(mem, sql, &s->sql, &s->n_params, &s->kind);
    if (!ok) {
        log_error("db: not exactly one statement: %.*s", STRF(utf8_cut(sql, 300)));
    } else if (must_read && s->kind == PG_WRITE) {
        log_error("db: a writing statement on a reading connection: %.*s", STRF(utf8_cut(sql, 300)));
        ok = false;
    }
    if (!ok) {
        (void)!fail(cx, E_DB, "%s", err_info(E_DB)->text);
    } else {
        size_t n = (size_t)s->n_params + 1;
        s->types = NEW_ARRAY(mem, Oid, n);
        s->vals = NEW_ARRAY(mem, Val, n);
        s->sent = NEW_ARRAY(mem, const char *, n);
        s->num = arena_alloc(mem, n * sizeof *s->num);
        s->lens = NEW_ARRAY(mem, int, n);
        s->formats = NEW_ARRAY(mem, int, n);
        snprintf(s->name, sizeof s->name, "t_%016llx%016llx",
                 (unsigned long long)hash_from(0xcbf29ce484222325ULL, s->sql),
                 (unsigned long long)hash_from(0x9ae16a3b2f90404fULL, s->sql));
        size_t at;
        s->flows = s->kind == PG_QUERY && !str_find(s->sql, S(" limit "), &at);
        if (s->kind <= PG_WRITE && c->named) {
            ok = prepare_first(cx, s);
        }
    }
    if (!ok) {
        arena_free(mem);
        return NULL;
    }
    return (DriverStmt *)(void *)s;
}

static void pg_finalize(DriverStmt *st)
{
    PgStmt *s = stmt_of(st);
    PgConn *c = s->c;
    rows_end(&s->rows);
    if (s->generation == c->generation && PQstatus(c->h) == CONNECTION_OK && c->n_pending < PG_PENDING) {
        memcpy(c->pending[c->n_pending++], s->name, sizeof s->name);
        drop_pending(c);
    }
    if (s->run != NULL) {
        arena_free(s->run);
    }
    arena_free(s->mem);
}

static void pg_reset(DriverStmt *st)
{
    PgStmt *s = stmt_of(st);
    rows_end(&s->rows);
    s->ran = false;
    memset(s->vals, 0, (size_t)(s->n_params + 1) * sizeof *s->vals);
    if (s->run != NULL) {
        arena_reset(s->run);
    }
}

/* ---- binding ---- */

static Val *val_at(DriverStmt *st, int i)
{
    PgStmt *s = stmt_of(st);
    return i >= 1 && i <= s->n_params ? &s->vals[i - 1] : NULL;
}

static bool pg_bind_int(DriverStmt *st, int i, int64_t v)
{
    Val *at = val_at(st, i);
    if (at != NULL) {
        *at = (Val){.kind = VAL_INT, .i = v};
    }
    return at != NULL;
}

static bool pg_bind_bytes(DriverStmt *st, int i, Str v, bool is_text)
{
    Val *at = val_at(st, i);
    if (at == NULL || v.n > INT32_MAX / 2) {
        return false;
    }
    *at = (Val){.kind = is_text ? VAL_TEXT : VAL_BLOB, .s = v.p != NULL ? v : S("")};
    return true;
}

static bool pg_bind_null(DriverStmt *st, int i)
{
    Val *at = val_at(st, i);
    if (at != NULL) {
        *at = (Val){0};
    }
    return at != NULL;
}

static Arena *run_arena(PgStmt *s)
{
    if (s->run == NULL) {
        s->run = arena_new(0);
    }
    return s->run;
}

/* One value as it is sent: bytes where the server takes text or bytes, 8 bytes where it takes a big integer, else as
 * text. */
static void put_value(PgStmt *s, int i)
{
    const Val *v = &s->vals[i];
    bool known = s->c->named;
    s->formats[i] = 1;
    if (v->kind == VAL_NULL) {
        s->sent[i] = NULL;
    } else if (v->kind == VAL_INT && known && s->types[i] == OID_INT8) {
        for (int k = 0; k < 8; k++) {
            s->num[i][k] = (char)(unsigned char)((uint64_t)v->i >> (56 - 8 * k));
        }
        s->sent[i] = s->num[i];
        s->lens[i] = 8;
    } else if (v->kind == VAL_INT) {
        s->sent[i] = s->num[i];
        s->lens[i] = snprintf(s->num[i], sizeof s->num[i], "%lld", (long long)v->i);
        s->formats[i] = 0;
    } else if (v->kind == VAL_BLOB || (known && (s->types[i] == OID_TEXT || s->types[i] == OID_BYTEA))) {
        s->sent[i] = v->s.p;
        s->lens[i] = (int)v->s.n;
    } else {
        s->sent[i] = str_z(run_arena(s), v->s);
        s->formats[i] = 0;
    }
    if (!known) {
        s->types[i] = v->kind == VAL_BLOB ? OID_BYTEA : 0;
    }
}

/* ---- running ---- */

static bool send_all(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    bool known = s->kind <= PG_WRITE && c->named;
    if (c->ahead != NULL && !ahead_send(cx, c)) {
        return false;
    }
    int sent = known ? PQsendQueryPrepared(c->h, s->name, s->n_params, s->sent, s->lens, s->formats, 0)
                     : PQsendQueryParams(c->h, s->sql.p, s->n_params, s->types, s->sent, s->lens, s->formats, 0);
    return sent == 1;
}

static void put_values(PgStmt *s)
{
    for (int i = 0; i < s->n_params; i++) {
        put_value(s, i);
    }
}

/* Sends it and takes the first row. */
static bool execute(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    put_values(s);
    pg_run_begins(c);
    bool ok = send_all(cx, s) && (!c->piped || PQpipelineSync(c->h) == 1); /* if not, the connection is gone, or about to be */
    if (!ok) {
        trip_cut(c);
    }
    if (ok && s->kind == PG_COMMIT) {
        pg_await(c, PG_COMMIT_MS);
    }
    if (!ok || (c->piped && !trip_taken(c, &s->rows.bad))) {
        pg_run_ends(c);
        return false;
    }
    return rows_begin(&s->rows, c, s->flows);
}

static bool prepared_here(Cx *cx, PgStmt *s)
{
    return s->kind > PG_WRITE || !s->c->named || s->generation == s->c->generation || prepare_now(cx, s);
}

static bool run_once(Cx *cx, PgStmt *s)
{
    PgConn *c = s->c;
    bool joins = s->kind <= PG_WRITE && c->named;
    c->failed_sql = NULL;
    if (!(joins ? pg_joins(cx, c, s->kind) : pg_ready(cx, c, s->kind)) || !prepared_here(cx, s)) {
        return false;
    }
    c->n_written += s->kind == PG_WRITE;
    if (s->kind == PG_BEGIN) {
        replan(c);
    }
    if (s->kind == PG_COMMIT && !c->in_tx) {
        return fail(cx, E_DB, "%s", err_info(E_DB)->text);
    }
    c->unsure = false;
    c->committing = s->kind == PG_COMMIT;
    bool ok = execute(cx, s);
    c->committing = false;
    if (!ok) {
        if (s->kind == PG_COMMIT && PQstatus(c->h) != CONNECTION_OK) {
            return fail(cx, E_DB, "提交时与数据库的连接断开了：请先核对这次操作是否已经生效，再决定要不要重做");
        }
        return pg_fail(cx, c, s->rows.bad, c->failed_sql != NULL ? c->failed_sql : s->sql.p);
    }
    if (c->unsure) { /* committed here, but a standby that should have it may not */
        return fail(cx, E_DB, "数据库没有确认这次操作已经安全保存：请先核对是否已经生效，再决定要不要重做");
    }
    if (s->kind == PG_COMMIT && str_eq(str_c(PQcmdStatus(s->rows.res)), S("ROLLBACK"))) {
        return fail(cx, E_DB, "%s", err_info(E_DB)->text); /* the server's word for: it had failed before */
    }
    return true;
}

/* A connection that stood idle may have died unnoticed: what changes nothing is tried a second time on a new one. */
static bool run(Cx *cx, PgStmt *s)
{
    rows_settle(s->c); /* it may be this that shows a dead connection */
    bool may_repeat = !s->c->in_tx && (s->kind == PG_QUERY || s->kind == PG_BEGIN);
    if (may_repeat && PQstatus(s->c->h) == CONNECTION_OK) {
        ErrCode before = cx->err;
        if (run_once(cx, s)) {
            return true;
        }
        if (before != E_OK || PQstatus(s->c->h) == CONNECTION_OK) {
            return false;
        }
        cx_clear(cx);
        rows_end(&s->rows);
    }
    return run_once(cx, s);
}

static bool pg_step(Cx *cx, DriverConn *conn, DriverStmt *st, bool *ret_row)
{
    (void)conn;
    PgStmt *s = stmt_of(st);
    if (!s->ran) {
        s->ran = run(cx, s);
        s->c->ahead = NULL; /* sent, or given up with the statement */
        if (!s->ran) {
            rows_end(&s->rows);
            return false;
        }
    }
    if (s->run != NULL) {
        arena_reset(s->run);
    }
    return rows_next(&s->rows, ret_row) || pg_fail(cx, s->c, s->rows.bad, s->sql.p);
}

static bool pg_queue(Cx *cx, DriverConn *conn, DriverStmt *st, bool *ret_queued)
{
    PgConn *c = conn_of(conn);
    PgStmt *s = stmt_of(st);
    *ret_queued = c->in_tx && c->named && s->kind == PG_WRITE;
    if (!*ret_queued) {
        return true;
    }
    bool room = !c->piped || c->n_ahead + 2 * PG_REACH_MAX < PG_TRIP; /* its own reach, and that of the statement which ends the trip */
    if (!(room ? pg_joins(cx, c, s->kind) : pg_ready(cx, c, s->kind)) || !prepared_here(cx, s)) {
        return false;
    }
    put_values(s);
    bool ok = trip_open(c) && send_all(cx, s);
    c->ahead = NULL;
    if (!ok) {
        trip_cut(c);
        pg_run_ends(c);
        return pg_fail(cx, c, NULL, s->sql.p);
    }
    trip_note(c, s->sql.p);
    c->n_written++;
    return true;
}

/* ---- columns ---- */

static int pg_n_cols(DriverStmt *st)
{
    PgStmt *s = stmt_of(st);
    const PgRows *r = &s->rows;
    return r->res != NULL && r->row >= 0 && r->row < r->n ? PQnfields(r->res) : 0;
}

static bool pg_col_null(DriverStmt *st, int col)
{
    PgStmt *s = stmt_of(st);
    return PQgetisnull(s->rows.res, s->rows.row, col) == 1;
}

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* "\x…", as bytea_output=hex gives it. */
static Str bytes_of_hex(Arena *mem, Str hex)
{
    size_t n = hex.n / 2 - 1;
    char *out = arena_alloc(mem, n + 1);
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)(unsigned char)(hex_digit(hex.p[2 * i + 2]) << 4 | hex_digit(hex.p[2 * i + 3]));
    }
    return str_n(out, n);
}

static Str pg_col_bytes(DriverStmt *st, int col)
{
    PgStmt *s = stmt_of(st);
    if (PQgetisnull(s->rows.res, s->rows.row, col)) {
        return S("");
    }
    Str v = str_n(PQgetvalue(s->rows.res, s->rows.row, col), (size_t)PQgetlength(s->rows.res, s->rows.row, col));
    switch (PQftype(s->rows.res, col)) {
    case OID_BOOL:
        return v.p[0] == 't' ? S("1") : S("0");
    case OID_BYTEA:
        return bytes_of_hex(run_arena(s), v);
    default:
        return v;
    }
}

static int64_t pg_col_int(DriverStmt *st, int col)
{
    int64_t n = 0;
    return str_int(pg_col_bytes(st, col), &n) ? n : 0;
}

/* ---- the rest ---- */

static bool pg_in_transaction(DriverConn *c)
{
    return conn_of(c)->in_tx;
}

static bool pg_script(Cx *cx, DriverConn *conn, const char *sql)
{
    PgConn *c = conn_of(conn);
    Arena *scratch = arena_new(0);
    Str rest = str_c(sql), one;
    bool ok = true;
    while (ok && pg_split(&rest, &one)) {
        Str text;
        int n;
        PgKind kind;
        ok = pg_sql(scratch, one, &text, &n, &kind) || fail(cx, E_DB, "%s", err_info(E_DB)->text);
        if (ok && (ok = pg_ready(cx, c, kind))) {
            PGresult *r = run_simple(c, text.p);
            ok = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK ||
                 pg_fail(cx, c, r, text.p);
            PQclear(r);
        }
    }
    arena_free(scratch);
    return ok;
}

static bool pg_backup(Cx *cx, DriverConn *conn, const char *to_path, void (*progress)(void *ctx, int done, int total),
                      void *ctx)
{
    (void)conn, (void)to_path, (void)progress, (void)ctx;
    return fail(cx, E_NOT_IMPLEMENTED, "PostgreSQL 上的数据不由本程序备份，请用 pg_dump 或数据库自己的备份工具");
}

/* What the server knows of broken pages and half-made indexes; a whole scan is the work of its own tools (pg_amcheck).
 */
static bool pg_check(Cx *cx, DriverConn *conn, Buf *report)
{
    static const char SQL[] =
        "select 'index ' || relname || ' is not valid' from pg_index i join pg_class c on c.oid = i.indexrelid"
        " where not i.indisvalid and c.relnamespace = to_regnamespace(current_schema()) union all"
        " select 'pages with a wrong checksum: ' || checksum_failures from pg_stat_database"
        " where datname = current_database() and checksum_failures > 0";
    PgConn *c = conn_of(conn);
    if (!pg_ready(cx, c, PG_QUERY)) {
        return false;
    }
    PGresult *r = run_simple(c, SQL);
    bool ok = PQresultStatus(r) == PGRES_TUPLES_OK || pg_fail(cx, c, r, SQL);
    for (int i = 0; ok && i < PQntuples(r); i++) {
        buf_add(report, str_c(PQgetvalue(r, i, 0)));
        buf_addc(report, '\n');
    }
    PQclear(r);
    return ok;
}

static void pg_shrink(DriverConn *conn)
{
    drop_pending(conn_of(conn));
}

/* One writer at a time, as on SQLite: a lock of the schema, taken at once and held to the end of the transaction. */
#define WRITE_LOCK "select pg_advisory_xact_lock(7305, hashtext(current_schema()))"

const DbDriver DB_POSTGRESQL = {
    .scheme = STR_INIT("postgresql:"),
    .begin_read = "begin isolation level repeatable read, read only",
    .pin_read = "select 1",
    .begin_write = "begin",
    .pin_write = WRITE_LOCK,
    .count_anew = "analyze",
    .columns = "select attname from pg_attribute where attrelid = to_regclass(?1) and attnum > 0 and not attisdropped "
               "order by attnum",
    .tables = "select c.relname from pg_class c where c.relnamespace = to_regnamespace(current_schema()) and"
              " c.relkind in ('r', 'p') and not c.relispartition order by c.relname collate \"C\"",
    .describe = "select a.attname, case when t.typname in ('int8', 'int4', 'int2') then 'i' when t.typname = 'bytea' then 'b'"
                " else 't' end, coalesce((select k.at from pg_index i, unnest(i.indkey::int2[]) with ordinality as k (num, at)"
                " where i.indrelid = a.attrelid and i.indisprimary and k.num = a.attnum), 0)"
                " from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = to_regclass(?1) and a.attnum > 0"
                " and not a.attisdropped order by a.attnum",
    .indexes = "select c.relname from pg_class c join pg_index i on i.indexrelid = c.oid where"
               " c.relnamespace = to_regnamespace(current_schema()) and not c.relispartition and not i.indisprimary and"
               " not exists (select 1 from pg_constraint n where n.conindid = c.oid) order by c.relname collate \"C\"",
    .hook = pg_hook,
    .open = pg_open,
    .close = pg_close,
    .prepare = pg_prepare,
    .finalize = pg_finalize,
    .reset = pg_reset,
    .bind_int = pg_bind_int,
    .bind_bytes = pg_bind_bytes,
    .bind_null = pg_bind_null,
    .step = pg_step,
    .queue = pg_queue,
    .settle = pg_settle,
    .n_cols = pg_n_cols,
    .col_null = pg_col_null,
    .col_int = pg_col_int,
    .col_bytes = pg_col_bytes,
    .bulk_begin = pg_bulk_begin,
    .bulk_put = pg_bulk_put,
    .bulk_end = pg_bulk_end,
    .homes = pg_homes,
    .copied = pg_copied,
    .guard = pg_guard,
    .reach = pg_reach,
    .reach_over = pg_reach_over,
    .lock = pg_lock,
    .unlock = pg_unlock,
    .generation = pg_generation,
    .in_transaction = pg_in_transaction,
    .script = pg_script,
    .backup = pg_backup,
    .check = pg_check,
    .interrupt = pg_interrupt,
    .shrink = pg_shrink,
};
