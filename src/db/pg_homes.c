/*
 * pg_homes.c - tables kept by home: their key, their parts, and on Citus their place.
 *
 * Every key and unique index of such a table begins with home, so that it may be cut by home. Plain PostgreSQL does not cut it; for tests
 * TAMGA_PG_PARTITIONS=N makes N hash partitions, which refuse any key without home, and TAMGA_PG_CITUS=1 spreads the tables as Citus
 * does it. A table whose key is the id alone was made by an older Tamga: the key is changed in place, in the transaction of the start. An id
 * is one of all homes, so the new key cannot fail on what was there.
 */
#include <stdlib.h>

#include "base/log.h"
#include "db/pg_homes.h"

#define PARTITIONS_MAX 64

int pg_partitions(void)
{
    const char *text = getenv("TAMGA_PG_PARTITIONS");
    int64_t n = 0;
    return text != NULL && str_int(str_c(text), &n) && n >= 1 && n <= PARTITIONS_MAX ? (int)n : 0;
}

static bool is_citus(void)
{
    return getenv("TAMGA_PG_CITUS") != NULL;
}

PGresult *pg_ask(Cx *cx, PgConn *c, const char *sql, const char *arg)
{
    if (!pg_ready(cx, c, PG_QUERY)) {
        return NULL;
    }
    pg_run_begins(c);
    PGresult *r = PQexecParams(c->h, sql, arg != NULL ? 1 : 0, NULL, &arg, NULL, NULL, 0);
    pg_run_ends(c);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK) {
        (void)pg_fail(cx, c, r, sql);
        PQclear(r);
        return NULL;
    }
    return r;
}

bool pg_say(Cx *cx, PgConn *c, Buf *sql)
{
    Str text = buf_str(sql);
    PGresult *r = !sql->full ? pg_ask(cx, c, text.p, NULL) : NULL;
    bool ok = r != NULL;
    PQclear(r);
    return ok;
}

void pg_name(Buf *out, Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        CHECK(ch == '_' || (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9'));
    }
    buf_add(out, s);
}

static bool change_key(Cx *cx, PgConn *c, Str table, Str key, const char *constraint)
{
    Buf sql = buf_new(cx->mem, 4096);
    log_info("postgresql: the key of %.*s gets home", STRF(table));
    buf_add(&sql, S("alter table "));
    pg_name(&sql, table);
    buf_add(&sql, S(" drop constraint "));
    pg_name(&sql, str_c(constraint));
    buf_add(&sql, S(", add primary key (home, "));
    pg_name(&sql, key);
    buf_addc(&sql, ')');
    return pg_say(cx, c, &sql);
}

static bool make_parts(Cx *cx, PgConn *c, Str table, int n)
{
    for (int i = 0; i < n; i++) {
        Buf sql = buf_new(cx->mem, 4096);
        buf_add(&sql, S("create table "));
        pg_name(&sql, table);
        buf_add(&sql, S("_p"));
        buf_int(&sql, i);
        buf_add(&sql, S(" partition of "));
        pg_name(&sql, table);
        buf_add(&sql, S(" for values with (modulus "));
        buf_int(&sql, n);
        buf_add(&sql, S(", remainder "));
        buf_int(&sql, i);
        buf_addc(&sql, ')');
        if (!pg_say(cx, c, &sql)) {
            return false;
        }
    }
    return true;
}

/* Walks in the order of ids, over all homes: verify, the newest id at the start. */
static bool make_id_index(Cx *cx, PgConn *c, Str table)
{
    Buf sql = buf_new(cx->mem, 4096);
    buf_add(&sql, S("create index if not exists "));
    pg_name(&sql, table);
    buf_add(&sql, S("_id on "));
    pg_name(&sql, table);
    buf_add(&sql, S(" (id)"));
    return pg_say(cx, c, &sql);
}

/* On Citus: unless the coordinator knows the table already. Not run in this project's own tests, which have no Citus. */
static bool spread(Cx *cx, PgConn *c, const char *table, bool by_home)
{
    static const char KNOWN[] = "select 1 from pg_dist_partition where logicalrelid = to_regclass($1)";
    PGresult *r = pg_ask(cx, c, KNOWN, table);
    bool known = r != NULL && PQntuples(r) != 0, ok = r != NULL;
    PQclear(r);
    if (!ok || known) {
        return ok;
    }
    r = pg_ask(cx, c, by_home ? "select create_distributed_table($1, 'home')" : "select create_reference_table($1)", table);
    ok = r != NULL;
    PQclear(r);
    return ok;
}

bool pg_homes(Cx *cx, DriverConn *conn, Str table, Str key)
{
    static const char SHAPE[] =
        "select c.relkind, p.conname, (select count(*) from pg_inherits where inhparent = c.oid),"
        " exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attnum = any (p.conkey) and a.attname = 'home')"
        " from pg_class c left join pg_constraint p on p.conrelid = c.oid and p.contype = 'p' where c.oid = to_regclass($1)";
    PgConn *c = pg_conn(conn);
    const char *z = str_z(cx->mem, table);
    PGresult *r = pg_ask(cx, c, SHAPE, z);
    if (r == NULL || PQntuples(r) != 1) {
        PQclear(r);
        return cx->err != E_OK ? false : fail(cx, E_DB, "%s", err_info(E_DB)->text);
    }
    bool parted = PQgetvalue(r, 0, 0)[0] == 'p', empty = PQgetvalue(r, 0, 2)[0] == '0', keyed = PQgetvalue(r, 0, 3)[0] == 't';
    const char *constraint = str_z(cx->mem, str_c(PQgetvalue(r, 0, 1)));
    PQclear(r);
    if (!keyed && !change_key(cx, c, table, key, constraint)) {
        return false;
    }
    if (str_eq(key, S("id")) && !make_id_index(cx, c, table)) {
        return false;
    }
    if (pg_partitions() != 0 && !parted) {
        return fail(cx, E_DB, "表 %s 没有按归属单位分区：TAMGA_PG_PARTITIONS 只能用于新建的数据库", z);
    }
    if (parted && empty && !make_parts(cx, c, table, MAX(pg_partitions(), 1))) {
        return false;
    }
    return !is_citus() || spread(cx, c, z, true);
}

bool pg_copied(Cx *cx, DriverConn *conn, Str table)
{
    return !is_citus() || spread(cx, pg_conn(conn), str_z(cx->mem, table), false);
}
