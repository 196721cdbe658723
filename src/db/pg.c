/*
 * pg.c - the PostgreSQL driver: the table that db.c calls, and what concerns the whole database (scripts, its own
 * check). Statements are in pg_stmt.c, their values in pg_value.c, connections in pg_conn.c.
 */
#include "db/pg_impl.h"

static bool pg_in_transaction(DriverConn *c)
{
    return pg_conn(c)->in_tx;
}

static bool pg_script(Cx *cx, DriverConn *conn, const char *sql)
{
    PgConn *c = pg_conn(conn);
    Arena *scratch = arena_new(0);
    Str rest = str_c(sql), one;
    bool ok = true;
    while (ok && pg_split(&rest, &one)) {
        Str text;
        int n;
        PgKind kind;
        ok = pg_sql(scratch, one, &text, &n, &kind) || fail(cx, E_DB, "%s", err_info(E_DB)->text);
        if (ok && (ok = pg_ready(cx, c, kind))) {
            PGresult *r = pg_simple(c, text.p);
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
    PgConn *c = pg_conn(conn);
    if (!pg_ready(cx, c, PG_QUERY)) {
        return false;
    }
    PGresult *r = pg_simple(c, SQL);
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
    pg_drop_pending(pg_conn(conn));
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
